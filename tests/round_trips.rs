//! What is written is read as the same: keys in every form, certificates, requests, lists,
//! subjects, times, limits, templates, and whole bundles through the store.

use certforge::authority::Authority;
use certforge::gather::{Pile, Role};
use certforge::key::{KeyAlgorithm, KeyForm, PrivateKey};
use certforge::store::{Origin, Overwrite, Store};
use certforge::{
    Bundle, CaRequest, Certificate, LeafRequest, Lifetime, Reason, RevocationList, Revoked, San,
    SigningRequest, Subject, Subtree, Template,
};
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof};
use time::{Duration, OffsetDateTime};

fn authority() -> &'static Authority {
    static CA: std::sync::OnceLock<Authority> = std::sync::OnceLock::new();
    CA.get_or_init(|| Authority::generate("round trips").unwrap())
}

/// A name that is one, of any kind.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-z][a-z0-9]{0,20}(\\.[a-z][a-z0-9-]{0,10}[a-z0-9]){0,4}",
        "\\*\\.[a-z]{1,9}\\.[a-z]{2,9}",
        any::<[u8; 4]>().prop_map(|octets| std::net::Ipv4Addr::from(octets).to_string()),
        // Not an address that stands for one of IPv4.
        any::<[u8; 15]>().prop_map(|rest| {
            let mut octets = [0xfd; 16];
            octets[1..].copy_from_slice(&rest);
            std::net::Ipv6Addr::from(octets).to_string()
        }),
        "email:[a-z]{1,9}@[a-z]{1,9}\\.[a-z]{2,5}",
        "uri:spiffe://[a-z]{1,9}\\.example/[a-z]{0,9}",
    ]
}

fn names() -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(name(), 1..6)
}

fn quick_key() -> impl Strategy<Value = KeyAlgorithm> {
    prop_oneof![
        proptest::strategy::Just(KeyAlgorithm::P256),
        proptest::strategy::Just(KeyAlgorithm::P384),
        proptest::strategy::Just(KeyAlgorithm::Ed25519),
    ]
}

fn request(names: &[String]) -> Option<LeafRequest> {
    LeafRequest::new(names.iter().map(String::as_str)).ok()
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn keys(algorithm in quick_key()) {
        let key = PrivateKey::generate(algorithm).unwrap();
        for form in [KeyForm::Pkcs8, KeyForm::Sec1] {
            if form == KeyForm::Sec1 && algorithm == KeyAlgorithm::Ed25519 {
                prop_assert!(key.secret_der_as(form).is_err());
                continue;
            }
            let again = PrivateKey::from_der(&key.secret_der_as(form).unwrap(), form).unwrap();
            prop_assert_eq!(again.secret_der(), key.secret_der());
            let pem = key.secret_pem_as(form).unwrap();
            let again = PrivateKey::from_pem(pem.as_bytes()).unwrap();
            prop_assert_eq!(again.public(), key.public());
        }
    }

    #[test]
    fn certificates_and_bundles(names in names(), key in quick_key()) {
        let Some(request) = request(&names) else { return Ok(()) };
        let plan = request.key(key).plan(OffsetDateTime::now_utc()).unwrap();
        let Ok(bundle) = authority().issue_for(&plan, PrivateKey::generate(key).unwrap()) else { return Ok(()) };
        let leaf = bundle.leaf();
        let again = Certificate::from_pem(leaf.pem().unwrap().as_bytes()).unwrap();
        prop_assert_eq!(&again, leaf);
        prop_assert_eq!(again.names(), leaf.names());
        for asked in names.iter().filter_map(|name| name.parse::<San>().ok()) {
            prop_assert!(again.names().contains(&asked), "{} is lost", asked);
        }
        // As one text, in whatever order it is read.
        let combined = bundle.secret_combined_pem(KeyForm::Pkcs8).unwrap();
        let mut pile = Pile::new();
        pile.add(Role::Any, std::path::Path::new("combined"), combined.as_bytes(), &mut |_| Ok(None)).unwrap();
        let gathered = pile.sort();
        prop_assert_eq!(gathered.certificate.as_ref(), Some(leaf));
        prop_assert_eq!(gathered.key.map(|key| key.secret_der().to_vec()), Some(bundle.key().secret_der().to_vec()));
        // Asked for again, it is the same request.
        let like = LeafRequest::like(leaf).unwrap().plan(OffsetDateTime::now_utc()).unwrap();
        prop_assert_eq!(like.names().iter().collect::<Vec<_>>(), plan.names().iter().collect::<Vec<_>>());
    }

    #[test]
    fn signing_requests(names in names(), key in quick_key()) {
        let Some(request) = request(&names) else { return Ok(()) };
        let plan = request.key(key).plan(OffsetDateTime::now_utc()).unwrap();
        let made = SigningRequest::create(&plan, &PrivateKey::generate(key).unwrap()).unwrap();
        let again = SigningRequest::read(made.pem().unwrap().as_bytes()).unwrap();
        prop_assert_eq!(again.der(), made.der());
        let again = SigningRequest::from_der(made.der().to_vec()).unwrap();
        prop_assert_eq!(again.der(), made.der());
    }

    #[test]
    fn revocation_lists(
        serials in proptest::collection::vec(any::<[u8; 15]>(), 0..12),
        number in 1_u128..u128::MAX,
        back in 0_i64..10_000_000,
    ) {
        let now = OffsetDateTime::from_unix_timestamp(OffsetDateTime::now_utc().unix_timestamp()).unwrap();
        let reasons = [Reason::KeyCompromise, Reason::Superseded, Reason::CessationOfOperation];
        let entry = |(i, serial): (usize, &[u8; 15])| {
            let serial = [&[0x11], &serial[..]].concat();
            Revoked { serial, at: now - Duration::seconds(back), reason: reasons[i % reasons.len()] }
        };
        let mut revoked: Vec<Revoked> = serials.iter().enumerate().map(entry).collect();
        let list = authority().revocation_list(&revoked, number, (now, now + Duration::days(7))).unwrap();
        let again = RevocationList::from_pem(list.pem().unwrap().as_bytes()).unwrap();
        prop_assert_eq!(again.der(), list.der());
        prop_assert_eq!(again.number(), Some(certforge::ListNumber::from(number)));
        let mut found: Vec<_> = again.revoked().iter().map(|r| (r.serial.clone(), r.at, r.reason)).collect();
        found.sort_by(|a, b| a.0.cmp(&b.0));
        revoked.sort_by(|a, b| a.serial.cmp(&b.serial));
        revoked.dedup_by(|a, b| a.serial == b.serial);
        let wanted: Vec<_> = revoked.iter().map(|r| (r.serial.clone(), r.at, r.reason)).collect();
        prop_assert_eq!(found, wanted);
    }

    #[test]
    fn subjects(parts in proptest::collection::vec(("(CN|O|OU|L|ST|DC)", "[a-zA-Z0-9 /+=,\\\\.ü例'\"#<>;-]{1,20}"), 1..6)) {
        let mut subject: Option<Subject> = None;
        for (kind, value) in &parts {
            let next = match subject {
                None => Subject::common("x").and_then(|s| s.with(kind, value)),
                Some(before) => before.with(kind, value),
            };
            let Ok(next) = next else { return Ok(()) };
            subject = Some(next);
        }
        let subject = subject.unwrap();
        let text = subject.to_openssl();
        let again: Subject = text.parse().unwrap();
        prop_assert_eq!(again.to_der().unwrap(), subject.to_der().unwrap(), "{}", text);
    }

    #[test]
    fn lifetimes(years in 0_u32..3, months in 0_u32..12, days in 0_u32..40) {
        let text = format!("{years}y{months}mo{days}d");
        let Ok(lifetime) = text.parse::<Lifetime>() else { return Ok(()) };
        let again: Lifetime = lifetime.to_string().parse().unwrap();
        let now = OffsetDateTime::now_utc();
        prop_assert_eq!(again.starting(now).ok(), lifetime.starting(now).ok(), "{}", text);
    }

    #[test]
    fn limits(text in "(\\.?[a-z]{1,9}\\.[a-z]{2,5}|[0-9]{1,3}(\\.[0-9]{1,3}){3}/[0-9]{1,2}|fd[0-9a-f]{2}::/[0-9]{1,3}|email:@?[a-z]{1,5}\\.de|uri:\\.[a-z]{1,5}\\.de)") {
        let Ok(limit) = text.parse::<Subtree>() else { return Ok(()) };
        let again: Subtree = limit.to_string().parse().unwrap();
        prop_assert_eq!(again, limit);
    }

    #[test]
    fn templates(
        usages in proptest::collection::btree_set(
            prop_oneof!["digitalSignature", "keyEncipherment", "keyAgreement", "nonRepudiation"], 1..4),
        extended in proptest::collection::btree_set(
            prop_oneof!["serverAuth", "clientAuth", "codeSigning", "emailProtection"], 0..4),
        days in 1_u32..800,
    ) {
        let list = |set: &std::collections::BTreeSet<String>| {
            set.iter().map(|s| format!("{s:?}")).collect::<Vec<_>>().join(", ")
        };
        let text = format!(
            "description = \"a\"\ndays = {days}\nkey_usage = [{}]\nextended_key_usage = [{}]\n",
            list(&usages), list(&extended)
        );
        let Ok(template) = Template::from_toml("mine", &text) else { return Ok(()) };
        let again = Template::from_toml("mine", &template.to_toml()).unwrap();
        prop_assert_eq!(again, template);
    }
}

#[test]
fn some_of_them_are_really_read() {
    // The properties above return where a text is none: here they must not.
    assert!("1y6mo".parse::<Lifetime>().is_ok() && ".a.example".parse::<Subtree>().is_ok());
    let text = "description = \"a\"\ndays = 30\nkey_usage = [\"digitalSignature\"]\nextended_key_usage = [\"serverAuth\"]\n";
    let template = Template::from_toml("mine", text);
    assert!(template.is_ok(), "{:?}", template.err());
}

proptest::proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn bundles_through_the_store(names in names(), key in quick_key()) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path().join("store")).unwrap();
        let Some(request) = request(&names) else { return Ok(()) };
        let request = request.key(key);
        let plan = CaRequest::new("round trips").unwrap().key(key).plan(OffsetDateTime::now_utc()).unwrap();
        let ca = Authority::create(&plan, PrivateKey::generate(key).unwrap()).unwrap();
        store.save_authority("default", &ca, None, None, Overwrite::Refuse).unwrap();
        let plan = request.plan(OffsetDateTime::now_utc()).unwrap();
        let Ok(bundle) = ca.issue_for(&plan, PrivateKey::generate(key).unwrap()) else { return Ok(()) };
        let first = plan.names().iter().next().unwrap().clone();
        let origin = Origin { ca: "default", request: &request };
        store.save_bundle(&first, &bundle, Some(origin), Overwrite::Refuse).unwrap();
        let entry = store.leaf(&first.to_string()).or_else(|_| store.leaf(&format!("{}:{first}", first.kind()))).unwrap();
        let again: Bundle = entry.bundle().unwrap();
        prop_assert_eq!(again.leaf(), bundle.leaf());
        prop_assert_eq!(again.chain(), bundle.chain());
        prop_assert_eq!(again.key().secret_der(), bundle.key().secret_der());
        let issued = store.issued("default", &bundle.leaf().serial_hex()).unwrap().unwrap();
        prop_assert_eq!(&issued.certificate, bundle.leaf());
        let asked = issued.request.unwrap().plan(OffsetDateTime::now_utc()).unwrap();
        prop_assert_eq!(asked.names().iter().collect::<Vec<_>>(), plan.names().iter().collect::<Vec<_>>());
    }
}
