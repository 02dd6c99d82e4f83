//! A signing request in DER or PEM.
#![no_main]

use certforge::SigningRequest;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for read in [SigningRequest::from_der(bytes.to_vec()), SigningRequest::read(bytes)] {
        let Ok(request) = read else { continue };
        let pem = request.pem().expect("what is read is written");
        let again = SigningRequest::read(pem.as_bytes()).expect("what is written is read");
        assert_eq!(again.der(), request.der());
    }
});
