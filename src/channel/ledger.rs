//! What has been delivered on a channel and not settled: delivery tags have their one owner here
//! (invariant I4), and every unacked message lies in exactly one ledger (I2).

use std::collections::VecDeque;

use crate::clock::Mono;
use crate::entry::Entry;
use crate::error::AmqpError;

/// Names a consumer, or the gets from one queue, in [`super::Consumers`].
pub(super) type Source = u32;

/// A delivery that waits for its settlement.
#[derive(Debug)]
pub(super) struct Unacked {
    pub(super) source: Source,
    /// When it was delivered.
    pub(super) delivered: Mono,
    pub(super) entry: Entry,
}

impl Unacked {
    /// Octets that it holds in memory.
    pub(super) fn memory(&self) -> usize {
        size_of::<Self>() + self.entry.message.memory()
    }
}

/// Deliveries by tag.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    last_tag: u64,
    /// Rising tags; `None` where one was settled out of order. Never `None` at the front.
    unacked: VecDeque<(u64, Option<Unacked>)>,
    len: usize,
    /// No acknowledgement is overdue before this; may be too early, never too late.
    first_overdue: Option<Mono>,
}

impl Ledger {
    /// The next delivery tag, from 1; counts what needs no settlement, too.
    pub(super) fn next_tag(&mut self) -> u64 {
        self.last_tag += 1;
        self.last_tag
    }

    /// Keeps a delivery under the tag that was given last. `timeout_ms`: milliseconds after which
    /// its acknowledgement is overdue, if it ever is: always the same for its source.
    pub(super) fn keep(&mut self, unacked: Unacked, timeout_ms: Option<u64>) {
        if let Some(ms) = timeout_ms {
            let overdue = unacked.delivered.plus_ms(ms);
            self.first_overdue = Some(self.first_overdue.map_or(overdue, |at| at.min(overdue)));
        }
        let rises = |(tag, _): &(u64, _)| *tag < self.last_tag;
        assert!(
            self.unacked.back().is_none_or(rises),
            "I4: tag {} was given before",
            self.last_tag
        );
        self.unacked.push_back((self.last_tag, Some(unacked)));
        self.len += 1;
    }

    /// How many deliveries wait.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Octets that all of them hold in memory; takes a step for each.
    pub(super) fn weigh(&self) -> u64 {
        let waiting = self.unacked.iter().filter_map(|(_, slot)| slot.as_ref());
        waiting.map(|unacked| unacked.memory() as u64).sum()
    }

    /// Takes one delivery out.
    ///
    /// # Errors
    /// 406 `unknown delivery tag 9`, closes the channel.
    pub(super) fn take(&mut self, tag: u64) -> Result<Unacked, AmqpError> {
        let index = self.position(tag)?;
        let slot = self
            .unacked
            .get_mut(index)
            .and_then(|(_, slot)| slot.take());
        let unacked = slot.ok_or_else(|| unknown(tag))?;
        self.len -= 1;
        self.trim();
        Ok(unacked)
    }

    /// Takes out every delivery up to and including `tag`, oldest first; all of them for tag 0.
    ///
    /// # Errors
    /// 406 if `tag` itself is not outstanding.
    pub(super) fn take_up_to(
        &mut self,
        tag: u64,
        mut each: impl FnMut(Unacked),
    ) -> Result<(), AmqpError> {
        let end = if tag == 0 {
            self.unacked.len()
        } else {
            self.position(tag)? + 1
        };
        for (_, slot) in self.unacked.drain(..end) {
            if let Some(unacked) = slot {
                self.len -= 1;
                each(unacked);
            }
        }
        self.trim();
        Ok(())
    }

    /// Puts deliveries back under their tags: a transaction that was rolled back.
    pub(super) fn restore(&mut self, deliveries: impl Iterator<Item = (u64, Unacked)>) {
        for (tag, unacked) in deliveries {
            let at = self.unacked.partition_point(|(other, _)| *other < tag);
            match self.unacked.get_mut(at) {
                Some((other, slot)) if *other == tag => {
                    let before = slot.replace(unacked);
                    assert!(before.is_none(), "I4: tag {tag} is outstanding already");
                }
                _ => self.unacked.insert(at, (tag, Some(unacked))),
            }
            self.len += 1;
        }
    }

    /// The outstanding tags up to `tag`, all of them for tag 0.
    pub(super) fn tags_up_to(&self, tag: u64) -> Vec<u64> {
        let wanted = |other: u64| tag == 0 || other <= tag;
        self.unacked
            .iter()
            .take_while(|(other, _)| wanted(*other))
            .filter(|(_, slot)| slot.is_some())
            .map(|(other, _)| *other)
            .collect()
    }

    /// Takes everything out, oldest first.
    pub(super) fn take_all(&mut self) -> impl Iterator<Item = Unacked> + use<> {
        self.len = 0;
        std::mem::take(&mut self.unacked)
            .into_iter()
            .filter_map(|(_, slot)| slot)
    }

    /// Takes everything out as it lies there, under its tags, oldest first.
    pub(super) fn take_whole(&mut self) -> VecDeque<(u64, Option<Unacked>)> {
        self.len = 0;
        std::mem::take(&mut self.unacked)
    }

    /// When to look for overdue acknowledgements: at the earliest or a little before.
    pub(super) fn next_timeout(&self) -> Mono {
        self.first_overdue.unwrap_or(Mono::NEVER)
    }

    /// Sources with an acknowledgement that is overdue at `now`. `timeout_ms` gives what
    /// [`Ledger::keep`] was given for each.
    pub(super) fn overdue(
        &mut self,
        now: Mono,
        timeout_ms: impl Fn(Source) -> Option<u64>,
    ) -> Vec<Source> {
        let waiting = || self.unacked.iter().filter_map(|(_, slot)| slot.as_ref());
        let overdue = |unacked: &Unacked| {
            let ms = timeout_ms(unacked.source)?;
            Some((unacked.delivered.plus_ms(ms), unacked.source))
        };
        let mut sources: Vec<Source> = waiting()
            .filter_map(overdue)
            .filter(|(at, _)| *at <= now)
            .map(|(_, source)| source)
            .collect();
        sources.sort_unstable();
        sources.dedup();
        let later = waiting().filter_map(overdue).map(|(at, _)| at);
        self.first_overdue = later.filter(|at| *at > now).min();
        sources
    }

    /// Deliveries from tag `from` on, oldest first, with what was settled out of order as `None`.
    pub(super) fn tags_from(&self, from: u64) -> impl Iterator<Item = (u64, Option<&Unacked>)> {
        let seen = self.unacked.partition_point(|(tag, _)| *tag < from);
        let rest = self.unacked.range(seen..);
        rest.map(|(tag, slot)| (*tag, slot.as_ref()))
    }

    /// Takes out everything from `sources`, which rise, oldest first.
    pub(super) fn take_from(&mut self, sources: &[Source]) -> VecDeque<(u64, Option<Unacked>)> {
        let mut taken = VecDeque::new();
        let is_theirs = |unacked: &mut Unacked| sources.binary_search(&unacked.source).is_ok();
        for (tag, slot) in &mut self.unacked {
            if let Some(unacked) = slot.take_if(is_theirs) {
                taken.push_back((*tag, Some(unacked)));
            }
        }
        self.len -= taken.len();
        self.trim();
        taken
    }

    #[inline]
    fn position(&self, tag: u64) -> Result<usize, AmqpError> {
        // Tags mostly follow each other without holes, so that the index is the distance.
        let (first, _) = self.unacked.front().ok_or_else(|| unknown(tag))?;
        let guess = usize::try_from(tag.wrapping_sub(*first)).unwrap_or(usize::MAX);
        if self
            .unacked
            .get(guess)
            .is_some_and(|(found, slot)| *found == tag && slot.is_some())
        {
            return Ok(guess);
        }
        self.search(tag)
    }

    #[inline(never)]
    fn search(&self, tag: u64) -> Result<usize, AmqpError> {
        let found = self.unacked.binary_search_by_key(&tag, |(other, _)| *other);
        match found.ok().filter(|at| {
            self.unacked
                .get(*at)
                .is_some_and(|(_, slot)| slot.is_some())
        }) {
            Some(at) => Ok(at),
            None => Err(unknown(tag)),
        }
    }

    fn trim(&mut self) {
        while self
            .unacked
            .pop_front_if(|(_, slot)| slot.is_none())
            .is_some()
        {}
    }
}

fn unknown(tag: u64) -> AmqpError {
    AmqpError::precondition_failed(format!("unknown delivery tag {tag}"))
}

#[cfg(test)]
mod tests;
