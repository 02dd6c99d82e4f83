//! `certforge ca rekey-passphrase`: how a CA's key is kept.

use std::path::PathBuf;

use certforge::store::KeyState;

use crate::command::passphrase::{PassphraseArgs, fresh_from};
use crate::context::{Context, Failure};
use crate::report::{CaReport, Report, State};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge ca rekey-passphrase
  certforge ca rekey-passphrase staging --passphrase-file old.txt --new-passphrase-file new.txt
  certforge ca rekey-passphrase --passphrase-file old.txt --decrypt")]
pub struct Args {
    /// The CA's name in the store
    #[arg(value_name = "NAME")]
    name: Option<String>,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    /// A file with the new pass phrase in its first line
    #[arg(long, value_name = "FILE")]
    new_passphrase_file: Option<PathBuf>,
    /// An open file descriptor to read it from
    #[arg(long, value_name = "N", conflicts_with = "new_passphrase_file", value_parser = clap::value_parser!(u32).range(0..=65_535))]
    new_passphrase_fd: Option<u32>,
    /// Keep the key unencrypted
    #[arg(long, conflicts_with_all = ["new_passphrase_file", "new_passphrase_fd"])]
    decrypt: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let name = context.choose_ca(args.name.as_deref())?;
    let entry = context.store.ca_entry(&name)?;
    // The old one is asked for first: that is the order people think in.
    let old = match entry.key_state()? {
        KeyState::Encrypted => args.passphrase.unlock()(&format!("the CA {name}"))?,
        KeyState::Plain | KeyState::Absent => None,
    };
    let new = if args.decrypt {
        None
    } else {
        let of = format!("the CA {name} (the new one)");
        Some(fresh_from(
            args.new_passphrase_file.as_deref(),
            args.new_passphrase_fd,
            &of,
            "--new-passphrase-file",
        )?)
    };
    let file = context.store.rekey_passphrase(
        &name,
        &mut |_: &str| Ok(old.clone()),
        new.as_ref().map(|p| p.as_str()),
    )?;
    // A plain key that stays plain is what it was.
    let is_same = args.decrypt && old.is_none();
    let state = if is_same { State::Unchanged } else { State::Replaced };
    let report = CaReport::of(state, &name, &entry.folder, &entry.certificate, context.now);
    Ok(Report::Ca(Box::new(report.file(&file))))
}
