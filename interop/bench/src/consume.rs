//! One connection that consumes: checks every body, and acks as the load says.

use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use leveret_codec::encode::encode_method;
use leveret_codec::frame::{FRAME_BODY, FRAME_HEADER, FRAME_METHOD};
use leveret_codec::methods::BasicAck;
use leveret_codec::properties::ContentHeader;
use leveret_codec::types::DeliveryTag;

use super::arrivals::{Arrived, Checker};
use super::error::BenchError;
use super::options::Load;
use super::plan;
use super::shared::{Latency, Shared};
use super::uri::Target;
use super::wire::{CHANNEL, Link};

/// Class and method of `basic.cancel`.
const CANCEL: [u8; 4] = [0, 60, 0, 30];

/// How often a consumer that takes its time looks whether the load is over.
const LOOK: Duration = Duration::from_millis(20);

/// A consumer that is ready to start.
pub(super) struct Consumer {
    pub(super) link: Link,
    queue: usize,
    name: String,
    ack_every: Option<u64>,
    /// Time that each message is to take.
    pause: Option<Duration>,
    checker: Checker,
    latency: Latency,
    acks: Vec<u8>,
    tag: u64,
    redelivered: u64,
}

/// What a consumer got.
#[derive(Debug)]
pub(super) struct Consumed {
    /// The number of its queue.
    pub(super) queue: usize,
    /// Count, sum, and what was wrong.
    pub(super) found: Arrived,
    /// Deliveries marked as such.
    pub(super) redelivered: u64,
    /// Times from the intended sending.
    pub(super) latency: Latency,
    /// When the last message came.
    pub(super) last: Option<Instant>,
}

impl Consumer {
    /// Connects a consumer of queue number `queue`.
    pub(super) fn open(
        target: &Target,
        load: &Load,
        queue: usize,
        name: &str,
    ) -> Result<Self, BenchError> {
        let mut link = Link::open(target)?;
        if load.ack_every.is_some() {
            plan::prefetch(&mut link, load.prefetch)?;
        }
        link.widen()?;
        let all = f64::from(load.consumers);
        let pause = |rate| Duration::from_secs_f64(all / super::usage::float(rate));
        Ok(Self {
            link,
            queue,
            name: name.to_owned(),
            ack_every: load.ack_every.map(u64::from),
            pause: load.consumer_rate.map(pause),
            checker: Checker::new(load.size, load.producers),
            latency: Latency::new(load.latency && load.rate.is_some()),
            acks: Vec::new(),
            tag: 0,
            redelivered: 0,
        })
    }

    /// Starts consuming. Deliveries may come from now on.
    pub(super) fn subscribe(&mut self) -> Result<(), BenchError> {
        plan::consume(&mut self.link, &self.name, self.ack_every.is_none())
    }

    /// Consumes until the load is over.
    pub(super) fn run(mut self, shared: &Shared) -> Result<Consumed, BenchError> {
        let mut last = None;
        loop {
            let got = self.take_all(shared)?;
            if got > 0 {
                last = Some(Instant::now());
                shared.received.fetch_add(got, Ordering::Relaxed);
            }
            self.rest(got, shared);
            match self.answer().and_then(|()| self.link.fill()) {
                Err(_) if shared.is_over() => break,
                result => result?,
            }
        }
        Ok(Consumed {
            queue: self.queue,
            found: self.checker.found,
            redelivered: self.redelivered,
            latency: self.latency,
            last,
        })
    }

    /// Takes what has been read; gives the number of whole messages in it.
    fn take_all(&mut self, shared: &Shared) -> Result<u64, BenchError> {
        let now = self.latency.is_kept().then(Instant::now);
        let mut got = 0;
        while let Some(frame) = self.link.take()? {
            let stamp = match frame.kind {
                FRAME_BODY => self.checker.body(frame.payload),
                FRAME_HEADER => {
                    let header = ContentHeader::decode(frame.payload)
                        .map_err(|error| BenchError::Protocol(error.to_string()))?;
                    self.checker.header(header.body_size)
                }
                FRAME_METHOD => {
                    if let Some((tag, redelivered)) = delivery(frame.payload) {
                        self.tag = tag;
                        self.redelivered += u64::from(redelivered);
                    } else if frame.payload.starts_with(&CANCEL) {
                        return Err(cancelled(&self.name));
                    }
                    None
                }
                _ => None,
            };
            let Some(stamp) = stamp else {
                continue;
            };
            got += 1;
            if let Some(every) = self.ack_every
                && self.tag.is_multiple_of(every)
            {
                let ack = BasicAck {
                    delivery_tag: DeliveryTag(self.tag),
                    multiple: every > 1,
                };
                encode_method(&mut self.acks, CHANNEL, &ack.into());
            }
            if let Some(now) = now {
                record(&mut self.latency, shared, stamp, now);
            }
        }
        Ok(got)
    }

    /// Takes the time that `got` messages are to take, unless the load is over before.
    fn rest(&self, got: u64, shared: &Shared) {
        let Some(pause) = self.pause else {
            return;
        };
        let until = Instant::now() + pause * u32::try_from(got).unwrap_or(u32::MAX);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || shared.is_over() {
                return;
            }
            thread::sleep(left.min(LOOK));
        }
    }

    /// Acks what is due.
    fn answer(&mut self) -> Result<(), BenchError> {
        if !self.acks.is_empty() {
            self.link.write(&self.acks)?;
            self.acks.clear();
        }
        Ok(())
    }
}

/// Adds the time since a message was to be sent.
fn record(latency: &mut Latency, shared: &Shared, stamp: u64, now: Instant) {
    let producer = u16::try_from(stamp >> 48).unwrap_or_default();
    let intended = shared.intended(producer, stamp & 0xFFFF_FFFF_FFFF);
    if intended >= shared.counts_from {
        latency.add(now.saturating_duration_since(intended));
    }
}

/// Nothing comes any more, and a load without deliveries must not pass for a slow one.
fn cancelled(queue: &str) -> BenchError {
    BenchError::Protocol(format!(
        "basic.cancel: queue '{queue}' is gone; does another load run on this broker?"
    ))
}

/// Tag and mark of a `basic.deliver`; `None` of any other method. Looks only at these: the full
/// decoder would check texts that are of no use here.
#[inline]
pub(super) fn delivery(payload: &[u8]) -> Option<(u64, bool)> {
    let behind = payload.strip_prefix(&[0, 60, 0, 60])?;
    let (length, behind) = behind.split_first()?;
    let (_, behind) = behind.split_at_checked(usize::from(*length))?;
    let (tag, behind) = behind.split_first_chunk()?;
    let redelivered = behind.first()? & 1 == 1;
    Some((u64::from_be_bytes(*tag), redelivered))
}

#[cfg(test)]
mod tests;
