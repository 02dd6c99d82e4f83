//! Five hundred requests by chance, always the same ones: every kind of key, up to a
//! hundred names of every kind that a server has, up to two intermediates, limits, Japanese subjects.
//! OpenSSL and webpki accept each of them, pyca each without Ed25519. With `CERTFORGE_RANDOM_DIR` the
//! certificates stay there, for a linter.

mod support;

use std::fmt::Write as _;
use std::io::Write;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use certforge::{
    Authority, Bundle, CaRequest, Constraints, KeyAlgorithm, LeafRequest, Lifetime, PrivateKey, Subject,
    Template,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use support::judge;
use time::OffsetDateTime;

const CASES: usize = 500;
const SEED: u64 = 0x6365_7274_666f_7267;

/// `SplitMix64`: small, and the same everywhere.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }
}

/// Keys of RSA are made once: searching for primes is not what is tested here.
struct Keys(Vec<(KeyAlgorithm, Vec<String>)>);

impl Keys {
    fn new() -> Self {
        let sizes = [KeyAlgorithm::Rsa2048, KeyAlgorithm::Rsa3072, KeyAlgorithm::Rsa4096];
        let pem = |algorithm| PrivateKey::generate(algorithm).unwrap().secret_pem().unwrap().to_string();
        Self(sizes.into_iter().map(|size| (size, (0..4).map(|_| pem(size)).collect())).collect())
    }

    /// A key for the `level`-th certificate of a chain: no two of a chain have one.
    fn get(&self, algorithm: KeyAlgorithm, level: usize) -> PrivateKey {
        match self.0.iter().find(|(size, _)| *size == algorithm) {
            Some((_, pems)) => PrivateKey::from_pem(pems[level].as_bytes()).unwrap(),
            None => PrivateKey::generate(algorithm).unwrap(),
        }
    }
}

fn label(chance: &mut Chance, most: usize) -> String {
    let length = 1 + chance.below(most);
    (0..length).map(|_| char::from(b'a' + u8::try_from(chance.below(26)).unwrap())).collect()
}

/// A name of any kind, below `domain` where it has one.
fn name(chance: &mut Chance, domain: &str) -> String {
    match chance.below(5) {
        0 => Ipv4Addr::from(0x0a00_0000 | u32::try_from(chance.below(1 << 24)).unwrap()).to_string(),
        1 => Ipv6Addr::from((0xfd_u128 << 120) | u128::from(chance.next())).to_string(),
        2 => format!("*.{}.{domain}", label(chance, 20)),
        3 => format!("{}.{domain}", chance.pick(&["例え", "bücher", "почта", "テスト"])),
        _ => {
            let mut labels = Vec::new();
            for _ in 0..=chance.below(4) {
                labels.push(label(chance, 55));
            }
            let mut name = labels.join(".");
            name.truncate(240 - domain.len());
            format!("{}.{domain}", name.trim_end_matches('.'))
        }
    }
}

fn subject(chance: &mut Chance) -> Subject {
    let mut subject = Subject::default();
    if chance.below(2) == 0 {
        return subject;
    }
    subject = subject.with("C", "JP").unwrap();
    if chance.below(2) == 0 {
        subject = subject.with("ST", "北海道").unwrap().with("L", "札幌市").unwrap();
    }
    subject =
        subject.with("O", chance.pick::<&str>(&["株式会社ほげ", "Acme, Inc.", "Müller & Söhne"])).unwrap();
    if chance.below(2) == 0 {
        subject = subject.with("OU", "開発部").unwrap();
    }
    subject
}

/// A leaf under a chain of CAs, all by chance, and the name to ask it for.
fn case(i: usize, chance: &mut Chance, keys: &Keys, now: OffsetDateTime) -> (Bundle, String) {
    let domain = format!("r{i}.example");
    let depth = chance.below(3);
    // A root has no limits: clients need not look at them there.
    let limited = depth > 0 && chance.below(4) == 0;
    let constraints = || {
        let permit = [domain.as_str(), "10.0.0.0/8", "fd00::/8"].map(|t| t.parse().unwrap());
        if limited { Constraints::new(permit.to_vec(), Vec::new()) } else { Constraints::NONE }
    };
    let root_key = *chance.pick(&KeyAlgorithm::ALL);
    let mut ca = {
        let request = CaRequest::distinct(&format!("random {i}")).key(root_key);
        let below = u8::try_from(depth).unwrap();
        let request = request.path_length(Some(below));
        Authority::create(&request.plan(now).unwrap(), keys.get(root_key, 0)).unwrap()
    };
    for level in 1..=depth {
        let key = *chance.pick(&KeyAlgorithm::ALL);
        let request = CaRequest::distinct(&format!("random {i} level {level}")).key(key);
        let below = u8::try_from(depth - level).unwrap();
        let request = request.template(Template::INTERMEDIATE).path_length(Some(below));
        let request = if level == depth { request.constraints(constraints()) } else { request };
        ca = ca.create_under(&request.plan(now).unwrap(), keys.get(key, level)).unwrap();
    }
    let leaf_key = *chance.pick(&KeyAlgorithm::ALL);
    let mut names: Vec<String> = vec![format!("host.{domain}")];
    for _ in 0..chance.below(100) {
        names.push(name(chance, &domain));
    }
    let first = chance.below(names.len());
    names.swap(0, first);
    let days = u32::try_from(1 + chance.below(825)).unwrap();
    let request = LeafRequest::new(&names).unwrap().subject(subject(chance)).lifetime(Lifetime::days(days));
    let plan = ca.fit(request.key(leaf_key).plan(now).unwrap());
    let askable = names.iter().find(|n| !n.contains('*') && n.is_ascii());
    (ca.issue_for(&plan, keys.get(leaf_key, 3)).unwrap(), askable.unwrap().clone())
}

fn webpki_accepts(bundle: &Bundle, name: &str) -> Result<(), webpki::Error> {
    let anchor = CertificateDer::from(bundle.trust_anchor().der().to_vec());
    let anchors = [webpki::anchor_from_trusted_cert(&anchor)?];
    let leaf = CertificateDer::from(bundle.leaf().der());
    let intermediates: Vec<CertificateDer<'_>> =
        bundle.chain().intermediates().map(|c| CertificateDer::from(c.der())).collect();
    let leaf = webpki::EndEntityCert::try_from(&leaf)?;
    let usage = webpki::KeyUsage::server_auth();
    let algorithms = webpki::ALL_VERIFICATION_ALGS;
    leaf.verify_for_usage(algorithms, &anchors, &intermediates, UnixTime::now(), usage, None, None)?;
    leaf.verify_is_valid_for_subject_name(&ServerName::try_from(name).unwrap())
}

fn openssl_accepts(program: &Path, folder: &Path, name: &str) -> Result<(), String> {
    let check = if name.parse::<std::net::IpAddr>().is_ok() { "-verify_ip" } else { "-verify_hostname" };
    let args = ["verify", "-x509_strict", "-purpose", "sslserver", check, name, "-CAfile", "ca.pem"];
    let more = ["-untrusted", "chain.pem", "cert.pem"];
    let (ok, text) = support::output(program, &[&args[..], &more].concat(), folder);
    if ok { Ok(()) } else { Err(text) }
}

#[test]
fn five_hundred_random_requests_are_accepted_by_three_clients() {
    let sandbox = support::Sandbox::new();
    let root =
        std::env::var_os("CERTFORGE_RANDOM_DIR").map_or_else(|| sandbox.path().to_owned(), PathBuf::from);
    let (mut chance, keys, now) = (Chance(SEED), Keys::new(), OffsetDateTime::now_utc());
    let (mut asked, mut for_pyca) = (String::new(), 0);
    let mut refused = Vec::new();
    let openssl = judge("openssl");
    for i in 0..CASES {
        let (bundle, name) = case(i, &mut chance, &keys, now);
        let folder = root.join(format!("case-{i}"));
        std::fs::create_dir_all(&folder).unwrap();
        for (file, text) in [
            ("cert.pem", bundle.leaf().pem().unwrap()),
            ("chain.pem", bundle.chain().pem().unwrap()),
            ("fullchain.pem", bundle.fullchain_pem().unwrap()),
            ("ca.pem", bundle.trust_anchor().pem().unwrap()),
        ] {
            std::fs::write(folder.join(file), text).unwrap();
        }
        if let Err(e) = webpki_accepts(&bundle, &name) {
            refused.push(format!("webpki {i} {name}: {e:?}"));
        }
        if let Some(openssl) = &openssl
            && let Err(e) = openssl_accepts(openssl, &folder, &name)
        {
            refused.push(format!("OpenSSL {i} {name}: {e}"));
        }
        // pyca's policy is that of the web, which has no Ed25519.
        let certificates = std::iter::once(bundle.leaf()).chain(bundle.chain().certificates());
        if certificates.into_iter().any(|c| c.public_key().algorithm() == Some(KeyAlgorithm::Ed25519)) {
            continue;
        }
        for_pyca += 1;
        let folder = folder.display();
        writeln!(asked, "{folder}/ca.pem={folder}/fullchain.pem={name}").unwrap();
    }
    if let Some(python) = judge("python3") {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/verify.py");
        let mut command = Command::new(python);
        command.arg("-W").arg("ignore").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
        let answers = child.wait_with_output().unwrap();
        writer.join().unwrap().unwrap();
        let text = String::from_utf8_lossy(&answers.stdout).into_owned();
        refused.extend(text.lines().filter(|l| l.starts_with("REFUSE")).map(|l| format!("pyca {l}")));
        assert_eq!(text.lines().count(), for_pyca, "{text}");
    }
    assert!(refused.is_empty(), "{} refused: {}", refused.len(), refused.join("\n"));
}
