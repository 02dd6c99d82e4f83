//! A leaf in other forms: read back by OpenSSL, Java's keytool, Go and Python.

mod support;

use support::{CERTFORGE, Sandbox, json, judge, openssl, output, refused};

fn leaf(key: &str) -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.ok(&format!("up 10.103.10.95 a.example --three-tier --key {key}"));
    std::fs::write(sandbox.file("pass"), "hunter2hunter2\n").unwrap();
    sandbox
}

const FOLDER: &str = "certforge/10.103.10.95";

fn file(name: &str) -> String {
    format!("{FOLDER}/{name}")
}

/// Whether a file is there with this mode.
fn has_mode(sandbox: &Sandbox, name: &str, mode: &str) -> bool {
    sandbox.snapshot().iter().any(|line| line.starts_with(&format!("{} 100{mode} ", file(name))))
}

#[test]
fn pkcs12_is_read_by_openssl_and_keytool() {
    for (key, more) in [("rsa2048", ""), ("p256", ""), ("p256", " --legacy")] {
        let sandbox = leaf(key);
        let ran = sandbox.ok(&format!(
            "bundle 10.103.10.95 --to p12,truststore --alias backend --passphrase-file pass{more}"
        ));
        assert_eq!(ran.stdout, format!("{}\n{}\n", file("bundle.p12"), file("truststore.p12")));
        assert!(has_mode(&sandbox, "bundle.p12", "600") && has_mode(&sandbox, "truststore.p12", "644"));
        if judge("openssl").is_none() {
            return;
        }
        let bundle = file("bundle.p12");
        let mut args = vec!["pkcs12", "-in", &bundle, "-passin", "file:pass", "-nodes"];
        if !more.is_empty() {
            args.push("-legacy");
        }
        let text = openssl(&args, sandbox.path()).unwrap();
        assert!(text.contains("friendlyName: backend"), "{text}");
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 3, "{text}");
        assert_eq!(text.matches("BEGIN PRIVATE KEY").count(), 1);
        let Some(keytool) = judge("keytool") else { return };
        let list = |store: &str| {
            let args = ["-list", "-v", "-keystore", store, "-storetype", "PKCS12", "-storepass:file", "pass"];
            let (ok, text) = output(&keytool, &args, sandbox.path());
            assert!(ok, "{text}");
            text
        };
        let text = list(&file("bundle.p12"));
        assert!(
            text.contains("Alias name: backend") && text.contains("Entry type: PrivateKeyEntry"),
            "{text}"
        );
        assert!(text.contains("Certificate chain length: 3") && text.contains("10.103.10.95"), "{text}");
        let text = list(&file("truststore.p12"));
        assert!(text.contains("Entry type: trustedCertEntry"), "{text}");
    }
}

#[test]
fn a_pass_phrase_that_java_does_not_take_is_told() {
    let sandbox = leaf("p256");
    for (secret, taken) in [("geheim", true), ("pässword", false), ("a b~!", true)] {
        std::fs::write(sandbox.file("pass"), format!("{secret}\n")).unwrap();
        let ran = sandbox.ok("bundle 10.103.10.95 --to p12,truststore --passphrase-file pass --force --json");
        let found = json(&ran.stdout)["findings"].as_array().map_or(0, Vec::len);
        assert_eq!(found, if taken { 0 } else { 2 }, "{}", ran.stdout);
        let (Some(keytool), Some(_)) = (judge("keytool"), judge("openssl")) else { return };
        let (read, text) = output(
            &keytool,
            &[
                "-J-Dfile.encoding=UTF-8",
                "-debug",
                "-list",
                "-keystore",
                &file("bundle.p12"),
                "-storepass:file",
                "pass",
            ],
            sandbox.path(),
        );
        assert_eq!(read, taken, "{secret}: {text}");
        assert!(taken || text.contains("Password is not ASCII"), "{text}");
        // OpenSSL reads the octets as UTF-8, as they are written.
        let bundle = file("bundle.p12");
        openssl(&["pkcs12", "-in", &bundle, "-passin", "file:pass", "-noout"], sandbox.path()).unwrap();
    }
    let ran = sandbox.ok("bundle 10.103.10.95 --to key --passphrase-file pass");
    assert!(!ran.stderr.contains("ASCII"), "{}", ran.stderr);
    std::fs::write(sandbox.file("pass"), "pässword\n").unwrap();
    let manifest = "version = 1\n[leaf.\"b.example\"]\nkey = \"p256\"\nforms = [\"p12\"]\np12_passphrase_file = \"pass\"\n";
    std::fs::write(sandbox.file("certforge.toml"), manifest).unwrap();
    let ran = sandbox.ok("apply -f certforge.toml");
    assert!(ran.stderr.contains("not plain ASCII"), "{}", ran.stderr);
}

#[test]
fn the_other_forms_are_read_by_openssl_go_and_python() {
    for key in ["rsa2048", "p256"] {
        let sandbox = leaf(key);
        let own = if key == "p256" { "sec1" } else { "pkcs1" };
        sandbox.ok("bundle 10.103.10.95 --to der,p7b,combined,truststore");
        sandbox.ok(&format!("bundle 10.103.10.95 --to key --key-format {own}"));
        for name in ["key.der", "combined.pem", &format!("key.{own}.pem")] {
            assert!(has_mode(&sandbox, name, "600"), "{name}");
        }
        let combined = sandbox.read(&file("combined.pem"));
        let order: Vec<&str> = combined.lines().filter(|l| l.starts_with("-----BEGIN")).collect();
        assert_eq!(
            order,
            ["-----BEGIN PRIVATE KEY-----", "-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----"]
        );
        if judge("openssl").is_none() {
            return;
        }
        let public =
            openssl(&["x509", "-in", &file("cert.pem"), "-noout", "-pubkey"], sandbox.path()).unwrap();
        for (form, name) in [("DER", "key.der"), ("PEM", &format!("key.{own}.pem"))] {
            let args = ["pkey", "-inform", form, "-in", &file(name), "-pubout"];
            assert_eq!(openssl(&args, sandbox.path()).unwrap(), public, "{name}");
        }
        std::fs::write(sandbox.file("pass"), "secret\n").unwrap();
        sandbox.ok("bundle 10.103.10.95 --to key --passphrase-file pass");
        let locked = file("key.pkcs8.pem");
        assert!(sandbox.read(&locked).contains("BEGIN ENCRYPTED PRIVATE KEY"));
        let args = ["pkey", "-in", &locked, "-passin", "file:pass", "-pubout"];
        assert_eq!(openssl(&args, sandbox.path()).unwrap(), public);
        let text = openssl(&["pkcs7", "-in", &file("bundle.p7b"), "-print_certs"], sandbox.path()).unwrap();
        assert_eq!(text.matches("BEGIN CERTIFICATE").count(), 3, "{text}");
        if let Some(go) = judge("go") {
            let source = format!("{}/tests/interop/forms.go", env!("CARGO_MANIFEST_DIR"));
            let given = [
                format!("combined={}", file("combined.pem")),
                format!("cert.der={}", file("cert.der")),
                format!("pkcs8.der={}", file("key.der")),
                format!("{own}={}", file(&format!("key.{own}.pem"))),
            ];
            let args: Vec<&str> =
                ["run", &source].into_iter().chain(given.iter().map(String::as_str)).collect();
            let (_, text) = output(&go, &args, sandbox.path());
            assert_eq!(text.matches("ACCEPT").count(), 4, "{text}");
        }
        if let Some(python) = judge("python3") {
            let script =
                "import ssl,sys; c=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[1])";
            let (ok, text) = output(&python, &["-c", script, &file("combined.pem")], sandbox.path());
            assert!(ok, "{text}");
        }
    }
}

#[test]
fn a_secret_of_kubernetes_holds_the_same_files() {
    let sandbox = leaf("p256");
    sandbox.ok("bundle 10.103.10.95 --to k8s-secret --set namespace=web");
    assert!(has_mode(&sandbox, "k8s-secret.yaml", "600"));
    let text = sandbox.read(&file("k8s-secret.yaml"));
    assert!(text.contains("kind: Secret") && text.contains("namespace: \"web\""), "{text}");
    assert!(
        text.contains("name: leaf-10-103-10-95-tls") && text.contains("type: kubernetes.io/tls"),
        "{text}"
    );
    for (field, name) in [("tls.crt", "fullchain.pem"), ("tls.key", "key.pem"), ("ca.crt", "ca.pem")] {
        let value = text.lines().find_map(|l| l.trim().strip_prefix(&format!("{field}: "))).unwrap();
        let script = format!("printf %s '{value}' | base64 -d | cmp - {}", file(name));
        let mut sh = std::process::Command::new("sh");
        let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
        assert_eq!(ran.status, 0, "{field}: {}{}", ran.stdout, ran.stderr);
    }
    let script =
        format!("{CERTFORGE} bundle 10.103.10.95 --to k8s-secret --output - | grep -c '^kind: Secret'");
    let mut sh = std::process::Command::new("sh");
    let ran = support::ran(sh.args(["-c", &script]).current_dir(sandbox.path()).output().unwrap());
    assert_eq!(ran.stdout, "1\n", "{}", ran.stderr);
}

#[test]
fn forms_that_cannot_be_are_refused_and_nothing_is_written() {
    let sandbox = leaf("p256");
    refused(&sandbox, "bundle 10.103.10.95 --to p12", 3, "key.passphrase");
    // What would be written without the pass phrase that was given.
    std::fs::write(sandbox.file("pass"), "secret\n").unwrap();
    for form in ["combined", "der", "k8s-secret", "key --key-format sec1"] {
        let args = format!("bundle 10.103.10.95 --passphrase-file pass --to {form}");
        refused(&sandbox, &args, 2, "usage");
    }
    refused(&sandbox, "bundle 10.103.10.95 --to key --key-format pkcs1", 3, "key.form");
    refused(&sandbox, "bundle none.example --to der", 3, "store.missing");
    refused(&sandbox, "bundle 10.103.10.95 --to nonsense", 2, "usage");
    refused(&sandbox, "bundle 10.103.10.95 --to der,p7b --output x", 2, "usage");
    sandbox.ok("bundle 10.103.10.95 --to pkcs12 --passphrase-file pass --output other.p12");
    refused(&sandbox, "bundle 10.103.10.95 --to p12 --alias \u{1f511} --passphrase-file pass", 2, "usage");
    std::fs::write(sandbox.file("odd"), "\u{1f511}\n").unwrap();
    refused(&sandbox, "bundle 10.103.10.95 --to p12 --passphrase-file odd", 3, "key.passphrase");
    refused(&sandbox, "bundle 10.103.10.95 --to k8s-secret --set colour=red", 2, "usage");
    sandbox.ok("bundle 10.103.10.95 --to combined");
    refused(&sandbox, "bundle 10.103.10.95 --to p7b,combined", 3, "store.exists");
    sandbox.ok("bundle 10.103.10.95 --to p7b,combined --force");
    sandbox.ok("csr b.example --key p256");
    sandbox.ok("sign certforge/csr/b.example/request.pem");
    refused(&sandbox, "bundle b.example --to combined", 3, "store.missing");
    sandbox.ok("bundle b.example --to p7b,der");
    assert!(!sandbox.file("certforge/b.example/key.der").exists());
}

#[test]
fn files_in_other_forms_are_made_again_where_nobody_has_to_be_asked() {
    let sandbox = leaf("p256");
    std::fs::write(sandbox.file("pass"), "secret\n").unwrap();
    sandbox.ok("bundle 10.103.10.95 --to combined,key,der --key-format sec1");
    sandbox.ok("bundle 10.103.10.95 --to p7b,p12,truststore,key --passphrase-file pass");
    std::fs::write(sandbox.file(&file("notes.txt")), "mine").unwrap();
    std::fs::write(sandbox.file("batch"), "10.103.10.95\n").unwrap();
    let again = ["combined.pem", "key.sec1.pem", "key.der", "cert.der", "bundle.p7b"];
    for command in
        ["renew 10.103.10.95", "leaf 10.103.10.95 --key p256 --force", "leaf --batch batch --force"]
    {
        let before: Vec<Vec<u8>> =
            again.iter().map(|name| std::fs::read(sandbox.file(&file(name))).unwrap()).collect();
        let store = std::fs::read(sandbox.file(&file("truststore.p12"))).unwrap();
        let ran = sandbox.ok(command);
        for (name, before) in again.iter().zip(before) {
            let now = std::fs::read(sandbox.file(&file(name))).unwrap();
            assert_ne!(now, before, "{command}: {name}");
        }
        assert_eq!(std::fs::read(sandbox.file(&file("truststore.p12"))).unwrap(), store, "{command}");
        assert!(has_mode(&sandbox, "combined.pem", "600") && has_mode(&sandbox, "key.der", "600"));
        assert!(sandbox.read(&file("combined.pem")).contains("BEGIN EC PRIVATE KEY"));
        assert!(sandbox.file(&file("notes.txt")).exists());
        // What has a pass phrase stays behind, with the key it was made of.
        for name in ["bundle.p12", "key.pkcs8.pem"] {
            assert!(!sandbox.file(&file(name)).exists(), "{command}: {name}");
            let told = ran.stderr.contains(&format!("{name} was made of the"));
            assert!(told || command != "renew 10.103.10.95", "{}", ran.stderr);
        }
        if judge("openssl").is_some() {
            let key = |name: &str, form: &str| {
                openssl(&["pkey", "-inform", form, "-in", &file(name), "-pubout"], sandbox.path()).unwrap()
            };
            let public = openssl(&["x509", "-in", &file("cert.pem"), "-noout", "-pubkey"], sandbox.path());
            for (name, form) in [("combined.pem", "PEM"), ("key.der", "DER"), ("key.sec1.pem", "PEM")] {
                assert_eq!(key(name, form), *public.as_ref().unwrap(), "{command}: {name}");
            }
        }
    }
    let kept = sandbox
        .snapshot()
        .into_iter()
        .any(|l| l.starts_with("certforge/archive/") && l.contains("bundle.p12"));
    assert!(kept, "the archive has it");
}

/// A trust store holds no secret: where its pass phrase is the one that everybody knows, it
/// follows the CA that was made anew.
#[test]
fn a_trust_store_follows_its_ca() {
    let sandbox = Sandbox::new();
    sandbox.ok("up c.example --key p256");
    sandbox.ok("up d.example --key p256");
    std::fs::write(sandbox.file("pass"), "secret\n").unwrap();
    sandbox.ok("bundle c.example --to truststore --alias own");
    sandbox.ok("bundle d.example --to truststore --passphrase-file pass");
    sandbox.ok("ca renew");
    let ran = sandbox.ok("renew --all --reuse-key");
    let store = "certforge/c.example/truststore.p12";
    let Some(_) = judge("openssl") else { return };
    let words = format!("pkcs12 -in {store} -nokeys -passin pass:changeit");
    let held = openssl(&words.split(' ').collect::<Vec<_>>(), sandbox.path()).unwrap();
    assert!(held.contains("friendlyName: own"), "{held}");
    let root = sandbox.read("certforge/c.example/ca.pem");
    assert!(held.replace('\n', "").contains(&root.lines().nth(1).unwrap().to_owned()), "{held}");
    // One with a pass phrase of its own has to be made by who knows that.
    assert!(!sandbox.file("certforge/d.example/truststore.p12").exists());
    assert!(ran.stderr.contains("truststore.p12 was made of the CA before"), "{}", ran.stderr);
    assert!(
        ran.stderr.contains("certforge bundle d.example --to truststore --passphrase-file FILE)"),
        "{}",
        ran.stderr
    );
}

/// A locked store is opened wherever certificates are asked for.
#[test]
fn a_locked_store_is_an_anchor_or_a_chain() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --three-tier --key p256");
    std::fs::write(sandbox.file("pass"), "correct horse battery\n").unwrap();
    sandbox.ok("bundle a.example --to p12,truststore --passphrase-file pass");
    let of = |command: &str| {
        format!(
            "{command} certforge/a.example/cert.pem --trust certforge/a.example/truststore.p12 \
             --chain certforge/a.example/bundle.p12"
        )
    };
    for command in ["verify", "check"] {
        sandbox.ok(&format!("{} --passphrase-file pass", of(command)));
        let locked = sandbox.run(&of(command));
        assert!(locked.status == 3 && locked.stderr.contains("--passphrase-file"), "{}", locked.stderr);
    }
}
