//! What a peer is told when it made a mistake, and the words RabbitMQ uses for it.
//!
//! One type, [`AmqpError`], for every refusal that goes over the wire; the reply code decides
//! whether it closes the channel or the connection. Errors for the operator live with what fails.

use std::fmt;

use leveret_codec::methods::Method;
use leveret_codec::reply::{ReplyCode, Scope};

use crate::erlang;

/// Longest reply text on the wire, in octets: a short string.
const REPLY_TEXT_MAX: usize = 255;

/// A refusal: closes the channel or the connection, as its code says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AmqpError {
    /// AMQP's reply code.
    pub code: ReplyCode,
    /// What comes behind the code's name and a dash; empty for the bare name.
    pub explanation: String,
    /// Class and method id of the method that failed; `None` until the dispatcher adds it, and
    /// (0, 0) on the wire when no method is to blame.
    pub method: Option<(u16, u16)>,
}

impl AmqpError {
    /// An error with `code` and RabbitMQ's explanation.
    #[must_use]
    pub fn new(code: ReplyCode, explanation: impl Into<String>) -> Self {
        Self {
            code,
            explanation: explanation.into(),
            method: None,
        }
    }

    /// 403, closes the channel.
    #[must_use]
    pub fn access_refused(explanation: impl Into<String>) -> Self {
        Self::new(ReplyCode::AccessRefused, explanation)
    }

    /// 404, closes the channel.
    #[must_use]
    pub fn not_found(explanation: impl Into<String>) -> Self {
        Self::new(ReplyCode::NotFound, explanation)
    }

    /// 405, closes the channel.
    #[must_use]
    pub fn resource_locked(explanation: impl Into<String>) -> Self {
        Self::new(ReplyCode::ResourceLocked, explanation)
    }

    /// 406, closes the channel.
    #[must_use]
    pub fn precondition_failed(explanation: impl Into<String>) -> Self {
        Self::new(ReplyCode::PreconditionFailed, explanation)
    }

    /// 540, closes the connection.
    #[must_use]
    pub fn not_implemented(explanation: impl Into<String>) -> Self {
        Self::new(ReplyCode::NotImplemented, explanation)
    }

    /// 530, closes the connection.
    #[must_use]
    pub fn not_allowed(explanation: impl Into<String>) -> Self {
        Self::new(ReplyCode::NotAllowed, explanation)
    }

    /// Names the method that failed, unless one is named already.
    #[must_use]
    pub fn in_method(mut self, class: u16, method: u16) -> Self {
        self.method.get_or_insert((class, method));
        self
    }

    /// Whether the channel or the connection is closed.
    #[must_use]
    pub fn scope(&self) -> Scope {
        self.code.scope()
    }

    /// The text on the wire: `NOT_FOUND - no queue 'q' in vhost '/'`, at most 255 octets; what is
    /// longer ends in `...`.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/channel/long_reply_texts_end_in_dots.amqp.
    #[must_use]
    pub fn reply_text(&self) -> String {
        let mut text = self.code.name().to_owned();
        if !self.explanation.is_empty() {
            text.push_str(" - ");
            text.push_str(&self.explanation);
        }
        if text.len() > REPLY_TEXT_MAX {
            let mut end = REPLY_TEXT_MAX - 3;
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
            text.push_str("...");
        }
        text
    }
}

/// An error as RabbitMQ's log has it: `operation queue.declare caused a channel exception
/// not_found: no queue 'q' in vhost '/'`.
///
/// Seen: RabbitMQ 4.3.6, its log.
pub struct Logged<'a>(pub &'a AmqpError);

impl fmt::Display for Logged<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(error) = self;
        let method = error
            .method
            .and_then(|(class, id)| Method::name_of(class, id));
        let method = method.unwrap_or("none");
        let name = error.code.name().to_ascii_lowercase();
        match error.scope() {
            Scope::Channel => write!(
                f,
                "operation {method} caused a channel exception {name}: {}",
                error.explanation
            ),
            Scope::Connection => write!(
                f,
                " operation {method} caused a connection exception {name}: {}",
                erlang::quoted(error.explanation.chars())
            ),
        }
    }
}

impl fmt::Display for AmqpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.code.number(), self.reply_text())
    }
}

impl std::error::Error for AmqpError {}

/// `queue 'q' in vhost '/'`: how RabbitMQ names a queue in its texts.
#[must_use]
pub fn queue_words(queue: &str, vhost: &str) -> String {
    format!("queue '{queue}' in vhost '{vhost}'")
}

/// `exchange 'x' in vhost '/'`: how RabbitMQ names an exchange in its texts.
#[must_use]
pub fn exchange_words(exchange: &str, vhost: &str) -> String {
    format!("exchange '{exchange}' in vhost '{vhost}'")
}
