//! `certforge apigw`: API Gateway's documents, and why it refuses a back end.

#[cfg(feature = "apigw")]
mod apply;
mod explain;
mod patch;
#[cfg(not(feature = "apigw"))]
mod without_apply;

use std::path::Path;

use certforge::gateway::Document;
use certforge::store::read_large_input;
use clap::Subcommand;
#[cfg(not(feature = "apigw"))]
use without_apply as apply;

use crate::context::{Context, Failure};
use crate::report::Report;

#[derive(Subcommand)]
pub enum Command {
    /// Tell what each integration checks of its back end, and which way out fits
    Explain(explain::Args),
    /// Set what integrations check, and keep everything else octet by octet
    Patch(patch::Args),
}

pub fn run(command: &Command, context: &Context) -> Result<Report, Failure> {
    match command {
        Command::Explain(args) => explain::run(args, context),
        Command::Patch(args) => patch::run(args, context.waits),
    }
}

/// The document, and its octets as they were.
fn read(file: &Path) -> Result<(Document, Vec<u8>), Failure> {
    let bytes = read_large_input(file)?;
    let document = Document::read(&bytes).map_err(|e| e.in_file(file))?;
    Ok((document, bytes))
}

/// Which operations.
#[derive(clap::Args)]
struct OperationArgs {
    /// In the operations of this path alone, such as /orders/{id}
    #[arg(long, value_name = "PATH")]
    path: Option<String>,
    /// In the operations of this method alone, such as GET or ANY
    #[arg(long, value_name = "METHOD", visible_alias = "http-method")]
    method: Option<String>,
}
