//! `certforge ca`: make CAs and look after them.

mod adopt;
pub mod new;
mod rekey;
mod renew;

use certforge::{Finding, Severity};

use crate::context::{Context, Failure};
use crate::report::{CaListReport, CaReport, Report, findings};

#[derive(clap::Subcommand)]
pub enum Command {
    /// Make a CA: a root, or one under another
    New(new::Args),
    /// Go on with a CA that another tool made
    Adopt(adopt::Args),
    /// List the CAs: name, key, end, subject
    #[command(after_help = "Examples:\n  certforge ca list\n  certforge ca list --json")]
    List,
    /// Show one CA
    Show(Show),
    /// Make a CA's certificate anew, with the same key
    Renew(renew::Args),
    /// Encrypt a CA's key, change its pass phrase, or take it off
    RekeyPassphrase(rekey::Args),
}

#[derive(clap::Args)]
#[command(after_help = "Examples:\n  certforge ca show\n  certforge ca show staging --json")]
pub struct Show {
    /// The CA's name in the store
    #[arg(value_name = "NAME")]
    name: Option<String>,
}

pub fn run(command: Command, context: &Context) -> Result<Report, Failure> {
    match command {
        Command::New(args) => new::run(&args, context),
        Command::List => {
            // One damaged folder does not hide the others.
            let (mut authorities, mut broken) = (Vec::new(), Vec::new());
            for name in context.store.authority_names()? {
                match context.store.ca_entry(&name) {
                    Ok(entry) => authorities.push(CaReport::present(&entry, context.now)),
                    Err(e) => broken.push(Finding::new(e.code(), Severity::Warning, name, e.to_string())),
                }
            }
            Ok(Report::CaList(CaListReport { authorities, findings: findings(&broken) }))
        }
        Command::Show(args) => {
            let name = context.choose_ca(args.name.as_deref())?;
            let entry = context.store.ca_entry(&name)?;
            Ok(Report::Ca(Box::new(CaReport::present(&entry, context.now))))
        }
        Command::Adopt(args) => adopt::run(&args, context),
        Command::Renew(args) => renew::run(&args, context),
        Command::RekeyPassphrase(args) => rekey::run(&args, context),
    }
}
