//! What must not be written yet, and everything behind it.

use std::collections::VecDeque;

use crate::store::Position;

/// Places in the output where it is held, in their order.
#[derive(Debug, Default)]
pub(super) struct Holds {
    line: VecDeque<Hold>,
    /// How much of what the connection left for later turns is not done.
    unpaid: u32,
    /// How far the store must be for what was left and is done.
    paid: Position,
    /// The store is durable up to here, as far as we know.
    durable: Position,
}

/// What is put in from octet `from` on waits.
#[derive(Clone, Copy, Debug)]
struct Hold {
    from: u64,
    /// Until the store is durable up to here; `None` while that is not known, because work is not
    /// done.
    until: Option<Position>,
}

impl Holds {
    /// The first octet that may not be written.
    #[inline]
    pub(super) fn from(&self) -> u64 {
        self.line.front().map_or(u64::MAX, |hold| hold.from)
    }

    /// Octets from `from` on wait until the store is durable up to `position`.
    pub(super) fn until(&mut self, from: u64, position: Position) {
        if position > self.durable {
            let until = Some(position);
            self.line.push_back(Hold { from, until });
        }
    }

    /// Octets from `from` on wait until all that is owed is paid.
    pub(super) fn until_paid(&mut self, from: u64) {
        self.line.push_back(Hold { from, until: None });
    }

    /// Work was left that will be paid once.
    pub(super) fn owe(&mut self) {
        self.unpaid += 1;
    }

    /// Whether any work is left.
    pub(super) fn is_owing(&self) -> bool {
        self.unpaid > 0
    }

    /// Work is done; the store has it from `position` on.
    pub(super) fn pay(&mut self, position: Position) {
        self.paid = self.paid.max(position);
        self.unpaid = self.unpaid.saturating_sub(1);
        if self.unpaid == 0 {
            for hold in &mut self.line {
                hold.until.get_or_insert(self.paid);
            }
            self.release(self.durable);
        }
    }

    /// The position that the first place waits for.
    pub(super) fn position(&self) -> Option<Position> {
        self.line.front().and_then(|hold| hold.until)
    }

    /// The store is durable up to `position`: what waited for that is free.
    pub(super) fn release(&mut self, position: Position) {
        self.durable = self.durable.max(position);
        let durable = self.durable;
        let is_free = |hold: &mut Hold| hold.until.is_some_and(|until| until <= durable);
        while self.line.pop_front_if(is_free).is_some() {}
    }
}
