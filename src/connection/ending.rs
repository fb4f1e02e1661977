//! How connections end: in form, in silence, or cut off.
//!
//! One function per way, all of them ending in the phase that waits for it to be over. Whatever
//! the way, an open connection first gives back what it has in the broker (I9): a client that
//! sees close or close-ok can rely on its exclusive queues being gone.
//!
//! Seen: RabbitMQ 4.3.6, tests/scripts/connection.

use leveret_codec::methods::ConnectionClose;
use leveret_codec::types::{ChannelId, ShortStr};

use super::handshake::Refusal;
use super::running::{self, Failure, Io};
use super::{Closing, Connection, Phase};
use crate::clock::Now;
use crate::error::AmqpError;
use crate::limits::{CLOSE_WAIT_MS, SILENT_CLOSE_MS};
use crate::mail::Mail;
use crate::protocol::Manner;

impl Connection {
    pub(super) fn on_failure(&mut self, now: Now, failure: Failure) {
        match failure {
            Failure::Error(error, channel) => self.fail_in(now, channel, error),
            Failure::Cut(why) => self.cut(now, &why),
            Failure::ClosedByClient => {
                self.end(now);
                self.log_end(now);
                running::close_ok(&mut self.outbox);
                self.start_closing(now, Closing::Theirs);
            }
        }
    }

    /// Closes in form, for an error that came up in no channel.
    pub(super) fn fail(&mut self, now: Now, error: AmqpError) {
        self.fail_in(now, ChannelId::ZERO, error);
    }

    /// Closes in form: everything the connection had is given back before the frame goes out.
    fn fail_in(&mut self, now: Now, channel: ChannelId, error: AmqpError) {
        match &self.phase {
            Phase::Running(_) | Phase::Opening(_) => {}
            Phase::Closing(_) | Phase::Silent | Phase::Gone(_) => return,
            _ => return self.refuse(now, Refusal::Silent(error.to_string())),
        }
        self.log_failure(channel, &error);
        if let Phase::Opening(step) = &self.phase {
            let user = step.0.user.name();
            self.described = Some(format!(
                "{}, vhost: 'none', user: '{user}'",
                self.name(step)
            ));
        }
        self.end(now);
        self.say_close(&error);
        self.start_closing(now, Closing::Ours);
    }

    fn say_close(&mut self, error: &AmqpError) {
        let text = error.reply_text();
        let (class_id, method_id) = error.method.unwrap_or_default();
        let close = ConnectionClose {
            reply_code: error.code.number(),
            reply_text: ShortStr::new(&text).unwrap_or(ShortStr::EMPTY),
            class_id,
            method_id,
        };
        self.outbox.method(ChannelId::ZERO, &close.into());
    }

    fn start_closing(&mut self, now: Now, closing: Closing) {
        let heartbeat_ms = match &self.phase {
            Phase::Running(running) => u64::from(running.session.tuned.heartbeat_s) * 1_000,
            Phase::Opening(step) => u64::from(step.0.tuned.heartbeat_s) * 1_000,
            _ => 0,
        };
        let wait = match heartbeat_ms {
            0 => CLOSE_WAIT_MS,
            interval => interval.min(CLOSE_WAIT_MS),
        };
        self.deadline = now.transport.plus_ms(wait);
        self.phase = Phase::Closing(closing);
        self.wait_for_close_ok(now);
    }

    /// The broker stops.
    pub(super) fn stop_soon(&mut self, now: Now) {
        let longest = self.broker.env.settings.shutdown_timeout_ms;
        self.stops_at = Some(now.transport.plus_ms(longest));
        self.wait_for_close_ok(now);
    }

    /// While the broker stops, a client has only so long for its next sign of life: it takes what
    /// there is for it, or answers.
    pub(super) fn wait_for_close_ok(&mut self, now: Now) {
        if let (Some(last), Phase::Closing(_)) = (self.stops_at, &self.phase) {
            let wait = self.broker.env.settings.shutdown_close_timeout_ms;
            self.deadline = now.transport.plus_ms(wait).min(last);
        }
    }

    /// Tells the operator whom a stop did not wait for.
    pub(super) fn log_cut(&self, now: Now) {
        let wait = self.broker.env.settings.shutdown_close_timeout_ms;
        let left = self.outbox.len();
        let why = match self.phase {
            Phase::Closing(Closing::Ours) if left > 0 => {
                format!(
                    "cut off at the broker's stop, with {left} bytes that the client did not read"
                )
            }
            Phase::Closing(Closing::Ours) => {
                format!("cut off at the broker's stop: no connection.close-ok within {wait} ms")
            }
            _ => format!("cut off at the broker's stop, {wait} ms after its end"),
        };
        self.log_abrupt(now, &why);
    }

    /// The octets that come are not frames: there is no close-ok to wait for.
    pub(super) fn stop_reading(&mut self, now: Now) {
        if let Phase::Closing(closing) = &mut self.phase {
            *closing = Closing::Unreadable;
            self.deadline = now.transport.plus_ms(SILENT_CLOSE_MS);
        }
    }

    pub(super) fn refuse(&mut self, now: Now, refusal: Refusal) {
        self.deadline = now.transport.plus_ms(SILENT_CLOSE_MS);
        self.log_refusal(now, &refusal);
        self.phase = match refusal {
            Refusal::Version(_) | Refusal::Foreign(_) => Phase::Gone(Manner::Abort),
            Refusal::Silent(_) | Refusal::Unheard(None, _) => Phase::Silent,
            Refusal::Told(error, _) | Refusal::Unheard(Some(error), _) => {
                self.say_close(&error);
                Phase::Closing(Closing::Ours)
            }
        };
    }

    /// Ends the connection without a word to the peer.
    pub(super) fn cut(&mut self, now: Now, why: &str) {
        self.end(now);
        self.log_cut_off(now, why);
        self.phase = Phase::Gone(Manner::Abort);
    }

    /// Gives back everything that an open connection has in the broker.
    fn end(&mut self, now: Now) {
        if let Phase::Running(running) = &mut self.phase {
            let mut io = Io {
                now,
                outbox: &mut self.outbox,
                backlog: &mut self.backlog,
                tools: &mut self.tools,
            };
            running.end(&mut io);
            self.asked_store = false;
            self.origin.mailbox.take_now(&mut self.backlog);
            let mut lost = 0;
            for mail in self.backlog.drain(..) {
                match mail {
                    Mail::Paid(position) => self.outbox.pay(position),
                    Mail::Deliver(_) => lost += 1,
                    _ => {}
                }
            }
            assert!(
                lost == 0,
                "I9: {lost} deliveries to consumers that are gone"
            );
        }
    }

    pub(super) fn relieve(&self, now: Now, octets: usize) {
        if octets > 0 {
            self.origin.mailbox.relieve(octets, now);
        }
    }
}
