//! What `fixtures` has to report.

use serde::Serialize;

use super::FindingReport;

#[derive(Serialize)]
pub struct FixturesReport {
    /// Where they are; the index inside does not know.
    #[serde(skip)]
    pub folder: String,
    pub made_at: String,
    pub fixtures: Vec<FixtureReport>,
}

#[derive(Serialize)]
pub struct FixtureReport {
    pub name: &'static str,
    pub description: &'static str,
    pub host: &'static str,
    /// Whether nothing is wrong with it, however it may look.
    pub good: bool,
    /// Whether a server can use key and certificate together.
    pub served: bool,
    #[serde(rename = "crl")]
    pub has_list: bool,
    /// What `certforge verify` says of it, with the revocation list where there is one.
    pub verify: Vec<FindingReport>,
    /// Empty where no handshake comes as far as the certificate.
    pub clients: Vec<ClientSays>,
}

/// What a client will say.
#[derive(Serialize)]
pub struct ClientSays {
    pub client: String,
    /// `accepts`, `refuses` or `only-if`.
    pub verdict: &'static str,
    /// A part of its own text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub only_if: Option<String>,
    /// Whether the client itself was asked, or this is what its documentation says.
    pub measured: bool,
}

/// A server that is ready.
#[derive(Serialize)]
pub struct ServeReport {
    pub url: String,
    /// The name that a client asks for.
    pub host: String,
    /// What a client has to believe.
    pub ca_file: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

/// The faults that there are.
#[derive(Serialize)]
pub struct FixtureListReport {
    pub fixtures: Vec<FixtureEntry>,
}

#[derive(Serialize)]
pub struct FixtureEntry {
    pub name: &'static str,
    pub description: &'static str,
}
