//! A pile in whatever order, with whatever twice: each issuer stands behind what it issued.
#![no_main]

use std::path::Path;
use std::sync::OnceLock;

use certforge::authority::Authority;
use certforge::gather::{Pile, Role};
use certforge::{CaRequest, Certificate, LeafRequest, PrivateKey};
use time::OffsetDateTime;

/// Three CAs below each other, one beside them of the same name, and two leaves.
fn cast() -> &'static Vec<Certificate> {
    static CAST: OnceLock<Vec<Certificate>> = OnceLock::new();
    CAST.get_or_init(|| {
        let root = CaRequest::new("Root").expect("a name").path_length(None);
        let root = root.plan(OffsetDateTime::now_utc()).expect("a plan");
        let key = PrivateKey::generate(root.key()).expect("a key");
        let root = Authority::create(&root, key).expect("a CA");
        let twin = Authority::generate("Root").expect("a CA");
        let below = under(&root, "Below", 1);
        let lowest = under(&below, "Lowest", 0);
        let leaf = |ca: &Authority, name: &str| {
            let request = LeafRequest::new([name]).expect("a request");
            ca.issue(&request).expect("a leaf").leaf().clone()
        };
        let leaves = [leaf(&lowest, "a.example"), leaf(&twin, "b.example")];
        let cas = [&root, &twin, &below, &lowest].map(|ca| ca.certificate().clone());
        cas.into_iter().chain(leaves).collect()
    })
}

fn under(issuer: &Authority, name: &str, path_length: u8) -> Authority {
    let request = CaRequest::new(name).expect("a name").path_length(Some(path_length));
    let plan = request.plan(OffsetDateTime::now_utc()).expect("a plan");
    let key = PrivateKey::generate(plan.key()).expect("a key");
    issuer.create_under(&plan, key).expect("a CA")
}

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let cast = cast();
    let mut text = String::new();
    for b in input.iter().take(40) {
        let one = &cast[usize::from(*b) % cast.len()];
        // Some of them damaged.
        let mut pem = one.pem().expect("PEM");
        if b & 0xc0 == 0xc0 {
            let at = 28 + usize::from(*b) * 2 % 400;
            pem.replace_range(at..=at, "A");
        }
        text.push_str(&pem);
    }
    let mut pile = Pile::new();
    if pile.add(Role::Any, Path::new("input"), text.as_bytes(), &mut |_: &str| Ok(None)).is_err() {
        return;
    }
    let gathered = pile.sort();
    let Some(leaf) = &gathered.certificate else { return };
    let mut below = leaf;
    for issuer in gathered.chain.certificates() {
        assert_eq!(below.is_signed_by(issuer.public_key()).ok(), Some(true));
        below = issuer;
    }
});
