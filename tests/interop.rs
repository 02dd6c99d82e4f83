//! The clients people have: OpenSSL, Java, Python, Go, Node and webpki against a
//! live nginx that serves our files. Each accepts the right name and refuses the
//! wrong one, and says that the name is why.

mod support;

use std::fmt::Write;
use std::path::PathBuf;
use std::process::Command;

use support::{Sandbox, Server, judge, output};

/// A leaf on its own port, and the host that clients ask for there.
struct Case {
    folder: &'static str,
    host: &'static str,
    accept: bool,
}

const CASES: [Case; 4] = [
    Case { folder: "127.0.0.1", host: "127.0.0.1", accept: true },
    Case { folder: "localhost", host: "localhost", accept: true },
    Case { folder: "10.103.10.95", host: "127.0.0.1", accept: false },
    Case { folder: "myca.test.com", host: "localhost", accept: false },
];

/// What a client says of each case, in order.
type Answers = Vec<String>;

struct World {
    sandbox: Sandbox,
    targets: Vec<String>,
    _nginx: Server,
}

/// Makes the leaves and serves each with nginx.
fn world(flags: &str) -> Option<World> {
    world_of(flags, &CASES.each_ref().map(|case| case.folder))
}

/// Some of the leaves alone.
fn world_of(flags: &str, folders: &[&str]) -> Option<World> {
    let nginx = judge("nginx")?;
    let sandbox = Sandbox::new();
    for folder in folders {
        sandbox.ok(&format!("up {folder} {flags}"));
    }
    let cases = || CASES.iter().filter(|case| folders.contains(&case.folder));
    let ports: Vec<u16> = cases().skip(1).map(|_| support::free_port()).collect();
    let server = Server::start(|first| {
        let all: Vec<u16> = std::iter::once(first).chain(ports.iter().copied()).collect();
        std::fs::write(sandbox.file("nginx.conf"), configuration(&sandbox, cases(), &all)).unwrap();
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(sandbox.path()).arg("-c").arg(sandbox.file("nginx.conf"));
        command
    });
    let all = std::iter::once(server.address.port()).chain(ports);
    let targets = cases().zip(all).map(|(case, port)| format!("{}:{port}", case.host)).collect();
    Some(World { sandbox, targets, _nginx: server })
}

fn configuration<'a>(sandbox: &Sandbox, cases: impl Iterator<Item = &'a Case>, ports: &[u16]) -> String {
    let mut text = String::from(
        "daemon off; master_process off; pid nginx.pid; error_log stderr; events {}\n\
         http {\n access_log off; client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp;\n \
         uwsgi_temp_path tmp; scgi_temp_path tmp;\n",
    );
    for (case, port) in cases.zip(ports) {
        let folder = sandbox.file("certforge").join(case.folder);
        let _ = writeln!(
            text,
            " server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {0}/fullchain.pem; \
             ssl_certificate_key {0}/key.pem; return 200; }}",
            folder.display()
        );
    }
    text + "}\n"
}

/// The source of a client, beside this file.
fn client(name: &str) -> String {
    let path: PathBuf = [env!("CARGO_MANIFEST_DIR"), "tests", "interop", name].iter().collect();
    path.display().to_string()
}

fn lines(program: &str, args: &[&str], world: &World) -> Option<Answers> {
    let program = judge(program)?;
    let (_, text) = output(&program, args, world.sandbox.path());
    Some(
        text.lines()
            .filter(|l| l.starts_with("ACCEPT") || l.starts_with("REFUSE"))
            .map(str::to_owned)
            .collect(),
    )
}

const TRUST: &str = "certforge/127.0.0.1/ca.pem";

fn judge_all(client: &str, answers: &Answers, reason: &[&str]) {
    assert_eq!(answers.len(), CASES.len(), "{client}: {answers:?}");
    for (case, answer) in CASES.iter().zip(answers) {
        let verdict = if case.accept { "ACCEPT" } else { "REFUSE" };
        assert!(answer.starts_with(verdict), "{client} on {} as {}: {answer}", case.folder, case.host);
        let named = case.accept || reason.iter().any(|r| answer.contains(r));
        assert!(named, "{client} refused {} for another reason: {answer}", case.folder);
    }
}

fn openssl(world: &World) -> Option<Answers> {
    let program = judge("openssl")?;
    let mut answers = Answers::new();
    for target in &world.targets {
        let host = target.split(':').next().unwrap_or_default();
        let check =
            if host.starts_with(|c: char| c.is_ascii_digit()) { "-verify_ip" } else { "-verify_hostname" };
        let args = [
            "s_client",
            "-connect",
            target,
            "-CAfile",
            TRUST,
            "-x509_strict",
            "-verify_return_error",
            check,
            host,
        ];
        let (ok, text) = output(&program, &args, world.sandbox.path());
        let verdict = if ok && text.contains("Verify return code: 0 (ok)") { "ACCEPT" } else { "REFUSE" };
        let reason: Vec<&str> = text.lines().filter(|l| l.contains("verify error")).collect();
        answers.push(format!("{verdict} {}", reason.join(" ")));
    }
    Some(answers)
}

fn java(world: &World) -> Option<Answers> {
    let keytool = judge("keytool")?;
    let import = ["-importcert", "-noprompt", "-alias", "ca", "-file", TRUST, "-keystore", "trust.p12"];
    let store = ["-storetype", "PKCS12", "-storepass", "changeit"];
    if !world.sandbox.file("trust.p12").exists() {
        let (ok, text) = output(&keytool, &[&import[..], &store].concat(), world.sandbox.path());
        assert!(ok, "{text}");
    }
    let (ok, text) = output(&keytool, &["-printcert", "-file", TRUST], world.sandbox.path());
    assert!(ok && text.contains("Version: 3"), "{text}");
    let urls: Vec<String> = world.targets.iter().map(|t| format!("https://{t}/")).collect();
    let source = client("HttpsClient.java");
    let mut args = vec![source.as_str(), "trust.p12"];
    args.extend(urls.iter().map(String::as_str));
    lines("java", &args, world)
}

/// A client that takes the trust file and the targets as its arguments.
fn script(program: &str, first: &[&str], source: &str, world: &World) -> Option<Answers> {
    let source = client(source);
    let mut args = first.to_vec();
    args.extend([source.as_str(), TRUST]);
    args.extend(world.targets.iter().map(String::as_str));
    lines(program, &args, world)
}

fn webpki_answers(world: &World) -> Answers {
    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
    let anchor = CertificateDer::from_pem_file(world.sandbox.file(TRUST)).unwrap();
    let anchors = [webpki::anchor_from_trusted_cert(&anchor).unwrap()];
    CASES
        .iter()
        .map(|case| {
            let leaf = world.sandbox.file("certforge").join(case.folder).join("fullchain.pem");
            let mut sent = CertificateDer::pem_file_iter(leaf).unwrap().map(Result::unwrap);
            let leaf = sent.next().unwrap();
            let intermediates: Vec<CertificateDer<'_>> = sent.collect();
            let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
            let usage = webpki::KeyUsage::server_auth();
            let algorithms = webpki::ALL_VERIFICATION_ALGS;
            leaf.verify_for_usage(algorithms, &anchors, &intermediates, UnixTime::now(), usage, None, None)
                .unwrap();
            match leaf.verify_is_valid_for_subject_name(&ServerName::try_from(case.host).unwrap()) {
                Ok(()) => "ACCEPT".to_owned(),
                Err(e) => format!("REFUSE {e:?}"),
            }
        })
        .collect()
}

fn every_client(flags: &str) {
    let Some(world) = world(flags) else { return };
    if let Some(answers) = openssl(&world) {
        judge_all("OpenSSL", &answers, &["IP address mismatch", "hostname mismatch"]);
    }
    if let Some(answers) = java(&world) {
        let reasons = [
            "No subject alternative names matching IP",
            "No subject alternative DNS name matching",
            "No name matching",
        ];
        judge_all("Java", &answers, &reasons);
    }
    if let Some(answers) = script("python3", &[], "client.py", &world) {
        judge_all("Python", &answers, &["IP address mismatch", "Hostname mismatch"]);
    }
    if let Some(answers) = script("go", &["run"], "client.go", &world) {
        judge_all("Go", &answers, &["certificate is valid for", "doesn't contain any IP SANs"]);
    }
    if let Some(answers) = script("node", &[], "client.js", &world) {
        judge_all("Node", &answers, &["ERR_TLS_CERT_ALTNAME_INVALID"]);
    }
    judge_all("webpki", &webpki_answers(&world), &["CertNotValidForName"]);
}

#[test]
fn every_client_agrees_on_rsa() {
    every_client("--key rsa2048");
}

#[test]
fn every_client_agrees_on_p256() {
    every_client("--key p256");
}

#[test]
fn every_client_agrees_on_three_tiers_with_limits() {
    every_client("--key p256 --three-tier --permit localhost,test.com,127.0.0.0/8,10.0.0.0/8");
}

#[test]
fn every_client_agrees_on_limits_to_addresses_under_a_lost_root() {
    // No client may hold the limits on DNS names against an address.
    let Some(world) = world_of("--key p256 --throw-away-root --permit 127.0.0.0/8", &["127.0.0.1"]) else {
        return;
    };
    let accepts = |client: &str, answers: Option<Answers>| {
        if let Some(answers) = answers {
            assert!(answers.len() == 1 && answers[0].starts_with("ACCEPT"), "{client}: {answers:?}");
        }
    };
    accepts("OpenSSL", openssl(&world));
    accepts("Java", java(&world));
    accepts("Python", script("python3", &[], "client.py", &world));
    accepts("Go", script("go", &["run"], "client.go", &world));
    accepts("Node", script("node", &[], "client.js", &world));
}
