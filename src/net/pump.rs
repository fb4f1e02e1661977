//! One task per connection: read what is there, feed the desk, write what it has to say, wait.
//!
//! A turn reads up to [`READ_BUDGET`] octets, hands whole frames to the [`Connection`], drains the
//! mailbox, and writes everything in as few calls as it can; only then does the task wait, for
//! whatever comes first of input, room for output, mail and the next deadline. All four wake the
//! same task, so nothing can be missed between them.
//!
//! Buffers follow the traffic: nothing while idle, [`READ_BUFFER_MIN`] for a connection that says
//! something, more while reads fill what is there (I11).

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::BufMut;
use tokio::io::AsyncReadExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::socket::Socket;
use crate::clock::{Clock, Mono, Now};
use crate::connection::{Connection, Flow, Lost, Manner};
use crate::limits::{
    BUFFER_KEEP, IDLE_MS, PEER_LOOK_MS, READ_BUDGET, READ_BUFFER_MIN, WRITE_SLICES,
};

/// Turns in a row before other tasks get theirs.
const TURNS: usize = 8;

/// Runs `connection` on `stream` until it ends.
pub(super) async fn run<S: Socket>(
    stream: S,
    connection: Connection,
    clock: Clock,
    handshake: Handshake,
) {
    let mut pump = Pump {
        stream,
        input: Vec::new(),
        held: false,
        peer_open: true,
        look_at: Mono::NEVER,
        sleep: Box::pin(sleep(Duration::ZERO)),
        wake_at: Mono::ZERO,
        busy_at: clock.now().transport,
        permit: Some(handshake.permit),
        stop: handshake.stop,
        stopping: Stopping::Unknown,
        connection,
        clock,
    };
    let manner = poll_fn(|cx| pump.poll(cx)).await;
    if manner == Manner::Abort {
        // On an error the socket is closed in order instead, which the peer survives.
        pump.stream.reset_on_drop().unwrap_or_default();
    }
}

/// What a connection is given when it begins.
pub(super) struct Handshake {
    /// Its place among those that shake hands, until it has done so.
    pub(super) permit: OwnedSemaphorePermit,
    /// The broker stops.
    pub(super) stop: CancellationToken,
}

/// Whether a connection that is not open knows that the broker stops. One that is open hears of it
/// by mail, and does not listen here.
enum Stopping {
    Unknown,
    Listening(Pin<Box<WaitForCancellationFutureOwned>>),
    Told,
}

struct Pump<S> {
    stream: S,
    connection: Connection,
    clock: Clock,
    input: Vec<u8>,
    /// The core left whole frames in `input` for later.
    held: bool,
    peer_open: bool,
    /// When to look whether the peer is still there, while it is not read.
    look_at: Mono,
    sleep: Pin<Box<Sleep>>,
    /// The moment `sleep` is set to.
    wake_at: Mono,
    /// When something was last read or written.
    busy_at: Mono,
    permit: Option<OwnedSemaphorePermit>,
    stop: CancellationToken,
    stopping: Stopping,
}

impl<S: Socket> Pump<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Manner> {
        self.connection.awake();
        for _ in 0..TURNS {
            let now = self.clock.now();
            let turn = catch_unwind(AssertUnwindSafe(|| self.turn(now, cx)));
            let progress = turn.unwrap_or_else(|_| self.on_panic(now));
            if let Flow::Close(manner) = self.connection.flow() {
                // What the socket takes at once still goes out; it was offered above.
                return Poll::Ready(manner);
            }
            if !progress && self.is_asleep(now, cx) {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One turn. `false` if there was nothing to do; then every source of work knows our waker.
    fn turn(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let mut progress = self.read(now, cx);
        progress |= self.connection.on_mail(now, cx.waker());
        if self.connection.has_committed() {
            self.connection.on_commit(self.stream.has_more());
        }
        if now.transport >= self.connection.next_deadline() {
            self.connection.on_deadline(now);
            progress = true;
        }
        progress |= self.listen_for_stop(now, cx);
        progress |= self.write(now, cx);
        // Writing made room for what was held back.
        progress || (self.held && self.connection.flow() == Flow::Continue)
    }

    fn listen_for_stop(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let is_past_handshake = self.connection.is_past_handshake();
        if is_past_handshake {
            self.permit = None;
        }
        if is_past_handshake && !self.connection.is_leaving() {
            self.stopping = Stopping::Unknown;
            return false;
        }
        if let Stopping::Unknown = self.stopping {
            let stop = self.stop.clone().cancelled_owned();
            self.stopping = Stopping::Listening(Box::pin(stop));
        }
        let Stopping::Listening(stop) = &mut self.stopping else {
            return false;
        };
        let stops = stop.as_mut().poll(cx).is_ready();
        if stops {
            self.stopping = Stopping::Told;
            self.connection.on_lost(now, &Lost::Stop);
        }
        stops
    }

    fn read(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        if self.connection.flow() != Flow::Continue {
            return self.look_at_peer(now);
        }
        self.look_at = Mono::NEVER;
        if self.held {
            self.feed(now);
            return true;
        }
        if !self.peer_open {
            return false;
        }
        match self.fill(cx) {
            Poll::Pending => false,
            Poll::Ready(Ok(0)) => {
                self.peer_open = false;
                self.connection.on_lost(now, &Lost::ByPeer);
                true
            }
            Poll::Ready(Ok(octets)) => {
                self.busy_at = now.transport;
                self.connection.on_read(octets);
                self.feed(now);
                true
            }
            Poll::Ready(Err(error)) => {
                self.connection.on_lost(now, &Lost::Failed(&error));
                true
            }
        }
    }

    /// Looks from time to time whether the peer of a connection that is not read is still there:
    /// behind what it has sent no end can be read.
    fn look_at_peer(&mut self, now: Now) -> bool {
        if self.look_at > now.transport {
            // Not before it has been paused for a while.
            self.look_at = self.look_at.min(now.transport.plus_ms(PEER_LOOK_MS));
            return false;
        }
        self.look_at = now.transport.plus_ms(PEER_LOOK_MS);
        let is_gone = self.stream.is_peer_gone();
        if is_gone {
            self.connection.on_lost(now, &Lost::Unread);
        }
        is_gone
    }

    /// Reads once: into the buffer, which is there only from the first octet on, or to where the
    /// body of a message is put together.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.input.is_empty()
            && let Some(mut room) = self.connection.body_room()
        {
            let read = ready!(pin!(self.stream.read_buf(&mut room)).poll(cx));
            if let Ok(octets) = read {
                self.connection.on_body_read(octets, &mut self.input);
            }
            return Poll::Ready(read);
        }
        if self.input.capacity() == 0 {
            ready!(self.stream.poll_read_ready(cx))?;
            self.input.reserve_exact(READ_BUFFER_MIN);
        }
        let wanted = self.connection.wanted().saturating_sub(self.input.len());
        self.input.reserve_exact(wanted.max(1));
        let free = self.input.capacity() - self.input.len();
        let worth = self.connection.worth_reading();
        let most = free.min(worth.saturating_sub(self.input.len()).max(1));
        let mut into = (&mut self.input).limit(most);
        let read = ready!(pin!(self.stream.read_buf(&mut into)).poll(cx));
        let is_full = matches!(read, Ok(octets) if octets == free);
        if is_full && self.input.capacity() < READ_BUDGET {
            self.input.reserve_exact(self.input.len() * 2);
        }
        Poll::Ready(read)
    }

    fn feed(&mut self, now: Now) {
        let taken = self.connection.on_bytes(now, &self.input);
        // What is left is less than a frame, unless the core holds frames back.
        self.input.drain(..taken);
        self.held = !self.input.is_empty() && self.connection.flow() == Flow::Pause;
    }

    /// Writes until nothing waits or the socket is full.
    fn write(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        while self.connection.outbox().ready() > 0 {
            let mut slices = [IoSlice::new(&[]); WRITE_SLICES];
            let used = self.connection.outbox().slices(&mut slices);
            let slices = slices.get(..used).unwrap_or_default();
            match Pin::new(&mut self.stream).poll_write_vectored(cx, slices) {
                Poll::Pending => break,
                Poll::Ready(Ok(octets)) if octets > 0 => {
                    self.busy_at = now.transport;
                    self.connection.on_written(now, octets);
                    progress = true;
                }
                Poll::Ready(result) => {
                    let error = result
                        .err()
                        .unwrap_or_else(|| io::ErrorKind::WriteZero.into());
                    self.connection.on_lost(now, &Lost::Failed(&error));
                    return true;
                }
            }
        }
        progress
    }

    /// Sets the alarm clock for the next deadline. `false` if it has rung already.
    fn is_asleep(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let idle_at = self.busy_at.plus_ms(IDLE_MS);
        if self.spare() > 0 && now.transport >= idle_at {
            // The beginning of a frame stays, however long its end takes.
            if self.input.is_empty() {
                self.input = Vec::new();
            }
            self.connection.shrink();
        }
        let deadline = self.connection.next_deadline();
        let wake_at = if self.spare() > 0 {
            deadline.min(idle_at)
        } else {
            deadline
        };
        let wake_at = wake_at.min(self.look_at);
        if wake_at == Mono::NEVER {
            return true;
        }
        if wake_at != self.wake_at {
            self.wake_at = wake_at;
            let wait = wake_at.since(now.transport);
            self.sleep.as_mut().reset(Instant::now() + wait);
        }
        if self.sleep.as_mut().poll(cx).is_pending() {
            return true;
        }
        // Rung: the next turn looks at the time. Set it anew in any case.
        self.wake_at = Mono::ZERO;
        false
    }

    /// Octets of buffers that are empty.
    fn spare(&self) -> usize {
        let input = if self.input.is_empty() {
            self.input.capacity()
        } else {
            0
        };
        let spare = input + self.connection.outbox().spare();
        if spare >= READ_BUFFER_MIN.min(BUFFER_KEEP) {
            spare
        } else {
            0
        }
    }

    fn on_panic(&mut self, now: Now) -> bool {
        crate::log::error!("connection closed: an error inside the broker, see above");
        let closed = catch_unwind(AssertUnwindSafe(|| self.connection.on_panic(now)));
        if closed.is_err() {
            self.connection.give_up();
        }
        true
    }
}
