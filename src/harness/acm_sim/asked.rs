//! What a request asks for.

use hyper::Uri;
use serde_json::Value;

use super::answer::Refusal;
#[cfg(feature = "gateway")]
use super::rest_api;

/// The service that requests to API Gateway are signed for.
pub(super) const API_GATEWAY: &str = "apigateway";

/// What a request asks for, by its service.
pub(super) enum Asked {
    /// Of ACM: the action, and what goes with it.
    Acm(String, Value),
    /// Of API Gateway.
    #[cfg(feature = "gateway")]
    RestApi(rest_api::Asked),
}

impl Asked {
    pub(super) fn of(
        service: &str,
        target: &str,
        (method, uri): (&str, &Uri),
        body: &[u8],
    ) -> Result<Self, Refusal> {
        if service == API_GATEWAY {
            return Self::of_api_gateway(method, uri, body);
        }
        let action = target.strip_prefix("CertificateManager.").unwrap_or_default().to_owned();
        let no_json = |_| Refusal::new("SerializationException", "The request is no JSON.");
        Ok(Self::Acm(action, serde_json::from_slice(body).map_err(no_json)?))
    }

    #[cfg(feature = "gateway")]
    fn of_api_gateway(method: &str, uri: &Uri, body: &[u8]) -> Result<Self, Refusal> {
        let query = uri.query().unwrap_or_default();
        let asked = rest_api::Asked::of(method, uri.path(), query, body);
        asked.map(Self::RestApi).ok_or_else(|| unknown(method, uri))
    }

    #[cfg(not(feature = "gateway"))]
    fn of_api_gateway(method: &str, uri: &Uri, _: &[u8]) -> Result<Self, Refusal> {
        Err(unknown(method, uri))
    }

    pub(super) fn action(&self) -> &str {
        match self {
            Self::Acm(action, _) => action,
            #[cfg(feature = "gateway")]
            Self::RestApi(asked) => asked.action,
        }
    }

    /// What is recorded of it.
    pub(super) fn recorded(&self) -> Value {
        match self {
            Self::Acm(_, body) => body.clone(),
            #[cfg(feature = "gateway")]
            Self::RestApi(asked) => asked.recorded(),
        }
    }
}

fn unknown(method: &str, uri: &Uri) -> Refusal {
    Refusal::new("UnknownOperationException", format!("{method} {} is not simulated", uri.path()))
}
