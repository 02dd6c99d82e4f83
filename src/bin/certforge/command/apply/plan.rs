//! A manifest with everything settled: CAs in the order they are made in, leaves by
//! their names.

use std::collections::BTreeMap;

use certforge::constraint::Constraints;
use certforge::{
    CaPlan, CaRequest, Error, LeafPlan, LeafRequest, Lifetime, Names, Result, San, Subject, Template,
};
use time::{Duration, OffsetDateTime};

use super::manifest::{Ca, Leaf, Manifest, Place, lifetime};
use crate::command::bundle::Form;
use crate::command::ca::new::request;
use crate::command::issue::{DEFAULT_KEY, template};
use crate::command::status::span;
use crate::context::DEFAULT_CA;

/// A CA that is to be there.
pub struct PlannedCa {
    pub name: String,
    pub under: Option<String>,
    /// Its subject, where the manifest says one.
    pub subject: Option<Subject>,
    pub has_key: bool,
    pub constraints: Constraints,
    /// Whether the manifest says something of its template.
    pub has_purposes: bool,
    pub path_length: Option<u8>,
    pub lifetime: Option<Lifetime>,
    pub plan: CaPlan,
    pub encrypt: bool,
    pub passphrase_file: Option<String>,
    pub issuer_passphrase_file: Option<String>,
}

/// A leaf that is to be there.
pub struct PlannedLeaf {
    pub ca: String,
    pub ca_passphrase_file: Option<String>,
    pub request: LeafRequest,
    pub plan: LeafPlan,
    pub within: Option<Duration>,
    pub forms: Vec<Form>,
    pub alias: Option<String>,
    pub p12_passphrase_file: Option<String>,
    #[cfg_attr(not(feature = "aws"), expect(dead_code, reason = "for imports alone"))]
    pub acm: Vec<Place>,
}

impl PlannedLeaf {
    pub fn first(&self) -> &San {
        self.plan.names().first()
    }
}

fn refuse(reason: String) -> Error {
    Error::Manifest { reason }
}

/// Says where in the manifest a trouble is.
fn at<T>(place: &str, result: Result<T>) -> Result<T> {
    result.map_err(|e| match e {
        Error::Manifest { reason } => refuse(format!("{place}: {reason}")),
        other => refuse(format!("{place}: {other}")),
    })
}

/// The manifest's own templates by their names.
pub struct Templates(BTreeMap<String, Template>);

impl Templates {
    pub fn of(manifest: &Manifest) -> Result<Self> {
        let own = manifest.template.iter().map(|(name, table)| {
            let own = Template::from_toml(name, &table.to_string());
            Ok((name.clone(), at(&format!("template.{name}"), own)?))
        });
        Ok(Self(own.collect::<Result<_>>()?))
    }

    /// Whether a template is the manifest's own: what it says comes before the defaults.
    fn is_own(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The template of this name, the manifest's own first, with some fields changed.
    fn get(&self, name: &str, set: &[String]) -> Result<Template> {
        let found = match self.0.get(name) {
            Some(own) => own.clone(),
            None => template(name)?,
        };
        if set.is_empty() { Ok(found) } else { found.with_fields(set) }
    }
}

/// The CAs, each after the one it stands under.
pub fn cas(manifest: &Manifest, templates: &Templates, now: OffsetDateTime) -> Result<Vec<PlannedCa>> {
    let mut order: Vec<&String> = Vec::new();
    for name in manifest.ca.keys() {
        let mut way = vec![name];
        // Up to one that is placed already, or to a root; then down again.
        while let Some(under) =
            way.last().and_then(|last| manifest.ca.get(*last)).and_then(|ca| ca.under.as_ref())
        {
            if way.contains(&under) {
                let names: Vec<&str> = way.iter().rev().map(|n| n.as_str()).collect();
                return Err(refuse(format!(
                    "ca.{name}: it stands under itself: {} under {under}",
                    names.join(" under ")
                )));
            }
            if order.contains(&under) || !manifest.ca.contains_key(under) {
                break;
            }
            way.push(under);
        }
        for name in way.into_iter().rev() {
            if !order.contains(&name) {
                order.push(name);
            }
        }
    }
    order
        .into_iter()
        .filter_map(|name| manifest.ca.get(name).map(|ca| (name, ca)))
        .map(|(name, ca)| at(&format!("ca.{name}"), planned_ca(name, ca, manifest, templates, now)))
        .collect()
}

fn planned_ca(
    name: &str,
    ca: &Ca,
    manifest: &Manifest,
    templates: &Templates,
    now: OffsetDateTime,
) -> Result<PlannedCa> {
    let subject = match (&ca.cn, &ca.subject) {
        (Some(_), Some(_)) => return Err(refuse("cn and subject are one thing twice".to_owned())),
        (Some(cn), None) => Some(Subject::common(cn)?),
        (None, Some(text)) => Some(text.parse()?),
        (None, None) => None,
    };
    let mut wanted = subject.clone().map_or_else(|| request(name), CaRequest::with_subject);
    let usual = if ca.under.is_some() { "intermediate" } else { "ca" };
    let template = templates.get(ca.template.as_deref().unwrap_or(usual), &ca.set)?;
    let read = |texts: &[String]| texts.iter().map(|t| t.parse()).collect::<Result<Vec<_>>>();
    let constraints = Constraints::new(read(&ca.permit)?, read(&ca.exclude)?);
    let key = ca.key.as_ref().map(|key| key.parse()).transpose()?;
    wanted = wanted.key(key.or(template.key()).unwrap_or(DEFAULT_KEY)).constraints(constraints.clone());
    wanted = wanted.template(template);
    let lifetime = lifetime(ca.days, ca.validity.as_ref(), ca.until.as_ref())?;
    if let Some(lifetime) = lifetime {
        wanted = wanted.lifetime(lifetime);
    }
    if let Some(limit) = ca.path_length {
        wanted = wanted.path_length(Some(limit));
    }
    let above = ca.under.as_ref().and_then(|under| manifest.ca.get(under));
    Ok(PlannedCa {
        name: name.to_owned(),
        under: ca.under.clone(),
        subject,
        has_key: key.is_some(),
        constraints,
        has_purposes: ca.template.is_some() || !ca.set.is_empty(),
        path_length: ca.path_length,
        lifetime,
        plan: wanted.plan(now)?,
        encrypt: ca.encrypt,
        passphrase_file: ca.passphrase_file.clone(),
        issuer_passphrase_file: above.and_then(|above| above.passphrase_file.clone()),
    })
}

/// The leaves, by the names of their tables.
pub fn leaves(manifest: &Manifest, templates: &Templates, now: OffsetDateTime) -> Result<Vec<PlannedLeaf>> {
    let mut seen: BTreeMap<String, &str> = BTreeMap::new();
    let mut planned = Vec::with_capacity(manifest.leaf.len());
    for (name, leaf) in &manifest.leaf {
        let place = format!("leaf.\"{name}\"");
        let leaf = at(&place, planned_leaf(name, leaf, manifest, templates, now))?;
        let folder = certforge::store::folder_name(leaf.first());
        if let Some(other) = seen.insert(folder, name) {
            return Err(refuse(format!("{place}: it is the same leaf as leaf.\"{other}\"")));
        }
        planned.push(leaf);
    }
    Ok(planned)
}

fn planned_leaf(
    name: &str,
    leaf: &Leaf,
    manifest: &Manifest,
    templates: &Templates,
    now: OffsetDateTime,
) -> Result<PlannedLeaf> {
    let defaults = &manifest.defaults;
    let ca = leaf.ca.clone().or_else(|| defaults.ca.clone()).or_else(|| only_ca(manifest));
    let ca = ca.unwrap_or_else(|| DEFAULT_CA.to_owned());
    let mut names = vec![name.parse::<San>()?];
    for more in &leaf.names {
        names.extend(Names::parse([more])?.iter().cloned());
    }
    let wanted = leaf.template.as_ref().or(defaults.template.as_ref()).map_or("server", String::as_str);
    let purpose = templates.get(wanted, &leaf.set)?;
    let ca_key = manifest.ca.get(&ca).and_then(|ca| ca.key.as_ref());
    let own_template = leaf.template.as_ref().is_some_and(|name| templates.is_own(name));
    let default_key = defaults.key.as_ref().filter(|_| !own_template || purpose.key().is_none());
    let key = match leaf.key.as_ref().or(default_key) {
        Some(key) => key.parse()?,
        None => match purpose.key() {
            Some(key) => key,
            None => ca_key.map(|key| key.parse()).transpose()?.unwrap_or(DEFAULT_KEY),
        },
    };
    let mut request =
        LeafRequest::for_names(Names::new(names)?).key(key).template(purpose).allow_long(leaf.allow_long);
    if let Some(subject) = leaf.subject.as_ref().or(defaults.subject.as_ref()) {
        request = request.subject(subject.parse()?);
    }
    let own = lifetime(leaf.days, leaf.validity.as_ref(), leaf.until.as_ref())?;
    let default = lifetime(defaults.days, defaults.validity.as_ref(), defaults.until.as_ref())?;
    if let Some(lifetime) = own.or(default.filter(|_| !own_template)) {
        request = request.lifetime(lifetime);
    }
    if leaf.forms.contains(&Form::P12) && leaf.p12_passphrase_file.is_none() {
        return Err(refuse("the form p12 needs a p12_passphrase_file".to_owned()));
    }
    #[cfg(feature = "aws")]
    for place in &leaf.acm {
        place.services()?;
        if let Some(region) = &place.region {
            certforge::aws::check_region(region, place.sim || place.endpoint_url.is_some())?;
        }
        place.tags.iter().try_for_each(|tag| tag.parse::<certforge::aws::Tag>().map(|_| ()))?;
    }
    let within = leaf.renew_within.as_ref().or(defaults.renew_within.as_ref());
    Ok(PlannedLeaf {
        plan: request.plan(now)?,
        request,
        within: within.map(|text| span(text)).transpose()?,
        ca_passphrase_file: manifest.ca.get(&ca).and_then(|ca| ca.passphrase_file.clone()),
        ca,
        forms: leaf.forms.clone(),
        alias: leaf.alias.clone(),
        p12_passphrase_file: leaf.p12_passphrase_file.clone(),
        acm: leaf.acm.clone(),
    })
}

/// The CA that nobody needs to name: the only one that issues to no other CA.
fn only_ca(manifest: &Manifest) -> Option<String> {
    if manifest.ca.contains_key(DEFAULT_CA) {
        return Some(DEFAULT_CA.to_owned());
    }
    let above: Vec<&String> = manifest.ca.values().filter_map(|ca| ca.under.as_ref()).collect();
    let mut issuing = manifest.ca.keys().filter(|name| !above.contains(name));
    let only = issuing.next()?;
    issuing.next().is_none().then(|| only.clone())
}
