//! HTTP for the SDK, on rustls and ring: its own default would link a second TLS
//! stack and a second crypto library. Trust anchors are read and parsed when the
//! first `https` request is made, and not at all for an endpoint on the loopback.

use std::net::IpAddr;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use http_body_util::Limited;

/// The most that is taken of one answer, in octets. A page of ACM's list or a document of API
/// Gateway has a few MiB; who sends more is no AWS, and would fill this machine's memory.
const MOST: usize = 64 << 20;

/// The client for all calls; `trust_anchors` (PEM) instead of the system's.
pub(super) fn client(trust_anchors: Option<Arc<Vec<u8>>>) -> SharedHttpClient {
    SharedHttpClient::new(Client { trust_anchors, made: Mutex::default() })
}

#[derive(Debug)]
struct Client {
    trust_anchors: Option<Arc<Vec<u8>>>,
    /// One connector for each pair of time-outs, so that connections are used again.
    made: Mutex<Vec<(HttpConnectorSettings, SharedHttpConnector)>>,
}

impl HttpClient for Client {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let times = |s: &HttpConnectorSettings| (s.connect_timeout(), s.read_timeout());
        if let Some((_, connector)) = made.iter().find(|(s, _)| times(s) == times(settings)) {
            return connector.clone();
        }
        let connector = SharedHttpConnector::new(Lazy {
            settings: settings.clone(),
            components: components.clone(),
            trust_anchors: self.trust_anchors.clone(),
            proxied: is_proxied(),
            plain: OnceLock::new(),
            trusting: OnceLock::new(),
            own: OnceLock::new(),
        });
        made.push((settings.clone(), connector.clone()));
        connector
    }
}

/// Connectors that are made when they are needed.
#[derive(Debug)]
struct Lazy {
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
    trust_anchors: Option<Arc<Vec<u8>>>,
    /// Whether there may be a proxy for requests without TLS.
    proxied: bool,
    /// For requests without TLS and without a proxy.
    plain: OnceLock<SharedHttpConnector>,
    trusting: OnceLock<Result<SharedHttpConnector, String>>,
    /// For this machine, which no proxy stands before.
    own: OnceLock<Result<SharedHttpConnector, String>>,
}

impl HttpConnector for Lazy {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let own = is_loopback(request.uri());
        if request.uri().starts_with("http://") && (own || !self.proxied) {
            return limited(self.plain.get_or_init(|| self.plain()).call(request));
        }
        let connector = if own {
            self.own.get_or_init(|| self.trusting(ProxyConfig::disabled()))
        } else {
            self.trusting.get_or_init(|| self.trusting(ProxyConfig::from_env()))
        };
        match connector {
            Ok(connector) => limited(connector.call(request)),
            Err(reason) => HttpConnectorFuture::ready(Err(ConnectorError::user(reason.clone().into()))),
        }
    }
}

/// The same answer, of which no more is read than [`MOST`].
fn limited(answer: HttpConnectorFuture) -> HttpConnectorFuture {
    let limited = |body| SdkBody::from_body_1_x(Limited::new(body, MOST));
    HttpConnectorFuture::new(async move { answer.await.map(|response| response.map(limited)) })
}

impl Lazy {
    /// Without TLS: nothing of it is set up.
    fn plain(&self) -> SharedHttpConnector {
        let mut builder = Connector::builder().connector_settings(self.settings.clone());
        builder.set_sleep_impl(self.components.sleep_impl());
        SharedHttpConnector::new(builder.build_http())
    }

    fn trusting(&self, proxies: ProxyConfig) -> Result<SharedHttpConnector, String> {
        match &self.trust_anchors {
            None => Ok(self.connector(tls::TrustStore::default(), proxies)),
            Some(pem) => {
                check_trust_anchors(pem)?;
                let trust_store = tls::TrustStore::empty().with_pem_certificate(pem.as_slice());
                Ok(self.connector(trust_store, proxies))
            }
        }
    }

    fn connector(&self, trust_store: tls::TrustStore, proxies: ProxyConfig) -> SharedHttpConnector {
        let mut builder =
            Connector::builder().connector_settings(self.settings.clone()).proxy_config(proxies);
        builder.set_sleep_impl(self.components.sleep_impl());
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let builder = builder.tls_provider(provider);
        // Building a context fails for other TLS libraries alone.
        match tls::TlsContext::builder().with_trust_store(trust_store).build() {
            Ok(context) => SharedHttpConnector::new(builder.tls_context(context).build()),
            Err(_) => SharedHttpConnector::new(builder.build()),
        }
    }
}

/// Whether a URL is of this machine: what is sent there is no proxy's business.
pub(super) fn is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_proxied() -> bool {
    ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"].iter().any(|name| std::env::var_os(name).is_some())
}

/// The SDK's reader of trust anchors panics on what it cannot read.
fn check_trust_anchors(pem: &[u8]) -> Result<(), String> {
    use rustls_pki_types::CertificateDer;
    use rustls_pki_types::pem::PemObject;
    let refuse = |reason: String| format!("AWS_CA_BUNDLE: {reason}");
    let mut count = 0;
    for certificate in CertificateDer::pem_slice_iter(pem) {
        count += 1;
        let certificate = certificate.map_err(|e| refuse(format!("block {count} is not PEM: {e}")))?;
        webpki::anchor_from_trusted_cert(&certificate)
            .map_err(|e| refuse(format!("certificate {count} cannot be a trust anchor: {e}")))?;
    }
    if count == 0 { Err(refuse("it holds no certificate".to_owned())) } else { Ok(()) }
}
