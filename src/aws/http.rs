//! HTTP for the SDK, on rustls and ring: its own default would link a second TLS
//! stack and a second crypto library. Trust anchors are read when the first
//! `https` request is made, and not at all for an endpoint on the loopback.

use std::sync::{Mutex, OnceLock, PoisonError};

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
    SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

use crate::error::{Error, Result};

/// The client for all calls; `trust_anchors` (PEM) instead of the system's.
pub(super) fn client(trust_anchors: Option<&[u8]>) -> Result<SharedHttpClient> {
    let trust_store = match trust_anchors {
        None => tls::TrustStore::default(),
        Some(pem) => {
            check_trust_anchors(pem)?;
            tls::TrustStore::empty().with_pem_certificate(pem)
        }
    };
    let context = |store| {
        tls::TlsContext::builder()
            .with_trust_store(store)
            .build()
            .map_err(|e| Error::AwsConfig { reason: e.to_string() })
    };
    let (trusting, plain) = (context(trust_store)?, context(tls::TrustStore::empty())?);
    Ok(SharedHttpClient::new(Client { trusting, plain, made: Mutex::default() }))
}

#[derive(Debug)]
struct Client {
    trusting: tls::TlsContext,
    /// Trusts nobody: for requests without TLS.
    plain: tls::TlsContext,
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
        let recipe = Recipe {
            settings: settings.clone(),
            components: components.clone(),
            proxy: ProxyConfig::from_env(),
        };
        let plain = recipe.connector(&self.plain);
        let lazy = Lazy { plain, trusting: OnceLock::new(), context: self.trusting.clone(), recipe };
        let connector = SharedHttpConnector::new(lazy);
        made.push((settings.clone(), connector.clone()));
        connector
    }
}

#[derive(Debug)]
struct Recipe {
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
    proxy: ProxyConfig,
}

impl Recipe {
    fn connector(&self, context: &tls::TlsContext) -> SharedHttpConnector {
        let mut builder =
            Connector::builder().connector_settings(self.settings.clone()).proxy_config(self.proxy.clone());
        builder.set_sleep_impl(self.components.sleep_impl());
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        SharedHttpConnector::new(builder.tls_provider(provider).tls_context(context.clone()).build())
    }
}

#[derive(Debug)]
struct Lazy {
    plain: SharedHttpConnector,
    trusting: OnceLock<SharedHttpConnector>,
    context: tls::TlsContext,
    recipe: Recipe,
}

impl HttpConnector for Lazy {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        // A proxy may be reached by TLS although the request is not.
        if request.uri().starts_with("http://") && self.recipe.proxy.is_disabled() {
            return self.plain.call(request);
        }
        self.trusting.get_or_init(|| self.recipe.connector(&self.context)).call(request)
    }
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
