//! One AMQP connection, from its first octet to its last, without a socket.
//!
//! The [`Protocol`] of AMQP 0-9-1: takes octets, mail and deadlines, gives octets ([`Outbox`]) and
//! tells the shell whether to read, to wait or to close. All of it in transport time, except what
//! channels do.
//!
//! ```text
//!  Header ─▶ Start ─▶ Tune ─▶ Opening ─▶ Running ─▶ Closing ─▶ Gone
//!     │        │        │        │                     ▲         ▲
//!     │        └────────┴─▶ Silent ──── 3 s ───────────┼─────────┤
//!     │                          └─── refused ─────────┘         │
//!     └──── another protocol ────────────────────────────────────┘
//! ```
//!
//! Modules in reading order: `handshake`, `opening`, `input` (octets into frames), `running`,
//! `rows`, `channels`, `pauses` (why it is not read), `heartbeat`, `framing` (texts of framing
//! errors), `ending`.
//!
//! Invariants: I6, I7 (outbox), I8, I9, I11, I12. Spec: AMQP 0-9-1 sections 2.2.4 and 4.10. Seen:
//! RabbitMQ 4.3.6, tests/scripts/connection.

use std::collections::VecDeque;
use std::io::{ErrorKind, IoSlice};
use std::sync::Arc;
use std::task::Waker;

use leveret_codec::reply::ReplyCode;
use leveret_codec::types::ChannelId;

mod channels;
mod ending;
mod framing;
mod handshake;
mod heartbeat;
mod input;
mod logging;
mod opening;
mod pauses;
mod rows;
mod running;

use crate::channel::Tools;
use crate::clock::{Mono, Now};
use crate::desk::Desk;
use crate::desk::session::{Origin, Shown};
use crate::error::AmqpError;
use crate::limits::{BUFFER_KEEP, IDLE_MS, READ_BUFFER_MIN};
use crate::mail::{Mail, Mailbox};
use crate::outbox::Outbox;
use crate::protocol::{Flow, Input, Lost, Manner, Protocol, Target};
use crate::store::Position;
use handshake::{AwaitHeader, AwaitOpen, AwaitStartOk, AwaitTuneOk};
use heartbeat::Beat;
use input::BegunFrame;
use logging::ABRUPT;
use running::{Io, Running};

/// Octets of a protocol header.
const HEADER_LEN: usize = 8;

/// A connection.
pub struct Connection {
    broker: Arc<Desk>,
    origin: Origin,
    outbox: Outbox,
    phase: Phase,
    /// Real time at which the phase is over, whatever happened.
    deadline: Mono,
    /// The broker stops, and waits for this connection until then at most.
    stops_at: Option<Mono>,
    /// Longest payload that is accepted.
    payload_max: u32,
    /// Octets read so far.
    read: u64,
    /// Octets that have come and are not taken yet.
    input: Input,
    /// The next octets belong to a body, not to `input`.
    reads_body: bool,
    /// When something was last read or written.
    busy_at: Mono,
    /// The next mail wakes the shell.
    is_listening: bool,
    /// Octets that the frame at hand needs, as far as is known.
    wanted: usize,
    /// The frame at hand, if it goes to its channel in parts.
    begun: Option<BegunFrame>,
    /// The channel whose large body frame was the last frame taken, if so, since the last read.
    large: Option<ChannelId>,
    backlog: VecDeque<Mail>,
    tools: Tools,
    /// The broker was asked to tell us how far the store is.
    asked_store: bool,
    /// `peer -> us - name, vhost: …, user: …`, for the log, once it is open.
    described: Option<String>,
}

enum Phase {
    Header(AwaitHeader),
    Start(AwaitStartOk),
    Tune(AwaitTuneOk),
    Opening(AwaitOpen),
    Running(Box<Running>),
    Closing(Closing),
    /// Everything that comes is dropped until the deadline.
    Silent,
    Gone(Manner),
}

/// After connection.close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Closing {
    /// We sent it; close-ok ends it.
    Ours,
    /// The client sent it and has its close-ok; it closes the socket.
    Theirs,
    /// We sent it because the octets are not frames: nothing more can be read.
    Unreadable,
}

impl Connection {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(broker: &Arc<Desk>, origin: Origin) -> Self {
        let settings = &broker.env.settings;
        let accepted = origin.accepted.transport;
        Self {
            deadline: accepted.plus_ms(settings.handshake_timeout_ms),
            stops_at: None,
            payload_max: settings.initial_frame_max,
            broker: Arc::clone(broker),
            origin,
            outbox: Outbox::new(),
            phase: Phase::Header(AwaitHeader),
            read: 0,
            input: Input::default(),
            reads_body: false,
            busy_at: accepted,
            is_listening: false,
            wanted: HEADER_LEN,
            begun: None,
            large: None,
            backlog: VecDeque::new(),
            tools: Tools::default(),
            asked_store: false,
            described: None,
        }
    }

    /// Its mailbox.
    #[must_use]
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.origin.mailbox
    }

    /// Whether frames may be taken now.
    #[inline]
    fn is_reading(&self) -> bool {
        match &self.phase {
            Phase::Running(running) => !running.pauses.any() && !self.outbox.is_over_mark(),
            phase => !matches!(phase, Phase::Gone(_)),
        }
    }

    /// Whether the handshake is over, well or not.
    fn is_past_handshake(&self) -> bool {
        self.flow() != Flow::Greet
    }

    /// Something was read or written. What happens depends on the octets and their times alone,
    /// which never go back.
    #[inline]
    fn note_busy(&mut self, now: Now) {
        let (now, before) = (now.transport, self.busy_at);
        assert!(now >= before, "I12: from {before:?} back to {now:?}");
        self.busy_at = now;
    }

    /// Octets of memory that it could give back if it is idle, if that is worth the trouble.
    fn spare(&self) -> usize {
        let spare = self.input.spare() + self.outbox.spare();
        if spare >= READ_BUFFER_MIN.min(BUFFER_KEEP) {
            spare
        } else {
            0
        }
    }

    /// When it is idle, if it has something to give back then.
    fn idle_at(&self) -> Mono {
        if self.spare() > 0 {
            self.busy_at.plus_ms(IDLE_MS)
        } else {
            Mono::NEVER
        }
    }

    fn shrink(&mut self) {
        self.input.shrink();
        self.outbox.shrink();
        self.backlog.shrink_to_fit();
        self.origin.mailbox.shrink();
        self.tools.shrink();
    }

    /// Shows to views what has come and gone, once a batch.
    fn show(&self) {
        if let Phase::Running(running) = &self.phase {
            let state = running.pauses.state(&self.outbox);
            running.session.traffic.show(&Shown {
                octets_in: self.read,
                octets_out: self.outbox.written(),
                frames_in: self.tools.frames_in,
                frames_out: self.outbox.frames(),
                state,
                at: self.busy_at,
            });
        }
    }

    /// Something in the broker went wrong while this connection was worked on: it closes with 541.
    /// What was read is lost, so nothing that comes can be understood.
    fn on_panic(&mut self, now: Now) {
        let error = AmqpError::new(ReplyCode::InternalError, "");
        self.fail(now, error.in_method(0, 0));
        self.stop_reading(now);
    }

    fn read_mail(&mut self, now: Now) {
        let mut durable = None;
        while let Some(mail) = self.backlog.pop_front() {
            if let Mail::Durable(position) = mail {
                durable = durable.max(Some(position));
            } else {
                self.on_one_mail(now, mail);
            }
        }
        if let Some(position) = durable {
            self.asked_store = false;
            self.on_durable(now, position);
        }
    }

    #[inline]
    fn on_one_mail(&mut self, now: Now, mail: Mail) {
        match mail {
            Mail::Stop(_) => self.stop_soon(now),
            Mail::Paid(position) => self.outbox.pay(position),
            _ => {}
        }
        let Phase::Running(running) = &mut self.phase else {
            if let Mail::Close(_) = mail {
                self.phase = Phase::Gone(Manner::Abort);
            }
            return;
        };
        let mut io = Io {
            now,
            outbox: &mut self.outbox,
            backlog: &mut self.backlog,
            tools: &mut self.tools,
        };
        if let Err(failure) = running.on_mail(mail, &mut io) {
            self.on_failure(now, failure);
        }
    }

    /// Goes on with a commit. `false` if there is nothing to do for it.
    #[inline]
    fn go_on(&mut self, now: Now) -> bool {
        let Phase::Running(running) = &mut self.phase else {
            return false;
        };
        if !running.is_committing() {
            return false;
        }
        let mut io = Io {
            now,
            outbox: &mut self.outbox,
            backlog: &mut self.backlog,
            tools: &mut self.tools,
        };
        running.go_on(&mut io).unwrap_or_else(|failure| {
            self.on_failure(now, failure);
            true
        })
    }

    fn flush(&mut self, now: Now) {
        if let Phase::Running(running) = &mut self.phase {
            let mut io = Io {
                now,
                outbox: &mut self.outbox,
                backlog: &mut self.backlog,
                tools: &mut self.tools,
            };
            if let Err(failure) = running.flush(&mut io) {
                self.on_failure(now, failure);
            }
        }
        // A channel that closed may have taken mail of others out of the box.
        if !self.backlog.is_empty() {
            self.read_mail(now);
        }
        self.await_store();
    }

    /// Finds out whether the peer is still there by what its system answers.
    fn probe(&mut self) {
        // What waits to be written does it too.
        if self.outbox.is_empty() {
            self.outbox.heartbeat();
        }
    }

    /// Asks to be told when the store gets as far as confirms, held output or a pause wait for.
    fn await_store(&mut self) {
        if self.outbox.held_until().is_some() {
            self.outbox.release(self.broker.env.store.durable());
        }
        if self.asked_store {
            return;
        }
        if let Some(position) = self.waits_for() {
            self.asked_store = true;
            self.broker.wait_durable(&self.origin.mailbox, position);
        }
    }

    fn on_durable(&mut self, now: Now, position: Position) {
        self.outbox.release(position);
        self.on_one_mail(now, Mail::Durable(position));
    }

    /// The earliest position in the store that something waits for.
    fn waits_for(&self) -> Option<Position> {
        let running = match &self.phase {
            Phase::Running(running) => running.waits_for(),
            _ => None,
        };
        running::earlier(self.outbox.held_until(), running)
    }
}

impl Protocol for Connection {
    fn flow(&self) -> Flow {
        match &self.phase {
            Phase::Header(_) | Phase::Start(_) | Phase::Tune(_) | Phase::Opening(_) => Flow::Greet,
            Phase::Running(_) if self.is_reading() => Flow::Read,
            Phase::Running(_) => Flow::Pause,
            Phase::Closing(_) | Phase::Silent => Flow::Leave,
            Phase::Gone(manner) => Flow::Close(*manner),
        }
    }

    fn read_into(&mut self) -> Target<'_> {
        let worth = self.worth_reading();
        let begun = self.begun.filter(|_| self.input.is_empty());
        let room = input::body_room(&mut self.phase, begun);
        self.reads_body = room.is_some();
        match room {
            Some((body, limit)) => Target::new(body, limit),
            None => self.input.room(self.wanted, worth),
        }
    }

    fn on_read(&mut self, now: Now, octets: usize) {
        if std::mem::take(&mut self.is_listening) {
            // Will look, so that what it posts to itself need not wake it.
            self.origin.mailbox.awake();
        }
        if octets > 0 {
            self.note_busy(now);
            self.read += octets as u64;
            self.large = None;
            if self.reads_body {
                self.on_body_read(octets);
            } else {
                self.input.filled();
            }
        }
        let input = self.input.take();
        let taken = self.on_octets(now, &input);
        self.input.keep(input, taken);
        self.show();
    }

    fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outbox.slices(slices)
    }

    fn on_written(&mut self, now: Now, octets: usize) {
        self.note_busy(now);
        let relief = self.outbox.advance(octets);
        self.relieve(now, relief);
        match &self.phase {
            Phase::Running(_) => self.show(),
            Phase::Closing(_) => self.wait_for_close_ok(now),
            _ => {}
        }
    }

    fn on_mail(&mut self, now: Now, waker: &Waker) -> bool {
        self.is_listening = !self.origin.mailbox.take(&mut self.backlog, waker);
        if !self.is_listening {
            self.read_mail(now);
        }
        let went_on = self.go_on(now);
        if self.is_listening && !went_on {
            return false;
        }
        self.flush(now);
        true
    }

    fn next_deadline(&self) -> Mono {
        let deadline = match &self.phase {
            Phase::Running(running) => running.next_deadline(),
            Phase::Gone(_) => Mono::NEVER,
            _ => self.deadline,
        };
        deadline.min(self.idle_at())
    }

    fn on_deadline(&mut self, now: Now) {
        if now.transport >= self.idle_at() {
            self.shrink();
        }
        if let Phase::Running(running) = &mut self.phase {
            if running.on_deadline(now, self.read, &mut self.outbox) == Beat::Dead {
                let timeout = running.session.tuned.heartbeat_s;
                self.cut(
                    now,
                    &format!("missed heartbeats from client, timeout: {timeout}s"),
                );
            }
            return;
        }
        if now.transport < self.deadline {
            return;
        }
        if !self.is_past_handshake() && self.read > 0 {
            self.log_cut_off(now, "handshake timeout");
        }
        if self.stops_at.is_some() && self.flow() == Flow::Leave {
            self.log_cut(now);
        }
        self.phase = Phase::Gone(Manner::Abort);
    }

    /// What a client sent before it closed is handled, as RabbitMQ does. The exception is one that
    /// an alarm blocks: what it holds may be what keeps the alarm on.
    fn on_lost(&mut self, now: Now, lost: &Lost<'_>) {
        match (&self.phase, lost) {
            (_, Lost::Panic) => self.on_panic(now),
            (Phase::Running(running), Lost::Unread | Lost::Hidden)
                if !running.pauses.is_blocked() => {}
            (_, Lost::Hidden) => self.probe(),
            (Phase::Running(_), Lost::Stop) => {}
            (Phase::Running(_), lost) => {
                let why = match lost {
                    Lost::Failed(error) if error.kind() != ErrorKind::ConnectionReset => {
                        format!("socket failed: {error}")
                    }
                    _ => ABRUPT.to_owned(),
                };
                self.cut(now, &why);
            }
            (Phase::Closing(_), Lost::Stop) => self.stop_soon(now),
            (_, Lost::Stop) => self.phase = Phase::Gone(Manner::Abort),
            // A look at the port without a word is what health checks do.
            (Phase::Header(_), _) if self.read == 0 => self.phase = Phase::Gone(Manner::Graceful),
            _ if !self.is_past_handshake() => {
                self.log_cut_off(now, ABRUPT);
                self.phase = Phase::Gone(Manner::Graceful);
            }
            (Phase::Closing(Closing::Ours), _) => {
                self.log_end(now);
                self.phase = Phase::Gone(Manner::Graceful);
            }
            _ => self.phase = Phase::Gone(Manner::Graceful),
        }
    }
}

#[cfg(test)]
mod tests;
