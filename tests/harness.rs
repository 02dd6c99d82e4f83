//! What other people's tests use: configurations of rustls, files that go away, one CA for a
//! process, keys made once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use certforge::harness::{Fault, Fixtures, KeyPool, TempFiles, Tls, shared_ca};
use certforge::{Authority, KeyAlgorithm, LeafRequest, Template};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, ServerConfig, ServerConnection, Stream};

/// One connection: what the client read, or why it did not.
fn talk(server: ServerConfig, client: ClientConfig, name: &str) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let serving = std::thread::spawn(move || -> std::io::Result<()> {
        let (mut stream, _) = listener.accept()?;
        let mut connection = ServerConnection::new(Arc::new(server)).map_err(std::io::Error::other)?;
        let mut tls = Stream::new(&mut connection, &mut stream);
        tls.write_all(b"hello")?;
        tls.conn.send_close_notify();
        tls.flush()
    });
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let mut connection = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let mut text = String::new();
    let read = Stream::new(&mut connection, &mut stream).read_to_string(&mut text);
    drop(stream);
    match (read, serving.join().unwrap()) {
        (Err(e), _) | (_, Err(e)) => Err(e.to_string()),
        _ => Ok(text),
    }
}

#[test]
fn a_server_and_a_client_talk_in_two_lines() {
    let ca = Authority::generate("test CA").unwrap();
    let server = ca.issue(&LeafRequest::new(["localhost", "127.0.0.1"]).unwrap()).unwrap();
    for name in ["localhost", "127.0.0.1"] {
        let text =
            talk(server.rustls_server_config().unwrap(), ca.rustls_client_config().unwrap(), name).unwrap();
        assert_eq!(text, "hello");
    }
    let other =
        talk(server.rustls_server_config().unwrap(), ca.rustls_client_config().unwrap(), "other.test");
    assert!(other.unwrap_err().contains("not valid for name"));
    let stranger = Authority::generate("test CA").unwrap().rustls_client_config().unwrap();
    assert!(talk(server.rustls_server_config().unwrap(), stranger, "localhost").is_err());
}

#[test]
fn every_kind_of_key_and_an_intermediate_serve() {
    let root = Authority::generate("root").unwrap();
    let now = time::OffsetDateTime::now_utc();
    let plan = certforge::CaRequest::new("issuing").unwrap().path_length(Some(0)).plan(now).unwrap();
    let key = certforge::PrivateKey::generate(plan.key()).unwrap();
    let ca = root.create_under(&plan.within(root.validity()), key).unwrap();
    for algorithm in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519, KeyAlgorithm::Rsa2048] {
        let request = LeafRequest::new(["localhost"]).unwrap().key(algorithm);
        let server = ca.issue(&request).unwrap();
        for believer in [&root, &ca] {
            let client = believer.rustls_client_config().unwrap();
            let text = talk(server.rustls_server_config().unwrap(), client, "localhost");
            assert_eq!(text.as_deref(), Ok("hello"), "{algorithm:?}");
        }
    }
}

#[test]
fn both_sides_show_a_certificate() {
    let (ca, clients) = (Authority::generate("servers").unwrap(), Authority::generate("clients").unwrap());
    let server = ca.issue(&LeafRequest::new(["localhost"]).unwrap()).unwrap();
    let request = LeafRequest::new(["client.test"]).unwrap().template(Template::named("client").unwrap());
    let client = clients.issue(&request).unwrap();
    let tls = Tls::new();
    let serving = || tls.mutual_server(&server, &clients).unwrap();
    assert_eq!(talk(serving(), tls.mutual_client(&ca, &client).unwrap(), "localhost").unwrap(), "hello");
    let without = talk(serving(), ca.rustls_client_config().unwrap(), "localhost").unwrap_err();
    assert!(without.to_lowercase().contains("certificate"), "{without}");
    let strange = Authority::generate("clients").unwrap().issue(&request).unwrap();
    assert!(talk(serving(), tls.mutual_client(&ca, &strange).unwrap(), "localhost").is_err());
}

#[test]
fn one_server_has_many_names() {
    let ca = Authority::generate("test CA").unwrap();
    let leaf = |names: &[&str]| ca.issue(&LeafRequest::new(names).unwrap()).unwrap();
    let leaves = [leaf(&["127.0.0.1"]), leaf(&["a.test", "b.test"]), leaf(&["*.c.test"])];
    let tls = Tls::new();
    for name in ["a.test", "B.test", "x.c.test", "127.0.0.1"] {
        let server = tls.server_of_many(&leaves).unwrap();
        let text = talk(server, ca.rustls_client_config().unwrap(), name);
        assert_eq!(text.as_deref(), Ok("hello"), "{name}");
    }
    // Who asks for no name that is there gets the first, and says itself that it is wrong.
    for name in ["c.test", "x.y.c.test", "d.test"] {
        let server = tls.server_of_many(&leaves).unwrap();
        let refused = talk(server, ca.rustls_client_config().unwrap(), name).unwrap_err();
        assert!(refused.contains("not valid for name"), "{name}: {refused}");
    }
    assert!(tls.server_of_many(&[]).is_err());
}

/// Two providers in one process make rustls's own builders panic; ours take one.
#[test]
fn a_provider_of_ones_own_is_taken() {
    let ca = Authority::generate("test CA").unwrap();
    let server = ca.issue(&LeafRequest::new(["localhost"]).unwrap()).unwrap();
    let mut provider = rustls::crypto::ring::default_provider();
    provider.cipher_suites.retain(|suite| format!("{:?}", suite.suite()).contains("CHACHA20"));
    let tls = Tls::with_provider(Arc::new(provider));
    assert_eq!(talk(tls.server(&server).unwrap(), tls.client(&ca).unwrap(), "localhost").unwrap(), "hello");
    let mut none = rustls::crypto::ring::default_provider();
    none.cipher_suites.clear();
    assert!(Tls::with_provider(Arc::new(none)).client(&ca).is_err());
}

#[test]
fn files_are_ones_own_and_go_away() {
    let ca = Authority::generate("test CA").unwrap();
    let server = ca.issue(&LeafRequest::new(["localhost"]).unwrap()).unwrap();
    let files = TempFiles::of(&server).unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(files.path()), 0o700);
    for path in [files.cert(), files.chain(), files.fullchain(), files.key(), files.ca()] {
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    assert_eq!(read(files.fullchain()), server.fullchain_pem().unwrap());
    assert_eq!(read(files.key()), *server.key().secret_pem().unwrap());
    assert_eq!(read(files.ca()), ca.trust_anchor().pem().unwrap());
    assert_eq!(read(files.cert()), server.leaf().pem().unwrap());
    let folder = files.path().to_owned();
    drop(files);
    assert!(!folder.exists());
}

#[test]
fn a_process_has_one_ca_and_keys_are_made_once() {
    let all: Vec<_> = std::thread::scope(|scope| {
        let asked: Vec<_> =
            (0..8).map(|_| scope.spawn(|| shared_ca().unwrap().certificate().sha256())).collect();
        asked.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(all.iter().all(|sha256| *sha256 == all[0]));
    let pool = KeyPool::new(KeyAlgorithm::Rsa2048, 2);
    let made: Vec<_> = (0..5).map(|_| pool.key().unwrap().public().sha256()).collect();
    assert_ne!(made[0], made[1]);
    assert_eq!((made[2], made[3], made[4]), (made[0], made[1], made[0]));
    let request = LeafRequest::new(["localhost"]).unwrap().key(KeyAlgorithm::Rsa2048);
    let plan = request.plan(time::OffsetDateTime::now_utc()).unwrap();
    let bundle = shared_ca().unwrap().issue_for(&plan, pool.key().unwrap()).unwrap();
    let client = shared_ca().unwrap().rustls_client_config().unwrap();
    assert_eq!(talk(bundle.rustls_server_config().unwrap(), client, "localhost").unwrap(), "hello");
}

/// Every fixture can be had, and is what its name says: judged here by `verify`, which sees
/// most of them; what it does not see, the clients of tests/clients do.
#[test]
fn every_fixture_is_made_and_the_good_are_good() {
    let fixtures = Fixtures::new(time::OffsetDateTime::now_utc()).unwrap();
    let mut refused = Vec::new();
    for fault in Fault::all() {
        let fixture = fixtures.make(fault).unwrap_or_else(|e| panic!("{fault}: {e}"));
        assert_eq!(fault.as_str().parse::<Fault>().unwrap(), fault);
        assert_eq!(fixture.list.is_some(), fault.as_str() == "revoked");
        let fits = fixture.key.public() == fixture.certificates[0].public_key();
        assert_eq!(fits, fault.as_str() != "key-mismatch", "{fault}");
        let anchors = [certforge::TrustAnchor::new(fixture.trust_anchor.clone())];
        let lists: Vec<_> = fixture.list.into_iter().collect();
        let verdict = certforge::check::path::verify(&certforge::check::path::Question {
            certificate: &fixture.certificates[0],
            chain: &fixture.certificates[1..],
            anchors: &anchors,
            peer: Some(&fixture.host.parse().unwrap()),
            purpose: certforge::check::path::Purpose::Server,
            at: time::OffsetDateTime::now_utc(),
            lists: &lists,
            strict: false,
        });
        let valid = verdict.findings.iter().all(|f| f.severity != certforge::Severity::Error);
        assert!(valid || !fault.is_good(), "{fault}: {:?}", verdict.findings);
        if !valid {
            refused.push(fault.as_str());
        }
    }
    let seen_elsewhere = ["ca-as-leaf", "long-lived", "serial-zero", "key-mismatch"];
    let missed: Vec<_> = Fault::all()
        .filter(|f| !f.is_good() && !refused.contains(&f.as_str()) && !seen_elsewhere.contains(&f.as_str()))
        .collect();
    assert!(missed.is_empty(), "{missed:?}");
    assert!("nothing".parse::<Fault>().is_err());
}
