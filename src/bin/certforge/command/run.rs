//! `certforge run`: a program with a CA of its own, which ends with it.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use certforge::bundle::Pkcs12Strength;
use certforge::harness::TempFiles;
use certforge::store::read_input;
use certforge::{Authority, Error, LeafRequest};
use rustix::process::Signal;
use signal_hook::consts::{SIGALRM, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::context::{Context, Failure};
use crate::environment;
use crate::render::progress;
use crate::report::Report;
use crate::signals::{ENDING_ONES, watched};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge run -- pytest
  certforge run -- npm test
  certforge run --name db.test --name localhost -- ./gradlew test
  certforge run -- sh -c 'curl https://localhost:8443/ & …'

The program gets, for as long as it runs, the paths of
  CERTFORGE_FULLCHAIN_FILE, CERTFORGE_KEY_FILE     what a server shows
  CERTFORGE_CERT_FILE, CERTFORGE_CA_FILE           the leaf alone, and its CA
  CERTFORGE_TRUSTSTORE_FILE                        the CA as PKCS#12, pass phrase changeit
and, so that its TLS clients believe that CA beside the system's,
  SSL_CERT_FILE (OpenSSL, Go, Ruby, Python), CURL_CA_BUNDLE, REQUESTS_CA_BUNDLE, AWS_CA_BUNDLE,
  GIT_SSL_CAINFO, CARGO_HTTP_CAINFO, GRPC_DEFAULT_SSL_ROOTS_FILE_PATH, NODE_EXTRA_CA_CERTS,
  DENO_CERT, and JAVA_TOOL_OPTIONS (Java believes that CA alone).
Files that NODE_EXTRA_CA_CERTS and DENO_CERT name already are believed too.

certforge exits with the program's status; 127 where it is not found, 126 where it does not
start. Nothing is kept; nothing of the system is changed.")]
pub struct Args {
    /// A name of the leaf; repeat it for more [default: localhost, 127.0.0.1, `::1`]
    #[arg(long, value_name = "NAME")]
    name: Vec<String>,
    /// Believe the new CA alone, and not the system's
    #[arg(long)]
    no_system: bool,
    /// The program and its arguments
    #[arg(value_name = "CMD", required = true, trailing_var_arg = true, allow_hyphen_values = true)]
    program: Vec<OsString>,
}

/// Names by which a test reaches its own machine.
const OWN: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// What Java's own trust store has; nothing in this one is secret.
const PASSPHRASE: &str = "changeit";
/// Variables that name a file of CAs in place of the system's.
const IN_PLACE: [&str; 7] = [
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH",
];
/// Variables that name a file of CAs beside those a program believes anyway, and the file here
/// that has the CAs of what they named before as well.
const BESIDES: [(&str, &str); 2] =
    [("NODE_EXTRA_CA_CERTS", "node-extra-ca-certs.pem"), ("DENO_CERT", "deno-cert.pem")];

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let names: Vec<&str> =
        if args.name.is_empty() { OWN.to_vec() } else { args.name.iter().map(String::as_str).collect() };
    let ca = Authority::generate("certforge run CA")?;
    let plan = LeafRequest::new(names)?.plan(context.now)?;
    let bundle = ca.issue_for(&plan, certforge::PrivateKey::generate(plan.key())?)?;
    let anchor = ca.trust_anchor();
    let own = anchor.pem()?.into_bytes();
    let believed = match environment::system_trust().filter(|_| !args.no_system) {
        Some(system) => [&own[..], &read_input(&system)?].concat(),
        None => own.clone(),
    };
    let store = anchor.pkcs12_trust_store("ca", PASSPHRASE, Pkcs12Strength::Modern)?;
    let besides = BESIDES.map(|(name, file)| {
        let further = environment::further_trust(name).filter(|_| !args.no_system);
        // What cannot be read those programs pass over too.
        let further = further.and_then(|path| read_input(&path).ok());
        (name, file, further.map(|further| [&own[..], &further].concat()))
    });

    // From here on a signal waits until the files are gone again.
    let failed = |source| Error::Io { doing: "watch over", path: PathBuf::from(&args.program[0]), source };
    let mut signals = watched(&ENDING_ONES).map_err(failed)?;
    let mut files = TempFiles::of(&bundle)?;
    files.sweep();
    let believed = files.add("trust.pem", &believed)?;
    let store = files.add("truststore.p12", &store)?;
    let mut command = Command::new(&args.program[0]);
    command.args(&args.program[1..]);
    command.envs(IN_PLACE.map(|name| (name, believed.as_os_str())));
    if args.no_system {
        // OpenSSL and Go look into the system's folder as well, unless another one is named.
        command.env("SSL_CERT_DIR", files.path());
    }
    for (name, file, further) in besides {
        let path = further.map(|bytes| files.add(file, &bytes)).transpose()?;
        command.env(name, path.unwrap_or_else(|| files.ca()));
    }
    command.envs([
        ("CERTFORGE_CERT_FILE", files.cert()),
        ("CERTFORGE_FULLCHAIN_FILE", files.fullchain()),
        ("CERTFORGE_KEY_FILE", files.key()),
        ("CERTFORGE_CA_FILE", files.ca()),
        ("CERTFORGE_TRUSTSTORE_FILE", store.clone()),
    ]);
    command.env("JAVA_TOOL_OPTIONS", java_options(&store));
    if let Some(signal) = signals.pending().next() {
        drop(files);
        let _ = emulate_default_handler(signal);
        return Ok(Report::Exit(u8::try_from(128 + signal).unwrap_or(u8::MAX)));
    }
    let status = supervised(&mut command, &args.program[0], signals)?;
    if let Err(e) = files.close() {
        // The exit status is the program's all the same.
        progress("left", &format!("{e}: remove it, there is a private key in it"));
    }
    Ok(Report::Exit(of_child(status)))
}

/// The options that the JVM is given already, and those that make it believe a trust store.
fn java_options(store: &Path) -> OsString {
    let mut options = environment::java_options().unwrap_or_default();
    if !options.is_empty() {
        options.push(" ");
    }
    // The JVM splits at blanks, and takes them between quotes as they are.
    let quote = if store.as_os_str().as_encoded_bytes().contains(&b'"') { "'" } else { "\"" };
    options.push("-Djavax.net.ssl.trustStore=");
    options.push(quote);
    options.push(store);
    options.push(quote);
    options.push(" -Djavax.net.ssl.trustStoreType=PKCS12 -Djavax.net.ssl.trustStorePassword=");
    options.push(PASSPHRASE);
    options
}

/// Runs a program to its end. A signal that would end this command must not, or its files
/// would stay: what the terminal sends, the program gets too; the others are passed on, and
/// where there is no terminal all of them.
fn supervised(command: &mut Command, program: &OsStr, mut signals: Signals) -> Result<ExitStatus, Failure> {
    let failed = |doing, source| Error::Io { doing, path: PathBuf::from(program), source };
    let mut child = command.spawn().map_err(|e| Failure::NotStarted(failed("start", e).into()))?;
    let to = rustix::process::Pid::from_child(&child);
    let handle = signals.handle();
    let at_terminal = environment::may_be_interrupted();
    let passing = std::thread::Builder::new().spawn(move || {
        for signal in signals.forever() {
            let passed = match signal {
                SIGTERM => Signal::TERM,
                SIGHUP => Signal::HUP,
                SIGUSR1 => Signal::USR1,
                SIGUSR2 => Signal::USR2,
                SIGALRM => Signal::ALARM,
                SIGVTALRM => Signal::VTALARM,
                SIGXCPU => Signal::XCPU,
                SIGINT if !at_terminal => Signal::INT,
                SIGQUIT if !at_terminal => Signal::QUIT,
                _ => continue,
            };
            // It may have ended already.
            let _ = rustix::process::kill_process(to, passed);
        }
    });
    let passing = match passing {
        Ok(passing) => passing,
        Err(e) => {
            // Without it the program could not be ended from without.
            let _ = child.kill().and_then(|()| child.wait());
            return Err(Failure::NotStarted(failed("start", e).into()));
        }
    };
    let status = child.wait();
    handle.close();
    let _ = passing.join();
    Ok(status.map_err(|e| failed("wait for", e))?)
}

/// A program's exit status; 128 and the signal's number where one ended it, as shells say it.
fn of_child(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
}
