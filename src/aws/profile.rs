//! The profile of the AWS configuration files: that it is there.

use aws_config::profile::load;
use aws_types::os_shim_internal::{Env, Fs};

use crate::error::{Error, Result};

/// Refuses a profile that was named, or that `AWS_PROFILE` names, and is in no file, as the
/// AWS CLI does: its region and its keys would be looked for elsewhere.
#[expect(clippy::default_trait_access, reason = "the files' type is of a crate that is not named here")]
pub(super) async fn check(named: Option<&str>) -> Result<()> {
    let by_variable = || std::env::var("AWS_PROFILE").ok().filter(|name| !name.is_empty());
    let Some(name) = named.map(str::to_owned).or_else(by_variable).filter(|name| name != "default") else {
        return Ok(());
    };
    // What is wrong with the files is told where they are used.
    let Ok(all) = load(&Fs::real(), &Env::real(), &Default::default(), None).await else {
        return Ok(());
    };
    if all.get_profile(&name).is_some() {
        return Ok(());
    }
    let mut known: Vec<&str> = all.profiles().collect();
    known.sort_unstable();
    let known = if known.is_empty() { "there is none".to_owned() } else { known.join(", ") };
    Err(Error::AwsConfig { reason: format!("no profile is called `{name}` ({known})") })
}
