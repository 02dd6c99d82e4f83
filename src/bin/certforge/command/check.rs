//! `certforge check`: what something is, and what is wrong with it.

mod address;
#[cfg(feature = "aws")]
mod arn;
mod page;
mod scan;
mod server;

use std::path::PathBuf;

use certforge::Certificate;
use clap::ValueEnum;

use crate::command::passphrase::PassphraseArgs;
use crate::context::{Context, Failure};
use crate::report::Report;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge check server.pem
  certforge check fullchain.pem --trust ca.pem --name 10.103.10.95
  certforge check fullchain.pem --ca ca.pem --name 10.103.10.95 --clients
  certforge check /etc/ssl --within 30d            every certificate below a folder
  certforge check server.pem --format der > server.der
  certforge check 10.103.10.95                     a leaf of the store
  certforge check 10.103.10.95:443 --ca ca.pem     what a server shows
  certforge check mail.internal:25 --starttls smtp --ca ca.pem
  certforge check arn:aws:acm:eu-west-1:123456789012:certificate/0f2d… --ca ca.pem

Exit status 0: good; 1: something is wrong with it, or it is due. Warnings alone are good:
clients take it.")]
pub struct Args {
    /// A file with certificates, keys, signing requests or lists, a folder of them, a leaf of
    /// the store, a server as HOST:PORT, or an ARN of ACM; `-` is standard input
    #[arg(value_name = "FILE|DIR|NAME|HOST:PORT|ARN")]
    what: PathBuf,
    #[command(flatten)]
    judge: JudgeArgs,
    #[command(flatten)]
    passphrase: PassphraseArgs,
    #[command(flatten)]
    server: server::ServerArgs,
    #[cfg(feature = "aws")]
    #[command(flatten)]
    place: arn::PlaceArgs,
    /// What ends within this time is due, such as 30d
    #[arg(long, value_name = "TIME")]
    within: Option<String>,
    /// In a folder, look at the form of each certificate too
    #[arg(long)]
    strict: bool,
    /// Tell what each client and AWS service will say of the first certificate
    #[arg(long)]
    clients: bool,
    /// Print the extensions, and the entries of a list, too, as openssl x509 and crl -text do
    #[arg(long)]
    text: bool,
    /// Print the first certificate itself, in this form
    #[arg(long, value_name = "FORM")]
    format: Option<Form>,
}

#[derive(clap::Args)]
struct JudgeArgs {
    /// CAs to believe, by file; `system` is what this system trusts
    #[arg(long, value_name = "FILE", visible_alias = "ca", alias = "roots", alias = "CAfile")]
    trust: Vec<PathBuf>,
    /// Intermediates that a server would send
    #[arg(long, value_name = "FILE", visible_alias = "untrusted")]
    chain: Vec<PathBuf>,
    /// The host name or address that it has to be for
    #[arg(long, value_name = "NAME", visible_alias = "host")]
    name: Option<String>,
    /// The private key that it has to fit, by file
    #[arg(long, value_name = "FILE", visible_alias = "private-key")]
    key: Option<PathBuf>,
    /// Revocation lists, by file
    #[arg(long, value_name = "FILE")]
    crl: Vec<PathBuf>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Form {
    Der,
    Pem,
}

impl Form {
    fn of(self, certificate: &Certificate) -> certforge::Result<Vec<u8>> {
        match self {
            Self::Der => Ok(certificate.der().to_vec()),
            Self::Pem => Ok(certificate.pem()?.into_bytes()),
        }
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    if args.what.is_dir() {
        args.judge.refuse("a folder is scanned")?;
        if args.passphrase.is_given() {
            return Err(superfluous("a folder is scanned", "--passphrase-file"));
        }
        args.server.refuse("a folder is scanned")?;
        if args.clients || args.text || args.format.is_some() {
            return Err(superfluous("a folder is scanned", "--clients, --text or --format"));
        }
        return scan::run(args, context);
    }
    if args.format.is_some() && context.json {
        return Err(superfluous("--json prints a document", "--format"));
    }
    if !args.what.exists() {
        #[cfg(feature = "aws")]
        if args.what.to_str().is_some_and(|text| text.starts_with("arn:")) {
            args.server.refuse("it is no server")?;
            return arn::run(args, context);
        }
        address::refuse_port(&args.what)?;
        if let Some(server) = address::of(&args.what) {
            return server::run(args, server, context);
        }
    }
    args.server.refuse("it is no server")?;
    page::run(args, context)
}

/// That a flag has no meaning here: passing over it would look like a verdict.
fn superfluous(why: &str, what: &str) -> Failure {
    Failure::usage(
        format!("{why}, and {what} has no meaning there"),
        "certforge check --help says what belongs to what",
    )
}

impl JudgeArgs {
    fn refuse(&self, why: &str) -> Result<(), Failure> {
        let given = !(self.trust.is_empty() && self.chain.is_empty() && self.crl.is_empty())
            || self.name.is_some()
            || self.key.is_some();
        if given { Err(superfluous(why, "--trust, --chain, --crl, --name or --key")) } else { Ok(()) }
    }
}
