//! ARNs of certificates: what is one, and why another text is none.

use certforge::aws::{CertificateArn, partition_of};

const ID: &str = "12345678-1234-1234-1234-123456789012";

#[test]
fn parts_of_an_arn() {
    for (partition, region) in [
        ("aws", "ap-northeast-1"),
        ("aws-cn", "cn-north-1"),
        ("aws-us-gov", "us-gov-west-1"),
        ("aws-iso", "us-iso-east-1"),
        ("aws-iso-b", "us-isob-east-1"),
        ("aws-iso-e", "eu-isoe-west-1"),
        ("aws-iso-f", "us-isof-south-1"),
        ("aws-eusc", "eusc-de-east-1"),
    ] {
        assert_eq!(partition_of(region), partition);
        let text = format!("arn:{partition}:acm:{region}:123456789012:certificate/{ID}");
        let arn: CertificateArn = text.parse().unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!((arn.partition(), arn.region(), arn.account()), (partition, region, "123456789012"));
        assert_eq!((arn.as_str(), arn.to_string()), (text.as_str(), text.clone()));
    }
}

#[test]
fn what_is_none_says_which_part() {
    let arn = |partition: &str, service: &str, region: &str, account: &str, rest: &str| {
        format!("arn:{partition}:{service}:{region}:{account}:{rest}")
    };
    let (region, account) = ("eu-west-1", "123456789012");
    let certificate = format!("certificate/{ID}");
    for (text, wanted) in [
        (String::new(), "an ARN has 20 to 2048 characters"),
        ("arn:aws:acm:eu-west".to_owned(), "an ARN has 20 to 2048 characters"),
        (arn("aws", "acm", region, account, &"x".repeat(2048)), "an ARN has 20 to 2048 characters"),
        ("arn:aws:acm:eu-west-1:123456789012".to_owned(), "it has fewer than six parts"),
        (arn("azure", "acm", region, account, &certificate), "it does not start with arn:aws"),
        (arn("AWS", "acm", region, account, &certificate), "it does not start with arn:aws"),
        (
            arn("aws", "acm", region, account, &certificate).replacen("arn", "urn", 1),
            "it does not start with arn:aws",
        ),
        (arn("aws", "iam", "", account, "server-certificate/x"), "its service is not acm"),
        (arn("aws", "acm-pca", region, account, "certificate-authority/x"), "its service is not acm"),
        (arn("aws", "acm", "", account, &certificate), "it names no region"),
        (arn("aws", "acm", "eu_west_1", account, &certificate), "it names no region"),
        (arn("aws-cn", "acm", region, account, &certificate), "its partition has no such region"),
        (arn("aws", "acm", "cn-north-1", account, &certificate), "its partition has no such region"),
        (arn("aws", "acm", region, "12345678901", &certificate), "its account is not twelve digits"),
        (arn("aws", "acm", region, "1234567890123", &certificate), "its account is not twelve digits"),
        (arn("aws", "acm", region, "12345678901a", &certificate), "its account is not twelve digits"),
        (arn("aws", "acm", region, account, ID), "it names no certificate"),
        (arn("aws", "acm", region, account, "certificate/"), "the certificate's identifier is malformed"),
        (arn("aws", "acm", region, account, "certificate/a:b"), "the certificate's identifier is malformed"),
        (arn("aws", "acm", region, account, "certificate/a/b"), "the certificate's identifier is malformed"),
    ] {
        let refused = text.parse::<CertificateArn>().unwrap_err();
        assert_eq!(refused.code(), "acm.arn", "{text}");
        assert!(refused.to_string().ends_with(wanted), "{text}: {refused}");
    }
}
