//! The connections of one HTTP listener: which of them wait for a request. Of those one is closed
//! when there is no place for the next connection, and all at once when the broker stops.
//!
//! Invariant I11: a client that sends nothing keeps no other one from being served.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use tokio_util::sync::CancellationToken;

/// See the module.
pub(crate) struct Seats {
    /// What answers requests.
    pub(super) router: Router,
    /// How long a stop waits for an answer to be made and read.
    pub(super) patience: Duration,
    idle: Mutex<Idle>,
    /// How many connections a stop did not wait for any longer.
    cut: AtomicUsize,
}

/// The connections that wait for a request.
#[derive(Default)]
struct Idle {
    /// By when they began to wait.
    waiting: BTreeMap<u64, CancellationToken>,
    /// The number of the next one.
    next: u64,
    /// The next one is to leave: there was none when one was asked to.
    is_wanted: bool,
    /// Those that are served, by when that began: whether octets wait for the client, and what has
    /// it leave.
    served: BTreeMap<u64, (Arc<AtomicBool>, CancellationToken)>,
}

impl Idle {
    fn take_number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

impl Seats {
    /// Those of a listener whose requests `router` answers. A stop waits for answers so many
    /// milliseconds.
    pub(crate) fn new(router: Router, patience_ms: u64) -> Arc<Self> {
        Arc::new(Self {
            router,
            patience: Duration::from_millis(patience_ms),
            idle: Mutex::default(),
            cut: AtomicUsize::new(0),
        })
    }

    /// Asks the connection to leave that has waited for a request for longest, or the next one
    /// that begins to.
    pub(crate) fn make_room(&self) {
        let mut idle = self.idle.lock();
        match idle.waiting.pop_first() {
            Some((_, leave)) => leave.cancel(),
            None => idle.is_wanted = true,
        }
    }

    /// The same, and where none waits for a request the one leaves whose client has not read its
    /// answer for longest.
    #[cfg(feature = "program")]
    pub(crate) fn make_room_at_once(&self) {
        let mut idle = self.idle.lock();
        let unread = |(number, (is_unread, _)): (&u64, &(Arc<AtomicBool>, _))| {
            is_unread.load(Ordering::Relaxed).then_some(*number)
        };
        let unread = idle.served.iter().find_map(unread);
        match unread.filter(|_| idle.waiting.is_empty()) {
            Some(number) => {
                if let Some((_, leave)) = idle.served.remove(&number) {
                    leave.cancel();
                }
            }
            None => {
                drop(idle);
                self.make_room();
            }
        }
    }

    /// Counts a connection that was cut off by a stop.
    pub(super) fn cut(&self) {
        self.cut.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Seats {
    fn drop(&mut self) {
        let cut = *self.cut.get_mut();
        if cut > 0 {
            crate::log::warn!("HTTP connections cut off by the stop: {cut}");
        }
    }
}

/// A connection's place among them.
pub(super) struct Seat {
    seats: Arc<Seats>,
    /// Tells the connection to leave.
    leave: CancellationToken,
    /// Its number among those that wait; `None` while a request is answered.
    number: Mutex<Option<u64>>,
    /// Its number among those that are served.
    served: Mutex<Option<u64>>,
    /// Whether octets wait for the client to read.
    is_unread: Arc<AtomicBool>,
}

impl Seat {
    /// That of a new connection, with what says whether octets wait for its client.
    pub(super) fn take(seats: &Arc<Seats>, is_unread: &Arc<AtomicBool>) -> Arc<Self> {
        let seat = Arc::new(Self {
            seats: Arc::clone(seats),
            leave: CancellationToken::new(),
            number: Mutex::new(None),
            served: Mutex::new(None),
            is_unread: Arc::clone(is_unread),
        });
        seat.wait();
        seat
    }

    /// Waits until the connection is to leave.
    pub(super) async fn leaves(&self) {
        self.leave.cancelled().await;
    }

    /// Whether no request is being answered.
    pub(super) fn is_idle(&self) -> bool {
        self.number.lock().is_some()
    }

    /// A request is answered, as long as what is returned is kept.
    pub(super) fn serve(self: &Arc<Self>) -> Serving {
        self.stand_up();
        Serving(Arc::clone(self))
    }

    fn wait(&self) {
        let mut number = self.number.lock();
        let mut idle = self.seats.idle.lock();
        if let Some(served) = self.served.lock().take() {
            idle.served.remove(&served);
        }
        let next = idle.take_number();
        *number = Some(next);
        if std::mem::take(&mut idle.is_wanted) {
            self.leave.cancel();
        } else {
            idle.waiting.insert(next, self.leave.clone());
        }
    }

    fn stand_up(&self) {
        if let Some(number) = self.number.lock().take() {
            let mut idle = self.seats.idle.lock();
            idle.waiting.remove(&number);
            let next = idle.take_number();
            let served = (Arc::clone(&self.is_unread), self.leave.clone());
            idle.served.insert(next, served);
            *self.served.lock() = Some(next);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let seats = Arc::clone(&self.seats);
        let mut idle = seats.idle.lock();
        if let Some(number) = self.number.get_mut().take() {
            idle.waiting.remove(&number);
        }
        if let Some(number) = self.served.get_mut().take() {
            idle.served.remove(&number);
        }
    }
}

/// A request that is being answered.
pub(super) struct Serving(Arc<Seat>);

impl Drop for Serving {
    fn drop(&mut self) {
        self.0.wait();
    }
}

/// An answer, with what says that it is not sent yet.
pub(super) struct Served {
    pub(super) body: Body,
    pub(super) _serving: Serving,
}

impl hyper::body::Body for Served {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests;
