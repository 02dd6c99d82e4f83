//! An empty directory, and the simulator in ACM's place.

use std::process::{Child, Command, Stdio};

use certforge::harness::{AcmSim, Settings};
use serde_json::Value;

use super::{Ran, Sandbox, ran};

pub struct Acm {
    pub sandbox: Sandbox,
    pub sim: AcmSim,
}

impl Acm {
    /// A simulator that misbehaves so: a script for each action.
    pub fn new(faults: &[(&str, &str)]) -> Self {
        let faults = faults.iter().map(|(action, s)| ((*action).to_owned(), s.parse().unwrap())).collect();
        let sim = AcmSim::start(Settings { faults, ..Settings::default() }).unwrap();
        Self { sandbox: Sandbox::new(), sim }
    }

    /// The command, in eu-west-1, with credentials that are none.
    pub fn command(&self, args: &str) -> Command {
        let mut command = self.sandbox.command(args.split_whitespace());
        command.env("AWS_ENDPOINT_URL", self.sim.url()).env("AWS_REGION", "eu-west-1");
        command.env("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE").env("AWS_SECRET_ACCESS_KEY", "not-a-secret");
        command
    }

    pub fn run(&self, args: &str) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// Runs it and expects it to do its work: what it printed.
    pub fn ok(&self, args: &str) -> String {
        let ran = self.run(args);
        assert_eq!(ran.status, 0, "{args}: {}", ran.stderr);
        ran.stdout
    }

    /// As [`Acm::ok`], its document.
    pub fn json(&self, args: &str) -> Value {
        serde_json::from_str(&self.ok(&format!("--json {args}"))).unwrap()
    }

    /// Runs the same several times at once.
    pub fn at_once(&self, args: &str, count: usize) -> Vec<Ran> {
        let start = |_| self.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let children: Vec<Child> = (0..count).map(start).collect();
        children.into_iter().map(|child| ran(child.wait_with_output().unwrap())).collect()
    }

    /// How often an action was called.
    pub fn calls(&self, action: &str) -> usize {
        self.sim.requests().iter().filter(|r| r.action == action).count()
    }
}
