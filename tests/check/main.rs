//! `certforge check`: what something is, and what is wrong with it.

mod dated;
mod extents;
mod scanned;
#[path = "../support/mod.rs"]
mod support;
mod told;

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{Sandbox, Server, json, judge, openssl, refused};

/// The document, and its exit status.
fn checked(sandbox: &Sandbox, args: &str) -> (i32, Value) {
    let ran = sandbox.run(&format!("check {args} --json"));
    assert!(ran.status < 2, "{args}: {}", ran.stderr);
    let document = json(&ran.stdout);
    if document["kind"] == "check" {
        assert_eq!(document["good"], ran.status == 0, "{args}: {document}");
    }
    (ran.status, document)
}

/// The codes of all errors anywhere in a document.
fn errors(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![document];
    while let Some(value) = open.pop() {
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(map) => {
                if map.get("severity").is_some_and(|s| s == "error") {
                    found.push(map["code"].as_str().unwrap().to_owned());
                }
                open.extend(map.values());
            }
            _ => {}
        }
    }
    found.sort();
    found
}

#[test]
fn a_good_certificate_is_shown_on_one_page() {
    let sandbox = Sandbox::new();
    sandbox.ok("up 10.103.10.95 backend.internal --key p256");
    let full = "certforge/10.103.10.95/fullchain.pem";
    let (status, document) =
        checked(&sandbox, &format!("{full} --name 10.103.10.95 --key certforge/10.103.10.95/key.pem"));
    assert_eq!((status, errors(&document)), (0, vec![]));
    let first = &document["certificates"][0];
    assert_eq!(
        first["names"],
        serde_json::json!([
            {"type": "ip", "value": "10.103.10.95"},
            {"type": "dns", "value": "backend.internal"},
        ])
    );
    assert_eq!((&first["key"], &first["ca"], &first["version"]), (&"p256".into(), &false.into(), &3.into()));
    assert_eq!(document["verify"]["valid"], true);
    let page = sandbox.ok("check 10.103.10.95 --text");
    assert_eq!(page.stdout, "10.103.10.95: good\n");
    for part in [
        "IP:10.103.10.95, DNS:backend.internal",
        "P-256",
        "digitalSignature; serverAuth",
        "days left",
        "subjectAltName",
    ] {
        assert!(page.stderr.contains(part), "{part}: {}", page.stderr);
    }
    let der = sandbox.command(["check", full, "--format", "der"]).output().unwrap().stdout;
    std::fs::write(sandbox.file("c.der"), &der).unwrap();
    assert_eq!(certforge::Certificate::from_der(der).unwrap().names().len(), 2);
    let pem = sandbox.ok("check c.der --format pem").stdout;
    assert_eq!(pem, sandbox.read("certforge/10.103.10.95/cert.pem"));
}

#[test]
fn what_does_not_fit_together_is_told() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    sandbox.ok("leaf b.internal --key p256");
    let (a, b) = ("certforge/a.internal/cert.pem", "certforge/b.internal/key.pem");
    let (_, document) = checked(&sandbox, &format!("{a} --key {b}"));
    assert_eq!(errors(&document), ["key.mismatch"]);
    let both = sandbox.read(a) + &sandbox.read(b);
    std::fs::write(sandbox.file("both.pem"), both).unwrap();
    assert_eq!(errors(&checked(&sandbox, "both.pem").1), ["key.mismatch"]);
    std::fs::write(sandbox.file("own.pem"), sandbox.read(a) + &sandbox.read("certforge/a.internal/key.pem"))
        .unwrap();
    let (status, document) = checked(&sandbox, "own.pem");
    assert_eq!(status, 0, "{document}");
    assert_eq!(document["keys"][0]["belongs_to"].as_array().unwrap().len(), 1);
    assert!(!document.to_string().contains("PRIVATE KEY"));
    assert_eq!(errors(&checked(&sandbox, &format!("{a} --name c.internal")).1), ["path.name"]);
    sandbox.ok("ca new other --key p256");
    assert_eq!(
        errors(&checked(&sandbox, &format!("{a} --trust certforge/ca/other/ca.pem")).1),
        ["path.no-issuer"]
    );
    // Nobody said whom to trust, and there is no store: that is no fault of the certificate.
    let elsewhere = Sandbox::new();
    std::fs::copy(sandbox.file(a), elsewhere.file("a.pem")).unwrap();
    let (status, document) = checked(&elsewhere, "a.pem");
    assert_eq!((status, &document["verify"]["findings"][0]["severity"]), (0, &"info".into()));
}

#[test]
fn requests_lists_and_keys_are_looked_at_too() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal --key p256");
    sandbox.ok("revoke a.internal --reason superseded");
    sandbox.ok("crl");
    sandbox.ok("csr b.internal --key p256");
    let (status, document) = checked(&sandbox, "certforge/ca/default/crl.pem");
    assert_eq!((status, &document["lists"][0]["revoked"]), (0, &1.into()));
    let request = sandbox.snapshot();
    let request =
        request.iter().find_map(|l| l.split(' ').next().filter(|f| f.ends_with("request.pem"))).unwrap();
    let (status, document) = checked(&sandbox, request);
    assert_eq!((status, &document["requests"][0]["names"][0]["value"]), (0, &"b.internal".into()));
    // OpenSSL's forms of the same.
    openssl(
        &["crl", "-in", "certforge/ca/default/crl.pem", "-outform", "DER", "-out", "l.der"],
        sandbox.path(),
    );
    assert_eq!(checked(&sandbox, "l.der").1["lists"][0]["revoked"], 1);
    openssl(&["req", "-in", request, "-outform", "DER", "-out", "r.der"], sandbox.path());
    assert_eq!(checked(&sandbox, "r.der").1["requests"][0]["key"], "p256");
    openssl(&["pkey", "-in", "certforge/a.internal/key.pem", "-pubout", "-out", "pub.pem"], sandbox.path());
    assert_eq!(checked(&sandbox, "pub.pem").1["keys"][0]["private"], false);
    openssl(&["genrsa", "-out", "weak.pem", "1024"], sandbox.path());
    assert_eq!(errors(&checked(&sandbox, "weak.pem").1), ["key.weak"]);
    openssl(
        &[
            "req",
            "-new",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "k",
            "-subj",
            "/CN=x",
            "-addext",
            "basicConstraints=CA:TRUE",
            "-out",
            "ca.csr",
        ],
        sandbox.path(),
    );
    let (_, document) = checked(&sandbox, "ca.csr");
    assert!(document.to_string().contains("csr.ca"), "{document}");
}

#[test]
fn what_nobody_should_make_is_wrong() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    openssl(
        &[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "k",
            "-subj",
            "/CN=10.0.0.1",
            "-addext",
            "subjectAltName=DNS:10.0.0.1",
            "-days",
            "10",
            "-out",
            "c.pem",
        ],
        sandbox.path(),
    );
    let found = errors(&checked(&sandbox, "c.pem").1);
    assert_eq!(found, ["certificate.san-malformed"]);
    openssl(&["req", "-new", "-key", "k", "-subj", "/CN=10.0.0.1", "-out", "r"], sandbox.path());
    std::fs::write(sandbox.file("e"), "subjectAltName=DNS:10.0.0.1\nextendedKeyUsage=serverAuth\n").unwrap();
    openssl(
        &[
            "x509",
            "-req",
            "-in",
            "r",
            "-CA",
            "c.pem",
            "-CAkey",
            "k",
            "-extfile",
            "e",
            "-CAcreateserial",
            "-out",
            "l.pem",
        ],
        sandbox.path(),
    );
    let (status, document) = checked(&sandbox, "l.pem");
    assert_eq!(status, 1);
    let found = errors(&document);
    assert!(found.contains(&"certificate.san-malformed".to_owned()), "{found:?}");
    let text = sandbox.run("check l.pem");
    assert!(text.stderr.contains("10.0.0.1 stands there as a dNSName"), "{}", text.stderr);
}

#[test]
fn a_folder_is_scanned_for_what_ends() {
    let sandbox = Sandbox::new();
    sandbox.ok("up long.internal --key p256");
    sandbox.ok("leaf short.internal --key p256 --days 10");
    std::fs::create_dir(sandbox.file("certs")).unwrap();
    for name in ["long", "short"] {
        let from = sandbox.file(&format!("certforge/{name}.internal/cert.pem"));
        std::fs::copy(from, sandbox.file(&format!("certs/{name}.pem"))).unwrap();
    }
    std::fs::write(sandbox.file("certs/notes.txt"), "nothing of this kind").unwrap();
    let ran = sandbox.ok("check certs");
    assert_eq!(ran.stdout.lines().count(), 2);
    assert!(
        ran.stdout.contains("certs/short.pem\t") && ran.stdout.contains("DNS:short.internal"),
        "{}",
        ran.stdout
    );
    let (status, document) = checked(&sandbox, "certs --within 30d");
    assert_eq!((status, &document["due"], &document["files"]), (1, &1.into(), &3.into()));
    std::fs::write(
        sandbox.file("certs/bad.pem"),
        "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    let (status, document) = checked(&sandbox, "certs");
    assert_eq!((status, errors(&document)), (1, vec!["gather.damaged".to_owned()]));
}

/// OpenSSL's server with the leaf that `up localhost` made.
fn shows(sandbox: &Sandbox, program: &Path, more: &[&str]) -> Server {
    Server::start(|port| {
        let mut command = Command::new(program);
        command.args(["s_server", "-key", "key.pem", "-cert", "cert.pem", "-quiet", "-accept"]);
        command.arg(port.to_string()).args(more);
        command.current_dir(sandbox.file("certforge/localhost"));
        command
    })
}

#[test]
fn a_server_is_asked_what_it_shows() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up localhost 127.0.0.1 --three-tier --key p256");
    let whole = shows(&sandbox, &program, &["-cert_chain", "fullchain.pem", "-alpn", "http/1.1"]);
    let ca = "--ca certforge/localhost/ca.pem";
    let (status, document) = checked(&sandbox, &format!("{} {ca}", whole.address));
    assert_eq!((status, errors(&document)), (0, vec![]), "{document}");
    assert_eq!(document["server"]["alpn"], "http/1.1");
    assert_eq!(document["server"]["versions"][0]["offered"], true);
    assert_eq!(document["server"]["versions"][1]["offered"], true);
    let (_, document) = checked(&sandbox, &format!("{} {ca} --servername other.internal", whole.address));
    assert_eq!(
        (errors(&document), &document["server"]["server_name"]),
        (vec!["path.name".to_owned()], &"other.internal".into())
    );
    // Its certificate is for clients.
    sandbox.ok("leaf localhost 127.0.0.1 --client --key p256 --force");
    let clients = shows(&sandbox, &program, &["-cert_chain", "fullchain.pem"]);
    let (status, document) = checked(&sandbox, &format!("{} {ca}", clients.address));
    assert_eq!((status, errors(&document)), (1, vec!["path.extended-key-usage".to_owned()]), "{document}");
    let file = "check certforge/localhost/fullchain.pem --ca certforge/localhost/ca.pem";
    sandbox.ok(file);
    assert_eq!(sandbox.run(&format!("{file} --name localhost")).status, 1);
    sandbox.ok("leaf localhost 127.0.0.1 --key p256 --force");
    // It leaves its intermediate out, and speaks TLS 1.2 alone.
    let partial = shows(&sandbox, &program, &["-tls1_2"]);
    let (status, document) = checked(&sandbox, &format!("https://{}/x {ca}", partial.address));
    assert_eq!((status, errors(&document)), (1, vec!["path.no-issuer".to_owned()]));
    let text = document.to_string();
    assert!(text.contains("server.incomplete") && text.contains("server.version"), "{text}");
    assert_eq!(document["server"]["versions"][0]["offered"], false);
    // The store has it, and no client does.
    let (status, document) = checked(&sandbox, &format!("{} --clients", partial.address));
    let found = errors(&document);
    assert!(status == 1 && found.contains(&"server.incomplete".to_owned()), "{found:?}");
    let refuses = |client: &serde_json::Value| client["verdict"] == "refuses";
    assert!(document["clients"].as_array().unwrap().iter().filter(|c| refuses(c)).count() > 5, "{document}");
    let (_, document) = checked(&sandbox, "certforge/localhost/cert.pem --clients");
    assert!(document["clients"].as_array().unwrap().iter().any(refuses), "{document}");
}

#[test]
fn a_chain_out_of_order_is_said_to_be_that_and_not_to_lack_anything() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    for command in [
        "ca new root --key p256 --path-length 2",
        "ca new upper --under root --key p256 --path-length 1",
        "ca new lower --under upper --key p256",
        "leaf localhost --ca lower --key p256",
    ] {
        sandbox.ok(command);
    }
    let pem = |name: &str| sandbox.read(&format!("certforge/ca/{name}/ca.pem"));
    for (sent, code) in [
        (["lower", "upper"], None),
        (["upper", "lower"], Some("server.order")),
        (["upper", "root"], Some("server.incomplete")),
    ] {
        let leaf = sandbox.read("certforge/localhost/cert.pem");
        let text: String = std::iter::once(leaf).chain(sent.iter().map(|name| pem(name))).collect();
        std::fs::write(sandbox.file("certforge/localhost/sent.pem"), text).unwrap();
        let server = shows(&sandbox, &program, &["-cert_chain", "sent.pem"]);
        let (_, document) = checked(&sandbox, &format!("{} --ca certforge/ca/root/ca.pem", server.address));
        let found: Vec<&str> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|f| f["code"].as_str())
            .filter(|code| code.starts_with("server.") && *code != "server.version")
            .collect();
        assert_eq!(found.first().copied(), code, "{sent:?}: {document}");
    }
}

#[test]
fn a_server_that_speaks_something_else_first_is_asked_too() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up localhost 127.0.0.1 --key p256");
    let tls = shows(&sandbox, &program, &[]);
    // Servers of other protocols, whose TLS that server speaks.
    for (protocol, dialogue) in PROTOCOLS {
        let address = speaks(dialogue, tls.address);
        let (status, document) = checked(&sandbox, &format!("{address} --starttls {protocol}"));
        assert_eq!((status, errors(&document)), (0, vec![]), "{protocol}: {document}");
        assert_eq!(document["server"]["versions"][0]["offered"], true, "{protocol}: {document}");
        if protocol != "postgres" {
            // It waits for the server to begin, and TLS for the client.
            refused(&sandbox, &format!("check {address} --timeout 1"), 6, "server.unreached");
        }
    }
    for (protocol, dialogue, says) in REFUSALS {
        let address = speaks(dialogue, tls.address);
        let message =
            refused(&sandbox, &format!("check {address} --starttls {protocol}"), 6, "server.unreached");
        assert!(message.contains(says), "{protocol}: {message}");
    }
    refused(&sandbox, "check 127.0.0.1:1", 6, "server.unreached");
}

/// What a server says first, and then in answer to each thing that it hears; nothing where it
/// listens first.
type Dialogue = &'static [&'static [u8]];

const PROTOCOLS: [(&str, Dialogue); 4] = [
    ("smtp", &[b"220 mail.internal\r\n", b"250-mail.internal\r\n250 STARTTLS\r\n", b"220 go ahead\r\n"]),
    ("imap", &[b"* OK mail.internal\r\n", b"* CAPABILITY IMAP4rev2\r\na1 OK go ahead\r\n"]),
    ("postgres", &[b"", b"S"]),
    // Protocol 10, then more than anybody reads.
    ("mysql", &[b"\x09\0\0\0\x0a8.0.36\0x", b""]),
];

const REFUSALS: [(&str, Dialogue, &str); 9] = [
    ("smtp", &[b"554 not you\r\n"], "STARTTLS was refused: 554 not you"),
    ("smtp", &[b"220 x\r\n", b"250 x\r\n", b"454 no TLS today\r\n"], "454 no TLS today"),
    ("imap", &[b"* OK x\r\n", b"a1 BAD unknown\r\n"], "STARTTLS was refused: a1 BAD unknown"),
    ("postgres", &[b"", b"N"], "it answers that it has no TLS"),
    ("postgres", &[b"", b"E"], "it answers with an error"),
    ("mysql", &[b"\x12\0\0\0\xff\x6a\x04Host is blocked"], "STARTTLS was refused: Host is blocked"),
    // Its version, a connection, a challenge, and that it can do all but TLS.
    ("mysql", &[b"\x12\0\0\0\x0a8\0AAAABBBBBBBB\0\xff\xf7"], "STARTTLS was refused: it has no TLS"),
    ("mysql", &[b"\x02\0\0\0\x09x"], "it is no MySQL server of protocol 10"),
    ("mysql", &[b"\0\0\0\0"], "it is no MySQL server of protocol 10"),
];

/// A server that speaks this until TLS, and then passes everything on.
fn speaks(dialogue: Dialogue, to: std::net::SocketAddr) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || relay(stream, dialogue, to));
        }
    });
    address
}

fn relay(mut client: std::net::TcpStream, dialogue: Dialogue, to: std::net::SocketAddr) {
    // What a MySQL client asks with, which waits for no answer: no more is read.
    let mut heard = [0; 36];
    for (n, says) in dialogue.iter().enumerate() {
        if n > 0 && client.read(&mut heard).unwrap_or(0) == 0 || client.write_all(says).is_err() {
            return;
        }
    }
    let Ok(mut server) = std::net::TcpStream::connect(to) else { return };
    let (Ok(mut from), Ok(mut back)) = (client.try_clone(), server.try_clone()) else { return };
    std::thread::spawn(move || std::io::copy(&mut back, &mut client));
    let _ = std::io::copy(&mut from, &mut server);
    // The other thread holds the connection too: the server would wait for more, and serve nobody else.
    let _ = server.shutdown(std::net::Shutdown::Both);
}

/// What is encrypted is opened where it is said with what; else it is said to be closed, and
/// not to be another key.
#[test]
fn what_is_encrypted_is_opened_with_its_pass_phrase() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.internal b.internal --key p256");
    std::fs::write(sandbox.file("pass"), "correct horse\n").unwrap();
    std::fs::write(sandbox.file("wrong"), "battery staple\n").unwrap();
    sandbox.ok("bundle a.internal --to p12 --passphrase-file pass --output a.p12");
    sandbox.ok("bundle a.internal --to key --passphrase-file pass --output locked.pem");
    let fullchain = "certforge/a.internal/fullchain.pem";

    let (status, page) = checked(&sandbox, "a.p12 --passphrase-file pass");
    assert_eq!(status, 0, "{page}");
    assert_eq!(page["certificates"][0]["names"][0]["value"], "a.internal", "{page}");
    assert_eq!(page["keys"].as_array().unwrap().len(), 1);
    for args in ["a.p12", "a.p12 --passphrase-file wrong"] {
        let (status, page) = checked(&sandbox, args);
        assert_eq!((status, errors(&page)), (1, vec!["gather.encrypted".to_owned()]), "{args}: {page}");
    }

    let (status, page) = checked(&sandbox, "locked.pem");
    assert_eq!((status, &page["keys"][0]["encrypted"]), (0, &Value::Bool(true)), "{page}");
    let (status, page) = checked(&sandbox, "locked.pem --passphrase-file pass");
    assert_eq!((status, &page["keys"][0]["encrypted"]), (0, &Value::Bool(false)), "{page}");

    assert_eq!(checked(&sandbox, &format!("{fullchain} --key locked.pem --passphrase-file pass")).0, 0);
    for args in ["--key locked.pem", "--key locked.pem --passphrase-file wrong"] {
        let (status, page) = checked(&sandbox, &format!("{fullchain} {args}"));
        assert_eq!((status, errors(&page)), (1, vec!["key.encrypted".to_owned()]), "{args}: {page}");
    }
}

#[test]
fn a_number_that_is_no_port_is_said_to_be_none() {
    let sandbox = Sandbox::new();
    for what in ["127.0.0.1:99999", "https://a.internal:0", "[::1]:70000"] {
        let ran = sandbox.run(&format!("check {what}"));
        assert_eq!(ran.status, 2, "{what}: {}", ran.stderr);
        assert!(ran.stderr.contains("is no port"), "{what}: {}", ran.stderr);
    }
    assert_ne!(sandbox.run("check fd00::1").status, 2, "an address alone has no port");
}

#[test]
fn what_acm_holds_is_looked_at() {
    let acm = support::acm::Acm::new(&[]);
    acm.ok("up a.internal --key p256");
    let arn = acm.ok("import-acm a.internal");
    let document = acm.json(&format!("check {}", arn.trim()));
    assert_eq!(document["certificates"][0]["names"][0]["value"], "a.internal");
    assert_eq!(document["verify"]["valid"], true);
}
