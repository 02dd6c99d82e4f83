//! `certforge template`: what certificates can be for.

use certforge::Template;

use crate::command::issue::template;
use crate::command::offering::offering;
use crate::context::Failure;
use crate::report::{Report, TemplateListReport, TemplateReport};

#[derive(clap::Subcommand)]
pub enum Command {
    /// List the templates that are built in
    #[command(after_help = "Examples:\n  certforge template list\n  certforge template list --json")]
    List,
    /// Print a template, built in or from a file, as a file
    Show(Show),
}

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge template show server
  certforge template show server --set days=30 > mine.toml
  certforge leaf 10.103.10.95 --template ./mine.toml")]
pub struct Show {
    /// Its name, or its file
    #[arg(value_name = "TEMPLATE", value_parser = offering::<String>(Template::builtin().iter().map(Template::name)), hide_possible_values = true)]
    name: String,
    /// A field to change
    #[arg(long, value_name = "FIELD=VALUE")]
    set: Vec<String>,
}

pub fn run(command: Command) -> Result<Report, Failure> {
    match command {
        Command::List => {
            let templates = Template::builtin().iter().map(TemplateReport::of).collect();
            Ok(Report::TemplateList(TemplateListReport { templates }))
        }
        Command::Show(args) => {
            let template = template(&args.name)?.with_fields(&args.set)?;
            Ok(Report::Template(TemplateReport::of(&template)))
        }
    }
}
