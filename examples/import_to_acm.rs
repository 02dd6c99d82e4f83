//! A CA, a leaf and an import into ACM, from Rust. The simulator takes ACM's place
//! here; without `endpoint_url` and `stand_in` it is AWS itself, with region and
//! credentials from where the AWS CLI takes them.

use certforge::aws::{Connection, Import, Importer, Place, Wanted};
use certforge::check::acm::{self, Allowed};
use certforge::harness::{AcmSim, Settings};
use certforge::{Authority, LeafRequest, Severity};

fn main() -> certforge::Result<()> {
    let ca = Authority::generate("example CA")?;
    let bundle = ca.issue(&LeafRequest::new(["api.internal.example", "10.103.10.95"])?)?;

    // What ACM would refuse, and what surprises later: nothing is sent for this.
    let about = acm::Import::new(bundle.leaf(), bundle.chain(), Some(bundle.key().public()));
    let findings = acm::import(&about, &[], &Allowed::default(), std::time::SystemTime::now().into());
    for finding in &findings {
        eprintln!("{} {}: {}", finding.severity, finding.code, finding.message);
    }
    assert!(findings.iter().all(|f| f.severity < Severity::Error));

    let sim = AcmSim::start(Settings::default())?;
    let importer = Importer::connect(&Connection {
        region: Some("eu-west-1".to_owned()),
        endpoint_url: Some(sim.url()),
        stand_in: true,
        ..Connection::default()
    })?;
    let import = Import { certificate: bundle.leaf(), chain: bundle.chain(), key: bundle.key(), tags: &[] };
    let wanted = Wanted { certificate: bundle.leaf(), chain: bundle.chain(), arn: None, new: false };

    let prepared = importer.prepare(&wanted)?;
    let first = importer.import(&import, &prepared)?;
    println!("{}", first.arn);

    // A second run finds what is there and sends nothing.
    let again = importer.prepare(&wanted)?.place;
    assert_eq!(again, Place::There(first.arn));
    Ok(())
}
