//! What ACM holds.

use std::path::Path;

use certforge::aws::CertificateArn;

use super::{Args, page};
use crate::command::target::TargetArgs;
use crate::context::{Context, Failure};
use crate::report::{CheckReport, Report, findings};

// Where ACM is.
#[derive(clap::Args)]
pub struct PlaceArgs {
    /// Of an ARN: the profile of the AWS configuration
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Of an ARN: another endpoint than AWS's own
    #[arg(long, value_name = "URL")]
    endpoint_url: Option<String>,
}

pub fn run(args: &Args, context: &Context) -> Result<Report, Failure> {
    let arn: CertificateArn = args.what.to_string_lossy().parse()?;
    let place = TargetArgs::at(
        Some(arn.region().to_owned()),
        args.place.profile.clone(),
        args.place.endpoint_url.clone(),
    );
    let session = place.one(arn.region(), context.waits)?;
    let (leaf, chain) = session.importer.get(&arn)?;
    let mut pile = certforge::gather::Pile::to_look_at();
    for (n, certificate) in std::iter::once(&leaf).chain(&chain).enumerate() {
        let place =
            if n == 0 { "Certificate".to_owned() } else { format!("CertificateChain, certificate {n}") };
        pile.add(certforge::gather::Role::Any, Path::new(&place), certificate.der(), &mut |_| Ok(None))?;
    }
    let parts = pile.into_parts();
    let mut report = page::inspect(&args.what, &parts, args.text, context);
    let taken_back = page::judge(&mut report, &leaf, chain, args.judge.name.as_deref(), args, context)?;
    report.findings.extend(findings(&taken_back));
    if let Some(form) = args.format {
        report.content = Some(form.of(&leaf)?);
    }
    page::due(&mut report, &parts, args, context)?;
    Ok(Report::Check(Box::new(CheckReport::judged(report))))
}
