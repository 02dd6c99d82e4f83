//! What people read of `check`: a page for each thing that it looks at.

mod support;

use std::net::SocketAddr;

use support::{CERTFORGE, Sandbox, Server, judge, openssl};

/// The page of a command: what it says on standard error, blanks made one.
fn page(sandbox: &Sandbox, args: &str) -> Vec<String> {
    let ran = sandbox.run(args);
    assert!(ran.status < 2, "{args}: {}", ran.stderr);
    ran.stderr.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// That a page has these lines in this order, whatever stands between them and behind them.
fn has(page: &[String], wanted: &[&str]) {
    let mut lines = page.iter();
    for part in wanted {
        assert!(lines.any(|line| line.starts_with(part)), "`{part}` is missing in:\n{}", page.join("\n"));
    }
}

#[test]
fn a_pile_is_a_page_of_all_that_is_in_it() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal 10.0.0.1 --key p256");
    sandbox.ok("csr b.internal 10.0.0.2 email:me@b.internal uri:urn:x:y --key p256");
    sandbox.ok("revoke a.internal");
    let files = [
        "certforge/csr/b.internal/request.pem",
        "certforge/ca/default/crl.pem",
        "certforge/ca/default/ca.pem",
        "certforge/a.internal/key.pem",
    ];
    let pile: String = files.iter().map(|file| sandbox.read(file)).collect();
    std::fs::write(sandbox.file("pile.pem"), pile).unwrap();
    let said = page(&sandbox, "check pile.pem");
    has(
        &said,
        &[
            "cert CN=certforge CA",
            "issuer CN=certforge CA",
            "names none",
            "key P-256 signed with ECDSA with SHA-256",
            "for a CA, with one CA below it at most keyCertSign, cRLSign",
            "csr CN=b.internal pile.pem, block 1, line 1",
            "names DNS:b.internal, IP:10.0.0.2, email:me@b.internal, URI:urn:x:y",
            "key P-256",
            "crl CN=certforge CA",
            "revoked 1 number ",
            "valid 20",
            "key private key, P-256 pile.pem, block 4",
            "refused pile.pem, block 4, line ",
        ],
    );
    // The place is told once, in front.
    let refused = said.iter().find(|line| line.starts_with("refused")).unwrap();
    assert!(refused.contains(": the private key belongs to nothing in this file"), "{refused}");
}

#[test]
fn a_ca_says_how_many_may_stand_below() {
    let sandbox = Sandbox::new();
    for (length, says) in [
        (0, "a CA, with no CA below it"),
        (1, "a CA, with one CA below it at most"),
        (3, "a CA, with 3 CAs below it at most"),
    ] {
        sandbox.ok(&format!("ca new ca{length} --path-length {length} --key p256"));
        let said = page(&sandbox, &format!("check certforge/ca/ca{length}/ca.pem"));
        has(&said, &[&format!("for {says}")]);
    }
    let Some(_) = judge("openssl") else { return };
    let args =
        "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=x -keyout k.pem -out c.pem";
    openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
    has(&page(&sandbox, "check c.pem"), &["for a CA"]);
}

#[test]
fn clients_say_their_verdict_first() {
    let sandbox = Sandbox::new();
    sandbox.ok("up localhost --key p256");
    let said = page(
        &sandbox,
        "check certforge/localhost/fullchain.pem --clients --name localhost --trust certforge/localhost/ca.pem",
    );
    has(
        &said,
        &[
            "client accepts Go (crypto/tls, net/http)",
            "client accepts Firefox, documented, not measured",
            "client accepts perhaps API Gateway REST API, calling it as a back end: only if a CA that AWS lists",
            "a public certificate on the load balancer in front, or insecureSkipVerification",
            "client refuses API Gateway REST API with insecureSkipVerification: PKIX path building failed",
        ],
    );
    let said = page(
        &sandbox,
        "check certforge/localhost/fullchain.pem --clients --name other --trust certforge/localhost/ca.pem",
    );
    has(&said, &["client refuses Go (crypto/tls, net/http): "]);
}

#[test]
fn keys_say_what_they_are_and_whose() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    std::fs::write(sandbox.file("pass"), "correct horse\n").unwrap();
    sandbox.ok("bundle a.internal --to key --passphrase-file pass --output locked.pem");
    let both = sandbox.read("certforge/a.internal/cert.pem") + &sandbox.read("certforge/a.internal/key.pem");
    std::fs::write(sandbox.file("both.pem"), both).unwrap();
    has(&page(&sandbox, "check both.pem"), &["key private key, P-256 both.pem, block 2, line "]);
    assert!(page(&sandbox, "check both.pem").iter().any(|line| line.contains(", of both.pem, block 1")));
    has(&page(&sandbox, "check locked.pem"), &["key private key, encrypted locked.pem"]);
    let Some(_) = judge("openssl") else { return };
    openssl(&["pkey", "-in", "certforge/a.internal/key.pem", "-pubout", "-out", "pub.pem"], sandbox.path());
    has(&page(&sandbox, "check pub.pem"), &["key public key, P-256 pub.pem"]);
}

#[test]
fn the_text_shows_every_extension() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let said = page(&sandbox, "check certforge/a.internal/cert.pem --text");
    has(&said, &["spki ", "ski ", "aki ", "ext "]);
    for extension in [
        "ext keyUsage critical, digitalSignature",
        "ext extKeyUsage serverAuth",
        "ext basicConstraints critical, CA:FALSE",
        "ext subjectAltName DNS:a.internal",
    ] {
        has(&said, &[extension]);
    }
    sandbox.ok("ca new limited --permit internal,10.0.0.0/8 --exclude x.internal --path-length 2 --key p256");
    let said = page(&sandbox, "check certforge/ca/limited/ca.pem --text");
    for extension in [
        "ext basicConstraints critical, CA:TRUE, pathlen:2",
        "ext nameConstraints critical, permitted dns:internal, permitted 10.0.0.0/8, excluded dns:x.internal",
        "ext keyUsage critical, keyCertSign, cRLSign",
    ] {
        has(&said, &[extension]);
    }
    // What cannot be read is not said to mean anything.
    if let Some(unreadable) = support::made::made(&[("basicConstraints", "critical,DER:0500")], "/CN=x", &[])
    {
        std::fs::write(sandbox.file("unreadable.pem"), unreadable.pem().unwrap()).unwrap();
        let said = page(&sandbox, "check unreadable.pem --text");
        has(&said, &["ext basicConstraints critical, 0500"]);
    }
    // With neither identifier.
    let Some(_) = judge("openssl") else { return };
    std::fs::write(sandbox.file("x.cnf"), "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n[e]\nkeyUsage=critical,digitalSignature\nsubjectKeyIdentifier=none\nauthorityKeyIdentifier=none\n").unwrap();
    let args = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -config x.cnf -extensions e -keyout k.pem -out c.pem";
    openssl(&args.split(' ').collect::<Vec<_>>(), sandbox.path());
    has(&page(&sandbox, "check c.pem --text"), &["names none", "ski none", "aki none"]);
}

#[test]
fn a_server_is_a_page_of_what_it_offers() {
    let sandbox = Sandbox::new();
    sandbox.ok("up localhost 127.0.0.1 --key p256");
    let Some(program) = judge("openssl") else { return };
    let tls = Server::start(|port| {
        let mut command = std::process::Command::new(&program);
        command.args(["s_server", "-cert", "cert.pem", "-key", "key.pem", "-cert_chain", "ca.pem"]);
        command.args(["-accept", &port.to_string(), "-no_tls1_3", "-alpn", "http/1.1", "-quiet"]);
        command.current_dir(sandbox.file("certforge/localhost"));
        command
    });
    let trust = "--trust certforge/localhost/ca.pem";
    let said = page(&sandbox, &format!("check {} {trust}", tls.address));
    has(
        &said,
        &[
            &format!("server {} asked for no name", tls.address),
            "tls TLS 1.3 no: ",
            "tls TLS 1.2 ",
            "alpn http/1.1",
        ],
    );
    let SocketAddr::V4(_) = tls.address else { panic!() };
    let named = format!("check localhost:{} {trust} --servername localhost", tls.address.port());
    has(&page(&sandbox, &named), &["server ", "leaf CN=localhost"]);
    assert!(page(&sandbox, &named)[0].ends_with("asked for the name localhost"));
}

#[test]
fn a_folder_is_a_table_and_a_sum() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256 --days 10");
    std::fs::write(
        sandbox.file("certforge/broken.pem"),
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let ran = sandbox.run("check certforge --within 30d");
    assert_eq!(ran.status, 1);
    let table: Vec<Vec<&str>> = ran.stdout.lines().map(|line| line.split('\t').collect()).collect();
    assert!(table.iter().all(|row| row.len() == 5), "{}", ran.stdout);
    let leaf = table.iter().find(|row| row[0] == "certforge/a.internal/cert.pem").unwrap();
    assert_eq!((leaf[2], leaf[3], leaf[4]), ("9", "due", "DNS:a.internal"));
    let last = ran.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("check ") && last.contains(" certificates in ") && last.contains(" due"),
        "{last}"
    );
}

/// The command prints the certificate itself, in the form that is asked for, and nothing else.
#[test]
fn a_certificate_is_printed_in_the_form_that_is_asked_for() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    let pem = sandbox.ok("check certforge/a.internal/fullchain.pem --format pem");
    assert_eq!(pem.stdout, sandbox.read("certforge/a.internal/cert.pem"));
    let output = sandbox.command(["check", "certforge/a.internal/fullchain.pem", "--format", "der"]).output();
    let der = output.unwrap().stdout;
    std::fs::write(sandbox.file("leaf.der"), &der).unwrap();
    assert_eq!(sandbox.ok("check leaf.der --format pem").stdout, pem.stdout);
    assert!(!CERTFORGE.is_empty());
}
