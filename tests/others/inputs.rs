//! Every command that reads a file, with every kind of file that is not what it wants: what it
//! answers is on record in `tests/inputs.txt`, and whatever it answers, it changes nothing, says
//! it once and shows no key. `CERTFORGE_BLESS=1` writes the record anew.

use std::fmt::Write as _;
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::PrivateKey;

use super::support::{Sandbox, json};

/// `{}` is the file.
const COMMANDS: [&str; 24] = [
    "check {}",
    "check good.pem --trust {}",
    "check good.pem --key {}",
    "verify {} --trust ca.pem",
    "verify good.pem --trust {}",
    "verify good.pem --trust ca.pem --chain {}",
    "verify good.pem --trust ca.pem --crl {}",
    "sign {}",
    "csr x.example --private-key {}",
    "leaf --batch {}",
    "leaf x.example --template ./{}",
    "ca new x --template ./{}",
    "ca new x --encrypt --passphrase-file {}",
    "ca adopt {} x",
    "apply -f {}",
    "revoke {}",
    "bundle a.example --to p12 --passphrase-file {}",
    "apigw explain {}",
    "apigw explain api.json --certificate {}",
    "apigw patch {} --set insecureSkipVerification=true --yes",
    "import-acm --from {} --region eu-west-1 --dry-run",
    "import-acm --certificate {} --private-key key.pem --region eu-west-1 --dry-run",
    "import-acm --certificate good.pem --private-key {} --region eu-west-1 --dry-run",
    "import-acm --certificate good.pem --private-key key.pem --certificate-chain {} --region eu-west-1 --dry-run",
];

/// The kinds of files: their names say what is in them.
fn kinds(sandbox: &Sandbox) -> Vec<&'static str> {
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.example --key p256");
    sandbox.ok("csr b.example --key p256");
    sandbox.ok("crl");
    let copy = |from: &str, to: &str| {
        std::fs::copy(sandbox.file(&format!("certforge/{from}")), sandbox.file(to)).unwrap();
    };
    copy("a.example/fullchain.pem", "good.pem");
    copy("a.example/ca.pem", "ca.pem");
    copy("a.example/key.pem", "key.pem");
    copy("csr/b.example/request.pem", "request.pem");
    copy("ca/default/crl.pem", "crl.pem");
    let write = |name: &str, bytes: &[u8]| std::fs::write(sandbox.file(name), bytes).unwrap();
    write("empty", b"");
    write("blank", b" \n\t\r\n\n");
    write("words", b"these are words,\nand no more\n");
    write("zeros", &[0; 3000]);
    let noise = (0..6000_u32).map(|i| i.wrapping_mul(2_654_435_761).to_be_bytes()[1]);
    write("binary", &noise.collect::<Vec<_>>());
    write("large", &vec![b'a'; (4 << 20) + 1]);
    write("escapes", b"\x1b[2J\x1b]0;title\x07 \xe2\x80\xae name\n");
    write(
        "utf16",
        &[&[0xff, 0xfe][..], &"a.example\n".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>()]
            .concat(),
    );
    write("torn.pem", &sandbox.read("good.pem").as_bytes()[..300]);
    write("list.json", b"[1, 2, {\"x\": null}]");
    write("api.json", br#"{"swagger": "2.0", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "https://b.example/a"}}}}}"#);
    let key = PrivateKey::from_pem(sandbox.read("key.pem").as_bytes()).unwrap();
    write("key.b64", STANDARD.encode(key.secret_der()).as_bytes());
    write("secret.yaml", secret_of(&sandbox.read("key.pem")).as_bytes());
    write("secret.json", json_of(&sandbox.read("key.pem")).as_bytes());
    write("kept-api.json", sandbox.read("api.json").as_bytes());
    let mut copy = Command::new("cp");
    assert!(copy.args(["-a", "certforge", "kept"]).current_dir(sandbox.path()).status().unwrap().success());
    std::fs::create_dir(sandbox.file("folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", sandbox.file("dangling")).unwrap();
    vec![
        "missing",
        "folder",
        "dangling",
        "empty",
        "blank",
        "words",
        "zeros",
        "binary",
        "large",
        "escapes",
        "utf16",
        "torn.pem",
        "list.json",
        "api.json",
        "good.pem",
        "ca.pem",
        "key.pem",
        "request.pem",
        "crl.pem",
        "key.b64",
        "secret.yaml",
        "secret.json",
    ]
}

/// A key as Kubernetes keeps it.
fn secret_of(pem: &str) -> String {
    format!("apiVersion: v1\nkind: Secret\ndata:\n  tls.key: {}\n", STANDARD.encode(pem))
}

fn json_of(pem: &str) -> String {
    format!("{{\"kind\": \"Secret\", \"data\": {{\"tls.key\": \"{}\"}}}}\n", STANDARD.encode(pem))
}

/// The pieces of a secret's text that nobody may read, in each way that it was written here.
fn pieces(sandbox: &Sandbox) -> Vec<String> {
    let pem = sandbox.read("key.pem");
    let texts = [sandbox.read("key.b64"), STANDARD.encode(&pem), pem.lines().nth(1).unwrap().to_owned()];
    let of = |text: &String| -> Vec<String> {
        // The head of a key is the same in all of its kind, and so is PEM's first line.
        (40..text.len() - 24).step_by(8).map(|at| text[at..at + 24].to_owned()).collect()
    };
    texts.iter().flat_map(of).collect()
}

#[test]
fn every_command_answers_every_kind_of_file() {
    let sandbox = Sandbox::new();
    let kinds = kinds(&sandbox);
    let before = sandbox.snapshot();
    let pieces = pieces(&sandbox);
    let mut record = String::new();
    for command in COMMANDS {
        writeln!(record, "{command}").unwrap();
        for kind in &kinds {
            let args = command.replace("{}", kind);
            let ran = sandbox.run(&format!("--json {args}"));
            let mut answer = ran.status.to_string();
            assert!((0..=6).contains(&ran.status), "{args}: {}\n{}", ran.status, ran.stderr);
            let said = [ran.stdout.as_str(), ran.stderr.as_str()].concat();
            assert!(!said.contains('\u{1b}') && !said.contains('\u{202e}'), "{args}: {said:?}");
            assert!(!said.contains("PRIVATE KEY-----\n"), "{args}: {said}");
            assert!(!pieces.iter().any(|piece| said.contains(piece)), "{args}: {said}");
            if ran.status > 1 {
                // What programs read is one document with one error.
                let told = if ran.stdout.is_empty() { &ran.stderr } else { &ran.stdout };
                let error = json(told);
                write!(answer, " {}", error["code"].as_str().unwrap_or("?")).unwrap();
                let message = error["message"].as_str().unwrap_or_default();
                assert!(!message.is_empty() && message.len() < 700, "{args}: {told}");
                // What people read is one error, with what it is about.
                let plain = sandbox.run(&args);
                assert_eq!(plain.status, ran.status, "{args}");
                assert_eq!(plain.stderr.matches("error: ").count(), 1, "{args}: {}", plain.stderr);
                assert_eq!(plain.stdout, "", "{args}");
            }
            if ran.status != 0 {
                assert_eq!(sandbox.snapshot(), before, "{args}");
            }
            writeln!(record, "    {kind:<12} {answer}").unwrap();
            if ran.status == 0 {
                put_back(&sandbox, &before);
            }
        }
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inputs.txt");
    if std::env::var_os("CERTFORGE_BLESS").is_some() {
        std::fs::write(path, &record).unwrap();
    }
    let known = std::fs::read_to_string(path).unwrap();
    for (now, then) in record.lines().zip(known.lines()) {
        assert_eq!(now, then, "tests/inputs.txt holds another answer");
    }
    assert_eq!(record.lines().count(), known.lines().count());
}

/// The store as it was, for the next one.
fn put_back(sandbox: &Sandbox, before: &[String]) {
    std::fs::remove_dir_all(sandbox.file("certforge")).unwrap();
    let mut copy = Command::new("cp");
    assert!(copy.args(["-a", "kept", "certforge"]).current_dir(sandbox.path()).status().unwrap().success());
    std::fs::copy(sandbox.file("kept-api.json"), sandbox.file("api.json")).unwrap();
    assert_eq!(sandbox.snapshot(), before);
}
