//! Where keys and pass phrases must not be: in memory at the end, in what is printed, in
//! arguments, in variables.

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::PrivateKey;
use support::{CERTFORGE, Sandbox, judge};

/// The numbers of a key that nobody else may know, as they may stand in memory.
fn secrets(sandbox: &Sandbox, key: &str) -> Vec<(&'static str, Vec<u8>)> {
    let pem = sandbox.read(key);
    let body: Vec<&str> = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let mut found = vec![("PEM", body.get(1).unwrap_or(&body[0]).as_bytes().to_vec())];
    let text = support::openssl(&["pkey", "-in", key, "-noout", "-text"], sandbox.path()).unwrap();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        if !["priv:", "privateExponent:", "prime1:", "prime2:"].contains(&line.trim()) {
            continue;
        }
        let mut number = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with(' ')) {
            let digits = line.trim().trim_end_matches(':').split(':');
            number.extend(digits.map(|b| u8::from_str_radix(b, 16).unwrap()));
        }
        let number: Vec<u8> = number.into_iter().skip_while(|b| *b == 0).collect();
        let backwards: Vec<u8> = number.iter().rev().copied().collect();
        // A number that begins with a zero octet is shorter than its field.
        for octets in [number, backwards] {
            found.push(("number", octets.into_iter().take(32).collect()));
        }
    }
    assert!(found.len() >= 3, "{text}");
    found
}

/// Which of the secrets stand in memory, once for each time. Without optimisation, so it
/// passes over all that begins otherwise than any of them.
fn found_in(memory: &[u8], secrets: &[(&'static str, Vec<u8>)]) -> Vec<&'static str> {
    let mut begins = vec![false; 1 << 16];
    for (_, secret) in secrets {
        begins[usize::from(u16::from_be_bytes([secret[0], secret[1]]))] = true;
    }
    let mut found = Vec::new();
    let mut last = 0_usize;
    for (at, b) in memory.iter().enumerate() {
        last = (last << 8 | usize::from(*b)) & 0xffff;
        if begins[last] && at > 0 {
            let here = &memory[at - 1..];
            found.extend(secrets.iter().filter(|(_, s)| here.starts_with(s)).map(|(what, _)| what));
        }
    }
    found
}

/// The command without its symbols, which the debugger would read each time.
fn stripped(sandbox: &Sandbox) -> Option<PathBuf> {
    let path = sandbox.file("stripped");
    let done = Command::new(judge("strip")?).args(["-o", path.to_str()?, CERTFORGE]).status();
    assert!(done.unwrap().success());
    Some(path)
}

/// Runs a command, stops it at its end, and gives all its memory.
fn memory_at_the_end(sandbox: &Sandbox, program: &Path, args: &str) -> Option<Vec<u8>> {
    let gdb = judge("gdb")?;
    let mut command = Command::new(gdb);
    sandbox.isolate(&mut command);
    // A second arena would be 64 MiB to look through.
    command.env("MALLOC_ARENA_MAX", "1");
    for (name, value) in [("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"), ("AWS_SECRET_ACCESS_KEY", "not-a-secret")] {
        command.env(name, value);
    }
    command.args(["-q", "-batch", "-iex", "set debuginfod enabled off", "-iex", "set auto-load off"]);
    for step in ["catch syscall exit_group", "run", "generate-core-file core", "kill"] {
        command.args(["-ex", step]);
    }
    let output = command.arg("--args").arg(program).args(args.split(' ')).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let memory = std::fs::read(sandbox.file("core"));
    std::fs::remove_file(sandbox.file("core")).ok();
    Some(memory.unwrap_or_else(|e| panic!("{args}: {e}: {text}")))
}

/// A store with what commands need, and a simulator in ACM's place.
fn prepared() -> (Sandbox, support::Server) {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("phrase"), "blue 7731 kettle\n").unwrap();
    std::fs::write(sandbox.file("names"), "one.internal\ntwo.internal\n").unwrap();
    std::fs::write(sandbox.file("m.toml"), "[leaf.\"m.internal\"]\nkey = \"p256\"\n").unwrap();
    let acm = support::Server::start(|port| {
        let mut command = Command::new(CERTFORGE);
        command.args(["acm-sim", "--listen", &format!("127.0.0.1:{port}")]);
        command
    });
    sandbox.ok("ca new --key p256");
    sandbox.ok("up z.internal --key p256");
    sandbox.ok("ca new locked --key p256 --encrypt --passphrase-file phrase");
    sandbox.ok("ca new open --key p256");
    (sandbox, acm)
}

/// Runs each command and looks through its memory at its end for the key that it handled.
fn look_through(sandbox: &Sandbox, program: &Path, commands: &[(&str, &str)]) {
    for (key, args) in commands {
        let Some(memory) = memory_at_the_end(sandbox, program, args) else { return };
        assert!(memory.len() > 1 << 16, "{args}: {} octets of memory", memory.len());
        let found = found_in(&memory, &secrets(sandbox, key));
        assert!(found.is_empty(), "{args}: the key is in memory: {found:?}");
    }
}

#[test]
fn no_command_that_makes_a_key_ends_with_it_in_memory() {
    if judge("gdb").is_none() || judge("openssl").is_none() {
        return;
    }
    let (sandbox, _acm) = prepared();
    let Some(program) = stripped(&sandbox) else { return };
    look_through(
        &sandbox,
        &program,
        &[
            ("certforge/ca/new/ca.key", "ca new new --key p256"),
            ("certforge/a.internal/key.pem", "leaf a.internal --key p256"),
            ("certforge/b.internal/key.pem", "leaf b.internal --key p384"),
            ("certforge/c.internal/key.pem", "leaf c.internal --key ed25519"),
            ("certforge/d.internal/key.pem", "leaf d.internal --key rsa2048"),
            ("certforge/e.internal/key.pem", "leaf e.internal --self-signed --key p256"),
            ("certforge/one.internal/key.pem", "leaf --batch names --key p256"),
            ("certforge/u.internal/key.pem", "up u.internal --key p256"),
            ("certforge/z.internal/key.pem", "up z.internal --key p256"),
            ("certforge/m.internal/key.pem", "apply -f m.toml"),
            ("certforge/csr/q.internal/key.pem", "csr q.internal --key p256"),
            ("certforge/z.internal/key.pem", "renew z.internal"),
            ("certforge/z.internal/key.pem", "renew z.internal --rekey"),
        ],
    );
}

#[test]
fn no_command_that_uses_a_key_ends_with_it_in_memory() {
    if judge("gdb").is_none() || judge("openssl").is_none() {
        return;
    }
    let (sandbox, acm) = prepared();
    let Some(program) = stripped(&sandbox) else { return };
    sandbox.ok("leaf d.internal --key rsa2048");
    sandbox.ok("csr q.internal --key p256");
    let import = format!("import-acm z.internal --region eu-west-1 --endpoint-url {}", acm.url());
    let ca = "certforge/ca/default/ca.key";
    look_through(
        &sandbox,
        &program,
        &[
            ("certforge/z.internal/key.pem", "bundle z.internal --to combined"),
            ("certforge/z.internal/key.pem", "bundle z.internal --to k8s-secret"),
            ("certforge/z.internal/key.pem", "bundle z.internal --to p12 --passphrase-file phrase"),
            (
                "certforge/z.internal/key.pem",
                "bundle z.internal --to combined --key-format sec1 --output c.pem",
            ),
            ("certforge/d.internal/key.pem", "bundle d.internal --to combined"),
            ("certforge/z.internal/key.pem", "check certforge/z.internal"),
            ("certforge/d.internal/key.pem", "check certforge/d.internal"),
            ("certforge/z.internal/key.pem", "check certforge"),
            ("certforge/z.internal/key.pem", "status"),
            ("certforge/z.internal/key.pem", &import),
            (ca, "leaf y.internal --key p256"),
            (ca, "sign certforge/csr/q.internal/request.pem"),
            (ca, "revoke y.internal"),
            (ca, "crl"),
            (ca, "ca renew"),
            (ca, "ca show"),
            (ca, "ca adopt certforge/ca/default adopted"),
            ("certforge/ca/open/ca.key", "ca rekey-passphrase open --decrypt"),
        ],
    );
    // The pass phrase, and the key that it opens.
    let open = sandbox.file("open.pem");
    let locked = sandbox.read("certforge/ca/locked/ca.key");
    let body: String = locked.lines().filter(|line| !line.starts_with('-')).collect();
    let key = PrivateKey::from_encrypted_der(&STANDARD.decode(body).unwrap(), "blue 7731 kettle").unwrap();
    std::fs::write(open, key.secret_pem().unwrap().as_bytes()).unwrap();
    let args = "leaf x.internal --key p256 --ca locked --passphrase-file phrase";
    let Some(memory) = memory_at_the_end(&sandbox, &program, args) else { return };
    let mut wanted = secrets(&sandbox, "open.pem");
    wanted.push(("pass phrase", b"blue 7731 kettle".to_vec()));
    let found = found_in(&memory, &wanted);
    assert!(found.is_empty(), "{args}: {found:?} in memory");
}

#[test]
fn a_key_that_stays_in_memory_would_be_found() {
    // The test above can fail: a program that keeps the file's text is caught.
    let Some(python) = judge("python3") else { return };
    let Some(gdb) = judge("gdb") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("up z.internal --key p256");
    let mut command = Command::new(gdb);
    sandbox.isolate(&mut command);
    command.args(["-q", "-batch", "-iex", "set debuginfod enabled off"]);
    for step in ["catch syscall exit_group", "run", "generate-core-file core", "kill"] {
        command.args(["-ex", step]);
    }
    let program = "kept = open('certforge/z.internal/key.pem').read(); import os; os._exit(0)";
    command.arg("--args").arg(python).args(["-c", program]).output().unwrap();
    let memory = std::fs::read(sandbox.file("core")).unwrap();
    assert!(found_in(&memory, &secrets(&sandbox, "certforge/z.internal/key.pem")).contains(&"PEM"));
}

#[test]
fn no_program_that_is_started_gets_a_secret_as_argument_or_variable() {
    let Some(strace) = judge("strace") else { return };
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("phrase"), "blue 7731 kettle\n").unwrap();
    sandbox.ok("ca new --key p256 --encrypt --passphrase-file phrase");
    let traced = |args: &[&str], config: &std::path::Path| {
        let mut command = Command::new(&strace);
        sandbox.isolate(&mut command);
        command.args(["-f", "-v", "-s", "100000", "-e", "trace=execve", "-o", "log", CERTFORGE]);
        let ran = support::ran(command.args(args).env("AWS_CONFIG_FILE", config).output().unwrap());
        (ran, sandbox.read("log"))
    };
    let check = |text: &str, key: &str| {
        let inside = key.lines().filter(|line| !line.starts_with('-'));
        assert!(inside.clone().count() > 1, "{key}");
        assert!(inside.clone().all(|line| !text.contains(line)) && !text.contains("blue 7731 kettle"));
    };
    let config = sandbox.file("config");
    let (ran, log) = traced(&["run", "--", "sh", "-c", "cp $CERTFORGE_KEY_FILE kept; env"], &config);
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    assert!(log.matches("execve(").count() >= 3 && log.contains("CERTFORGE_"), "{log}");
    for text in [&log, &ran.stdout] {
        check(text, &sandbox.read("kept"));
    }
    // Whoever is asked for credentials is started while the pass phrase and the leaf's key are at hand.
    let credentials = r#"{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"x"}"#;
    std::fs::write(sandbox.file("credentials.json"), credentials).unwrap();
    let file = sandbox.file("credentials.json");
    let profile =
        format!("[profile asked]\nregion = eu-west-1\ncredential_process = cat {}\n", file.display());
    std::fs::write(&config, profile).unwrap();
    let up = "up a.example --key p256 --passphrase-file phrase --import-acm --profile asked --endpoint-url http://127.0.0.1:9";
    let (ran, log) = traced(&up.split(' ').collect::<Vec<_>>(), &config);
    assert!(log.contains("credentials.json"), "{} {log}", ran.stderr);
    for text in [&log, &ran.stdout, &ran.stderr] {
        check(text, &sandbox.read("certforge/a.example/key.pem"));
    }
}
