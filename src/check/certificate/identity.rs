//! Key identifiers, and where to ask about the issuer.

use x509_cert::ext::pkix::name::GeneralName;

use super::{Broken, Facts, odd, wrong};

pub(super) fn subject_key_identifier(s: &Facts<'_>) -> Option<Broken> {
    match &s.skid {
        None if s.is_ca => wrong("it is a CA without a subject key identifier"),
        None => odd("it has no subject key identifier"),
        Some((true, _)) => wrong("its subject key identifier is critical"),
        Some((false, _)) => None,
    }
}

pub(super) fn authority_key_identifier(s: &Facts<'_>) -> Option<Broken> {
    let Some((critical, id)) = &s.akid else {
        // What is signed by its own key may leave it out.
        return if s.self_signed { None } else { wrong("it has no authority key identifier") };
    };
    if *critical {
        return wrong("its authority key identifier is critical");
    }
    let Some(key) = &id.key_identifier else {
        return wrong("its authority key identifier names no key");
    };
    if id.authority_cert_issuer.is_some() || id.authority_cert_serial_number.is_some() {
        return odd("its authority key identifier names its issuer's own issuer or serial number");
    }
    let own = s.skid.as_ref().map(|(_, own)| own.0.as_bytes());
    if s.is_root() && own.is_some_and(|own| own != key.as_bytes()) {
        return wrong("a root whose two key identifiers differ");
    }
    None
}

/// A root's own identifier is its key's, and nothing else.
pub(super) fn root_key_identifier(s: &Facts<'_>) -> Option<Broken> {
    let (_, id) = s.akid.as_ref().filter(|_| s.is_root())?;
    if id.authority_cert_issuer.is_some() || id.authority_cert_serial_number.is_some() {
        return odd("a root whose authority key identifier names an issuer or a serial number");
    }
    None
}

pub(super) fn authority_information(s: &Facts<'_>) -> Option<Broken> {
    let (critical, access) = s.access.as_ref()?;
    if *critical {
        return wrong("its authority information access is critical");
    }
    let is_place = |location: &GeneralName| match location {
        GeneralName::UniformResourceIdentifier(uri) => uri.as_str().contains(':'),
        GeneralName::DirectoryName(_) => true,
        _ => false,
    };
    if access.0.is_empty() {
        return wrong("its authority information access is empty");
    }
    if access.0.iter().all(|a| is_place(&a.access_location)) {
        None
    } else {
        odd("its authority information access names something that is no address")
    }
}
