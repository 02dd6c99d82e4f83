//! ARNs of ACM certificates.

use std::fmt;
use std::str::FromStr;

use crate::error::{Error, Result};

/// The ARN of an ACM certificate:
/// `arn:aws:acm:ap-northeast-1:123456789012:certificate/…`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CertificateArn {
    text: String,
    partition: (usize, usize),
    region: (usize, usize),
    account: (usize, usize),
}

impl CertificateArn {
    /// The partition: `aws`, `aws-cn`, `aws-us-gov`, …
    #[must_use]
    pub fn partition(&self) -> &str {
        &self.text[self.partition.0..self.partition.1]
    }

    /// The region the certificate is in.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.text[self.region.0..self.region.1]
    }

    /// The account the certificate is in: twelve digits.
    #[must_use]
    pub fn account(&self) -> &str {
        &self.text[self.account.0..self.account.1]
    }

    /// The ARN.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

/// The partitions besides `aws`, by what their regions begin with.
const OTHERS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
];

/// The partition that a region belongs to: AWS's separate worlds, each with
/// accounts and names of its own.
#[must_use]
pub fn partition_of(region: &str) -> &'static str {
    OTHERS.iter().find(|(prefix, _)| region.starts_with(prefix)).map_or("aws", |(_, partition)| partition)
}

impl fmt::Display for CertificateArn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for CertificateArn {
    type Err = Error;

    fn from_str(input: &str) -> Result<Self> {
        let refuse = |reason| Error::Arn { input: input.to_owned(), reason };
        // The ACM API reference gives 20 to 2048 characters.
        if !(20..=2048).contains(&input.len()) {
            return Err(refuse("an ARN has 20 to 2048 characters"));
        }
        let parts: Vec<&str> = input.splitn(6, ':').collect();
        let [arn, partition, service, region, account, resource] = parts.as_slice() else {
            return Err(refuse("it has fewer than six parts"));
        };
        let word = |text: &str| {
            !text.is_empty()
                && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        };
        if *arn != "arn" || !word(partition) || !partition.starts_with("aws") {
            return Err(refuse("it does not start with arn:aws"));
        }
        if *service != "acm" {
            return Err(refuse("its service is not acm"));
        }
        if !word(region) {
            return Err(refuse("it names no region"));
        }
        // Of a partition that is newer than this program nobody here knows the regions.
        let is_known = *partition == "aws" || OTHERS.iter().any(|(_, known)| known == partition);
        if *partition != partition_of(region) && (is_known || partition_of(region) != "aws") {
            return Err(refuse("its partition has no such region"));
        }
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(refuse("its account is not twelve digits"));
        }
        let id = resource.strip_prefix("certificate/").ok_or_else(|| refuse("it names no certificate"))?;
        if id.is_empty() || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
            return Err(refuse("the certificate's identifier is malformed"));
        }
        let start = arn.len() + partition.len() + service.len() + 3;
        let end = start + region.len();
        Ok(Self {
            partition: (4, 4 + partition.len()),
            region: (start, end),
            account: (end + 1, end + 1 + account.len()),
            text: input.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_of_certificates_and_nothing_else() {
        let id = "79774090-0000-4000-8000-000000000000";
        let arn: CertificateArn =
            format!("arn:aws:acm:ap-northeast-1:123456789012:certificate/{id}").parse().unwrap();
        assert_eq!((arn.region(), arn.account()), ("ap-northeast-1", "123456789012"));
        assert!(
            format!("arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/{id}")
                .parse::<CertificateArn>()
                .is_ok()
        );
        let china: CertificateArn =
            format!("arn:aws-cn:acm:cn-north-1:123456789012:certificate/{id}").parse().unwrap();
        assert_eq!(china.partition(), "aws-cn");
        assert!(
            format!("arn:aws-new:acm:new-east-1:123456789012:certificate/{id}")
                .parse::<CertificateArn>()
                .is_ok()
        );
        for bad in [
            format!("arn:aws-new:acm:cn-north-1:123456789012:certificate/{id}"),
            format!("arn:aws-cn:acm:eu-west-1:123456789012:certificate/{id}"),
            format!("arn:aws:acm:cn-north-1:123456789012:certificate/{id}"),
            "arn:aws:acm".to_owned(),
            format!("arn:aws:iam:ap-northeast-1:123456789012:certificate/{id}"),
            format!("arn:aws:acm:ap-northeast-1:12345:certificate/{id}"),
            format!("arn:aws:acm:ap-northeast-1:123456789012:listener/{id}"),
            "arn:aws:acm:ap-northeast-1:123456789012:certificate/".to_owned(),
            format!("arn:aws:acm::123456789012:certificate/{id}"),
        ] {
            assert!(bad.parse::<CertificateArn>().is_err(), "{bad}");
        }
    }
}
