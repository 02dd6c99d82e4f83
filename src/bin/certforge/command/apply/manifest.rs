//! The manifest as it is written: CAs, leaves, templates, forms and places in ACM.

use std::collections::BTreeMap;

use certforge::{Error, Lifetime};
use serde::Deserialize;

use crate::command::bundle::Form;

/// The form of manifests that this program reads.
const VERSION: u32 = 1;

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Manifest {
    version: Option<u32>,
    pub defaults: Defaults,
    pub ca: BTreeMap<String, Ca>,
    pub leaf: BTreeMap<String, Leaf>,
    /// Templates of the manifest's own, by their names.
    pub template: BTreeMap<String, toml::Table>,
}

/// What leaves have that do not say otherwise.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Defaults {
    pub ca: Option<String>,
    pub key: Option<String>,
    pub template: Option<String>,
    pub subject: Option<String>,
    pub days: Option<u32>,
    pub validity: Option<String>,
    pub until: Option<String>,
    pub renew_within: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Ca {
    pub under: Option<String>,
    pub cn: Option<String>,
    pub subject: Option<String>,
    pub key: Option<String>,
    pub days: Option<u32>,
    pub validity: Option<String>,
    pub until: Option<String>,
    pub path_length: Option<u8>,
    pub template: Option<String>,
    /// Fields of the template, as `--set` takes them.
    pub set: Vec<String>,
    pub permit: Vec<String>,
    pub exclude: Vec<String>,
    pub encrypt: bool,
    pub passphrase_file: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Leaf {
    /// Names besides the table's own.
    pub names: Vec<String>,
    pub ca: Option<String>,
    pub key: Option<String>,
    pub template: Option<String>,
    /// Fields of the template, as `--set` takes them.
    pub set: Vec<String>,
    pub subject: Option<String>,
    pub days: Option<u32>,
    pub validity: Option<String>,
    pub until: Option<String>,
    pub allow_long: bool,
    pub renew_within: Option<String>,
    pub forms: Vec<Form>,
    pub alias: Option<String>,
    pub p12_passphrase_file: Option<String>,
    pub acm: Vec<Place>,
}

/// A place in ACM that a leaf is to be in.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Place {
    pub region: Option<String>,
    pub profile: Option<String>,
    pub endpoint_url: Option<String>,
    pub tags: Vec<String>,
    pub targets: Vec<String>,
    pub sim: bool,
}

#[cfg(feature = "aws")]
impl Place {
    pub fn target(&self) -> crate::command::target::TargetArgs {
        let (region, profile) = (self.region.clone(), self.profile.clone());
        crate::command::target::TargetArgs::at(region, profile, self.endpoint_url.clone())
    }

    pub fn services(&self) -> certforge::Result<Vec<certforge::check::acm::Service>> {
        self.targets.iter().map(|t| t.parse()).collect()
    }
}

impl Manifest {
    pub fn read(bytes: &[u8]) -> certforge::Result<Self> {
        let refuse = |reason: String| Error::Manifest { reason };
        let text = std::str::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8 text".to_owned()))?;
        let manifest: Self = toml::from_str(text).map_err(|e| {
            // The parser would draw the line it means; its number is what an error has.
            let at = e.span().map_or(0, |span| span.start.min(text.len()));
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            refuse(format!("line {line}: {}", e.message().replace('\n', "; ")))
        })?;
        match manifest.version {
            Some(version) if version != VERSION => {
                Err(refuse(format!("it is of version {version}, and this program reads version {VERSION}")))
            }
            _ => Ok(manifest),
        }
    }
}

/// One of three spellings of one thing.
pub fn lifetime(
    days: Option<u32>,
    validity: Option<&String>,
    until: Option<&String>,
) -> certforge::Result<Option<Lifetime>> {
    match (days, validity, until) {
        (None, None, None) => Ok(None),
        (Some(days), None, None) => Ok(Some(Lifetime::days(days))),
        (None, Some(text), None) | (None, None, Some(text)) => text.parse().map(Some),
        _ => Err(Error::Manifest { reason: "days, validity and until are one thing three times".to_owned() }),
    }
}
