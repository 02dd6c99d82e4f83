//! One call to a service: paced, made again where that is safe, and its failure told in
//! this crate's words.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use aws_sdk_acm::config::http::HttpResponse;
use aws_sdk_acm::error::{ProvideErrorMetadata, SdkError};

use super::pace::{Clock, Pace, Progress, back_off};
use crate::error::{Error, Result};

/// What is called, and where.
pub(super) struct Place {
    /// The service, as messages name it.
    pub(super) service: &'static str,
    pub(super) region: String,
    /// The endpoint, where it is not AWS's own.
    pub(super) endpoint: Option<String>,
}

/// What became of a call that did not succeed.
pub(super) enum Failed {
    /// The service was too busy for it, and did nothing.
    Throttled(Error),
    /// The service said no, and did nothing.
    Refused(Error),
    /// It never got there.
    Unsent(Error),
    /// Nobody knows what it did.
    Unknown(Error),
    /// It got no answer in time, and may still be at work.
    Late(Error),
}

type Told = Box<dyn Fn(&Progress) + Send>;

/// The calls to one service in one region. They hold the runtime, which no command that
/// does not talk to AWS ever starts.
pub(super) struct Calls {
    runtime: tokio::runtime::Runtime,
    pace: RefCell<Pace>,
    pub(super) clock: Clock,
    /// When all calls have to be over, by the clock.
    pub(super) deadline: Duration,
    /// The call that is under way.
    doing: Cell<&'static str>,
    /// The call that changes something, whatever is asked beside it.
    pub(super) changing: Cell<Option<&'static str>>,
    told: Told,
    /// The service, as messages name it.
    service: &'static str,
    region: String,
    endpoint: Option<String>,
}

impl Calls {
    pub(super) fn new(
        runtime: tokio::runtime::Runtime,
        clock: Clock,
        deadline: Duration,
        place: Place,
    ) -> Self {
        Self {
            runtime,
            pace: RefCell::new(Pace::new(clock.clone())),
            clock,
            deadline,
            doing: Cell::new("connecting"),
            changing: Cell::new(None),
            told: Box::new(|_| ()),
            service: place.service,
            region: place.region,
            endpoint: place.endpoint,
        }
    }

    pub(super) fn on_progress(&mut self, told: impl Fn(&Progress) + Send + 'static) {
        self.told = Box::new(told);
    }

    pub(super) fn tell(&self, progress: &Progress) {
        (self.told)(progress);
    }

    pub(super) fn region(&self) -> &str {
        &self.region
    }

    /// The endpoint, where it is not AWS's own.
    pub(super) fn endpoint(&self) -> Option<&str> {
        self.endpoint.as_deref()
    }

    /// How much of the time is left for all calls.
    pub(super) fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.clock.now())
    }

    /// Runs work to its end or to the deadline.
    pub(super) fn run<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        // A run that was given up left it as it was.
        self.changing.set(None);
        let Clock::System(_) = &self.clock else { return self.runtime.block_on(work) };
        let left = self.left();
        let late = |_| {
            let action = self.changing.get().unwrap_or_else(|| self.doing.get());
            Error::AwsAnswer { action, reason: "none came in time".to_owned() }
        };
        self.runtime.block_on(async { tokio::time::timeout(left, work).await }).map_err(late)?
    }

    /// Waits until a call may be made.
    pub(super) async fn pace(&self, action: &'static str) {
        self.doing.set(action);
        let wait = self.pace.borrow_mut().take(action);
        if wait > Duration::ZERO {
            self.tell(&Progress::Pacing { action, wait });
            self.clock.sleep(wait).await;
        }
    }

    /// Waits after a failed attempt, unless that would go past the deadline.
    pub(super) async fn back_off(&self, attempt: u32, e: Error) -> Result<()> {
        let wait = back_off(attempt);
        if self.clock.now() + wait > self.deadline {
            return Err(e);
        }
        if let Error::AwsRefused { action, .. } = e {
            self.tell(&Progress::Throttled { action, wait });
        }
        self.clock.sleep(wait).await;
        Ok(())
    }

    /// What a failure of the SDK means.
    pub(super) fn failed<E>(&self, action: &'static str, e: &SdkError<E, HttpResponse>) -> Failed
    where
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let endpoint =
            || self.endpoint().map_or_else(|| format!("{} in {}", self.service, self.region), str::to_owned);
        match e {
            SdkError::ServiceError(context) => {
                let status = context.raw().status().as_u16();
                let (code, message) = (context.err().code(), context.err().message());
                let refused = |code: &str| Error::AwsRefused {
                    action,
                    aws_code: code.to_owned(),
                    message: message.unwrap_or("it gave no reason").to_owned(),
                };
                match code {
                    Some(code) if is_throttling(code) => Failed::Throttled(refused(code)),
                    // Somebody else changes the same certificate: wait for them.
                    Some(code @ "ConflictException") => Failed::Throttled(refused(code)),
                    Some(code) if (400..500).contains(&status) => Failed::Refused(refused(code)),
                    _ => Failed::Unknown(Error::AwsAnswer {
                        action,
                        reason: format!("HTTP status {status}, {}", code.unwrap_or("no error code")),
                    }),
                }
            }
            SdkError::ResponseError(context) => {
                let status = context.raw().status().as_u16();
                // What the SDK says of a body that is not the service's helps nobody.
                let reason = match status {
                    200..300 => format!("HTTP status {status}, {}", cause(e)),
                    _ => format!("HTTP status {status}"),
                };
                Failed::Unknown(Error::AwsAnswer { action, reason })
            }
            SdkError::ConstructionFailure(_) => Failed::Refused(Error::AwsConfig { reason: cause(e) }),
            // Our own connector says so of trust anchors that cannot be read.
            SdkError::DispatchFailure(failure) if failure.is_user() => {
                Failed::Refused(Error::AwsConfig { reason: cause(e) })
            }
            _ if before_sending(e) => {
                Failed::Unsent(Error::AwsUnreached { action, endpoint: endpoint(), reason: cause(e) })
            }
            SdkError::TimeoutError(_) => {
                Failed::Late(Error::AwsAnswer { action, reason: format!("none came: {}", cause(e)) })
            }
            _ => Failed::Unknown(Error::AwsAnswer { action, reason: format!("none came: {}", cause(e)) }),
        }
    }
}

/// That what a call did is not known, and cannot be found out.
pub(super) fn unresolved(action: &'static str, call: Error, look: Error) -> Error {
    Error::AwsUnresolved { action, call: Box::new(call), look: Box::new(look) }
}

fn is_throttling(code: &str) -> bool {
    matches!(
        code,
        "ThrottlingException"
            | "Throttling"
            | "ThrottledException"
            | "TooManyRequestsException"
            | "RequestLimitExceeded"
            | "RequestThrottled"
            | "RequestThrottledException"
            | "SlowDown"
    )
}

/// Whether a failure came while connecting, so that the service saw nothing of the request.
fn before_sending(e: &dyn std::error::Error) -> bool {
    let mut next = Some(e);
    while let Some(e) = next {
        // hyper and the SDK have no types for this that their users can name.
        let text = e.to_string().to_ascii_lowercase();
        if ["(connect)", "connect error", "connect timeout"].iter().any(|stage| text.contains(stage)) {
            return true;
        }
        next = e.source();
    }
    false
}

/// The innermost cause: the one that says what happened.
pub(super) fn cause(e: &dyn std::error::Error) -> String {
    let mut innermost = e;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
