//! AWS Certificate Manager. The only module that names the AWS SDK and tokio.
//!
//! `ImportCertificate` has no idempotency token: a repeated call makes a second
//! certificate and burns a second of the year's imports. So the SDK's own
//! retries are off, and only answers that certainly changed nothing are repeated.

use std::time::{Duration, Instant};

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_acm::Client;
use aws_sdk_acm::config::http::HttpResponse;
use aws_sdk_acm::config::retry::RetryConfig;
use aws_sdk_acm::config::timeout::TimeoutConfig;
use aws_sdk_acm::config::{BehaviorVersion, Region};
use aws_sdk_acm::error::{DisplayErrorContext, ProvideErrorMetadata, SdkError};
use aws_sdk_acm::primitives::Blob;
use aws_smithy_http_client::tls;

use super::{CertificateArn, Tag};
use crate::bundle::content_sha256;
use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result};
use crate::key::PrivateKey;

/// How long making a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long one attempt may take.
const ATTEMPT: Duration = Duration::from_secs(20);
/// How often a throttled call is made in all.
const ATTEMPTS: u32 = 5;

const IMPORT: &str = "ImportCertificate";
const ADD_TAGS: &str = "AddTagsToCertificate";

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
    /// Trust anchors for TLS instead of the system's, PEM.
    pub trust_anchors: Option<Vec<u8>>,
    /// How long all of a command's calls may take together; 60 s by default.
    pub timeout: Option<Duration>,
}

/// What is imported.
pub struct Import<'a> {
    /// The leaf.
    pub certificate: &'a Certificate,
    /// Its issuers, in order; empty for a self-signed leaf.
    pub chain: &'a Chain,
    /// Its private key.
    pub key: &'a PrivateKey,
    /// The certificate to replace; none for a fresh import.
    pub arn: Option<&'a CertificateArn>,
    /// Tags, besides the one with the content's digest.
    pub tags: &'a [Tag],
}

/// What came of an import.
#[derive(Debug)]
#[non_exhaustive]
pub struct Outcome {
    /// The certificate's ARN.
    pub arn: CertificateArn,
    /// The SHA-256 over leaf and chain, as in the tag.
    pub sha256: String,
    /// Why the tags could not be put on after a re-import, if they could not.
    pub untagged: Option<Error>,
}

/// A connection to ACM in one region. It holds the runtime, which no command
/// that does not talk to AWS ever starts.
pub struct Importer {
    runtime: tokio::runtime::Runtime,
    client: Client,
    region: String,
    endpoint: Option<String>,
    /// The account of the credentials, where they say.
    account: Option<String>,
    /// When all of the command's calls have to be over.
    deadline: Instant,
}

impl Importer {
    /// Settles region and credentials. Nothing is sent to ACM yet.
    ///
    /// # Errors
    /// [`Error::AwsRegion`], [`Error::AwsCredentials`], [`Error::AwsConfig`].
    pub fn connect(connection: &Connection) -> Result<Self> {
        let internal =
            |e: std::io::Error| Error::Internal { doing: "starting the runtime", reason: e.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(internal)?;
        let total = connection.timeout.unwrap_or(Duration::from_mins(1));
        let deadline = Instant::now() + total;
        if let Some(url) = &connection.endpoint_url {
            check_url(url)?;
        }
        let http_client = http_client(connection)?;
        let timeouts = TimeoutConfig::builder()
            .connect_timeout(CONNECT.min(total))
            .operation_attempt_timeout(ATTEMPT.min(total))
            .operation_timeout(total)
            .build();
        let config = within(&runtime, deadline, "reading the AWS configuration", async {
            let mut loader = aws_config::defaults(BehaviorVersion::latest())
                .http_client(http_client.clone())
                .retry_config(RetryConfig::disabled())
                .timeout_config(timeouts);
            if let Some(profile) = &connection.profile {
                // A profile that was named wins over credentials in the environment,
                // as it does for the AWS CLI.
                let settings = ProviderConfig::default()
                    .with_http_client(http_client.clone())
                    .with_region(connection.region.clone().map(Region::new));
                let source = ProfileFileCredentialsProvider::builder()
                    .configure(&settings)
                    .profile_name(profile)
                    .build();
                loader = loader.profile_name(profile).credentials_provider(source);
            }
            if let Some(region) = &connection.region {
                loader = loader.region(Region::new(region.clone()));
            }
            if let Some(url) = &connection.endpoint_url {
                loader = loader.endpoint_url(url);
            }
            loader.load().await
        })?;
        let region = config.region().ok_or(Error::AwsRegion)?.to_string();
        if !region.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
            || region.is_empty()
        {
            return Err(Error::AwsConfig { reason: format!("`{region}` is not a region") });
        }
        let provider = config.credentials_provider().ok_or_else(|| Error::AwsCredentials {
            reason: "no source of credentials is configured".to_owned(),
        })?;
        let credentials = within(&runtime, deadline, "getting credentials", async {
            use aws_sdk_acm::config::ProvideCredentials;
            provider.provide_credentials().await
        })?
        .map_err(|e| no_credentials(&e, connection.profile.as_deref()))?;
        let account = credentials.account_id().map(|id| id.as_str().to_owned());
        // A flag wins, then the endpoint for ACM alone, then the general one: the
        // SDK's own order.
        let endpoint = connection.endpoint_url.clone().or_else(service_endpoint);
        let endpoint = endpoint.or_else(|| config.endpoint_url().map(ToOwned::to_owned));
        let endpoint = endpoint.map(|url| url.trim_end_matches('/').to_owned());
        if let Some(url) = &endpoint {
            check_url(url)?;
        }
        Ok(Self { client: Client::new(&config), runtime, region, endpoint, account, deadline })
    }

    /// The region it imports into.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The endpoint, where it is not AWS's own.
    #[must_use]
    pub fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// Whether the credentials are known to be another account's than the ARN.
    #[must_use]
    pub fn is_foreign(&self, arn: &CertificateArn) -> bool {
        self.account.as_deref().is_some_and(|account| account != arn.account())
    }

    /// Whether the private key would go over the network in clear.
    #[must_use]
    pub fn is_in_clear(&self) -> bool {
        let Some(rest) = self.endpoint.as_deref().and_then(|url| url.strip_prefix("http://")) else {
            return false;
        };
        let authority = rest.split('/').next().unwrap_or_default();
        let host = authority.rsplit_once(':').map_or(authority, |(host, _)| host);
        let host = host.trim_start_matches('[').trim_end_matches(']');
        !(host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback()))
    }

    /// Imports, or replaces what is at the ARN. A fresh import carries its tags;
    /// a re-import may not (ACM refuses it), so they are put on after it.
    ///
    /// # Errors
    /// [`Error::AwsRefused`] where nothing was changed; [`Error::AwsUnreached`]
    /// or [`Error::AwsAnswer`] where that is not known.
    pub fn import(&self, import: &Import<'_>) -> Result<Outcome> {
        let sha256 = content_sha256(import.certificate, import.chain).to_string();
        let mut tags = vec![Tag::new(super::CONTENT_TAG, &sha256)?];
        tags.extend_from_slice(import.tags);
        let certificate = Blob::new(import.certificate.pem()?);
        let key = Blob::new(import.key.secret_pem()?.as_bytes());
        let chain = match import.chain.certificates() {
            [] => None,
            _ => Some(Blob::new(import.chain.pem()?)),
        };
        let tags = tags.iter().map(sdk_tag).collect::<Result<Vec<_>>>()?;
        let arn = within(&self.runtime, self.deadline, IMPORT, async {
            let answer = self
                .patiently(|| {
                    let mut call = self
                        .client
                        .import_certificate()
                        .certificate(certificate.clone())
                        .private_key(key.clone())
                        .set_certificate_chain(chain.clone());
                    match import.arn {
                        Some(arn) => call = call.certificate_arn(arn.as_str()),
                        None => call = call.set_tags(Some(tags.clone())),
                    }
                    call.send()
                })
                .await
                .map_err(|e| self.explain(IMPORT, &e))?;
            answer.certificate_arn.ok_or_else(|| Error::AwsAnswer {
                action: IMPORT,
                reason: "it holds no CertificateArn".to_owned(),
            })
        })??;
        let arn: CertificateArn =
            arn.parse().map_err(|e: Error| Error::AwsAnswer { action: IMPORT, reason: e.to_string() })?;
        let untagged = match import.arn {
            None => None,
            Some(_) => self.add_tags(&arn, &tags).err(),
        };
        Ok(Outcome { arn, sha256, untagged })
    }

    /// Puts tags on a certificate; those it has stay, of the same key the value changes.
    ///
    /// # Errors
    /// As [`Importer::import`].
    pub fn tag(&self, arn: &CertificateArn, tags: &[Tag]) -> Result<()> {
        self.add_tags(arn, &tags.iter().map(sdk_tag).collect::<Result<Vec<_>>>()?)
    }

    fn add_tags(&self, arn: &CertificateArn, tags: &[aws_sdk_acm::types::Tag]) -> Result<()> {
        within(&self.runtime, self.deadline, ADD_TAGS, async {
            self.patiently(|| {
                self.client
                    .add_tags_to_certificate()
                    .certificate_arn(arn.as_str())
                    .set_tags(Some(tags.to_vec()))
                    .send()
            })
            .await
            .map(|_| ())
            .map_err(|e| self.explain(ADD_TAGS, &e))
        })?
    }

    /// Makes a call, and makes it again while ACM says that it was throttled:
    /// such a call has changed nothing.
    async fn patiently<T, E, F>(&self, call: impl Fn() -> F) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: ProvideErrorMetadata,
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    {
        let mut attempt = 1;
        loop {
            match call().await {
                Err(e) if attempt < ATTEMPTS && is_throttled(&e) => {
                    // ACM takes one import a second (ACM user guide, "Quotas").
                    tokio::time::sleep(Duration::from_secs(1) * attempt).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    fn explain<E>(&self, action: &'static str, e: &SdkError<E, HttpResponse>) -> Error
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let endpoint = || self.endpoint.clone().unwrap_or_else(|| format!("ACM in {}", self.region));
        match e {
            SdkError::ServiceError(context) => {
                let status = context.raw().status().as_u16();
                let (code, message) = (context.err().code(), context.err().message());
                match code {
                    Some(code) if status < 500 => Error::AwsRefused {
                        action,
                        aws_code: code.to_owned(),
                        message: message.unwrap_or("it gave no reason").to_owned(),
                    },
                    _ => Error::AwsAnswer {
                        action,
                        reason: format!("HTTP status {status}, {}", code.unwrap_or("no error code")),
                    },
                }
            }
            SdkError::ResponseError(context) => {
                let status = context.raw().status().as_u16();
                Error::AwsAnswer { action, reason: format!("HTTP status {status}, {}", cause(e)) }
            }
            SdkError::ConstructionFailure(_) => Error::AwsConfig { reason: cause(e) },
            // Without a connection nothing was sent; after it nobody knows.
            _ if before_sending(e) => Error::AwsUnreached { action, endpoint: endpoint(), reason: cause(e) },
            _ => Error::AwsAnswer { action, reason: format!("none came: {}", cause(e)) },
        }
    }
}

/// Runs `work` until the deadline, after which nobody knows what came of it.
fn within<T>(
    runtime: &tokio::runtime::Runtime,
    deadline: Instant,
    action: &'static str,
    work: impl Future<Output = T>,
) -> Result<T> {
    runtime
        .block_on(async { tokio::time::timeout_at(deadline.into(), work).await })
        .map_err(|_| Error::AwsAnswer { action, reason: "none came in time".to_owned() })
}

/// Whether a failure came while connecting, so that ACM saw nothing of the request.
fn before_sending(e: &dyn std::error::Error) -> bool {
    let mut next = Some(e);
    while let Some(e) = next {
        // hyper and the SDK have no types for this that their users can name.
        let text = e.to_string().to_ascii_lowercase();
        if ["(connect)", "connect error", "connect timeout"].iter().any(|stage| text.contains(stage)) {
            return true;
        }
        next = e.source();
    }
    false
}

fn check_url(url: &str) -> Result<()> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.is_empty() && !rest.starts_with('/') => Ok(()),
        _ => Err(Error::AwsConfig { reason: format!("the endpoint `{url}` is not an http or https URL") }),
    }
}

/// An endpoint for ACM alone, which the SDK's general configuration does not show.
fn service_endpoint() -> Option<String> {
    std::env::var("AWS_ENDPOINT_URL_ACM").ok().filter(|url| !url.is_empty())
}

fn no_credentials(e: &CredentialsError, profile: Option<&str>) -> Error {
    let reason = match (e, profile) {
        (CredentialsError::CredentialsNotLoaded(_), Some(profile)) => {
            format!("none in the profile `{profile}`")
        }
        (CredentialsError::CredentialsNotLoaded(_), None) => {
            "none in the environment, in the configuration files or on this machine".to_owned()
        }
        (other, _) => cause(other),
    };
    Error::AwsCredentials { reason }
}

/// The innermost cause: the one that says what happened.
fn cause(e: &dyn std::error::Error) -> String {
    let mut innermost = e;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

fn is_throttled<E: ProvideErrorMetadata>(e: &SdkError<E, HttpResponse>) -> bool {
    let code = e.as_service_error().and_then(ProvideErrorMetadata::code);
    matches!(
        code,
        Some("ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded")
    )
}

fn sdk_tag(tag: &Tag) -> Result<aws_sdk_acm::types::Tag> {
    aws_sdk_acm::types::Tag::builder()
        .key(&tag.key)
        .value(&tag.value)
        .build()
        .map_err(|e| Error::Internal { doing: "writing a tag", reason: e.to_string() })
}

/// An HTTP client on rustls and ring: the SDK's default one would link a second
/// TLS stack and a second crypto library.
fn http_client(connection: &Connection) -> Result<aws_sdk_acm::config::SharedHttpClient> {
    let trust_store = match &connection.trust_anchors {
        None => tls::TrustStore::default(),
        Some(pem) => {
            check_trust_anchors(pem)?;
            tls::TrustStore::empty().with_pem_certificate(pem.as_slice())
        }
    };
    let context = tls::TlsContext::builder()
        .with_trust_store(trust_store)
        .build()
        .map_err(|e| Error::AwsConfig { reason: DisplayErrorContext(&e).to_string() })?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring))
        .tls_context(context)
        .build_https())
}

/// The SDK's reader of trust anchors panics on what it cannot read.
fn check_trust_anchors(pem: &[u8]) -> Result<()> {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;
    let refuse = |reason: String| Error::AwsConfig { reason: format!("AWS_CA_BUNDLE: {reason}") };
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        count += 1;
        let certificate = certificate.map_err(|e| refuse(format!("block {count} is not PEM: {e}")))?;
        webpki::anchor_from_trusted_cert(&certificate)
            .map_err(|e| refuse(format!("certificate {count} cannot be a trust anchor: {e}")))?;
    }
    if count == 0 { Err(refuse("it holds no certificate".to_owned())) } else { Ok(()) }
}
