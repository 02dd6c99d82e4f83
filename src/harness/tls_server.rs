//! A server that speaks TLS and says the same to everybody.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::error::{Error, Result};

/// How long a client may take for its part of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(10);

type Told = Arc<dyn Fn(&str) + Send + Sync>;

/// A running server: HTTP/1.1 over TLS. It ends when it is dropped.
///
/// ```
/// use certforge::harness::TlsServer;
/// use certforge::{Authority, LeafRequest};
///
/// let ca = Authority::generate("test CA")?;
/// let leaf = ca.issue(&LeafRequest::new(["127.0.0.1"])?)?;
/// let server = TlsServer::start("127.0.0.1:0".parse().unwrap(), leaf.rustls_server_config()?, "hello")?;
/// println!("https://{}/", server.address());
/// # Ok::<(), certforge::Error>(())
/// ```
pub struct TlsServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TlsServer {
    /// Starts one; port 0 is any that is free. Every request gets `answer`.
    ///
    /// # Errors
    /// [`Error::Listen`] where the address cannot be had, [`Error::Internal`] where no thread
    /// can be started.
    pub fn start(address: SocketAddr, config: ServerConfig, answer: &str) -> Result<Self> {
        Self::start_and_tell(address, config, answer, |_| ())
    }

    /// The same; `told` is called with the reason whenever a handshake comes to nothing.
    ///
    /// # Errors
    /// As [`TlsServer::start`].
    pub fn start_and_tell(
        address: SocketAddr,
        config: ServerConfig,
        answer: &str,
        told: impl Fn(&str) + Send + Sync + 'static,
    ) -> Result<Self> {
        let refused = |source| Error::Listen { address: address.to_string(), source };
        let listener = TcpListener::bind(address).map_err(refused)?;
        listener.set_nonblocking(true).map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let internal =
            |e: std::io::Error| Error::Internal { doing: "starting a server", reason: e.to_string() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(internal)?;
        let (stop, stopped) = oneshot::channel();
        let served =
            Served { config: Arc::new(config), answer: Bytes::from(answer.to_owned()), told: Arc::new(told) };
        let thread = std::thread::Builder::new()
            .name("tls-server".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    tokio::select! {
                        () = served.serve(listener) => {}
                        _ = stopped => {}
                    }
                });
            })
            .map_err(internal)?;
        Ok(Self { address, stop: Some(stop), thread: Some(thread) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for TlsServer {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

struct Served {
    config: Arc<ServerConfig>,
    answer: Bytes,
    told: Told,
}

impl Served {
    async fn serve(&self, listener: TcpListener) {
        let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
        let acceptor = TlsAcceptor::from(Arc::clone(&self.config));
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let (acceptor, answer, told) = (acceptor.clone(), self.answer.clone(), Arc::clone(&self.told));
            tokio::spawn(async move {
                let stream = match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
                    Ok(Ok(stream)) => stream,
                    Ok(Err(e)) => return told(&e.to_string()),
                    Err(_) => return told("the client did not go on"),
                };
                let service = service_fn(move |_: Request<hyper::body::Incoming>| {
                    let answer = answer.clone();
                    async move { Ok::<_, Infallible>(Response::new(Full::new(answer))) }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                // A client that refuses what it was shown may say so only now.
                if let Err(e) = connection.serve_connection(TokioIo::new(stream), service).await {
                    told(&e.to_string());
                }
            });
        }
    }
}
