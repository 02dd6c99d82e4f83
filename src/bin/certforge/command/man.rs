//! `certforge completions` and `certforge man`, made from the command line itself.

use crate::context::Failure;
use crate::report::Report;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge completions bash > ~/.local/share/bash-completion/completions/certforge
  certforge completions zsh > ~/.zfunc/_certforge")]
pub struct Completions {
    /// The shell
    shell: clap_complete::Shell,
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge man | man -l -
  certforge man ca new > certforge-ca-new.1")]
pub struct Args {
    /// The command whose page it is
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
}

pub fn completions(args: &Completions, mut cli: clap::Command) -> Report {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, &mut cli, "certforge", &mut out);
    Report::Text(out)
}

pub fn page(args: &Args, mut cli: clap::Command) -> Result<Report, Failure> {
    cli.build();
    let mut found = &cli;
    for name in &args.command {
        found = found.find_subcommand(name).ok_or_else(|| {
            Failure::usage(
                format!("no command `{}`", certforge::error::Shown(&args.command.join(" "))),
                "certforge --help",
            )
        })?;
    }
    let mut out = Vec::new();
    let title = std::iter::once("certforge").chain(args.command.iter().map(String::as_str));
    let title = title.collect::<Vec<_>>().join("-");
    clap_mangen::Man::new(found.clone())
        .title(title)
        .render(&mut out)
        .map_err(|e| certforge::Error::Internal { doing: "writing a manual page", reason: e.to_string() })?;
    Ok(Report::Text(out))
}
