//! `certforge acm-sim`: a stand-in for ACM on the loopback, for other programs' tests.

use std::net::SocketAddr;
use std::path::PathBuf;

use certforge::error::Shown;
use certforge::harness::{AcmSim, Quota, Script, Settings};
use certforge::store::read_input;

use crate::context::{Context, Failure, Waits};
use crate::render;
use crate::report::Report;

#[derive(clap::Args)]
#[command(after_help = "Examples:
  certforge acm-sim &
  certforge acm-sim --listen 127.0.0.1:5555 --rate 1
  certforge acm-sim --faults drop,ok             lose the answer of the first import
  certforge acm-sim --faults ListCertificates=throttle*3,ok

It prints its URL on standard output once it is ready; set AWS_ENDPOINT_URL to it. It
keeps the rules that ACM documents, checks no access key, and forgets all when it ends.

Faults: ok, throttle, 500 to 599, reset, drop (the answer, after the work), truncate,
badjson, noarn, denied, expired, limit, html, redirect, hang:SECONDS (no work),
slow:SECONDS (before the work), stall:SECONDS (before the answer).
WORD*N repeats a word; the last one repeats for ever.")]
pub struct Args {
    /// Where to listen; port 0 is any that is free
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// How many imports and how many lists it takes in a second [default: no limit]
    #[arg(long, value_name = "N")]
    rate: Option<f64>,
    /// What goes wrong, as [ACTION=]WORD,WORD*N,…; with imports where no action is named
    #[arg(long, value_name = "SCRIPT")]
    faults: Vec<String>,
    /// How many imported certificates a region holds
    #[arg(long, value_name = "N", default_value_t = Quota::default().certificates)]
    quota: usize,
    /// How many imports there may be in a year
    #[arg(long, value_name = "N", default_value_t = Quota::default().imports_a_year)]
    yearly_quota: usize,
    /// The account its certificates are in
    #[arg(long, value_name = "DIGITS", default_value = "123456789012")]
    account: String,
    /// What it holds when it starts: a file that --sim left, acm-sim.json
    #[arg(long, value_name = "FILE")]
    state: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    if args.rate.is_some_and(|rate| !(0.001..=10_000.0).contains(&rate)) {
        return Err(Failure::usage("--rate is not between 0.001 and 10000", "--rate 1"));
    }
    if args.account.len() != 12 || !args.account.bytes().all(|b| b.is_ascii_digit()) {
        return Err(Failure::usage("--account is not twelve digits", "--account 123456789012"));
    }
    let mut settings = Settings {
        account: Some(args.account.clone()),
        rate: args.rate,
        quota: Quota { certificates: args.quota, imports_a_year: args.yearly_quota },
        ..Settings::default()
    };
    for text in &args.faults {
        let (action, script) = text.split_once('=').unwrap_or(("ImportCertificate", text));
        if !AcmSim::ACTIONS.contains(&action) {
            let message = format!("--faults knows no action `{}`", Shown(action));
            return Err(Failure::usage(message, format!("the actions are {}", AcmSim::ACTIONS.join(", "))));
        }
        settings.faults.push((action.to_owned(), script.parse::<Script>()?));
    }
    if !args.listen.ip().is_loopback() && context.waits != Waits::Quiet {
        render::progress(
            "warning",
            "everybody who reaches this machine may use it: no access key is checked",
        );
    }
    let sim = AcmSim::listen(args.listen, settings)?;
    if let Some(path) = &args.state {
        let state = read_input(path)?;
        sim.restore(&String::from_utf8_lossy(&state)).map_err(|e| e.in_file(path))?;
    }
    render::ready(&sim.url(), context.json)?;
    sim.wait();
    Ok(Report::Text(Vec::new()))
}
