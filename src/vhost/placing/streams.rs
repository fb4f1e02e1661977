//! Streams that are published to: they are locked from before a message is stored until it is
//! in them, so that the order in the store is that of the offsets.
//!
//! Several streams are locked in the order of their numbers, and nothing else is locked meanwhile
//! but the store's own short lock. What follows from the publishing is done without any of them.

use std::ops::Range;
use std::sync::Arc;

use super::publish::Publishes;
use super::reached::Count;
use crate::clock::Now;
use crate::ids::QueueId;
use crate::kind::QueueKind;
use crate::queue::{Arrival, Effects};
use crate::vhost::queue_handle::QueueHandle;
use crate::vhost::routing::Target;
use crate::vhost::shared_queue::LockedQueue;

/// The streams that messages go to, each once, in the order of their locks.
pub(in crate::vhost) fn streams_of(publishes: &Publishes) -> Vec<Arc<QueueHandle>> {
    // Most batches go to none.
    let mut routes = publishes.routes();
    if !routes.any(|routes| routes.iter().any(|target| stream(target).is_some())) {
        return Vec::new();
    }
    let targets = publishes.routes().flat_map(|routes| routes.iter());
    let streams = targets.filter_map(stream).map(Arc::clone);
    let mut streams: Vec<Arc<QueueHandle>> = streams.collect();
    streams.sort_unstable_by_key(|stream| stream.id());
    streams.dedup();
    streams
}

/// Whether `queue` is one of `streams`, which are in the order of their locks.
#[inline]
pub(super) fn is_among(streams: &[Arc<QueueHandle>], queue: &QueueHandle) -> bool {
    let place = streams.binary_search_by_key(&queue.id(), |stream| stream.id());
    place.is_ok()
}

#[inline]
fn stream(target: &Target) -> Option<&Arc<QueueHandle>> {
    match target {
        Target::Queue(queue) if queue.declared().kind == QueueKind::Stream => Some(queue),
        _ => None,
    }
}

/// A locked stream.
pub(in crate::vhost) struct LockedStream<'a> {
    handle: &'a QueueHandle,
    queue: LockedQueue<'a>,
    effects: Effects,
    /// Messages that have their sequence.
    numbered: u64,
    /// Which of the batch these are.
    came: Vec<Range<usize>>,
}

impl<'a> LockedStream<'a> {
    pub(in crate::vhost) fn new(handle: &'a QueueHandle) -> Self {
        let (queue, effects) = handle.lock();
        Self {
            handle,
            queue,
            effects,
            numbered: 0,
            came: Vec::new(),
        }
    }

    /// What is to be stored with the `number`-th message of the batch, which goes to this stream.
    fn next_sequence(&mut self, number: usize) -> u64 {
        match self.came.last_mut() {
            Some(last) if last.end == number => last.end += 1,
            _ => self.came.push(number..number + 1),
        }
        let sequence = self.queue.sequence(self.numbered);
        self.numbered += 1;
        sequence
    }

    /// Appends what goes to this stream, as one batch.
    fn push_all(&mut self, now: Now, publishes: &Publishes, counted: &mut Count<'_>) {
        let came = std::mem::take(&mut self.came);
        let mut count = 0;
        for (message, at) in came.iter().flat_map(|part| publishes.some(part)) {
            count += 1;
            // Never refused.
            let arrival = Arrival::default();
            self.queue
                .push(now, message.clone(), at, arrival, &mut self.effects);
        }
        if publishes.source.is_published() {
            counted.add(self.handle, &mut self.queue, count, &came);
        }
        if self.effects.is_listening() {
            publishes.source.name(&came, &mut self.effects);
        }
        self.queue.dispatch(now, &mut self.effects);
        self.handle.number(&mut self.effects);
    }
}

/// What is to be stored with the `number`-th message of the batch, the next that goes to `queue`,
/// if that is a stream.
pub(in crate::vhost) fn next_sequence(
    locked: &mut [LockedStream<'_>],
    queue: QueueId,
    number: usize,
) -> Option<u64> {
    let place = locked.binary_search_by_key(&queue, |locked| locked.handle.id());
    let stream = locked.get_mut(place.ok()?)?;
    Some(stream.next_sequence(number))
}

/// Appends messages, which are stored by now, to the streams and lets go of them.
///
/// # Panics
/// If they are not in the order of their numbers, in which they are locked and searched (I12).
pub(in crate::vhost) fn push_all(
    now: Now,
    mut locked: Vec<LockedStream<'_>>,
    publishes: &Publishes,
    mut counted: Count<'_>,
) {
    let in_order = locked.is_sorted_by(|one, other| one.handle.id() < other.handle.id());
    assert!(
        in_order,
        "I12: streams are not taken in the order of their numbers"
    );
    for stream in &mut locked {
        stream.push_all(now, publishes, &mut counted);
    }
    let done: Vec<(&QueueHandle, Effects)> = locked
        .into_iter()
        .map(|locked| (locked.handle, locked.effects))
        .collect();
    for (handle, effects) in done {
        handle.absorb(now, effects);
    }
}

#[cfg(test)]
mod tests;
