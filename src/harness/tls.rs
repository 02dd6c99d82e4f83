//! Configurations of rustls for both sides of a connection.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::{ClientHello, ResolvesServerCert, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};

use crate::authority::Authority;
use crate::bundle::Bundle;
use crate::certificate::{Certificate, TrustAnchor};
use crate::error::{Error, Result};

/// Makes configurations with one crypto provider. rustls's own builders panic where a
/// process has two and says not which; these never ask the process more than what it has
/// installed.
///
/// ```
/// use certforge::harness::Tls;
/// use certforge::{Authority, LeafRequest, Template};
///
/// let ca = Authority::generate("test CA")?;
/// let server = ca.issue(&LeafRequest::new(["localhost"])?)?;
/// let client =
///     ca.issue(&LeafRequest::new(["client.test"])?.template(Template::named("client")?))?;
///
/// let tls = Tls::new();
/// let for_the_server = tls.mutual_server(&server, &ca)?;
/// let for_the_client = tls.mutual_client(&ca, &client)?;
/// # drop((for_the_server, for_the_client));
/// # Ok::<(), certforge::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tls {
    provider: Arc<CryptoProvider>,
}

impl Default for Tls {
    fn default() -> Self {
        Self::new()
    }
}

fn failed(e: impl fmt::Display) -> Error {
    Error::Internal { doing: "making a configuration of rustls", reason: e.to_string() }
}

impl Tls {
    /// With the provider that the process has installed; with ring where it has none.
    #[must_use]
    pub fn new() -> Self {
        let ring = || Arc::new(rustls::crypto::ring::default_provider());
        Self { provider: CryptoProvider::get_default().cloned().unwrap_or_else(ring) }
    }

    /// With a provider of the caller's own.
    #[must_use]
    pub const fn with_provider(provider: Arc<CryptoProvider>) -> Self {
        Self { provider }
    }

    /// For a server that shows this leaf and asks for nothing.
    ///
    /// # Errors
    /// [`Error::Internal`] where the provider has no use for the key, or speaks neither
    /// TLS 1.3 nor TLS 1.2.
    pub fn server(&self, bundle: &Bundle) -> Result<ServerConfig> {
        let server = self.serving()?.with_no_client_auth();
        Ok(server.with_cert_resolver(Arc::new(ByName::of(&[self.certified(bundle)?])?)))
    }

    /// For a server that shows what is given, whether it fits together or not.
    ///
    /// # Errors
    /// As [`Tls::server`].
    #[cfg(feature = "fixtures")]
    pub fn server_showing(&self, fixture: &super::Fixture) -> Result<ServerConfig> {
        let key = PrivatePkcs8KeyDer::from(fixture.key.secret_der().to_vec()).into();
        let key = self.provider.key_provider.load_private_key(key).map_err(failed)?;
        let chain = fixture.certificates.iter().map(|c| CertificateDer::from(c.der().to_vec())).collect();
        let shown = ByName { first: Arc::new(CertifiedKey::new(chain, key)), named: BTreeMap::new() };
        Ok(self.serving()?.with_no_client_auth().with_cert_resolver(Arc::new(shown)))
    }

    /// For a server that shows whichever leaf is for the name that is asked for; the first,
    /// where none is or no name is asked for: an address is never sent (RFC 6066 §3).
    ///
    /// # Errors
    /// As [`Tls::server`], and where there is no leaf.
    pub fn server_of_many(&self, bundles: &[Bundle]) -> Result<ServerConfig> {
        let all = bundles.iter().map(|bundle| self.certified(bundle)).collect::<Result<Vec<_>>>()?;
        let server = self.serving()?.with_no_client_auth();
        Ok(server.with_cert_resolver(Arc::new(ByName::of(&all)?)))
    }

    /// For a server that takes only clients with a certificate of this CA.
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub fn mutual_server(&self, bundle: &Bundle, clients: &Authority) -> Result<ServerConfig> {
        let roots = Arc::new(roots(&clients.trust_anchor())?);
        let verifier = WebPkiClientVerifier::builder_with_provider(roots, Arc::clone(&self.provider)).build();
        let server = self.serving()?.with_client_cert_verifier(verifier.map_err(failed)?);
        Ok(server.with_cert_resolver(Arc::new(ByName::of(&[self.certified(bundle)?])?)))
    }

    /// For a client that believes this CA and nobody else.
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub fn client(&self, ca: &Authority) -> Result<ClientConfig> {
        Ok(self.asking(ca)?.with_no_client_auth())
    }

    /// For a client that believes this CA, and shows a certificate of its own.
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub fn mutual_client(&self, ca: &Authority, own: &Bundle) -> Result<ClientConfig> {
        self.asking(ca)?.with_client_auth_cert(chain(own), key(own)).map_err(failed)
    }

    fn serving(&self) -> Result<rustls::ConfigBuilder<ServerConfig, rustls::WantsVerifier>> {
        ServerConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)
    }

    fn asking(
        &self,
        ca: &Authority,
    ) -> Result<rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert>> {
        let roots = Arc::new(roots(&ca.trust_anchor())?);
        let verifier = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&self.provider)).build();
        let client = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(failed)?;
        Ok(client.with_webpki_verifier(verifier.map_err(failed)?))
    }

    fn certified(&self, bundle: &Bundle) -> Result<(Vec<String>, Arc<CertifiedKey>)> {
        let key = self.provider.key_provider.load_private_key(key(bundle)).map_err(failed)?;
        let names = bundle.leaf().dns_names_as_written();
        let names = names.into_iter().map(|name| name.to_ascii_lowercase()).collect();
        Ok((names, Arc::new(CertifiedKey::new(chain(bundle), key))))
    }
}

impl Bundle {
    /// A configuration of rustls for a server that shows this leaf: [`Tls::server`] of
    /// [`Tls::new`].
    ///
    /// ```
    /// use certforge::{Authority, LeafRequest};
    ///
    /// let ca = Authority::generate("test CA")?;
    /// let server = ca.issue(&LeafRequest::new(["localhost", "127.0.0.1"])?)?;
    /// let for_the_server = server.rustls_server_config()?;
    /// let for_the_client = ca.rustls_client_config()?;
    /// # drop((for_the_server, for_the_client));
    /// # Ok::<(), certforge::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tls::server`].
    pub fn rustls_server_config(&self) -> Result<ServerConfig> {
        Tls::new().server(self)
    }
}

impl Authority {
    /// A configuration of rustls for a client that believes this CA: [`Tls::client`] of
    /// [`Tls::new`].
    ///
    /// # Errors
    /// As [`Tls::client`].
    pub fn rustls_client_config(&self) -> Result<ClientConfig> {
        Tls::new().client(self)
    }
}

fn roots(anchor: &TrustAnchor) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from(anchor.der().to_vec())).map_err(failed)?;
    Ok(roots)
}

/// What a server sends: the leaf and its issuers, the root only where the template says so.
fn chain(bundle: &Bundle) -> Vec<CertificateDer<'static>> {
    let der = |certificate: &Certificate| CertificateDer::from(certificate.der().to_vec());
    let leaf = std::iter::once(der(bundle.leaf()));
    if bundle.send_root() {
        leaf.chain(bundle.chain().certificates().iter().map(der)).collect()
    } else {
        leaf.chain(bundle.chain().intermediates().map(der)).collect()
    }
}

fn key(bundle: &Bundle) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(bundle.key().secret_der().to_vec()).into()
}

/// Leaves by the names they are for.
#[derive(Debug)]
struct ByName {
    first: Arc<CertifiedKey>,
    named: BTreeMap<String, Arc<CertifiedKey>>,
}

impl ByName {
    fn of(all: &[(Vec<String>, Arc<CertifiedKey>)]) -> Result<Self> {
        let first = all.first().ok_or_else(|| failed("a server shows a leaf, and there is none"))?;
        let mut named = BTreeMap::new();
        for (names, certified) in all {
            for name in names {
                named.entry(name.clone()).or_insert_with(|| Arc::clone(certified));
            }
        }
        Ok(Self { first: Arc::clone(&first.1), named })
    }
}

impl ResolvesServerCert for ByName {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let asked = hello.server_name().map(str::to_ascii_lowercase).unwrap_or_default();
        // A `*` stands for one whole label, the first (RFC 9525 §6.3).
        let wildcard = asked.split_once('.').map(|(_, rest)| format!("*.{rest}"));
        let found = self.named.get(&asked).or_else(|| self.named.get(&wildcard?));
        Some(Arc::clone(found.unwrap_or(&self.first)))
    }
}
