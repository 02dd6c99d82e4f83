//! Any pile of files becomes the same bundle, or is refused with file, block and
//! line. The simulator takes the place of ACM.

mod support;

use certforge::harness::{AcmSim, Recorded, Settings};
use serde_json::Value;
use support::variants::{self, PASSPHRASE, Variant};
use support::{Ran, Sandbox, judge, openssl, ran};

fn run(sandbox: &Sandbox, sim: &AcmSim, args: &[String]) -> Ran {
    let mut command = sandbox.command(["--json", "import-acm"]);
    command.args(args).env("AWS_ENDPOINT_URL", sim.url()).env("AWS_REGION", "us-east-1");
    command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
    ran(command.output().unwrap())
}

fn imports(sim: &AcmSim) -> Vec<Recorded> {
    sim.requests().into_iter().filter(|r| r.action == "ImportCertificate").collect()
}

#[test]
fn every_shape_of_a_bundle_is_the_same_request() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    if variants::hierarchy(&sandbox).is_none() {
        return;
    }
    let all = variants::all(&sandbox);
    assert!(all.len() >= 30, "{}", all.len());
    let mut first: Option<String> = None;
    for Variant { what, args, fixed } in &all {
        // A simulator of its own: what was imported before would be found again.
        let sim = AcmSim::start(Settings::default()).unwrap();
        let ran = run(&sandbox, &sim, &[&args[..], &["--new".to_owned()]].concat());
        assert_eq!(ran.status, 0, "{what}: {}", ran.stderr);
        assert!(!ran.stderr.contains("PRIVATE KEY") && !ran.stderr.contains(PASSPHRASE), "{what}");
        let document: Value = serde_json::from_str(&ran.stdout).unwrap();
        let codes: Vec<&str> =
            document["findings"].as_array().unwrap().iter().map(|f| f["code"].as_str().unwrap()).collect();
        let repairs: Vec<&str> = document["findings"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|f| f["severity"] == "fixed")
            .map(|f| f["code"].as_str().unwrap())
            .collect();
        match fixed {
            Some(code) if *what != "PKCS#7" => assert!(codes.contains(code), "{what}: {codes:?}"),
            Some(_) => {}
            None => assert_eq!(repairs, [""; 0], "{what}"),
        }
        let sent = imports(&sim);
        assert_eq!(sent.len(), 1, "{what}");
        let body = first.get_or_insert_with(|| sent[0].body.clone());
        assert_eq!(*body, sent[0].body, "{what}");
    }
}

/// What is wrong, how the files are given, the rule that has to say so, and where.
const REFUSED: &str = "
nothing | --certificate empty.pem --private-key leaf.key | acm.P02 | empty.pem
text | --certificate text.pem --private-key leaf.key | acm.P02 | text.pem
cut off | --certificate cut.pem --private-key leaf.key | acm.P02 | cut.pem, block 1, line 1
damaged | --certificate leaf.pem --private-key leaf.key --certificate-chain damaged.pem | acm.P02 | damaged.pem, block 3, line 
half | --certificate half.pem --private-key leaf.key | acm.P02 | half.pem, block 1, line 1
mixed labels | --certificate mixed.pem --private-key leaf.key | acm.P02 | mixed.pem, block 1
long line | --certificate long.pem --private-key leaf.key | acm.P02 | long.pem, block 1, line 2
exchanged | --certificate leaf.key --private-key leaf.pem | acm.P07 | leaf.key
exchanged | --certificate leaf.key --private-key leaf.pem | acm.P07 | leaf.pem
request | --certificate request.pem --private-key leaf.key | acm.P08 | request.pem
public key | --certificate leaf.pem --private-key public.pem --certificate-chain chain.pem | acm.P08 | public.pem
key in chain | --certificate leaf.pem --private-key leaf.key --certificate-chain combined.pem | acm.P09 | combined.pem
locked | --certificate leaf.pem --private-key locked.key --certificate-chain chain.pem | acm.K01 | locked.key, block 1
wrong pass phrase | --certificate leaf.pem --private-key locked.key --certificate-chain chain.pem --passphrase-file wrong | acm.K01 | locked.key
locked PKCS#12 | --from bundle.p12 | acm.K01 | bundle.p12
old encryption | --certificate leaf.pem --private-key old.key --certificate-chain chain.pem --passphrase-file passphrase | acm.K01 | old.key
two keys | --certificate leaf.pem --private-key two.key --certificate-chain chain.pem | acm.K02 | two.key, block 2
no key | --certificate leaf.pem --certificate-chain chain.pem | acm.K02 | key
Ed25519 | --certificate ed25519.pem --private-key ed25519.key | acm.K03 | certificate
RSA 1536 | --certificate leaf.pem --private-key rsa1536.key --certificate-chain chain.pem | acm.K03 | rsa1536.key
secp256k1 | --certificate leaf.pem --private-key k1.key --certificate-chain chain.pem | acm.K03 | k1.key
explicit curve | --certificate leaf.pem --private-key explicit.key --certificate-chain chain.pem | acm.K05 | explicit.key
other key | --certificate leaf.pem --private-key root.key --certificate-chain middle.pem | acm.K06 | key
no chain | --certificate leaf.pem --private-key leaf.key | acm.C01 | chain
other chain | --certificate leaf.pem --private-key leaf.key --certificate-chain other.pem | acm.C04 | other.pem
ended | --certificate ended.pem --private-key ended.key --certificate-chain ended.chain | acm.V01 | certificate
not begun | --certificate future.pem --private-key future.key --certificate-chain future.chain | acm.V02 | certificate
two rules at once | --certificate leaf.pem --private-key other.key --certificate-chain other.pem | acm.C04 | other.pem
two rules at once | --certificate leaf.pem --private-key other.key --certificate-chain root.pem | acm.K06 | key
";

#[test]
fn what_cannot_be_put_right_is_refused_without_a_call() {
    let Some(_) = judge("openssl") else { return };
    let sandbox = Sandbox::new();
    if variants::hierarchy(&sandbox).is_none() {
        return;
    }
    let path = sandbox.path();
    let make = |args: &str| openssl(&args.split(' ').collect::<Vec<_>>(), path).unwrap();
    let write = |file: &str, text: &str| std::fs::write(sandbox.file(file), text).unwrap();
    let (leaf, key, chain) = (sandbox.read("leaf.pem"), sandbox.read("leaf.key"), sandbox.read("chain.pem"));
    write("empty.pem", "");
    write("text.pem", "there is nothing here\n");
    write("cut.pem", &leaf.replace("-----END CERTIFICATE-----\n", ""));
    write("damaged.pem", &format!("{chain}{}", leaf.replacen("MII", "M!I", 1)));
    write(
        "half.pem",
        &(leaf.lines().take(4).collect::<Vec<_>>().join("\n") + "\n-----END CERTIFICATE-----\n"),
    );
    write("mixed.pem", &leaf.replace("-----END CERTIFICATE-----", "-----END PRIVATE KEY-----"));
    write("combined.pem", &format!("{chain}{key}"));
    write("two.key", &format!("{key}{}", sandbox.read("root.key")));
    write(
        "long.pem",
        &format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", "A".repeat(200_000)),
    );
    make("req -new -key leaf.key -subj /CN=a.example.com -out request.pem");
    make("pkey -in leaf.key -pubout -out public.pem");
    make("pkcs8 -topk8 -in leaf.key -passout file:passphrase -out locked.key");
    make("ec -in leaf.key -aes256 -passout file:passphrase -out old.key");
    make("pkcs12 -export -in leaf.pem -inkey leaf.key -passout file:passphrase -out bundle.p12");
    make("genpkey -algorithm ed25519 -out ed25519.key");
    make(
        "req -x509 -key ed25519.key -subj /CN=a.example.com -addext subjectAltName=DNS:a.example.com -out ed25519.pem",
    );
    make("genpkey -algorithm rsa -pkeyopt rsa_keygen_bits:1536 -out rsa1536.key");
    make("ecparam -name secp256k1 -genkey -noout -out k1.key");
    make("ecparam -name prime256v1 -param_enc explicit -genkey -noout -out explicit.key");
    write("wrong", "another one\n");
    variants::dated(&sandbox, "ended", -100);
    variants::dated(&sandbox, "future", 2);
    for row in REFUSED.trim().lines() {
        let [what, args, code, place] = row.split(" | ").collect::<Vec<_>>()[..] else { panic!("{row}") };
        let sim = AcmSim::start(Settings::default()).unwrap();
        let before = sandbox.snapshot();
        let args: Vec<String> = args.split(' ').map(str::to_owned).collect();
        let ran = run(&sandbox, &sim, &args);
        assert_eq!((ran.status, ran.stdout.as_str()), (3, ""), "{what}: {}", ran.stderr);
        let document: Value =
            serde_json::from_str(&ran.stderr).unwrap_or_else(|e| panic!("{what}: {e}: {}", ran.stderr));
        assert_eq!(document["code"], "acm.preflight", "{what}: {document}");
        let found = document["findings"].as_array().unwrap();
        let fits = |f: &&Value| f["code"] == code && f["place"].as_str().unwrap().contains(place);
        let finding = found.iter().find(fits).unwrap_or_else(|| panic!("{what}: {code} {place}: {document}"));
        assert_eq!(finding["severity"], "error", "{what}");
        assert!(finding["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{what}: {finding}");
        assert!(!ran.stderr.contains("PRIVATE KEY-----"), "{what}: {}", ran.stderr);
        assert_eq!(sim.requests().len(), 0, "{what}: no call");
        assert_eq!(sandbox.snapshot(), before, "{what}");
    }
}
