//! tonic on both sides, each with a certificate of this test's CA.

use std::error::Error;
use std::net::SocketAddr;

use certforge::template::Template;
use certforge::{Authority, Bundle, LeafRequest};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity, Server, ServerTlsConfig};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

fn identity(bundle: &Bundle) -> Outcome<Identity> {
    Ok(Identity::from_pem(bundle.fullchain_pem()?, bundle.key().secret_pem()?.as_bytes()))
}

fn certificate(ca: &Authority) -> Outcome<Certificate> {
    Ok(Certificate::from_pem(ca.trust_anchor().pem()?))
}

async fn serve(tls: ServerTlsConfig) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let (_, health) = tonic_health::server::health_reporter();
    let server = Server::builder().tls_config(tls)?.add_service(health);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    Ok(address)
}

async fn ask(address: SocketAddr, tls: ClientTlsConfig) -> Outcome<ServingStatus> {
    let channel = Channel::from_shared(format!("https://{address}"))?.tls_config(tls)?.connect().await?;
    let answer = HealthClient::new(channel).check(HealthCheckRequest::default()).await?;
    Ok(answer.into_inner().status())
}

#[tokio::test]
async fn services_know_each_other() -> Outcome {
    let ca = Authority::generate("test CA")?;
    let server = ca.issue(&LeafRequest::new(["orders.test"])?)?;
    let client = ca.issue(&LeafRequest::new(["billing.test"])?.template(Template::CLIENT))?;

    let tls = ServerTlsConfig::new().identity(identity(&server)?).client_ca_root(certificate(&ca)?);
    let address = serve(tls).await?;

    let anonymous = ClientTlsConfig::new().domain_name("orders.test").ca_certificate(certificate(&ca)?);
    let known = anonymous.clone().identity(identity(&client)?);
    assert_eq!(ask(address, known).await?, ServingStatus::Serving);
    assert!(ask(address, anonymous).await.is_err(), "without a certificate");
    Ok(())
}
