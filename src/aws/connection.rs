//! A connection to a service in one region: region, credentials, endpoint, time-outs.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::sync::Arc;
use std::time::Duration;

use aws_config::environment::EnvironmentVariableCredentialsProvider;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_acm::Client;
use aws_sdk_acm::config::retry::RetryConfig;
use aws_sdk_acm::config::timeout::TimeoutConfig;
use aws_sdk_acm::config::{BehaviorVersion, Region};
use aws_types::service_config::{LoadServiceConfig, ServiceConfigKey};

use super::call::{Calls, Place, cause};
use super::inventory::Summary;
use super::pace::{Clock, Progress};
use super::{CertificateArn, http, profile};
use crate::error::{Error, Result};
use crate::key::Sha256;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(20);
/// How long everything may take where nobody says.
const TOTAL: Duration = Duration::from_mins(1);
/// Longer times are cut to it: nobody waits for them, and no clock overflows.
const LONGEST: Duration = Duration::from_hours(24);

/// Where to import to, and as whom. What is left out comes from the standard
/// AWS environment variables and configuration files.
#[derive(Clone, Debug, Default)]
pub struct Connection {
    /// The region, such as `ap-northeast-1`.
    pub region: Option<String>,
    /// The profile of the configuration files.
    pub profile: Option<String>,
    /// An endpoint other than AWS's own.
    pub endpoint_url: Option<String>,
    /// Trust anchors for TLS instead of the system's, PEM; shared, as a bundle of
    /// public roots has some 200 KB and each place would hold its own.
    pub trust_anchors: Option<Arc<Vec<u8>>>,
    /// Access key and secret for a stand-in on the loopback, which takes any: the
    /// environment and the configuration files are not looked at.
    pub stand_in: bool,
    /// How long all calls may take together; 60 s by default, and a day at most.
    pub timeout: Option<Duration>,
    /// How long one call may take; 20 s by default.
    pub attempt: Option<Duration>,
    /// Where time comes from.
    pub clock: Clock,
}

/// A service of AWS, as its endpoint's variable and messages name it.
pub(super) struct Service {
    pub(super) name: &'static str,
    /// As an endpoint for it alone is named in variables and configuration files (AWS SDKs
    /// and tools reference guide, "Service-specific endpoints").
    pub(super) id: &'static str,
}

const ACM: Service = Service { name: "ACM", id: "ACM" };

/// A connection to ACM in one region.
///
/// Its calls block until they are answered, on a runtime of its own: in an asynchronous task
/// they belong into `tokio::task::spawn_blocking`, with the connecting and the dropping; the
/// task itself would panic, as one runtime does not block within another.
pub struct Importer {
    pub(super) calls: Calls,
    pub(super) client: Client,
    /// Whether ACM answers searches here.
    pub(super) searchable: Cell<bool>,
    /// What was listed last.
    pub(super) listed: RefCell<Option<Vec<Summary>>>,
    /// The leaves at ARNs that were asked for already.
    pub(super) leaves: RefCell<BTreeMap<String, Sha256>>,
    /// The account of the credentials, where they say.
    account: Option<String>,
    /// The access key's id.
    access_key: String,
}

impl Importer {
    /// Settles region and credentials. Nothing is sent to ACM yet.
    ///
    /// # Errors
    /// [`Error::AwsRegion`], [`Error::AwsCredentials`], [`Error::AwsConfig`].
    pub fn connect(connection: &Connection) -> Result<Self> {
        let settled = settle(connection, &ACM)?;
        Ok(Self {
            client: Client::new(&settled.config),
            calls: settled.calls,
            searchable: Cell::new(true),
            listed: RefCell::default(),
            leaves: RefCell::default(),
            account: settled.account,
            access_key: settled.access_key,
        })
    }

    /// Has `told` called while somebody waits.
    #[must_use]
    pub fn on_progress(mut self, told: impl Fn(&Progress) + Send + 'static) -> Self {
        self.calls.on_progress(told);
        self
    }

    /// How much of the time is left for all calls.
    #[must_use]
    pub fn left(&self) -> Duration {
        self.calls.left()
    }

    /// The region it imports into.
    #[must_use]
    pub fn region(&self) -> &str {
        self.calls.region()
    }

    /// The endpoint, where it is not AWS's own.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.calls.endpoint()
    }

    /// Whether the credentials are known to be another account's than the ARN.
    #[must_use]
    pub fn is_foreign(&self, arn: &CertificateArn) -> bool {
        self.account.as_deref().is_some_and(|account| account != arn.account())
    }

    /// Whether the credentials may be another account's than the ARN. The account is in an access
    /// key's id (`sts:GetAccessKeyInfo` tells it of one), and AWS does not say how: what this
    /// comes to is to be asked about, and nothing is done for it alone.
    #[must_use]
    pub fn may_be_foreign(&self, arn: &CertificateArn) -> bool {
        if let Some(account) = &self.account {
            return account != arn.account();
        }
        let is_usual = ["AKIA", "ASIA"].iter().any(|kind| self.access_key.starts_with(kind));
        is_usual
            && self.access_key.len() == ACCESS_KEY
            && account_of(&self.access_key).is_none_or(|account| account != arn.account())
    }

    /// Whether another one may import into the same region of the same account: what one of both
    /// imports the other finds then. It is not where both accounts are known, and differ.
    #[must_use]
    pub fn is_beside(&self, other: &Self) -> bool {
        let who = |importer: &Self| importer.account.clone().or_else(|| account_of(&importer.access_key));
        let may_be_one = who(self).zip(who(other)).is_none_or(|(one, other)| one == other);
        self.region() == other.region() && self.endpoint() == other.endpoint() && may_be_one
    }

    /// Whether the private key would go over the network in clear.
    #[must_use]
    pub fn is_in_clear(&self) -> bool {
        self.endpoint().is_some_and(|url| url.starts_with("http://") && !http::is_loopback(url))
    }
}

/// What a connection comes to.
pub(super) struct Settled {
    pub(super) calls: Calls,
    pub(super) config: aws_config::SdkConfig,
    /// The account of the credentials, where they say.
    account: Option<String>,
    access_key: String,
}

/// How long the id of an access key is.
const ACCESS_KEY: usize = 20;

/// No settings of services: they are settled already.
#[derive(Debug)]
struct NoService;

impl LoadServiceConfig for NoService {
    fn load_config(&self, _: ServiceConfigKey<'_>) -> Option<String> {
        None
    }
}

/// The account that the id of an access key is of. Those that were given out before 2019 have
/// it not.
fn account_of(access_key: &str) -> Option<String> {
    let digits = access_key.strip_prefix("AKIA").or_else(|| access_key.strip_prefix("ASIA"))?;
    if access_key.len() != ACCESS_KEY || digits.starts_with(['I', 'J']) {
        return None;
    }
    // Base 32: ten digits are 50 bits, of which the account is 40 behind the first.
    let value = |digit: u8| match digit {
        b'A'..=b'Z' => Some(u64::from(digit - b'A')),
        b'2'..=b'7' => Some(u64::from(digit - b'2') + 26),
        _ => None,
    };
    let bits = digits.bytes().take(10).try_fold(0, |bits, digit| Some(bits << 5 | value(digit)?))?;
    Some(format!("{:012}", bits >> 9 & 0xff_ffff_ffff))
}

/// Settles region, credentials and endpoint for a service. Nothing is sent to it yet.
///
/// # Errors
/// [`Error::AwsRegion`], [`Error::AwsCredentials`], [`Error::AwsConfig`].
pub(super) fn settle(connection: &Connection, service: &Service) -> Result<Settled> {
    let internal =
        |e: std::io::Error| Error::Internal { doing: "starting the runtime", reason: e.to_string() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(internal)?;
    let total = connection.timeout.unwrap_or(TOTAL).min(LONGEST);
    let deadline = connection.clock.now() + total;
    if let Some(url) = &connection.endpoint_url {
        check_url(url)?;
    }
    let limit = tokio::time::Instant::now() + total;
    if !connection.stand_in {
        let named = connection.profile.as_deref();
        within(&runtime, limit, "reading the AWS configuration", profile::check(named))??;
    }
    let config = within(&runtime, limit, "reading the AWS configuration", load(connection, total))?;
    let region = config.region().ok_or(Error::AwsRegion)?.to_string();
    // A flag wins, then the endpoint for the service alone, then the general one: the
    // SDK's own order.
    let endpoint = connection.endpoint_url.clone().or_else(|| service_endpoint(service, &config));
    let endpoint = endpoint.or_else(|| config.endpoint_url().map(ToOwned::to_owned));
    // One that is set to nothing is not set, as for the AWS CLI: the SDK panics at it.
    let endpoint =
        endpoint.map(|url| url.trim().trim_end_matches('/').to_owned()).filter(|url| !url.is_empty());
    if let Some(url) = &endpoint {
        check_url(url)?;
    }
    let mut settled = config.into_builder();
    settled.set_endpoint_url(endpoint.clone());
    let config = settled.service_config(NoService).build();
    check_region(&region, endpoint.is_some())?;
    let provider = config.credentials_provider().ok_or_else(|| Error::AwsCredentials {
        reason: "no source of credentials is configured".to_owned(),
    })?;
    let credentials = within(&runtime, limit, "getting credentials", async {
        use aws_sdk_acm::config::ProvideCredentials;
        provider.provide_credentials().await
    })?
    .map_err(|e| no_credentials(&e, connection.profile.as_deref()))?;
    check_header("the access key's id", credentials.access_key_id())?;
    check_header("the session token", credentials.session_token().unwrap_or_default())?;
    let account = credentials.account_id().map(|id| id.as_str().to_owned());
    let access_key = credentials.access_key_id().to_owned();
    let place = Place { service: service.name, region, endpoint };
    Ok(Settled {
        calls: Calls::new(runtime, connection.clock.clone(), deadline, place),
        config,
        account,
        access_key,
    })
}

/// Reads the configuration, with the SDK's own retries off: only this crate knows
/// which calls may be made again.
async fn load(connection: &Connection, total: Duration) -> aws_config::SdkConfig {
    let http_client = http::client(connection.trust_anchors.clone());
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT.min(total))
        .operation_attempt_timeout(connection.attempt.unwrap_or(ATTEMPT).min(total))
        .operation_timeout(total)
        .build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http_client.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts);
    if connection.stand_in {
        let anybody = aws_credential_types::Credentials::new("none", "none", None, None, "stand-in");
        loader = loader.credentials_provider(anybody);
    } else if connection.profile.is_none() && has_keys_in_environment() {
        // The first of the chain's sources: the others need not be built.
        loader = loader.credentials_provider(EnvironmentVariableCredentialsProvider::new());
    } else if let Some(profile) = &connection.profile {
        // A profile that was named wins over credentials in the environment, as it
        // does for the AWS CLI. One that takes on a role asks STS, in its region.
        let region = if let Some(region) = &connection.region {
            Some(Region::new(region.clone()))
        } else {
            let plain = aws_config::defaults(BehaviorVersion::latest()).http_client(http_client.clone());
            plain.profile_name(profile).no_credentials().load().await.region().cloned()
        };
        let settings = ProviderConfig::default().with_http_client(http_client).with_region(region);
        let source =
            ProfileFileCredentialsProvider::builder().configure(&settings).profile_name(profile).build();
        loader = loader.profile_name(profile).credentials_provider(source);
    }
    if let Some(region) = connection.region.clone().or_else(region_behind_nothing) {
        loader = loader.region(Region::new(region));
    }
    if let Some(url) = &connection.endpoint_url {
        loader = loader.endpoint_url(url);
    }
    loader.load().await
}

/// `AWS_DEFAULT_REGION` where `AWS_REGION` is set to nothing, which the SDK takes for a region.
fn region_behind_nothing() -> Option<String> {
    let is_nothing = std::env::var("AWS_REGION").is_ok_and(|region| region.trim().is_empty());
    let other = std::env::var("AWS_DEFAULT_REGION").ok().filter(|region| !region.trim().is_empty());
    other.filter(|_| is_nothing)
}

fn within<T>(
    runtime: &tokio::runtime::Runtime,
    limit: tokio::time::Instant,
    action: &'static str,
    work: impl Future<Output = T>,
) -> Result<T> {
    runtime
        .block_on(async { tokio::time::timeout_at(limit, work).await })
        .map_err(|_| Error::AwsAnswer { action, reason: "none came in time".to_owned() })
}

fn check_url(url: &str) -> Result<()> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://")).unwrap_or_default();
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    // It would be shown and written down.
    if authority.contains('@') {
        let reason = "the endpoint has a user or a password in it, which AWS's services take no notice of";
        return Err(Error::AwsConfig { reason: reason.to_owned() });
    }
    // What RFC 3986 §2 has in no URL: the SDK takes it, and fails at every call.
    let is_written = |b: u8| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b);
    if !is_authority(authority) || !url.bytes().all(is_written) {
        return Err(Error::AwsConfig { reason: format!("the endpoint `{url}` is not an http or https URL") });
    }
    Ok(())
}

/// Whether it is a host, with a port or without. Names of containers have underscores: more than
/// letters is left to the resolver.
fn is_authority(authority: &str) -> bool {
    let in_brackets = authority.strip_prefix('[').map(|rest| rest.split_once(']').unwrap_or_default());
    let (is_host, rest) = if let Some((address, rest)) = in_brackets {
        (address.parse::<Ipv6Addr>().is_ok(), rest)
    } else {
        let (host, rest) = authority.split_at(authority.find(':').unwrap_or(authority.len()));
        let is_written = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
        (!host.is_empty() && host.bytes().all(is_written), rest)
    };
    let is_port = |rest: &str| rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    is_host && (rest.is_empty() || is_port(rest))
}

/// Refuses what is no region: the SDK would ask for a host that nobody has. A stand-in's may be
/// called as it likes.
///
/// # Errors
/// [`Error::AwsConfig`].
pub fn check_region(region: &str, stand_in: bool) -> Result<()> {
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<&str> = region.split('-').collect();
    let is_usual = matches!(parts.as_slice(), [place @ .., last] if place.len() >= 2 && number(last));
    if parts.iter().all(|part| word(part)) && (is_usual || stand_in) {
        return Ok(());
    }
    Err(Error::AwsConfig { reason: format!("`{region}` is not a region: they are written as eu-west-1 is") })
}

/// Refuses what cannot stand in a request's header: the SDK panics at it.
fn check_header(what: &str, value: &str) -> Result<()> {
    if value.bytes().all(|b| b.is_ascii_graphic()) {
        return Ok(());
    }
    let reason = format!("{what} has a blank, a control character or a letter that is not ASCII in it");
    Err(Error::AwsCredentials { reason })
}

/// Whether access key and secret are in the environment.
fn has_keys_in_environment() -> bool {
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]
        .iter()
        .all(|name| std::env::var(name).is_ok_and(|value| !value.trim().is_empty()))
}

/// An endpoint for one service alone: a variable's, or that of the profile's `services`
/// section. The SDK's general configuration does not show it.
fn service_endpoint(service: &Service, config: &aws_config::SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service.id)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config.service_config()?.load_config(key).filter(|url| !url.is_empty())
}

fn no_credentials(e: &CredentialsError, profile: Option<&str>) -> Error {
    let reason = match (e, profile) {
        (CredentialsError::CredentialsNotLoaded(_), Some(profile)) => {
            format!("none in the profile `{profile}`")
        }
        (CredentialsError::CredentialsNotLoaded(_), None) => {
            "none in the environment, in the configuration files or on this machine".to_owned()
        }
        (other, profile) => {
            let reason = cause(other);
            // A profile of `aws login`, which the SDK is built without.
            match profile.filter(|_| reason.contains("credentials-login")) {
                Some(profile) => format!(
                    "the profile `{profile}` is one of `aws login`, which is not read here: `aws configure export-credentials --profile {profile} --format env` gives its keys"
                ),
                None => reason,
            }
        }
    };
    Error::AwsCredentials { reason }
}

#[cfg(test)]
mod tests {
    use super::{account_of, check_url};

    #[test]
    fn an_endpoint_is_an_http_url() {
        for url in [
            "http://127.0.0.1:4566",
            "https://acm.internal",
            "http://aws_stand-in:80/path?x=1",
            "http://[::1]:5000",
            "http://[::1]",
            "HTTP://x",
        ] {
            // The scheme is written as the SDK compares it.
            assert_eq!(check_url(url).is_ok(), !url.starts_with("HTTP"), "{url}");
        }
        for url in [
            "http://[",
            "http://[]",
            "http://[::1",
            "http://[::1]x",
            "http://a:b",
            "http://a:70000",
            "http://:80",
            "http://",
            "http://a b",
            "http://a/{b}",
            "http://ä",
            "http://u@a",
            "ftp://a",
            "a",
            "",
        ] {
            assert!(check_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn the_account_is_in_the_id_of_an_access_key() {
        assert_eq!(account_of("ASIAQNZGKIQY56JQ7WML").as_deref(), Some("029608264753"));
        // Of the old kind, of a stand-in, of another service, damaged.
        for id in [
            "AKIAIOSFODNN7EXAMPLE",
            "test",
            "",
            "AROAQNZGKIQY56JQ7WML",
            "ASIAQNZGKIQY56JQ7W",
            "ASIAQ1ZGKIQY56JQ7WML",
        ] {
            assert_eq!(account_of(id), None, "{id}");
        }
    }
}
