//! `certforge leaf --batch`: many leaves, all or none.

mod input;
mod output;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use certforge::key::PrivateKey;
use certforge::store::{Batch, LeftBehind, Origin, Overwrite, folder_name, read_large_input};
use certforge::validity::rfc3339;
use certforge::{Authority, Bundle, Error, Finding, LeafPlan, LeafRequest, San, Severity};
use rayon::prelude::*;

use crate::command::issue::IssueArgs;
use crate::context::{Context, Failure, Waits};
use crate::render::Bar;
use crate::report::{BatchLeaf, BatchReport, Report, findings, left_behind_findings, names, path};
use crate::threads::Shared;
use output::Stream;

// Many leaves at once.
#[derive(clap::Args)]
pub struct BatchArgs {
    /// Many leaves: a file with one a line (names by comma), as CSV with a header, or as JSON lines; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["names", "cn", "san", "self_signed"])]
    pub batch: Option<PathBuf>,
    /// How they are written: folders of the store, or one file with keys in it
    #[arg(long, value_enum, value_name = "FORM", default_value = "files", requires = "batch")]
    form: Form,
    /// The file for --form tar, jsonl and pem; `-` is standard output
    #[arg(long, value_name = "FILE", requires = "batch")]
    output: Option<PathBuf>,
    /// Pass over leaves that are there
    #[arg(long, requires = "batch", conflicts_with = "force")]
    skip_existing: bool,
}

impl BatchArgs {
    /// Refuses flags of batches where there is none. (The parser does not: where names
    /// stand, which a batch conflicts with, it takes the batch for not required.)
    pub fn require_batch(&self) -> Result<(), Failure> {
        if self.batch.is_some() || self.form == Form::Files && self.output.is_none() && !self.skip_existing {
            return Ok(());
        }
        Err(Failure::usage(
            "--form, --output and --skip-existing are for --batch",
            "certforge leaf --batch FILE --form tar --output leaves.tar; one leaf in other forms: certforge bundle NAME",
        ))
    }
}

/// How many leaves are written.
#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Form {
    /// A folder of the store each
    Files,
    /// A tar file with a folder each
    Tar,
    /// A line of JSON each
    Jsonl,
    /// One after the other: key, certificate, intermediates
    Pem,
}

/// One leaf that is to be made.
struct Job {
    request: LeafRequest,
    plan: LeafPlan,
    line: usize,
}

/// How many leaves of a stream are in memory at once.
const CHUNK: usize = 512;
/// How many wrong lines are told one by one, behind the first.
const MOST_TOLD: usize = 20;

pub fn run(
    args: &BatchArgs,
    issue: &IssueArgs,
    force: bool,
    file: &std::path::Path,
    context: &Context,
) -> Result<Report, Failure> {
    let stream = match (args.form, &args.output) {
        (Form::Files, None) => None,
        (Form::Files, Some(_)) => {
            return Err(Failure::usage(
                "--output is for --form tar, jsonl and pem",
                "certforge leaf --batch FILE --form tar --output FILE",
            ));
        }
        (form, Some(output)) => Some((form, output)),
        (_, None) => {
            return Err(Failure::usage(
                "where it goes was not said",
                "add --output FILE, or --output - for standard output",
            ));
        }
    };
    let rows = input::rows(&read_large_input(file)?, file)?;
    let ca = context.choose_ca(issue.ca.as_deref())?;
    let loaded = context.authority(&ca, &issue.passphrase)?;
    let authority = &loaded.authority;
    let jobs = jobs(args, issue, force || stream.is_some(), (&rows, file), authority, context)?;
    let mut said = findings(&loaded.findings);
    said.extend(findings(&told_of(&jobs)));
    let skipped = rows.len() - jobs.len();
    if issue.dry_run {
        let leaves = jobs.iter().map(|job| BatchLeaf::planned(&job.plan)).collect();
        return Ok(Report::Batch(BatchReport {
            planned: true,
            output: None,
            leaves,
            skipped,
            findings: said,
        }));
    }
    let bar = Bar::new(jobs.len(), context.waits == Waits::Quiet);
    let batch = context.store.batch()?;
    let threads = Shared::start();
    let work = Work { authority, ca: &ca, jobs: &jobs, file, batch, threads: &threads, bar: &bar };
    let leaves = match stream {
        None => {
            let (leaves, left_behind) = work.into_folders(force)?;
            said.extend(left_behind.iter().flat_map(left_behind_findings));
            leaves
        }
        Some((form, output)) => work.into_stream(form, output, force)?,
    };
    drop(threads);
    bar.end();
    let output = stream.map(|(_, output)| path(output));
    Ok(Report::Batch(BatchReport { planned: false, output, leaves, skipped, findings: said }))
}

/// Leaves that are planned, and what makes them.
struct Work<'a> {
    authority: &'a Authority,
    ca: &'a str,
    jobs: &'a [Job],
    /// Where they were asked for.
    file: &'a std::path::Path,
    batch: Batch<'a>,
    threads: &'a Shared,
    bar: &'a Bar,
}

impl Work<'_> {
    /// Each into its folder; with what the folders had that was replaced.
    fn into_folders(self, force: bool) -> Result<(Vec<BatchLeaf>, Vec<LeftBehind>), Failure> {
        let one = |job: &Job| {
            let bundle = issue_one(self.authority, job, self.file)?;
            let folder = self.batch.add(job.plan.names().first(), &bundle, Some(self.origin(job)))?;
            self.bar.tick();
            Ok(leaf(&bundle, Some(path(&folder)), job))
        };
        let made = self.threads.run(|| self.jobs.par_iter().map(one).collect::<Result<_, Error>>())?;
        let left_behind = self.batch.place(if force { Overwrite::Archive } else { Overwrite::Refuse })?;
        Ok((made, left_behind))
    }

    /// All into one file, or to standard output.
    fn into_stream(
        self,
        form: Form,
        output: &std::path::Path,
        force: bool,
    ) -> Result<Vec<BatchLeaf>, Failure> {
        let overwrite = if force { Overwrite::Replace } else { Overwrite::Refuse };
        let mut stream = Stream::open(form, output, overwrite)?;
        let mut made = Vec::with_capacity(self.jobs.len());
        let one = |job: &Job| {
            let bundle = issue_one(self.authority, job, self.file)?;
            self.batch.record(bundle.leaf(), self.origin(job))?;
            self.bar.tick();
            let piece = output::piece(form, job.plan.names(), &bundle)?;
            Ok((piece, leaf(&bundle, None, job)))
        };
        for chunk in self.jobs.chunks(CHUNK) {
            let pieces = self.threads.run(|| chunk.par_iter().map(one).collect::<Result<Vec<_>, Error>>())?;
            if output == std::path::Path::new("-") {
                // Whoever reads has the leaves from now on: they are on record before.
                self.batch.place_records()?;
            }
            for (piece, leaf) in pieces {
                stream.write(&piece)?;
                made.push(leaf);
            }
        }
        self.batch.place(Overwrite::Refuse)?;
        stream.finish(overwrite)?;
        Ok(made)
    }

    const fn origin<'b>(&'b self, job: &'b Job) -> Origin<'b> {
        Origin { ca: self.ca, request: &job.request }
    }
}

/// All leaves that are to be made, planned and looked at before the first is made.
fn jobs(
    args: &BatchArgs,
    issue: &IssueArgs,
    may_exist: bool,
    (rows, file): (&[input::Row], &std::path::Path),
    authority: &Authority,
    context: &Context,
) -> Result<Vec<Job>, Failure> {
    let mut templates = HashMap::new();
    let mut seen: HashMap<San, usize> = HashMap::with_capacity(rows.len());
    let mut jobs = Vec::with_capacity(rows.len());
    // One look at the folder instead of one at each name.
    let there: HashSet<String> = context.store.leaf_names()?.into_iter().collect();
    let mut job = |row: &input::Row| -> certforge::Result<Option<Job>> {
        let request = row.request(issue, authority.key().algorithm(), &mut templates)?;
        let plan = request.plan(context.now)?;
        let plan = issue.strict.fit(authority, plan)?;
        authority.check(&plan)?;
        let first = plan.names().first();
        if let Some(other) = seen.insert(first.clone(), row.line) {
            return Err(Error::Row { reason: format!("`{first}` is in line {other} already") });
        }
        if there.contains(&folder_name(first)) {
            if args.skip_existing {
                return Ok(None);
            }
            if !may_exist {
                let (name, path) = (first.to_string(), context.store.leaf_folder(first));
                return Err(Error::AlreadyExists { what: "leaf", name, path });
            }
        }
        Ok(Some(Job { request, plan, line: row.line }))
    };
    let mut wrong = Vec::new();
    for row in rows {
        match job(row) {
            Ok(job) => jobs.extend(job),
            Err(e) => wrong.push(e.in_line(file, row.line)),
        }
    }
    if rows.is_empty() {
        return Err(Error::Row { reason: "there is no line in it".to_owned() }.in_file(file).into());
    }
    refuse(wrong)?;
    Ok(jobs)
}

/// What is to be known of the leaves, each thing once, of however many.
fn told_of(jobs: &[Job]) -> Vec<Finding> {
    let mut told: Vec<(&Finding, &Job, usize)> = Vec::new();
    let mut places: HashMap<(&str, &str), usize> = HashMap::new();
    for job in jobs {
        for finding in job.plan.findings() {
            let place = *places.entry((finding.code, &finding.message)).or_insert(told.len());
            match told.get_mut(place) {
                Some((.., more)) => *more += 1,
                None => told.push((finding, job, 0)),
            }
        }
    }
    let one = |(finding, job, more): (&Finding, &Job, usize)| {
        let first = job.plan.names().first();
        let mut finding = finding.clone();
        finding.place = if more == 0 { first.to_string() } else { format!("{first} and {more} more") };
        finding
    };
    told.into_iter().map(one).collect()
}

/// Refuses where a line is wrong. All that are wrong are told, so that a file is put right
/// in one go.
fn refuse(mut wrong: Vec<Error>) -> Result<(), Failure> {
    if wrong.is_empty() {
        return Ok(());
    }
    let first = wrong.remove(0);
    let told = |e: &Error| Finding::new(e.code(), Severity::Error, "batch", e.to_string());
    let mut more: Vec<Finding> = wrong.iter().take(MOST_TOLD).map(told).collect();
    if let Some(rest) = wrong.len().checked_sub(MOST_TOLD).filter(|rest| *rest > 0) {
        let message = format!("{rest} more lines are wrong");
        more.push(Finding::new("batch.more", Severity::Error, "batch", message));
    }
    Err(Failure::Several(first.into(), more))
}

fn issue_one(authority: &Authority, job: &Job, file: &std::path::Path) -> certforge::Result<Bundle> {
    let key = PrivateKey::generate(job.plan.key())?;
    authority.issue_for(&job.plan, key).map_err(|e| e.in_line(file, job.line))
}

fn leaf(bundle: &Bundle, folder: Option<String>, job: &Job) -> BatchLeaf {
    BatchLeaf {
        name: job.plan.names().first().to_string(),
        names: names(job.plan.names()),
        folder,
        serial: Some(bundle.leaf().serial_hex()),
        not_after: rfc3339(bundle.leaf().validity().not_after()),
    }
}
