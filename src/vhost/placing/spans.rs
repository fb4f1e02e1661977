//! Which exchanges the messages of a batch were published to, and what that counts there.
//!
//! Most batches are published to one exchange, which is told once for all of them.

use std::ops::Range;
use std::sync::Arc;

use crate::tally::ExchangeTally;

/// Neighbours that clients published to the same exchange, in order.
#[derive(Debug, Default)]
pub(super) struct Spans(Vec<Span>);

/// Messages from number `from` on, until the next span, that were published to `exchange`.
#[derive(Debug)]
struct Span {
    exchange: Arc<ExchangeTally>,
    from: usize,
}

impl Spans {
    /// The message with number `from` and those behind it were published to `exchange`.
    #[inline]
    pub(super) fn go_on_to(&mut self, exchange: &Arc<ExchangeTally>, from: usize) {
        let last = self.0.last();
        if !last.is_some_and(|last| Arc::ptr_eq(&last.exchange, exchange)) {
            self.begin(exchange, from);
        }
    }

    #[inline(never)]
    fn begin(&mut self, exchange: &Arc<ExchangeTally>, from: usize) {
        let exchange = Arc::clone(exchange);
        match self.0.last_mut() {
            // No message was published to the last one.
            Some(last) if last.from == from => last.exchange = exchange,
            _ => self.0.push(Span { exchange, from }),
        }
    }

    /// The exchange that all messages were published to, if it is one.
    #[inline]
    pub(super) fn only(&self) -> Option<&Arc<ExchangeTally>> {
        match &*self.0 {
            [only] => Some(&only.exchange),
            _ => None,
        }
    }

    /// Whether they were published to several exchanges, or to one again after another.
    #[inline]
    pub(super) fn are_several(&self) -> bool {
        self.0.len() > 1
    }

    /// Calls `each` with the exchanges of the messages in `part`, and how many messages in a row
    /// each of them got.
    pub(super) fn within(
        &self,
        part: &Range<usize>,
        mut each: impl FnMut(&Arc<ExchangeTally>, usize),
    ) {
        let behind = self.0.partition_point(|span| span.from <= part.start);
        let spans = self.0.get(behind.saturating_sub(1)..).unwrap_or_default();
        let ends = spans.iter().skip(1).map(|span| span.from);
        let ends = ends.chain(std::iter::once(usize::MAX));
        for (span, end) in spans.iter().zip(ends) {
            let from = span.from.max(part.start);
            if from >= part.end {
                break;
            }
            each(&span.exchange, end.min(part.end) - from);
        }
    }

    /// Calls `each` with every exchange and the number of its messages, in order; `len`: how many
    /// messages there are.
    #[inline]
    pub(super) fn each(&self, len: usize, mut each: impl FnMut(&Arc<ExchangeTally>, usize)) {
        if let [only] = &*self.0 {
            each(&only.exchange, len);
            return;
        }
        let ends = self.0.iter().skip(1).map(|span| span.from);
        let ends = ends.chain(std::iter::once(len));
        for (span, end) in self.0.iter().zip(ends) {
            each(&span.exchange, end - span.from);
        }
    }

    /// Counts `len` messages for their exchanges. Together they are put into queues `pushes` times;
    /// `runs` says of neighbours up to which number they are, and into how many queues each of them
    /// is put.
    #[inline]
    pub(super) fn count(
        &self,
        len: usize,
        pushes: usize,
        runs: impl Iterator<Item = (usize, usize)>,
    ) {
        match &*self.0 {
            [] => {}
            [only] => only.exchange.placed(len as u64, pushes as u64),
            _ => self.count_each(len, runs),
        }
    }

    #[inline(never)]
    fn count_each(&self, len: usize, mut runs: impl Iterator<Item = (usize, usize)>) {
        let mut run = runs.next();
        let mut from = 0;
        self.each(len, |exchange, messages| {
            let (to, mut copies) = (from + messages, 0);
            while let Some((end, queues)) = run {
                let until = end.min(to);
                copies += (until - from) * queues;
                from = until;
                if end > to {
                    break;
                }
                run = runs.next();
            }
            from = to;
            exchange.placed(messages as u64, copies as u64);
        });
    }

    /// For the next batch, which is likely to begin with the exchange that came last.
    #[inline]
    pub(super) fn clear(&mut self) {
        let first = self.0.len().saturating_sub(1);
        if first > 0 {
            self.0.drain(..first);
        }
        if let Some(last) = self.0.last_mut() {
            last.from = 0;
        }
    }
}

#[cfg(test)]
mod tests;
