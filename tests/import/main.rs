//! Importing into ACM: each test with moto's server in ACM's place, and with the
//! simulator. moto proves the form of the calls, not ACM's rules: it takes almost
//! anything. The simulator keeps the rules.

#[path = "../support/mod.rs"]
mod support;
mod surroundings;

use std::process::Command;

use certforge::harness::{AcmSim, Settings};
use serde_json::Value;
use support::{Ran, Sandbox, Server, judge};

/// What takes ACM's place.
enum Stand {
    Moto(Server),
    Simulator(AcmSim),
}

struct Acm {
    sandbox: Sandbox,
    stand: Stand,
}

impl Acm {
    fn moto() -> Option<Self> {
        Some(Self { stand: Stand::Moto(Server::moto()?), sandbox: Sandbox::new() })
    }

    fn simulator() -> Option<Self> {
        judge("moto_server")?; // boto3 asks it too, and comes with moto.
        let stand = Stand::Simulator(AcmSim::start(Settings::default()).unwrap());
        Some(Self { sandbox: Sandbox::new(), stand })
    }

    fn url(&self) -> String {
        match &self.stand {
            Stand::Moto(server) => server.url(),
            Stand::Simulator(sim) => sim.url(),
        }
    }

    /// Runs the command with credentials that are none, against the server.
    fn run(&self, args: &[&str]) -> Ran {
        let mut command = self.sandbox.command(args);
        command.envs(self.surroundings());
        support::ran(command.output().unwrap())
    }

    fn surroundings(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.url()),
            ("AWS_REGION", "ap-northeast-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "not-a-secret".to_owned()),
        ]
    }

    fn arn(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.status, 0, "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout.lines().count(), 1, "{}", ran.stdout);
        assert!(
            ran.stdout.starts_with("arn:aws:acm:ap-northeast-1:123456789012:certificate/"),
            "{}",
            ran.stdout
        );
        ran.stdout.trim().to_owned()
    }

    /// Asks moto something with boto3, the way AWS's own tools do.
    fn ask(&self, expression: &str) -> Value {
        let python = judge("moto_server").unwrap().with_file_name("python3");
        let program = format!(
            "import boto3, json; acm = boto3.client('acm'); print(json.dumps({expression}, default=str))"
        );
        let mut command = Command::new(python);
        command.args(["-c", &program]).env_clear().envs(self.surroundings());
        command.env("HOME", self.sandbox.path()).env("AWS_DEFAULT_REGION", "ap-northeast-1");
        let ran = support::ran(command.output().unwrap());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        serde_json::from_str(&ran.stdout).unwrap()
    }

    fn count(&self) -> usize {
        let all = "['RSA_1024', 'RSA_2048', 'RSA_3072', 'RSA_4096', 'EC_prime256v1', 'EC_secp384r1', 'EC_secp521r1']";
        let list = self.ask(&format!("acm.list_certificates(Includes={{'keyTypes': {all}}})"));
        list["CertificateSummaryList"].as_array().unwrap().len()
    }

    fn tags(&self, arn: &str) -> Vec<(String, String)> {
        let answer = self.ask(&format!("acm.list_tags_for_certificate(CertificateArn='{arn}')"));
        let text = |tag: &Value, field: &str| tag[field].as_str().unwrap_or_default().to_owned();
        let mut tags: Vec<_> =
            answer["Tags"].as_array().unwrap().iter().map(|t| (text(t, "Key"), text(t, "Value"))).collect();
        tags.sort();
        tags
    }
}

/// Each test with either in ACM's place.
macro_rules! with_both {
    ($($name:ident)*) => {
        mod moto {
            $(#[test] fn $name() { if let Some(acm) = super::Acm::moto() { super::$name(&acm) } })*
        }
        mod simulator {
            $(#[test] fn $name() { if let Some(acm) = super::Acm::simulator() { super::$name(&acm) } })*
        }
    };
}

with_both! {
    the_first_import_makes_one_and_later_ones_keep_its_arn
    up_does_all_of_it_and_prints_the_arn_alone
    foreign_files_are_imported_and_remembered
    the_usual_key_forms_are_read
    a_dry_run_sends_nothing
    what_acm_would_refuse_is_refused_before_any_call
    an_arn_that_is_gone_is_an_answer_of_aws
    a_region_and_a_profile_of_the_configuration_files_are_used
    many_imports_at_once_make_one_certificate
    another_kind_of_key_is_refused_before_anything_is_replaced
    a_certificate_from_a_pipe_leaves_no_record_to_be_taken_for_another
    a_record_that_cannot_be_written_stops_the_import_before_the_call
    tls_to_an_endpoint_of_our_own_ca_works
}

fn the_first_import_makes_one_and_later_ones_keep_its_arn(acm: &Acm) {
    acm.sandbox.ok("ca new");
    acm.sandbox.ok("leaf 10.103.10.95");
    let first = acm.arn(&["import-acm", "10.103.10.95"]);
    let again = acm.run(&["import-acm", "10.103.10.95"]);
    assert_eq!(again.stdout.trim(), first);
    assert!(again.stderr.contains("unchanged"), "{}", again.stderr);

    acm.sandbox.ok("leaf 10.103.10.95 --force");
    let renewed = acm.run(&["--json", "import-acm", "10.103.10.95", "--tags", "Key=team,Value=edge"]);
    let document: Value = serde_json::from_str(&renewed.stdout).unwrap();
    assert_eq!(document["CertificateArn"], first.as_str());
    assert_eq!(document["state"], "reimported");
    assert_eq!(acm.count(), 1, "one certificate after three imports");

    // moto forgets tags on a re-import, ACM keeps them: they are put on anew.
    let tags = acm.tags(&first);
    assert_eq!(tags.len(), 2, "{tags:?}");
    assert!(tags[0].0 == "certforge:sha256" && tags[0].1 == document["sha256"]);
    assert_eq!(tags[1], ("team".to_owned(), "edge".to_owned()));

    let served = acm.ask(&format!("acm.get_certificate(CertificateArn='{first}')"));
    assert_eq!(served["Certificate"].as_str().unwrap(), acm.sandbox.read("certforge/10.103.10.95/cert.pem"));
}

fn up_does_all_of_it_and_prints_the_arn_alone(acm: &Acm) {
    let arn = acm.arn(&["up", "10.103.10.95", "--import-acm"]);
    assert_eq!(acm.arn(&["up", "10.103.10.95", "--import-acm"]), arn);
    let document: Value =
        serde_json::from_str(&acm.run(&["--json", "up", "10.103.10.95", "--import-acm"]).stdout).unwrap();
    assert_eq!(document["CertificateArn"], arn.as_str());
    assert_eq!(document["acm"]["state"], "unchanged");
    let note = acm.run(&["up", "other.example", "--import-acm"]).stderr;
    assert!(note.contains("API Gateway does not trust a private CA"), "{note}");
    assert_eq!(acm.count(), 2);
}

fn foreign_files_are_imported_and_remembered(acm: &Acm) {
    acm.sandbox.ok("up a.example --key p256");
    let folder = "certforge/a.example";
    let certificate = format!("file://{folder}/cert.pem");
    let key = format!("fileb://{folder}/key.pem");
    let chain = format!("{folder}/chain.pem");
    let args =
        ["import-acm", "--certificate", &certificate, "--private-key", &key, "--certificate-chain", &chain];
    let arn = acm.arn(&args);
    assert_eq!(acm.arn(&args), arn);
    assert!(acm.sandbox.read("certforge/a.example/cert.pem.acm.json").contains(&arn));
    assert_eq!(acm.count(), 1);
    let given = [&args[..], &["--certificate-arn", &arn]].concat();
    assert_eq!(acm.arn(&given), arn);
    assert_ne!(acm.arn(&[&args[..], &["--new"]].concat()), arn, "--new asks for a second one");
    assert_eq!(acm.count(), 2);
}

fn the_usual_key_forms_are_read(acm: &Acm) {
    let Some(_) = judge("openssl") else { return };
    acm.sandbox.ok("up rsa.example");
    acm.sandbox.ok("up ec.example --key p256");
    let convert =
        |args: &str| support::openssl(&args.split(' ').collect::<Vec<_>>(), acm.sandbox.path()).unwrap();
    convert("rsa -in certforge/rsa.example/key.pem -traditional -out pkcs1.pem");
    convert("ec -in certforge/ec.example/key.pem -out sec1.pem");
    // With the parameters block that `openssl ecparam -genkey` writes first.
    let parameters = convert("ecparam -name prime256v1");
    std::fs::write(acm.sandbox.file("sec1.pem"), parameters + &acm.sandbox.read("sec1.pem")).unwrap();
    assert!(acm.sandbox.read("pkcs1.pem").contains("BEGIN RSA PRIVATE KEY"));
    assert!(acm.sandbox.read("sec1.pem").contains("BEGIN EC PARAMETERS"));
    for (name, key) in [("rsa.example", "pkcs1.pem"), ("ec.example", "sec1.pem")] {
        let (leaf, chain) = (format!("certforge/{name}/cert.pem"), format!("certforge/{name}/chain.pem"));
        acm.arn(&["import-acm", "--certificate", &leaf, "--private-key", key, "--certificate-chain", &chain]);
    }
}

fn a_dry_run_sends_nothing(acm: &Acm) {
    let ran = acm.run(&["up", "a.example", "--import-acm", "--dry-run"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    acm.sandbox.ok("up a.example --key p256");
    let ran = acm.run(&["import-acm", "a.example", "--dry-run"]);
    assert_eq!((ran.status, ran.stdout.as_str()), (0, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("would be imported"), "{}", ran.stderr);
    assert_eq!(acm.count(), 0);
    assert!(!acm.sandbox.file("certforge/a.example/acm.json").exists());
}

fn what_acm_would_refuse_is_refused_before_any_call(acm: &Acm) {
    acm.sandbox.ok("up a.example --key p256");
    acm.sandbox.ok("up b.example --key p256");
    acm.sandbox.ok("up ed.example --key ed25519");
    let a = |file: &str| format!("certforge/a.example/{file}");
    let b = |file: &str| format!("certforge/b.example/{file}");
    let (cert, key, other_key, other_cert) = (a("cert.pem"), a("key.pem"), b("key.pem"), b("cert.pem"));
    for (args, code) in [
        (vec!["import-acm", "ed.example"], "acm.preflight"),
        (vec!["up", "ed2.example", "--key", "ed25519", "--import-acm"], "acm.preflight"),
        (vec!["import-acm", "--certificate", &cert, "--private-key", &other_key], "acm.preflight"),
        (vec!["import-acm", "--certificate", &cert, "--private-key", &key], "acm.preflight"),
        (
            vec![
                "import-acm",
                "--certificate",
                &cert,
                "--private-key",
                &key,
                "--certificate-chain",
                &other_cert,
            ],
            "acm.preflight",
        ),
        (vec!["import-acm", "--certificate", &key, "--private-key", &key], "acm.preflight"),
        (vec!["import-acm", "--certificate", &cert, "--private-key", &cert], "acm.preflight"),
        (
            vec!["import-acm", "--certificate", &cert, "--private-key", &key, "--certificate-chain", &key],
            "acm.preflight",
        ),
        (vec!["import-acm", "--certificate", "none.pem", "--private-key", &key], "file.io"),
        (vec!["import-acm", "a.example", "--tags", "aws:x=y"], "acm.tag"),
        (
            vec![
                "import-acm",
                "a.example",
                "--certificate-arn",
                "arn:aws:acm:us-east-1:123456789012:certificate/1",
            ],
            "acm.preflight",
        ),
    ] {
        let ran = acm.run(&[&["--json"], &args[..]].concat());
        assert!(
            ran.status == 3 || code == "file.io" && ran.status == 4,
            "{args:?}: {} {}",
            ran.status,
            ran.stderr
        );
        assert_eq!(ran.stdout, "");
        let document: Value = serde_json::from_str(&ran.stderr).unwrap();
        assert_eq!(document["code"], code, "{args:?}: {document}");
        assert!(!ran.stderr.contains("PRIVATE KEY-----"), "{}", ran.stderr);
    }
    assert_eq!(acm.count(), 0);
    assert!(!acm.sandbox.file("certforge/ed2.example").exists(), "nothing is made that cannot be imported");
    let short = acm.run(&["--json", "import-acm", "a.example", "--certificate-arn", "arn:short"]);
    assert_eq!(short.status, 3);
    assert!(short.stderr.contains("acm.arn"), "{}", short.stderr);
}

fn an_arn_that_is_gone_is_an_answer_of_aws(acm: &Acm) {
    acm.sandbox.ok("up a.example --key p256");
    let gone = "arn:aws:acm:ap-northeast-1:123456789012:certificate/00000000-0000-4000-8000-000000000000";
    let ran = acm.run(&["import-acm", "a.example", "--certificate-arn", gone]);
    assert_eq!(ran.status, 5, "{}", ran.stderr);
    assert!(
        ran.stderr.contains("ResourceNotFoundException") && ran.stderr.contains("--certificate-arn"),
        "{}",
        ran.stderr
    );
}

fn a_region_and_a_profile_of_the_configuration_files_are_used(acm: &Acm) {
    acm.sandbox.ok("up a.example --key p256");
    std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
    std::fs::write(
        acm.sandbox.file(".aws/config"),
        format!("[profile lab]\nregion = eu-west-1\nendpoint_url = {}\n", acm.url()),
    )
    .unwrap();
    let credentials = "[lab]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n";
    std::fs::write(acm.sandbox.file(".aws/credentials"), credentials).unwrap();
    let ran = acm.sandbox.run("import-acm a.example --profile lab");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(ran.stdout.starts_with("arn:aws:acm:eu-west-1:"), "{}", ran.stdout);
}

fn many_imports_at_once_make_one_certificate(acm: &Acm) {
    acm.sandbox.ok("up a.example --key p256");
    let children: Vec<_> = (0..6)
        .map(|_| {
            let mut command = acm.sandbox.command(["import-acm", "a.example", "--quiet"]);
            command
                .envs(acm.surroundings())
                .stdout(std::process::Stdio::piped())
                .stderr(std::process::Stdio::piped());
            command.spawn().unwrap()
        })
        .collect();
    let arns: std::collections::BTreeSet<String> = children
        .into_iter()
        .map(|child| {
            let ran = support::ran(child.wait_with_output().unwrap());
            assert_eq!(ran.status, 0, "{}", ran.stderr);
            ran.stdout
        })
        .collect();
    assert_eq!((arns.len(), acm.count()), (1, 1), "{arns:?}");
}

fn another_kind_of_key_is_refused_before_anything_is_replaced(acm: &Acm) {
    let arn = acm.arn(&["up", "a.example", "--import-acm"]);
    let before = acm.sandbox.read("certforge/a.example/cert.pem");
    let ran = acm.run(&["up", "a.example", "--key", "p256", "--import-acm"]);
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(ran.stderr.contains("R02") && ran.stderr.contains("--new"), "{}", ran.stderr);
    assert_eq!(acm.sandbox.read("certforge/a.example/cert.pem"), before);
    // A new one is made when asked for, and the old ARN is not forgotten.
    acm.sandbox.ok("up a.example --key p256");
    assert_eq!(acm.run(&["import-acm", "a.example"]).status, 3);
    let new = acm.arn(&["import-acm", "a.example", "--new"]);
    assert_ne!(new, arn);
    let record: Value = serde_json::from_str(&acm.sandbox.read("certforge/a.example/acm.json")).unwrap();
    assert_eq!(record["imports"][0]["arn"], new.as_str());
    assert_eq!(record["superseded"][0]["arn"], arn.as_str());
}

fn a_certificate_from_a_pipe_leaves_no_record_to_be_taken_for_another(acm: &Acm) {
    acm.sandbox.ok("up a.example --key p256");
    acm.sandbox.ok("up b.example --key p256");
    let mut arns = std::collections::BTreeSet::new();
    for name in ["a.example", "b.example"] {
        let folder = format!("certforge/{name}");
        let script = format!(
            "cat {folder}/cert.pem {folder}/chain.pem | {} import-acm --certificate - --private-key {folder}/key.pem",
            support::CERTFORGE
        );
        let mut shell = Command::new("bash");
        acm.sandbox.isolate(&mut shell);
        let ran = support::ran(shell.args(["-c", &script]).envs(acm.surroundings()).output().unwrap());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        arns.insert(ran.stdout);
    }
    assert_eq!((arns.len(), acm.count()), (2, 2));
    assert!(!acm.sandbox.file("-.acm.json").exists());
}

fn a_record_that_cannot_be_written_stops_the_import_before_the_call(acm: &Acm) {
    acm.sandbox.ok("up a.example --key p256");
    // Nobody can make a file in a folder that is gone: proc has such.
    let ran = acm.run(&[
        "import-acm",
        "--certificate",
        "/proc/self/cwd/../../dev/null",
        "--private-key",
        "certforge/a.example/key.pem",
    ]);
    assert_ne!(ran.status, 0);
    assert_eq!(acm.count(), 0);
}

fn tls_to_an_endpoint_of_our_own_ca_works(acm: &Acm) {
    let Some(nginx) = judge("nginx") else { return };
    acm.sandbox.ok("up 127.0.0.1 --key p256");
    let folder = acm.sandbox.file("certforge/127.0.0.1").display().to_string();
    let front = Server::start(|port| {
        let text = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}\nhttp {{ access_log off; \
             client_body_temp_path tmp; proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; \
             scgi_temp_path tmp; server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {folder}/fullchain.pem; \
             ssl_certificate_key {folder}/key.pem; location / {{ proxy_pass {}; }} }} }}\n",
            acm.url()
        );
        std::fs::write(acm.sandbox.file("nginx.conf"), text).unwrap();
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(acm.sandbox.path()).arg("-c").arg(acm.sandbox.file("nginx.conf"));
        command
    });
    let run = |bundle: Option<&str>| {
        let mut command = acm.sandbox.command(["import-acm", "127.0.0.1"]);
        command.envs(acm.surroundings()).env("AWS_ENDPOINT_URL", format!("https://{}", front.address));
        if let Some(bundle) = bundle {
            command.env("AWS_CA_BUNDLE", bundle);
        }
        support::ran(command.output().unwrap())
    };
    let untrusted = run(None);
    assert_eq!(untrusted.status, 6, "{}", untrusted.stderr);
    assert!(untrusted.stderr.contains("UnknownIssuer"), "{}", untrusted.stderr);
    let trusted = run(Some("certforge/127.0.0.1/ca.pem"));
    assert_eq!(trusted.status, 0, "{}", trusted.stderr);
    assert_eq!(acm.count(), 1);
}
