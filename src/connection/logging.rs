//! What the log says of a connection, in RabbitMQ's words.
//!
//! It changes nothing. Texts of clients come through the log's own escapes.
//!
//! Seen: RabbitMQ 4.3.6, its log.

use std::borrow::Cow;
use std::fmt;

use leveret_codec::reply::ReplyCode;
use leveret_codec::types::ChannelId;

use super::handshake::{AwaitOpen, Refusal};
use super::{Connection, Phase};
use crate::clock::Now;
use crate::error::{AmqpError, Logged};
use crate::log::Process;

impl Connection {
    /// As the log calls it.
    pub(super) fn process(&self) -> Process {
        Process(self.origin.id, ChannelId::ZERO)
    }

    /// RabbitMQ's name of it, with the client's behind: `127.0.0.1:41878 -> 127.0.0.1:5672 - app`.
    pub(super) fn name(&self, step: &AwaitOpen) -> String {
        match step.0.client.connection_name() {
            Some(name) => format!("{} - {name}", self.origin),
            None => self.origin.to_string(),
        }
    }

    fn who(&self) -> Cow<'_, str> {
        match (&self.described, &self.phase) {
            (Some(described), _) => Cow::Borrowed(described),
            (None, Phase::Opening(step)) => {
                let user = step.0.user.name();
                Cow::Owned(format!("{}, user: '{user}'", self.name(step)))
            }
            (None, _) => Cow::Owned(self.origin.to_string()),
        }
    }

    fn lived(&self, now: Now) -> Lived {
        let lived = now.transport.since(self.origin.accepted.transport);
        Lived(lived.as_millis())
    }

    /// It is open.
    pub(super) fn log_open(&self, name: &str, user: &str, vhost: &str) {
        crate::log::info!(
            process = %self.process(),
            "connection {name}: user '{user}' authenticated and granted access to vhost '{vhost}'"
        );
    }

    /// An error closes it in form.
    pub(super) fn log_failure(&self, channel: ChannelId, error: &AmqpError) {
        let (own, who) = (self.process(), self.who());
        if error.code == ReplyCode::ConnectionForced {
            let why = &error.explanation;
            return crate::log::warn!(
                process = %own, "Closing AMQP connection {own} ({who}): {why}"
            );
        }
        match self.phase {
            Phase::Opening(_) => crate::log::error!(
                process = %own,
                why = error.explanation,
                "Error on AMQP connection {own} ({who}, state: opening)"
            ),
            _ => crate::log::error!(
                process = %own,
                why = %Logged(error),
                "Error on AMQP connection {own} ({who}, state: running), channel {channel}"
            ),
        }
    }

    /// It ends before it was open.
    pub(super) fn log_refusal(&self, now: Now, refusal: &Refusal) {
        let (own, origin, lived) = (self.process(), &self.origin, self.lived(now));
        let state = match self.phase {
            Phase::Tune(_) => "tuning",
            _ => "starting",
        };
        match refusal {
            Refusal::Version(why) => crate::log::error!(
                process = %own,
                why,
                "closing AMQP connection {own} ({origin}, duration: '{lived}')"
            ),
            Refusal::Foreign(why) => crate::log::error!(
                process = %own,
                why,
                "closing AMQP connection {origin} (duration: '{lived}')"
            ),
            // The log has been told once; a client that goes on must not fill it.
            Refusal::Unheard(_, why) => crate::log::debug!(
                process = %own,
                why,
                "Error on AMQP connection {own} ({origin}, state: {state})"
            ),
            Refusal::Silent(why) | Refusal::Told(_, why) => crate::log::error!(
                process = %own,
                why,
                "Error on AMQP connection {own} ({origin}, state: {state})"
            ),
        }
    }

    /// It is over, in form.
    pub(super) fn log_end(&self, now: Now) {
        let (who, lived) = (self.who(), self.lived(now));
        crate::log::info!(
            process = %self.process(),
            "closing AMQP connection ({who}, duration: '{lived}')"
        );
    }

    /// It is over for a reason that is no error of the broker's.
    pub(super) fn log_abrupt(&self, now: Now, why: &str) {
        let (own, who, lived) = (self.process(), self.who(), self.lived(now));
        crate::log::warn!(
            process = %own,
            why,
            "closing AMQP connection {own} ({who}, duration: '{lived}')"
        );
    }

    /// It is over for another reason.
    pub(super) fn log_cut_off(&self, now: Now, why: &str) {
        if why == ABRUPT {
            return self.log_abrupt(now, why);
        }
        let (own, who, lived) = (self.process(), self.who(), self.lived(now));
        crate::log::error!(
            process = %own,
            why,
            "closing AMQP connection {own} ({who}, duration: '{lived}')"
        );
    }
}

/// Why most connections end that do not end in form.
pub(super) const ABRUPT: &str = "client unexpectedly closed TCP connection";

/// Milliseconds as RabbitMQ shows a duration: `17ms`, `3s`, `2M, 5s`, `1H, 0M`.
pub(super) struct Lived(pub(super) u128);

impl fmt::Display for Lived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, m, h) = (self.0 / 1_000, self.0 / 60_000, self.0 / 3_600_000);
        match (h, m, s) {
            (0, 0, 0) => write!(f, "{}ms", self.0),
            (0, 0, s) => write!(f, "{s}s"),
            (0, m, s) => write!(f, "{m}M, {}s", s % 60),
            (h, m, _) => write!(f, "{h}H, {}M", m % 60),
        }
    }
}
