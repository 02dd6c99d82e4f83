//! What the simulator does wrong.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{Error, Result};

/// One thing that can go wrong with a call.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum AcmFault {
    /// Nothing.
    Ok,
    /// `ThrottlingException`.
    Throttle,
    /// This status of the 5xx kind, with `InternalFailure`; nothing is done.
    Internal(u16),
    /// The connection is reset before anything is done.
    Reset,
    /// The call does its work, and the connection is reset.
    Drop,
    /// The call does its work, and its answer is cut off.
    Truncate,
    /// The call does its work, and its answer is no JSON.
    BadJson,
    /// The call does its work, and its answer is empty.
    NoArn,
    /// `AccessDeniedException`.
    Denied,
    /// `ExpiredTokenException`.
    Expired,
    /// `LimitExceededException`.
    Limit,
    /// A page of some proxy, with status 503.
    Html,
    /// A redirect to nowhere.
    Redirect,
    /// Nothing happens for so long; then the connection is reset.
    Hang(Duration),
    /// The call does its work after so long.
    Slow(Duration),
    /// The call does its work, and its answer comes after so long.
    Stall(Duration),
}

impl FromStr for AcmFault {
    type Err = Error;

    fn from_str(input: &str) -> Result<Self> {
        let unknown = || Error::Fault { input: input.to_owned() };
        let (word, seconds) = input.split_once(':').map_or((input, None), |(word, n)| (word, Some(n)));
        let time = |default: f64| match seconds {
            None => Ok(Duration::from_secs_f64(default)),
            Some(text) => match text.parse::<f64>() {
                Ok(seconds) if (0.0..=3_600.0).contains(&seconds) => Ok(Duration::from_secs_f64(seconds)),
                _ => Err(unknown()),
            },
        };
        Ok(match word {
            "hang" => Self::Hang(time(60.0)?),
            "slow" => Self::Slow(time(3.0)?),
            "stall" => Self::Stall(time(60.0)?),
            _ if seconds.is_some() => return Err(unknown()),
            "ok" => Self::Ok,
            "throttle" => Self::Throttle,
            "reset" => Self::Reset,
            "drop" | "drop_after_commit" => Self::Drop,
            "truncate" => Self::Truncate,
            "badjson" => Self::BadJson,
            "noarn" => Self::NoArn,
            "403" | "denied" => Self::Denied,
            "expired" => Self::Expired,
            "limit" => Self::Limit,
            "html" => Self::Html,
            "redirect" => Self::Redirect,
            status => match status.parse::<u16>() {
                Ok(status @ 500..=599) => Self::Internal(status),
                _ => return Err(unknown()),
            },
        })
    }
}

/// Faults in their order: `throttle*3,drop,ok`. The last one repeats.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script(Vec<AcmFault>);

impl Script {
    /// What happens to call number `n`, from 0.
    pub(super) fn at(&self, n: usize) -> AcmFault {
        self.0.get(n).or(self.0.last()).copied().unwrap_or(AcmFault::Ok)
    }
}

impl FromStr for Script {
    type Err = Error;

    fn from_str(input: &str) -> Result<Self> {
        let mut faults = Vec::new();
        for word in input.split(',').map(str::trim) {
            let (fault, times) = match word.split_once('*') {
                None => (word.parse::<AcmFault>()?, 1),
                Some((fault, times)) => {
                    let times = times.parse::<usize>().ok().filter(|n| (1..=10_000).contains(n));
                    (
                        fault.parse::<AcmFault>()?,
                        times.ok_or_else(|| Error::Fault { input: word.to_owned() })?,
                    )
                }
            };
            faults.extend(std::iter::repeat_n(fault, times));
        }
        Ok(Self(faults))
    }
}

impl fmt::Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} faults", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_read_and_their_last_word_repeats() {
        let script: Script = "throttle*2, drop_after_commit,hang:1.5,ok".parse().unwrap();
        let told: Vec<_> = (0..6).map(|n| script.at(n)).collect();
        let hang = AcmFault::Hang(Duration::from_millis(1500));
        assert_eq!(
            told,
            [AcmFault::Throttle, AcmFault::Throttle, AcmFault::Drop, hang, AcmFault::Ok, AcmFault::Ok]
        );
        for bad in ["", "nothing", "ok:3", "hang:-1", "hang:x", "ok*0", "404", "ok,,ok"] {
            assert!(bad.parse::<Script>().is_err(), "{bad}");
        }
    }
}
