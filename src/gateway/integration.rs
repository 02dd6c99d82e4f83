//! The integrations of a document: where each operation goes on to.

use std::collections::HashMap;

use super::Api;
use super::lines::LineStarts;
use super::tree::{Id, Member, Tree};
use crate::error::{Error, Result, Shown};
use crate::finding::{Finding, Severity};

const MEMBER: &str = "x-amazon-apigateway-integration";
const ANY: &str = "x-amazon-apigateway-any-method";
const METHODS: [&str; 9] = ["get", "put", "post", "delete", "options", "head", "patch", "trace", ANY];

/// What an integration is (API Gateway API reference, `PutIntegration` `type`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum IntegrationType {
    /// `HTTP`: an endpoint, with mappings.
    Http,
    /// `HTTP_PROXY`: an endpoint, as it is.
    HttpProxy,
    /// `AWS`, `AWS_PROXY`, `MOCK`, or something else: nothing that speaks TLS to a back end.
    #[non_exhaustive]
    Other(String),
}

impl IntegrationType {
    fn of(text: &str) -> Self {
        match text.to_ascii_uppercase().as_str() {
            "HTTP" => Self::Http,
            "HTTP_PROXY" => Self::HttpProxy,
            _ => Self::Other(text.to_owned()),
        }
    }

    /// As documents write it. Foreign text: not escaped.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Http => "http",
            Self::HttpProxy => "http_proxy",
            Self::Other(text) => text,
        }
    }

    /// Whether it is one of those that have a `tlsConfig`.
    #[must_use]
    pub const fn speaks_tls(&self) -> bool {
        matches!(self, Self::Http | Self::HttpProxy)
    }
}

/// One operation's integration.
#[derive(Clone, Debug)]
pub struct Integration {
    /// The path, as the document has it. Foreign text, like all that follows: not escaped.
    pub path: String,
    /// `GET` …, or `ANY`.
    pub method: String,
    /// The line it begins in, from 1.
    pub line: usize,
    /// What it is.
    pub kind: IntegrationType,
    /// Where it goes.
    pub uri: Option<String>,
    /// The host in it, which the certificate is checked against; none where it is not
    /// written out.
    pub host: Option<String>,
    /// Whether it goes through a VPC link: `VPC_LINK`, where the default is `INTERNET`.
    pub vpc_link: bool,
    /// The link's identifier.
    pub connection_id: Option<String>,
    /// `tlsConfig.insecureSkipVerification`, where it stands there.
    pub insecure_skip_verification: Option<bool>,
    /// `tlsConfig.serverNameToVerify`, where it stands there.
    pub server_name_to_verify: Option<String>,
    /// The reference it stands behind, where it is shared.
    pub reference: Option<String>,
    pub(super) node: Id,
}

impl Integration {
    /// The operation's name in messages: `GET /orders`.
    #[must_use]
    pub fn operation(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Whether TLS is spoken to the back end as the document stands. A private integration of
    /// an HTTP API with a listener speaks it where there is a name to verify alone (API Gateway
    /// developer guide, "Create private integrations for HTTP APIs").
    #[must_use]
    pub fn is_encrypted(&self) -> bool {
        let to_listener = self.vpc_link && self.uri.as_ref().is_some_and(|uri| uri.starts_with("arn:"));
        self.kind.speaks_tls() && !self.is_plain() && (!to_listener || self.server_name_to_verify.is_some())
    }

    /// Whether its URI is plain HTTP.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.uri.as_ref().is_some_and(|uri| uri.trim_start().to_ascii_lowercase().starts_with("http://"))
    }
}

/// Every operation with its path.
pub(super) fn operations(tree: &Tree) -> impl Iterator<Item = (&str, &Member)> {
    let paths = tree.member(tree.root(), "paths").map(|paths| tree.all_members(paths)).unwrap_or_default();
    paths.into_iter().flat_map(|path| {
        let operations = tree.all_members(path.value).into_iter().filter(|o| is_method(&o.key));
        operations.map(|operation| (path.key.as_str(), operation))
    })
}

fn is_method(key: &str) -> bool {
    METHODS.contains(&key.to_ascii_lowercase().as_str())
}

/// A method as API Gateway calls it, of the key it stands under.
pub(super) fn method(key: &str) -> String {
    if key == ANY { "ANY".to_owned() } else { key.to_ascii_uppercase() }
}

/// The most members of the mappings on the way to all integrations: references, aliases and
/// merges multiply them without making a document larger.
const MOST_MEMBERS: usize = 5_000_000;

/// All integrations, in the order they stand in.
///
/// # Errors
/// [`Error::ApiDocument`] where a key on the way stands twice, or more is merged than anybody
/// writes.
pub(super) fn all(tree: &Tree, lines: &LineStarts, findings: &mut Vec<Finding>) -> Result<Vec<Integration>> {
    let mut weights: HashMap<Id, usize> = HashMap::new();
    let mut gone_through = 0;
    let mut once = |id: Id| {
        let id = tree.resolved(id);
        let known = weights.get(&id).copied();
        let weight = known.unwrap_or_else(|| tree.weight(id));
        gone_through += weight;
        if gone_through > MOST_MEMBERS {
            let reason = format!("by references, aliases and merges it has more than {MOST_MEMBERS} members");
            return Err(Error::ApiDocument { code: "apigw.syntax", reason });
        }
        if known.is_some() {
            return Ok(());
        }
        weights.insert(id, weight);
        match tree.twice(id) {
            None => Ok(()),
            Some(member) => Err(Error::ApiDocument {
                code: "apigw.syntax",
                reason: format!(
                    "the key `{}` stands twice in one mapping, once more in line {}: readers take one or the other",
                    Shown(&member.key),
                    lines.number(member.span.start) + 1
                ),
            }),
        }
    };
    let mut found = Vec::new();
    once(tree.root())?;
    let Some(paths) = tree.member(tree.root(), "paths") else { return Ok(found) };
    once(paths)?;
    for path in tree.all_members(paths) {
        once(path.value)?;
        for operation in tree.all_members(path.value) {
            if !is_method(&operation.key) {
                continue;
            }
            let method = method(&operation.key);
            once(operation.value)?;
            let Some(mut node) = tree.member(operation.value, MEMBER) else { continue };
            let mut reference = None;
            if let Some(target) = tree.member(node, "$ref").and_then(|id| tree.text(id)) {
                reference = Some(target.to_owned());
                if let Some(pointed) = tree.pointed(target) {
                    node = pointed;
                } else {
                    let place = format!("{method} {}", path.key);
                    let message =
                        format!("{place}: its integration points to `{target}`, which is not there");
                    findings.push(Finding::new("apigw.reference", Severity::Warning, place, message));
                    continue;
                }
            }
            once(node)?;
            if let Some(config) = tree.member(node, "tlsConfig") {
                once(config)?;
            }
            found.push(one(tree, lines, (&path.key, method), tree.resolved(node), reference));
        }
    }
    Ok(found)
}

fn one(
    tree: &Tree,
    lines: &LineStarts,
    (path, method): (&str, String),
    node: Id,
    reference: Option<String>,
) -> Integration {
    let text = |key: &str| tree.member(node, key).and_then(|id| plain(tree, id));
    let tls = |key: &str| {
        let config = tree.member(node, "tlsConfig")?;
        tree.member(config, key).and_then(|id| tree.text(id)).map(ToOwned::to_owned)
    };
    let uri = text("uri");
    Integration {
        path: path.to_owned(),
        method,
        line: lines.number(tree.node(node).span.start) + 1,
        kind: IntegrationType::of(&text("type").unwrap_or_default()),
        host: uri.as_deref().and_then(host),
        uri,
        vpc_link: text("connectionType").is_some_and(|t| t.eq_ignore_ascii_case("VPC_LINK")),
        connection_id: text("connectionId"),
        insecure_skip_verification: tls("insecureSkipVerification").map(|t| is_true(&t)),
        server_name_to_verify: tls("serverNameToVerify"),
        reference,
        node,
    }
}

/// Whether a scalar may be taken for true: YAML 1.1 has more words for it than YAML 1.2, and
/// what is taken for false has to be false to everybody.
fn is_true(text: &str) -> bool {
    ["true", "yes", "on", "y"].iter().any(|word| text.eq_ignore_ascii_case(word))
}

/// A scalar's text; of CloudFormation's `Fn::Sub` the text that is filled in.
fn plain(tree: &Tree, id: Id) -> Option<String> {
    if let Some(text) = tree.text(id) {
        return Some(text.to_owned());
    }
    tree.member(id, "Fn::Sub").and_then(|sub| tree.text(sub)).map(ToOwned::to_owned)
}

/// The host of a URI; none where a variable stands in its place.
fn host(uri: &str) -> Option<String> {
    let rest = uri.split_once("://")?.1;
    let authority = rest.split(['/', '?', '#']).next()?;
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next()?,
        None => host.split(':').next()?,
    };
    (!host.is_empty() && !host.contains(['{', '$'])).then(|| host.to_ascii_lowercase())
}

/// Which kind of API it is. Only HTTP APIs have payload formats, default routes and
/// listeners as targets.
pub(super) fn api(tree: &Tree, integrations: &[Integration]) -> Api {
    let http = integrations.iter().any(|integration| {
        let target = integration.uri.as_deref().unwrap_or_default();
        tree.member(integration.node, "payloadFormatVersion").is_some()
            || target.starts_with("arn:")
                && target.contains(":elasticloadbalancing:")
                && target.contains(":listener/")
            || target.starts_with("arn:") && target.contains(":servicediscovery:")
    });
    let root = tree.root();
    let marked = ["x-amazon-apigateway-importexport-version", "x-amazon-apigateway-cors"];
    let marked = marked.iter().any(|key| tree.member(root, key).is_some());
    let default_route = tree.member(root, "paths").is_some_and(|paths| {
        tree.all_members(paths).iter().any(|path| {
            let operations = tree.all_members(path.value);
            operations.into_iter().any(|o| tree.member(o.value, "isDefaultRoute").is_some())
        })
    });
    if http || marked || default_route { Api::Http } else { Api::Rest }
}

#[cfg(test)]
mod tests {
    use super::host;

    #[test]
    fn hosts_of_uris() {
        for (uri, wanted) in [
            ("https://Inner.corp.internal:443/health", Some("inner.corp.internal")),
            ("https://[fd00::1]:8443/", Some("fd00::1")),
            ("https://u:p@10.0.0.1/x", Some("10.0.0.1")),
            ("https://${stageVariables.host}/x", None),
            ("arn:aws:apigateway:x", None),
            ("https:///", None),
        ] {
            assert_eq!(host(uri).as_deref(), wanted, "{uri}");
        }
    }
}
