//! HTTP: from a request to a call, and from an answer to what arrives of it.

use std::convert::Infallible;
use std::net::TcpListener;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::sync::oneshot;

use super::answer::Refusal;
use super::asked::{API_GATEWAY, Asked};
use super::fault::AcmFault;
use super::world::World;
use crate::key::{hex, random};

/// More than the largest import has, of a certificate or of an API's document.
const MOST_BODY: usize = 8 << 20;

/// Serves until it is told to stop.
pub(super) async fn serve(listener: TcpListener, world: Arc<Mutex<World>>, stop: oneshot::Receiver<()>) {
    let Ok(listener) = tokio::net::TcpListener::from_std(listener) else { return };
    let accept = async {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            };
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let socket = socket2::SockRef::from(&stream).try_clone().ok().map(Arc::new);
                let service = service_fn(move |request| {
                    let (world, socket) = (Arc::clone(&world), socket.clone());
                    // Work goes on though nobody waits for its answer any more, as ACM's does.
                    let work = tokio::spawn(async move { call(request, &world, socket.as_deref()).await });
                    async move { work.await.unwrap_or(Err(Broken)) }
                });
                let connection = hyper::server::conn::http1::Builder::new();
                // A connection that breaks is what some faults are for.
                let _ = connection.serve_connection(TokioIo::new(stream), service).await;
            });
        }
    };
    tokio::select! {
        () = accept => {}
        _ = stop => {}
    }
}

/// That the connection breaks instead of an answer.
#[derive(Debug)]
struct Broken;

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the connection is broken on order")
    }
}

impl std::error::Error for Broken {}

/// What a request wants, and where.
struct Wanted {
    asked: Asked,
    region: String,
    service: String,
}

async fn read(request: Request<Incoming>) -> Result<Wanted, Refusal> {
    let target = header(&request, "x-amz-target");
    let signed = signed_for(&header(&request, "authorization"));
    let (method, uri) = (request.method().to_string(), request.uri().clone());
    let too_large = |_| Refusal::new("SerializationException", "The request is too large.");
    let body = Limited::new(request.into_body(), MOST_BODY).collect().await.map_err(too_large)?;
    let (region, service) = signed.ok_or_else(|| Refusal {
        status: 403,
        ..Refusal::new("MissingAuthenticationTokenException", "Request is missing Authentication Token")
    })?;
    let asked = Asked::of(&service, &target, (&method, &uri), &body.to_bytes())?;
    Ok(Wanted { asked, region, service })
}

async fn call(
    request: Request<Incoming>,
    world: &Mutex<World>,
    socket: Option<&socket2::Socket>,
) -> Result<Response<Reply>, Broken> {
    let reset = || {
        // With nothing left to linger for, closing sends a reset.
        if let Some(socket) = socket {
            let _ = socket.set_linger(Some(Duration::ZERO));
        }
        Broken
    };
    let Wanted { asked, region, service } = match read(request).await {
        Ok(wanted) => wanted,
        Err(e) => return Ok(refusal(&e)),
    };
    let action = asked.action().to_owned();
    let body = asked.recorded();
    let world = || world.lock().unwrap_or_else(PoisonError::into_inner);
    let fault = world().fault(&action);
    let refused = |status: u16, code: &'static str, message: &str| {
        world().record(&action, &region, &body, Some(code));
        Ok(refusal(&Refusal { status, ..Refusal::new(code, message) }))
    };
    match fault {
        AcmFault::Throttle if service == API_GATEWAY => {
            return refused(429, "TooManyRequestsException", "Too Many Requests");
        }
        AcmFault::Throttle => return refused(400, "ThrottlingException", "Rate exceeded"),
        AcmFault::Internal(status) => {
            return refused(status, "InternalFailure", "An internal error occurred.");
        }
        AcmFault::Denied => {
            let message = format!(
                "User: arn:aws:iam::123456789012:user/somebody is not authorized to perform: {service}:{action} because no \
                 identity-based policy allows the {service}:{action} action"
            );
            return refused(400, "AccessDeniedException", &message);
        }
        AcmFault::Expired => {
            return refused(
                403,
                "ExpiredTokenException",
                "The security token included in the request is expired",
            );
        }
        AcmFault::Limit => {
            let message = "You have reached the maximum number of certificates. Delete certificates that are not in \
                           use, or contact AWS Support to request a limit increase.";
            return refused(400, "LimitExceededException", message);
        }
        AcmFault::Reset => {
            world().record(&action, &region, &body, Some("reset"));
            return Err(reset());
        }
        AcmFault::Html => {
            world().record(&action, &region, &body, Some("html"));
            return Ok(page(503, "<html><body>a proxy says no</body></html>"));
        }
        AcmFault::Redirect => {
            world().record(&action, &region, &body, Some("redirect"));
            let mut answer = page(307, "");
            let nowhere = hyper::header::HeaderValue::from_static("http://127.0.0.1:9/");
            answer.headers_mut().insert(hyper::header::LOCATION, nowhere);
            return Ok(answer);
        }
        AcmFault::Hang(time) => {
            world().record(&action, &region, &body, Some("hang"));
            tokio::time::sleep(time).await;
            return Err(reset());
        }
        AcmFault::Slow(time) => tokio::time::sleep(time).await,
        _ => {}
    }
    if !world().admit(&action) {
        return refused(400, "ThrottlingException", "Rate exceeded");
    }
    let answer = world().answer(&asked, &region);
    world().record(&action, &region, &body, answer.as_ref().err().map(|e| e.code));
    let answer = match answer {
        Ok(answer) => answer,
        Err(e) => return Ok(refusal(&e)),
    };
    match fault {
        AcmFault::Drop => Err(reset()),
        AcmFault::Truncate => Ok(reply(200, Reply::cut_off(&answer.to_string()))),
        AcmFault::BadJson => Ok(page(200, "{not json")),
        AcmFault::NoArn => Ok(page(200, "{}")),
        AcmFault::Stall(time) => {
            tokio::time::sleep(time).await;
            Ok(page(200, &answer.to_string()))
        }
        _ => Ok(page(200, &answer.to_string())),
    }
}

fn header<T>(request: &Request<T>, name: &str) -> String {
    request.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default().to_owned()
}

/// Region and service that a request is signed for (AWS Signature Version 4).
fn signed_for(authorization: &str) -> Option<(String, String)> {
    let rest = authorization.strip_prefix("AWS4-HMAC-SHA256 ")?;
    let scope = rest.split(',').find_map(|part| part.trim().strip_prefix("Credential="))?;
    let parts: Vec<&str> = scope.split('/').collect();
    match parts.as_slice() {
        [.., region, service @ ("acm" | API_GATEWAY), "aws4_request"] => {
            Some(((*region).to_owned(), (*service).to_owned()))
        }
        _ => None,
    }
}

fn refusal(refusal: &Refusal) -> Response<Reply> {
    let body = serde_json::json!({ "__type": refusal.code, "message": refusal.message });
    let mut answer = page(refusal.status, &body.to_string());
    answer.headers_mut().insert("x-amzn-errortype", hyper::header::HeaderValue::from_static(refusal.code));
    answer
}

fn page(status: u16, text: &str) -> Response<Reply> {
    reply(status, Reply::Whole(Full::new(Bytes::copy_from_slice(text.as_bytes()))))
}

fn reply(status: u16, body: Reply) -> Response<Reply> {
    let mut answer = Response::new(body);
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let kind = hyper::header::HeaderValue::from_static("application/x-amz-json-1.1");
    answer.headers_mut().insert(hyper::header::CONTENT_TYPE, kind);
    let id = hex(&random::<16>().unwrap_or_default());
    if let Ok(id) = hyper::header::HeaderValue::from_str(&id) {
        answer.headers_mut().insert("x-amzn-requestid", id);
    }
    answer
}

/// The body of an answer.
enum Reply {
    Whole(Full<Bytes>),
    /// Half of it, and then the connection breaks.
    CutOff {
        half: Option<Bytes>,
        promised: u64,
    },
}

impl Reply {
    fn cut_off(text: &str) -> Self {
        let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
        Self::CutOff { half: Some(half), promised: text.len() as u64 }
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = Broken;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Broken>>> {
        let broken = |never: Infallible| match never {};
        match self.get_mut() {
            Self::Whole(body) => Pin::new(body).poll_frame(context).map_err(broken),
            Self::CutOff { half, .. } => match half.take() {
                Some(half) => Poll::Ready(Some(Ok(Frame::data(half)))),
                None => Poll::Ready(Some(Err(Broken))),
            },
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(body) => body.size_hint(),
            Self::CutOff { promised, .. } => SizeHint::with_exact(*promised),
        }
    }
}
