//! At a terminal: what is asked, what is done with each answer, and that no pass phrase is
//! shown. `script` gives the terminal.

use std::io::{Read, Write};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::support::{CERTFORGE, Sandbox, judge, output};
use certforge::harness::{AcmSim, Settings};

/// What stood on the screen at the end, and the exit status.
struct Talk {
    screen: String,
    status: i32,
}

/// Runs the command at a terminal and answers each question when it stands there.
fn talk(sandbox: &Sandbox, args: &str, dialogue: &[(&str, &str)]) -> Option<Talk> {
    talk_with(sandbox, &[], args, dialogue)
}

/// The same, with these variables.
fn talk_with(
    sandbox: &Sandbox,
    variables: &[(&str, &str)],
    args: &str,
    dialogue: &[(&str, &str)],
) -> Option<Talk> {
    let mut command = Command::new(judge("script")?);
    sandbox.isolate(&mut command);
    command.envs(variables.iter().copied());
    command.env("SHELL", "/bin/sh").args(["-qec", &format!("{CERTFORGE} {args}"), "/dev/null"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut keyboard, mut out) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let shown = Arc::new(Mutex::new(Vec::new()));
    let screen = Arc::clone(&shown);
    let reader = std::thread::spawn(move || {
        let mut some = [0; 1024];
        while let Ok(count @ 1..) = out.read(&mut some) {
            screen.lock().unwrap().extend_from_slice(&some[..count]);
        }
    });
    let text = || String::from_utf8_lossy(&shown.lock().unwrap()).into_owned();
    let (start, mut read) = (Instant::now(), 0);
    for (question, answer) in dialogue {
        loop {
            if let Some(at) = text()[read..].find(question) {
                read += at + question.len();
                break;
            }
            assert!(start.elapsed() < Duration::from_mins(1), "{args}: no `{question}` in {}", text());
            std::thread::sleep(Duration::from_millis(10));
        }
        // The question stands there before the terminal hides what is typed.
        std::thread::sleep(Duration::from_millis(100));
        keyboard.write_all(format!("{answer}\n").as_bytes()).unwrap();
        keyboard.flush().unwrap();
    }
    while child.try_wait().unwrap().is_none() {
        assert!(start.elapsed() < Duration::from_mins(1), "{args}: it waits on: {}", text());
        std::thread::sleep(Duration::from_millis(10));
    }
    reader.join().unwrap();
    Some(Talk { screen: text(), status: child.wait().unwrap().code().unwrap_or(-1) })
}

/// Whether OpenSSL opens the key with this pass phrase.
fn opens(sandbox: &Sandbox, key: &str, phrase: &str) -> bool {
    let Some(openssl) = judge("openssl") else { return true };
    let pass = format!("pass:{phrase}");
    output(&openssl, &["pkey", "-in", key, "-passin", &pass, "-noout"], sandbox.path()).0
}

const NEW: &str = "ca new --key p256 --encrypt";
const ASKED: &str = "pass phrase of the CA default (--passphrase-file): ";

#[test]
fn a_new_pass_phrase_is_asked_for_twice_and_never_shown() {
    let sandbox = Sandbox::new();
    let dialogue =
        [("pass phrase of ", "seven blue kettles"), ("the same once more: ", "seven blue kettles")];
    let Some(talk) = talk(&sandbox, NEW, &dialogue) else { return };
    assert_eq!(talk.status, 0, "{}", talk.screen);
    assert!(!talk.screen.contains("kettles"), "{}", talk.screen);
    assert!(opens(&sandbox, "certforge/ca/default/ca.key", "seven blue kettles"));
    assert!(!opens(&sandbox, "certforge/ca/default/ca.key", "seven blue kettle"));
}

#[test]
fn two_that_differ_and_none_make_no_ca() {
    let twice = [("pass phrase of ", "seven blue kettles"), ("the same once more: ", "six blue kettles")];
    let none = [("pass phrase of ", "")];
    for (dialogue, says) in [(&twice[..], "was not the same twice"), (&none[..], "is empty")] {
        let sandbox = Sandbox::new();
        let Some(talk) = talk(&sandbox, NEW, dialogue) else { return };
        assert_eq!(talk.status, 3, "{}", talk.screen);
        assert!(talk.screen.contains(says), "{says}: {}", talk.screen);
        assert!(
            !talk.screen.contains("kettles") && !sandbox.file("certforge/ca").exists(),
            "{}",
            talk.screen
        );
    }
}

#[test]
fn a_key_that_is_locked_asks_whoever_uses_it() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("phrase"), "seven blue kettles\n").unwrap();
    sandbox.ok(&format!("{NEW} --passphrase-file phrase"));
    let args = "leaf a.internal --key p256";
    let before = sandbox.snapshot();
    for (answer, says) in
        [("six blue kettles", "the pass phrase of the CA default is wrong"), ("", "is needed")]
    {
        let Some(talk) = talk(&sandbox, args, &[(ASKED, answer)]) else { return };
        assert_eq!(talk.status, 3, "{}", talk.screen);
        assert!(talk.screen.contains(says), "{says}: {}", talk.screen);
        assert_eq!(sandbox.snapshot(), before);
    }
    let talk = talk(&sandbox, args, &[(ASKED, "seven blue kettles")]).unwrap();
    assert_eq!(talk.status, 0, "{}", talk.screen);
    assert!(sandbox.file("certforge/a.internal/cert.pem").exists());
    assert!(!talk.screen.contains("kettles"), "{}", talk.screen);
}

#[test]
fn a_pass_phrase_is_changed_and_taken_off() {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("phrase"), "seven blue kettles\n").unwrap();
    sandbox.ok(&format!("{NEW} --passphrase-file phrase"));
    let key = "certforge/ca/default/ca.key";
    let dialogue = [
        (ASKED, "seven blue kettles"),
        ("pass phrase of ", "eight red pans"),
        ("the same once more: ", "eight red pans"),
    ];
    let Some(changed) = talk(&sandbox, "ca rekey-passphrase", &dialogue) else { return };
    assert_eq!(changed.status, 0, "{}", changed.screen);
    assert!(opens(&sandbox, key, "eight red pans") && !opens(&sandbox, key, "seven blue kettles"));
    let opened = talk(&sandbox, "ca rekey-passphrase --decrypt", &[(ASKED, "eight red pans")]).unwrap();
    assert_eq!(opened.status, 0, "{}", opened.screen);
    assert!(sandbox.read(key).starts_with("-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn up_asks_for_the_name_alone() {
    let question = "domain name or IP address (certforge up NAME): ";
    let sandbox = Sandbox::new();
    let Some(made) = talk(&sandbox, "up --key p256", &[(question, " a.internal ")]) else { return };
    assert_eq!(made.status, 0, "{}", made.screen);
    assert!(sandbox.file("certforge/a.internal/cert.pem").exists());
    for (answer, status) in [("", 2), ("a_b", 3)] {
        let sandbox = Sandbox::new();
        let talk = talk(&sandbox, "up --key p256", &[(question, answer)]).unwrap();
        assert_eq!(talk.status, status, "{answer:?}: {}", talk.screen);
        assert_eq!(sandbox.snapshot(), Vec::<String>::new(), "{answer:?}");
    }
    // Several names in one line are one leaf.
    let sandbox = Sandbox::new();
    let talk = talk(&sandbox, "up --key p256", &[(question, "10.0.0.1 b.internal")]).unwrap();
    assert_eq!(talk.status, 0, "{}", talk.screen);
    assert!(sandbox.ok("check certforge/10.0.0.1/cert.pem").stderr.contains("b.internal"));
}

#[test]
fn keys_are_not_written_to_a_screen() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    std::fs::write(sandbox.file("names"), "a.internal\n").unwrap();
    let Some(talk) = talk(&sandbox, "leaf --batch names --key p256 --output - --form pem", &[]) else {
        return;
    };
    assert_eq!(talk.status, 2, "{}", talk.screen);
    assert!(talk.screen.contains("private keys are not written to a terminal"), "{}", talk.screen);
    assert!(!talk.screen.contains("PRIVATE KEY-----"), "{}", talk.screen);
}

/// An integration that goes over the internet: skipping verification lets anybody in between.
const OPEN: &str = r#"{
  "swagger": "2.0",
  "info": {"version": "1", "title": "open"},
  "paths": {
    "/": {
      "get": {
        "x-amazon-apigateway-integration": {
          "type": "http_proxy", "httpMethod": "GET", "uri": "https://backend.example.com/"
        }
      }
    }
  }
}
"#;

#[test]
fn what_opens_a_way_in_is_asked_for() {
    let args = "apigw patch api.json --set insecureSkipVerification=true";
    let question = "Set it nevertheless (--yes)? [y/N] ";
    for (answer, agreed) in
        [("", false), ("n", false), ("nay", false), ("yes please", false), ("y", true), ("YES", true)]
    {
        let sandbox = Sandbox::new();
        std::fs::write(sandbox.file("api.json"), OPEN).unwrap();
        let Some(talk) = talk(&sandbox, args, &[(question, answer)]) else { return };
        let changed = sandbox.read("api.json").contains("insecureSkipVerification");
        assert_eq!((changed, talk.status == 0), (agreed, agreed), "{answer:?}: {}", talk.screen);
        if !agreed {
            assert_eq!(talk.status, 2, "{}", talk.screen);
            assert!(talk.screen.contains("nothing was changed"), "{}", talk.screen);
        }
    }
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("api.json"), OPEN).unwrap();
    let told = talk(&sandbox, &format!("{args} --yes"), &[]).unwrap();
    assert!(told.status == 0 && !told.screen.contains("[y/N]"), "{}", told.screen);
}

#[test]
fn a_list_of_acm_has_columns_at_a_terminal() {
    let sandbox = Sandbox::new();
    let sim = AcmSim::start(Settings::default()).unwrap();
    let url = sim.url();
    let variables = [
        ("AWS_ENDPOINT_URL", url.as_str()),
        ("AWS_REGION", "eu-west-1"),
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", "not-a-secret"),
    ];
    let Some(made) = talk_with(&sandbox, &variables, "up a.internal --key p256 --import-acm", &[]) else {
        return;
    };
    assert_eq!(made.status, 0, "{}", made.screen);
    sandbox.ok("leaf 10.0.0.1 --key rsa2048");
    let imported = talk_with(&sandbox, &variables, "import-acm 10.0.0.1", &[]).unwrap();
    assert_eq!(imported.status, 0, "{}", imported.screen);
    let listed = talk_with(&sandbox, &variables, "acm list -q", &[]).unwrap();
    assert_eq!(listed.status, 0, "{}", listed.screen);
    let lines: Vec<&str> = listed.screen.lines().filter(|line| !line.trim().is_empty()).collect();
    assert_eq!(lines.len(), 3, "{}", listed.screen);
    assert!(lines[0].starts_with("ARN ") && lines[0].ends_with("NAMES"), "{}", lines[0]);
    for (heading, values) in [
        ("TYPE", ["IMPORTED", "IMPORTED"]),
        ("STATUS", ["ISSUED", "ISSUED"]),
        ("KEY", ["EC_prime256v1", "RSA_2048"]),
        ("USE", ["not used", "not used"]),
        ("NAMES", ["a.internal", "-"]),
    ] {
        // Each value begins below its heading, whatever the order of the lines.
        let column = lines[0].find(heading).unwrap();
        let mut found: Vec<&str> = lines[1..].iter().map(|line| &line[column..]).collect();
        found.sort_by_key(|text| !text.starts_with(values[0]));
        assert!(
            found.iter().zip(values).all(|(text, value)| text.starts_with(value)),
            "{heading}: {found:?}"
        );
    }
}
