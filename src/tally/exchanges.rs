//! What was published to exchanges: by all clients, and as one owner counts it.

use std::collections::BTreeMap;
use std::sync::Arc;

use leveret_codec::types::ShortString;
use serde::Serialize;

use super::Count;

/// What was published to one exchange since it was declared, by all clients. Placing
/// messages counts here, a batch at a time.
#[derive(Debug)]
pub struct ExchangeTally {
    /// The exchange's name.
    pub name: ShortString,
    published_in: Count,
    published_out: Count,
    confirmed: Count,
    returned_unroutable: Count,
    dropped_unroutable: Count,
}

impl ExchangeTally {
    /// Of an exchange that has just been declared.
    #[must_use]
    pub fn new(name: ShortString) -> Self {
        Self {
            name,
            published_in: Count::default(),
            published_out: Count::default(),
            confirmed: Count::default(),
            returned_unroutable: Count::default(),
            dropped_unroutable: Count::default(),
        }
    }

    /// `messages` were published to it, and `copies` of them handed to queues.
    #[inline]
    pub fn placed(&self, messages: u64, copies: u64) {
        self.published_in.add(messages);
        self.published_out.add(copies);
    }

    /// So many messages that were published to it are confirmed.
    pub fn confirmed(&self, messages: u64) {
        self.confirmed.add(messages);
    }

    /// A message had no queue; it was `returned` to its publisher, or dropped.
    pub fn unroutable(&self, returned: bool) {
        match returned {
            true => self.returned_unroutable.add(1),
            false => self.dropped_unroutable.add(1),
        }
    }

    /// The numbers of now.
    #[must_use]
    pub fn totals(&self) -> ExchangeTotals {
        ExchangeTotals {
            published_in: self.published_in.get(),
            published_out: self.published_out.get(),
            confirmed: self.confirmed.get(),
            returned_unroutable: self.returned_unroutable.get(),
            dropped_unroutable: self.dropped_unroutable.get(),
        }
    }
}

/// Exchanges of which [`PerExchange`] keeps the counts; with more, the one that came first goes.
pub(crate) const EXCHANGES_MAX: usize = 64;

/// Counts of one owner by the exchange that messages were published to, raised a batch at a time.
#[derive(Debug)]
pub struct PerExchange<C> {
    each: Vec<(Arc<ExchangeTally>, C)>,
    /// The place of the one that was used last.
    last: usize,
}

impl<C> Default for PerExchange<C> {
    fn default() -> Self {
        Self {
            each: Vec::new(),
            last: 0,
        }
    }
}

impl<C: Default> PerExchange<C> {
    /// What is counted of `exchange`.
    #[inline]
    pub fn of(&mut self, exchange: &Arc<ExchangeTally>) -> &mut C {
        let is_same = |(known, _): &(Arc<ExchangeTally>, C)| Arc::ptr_eq(known, exchange);
        if !self.each.get(self.last).is_some_and(is_same) {
            self.turn_to(exchange);
        }
        let (_, counts) = self
            .each
            .get_mut(self.last)
            .expect("the place was found or made above");
        counts
    }

    /// What is counted of `exchange`, if something is.
    #[inline]
    pub fn known(&mut self, exchange: &Arc<ExchangeTally>) -> Option<&mut C> {
        let is_same = |(known, _): &(Arc<ExchangeTally>, C)| Arc::ptr_eq(known, exchange);
        if !self.each.get(self.last).is_some_and(is_same) {
            self.last = self.place_of(exchange)?;
        }
        self.each.get_mut(self.last).map(|(_, counts)| counts)
    }

    /// Of how many exchanges something is counted.
    #[must_use]
    pub fn exchanges(&self) -> usize {
        self.each.len()
    }

    #[inline(never)]
    fn place_of(&self, exchange: &Arc<ExchangeTally>) -> Option<usize> {
        let mut each = self.each.iter();
        each.position(|(known, _)| Arc::ptr_eq(known, exchange))
    }

    #[inline(never)]
    fn turn_to(&mut self, exchange: &Arc<ExchangeTally>) {
        let known = self.place_of(exchange);
        self.last = known.unwrap_or_else(|| self.add(exchange));
    }

    fn add(&mut self, exchange: &Arc<ExchangeTally>) -> usize {
        if self.each.len() >= EXCHANGES_MAX {
            self.each.remove(0);
        }
        self.each.push((Arc::clone(exchange), C::default()));
        self.each.len() - 1
    }

    /// What is counted, with names of exchanges. One that was deleted and declared again is there
    /// twice.
    pub fn each(&self) -> impl Iterator<Item = (&ShortString, &C)> {
        let each = self.each.iter();
        each.map(|(exchange, counts)| (&exchange.name, counts))
    }
}

impl PerExchange<u64> {
    /// Messages by the name of their exchange; one that was deleted and declared again counts on.
    #[must_use]
    pub fn messages(&self) -> BTreeMap<ShortString, u64> {
        let mut shown = BTreeMap::new();
        for (exchange, messages) in self.each() {
            *shown.entry(exchange.clone()).or_default() += messages;
        }
        shown
    }
}

/// What was published to an exchange since it was declared: messages. What reaches it by a binding
/// of another exchange, by a dead letter or by a delay that is over counts at no exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ExchangeTotals {
    /// Published to it by clients.
    pub published_in: u64,
    /// Copies of those that were handed to queues.
    pub published_out: u64,
    /// Of those published to it, confirmed with basic.ack.
    pub confirmed: u64,
    /// Of those published to it, without a queue, returned to the client.
    pub returned_unroutable: u64,
    /// Of those published to it, without a queue, dropped.
    pub dropped_unroutable: u64,
}
