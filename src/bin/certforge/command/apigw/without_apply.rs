//! `certforge apigw patch` without the feature `apigw`: there is no `--apply`.

use certforge::Finding;
use certforge::gateway::Document;

use crate::context::{Failure, Waits};
use crate::report::ApigwApplied;

#[derive(clap::Args)]
pub struct ApplyArgs {}

/// Nothing ever is.
pub enum Apply {}

impl ApplyArgs {
    #[expect(clippy::unnecessary_wraps, clippy::unused_self, reason = "as with the feature")]
    pub const fn prepare(&self, _: &Document, _: Waits) -> Result<Option<Apply>, Failure> {
        Ok(None)
    }
}

impl Apply {
    pub const fn findings(&self) -> &[Finding] {
        match *self {}
    }

    pub const fn confirm(&self) -> Result<(), Failure> {
        match *self {}
    }

    pub const fn planned(&self) -> ApigwApplied {
        match *self {}
    }

    pub const fn put(&self, _: &str, _: &mut Vec<Finding>) -> Result<ApigwApplied, Failure> {
        match *self {}
    }

    pub const fn deploy(&self, _: &str, _: &mut ApigwApplied) -> Result<(), Failure> {
        match *self {}
    }
}
