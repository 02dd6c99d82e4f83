//! Where in AWS: regions, profiles, endpoint, time-outs, and the connections to
//! them.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use certforge::Error;
use certforge::aws::{Connection, Importer, Progress};
use certforge::error::Shown;
use certforge::harness::{AcmSim, Settings};
use certforge::store::{ImportRecord, Lock, SIMULATOR, Store, is_regular, read_input, read_start};

use crate::context::{Failure, Waits};
use crate::environment;
use crate::render;
use crate::report::{ImportReport, ImportResult};
use crate::threads;

#[derive(clap::Args)]
pub struct TargetArgs {
    /// The AWS region; several by comma or repeated
    #[arg(long, value_name = "REGION", value_delimiter = ',')]
    region: Vec<String>,
    /// The profile of the AWS configuration files; repeat it for more
    #[arg(long, value_name = "NAME")]
    profile: Vec<String>,
    /// An endpoint other than AWS's own
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
    /// How many seconds all calls to AWS may take together [default: 60, and 5 for each further leaf]
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    timeout: Option<u64>,
}

/// Where the simulator is, where nobody says.
const SIMULATED_REGION: &str = "us-east-1";

/// The most that a configuration file of AWS has, in octets.
const MOST_OCTETS: u64 = 16 << 20;

/// A place to import to, reached or not.
pub struct Target {
    /// The region, or what was asked for where it was not reached.
    pub region: String,
    /// The profile it is reached with, however it was chosen.
    pub profile: Option<String>,
    /// The connection, or why there is none.
    pub session: Result<Session, Failure>,
}

impl Target {
    /// What came of importing the leaf `name` to it.
    pub fn result(&self, name: &str, outcome: Result<ImportReport, Failure>) -> ImportResult {
        let (region, profile) = (self.region.clone(), self.profile.clone());
        ImportResult { name: name.to_owned(), region, profile, outcome }
    }
}

/// A connection that is ready.
pub struct Session {
    pub importer: Importer,
    pub profile: Option<String>,
    simulated: bool,
}

impl Session {
    /// The endpoint as records name it.
    pub fn endpoint(&self) -> Option<&str> {
        if self.simulated { Some(SIMULATOR) } else { self.importer.endpoint() }
    }
}

/// A simulator of ACM that lives as long as the command, and what it held before.
pub struct Simulation {
    sim: AcmSim,
    _lock: Lock,
}

impl Simulation {
    pub fn start(store: &Store) -> Result<Self, Failure> {
        let lock = store.lock_simulated()?;
        let sim = AcmSim::start(Settings::default())?;
        if let Some(state) = store.simulated()? {
            sim.restore(&state)?;
        }
        Ok(Self { sim, _lock: lock })
    }

    /// Keeps what it holds now for the next run.
    pub fn save(&self, store: &Store) -> Result<(), Failure> {
        Ok(store.save_simulated(&self.sim.state()?)?)
    }
}

impl TargetArgs {
    /// Where a record says that an import went.
    pub fn of(record: &ImportRecord) -> Self {
        let endpoint = record.endpoint.clone().filter(|endpoint| endpoint != SIMULATOR);
        Self::at(Some(record.region.clone()), record.profile.clone(), endpoint)
    }

    /// One place.
    pub fn at(region: Option<String>, profile: Option<String>, endpoint_url: Option<String>) -> Self {
        Self {
            region: region.into_iter().collect(),
            profile: profile.into_iter().collect(),
            endpoint_url,
            timeout: None,
        }
    }

    /// Whether anything of this was given.
    pub fn is_given(&self) -> bool {
        !self.region.is_empty()
            || !self.profile.is_empty()
            || self.endpoint_url.is_some()
            || self.timeout.is_some()
    }

    /// The regions that were asked for.
    pub fn regions(&self) -> &[String] {
        &self.region
    }

    /// Connects to the one place that an ARN is in; `region` is for where none was given.
    pub fn one(&self, region: &str, waits: Waits) -> Result<Session, Failure> {
        let mut targets = self.targets(Some(region), 1, waits, None)?;
        match targets.pop() {
            Some(target) if targets.is_empty() => target.session,
            _ => Err(Failure::usage("an ARN is in one region", format!("--region {region}"))),
        }
    }

    /// A connection without region and profile; `seconds` is for where no time-out was given.
    fn anywhere(&self, seconds: u64) -> Result<Connection, Failure> {
        environment::aws_files().try_for_each(|(name, path)| check_ends(name, &path))?;
        let trust_anchors = match environment::aws_ca_bundle() {
            None => None,
            Some(path) => Some(Arc::new(std::mem::take(&mut *read_input(&path)?))),
        };
        Ok(Connection {
            trust_anchors,
            timeout: Some(Duration::from_secs(self.timeout.unwrap_or(seconds))),
            endpoint_url: self.endpoint_url.clone(),
            ..Connection::default()
        })
    }

    /// The one place that was asked for, in `region` where none was.
    #[cfg(feature = "apigw")]
    pub fn alone(&self, seconds: u64, region: Option<String>) -> Result<Connection, Failure> {
        if self.region.len() > 1 || self.profile.len() > 1 {
            return Err(Failure::usage(
                "an API is in one region and one account, and several were given",
                "give one --region and one --profile",
            ));
        }
        let (region, profile) = (self.region.first().cloned().or(region), self.profile.first().cloned());
        Ok(Connection { region, profile, ..self.anywhere(seconds)? })
    }

    /// Connects to every region with every profile, all at once. `region` is for where none was
    /// given; `leaves` tells how much is to be done.
    pub fn targets(
        &self,
        region: Option<&str>,
        leaves: usize,
        waits: Waits,
        simulation: Option<&Simulation>,
    ) -> Result<Vec<Target>, Failure> {
        let mut connection = self.anywhere(60 + 5 * (leaves as u64).saturating_sub(1))?;
        let mut regions: Vec<Option<String>> = self.region.iter().cloned().map(Some).collect();
        if regions.is_empty() {
            regions.push(region.map(ToOwned::to_owned));
        }
        if let Some(simulation) = simulation {
            connection.endpoint_url = Some(simulation.sim.url());
            connection.stand_in = true;
            if regions == [None] && !environment::has_aws_region() {
                regions = vec![Some(SIMULATED_REGION.to_owned())];
            }
        }
        let mut profiles: Vec<Option<String>> = self.profile.iter().cloned().map(Some).collect();
        if profiles.is_empty() {
            profiles.push(None);
        }
        let mut wanted: Vec<Connection> = Vec::new();
        for profile in profiles {
            for region in &regions {
                let (region, profile) = (region.clone(), profile.clone());
                if !wanted.iter().any(|c| c.region == region && c.profile == profile) {
                    wanted.push(Connection { region, profile, ..connection.clone() });
                }
            }
        }
        let simulated = simulation.is_some();
        Ok(threads::at_once(wanted.iter().map(|c| move || reach(c, simulated, waits)).collect()))
    }
}

fn reach(connection: &Connection, simulated: bool, waits: Waits) -> Target {
    match Importer::connect(connection) {
        Err(e) => unreached(connection, e.into()),
        Ok(importer) => {
            let importer = importer.on_progress(move |p| say(&ACM, p, waits));
            let profile = match &connection.profile {
                _ if simulated => None,
                None => environment::aws_profile(),
                profile => profile.clone(),
            };
            let region = importer.region().to_owned();
            Target { region, profile: profile.clone(), session: Ok(Session { importer, profile, simulated }) }
        }
    }
}

fn unreached(connection: &Connection, failure: Failure) -> Target {
    let region = connection.region.clone().or_else(environment::aws_region);
    let profile = connection.profile.clone();
    Target { region: region.unwrap_or_else(|| "unknown".to_owned()), profile, session: Err(failure) }
}

/// What is asked, as people are told of it.
pub struct Asked {
    pub label: &'static str,
    pub name: &'static str,
}

const ACM: Asked = Asked { label: "acm", name: "ACM" };

/// Tells people why it takes long.
pub fn say(asked: &Asked, progress: &Progress, waits: Waits) {
    let name = asked.name;
    let seconds = |wait: &Duration| format!("{:.1} s", wait.as_secs_f64());
    let text = match progress {
        // Below a second nobody wonders; with many leaves a bar tells.
        Progress::Pacing { action, wait } if waits == Waits::Told && *wait >= Duration::from_millis(900) => {
            format!("waiting {}: {name} takes {action} no faster", seconds(wait))
        }
        Progress::Throttled { action, wait } if waits != Waits::Quiet => {
            format!("waiting {}: {name} is too busy for {action}", seconds(wait))
        }
        Progress::Looking { action, reason } if waits != Waits::Quiet => {
            format!("looking at {name} for what {action} did: {reason}")
        }
        Progress::Repeating { action, attempt } if waits != Waits::Quiet => {
            format!("{action} once more, attempt {attempt}")
        }
        _ => return,
    };
    render::progress(asked.label, &text);
}

/// Refuses a file that never ends, or is no configuration.
fn check_ends(name: &str, path: &Path) -> Result<(), Failure> {
    // One that is not there is passed over, as the SDK does.
    if !path.exists() || path == Path::new("/dev/null") {
        return Ok(());
    }
    let what = match () {
        () if !is_regular(path) => "is no regular file",
        () if read_start(path).is_ok_and(|start| start.size > MOST_OCTETS) => "is larger than 16 MiB",
        () => return Ok(()),
    };
    let reason = format!("{name}: {} {what}", Shown(&path.to_string_lossy()));
    Err(Error::AwsConfig { reason }.into())
}
