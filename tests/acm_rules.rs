//! Each rule about ACM finds what it is for, and nothing in what is right. OpenSSL
//! makes what is wrong.

mod support;

use std::collections::BTreeSet;

use certforge::check::acm::{self, Allowed, Held, Import, RULES, Rule, Service};
use certforge::{Authority, Bundle, Certificate, Chain, Finding, KeyAlgorithm, LeafRequest, Severity};
use support::{Sandbox, judge, openssl};
use time::{Duration, OffsetDateTime};

/// All rules there are: a rule that goes is missed here.
const NAMES: &str = "P01 P02 P03 P04 P05 P06 P07 P08 P09 Z01 Z02 Z03 K01 K02 K03 K04 K05 K06 K07 X01 X02 X03 X04 X05 \
                     X06 X07 X08 X09 X10 V01 V02 V03 V04 N01 N02 N03 N04 N05 N06 N07 N08 C01 C02 C03 C04 C05 C06 C07 \
                     C08 C09 C10 S01 S02 S03 S04 S05 S06 R01 R02 R03 R04 R05 R06 R07 R08 R09 R10 R11 T01 A01 Q01";

#[test]
fn the_table_is_complete_and_each_rule_says_what_it_is() {
    let names: Vec<&str> = RULES.iter().map(Rule::name).collect();
    assert_eq!(names, NAMES.split_whitespace().collect::<Vec<_>>());
    for rule in RULES {
        assert!(!rule.title.is_empty() && !rule.source.is_empty(), "{}", rule.code);
        assert!(rule.severity < Severity::Warning || !rule.fix.is_empty(), "{} has no fix", rule.code);
        assert!(Rule::named(&rule.name().to_lowercase()).is_some_and(|r| r.code == rule.code));
    }
    assert!(Allowed::named(&["X01", "acm.c01"]).is_ok());
    assert_eq!(Allowed::named(&["K06"]).unwrap_err().code(), "acm.rule");
    assert_eq!(Allowed::named(&["X99"]).unwrap_err().code(), "acm.rule");
}

/// The table in the documents is this one; `CERTFORGE_BLESS=1` writes it there.
#[test]
fn the_documents_list_every_rule() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/acm.md");
    let page = std::fs::read_to_string(path).unwrap();
    let (head, rest) = page.split_once("<!-- rules -->\n").unwrap();
    let (listed, tail) = rest.split_once("<!-- /rules -->").unwrap();
    let mut table = String::from("| rule | | what holds | source |\n|---|---|---|---|\n");
    for rule in RULES {
        let allowed = if rule.may_be_allowed { ", may be allowed" } else { "" };
        let row = [rule.name(), &format!("{}{allowed}", rule.severity), rule.title, rule.source];
        table.extend(["| ", &row.join(" | "), " |\n"]);
    }
    if std::env::var_os("CERTFORGE_BLESS").is_some() {
        std::fs::write(path, format!("{head}<!-- rules -->\n{table}<!-- /rules -->{tail}")).unwrap();
        return;
    }
    assert_eq!(listed, table, "run this test with CERTFORGE_BLESS=1");
}

fn now() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

fn said(import: &Import<'_>, now: OffsetDateTime) -> Vec<(&'static str, Severity)> {
    acm::import(import, &[], &Allowed::default(), now).iter().map(|f| (f.code, f.severity)).collect()
}

fn of(certificate: &Certificate, chain: &Chain) -> Vec<(&'static str, Severity)> {
    said(&Import::new(certificate, chain, Some(certificate.public_key())), now())
}

fn bundle(names: &[&str], key: KeyAlgorithm) -> Bundle {
    let ca = Authority::generate("test CA").unwrap();
    ca.issue(&LeafRequest::new(names).unwrap().key(key)).unwrap()
}

/// A certificate by OpenSSL, self-signed: its key's making, its subject, its
/// extensions.
fn made(key: &[&str], subject: &str, extensions: &str, more: &[&str]) -> Option<Certificate> {
    judge("openssl")?;
    let sandbox = Sandbox::new();
    openssl(&[key, &["-out", "k.pem"]].concat(), sandbox.path())?;
    let config = format!("[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[e]\n{extensions}\n");
    std::fs::write(sandbox.file("c.cnf"), config).unwrap();
    let mut args =
        vec!["req", "-x509", "-key", "k.pem", "-config", "c.cnf", "-extensions", "e", "-subj", subject];
    args.extend_from_slice(&["-out", "c.pem"]);
    args.extend_from_slice(more);
    openssl(&args, sandbox.path())?;
    Some(Certificate::from_pem(sandbox.read("c.pem").as_bytes()).unwrap())
}

const EC: &[&str] = &["ecparam", "-name", "prime256v1", "-genkey", "-noout"];
const RSA_1024: &[&str] = &["genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1024"];
const RSA_1536: &[&str] = &["genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:1536"];
const RSA_2048: &[&str] = &["genpkey", "-algorithm", "rsa", "-pkeyopt", "rsa_keygen_bits:2048"];
const GOOD: &str = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n\
                    extendedKeyUsage=serverAuth\nsubjectAltName=DNS:a.example.com\nsubjectKeyIdentifier=hash";

/// The good extensions with one line changed; an empty value takes it out.
fn but(name: &str, value: &str) -> String {
    let kept = GOOD.lines().filter(|line| !line.starts_with(name));
    let mut text: Vec<String> = kept.map(str::to_owned).collect();
    if !value.is_empty() {
        text.push(format!("{name}={value}"));
    }
    text.join("\n")
}

#[test]
fn what_is_right_breaks_no_rule() {
    for key in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
        let ca = Authority::create(
            &certforge::CaRequest::new("test CA").unwrap().key(key).plan(now()).unwrap(),
            certforge::PrivateKey::generate(key).unwrap(),
        )
        .unwrap();
        let bundle = ca.issue(&LeafRequest::new(["a.example.com", "10.0.0.1"]).unwrap().key(key)).unwrap();
        assert_eq!(of(bundle.leaf(), bundle.chain()), []);
    }
    // OpenSSL's own 30 days are fewer than V03 asks for, a second later.
    if let Some(own) = made(EC, "/CN=a.example.com", GOOD, &["-days", "90"]) {
        assert_eq!(of(&own, &Chain::default()), []);
    }
}

/// Every way to break a rule that needs no answer of ACM: the code it must have.
#[test]
#[expect(clippy::too_many_lines, reason = "a list, read as a page")]
fn each_offline_rule_finds_its_fault() {
    let Some(_) = judge("openssl") else { return };
    let mut seen: BTreeSet<&'static str> = BTreeSet::new();
    let mut expect =
        |what: &str, found: Vec<(&'static str, Severity)>, code: &'static str, severity: Severity| {
            assert!(found.contains(&(code, severity)), "{what}: {code} {severity}: {found:?}");
            seen.insert(code);
        };
    let none = Chain::default();
    let error = Severity::Error;
    let warning = Severity::Warning;

    // Certificates that OpenSSL makes, alone.
    let long = format!("{}.example.com", "a".repeat(64));
    let names: Vec<String> = (0..101).map(|i| format!("DNS:n{i}.example.com")).collect();
    let many: Vec<String> = (0..2_000).map(|i| format!("DNS:host{i}.example.com")).collect();
    let ocsp = format!("OCSP;URI:http://a.example/{}", "x".repeat(1_001));
    let explicit = &["ecparam", "-name", "prime256v1", "-genkey", "-noout", "-param_enc", "explicit"][..];
    for (key, subject, extensions, more, code, severity) in [
        (EC, "/CN=a.example.com", but("subjectAltName", &many.join(",")), &[][..], "acm.Z01", error),
        (
            &["genpkey", "-algorithm", "ed25519"][..],
            "/CN=a.example.com",
            GOOD.to_owned(),
            &[],
            "acm.K03",
            error,
        ),
        (
            &["ecparam", "-name", "secp256k1", "-genkey", "-noout"],
            "/CN=a.example.com",
            GOOD.to_owned(),
            &[],
            "acm.K03",
            error,
        ),
        (RSA_1536, "/CN=a.example.com", GOOD.to_owned(), &[], "acm.K03", error),
        (explicit, "/CN=a.example.com", GOOD.to_owned(), &[], "acm.K05", error),
        (RSA_1024, "/CN=a.example.com", GOOD.to_owned(), &[], "acm.K07", warning),
        (EC, "/", GOOD.to_owned(), &[], "acm.X02", error),
        (EC, "/CN=a.example.com", format!("{GOOD}\nauthorityInfoAccess={ocsp}"), &[], "acm.X03", error),
        (EC, "/CN=a.example.com", but("basicConstraints", "critical,CA:TRUE"), &[], "acm.X06", warning),
        (EC, "/CN=a.example.com", but("extendedKeyUsage", "clientAuth"), &[], "acm.X07", error),
        (EC, "/CN=a.example.com", but("keyUsage", "keyAgreement"), &[], "acm.X08", error),
        (RSA_2048, "/CN=a.example.com", GOOD.to_owned(), &[], "acm.X08", warning),
        (EC, "/CN=a.example.com", GOOD.to_owned(), &["-set_serial", "1"], "acm.X09", warning),
        (EC, "/CN=a.example.com", but("subjectAltName", ""), &[], "acm.N01", error),
        (
            EC,
            "/CN=x.example.com",
            but("subjectAltName", "DNS:10.0.0.1,DNS:x.example.com"),
            &[],
            "acm.N02",
            error,
        ),
        (EC, "/CN=10.0.0.1", but("subjectAltName", "DNS:x.example.com"), &[], "acm.N02", error),
        (EC, "/CN=10.0.0.1", but("subjectAltName", "IP:10.0.0.1"), &[], "acm.N03", warning),
        (EC, "/CN=localhost", but("subjectAltName", "DNS:localhost"), &[], "acm.N04", warning),
        (
            EC,
            "/CN=a.example.com",
            but("subjectAltName", &format!("DNS:{long},DNS:a.example.com")),
            &[],
            "acm.N05",
            error,
        ),
        (
            EC,
            "/CN=a.example.com",
            but("subjectAltName", "DNS:a_b.example.com,DNS:a.example.com"),
            &[],
            "acm.N05",
            warning,
        ),
        (
            EC,
            "/CN=a.example.com",
            but("subjectAltName", "DNS:a.*.example.com,DNS:a.example.com"),
            &[],
            "acm.N06",
            error,
        ),
        (EC, "/CN=other.example.com", GOOD.to_owned(), &[], "acm.N07", warning),
        (EC, "/CN=n0.example.com", but("subjectAltName", &names.join(",")), &[], "acm.N08", Severity::Info),
    ] {
        let Some(certificate) = made(key, subject, &extensions, more) else { return };
        expect(&format!("{key:?} {subject} {more:?}"), of(&certificate, &none), code, severity);
    }

    // What goes with a certificate.
    let good = bundle(&["a.example.com"], KeyAlgorithm::P256);
    let (leaf, chain, key) = (good.leaf(), good.chain(), good.key().public());
    let plain = Import::new(leaf, chain, Some(key));
    let other = bundle(&["a.example.com"], KeyAlgorithm::P256);
    let day = Duration::days(1);
    expect("other key", said(&Import { key: Some(other.key().public()), ..plain }, now()), "acm.K06", error);
    expect("large key", said(&Import { key_octets: 6_388, ..plain }, now()), "acm.Z03", error);
    expect("ended", said(&plain, now() + day * 400), "acm.V01", error);
    expect("not begun", said(&plain, now() - day), "acm.V02", error);
    expect("ends soon", said(&plain, now() + day * 350), "acm.V03", warning);
    expect("no chain", said(&Import { chain: &none, ..plain }, now()), "acm.C01", error);
    expect("other chain", said(&Import { chain: other.chain(), ..plain }, now()), "acm.C04", error);
    let inside =
        Chain::new([leaf.clone()].into_iter().chain(chain.certificates().to_vec()).collect()).unwrap();
    expect("leaf in chain", said(&Import { chain: &inside, ..plain }, now()), "acm.C02", error);
    let regions = Import { region: Some("us-east-1"), arn_region: Some("eu-west-1"), ..plain };
    expect("regions", said(&regions, now()), "acm.S01", error);
    let tags = [("aws:x".to_owned(), String::new())];
    expect("tag", said(&Import { tags: &tags, ..plain }, now()), "acm.T01", error);
    let tags: Vec<_> = (0..50).map(|i| (format!("k{i}"), String::new())).collect();
    expect("tags", said(&Import { tags: &tags, ..plain }, now()), "acm.T01", error);

    // Services.
    let ed25519 = bundle(&["a.example.com"], KeyAlgorithm::Ed25519);
    let rsa4096 = bundle(&["a.example.com"], KeyAlgorithm::Rsa4096);
    let p384 = bundle(&["a.example.com"], KeyAlgorithm::P384);
    let address = bundle(&["10.0.0.1"], KeyAlgorithm::P256);
    let lonely = Chain::default();
    for (bundle, chain, services, region, code, severity) in [
        (&ed25519, None, Service::Alb, "us-east-1", "acm.S02", error),
        (&rsa4096, None, Service::Nlb, "us-east-1", "acm.S03", error),
        (&p384, None, Service::CloudFront, "us-east-1", "acm.S04", error),
        (&good, None, Service::CloudFront, "eu-west-1", "acm.S04", error),
        (&good, None, Service::CloudFront, "us-east-1", "acm.S04", warning),
        (&good, None, Service::CloudFront, "us-east-1", "acm.C08", Severity::Fixed),
        (&rsa4096, None, Service::ApiGatewayDomain, "us-east-1", "acm.S05", warning),
        (&address, None, Service::ClientVpn, "us-east-1", "acm.S06", error),
        (&good, Some(&lonely), Service::ApiGatewayBackend, "us-east-1", "acm.C10", error),
    ] {
        let services = [services];
        let mut import =
            Import::new(bundle.leaf(), chain.unwrap_or(bundle.chain()), Some(bundle.key().public()));
        (import.services, import.region) = (&services, Some(region));
        expect(services[0].as_str(), said(&import, now()), code, severity);
    }
    for service in Service::ALL {
        assert_eq!(service.as_str().parse::<Service>().unwrap(), service);
    }

    // Hierarchies that OpenSSL makes.
    for (what, code, severity) in [
        ("v1", "acm.X01", error),
        ("sha1", "acm.X04", warning),
        ("mixed", "acm.X05", warning),
        ("forged", "acm.X10", error),
        ("short-ca", "acm.V04", warning),
        ("twins", "acm.C06", warning),
        ("no-ca", "acm.C07", error),
        ("path-length", "acm.C07", error),
        ("deep", "acm.C09", warning),
        ("large", "acm.Z02", error),
    ] {
        let (leaf, chain) = hierarchy(what);
        let services = [Service::ApiGatewayDomain];
        let mut import = Import::new(&leaf, &chain, Some(leaf.public_key()));
        if what == "deep" {
            import.services = &services;
        }
        expect(what, said(&import, now()), code, severity);
    }
    let (leaf, chain) = hierarchy("short-ca");
    let import = Import::new(&leaf, &chain, Some(leaf.public_key()));
    expect("CA that ended", said(&import, now() + day * 20), "acm.V04", error);

    let offline = RULES.iter().filter(|r| is_judged_offline(r));
    let unseen: Vec<_> = offline.map(|r| r.code).filter(|code| !seen.contains(code)).collect();
    assert_eq!(unseen, [""; 0], "rules without a case here");
}

/// Whether a rule is judged without asking ACM: by what it says of nothing good.
fn is_judged_offline(rule: &Rule) -> bool {
    const ELSEWHERE: &str = "P01 P02 P03 P04 P05 P06 P07 P08 P09 K01 K02 K04 C03 C05 R01 R08 A01";
    !rule.is_online() && !ELSEWHERE.split_whitespace().any(|name| name == rule.name())
}

/// A leaf and its chain by OpenSSL, with one thing wrong.
fn hierarchy(what: &str) -> (Certificate, Chain) {
    let sandbox = Sandbox::new();
    let path = sandbox.path();
    let run = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), path).unwrap();
    let rsa_leaf = what == "mixed";
    for name in ["root", "middle", "low", "leaf"] {
        if name == "leaf" && rsa_leaf {
            run("genrsa -out leaf.key 2048");
        } else {
            run(&format!("ecparam -name prime256v1 -genkey -noout -out {name}.key"));
        }
    }
    let comment =
        if what == "large" { format!("nsComment={}\n", "x".repeat(1_700_000)) } else { String::new() };
    let ca = |length: &str, more: &str| {
        format!(
            "basicConstraints=critical,CA:TRUE{length}\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n{more}"
        )
    };
    let write = |file: &str, text: &str| std::fs::write(sandbox.file(file), text).unwrap();
    let head = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n";
    write(
        "root.cnf",
        &format!("{head}[e]\n{}", ca(if what == "path-length" { ",pathlen:0" } else { "" }, &comment)),
    );
    write("ca.ext", &ca("", "authorityKeyIdentifier=keyid"));
    write("plain.ext", "basicConstraints=critical,CA:FALSE\nsubjectKeyIdentifier=hash\n");
    write(
        "leaf.ext",
        &GOOD.replace(
            "digitalSignature",
            if rsa_leaf { "digitalSignature,keyEncipherment" } else { "digitalSignature" },
        ),
    );
    let root_days = if what == "short-ca" { 10 } else { 3650 };
    run(&format!(
        "req -x509 -key root.key -config root.cnf -extensions e -subj /CN=Root -days {root_days} -out root.pem"
    ));
    let issue = |name: &str, subject: &str, issuer: &str, extensions: &str, more: &str| {
        run(&format!("req -new -key {name}.key -subj {subject} -out {name}.csr"));
        let extensions =
            if extensions.is_empty() { String::new() } else { format!(" -extfile {extensions}") };
        run(&format!(
            "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 90 -out {name}.pem{extensions}{more}"
        ));
    };
    let middle = if what == "twins" { "/CN=Root" } else { "/CN=Middle" };
    let middle_extensions = if what == "no-ca" { "plain.ext" } else { "ca.ext" };
    let mut order: Vec<&str> = match what {
        "twins" | "no-ca" | "path-length" => {
            issue("middle", middle, "root", middle_extensions, "");
            issue("leaf", "/CN=a.example.com", "middle", "leaf.ext", "");
            vec!["middle", "root"]
        }
        "deep" => {
            issue("middle", middle, "root", "ca.ext", "");
            issue("low", "/CN=Low", "middle", "ca.ext", "");
            run("ecparam -name prime256v1 -genkey -noout -out last.key");
            issue("last", "/CN=Last", "low", "ca.ext", "");
            issue("leaf", "/CN=a.example.com", "last", "leaf.ext", "");
            vec!["last", "low", "middle", "root"]
        }
        "forged" => {
            // The leaf's own name as its issuer, and somebody else's key.
            run(
                "req -x509 -key root.key -config root.cnf -extensions e -subj /CN=a.example.com -out root.pem",
            );
            issue("leaf", "/CN=a.example.com", "root", "leaf.ext", "");
            vec![]
        }
        "v1" => {
            issue("leaf", "/CN=a.example.com", "root", "", "");
            vec!["root"]
        }
        "sha1" => {
            issue("leaf", "/CN=a.example.com", "root", "leaf.ext", " -sha1");
            vec!["root"]
        }
        _ => {
            issue("leaf", "/CN=a.example.com", "root", "leaf.ext", "");
            vec!["root"]
        }
    };
    let read = |name: &str| Certificate::from_pem(sandbox.read(&format!("{name}.pem")).as_bytes()).unwrap();
    let chain = Chain::new(order.drain(..).map(read).collect()).unwrap();
    (read("leaf"), chain)
}

#[test]
fn each_online_rule_finds_its_fault() {
    let Some(_) = judge("openssl") else { return };
    let ca = Authority::generate("test CA").unwrap();
    let request = |names: &[&str]| LeafRequest::new(names).unwrap();
    let old = ca.issue(&request(&["a.example.com"])).unwrap();
    let new = ca.issue(&request(&["a.example.com"])).unwrap();
    let held = Held {
        arn: "arn:aws:acm:us-east-1:123456789012:certificate/1".to_owned(),
        kind: Some("IMPORTED".to_owned()),
        key_algorithm: Some("EC_prime256v1".to_owned()),
        certificate: Some(old.leaf().clone()),
        ..Held::default()
    };
    let judged = |bundle: &Bundle, held: &Held| -> Vec<(&'static str, Severity)> {
        let import = Import::new(bundle.leaf(), bundle.chain(), Some(bundle.key().public()));
        acm::reimport(&import, held, &Allowed::default()).iter().map(|f| (f.code, f.severity)).collect()
    };
    assert_eq!(judged(&new, &held), []);
    assert_eq!(judged(&new, &Held::default()), [], "what ACM did not say breaks no rule");

    let (error, warning) = (Severity::Error, Severity::Warning);
    let held = || held.clone();
    let bare = made(EC, "/CN=a.example.com", "subjectAltName=DNS:a.example.com", &[]);
    let more = made(EC, "/CN=a.example.com", &but("keyUsage", "digitalSignature,keyAgreement"), &[]);
    let code = made(EC, "/CN=a.example.com", &but("extendedKeyUsage", "serverAuth,codeSigning"), &[]);
    let both = made(EC, "/CN=a.example.com", &but("extendedKeyUsage", "serverAuth,clientAuth"), &[]);
    let (Some(bare), Some(more), Some(code), Some(both)) = (bare, more, code, both) else { return };
    let other = ca.issue(&request(&["b.example.com"])).unwrap();
    let foreign = Authority::generate("other CA").unwrap().issue(&request(&["a.example.com"])).unwrap();
    let address = ca.issue(&request(&["10.0.0.1"])).unwrap().leaf().clone();
    let used = vec!["arn:aws:elasticloadbalancing:…".to_owned()];
    let mut seen = BTreeSet::new();
    for (bundle, held, code, severity) in [
        (&new, Held { key_algorithm: Some("RSA_2048".to_owned()), ..held() }, "acm.R02", error),
        (&new, Held { certificate: Some(more), ..held() }, "acm.R03", error),
        (&new, Held { certificate: Some(code), ..held() }, "acm.R04", error),
        (&other, held(), "acm.R05", error),
        (&new, Held { kind: Some("AMAZON_ISSUED".to_owned()), ..held() }, "acm.R06", error),
        (&new, Held { certificate: Some(bare), ..held() }, "acm.R07", warning),
        (&new, Held { in_use_by: used.clone(), ..held() }, "acm.R09", Severity::Info),
        (&foreign, Held { in_use_by: used, ..held() }, "acm.R10", warning),
        (&new, Held { certificate: Some(address), ..held() }, "acm.R11", warning),
        (&new, Held { count: Some(2_300), ..Held::default() }, "acm.Q01", warning),
    ] {
        let found = judged(bundle, &held);
        assert!(found.contains(&(code, severity)), "{code}: {found:?}");
        seen.insert(code);
    }
    // Without the extension nothing is left of it.
    let Some(none) = made(EC, "/CN=a.example.com", "subjectAltName=DNS:a.example.com", &[]) else { return };
    let import = Import::new(&none, new.chain(), None);
    let found: Vec<_> = acm::reimport(&import, &held(), &Allowed::default()).iter().map(|f| f.code).collect();
    assert!(found.contains(&"acm.R03") && found.contains(&"acm.R04"), "{found:?}");
    // clientAuth may go.
    assert_eq!(judged(&new, &Held { certificate: Some(both), ..held() }), []);
    let unseen: Vec<_> =
        RULES.iter().filter(|r| r.is_online() && !seen.contains(r.code)).map(|r| r.code).collect();
    assert_eq!(unseen, [""; 0]);
}

#[test]
fn a_rule_that_is_allowed_becomes_a_warning() {
    let bundle = bundle(&["a.example.com"], KeyAlgorithm::P256);
    let none = Chain::default();
    let import = Import::new(bundle.leaf(), &none, Some(bundle.key().public()));
    let allowed = Allowed::named(&["c01"]).unwrap();
    let found: Vec<Finding> = acm::import(&import, &[], &allowed, now());
    assert!(found.iter().all(|f| f.severity < Severity::Error), "{found:?}");
    assert!(found.iter().any(|f| f.code == "acm.C01" && f.message.ends_with("allowed")), "{found:?}");
}
