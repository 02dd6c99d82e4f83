//! CAs below CAs, and what they may issue for: judged by OpenSSL and webpki, and
//! refused before anything is signed.

mod keys;
#[path = "../support/mod.rs"]
mod support;

use support::{Sandbox, json, judge, openssl, output, refused};

/// What `openssl verify -x509_strict` says of a leaf in the store.
fn verify(sandbox: &Sandbox, leaf: &str, more: &[&str]) -> Option<(bool, String)> {
    let program = judge("openssl")?;
    let path = |file: &str| format!("certforge/{leaf}/{file}");
    let (ca, chain, cert) = (path("ca.pem"), path("chain.pem"), path("cert.pem"));
    let args = ["verify", "-x509_strict", "-CAfile", &ca, "-untrusted", &chain];
    Some(output(&program, &[&args[..], more, &[cert.as_str()]].concat(), sandbox.path()))
}

fn verifies(sandbox: &Sandbox, leaf: &str, more: &[&str]) {
    if let Some((ok, text)) = verify(sandbox, leaf, more) {
        assert!(ok, "{leaf}: {text}");
    }
}

#[test]
fn a_ca_below_another_issues_and_its_leaves_carry_the_chain() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    let made = json(&sandbox.ok("ca new issuing --under root --key p256 --json").stdout);
    assert_eq!(made["path_length"], 0);
    assert_ne!(made["issuer"], made["subject"]);
    sandbox.ok("leaf 10.103.10.95 --ca issuing --key p256");
    let count = |file: &str| sandbox.read(&format!("certforge/10.103.10.95/{file}")).matches("BEGIN").count();
    assert_eq!((count("fullchain.pem"), count("chain.pem"), count("ca.pem")), (2, 2, 1));
    assert_eq!(sandbox.read("certforge/10.103.10.95/ca.pem"), sandbox.read("certforge/ca/root/ca.pem"));
    verifies(&sandbox, "10.103.10.95", &["-verify_ip", "10.103.10.95", "-purpose", "sslserver"]);
}

#[test]
fn path_lengths_nest_and_are_kept() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new top --key p256 --path-length 2");
    sandbox.ok("ca new middle --under top --key p256 --path-length 1");
    sandbox.ok("ca new low --under middle --key p256");
    sandbox.ok("leaf a.example --ca low --key p256");
    verifies(&sandbox, "a.example", &["-verify_hostname", "a.example"]);
    let said = refused(&sandbox, "ca new lower --under low --key p256", 3, "ca.path-length");
    assert!(said.contains("low") && said.contains("is 0"), "{said}");
    // As many below itself as the one above it: one too many.
    refused(&sandbox, "ca new wide --under middle --path-length 1 --key p256", 3, "ca.path-length");
    refused(&sandbox, "ca new self --under self", 2, "usage");
    refused(&sandbox, "ca new x --under none", 3, "store.missing");
}

#[test]
fn an_intermediate_ends_no_later_than_its_root() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256 --days 30");
    let made = json(&sandbox.ok("ca new issuing --under root --key p256 --json").stdout);
    assert_eq!(made["days_left"], 29);
    assert_eq!(made["findings"][0]["code"], "validity.clamped");
}

#[test]
fn limits_are_written_and_kept() {
    let sandbox = Sandbox::new();
    let made = sandbox.ok(
        "ca new --key p256 --permit .internal --permit 10.103.0.0/16,email:corp.example --exclude secret.a.internal --json",
    );
    let made = json(&made.stdout);
    assert!(made["permitted"].as_array().unwrap().contains(&"10.103.0.0/16".into()), "{made}");
    assert!(made["excluded"].as_array().unwrap().contains(&"dns:secret.a.internal".into()), "{made}");
    for name in ["a.internal", "10.103.10.95", "internal"] {
        sandbox.ok(&format!("leaf {name} --key p256"));
        verifies(&sandbox, name, &[]);
    }
    let folder = sandbox.ok("leaf a@corp.example --template email --key p256 --quiet").stdout;
    verifies(&sandbox, folder.trim().strip_prefix("certforge/").unwrap(), &[]);
    for (name, limit) in [
        ("a.example", "it permits dns:internal"),
        ("secret.a.internal", "it excludes dns:secret.a.internal"),
        ("*.a.internal", "it excludes dns:secret.a.internal"),
        ("10.104.0.1", "it permits 10.103.0.0/16"),
        ("fd00::1", "it permits 10.103.0.0/16"),
        ("email:a@other.example", "it permits email:corp.example"),
        ("uri:https://a.internal/", "mention no name of the type uri"),
    ] {
        let said = refused(&sandbox, &format!("leaf {name} --key p256"), 3, "ca.constrained");
        assert!(said.contains(limit), "{name}: {said}");
        refused(&sandbox, &format!("up {name} --key p256"), 3, "ca.constrained");
    }
    // One name of several is enough.
    refused(&sandbox, "leaf b.internal --san a.example --key p256", 3, "ca.constrained");
}

#[test]
fn limits_hold_for_everything_below() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256 --permit .a.internal");
    sandbox.ok("ca new issuing --under root --key p256 --permit .internal");
    let said = refused(&sandbox, "leaf b.internal --ca issuing --key p256", 3, "ca.constrained");
    assert!(said.contains("root"), "{said}");
    sandbox.ok("leaf a.internal --ca issuing --key p256");
    verifies(&sandbox, "a.internal", &[]);
    // One that permits what the root forbids would never issue anything for it.
    for dead in [".example", "10.0.0.0/8", ".a.internal,.example"] {
        let new = format!("ca new dead --under root --key p256 --permit {dead}");
        let said = refused(&sandbox, &new, 3, "ca.constrained");
        assert!(said.contains("root"), "{said}");
        refused(&sandbox, &format!("{new} --dry-run"), 3, "ca.constrained");
    }
    refused(&sandbox, "ca show dead", 3, "store.missing");
}

#[test]
fn an_address_under_limits_has_no_common_name_that_openssl_takes_for_a_dns_name() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --permit 10.0.0.0/8");
    let leaf = json(&sandbox.ok("leaf 10.1.1.1 --key p256 --json").stdout);
    assert_eq!(leaf["subject"], "");
    assert_eq!(leaf["findings"][0]["code"], "subject.no-common-name");
    verifies(&sandbox, "10.1.1.1", &["-verify_ip", "10.1.1.1"]);
}

fn folder(made: &serde_json::Value) -> &str {
    made["folder"].as_str().unwrap().trim_start_matches("certforge/")
}

#[test]
fn what_openssl_takes_for_a_dns_name_is_held_to_the_limits_too() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --permit email:corp.example");
    for called in ["device.42", "v1.2", "my_device.01"] {
        let args = format!("leaf --client --key p256 --force --cn {called} --san me@corp.example --json");
        let made = json(&sandbox.ok(&args).stdout);
        assert_eq!(made["findings"][0]["code"], "subject.no-common-name", "{made}");
        verifies(&sandbox, folder(&made), &["-purpose", "sslclient"]);
    }
    // What is none to OpenSSL either stays.
    let made = json(
        &sandbox.ok("leaf --client --key p256 --force --cn device-42 --san me@corp.example --json").stdout,
    );
    assert_eq!(made["subject"], "CN=device-42");
    verifies(&sandbox, folder(&made), &["-purpose", "sslclient"]);
    // A mailbox in the subject is one among the names (RFC 5280 §4.2.1.10).
    sandbox.ok("ca new hosts --key p256 --permit .internal");
    let refused = sandbox.run("leaf a.internal --ca hosts --key p256 --subj /emailAddress=me@evil.example");
    assert_eq!(refused.status, 3, "{}", refused.stderr);
    assert!(refused.stderr.contains("no name of the type email"), "{}", refused.stderr);
    let refused = sandbox.run("ca new v --permit ::ffff:10.0.0.0/104");
    assert!(refused.status == 3 && refused.stderr.contains("IPv4 network itself"), "{}", refused.stderr);
}

#[test]
fn clients_refuse_what_certforge_would_not_sign() {
    // Signed with the CA's key behind certforge's back: the limits are in the certificate.
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256 --permit .internal,10.0.0.0/8");
    let key = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "k.pem"];
    for (name, reason) in [
        ("DNS:a.internal", ""),
        ("DNS:a.example", "permitted subtree violation"),
        ("IP:11.0.0.1", "permitted subtree violation"),
        ("IP:fd00::1", "permitted subtree violation"),
    ] {
        openssl(&[&key[..], &["-out", "r.pem", "-subj", "/O=x"]].concat(), sandbox.path());
        std::fs::write(sandbox.file("ext"), format!("subjectAltName={name}\nauthorityKeyIdentifier=keyid\n"))
            .unwrap();
        let sign = "x509 -req -in r.pem -CA certforge/ca/default/ca.pem -CAkey certforge/ca/default/ca.key -CAcreateserial -extfile ext -out l.pem";
        openssl(&sign.split(' ').collect::<Vec<_>>(), sandbox.path());
        let check = ["verify", "-CAfile", "certforge/ca/default/ca.pem", "l.pem"];
        let (ok, text) = output(&program, &check, sandbox.path());
        assert_eq!(ok, reason.is_empty(), "{name}: {text}");
        assert!(text.contains(reason), "{name}: {text}");
    }
}

#[test]
fn three_tiers_in_one_command_and_again_nothing() {
    let sandbox = Sandbox::new();
    let up = "up 10.103.10.95 --three-tier --permit 10.103.0.0/16 --key p256 --json";
    let made = json(&sandbox.ok(up).stdout);
    assert_eq!((&made["root"]["state"], &made["ca"]["state"]), (&"created".into(), &"created".into()));
    assert_eq!(made["ca"]["issuer"], made["root"]["subject"]);
    assert_ne!(made["ca"]["subject"], made["root"]["subject"], "create_ca.sh gave both one name");
    verifies(&sandbox, "10.103.10.95", &["-verify_ip", "10.103.10.95"]);
    let before = sandbox.snapshot();
    assert_eq!(json(&sandbox.ok(up).stdout)["leaf"]["state"], "unchanged");
    assert_eq!(json(&sandbox.ok("up 10.103.10.95 --json").stdout)["leaf"]["state"], "unchanged");
    assert_eq!(sandbox.snapshot(), before);
    refused(&sandbox, "up 10.103.10.95 --permit 10.0.0.0/8", 2, "usage");
}

#[test]
fn a_ca_of_another_shape_is_not_taken_for_the_one_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    refused(&sandbox, "up a.example --three-tier", 2, "usage");
    refused(&sandbox, "up a.example --permit .example", 2, "usage");
    sandbox.ok("up a.example --ca tiers --three-tier --key p256");
    verifies(&sandbox, "a.example", &[]);
}

#[test]
fn a_ca_that_could_not_issue_the_leaf_is_not_made() {
    let sandbox = Sandbox::new();
    let ran = sandbox.run("up a.example --three-tier --permit .internal");
    assert_eq!(ran.status, 3, "{}", ran.stderr);
    assert!(sandbox.snapshot().is_empty());
    for (args, code) in [
        ("up a.example --three-tier --permit .internal", "ca.constrained"),
        ("up a.example --permit .internal", "ca.constrained"),
        ("up a.example --three-tier --template code", "ca.purpose"),
        ("up a.example --ca none", "store.missing"),
        ("up a.example --strict --until 2060-01-01 --allow-long", "validity.outlives-issuer"),
    ] {
        for more in ["", " --dry-run"] {
            refused(&sandbox, &format!("{args}{more}"), 3, code);
        }
    }
    sandbox.ok("ca new --key p256 --permit .internal");
    sandbox.ok("ca new issuing --under default --key p256");
    for (args, code) in [
        ("leaf a.example", "ca.constrained"),
        ("up a.example", "ca.constrained"),
        ("leaf a.internal --ca issuing --template code", "ca.purpose"),
        ("ca new deep --under issuing", "ca.path-length"),
        (
            "ca new mail --under default --set extended_key_usage=codeSigning --path-length 4",
            "ca.path-length",
        ),
    ] {
        for more in ["", " --dry-run"] {
            refused(&sandbox, &format!("{args}{more}"), 3, code);
        }
    }
}

#[test]
fn a_root_that_is_thrown_away_leaves_no_key() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --throw-away-root --permit .internal --key p256");
    sandbox.ok("ca new other --throw-away-root --permit .internal --key p256");
    sandbox.ok("leaf b.internal --ca other --key p256");
    for leaf in ["a.internal", "b.internal"] {
        verifies(&sandbox, leaf, &["-verify_hostname", leaf]);
    }
    let keys: Vec<String> = sandbox.snapshot().into_iter().filter(|line| line.contains("ca.key")).collect();
    assert_eq!(keys.len(), 2, "{keys:?}");
    let root = sandbox.read("certforge/ca/other/chain.pem");
    std::fs::write(sandbox.file("root.pem"), root).unwrap();
    if judge("openssl").is_some() {
        let text = openssl(
            &["x509", "-in", "root.pem", "-noout", "-subject", "-ext", "basicConstraints"],
            sandbox.path(),
        );
        assert!(text.unwrap().contains("CA:TRUE, pathlen:1"));
    }
    refused(&sandbox, "ca new third --under other", 3, "ca.path-length");
}

#[test]
fn limits_that_are_none_are_refused() {
    let sandbox = Sandbox::new();
    for (limit, part) in [
        ("10.103.10.95/16", "10.103.0.0/16"),
        ("*.internal", "no `*`"),
        ("10.0.0.0/40", "prefix"),
        ("a_b", "_"),
    ] {
        let said = refused(&sandbox, &format!("ca new --permit {limit}"), 3, "ca.constraint");
        assert!(said.contains(part), "{limit}: {said}");
    }
    refused(&sandbox, "ca new --template server", 3, "template.kind");
    // An intermediate is for TLS, unless it is said otherwise.
    sandbox.ok("ca new root --key p256 --path-length 2");
    sandbox.ok("ca new tls --under root --key p256");
    let said = refused(&sandbox, "leaf a@b.example --template code --ca tls", 3, "ca.purpose");
    assert!(said.contains("serverAuth, clientAuth alone") && said.contains("codeSigning"), "{said}");
    sandbox.ok("ca new code --under root --key p256 --set extended_key_usage=codeSigning");
    sandbox.ok("leaf a@b.example --template code --ca code --key p256");
    verifies(&sandbox, sandbox.ok("list --ca code").stdout.split('\t').next().unwrap(), &[]);
    // Nor can a CA below one for TLS alone be for more.
    sandbox.ok("ca new wide --under root --key p256 --path-length 1");
    let more = "ca new narrow --under wide --key p256 --set extended_key_usage=codeSigning";
    refused(&sandbox, more, 3, "ca.purpose");
}

/// A file with a pass phrase in it.
#[test]
fn nothing_has_its_issuers_own_name() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --cn a.example --key p256");
    for args in [
        "ca new sub --under default --cn a.example --key p256",
        "ca new sub --under default --cn a.example --key p256 --dry-run",
        "leaf a.example --key p256",
        "leaf a.example --key p256 --dry-run",
    ] {
        let message = refused(&sandbox, args, 3, "subject.issuer");
        assert!(message.contains("the issuer's own name"), "{args}: {message}");
    }
    sandbox.ok("leaf a.example --subj /O=Acme --key p256");
}

/// The clients' own test asks Java of three of these.
#[test]
fn limits_at_which_java_fails_are_told_and_no_others() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new root --key p256");
    let told = |args: &str| {
        let done = json(&sandbox.ok(&format!("{args} --json")).stdout);
        let of = |ca: &serde_json::Value| {
            ca["findings"].as_array().is_some_and(|all| all.iter().any(|f| f["code"] == "ca.excluded-ipv6"))
        };
        of(&done) || of(&done["ca"])
    };
    for (i, (limits, warns)) in [
        ("--under root --exclude ::/0", true),
        ("--under root --exclude 2000::/3", true),
        ("--under root --permit ::/0 --permit 10.0.0.0/8", true),
        ("--under root --permit 10.0.0.0/8 --exclude ::/0", true),
        ("--throw-away-root --exclude ::/0", true),
        // Java does not look at a root's limits, and nobody has an address that begins as these do.
        ("--exclude ::/0", false),
        ("--under root --exclude fd00::/8", false),
        ("--under root --permit fd00::/8 --exclude fd00:1::/32", false),
        ("--under root --permit 10.0.0.0/8 --permit ::/0", false),
        ("--under root --permit .internal", false),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(told(&format!("ca new c{i} --key p256 {limits} --dry-run")), warns, "{limits}, before");
        assert_eq!(told(&format!("ca new c{i} --key p256 {limits}")), warns, "{limits}");
    }
    let up = "up 10.0.0.1 --key p256 --ca tiers --three-tier --permit 10.0.0.0/8 --exclude ::/0";
    assert!(told(&format!("{up} --dry-run")) && told(up));
}

/// A dry run shows what the run would make, keys of CAs above all.
#[test]
fn a_dry_run_shows_the_root_too() {
    let sandbox = Sandbox::new();
    let dry = json(&sandbox.ok("up a.example --key p256 --three-tier --dry-run --json").stdout);
    assert_eq!(
        (&dry["root"]["name"], &dry["root"]["state"]),
        (&"default-root".into(), &"planned".into()),
        "{dry}"
    );
    let lost = json(&sandbox.ok("up a.example --key p256 --throw-away-root --dry-run --json").stdout);
    assert_eq!(lost["root"], serde_json::Value::Null, "{lost}");
    sandbox.ok("up a.example --key p256 --three-tier");
    sandbox.ok("up b.example --key p256 --three-tier --dry-run");
}

/// As `--permit` of what a CA above forbids is.
#[test]
fn limits_that_leave_nothing_are_refused() {
    let sandbox = Sandbox::new();
    for limits in ["--permit .com --exclude .com", "--permit 10.1.0.0/16 --exclude 10.0.0.0/8"] {
        refused(&sandbox, &format!("ca new --key p256 {limits}"), 3, "ca.constraint");
    }
    sandbox.ok("ca new --key p256 --permit .com --permit 10.0.0.0/8 --exclude .com");
}
