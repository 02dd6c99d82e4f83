//! A stand-in for AWS Certificate Manager on the loopback, and with the feature `gateway`
//! for what `apigw patch --apply` asks of API Gateway. It keeps the rules that
//! ACM documents, answers in ACM's words, and can misbehave on order.
//!
//! It is written from the ACM user guide and the ACM API reference and knows
//! nothing of `check::acm`: each judges the other in the tests. Which access key
//! signs a request does not matter, but it must be signed.

mod answer;
mod asked;
mod fault;
mod held;
mod pem;
#[cfg(feature = "gateway")]
mod rest_api;
mod rules;
mod search;
mod serve;
mod world;

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use time::OffsetDateTime;

use crate::error::{Error, Result};
pub use fault::{AcmFault, Script};
use world::World;

/// How many certificates there may be. ACM user guide, "Quotas".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Imported certificates in a region.
    pub certificates: usize,
    /// Imports in 365 days; deleting gives none of them back.
    pub imports_a_year: usize,
}

impl Default for Quota {
    fn default() -> Self {
        Self { certificates: 2_500, imports_a_year: 5_000 }
    }
}

type Now = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How a simulator behaves.
#[derive(Clone, Default)]
pub struct Settings {
    /// The account its certificates are in: twelve digits, `123456789012` by default.
    pub account: Option<String>,
    /// How many imports and how many lists it takes in a second; no limit by default.
    pub rate: Option<f64>,
    /// How many certificates there may be.
    pub quota: Quota,
    /// What it does wrong, by API action; the last word repeats.
    pub faults: Vec<(String, Script)>,
    /// The time since some moment, by which the rate is counted; the system's by default.
    pub clock: Option<Now>,
}

impl Settings {
    fn account(&self) -> &str {
        self.account.as_deref().unwrap_or("123456789012")
    }
}

/// A request that was answered.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Recorded {
    /// The API action.
    pub action: String,
    /// The region it was signed for.
    pub region: String,
    /// The body, as it came; the private key in it is replaced by its SHA-256.
    pub body: String,
    /// AWS's error code in the answer, where it was one.
    pub error: Option<String>,
}

/// A running simulator. It ends when it is dropped.
pub struct AcmSim {
    address: SocketAddr,
    world: Arc<Mutex<World>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl AcmSim {
    /// The API actions that it answers, ACM's first: what [`Settings::faults`] may name.
    pub const ACTIONS: [&str; 18] = [
        "ImportCertificate",
        "ListCertificates",
        "SearchCertificates",
        "DescribeCertificate",
        "GetCertificate",
        "ListTagsForCertificate",
        "AddTagsToCertificate",
        "RemoveTagsFromCertificate",
        "DeleteCertificate",
        "GetAccountConfiguration",
        "ImportRestApi",
        "GetRestApi",
        "PutRestApi",
        "GetStages",
        "GetResources",
        "GetModels",
        "GetAuthorizers",
        "CreateDeployment",
    ];

    /// Starts one on a free port of the loopback.
    ///
    /// # Errors
    /// [`Error::Internal`] where no port can be had or no thread started.
    pub fn start(settings: Settings) -> Result<Self> {
        Self::listen(SocketAddr::from(([127, 0, 0, 1], 0)), settings)
    }

    /// Starts one at an address; port 0 is any that is free.
    ///
    /// # Errors
    /// [`Error::Listen`] where the address cannot be had, [`Error::Internal`] where
    /// no thread can be started.
    pub fn listen(address: SocketAddr, settings: Settings) -> Result<Self> {
        let refused = |source| Error::Listen { address: address.to_string(), source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let world = Arc::new(Mutex::new(World::new(settings)));
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let internal =
            |e: std::io::Error| Error::Internal { doing: "starting the simulator", reason: e.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(internal)?;
        let shared = Arc::clone(&world);
        let thread = std::thread::Builder::new()
            .name("acm-sim".to_owned())
            .spawn(move || runtime.block_on(serve::serve(listener, shared, stopped)))
            .map_err(internal)?;
        Ok(Self { address, world, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its URL, for `AWS_ENDPOINT_URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Everything it was asked, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.world().requests.clone()
    }

    /// The ARNs of what it holds, in the order of their imports.
    #[must_use]
    pub fn arns(&self) -> Vec<String> {
        self.world().arns()
    }

    /// Makes something use a certificate, as a listener of a load balancer would.
    /// Whether there is such a certificate.
    #[must_use]
    pub fn associate(&self, arn: &str, user: &str) -> bool {
        self.world().associate(arn, user)
    }

    /// Forgets a certificate, whatever uses it, as if somebody had deleted it.
    pub fn forget(&self, arn: &str) {
        self.world().forget(arn);
    }

    /// What it holds, for [`AcmSim::restore`]: one JSON document without keys.
    ///
    /// # Errors
    /// [`Error::Internal`] where it cannot be written.
    pub fn state(&self) -> Result<String> {
        self.world().state()
    }

    /// Takes up what another one held.
    ///
    /// # Errors
    /// [`Error::MalformedRecord`] where the text is none of [`AcmSim::state`]'s.
    pub fn restore(&self, state: &str) -> Result<()> {
        self.world().restore(state)
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the thread that serves ends: for ever, unless it fails.
    pub fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for AcmSim {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The time of day, which decides what has ended.
fn today() -> OffsetDateTime {
    std::time::SystemTime::now().into()
}
