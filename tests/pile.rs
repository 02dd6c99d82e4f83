//! Any pile of files becomes the same bundle, or is refused with file, block and
//! line. The simulator takes the place of ACM.

mod support;

use certforge::Severity;
use certforge::check::acm;
use certforge::gather::{Gathered, Pile, Role};
use certforge::harness::{AcmSim, Recorded, Settings};
use serde_json::Value;
use support::variants::{self, PASSPHRASE, Variant};
use support::{Ran, Sandbox, judge, openssl, ran};

fn run(sandbox: &Sandbox, sim: &AcmSim, args: &[String]) -> Ran {
    let mut command = sandbox.command(["--json", "import-acm"]);
    command.args(args).env("AWS_ENDPOINT_URL", sim.url()).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    ran(command.output().unwrap())
}

fn imports(sim: &AcmSim) -> Vec<Recorded> {
    sim.requests().into_iter().filter(|r| r.action == "ImportCertificate").collect()
}

#[test]
fn every_shape_of_a_bundle_is_the_same_request() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    if variants::hierarchy(&sandbox).is_none() {
        return;
    }
    let all = variants::all(&sandbox);
    assert!(all.len() >= 30, "{}", all.len());
    let mut first: Option<String> = None;
    for Variant { what, args, fixed } in &all {
        // A simulator of its own: what was imported before would be found again.
        let sim = AcmSim::start(Settings::default()).unwrap();
        let ran = run(&sandbox, &sim, &[&args[..], &["--new".to_owned()]].concat());
        assert_eq!(ran.status, 0, "{what}: {}", ran.stderr);
        assert!(!ran.stderr.contains("PRIVATE KEY") && !ran.stderr.contains(PASSPHRASE), "{what}");
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let codes: Vec<&str> =
            document["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
        let repairs: Vec<&str> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["severity"] == "fixed")
            .map(|f| f["code"].as_str().unwrap())
            .collect();
        match fixed {
            Some(code) if *what != "PKCS#7" => assert!(codes.contains(code), "{what}: {codes:?}"),
            Some(_) => {}
            None => assert_eq!(repairs, [""; 0], "{what}"),
        }
        let sent = imports(&sim);
        assert_eq!(sent.len(), 1, "{what}");
        let body = first.get_or_insert_with(|| sent[0].body.clone());
        assert_eq!(*body, sent[0].body, "{what}");
    }
}

/// What is wrong, how the files are given, the rule that has to say so, and where.
const REFUSED: &str = "
nothing | --certificate empty.pem --private-key leaf.key | acm.P02 | empty.pem
text | --certificate text.pem --private-key leaf.key | acm.P02 | text.pem
cut off | --certificate cut.pem --private-key leaf.key | acm.P02 | cut.pem, block 1, line 1
damaged | --certificate leaf.pem --private-key leaf.key --certificate-chain damaged.pem | acm.P02 | damaged.pem, block 3, line 
half | --certificate half.pem --private-key leaf.key | acm.P02 | half.pem, block 1, line 1
mixed labels | --certificate mixed.pem --private-key leaf.key | acm.P02 | mixed.pem, block 1
long line | --certificate long.pem --private-key leaf.key | acm.P02 | long.pem, block 1, line 2
exchanged | --certificate leaf.key --private-key leaf.pem | acm.P07 | leaf.key
exchanged | --certificate leaf.key --private-key leaf.pem | acm.P07 | leaf.pem
request | --certificate request.pem --private-key leaf.key | acm.P08 | request.pem
public key | --certificate leaf.pem --private-key public.pem --certificate-chain chain.pem | acm.P08 | public.pem
key in chain | --certificate leaf.pem --private-key leaf.key --certificate-chain combined.pem | acm.P09 | combined.pem
locked | --certificate leaf.pem --private-key locked.key --certificate-chain chain.pem | acm.K01 | locked.key, block 1
wrong pass phrase | --certificate leaf.pem --private-key locked.key --certificate-chain chain.pem --passphrase-file wrong | acm.K01 | locked.key
locked PKCS#12 | --from bundle.p12 | acm.K01 | bundle.p12
old encryption | --certificate leaf.pem --private-key old.key --certificate-chain chain.pem --passphrase-file passphrase | acm.K01 | old.key
two keys | --certificate leaf.pem --private-key two.key --certificate-chain chain.pem | acm.K02 | two.key, block 2
no key | --certificate leaf.pem --certificate-chain chain.pem | acm.K02 | key
Ed25519 | --certificate ed25519.pem --private-key ed25519.key | acm.K03 | certificate
RSA 1536 | --certificate leaf.pem --private-key rsa1536.key --certificate-chain chain.pem | acm.K03 | rsa1536.key
secp256k1 | --certificate leaf.pem --private-key k1.key --certificate-chain chain.pem | acm.K03 | k1.key
explicit curve | --certificate leaf.pem --private-key explicit.key --certificate-chain chain.pem | acm.K05 | explicit.key
other key | --certificate leaf.pem --private-key root.key --certificate-chain middle.pem | acm.K06 | key
no chain | --certificate leaf.pem --private-key leaf.key | acm.C01 | chain
other chain | --certificate leaf.pem --private-key leaf.key --certificate-chain other.pem | acm.C04 | other.pem
ended | --certificate ended.pem --private-key ended.key --certificate-chain ended.chain | acm.V01 | certificate
not begun | --certificate future.pem --private-key future.key --certificate-chain future.chain | acm.V02 | certificate
two rules at once | --certificate leaf.pem --private-key other.key --certificate-chain other.pem | acm.C04 | other.pem
two rules at once | --certificate leaf.pem --private-key other.key --certificate-chain root.pem | acm.K06 | key
";

#[test]
fn what_cannot_be_put_right_is_refused_without_a_call() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    if variants::hierarchy(&sandbox).is_none() {
        return;
    }
    let path = sandbox.path();
    let make = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), path).unwrap();
    let write = |file: &str, text: &str| std::fs::write(sandbox.file(file), text).unwrap();
    let (leaf, key, chain) = (sandbox.read("leaf.pem"), sandbox.read("leaf.key"), sandbox.read("chain.pem"));
    write("empty.pem", "");
    write("text.pem", "there is nothing here\n");
    write("cut.pem", &leaf.replace("-----END CERTIFICATE-----\n", ""));
    write("damaged.pem", &format!("{chain}{}", leaf.replacen("MII", "M!I", 1)));
    write(
        "half.pem",
        &(leaf.lines().take(4).collect::<Vec<_>>().join("\n") + "\n-----END CERTIFICATE-----\n"),
    );
    write("mixed.pem", &leaf.replace("-----END CERTIFICATE-----", "-----END PRIVATE KEY-----"));
    write("combined.pem", &format!("{chain}{key}"));
    write("two.key", &format!("{key}{}", sandbox.read("root.key")));
    write(
        "long.pem",
        &format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "A".repeat(200_000)),
    );
    make("req -new -key leaf.key -subj /CN=a.example.com -out request.pem");
    make("pkey -in leaf.key -pubout -out public.pem");
    make("pkcs8 -topk8 -in leaf.key -passout file:passphrase -out locked.key");
    make("ec -in leaf.key -aes256 -passout file:passphrase -out old.key");
    make("pkcs12 -export -in leaf.pem -inkey leaf.key -passout file:passphrase -out bundle.p12");
    make("genpkey -algorithm ed25519 -out ed25519.key");
    make(
        "req -x509 -key ed25519.key -subj /CN=a.example.com -addext subjectAltName=DNS:a.example.com -out ed25519.pem",
    );
    make("genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1536 -out rsa1536.key");
    make("ecparam -name secp256k1 -genkey -noout -out k1.key");
    make("ecparam -name prime256v1 -param_enc explicit -genkey -noout -out explicit.key");
    write("wrong", "another one\n");
    variants::dated(&sandbox, "ended", -100);
    variants::dated(&sandbox, "future", 2);
    for row in REFUSED.trim().lines() {
        let [what, args, code, place] = row.split(" | ").collect::<Vec<_>>()[..] else { panic!("{row}") };
        let sim = AcmSim::start(Settings::default()).unwrap();
        let before = sandbox.snapshot();
        let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
        let ran = run(&sandbox, &sim, &args);
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{what}: {}", ran.stderr);
        let document: Value =
            serde_json::from_str(&ran.stderr).unwrap_or_else(|e| panic!("{what}: {e}: {}", ran.stderr));
        assert_eq!(document["code"], "acm.preflight", "{what}: {document}");
        let found = document["findings"].as_array().unwrap();
        let fits = |f: &&Value| f["code"] == code && f["place"].as_str().unwrap().contains(place);
        let finding = found.iter().find(fits).unwrap_or_else(|| panic!("{what}: {code} {place}: {document}"));
        assert_eq!(finding["severity"], "error", "{what}");
        assert!(finding["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{what}: {finding}");
        assert!(!ran.stderr.contains("PRIVATE KEY-----"), "{what}: {}", ran.stderr);
        assert_eq!(sim.requests().len(), 0, "{what}: no call");
        assert_eq!(sandbox.snapshot(), before, "{what}");
    }
}

/// Reads a pile as a library does: the leaf, the chain's subjects, the codes.
fn pile(files: &[(Role, &str, Vec<u8>)], passphrase: Option<&str>) -> (Gathered, Vec<&'static str>) {
    let mut pile = Pile::new();
    let mut unlock = |_: &str| Ok(passphrase.map(|p| zeroize::Zeroizing::new(p.to_owned())));
    for (role, name, bytes) in files {
        pile.add(*role, std::path::Path::new(name), bytes, &mut unlock).unwrap();
    }
    let gathered = pile.sort();
    let codes = gathered.findings.iter().map(|f| f.code).collect();
    (gathered, codes)
}

/// An intermediate that was renewed: same name, same key, a later end.
#[test]
fn the_renewed_issuer_is_taken_in_whatever_order() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    if variants::hierarchy(&sandbox).is_none() {
        return;
    }
    openssl(
        &"x509 -req -in middle.csr -CA root.pem -CAkey root.key -CAcreateserial -days 1000 -extfile middle.ext -out renewed.pem"
            .split(' ')
            .collect::<Vec<_>>(),
        sandbox.path(),
    );
    let (old, new, root) =
        (sandbox.read("middle.pem"), sandbox.read("renewed.pem"), sandbox.read("root.pem"));
    let mut chains = Vec::new();
    for chain in [format!("{old}{new}{root}"), format!("{new}{old}{root}"), format!("{root}{old}{new}")] {
        let (gathered, codes) = pile(
            &[
                (Role::Certificate, "leaf.pem", sandbox.read("leaf.pem").into_bytes()),
                (Role::Chain, "chain.pem", chain.into_bytes()),
            ],
            None,
        );
        assert!(codes.contains(&"gather.unrelated"), "{codes:?}");
        chains.push(gathered.chain.pem().unwrap());
    }
    assert_eq!(chains, vec![format!("{new}{root}"); 3]);
}

/// What cannot be checked here is not called wrong.
#[test]
fn issuers_with_signatures_of_other_kinds_are_believed_or_checked() {
    let Some(_) = judge("openssl") else { return };
    for (key, more, unchecked) in [
        ("rsa_keygen_bits:2048", "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32", false),
        ("rsa_keygen_bits:2048", "-sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:20", true),
        ("rsa_keygen_bits:1536", "-sha256", false),
        ("rsa_keygen_bits:1024", "-sha384", true),
    ] {
        let sandbox = Sandbox::new();
        variants::hierarchy(&sandbox);
        let run = |args: String| openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path()).unwrap();
        run(format!("genpkey -algorithm rsa -pkeyopt {key} -out ca.key"));
        run("req -x509 -key ca.key -config root.cnf -extensions e -subj /CN=ca -days 3650 -out ca.pem"
            .to_owned());
        run(format!(
            "x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 300 -extfile leaf.ext {more} -out l.pem"
        ));
        let (gathered, codes) = pile(
            &[
                (Role::Certificate, "l.pem", sandbox.read("l.pem").into_bytes()),
                (Role::Chain, "ca.pem", sandbox.read("ca.pem").into_bytes()),
            ],
            None,
        );
        assert_eq!((codes, gathered.chain.certificates().len()), (vec![], 1), "{key} {more}");
        let leaf = gathered.certificate.unwrap();
        let about = acm::Import::new(&leaf, &gathered.chain, None);
        let found = acm::import(&about, &[], &acm::Allowed::default(), time::OffsetDateTime::now_utc());
        let link = found.iter().find(|f| f.code == "acm.C04");
        assert_eq!(link.is_some(), unchecked, "{key} {more}: {found:?}");
        assert!(link.is_none_or(|f| f.severity == Severity::Warning), "{found:?}");
    }
}

/// Hostile files cost little and say little.
#[test]
fn what_is_hopeless_ends_soon() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    variants::hierarchy(&sandbox);
    let many_begins = "-----BEGIN CERTIFICATE-----\n".repeat(100_000).into_bytes();
    let whole = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n".repeat(20_000).into_bytes();
    // PKCS#7 (RFC 5652 §5.1) with half a million empty certificates in it.
    let tlv = |tag: u8, body: &[u8]| {
        let length = u32::try_from(body.len()).unwrap().to_be_bytes();
        [&[tag, 0x84][..], &length, body].concat()
    };
    let empty = b"\x30\x00".repeat(500_000);
    let version = b"\x02\x01\x01";
    let data = b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01";
    let signed = [&version[..], b"\x31\x00", data, &tlv(0xa0, &empty), b"\x31\x00"].concat();
    let oid = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02";
    let pkcs7 = tlv(0x30, &[&oid[..], &tlv(0xa0, &tlv(0x30, &signed))].concat());
    let start = std::time::Instant::now();
    for bytes in [many_begins, whole, pkcs7, b"-".repeat(3 << 20), vec![0; 3 << 20], b"A".repeat(3 << 20)] {
        let (gathered, codes) = pile(&[(Role::Any, "hostile", bytes)], None);
        assert!(gathered.certificate.is_none() && (1..=60).contains(&codes.len()), "{}", codes.len());
    }
    assert!(start.elapsed() < std::time::Duration::from_secs(20), "{:?}", start.elapsed());
    // Each encrypted key may cost seconds: only a few are opened.
    let locked: String = (0..8)
        .map(|i| {
            let args = format!("pkcs8 -topk8 -in leaf.key -passout file:passphrase -out {i}.key");
            openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
            sandbox.read(&format!("{i}.key"))
        })
        .collect();
    let (_, codes) = pile(&[(Role::PrivateKey, "keys", locked.into_bytes())], Some(PASSPHRASE));
    assert_eq!(codes.iter().filter(|c| **c == "gather.decrypted").count(), 4, "{codes:?}");
    assert!(codes.contains(&"gather.two-keys"), "{codes:?}");
}

/// A pipe has nothing more the second time it is read.
#[test]
fn one_pass_phrase_opens_everything() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    variants::hierarchy(&sandbox);
    let run = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path()).unwrap();
    run("pkcs8 -topk8 -in leaf.key -passout file:passphrase -out locked.key");
    run(
        "pkcs12 -export -in leaf.pem -inkey leaf.key -certfile chain.pem -passout file:passphrase -out b.p12",
    );
    let sim = AcmSim::start(Settings::default()).unwrap();
    let mut shell = std::process::Command::new("bash");
    sandbox.isolate(&mut shell);
    shell.env("AWS_ENDPOINT_URL", sim.url()).env("AWS_REGION", "us-east-1");
    shell.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    let line = format!(
        "{} import-acm --from b.p12 locked.key --passphrase-fd 3 3< <(cat passphrase)",
        support::CERTFORGE
    );
    let ran = ran(shell.args(["-c", &line]).output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

/// What is wrong with the certificate's file is said alone: a CA of the chain is not
/// judged in its place.
#[test]
fn nothing_is_judged_in_the_certificates_place() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    variants::hierarchy(&sandbox);
    let bytes = |file: &str| sandbox.read(file).into_bytes();
    for (certificate, code) in [
        (bytes("leaf.key"), "gather.swapped"),
        (bytes("leaf.csr"), "gather.unsigned"),
        (bytes("leaf.pem")[..200].to_vec(), "gather.damaged"),
        (vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2], "gather.damaged"),
    ] {
        let files = [(Role::Certificate, "c", certificate), (Role::Chain, "i", bytes("chain.pem"))];
        let (gathered, codes) = pile(&files, None);
        assert_eq!((gathered.certificate, codes), (None, vec![code]));
    }
}
