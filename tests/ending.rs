//! What ends the command from outside: limits, signals, a reader that goes away. And what
//! other programs can see of it meanwhile.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use support::{CERTFORGE, Sandbox, judge};

#[test]
fn a_file_size_limit_is_told_and_leaves_nothing() {
    // The kernel sends SIGXFSZ, which ends a program that does not see to it.
    let Some(prlimit) = judge("prlimit") else { return };
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let before = sandbox.snapshot();
    for args in ["up a.example --key p256", "leaf a.example --key p256", "ca renew", "crl", "fixtures f"] {
        let mut command = Command::new(&prlimit);
        sandbox.isolate(&mut command);
        command.args(["--fsize=100", CERTFORGE]).args(args.split(' '));
        let ran = support::ran(command.output().unwrap());
        assert_eq!((ran.status, ran.stdout.as_str()), (4, ""), "{args}: {}", ran.stderr);
        assert!(ran.stderr.contains("File too large"), "{args}: {}", ran.stderr);
        let after = sandbox.snapshot();
        let new: Vec<_> =
            after.iter().filter(|line| !before.contains(line) && !line.contains(".lock")).collect();
        assert!(new.is_empty(), "{args}: {new:?}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let sandbox = Sandbox::new();
    sandbox.ok("up a.example --key p256");
    for args in [
        "list",
        "--json list",
        "check certforge/a.example/cert.pem",
        "check certforge/a.example/cert.pem --text",
        "template list",
        "man",
        "completions bash",
        "--help",
        "explain --list",
        "up b.example --key p256",
    ] {
        let script = format!("{CERTFORGE} {args} 2>stderr | head -c 1 >/dev/null; echo ${{PIPESTATUS[0]}}");
        let mut command = Command::new("bash");
        sandbox.isolate(&mut command);
        let ran = support::ran(command.args(["-c", &script]).output().unwrap());
        let stderr = sandbox.read("stderr");
        assert!(!stderr.contains("panicked") && !stderr.contains("RUST_BACKTRACE"), "{args}: {stderr}");
        let status: i32 = ran.stdout.trim().parse().unwrap();
        assert!((0..=4).contains(&status), "{args}: {status} {stderr}");
    }
    assert!(sandbox.file("certforge/b.example/cert.pem").exists());
}

#[test]
fn a_signal_at_any_moment_leaves_no_half() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    let whole = sandbox.run("up a.example --key rsa2048");
    assert_eq!(whole.status, 0, "{}", whole.stderr);
    let mut ended = 0;
    for (n, signal) in ["INT", "TERM", "HUP", "QUIT", "USR1", "XCPU"].into_iter().cycle().take(60).enumerate()
    {
        let mut command = sandbox.command(["leaf", "a.example", "--key", "p256", "--force"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_micros(u64::try_from(n * 700).unwrap()));
        let _ = Command::new("kill").args(["-s", signal, &child.id().to_string()]).status();
        let mut stderr = String::new();
        child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
        let status = child.wait().unwrap();
        assert!(status.success() || status.signal().is_some(), "{status} {stderr}");
        if status.signal().is_some() {
            ended += 1;
            assert!(!stderr.contains("error:"), "what was removed is not worth telling: {stderr}");
        }
        // It may have been ended before it watched; then nothing was in the making.
        let workshop = sandbox.file("certforge/.tmp");
        assert_eq!(std::fs::read_dir(workshop).map_or(0, Iterator::count), 0, "after {n}, {signal}");
        let leaf =
            sandbox.run("verify certforge/a.example/fullchain.pem --trust certforge/ca/default/ca.pem");
        assert_eq!(leaf.status, 0, "{}", leaf.stderr);
    }
    assert!(ended > 5, "{ended} of 60 were ended");
}

#[test]
fn what_is_ignored_stays_ignored() {
    let sandbox = Sandbox::new();
    // As under nohup.
    let script = format!("trap '' HUP; exec {CERTFORGE} acm-sim");
    let mut command = Command::new("sh");
    sandbox.isolate(&mut command);
    let mut child = command.args(["-c", &script]).stdout(Stdio::piped()).spawn().unwrap();
    wait_for_line(&mut child);
    let send = |signal: &str, id: u32| {
        assert!(Command::new("kill").args(["-s", signal, &id.to_string()]).status().unwrap().success());
    };
    send("HUP", child.id());
    std::thread::sleep(Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it ended by what it was to ignore");
    send("TERM", child.id());
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

fn wait_for_line(child: &mut std::process::Child) {
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert!(line.starts_with("http"), "{line:?}");
}

#[test]
fn a_terminal_shows_again_what_is_typed() {
    // `script` gives a terminal; the shell in it says how that is after the end.
    let Some(script) = judge("script") else { return };
    let asked = format!("{CERTFORGE} ca new --key p256 --encrypt </dev/tty");
    let terminated = format!(
        "{asked} & P=$!; sleep 0.7; stty -a >during </dev/tty; kill -TERM $P; wait $P; \
         echo $? >status; stty -a >after </dev/tty"
    );
    // What started the tests may have it ignored, and it would stay so.
    let interrupted = format!("env --default-signal=INT {asked}; echo $? >status; stty -a >after </dev/tty");
    for (line, typed, status) in [(terminated, None, "143"), (interrupted, Some(b"abc\x03"), "130")] {
        let sandbox = Sandbox::new();
        let mut command = Command::new(&script);
        sandbox.isolate(&mut command);
        command.env("SHELL", "/bin/bash").args(["-qec", &line, "/dev/null"]).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut terminal = child.stdin.take().unwrap();
        if let Some(typed) = typed {
            std::thread::sleep(Duration::from_millis(700));
            terminal.write_all(typed).unwrap();
            terminal.flush().unwrap();
        }
        let start = Instant::now();
        while child.try_wait().unwrap().is_none() {
            assert!(start.elapsed() < Duration::from_secs(20), "{line}: it hangs");
            std::thread::sleep(Duration::from_millis(20));
        }
        if typed.is_none() {
            let during = sandbox.read("during");
            assert!(during.contains("-echo "), "it asked for no pass phrase: {during}");
        }
        let after = sandbox.read("after");
        assert!(!after.contains("-echo ") && after.contains(" echo "), "{line}: {after}");
        assert_eq!(sandbox.read("status").trim(), status, "{line}");
        assert!(!sandbox.file("certforge/ca").exists());
    }
}

#[test]
fn other_programs_cannot_look_into_its_memory() {
    let is_root = std::env::var_os("USER").is_some_and(|user| user == "root") || uid() == 0;
    let sandbox = Sandbox::new();
    let program = sandbox.file("certforge-copy");
    std::fs::copy(CERTFORGE, &program).unwrap();
    make_open(sandbox.path());
    // Root may look at everything, so it is an ordinary user who must not.
    let script = "ulimit -c unlimited; ./certforge-copy acm-sim > url & P=$!; \
                  while ! [ -s url ]; do sleep 0.02; done; \
                  cat /proc/$P/limits > limits; \
                  if cat /proc/$P/environ > environ 2>/dev/null; then echo readable; else echo private; fi; \
                  kill -ABRT $P; wait $P; ls";
    let mut command = if is_root {
        let Some(setpriv) = judge("setpriv") else { return };
        let mut command = Command::new(setpriv);
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", script]);
        command
    } else {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    };
    let output = command.current_dir(sandbox.path()).stderr(Stdio::null()).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.contains("private"), "{text}");
    assert!(!text.contains("core"), "a core file: {text}");
    let limits = sandbox.read("limits");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap_or_default();
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
}

fn uid() -> u32 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").map_or(1, |m| m.uid())
}

fn make_open(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
}
