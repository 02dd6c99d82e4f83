//! `certforge run` and `certforge serve`: real clients in a program's own surroundings, real
//! clients against a server with something wrong; and nothing is left behind.

mod support;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use support::{CERTFORGE, Ran, Sandbox, judge, ran};

/// A server in Python with the files of its surroundings; the client that is named, with the
/// URL as its last argument.
const SERVE_AND_ASK: &str = r#"
import http.server, os, ssl, subprocess, sys, threading
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(os.environ["CERTFORGE_FULLCHAIN_FILE"], os.environ["CERTFORGE_KEY_FILE"])
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("Content-Length", "5"); self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *args): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"https://localhost:{server.server_port}/"
sys.exit(subprocess.run(sys.argv[1:] + [url]).returncode)
"#;

const JAVA: &str = r"
public class Ask {
    public static void main(String[] args) throws Exception {
        var connection = new java.net.URL(args[0]).openConnection();
        System.out.print(new String(connection.getInputStream().readAllBytes()));
    }
}
";

const GO: &str = r#"
package main
import ("fmt"; "io"; "net/http"; "os")
func main() {
    answer, err := http.Get(os.Args[1])
    if err != nil { fmt.Fprintln(os.Stderr, err); os.Exit(1) }
    text, _ := io.ReadAll(answer.Body)
    fmt.Print(string(text))
}
"#;

/// Every client believes the CA that the program was given, by its own means.
#[test]
fn every_client_believes_what_the_program_was_given() {
    if ["python3", "curl", "node", "java", "go"].iter().any(|program| judge(program).is_none()) {
        return;
    }
    let sandbox = Sandbox::new();
    for (file, text) in [("ask.py", SERVE_AND_ASK), ("Ask.java", JAVA), ("ask.go", GO)] {
        std::fs::write(sandbox.file(file), text).unwrap();
    }
    let python =
        "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1]).read().decode(), end='')";
    let node = "fetch(process.argv[1]).then(a => a.text()).then(t => process.stdout.write(t))";
    for client in [
        vec!["curl", "-sS", "--noproxy", "*"],
        vec!["/usr/bin/python3", "-c", python],
        vec!["node", "-e", node, "--"],
        vec!["java", "Ask.java"],
        vec!["go", "run", "ask.go"],
    ] {
        for flags in [vec!["run", "--"], vec!["run", "--no-system", "--"]] {
            let mut command = sandbox.command(flags);
            command.args(["/usr/bin/python3", "ask.py"]).args(&client);
            command.env("GOCACHE", sandbox.file("go-cache")).env("GO111MODULE", "off");
            let ran = ran(command.output().unwrap());
            assert_eq!((ran.status, ran.stdout.as_str()), (0, "hello"), "{client:?}: {}", ran.stderr);
        }
    }
    // Without it nobody does.
    let mut command =
        sandbox.command(["run", "--", "/usr/bin/python3", "ask.py", "env", "-u", "CURL_CA_BUNDLE"]);
    command.args(["-u", "SSL_CERT_FILE", "curl", "-sS", "--noproxy", "*"]);
    let bare = ran(command.output().unwrap());
    assert!(bare.status != 0 && bare.stderr.contains("certificate"), "{}", bare.stderr);
}

#[test]
fn its_exit_status_is_the_program_s_and_nothing_is_left() {
    let sandbox = Sandbox::new();
    let script = "ls -ld $(dirname $CERTFORGE_KEY_FILE) $CERTFORGE_KEY_FILE; exit 7";
    let ran = sandbox.run_args(&["run", "--", "sh", "-c", script]);
    assert_eq!(ran.status, 7, "{}", ran.stderr);
    let lines: Vec<&str> = ran.stdout.lines().collect();
    assert!(lines[0].starts_with("drwx------") && lines[1].starts_with("-rw-------"), "{}", ran.stdout);
    let folder = lines[0].rsplit(' ').next().unwrap();
    assert!(folder.starts_with('/') && !Path::new(folder).exists(), "{folder}");

    assert_eq!(sandbox.run_args(&["run", "sh", "-c", "kill -KILL $$"]).status, 137);
    let named = sandbox.run_args(&["run", "--name", "db.test", "--", "sh", "-c", "cat $CERTFORGE_CERT_FILE"]);
    let leaf = certforge::Certificate::from_pem(named.stdout.as_bytes()).unwrap();
    assert_eq!(leaf.dns_names_as_written(), ["db.test"]);
    let options = sandbox
        .command(["run", "--", "sh", "-c", "echo $JAVA_TOOL_OPTIONS"])
        .env("JAVA_TOOL_OPTIONS", "-Xmx1g")
        .output()
        .unwrap();
    assert!(String::from_utf8_lossy(&options.stdout).starts_with("-Xmx1g -Djavax.net.ssl.trustStore=\"/"));
    let missing = sandbox.run_args(&["run", "--", "no-such-program"]);
    // As shells, env and timeout say it.
    assert_eq!(missing.status, 127, "{}", missing.stderr);
    assert!(missing.stderr.contains("no-such-program"), "{}", missing.stderr);
    std::fs::write(sandbox.file("no-program"), "").unwrap();
    let refused = sandbox.run_args(&["run", "--", "./no-program"]);
    assert_eq!(refused.status, 126, "{}", refused.stderr);
    assert_eq!(sandbox.run("run").status, 2);
    assert_eq!(sandbox.run("run --name https://x/ -- true").status, 3);
}

/// A command that runs, and the first line it wrote.
fn start(command: &mut Command) -> (Child, String) {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (child, line.trim().to_owned())
}

fn signal(child: &Child, signal: &str) {
    assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
}

#[test]
fn a_signal_ends_the_program_first_and_the_files_then() {
    let sandbox = Sandbox::new();
    let script = "trap 'exit 9' TERM; echo $CERTFORGE_KEY_FILE; while :; do sleep 0.1; done";
    let (mut child, key) = start(&mut sandbox.command(["run", "--", "sh", "-c", script]));
    assert!(Path::new(&key).exists(), "{key}");
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(9));
    assert!(!Path::new(&key).exists());
    // Without a terminal, which would have sent it to both, it is passed on too.
    let script = "trap 'exit 8' INT; echo $CERTFORGE_KEY_FILE; while :; do sleep 0.1; done";
    // The tests may have been started to ignore it.
    let mut command = Command::new("env");
    sandbox.isolate(&mut command);
    command.args(["--default-signal=INT", CERTFORGE, "run", "--", "sh", "-c", script]);
    let (mut child, key) = start(&mut command);
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(8));
    assert!(!Path::new(&key).exists());
}

#[test]
fn pem_may_stand_in_what_another_program_is_given() {
    let sandbox = Sandbox::new();
    let pem = "-----BEGIN CERTIFICATE-----";
    for args in [
        &["run", "--", "echo", pem][..],
        &["-q", "run", "--", "echo", pem],
        &["--dir", "x", "-q", "run", "--", "echo", pem],
    ] {
        assert_eq!(sandbox.run_args(args).status, 0, "{args:?}");
    }
    assert_eq!(sandbox.run_args(&["-q", "leaf", pem]).status, 2);
}

/// What the program's surroundings say, variable by variable.
fn surroundings(sandbox: &Sandbox, flags: &[&str], variables: &[(&str, &str)]) -> BTreeMap<String, String> {
    let mut command = sandbox.command([&["run"], flags, &["--", "env", "-0"]].concat());
    let ran = ran(command.envs(variables.iter().copied()).output().unwrap());
    assert_eq!(ran.status, 0, "{}", ran.stderr);
    let pairs = ran.stdout.split('\0').filter_map(|line| line.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

#[test]
fn every_variable_names_a_file_with_the_new_ca() {
    let sandbox = Sandbox::new();
    let files = "SSL_CERT_FILE CURL_CA_BUNDLE REQUESTS_CA_BUNDLE AWS_CA_BUNDLE GIT_SSL_CAINFO \
                 CARGO_HTTP_CAINFO GRPC_DEFAULT_SSL_ROOTS_FILE_PATH NODE_EXTRA_CA_CERTS DENO_CERT \
                 CERTFORGE_CA_FILE";
    // Each of them holds the CA that the leaf is of, while the program runs.
    let script = format!(
        "for name in {files}; do eval path=\\$$name; openssl verify -CAfile $path -no-CApath $CERTFORGE_CERT_FILE >/dev/null && echo $name; done"
    );
    if judge("openssl").is_none() || judge("keytool").is_none() {
        return;
    }
    for flags in [&["run", "--"][..], &["run", "--no-system", "--"]] {
        let told = ran(sandbox.command([flags, &["sh", "-c", &script]].concat()).output().unwrap());
        let named: Vec<&str> = told.stdout.lines().collect();
        assert_eq!(named, files.split_whitespace().collect::<Vec<_>>(), "{}", told.stderr);
    }
    let store = "keytool -list -storetype PKCS12 -keystore $CERTFORGE_TRUSTSTORE_FILE -storepass changeit";
    let listed = ran(sandbox.command(["run", "--", "sh", "-c", store]).output().unwrap());
    assert!(listed.status == 0 && listed.stdout.contains("trustedCertEntry"), "{}", listed.stdout);

    let alone = surroundings(&sandbox, &["--no-system"], &[]);
    let folder = Path::new(&alone["SSL_CERT_FILE"]).parent().unwrap();
    assert_eq!(Path::new(&alone["SSL_CERT_DIR"]), folder, "no folder of the system is looked into");
    assert!(!surroundings(&sandbox, &[], &[]).contains_key("SSL_CERT_DIR"));
}

#[test]
fn what_the_user_believes_besides_is_believed_too() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new corp --key p256");
    let corp = sandbox.read("certforge/ca/corp/ca.pem");
    let script = "cat $NODE_EXTRA_CA_CERTS; echo; cat $DENO_CERT";
    let asked = |flags: &[&str], file: &str| {
        let mut command = sandbox.command([&["run"], flags, &["--", "sh", "-c", script]].concat());
        command.env("NODE_EXTRA_CA_CERTS", file).env("DENO_CERT", file);
        let ran = ran(command.output().unwrap());
        assert_eq!(ran.status, 0, "{}", ran.stderr);
        (ran.stdout.matches(corp.as_str()).count(), ran.stdout.matches("-----BEGIN CERTIFICATE-----").count())
    };
    assert_eq!(asked(&[], "certforge/ca/corp/ca.pem"), (2, 4));
    assert_eq!(asked(&["--no-system"], "certforge/ca/corp/ca.pem"), (0, 2));
    // Node and Deno pass over what is not there as well.
    assert_eq!(asked(&[], "nosuch.pem"), (0, 2));
}

#[test]
fn a_folder_with_blanks_breaks_no_jvm() {
    if judge("java").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    for folder in ["two words", "it's"] {
        std::fs::create_dir(sandbox.file(folder)).unwrap();
        let mut command = sandbox.command(["run", "--", "java", "-version"]);
        let ran = ran(command.env("TMPDIR", sandbox.file(folder)).output().unwrap());
        assert_eq!(ran.status, 0, "{folder}: {}", ran.stderr);
        assert!(ran.stderr.contains("openjdk version"), "{folder}: {}", ran.stderr);
        assert_eq!(std::fs::read_dir(sandbox.file(folder)).unwrap().count(), 0);
    }
}

#[test]
fn signals_reach_the_program_or_wait_and_the_files_go() {
    let sandbox = Sandbox::new();
    let script = "trap 'exit 8' HUP; echo $CERTFORGE_KEY_FILE; while :; do sleep 0.1; done";
    // The tests may have been started to ignore it.
    let run = |script: &str| {
        let mut command = Command::new("env");
        sandbox.isolate(&mut command);
        command.args(["--default-signal=HUP,QUIT", CERTFORGE, "run", "--", "sh", "-c", script]);
        command
    };
    let (mut child, key) = start(&mut run(script));
    signal(&child, "-HUP");
    assert_eq!(child.wait().unwrap().code(), Some(8));
    assert!(!Path::new(&key).exists());
    // Ctrl-\ goes to the program from a terminal; without one this command passes it on.
    let (mut child, key) =
        start(&mut run("trap 'exit 5' QUIT; echo $CERTFORGE_KEY_FILE; while :; do sleep 0.1; done"));
    signal(&child, "-QUIT");
    assert_eq!(child.wait().unwrap().code(), Some(5));
    assert!(!Path::new(&key).exists());
}

/// Where a signal comes before the program runs, nothing of a key is there yet.
#[test]
fn a_signal_before_the_program_leaves_nothing() {
    let sandbox = Sandbox::new();
    assert!(Command::new("mkfifo").arg(sandbox.file("fifo")).status().unwrap().success());
    std::fs::create_dir(sandbox.file("tmp")).unwrap();
    let mut command = sandbox.command(["run", "--", "true"]);
    command.env("SSL_CERT_FILE", sandbox.file("fifo")).env("TMPDIR", sandbox.file("tmp"));
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    std::thread::sleep(std::time::Duration::from_millis(500));
    signal(&child, "-TERM");
    let start = std::time::Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > std::time::Duration::from_secs(10) {
            child.kill().unwrap();
            panic!("it does not end");
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(std::fs::read_dir(sandbox.file("tmp")).unwrap().count(), 0);
}

/// A server that is ready: its process, its document.
fn serve(sandbox: &Sandbox, args: &str) -> (Child, Value) {
    let mut command = sandbox.command(format!("--json serve {args}").split_whitespace());
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut text = String::new();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(Ok(line)) = lines.next() {
        text.push_str(&line);
        if line == "}" {
            break;
        }
    }
    (child, support::json(&text))
}

/// Who waits for the document reads once.
#[test]
fn a_server_s_document_comes_in_one_piece() {
    let sandbox = Sandbox::new();
    for _ in 0..10 {
        let mut command = sandbox.command(["--json", "serve", "--fault", "expired"]);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut piece = [0; 4096];
        let length = child.stdout.take().unwrap().read(&mut piece).unwrap();
        signal(&child, "-TERM");
        child.wait().unwrap();
        let document = support::json(std::str::from_utf8(&piece[..length]).unwrap());
        assert_eq!(document["kind"], "serve");
    }
}

fn curl(ready: &Value) -> Result<String, String> {
    let address = ready["url"].as_str().unwrap().strip_prefix("https://").unwrap();
    let port = address.rsplit_once(':').unwrap().1;
    let host = ready["host"].as_str().unwrap();
    let output = Command::new("curl")
        .args(["-sS", "--noproxy", "*", "--cacert", ready["ca_file"].as_str().unwrap()])
        .args(["--connect-to", &format!("{host}:{port}:127.0.0.1:{port}")])
        .arg(format!("https://{host}:{port}/"))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

#[test]
fn a_server_shows_what_was_ordered() {
    if judge("curl").is_none() {
        return;
    }
    let sandbox = Sandbox::new();
    sandbox.ok("up 127.0.0.1 --key p256");
    for (args, wanted) in [
        ("", Ok("certforge\n")),
        ("127.0.0.1", Ok("certforge\n")),
        ("--fault good-intermediate", Ok("certforge\n")),
        ("--fault expired", Err("certificate has expired")),
        ("--fault wrong-host", Err("no alternative certificate subject name matches")),
        ("--fault missing-intermediate", Err("unable to get local issuer certificate")),
        ("--fault key-mismatch", Err("signature")),
    ] {
        let (mut child, ready) = serve(&sandbox, args);
        let ca = PathBuf::from(ready["ca_file"].as_str().unwrap());
        assert!(ca.exists(), "{args}");
        match (curl(&ready), wanted) {
            (Ok(text), Ok(wanted)) => assert_eq!(text, wanted, "{args}"),
            (Err(text), Err(wanted)) => assert!(text.contains(wanted), "{args}: {text}"),
            (said, wanted) => panic!("{args}: {said:?}, not {wanted:?}"),
        }
        signal(&child, "-TERM");
        assert_eq!(child.wait().unwrap().code(), Some(0), "{args}");
        assert!(!ca.exists(), "{args}");
    }
}

#[test]
fn a_server_s_ca_is_put_where_it_is_wanted() {
    let sandbox = Sandbox::new();
    let (mut child, ready) = serve(&sandbox, "--ca-file ca.pem");
    assert_eq!(ready["ca_file"], "ca.pem");
    assert!(sandbox.read("ca.pem").starts_with("-----BEGIN CERTIFICATE-----"));
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let before = sandbox.read("ca.pem");
    assert_eq!(sandbox.run("serve --ca-file ca.pem").status, 3, "what is there stays");
    assert_eq!(sandbox.read("ca.pem"), before);
    for (args, status) in
        [("--fault nonsense", 3), ("--fault weak-rsa", 2), ("no-such-leaf", 3), ("--listen 192.0.2.1:1", 4)]
    {
        let ran = sandbox.run(&format!("serve {args}"));
        assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{args}: {}", ran.stderr);
    }
}

/// Runs a program over one of the examples, which find the command under test.
fn example(program: &Path, args: &[&str], folder: &str) -> Ran {
    let sandbox = Sandbox::new();
    let own = Path::new(support::CERTFORGE).parent().unwrap();
    let path = std::env::var("PATH").unwrap();
    let mut command = Command::new(program);
    sandbox.isolate(&mut command);
    command.env("PATH", format!("{}:{path}", own.display())).env("PYTHONDONTWRITEBYTECODE", "1");
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(folder)).args(args);
    ran(command.output().unwrap())
}

#[test]
fn the_example_for_pytest_passes() {
    let Some(moto) = judge("moto_server") else { return };
    let args = ["-m", "pytest", "-q", "-p", "no:cacheprovider"];
    let ran = example(&moto.with_file_name("python3"), &args, "pytest");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("5 passed"), "{}", ran.stdout);
}

#[test]
fn the_example_for_vitest_passes() {
    let Some(vitest) = judge("vitest") else { return };
    let ran = example(&vitest, &["run"], "vitest");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    assert!(ran.stdout.contains("4 passed"), "{}", ran.stdout);
}

#[test]
fn the_example_in_three_languages_passes() {
    if judge("java").is_none() || judge("node").is_none() {
        return;
    }
    let ran = example(Path::new("sh"), &["check.sh"], "languages");
    assert_eq!(ran.status, 0, "{}{}", ran.stdout, ran.stderr);
    for language in ["python", "node", "java"] {
        assert!(ran.stdout.contains(&format!("{language}: hello")), "{}", ran.stdout);
    }
}

/// The page shows the examples as they are.
#[test]
fn the_page_shows_the_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).unwrap();
    let page = read("docs/testing.md");
    for file in ["pytest/conftest.py", "vitest/tls.setup.mjs", "languages/check.sh"] {
        assert!(page.contains(&read(&format!("examples/{file}"))), "{file}");
    }
}

#[test]
fn what_cannot_listen_leaves_no_file_in_the_way() {
    let sandbox = Sandbox::new();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let args = format!("serve --ca-file ca.pem --listen {}", taken.local_addr().unwrap());
    let refused = sandbox.run(&args);
    assert_eq!((refused.status, refused.stdout.as_str()), (4, ""), "{}", refused.stderr);
    assert!(!sandbox.file("ca.pem").exists());
    drop(taken);
    let (mut child, _) = serve(&sandbox, "--ca-file ca.pem");
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_wildcard_is_asked_for_by_one_of_its_hosts() {
    let sandbox = Sandbox::new();
    sandbox.ok("up *.wild.example --key p256");
    let (mut child, ready) = serve(&sandbox, "*.wild.example");
    assert_eq!(ready["host"], "www.wild.example");
    assert_eq!(curl(&ready).unwrap(), "certforge\n");
    signal(&child, "-TERM");
    child.wait().unwrap();
}

#[test]
fn what_is_ignored_ends_no_server() {
    let sandbox = Sandbox::new();
    let script = format!("trap '' HUP; exec {CERTFORGE} serve");
    let mut command = Command::new("sh");
    sandbox.isolate(&mut command);
    let (mut child, url) = start(command.args(["-c", &script]));
    assert!(url.starts_with("https://"), "{url}");
    signal(&child, "-HUP");
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert!(child.try_wait().unwrap().is_none(), "it ended by what it was to ignore");
    signal(&child, "-TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// As Ctrl-C does; what started the tests may have it ignored, and it would stay so.
#[test]
fn an_interrupt_ends_a_server_well() {
    let sandbox = Sandbox::new();
    let mut command = Command::new("env");
    sandbox.isolate(&mut command);
    let (mut child, url) = start(command.args(["--default-signal=INT", CERTFORGE, "serve"]));
    assert!(url.starts_with("https://"), "{url}");
    signal(&child, "-INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Nobody could find it.
#[test]
fn a_server_whose_address_cannot_be_told_does_not_serve() {
    let sandbox = Sandbox::new();
    for args in [&["serve"][..], &["serve", "--json"], &["acm-sim"]] {
        let mut command = Command::new(CERTFORGE);
        sandbox.isolate(&mut command);
        let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
        let ran = command.args(args).stdout(full).output().unwrap();
        assert_eq!(ran.status.code(), Some(4), "{args:?}: {}", String::from_utf8_lossy(&ran.stderr));
    }
}
