//! Every command that writes, killed, ended by a signal or let down by the disk at each of
//! its calls that touch files: nothing torn, no certificate without its key, nothing lost,
//! no key open to others, no success that was none, and the same command works afterwards.
//!
//! A few points of each are tried here. `CERTFORGE_CRASH_POINTS=all` tries all of them, a
//! number as many of each. Needs strace.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use certforge::harness::{AcmSim, Quota, Settings};
use certforge::{Certificate, PrivateKey};
use support::{CERTFORGE, Sandbox, judge};

/// The calls that touch files.
const CALLS: &str = "openat,write,pwrite64,writev,rename,renameat,renameat2,link,linkat,unlink,unlinkat,\
rmdir,fsync,fdatasync,syncfs,ftruncate,mkdir,mkdirat,close,fchmod,chmod,fchmodat,flock";

/// A command, and what is there before it.
struct Case {
    command: &'static str,
    before: &'static [&'static str],
    /// The status of the same command when it has done its work. In `before`, `@` is long ago.
    again: i32,
}

const fn case(command: &'static str, before: &'static [&'static str], again: i32) -> Case {
    Case { command, before, again }
}

const UP: &str = "up a.internal --key p256";
const PRUNE: &str = "prune --leaves --yes";

/// Status 3 afterwards is `store.exists`: what the command makes is there.
const CASES: &[Case] = &[
    case("ca new --key p256", &[], 3),
    case("ca new --key p256 --force", &[UP], 0),
    case("ca new issuing --under default --key p256", &[UP], 3),
    case("ca renew", &[UP], 0),
    case("ca adopt other/ca/default second", &["ca new --key p256 --dir other"], 3),
    case("ca rekey-passphrase --new-passphrase-file phrase", &["ca new --key p256"], 3),
    case("leaf a.internal --key p256", &["ca new --key p256"], 3),
    case("leaf a.internal --key p256 --force", &[UP], 0),
    case("leaf b.internal --key p256 --self-signed", &[], 3),
    case("leaf --batch names --key p256", &["ca new --key p256"], 3),
    case("leaf --batch names --key p256 --force", &["ca new --key p256", "leaf --batch names --key p256"], 0),
    case(UP, &[], 0),
    case(UP, &["ca new --key p256"], 0),
    case("up a.internal b.internal --key p256", &[UP], 0),
    case("renew a.internal", &[UP], 0),
    case("renew a.internal --rekey", &[UP, "bundle a.internal --to combined"], 0),
    case("revoke a.internal", &[UP], 0),
    case("crl", &[UP, "revoke a.internal"], 0),
    case("csr a.internal --key p256", &[], 3),
    case("sign certforge/csr/b.internal/request.pem", &[UP, "csr b.internal --key p256"], 3),
    case("bundle a.internal --to combined", &[UP], 3),
    case("bundle a.internal --to p12 --passphrase-file phrase", &[UP], 3),
    case("bundle a.internal --to combined --output out.pem", &[UP], 3),
    case("leaf --batch names --key p256 --form pem --output out.pem", &["ca new --key p256"], 3),
    case("renew --all --ca next", &[UP, "ca new next --key p256"], 0),
    case("up a.internal --key p256 --three-tier", &[], 0),
    case("apply -f manifest.toml", &[], 0),
    case(PRUNE, &["@up a.internal --key p256 --days 2"], 0),
    case("fixtures faults", &[], 3),
    case("import-acm a.internal --region eu-west-1", &[UP], 0),
    case("up a.internal --key p256 --import-acm --region eu-west-1", &[], 0),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fault {
    Kill,
    Signal(&'static str),
    Error(&'static str),
}

/// A call and the how-manieth of its thread.
type Point = (String, usize);

/// What was wrong, by kind.
type Faults = BTreeMap<&'static str, Vec<String>>;

/// ACM's stand-in for all runs: each sandbox imports keys of its own.
fn acm() -> &'static AcmSim {
    static SIM: OnceLock<AcmSim> = OnceLock::new();
    SIM.get_or_init(|| {
        let quota = Quota { certificates: usize::MAX, imports_a_year: usize::MAX };
        AcmSim::start(Settings { quota, ..Settings::default() }).unwrap()
    })
}

fn surroundings(sandbox: &Sandbox, command: &mut Command) {
    sandbox.isolate(command);
    command
        .env("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")
        .env("AWS_SECRET_ACCESS_KEY", "example")
        .env("AWS_ENDPOINT_URL", acm().url());
}

/// Runs the command to its end.
fn plainly(sandbox: &Sandbox, args: &str) -> support::Ran {
    let mut command = Command::new(CERTFORGE);
    surroundings(sandbox, &mut command);
    support::ran(command.args(args.split_whitespace()).output().unwrap())
}

/// Runs it in the beginning of 2026.
fn long_ago(sandbox: &Sandbox, args: &str) -> support::Ran {
    let mut command = Command::new(judge("faketime").expect("scripts/test installs faketime"));
    surroundings(sandbox, &mut command);
    command.args(["2026-02-01 00:00:00", CERTFORGE]).args(args.split_whitespace());
    support::ran(command.output().unwrap())
}

/// Runs it below strace.
fn traced(strace: &Path, sandbox: &Sandbox, options: &[&str], args: &str) -> support::Ran {
    let mut command = Command::new(strace);
    surroundings(sandbox, &mut command);
    command.args(["-f", "-qq"]).args(options).arg(CERTFORGE).args(args.split_whitespace());
    support::ran(command.stdin(Stdio::null()).output().unwrap())
}

/// A sandbox as the command finds it.
fn prepared(before: &[&str]) -> Sandbox {
    let sandbox = Sandbox::new();
    std::fs::write(sandbox.file("phrase"), "a pass phrase\n").unwrap();
    std::fs::set_permissions(sandbox.file("phrase"), std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(sandbox.file("names"), "one.internal\ntwo.internal\n").unwrap();
    std::fs::write(
        sandbox.file("manifest.toml"),
        "[ca.default]\nkey = \"p256\"\n[leaf.\"m.internal\"]\nkey = \"p256\"\n",
    )
    .unwrap();
    for args in before {
        let ran = match args.strip_prefix('@') {
            Some(args) => long_ago(&sandbox, args),
            None => plainly(&sandbox, args),
        };
        assert_eq!(ran.status, 0, "{args}: {}", ran.stderr);
    }
    sandbox
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

/// The points of a command's run: no call before the first that touches its directory.
fn points(strace: &Path, template: &Sandbox, args: &str) -> Vec<Point> {
    let sandbox = Sandbox::new();
    copy(template.path(), sandbox.path());
    let log = tempfile::NamedTempFile::new().unwrap();
    let path = log.path().to_str().unwrap();
    let ran = traced(strace, &sandbox, &["-o", path, "-e", &format!("trace={}", possible(CALLS))], args);
    assert_eq!(ran.status, 0, "{args}: {}", ran.stderr);
    let mut counts: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut found = BTreeSet::new();
    let mut started = false;
    for line in String::from_utf8_lossy(&std::fs::read(log.path()).unwrap()).lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let Some((name, arguments)) = call.trim_start().split_once('(') else { continue };
        if !CALLS.split(',').any(|known| known == name) {
            continue;
        }
        let count = counts.entry((thread.to_owned(), name.to_owned())).or_default();
        *count += 1;
        started |=
            arguments.contains("certforge/") || arguments.contains("O_CREAT") || name.starts_with("mk");
        if started {
            found.insert((name.to_owned(), *count));
        }
    }
    found.into_iter().collect()
}

/// As strace takes it: a call that this machine does not have is none.
fn possible(calls: &str) -> String {
    calls.split(',').map(|call| format!("?{call}")).collect::<Vec<_>>().join(",")
}

/// The public key of a key file, encrypted or not.
fn key_of(text: &str) -> Option<Vec<u8>> {
    let start = text.find("-----BEGIN ")?;
    let block = text[start..].split_inclusive(" PRIVATE KEY-----\n").take(2).collect::<String>();
    let key = if block.contains("ENCRYPTED") {
        let body: String = block.lines().filter(|line| !line.starts_with('-')).collect();
        PrivateKey::from_encrypted_der(&STANDARD.decode(body).ok()?, "a pass phrase").ok()?
    } else {
        PrivateKey::from_pem(block.as_bytes()).ok()?
    };
    Some(key.public().der().to_vec())
}

/// Looks at all that is there now.
fn faults(sandbox: &Sandbox, before: &BTreeSet<String>, told: bool) -> Faults {
    let mut faults = Faults::new();
    let mut keys = BTreeSet::new();
    let mut certificates = Vec::new();
    let mut there = BTreeSet::new();
    for path in files(sandbox.path()) {
        let shown = path.strip_prefix(sandbox.path()).unwrap().to_str().unwrap().to_owned();
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let secret = text.contains("PRIVATE KEY") || path.extension().is_some_and(|e| e == "p12");
        let deliberate = shown.starts_with("faults/");
        if secret && std::fs::metadata(&path).unwrap().mode() & 0o077 != 0 {
            faults.entry("mode").or_default().push(shown.clone());
        }
        if shown.contains(".tmp") || shown.starts_with(".certforge-") {
            if told {
                faults.entry("temporary").or_default().push(shown);
            } else if !is_swept(&shown) {
                faults.entry("unswept").or_default().push(shown);
            }
            continue;
        }
        there.insert(shown.clone());
        let whole = text.matches("-----BEGIN ").count() == text.matches("-----END ").count();
        let parsed = match path.extension().and_then(|e| e.to_str()) {
            _ if deliberate => true,
            Some("json") => serde_json::from_slice::<serde_json::Value>(&bytes).is_ok(),
            Some("pem" | "key") if text.contains("PRIVATE KEY") => {
                keys.extend(key_of(&text));
                whole && key_of(&text).is_some()
            }
            Some("pem") if text.contains("BEGIN CERTIFICATE-----") => {
                let found = Certificate::from_pem(first_block(&text).as_bytes());
                if let Ok(found) = &found {
                    certificates.push((shown.clone(), found.public_key().der().to_vec()));
                }
                whole && found.is_ok()
            }
            Some("pem" | "p12") => whole && !bytes.is_empty(),
            _ => true,
        };
        if !parsed {
            faults.entry("torn").or_default().push(shown);
        }
    }
    for (path, key) in certificates {
        // What was issued to others, and the records of what was issued.
        let record = path.contains("/issued/") || path.contains("/revoked/") || path.contains("acm.previous");
        if !record && !keys.contains(&key) {
            faults.entry("orphan").or_default().push(path);
        }
    }
    faults.entry("lost").or_default().extend(before.difference(&there).cloned());
    faults.retain(|_, paths| !paths.is_empty());
    faults
}

/// Whether a later run removes what a killed one left there: in the workshop, beside the files of
/// a CA or a leaf, and beside what is written elsewhere.
fn is_swept(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    match parts.as_slice() {
        ["certforge", ".tmp", ..] | ["certforge", "ca", _, _] => true,
        ["certforge", leaf, _] => *leaf != "ca",
        ["certforge", ..] | [] => false,
        [first, ..] => first.starts_with(".certforge-"),
    }
}

fn first_block(text: &str) -> String {
    text.split_inclusive("-----END CERTIFICATE-----").next().unwrap_or_default().to_owned()
}

/// How many points of each command and fault are tried.
fn wanted() -> usize {
    let asked = std::env::var("CERTFORGE_CRASH_POINTS").ok();
    match asked.as_deref() {
        Some("all") => usize::MAX,
        Some(number) => number.parse().expect("CERTFORGE_CRASH_POINTS is `all` or a number"),
        None => 3,
    }
}

/// As many as are wanted, spread evenly; which they are differs from fault to fault.
fn chosen(all: &[Point], wanted: usize, offset: usize) -> Vec<Point> {
    if wanted >= all.len() {
        return all.to_vec();
    }
    // A seventh of a step apart from fault to fault.
    let at = |i: usize| (7 * i + offset) * all.len() / (7 * wanted) % all.len();
    (0..wanted).map(|i| all[at(i)].clone()).collect()
}

/// Whether an error of this call may go unnoticed: nothing is lost by it.
fn may_fail_unnoticed(call: &str) -> bool {
    matches!(call, "close" | "flock" | "openat" | "unlink" | "unlinkat" | "rmdir" | "mkdir")
}

/// Whether the ARN was printed and is on record: what failed was a write to the network,
/// which was tried again.
fn is_imported(sandbox: &Sandbox, stdout: &str) -> bool {
    let arn = stdout.trim();
    let record = std::fs::read_to_string(sandbox.file("certforge/a.internal/acm.json"));
    arn.starts_with("arn:aws:acm:") && record.is_ok_and(|record| record.contains(arn))
}

/// What one point came to; nothing where all is well.
fn tried(strace: &Path, template: &Sandbox, case: &Case, fault: Fault, point: &Point) -> Faults {
    let (call, count) = point;
    let sandbox = Sandbox::new();
    copy(template.path(), sandbox.path());
    let before: BTreeSet<String> = files(sandbox.path())
        .iter()
        .map(|path| path.strip_prefix(sandbox.path()).unwrap().to_str().unwrap().to_owned())
        .filter(|path| case.command != PRUNE || !path.contains("/a.internal/"))
        .collect();
    let how = match fault {
        Fault::Kill => "signal=KILL".to_owned(),
        Fault::Signal(signal) => format!("signal={signal}"),
        Fault::Error(error) => format!("error={error}"),
    };
    let inject = format!("inject={call}:{how}:when={count}");
    let trace = format!("trace={call}");
    let log = tempfile::NamedTempFile::new().unwrap();
    let to = log.path().to_str().unwrap();
    let ran = traced(strace, &sandbox, &["-o", to, "-e", &trace, "-e", &inject], case.command);
    // Of several threads another one may do the work this time: then nothing failed.
    let failed = std::fs::read_to_string(log.path()).unwrap().contains("(INJECTED)");
    // A command that was killed leaves what it had in the making, for a later run to sweep.
    let tidy = match fault {
        Fault::Kill => false,
        Fault::Signal(_) => true,
        Fault::Error(_) => !may_fail_unnoticed(call),
    };
    let mut faults = faults(&sandbox, &before, tidy);
    let silent = failed && ran.status == 0 && !may_fail_unnoticed(call);
    if silent && !is_imported(&sandbox, &ran.stdout) {
        faults.entry("silent").or_default().push(call.clone());
    }
    // Before it begins, the loader of programs can fail.
    let began = !ran.stderr.contains("error while loading shared libraries");
    if matches!(fault, Fault::Error(_)) && began && !matches!(ran.status, 0 | 3..=6) {
        faults.entry("status").or_default().push(format!("{}: {}", ran.status, ran.stderr));
    }
    let again = plainly(&sandbox, case.command);
    if again.status != 0 && again.status != case.again {
        faults.entry("stuck").or_default().push(format!("{}: {}", again.status, again.stderr));
    }
    faults
}

/// Tries a fault on every command.
fn campaign(fault: Fault, offset: usize) {
    let Some(strace) = judge("strace") else { return };
    let (tried_points, bad) = (Mutex::new(0), Mutex::new(Vec::new()));
    for case in CASES {
        let template = prepared(case.before);
        let all = points(&strace, &template, case.command);
        assert!(all.len() > 10, "{}: {} points", case.command, all.len());
        for point in chosen(&all, wanted(), offset) {
            let faults = tried(&strace, &template, case, fault, &point);
            *tried_points.lock().unwrap() += 1;
            for (kind, what) in faults {
                let line =
                    format!("{} at {} {}: {kind}: {}", case.command, point.0, point.1, what.join(", "));
                eprintln!("{line}");
                bad.lock().unwrap().push(line);
            }
        }
    }
    let bad = bad.into_inner().unwrap();
    println!("crash: {fault:?}: {} points, {} faults", tried_points.into_inner().unwrap(), bad.len());
    assert!(bad.is_empty(), "{fault:?}: {} faults:\n{}", bad.len(), bad.join("\n"));
}

#[test]
fn killed_at_any_call_nothing_is_torn_or_lost() {
    campaign(Fault::Kill, 0);
}

#[test]
fn with_a_full_disk_nothing_is_torn_or_lost() {
    campaign(Fault::Error("ENOSPC"), 1);
}

#[test]
fn with_a_failing_disk_nothing_is_torn_or_lost() {
    campaign(Fault::Error("EIO"), 2);
}

#[test]
fn over_quota_nothing_is_torn_or_lost() {
    campaign(Fault::Error("EDQUOT"), 3);
}

#[test]
fn interrupted_at_any_call_nothing_is_left_behind() {
    campaign(Fault::Signal("INT"), 4);
}

#[test]
fn terminated_at_any_call_nothing_is_left_behind() {
    campaign(Fault::Signal("TERM"), 5);
}
