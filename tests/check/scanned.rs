//! `check`: what is in a folder by its dates, and servers that answer slowly, oddly or not.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{Sandbox, Server, at, json, judge, refused};

#[test]
fn a_folder_says_what_each_certificate_is_at_its_time() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256 --days 90");
    std::fs::create_dir(sandbox.file("d")).unwrap();
    std::fs::copy(sandbox.file("certforge/a.example/cert.pem"), sandbox.file("d/c.pem")).unwrap();
    for (offset, args, condition, status) in [
        ("+0d", "", "ok", 0),
        ("+0d", " --within 100d", "due", 1),
        ("+0d", " --within 1d", "ok", 0),
        ("+91d", "", "expired", 1),
        ("-1d", "", "not-yet-valid", 1),
    ] {
        let Some(ran) = at(&sandbox, offset, &format!("check d --json{args}")) else { return };
        let document = json(&ran.stdout);
        let entry = &document["certificates"][0];
        assert_eq!(
            (entry["condition"].as_str().unwrap(), ran.status),
            (condition, status),
            "{offset}{args}: {document}"
        );
    }
    // One file by the same measure.
    let (long, short) = ("check d/c.pem --json --within 100d", "check d/c.pem --json --within 1d");
    let due = sandbox.run(long);
    assert!(due.status == 1 && due.stdout.contains("certificate.due"), "{}", due.stdout);
    assert_eq!(sandbox.run(short).status, 0);
}

#[test]
fn what_a_scan_cannot_look_into_is_named() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256 --days 90");
    std::fs::write(sandbox.file("phrase"), "secret of the store\n").unwrap();
    sandbox.ok("bundle a.example --to p12 --passphrase-file phrase");
    std::fs::create_dir(sandbox.file("d")).unwrap();
    let leaf = sandbox.read("certforge/a.example/cert.pem");
    // What PowerShell's > writes: UTF-16 with a mark, and without one.
    let wide = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    std::fs::write(sandbox.file("d/marked.pem"), wide(&format!("\u{feff}{leaf}"))).unwrap();
    std::fs::write(sandbox.file("d/large.pem"), format!("{leaf}{}", "x".repeat(5 << 20))).unwrap();
    std::fs::write(sandbox.file("d/large.log"), "nothing of this kind ".repeat(300_000)).unwrap();
    std::fs::copy(sandbox.file("certforge/a.example/bundle.p12"), sandbox.file("d/locked.p12")).unwrap();
    let ran = sandbox.run("check d --json");
    let document = json(&ran.stdout);
    assert_eq!((ran.status, document["certificates"].as_array().unwrap().len()), (0, 1), "{document}");
    assert!(document["certificates"][0]["path"].as_str().unwrap().ends_with("marked.pem"), "{document}");
    let mut said: Vec<(String, String)> = document["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| (f["code"].as_str().unwrap().to_owned(), f["place"].as_str().unwrap().to_owned()))
        .collect();
    said.sort();
    assert_eq!(
        said,
        [("file.kind", "d/large.pem"), ("gather.encrypted", "d/locked.p12")]
            .map(|(c, p)| (c.to_owned(), p.to_owned())),
        "{document}"
    );
    assert!(sandbox.run("check d").stderr.contains("not looked into"));
}

/// A listener that does this with everybody who comes.
fn listener(does: impl Fn(std::net::TcpStream) + Send + Sync + 'static) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let does = std::sync::Arc::new(does);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let does = std::sync::Arc::clone(&does);
            std::thread::spawn(move || does(stream));
        }
    });
    address
}

#[test]
fn a_server_that_trickles_is_given_up_in_time() {
    let sandbox = Sandbox::new();
    // An octet of a record now and then: each read succeeds, the whole never does.
    let address = listener(|mut stream| {
        for octet in [0x16, 0x03, 0x03, 0x40, 0x00].into_iter().chain(std::iter::repeat_n(0, 200)) {
            if stream.write_all(&[octet]).is_err() {
                return;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let start = Instant::now();
    refused(&sandbox, &format!("check {address} --timeout 1"), 6, "server.unreached");
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
}

#[test]
fn servers_that_break_off_say_how() {
    let sandbox = Sandbox::new();
    // An alert: protocol_version (RFC 8446 §6.2).
    let old = listener(|mut stream| {
        let _ = stream.read(&mut [0; 2048]);
        let _ = stream.write_all(&[0x15, 0x03, 0x01, 0x00, 0x02, 0x02, 0x46]);
    });
    let message = refused(&sandbox, &format!("check {old}"), 6, "server.unreached");
    assert!(message.contains("neither TLS 1.3 nor TLS 1.2"), "{message}");
    let closes = listener(|mut stream| {
        let _ = stream.read(&mut [0; 2048]);
    });
    let message = refused(&sandbox, &format!("check {closes}"), 6, "server.unreached");
    assert!(message.contains("it closed the connection"), "{message}");
}

#[test]
fn a_server_that_wants_a_clients_certificate_is_seen_all_the_same() {
    let Some(program) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up localhost 127.0.0.1 --key p256");
    for version in ["-tls1_2", "-tls1_3"] {
        for wants in [&["-Verify", "1", "-verify_return_error"][..], &[]] {
            let server = Server::start(|port| {
                let mut command = Command::new(&program);
                command.args(["s_server", "-key", "key.pem", "-cert", "fullchain.pem", "-quiet", version]);
                command.args(wants).args(["-accept", &port.to_string()]);
                command.current_dir(sandbox.file("certforge/localhost"));
                command
            });
            let ran = sandbox.run(&format!("check {} --json", server.address));
            let document = json(&ran.stdout);
            assert_eq!(ran.status, 0, "{document}");
            assert!(document["certificates"][0]["names"].to_string().contains("localhost"), "{document}");
            let told = ran.stdout.contains("server.client-certificate");
            assert_eq!(told, !wants.is_empty(), "{version} {wants:?}: {document}");
        }
    }
}
