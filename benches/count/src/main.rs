//! Does one of several jobs so many times: `count JOB TIMES [THREADS]`. Something to count the
//! instructions of, and to time. `count first` says what the first CA and leaf of a process
//! take, in microseconds.

use std::hint::black_box;
use std::time::Instant;

use certforge::{
    Authority, Bundle, CaRequest, Certificate, Chain, Error, KeyAlgorithm, LeafPlan, LeafRequest, PrivateKey,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use time::OffsetDateTime;

const JOBS: &str = "generate sign pair leaf leaf-pem leaf-of-another-plan certify certify-ed25519 \
    authority authority-and-leaf load rcgen-leaf rcgen-authority-and-leaf aws-lc-generate aws-lc-sign";

struct World {
    random: SystemRandom,
    pair: EcdsaKeyPair,
    pkcs8: Vec<u8>,
    now: OffsetDateTime,
    ca: Authority,
    plans: [LeafPlan; 2],
    key: PrivateKey,
    ed25519: PrivateKey,
    files: (String, String),
    theirs: rcgen::Issuer<'static, rcgen::KeyPair>,
    #[cfg(feature = "aws-lc")]
    aws_lc: aws_lc::World,
}

/// The same work in rcgen's own way.
mod theirs {
    use rcgen::{
        BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
        KeyPair, KeyUsagePurpose,
    };

    pub fn authority() -> Issuer<'static, KeyPair> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test CA");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("rcgen makes a key");
        std::hint::black_box(params.self_signed(&key).expect("rcgen signs"));
        Issuer::new(params, key)
    }

    pub fn leaf(issuer: &Issuer<'static, KeyPair>) -> (Certificate, KeyPair) {
        let mut params = CertificateParams::new(["localhost".to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, "localhost");
        params.is_ca = IsCa::ExplicitNoCa;
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let key = KeyPair::generate().expect("rcgen makes a key");
        (params.signed_by(&key, issuer).expect("rcgen signs"), key)
    }
}

#[cfg(feature = "aws-lc")]
mod aws_lc {
    use std::hint::black_box;

    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};

    pub struct World {
        pair: EcdsaKeyPair,
        random: SystemRandom,
    }

    impl World {
        pub fn new() -> Self {
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).expect("aws-lc makes a key");
            Self { pair, random: SystemRandom::new() }
        }

        pub fn work(&self, job: &str) {
            if job == "aws-lc-sign" {
                let _ = black_box(self.pair.sign(&self.random, black_box(&[7; 320])));
            } else {
                drop(black_box(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)));
            }
        }
    }
}

fn world() -> Result<World, Error> {
    let ring = |_| Error::Internal { doing: "preparing", reason: "ring refused".to_owned() };
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &random).map_err(ring)?;
    let pkcs8 = pkcs8.as_ref().to_vec();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &pkcs8, &random)
        .map_err(|e| Error::Internal { doing: "preparing", reason: e.to_string() })?;
    let now = OffsetDateTime::now_utc();
    let ca = Authority::create(
        &CaRequest::new("certforge CA")?.plan(now)?,
        PrivateKey::generate(KeyAlgorithm::P256)?,
    )?;
    let plan = |name: &str| LeafRequest::new([name])?.plan(now);
    Ok(World {
        files: (ca.certificate().pem()?, ca.key().secret_pem()?.to_string()),
        plans: [plan("10.103.10.95")?, plan("10.103.10.96")?],
        key: PrivateKey::generate(KeyAlgorithm::P256)?,
        ed25519: PrivateKey::generate(KeyAlgorithm::Ed25519)?,
        theirs: theirs::authority(),
        #[cfg(feature = "aws-lc")]
        aws_lc: aws_lc::World::new(),
        random,
        pair,
        pkcs8,
        now,
        ca,
    })
}

impl World {
    fn leaf(&self, plan: &LeafPlan) -> Result<Bundle, Error> {
        self.ca.issue_for(plan, PrivateKey::generate(KeyAlgorithm::P256)?)
    }

    /// Does a job once; `round` counts.
    fn work(&self, job: &str, round: usize) -> Result<(), Error> {
        let how = &ECDSA_P256_SHA256_ASN1_SIGNING;
        match job {
            // Bare ring: a new key, a signature over as many octets, a pair from its PKCS#8.
            "generate" => drop(black_box(EcdsaKeyPair::generate_pkcs8(how, &self.random))),
            "sign" => drop(black_box(self.pair.sign(&self.random, black_box(&[7; 320])))),
            "pair" => drop(black_box(EcdsaKeyPair::from_pkcs8(how, black_box(&self.pkcs8), &self.random))),
            "leaf" => drop(black_box(self.leaf(&self.plans[0])?)),
            "leaf-pem" => {
                let leaf = self.leaf(&self.plans[0])?;
                black_box((leaf.fullchain_pem()?, leaf.key().secret_pem()?));
            }
            "leaf-of-another-plan" => drop(black_box(self.leaf(&self.plans[round % 2])?)),
            "certify" => drop(black_box(self.ca.sign(&self.plans[0], self.key.public())?)),
            "certify-ed25519" => drop(black_box(self.ca.sign(&self.plans[0], self.ed25519.public())?)),
            "authority" => drop(black_box(Authority::generate("test CA")?)),
            "authority-and-leaf" => {
                let ca = Authority::generate("test CA")?;
                black_box(ca.issue(&LeafRequest::new(["localhost"])?)?);
            }
            "load" => {
                let (certificate, key) = (self.files.0.as_bytes(), self.files.1.as_bytes());
                let certificate = Certificate::from_pem(certificate)?;
                let key = PrivateKey::from_pem(key)?;
                black_box(Authority::load(certificate, key, &Chain::default(), self.now)?);
            }
            "rcgen-leaf" => drop(black_box(theirs::leaf(&self.theirs))),
            "rcgen-authority-and-leaf" => drop(black_box(theirs::leaf(&theirs::authority()))),
            #[cfg(feature = "aws-lc")]
            "aws-lc-generate" | "aws-lc-sign" => self.aws_lc.work(job),
            other => {
                let reason = format!("there is no job `{other}`: {JOBS}");
                return Err(Error::Internal { doing: "choosing", reason });
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Error> {
    let mut args = std::env::args().skip(1);
    let job = args.next().unwrap_or_default();
    if job == "first" {
        let start = Instant::now();
        let ca = Authority::generate("test CA")?;
        black_box(ca.issue(&LeafRequest::new(["localhost"])?)?);
        println!("{}", start.elapsed().as_micros());
        return Ok(());
    }
    let mut number = || args.next().and_then(|n| n.parse().ok()).unwrap_or(1_usize);
    let (times, threads) = (number(), number().max(1));
    let world = world()?;
    let work = || (0..times / threads).try_for_each(|round| world.work(&job, round));
    if threads == 1 {
        return work();
    }
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let stopped = |_| Error::Internal { doing: "counting", reason: "a thread stopped".to_owned() };
        all.into_iter().try_for_each(|one| one.join().map_err(stopped)?)
    })
}
