//! The command line: its arguments, and which handler gets them.

mod ca;
#[cfg(feature = "aws")]
mod import_acm;
mod issue;
mod leaf;
mod man;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use certforge::error::Error;
use certforge::store::Store;
use clap::{CommandFactory, Parser, Subcommand};
use time::OffsetDateTime;

use crate::environment;
use crate::render::{self, Format};
use crate::report::Report;

/// Certificates of a private CA, made right and imported into AWS ACM
#[derive(Parser)]
#[command(
    name = "certforge",
    version,
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

#[derive(clap::Args)]
struct Global {
    /// The directory to keep things in; `CERTFORGE_DIR` sets it [default: certforge]
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Print one JSON document instead of text
    #[arg(long, global = true)]
    json: bool,
    /// Print nothing but the result and errors
    #[arg(long, short, global = true)]
    quiet: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Make CAs and look at them
    #[command(
        subcommand,
        after_help = "Examples:\n  certforge ca new\n  certforge ca list\n  certforge ca show staging"
    )]
    Ca(ca::Command),
    /// Issue a leaf: a certificate for one server or client
    Leaf(leaf::Args),
    /// Have a CA and a leaf, and with --import-acm an ARN: makes what is missing
    Up(up::Args),
    /// Import a leaf into AWS Certificate Manager and print its ARN
    #[cfg(feature = "aws")]
    ImportAcm(import_acm::Args),
    /// Print a completion script for a shell
    Completions(man::Completions),
    /// Print a manual page
    Man(man::Args),
}

/// Why a command did not come to a report.
pub enum Failure {
    /// The library said so.
    Error(Error),
    /// The command line was wrong in a way that only the handler sees.
    Usage { message: String, hint: String },
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(error)
    }
}

/// What every handler gets.
pub struct Context {
    pub store: Store,
    pub now: OffsetDateTime,
}

/// Parses, runs, renders.
pub fn run() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(e) => return parse_failure(&e),
    };
    let format = Format { json: cli.global.json, quiet: cli.global.quiet };
    match dispatch(cli) {
        Ok(report) => render::report(&report, format),
        Err(Failure::Error(e)) => render::error(&e, format),
        Err(Failure::Usage { message, hint }) => render::usage(&message, &hint, format),
    }
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

fn dispatch(cli: Cli) -> Result<Report, Failure> {
    match cli.command {
        Command::Completions(args) => return Ok(man::completions(&args, Cli::command())),
        Command::Man(args) => return man::page(&args, Cli::command()),
        _ => {}
    }
    let dir = cli.global.dir.or_else(environment::dir).unwrap_or_else(|| PathBuf::from(DEFAULT_DIR));
    let context = Context { store: Store::open(dir)?, now: environment::now() };
    match cli.command {
        Command::Ca(command) => ca::run(command, &context),
        Command::Leaf(args) => leaf::run(&args, &context),
        Command::Up(args) => up::run(&args, &context),
        #[cfg(feature = "aws")]
        Command::ImportAcm(args) => import_acm::run(&args, &context),
        Command::Completions(_) | Command::Man(_) => Ok(Report::Text(Vec::new())),
    }
}

/// The store's directory where nobody says.
const DEFAULT_DIR: &str = "certforge";

/// The CA's name in the store where none was given.
pub const DEFAULT_CA: &str = "default";

impl Context {
    /// The CA to use: the one asked for, else `default`, else the only one there is.
    fn choose_ca(&self, asked: Option<&str>) -> Result<String, Failure> {
        if let Some(name) = asked {
            return Ok(name.to_owned());
        }
        if self.store.has_authority(DEFAULT_CA)? {
            return Ok(DEFAULT_CA.to_owned());
        }
        let mut names = self.store.authority_names()?;
        match names.len() {
            0 => Ok(DEFAULT_CA.to_owned()),
            1 => Ok(names.remove(0)),
            _ => Err(Failure::Usage {
                message: format!(
                    "there are several CAs and none is called `{DEFAULT_CA}`: {}",
                    names.join(", ")
                ),
                hint: format!("--ca {}", names[0]),
            }),
        }
    }
}
