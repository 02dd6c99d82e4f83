//! The places an import goes to: the flags that say which, the connections to them,
//! and a leaf to all of them at once.

use std::sync::Mutex;
use std::time::Duration;

use certforge::aws::{CertificateArn, Importer, Tag, is_gone};
use certforge::certificate::{Certificate, Chain};
use certforge::check::acm::{self, Allowed, Service};
use certforge::store::{ImportRecord, ImportRecords, LeafEntry};
use certforge::{Error, Finding, KeyAlgorithm, PrivateKey, Severity};
use time::OffsetDateTime;

use crate::command::candidate::{Candidate, LazyKey, refuse_errors};
use crate::command::import::{import, recover, same_key, unmade};
use crate::command::material::taken_back_along;
use crate::command::offering::offering;
use crate::command::target::{Session, Simulation, Target, TargetArgs};
use crate::context::{Context, Failure};
use crate::report::ImportResult;
use crate::threads;

// How an import is made: the flags of `import-acm` and of `up`.
#[derive(clap::Args)]
pub struct ImportArgs {
    #[command(flatten)]
    target: TargetArgs,
    /// A tag, as Key=team,Value=edge or team=edge; repeat it for more
    #[arg(long, value_name = "TAG")]
    pub tags: Vec<String>,
    /// A service that is to use it, for its rules: alb, nlb, cloudfront, apigw-domain, apigw-backend, client-vpn
    #[arg(long = "target", value_name = "SERVICE", value_delimiter = ',', value_parser = offering::<Service>(Service::ALL.map(Service::as_str)), hide_possible_values = true)]
    services: Vec<Service>,
    /// A rule to set aside where ACM may take it nevertheless, such as X01
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    allow: Vec<String>,
    /// Import into a stand-in for ACM that starts with the command and ends with it
    #[arg(long)]
    sim: bool,
}

// The flags of `up` for an import.
#[derive(clap::Args)]
pub struct UpArgs {
    /// Import it into AWS Certificate Manager and print its ARN
    #[arg(long)]
    import_acm: bool,
    /// Never write the leaf's private key to a disk: ACM alone has it
    #[arg(long, requires = "import_acm")]
    pub ephemeral: bool,
    #[command(flatten)]
    import: ImportArgs,
}

/// Places that are reached or not, and how to import to them.
pub struct Ready {
    pub targets: Vec<Target>,
    simulation: Option<Simulation>,
    tags: Vec<Tag>,
    services: Vec<Service>,
    pub allowed: Allowed,
    dry_run: bool,
}

impl ImportArgs {
    /// The import that a record tells of, once more.
    pub fn again(record: &ImportRecord) -> Self {
        Self {
            target: TargetArgs::of(record),
            tags: Vec::new(),
            // Of a service that is no longer known nothing is asked.
            services: record.services.iter().filter_map(|name| name.parse().ok()).collect(),
            allow: Vec::new(),
            sim: record.is_simulated(),
        }
    }

    /// An import to one place.
    pub fn to(target: TargetArgs, tags: Vec<String>, services: Vec<Service>, sim: bool) -> Self {
        Self { target, tags, services, allow: Vec::new(), sim }
    }

    fn tags(&self) -> Result<Vec<Tag>, Failure> {
        Ok(self.tags.iter().map(|t| t.parse()).collect::<certforge::Result<_>>()?)
    }

    /// Connects, so that a missing region or missing credentials show before
    /// anything is read or made. A dry run says what it can without.
    pub fn ready(
        &self,
        context: &Context,
        leaves: usize,
        region: Option<&str>,
        dry_run: bool,
    ) -> Result<Ready, Failure> {
        let (tags, allowed) = (self.tags()?, Allowed::named(&self.allow)?);
        let simulation = if self.sim { Some(Simulation::start(&context.store)?) } else { None };
        let waits = if leaves > 1 { context.waits.with_bar() } else { context.waits };
        let targets = self.target.targets(region, leaves, waits, simulation.as_ref())?;
        if let [Target { session: Err(failure), .. }] = targets.as_slice()
            && !dry_run
        {
            return Err(failure.clone());
        }
        // What is missing a dry run does without; what is wrong it tells.
        let mut wrong = targets.iter().filter_map(|target| target.session.as_ref().err());
        if dry_run && let Some(failure) = wrong.find(|f| is_wrong(f)) {
            return Err(failure.clone());
        }
        Ok(Ready { targets, simulation, tags, services: self.services.clone(), allowed, dry_run })
    }
}

/// Whether a place cannot be what it is said to be, whoever asks for it.
fn is_wrong(failure: &Failure) -> bool {
    matches!(failure, Failure::Error(e) if matches!(**e, Error::AwsConfig { .. }))
}

impl UpArgs {
    /// Connects where an import is asked for.
    pub fn ready(&self, context: &Context, dry_run: bool) -> Result<Option<Ready>, Failure> {
        if self.import_acm {
            return self.import.ready(context, 1, None, dry_run).map(Some);
        }
        let import = &self.import;
        let given = import.target.is_given()
            || !import.tags.is_empty()
            || !import.services.is_empty()
            || !import.allow.is_empty()
            || import.sim;
        if given {
            return Err(Failure::usage(
                "--region, --profile, --endpoint-url, --timeout, --tags, --target, --allow and --sim are for an import",
                "add --import-acm",
            ));
        }
        Ok(None)
    }
}

impl Ready {
    fn sessions(&self) -> impl Iterator<Item = &Session> {
        self.targets.iter().filter_map(|t| t.session.as_ref().ok())
    }

    /// What the next imports are to have and to be for.
    pub fn is_for(&mut self, tags: Vec<Tag>, services: Vec<Service>) {
        (self.tags, self.services) = (tags, services);
    }

    /// Refuses what ACM would refuse, before anything is saved or replaced.
    pub fn preflight(
        &self,
        certificate: &Certificate,
        chain: &Chain,
        key: &PrivateKey,
        there: Option<&LeafEntry>,
        now: OffsetDateTime,
    ) -> Result<(), Failure> {
        let candidate = self.candidate(certificate, chain, now);
        let records = there.map(LeafEntry::imports).transpose()?;
        for session in self.sessions() {
            let region = session.importer.region();
            candidate.preflight(key, &self.tags, Some(region), None)?;
            let here = records.iter().flat_map(|all| all.at(region, session.endpoint()));
            here.into_iter().try_for_each(|record| same_key(record, certificate))?;
        }
        Ok(())
    }

    /// Refuses a kind of key that ACM does not take, before anything is made.
    pub fn refuse_kind(key: KeyAlgorithm) -> Result<(), Failure> {
        if key.acm_name().is_some() {
            return Ok(());
        }
        let message = format!("the key would be {}, and ACM takes RSA and NIST curves", key.label());
        let fix = acm::Rule::named("K03").map_or("", |rule| rule.fix);
        Err(Failure::Refused(vec![Finding::new("acm.K03", Severity::Error, "key", message).fix(fix)]))
    }

    /// What would be imported, of a leaf that is not made yet.
    pub fn unmade(&self, name: &str) -> Vec<ImportResult> {
        self.targets.iter().map(|target| target.result(name, Ok(unmade(target, &self.tags)))).collect()
    }

    /// Whether every place has this very leaf, by what is on record. Where the record may be
    /// another account's ACM says whether it is not.
    pub fn is_imported(&self, entry: &LeafEntry, now: OffsetDateTime) -> Result<bool, Failure> {
        let sha256 = self.candidate(&entry.certificate, &entry.chain, now).sha256();
        let records = entry.imports()?;
        for session in self.sessions() {
            let importer = &session.importer;
            let mut has = false;
            let here = records.at(importer.region(), session.endpoint());
            for record in here.filter(|record| record.sha256 == sha256) {
                let arn = record.arn.parse()?;
                has = has
                    || !importer.is_foreign(&arn)
                        && (self.dry_run || !importer.may_be_foreign(&arn) || is_there(importer, &arn)?);
            }
            if !has {
                return Ok(false);
            }
        }
        Ok(true)
    }

    pub fn candidate<'a>(
        &'a self,
        certificate: &'a Certificate,
        chain: &'a Chain,
        now: OffsetDateTime,
    ) -> Candidate<'a> {
        // CloudFront wants the chain without its root.
        let rootless = self.services.contains(&Service::CloudFront);
        Candidate {
            certificate,
            chain,
            sent: if rootless { chain.without_root() } else { chain.clone() },
            gathered: &[],
            tags: &self.tags,
            arn: None,
            new: false,
            services: &self.services,
            allowed: &self.allowed,
            dry_run: self.dry_run,
            now,
        }
    }

    /// Writes down where ACM has a leaf already, whose import nobody wrote down.
    pub fn recover(&self, entry: &LeafEntry, now: OffsetDateTime) -> Result<(), Failure> {
        let _lock = entry.lock(self.left())?;
        let mut records = entry.imports()?;
        for session in self.sessions() {
            recover(session, &self.candidate(&entry.certificate, &entry.chain, now), &mut records)?;
        }
        Ok(())
    }

    /// How much of the time is left.
    pub fn left(&self) -> Duration {
        self.sessions().map(|session| session.importer.left()).min().unwrap_or_default()
    }

    /// Imports a leaf of the store to all places.
    pub fn import(
        &mut self,
        context: &Context,
        entry: &LeafEntry,
        key: &LazyKey<'_>,
    ) -> Result<Vec<ImportResult>, Failure> {
        self.import_to(None, context, entry, key)
    }

    /// The same, to this ARN alone where one is said.
    pub fn import_to(
        &mut self,
        arn: Option<&CertificateArn>,
        context: &Context,
        entry: &LeafEntry,
        key: &LazyKey<'_>,
    ) -> Result<Vec<ImportResult>, Failure> {
        refuse_taken_back(&entry.certificate, &entry.chain, context)?;
        let _lock = if self.dry_run { None } else { Some(entry.lock(self.left())?) };
        let records = Mutex::new(entry.imports()?);
        let mut targets = std::mem::take(&mut self.targets);
        let mut candidate = self.candidate(&entry.certificate, &entry.chain, context.now);
        candidate.arn = arn;
        let results = to_all(&mut targets, &candidate, &records, key, &entry.name());
        self.targets = targets;
        self.end(context)?;
        Ok(results)
    }

    /// Keeps what a simulator holds now.
    pub fn end(&self, context: &Context) -> Result<(), Failure> {
        match self.simulation.as_ref().filter(|_| !self.dry_run) {
            Some(simulation) => simulation.save(&context.store),
            None => Ok(()),
        }
    }
}

/// Refuses what this store took back: what serves it would go on with a key that somebody else
/// may have.
pub fn refuse_taken_back(certificate: &Certificate, chain: &Chain, context: &Context) -> Result<(), Failure> {
    let path: Vec<Certificate> = std::iter::once(certificate).chain(chain.certificates()).cloned().collect();
    let mut found = taken_back_along(&path, context);
    // What is not known here stops nobody.
    found.retain(|f| f.severity == Severity::Error);
    for finding in &mut found {
        "certforge renew NAME, and import what comes of it".clone_into(&mut finding.fix);
    }
    refuse_errors(found).map(drop)
}

/// Whether there is such a certificate in ACM.
fn is_there(importer: &Importer, arn: &CertificateArn) -> Result<bool, Failure> {
    match importer.describe(arn) {
        Ok(_) => Ok(true),
        Err(e) if is_gone(&e) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

/// Imports to all places at once.
pub fn to_all(
    targets: &mut [Target],
    candidate: &Candidate<'_>,
    records: &Mutex<ImportRecords>,
    key: &LazyKey<'_>,
    name: &str,
) -> Vec<ImportResult> {
    let one = |target: &mut Target| {
        let outcome = import(target, candidate, records, key);
        if let Err(failure) = &outcome
            && is_lasting(failure)
        {
            // What comes after it would wait for the same.
            target.session = Err(failure.clone());
        }
        target.result(name, outcome)
    };
    // Places of one account take turns: what the first imports the others find.
    let mut groups: Vec<Vec<(usize, &mut Target)>> = Vec::new();
    for (at, target) in targets.iter_mut().enumerate() {
        let is_beside = |group: &Vec<(usize, &mut Target)>| {
            group.iter().any(|(_, other)| match (&other.session, &target.session) {
                (Ok(other), Ok(this)) => other.importer.is_beside(&this.importer),
                _ => false,
            })
        };
        match groups.iter().position(is_beside) {
            Some(group) => groups[group].push((at, target)),
            None => groups.push(vec![(at, target)]),
        }
    }
    let one = &one;
    let in_turn = |group: Vec<(usize, &mut Target)>| -> Vec<(usize, ImportResult)> {
        group.into_iter().map(|(at, target)| (at, one(target))).collect()
    };
    let work = groups.into_iter().map(|group| move || in_turn(group)).collect();
    let mut results: Vec<_> = threads::at_once(work).into_iter().flatten().collect();
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Whether a failure will meet every further leaf too.
fn is_lasting(failure: &Failure) -> bool {
    let Failure::Error(e) = failure else { return false };
    match &**e {
        Error::AwsUnreached { .. } | Error::AwsConfig { .. } => true,
        Error::AwsRefused { aws_code, .. } => {
            aws_code.starts_with("ExpiredToken")
                || ["UnrecognizedClientException", "InvalidSignatureException"].contains(&aws_code.as_str())
        }
        _ => false,
    }
}
