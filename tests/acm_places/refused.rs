//! What is refused before anything is sent: profiles, regions and keys that cannot be meant.
//! And a service that is none of AWS's.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;

use super::profiles;
use super::support::acm::Acm;
use super::support::{CERTFORGE, Sandbox, judge, ran};

fn said(acm: &Acm, line: &str, variables: &[(&str, &str)]) -> (i32, String) {
    let mut command = acm.command(line);
    command.envs(variables.iter().copied());
    let ran = ran(command.output().unwrap());
    (ran.status, ran.stderr)
}

#[test]
fn a_profile_that_is_in_no_file_is_told_by_name() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    profiles(&acm);
    for (line, variables) in
        [("import-acm a.example.com --profile onne", &[][..]), ("acm list", &[("AWS_PROFILE", "onne")])]
    {
        let (status, stderr) = said(&acm, line, variables);
        assert_eq!(status, 3, "{line}: {stderr}");
        assert!(stderr.contains("no profile is called `onne` (one, two)"), "{line}: {stderr}");
    }
    assert_eq!(said(&acm, "acm list", &[("AWS_PROFILE", "two")]).0, 0);
}

#[test]
fn keys_and_files_that_the_sdk_cannot_take_are_refused() {
    let acm = Acm::new(&[]);
    for (name, value, part) in [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE\r", "the access key's id"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPL\u{c9}", "the access key's id"),
        ("AWS_SESSION_TOKEN", "a\u{1}b", "the session token"),
        ("AWS_CONFIG_FILE", "/dev/zero", "no regular file"),
        ("AWS_SHARED_CREDENTIALS_FILE", "/dev/urandom", "no regular file"),
    ] {
        let (status, stderr) = said(&acm, "acm list", &[(name, value)]);
        assert_eq!(status, 3, "{name}: {stderr}");
        assert!(stderr.contains(part) && !stderr.contains("panicked"), "{name}: {stderr}");
    }
    assert_eq!(said(&acm, "acm list", &[("AWS_CONFIG_FILE", "/dev/null")]).0, 0);
}

#[test]
fn what_is_no_region_is_not_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example.com --key p256");
    for region in ["eu-west1", "euwest1", "eu-west-", "EU-WEST-1", "../../x", ""] {
        let mut command = sandbox.command(["import-acm", "a.example.com", "--region", region]);
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        let ran = ran(command.output().unwrap());
        assert_eq!(ran.status, 3, "{region}: {}", ran.stderr);
        assert!(ran.stderr.contains("region"), "{region}: {}", ran.stderr);
    }
}

/// Of every partition there is one certificate after an import, and the ARN is known.
#[test]
fn a_region_of_any_partition_gets_one_certificate() {
    for region in ["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", "cn-north-1"] {
        let sandbox = Sandbox::new();
        let up = format!("up a.example.com --key p256 --import-acm --sim --region {region} -q");
        let arn = sandbox.ok(&up).stdout;
        assert!(arn.contains(region), "{arn}");
        assert_eq!(sandbox.ok(&up).stdout, arn);
        assert_eq!(sandbox.read("certforge/acm-sim.json").matches(":certificate/").count(), 1, "{region}");
    }
}

#[test]
fn an_answer_without_end_fills_no_memory() {
    let Some(prlimit) = judge("prlimit") else { return };
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            std::thread::spawn(move || {
                let _ = stream.read(&mut [0; 4096]);
                let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.1\r\n\r\n";
                let begin = format!("{head}{{\"CertificateSummaryList\":[{{\"CertificateArn\":\"");
                let mut sent = stream.write_all(begin.as_bytes());
                while sent.is_ok() {
                    sent = stream.write_all(&[b'a'; 1 << 13]);
                }
            });
        }
    });
    let sandbox = Sandbox::new();
    let mut command = Command::new(prlimit);
    sandbox.isolate(&mut command);
    command.env("AWS_ENDPOINT_URL", url).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    // Twice what one answer may have, and what a program takes besides.
    command.args(["--as=700000000", CERTFORGE, "acm", "list", "--timeout", "6"]);
    let ran = ran(command.output().unwrap());
    assert_eq!(ran.status, 6, "{}", ran.stderr);
    assert!(!ran.stderr.contains("memory allocation"), "{}", ran.stderr);
}
