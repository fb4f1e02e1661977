//! One connection that publishes: as fast as it goes, at a pace, or within a window of confirms.

use std::net::TcpStream;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use leveret_codec::frame::FRAME_METHOD;
use leveret_codec::methods::{ConfirmSelect, Method};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::batch::{Batch, Form};
use super::confirms::Confirms;
use super::error::BenchError;
use super::options::Load;
use super::plan::{Slot, ready};
use super::shared::{Latency, Shared};
use super::uri::Target;
use super::wire::Link;

/// How often a thread that waits looks whether it is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// A producer that is ready to start.
pub(super) struct Producer {
    link: Link,
    batch: Batch,
    number: u16,
    /// Messages to send.
    limit: u64,
    /// Unconfirmed messages that are allowed, with confirms.
    window: Option<u64>,
    confirms: Confirms,
    latency: Latency,
    sent: u64,
    /// A queue to ask at the end: RabbitMQ forgets what its channel has not got to when a
    /// connection goes, and only an answer says that it has.
    asks: String,
}

/// What a producer did.
#[derive(Debug)]
pub(super) struct Produced {
    /// Its number.
    pub(super) number: u16,
    /// Messages sent.
    pub(super) sent: u64,
    /// Of them refused by the broker.
    pub(super) refused: u64,
    /// Times until the confirm.
    pub(super) latency: Latency,
}

impl Producer {
    /// Connects number `number`, which is to send the messages of `lane` and to ask for the queue
    /// `asks` at the end.
    pub(super) fn open(
        target: &Target,
        load: &Load,
        number: u16,
        lane: &[Slot],
        asks: &str,
    ) -> Result<Self, BenchError> {
        let mut link = Link::open(target)?;
        if load.confirm.is_some() {
            let select = ConfirmSelect { nowait: false };
            link.call(&select.into(), |method| {
                matches!(method, Method::ConfirmSelectOk(_)).then_some(())
            })?;
        }
        link.widen()?;
        let form = Form {
            size: load.size,
            frame_max: link.frame_max,
            persistent: load.persistent,
            reply_to: String::new(),
        };
        let total = load.messages.or(load.backlog);
        let producers = u64::from(load.producers);
        let share = |total| total / producers + u64::from(u64::from(number) < total % producers);
        Ok(Self {
            batch: Batch::new(lane, &form)?,
            link,
            number,
            limit: total.map_or(u64::MAX, share),
            window: load.confirm.map(u64::from),
            confirms: Confirms::new(),
            latency: Latency::new(load.latency && load.confirm.is_some()),
            sent: 0,
            asks: asks.to_owned(),
        })
    }

    /// Sends until the limit, or until told to stop; then waits for the last confirms.
    pub(super) fn run(mut self, shared: &Shared) -> Result<Produced, BenchError> {
        match self.send_all(shared) {
            Err(error) if !shared.is_over() => Err(error),
            _ => Ok(Produced {
                number: self.number,
                sent: self.sent,
                refused: self.confirms.refused,
                latency: self.latency,
            }),
        }
    }

    fn send_all(&mut self, shared: &Shared) -> Result<(), BenchError> {
        while self.sent < self.limit && !shared.is_stopped() {
            let allowed = self.allowed(shared);
            if allowed > 0 {
                self.send(allowed, shared)?;
                if shared.is_paced() && self.window.is_some() {
                    self.settle_what_came(shared)?;
                }
            } else if self.is_full() {
                self.settle(shared)?;
            } else {
                self.wait_for_turn(shared)?;
            }
        }
        while self.confirms.waiting() > 0 {
            self.settle(shared)?;
        }
        ready(&mut self.link, &self.asks)?;
        Ok(())
    }

    /// A second handle of the socket.
    pub(super) fn handle(&self) -> Result<TcpStream, BenchError> {
        self.link.handle()
    }

    fn is_full(&self) -> bool {
        self.window
            .is_some_and(|window| self.confirms.waiting() >= window)
    }

    /// How many messages may go now.
    fn allowed(&self, shared: &Shared) -> u64 {
        let mut allowed = self.limit - self.sent;
        if let Some(window) = self.window {
            allowed = allowed.min(window.saturating_sub(self.confirms.waiting()));
        }
        if shared.is_paced() && allowed > 0 {
            let now = Instant::now();
            let due = |sequence: &u64| shared.intended(self.number, *sequence) <= now;
            let behind = (self.sent..self.sent + allowed)
                .take_while(due)
                .take(BURST)
                .count();
            allowed = u64::try_from(behind).unwrap_or(0);
        }
        allowed
    }

    fn send(&mut self, most: u64, shared: &Shared) -> Result<(), BenchError> {
        let (octets, count) = self.batch.next(self.number, self.sent, most);
        if self.window.is_some() {
            let (first, number) = (self.sent, self.number);
            let now = Instant::now();
            let paced = shared.is_paced();
            self.confirms.sent(count, |n| {
                if paced {
                    shared.intended(number, first + n)
                } else {
                    now
                }
            });
        }
        self.link.write(octets)?;
        self.sent += count;
        shared.sent.fetch_add(count, Ordering::Relaxed);
        Ok(())
    }

    /// Waits for confirms and counts them.
    fn settle(&mut self, shared: &Shared) -> Result<(), BenchError> {
        self.link.fill()?;
        let now = Instant::now();
        let (latency, confirms) = (&mut self.latency, &mut self.confirms);
        let mut each = |sent: Instant| {
            if latency.is_kept() && sent >= shared.counts_from {
                latency.add(now - sent);
            }
        };
        let mut settled = 0;
        while let Some(frame) = self.link.take()? {
            if frame.kind != FRAME_METHOD {
                continue;
            }
            let method = Method::decode(frame.payload)
                .map_err(|error| BenchError::Protocol(error.to_string()))?;
            settled += match method {
                Method::BasicAck(ack) => {
                    confirms.settle(ack.delivery_tag.0, ack.multiple, &mut each)?
                }
                Method::BasicNack(nack) => {
                    let count = confirms.settle(nack.delivery_tag.0, nack.multiple, |_| {})?;
                    confirms.refused += count;
                    count
                }
                _ => 0,
            };
        }
        shared.confirmed.fetch_add(settled, Ordering::Relaxed);
        Ok(())
    }

    fn settle_what_came(&mut self, shared: &Shared) -> Result<(), BenchError> {
        while self.is_readable(Duration::ZERO) {
            self.settle(shared)?;
        }
        Ok(())
    }

    /// Waits until the next message is due, or something came from the broker.
    fn wait_for_turn(&mut self, shared: &Shared) -> Result<(), BenchError> {
        let due = shared.intended(self.number, self.sent);
        let wait = due.saturating_duration_since(Instant::now()).min(LOOK);
        if self.is_readable(wait) {
            self.settle(shared)?;
        }
        Ok(())
    }

    fn is_readable(&self, wait: Duration) -> bool {
        let mut fds = [PollFd::new(self.link.stream(), PollFlags::IN)];
        let wait = Timespec {
            tv_sec: i64::try_from(wait.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: wait.subsec_nanos().into(),
        };
        matches!(poll(&mut fds, Some(&wait)), Ok(ready) if ready > 0)
    }
}

/// Messages that a producer behind its time looks ahead for one write.
const BURST: usize = 10_000;
