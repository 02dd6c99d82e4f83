//! What a TLS server shows: its certificates, the versions it speaks, the protocol it
//! agrees on, whether it asks for a client's. Nothing is believed here and nothing refused:
//! [`crate::check::path`] judges.

mod starttls;

use std::io::{Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustls::client::ResolvesClientCert;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::CertifiedKey;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion,
};

use crate::error::{Error, Result};
pub use starttls::StartTls;

/// Whom to ask, and how.
#[derive(Clone, Debug)]
pub struct Target {
    /// The host or address.
    pub host: String,
    /// The port.
    pub port: u16,
    /// The name to ask for (SNI), where it is not the host. An address is never sent.
    pub server_name: Option<String>,
    /// What is spoken before TLS.
    pub starttls: Option<StartTls>,
    /// The longest that each connection may take; no longer than a day.
    pub timeout: Duration,
}

/// Longer times are cut to it: nobody waits for them, and no clock overflows.
const LONGEST: Duration = Duration::from_hours(24);

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsVersion {
    /// RFC 8446.
    Tls13,
    /// RFC 5246.
    Tls12,
}

impl TlsVersion {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tls13 => "TLS 1.3",
            Self::Tls12 => "TLS 1.2",
        }
    }

    fn of_rustls(self) -> &'static SupportedProtocolVersion {
        match self {
            Self::Tls13 => &rustls::version::TLS13,
            Self::Tls12 => &rustls::version::TLS12,
        }
    }
}

/// What the server said.
#[derive(Clone, Debug)]
pub struct Shown {
    /// Where it was reached.
    pub address: SocketAddr,
    /// The name that was asked for.
    pub server_name: Option<String>,
    /// Each version with the cipher suite that was agreed on, or why there is none.
    pub versions: Vec<(TlsVersion, std::result::Result<String, String>)>,
    /// The protocol that was agreed on, of `h2` and `http/1.1` (RFC 7301).
    pub alpn: Option<String>,
    /// The certificates in DER, in the order they were sent.
    pub certificates: Vec<Vec<u8>>,
    /// Whether it asked for a client's certificate. It need not want one: what it does without
    /// is seen after the handshake alone.
    pub asks_for_certificate: bool,
}

/// Asks a server for its certificates, once with each version.
///
/// # Errors
/// [`Error::Server`] where it is not reached, or speaks no TLS that is spoken here.
pub fn probe(target: &Target) -> Result<Shown> {
    let failed =
        |reason: String| Error::Server { address: format!("{}:{}", target.host, target.port), reason };
    let (address, first) =
        connect(&addresses_of(target).map_err(&failed)?, target.timeout).map_err(&failed)?;
    let mut first = Some(first);
    let asked = target.server_name.as_deref().unwrap_or(&target.host);
    // An IPv6 address may stand in brackets, as in a URL.
    let asked = asked.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(asked);
    let name =
        ServerName::try_from(asked.to_owned()).map_err(|_| failed(format!("`{asked}` is no host name")))?;
    let mut shown = Shown {
        address,
        server_name: matches!(name, ServerName::DnsName(_)).then(|| asked.to_owned()),
        versions: Vec::new(),
        alpn: None,
        certificates: Vec::new(),
        asks_for_certificate: false,
    };
    for version in [TlsVersion::Tls13, TlsVersion::Tls12] {
        let stream = match first.take() {
            Some(stream) => Ok(stream),
            None => TcpStream::connect_timeout(&address, target.timeout),
        };
        let said =
            match stream.map_err(|e| told(&e, target.timeout)).and_then(|s| hello(target, s, &name, version))
            {
                Ok(hello) => {
                    shown.asks_for_certificate |= hello.asks_for_certificate;
                    if shown.certificates.is_empty() {
                        shown.certificates = hello.certificates;
                        shown.alpn = hello.alpn;
                    }
                    Ok(hello.suite)
                }
                Err(reason) => Err(reason),
            };
        shown.versions.push((version, said));
    }
    if shown.certificates.is_empty() {
        let reasons: Vec<&str> =
            shown.versions.iter().filter_map(|(_, said)| said.as_ref().err().map(String::as_str)).collect();
        return Err(failed(why_none(&reasons)));
    }
    Ok(shown)
}

/// Why neither version came to a certificate: TLS 1.3's reason, then that of TLS 1.2.
fn why_none(reasons: &[&str]) -> String {
    let is_old = |reason: &str| reason.contains("ProtocolVersion");
    match reasons {
        [] => "it sent no certificate".to_owned(),
        all if all.iter().all(|reason| is_old(reason)) => {
            "it speaks neither TLS 1.3 nor TLS 1.2: what is older is not spoken here".to_owned()
        }
        [new, old] if is_old(new) && old.contains("HandshakeFailure") => format!(
            "it speaks TLS 1.2, and none of the {SUITES} that are spoken here (ECDHE with AES-GCM or ChaCha20, \
             on P-256, P-384 or X25519)"
        ),
        [new, old] if new != old => format!("with TLS 1.3: {new}; with TLS 1.2: {old}"),
        [first, ..] => (*first).to_owned(),
    }
}

/// What a server of TLS 1.2 may have none of.
pub const SUITES: &str = "cipher suites and curves";

fn addresses_of(target: &Target) -> std::result::Result<Vec<SocketAddr>, String> {
    let host = target.host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, target.port)]);
    }
    Ok((host, target.port).to_socket_addrs().map_err(|e| e.to_string())?.collect())
}

/// The first of the addresses that takes a connection. They share the time: one that does
/// not answer leaves some for the next.
fn connect(
    addresses: &[SocketAddr],
    timeout: Duration,
) -> std::result::Result<(SocketAddr, TcpStream), String> {
    let end = Instant::now() + timeout.min(LONGEST);
    let mut why = "the name has no address".to_owned();
    for (n, address) in addresses.iter().enumerate() {
        let share =
            end.saturating_duration_since(Instant::now()) / u32::try_from(addresses.len() - n).unwrap_or(1);
        match TcpStream::connect_timeout(address, share.max(Duration::from_millis(1))) {
            Ok(stream) => return Ok((*address, stream)),
            Err(e) if addresses.len() == 1 => why = told(&e, timeout),
            Err(e) => why = format!("{address}: {}", told(&e, share)),
        }
    }
    Err(why)
}

struct Hello {
    certificates: Vec<Vec<u8>>,
    suite: String,
    alpn: Option<String>,
    asks_for_certificate: bool,
}

/// One handshake. What the server sends is kept even where it breaks the handshake off
/// afterwards, as one does that wants a client's certificate.
fn hello(
    target: &Target,
    stream: TcpStream,
    name: &ServerName<'static>,
    version: TlsVersion,
) -> std::result::Result<Hello, String> {
    let end = Instant::now() + target.timeout.min(LONGEST);
    let tls = |e: &dyn std::fmt::Display| e.to_string();
    let mut stream = Timed { stream, end };
    if let Some(protocol) = target.starttls {
        protocol.begin(&mut stream).map_err(|e| told(&e, target.timeout))?;
    }
    let seen = Arc::new(Seen::default());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version.of_rustls()])
        .map_err(|e| tls(&e))?;
    let verifier: Arc<dyn ServerCertVerifier> = Arc::clone(&seen) as _;
    let none: Arc<dyn ResolvesClientCert> = Arc::clone(&seen) as _;
    let config = config.dangerous().with_custom_certificate_verifier(verifier);
    let mut config = config.with_client_cert_resolver(none);
    if target.starttls.is_none() {
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    }
    let mut connection = ClientConnection::new(Arc::new(config), name.clone()).map_err(|e| tls(&e))?;
    let mut broken = None;
    while connection.is_handshaking() {
        if let Err(e) = connection.complete_io(&mut stream) {
            broken = Some(told(&e, target.timeout));
            break;
        }
    }
    let certificates = std::mem::take(&mut *seen.certificates.lock().unwrap_or_else(PoisonError::into_inner));
    if certificates.is_empty() {
        return Err(broken.unwrap_or_else(|| "it sent no certificate".to_owned()));
    }
    let suite = connection.negotiated_cipher_suite().map(|suite| format!("{:?}", suite.suite()));
    let alpn = connection.alpn_protocol().map(|alpn| String::from_utf8_lossy(alpn).into_owned());
    connection.send_close_notify();
    // It may have gone away already.
    let _ = connection.write_tls(&mut stream);
    let asks_for_certificate = seen.asked.load(Ordering::Relaxed);
    Ok(Hello { certificates, suite: suite.unwrap_or_default(), alpn, asks_for_certificate })
}

fn told(e: &std::io::Error, timeout: Duration) -> String {
    match e.kind() {
        std::io::ErrorKind::TimedOut | std::io::ErrorKind::WouldBlock => {
            format!("no answer in {} s", timeout.as_secs())
        }
        std::io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
        _ => e.to_string(),
    }
}

/// A connection that ends at a time, however slowly something comes.
struct Timed {
    stream: TcpStream,
    end: Instant,
}

impl Timed {
    fn left(&self) -> std::io::Result<Duration> {
        let left = self.end.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(std::io::ErrorKind::TimedOut.into()) } else { Ok(left) }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> std::io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        self.stream.write(buffer)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.stream.flush()
    }
}

/// Keeps what was sent, and takes all of it.
#[derive(Debug, Default)]
struct Seen {
    certificates: Mutex<Vec<Vec<u8>>>,
    /// Whether a client's certificate was asked for.
    asked: AtomicBool,
}

impl ResolvesClientCert for Seen {
    /// There is none to give.
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        None
    }

    fn has_certs(&self) -> bool {
        false
    }
}

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> std::result::Result<ServerCertVerified, rustls::Error> {
        let all = std::iter::once(end_entity).chain(intermediates).map(|c| c.as_ref().to_vec()).collect();
        *self.certificates.lock().unwrap_or_else(PoisonError::into_inner) = all;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> std::result::Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![
            SignatureScheme::ECDSA_NISTP256_SHA256,
            SignatureScheme::ECDSA_NISTP384_SHA384,
            SignatureScheme::ECDSA_NISTP521_SHA512,
            SignatureScheme::ED25519,
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
            SignatureScheme::RSA_PKCS1_SHA1,
            SignatureScheme::ECDSA_SHA1_Legacy,
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_takes_no_connection_leaves_time_for_the_next() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let closed = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap();
        let open = listener.local_addr().unwrap();
        let (reached, _) = connect(&[closed, open], Duration::from_secs(5)).unwrap();
        assert_eq!(reached, open);
        let refused = connect(&[closed, closed], Duration::from_secs(5)).unwrap_err();
        assert!(refused.starts_with(&closed.to_string()), "{refused}");
        assert_eq!(connect(&[], Duration::from_secs(5)).unwrap_err(), "the name has no address");
    }
}
