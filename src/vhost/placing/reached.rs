//! How many messages of a channel came to which queue, by exchange.
//!
//! Counted when a queue gets its part of a batch, once for all of it. As long as a channel is open
//! and knows a queue, it counts there as a publisher. Bounded by [`QUEUES_MAX`] (I11): a channel
//! that publishes to more queues forgets those that it knew first. With [`REACHED_MAX`] pairs of a
//! queue and an exchange no further pair is counted until a queue is forgotten.
//!
//! Docs: RabbitMQ, Prometheus, `channel_queue_exchange_metrics`. Seen: RabbitMQ 4.3.6,
//! `publishers` in `/api/queues` while channels come and go.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use leveret_codec::types::ShortString;

use super::spans::Spans;
use crate::ids::{IdMap, QueueId};
use crate::limits::REACHED_MAX;
use crate::queue::Queue;
use crate::tally::{ExchangeTally, PerExchange};
use crate::vhost::queue_handle::QueueHandle;

/// Queues whose counts a channel keeps.
const QUEUES_MAX: usize = 1024;

/// Who publishes to a queue.
#[derive(Debug)]
pub(in crate::vhost) struct Publishers {
    queue: ShortString,
    /// Channels that are open and have published to it.
    channels: AtomicU64,
    is_deleted: AtomicBool,
}

impl Publishers {
    /// Of `queue`, none yet. Deleting the queue [ends](Self::end) them.
    pub(in crate::vhost) fn of(queue: &QueueHandle) -> Arc<Self> {
        Arc::new(Self {
            queue: queue.name().clone(),
            channels: AtomicU64::new(0),
            is_deleted: AtomicBool::new(false),
        })
    }

    /// How many there are.
    pub(in crate::vhost) fn count(&self) -> u64 {
        self.channels.load(Ordering::Relaxed)
    }

    /// The queue is deleted.
    pub(in crate::vhost) fn end(&self) {
        self.is_deleted.store(true, Ordering::Relaxed);
    }
}

/// What a channel has published to the queues that it knows.
#[derive(Debug, Default)]
pub(super) struct Reached {
    each: Vec<Reach>,
    places: IdMap<QueueId, usize>,
    /// The place of the one that was used last.
    last: usize,
    /// The place of the one that is forgotten next.
    oldest: usize,
    /// Pairs of a queue and an exchange that are counted, up to [`REACHED_MAX`].
    pairs: usize,
}

/// A queue that a channel has published to.
#[derive(Debug)]
struct Reach {
    queue: QueueId,
    publishers: Arc<Publishers>,
    from: PerExchange<u64>,
}

impl Reach {
    fn new(queue: &QueueHandle) -> Self {
        let publishers = queue.publishers();
        publishers.channels.fetch_add(1, Ordering::Relaxed);
        Self {
            queue: queue.id(),
            publishers: Arc::clone(publishers),
            from: PerExchange::default(),
        }
    }
}

impl Drop for Reach {
    fn drop(&mut self) {
        self.publishers.channels.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Reached {
    /// So many messages came to `queue` from `exchange`.
    #[inline]
    fn add(&mut self, queue: &QueueHandle, exchange: &Arc<ExchangeTally>, messages: usize) {
        let is_same = |reach: &Reach| reach.queue == queue.id();
        if !self.each.get(self.last).is_some_and(is_same) {
            self.turn_to(queue);
        }
        if let Some(reach) = self.each.get_mut(self.last) {
            match reach.from.known(exchange) {
                Some(count) => *count += messages as u64,
                None => self.begin(exchange, messages),
            }
        }
    }

    /// Begins to count the pair of the last queue and `exchange`, if there is room.
    #[inline(never)]
    fn begin(&mut self, exchange: &Arc<ExchangeTally>, messages: usize) {
        if self.pairs < REACHED_MAX
            && let Some(reach) = self.each.get_mut(self.last)
        {
            let before = reach.from.exchanges();
            *reach.from.of(exchange) += messages as u64;
            self.pairs += reach.from.exchanges() - before;
        }
    }

    #[inline(never)]
    fn turn_to(&mut self, queue: &QueueHandle) {
        let id = queue.id();
        self.last = self.places.get(&id).copied().unwrap_or_else(|| {
            let place = self.place();
            let reach = Reach::new(queue);
            match self.each.get_mut(place) {
                Some(forgotten) => *forgotten = reach,
                None => self.each.push(reach),
            }
            self.places.insert(id, place);
            place
        });
    }

    /// Where one more is kept; the one that is there is forgotten.
    fn place(&mut self) -> usize {
        if self.each.len() < QUEUES_MAX {
            return self.each.len();
        }
        let place = self.oldest;
        self.oldest = (place + 1) % QUEUES_MAX;
        if let Some(reach) = self.each.get(place) {
            self.places.remove(&reach.queue);
            self.pairs -= reach.from.exchanges();
        }
        place
    }

    /// Queue, exchange and how many messages, of queues that are not deleted.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&ShortString, ShortString, u64)> {
        let is_there = |reach: &&Reach| !reach.publishers.is_deleted.load(Ordering::Relaxed);
        let there = self.each.iter().filter(is_there);
        there.flat_map(|reach| {
            let from = reach.from.messages().into_iter();
            from.map(|(exchange, messages)| (&reach.publishers.queue, exchange, messages))
        })
    }
}

/// Where what a queue gets of a batch is counted.
pub(super) struct Count<'a> {
    pub(super) spans: &'a Spans,
    pub(super) reached: &'a mut Reached,
}

impl Count<'_> {
    /// Whether which messages a queue gets has to be known, and not only how many.
    #[inline]
    pub(super) fn wants_parts(&self) -> bool {
        self.spans.are_several()
    }

    /// The queue has `messages` of the batch; `parts` are those, if they are wanted.
    #[inline(always)]
    pub(super) fn add(
        &mut self,
        handle: &QueueHandle,
        queue: &mut Queue,
        messages: usize,
        parts: &[Range<usize>],
    ) {
        match self.spans.only() {
            Some(exchange) => {
                queue.count_published_to(exchange, messages);
                self.reached.add(handle, exchange, messages);
            }
            None if self.spans.are_several() => self.add_parts(handle, queue, parts),
            None => queue.count_published(messages),
        }
    }

    #[inline(never)]
    fn add_parts(&mut self, handle: &QueueHandle, queue: &mut Queue, parts: &[Range<usize>]) {
        for part in parts {
            self.spans.within(part, |exchange, messages| {
                queue.count_published_to(exchange, messages);
                self.reached.add(handle, exchange, messages);
            });
        }
    }
}

#[cfg(test)]
mod tests;
