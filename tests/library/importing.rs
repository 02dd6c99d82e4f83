//! Importing into ACM from a program, with the simulator in ACM's place.

use std::collections::BTreeSet;
use std::time::Duration;

use certforge::aws::{
    CertificateArn, Connection, Import, Importer, Outcome, Place, Purpose, Tag, Wanted, partition_of, policy,
};
use certforge::error::{Category, Error};
use certforge::harness::{AcmSim, Settings};
use certforge::{Bundle, KeyAlgorithm};

use super::{below, ca, request};

/// A simulator that misbehaves so, and a connection to it.
fn acm(faults: &[(&str, &str)]) -> (AcmSim, Importer) {
    let faults =
        faults.iter().map(|(action, script)| ((*action).to_owned(), script.parse().unwrap())).collect();
    let sim = AcmSim::start(Settings { faults, ..Settings::default() }).unwrap();
    let importer = connect(&sim, "eu-west-1");
    (sim, importer)
}

fn connect(sim: &AcmSim, region: &str) -> Importer {
    Importer::connect(&Connection {
        region: Some(region.to_owned()),
        endpoint_url: Some(sim.url()),
        stand_in: true,
        timeout: Some(Duration::from_secs(20)),
        ..Connection::default()
    })
    .unwrap()
}

fn wanted(bundle: &Bundle) -> Wanted<'_> {
    Wanted { certificate: bundle.leaf(), chain: bundle.chain(), arn: None, new: false }
}

/// Finds out where it goes, and imports it there.
fn import(importer: &Importer, bundle: &Bundle, tags: &[Tag]) -> certforge::Result<Outcome> {
    let prepared = importer.prepare(&wanted(bundle))?;
    let import = Import { certificate: bundle.leaf(), chain: bundle.chain(), key: bundle.key(), tags };
    importer.import(&import, &prepared)
}

fn leaf(name: &str) -> Bundle {
    below(&ca("Import root"), "Import CA").issue(&request(name)).unwrap()
}

fn tag(text: &str) -> Tag {
    text.parse().unwrap()
}

#[test]
fn what_is_imported_is_there_as_it_was() {
    let (sim, importer) = acm(&[]);
    assert_eq!(importer.region(), "eu-west-1");
    assert_eq!(importer.endpoint(), Some(sim.url().as_str()));
    assert!(!importer.is_in_clear(), "what stays on the loopback is nobody's to read");
    assert!(importer.list().unwrap().is_empty());
    let bundle = leaf("a.internal");
    assert_eq!(importer.prepare(&wanted(&bundle)).unwrap().place, Place::New);
    let outcome = import(&importer, &bundle, &[tag("team=edge")]).unwrap();
    assert!(!outcome.found && outcome.untagged.is_none());
    assert_eq!(outcome.sha256, bundle.sha256().to_string());
    let arn = outcome.arn;
    assert_eq!((arn.region(), arn.account(), arn.partition()), ("eu-west-1", "123456789012", "aws"));
    assert!(!importer.is_foreign(&arn));

    let (held, chain) = importer.get(&arn).unwrap();
    assert_eq!(&held, bundle.leaf());
    // The root goes along, or it stays away: what ACM has is a beginning of the chain.
    assert!(bundle.chain().certificates().starts_with(&chain) && !chain.is_empty());
    let list = importer.list().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((&list[0].arn, list[0].domain.as_deref()), (&arn, Some("a.internal")));
    assert_eq!(list[0].kind.as_deref(), Some("IMPORTED"));
    let detail = importer.describe(&arn).unwrap();
    assert_eq!(detail.summary.key.as_deref(), KeyAlgorithm::P256.acm_name());
    assert!(detail.in_use_by.is_empty() && detail.imported_at.is_some());
    let tags = importer.tags(&arn).unwrap();
    assert!(tags.contains(&tag("team=edge")), "{tags:?}");
    assert!(tags.iter().any(|tag| tag.value == outcome.sha256), "the content's digest: {tags:?}");
    // No request that was recorded has the key in it.
    let pem = bundle.key().secret_pem().unwrap();
    let line = pem.lines().nth(1).unwrap();
    assert!(sim.requests().iter().all(|request| !request.body.contains(line)));
}

#[test]
fn the_same_again_is_found_and_another_leaf_is_not() {
    let (sim, importer) = acm(&[]);
    let bundle = leaf("a.internal");
    let arn = import(&importer, &bundle, &[]).unwrap().arn;
    // Also by a program that knows nothing of the first import.
    let another = connect(&sim, "eu-west-1");
    assert_eq!(another.prepare(&wanted(&bundle)).unwrap().place, Place::There(arn.clone()));
    assert_eq!(another.prepare(&wanted(&leaf("a.internal"))).unwrap().place, Place::New);
    // Where a new one is wanted, the old ones are told, to be told apart from it.
    let prepared = another.prepare(&Wanted { new: true, ..wanted(&bundle) }).unwrap();
    assert_eq!((prepared.place, prepared.besides), (Place::New, vec![arn.clone()]));
    // Another region has none of it.
    assert_eq!(connect(&sim, "us-east-1").prepare(&wanted(&bundle)).unwrap().place, Place::New);
    assert_eq!(sim.arns(), [arn.to_string()]);
}

#[test]
fn a_renewed_leaf_takes_the_place_it_is_told() {
    let (sim, importer) = acm(&[]);
    let authority = ca("Import root");
    let first = authority.issue(&request("a.internal")).unwrap();
    let arn = import(&importer, &first, &[tag("team=edge")]).unwrap().arn;
    let _ = sim
        .associate(arn.as_str(), "arn:aws:elasticloadbalancing:eu-west-1:123456789012:loadbalancer/app/x/1");
    let second = authority.issue(&request("a.internal")).unwrap();
    let place = Wanted { arn: Some(&arn), ..wanted(&second) };
    let prepared = importer.prepare(&place).unwrap();
    assert_eq!(prepared.place, Place::Replace(arn.clone()));
    assert!(prepared.findings.is_empty(), "{:?}", prepared.findings);
    let import = Import { certificate: second.leaf(), chain: second.chain(), key: second.key(), tags: &[] };
    let outcome = importer.import(&import, &prepared).unwrap();
    assert_eq!(outcome.arn, arn);
    assert_eq!(&importer.get(&arn).unwrap().0, second.leaf());
    assert!(importer.tags(&arn).unwrap().contains(&tag("team=edge")), "tags stay");
    assert_eq!(importer.describe(&arn).unwrap().in_use_by.len(), 1);
    // Told again: it is there.
    assert_eq!(importer.prepare(&place).unwrap().place, Place::There(arn.clone()));
    // What is in use is not deleted (ACM API reference, DeleteCertificate).
    let refused = importer.delete(&arn).unwrap_err();
    assert!(
        matches!(refused, Error::AwsRefused { ref aws_code, .. } if aws_code == "ResourceInUseException")
    );
    assert_eq!(refused.category(), Category::AwsRefused);
}

#[test]
fn what_is_deleted_is_gone() {
    let (sim, importer) = acm(&[]);
    let arn = import(&importer, &leaf("a.internal"), &[]).unwrap().arn;
    importer.tag(&arn, &[tag("stage=test")]).unwrap();
    importer.tag(&arn, &[tag("stage=prod")]).unwrap();
    assert!(importer.tags(&arn).unwrap().contains(&tag("stage=prod")));
    importer.delete(&arn).unwrap();
    assert!(importer.list().unwrap().is_empty());
    assert!(sim.arns().is_empty());
    for error in [
        importer.describe(&arn).map(|_| ()),
        importer.get(&arn).map(|_| ()),
        importer.tags(&arn).map(|_| ()),
        importer.delete(&arn),
    ] {
        let Err(Error::AwsRefused { aws_code, .. }) = error else { panic!("{error:?}") };
        assert_eq!(aws_code, "ResourceNotFoundException");
    }
}

#[test]
fn a_refused_import_changes_nothing() {
    let (sim, importer) = acm(&[("ImportCertificate", "denied")]);
    let bundle = leaf("a.internal");
    let refused = import(&importer, &bundle, &[]).map(|_| ());
    let Err(Error::AwsRefused { action, aws_code, .. }) = &refused else { panic!("{refused:?}") };
    assert_eq!((*action, aws_code.as_str()), ("ImportCertificate", "AccessDeniedException"));
    assert!(sim.arns().is_empty());
    assert_eq!(sim.requests().iter().filter(|r| r.action == "ImportCertificate").count(), 1, "asked once");
}

#[test]
fn a_throttled_call_is_made_again_and_told() {
    let (sim, importer) = acm(&[("ImportCertificate", "throttle,throttle,ok")]);
    let told = std::sync::Arc::new(std::sync::Mutex::new(0_usize));
    let counts = std::sync::Arc::clone(&told);
    let importer = importer.on_progress(move |_| *counts.lock().unwrap() += 1);
    let outcome = import(&importer, &leaf("a.internal"), &[]).unwrap();
    assert_eq!(sim.arns(), [outcome.arn.to_string()]);
    assert_eq!(sim.requests().iter().filter(|r| r.action == "ImportCertificate").count(), 3);
    assert!(*told.lock().unwrap() > 0, "who waits is told");
    assert!(importer.left() < Duration::from_secs(20));
}

#[test]
fn nobody_there_is_another_error_than_a_refusal() {
    let (sim, importer) = acm(&[]);
    drop(sim);
    let error = importer.list().unwrap_err();
    assert!(matches!(error, Error::AwsUnreached { action: "ListCertificates", .. }), "{error:?}");
    assert_eq!(error.category(), Category::AwsUnreached);
}

#[test]
fn all_of_them_are_listed() {
    let (_sim, importer) = acm(&[]);
    let authority = ca("Import root");
    let names: BTreeSet<String> = (0..5).map(|i| format!("h{i}.internal")).collect();
    for name in &names {
        import(&importer, &authority.issue(&request(name)).unwrap(), &[]).unwrap();
    }
    let list = importer.list().unwrap();
    let listed: BTreeSet<String> = list.iter().filter_map(|summary| summary.domain.clone()).collect();
    assert_eq!(listed, names);
    assert!(list.iter().all(|summary| summary.not_after > summary.not_before));
}

#[test]
fn a_simulator_hands_on_what_it_holds() {
    let (sim, importer) = acm(&[]);
    let bundle = leaf("a.internal");
    let arn = import(&importer, &bundle, &[tag("team=edge")]).unwrap().arn;
    let state = sim.state().unwrap();
    assert!(!state.contains("PRIVATE KEY"), "it keeps no keys");
    drop((sim, importer));
    let (next, importer) = acm(&[]);
    next.restore(&state).unwrap();
    assert_eq!(&importer.get(&arn).unwrap().0, bundle.leaf());
    assert!(importer.tags(&arn).unwrap().contains(&tag("team=edge")));
    for nonsense in ["", "{", "[]", "{\"schema\":\"other/1\"}"] {
        assert!(next.restore(nonsense).is_err(), "{nonsense}");
    }
    assert_eq!(next.arns(), [arn.to_string()], "what cannot be read takes nothing away");
    next.forget(arn.as_str());
    assert!(next.arns().is_empty());
}

#[test]
fn arns_have_their_parts() {
    let id = "12345678-1234-1234-1234-123456789012";
    for (region, partition) in [
        ("ap-northeast-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("us-iso-east-1", "aws-iso"),
        ("us-isob-east-1", "aws-iso-b"),
    ] {
        assert_eq!(partition_of(region), partition);
        let text = format!("arn:{partition}:acm:{region}:123456789012:certificate/{id}");
        let arn: CertificateArn = text.parse().unwrap();
        assert_eq!((arn.partition(), arn.region(), arn.account()), (partition, region, "123456789012"));
        assert_eq!((arn.as_str(), arn.to_string()), (text.as_str(), text.clone()));
    }
    for bad in [
        "",
        "arn",
        "arn:aws:acm:eu-west-1:123456789012",
        "arn:aws:iam::123456789012:server-certificate/name",
        "arn:aws:acm:eu-west-1:12345:certificate/12345678-1234-1234-1234-123456789012",
        "arn:aws:acm::123456789012:certificate/12345678-1234-1234-1234-123456789012",
        "arn:aws:acm:eu-west-1:123456789012:certificate/",
        "arn:aws:acm:eu-west-1:123456789012:certificate/a b",
        "brn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012",
    ] {
        let refused = bad.parse::<CertificateArn>();
        assert!(matches!(refused, Err(Error::Arn { ref input, .. }) if input == bad), "{bad}: {refused:?}");
    }
}

#[test]
fn the_rights_are_the_least_that_do() {
    let actions = |purpose, arns: &[CertificateArn]| -> Vec<_> {
        let statements = policy(purpose, "eu-west-1", "123456789012", arns);
        statements.iter().flat_map(|s| s.actions.clone()).collect()
    };
    let importing = actions(Purpose::Import, &[]);
    assert!(importing.contains(&"acm:ImportCertificate") && importing.contains(&"acm:ListCertificates"));
    assert!(!importing.contains(&"acm:DeleteCertificate"));
    let arn: CertificateArn =
        "arn:aws:acm:eu-west-1:123456789012:certificate/12345678-1234-1234-1234-123456789012"
            .parse()
            .unwrap();
    // Who may replace one certificate need not see the others.
    assert!(!actions(Purpose::Import, std::slice::from_ref(&arn)).contains(&"acm:ListCertificates"));
    let one = policy(Purpose::Import, "eu-west-1", "123456789012", std::slice::from_ref(&arn));
    assert!(one.iter().all(|statement| statement.resources == [arn.as_str()]));
    let listing = actions(Purpose::List, &[]);
    assert!(listing.iter().all(|a| ["Import", "Delete", "Add"].iter().all(|word| !a.contains(word))));
    assert!(actions(Purpose::Prune, &[]).contains(&"acm:DeleteCertificate"));
    let china = policy(Purpose::Import, "cn-north-1", "*", &[]);
    assert!(china.iter().any(|s| s.resources[0].starts_with("arn:aws-cn:acm:cn-north-1:*:")), "{china:?}");
}

#[test]
fn tags_are_as_aws_takes_them() {
    for (text, key, value) in [
        ("a=b", "a", "b"),
        ("Key=a,Value=b=c", "a", "b=c"),
        ("a=", "a", ""),
        ("a=b=c", "a", "b=c"),
        ("ä b=+-@", "ä b", "+-@"),
    ] {
        let tag: Tag = text.parse().unwrap();
        assert_eq!((tag.key.as_str(), tag.value.as_str()), (key, value), "{text}");
    }
    assert!(Tag::new(&"k".repeat(128), &"v".repeat(256)).is_ok());
    for (key, value) in [
        ("", "v"),
        (&"k".repeat(129), ""),
        ("k", &"v".repeat(257)),
        ("aws:k", "v"),
        ("k", "\t"),
        ("k", "a\nb"),
    ] {
        assert!(matches!(Tag::new(key, value), Err(Error::Tag { .. })), "{key}={value}");
    }
}
