//! tokio-rustls on both sides, with a CA of this test's own.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use certforge::harness::Tls;
use certforge::template::Template;
use certforge::{Authority, LeafRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector};

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// A server that takes one connection.
async fn serve(config: ServerConfig) -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await?;
        example_tokio_rustls::answer(acceptor.accept(stream).await?).await
    });
    Ok(address)
}

async fn ask(address: SocketAddr, config: ClientConfig) -> Outcome<String> {
    let connector = TlsConnector::from(Arc::new(config));
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    stream.write_all(b"hello\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer)
}

#[tokio::test]
async fn a_client_of_the_ca_is_answered() -> Outcome {
    let ca = Authority::generate("test CA")?;
    let server = ca.issue(&LeafRequest::new(["localhost"])?)?;

    let address = serve(server.rustls_server_config()?).await?;

    assert_eq!(ask(address, ca.rustls_client_config()?).await?, "HELLO\n");
    Ok(())
}

#[tokio::test]
async fn a_client_of_another_ca_refuses() -> Outcome {
    let ca = Authority::generate("test CA")?;
    let server = ca.issue(&LeafRequest::new(["localhost"])?)?;
    let address = serve(server.rustls_server_config()?).await?;

    let stranger = Authority::generate("another CA")?;

    let refused = ask(address, stranger.rustls_client_config()?).await.unwrap_err().to_string();
    assert!(refused.contains("UnknownIssuer"), "{refused}");
    Ok(())
}

#[tokio::test]
async fn both_sides_show_a_certificate() -> Outcome {
    let ca = Authority::generate("test CA")?;
    let server = ca.issue(&LeafRequest::new(["localhost"])?)?;
    let client = ca.issue(&LeafRequest::new(["alice.test"])?.template(Template::CLIENT))?;
    let tls = Tls::new();

    let address = serve(tls.mutual_server(&server, &ca)?).await?;
    assert_eq!(ask(address, tls.mutual_client(&ca, &client)?).await?, "HELLO\n");

    let address = serve(tls.mutual_server(&server, &ca)?).await?;
    assert!(ask(address, tls.client(&ca)?).await.is_err(), "without a certificate");
    Ok(())
}
