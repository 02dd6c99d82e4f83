//! A wish for a document, and what becomes of it.

use std::collections::HashSet;

use super::edit::{self, Edit};
use super::{Api, Document, Integration, Setting};
use crate::error::{Error, Result, Shown};
use crate::finding::{Finding, Severity};

/// What is to be set, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// What.
    pub setting: Setting,
    /// In the operations of this path alone.
    pub path: Option<String>,
    /// In the operations of this method alone: `GET`, `any`, in whatever case.
    pub method: Option<String>,
}

impl Wish {
    /// For every integration that it fits.
    #[must_use]
    pub const fn everywhere(setting: Setting) -> Self {
        Self { setting, path: None, method: None }
    }

    fn is_for(&self, integration: &Integration) -> bool {
        self.path.as_ref().is_none_or(|path| *path == integration.path)
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(&integration.method))
    }
}

/// One integration that was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path, as the document has it. Foreign text: not escaped.
    pub path: String,
    /// `GET` …, or `ANY`.
    pub method: String,
    /// The line its integration begins in, from 1.
    pub line: usize,
    /// What stood there.
    pub before: Option<String>,
    /// What stands there now.
    pub after: String,
}

/// What became of a wish.
#[derive(Clone, Debug)]
pub struct Patch {
    /// The new text; none where everything is as it should be already.
    pub text: Option<String>,
    /// What was changed.
    pub changes: Vec<Change>,
    /// How many integrations that is: operations may share one.
    pub integrations: usize,
    /// How many operations were that way already.
    pub unchanged: usize,
    /// What was passed over and why, and what the change gives up.
    pub findings: Vec<Finding>,
    edits: Vec<Edit>,
}

impl Patch {
    /// The change much as `diff -u` shows it, to be read: `patch` may not take it where lines end
    /// in CRLF or the last in none. Empty where there is none. `document` is the one that was
    /// patched: of another one it makes no sense, or is empty.
    #[must_use]
    pub fn diff(&self, document: &Document, name: &str) -> String {
        if self.edits.iter().any(|edit| document.text().get(edit.at.clone()).is_none()) {
            return String::new();
        }
        edit::diff(document.text(), &document.lines, &self.edits, name)
    }
}

pub(super) fn patch(document: &Document, wish: &Wish) -> Result<Patch> {
    fits_api(document, &wish.setting)?;
    let wanted: Vec<&Integration> = document.integrations().iter().filter(|i| wish.is_for(i)).collect();
    if wanted.is_empty() {
        return Err(no_operation(document, wish));
    }
    let mut patch = Patch {
        text: None,
        changes: Vec::new(),
        integrations: 0,
        unchanged: 0,
        findings: Vec::new(),
        edits: Vec::new(),
    };
    // What was asked for by its path is not passed over in silence; but beside others of the
    // path there is nearly always a mock, which answers OPTIONS.
    let refuses = wish.path.is_some() && !wanted.iter().any(|i| i.kind.speaks_tls());
    let mut seen = HashSet::new();
    for integration in wanted {
        if !passes(integration, wish, refuses, &mut patch.findings)? {
            continue;
        }
        let before = current(integration, &wish.setting);
        let absent_is_false = before.is_none() && wish.setting == Setting::InsecureSkipVerification(false);
        if absent_is_false || before.as_deref() == Some(wish.setting.value()) {
            patch.unchanged += 1;
            continue;
        }
        // A shared integration is changed once, and told of for every operation.
        if seen.insert(integration.node) {
            patch.integrations += 1;
            patch.edits.extend(edit::set(document, integration.node, &wish.setting)?);
        }
        patch.changes.push(Change {
            path: integration.path.clone(),
            method: integration.method.clone(),
            line: integration.line,
            before,
            after: wish.setting.value().to_owned(),
        });
    }
    if patch.edits.is_empty() {
        return Ok(patch);
    }
    patch.edits.sort_by_key(|edit| edit.at.start);
    // Two operations may share no integration, and yet its tlsConfig.
    patch.edits.dedup();
    let text = edit::apply(document.text(), &patch.edits);
    let after = check(document, &text, wish, patch.changes.len() + patch.unchanged)?;
    shared(document, &after, wish, &mut patch)?;
    patch.text = Some(text);
    Ok(patch)
}

/// `GW06`: each kind of API has its own member.
fn fits_api(document: &Document, setting: &Setting) -> Result<()> {
    let reason = match (document.api(), setting) {
        (Api::Http, Setting::InsecureSkipVerification(_)) => {
            "it is an HTTP API, which has no insecureSkipVerification: its private integrations have serverNameToVerify"
        }
        (Api::Rest, Setting::ServerNameToVerify(_)) => {
            "it is a REST API, which has no serverNameToVerify: the host of the uri is what is verified"
        }
        _ => return Ok(()),
    };
    Err(Error::ApiDocument { code: "apigw.GW06", reason: reason.to_owned() })
}

fn no_operation(document: &Document, wish: &Wish) -> Error {
    let all: Vec<String> = document.integrations().iter().map(Integration::operation).collect();
    let some = if all.len() > 10 { format!("{}, …", all[..10].join(", ")) } else { all.join(", ") };
    let asked = [wish.method.as_deref(), wish.path.as_deref()].into_iter().flatten().collect::<Vec<_>>();
    let reason =
        format!("no operation {} has an integration; there are {}", Shown(&asked.join(" ")), Shown(&some));
    Error::ApiDocument { code: "apigw.operation", reason }
}

/// Whether the setting has a meaning for an integration, and what is to be said of it.
fn passes(
    integration: &Integration,
    wish: &Wish,
    refuses: bool,
    findings: &mut Vec<Finding>,
) -> Result<bool> {
    let mut say = |code, severity, message: String, fix| {
        let place = integration.operation();
        let message = format!("{place}: {message}");
        findings.push(Finding::new(code, severity, place, message).fix(fix));
    };
    if !integration.kind.speaks_tls() {
        let kind = integration.kind.as_str();
        let kind = if kind.is_empty() { "without a type".to_owned() } else { format!("of type {kind}") };
        let message = format!("its integration is {kind}, and only http and http_proxy have a tlsConfig");
        if refuses {
            let reason = format!("{}: {message}", Shown(&integration.operation()));
            return Err(Error::ApiDocument { code: "apigw.GW03", reason });
        }
        say("apigw.GW03", Severity::Info, format!("passed over: {message}"), "");
        return Ok(false);
    }
    match &wish.setting {
        Setting::InsecureSkipVerification(true) if integration.is_plain() => {
            let uri = integration.uri.as_deref().unwrap_or_default();
            let message = format!("passed over: its uri {uri} is plain HTTP, and the flag has no effect");
            say("apigw.GW04", Severity::Warning, message, "write https:// in the uri to speak TLS");
            Ok(false)
        }
        Setting::InsecureSkipVerification(true) => {
            if !integration.vpc_link {
                let message = "its connection goes over the internet: whoever is on the way can pretend to be the back end"
                    .to_owned();
                say(
                    "apigw.GW05",
                    Severity::Warning,
                    message,
                    "use a VPC link, or a public certificate on the back end",
                );
            }
            Ok(true)
        }
        Setting::ServerNameToVerify(_) if !integration.vpc_link => {
            let message =
                "passed over: it is no private integration, and has no name of its own to verify".to_owned();
            say("apigw.GW06", Severity::Info, message, "");
            Ok(false)
        }
        _ => Ok(true),
    }
}

fn current(integration: &Integration, setting: &Setting) -> Option<String> {
    match setting {
        Setting::InsecureSkipVerification(_) => integration.insecure_skip_verification.map(|b| b.to_string()),
        Setting::ServerNameToVerify(_) => integration.server_name_to_verify.clone(),
    }
}

/// Reads the new text once more: all that was wanted is so, and nothing else has gone.
fn check(before: &Document, text: &str, wish: &Wish, fulfilled: usize) -> Result<Document> {
    // Whatever way of writing is not understood: nothing has been written yet.
    let broken = |reason: &str| Error::ApiDocument {
        code: "apigw.unsure",
        reason: format!("the change cannot be made safely in this document, and was not: {reason}"),
    };
    let after = Document::read(text.as_bytes()).map_err(|e| match e.code() {
        code @ "apigw.GW09" => Error::ApiDocument { code, reason: format!("with the change, {e}") },
        _ => broken(&e.to_string()),
    })?;
    let same = before.integrations().len() == after.integrations().len()
        && before.integrations().iter().zip(after.integrations()).all(|(a, b)| {
            (&a.path, &a.method, &a.uri, &a.connection_id) == (&b.path, &b.method, &b.uri, &b.connection_id)
        });
    let is_so = |i: &&Integration| {
        let found = current(i, &wish.setting);
        found.as_deref() == Some(wish.setting.value())
            || found.is_none() && wish.setting == Setting::InsecureSkipVerification(false)
    };
    let so =
        after.integrations().iter().filter(|i| wish.is_for(i) && i.kind.speaks_tls()).filter(is_so).count();
    if same && so >= fulfilled && after.tree.count() >= before.tree.count() {
        Ok(after)
    } else {
        Err(broken("the new document does not say what was wanted"))
    }
}

/// Anchors, merges and references let operations share what was changed: those that nobody
/// asked for must not lose their verification in silence.
fn shared(before: &Document, after: &Document, wish: &Wish, patch: &mut Patch) -> Result<()> {
    let asked = |i: &Integration| patch.changes.iter().any(|c| c.path == i.path && c.method == i.method);
    let pairs = before.integrations().iter().zip(after.integrations());
    let touched: Vec<&Integration> = pairs
        .filter(|(old, new)| current(old, &wish.setting) != current(new, &wish.setting) && !asked(old))
        .map(|(old, _)| old)
        .collect();
    let names = |all: &[&Integration]| -> Vec<String> { all.iter().map(|i| i.operation()).collect() };
    let (harmless, others): (Vec<&Integration>, Vec<&Integration>) =
        touched.into_iter().partition(|i| !i.kind.speaks_tls() || i.is_plain());
    if !others.is_empty() {
        let reason = format!(
            "what would be changed is shared with {}, which was not asked for: ask for both, or give one a tlsConfig of its own",
            Shown(&names(&others).join(", "))
        );
        return Err(Error::ApiDocument { code: "apigw.shared", reason });
    }
    for operation in names(&harmless) {
        let message = format!("{operation}: it shares what was changed, and the setting has no effect there");
        patch.findings.push(Finding::new("apigw.shared", Severity::Info, operation, message));
    }
    Ok(())
}
