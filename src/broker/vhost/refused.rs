//! Why a program does not get what it asks for.

use std::fmt;
use std::time::Duration;

use leveret_codec::reply::ReplyCode;

use super::QueueCounts;
use crate::error::{AmqpError, queue_words};

/// What a client would be told in the same place: it closes the client's channel or connection.
///
/// ```
/// # use leveret::broker::{BindingDefinition, Broker};
/// # let broker = Broker::builder().start()?;
/// let binding = BindingDefinition::new("missing").to_queue("jobs");
/// let refused = broker.vhost("/")?.bind(&binding).unwrap_err();
/// assert_eq!(refused.code(), 404);
/// assert_eq!(refused.text(), "NOT_FOUND - no exchange 'missing' in vhost '/'");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    code: u16,
    text: String,
}

impl Refused {
    /// The reply code: 404, 406, ...
    #[must_use]
    pub fn code(&self) -> u16 {
        self.code
    }

    /// The reply text, with RabbitMQ's name of the code in front.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    fn new(code: ReplyCode, text: &str) -> Self {
        Self::of(&AmqpError::new(code, text))
    }

    pub(super) fn of(error: &AmqpError) -> Self {
        Self {
            code: error.code.number(),
            text: error.reply_text(),
        }
    }

    pub(super) fn no_vhost(name: &str) -> Self {
        Self::new(ReplyCode::NotAllowed, &format!("vhost {name} not found"))
    }

    pub(super) fn too_long(text: &str) -> Self {
        let start: String = text.chars().take(20).collect();
        let text = format!("'{start}…' is longer than 255 octets");
        Self::new(ReplyCode::SyntaxError, &text)
    }

    pub(super) fn not_durable() -> Self {
        let text = "the change is made, but the store cannot be written";
        Self::new(ReplyCode::InternalError, text)
    }
}

/// `404 NOT_FOUND - no queue 'q' in vhost '/'`
impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code, self.text)
    }
}

impl std::error::Error for Refused {}

/// A queue did not come to hold what it was waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WaitError {
    pub(super) vhost: String,
    pub(super) queue: String,
    pub(super) waited: Duration,
    pub(super) found: Option<QueueCounts>,
}

impl WaitError {
    /// What it held at the end; `None` if there was no such queue.
    #[must_use]
    pub fn found(&self) -> Option<QueueCounts> {
        self.found
    }
}

impl fmt::Display for WaitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = queue_words(&self.queue, &self.vhost);
        let waited = self.waited;
        match self.found {
            None => write!(f, "there is no {words} after {waited:?}"),
            Some(QueueCounts {
                ready,
                unacked,
                consumers,
            }) => write!(
                f,
                "{words} is not what it was waited for after {waited:?}: {ready} ready, {unacked} \
                 unacknowledged, {consumers} consumers"
            ),
        }
    }
}

impl std::error::Error for WaitError {}
