//! Heartbeats of one connection: when to send one, and when the peer is dead.
//!
//! Owns two checks of a counter each, as RabbitMQ has them: every half interval, *has anything
//! been written since the last look?* (if not, or at the first, a heartbeat goes out), and every
//! interval, *has anything been read?* (twice no, and the peer is dead: two to three intervals
//! after its last octet). Nothing is done per frame. Knows transport time only: a test clock that
//! jumps an hour is not an hour of silence.
//!
//! Spec: AMQP 0-9-1 section 4.2.7. Seen: RabbitMQ 4.3.6,
//! tests/scripts/connection/heartbeats_come_at_half_the_interval.amqp.

use leveret_codec::frame::FRAME_OVERHEAD;

use crate::clock::Mono;

/// The heartbeat state of an open connection.
#[derive(Debug)]
pub(super) struct Heartbeat {
    /// Negotiated interval in milliseconds; 0 switches heartbeats off.
    interval_ms: u64,
    next_send: Mono,
    next_receive: Mono,
    written: u64,
    read: u64,
    /// Looks in a row that saw no new octet.
    silent: u32,
    /// Whether a heartbeat has gone out: the first does whatever was written.
    begun: bool,
    watching: bool,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beat {
    /// Nothing.
    Rest,
    /// Send a heartbeat.
    Send,
    /// Drop the connection: the peer is dead.
    Dead,
}

impl Heartbeat {
    /// Heartbeats every `interval_s` seconds (0: none) from `now` on, when `written` octets have
    /// been put out.
    pub(super) fn new(interval_s: u16, now: Mono, written: u64) -> Self {
        let interval_ms = u64::from(interval_s) * 1_000;
        let at = |ms| {
            if ms == 0 {
                Mono::NEVER
            } else {
                now.plus_ms(ms)
            }
        };
        Self {
            interval_ms,
            next_send: at(interval_ms / 2),
            next_receive: at(interval_ms),
            written,
            read: 0,
            silent: 0,
            begun: false,
            watching: true,
        }
    }

    /// When [`Heartbeat::on_deadline`] wants to be called.
    pub(super) fn next_deadline(&self) -> Mono {
        if self.watching {
            self.next_send.min(self.next_receive)
        } else {
            self.next_send
        }
    }

    /// Stops looking at the peer's silence: we do not read from it ourselves.
    pub(super) fn pause(&mut self) {
        self.watching = false;
    }

    /// Looks at the peer's silence again, from `now` on.
    pub(super) fn resume(&mut self, now: Mono) {
        if !self.watching {
            self.watching = true;
            self.silent = 0;
            if self.interval_ms > 0 {
                self.next_receive = now.plus_ms(self.interval_ms);
            }
        }
    }

    /// `read` and `written` count all octets of the connection so far.
    pub(super) fn on_deadline(&mut self, now: Mono, read: u64, written: u64) -> Beat {
        if self.watching && now >= self.next_receive {
            self.next_receive = now.plus_ms(self.interval_ms);
            self.silent = if read == self.read {
                self.silent + 1
            } else {
                0
            };
            self.read = read;
            if self.silent > 1 {
                return Beat::Dead;
            }
        }
        if now < self.next_send {
            return Beat::Rest;
        }
        self.next_send = now.plus_ms(self.interval_ms / 2);
        // A client that opened a channel at once would otherwise wait a whole interval for its
        // first octet, and some give up by then.
        let quiet = written == self.written || !self.begun;
        self.begun = true;
        // A heartbeat that goes out now is not traffic at the next look.
        self.written = written + if quiet { FRAME_OVERHEAD as u64 } else { 0 };
        if quiet { Beat::Send } else { Beat::Rest }
    }
}

#[cfg(test)]
mod tests;
