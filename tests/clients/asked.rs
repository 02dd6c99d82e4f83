//! The clients that are asked about the certificates, each started once where it can be.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex};

use crate::browser::Browser;
use crate::support::{Sandbox, Server};
use crate::works::Case;

/// What a client said: nothing where it accepted.
pub type Said = Option<String>;

/// The clients, each ready to be asked.
pub struct Clients {
    java: Talker,
    go: Talker,
    node: Talker,
    python: Talker,
    /// As 3.13 looks.
    new_python: Talker,
    chrome: Browser,
}

/// A client that is asked by lines: host, port, trust file; and answers by lines.
struct Talker(Mutex<(Child, ChildStdin, BufReader<ChildStdout>)>);

impl Talker {
    fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let (stdin, stdout) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self(Mutex::new((child, stdin, stdout)))
    }

    fn ask(&self, host: &str, port: u16, trust: &Path) -> Said {
        let mut talk = self.0.lock().unwrap();
        writeln!(talk.1, "{host}\t{port}\t{}", trust.display()).unwrap();
        talk.1.flush().unwrap();
        let mut line = String::new();
        talk.2.read_line(&mut line).unwrap();
        match line.trim_end() {
            "OK" => None,
            other => Some(other.to_owned()),
        }
    }
}

impl Drop for Talker {
    fn drop(&mut self) {
        let (child, ..) = &mut *self.0.lock().unwrap();
        let _ = child.kill();
        let _ = child.wait();
    }
}

impl Clients {
    pub fn new(sandbox: &Sandbox) -> Self {
        let file = |name: &str, text: &str| {
            let path = sandbox.file(name);
            std::fs::write(&path, text).unwrap();
            path
        };
        let java = file("Client.java", include_str!("Client.java"));
        let go = file("client.go", include_str!("client.go"));
        let node = file("client.js", include_str!("client.js"));
        let python = file("client.py", include_str!("client.py"));
        let built = sandbox.file("go-client");
        let output = Command::new("go")
            .args(["build", "-o"])
            .arg(&built)
            .arg(&go)
            .current_dir(sandbox.path())
            .env("GOCACHE", sandbox.file("go-cache"))
            .env("GOFLAGS", "-mod=mod")
            .env("GO111MODULE", "off")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self {
            java: Talker::start(Command::new("java").arg(java)),
            go: Talker::start(&mut Command::new(built)),
            node: Talker::start(Command::new("node").arg(node).env_remove("NODE_EXTRA_CA_CERTS")),
            python: Talker::start(Command::new("/usr/bin/python3").arg(&python)),
            new_python: Talker::start(Command::new("/usr/bin/python3").arg(&python).arg("3.13")),
            chrome: Browser::new(sandbox),
        }
    }

    /// What each says of a case.
    pub fn ask(&self, case: &Case) -> Vec<(&'static str, Said)> {
        // With the leaf a second time among its issuers Java finds other words.
        let chain = std::fs::read_to_string(case.file("chain.pem")).unwrap();
        let issuers = chain.match_indices("-----BEGIN ").nth(1).map(|(at, _)| &chain[at..]);
        std::fs::write(case.file("issuers.pem"), issuers.unwrap_or_default()).unwrap();
        let server = Server::start(|port| {
            let mut command = Command::new("openssl");
            command.args(["s_server", "-accept", &port.to_string(), "-www", "-quiet"]);
            command.args([
                "-cert",
                "chain.pem",
                "-key",
                "key.pem",
                "-no-CAfile",
                "-no-CApath",
                "-no-CAstore",
            ]);
            if issuers.is_some() {
                command.args(["-cert_chain", "issuers.pem"]);
            }
            // The server shows whatever it is given.
            command.args(["-cipher", "DEFAULT@SECLEVEL=0", "-sigalgs", SIGNATURES]);
            command.current_dir(&case.folder);
            command
        });
        let port = server.address.port();
        let trust = case.file("trust.pem");
        vec![
            ("openssl", openssl(case)),
            ("curl", curl(case, port)),
            ("java", self.java.ask(&case.host, port, &trust)),
            ("go", self.go.ask(&case.host, port, &trust)),
            ("python", self.python.ask(&case.host, port, &trust)),
            ("python-3.13", self.new_python.ask(&case.host, port, &trust)),
            ("node", self.node.ask(&case.host, port, &trust)),
            ("rustls", rustls_says(case, port)),
            ("chrome", self.chrome.ask(case, port)),
        ]
    }
}

const SIGNATURES: &str = "ECDSA+SHA256:ECDSA+SHA384:ECDSA+SHA512:ed25519:RSA-PSS+SHA256:RSA-PSS+SHA384:RSA+SHA256:RSA+SHA1:ECDSA+SHA1";

fn openssl(case: &Case) -> Said {
    let is_address = case.host.parse::<std::net::IpAddr>().is_ok();
    let name = if is_address { "-verify_ip" } else { "-verify_hostname" };
    let output = Command::new("openssl")
        .args(["verify", "-purpose", "sslserver", "-no-CAstore", "-no-CApath", "-CAfile", "trust.pem"])
        .args(["-untrusted", "chain.pem", name, &case.host, "chain.pem"])
        .current_dir(&case.folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).replace('\n', " | ");
    (!output.status.success()).then_some(text)
}

fn curl(case: &Case, port: u16) -> Said {
    let output = Command::new("curl")
        .args(["-sS", "-o", "/dev/null", "--max-time", "20", "--cacert", "trust.pem", "--noproxy", "*"])
        .args([
            "--resolve",
            &format!("{}:{port}:127.0.0.1", case.host),
            &format!("https://{}:{port}/", case.host),
        ])
        .current_dir(&case.folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).lines().next().unwrap_or_default().to_owned();
    (!output.status.success()).then_some(text)
}

fn rustls_says(case: &Case, port: u16) -> Said {
    use rustls::pki_types::pem::PemObject;
    use rustls::pki_types::{CertificateDer, ServerName};
    let mut roots = rustls::RootCertStore::empty();
    for anchor in CertificateDer::pem_file_iter(case.file("trust.pem")).unwrap() {
        if let Err(e) = roots.add(anchor.unwrap()) {
            return Some(format!("trust anchor: {e}"));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from(case.host.clone()).unwrap();
    let mut connection = rustls::ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    while connection.is_handshaking() {
        if let Err(e) = connection.complete_io(&mut stream) {
            return Some(e.to_string());
        }
    }
    None
}
