//! One AMQP connection, from its first octet to its last, without a socket.
//!
//! Takes octets, mail and deadlines; gives octets ([`Outbox`]) and tells the shell whether to
//! read, to wait or to close ([`Flow`]). All of it in transport time, except what channels do.
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
//! `rows`, `channels`, `heartbeat`, `framing` (texts of framing errors), `ending`.
//!
//! Invariants: I6, I7 (outbox), I8, I9, I11. Source: AMQP 0-9-1 sections 2.2.4 and 4.10;
//! RabbitMQ 4.3.6.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::Arc;
use std::task::Waker;

use leveret_codec::types::ChannelId;

mod channels;
mod ending;
mod framing;
mod handshake;
mod heartbeat;
mod input;
mod lockstep;
mod opening;
mod rows;
mod running;

use crate::channel::Workbench;
use crate::clock::{Mono, Now};
use crate::desk::Desk;
use crate::desk::session::Origin;
use crate::error::AmqpError;
use crate::mail::{Mail, Mailbox};
use crate::outbox::Outbox;
use crate::store::{Position, Turn};
use handshake::{AwaitHeader, AwaitOpen, AwaitStartOk, AwaitTuneOk};
use heartbeat::Beat;
use input::Part;
use lockstep::Lockstep;
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
    /// Octets that the frame at hand needs, as far as is known.
    wanted: usize,
    /// The frame at hand, if it goes to its channel in parts.
    part: Option<Part>,
    /// The channel whose large body frame was the last frame taken, if so, since the last read.
    large: Option<ChannelId>,
    backlog: VecDeque<Mail>,
    bench: Workbench,
    /// The broker was asked to tell us how far the store is.
    asked_store: bool,
    lockstep: Lockstep,
    /// ` (peer -> us, vhost: …)` once it is open, for the last line in the log.
    described: Option<String>,
}

/// What the shell is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Read.
    Continue,
    /// Write, but do not read.
    Pause,
    /// Write what waits as far as the socket takes it, then close.
    Close(Manner),
}

/// How a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In order: both sides said goodbye.
    Graceful,
    /// With a reset.
    Abort,
}

/// Why the shell cannot go on.
#[derive(Debug)]
pub enum Lost<'a> {
    /// The client closed its socket.
    ByPeer,
    /// The client closed its socket behind octets that are not read, because this connection is
    /// paused.
    Unread,
    /// It is not, but the broker stops and the connection is not open: its handshake is not done,
    /// or goodbye was said. Those that are open hear of it by mail.
    Stop,
    /// The socket failed.
    Failed(&'a std::io::Error),
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
            wanted: HEADER_LEN,
            part: None,
            large: None,
            backlog: VecDeque::new(),
            bench: Workbench::default(),
            asked_store: false,
            lockstep: Lockstep::default(),
            described: None,
        }
    }

    /// Its output.
    #[must_use]
    pub fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Its mailbox.
    #[must_use]
    pub fn mailbox(&self) -> &Arc<Mailbox> {
        &self.origin.mailbox
    }

    /// What the shell is to do now.
    #[must_use]
    pub fn flow(&self) -> Flow {
        match &self.phase {
            Phase::Gone(manner) => Flow::Close(*manner),
            Phase::Running(running) if running.is_blocked() => Flow::Pause,
            _ if self.outbox.is_over_mark() => Flow::Pause,
            _ => Flow::Continue,
        }
    }

    /// Whether the handshake is over, well or not.
    #[must_use]
    pub fn is_past_handshake(&self) -> bool {
        !matches!(
            self.phase,
            Phase::Header(_) | Phase::Start(_) | Phase::Tune(_) | Phase::Opening(_)
        )
    }

    /// Whether goodbye was said by one of the two: what comes is dropped, and the socket will be
    /// closed.
    #[must_use]
    pub fn is_leaving(&self) -> bool {
        matches!(self.phase, Phase::Closing(_) | Phase::Silent)
    }

    /// When [`Connection::on_deadline`] wants to be called (transport time).
    #[must_use]
    pub fn next_deadline(&self) -> Mono {
        match &self.phase {
            Phase::Running(running) => running.next_deadline(),
            Phase::Gone(_) => Mono::NEVER,
            _ => self.deadline,
        }
    }

    /// Is going to have its turns: until [`Connection::on_mail`] finds nothing, mail need not wake
    /// it.
    pub fn awake(&self) {
        self.origin.mailbox.awake();
    }

    /// Handles all mail that is there. `false` if there was none; then `waker` is woken by the
    /// next piece.
    pub fn on_mail(&mut self, now: Now, waker: &Waker) -> bool {
        if !self.origin.mailbox.take(&mut self.backlog, waker) {
            return false;
        }
        let _turn = Turn::begin();
        self.read_mail(now);
        self.flush(now);
        true
    }

    /// `octets` have been written to the socket.
    pub fn on_written(&mut self, now: Now, octets: usize) {
        let relief = self.outbox.advance(octets);
        self.relieve(now, relief);
        match &self.phase {
            Phase::Running(running) => running.session.count(self.read, self.outbox.written()),
            Phase::Closing(_) => self.wait_for_close_ok(now),
            _ => {}
        }
    }

    /// The moment of [`Connection::next_deadline`] has come.
    pub fn on_deadline(&mut self, now: Now) {
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
            self.log_end(now, "handshake timeout");
        }
        if self.stops_at.is_some() && self.is_leaving() {
            self.log_cut(now);
        }
        self.phase = Phase::Gone(Manner::Abort);
    }

    /// The socket is gone.
    ///
    /// What a client sent before it closed is handled, as RabbitMQ does. The exception is one that
    /// an alarm blocks: what it holds may be what keeps the alarm on.
    pub fn on_lost(&mut self, now: Now, lost: &Lost<'_>) {
        match (&self.phase, lost) {
            (Phase::Running(running), Lost::Unread) if !running.is_blocked() => {}
            (Phase::Running(_), Lost::Stop) => {}
            (Phase::Running(_), lost) => {
                let why = match lost {
                    Lost::Failed(error) if error.kind() != ErrorKind::ConnectionReset => {
                        format!("socket failed: {error}")
                    }
                    _ => "client unexpectedly closed TCP connection".to_owned(),
                };
                self.cut(now, &why);
            }
            (Phase::Closing(_), Lost::Stop) => self.stop_soon(now),
            (_, Lost::Stop) => self.phase = Phase::Gone(Manner::Abort),
            // A look at the port without a word is what health checks do.
            (Phase::Header(_), _) if self.read == 0 => self.phase = Phase::Gone(Manner::Graceful),
            _ if !self.is_past_handshake() => {
                self.log_end(now, "client closed TCP connection during the handshake");
                self.phase = Phase::Gone(Manner::Graceful);
            }
            _ => self.phase = Phase::Gone(Manner::Graceful),
        }
    }

    /// Something in the broker went wrong while this connection was worked on: it closes with
    /// 541.
    pub fn on_panic(&mut self, now: Now) {
        let error = AmqpError::new(leveret_codec::reply::ReplyCode::InternalError, "");
        self.fail(now, error.in_method(0, 0));
    }

    /// Not even that worked: the socket is closed, and nothing else is done.
    pub fn give_up(&mut self) {
        self.phase = Phase::Gone(Manner::Abort);
    }

    /// Gives back memory that an idle connection does not need.
    pub fn shrink(&mut self) {
        self.outbox.shrink();
        self.backlog.shrink_to_fit();
        self.origin.mailbox.shrink();
        self.bench.shrink();
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

    fn on_one_mail(&mut self, now: Now, mail: Mail) {
        if let Mail::Stop(_) = mail {
            self.stop_soon(now);
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
            bench: &mut self.bench,
        };
        if let Err(failure) = running.on_mail(mail, &mut io) {
            self.on_failure(now, failure);
        }
    }

    fn flush(&mut self, now: Now) {
        if let Phase::Running(running) = &mut self.phase {
            let mut io = Io {
                now,
                outbox: &mut self.outbox,
                backlog: &mut self.backlog,
                bench: &mut self.bench,
            };
            if let Err(failure) = running.flush(&mut io) {
                self.on_failure(now, failure);
            }
        }
        // A channel that closed may have taken mail of others out of the box.
        if !self.backlog.is_empty() {
            self.read_mail(now);
        }
        self.await_store(now);
    }

    /// Sees to it that the store gets as far as confirms or held output wait for: by a commit on
    /// this thread, or by asking to be told.
    fn await_store(&mut self, now: Now) {
        if self.outbox.held_until().is_some() {
            self.outbox.release(self.broker.env.store.durable());
        }
        if self.asked_store {
            return;
        }
        let Some(position) = self.waits_for() else {
            return;
        };
        if self.lockstep.may_commit() && self.broker.commit_here(position) {
            self.lockstep.committed();
            self.on_durable(now, self.broker.env.store.durable());
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
        let confirms = match &self.phase {
            Phase::Running(running) => running.waits_for(),
            _ => None,
        };
        running::earlier(self.outbox.held_until(), confirms)
    }

    /// Whether this connection has committed on its own thread since it was asked last. Whoever
    /// asks says with [`Connection::on_commit`] what came of it.
    pub fn has_committed(&mut self) -> bool {
        self.lockstep.has_committed()
    }

    /// After a commit on its own thread: the client has sent more meanwhile, or not.
    pub fn on_commit(&mut self, has_more: bool) {
        self.lockstep.seen(has_more);
    }
}

#[cfg(test)]
mod tests;
