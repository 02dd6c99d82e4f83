//! Limits of a CA as they are typed: what is within is not refused, whatever else is.
#![no_main]

use certforge::San;
use certforge::constraint::{Constraints, Subtree};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let mut lines = text.lines();
    let Some(name) = lines.next().and_then(|line| line.parse::<San>().ok()) else { return };
    // One without a host stands below no CA that limits URIs, in whatever way.
    if name.kind() == "uri" {
        return;
    }
    let limits: Vec<Subtree> = lines.take(8).filter_map(|line| line.parse().ok()).collect();
    let all = Constraints::new(limits.clone(), Vec::new());
    let none = Constraints::new(Vec::new(), limits.clone());
    let within_one =
        limits.iter().any(|l| Constraints::new(Vec::new(), vec![l.clone()]).refuses(&name).is_some());
    assert_eq!(none.refuses(&name).is_some(), within_one, "{text:?}");
    // A wildcard can be in part within: that is enough to be excluded, not to be permitted.
    if within_one && !name.to_string().contains('*') {
        assert_eq!(all.refuses(&name), None, "{text:?}");
    }
});
