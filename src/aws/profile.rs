//! The profile of the AWS configuration files: that it is there, and that they are files.

use std::path::PathBuf;

use aws_config::profile::load;
use aws_types::os_shim_internal::{Env, Fs};

use crate::error::{Error, Result};

/// The most that a configuration file has, in octets.
const MOST: u64 = 16 << 20;

/// Refuses files that never end: the SDK reads them whole, and asks no clock.
pub(super) fn check_files() -> Result<()> {
    for name in ["AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"] {
        let Some(path) = std::env::var_os(name).map(PathBuf::from) else { continue };
        // One that cannot be looked at is the SDK's to tell of.
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        let is_endless = !metadata.is_file() && path.as_os_str() != "/dev/null";
        if is_endless || metadata.len() > MOST {
            let what = if is_endless { "is no regular file" } else { "is larger than 16 MiB" };
            return Err(Error::AwsConfig { reason: format!("{name}: {} {what}", path.display()) });
        }
    }
    Ok(())
}

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
