//! A revocation list in DER or PEM.
#![no_main]

use certforge::RevocationList;
use certforge::check::revocation::examine;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    for read in [RevocationList::from_der(bytes.to_vec()), RevocationList::from_pem(bytes)] {
        let Ok(list) = read else { continue };
        let _ = (examine(&list), list.extent());
        let pem = list.pem().expect("what is read is written");
        let again = RevocationList::from_pem(pem.as_bytes()).expect("what is written is read");
        assert_eq!(again.der(), list.der());
    }
});
