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
    /// On what, one or more.
    pub resources: Vec<String>,
}

/// The least that `purpose` needs in a region and an account (`*` for any). With
/// ARNs, an import may replace those and make none.
#[must_use]
pub fn policy(purpose: Purpose, region: &str, account: &str, arns: &[CertificateArn]) -> Vec<Statement> {
    let partition = partition_of(region);
    let certificates = || match arns {
        [] => vec![format!("arn:{partition}:acm:{region}:{account}:certificate/*")],
        arns => arns.iter().map(ToString::to_string).collect(),
    };
    let everything = vec!["*".to_owned()];
    let one =
        |sid, actions: &[&'static str], resources| Statement { sid, actions: actions.to_vec(), resources };
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
            if arns.is_empty() {
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
        let wide = policy(Purpose::Import, "cn-north-1", "*", &[]);
        assert_eq!(wide[0].resources, ["arn:aws-cn:acm:cn-north-1:*:certificate/*"]);
        assert_eq!(wide[1].actions, ["acm:ListCertificates", "acm:SearchCertificates"]);
        let arn: CertificateArn = "arn:aws:acm:us-east-1:123456789012:certificate/1-2".parse().unwrap();
        let narrow = policy(Purpose::Import, "us-east-1", "123456789012", std::slice::from_ref(&arn));
        assert_eq!(narrow.len(), 1);
        assert_eq!(narrow[0].resources, [arn.as_str()]);
        assert!(
            policy(Purpose::List, "us-east-1", "*", &[])
                .iter()
                .all(|s| !s.actions.contains(&"acm:DeleteCertificate"))
        );
    }
}
