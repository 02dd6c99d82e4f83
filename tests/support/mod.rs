//! What the tests share: an empty directory to run the command in, the judges,
//! and servers that end with their test.

#![allow(dead_code, reason = "each test file uses its own part of it")]

pub mod acm;
pub mod der;
pub mod leaks;
pub mod made;
pub mod variants;

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The command under test.
pub const CERTFORGE: &str = env!("CARGO_BIN_EXE_certforge");

/// An empty directory, gone with the test.
pub struct Sandbox {
    folder: tempfile::TempDir,
}

impl Drop for Sandbox {
    /// No command printed a secret that its test left behind.
    fn drop(&mut self) {
        if !std::thread::panicking() {
            let leaked = leaks::leaked(self.path());
            assert!(leaked.is_empty(), "what was printed holds a secret of {}", leaked.join(", "));
        }
    }
}

/// What a command did.
pub struct Ran {
    pub status: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Sandbox {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    pub fn file(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.file(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
    }

    /// The command in this directory, with nothing of the surroundings.
    pub fn command<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(CERTFORGE);
        command.args(args);
        self.isolate(&mut command);
        command
    }

    /// Lets a program run in this directory, with nothing of the surroundings.
    pub fn isolate(&self, command: &mut Command) {
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.path())
            .env("USER", "tester")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .stdin(Stdio::null());
        // Where coverage is measured: otherwise it is written where the command runs.
        if let Some(file) = std::env::var_os("LLVM_PROFILE_FILE") {
            command.env("LLVM_PROFILE_FILE", file);
        }
    }

    /// Runs the command with arguments split at blanks.
    pub fn run(&self, args: &str) -> Ran {
        ran(self.command(args.split_whitespace()).output().unwrap())
    }

    /// Runs the command with these arguments.
    pub fn run_args(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs the command and expects it to do its work.
    pub fn ok(&self, args: &str) -> Ran {
        let ran = self.run(args);
        assert_eq!(ran.status, 0, "certforge {args}: {}", ran.stderr);
        ran
    }

    /// Every file and folder below, with its mode and its content's length: what
    /// must not change where nothing should.
    pub fn snapshot(&self) -> Vec<String> {
        use std::os::unix::fs::MetadataExt;
        let mut found = Vec::new();
        let mut folders = vec![self.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = std::fs::symlink_metadata(&path).unwrap();
                let shown = path.strip_prefix(self.path()).unwrap().display().to_string();
                let content = if metadata.is_file() { digest(&path) } else { String::new() };
                found.push(format!("{shown} {:o} {content}", metadata.mode()));
                if metadata.is_dir() {
                    folders.push(path);
                }
            }
        }
        found.sort();
        found
    }
}

fn digest(path: &Path) -> String {
    std::fs::read(path).map_or_else(|e| e.to_string(), |bytes| certforge::key::Sha256::of(&bytes).to_string())
}

/// A document, or what stands in its place.
pub fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).unwrap_or_else(|e| panic!("{e}: {text}"))
}

/// Runs a command that has to be refused with one document, and to change nothing. Returns
/// its message.
pub fn refused(sandbox: &Sandbox, args: &str, status: i32, code: &str) -> String {
    let before = sandbox.snapshot();
    let ran = sandbox.run(&format!("--json {args}"));
    assert_eq!((ran.status, ran.stdout.as_str()), (status, ""), "{args}: {}", ran.stderr);
    let document = json(&ran.stderr);
    assert_eq!(document["code"], code, "{args}: {document}");
    assert_eq!(sandbox.snapshot(), before, "{args} changed something");
    document["message"].as_str().unwrap().to_owned()
}

/// The files of the archive that hold a text.
pub fn archived(sandbox: &Sandbox, name: &str, text: &str) -> bool {
    let lines = sandbox.snapshot();
    let mut files = lines.iter().filter_map(|line| line.split(' ').next());
    files.any(|file| {
        file.starts_with(&format!("certforge/archive/{name}/"))
            && sandbox.file(file).is_file()
            && sandbox.read(file) == text
    })
}

/// Runs the command at another time, `+70d` from now; none without faketime.
pub fn at(sandbox: &Sandbox, offset: &str, args: &str) -> Option<Ran> {
    let faketime = judge("faketime")?;
    let mut command = Command::new(faketime);
    command.args(["-f", offset, CERTFORGE]).args(args.split_whitespace());
    sandbox.isolate(&mut command);
    Some(ran(command.output().unwrap()))
}

pub fn verify(sandbox: &Sandbox, args: &str) -> Option<(bool, String)> {
    let program = judge("openssl")?;
    let args: Vec<&str> = std::iter::once("verify").chain(args.split_whitespace()).collect();
    Some(output(&program, &args, sandbox.path()))
}

#[expect(clippy::needless_pass_by_value, reason = "reads well behind `.output().unwrap()`")]
pub fn ran(output: Output) -> Ran {
    leaks::remember(&output);
    Ran {
        status: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A program that judges, or none where it is not installed. In CI a missing
/// judge fails the test; elsewhere the skip is printed.
pub fn judge(program: &str) -> Option<PathBuf> {
    let own = |folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(program);
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = [own(".tools/venv/bin"), own("examples/vitest/node_modules/.bin")]
        .into_iter()
        .chain(std::env::split_paths(&path).map(|folder| folder.join(program)))
        .chain([Path::new("/usr/sbin").join(program)])
        .find(|candidate| candidate.is_file());
    if found.is_none() {
        assert!(!is_ci(), "{program} is missing: scripts/test installs it");
        eprintln!("SKIPPED: {program} is not installed; scripts/test installs it");
    }
    found
}

/// Whether a judge that is missing is a failure.
pub fn is_ci() -> bool {
    std::env::var_os("CI").is_some_and(|value| !value.is_empty())
}

/// Runs a program and returns whether it succeeded, with all it printed.
pub fn output(program: &Path, args: &[&str], folder: &Path) -> (bool, String) {
    let output = Command::new(program).args(args).current_dir(folder).stdin(Stdio::null()).output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    (output.status.success(), text)
}

/// Runs OpenSSL and expects it to succeed.
pub fn openssl(args: &[&str], folder: &Path) -> Option<String> {
    let program = judge("openssl")?;
    let (ok, text) = output(&program, args, folder);
    assert!(ok, "openssl {}: {text}", args.join(" "));
    Some(text)
}

/// A server that is killed when its test ends.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
}

impl Server {
    /// moto's server in AWS's place; none where it is not installed.
    pub fn moto() -> Option<Self> {
        let moto = judge("moto_server")?;
        Some(Self::start(|port| {
            let mut command = Command::new(&moto);
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
            command
        }))
    }

    /// Starts a server on a free port, which `command` gets, and waits until it answers.
    pub fn start(command: impl Fn(u16) -> Command) -> Self {
        for _ in 0..5 {
            let port = free_port();
            let mut child = command(port)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let address = SocketAddr::from(([127, 0, 0, 1], port));
            let start = Instant::now();
            while start.elapsed() < Duration::from_mins(1) {
                if TcpStream::connect(address).is_ok() {
                    return Self { child, address };
                }
                if child.try_wait().unwrap().is_some() {
                    break; // Somebody else took the port: try another.
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("a server did not start");
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nobody listens on, and that no other test of this process got: two servers that
/// start at once would otherwise be taken for each other. It is below those that systems give to
/// who asks for any (RFC 6335 §6): until the server has it, nobody else gets it.
pub fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(97).wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
        let port = 12_000 + u16::try_from(next % 20_000).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
