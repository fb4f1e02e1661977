//! The contract between a socket and what is said over it.
//!
//! The shell (`net/pump.rs`) owns the socket, the task and the clock, and knows no protocol. A
//! [`Protocol`] owns everything that is said over one connection, and knows no socket: it takes
//! octets, mail and the time, and gives octets, a deadline and a [`Flow`]. AMQP 0-9-1
//! ([`crate::connection::Connection`]) is one; a further protocol implements the same nine verbs
//! and is served by the same pump, over TCP or whatever is spoken above it.
//!
//! ```text
//!              read_into ──▶ where to read to                transmit ──▶ what to write
//!   socket ──▶ on_read                              Protocol on_written ◀── socket
//!              on_mail  ◀── other connections                 next_deadline ──▶ when to be called
//!              on_lost  ◀── the socket is gone                on_deadline ◀── clock
//!                                                    flow ──▶ what to do with the socket now
//! ```
//!
//! The shell promises:
//!
//! * All calls come from one task, one after another, with times that never go back.
//! * A *turn* is: one read at most, all mail, the deadline if it has come, then everything that can
//!   be written. After each turn [`Protocol::flow`] and [`Protocol::next_deadline`] are asked
//!   again, so what changes them within a turn needs no wake-up.
//! * It sleeps only after a turn in which nothing was read, written or in the mail.
//! * What is waited for in the store during a turn ([`crate::desk::Desk::wait_durable`]) is
//!   committed at its end, by this thread or another; the answer is mail. A protocol does not know
//!   which.
//! * Once [`Protocol::flow`] says [`Flow::Close`] it is called no more.
//!
//! A protocol promises:
//!
//! * It never blocks, waits or reads a clock; a call takes a bounded time ([`READ_BUDGET`] octets
//!   of input are its measure).
//! * What it buffers is bounded: input by the longest frame, output by a mark above which it says
//!   [`Flow::Pause`].
//! * When it says [`Flow::Close`], it has given back all that it had in the broker (I9).
//!
//! In the manner of quinn-proto's `handle_event`, `handle_timeout`, `poll_transmit` and
//! `poll_timeout`.
//!
//! [`READ_BUDGET`]: crate::limits::READ_BUDGET

use std::io::IoSlice;
use std::task::Waker;

use bytes::BufMut as _;
use bytes::buf::Limit;

use crate::clock::{Mono, Now};

mod input;

pub use input::Input;

/// One connection of one protocol, without a socket. See the module.
pub trait Protocol: Send + 'static {
    /// What the shell is to do with the socket now.
    fn flow(&self) -> Flow;

    /// Where the next octets belong. Asked only when there is something to read, so that a
    /// connection that waits has no buffer, and only while [`Protocol::flow`] lets the shell read.
    fn read_into(&mut self) -> Target<'_>;

    /// `octets` have been put where [`Protocol::read_into`] said last. If the flow is
    /// [`Flow::Pause`] afterwards, this is called with 0 octets once it is not any more, before
    /// anything is read: for what came before the pause and was not handled.
    fn on_read(&mut self, now: Now, octets: usize);

    /// Fills `slices` from the front with what is to be written next; returns how many of them it
    /// used, 0 if nothing may be written now.
    fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize;

    /// The first `octets` of what [`Protocol::transmit`] gave are written.
    fn on_written(&mut self, now: Now, octets: usize);

    /// Handles all mail that is there. `false` if there was none; then `waker` is woken by the next
    /// piece.
    fn on_mail(&mut self, now: Now, waker: &Waker) -> bool;

    /// When [`Protocol::on_deadline`] wants to be called, in transport time; [`Mono::NEVER`] if it
    /// does not. It must move on with each call.
    fn next_deadline(&self) -> Mono;

    /// The moment of [`Protocol::next_deadline`] has come.
    fn on_deadline(&mut self, now: Now);

    /// Something happened to the socket, or to the task that works it.
    fn on_lost(&mut self, now: Now, lost: &Lost<'_>);
}

/// What the shell is to do with the socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// Read and write. The peer has not been let in yet: it counts as one that shakes hands, and a
    /// stop of the broker is told by [`Lost::Stop`].
    Greet,
    /// Read and write. A stop of the broker is told by mail.
    Read,
    /// Write, but do not read: so much is waiting somewhere that the peer has to wait too.
    Pause,
    /// Read and write; goodbye was said, and what comes is dropped. A stop of the broker is told by
    /// [`Lost::Stop`].
    Leave,
    /// Write what waits as far as the socket takes it at once, then close it.
    Close(Manner),
}

impl Flow {
    /// Whether the shell reads.
    #[must_use]
    pub fn reads(self) -> bool {
        matches!(self, Self::Greet | Self::Read | Self::Leave)
    }
}

/// How a socket is closed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In order: both sides said goodbye.
    Graceful,
    /// With a reset.
    Abort,
}

/// Where octets from a socket belong: behind those of a buffer.
#[derive(Debug)]
pub struct Target<'a>(Limit<&'a mut Vec<u8>>);

impl<'a> Target<'a> {
    /// Behind what is in `buffer`, at most `limit` octets: at least 1.
    #[must_use]
    pub fn new(buffer: &'a mut Vec<u8>, limit: usize) -> Self {
        debug_assert!(limit > 0, "reading nothing would look like the end");
        Self(buffer.limit(limit))
    }

    /// What to read into.
    pub fn room(&mut self) -> &mut Limit<&'a mut Vec<u8>> {
        &mut self.0
    }
}

/// What happened to a socket.
#[derive(Debug)]
pub enum Lost<'a> {
    /// The peer closed it, behind all that was read.
    ByPeer,
    /// The peer closed it, behind octets that are not read because of a [`Flow::Pause`]. Told again
    /// and again, until the protocol closes or reads on: octets that came before the end are
    /// usually still to be handled.
    Unread,
    /// Octets that are not read because of a [`Flow::Pause`] hide whether the peer has closed it:
    /// its system keeps the end back while the rest of its octets has no room. Told again and
    /// again; what is written to a peer that has closed is answered with a reset.
    Hidden,
    /// The socket failed.
    Failed(&'a std::io::Error),
    /// It is all right, but the broker stops. Told to connections that say [`Flow::Greet`] or
    /// [`Flow::Leave`].
    Stop,
    /// It is all right, but the protocol panicked, in whatever state that left it.
    Panic,
}
