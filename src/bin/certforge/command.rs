//! The command line: its arguments, and which handler gets them.

#[cfg(feature = "aws")]
mod acm;
mod acm_sim;
mod apigw;
mod apply;
mod batch;
mod bundle;
mod ca;
#[cfg(feature = "aws")]
mod candidate;
mod check;
mod clients;
mod compare;
mod csr;
mod explain;
mod fixtures;
#[cfg(feature = "aws")]
mod import;
#[cfg(feature = "aws")]
mod import_acm;
mod inventory;
mod issue;
mod leaf;
mod list;
mod man;
mod material;
mod offering;
pub mod passphrase;
#[cfg(feature = "aws")]
mod places;
mod prune;
mod renew;
mod revoke;
mod run;
#[cfg(feature = "seeded")]
mod seeded;
mod serve;
mod sign;
mod snippet;
mod status;
#[cfg(feature = "aws")]
mod target;
mod template;
mod up;
mod verify;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use certforge::store::Store;
use clap::error::ErrorKind;
use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::context::{Context, Failure, Waits};
use crate::environment;
use crate::render::{self, Format};
use crate::report::Report;
use crate::signals;
use crate::spelling;

/// Certificates of a private CA, made right and imported into AWS ACM
#[derive(Parser)]
#[command(
    name = "certforge",
    version,
    long_version = LONG_VERSION,
    disable_help_subcommand = true,
    after_help = "Examples:
  certforge up 10.103.10.95                 a CA and a leaf for a private address
  certforge up myca.test.com --import-acm   the same, imported into ACM: prints the ARN
  certforge leaf --cn 10.103.10.95          one more leaf of the CA that is there
  certforge import-acm 10.103.10.95         import again, to the same ARN

Exit status: 0 done or as wanted already, 1 a negative verdict, 2 misuse, 3 input
refused, 4 file system, 5 AWS refused, 6 AWS not reached or outcome not known."
)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The version, and what it is built of.
const LONG_VERSION: &str = concat!(env!("CARGO_PKG_VERSION"), " (", env!("CERTFORGE_BUILD"), ")");

/// What PEM begins with (RFC 7468 §2): what a key's text is known by where it does not belong.
const PEM: &str = "-----BEGIN ";

/// The heading of the flags that every command takes.
const COMMON: &str = "Common options";

#[derive(clap::Args)]
struct Global {
    /// The directory to keep things in; `CERTFORGE_DIR` sets it [default: certforge]
    #[arg(long, global = true, value_name = "DIR", help_heading = COMMON)]
    dir: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true, help_heading = COMMON)]
    json: bool,
    /// Print nothing but the result and errors
    #[arg(long, short, global = true, help_heading = COMMON)]
    quiet: bool,
    #[cfg(feature = "seeded")]
    #[command(flatten)]
    seeded: seeded::SeedArgs,
}

enum Command {
    Ca(ca::Command),
    Check(check::Args),
    Csr(csr::Args),
    Explain(explain::Args),
    Fixtures(fixtures::Args),
    Run(run::Args),
    Serve(serve::Args),
    Leaf(leaf::Args),
    Crl(revoke::Crl),
    List(list::Args),
    Prune(prune::Args),
    Renew(renew::Args),
    Revoke(revoke::Revoke),
    Apigw(apigw::Command),
    Apply(apply::Args),
    Bundle(bundle::Args),
    Sign(sign::Args),
    Snippet(snippet::Args),
    Status(status::Args),
    Template(template::Command),
    Up(up::Args),
    Verify(verify::Args),
    #[cfg(feature = "aws")]
    Acm(acm::Command),
    AcmSim(acm_sim::Args),
    #[cfg(feature = "aws")]
    ImportAcm(import_acm::Args),
    Completions(man::Completions),
    Man(man::Args),
}

/// The commands' names and what stands beside them in the help. Written out,
/// where a derive would do, because what it writes builds every flag of every
/// command each time: a third of what `leaf` costs. This builds the one in use.
impl Subcommand for Command {
    fn augment_subcommands(cli: clap::Command) -> clap::Command {
        let command = |name: &'static str, about: &'static str| clap::Command::new(name).about(about);
        let ca = command("ca", "Make CAs and look at them")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .after_help("Examples:\n  certforge ca new\n  certforge ca list\n  certforge ca show staging");
        let leaf = command("leaf", "Issue a leaf: a certificate for one server or client");
        let csr = command("csr", "Make a signing request for somebody else's CA");
        let sign = command("sign", "Sign somebody else's signing request");
        let apply = command("apply", "Have all that a manifest asks for: makes what is missing or different");
        let bundle = command("bundle", "Write a leaf in other forms: PKCS#12, DER, one PEM, a Secret");
        let snippet = command("snippet", "Print configuration lines with a leaf's paths in them");
        let list = command("list", "List the leaves: folder, key, end, CA, names");
        let status = command("status", "Show what ends when; exit status 1 where something is due");
        let renew = command("renew", "Make leaves once more, as they were asked for");
        let revoke = command("revoke", "Take a certificate back");
        let crl = command("crl", "Make a CA's certificate revocation list");
        let prune = command("prune", "Delete what is kept of leaves and has ended");
        let up = command("up", "Have a CA and a leaf, and with --import-acm an ARN: makes what is missing");
        let check = command("check", "Look at certificates, keys, requests and lists, and say what is wrong");
        let explain = command("explain", "Say what is behind an error text, and what to do");
        let fixtures = command("fixtures", "Make certificates with something wrong with them, for tests");
        let run = command("run", "Run a program with a CA and a leaf of its own, which end with it");
        let serve = command("serve", "Run a TLS server for tests, with something wrong on order");
        let verify = command("verify", "Judge a certificate: its path, name, dates, strength, form");
        let completions = command("completions", "Print a completion script for a shell");
        let man = command("man", "Print a manual page");
        let cli = cli
            .subcommand(ca.defer(ca::Command::augment_subcommands))
            .subcommand(leaf.defer(leaf::Args::augment_args))
            .subcommand(up.defer(up::Args::augment_args))
            .subcommand(csr.defer(csr::Args::augment_args))
            .subcommand(sign.defer(sign::Args::augment_args))
            .subcommand(apply.defer(apply::Args::augment_args))
            .subcommand(bundle.defer(bundle::Args::augment_args))
            .subcommand(snippet.defer(snippet::Args::augment_args))
            .subcommand(check.defer(check::Args::augment_args))
            .subcommand(explain.defer(explain::Args::augment_args))
            .subcommand(fixtures.defer(fixtures::Args::augment_args))
            .subcommand(serve.defer(serve::Args::augment_args))
            .subcommand(run.defer(run::Args::augment_args))
            .subcommand(verify.defer(verify::Args::augment_args))
            .subcommand(list.defer(list::Args::augment_args))
            .subcommand(status.defer(status::Args::augment_args))
            .subcommand(renew.defer(renew::Args::augment_args))
            .subcommand(revoke.defer(revoke::Revoke::augment_args))
            .subcommand(crl.defer(revoke::Crl::augment_args))
            .subcommand(prune.defer(prune::Args::augment_args));
        #[cfg(feature = "aws")]
        let cli = {
            let import =
                command("import-acm", "Import leaves into AWS Certificate Manager and print their ARNs");
            let acm = command("acm", "Look at what ACM holds, and prune it")
                .subcommand_required(true)
                .arg_required_else_help(true)
                .after_help(
                    "Examples:\n  certforge acm list\n  certforge acm show NAME\n  certforge acm iam",
                );
            cli.subcommand(import.defer(import_acm::Args::augment_args))
                .subcommand(acm.defer(acm::Command::augment_subcommands))
        };
        let apigw = command("apigw", "Look at API Gateway's documents, and set what integrations check")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .after_help("Examples:\n  certforge apigw explain api.json --certificate fullchain.pem\n  certforge apigw patch api.json --set insecureSkipVerification=true");
        let cli = cli.subcommand(apigw.defer(apigw::Command::augment_subcommands));
        let template = command("template", "List the templates, and show one as a file of your own would be")
            .subcommand_required(true)
            .arg_required_else_help(true)
            .after_help("Examples:\n  certforge template list\n  certforge template show server > mine.toml");
        let cli = cli.subcommand(template.defer(template::Command::augment_subcommands));
        let sim = command("acm-sim", "Run a stand-in for ACM on the loopback, with faults on order");
        cli.subcommand(sim.defer(acm_sim::Args::augment_args))
            .subcommand(completions.defer(man::Completions::augment_args))
            .subcommand(man.defer(man::Args::augment_args))
    }

    fn augment_subcommands_for_update(cli: clap::Command) -> clap::Command {
        Self::augment_subcommands(cli)
    }

    fn has_subcommand(name: &str) -> bool {
        Self::augment_subcommands(clap::Command::new("")).find_subcommand(name).is_some()
    }
}

impl FromArgMatches for Command {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let (name, matches) = matches
            .subcommand()
            .ok_or_else(|| clap::Error::raw(ErrorKind::MissingSubcommand, "no command was given"))?;
        Ok(match name {
            "ca" => Self::Ca(ca::Command::from_arg_matches(matches)?),
            "check" => Self::Check(check::Args::from_arg_matches(matches)?),
            "explain" => Self::Explain(explain::Args::from_arg_matches(matches)?),
            "fixtures" => Self::Fixtures(fixtures::Args::from_arg_matches(matches)?),
            "run" => Self::Run(run::Args::from_arg_matches(matches)?),
            "serve" => Self::Serve(serve::Args::from_arg_matches(matches)?),
            "csr" => Self::Csr(csr::Args::from_arg_matches(matches)?),
            "sign" => Self::Sign(sign::Args::from_arg_matches(matches)?),
            "apigw" => Self::Apigw(apigw::Command::from_arg_matches(matches)?),
            "apply" => Self::Apply(apply::Args::from_arg_matches(matches)?),
            "bundle" => Self::Bundle(bundle::Args::from_arg_matches(matches)?),
            "snippet" => Self::Snippet(snippet::Args::from_arg_matches(matches)?),
            "crl" => Self::Crl(revoke::Crl::from_arg_matches(matches)?),
            "list" => Self::List(list::Args::from_arg_matches(matches)?),
            "prune" => Self::Prune(prune::Args::from_arg_matches(matches)?),
            "renew" => Self::Renew(renew::Args::from_arg_matches(matches)?),
            "revoke" => Self::Revoke(revoke::Revoke::from_arg_matches(matches)?),
            "status" => Self::Status(status::Args::from_arg_matches(matches)?),
            "leaf" => Self::Leaf(leaf::Args::from_arg_matches(matches)?),
            "template" => Self::Template(template::Command::from_arg_matches(matches)?),
            "verify" => Self::Verify(verify::Args::from_arg_matches(matches)?),
            "up" => Self::Up(up::Args::from_arg_matches(matches)?),
            #[cfg(feature = "aws")]
            "acm" => Self::Acm(acm::Command::from_arg_matches(matches)?),
            "acm-sim" => Self::AcmSim(acm_sim::Args::from_arg_matches(matches)?),
            #[cfg(feature = "aws")]
            "import-acm" => Self::ImportAcm(import_acm::Args::from_arg_matches(matches)?),
            "completions" => Self::Completions(man::Completions::from_arg_matches(matches)?),
            "man" => Self::Man(man::Args::from_arg_matches(matches)?),
            _ => return Err(clap::Error::raw(ErrorKind::InvalidSubcommand, "no such command")),
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Parses, runs, renders.
pub fn run() -> ExitCode {
    if let Some(long) = only_version() {
        let version = if long { LONG_VERSION } else { env!("CARGO_PKG_VERSION") };
        let text = format!("certforge {version}\n").into_bytes();
        return render::report(&Report::Text(text), Format { json: false, quiet: true });
    }
    // What stands behind `run --` is another program's; an error text may quote a certificate.
    let command = {
        // Flags may stand before it, and one of them has a value.
        let mut args = std::env::args_os().skip(1);
        loop {
            match args.next() {
                Some(arg) if arg == "--dir" => drop(args.next()),
                Some(arg) if arg.as_encoded_bytes().starts_with(b"-") => {}
                other => break other,
            }
        }
    };
    let is_first = |name: &str| command.as_ref().is_some_and(|command| command == name);
    let mark = if is_first("explain") { "PRIVATE KEY-----" } else { PEM }.as_bytes();
    let mut own = std::env::args_os().take_while(|arg| !is_first("run") || arg != "--");
    if own.any(|arg| arg.as_encoded_bytes().windows(mark.len()).any(|w| w == mark)) {
        // Whatever it would be said in, the text of a key would be in it.
        let json = std::env::args_os().any(|arg| arg == "--json");
        let message = "an argument is PEM text, and other programs can read arguments";
        return render::usage(message, "give the path of the file instead", Format { json, quiet: false });
    }
    let cli = match Cli::try_parse_from(asked()) {
        Ok(cli) => cli,
        Err(e) => return parse_failure(&e),
    };
    let format = Format { json: cli.global.json, quiet: cli.global.quiet };
    #[cfg(feature = "seeded")]
    let done = cli.global.seeded.clone().during(|| dispatch(cli, format));
    #[cfg(not(feature = "seeded"))]
    let done = dispatch(cli, format);
    signals::wait_where_ending();
    match done {
        Ok(report) => render::report(&report, format),
        Err(failure) => render::failure(&failure, format),
    }
}

/// The arguments, where `help ca new` means `ca new --help`. As a command of clap's own it would
/// stand beside each command's subcommands, in manual pages and in completions.
fn asked() -> Vec<OsString> {
    let mut args: Vec<OsString> = std::env::args_os().collect();
    if args.get(1).is_some_and(|first| first == "help") {
        args.remove(1);
        args.retain(|arg| arg != "help");
        args.push("--help".into());
    }
    args
}

/// Whether the version is all that was asked for, and in full: scripts ask that often, and
/// building the whole command line costs as much as the rest of the answer.
fn only_version() -> Option<bool> {
    let mut args = std::env::args_os().skip(1);
    let asked = args.next().filter(|arg| arg == "--version" || arg == "-V")?;
    args.next().is_none().then(|| asked == "--version")
}

/// Help and version go to standard output; misuse is one message.
fn parse_failure(e: &clap::Error) -> ExitCode {
    let json = std::env::args_os().any(|a| a == "--json");
    if e.use_stderr() && json {
        let text = e.render().to_string();
        let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
        let message = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ");
        let message = message.strip_prefix("error: ").unwrap_or(&message);
        return render::usage(message, "certforge --help", Format { json, quiet: false });
    }
    let _ = e.print();
    ExitCode::from(u8::try_from(e.exit_code()).unwrap_or(2))
}

fn dispatch(cli: Cli, format: Format) -> Result<Report, Failure> {
    match cli.command {
        Command::Completions(args) => return Ok(man::completions(&args, Cli::command())),
        Command::Man(args) => return man::page(&args, Cli::command()),
        _ => {}
    }
    environment::keep_memory_private();
    signals::tell_of_limits();
    match cli.command {
        // These start programs or wait for signals themselves.
        Command::Run(_) | Command::Serve(_) => {}
        // These make nothing and ask nothing: a thread would be work for no one.
        Command::Check(_)
        | Command::Explain(_)
        | Command::List(_)
        | Command::Status(_)
        | Command::Template(_)
        | Command::Verify(_) => environment::forbid_core_files(),
        _ => {
            environment::forbid_core_files();
            signals::clean_up_at_the_end();
        }
    }
    if let Some(dir) = &cli.global.dir {
        spelling::remember(dir);
    }
    let dir = cli.global.dir.or_else(environment::dir).unwrap_or_else(|| PathBuf::from(DEFAULT_DIR));
    let waits = if format.quiet || format.json { Waits::Quiet } else { Waits::Told };
    // What needs no store is not kept from its work by one that cannot be read, or is another version's.
    let needs_none = match &cli.command {
        Command::Explain(_)
        | Command::Template(_)
        | Command::Run(_)
        | Command::AcmSim(_)
        | Command::Fixtures(_) => true,
        Command::Serve(args) => args.needs_no_store(),
        _ => false,
    };
    let store = if needs_none { Store::unseen(dir) } else { Store::open(dir)? };
    let context = Context { store, now: environment::now(), json: format.json, waits };
    match cli.command {
        Command::Ca(command) => ca::run(command, &context),
        Command::Check(args) => check::run(&args, &context),
        Command::Explain(args) => explain::run(&args),
        Command::Fixtures(args) => fixtures::run(&args, &context),
        Command::Run(args) => run::run(&args, &context),
        Command::Serve(args) => serve::run(&args, &context),
        Command::Csr(args) => csr::run(&args, &context),
        Command::Leaf(args) => leaf::run(&args, &context),
        Command::Apigw(command) => apigw::run(&command, &context),
        Command::Apply(args) => apply::run(&args, &context),
        Command::Bundle(args) => bundle::run(&args, &context),
        Command::Snippet(args) => snippet::run(&args, &context),
        Command::Crl(args) => revoke::crl(&args, &context),
        Command::List(args) => list::run(&args, &context),
        Command::Prune(args) => prune::run(&args, &context),
        Command::Renew(args) => renew::run(&args, &context),
        Command::Revoke(args) => revoke::revoke(&args, &context),
        Command::Sign(args) => sign::run(&args, &context),
        Command::Status(args) => status::run(&args, &context),
        Command::Template(command) => template::run(command),
        Command::Up(args) => up::run(&args, &context),
        Command::Verify(args) => verify::run(&args, &context),
        #[cfg(feature = "aws")]
        Command::Acm(command) => acm::run(&command, &context),
        Command::AcmSim(args) => acm_sim::run(&args, &context),
        #[cfg(feature = "aws")]
        Command::ImportAcm(args) => import_acm::run(args, &context),
        Command::Completions(_) | Command::Man(_) => Ok(Report::Text(Vec::new())),
    }
}

/// The store's directory where nobody says.
const DEFAULT_DIR: &str = "certforge";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Cli::command().debug_assert();
    }
}
