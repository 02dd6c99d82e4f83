//! What has ended, has not begun, is to be replaced, or was changed after it was signed.

use certforge::Certificate;
use serde_json::Value;

use crate::support::{Sandbox, at, json};

use super::{checked, errors};

/// What is said of a file at another time: status, and each finding of the file's own parts.
fn said(sandbox: &Sandbox, offset: &str, file: &str) -> Option<(i32, Vec<String>)> {
    let ran = at(sandbox, offset, &format!("check {file} --json"))?;
    assert!(ran.status < 2, "{file} {offset}: {}", ran.stderr);
    let document = json(&ran.stdout);
    let parts = ["certificates", "lists"].map(|kind| document[kind].as_array().cloned().unwrap_or_default());
    let of = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().unwrap().to_owned();
        format!("{} {}: {} ({})", text("severity"), text("code"), text("message"), text("fix"))
    };
    let found = parts.iter().flatten().flat_map(|part| part["findings"].as_array().unwrap()).map(of);
    Some((ran.status, found.collect()))
}

#[test]
fn a_certificate_is_told_by_its_dates() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("leaf a.internal --key p256 --days 90");
    let file = "certforge/a.internal/cert.pem";
    let ends = Certificate::from_pem(sandbox.read(file).as_bytes()).unwrap().validity().not_after();
    let date = ends.date().to_string();
    let one = |offset: &str, severity: &str, code: &str, words: &str, fix: &str| {
        let Some((_, found)) = said(&sandbox, offset, file) else { return };
        let [found] = found.as_slice() else { panic!("{offset}: {found:?}") };
        assert!(found.starts_with(&format!("{severity} {code}: {words}")), "{offset}: {found}");
        assert!(found.ends_with(&format!("({fix})")), "{offset}: {found}");
    };
    let Some((status, found)) = said(&sandbox, "+1d", file) else { return };
    assert_eq!((status, found), (0, vec![]));
    let renew = "renew it: certforge renew NAME";
    one("+80d", "warning", "certificate.due", &format!("it ends in 9 days, {date}T"), renew);
    one("+89d", "warning", "certificate.due", &format!("it ends in 0 days, {date}T"), renew);
    one("+91d", "error", "certificate.expired", &format!("it ended {date}T"), renew);
    one("-1d", "error", "certificate.not-yet-valid", "it starts ", "look at the clocks");
    for (offset, wanted) in [("+80d", 0), ("+91d", 1), ("-1d", 1)] {
        assert_eq!(said(&sandbox, offset, file).unwrap().0, wanted, "{offset}");
    }
}

#[test]
fn a_list_is_told_when_the_next_one_is_late() {
    let sandbox = Sandbox::new();
    sandbox.ok("ca new --key p256");
    sandbox.ok("crl --days 7");
    let file = "certforge/ca/default/crl.pem";
    let Some(today) = said(&sandbox, "+1d", file) else { return };
    assert_eq!(today, (0, vec![]));
    let (status, found) = said(&sandbox, "+8d", file).unwrap();
    assert_eq!((status, found.len()), (1, 1), "{found:?}");
    assert!(found[0].starts_with("error list.outdated: it was to be replaced by 20"), "{found:?}");
    assert!(found[0].ends_with("Z (make it anew: certforge crl)"), "{found:?}");
}

#[test]
fn what_was_changed_after_it_signed_itself_is_told() {
    let sandbox = Sandbox::new();
    sandbox.ok("leaf a.internal --self-signed --key p256");
    let good = Certificate::from_pem(sandbox.read("certforge/a.internal/cert.pem").as_bytes()).unwrap();
    std::fs::write(sandbox.file("good.pem"), good.pem().unwrap()).unwrap();
    let mut der = good.der().to_vec();
    let last = der.len() - 1;
    der[last] ^= 1;
    let changed = Certificate::from_der(der).unwrap();
    std::fs::write(sandbox.file("changed.pem"), changed.pem().unwrap()).unwrap();
    assert_eq!(checked(&sandbox, "good.pem").0, 0);
    let (status, document) = checked(&sandbox, "changed.pem");
    assert_eq!(status, 1);
    assert!(errors(&document).contains(&"certificate.self-signature".to_owned()), "{document}");
    let text = document.to_string();
    assert!(text.contains("it names itself as its issuer, and its own key did not sign it"), "{text}");
}
