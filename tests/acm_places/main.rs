//! Where an import goes and by which way: whose ARN a record is, services that get the chain
//! otherwise, proxies, endpoints of configuration files, several failures in one run.

mod arns;
mod partly;
mod refused;
#[path = "../support/mod.rs"]
mod support;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::Value;
use support::acm::Acm;
use support::{Sandbox, json};

fn codes(document: &Value) -> Vec<&str> {
    document["findings"].as_array().into_iter().flatten().filter_map(|f| f["code"].as_str()).collect()
}

/// Two profiles of one account.
fn profiles(acm: &Acm) {
    std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
    let config = "[profile one]\nregion = eu-west-1\n[profile two]\nregion = eu-west-1\n";
    std::fs::write(acm.sandbox.file(".aws/config"), config).unwrap();
    let keys = "aws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = not-a-secret\n";
    std::fs::write(acm.sandbox.file(".aws/credentials"), format!("[one]\n{keys}[two]\n{keys}")).unwrap();
}

#[test]
fn an_arn_that_nobody_may_ask_for_is_not_doubled() {
    let acm = Acm::new(&[("DescribeCertificate", "denied")]);
    acm.sandbox.ok("up a.example.com --key p256");
    profiles(&acm);
    let arn = acm.ok("import-acm a.example.com --profile one");
    acm.sandbox.ok("leaf a.example.com --key p256 --force");
    let refused = acm.run("--json import-acm a.example.com --profile two");
    assert_eq!((refused.status, refused.stdout.as_str()), (5, ""), "{}", refused.stderr);
    let hint = json(&refused.stderr)["hint"].as_str().unwrap().to_owned();
    assert!(hint.contains("--certificate-arn") && hint.contains("--new"), "{hint}");
    assert_eq!((acm.sim.arns().len(), acm.calls("ImportCertificate")), (1, 1));
    // Whoever knows it says so.
    let said = acm.ok(&format!("import-acm a.example.com --profile two --certificate-arn {}", arn.trim()));
    assert_eq!(said, arn);
    assert_eq!(acm.sim.arns().len(), 1);
}

#[test]
fn cloudfront_has_what_it_has_without_the_root() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --three-tier --key p256");
    let import = "import-acm a.example.com --region us-east-1 --target cloudfront";
    let arn = acm.ok(import);
    let sent = |n: usize| {
        let requests = acm.sim.requests();
        let import = requests.iter().filter(|r| r.action == "ImportCertificate").nth(n).unwrap();
        let body: Value = serde_json::from_str(&import.body).unwrap();
        body["CertificateChain"].as_str().unwrap().len()
    };
    let status = acm.sandbox.run("status");
    assert_eq!(status.status, 0, "{}", status.stdout);
    assert!(!status.stdout.contains("not imported"), "{}", status.stdout);
    acm.ok("renew --due");
    assert_eq!(acm.calls("ImportCertificate"), 1, "there was nothing to do");
    assert_eq!(acm.ok(import), arn);
    assert_eq!(acm.calls("ImportCertificate"), 1);
    // What is renewed goes there as the first time.
    acm.ok("renew a.example.com");
    assert_eq!((acm.calls("ImportCertificate"), sent(1)), (2, sent(0)));
    assert_eq!(acm.sandbox.run("status").status, 0);
}

#[test]
fn one_damaged_leaf_and_a_full_account_keep_no_other_from_its_import() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("ca new --key p256");
    for name in ["a", "b", "c"] {
        acm.sandbox.ok(&format!("leaf {name}.example.com --key p256"));
    }
    std::fs::write(acm.sandbox.file("certforge/b.example.com/cert.pem"), "junk").unwrap();
    let ran = acm.run("import-acm --all -q");
    assert_eq!((ran.status, ran.stdout.lines().count()), (3, 2), "{}", ran.stderr);
    assert!(ran.stderr.contains("b.example.com"), "{}", ran.stderr);

    // An import to an ARN that is there counts for no quota.
    let acm = Acm::new(&[("ImportCertificate", "ok,limit,ok")]);
    acm.sandbox.ok("ca new --key p256");
    acm.sandbox.ok("leaf z.example.com --key p256");
    let arn = acm.ok("import-acm z.example.com");
    acm.sandbox.ok("leaf z.example.com --key p256 --force");
    acm.sandbox.ok("leaf a.example.com --key p256");
    let ran = acm.run("import-acm --all -q");
    assert_eq!((ran.status, &ran.stdout), (5, &arn), "{}", ran.stderr);
}

#[test]
fn several_tags_behind_one_flag_are_no_names() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let document = acm.json("import-acm --all --tags Key=a,Value=b Key=c,Value=d");
    assert_eq!(document["tags"].as_array().unwrap().len(), 2, "{document}");
    let both = acm.run("import-acm --all a.example.com");
    assert!(both.status == 2 && both.stderr.contains("--all"), "{}", both.stderr);
}

#[test]
fn another_kind_of_key_may_follow_what_is_gone() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let first = acm.ok("import-acm a.example.com");
    acm.sandbox.ok("leaf a.example.com --key p384 --force");
    let refused = acm.run("import-acm a.example.com");
    assert!(refused.status == 3 && refused.stderr.contains("R02"), "{}", refused.stderr);
    acm.sim.forget(first.trim());
    let second = acm.ok("import-acm a.example.com");
    assert_ne!(second, first);
}

#[test]
fn a_dry_run_says_what_the_run_will_do_and_writes_nothing() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let arn = acm.ok("import-acm a.example.com");
    let planned = acm.run("import-acm a.example.com --dry-run --tags team=edge");
    assert!(planned.stderr.contains("the tags would be put on"), "{}", planned.stderr);
    let same = acm.run("import-acm a.example.com --dry-run");
    assert!(!same.stderr.contains("tags would"), "{}", same.stderr);

    // What is not imported yet is told by the plan as by the run.
    acm.sandbox.ok("renew a.example.com --no-import");
    let planned = acm.run("renew --due --dry-run");
    assert!(planned.stderr.contains("would be imported into ACM again"), "{}", planned.stderr);
    assert!(!planned.stderr.contains("nothing is due"), "{}", planned.stderr);
    assert_eq!(acm.calls("ImportCertificate"), 1);

    // Without credentials the record says where it would go.
    std::fs::write(
        acm.sandbox.file("certforge/a.example.com/acm.json"),
        acm.sandbox.read("certforge/a.example.com/acm.json").replace(&acm.sim.url(), "https://acm.example/"),
    )
    .unwrap();
    let text = acm.sandbox.read("certforge/a.example.com/acm.json");
    let without: Vec<&str> = text.lines().filter(|line| !line.contains("\"endpoint\"")).collect();
    std::fs::write(acm.sandbox.file("certforge/a.example.com/acm.json"), without.join("\n")).unwrap();
    let offline = acm.sandbox.run("import-acm a.example.com --dry-run --region eu-west-1 --json");
    assert_eq!(offline.status, 0, "{}", offline.stderr);
    assert_eq!(json(&offline.stdout)["CertificateArn"], arn.trim());

    // Of a leaf that is not there yet each place is told with its name.
    let planned =
        acm.run("up f.example.com --key p256 --import-acm --region eu-west-1,us-east-1 --dry-run --json");
    let imports = json(&planned.stdout)["imports"].clone();
    assert!(imports[0]["name"] == "f.example.com" && imports[1]["name"] == "f.example.com", "{imports}");

    // A key that is on no disk: the record that was lost is not written by a plan.
    acm.ok("up e.example.com --key p256 --import-acm --ephemeral");
    std::fs::remove_file(acm.sandbox.file("certforge/e.example.com/acm.json")).unwrap();
    let before = acm.sandbox.snapshot();
    acm.run("up e.example.com --key p256 --import-acm --ephemeral --dry-run");
    assert_eq!(acm.sandbox.snapshot(), before);
}

#[test]
fn what_up_made_is_told_although_its_import_failed() {
    let acm = Acm::new(&[("ImportCertificate", "denied")]);
    let ran = acm.run("--json up a.example.com --key p256 --import-acm");
    assert_eq!(ran.status, 5, "{}", ran.stderr);
    let document = json(&ran.stdout);
    assert_eq!(document["leaf"]["state"], "created");
    assert_eq!(document["ca"]["state"], "created");
    assert_eq!(document["imports"][0]["error"]["code"], "aws.refused", "{document}");
    // Where nothing was made the failure is all there is to be told.
    let again = acm.run("--json up a.example.com --key p256 --import-acm");
    assert_eq!((again.status, again.stdout.as_str()), (5, ""), "{}", again.stderr);
}

#[test]
fn quiet_is_not_silent_about_what_failed() {
    let acm = Acm::new(&[("ImportCertificate", "denied")]);
    let manifest = format!(
        "[ca.default]\nkey = \"p256\"\n[leaf.\"a.example.com\"]\nkey = \"p256\"\nacm = [{{ region = \"eu-west-1\", endpoint_url = \"{}\" }}]\n",
        acm.sim.url()
    );
    std::fs::write(acm.sandbox.file("certforge.toml"), manifest).unwrap();
    let applied = acm.run("-q apply");
    assert_eq!(applied.status, 5, "{}", applied.stderr);
    assert!(
        applied.stderr.contains("a.example.com") && applied.stderr.contains("failed"),
        "{}",
        applied.stderr
    );
    acm.sandbox.ok("leaf b.example.com --key p256");
    let damaged = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
    std::fs::write(acm.sandbox.file("certforge/b.example.com/cert.pem"), damaged).unwrap();
    for args in ["-q status", "-q list", "-q check certforge"] {
        let told = acm.sandbox.run(args);
        assert!(told.stderr.contains("b.example.com"), "{args}: {:?}", told.stderr);
    }
}

/// A proxy that counts who comes and answers nothing of use.
fn proxy() -> (String, Arc<AtomicUsize>, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (count, said) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(String::new())));
    let (counter, heard) = (Arc::clone(&count), Arc::clone(&said));
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            counter.fetch_add(1, Ordering::SeqCst);
            let mut some = [0; 4096];
            let length = stream.read(&mut some).unwrap_or(0);
            heard.lock().unwrap().push_str(&String::from_utf8_lossy(&some[..length]));
            let _ = stream
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        }
    });
    (url, count, said)
}

#[test]
fn no_proxy_stands_before_this_machine() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    let (url, count, _) = proxy();
    for variable in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        let mut command = acm.command("import-acm a.example.com --new");
        let ran = support::ran(command.env(variable, &url).output().unwrap());
        assert_eq!(ran.status, 0, "{variable}: {}", ran.stderr);
    }
    let sandbox = Sandbox::new();
    let mut command = sandbox.command("up s.example.com --key p256 --import-acm --sim".split(' '));
    let ran = support::ran(command.env("HTTP_PROXY", &url).output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(count.load(Ordering::SeqCst), 0, "the proxy saw a request to the loopback");
}

#[test]
fn a_proxy_is_asked_for_tls_by_connect() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example.com --key p256");
    let (url, count, said) = proxy();
    let run = |no_proxy: &str| {
        let mut command = sandbox.command(
            "import-acm a.example.com --region eu-west-1 --endpoint-url https://acm.certforge.invalid --timeout 3"
                .split(' '),
        );
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        support::ran(command.env("HTTPS_PROXY", &url).env("NO_PROXY", no_proxy).output().unwrap())
    };
    let ran = run("");
    assert_ne!(ran.status, 0, "{}", ran.stderr);
    let heard = said.lock().unwrap().clone();
    assert!(heard.starts_with("CONNECT acm.certforge.invalid:443"), "{heard}");
    assert!(!heard.contains("PrivateKey"), "{heard}");
    let before = count.load(Ordering::SeqCst);
    assert_ne!(run("certforge.invalid").status, 0);
    assert_eq!(count.load(Ordering::SeqCst), before, "what NO_PROXY names goes past it");
}

#[test]
fn an_endpoint_of_the_configuration_files_is_known_as_one() {
    let acm = Acm::new(&[]);
    acm.sandbox.ok("up a.example.com --key p256");
    std::fs::create_dir(acm.sandbox.file(".aws")).unwrap();
    let general = format!("[default]\nregion = eu-west-1\nendpoint_url = {}\n", acm.sim.url());
    let services = format!(
        "[default]\nregion = eu-west-1\nservices = own\n[services own]\nacm =\n  endpoint_url = {}\n",
        acm.sim.url()
    );
    for config in [general, services] {
        std::fs::write(acm.sandbox.file(".aws/config"), &config).unwrap();
        let run = |args: &str| {
            let mut command = acm.command(args);
            support::ran(command.env_remove("AWS_ENDPOINT_URL").output().unwrap())
        };
        let imported = run("import-acm a.example.com");
        assert_eq!(imported.status, 0, "{config}: {}", imported.stderr);
        let record = acm.sandbox.read("certforge/a.example.com/acm.json");
        assert!(record.contains(&acm.sim.url()), "{config}: {record}");
        let shown = run("acm show a.example.com");
        assert_eq!((shown.status, &shown.stdout), (0, &imported.stdout), "{config}: {}", shown.stderr);
        let policy = run("acm iam import a.example.com");
        assert!(policy.stdout.contains(imported.stdout.trim()), "{config}: {}", policy.stdout);
    }
}

#[test]
fn a_clear_connection_to_elsewhere_is_warned_of() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example.com --key p256");
    let warned = |url: &str| {
        let mut command = sandbox.command(
            format!("--json import-acm a.example.com --dry-run --region eu-west-1 --timeout 1 --endpoint-url {url}")
                .split(' '),
        );
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        let ran = support::ran(command.output().unwrap());
        assert_eq!(ran.status, 0, "{url}: {}", ran.stderr);
        codes(&json(&ran.stdout)).contains(&"acm.http")
    };
    for url in ["http://127.0.0.1:9", "http://[::1]:9", "http://localhost:9", "https://192.0.2.1:9"] {
        assert!(!warned(url), "{url}");
    }
    for url in ["http://192.0.2.1:9", "http://127.0.0.1.example:9", "http://localhost.example:9"] {
        assert!(warned(url), "{url}");
    }
}

#[test]
fn one_leaf_that_took_too_long_says_nothing_of_the_next() {
    let acm = Acm::new(&[("ImportCertificate", "hang:30")]);
    acm.sandbox.ok("ca new --key p256");
    for name in ["a", "b"] {
        acm.sandbox.ok(&format!("leaf {name}.example.com --key p256"));
    }
    let ran = acm.run("--json import-acm --all --timeout 3");
    assert_eq!(ran.status, 6, "{}", ran.stderr);
    let document = json(&ran.stdout);
    let message = |n: usize| document["results"][n]["error"]["message"].as_str().unwrap().to_owned();
    assert!(message(0).contains("ImportCertificate"), "{document}");
    assert!(!message(1).contains("ImportCertificate"), "no import of it was begun: {document}");
}

#[test]
fn throttling_uses_up_no_other_attempts() {
    let acm = Acm::new(&[("ImportCertificate", "throttle*4,reset,ok")]);
    acm.sandbox.ok("up a.example.com --key p256");
    let ran = acm.run("import-acm a.example.com --timeout 120");
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert_eq!(acm.sim.arns().len(), 1);
}

#[test]
fn what_a_simulator_holds_is_nowhere_in_aws() {
    let sandbox = Sandbox::new();
    let made = sandbox.ok("up x.example.com --key p256 --import-acm --sim");
    assert!(made.stderr.contains("(simulator)"), "{}", made.stderr);
    let arn = made.stdout.trim();
    let snippet = sandbox.run("snippet terraform x.example.com");
    assert!(!snippet.stdout.contains(arn), "{}", snippet.stdout);
    sandbox.ok("leaf x.example.com --key p256 --force");
    assert_eq!(sandbox.run("status").status, 0, "nothing is missing in AWS");
    assert!(sandbox.ok("renew --due").stderr.contains("nothing is due"));
}
