//! A certificate in DER: read, judged and written again as it was.
#![no_main]

use certforge::check::certificate::examine;
use certforge::check::path::{Purpose, Question, verify};
use certforge::{Certificate, LeafRequest, TrustAnchor};
use time::OffsetDateTime;

libfuzzer_sys::fuzz_target!(|der: &[u8]| {
    let Ok(certificate) = Certificate::from_der(der.to_vec()) else { return };
    assert_eq!(certificate.der(), der);
    let pem = certificate.pem().expect("what is read is written");
    assert_eq!(Certificate::from_pem(pem.as_bytes()).expect("what is written is read").der(), der);
    // Foreign text in a message is escaped where it is shown.
    let _ = examine(&certificate);
    let _ = LeafRequest::like(&certificate);
    let at = OffsetDateTime::from_unix_timestamp(1_800_000_000).expect("a time");
    let anchors = [TrustAnchor::new(certificate.clone())];
    let verdict = verify(&Question {
        certificate: &certificate,
        chain: std::slice::from_ref(&certificate),
        anchors: &anchors,
        peer: None,
        purpose: Purpose::Server,
        at,
        lists: &[],
        strict: true,
    });
    let _ = verdict.is_valid();
});
