//! What a certificate costs, beside the bare cryptography under it. See
//! benches/README.md.

use certforge::key::PrivateKey;
use certforge::{Authority, CaRequest, Certificate, Chain, KeyAlgorithm, LeafPlan, LeafRequest};
use divan::{Bencher, black_box};
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use time::OffsetDateTime;

fn main() {
    divan::main();
}

fn authority(key: KeyAlgorithm) -> Authority {
    let plan = CaRequest::new("certforge CA").unwrap().key(key).plan(OffsetDateTime::now_utc()).unwrap();
    Authority::create(&plan, PrivateKey::generate(key).unwrap()).unwrap()
}

fn plan(key: KeyAlgorithm) -> LeafPlan {
    LeafRequest::new(["10.103.10.95"]).unwrap().key(key).plan(OffsetDateTime::now_utc()).unwrap()
}

/// The floor: what ring takes for a new key and one signature over as many bytes.
#[divan::bench]
fn floor_p256_generate_and_sign(bencher: Bencher<'_, '_>) {
    let random = ring::rand::SystemRandom::new();
    let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
    let signer =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, document.as_ref(), &random).unwrap();
    bencher.bench(|| {
        let key = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).unwrap();
        (key, signer.sign(&random, black_box(&[0; 320])).unwrap())
    });
}

/// A leaf with a new key, in DER.
#[divan::bench(args = [KeyAlgorithm::P256, KeyAlgorithm::P384, KeyAlgorithm::Ed25519])]
fn leaf_with_new_key(bencher: Bencher<'_, '_>, key: KeyAlgorithm) {
    let (ca, plan) = (authority(key), plan(key));
    bencher.bench(|| ca.issue_for(&plan, PrivateKey::generate(key).unwrap()).unwrap());
}

/// The same with certificate and key as PEM.
#[divan::bench(args = [KeyAlgorithm::P256])]
fn leaf_with_new_key_as_pem(bencher: Bencher<'_, '_>, key: KeyAlgorithm) {
    let (ca, plan) = (authority(key), plan(key));
    bencher.bench(|| {
        let bundle = ca.issue_for(&plan, PrivateKey::generate(key).unwrap()).unwrap();
        (bundle.fullchain_pem().unwrap(), bundle.key().secret_pem().unwrap())
    });
}

/// A leaf for a key that is there.
#[divan::bench(args = KeyAlgorithm::ALL)]
fn leaf_with_reused_key(bencher: Bencher<'_, '_>, key: KeyAlgorithm) {
    let (ca, plan) = (authority(key), plan(key));
    let key = PrivateKey::generate(key).unwrap();
    bencher.bench(|| ca.sign(&plan, key.public()).unwrap());
}

/// A signature alone, over as many bytes.
#[divan::bench(args = KeyAlgorithm::ALL)]
fn floor_sign(bencher: Bencher<'_, '_>, key: KeyAlgorithm) {
    let signer = PrivateKey::generate(key).unwrap().signer().unwrap();
    bencher.bench(|| signer.sign(black_box(&[0; 320])).unwrap());
}

/// Encoding and the rules, without a signature.
#[divan::bench]
fn encode_and_lint(bencher: Bencher<'_, '_>) {
    let (ca, one) = (authority(KeyAlgorithm::P256), plan(KeyAlgorithm::P256));
    // By the plan of the last one it would be filled in.
    let other = LeafRequest::new(["10.103.10.96"]).unwrap().plan(OffsetDateTime::now_utc()).unwrap();
    let key = PrivateKey::generate(KeyAlgorithm::P256).unwrap();
    let mut odd = false;
    bencher.bench_local(|| {
        odd = !odd;
        ca.prepare(if odd { &one } else { &other }, key.public()).unwrap()
    });
}

/// A CA from its files' contents.
#[divan::bench(args = [KeyAlgorithm::P256, KeyAlgorithm::Rsa2048])]
fn load_authority(bencher: Bencher<'_, '_>, key: KeyAlgorithm) {
    let ca = authority(key);
    let (certificate, key) = (ca.certificate().pem().unwrap(), ca.key().secret_pem().unwrap());
    let now = OffsetDateTime::now_utc();
    bencher.bench(|| {
        let certificate = Certificate::from_pem(certificate.as_bytes()).unwrap();
        Authority::load(certificate, PrivateKey::from_pem(key.as_bytes()).unwrap(), &Chain::default(), now)
            .unwrap()
    });
}

/// A new RSA key. A lottery: compare means of many.
#[divan::bench(args = [KeyAlgorithm::Rsa2048], sample_count = 50, sample_size = 1)]
fn generate_rsa(key: KeyAlgorithm) -> PrivateKey {
    PrivateKey::generate(key).unwrap()
}
