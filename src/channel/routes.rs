//! Answers of the router that a connection keeps, to be asked again for the same keys.
//!
//! One connection's publishers mostly use few exchanges and few keys. An answer is good as long as
//! topology and rights stay, and the first publish after a change forgets them all. Where keys
//! hardly ever come back, keeping them would only cost, so it pauses then.
//!
//! Bounded by [`KEPT_MAX`] (I11); an idle connection keeps nothing.

use std::collections::HashMap;
use std::sync::Arc;

use leveret_codec::types::ShortBytes;

use crate::desk::publish::Times;
use crate::exchange::NameHash;
use crate::ids::QueueId;
use crate::vhost::{Exchange, Routes, only_queue};

/// Answers that are kept, all of one exchange.
const KEPT_MAX: usize = 1024;
/// Fewer hits than this by the time the cache is full are not worth it.
const HITS_MIN: usize = KEPT_MAX / 4;
/// How many answers are not kept then.
const PAUSE: usize = 64 * KEPT_MAX;

/// See the module.
#[derive(Default)]
pub(super) struct RouteCache {
    /// When the answers were given, and the publisher could write to the exchange.
    times: Times,
    exchange: Option<Arc<Exchange>>,
    by_key: HashMap<Box<[u8]>, Routes, NameHash>,
    /// The answers among them that are one queue and nothing else, so that all keys of a queue
    /// share one.
    by_queue: HashMap<QueueId, Routes, NameHash>,
    hits: usize,
    /// Answers that will not be kept.
    pause: usize,
}

impl RouteCache {
    /// The exchange that answers are kept of, if it is called `name` and nothing has changed since:
    /// the publisher may write to it.
    #[inline]
    pub(super) fn exchange(&self, times: Times, name: ShortBytes<'_>) -> Option<&Arc<Exchange>> {
        let exchange = self.exchange.as_ref()?;
        let known = exchange.spec.name.as_short().as_octets();
        (self.times == times && known == name).then_some(exchange)
    }

    /// Where a message with `key` goes, if that is known.
    #[inline]
    pub(super) fn find(
        &mut self,
        times: Times,
        exchange: &Arc<Exchange>,
        key: &[u8],
    ) -> Option<&Routes> {
        let kept = self.exchange.as_ref()?;
        if self.times != times || !Arc::ptr_eq(kept, exchange) {
            return None;
        }
        let routes = self.by_key.get(key)?;
        self.hits += 1;
        Some(routes)
    }

    /// Keeps an answer; `None` keeps the exchange only.
    pub(super) fn keep(
        &mut self,
        times: Times,
        exchange: &Arc<Exchange>,
        answer: Option<(&[u8], &Routes)>,
    ) {
        let same = |kept: &Arc<Exchange>| self.times == times && Arc::ptr_eq(kept, exchange);
        if !self.exchange.as_ref().is_some_and(same) {
            self.forget();
            self.times = times;
            self.exchange = Some(Arc::clone(exchange));
        }
        let Some((key, routes)) = answer else { return };
        if self.pause > 0 {
            self.pause -= 1;
            return;
        }
        if self.by_key.len() >= KEPT_MAX {
            let is_worth_it = self.hits >= HITS_MIN;
            self.forget();
            if !is_worth_it {
                self.pause = PAUSE;
                return;
            }
        }
        let routes = match only_queue(routes) {
            Some(queue) => self
                .by_queue
                .entry(queue)
                .or_insert_with(|| Arc::clone(routes)),
            None => routes,
        };
        self.by_key.insert(key.into(), Arc::clone(routes));
    }

    fn forget(&mut self) {
        self.by_key.clear();
        self.by_queue.clear();
        self.hits = 0;
    }

    /// Gives its memory back.
    pub(super) fn shrink(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests;
