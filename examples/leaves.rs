//! Issues as many leaves as its argument says, and prints how many octets they
//! have together: something to measure.

use certforge::{Authority, LeafRequest};

fn main() -> certforge::Result<()> {
    let count: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1);
    let ca = Authority::generate("certforge CA")?;
    let request = LeafRequest::new(["10.103.10.95"])?;
    let mut octets = 0;
    for _ in 0..count {
        octets += ca.issue(&request)?.leaf().der().len();
    }
    println!("{octets}");
    Ok(())
}
