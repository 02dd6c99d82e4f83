//! Everything from a number and a date, the same each time: for snapshots, in builds that
//! are not released.

use certforge::harness::Seeded;
use time::format_description::well_known::{Iso8601, Rfc3339};
use time::{Date, OffsetDateTime, Time};

use super::COMMON;
use crate::context::Failure;
use crate::render;

#[derive(Clone, clap::Args)]
pub struct SeedArgs {
    /// Make keys, serial numbers and signatures from this number, the same each time: nobody's secret
    #[arg(long, global = true, value_name = "N", help_heading = COMMON)]
    seed: Option<u64>,
    /// With --seed: the time that it is said to be
    #[arg(long, global = true, value_name = "DATE", value_parser = instant, help_heading = COMMON)]
    at: Option<OffsetDateTime>,
}

impl SeedArgs {
    /// Runs `work`, from the seed where there is one.
    pub fn during<T>(&self, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
        match (self.seed, self.at) {
            (None, None) => work(),
            (Some(seed), Some(at)) => {
                render::progress(
                    "SEEDED",
                    &format!("whoever knows --seed {seed} has the keys: for snapshots alone"),
                );
                Seeded::new(seed, at).apart(&what()).run(work)
            }
            (Some(_), None) => {
                Err(Failure::usage("--seed without --at would differ each time", "--at 2030-01-01"))
            }
            (None, Some(_)) => Err(Failure::usage("--at without --seed", "--seed 1 --at DATE")),
        }
    }
}

/// What is asked for: the arguments but the store's folder and the seed, and the day. The
/// next command from one seed makes something else, and the same command the same again.
fn what() -> String {
    let mut what = String::new();
    let mut args = std::env::args_os().skip(1);
    while let Some(arg) = args.next() {
        let text = arg.to_string_lossy();
        match text.as_ref() {
            "--dir" | "--seed" => drop(args.next()),
            other if other.starts_with("--dir=") || other.starts_with("--seed=") => {}
            other => {
                what.push_str(other);
                what.push('\0');
            }
        }
    }
    what
}

/// A day, which starts at midnight in UTC, or a time by RFC 3339.
fn instant(text: &str) -> Result<OffsetDateTime, String> {
    let day = Date::parse(text, &Iso8601::DATE).map(|day| day.with_time(Time::MIDNIGHT).assume_utc());
    day.or_else(|_| OffsetDateTime::parse(text, &Rfc3339))
        .map_err(|e| format!("it is no day and no time: {e}"))
}
