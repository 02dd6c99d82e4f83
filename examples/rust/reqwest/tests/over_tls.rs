//! The client against a server that this test starts.

use std::error::Error;

use certforge::harness::TlsServer;
use certforge::{Authority, LeafRequest};
use reqwest::Client;

#[tokio::test]
async fn the_client_believes_its_own_ca_alone() -> Result<(), Box<dyn Error>> {
    let ca = Authority::generate("test CA")?;
    let server = ca.issue(&LeafRequest::new(["localhost"])?)?;
    let server = TlsServer::start("127.0.0.1:0".parse()?, server.rustls_server_config()?, "hello")?;
    let url = format!("https://localhost:{}/", server.address().port());
    let client = |ca: &Authority| -> Result<Client, Box<dyn Error>> {
        Ok(Client::builder()
            .tls_backend_preconfigured(ca.rustls_client_config()?)
            .resolve("localhost", server.address())
            .build()?)
    };

    assert_eq!(example_reqwest::greeting(&client(&ca)?, &url).await?, "hello");

    let stranger = Authority::generate("another CA")?;
    let refused = example_reqwest::greeting(&client(&stranger)?, &url).await.unwrap_err();
    assert!(format!("{refused:?}").contains("UnknownIssuer"), "{refused:?}");
    Ok(())
}
