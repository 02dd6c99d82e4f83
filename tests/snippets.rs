//! The lines that other programs are configured with: nginx, HAProxy and a Java
//! server by Spring Boot's properties are started with them, and answer.

mod support;

use std::process::Command;

use support::{Sandbox, Server, judge, output};

fn leaf() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok("up 127.0.0.1 localhost --three-tier --key p256");
    sandbox
}

/// What curl says of a server that has the leaf.
fn answers(sandbox: &Sandbox, port: u16) {
    let Some(curl) = judge("curl") else { return };
    let url = format!("https://127.0.0.1:{port}/");
    let args =
        ["-sS", "--cacert", "certforge/127.0.0.1/ca.pem", "-o", "/dev/null", "-w", "%{http_code}", &url];
    let (ok, text) = output(&curl, &args, sandbox.path());
    assert!(ok, "{text}");
}

#[test]
fn nginx_serves_with_its_lines() {
    let Some(nginx) = judge("nginx") else { return };
    let sandbox = leaf();
    let server = Server::start(|port| {
        let lines = sandbox
            .ok(&format!("snippet nginx 127.0.0.1 --set port={port} --set upstream=http://127.0.0.1:9"));
        let text = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}\nhttp {{ access_log off; \
             client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\n{}\n}}\n",
            lines.stdout
        );
        std::fs::write(sandbox.file("nginx.conf"), text).unwrap();
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(sandbox.path()).arg("-c").arg(sandbox.file("nginx.conf"));
        command
    });
    answers(&sandbox, server.address.port());
}

#[test]
fn haproxy_serves_with_its_lines() {
    let Some(haproxy) = judge("haproxy") else { return };
    let sandbox = leaf();
    let first = sandbox.ok("snippet haproxy 127.0.0.1");
    assert!(first.stderr.contains("certforge bundle 127.0.0.1 --to combined"), "{}", first.stderr);
    sandbox.ok("bundle 127.0.0.1 --to combined");
    assert!(!sandbox.ok("snippet haproxy 127.0.0.1").stderr.contains("is not there yet"));
    let server = Server::start(|port| {
        let lines = sandbox.ok(&format!("snippet haproxy 127.0.0.1 --set port={port}"));
        let text = format!(
            "defaults\n    timeout connect 1s\n    timeout client 5s\n    timeout server 5s\n\n{}",
            lines.stdout
        );
        std::fs::write(sandbox.file("haproxy.cfg"), text).unwrap();
        let mut command = Command::new(&haproxy);
        command.arg("-f").arg(sandbox.file("haproxy.cfg"));
        command
    });
    answers(&sandbox, server.address.port());
}

#[test]
fn a_java_server_reads_the_properties_of_spring_boot() {
    let Some(java) = judge("java") else { return };
    let sandbox = leaf();
    // The snippet is told it and prints it, so it is none of the secrets that no output may hold.
    std::fs::write(sandbox.file("printed"), "changed-it\n").unwrap();
    sandbox.ok("bundle 127.0.0.1 --to p12 --passphrase-file printed");
    let source = format!("{}/tests/interop/SpringLike.java", env!("CARGO_MANIFEST_DIR"));
    let server = Server::start(|port| {
        let lines =
            sandbox.ok(&format!("snippet springboot 127.0.0.1 --set port={port} --set password=changed-it"));
        std::fs::write(sandbox.file("application.properties"), lines.stdout).unwrap();
        let mut command = Command::new(&java);
        command.arg(&source).arg(sandbox.file("application.properties"));
        command
    });
    answers(&sandbox, server.address.port());
}

#[test]
fn the_variables_of_env_lead_clients_to_the_ca() {
    let Some(curl) = judge("curl") else { return };
    let Some(nginx) = judge("nginx") else { return };
    let sandbox = leaf();
    let server = Server::start(|port| {
        let lines = sandbox.ok(&format!("snippet nginx 127.0.0.1 --set port={port}"));
        let text = format!(
            "daemon off; master_process off; pid nginx.pid; error_log stderr; events {{}}\nhttp {{ access_log off; \
             client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\n{}\n}}\n",
            lines.stdout
        );
        std::fs::write(sandbox.file("nginx.conf"), text).unwrap();
        let mut command = Command::new(&nginx);
        command.arg("-p").arg(sandbox.path()).arg("-c").arg(sandbox.file("nginx.conf"));
        command
    });
    let lines = sandbox.ok("snippet env 127.0.0.1").stdout;
    let script =
        format!("{lines}\n{} -sS -o /dev/null https://localhost:{}/", curl.display(), server.address.port());
    let mut sh = Command::new("sh");
    sandbox.isolate(sh.args(["-c", &script]));
    let ran = support::ran(sh.output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
}

#[test]
fn every_snippet_names_whole_paths_and_no_variable_is_left() {
    let sandbox = leaf();
    let listed = sandbox.ok("snippet list").stdout;
    assert_eq!(listed.lines().count(), 15, "{listed}");
    for name in listed.lines().map(|line| line.split('\t').next().unwrap()) {
        let ran = sandbox.run(&format!("snippet {name} 127.0.0.1"));
        if ["alb", "nlb", "terraform", "cloudformation"].contains(&name) {
            assert_eq!(ran.status, 3, "{name}: {}", ran.stderr);
            assert!(ran.stderr.contains("certforge import-acm"), "{}", ran.stderr);
            continue;
        }
        assert_eq!(ran.status, 0, "{name}: {}", ran.stderr);
        assert!(!ran.stdout.contains("{{") && !ran.stdout.contains("{%"), "{name}: {}", ran.stdout);
        let absolute = ran.stdout.contains(&*sandbox.path().to_string_lossy());
        let needs_none = name == "k8s" || name.starts_with("apigw-");
        assert!(absolute || needs_none, "{name}: {}", ran.stdout);
    }
    for args in ["snippet nonsense 127.0.0.1", "snippet nginx 127.0.0.1 --set colour=red"] {
        assert_eq!(sandbox.run(args).status, 2, "{args}");
    }
    assert_eq!(sandbox.run("snippet nginx none.example").status, 3);
    sandbox.ok("leaf b.example --key p256");
    assert_eq!(sandbox.run("snippet nginx").status, 2);
}

/// A store at an odd place, with a leaf for these names.
fn odd(sandbox: &Sandbox, folder: &str, names: &str) -> String {
    std::fs::create_dir(sandbox.file(folder)).unwrap();
    let dir = sandbox.file(folder).join("store").display().to_string();
    let mut args = vec!["--dir", &dir, "up", "--key", "p256"];
    args.extend(names.split(' '));
    let ran = sandbox.run_args(&args);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    dir
}

#[test]
fn haproxy_and_shells_read_odd_paths_and_others_refuse_them() {
    let sandbox = Sandbox::new();
    let dir = odd(&sandbox, "a '$HOME' \"b\" {é}", "127.0.0.1");
    let run = |args: &[&str]| sandbox.run_args(&[&["--dir", dir.as_str()][..], args].concat());
    assert_eq!(run(&["bundle", "127.0.0.1", "--to", "combined"]).status, 0);
    if let Some(haproxy) = judge("haproxy") {
        std::fs::write(sandbox.file("h.cfg"), run(&["snippet", "haproxy", "127.0.0.1"]).stdout).unwrap();
        let (ok, text) = output(&haproxy, &["-c", "-f", "h.cfg"], sandbox.path());
        assert!(ok, "{text}");
    }
    let script = format!("{}\ntest -f \"$SSL_CERT_FILE\"", run(&["snippet", "env", "127.0.0.1"]).stdout);
    let shell = Command::new("sh").args(["-c", &script]).output().unwrap();
    assert!(shell.status.success(), "{script}");
    for name in ["nginx", "caddy"] {
        let ran = run(&["snippet", name, "127.0.0.1"]);
        assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{name}");
        assert!(ran.stderr.contains("in a path"), "{}", ran.stderr);
    }
    let compose = run(&["snippet", "compose", "127.0.0.1"]).stdout;
    assert!(compose.contains("$$HOME"), "{compose}");
    let properties = run(&["snippet", "springboot", "127.0.0.1"]).stdout;
    assert!(properties.contains("{\\u00e9}"), "{properties}");
    let broken = run(&["snippet", "springboot", "127.0.0.1", "--set", "password=x\ny=z"]);
    assert_eq!(broken.status, 2, "{}", broken.stdout);
}

/// The lines are run where that changes nothing of this machine: a database of NSS in an empty
/// home, and a shell that takes `sudo` apart.
#[test]
fn each_system_gets_the_line_that_makes_it_trust_the_ca_and_its_undoing() {
    let sandbox = Sandbox::new();
    let dir = odd(&sandbox, "it's here", "127.0.0.1");
    let lines = |system: &str| {
        let set = format!("system={system}");
        sandbox.run_args(&["--dir", &dir, "snippet", "trust", "127.0.0.1", "--set", &set])
    };
    for (system, word) in [
        ("debian", "update-ca-certificates"),
        ("alpine", "update-ca-certificates"),
        ("fedora", "update-ca-trust"),
        ("macos", "add-trusted-cert"),
        ("nss", "certutil"),
        ("java", "keytool"),
    ] {
        let text = lines(system).stdout;
        assert!(text.starts_with(|c: char| c.is_ascii_lowercase()), "{text}");
        assert!(text.contains(word) && text.lines().count() == 2 && text.contains("\n# undo: "), "{text}");
        // The path is one word for a shell, whatever is in it.
        let script = format!("sudo() {{ printf '%s\\n' \"$@\"; }}\n{}", text.replace("&& sudo", "; #"));
        if ["debian", "alpine", "fedora", "macos"].contains(&system) {
            let ran = Command::new("sh").args(["-c", &script]).output().unwrap();
            let words = String::from_utf8(ran.stdout).unwrap();
            assert!(words.contains(&format!("{dir}/127.0.0.1/ca.pem\n")), "{script}: {words}");
        }
    }
    let refused = lines("windows");
    assert!(refused.status == 2 && refused.stderr.contains("the systems are debian"), "{}", refused.stderr);
    let Some(certutil) = judge("certutil") else { return };
    let home = sandbox.file("home");
    let database = home.join(".pki/nssdb");
    std::fs::create_dir_all(&database).unwrap();
    let place = format!("sql:{}", database.display());
    let (made, said) = output(&certutil, &["-d", &place, "-N", "--empty-password"], sandbox.path());
    assert!(made, "{said}");
    let text = lines("nss").stdout;
    let (trust, undo) = text.split_once("\n# undo: ").unwrap();
    let listed = |line: &str| {
        let ran = Command::new("sh").args(["-c", line]).env("HOME", &home).output().unwrap();
        assert!(ran.status.success(), "{line}: {}", String::from_utf8_lossy(&ran.stderr));
        output(&certutil, &["-d", &place, "-L"], sandbox.path()).1
    };
    assert!(listed(trust).contains("certforge-"));
    assert!(!listed(undo).contains("certforge-"));
    // It is of the CA, whose name and file nothing else has, and which its leaves share.
    for ca in ["default", "other"] {
        sandbox.ok(&format!("ca new {ca} --key p256"));
    }
    let line = |leaf: &str, ca: &str| {
        sandbox.ok(&format!("leaf {leaf} --ca {ca} --key p256"));
        let text = sandbox.ok(&format!("snippet trust {leaf}")).stdout;
        text.split(' ').find(|word| word.contains("ca-certificates/")).unwrap().to_owned()
    };
    let (one, two, other) = (line("leaf.corp", "default"), line("b.corp", "default"), line("corp", "other"));
    assert!(one == two && one != other, "{one} {two} {other}");
}

#[test]
fn an_ipv6_address_stands_in_brackets_and_is_listened_at() {
    let sandbox = Sandbox::new();
    sandbox.ok("up ::1 --key p256");
    let caddy = sandbox.ok("snippet caddy ::1").stdout;
    assert!(caddy.starts_with("[::1]:443 {"), "{caddy}");
    sandbox.ok("bundle ::1 --to combined");
    let haproxy = sandbox.ok("snippet haproxy ::1 --set port=4443").stdout;
    assert!(haproxy.contains("bind :::4443 v4v6 ssl"), "{haproxy}");
    let Some(nginx) = judge("nginx") else { return };
    let lines = sandbox.ok("snippet nginx ::1 --set port=4443").stdout;
    assert!(lines.contains("listen [::]:4443 ssl;") && lines.contains("server_name [::1];"), "{lines}");
    std::fs::write(
        sandbox.file("n.conf"),
        format!("pid n.pid; error_log stderr; events {{}}\nhttp {{ access_log off;\n{lines}\n}}\n"),
    )
    .unwrap();
    let conf = sandbox.file("n.conf").display().to_string();
    let (_, text) = output(&nginx, &["-t", "-q", "-p", ".", "-c", &conf], sandbox.path());
    // Binding is another matter: the words are right.
    assert!(!text.contains("invalid") && !text.contains("unexpected"), "{text}");
}

#[test]
fn what_is_no_server_or_has_no_key_is_told() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf email:me@corp.example --template email --key p256 --quiet");
    let name = sandbox.ok("list").stdout.split('\t').next().unwrap().to_owned();
    for snippet in ["nginx", "caddy"] {
        let ran = sandbox.run(&format!("snippet {snippet} {name}"));
        assert_eq!(ran.status, 2, "{}", ran.stdout);
    }
    sandbox.ok("csr a.example --key p256");
    sandbox.ok("sign certforge/csr/a.example/request.pem");
    for snippet in ["nginx", "envoy", "compose", "caddy"] {
        let ran = sandbox.ok(&format!("snippet {snippet} a.example"));
        assert!(ran.stderr.contains("a.example/key.pem"), "{snippet}: {}", ran.stderr);
    }
}

#[test]
fn snippets_of_what_is_in_acm_have_its_arn() {
    let acm = support::acm::Acm::new(&[]);
    acm.ok("up a.example --key p256 --import-acm --sim");
    assert_eq!(acm.run("snippet alb a.example").status, 3, "what a simulator holds is not in ACM");
    let arn = acm.ok("import-acm a.example");
    for name in ["alb", "nlb", "terraform", "cloudformation"] {
        let text = acm.ok(&format!("snippet {name} a.example"));
        assert!(text.contains(arn.trim()), "{name}: {text}");
    }
}

#[test]
fn yaml_and_properties_are_what_their_readers_take() {
    let Some(python) = judge("python3") else { return };
    let sandbox = Sandbox::new();
    let odd = sandbox.file("a \"b\" c");
    std::fs::create_dir(&odd).unwrap();
    let dir = odd.join("store").display().to_string();
    let run = |args: &[&str]| {
        let ran = sandbox.run_args(&[&["--dir", dir.as_str()][..], args].concat());
        assert_eq!(ran.status, 0, "{args:?}: {}", ran.stderr);
        ran.stdout
    };
    run(&["up", "a.example", "b.example", "--key", "p256"]);
    for name in ["envoy", "compose", "k8s"] {
        std::fs::write(sandbox.file("s.yaml"), run(&["snippet", name, "a.example"])).unwrap();
        let script = "import sys, yaml; print(yaml.safe_load(open(sys.argv[1])))";
        let (ok, text) = output(&python, &["-c", script, "s.yaml"], sandbox.path());
        assert!(ok, "{name}: {text}");
        assert!(name == "k8s" || text.contains("a \"b\" c/store"), "{name}: {text}");
    }
}

#[test]
fn the_whole_way_to_api_gateway_is_valid_for_its_readers() {
    let (Some(lint), Some(python)) = (judge("cfn-lint"), judge("python")) else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up myca.test.com 10.103.10.95 --key p256 --template apigw-backend");
    sandbox.ok("leaf 10.103.10.96 --template apigw-backend");
    for (name, host) in
        [("myca.test.com", "https://myca.test.com/"), ("10.103.10.96", "https://10.103.10.96/")]
    {
        let yaml = sandbox.ok(&format!("snippet apigw-cloudformation {name} --set address=10.0.0.7")).stdout;
        assert!(yaml.contains(host) && yaml.contains("insecureSkipVerification: true"), "{yaml}");
        assert_eq!(yaml.contains("AWS::Route53::HostedZone"), name == "myca.test.com");
        std::fs::write(sandbox.file("template.yaml"), yaml).unwrap();
        let (ok, text) = output(&lint, &["--regions", "eu-west-1", "--", "template.yaml"], sandbox.path());
        assert!(ok, "{name}: {text}");
        let terraform = sandbox.ok(&format!("snippet apigw-terraform {name} --set stage=test")).stdout;
        std::fs::write(sandbox.file("main.tf"), &terraform).unwrap();
        let read = "import hcl2, json; print(json.dumps(hcl2.load(open('main.tf'))))";
        let (ok, text) = output(&python, &["-c", read], sandbox.path());
        assert!(ok && text.contains("insecure_skip_verification") && text.contains(host), "{name}: {text}");
    }
}
