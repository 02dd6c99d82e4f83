//! Piles of files: whatever the order, the copies and what lies beside it, the same comes of
//! them; and of several ways up the one that clients can go.

use std::path::Path;

use certforge::certificate::Certificate;
use certforge::gather::{Gathered, Pile, Role, clean_certificates, signing_requests};
use certforge::key::KeyForm;
use certforge::signing_request::SigningRequest;
use certforge::validity::Lifetime;
use certforge::{Authority, Bundle, CaRequest, KeyAlgorithm, PrivateKey};

use super::{below, ca, nobody, now, request};

fn pile(parts: &[&str]) -> Gathered {
    let mut pile = Pile::new();
    for (i, part) in parts.iter().enumerate() {
        let name = format!("f{i}.pem");
        pile.add(Role::Any, Path::new(&name), part.as_bytes(), &mut nobody).unwrap();
    }
    pile.sort()
}

fn pem(certificate: &Certificate) -> String {
    certificate.pem().unwrap()
}

/// The codes of what was put right or cannot be.
fn codes(gathered: &Gathered) -> Vec<&'static str> {
    gathered.findings.iter().map(|finding| finding.code).collect()
}

/// All orders of so many things.
fn orders(count: usize) -> Vec<Vec<usize>> {
    if count == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(count - 1);
    let all = (0..count).flat_map(|at| {
        shorter.iter().map(move |order| {
            let mut longer = order.clone();
            longer.insert(at.min(longer.len()), count - 1);
            longer
        })
    });
    all.collect()
}

#[test]
fn in_every_order_it_is_the_same_bundle() {
    let root = ca("Pile root");
    let middle = below(&root, "Pile middle");
    let bundle = middle.issue(&request("a.internal")).unwrap();
    let key = bundle.key().secret_pem().unwrap();
    let parts = [pem(bundle.leaf()), pem(middle.certificate()), pem(root.certificate()), key.to_string()];
    let orders = orders(4);
    assert_eq!(orders.len(), 24);
    for order in orders {
        let ordered: Vec<&str> = order.iter().map(|i| parts[*i].as_str()).collect();
        // In a file each, all in one, and with every part twice.
        for files in [ordered.clone(), vec![&ordered.concat()], [&ordered[..], &ordered[..]].concat()] {
            let found = pile(&files);
            assert_eq!(found.certificate.as_ref(), Some(bundle.leaf()), "{order:?}");
            assert_eq!(&found.chain, bundle.chain(), "{order:?}");
            let key = found.key.as_ref().unwrap();
            assert_eq!(key.secret_der(), bundle.key().secret_der(), "{order:?}");
            let out_of_order = order.iter().position(|i| *i == 1) > order.iter().position(|i| *i == 2);
            assert_eq!(
                codes(&found).contains(&"gather.order"),
                out_of_order,
                "{order:?}: {:?}",
                found.findings
            );
            Bundle::new(found.certificate.unwrap(), found.key.unwrap(), found.chain).unwrap();
        }
    }
}

/// A CA of this name and key below `root`, that ends after so many days.
fn middle(root: &Authority, key: &PrivateKey, days: u32) -> Authority {
    let plan = CaRequest::new("Crossed").unwrap().path_length(Some(0)).lifetime(Lifetime::days(days));
    let plan = plan.plan(now()).unwrap().within(root.validity());
    root.create_under(&plan, PrivateKey::from_der(key.secret_der(), KeyForm::Pkcs8).unwrap()).unwrap()
}

#[test]
fn of_two_ways_up_it_takes_the_one_with_a_root_at_its_end() {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let (one, two) = (ca("Root one"), ca("Root two"));
    let (short, long) = (middle(&one, &key, 100), middle(&two, &key, 900));
    let bundle = short.issue(&request("a.internal")).unwrap();
    let leaf = pem(bundle.leaf());
    let (short, long) = (pem(short.certificate()), pem(long.certificate()));
    let ends_in = |parts: &[&str]| -> Vec<String> {
        let found = pile(parts);
        assert_eq!(found.certificate.as_ref(), Some(bundle.leaf()));
        found.chain.certificates().iter().map(|c| c.issuer().replace("CN=", "")).collect()
    };
    // Only one of the roots is there: its way is the way, though the other lasts longer.
    for parts in
        [[&leaf, &long, &short, &pem(one.certificate())], [&leaf, &short, &long, &pem(one.certificate())]]
    {
        assert_eq!(ends_in(&parts.map(String::as_str)), ["Root one", "Root one"]);
    }
    let two_root = pem(two.certificate());
    assert_eq!(ends_in(&[&leaf, &short, &long, &two_root]), ["Root two", "Root two"]);
    // Both, or neither: the way that lasts longest, whatever came first.
    let one_root = pem(one.certificate());
    for parts in [[&one_root, &two_root, &short, &long, &leaf], [&leaf, &long, &short, &two_root, &one_root]]
    {
        assert_eq!(ends_in(&parts.map(String::as_str)), ["Root two", "Root two"]);
    }
    assert_eq!(ends_in(&[&leaf, &short, &long]), ["Root two"]);
    assert_eq!(ends_in(&[&leaf, &long, &short]), ["Root two"]);
}

#[test]
fn the_key_says_which_of_several_leaves_is_meant() {
    let root = ca("Pile root");
    let (first, second) =
        (root.issue(&request("a.internal")).unwrap(), root.issue(&request("b.internal")).unwrap());
    let (a, b, top) = (pem(first.leaf()), pem(second.leaf()), pem(root.certificate()));
    for (bundle, other) in [(&first, &second), (&second, &first)] {
        let key = bundle.key().secret_pem().unwrap();
        let found = pile(&[&a, &b, &top, &key]);
        assert_eq!(found.certificate.as_ref(), Some(bundle.leaf()));
        assert_eq!(found.chain.certificates(), [root.certificate().clone()]);
        let told: Vec<_> = found.findings.iter().filter(|f| f.code == "gather.unrelated").collect();
        assert_eq!(told.len(), 1);
        assert!(told[0].message.contains(&other.leaf().subject().replace("CN=", "")), "{}", told[0].message);
    }
    // Without a key: the one that is no CA; of two leaves the newest, and of equals the first.
    let found = pile(&[&top, &b]);
    assert_eq!(found.certificate.as_ref(), Some(second.leaf()));
    assert!(found.key.is_none());
}

#[test]
fn what_was_given_as_the_certificate_is_meant() {
    let root = ca("Pile root");
    let bundle = root.issue(&request("a.internal")).unwrap();
    let add = |pile: &mut Pile, role: Role, name: &str, text: &str| {
        pile.add(role, Path::new(name), text.as_bytes(), &mut nobody).unwrap();
    };
    let mut given = Pile::new();
    add(&mut given, Role::Certificate, "cert.pem", &pem(bundle.leaf()));
    add(&mut given, Role::Chain, "chain.pem", &pem(root.certificate()));
    add(&mut given, Role::PrivateKey, "key.pem", &bundle.key().secret_pem().unwrap());
    let found = given.sort();
    assert_eq!(found.certificate.as_ref(), Some(bundle.leaf()));
    assert_eq!(found.origin.as_deref(), Some(Path::new("cert.pem")));
    assert!(found.findings.is_empty(), "{:?}", found.findings);
    // The CA's key does not make the CA the leaf.
    let mut swapped = Pile::new();
    add(&mut swapped, Role::Certificate, "cert.pem", &pem(bundle.leaf()));
    add(&mut swapped, Role::Chain, "chain.pem", &pem(root.certificate()));
    add(&mut swapped, Role::PrivateKey, "key.pem", &root.key().secret_pem().unwrap());
    let found = swapped.sort();
    assert_eq!(found.certificate.as_ref(), Some(bundle.leaf()));
}

#[test]
fn a_chain_of_somebody_else_is_told_by_name() {
    let (root, stranger) = (ca("Pile root"), ca("A stranger"));
    let bundle = root.issue(&request("a.internal")).unwrap();
    let found = pile(&[&pem(bundle.leaf()), &pem(stranger.certificate())]);
    assert!(found.chain.certificates().is_empty());
    let told = found.findings.iter().find(|f| f.code == "gather.other-issuer").unwrap();
    assert!(told.message.contains("Pile root") && told.message.contains("A stranger"), "{}", told.message);
    // The same name and another key: two CAs must never share a name.
    let found = pile(&[&pem(bundle.leaf()), &pem(ca("Pile root").certificate())]);
    let told = found.findings.iter().find(|f| f.code == "gather.other-issuer").unwrap();
    assert!(told.message.contains("not the key that signed the leaf"), "{}", told.message);
    let own = pile(&[&pem(bundle.leaf()), &pem(root.certificate())]);
    assert!(own.findings.is_empty(), "{:?}", own.findings);
}

#[test]
fn whatever_editors_mail_and_shells_do_to_pem_is_put_right() {
    let root = ca("Pile root");
    let bundle = root.issue(&request("a.internal")).unwrap();
    let text = pem(bundle.leaf()) + &pem(root.certificate());
    let utf16: Vec<u8> =
        [0xff_u8, 0xfe].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    let indented: String = text.lines().flat_map(|line| ["    ", line, "  \n"]).collect();
    let one_line = |pem: &str| {
        let body: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    };
    for (what, bytes) in [
        ("Windows line ends", text.replace('\n', "\r\n").into_bytes()),
        ("a byte order mark", [b"\xef\xbb\xbf", text.as_bytes()].concat()),
        ("UTF-16", utf16),
        ("indented", indented.into_bytes()),
        ("written line ends", text.replace('\n', "\\n").into_bytes()),
        ("one line", (one_line(&pem(bundle.leaf())) + &one_line(&pem(root.certificate()))).into_bytes()),
        ("text around it", format!("subject=CN = a\n\n{text}\nthat is all\n").into_bytes()),
    ] {
        let mut pile = Pile::new();
        pile.add(Role::Any, Path::new("f"), &bytes, &mut nobody).unwrap();
        let found = pile.sort();
        assert_eq!(found.certificate.as_ref(), Some(bundle.leaf()), "{what}");
        assert_eq!(found.chain.certificates(), [root.certificate().clone()], "{what}");
        assert!(found.findings.iter().any(|f| f.code.starts_with("gather.")), "{what} is told of");
        // What is not clean is not taken for clean; long lines are no harm.
        let clean = std::str::from_utf8(&bytes).ok().and_then(clean_certificates);
        assert_eq!(clean.is_some(), what == "one line", "{what}");
    }
    let clean = clean_certificates(&text).unwrap();
    assert_eq!(clean, [bundle.leaf().clone(), root.certificate().clone()]);
    assert!(clean_certificates("").is_none_or(|found| found.is_empty()));
}

#[test]
fn requests_are_found_in_text_and_as_they_are() {
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let signing = SigningRequest::create(&request("a.internal").plan(now()).unwrap(), &key).unwrap();
    let der = signing.der().to_vec();
    let text = signing.pem().unwrap();
    assert_eq!(signing_requests(&der), std::slice::from_ref(&der));
    assert_eq!(signing_requests(text.as_bytes()), std::slice::from_ref(&der));
    let twice = format!("first:\n{text}\nsecond:\n{text}").replace('\n', "\r\n");
    assert_eq!(signing_requests(twice.as_bytes()), [der.clone(), der.clone()]);
    for nothing in ["", "words", "-----BEGIN CERTIFICATE REQUEST-----\n"] {
        assert!(signing_requests(nothing.as_bytes()).is_empty(), "{nothing}");
    }
    let read = SigningRequest::read(text.as_bytes()).unwrap();
    assert_eq!((read.der(), read.public_key()), (der.as_slice(), key.public()));
    assert_eq!(read.subject(), "CN=a.internal");
    assert!(read.signature_algorithm().is_strong());
}
