//! `certforge fixtures`: certificates with something wrong with them, for other programs'
//! tests.

use std::collections::HashSet;
use std::fmt::Write;
use std::path::PathBuf;

use certforge::check::path::{Purpose, Question, verify};
use certforge::harness::{Fault, Fixture, Fixtures};
use certforge::store::NewFolder;
use certforge::validity::rfc3339;
use certforge::{RevocationList, TrustAnchor};

use crate::command::clients::Clients;
use crate::command::offering::offering;
use crate::context::{Context, Failure};
use crate::render;
use crate::report::{
    ClientSays, FixtureEntry, FixtureListReport, FixtureReport, FixturesReport, Report, findings, path,
};

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge fixtures testdata/tls
  certforge fixtures testdata/tls --only expired --only wrong-host
  certforge fixtures --list

Each has a folder: fullchain.pem and key.pem for the server, ca.pem for the client, crl.pem
where it is revoked. index.json says which name to ask for, and what each client will say:
that is what your own tests can hold your client against. All is made anew each time and
valid for a year from now, but for what has ended on purpose; nothing of it needs keeping.")]
pub struct Args {
    /// A folder that is not there yet
    #[arg(value_name = "DIR", required_unless_present = "list")]
    folder: Option<PathBuf>,
    /// Make this one; repeat it for more [default: all]
    #[arg(long, value_name = "FAULT", value_parser = offering::<String>(Fault::all().map(Fault::as_str)), hide_possible_values = true)]
    only: Vec<String>,
    /// List them, and make none
    #[arg(long, conflicts_with = "folder")]
    list: bool,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let mut wanted = args.only.iter().map(|name| name.parse()).collect::<Result<Vec<Fault>, _>>()?;
    let mut seen = HashSet::new();
    wanted.retain(|fault| seen.insert(fault.as_str()));
    if wanted.is_empty() {
        wanted = Fault::all().collect();
    }
    let Some(folder) = &args.folder else {
        let listed = |fault: &Fault| FixtureEntry { name: fault.as_str(), description: fault.description() };
        return Ok(Report::FixtureList(FixtureListReport { fixtures: wanted.iter().map(listed).collect() }));
    };
    let made = NewFolder::create(folder)?;
    let (fixtures, clients) = (Fixtures::new(context.now)?, Clients::load()?);
    let mut report =
        FixturesReport { folder: path(folder), made_at: rfc3339(context.now), fixtures: Vec::new() };
    for fault in wanted {
        let fixture = fixtures.make(fault)?;
        let own = PathBuf::from(fault.as_str());
        made.add(&own.join("fullchain.pem"), fixture.fullchain_pem()?.as_bytes(), false)?;
        made.add(&own.join("ca.pem"), fixture.trust_anchor.pem()?.as_bytes(), false)?;
        made.add(&own.join("key.pem"), fixture.key.secret_pem()?.as_bytes(), true)?;
        if let Some(list) = &fixture.list {
            made.add(&own.join("crl.pem"), list.pem()?.as_bytes(), false)?;
        }
        report.fixtures.push(told(&fixture, &clients, context)?);
    }
    made.add(&PathBuf::from("README.md"), readme(&report).as_bytes(), false)?;
    made.add(&PathBuf::from("index.json"), &render::document("fixtures", &report)?, false)?;
    made.finish()?;
    Ok(Report::Fixtures(report))
}

/// What is to be said of one.
fn told(fixture: &Fixture, clients: &Clients, context: &Context) -> Result<FixtureReport, Failure> {
    let anchors = [TrustAnchor::new(fixture.trust_anchor.clone())];
    let lists: Vec<RevocationList> = fixture.list.iter().cloned().collect();
    let peer = fixture.host.parse()?;
    let (leaf, chain) = (&fixture.certificates[0], &fixture.certificates[1..]);
    let question = Question {
        certificate: leaf,
        chain,
        anchors: &anchors,
        peer: Some(&peer),
        purpose: Purpose::Server,
        at: context.now,
        lists: &lists,
        strict: false,
    };
    let verdict = verify(&question);
    // Clients look at no list that nobody gave them.
    let fits = fixture.key.public() == leaf.public_key();
    let says = if fits { clients.told(&Question { lists: &[], ..question }, chain) } else { Vec::new() };
    Ok(FixtureReport {
        name: fixture.fault.as_str(),
        description: fixture.fault.description(),
        host: fixture.host,
        good: fixture.fault.is_good(),
        served: fits,
        has_list: fixture.list.is_some(),
        verify: findings(&verdict.findings),
        clients: says
            .into_iter()
            .map(|c| ClientSays {
                client: c.client,
                verdict: c.verdict,
                says: c.says,
                only_if: c.only_if,
                measured: c.measured,
            })
            .collect(),
    })
}

fn readme(report: &FixturesReport) -> String {
    let mut text = format!(
        "# Certificates with something wrong with them\n\nMade by certforge at {}, each with a key of its own and worth \
         nothing elsewhere. A server takes\n`fullchain.pem` and `key.pem`, a client believes `ca.pem` and asks for the host of the \
         table.\n`index.json` says what each client will say of it.\n\n| folder | ask for | with this certificate |\n|---|---|---|\n",
        report.made_at
    );
    for fixture in &report.fixtures {
        // Writing to memory does not fail.
        let _ = writeln!(text, "| `{}` | `{}` | {} |", fixture.name, fixture.host, fixture.description);
    }
    text.push_str("\nMake them anew: `rm -r DIR && certforge fixtures DIR`.\n");
    text
}
