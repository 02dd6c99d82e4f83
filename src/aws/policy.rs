//! The rights that a command needs (service authorization reference, ACM).

use super::CertificateArn;
use super::arn::partition_of;

/// What somebody is about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Purpose {
    /// `import-acm` and `up --import-acm`.
    Import,
    /// `acm list` and `acm show`.
    List,
    /// `acm prune`.
    Prune,
}

/// One statement of a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// Its name.
    pub sid: &'static str,
    /// The actions it allows.
    pub actions: Vec<&'static str>,
    /// On what.
    pub resource: String,
}

/// The least that `purpose` needs in a region and an account (`*` for any). With
/// an ARN, an import may replace that one and make none.
#[must_use]
pub fn policy(purpose: Purpose, region: &str, account: &str, arn: Option<&CertificateArn>) -> Vec<Statement> {
    let partition = partition_of(region);
    let certificates = || match arn {
        Some(arn) => arn.to_string(),
        None => format!("arn:{partition}:acm:{region}:{account}:certificate/*"),
    };
    let everything = "*".to_owned();
    let one =
        |sid, actions: &[&'static str], resource| Statement { sid, actions: actions.to_vec(), resource };
    match purpose {
        Purpose::Import => {
            let mut all = vec![one(
                "Import",
                &[
                    "acm:ImportCertificate",
                    "acm:AddTagsToCertificate",
                    "acm:DescribeCertificate",
                    "acm:GetCertificate",
                    "acm:ListTagsForCertificate",
                ],
                certificates(),
            )];
            if arn.is_none() {
                all.push(one("Find", &["acm:ListCertificates", "acm:SearchCertificates"], everything));
            }
            all
        }
        Purpose::List => vec![
            one("Find", &["acm:ListCertificates"], everything),
            one(
                "Read",
                &["acm:DescribeCertificate", "acm:GetCertificate", "acm:ListTagsForCertificate"],
                certificates(),
            ),
        ],
        Purpose::Prune => vec![
            one("Find", &["acm:ListCertificates"], everything),
            one(
                "Prune",
                &[
                    "acm:DescribeCertificate",
                    "acm:GetCertificate",
                    "acm:ListTagsForCertificate",
                    "acm:DeleteCertificate",
                ],
                certificates(),
            ),
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_as_narrow_as_what_is_known() {
        let wide = policy(Purpose::Import, "cn-north-1", "*", None);
        assert_eq!(wide[0].resource, "arn:aws-cn:acm:cn-north-1:*:certificate/*");
        assert_eq!(wide[1].actions, ["acm:ListCertificates", "acm:SearchCertificates"]);
        let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1-2".parse().unwrap();
        let narrow = policy(Purpose::Import, "us-east-1", "123456789012", Some(&arn));
        assert_eq!(narrow.len(), 1);
        assert_eq!(narrow[0].resource, arn.as_str());
        assert!(
            policy(Purpose::List, "us-east-1", "*", None)
                .iter()
                .all(|s| !s.actions.contains(&"acm:DeleteCertificate"))
        );
    }
}
