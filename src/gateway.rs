//! API Gateway's documents: Swagger 2.0 and OpenAPI 3.0, JSON and YAML, looked at and
//! changed in place, with everything else kept octet by octet.
//!
//! What a REST integration checks of its back end is `tlsConfig.insecureSkipVerification`,
//! what an HTTP API's private integration checks is `tlsConfig.serverNameToVerify` (API
//! Gateway developer guide, `x-amazon-apigateway-integration.tlsConfig`). The console has
//! no field for the former, so the document is where people set it.

mod edit;
mod integration;
mod lines;
mod patch;
mod tree;
mod way;

use std::str::FromStr;

use crate::error::{Error, Result};
use crate::finding::{Finding, Severity};
pub use integration::{Integration, IntegrationType};
use lines::LineStarts;
pub use patch::{Change, Patch, Wish};
use tree::Tree;
pub use way::{DETOURS, Way, ways};

/// The largest document that API Gateway imports, in octets (quotas of API Gateway).
pub const LARGEST: usize = 6 * 1024 * 1024;

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Syntax {
    /// JSON.
    Json,
    /// YAML.
    Yaml,
}

/// Which kind of API a document describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// A REST API.
    Rest,
    /// An HTTP API.
    Http,
}

impl Api {
    /// Its name, as AWS writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Rest => "REST API",
            Self::Http => "HTTP API",
        }
    }
}

/// Where the API is that a document was exported from, as far as the document says: it has the
/// host of a stage in it, ID.execute-api.REGION.amazonaws.com.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deployment {
    /// The API's identifier.
    pub api_id: Option<String>,
    /// Its region.
    pub region: Option<String>,
    /// The stage.
    pub stage: Option<String>,
}

/// What an integration may be told to check.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// `insecureSkipVerification`: of REST APIs. Dates, the host name and the form of the
    /// root are checked nevertheless.
    InsecureSkipVerification(bool),
    /// `serverNameToVerify`: of private integrations of HTTP APIs.
    ServerNameToVerify(String),
}

impl Setting {
    /// The member's name.
    #[must_use]
    pub const fn member(&self) -> &'static str {
        match self {
            Self::InsecureSkipVerification(_) => "insecureSkipVerification",
            Self::ServerNameToVerify(_) => "serverNameToVerify",
        }
    }

    /// Its value as text.
    #[must_use]
    pub fn value(&self) -> &str {
        match self {
            Self::InsecureSkipVerification(true) => "true",
            Self::InsecureSkipVerification(false) => "false",
            Self::ServerNameToVerify(name) => name,
        }
    }
}

impl FromStr for Setting {
    type Err = Error;

    /// Reads `insecureSkipVerification=true`.
    ///
    /// # Errors
    /// [`Error::ApiDocument`] for another member or value.
    fn from_str(input: &str) -> Result<Self> {
        let refuse = |reason: &str| Error::ApiDocument {
            code: "apigw.setting",
            reason: format!("`{}` is nothing to set: {reason}", crate::error::Shown(input)),
        };
        let (member, value) = input.split_once('=').ok_or_else(|| refuse("it has no `=`"))?;
        match (member, value) {
            ("insecureSkipVerification", "true") => Ok(Self::InsecureSkipVerification(true)),
            ("insecureSkipVerification", "false") => Ok(Self::InsecureSkipVerification(false)),
            ("insecureSkipVerification", _) => Err(refuse("it is true or false")),
            // API Gateway's model: 1 to 512 characters.
            ("serverNameToVerify", name) if (1..=512).contains(&name.chars().count()) => {
                match name.parse::<crate::name::San>() {
                    Ok(crate::name::San::Dns(host)) if !host.contains('*') => {
                        Ok(Self::ServerNameToVerify(host))
                    }
                    _ => Err(refuse("a server's name is a host name")),
                }
            }
            ("serverNameToVerify", _) => Err(refuse("a name has 1 to 512 characters")),
            _ => Err(refuse("there are insecureSkipVerification and serverNameToVerify")),
        }
    }
}

/// A document that was read.
#[derive(Debug)]
pub struct Document {
    text: String,
    lines: LineStarts,
    tree: Tree,
    syntax: Syntax,
    version: String,
    api: Api,
    integrations: Vec<Integration>,
    findings: Vec<Finding>,
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// [`Error::ApiDocument`]: it is no JSON or YAML, no Swagger 2.0 or OpenAPI 3.0
    /// (`GW01`), has no integrations (`GW02`), or is larger than API Gateway takes (`GW09`).
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let mut findings = Vec::new();
        if bytes.len() > LARGEST {
            let reason = format!("it has {} octets, and API Gateway imports {LARGEST} at most", bytes.len());
            return Err(Error::ApiDocument { code: "apigw.GW09", reason });
        }
        let bytes = match bytes.strip_prefix(b"\xef\xbb\xbf") {
            None => bytes,
            Some(rest) => {
                let message = "its byte order mark is dropped: API Gateway does not expect one";
                findings.push(Finding::new("apigw.GW11", Severity::Fixed, "document", message));
                rest
            }
        };
        let text = std::str::from_utf8(bytes).map_err(|e| Error::ApiDocument {
            code: "apigw.syntax",
            reason: format!("it is no UTF-8 text: octet {} is the first that is none", e.valid_up_to() + 1),
        })?;
        let syntax = if text.trim_start().starts_with('{') { Syntax::Json } else { Syntax::Yaml };
        // A flow mapping at the top may be YAML that is no JSON.
        let (tree, syntax) = match (syntax, Tree::read(text, syntax)) {
            (Syntax::Json, Err(json)) => match Tree::read(text, Syntax::Yaml) {
                Ok(tree) if !looks_like_json(text) => (tree, Syntax::Yaml),
                _ => return Err(json),
            },
            (syntax, tree) => (tree?, syntax),
        };
        let version = version(&tree)?;
        let mut read = Self {
            text: text.to_owned(),
            lines: LineStarts::of(text),
            tree,
            syntax,
            version,
            api: Api::Rest,
            integrations: Vec::new(),
            findings,
        };
        read.integrations = integration::all(&read.tree, &read.lines, &mut read.findings)?;
        read.api = integration::api(&read.tree, &read.integrations);
        if read.integrations.is_empty() {
            let reason = "it has no x-amazon-apigateway-integration: it was exported without extensions";
            return Err(Error::ApiDocument { code: "apigw.GW02", reason: reason.to_owned() });
        }
        Ok(read)
    }

    /// Its text, without a byte order mark.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How it is written.
    #[must_use]
    pub const fn syntax(&self) -> Syntax {
        self.syntax
    }

    /// `swagger 2.0`, `openapi 3.0.1`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Which kind of API it describes, as far as it can be told.
    #[must_use]
    pub const fn api(&self) -> Api {
        self.api
    }

    /// Where the API is that it was exported from, as far as it says.
    #[must_use]
    pub fn deployment(&self) -> Deployment {
        let (tree, root) = (&self.tree, self.tree.root());
        let text = |id: tree::Id, key: &str| tree.member(id, key).and_then(|id| tree.text(id));
        let server = tree.member(root, "servers").and_then(|servers| match &tree.node(servers).kind {
            tree::Kind::List(items) => items.first().copied(),
            _ => None,
        });
        let url = server.and_then(|server| text(server, "url"));
        let host = text(root, "host").or_else(|| url?.split_once("://").map(|(_, rest)| rest));
        let (id, rest) = host.and_then(|host| host.split_once(".execute-api.")).unzip();
        // ID.execute-api.REGION.amazonaws.com, or .amazonaws.com.cn in China.
        let region = rest.and_then(|rest| rest.split_once(".amazonaws.com")).map(|(region, _)| region);
        let variable = server.and_then(|server| {
            let base = tree.member(tree.member(server, "variables")?, "basePath")?;
            text(base, "default")
        });
        let stage = text(root, "basePath").or(variable).map(|stage| stage.trim_matches('/').to_owned());
        let plain = |text: &&str| {
            !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        };
        let kept = |text: Option<&str>| text.filter(plain).map(ToOwned::to_owned);
        Deployment { api_id: kept(id), region: kept(region), stage: kept(stage.as_deref()) }
    }

    /// Its integrations, in the order they stand in.
    #[must_use]
    pub fn integrations(&self) -> &[Integration] {
        &self.integrations
    }

    /// Every operation, with an integration or without: its path and its method, `GET` …, or
    /// `ANY`.
    #[must_use]
    pub fn operations(&self) -> Vec<(String, String)> {
        integration::operations(&self.tree)
            .map(|(path, operation)| (path.to_owned(), integration::method(&operation.key)))
            .collect()
    }

    /// The models it defines, by name.
    #[must_use]
    pub fn models(&self) -> Vec<&str> {
        self.defined("definitions", "schemas")
    }

    /// The security schemes it defines, authorizers among them, by name.
    #[must_use]
    pub fn security_schemes(&self) -> Vec<&str> {
        self.defined("securityDefinitions", "securitySchemes")
    }

    /// The names under a member of Swagger 2.0, or of OpenAPI 3.0's components.
    fn defined(&self, swagger: &str, openapi: &str) -> Vec<&str> {
        let (tree, root) = (&self.tree, self.tree.root());
        let components = tree.member(root, "components").and_then(|id| tree.member(id, openapi));
        match tree.member(root, swagger).or(components) {
            Some(all) => tree.all_members(all).into_iter().map(|m| m.key.as_str()).collect(),
            None => Vec::new(),
        }
    }

    /// What reading it had to say.
    #[must_use]
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// The document with a wish fulfilled, and what was done to which integration.
    ///
    /// # Errors
    /// [`Error::ApiDocument`] where the wish does not fit: an operation that is not there
    /// or of the wrong type (`GW03`), the wrong kind of API (`GW06`).
    pub fn patch(&self, wish: &Wish) -> Result<Patch> {
        patch::patch(self, wish)
    }
}

/// Whether a text that is no JSON was meant to be: its first key is quoted.
fn looks_like_json(text: &str) -> bool {
    text.trim_start().trim_start_matches('{').trim_start().starts_with('"')
}

/// The version of the description language (`GW01`).
fn version(tree: &Tree) -> Result<String> {
    let refuse = |reason: String| Error::ApiDocument { code: "apigw.GW01", reason };
    let found = |key: &str| tree.member(tree.root(), key).and_then(|node| tree.text(node));
    match (found("swagger"), found("openapi")) {
        (Some("2.0"), None) => Ok("swagger 2.0".to_owned()),
        (None, Some(version)) if version == "3.0" || version.starts_with("3.0.") => {
            Ok(format!("openapi {version}"))
        }
        (None, Some(version)) => Err(refuse(format!(
            "it is OpenAPI {}, and API Gateway imports 3.0",
            crate::error::Shown(version)
        ))),
        (Some(version), _) => Err(refuse(format!(
            "it is Swagger {}, and API Gateway imports 2.0",
            crate::error::Shown(version)
        ))),
        (None, None) => {
            let inside = tree.member(tree.root(), "Resources").is_some();
            Err(refuse(if inside {
                "it is a CloudFormation template, not a Swagger 2.0 or OpenAPI 3.0 document".to_owned()
            } else {
                "it is no Swagger 2.0 or OpenAPI 3.0 document: it has neither `swagger` nor `openapi`"
                    .to_owned()
            }))
        }
    }
}
