//! Another encoder, rcgen, writes the same bytes: certificates, requests and lists, compared
//! whole. The keys are Ed25519, whose signatures are the same each time.

use certforge::key::PrivateKey;
use certforge::template::{KeyUsage, Template};
use certforge::{
    Authority, CaRequest, Certificate, Constraints, KeyAlgorithm, LeafRequest, Lifetime, Reason, Revoked,
    SigningRequest, Subject,
};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevocationReason,
    RevokedCertParams, SanType, SerialNumber,
};
use rustls_pki_types::PrivatePkcs8KeyDer;
use time::OffsetDateTime;
use time::macros::datetime;

const NOW: OffsetDateTime = datetime!(2030-01-31 12:34:56 UTC);

fn key() -> PrivateKey {
    PrivateKey::generate(KeyAlgorithm::Ed25519).unwrap()
}

/// The same key, as rcgen holds it.
fn theirs(key: &PrivateKey) -> KeyPair {
    KeyPair::try_from(&PrivatePkcs8KeyDer::from(key.secret_der())).unwrap()
}

fn named(subject: &Subject) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    if let Some(common) = subject.common_name() {
        name.push(DnType::CommonName, common);
    }
    name
}

fn usages(template: &Template) -> Vec<KeyUsagePurpose> {
    let one = |usage: &KeyUsage| match usage {
        KeyUsage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
        KeyUsage::ContentCommitment => KeyUsagePurpose::ContentCommitment,
        KeyUsage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
        KeyUsage::DataEncipherment => KeyUsagePurpose::DataEncipherment,
        KeyUsage::KeyAgreement => KeyUsagePurpose::KeyAgreement,
        KeyUsage::KeyCertSign => KeyUsagePurpose::KeyCertSign,
        KeyUsage::CrlSign => KeyUsagePurpose::CrlSign,
        other => panic!("{other:?}"),
    };
    template.key_usage(false).iter().map(one).collect()
}

fn purposes(template: &Template) -> Vec<ExtendedKeyUsagePurpose> {
    let one = |oid: der::asn1::ObjectIdentifier| {
        ExtendedKeyUsagePurpose::Other(oid.arcs().map(u64::from).collect())
    };
    template.extended_key_usage().iter().map(|usage| one(usage.oid())).collect()
}

fn san(name: &str) -> SanType {
    if let Ok(address) = name.parse() {
        return SanType::IpAddress(address);
    }
    match name.split_once(':') {
        Some(("email", address)) => SanType::Rfc822Name(address.try_into().unwrap()),
        Some(("uri", uri)) => SanType::URI(uri.try_into().unwrap()),
        _ => SanType::DnsName(name.try_into().unwrap()),
    }
}

/// What rcgen needs to write a certificate that certforge has written.
fn params(certificate: &Certificate, subject: &Subject, template: &Template) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.serial_number = Some(SerialNumber::from_slice(certificate.serial()));
    params.not_before = certificate.validity().not_before();
    params.not_after = certificate.validity().not_after();
    params.distinguished_name = named(subject);
    params.key_usages = usages(template);
    params.extended_key_usages = purposes(template);
    params.use_authority_key_identifier_extension = true;
    params.key_identifier_method = KeyIdMethod::PreSpecified(certificate.subject_key_identifier().unwrap());
    params.is_ca = IsCa::ExplicitNoCa;
    params
}

fn authority(limit: Option<u8>, now: OffsetDateTime) -> (Authority, CertificateParams) {
    let plan = CaRequest::new("test CA").unwrap().path_length(limit).plan(now).unwrap();
    let ca = Authority::create(&plan, key()).unwrap();
    let mut own = params(ca.certificate(), &Subject::common("test CA").unwrap(), &Template::CA);
    own.is_ca = IsCa::Ca(limit.map_or(BasicConstraints::Unconstrained, BasicConstraints::Constrained));
    (ca, own)
}

#[test]
fn roots_are_the_same() {
    // Dates after 2049 have another form (RFC 5280 §4.1.2.5).
    let nows = [NOW, datetime!(2049-12-31 23:59:59 UTC), datetime!(2051-01-01 0:00 UTC)];
    for (limit, now) in [None, Some(0), Some(3)].into_iter().zip(nows) {
        let (ca, params) = authority(limit, now);
        let other = params.self_signed(&theirs(ca.key())).unwrap();
        assert_eq!(ca.certificate().der(), other.der().as_ref(), "{limit:?} {now}");
    }
}

#[test]
fn leaves_are_the_same() {
    let (ca, own) = authority(None, NOW);
    let issuer = Issuer::new(own, theirs(ca.key()));
    let names =
        ["a.example", "*.b.example", "10.103.10.95", "2001:db8::1", "email:a@b.example", "uri:spiffe://x/y"];
    let long = format!("{}.example", ["a"; 100].join("."));
    for template in [Template::SERVER, Template::CLIENT, Template::MUTUAL] {
        for names in [&names[..], &names[..1], &names[2..3], &[long.as_str()][..]] {
            for end in [datetime!(2030-06-01 0:00 UTC), datetime!(2031-12-31 23:59:59 UTC)] {
                let request = LeafRequest::new(names).unwrap().template(template.clone());
                let plan = request.lifetime(Lifetime::Until(end)).plan(NOW).unwrap();
                let key = key();
                let leaf = ca.sign(&plan, key.public()).unwrap();
                let mut wanted = params(&leaf, plan.subject(), &template);
                wanted.subject_alt_names = names.iter().map(|name| san(name)).collect();
                let other = wanted.signed_by(&theirs(&key), &issuer).unwrap();
                assert_eq!(leaf.der(), other.der().as_ref(), "{names:?} {}", template.name());
            }
        }
    }
}

/// The part that is signed, of certificates whose signatures differ each time.
fn signed_part(der: &[u8]) -> Vec<u8> {
    Certificate::from_der(der).unwrap().tbs().to_vec()
}

#[test]
fn other_keys_and_limits_are_the_same() {
    for kind in [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Rsa2048] {
        let key = PrivateKey::generate(kind).unwrap();
        let limits = Constraints::new(
            vec!["a.example".parse().unwrap(), "10.0.0.0/8".parse().unwrap()],
            vec!["b.a.example".parse().unwrap()],
        );
        let plan =
            CaRequest::new("test CA").unwrap().constraints(limits).path_length(Some(1)).plan(NOW).unwrap();
        let ca = Authority::create(&plan, key).unwrap();
        let mut own = params(ca.certificate(), &Subject::common("test CA").unwrap(), &Template::CA);
        own.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        // rcgen writes limits before the rest; as an extension of its own they come last.
        let der = ca.certificate().extensions().pop().unwrap();
        assert_eq!((der.0.as_str(), der.1), ("2.5.29.30", true));
        let mut extension = rcgen::CustomExtension::from_oid_content(&[2, 5, 29, 30], der.2);
        extension.set_criticality(true);
        own.custom_extensions.push(extension);
        let other = own.clone().self_signed(&theirs(ca.key())).unwrap();
        assert_eq!(ca.certificate().tbs(), signed_part(other.der()), "{kind}");

        let issuer = Issuer::new(own, theirs(ca.key()));
        let below = CaRequest::new("below").unwrap().template(Template::INTERMEDIATE).path_length(Some(0));
        let below = below.plan(NOW).unwrap().within(ca.validity());
        let below = ca.create_under(&below, self::key()).unwrap();
        let subject = Subject::common("below").unwrap();
        let mut wanted = params(below.certificate(), &subject, &Template::INTERMEDIATE);
        wanted.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        let other = wanted.signed_by(&theirs(below.key()), &issuer).unwrap();
        assert_eq!(below.certificate().tbs(), signed_part(other.der()), "{kind}");
    }
}

#[test]
fn lists_are_the_same() {
    let (ca, own) = authority(None, NOW);
    let issuer = Issuer::new(own, theirs(ca.key()));
    let revoked = |serial: &[u8], reason| Revoked { serial: serial.to_vec(), at: NOW, reason };
    let all = [
        revoked(&[1], Reason::Unspecified),
        revoked(&[0x80, 2], Reason::KeyCompromise),
        revoked(&[0x7f; 20], Reason::CertificateHold),
        revoked(&[0, 3], Reason::PrivilegeWithdrawn),
    ];
    let next = datetime!(2050-02-01 0:00 UTC);
    for count in 0..=all.len() {
        for number in [0, 1, 127, 128, 1_900_000_000_u64] {
            let list = ca.revocation_list(&all[..count], u128::from(number), (NOW, next)).unwrap();
            let entry = |r: &Revoked| RevokedCertParams {
                serial_number: SerialNumber::from_slice(&r.serial),
                revocation_time: r.at,
                reason_code: match r.reason {
                    Reason::KeyCompromise => Some(RevocationReason::KeyCompromise),
                    Reason::CertificateHold => Some(RevocationReason::CertificateHold),
                    Reason::PrivilegeWithdrawn => Some(RevocationReason::PrivilegeWithdrawn),
                    _ => None,
                },
                invalidity_date: None,
            };
            let other = CertificateRevocationListParams {
                this_update: NOW,
                next_update: next,
                crl_number: SerialNumber::from(number),
                issuing_distribution_point: None,
                revoked_certs: all[..count].iter().map(entry).collect(),
                key_identifier_method: KeyIdMethod::PreSpecified(
                    ca.certificate().subject_key_identifier().unwrap(),
                ),
            };
            let other = other.signed_by(&issuer).unwrap();
            assert_eq!(list.der(), other.der().as_ref(), "{count} {number}");
        }
    }
}

#[test]
fn requests_are_the_same() {
    for names in [&["a.example", "10.0.0.1"][..], &["localhost"]] {
        let plan = LeafRequest::new(names).unwrap().plan(NOW).unwrap();
        let key = key();
        let request = SigningRequest::create(&plan, &key).unwrap();
        let mut wanted = CertificateParams::default();
        wanted.distinguished_name = named(plan.subject());
        wanted.key_usages = usages(plan.template());
        wanted.extended_key_usages = purposes(plan.template());
        wanted.subject_alt_names = names.iter().map(|name| san(name)).collect();
        let other = wanted.serialize_request(&theirs(&key)).unwrap();
        assert_eq!(request.der(), other.der().as_ref());
    }
}
