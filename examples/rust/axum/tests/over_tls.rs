//! The application behind HTTPS (axum-server, hyper), asked by a client of the same CA.

use std::error::Error;
use std::net::TcpListener;
use std::sync::Arc;

use axum_server::tls_rustls::RustlsConfig;
use certforge::{Authority, LeafRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

#[tokio::test]
async fn the_application_answers_over_tls() -> Result<(), Box<dyn Error>> {
    let ca = Authority::generate("test CA")?;
    let server = ca.issue(&LeafRequest::new(["localhost"])?)?;

    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    listener.set_nonblocking(true)?;
    let config = RustlsConfig::from_config(Arc::new(server.rustls_server_config()?));
    let application = example_axum::application().into_make_service();
    tokio::spawn(axum_server::from_tcp_rustls(listener, config)?.serve(application));

    let connector = TlsConnector::from(Arc::new(ca.rustls_client_config()?));
    let stream = TcpStream::connect(address).await?;
    let mut stream = connector.connect(ServerName::try_from("localhost")?, stream).await?;
    stream.write_all(b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\nhello"), "{answer}");
    Ok(())
}
