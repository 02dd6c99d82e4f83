//! What was asked for and what is settled: equal questions have equal answers, and what will not
//! do is said before there is a key.

use certforge::error::Error;
use certforge::name::{Names, San};
use certforge::plan::LeafRequest;
use certforge::subject::Subject;
use certforge::template::Template;
use certforge::validity::{Lifetime, Validity, rfc3339};
use certforge::{Authority, CaRequest, KeyAlgorithm, PrivateKey};
use time::Duration;
use time::macros::datetime;

use super::{ca, request};

const NOW: time::OffsetDateTime = datetime!(2026-11-24 12:00:00 UTC);

fn codes(findings: &[certforge::Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn a_plan_is_its_request_and_the_time() {
    let wanted = LeafRequest::new(["a.internal", "10.0.0.9"]).unwrap();
    let plan = wanted.plan(NOW).unwrap();
    assert_eq!(plan, wanted.plan(NOW).unwrap());
    assert_ne!(plan, wanted.plan(NOW + Duration::DAY).unwrap());
    assert_eq!(plan.names().len(), 2);
    assert_eq!(plan.names().first().to_string(), "a.internal");
    assert_eq!(plan.subject().common_name(), Some("a.internal"));
    assert_eq!((plan.key(), plan.template().name()), (KeyAlgorithm::P256, "server"));
    assert!(plan.findings().is_empty());
    // Five minutes before, for clocks that are slow; to the end of the last second.
    assert_eq!(plan.validity().not_before(), NOW - Duration::minutes(5));
    assert_eq!(plan.validity().length(), Duration::days(365), "both ends are in it");
    assert_eq!(rfc3339(plan.validity().not_after()), "2027-11-24T11:54:59Z");
    // What was asked for can be asked again.
    assert_eq!((wanted.wanted_key(), wanted.wanted_lifetime()), (None, None));
    assert!(wanted.wanted_subject().is_empty() && !wanted.allows_long());
    assert_eq!(wanted.wanted_template(), Template::named("server").as_ref().unwrap());
}

#[test]
fn a_common_name_is_one_of_the_names_or_becomes_the_first() {
    let with = |names: &[&str], subject: &str| {
        LeafRequest::new(names.iter().copied()).unwrap().subject(subject.parse().unwrap()).plan(NOW)
    };
    let names =
        |plan: &certforge::LeafPlan| -> Vec<String> { plan.names().iter().map(San::to_string).collect() };
    let plan = with(&["a.internal", "b.internal"], "/O=Example/CN=b.internal").unwrap();
    assert_eq!(names(&plan), ["b.internal", "a.internal"]);
    let plan = with(&["a.internal"], "/CN=10.0.0.9/O=Example").unwrap();
    assert_eq!(names(&plan), ["10.0.0.9", "a.internal"]);
    // As it stands among the names: clients compare octets.
    let plan = with(&["a.internal"], "/CN=A.Internal").unwrap();
    assert_eq!(
        (names(&plan), plan.subject().common_name()),
        (vec!["a.internal".to_owned()], Some("a.internal"))
    );
    let plan = with(&["a.internal"], "/O=Example").unwrap();
    assert_eq!(plan.subject().common_name(), Some("a.internal"));
    let refused = with(&["a.internal"], "/CN=a.internal/CN=b.internal");
    assert!(matches!(refused, Err(Error::Subject { .. })), "{refused:?}");
    let refused = with(&["a.internal"], "/CN=Jane Doe");
    assert!(matches!(refused, Err(Error::Name { .. })), "{refused:?}");
    // Longer than a common name may be (RFC 5280 appendix A): among the names alone.
    let long = format!("{}.{}.internal", "a".repeat(40), "b".repeat(40));
    let plan = LeafRequest::new([&long]).unwrap().plan(NOW).unwrap();
    assert!(plan.subject().common_name().is_none());
    assert_eq!(codes(plan.findings()), ["subject.no-common-name"]);
}

#[test]
fn a_leaf_is_not_valid_for_too_long() {
    let days = |days: u32| request("a.internal").lifetime(Lifetime::days(days)).plan(NOW);
    for (length, found) in [
        (1, vec![]),
        (397, vec![]),
        (398, vec![]),
        (399, vec!["validity.long"]),
        (825, vec!["validity.long"]),
    ] {
        assert_eq!(codes(days(length).unwrap().findings()), found, "{length}");
    }
    for length in [826, 3650] {
        let refused = days(length);
        let Err(Error::ValidityTooLong { days, limit: 825 }) = refused else { panic!("{refused:?}") };
        assert_eq!(days, i64::from(length));
    }
    let allowed = request("a.internal").lifetime(Lifetime::days(826)).allow_long(true);
    assert!(allowed.allows_long());
    assert_eq!(codes(allowed.plan(NOW).unwrap().findings()), ["validity.apple"]);
    // Nobody looks at how long a client's is valid.
    let client = Template::named("client").unwrap();
    let plan = request("a.internal").template(client).lifetime(Lifetime::days(3000)).plan(NOW).unwrap();
    assert!(plan.findings().is_empty(), "{:?}", plan.findings());
}

#[test]
fn a_server_that_no_client_can_reach_is_told() {
    let plan = LeafRequest::new(["email:me@a.example"]).unwrap().plan(NOW).unwrap();
    assert_eq!(codes(plan.findings()), ["name.no-host"]);
    let plan = LeafRequest::new(["email:me@a.example", "a.example"]).unwrap().plan(NOW).unwrap();
    assert!(plan.findings().is_empty());
    assert!(matches!(LeafRequest::new([""; 0]), Err(Error::NoNames)));
    assert!(matches!(Names::new([]), Err(Error::NoNames)));
    let names = Names::parse(["a.example", "A.EXAMPLE", "10.0.0.1", "a.example"]).unwrap();
    assert_eq!(names.len(), 2, "each name once: {names:?}");
    assert_eq!(LeafRequest::for_names(names.clone()).names(), &names);
}

#[test]
fn a_template_has_its_kind() {
    for template in Template::builtin() {
        let leaf = request("a.internal").template(template.clone()).plan(NOW);
        let ca = CaRequest::new("X").unwrap().template(template.clone()).plan(NOW);
        let name = template.name();
        if template.is_ca() {
            assert!(matches!(leaf, Err(Error::TemplateKind { kind: "CAs", .. })), "{name}");
            assert_eq!(ca.unwrap().template(), template);
        } else {
            assert!(matches!(ca, Err(Error::TemplateKind { kind: "leaves", .. })), "{name}");
            assert_eq!(leaf.unwrap().template(), template);
        }
        // Written out and read, it is the same one.
        assert_eq!(&Template::from_toml(name, &template.to_toml()).unwrap(), template, "{name}");
        assert!(!template.description().is_empty() && template.days() > 0, "{name}");
    }
    let Err(Error::Template { name, known }) = Template::named("servant") else { panic!("there is one") };
    assert_eq!((name.as_str(), known.contains(&"server")), ("servant", true));
}

#[test]
fn a_cas_name_tells_it_from_others() {
    let plan = CaRequest::distinct("team@host").plan(NOW).unwrap();
    assert!(plan.subject_text().starts_with("CN=certforge CA team@host"), "{}", plan.subject_text());
    let (one, two) = (
        PrivateKey::generate(KeyAlgorithm::P256).unwrap(),
        PrivateKey::generate(KeyAlgorithm::P256).unwrap(),
    );
    let (first, second) = (plan.subject(one.public()).unwrap(), plan.subject(two.public()).unwrap());
    assert_ne!(first, second, "two CAs must never share a name");
    assert_eq!(plan.subject(one.public()).unwrap(), first);
    assert!(first.common_name().unwrap().chars().count() <= 64);
    let long = CaRequest::distinct(&"n".repeat(200)).plan(NOW).unwrap();
    assert!(long.subject(one.public()).unwrap().common_name().unwrap().chars().count() <= 64);
    let own: Subject = "/C=JP/O=Example/CN=Our CA".parse().unwrap();
    let plan = CaRequest::with_subject(own.clone()).plan(NOW).unwrap();
    assert_eq!(plan.subject(one.public()).unwrap(), own);
    assert_eq!(plan.subject_text(), own.to_string());
    for bad in ["", &"n".repeat(65)] {
        assert!(matches!(CaRequest::new(bad).map(|_| ()), Err(Error::Subject { .. })), "{bad}");
    }
}

#[test]
fn a_plan_is_cut_to_its_issuers_end() {
    let issuer = Lifetime::days(30).starting(NOW).unwrap();
    let plan = request("a.internal").plan(NOW).unwrap().within(&issuer);
    assert_eq!(plan.validity().not_after(), issuer.not_after());
    assert_eq!(codes(plan.findings()), ["validity.clamped"]);
    let short = request("a.internal").lifetime(Lifetime::days(3)).plan(NOW).unwrap();
    assert_eq!(short.clone().within(&issuer), short, "what ends before stays as it is");
    let ca = CaRequest::new("Below").unwrap().plan(NOW).unwrap().within(&issuer);
    assert_eq!(ca.validity().not_after(), issuer.not_after());
    assert_eq!(codes(ca.findings()), ["validity.clamped"]);
}

#[test]
fn spans_meet_hold_and_run_out() {
    let span =
        |from: time::OffsetDateTime, days: i64| Validity::between(from, from + Duration::days(days)).unwrap();
    let (early, late) = (span(NOW, 10), span(NOW + Duration::days(5), 10));
    let both = early.intersection(&late).unwrap();
    assert_eq!((both.not_before(), both.not_after()), (late.not_before(), early.not_after()));
    assert!(early.intersection(&span(NOW + Duration::days(11), 1)).is_none());
    assert!(early.contains(NOW) && early.contains(early.not_after()));
    assert!(!early.contains(NOW - Duration::SECOND) && !early.contains(early.not_after() + Duration::SECOND));
    assert_eq!(early.days_left(NOW), 10);
    assert_eq!(early.days_left(early.not_after()), 0);
    assert!(early.days_left(early.not_after() + Duration::days(2)) < 0);
    // Due is the last third of its time, where nobody says otherwise.
    assert!(!early.is_due(NOW + Duration::days(6), None) && early.is_due(NOW + Duration::days(7), None));
    assert!(early.is_due(NOW, Some(Duration::days(11))) && !early.is_due(NOW, Some(Duration::days(9))));
    let long = span(NOW - Duration::DAY, 100);
    assert_eq!(early.within(&long), (early, false));
    let (cut, was_cut) = late.within(&early);
    assert!(was_cut && cut.not_after() == early.not_after());
    assert!(Validity::between(NOW, NOW - Duration::SECOND).is_err());
}

#[test]
fn what_is_there_can_be_asked_for_again() {
    let authority = ca("Again CA");
    let wanted = LeafRequest::new(["a.internal", "10.0.0.9", "email:me@a.example"])
        .unwrap()
        .template(Template::named("mutual").unwrap())
        .key(KeyAlgorithm::P384)
        .subject("/O=Example/CN=a.internal".parse().unwrap());
    let bundle = authority.issue(&wanted).unwrap();
    let again = LeafRequest::like(bundle.leaf()).unwrap();
    assert_eq!(again.names(), wanted.names());
    assert_eq!(again.wanted_key(), Some(KeyAlgorithm::P384));
    let second = authority.issue(&again).unwrap();
    assert_eq!(second.leaf().subject_der(), bundle.leaf().subject_der());
    assert_eq!(second.leaf().extended_key_usage_oids(), bundle.leaf().extended_key_usage_oids());
    assert_eq!(second.leaf().key_usage(), bundle.leaf().key_usage());
    assert_eq!(second.leaf().names(), bundle.leaf().names());
    assert_ne!(second.leaf().public_key(), bundle.leaf().public_key());
    let refused = LeafRequest::like(authority.certificate());
    assert!(matches!(refused.map(|_| ()), Err(Error::NotRenewable { .. })), "a CA is no leaf");
}

#[test]
fn path_lengths_nest() {
    let key = || PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let now = time::OffsetDateTime::now_utc();
    let plan =
        |name: &str, length: Option<u8>| CaRequest::new(name).unwrap().path_length(length).plan(now).unwrap();
    let root = Authority::create(&plan("Root", Some(1)), key()).unwrap();
    root.check_under(&plan("Below", Some(0)).within(root.validity())).unwrap();
    for too_long in [Some(1), Some(5), None] {
        let refused = root.check_under(&plan("Below", too_long).within(root.validity()));
        assert!(matches!(refused, Err(Error::PathLength { limit: 1, .. })), "{too_long:?}: {refused:?}");
    }
    let below = root.create_under(&plan("Below", Some(0)).within(root.validity()), key()).unwrap();
    let refused = below.create_under(&plan("Lowest", Some(0)).within(below.validity()), key());
    assert!(matches!(refused.map(|_| ()), Err(Error::PathLength { limit: 0, .. })));
    below.issue(&request("a.internal")).unwrap();
    let open = Authority::create(&plan("Open", None), key()).unwrap();
    for length in [None, Some(0), Some(200)] {
        open.check_under(&plan("Below", length).within(open.validity())).unwrap();
    }
}
