//! Where the relay's messages go: to a consumer, as far as its prefetch count lets them.

use std::collections::VecDeque;
use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicU64, Ordering};

use leveret_codec::types::{ShortStr, ShortString};
use parking_lot::{Condvar, Mutex};

use crate::error::{BenchError, During as _};

/// Octets that may wait for credit before the publisher waits too.
const WAITING_MAX: usize = 1024 * 1024;

/// Where the delivery tag of a `basic.deliver` begins, but for the consumer tag: behind the frame's
/// head, class, method and the length of the consumer tag.
const TAG_AT: usize = 7 + 4 + 1;

/// A consumer, and the way to it.
pub(super) struct Consumer {
    sink: Mutex<Sink>,
    /// Fewer octets wait in the sink than before.
    drained: Condvar,
    tag: ShortString,
    delivery: AtomicU64,
}

/// The way to a consumer.
struct Sink {
    socket: TcpStream,
    /// How many messages may be on the way; `None` if any number may.
    window: Option<u64>,
    /// Messages taken and written so far, and how many of them are acked.
    taken: u64,
    written: u64,
    acked: u64,
    /// Messages without credit, and where each of them ends, counted from the first octet ever.
    waiting: VecDeque<u8>,
    ends: VecDeque<u64>,
    gone: u64,
}

impl Consumer {
    /// Nothing is on the way. At most `window` messages will be, if it is given.
    pub(super) fn new(socket: TcpStream, window: Option<u64>, tag: ShortString) -> Self {
        Self {
            sink: Mutex::new(Sink {
                socket,
                window,
                taken: 0,
                written: 0,
                acked: 0,
                waiting: VecDeque::new(),
                ends: VecDeque::new(),
                gone: 0,
            }),
            drained: Condvar::new(),
            tag,
            delivery: AtomicU64::new(1),
        }
    }

    pub(super) fn tag(&self) -> ShortStr<'_> {
        self.tag.as_short()
    }

    /// The next delivery tag.
    pub(super) fn next_delivery(&self) -> u64 {
        self.delivery.fetch_add(1, Ordering::Relaxed)
    }

    /// Everything up to this tag is acked.
    pub(super) fn ack(&self, tag: u64) {
        self.sink.lock().acked = tag;
    }

    /// Writes what waits and may go now.
    pub(super) fn go_on(&self) -> Result<(), BenchError> {
        self.sink.lock().send_waiting()?;
        self.drained.notify_all();
        Ok(())
    }

    /// Writes whole messages that end at `ends`, as far as the window is open; the others wait. The
    /// caller waits with them once they are many. Where there is a window, several connections may
    /// publish, and tags become the order in which messages are taken.
    pub(super) fn take(&self, octets: &[u8], ends: &[usize]) -> Result<(), BenchError> {
        let mut sink = self.sink.lock();
        if sink.window.is_none() {
            return sink.socket.write_all(octets).during("writing");
        }
        let at = sink.waiting.len();
        let before = sink.gone + len(at);
        sink.waiting.extend(octets);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        for (start, _) in starts.zip(ends) {
            sink.taken += 1;
            let tag = sink.taken.to_be_bytes();
            let tag_at = at + start + TAG_AT + self.tag.len();
            let old = sink.waiting.range_mut(tag_at..).zip(tag);
            old.for_each(|(old, new)| *old = new);
        }
        sink.ends.extend(ends.iter().map(|end| before + len(*end)));
        sink.send_waiting()?;
        self.drained
            .wait_while(&mut sink, |sink| sink.waiting.len() > WAITING_MAX);
        Ok(())
    }
}

impl Sink {
    /// Writes what waits, as far as the window is open.
    fn send_waiting(&mut self) -> Result<(), BenchError> {
        let on_the_way = self.written.saturating_sub(self.acked);
        let free = self.window.unwrap_or(u64::MAX).saturating_sub(on_the_way);
        let many = usize::try_from(free).unwrap_or(usize::MAX);
        let many = many.min(self.ends.len());
        let Some(end) = self.ends.drain(..many).next_back() else {
            return Ok(());
        };
        self.written += len(many);
        let mut left = usize::try_from(end - self.gone).unwrap_or(usize::MAX);
        self.gone = end;
        while left > 0 {
            let (front, _) = self.waiting.as_slices();
            let piece = front.get(..left.min(front.len())).unwrap_or_default();
            self.socket.write_all(piece).during("writing")?;
            let written = piece.len();
            self.waiting.drain(..written);
            left -= written;
        }
        Ok(())
    }
}

/// For sums of octets and messages.
fn len(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
