//! Why a command failed, for programs and for people.

use certforge::error::{Category, Error};
use serde::Serialize;

use super::{FindingReport, findings, status};
use crate::context::Failure;
use crate::hint;
use crate::spelling::spelled;

/// Why a command failed, as a document.
#[derive(Serialize)]
pub struct Problem {
    pub code: &'static str,
    pub message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<FindingReport>,
    /// The exit status.
    #[serde(skip)]
    pub status: u8,
}

impl Problem {
    pub fn of(failure: &Failure) -> Self {
        let problem = Self::in_general(failure);
        Self { hint: problem.hint.map(|hint| spelled(&hint).into_owned()), ..problem }
    }

    /// As it is for any store.
    fn in_general(failure: &Failure) -> Self {
        let told = |error: &Error, status| Self {
            code: error.code(),
            message: error.to_string(),
            hint: hint::of(error),
            findings: Vec::new(),
            status,
        };
        let by_category = |error: &Error| match error.category() {
            Category::FileSystem => status::FILE_SYSTEM,
            Category::AwsRefused => status::AWS_REFUSED,
            Category::AwsUnreached => status::AWS_UNREACHED,
            Category::Internal => status::INTERNAL,
            _ => status::INPUT,
        };
        match failure {
            Failure::Error(error) => told(error, by_category(error)),
            Failure::Several(error, more) => {
                Self { findings: findings(more), ..told(error, by_category(error)) }
            }
            Failure::NotStarted(error) => {
                let not_found = |e: &std::io::Error| e.kind() == std::io::ErrorKind::NotFound;
                let is_missing = matches!(&**error, Error::Io { source, .. } if not_found(source));
                told(error, if is_missing { status::NOT_FOUND } else { status::NOT_STARTED })
            }
            Failure::Refused(found) => Self {
                code: "acm.preflight",
                message: "this would be refused or would not work, so it was not sent".to_owned(),
                hint: Some(hint::of_refusal(found).to_owned()),
                findings: findings(found),
                status: status::INPUT,
            },
            Failure::Usage { message, hint } => Self {
                code: "usage",
                message: message.clone(),
                hint: Some(hint.clone()),
                findings: Vec::new(),
                status: status::USAGE,
            },
        }
    }
}
