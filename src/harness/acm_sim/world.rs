//! What the simulator holds, and what each call does to it.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use base64::Engine;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::answer::{self, Refusal};
use super::asked::Asked;
use super::fault::AcmFault;
use super::held::Held;
use super::rules::{self, Fields};
use super::{Recorded, Settings, search, today};
use crate::certificate::{Certificate, Chain};
use crate::error::{Error, Result as CrateResult};
use crate::key::{Sha256, hex, random};

pub(super) struct World {
    settings: Settings,
    start: Instant,
    held: BTreeMap<String, Held>,
    /// In which region and when each import was, for the year's quota.
    imports: Vec<(String, OffsetDateTime)>,
    /// How many calls of an action there were, for the faults.
    calls: BTreeMap<String, usize>,
    /// When an action may be called next.
    next: BTreeMap<String, Duration>,
    number: u64,
    #[cfg(feature = "gateway")]
    rest_apis: super::rest_api::RestApis,
    pub(super) requests: Vec<Recorded>,
}

type Answer = Result<Value, Refusal>;

const SCHEMA: &str = "certforge/acm-sim/1";

impl World {
    pub(super) fn new(settings: Settings) -> Self {
        Self {
            settings,
            start: Instant::now(),
            held: BTreeMap::new(),
            imports: Vec::new(),
            calls: BTreeMap::new(),
            next: BTreeMap::new(),
            number: 0,
            #[cfg(feature = "gateway")]
            rest_apis: super::rest_api::RestApis::default(),
            requests: Vec::new(),
        }
    }

    /// What goes wrong with this call.
    pub(super) fn fault(&mut self, action: &str) -> AcmFault {
        let calls = self.calls.entry(action.to_owned()).or_default();
        let script = self.settings.faults.iter().find(|(name, _)| name == action);
        let fault = script.map_or(AcmFault::Ok, |(_, script)| script.at(*calls));
        *calls += 1;
        fault
    }

    /// Whether the rate allows this call now.
    pub(super) fn admit(&mut self, action: &str) -> bool {
        let (Some(rate), "ImportCertificate" | "ListCertificates") = (self.settings.rate, action) else {
            return true;
        };
        // None at all where it is no number above 0.
        let Ok(wait) = Duration::try_from_secs_f64(1.0 / rate) else { return false };
        let now = self.settings.clock.as_ref().map_or_else(|| self.start.elapsed(), |clock| clock());
        let next = self.next.entry(action.to_owned()).or_default();
        if now < *next {
            return false;
        }
        *next = now.saturating_add(wait);
        true
    }

    /// Keeps what was asked; the private key only as its digest.
    pub(super) fn record(&mut self, action: &str, region: &str, body: &Value, error: Option<&str>) {
        let mut body = body.clone();
        if let Some(key) = body.get("PrivateKey").and_then(Value::as_str) {
            let digest = Sha256::of(key.as_bytes()).to_string();
            body["PrivateKey"] = json!(format!("sha256 {digest}"));
        }
        self.requests.push(Recorded {
            action: action.to_owned(),
            region: region.to_owned(),
            body: body.to_string(),
            error: error.map(ToOwned::to_owned),
        });
    }

    /// Does what a call asks for.
    pub(super) fn answer(&mut self, asked: &Asked, region: &str) -> Answer {
        match asked {
            Asked::Acm(action, body) => self.acm(action, region, body),
            #[cfg(feature = "gateway")]
            Asked::RestApi(asked) => self.rest_apis.answer(region, self.settings.account(), asked),
        }
    }

    fn acm(&mut self, action: &str, region: &str, body: &Value) -> Answer {
        match action {
            "ImportCertificate" => self.import(region, body),
            "ListCertificates" => self.list(region, body),
            "SearchCertificates" => self.search(region, body),
            "DescribeCertificate" => {
                self.held(region, body).map(|(arn, held)| answer::detail(arn, held, today()))
            }
            "GetCertificate" => self.held(region, body).map(|(_, held)| answer::content(held)),
            "ListTagsForCertificate" => {
                self.held(region, body).map(|(_, held)| json!({ "Tags": tags_json(&held.tags) }))
            }
            "AddTagsToCertificate" => self.add_tags(region, body),
            "RemoveTagsFromCertificate" => self.remove_tags(region, body),
            "DeleteCertificate" => self.delete(region, body),
            "GetAccountConfiguration" => Ok(json!({ "ExpiryEvents": { "DaysBeforeExpiry": 45 } })),
            _ => Err(Refusal::new("UnknownOperationException", format!("{action} is not simulated"))),
        }
    }

    fn import(&mut self, region: &str, body: &Value) -> Answer {
        let now = today();
        let bytes = |name: &str| {
            let text = body[name].as_str().filter(|text| !text.is_empty());
            let missing = format!(
                "1 validation error detected: Value at '{name}' failed to satisfy constraint: Member must not be null"
            );
            let text = text.ok_or_else(|| Refusal::new("ValidationException", missing))?;
            let broken = |_| Refusal::new("SerializationException", "Invalid base64");
            base64::engine::general_purpose::STANDARD.decode(text).map_err(broken)
        };
        let (certificate, private_key) = (bytes("Certificate")?, bytes("PrivateKey")?);
        let chain = if body["CertificateChain"].is_null() { None } else { Some(bytes("CertificateChain")?) };
        let tags = read_tags(&body["Tags"])?;
        let arn = body["CertificateArn"].as_str().map(ToOwned::to_owned);
        if let Some(arn) = &arn {
            self.there(region, arn)?;
            if !body["Tags"].is_null() {
                return Err(Refusal::new("ValidationException", "Tagging is not permitted on re-import."));
            }
        }
        check_tags(&tags, &[])?;
        let fields = Fields { certificate: &certificate, private_key: &private_key, chain: chain.as_deref() };
        let accepted = rules::judge(&fields, now)?;
        self.number += 1;
        let (number, key) = (self.number, accepted.key.to_owned());
        if let Some(arn) = arn {
            let Some(old) = self.held.get_mut(&arn) else { return Err(not_found(&arn)) };
            rules::judge_again(&accepted, old)?;
            (old.leaf, old.chain, old.imported) = (accepted.leaf, accepted.chain, now);
            return Ok(json!({ "CertificateArn": arn }));
        }
        self.quota(region, now)?;
        let arn = self.new_arn(region)?;
        self.imports.push((region.to_owned(), now));
        let (leaf, chain) = (accepted.leaf, accepted.chain);
        let held = Held { leaf, chain, key, tags, users: Vec::new(), created: now, imported: now, number };
        self.held.insert(arn.clone(), held);
        Ok(json!({ "CertificateArn": arn }))
    }

    fn quota(&mut self, region: &str, now: OffsetDateTime) -> Result<(), Refusal> {
        self.imports.retain(|(_, at)| now - *at < time::Duration::days(365));
        // Each region has its own (ACM user guide, "Quotas").
        let here = self.held.keys().filter(|arn| region_of(arn) == Some(region)).count();
        let this_year = self.imports.iter().filter(|(at, _)| at == region).count();
        let quota = self.settings.quota;
        if here >= quota.certificates || this_year >= quota.imports_a_year {
            return Err(Refusal::new(
                "LimitExceededException",
                "You have reached the maximum number of certificates. Delete certificates that are not in use, or \
                 contact AWS Support to request a limit increase.",
            ));
        }
        Ok(())
    }

    fn new_arn(&self, region: &str) -> Result<String, Refusal> {
        let internal =
            |_| Refusal { status: 500, code: "InternalFailure", message: "no random octets".to_owned() };
        let mut id = random::<16>().map_err(internal)?;
        // A UUID of version 4 (RFC 9562 §5.4).
        id[6] = id[6] & 0x0f | 0x40;
        id[8] = id[8] & 0x3f | 0x80;
        let hex = hex(&id);
        // As AWS names them, and not asked of whoever reads them.
        let partition = match region.split('-').collect::<Vec<_>>().as_slice() {
            ["cn", ..] => "aws-cn",
            ["us", "gov", ..] => "aws-us-gov",
            ["us", "iso", ..] => "aws-iso",
            ["us", "isob", ..] => "aws-iso-b",
            ["us", "isof", ..] => "aws-iso-f",
            ["eu", "isoe", ..] => "aws-iso-e",
            ["eusc", ..] => "aws-eusc",
            _ => "aws",
        };
        let account = self.settings.account();
        let uuid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
        Ok(format!("arn:{partition}:acm:{region}:{account}:certificate/{uuid}"))
    }

    /// In the order of their imports, those of a region.
    fn all(&self, region: &str) -> Vec<(&String, &Held)> {
        let mut all: Vec<_> = self.held.iter().filter(|(arn, _)| region_of(arn) == Some(region)).collect();
        all.sort_by_key(|(_, held)| held.number);
        all
    }

    fn list(&self, region: &str, body: &Value) -> Answer {
        let now = today();
        let descending = is_descending(body)?;
        // What is passed over would look like having been asked.
        let known = |name: &String| name == "keyTypes";
        if let Some(other) = body["Includes"].as_object().and_then(|all| all.keys().find(|name| !known(name)))
        {
            let message = format!("The simulator does not filter by {other}.");
            return Err(Refusal::new("ValidationException", message));
        }
        let texts = |value: &Value| -> Option<Vec<String>> {
            let all = value.as_array()?;
            Some(all.iter().filter_map(|v| v.as_str().map(ToOwned::to_owned)).collect())
        };
        let kinds = texts(&body["Includes"]["keyTypes"]);
        let statuses = texts(&body["CertificateStatuses"]);
        let listed = self.all(region).into_iter().filter(|(_, held)| match &kinds {
            Some(kinds) => kinds.contains(&held.key),
            // What the API reference calls the default: small RSA keys with a domain.
            None => {
                ["RSA_1024", "RSA_2048"].contains(&held.key.as_str())
                    && !answer::domains(&held.leaf).is_empty()
            }
        });
        let entries: Vec<Value> = listed.map(|(arn, held)| answer::summary(arn, held, now)).collect();
        let mut entries: Vec<Value> = entries
            .into_iter()
            .filter(|e| statuses.as_ref().is_none_or(|s| s.iter().any(|s| e["Status"] == s.as_str())))
            .collect();
        if descending {
            entries.reverse();
        }
        page(&entries, body, "MaxItems", 1_000, 1_000, "CertificateSummaryList")
    }

    fn search(&self, region: &str, body: &Value) -> Answer {
        let now = today();
        let mut found = Vec::new();
        for (arn, held) in self.all(region) {
            if body["FilterStatement"].is_null() || search::passes(arn, held, &body["FilterStatement"])? {
                found.push(answer::search_result(arn, held, now));
            }
        }
        page(&found, body, "MaxResults", 100, 500, "Results")
    }

    fn there(&self, region: &str, arn: &str) -> Result<(), Refusal> {
        if arn.len() < 20 || region_of(arn).is_none() {
            return Err(Refusal::new("InvalidArnException", format!("{arn} is not a valid certificate ARN")));
        }
        match self.held.get(arn) {
            Some(_) if region_of(arn) == Some(region) => Ok(()),
            _ => Err(not_found(arn)),
        }
    }

    fn held<'a>(&'a self, region: &str, body: &'a Value) -> Result<(&'a str, &'a Held), Refusal> {
        let arn = body["CertificateArn"].as_str().unwrap_or_default();
        self.there(region, arn)?;
        self.held.get(arn).map(|held| (arn, held)).ok_or_else(|| not_found(arn))
    }

    fn held_mut(&mut self, region: &str, body: &Value) -> Result<&mut Held, Refusal> {
        let arn = body["CertificateArn"].as_str().unwrap_or_default();
        self.there(region, arn)?;
        self.held.get_mut(arn).ok_or_else(|| not_found(arn))
    }

    fn add_tags(&mut self, region: &str, body: &Value) -> Answer {
        let new = read_tags(&body["Tags"])?;
        let held = self.held_mut(region, body)?;
        check_tags(&new, &held.tags)?;
        for (key, value) in new {
            held.tags.retain(|(k, _)| *k != key);
            held.tags.push((key, value));
        }
        Ok(json!({}))
    }

    fn remove_tags(&mut self, region: &str, body: &Value) -> Answer {
        let gone = read_tags(&body["Tags"])?;
        // With a value only a tag that has it goes (ACM API reference).
        let with_value = |n: usize| body["Tags"][n].get("Value").is_some();
        let held = self.held_mut(region, body)?;
        let matches = |(key, value): &(String, String)| {
            gone.iter().enumerate().any(|(n, (k, v))| k == key && (!with_value(n) || v == value))
        };
        held.tags.retain(|tag| !matches(tag));
        Ok(json!({}))
    }

    fn delete(&mut self, region: &str, body: &Value) -> Answer {
        let held = self.held_mut(region, body)?;
        if !held.users.is_empty() {
            let message = format!("Certificate is in use by {}", held.users.join(", "));
            return Err(Refusal::new("ResourceInUseException", message));
        }
        self.held.remove(body["CertificateArn"].as_str().unwrap_or_default());
        Ok(json!({}))
    }

    pub(super) fn arns(&self) -> Vec<String> {
        let mut all: Vec<_> = self.held.iter().collect();
        all.sort_by_key(|(_, held)| held.number);
        all.into_iter().map(|(arn, _)| arn.clone()).collect()
    }

    pub(super) fn associate(&mut self, arn: &str, user: &str) -> bool {
        self.held.get_mut(arn).is_some_and(|held| {
            held.users.push(user.to_owned());
            true
        })
    }

    pub(super) fn forget(&mut self, arn: &str) {
        self.held.remove(arn);
    }

    pub(super) fn state(&self) -> CrateResult<String> {
        let certificates: Vec<Value> = self
            .arns()
            .iter()
            .filter_map(|arn| self.held.get(arn).map(|held| (arn, held)))
            .map(|(arn, held)| {
                let mut entry = answer::content(held);
                entry["CertificateArn"] = json!(arn);
                entry["KeyAlgorithm"] = json!(held.key);
                entry["Tags"] = tags_json(&held.tags);
                entry["InUseBy"] = json!(held.users);
                entry["CreatedAt"] = answer::seconds(held.created);
                entry["ImportedAt"] = answer::seconds(held.imported);
                entry
            })
            .collect();
        serde_json::to_string_pretty(&json!({ "schema": SCHEMA, "certificates": certificates }))
            .map_err(|e| Error::Internal { doing: "writing the simulator's state", reason: e.to_string() })
    }

    pub(super) fn restore(&mut self, state: &str) -> CrateResult<()> {
        let malformed = |reason: String| Error::MalformedRecord { reason };
        let document: Value = serde_json::from_str(state).map_err(|e| malformed(e.to_string()))?;
        if document["schema"] != SCHEMA {
            return Err(malformed(format!("its schema is not `{SCHEMA}`")));
        }
        for entry in document["certificates"].as_array().into_iter().flatten() {
            let text = |name: &str| entry[name].as_str().unwrap_or_default().to_owned();
            let time = |name: &str| {
                let seconds = entry[name].as_i64().unwrap_or_default();
                OffsetDateTime::from_unix_timestamp(seconds).map_err(|e| malformed(e.to_string()))
            };
            self.number += 1;
            let users = entry["InUseBy"].as_array().into_iter().flatten();
            let held = Held {
                leaf: Certificate::from_pem(text("Certificate").as_bytes())?,
                chain: Chain::parts(&text("CertificateChain"))?,
                key: text("KeyAlgorithm"),
                tags: read_tags(&entry["Tags"]).map_err(|e| malformed(e.message))?,
                users: users.filter_map(|u| u.as_str().map(ToOwned::to_owned)).collect(),
                created: time("CreatedAt")?,
                imported: time("ImportedAt")?,
                number: self.number,
            };
            let arn = text("CertificateArn");
            self.imports.push((region_of(&arn).unwrap_or_default().to_owned(), held.created));
            self.held.insert(arn, held);
        }
        Ok(())
    }
}

fn not_found(arn: &str) -> Refusal {
    Refusal::new("ResourceNotFoundException", format!("Could not find certificate {arn}."))
}

/// The region an ARN of a certificate names.
fn region_of(arn: &str) -> Option<&str> {
    let mut parts = arn.split(':');
    let service = (parts.next(), parts.next(), parts.next());
    match service {
        (Some("arn"), Some(_), Some("acm")) => parts.next(),
        _ => None,
    }
}

fn tags_json(tags: &[(String, String)]) -> Value {
    json!(tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect::<Vec<_>>())
}

/// Whether the latest is wanted first: there is one thing to sort by, and neither of the two
/// members goes without the other (ACM API reference, `ListCertificates`).
fn is_descending(body: &Value) -> Result<bool, Refusal> {
    match (body["SortBy"].as_str(), body["SortOrder"].as_str()) {
        (None, None) | (Some("CREATED_AT"), Some("ASCENDING")) => Ok(false),
        (Some("CREATED_AT"), Some("DESCENDING")) => Ok(true),
        _ => Err(Refusal::new("ValidationException", "SortBy and SortOrder are CREATED_AT and an order.")),
    }
}

fn read_tags(tags: &Value) -> Result<Vec<(String, String)>, Refusal> {
    let invalid = || Refusal::new("InvalidTagException", "The tag is not valid.");
    let mut found: Vec<(String, String)> = Vec::new();
    for tag in tags.as_array().into_iter().flatten() {
        let key = tag["Key"].as_str().ok_or_else(invalid)?.to_owned();
        if found.iter().any(|(k, _)| *k == key) {
            return Err(Refusal::new("InvalidTagException", format!("The tag key {key} is given twice.")));
        }
        found.push((key, tag["Value"].as_str().unwrap_or_default().to_owned()));
    }
    Ok(found)
}

fn check_tags(new: &[(String, String)], old: &[(String, String)]) -> Result<(), Refusal> {
    let characters = |text: &str| text.chars().all(|c| c.is_alphanumeric() || " _.:/=+-@".contains(c));
    for (key, value) in new {
        let sizes = (1..=128).contains(&key.chars().count()) && value.chars().count() <= 256;
        if !sizes || !characters(key) || !characters(value) || key.to_lowercase().starts_with("aws:") {
            return Err(Refusal::new("InvalidTagException", format!("The tag {key} is not valid.")));
        }
    }
    let added = new.iter().filter(|(key, _)| !old.iter().any(|(k, _)| k == key)).count();
    if old.len() + added > 50 {
        return Err(Refusal::new("TooManyTagsException", "The certificate would have more than 50 tags."));
    }
    Ok(())
}

/// A page of a list; the token of the next says where it starts.
fn page(all: &[Value], body: &Value, size: &str, default: u64, most: u64, name: &str) -> Answer {
    let invalid = |what: &str| Refusal::new("ValidationException", format!("{what} is not valid."));
    let size = match &body[size] {
        Value::Null => default,
        value => value.as_u64().filter(|n| (1..=most).contains(n)).ok_or_else(|| invalid(size))?,
    };
    let start = match body["NextToken"].as_str() {
        None => 0,
        Some(token) => {
            let start = token.strip_prefix("from-").and_then(|n| n.parse::<usize>().ok());
            start.filter(|n| *n <= all.len()).ok_or_else(|| invalid("NextToken"))?
        }
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let end = start.saturating_add(size).min(all.len());
    let mut answer = json!({ name: all[start..end] });
    if end < all.len() {
        answer["NextToken"] = json!(format!("from-{end}"));
    }
    Ok(answer)
}
