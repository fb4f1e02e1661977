//! Which publishes of a producer are confirmed.

use std::collections::VecDeque;
use std::time::Instant;

use super::error::BenchError;

/// The publishes that a confirm is still to come for.
#[derive(Debug, Default)]
pub(super) struct Confirms {
    /// Tag of the first one in `open`.
    first: u64,
    /// When each was sent, or `None` if it has been confirmed before its turn.
    open: VecDeque<Option<Instant>>,
    waiting: u64,
    /// Publishes the broker refused.
    pub(super) refused: u64,
}

impl Confirms {
    /// None yet; the first publish has the tag 1.
    pub(super) fn new() -> Self {
        Self {
            first: 1,
            ..Self::default()
        }
    }

    /// Publishes were sent.
    pub(super) fn sent(&mut self, count: u64, at: impl Fn(u64) -> Instant) {
        self.waiting += count;
        self.open.extend((0..count).map(|n| Some(at(n))));
    }

    /// How many are not confirmed.
    pub(super) fn waiting(&self) -> u64 {
        self.waiting
    }

    /// The broker took care of a publish, or of all up to it; `each` hears when they were sent.
    /// Gives their number.
    ///
    /// # Errors
    /// If a publish is confirmed twice or was never sent.
    pub(super) fn settle(
        &mut self,
        tag: u64,
        multiple: bool,
        mut each: impl FnMut(Instant),
    ) -> Result<u64, BenchError> {
        let wrong =
            || BenchError::Protocol(format!("a confirm of publish {tag}, which waits for none"));
        let at = tag.checked_sub(self.first).ok_or_else(wrong)?;
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        let place = self.open.get_mut(at).ok_or_else(wrong)?;
        let mut count = 0;
        if multiple {
            self.first = tag + 1;
            for sent in self.open.drain(..=at).flatten() {
                each(sent);
                count += 1;
            }
        } else {
            each(place.take().ok_or_else(wrong)?);
            count += 1;
        }
        while let Some(None) = self.open.front() {
            self.open.pop_front();
            self.first += 1;
        }
        self.waiting -= count;
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
