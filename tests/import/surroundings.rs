//! Region, credentials, endpoints, and what is known of them before anything is sent.

use serde_json::Value;

use super::Acm;
use super::support::{self, Sandbox, json};

#[test]
fn without_region_or_credentials_the_key_is_not_read() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    // A key that cannot be read would be complained about first, were it read.
    std::fs::write(sandbox.file("certforge/a.example/key.pem"), "unreadable").unwrap();
    let before = sandbox.snapshot();
    let ran = sandbox.run("import-acm a.example");
    assert_eq!((ran.status, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains("no AWS region") && ran.stderr.contains("--region"), "{}", ran.stderr);
    let ran = sandbox.run("import-acm a.example --region us-east-1");
    assert_eq!((ran.status, ran.stdout.as_str()), (3, ""));
    assert!(ran.stderr.contains("no credentials") && ran.stderr.lines().count() == 2, "{}", ran.stderr);
    let ran = sandbox.run("up new.example --import-acm");
    assert_eq!(ran.status, 3);
    assert_eq!(sandbox.snapshot(), before, "nothing is made for an import that cannot be");
}

#[test]
fn an_endpoint_that_is_down_is_status_6() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let url = format!("http://127.0.0.1:{}", support::free_port());
    let mut command =
        sandbox.command(["import-acm", "a.example", "--endpoint-url", &url, "--region", "us-east-1"]);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    let ran = support::ran(command.output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (6, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains(&url), "{}", ran.stderr);
}

#[test]
fn aws_ca_bundle_is_read() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let run = |bundle: &str| {
        let mut command = sandbox.command(["import-acm", "a.example", "--region", "us-east-1"]);
        command.env("AWS_CA_BUNDLE", bundle).env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
        command.env("AWS_SECRET_ACCESS_KEY", "not-a-secret").env("AWS_ENDPOINT_URL", "https://127.0.0.1:1");
        support::ran(command.output().unwrap())
    };
    let missing = run("nowhere.pem");
    assert_eq!(missing.status, 4);
    assert!(missing.stderr.contains("nowhere.pem"), "{}", missing.stderr);
    assert_eq!(run("certforge/a.example/ca.pem").status, 6, "read, and then nobody listens");
    std::fs::write(sandbox.file("empty.pem"), "").unwrap();
    let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    std::fs::write(sandbox.file("broken.pem"), broken).unwrap();
    let other = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n";
    std::fs::write(sandbox.file("other.pem"), other).unwrap();
    for bundle in ["empty.pem", "broken.pem", "other.pem"] {
        let ran = run(bundle);
        assert_eq!(ran.status, 3, "{bundle}: {}", ran.stderr);
        assert!(ran.stderr.contains("AWS_CA_BUNDLE") && !ran.stderr.contains("panicked"), "{}", ran.stderr);
    }
}

#[test]
fn a_profile_that_is_named_wins_over_credentials_in_the_environment() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let mut command =
        sandbox.command(["import-acm", "a.example", "--region", "us-east-1", "--profile", "nope"]);
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    let ran = support::ran(command.output().unwrap());
    assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{}", ran.stderr);
    assert!(ran.stderr.contains("nope"), "{}", ran.stderr);
}

#[test]
fn an_arn_of_another_account_is_not_this_ones() {
    // moto has accounts.
    let Some(acm) = &Acm::moto() else { return };
    let first = acm.arn(&["up", "a.example.com", "--import-acm", "--key", "p256"]);
    let role = "boto3.client('sts').assume_role(RoleArn='arn:aws:iam::222222222222:role/x', RoleSessionName='session')['Credentials']";
    let keys = acm.ask(role);
    let text = |name: &str| keys[name].as_str().unwrap().to_owned();
    let other = [
        ("AWS_ACCESS_KEY_ID", text("AccessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", text("SecretAccessKey")),
        ("AWS_SESSION_TOKEN", text("SessionToken")),
    ];
    let run = |args: &[&str]| {
        let mut command = acm.sandbox.command(args);
        command.envs(acm.surroundings()).envs(other.iter().cloned());
        support::ran(command.output().unwrap())
    };
    let second = run(&["import-acm", "a.example.com"]);
    assert_eq!(second.status, 0, "{}", second.stderr);
    assert!(second.stdout.contains(":222222222222:certificate/"), "{}", second.stdout);
    // Again: each account has its own, and what is renewed goes to both or says which it did not reach.
    assert_eq!(run(&["import-acm", "a.example.com"]).stdout, second.stdout);
    assert_eq!(acm.arn(&["import-acm", "a.example.com"]), first);
    let renewed = run(&["renew", "a.example.com", "--json"]);
    assert_eq!(renewed.status, 5, "{}", renewed.stdout);
    let imports = json(&renewed.stdout)["leaves"][0]["imports"].clone();
    assert!(imports.is_array(), "{}", renewed.stdout);
    let told = |arn: &str| imports.as_array().unwrap().iter().any(|i| i["CertificateArn"] == arn);
    assert!(
        told(second.stdout.trim()) && !told(&first) && imports.to_string().contains("ResourceNotFound"),
        "{imports}"
    );
    // With its own credentials the first is brought up to date.
    assert_eq!(acm.arn(&["import-acm", "a.example.com"]), first);
}

#[test]
fn an_answer_that_is_lost_is_not_called_unreached() {
    // A server that takes the request and hangs up.
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let mut stream = stream;
            let mut buffer = [0; 4096];
            let _ = std::io::Read::read(&mut stream, &mut buffer);
        }
    });
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    let mut command = sandbox.command(["--json", "import-acm", "a.example", "--endpoint-url", &url]);
    command.env("AWS_REGION", "us-east-1").env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE");
    command.env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    let ran = support::ran(command.output().unwrap());
    assert_eq!(ran.status, 6, "{}", ran.stderr);
    let document: Value = serde_json::from_str(&ran.stderr).unwrap();
    assert_eq!(document["code"], "aws.answer", "{document}");
    assert!(document["hint"].as_str().unwrap().contains("an import looks at ACM"), "{document}");
}
