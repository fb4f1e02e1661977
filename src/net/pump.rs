//! One task per connection: read what is there, feed the protocol, write what it has to say, wait.
//!
//! A turn reads up to [`READ_BUDGET`] octets, hands them to the [`Protocol`], drains the mailbox,
//! commits what is waited for ([`Commits`]), and writes everything in as few calls as it can; only
//! then does the task wait, for whatever comes first of input, room for output, mail and the next
//! deadline. All four wake the same task, so nothing can be missed between them.
//!
//! Knows no protocol, and no more of a socket than [`Socket`] says. Buffers are the protocol's.
//!
//! [`READ_BUDGET`]: crate::limits::READ_BUDGET

use std::future::{Future, poll_fn};
use std::io::{self, IoSlice};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep, sleep};
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

use super::socket::Socket;
use crate::clock::{Clock, Mono, Now};
use crate::desk::{Commits, Desk};
use crate::limits::{PEER_LOOK_MS, WRITE_SLICES};
use crate::protocol::{Flow, Lost, Manner, Protocol};
use crate::turns;

/// Turns in a row before other tasks get theirs.
const TURNS: usize = 8;

/// What a connection is given when it begins.
#[derive(Debug)]
pub struct Handshake {
    /// Its place among those that shake hands, to be dropped once it has done so.
    pub permit: OwnedSemaphorePermit,
    /// The broker stops.
    pub stop: CancellationToken,
}

/// Serves `protocol` on `socket` until it ends.
pub(super) async fn run<S: Socket, P: Protocol>(
    socket: S,
    protocol: P,
    desk: Arc<Desk>,
    handshake: Handshake,
) {
    let mut pump = Pump {
        socket,
        protocol,
        clock: desk.env.clock.clone(),
        commits: desk.commits(),
        is_held: false,
        was_long: false,
        peer_open: true,
        look_at: Mono::NEVER,
        sleep: Box::pin(sleep(Duration::ZERO)),
        wake_at: Mono::ZERO,
        permit: Some(handshake.permit),
        stop: handshake.stop,
        stopping: Stopping::Unknown,
    };
    drop(desk);
    let manner = poll_fn(|cx| pump.poll(cx)).await;
    if manner == Manner::Abort {
        // On an error the socket is closed in order instead, which the peer survives.
        pump.socket.reset_on_drop().unwrap_or_default();
    }
}

/// Whether a connection that is not open knows that the broker stops. One that is open hears of it
/// by mail, and does not listen here.
enum Stopping {
    Unknown,
    Listening(Pin<Box<WaitForCancellationFutureOwned>>),
    Told,
}

struct Pump<S, P> {
    socket: S,
    protocol: P,
    clock: Clock,
    commits: Commits,
    /// The protocol has paused in the middle of what it was given, or its turn was over.
    is_held: bool,
    /// The last turn has used up its steps.
    was_long: bool,
    peer_open: bool,
    /// When to look whether the peer is still there, while it is not read.
    look_at: Mono,
    sleep: Pin<Box<Sleep>>,
    /// The moment `sleep` is set to.
    wake_at: Mono,
    permit: Option<OwnedSemaphorePermit>,
    stop: CancellationToken,
    stopping: Stopping,
}

impl<S: Socket, P: Protocol> Pump<S, P> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Manner> {
        for _ in 0..TURNS {
            let now = self.clock.now();
            let Some(progress) = self.guarded_turn(now, cx) else {
                return Poll::Ready(Manner::Abort);
            };
            if let Flow::Close(manner) = self.protocol.flow() {
                // What the socket takes at once still goes out; it was offered above.
                if manner == Manner::Graceful {
                    self.socket.say_goodbye(cx);
                }
                return Poll::Ready(manner);
            }
            if !progress && self.is_asleep(now, cx) {
                return Poll::Pending;
            }
            if self.was_long {
                break;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// One turn, with an answer to a panic in it; `None` if that panicked too.
    fn guarded_turn(&mut self, now: Now, cx: &mut Context<'_>) -> Option<bool> {
        let turn = catch_unwind(AssertUnwindSafe(|| self.turn(now, cx)));
        turn.or_else(|_| {
            crate::log::error!("connection closed: an error inside the broker, see above");
            let told = || self.protocol.on_lost(now, &Lost::Panic);
            catch_unwind(AssertUnwindSafe(told)).map(|()| true)
        })
        .ok()
    }

    /// One turn. `false` if there was nothing to do; then every source of work knows our waker.
    fn turn(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let _of_this_thread = turns::Turn::begin();
        let turn = self.commits.begin();
        let mut progress = self.read(now, cx);
        progress |= self.protocol.on_mail(now, cx.waker());
        if self.commits.end(turn, || self.socket.has_more()) {
            progress |= self.protocol.on_mail(now, cx.waker());
        }
        if now.transport >= self.protocol.next_deadline() {
            self.protocol.on_deadline(now);
            progress = true;
        }
        progress |= self.listen_for_stop(now, cx);
        progress |= self.write(now, cx);
        self.was_long = turns::is_over();
        progress
    }

    fn listen_for_stop(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        match self.protocol.flow() {
            Flow::Greet => {}
            Flow::Leave => self.permit = None,
            Flow::Read | Flow::Pause | Flow::Close(_) => {
                self.permit = None;
                self.stopping = Stopping::Unknown;
                return false;
            }
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
            self.protocol.on_lost(now, &Lost::Stop);
        }
        stops
    }

    fn read(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let flow = self.protocol.flow();
        if flow == Flow::Pause {
            return self.look_at_peer(now);
        }
        self.look_at = Mono::NEVER;
        if !flow.reads() || !self.peer_open {
            return false;
        }
        if self.is_held {
            self.feed(now, 0);
            return true;
        }
        match self.fill(cx) {
            Poll::Pending => return false,
            Poll::Ready(Ok(0)) => {
                self.peer_open = false;
                self.protocol.on_lost(now, &Lost::ByPeer);
            }
            Poll::Ready(Ok(octets)) => self.feed(now, octets),
            Poll::Ready(Err(error)) => self.protocol.on_lost(now, &Lost::Failed(&error)),
        }
        true
    }

    fn feed(&mut self, now: Now, octets: usize) {
        self.protocol.on_read(now, octets);
        self.is_held = self.protocol.flow() == Flow::Pause || turns::is_over();
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
        let lost = match self.socket.is_peer_gone() {
            true => Lost::Unread,
            false if self.socket.has_more() => Lost::Hidden,
            false => return false,
        };
        self.protocol.on_lost(now, &lost);
        true
    }

    /// Reads once, to where the protocol wants it.
    fn fill(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        ready!(self.socket.poll_read_ready(cx))?;
        let mut target = self.protocol.read_into();
        pin!(self.socket.read_buf(target.room())).poll(cx)
    }

    /// Writes until nothing waits or the socket is full.
    fn write(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let mut progress = false;
        loop {
            let mut slices = [IoSlice::new(&[]); WRITE_SLICES];
            let used = self.protocol.transmit(&mut slices);
            if used == 0 {
                let is_lost = S::HOLDS_OUTPUT && self.flush(now, cx);
                return progress || is_lost;
            }
            let slices = slices.get(..used).unwrap_or_default();
            match Pin::new(&mut self.socket).poll_write_vectored(cx, slices) {
                Poll::Pending => return progress,
                Poll::Ready(Ok(octets)) if octets > 0 => {
                    self.protocol.on_written(now, octets);
                    progress = true;
                }
                Poll::Ready(result) => {
                    let error = result
                        .err()
                        .unwrap_or_else(|| io::ErrorKind::WriteZero.into());
                    self.protocol.on_lost(now, &Lost::Failed(&error));
                    return true;
                }
            }
        }
    }

    /// Has a socket that holds what was written pass on what it can; `true` if it has failed.
    fn flush(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(Err(error)) = Pin::new(&mut self.socket).poll_flush(cx) else {
            return false;
        };
        self.protocol.on_lost(now, &Lost::Failed(&error));
        true
    }

    /// Sets the alarm clock for the next deadline. `false` if it has rung already.
    fn is_asleep(&mut self, now: Now, cx: &mut Context<'_>) -> bool {
        let wake_at = self.protocol.next_deadline().min(self.look_at);
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
}

#[cfg(test)]
mod tests;
