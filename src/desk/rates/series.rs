//! What the counters of one subject were, coarser the longer ago.
//!
//! A sample is kept where something changed; in between the last one holds. Those that are too old
//! for a tier go on to the next one, where only the last of each interval stays. Bounded by the
//! tiers (I11).

use std::collections::VecDeque;

use super::{Ago, Range, Window};
use crate::clock::{Mono, Now};

/// Distance of samples and how long they stay, in milliseconds: RabbitMQ's retention policies, and
/// the last minute second by second.
const TIERS: [(u64, u64); 5] = [
    (1_000, 65_000),
    (5_000, 605_000),
    (60_000, 3_660_000),
    (600_000, 29_400_000),
    (1_800_000, 88_200_000),
];

/// Milliseconds that a rate is taken over.
const RATE_OVER_MS: u64 = 5_000;

/// How much of the past is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// As much as a rate needs.
    Rate,
    /// All tiers.
    History,
}

#[derive(Debug)]
struct Point {
    at: Mono,
    values: Box<[u64]>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Series {
    keep: Keep,
    /// When the first sample was taken.
    first: Mono,
    /// When the last one was.
    last: Mono,
    /// The finest one first, each with its oldest sample in front.
    tiers: [VecDeque<Point>; TIERS.len()],
}

impl Series {
    pub(super) fn new(now: Mono) -> Self {
        Self {
            keep: Keep::Rate,
            first: now,
            last: now,
            tiers: Default::default(),
        }
    }

    /// Keeps the past from now on.
    pub(super) fn keep(&mut self, keep: Keep) {
        self.keep = keep;
    }

    pub(super) fn keeps(&self) -> Keep {
        self.keep
    }

    /// What is counted from now on is another thing's.
    pub(super) fn begin_anew(&mut self) {
        self.tiers = Default::default();
    }

    /// The counters of now; an answer that comes later than one that was asked for later is
    /// dropped.
    pub(super) fn push(&mut self, now: Mono, values: &[u64]) {
        if now < self.last {
            return;
        }
        let [finest, ..] = &mut self.tiers;
        if finest.is_empty() {
            self.first = now;
        }
        self.last = now;
        if finest.back().is_none_or(|last| *last.values != *values) {
            finest.push_back(Point {
                at: now,
                values: values.into(),
            });
        }
        match self.keep {
            Keep::Rate => self.forget(now),
            Keep::History => self.age(now),
        }
    }

    /// The last sample.
    pub(super) fn last(&self) -> Option<&[u64]> {
        let [finest, ..] = &self.tiers;
        finest.back().map(|point| &*point.values)
    }

    /// Drops what no rate needs: the last sample before its time stays.
    fn forget(&mut self, now: Mono) {
        let [finest, ..] = &mut self.tiers;
        while finest
            .get(1)
            .is_some_and(|next| ms(next.at, now) >= RATE_OVER_MS)
        {
            finest.pop_front();
        }
    }

    /// Hands down what is too old. The last sample of all stays where it is.
    fn age(&mut self, now: Mono) {
        for tier in 0..TIERS.len() {
            while let Some(old) = self.pop_old(tier, now) {
                self.take_over(tier + 1, old);
            }
        }
    }

    fn pop_old(&mut self, tier: usize, now: Mono) -> Option<Point> {
        let (_, span) = TIERS.get(tier)?;
        let points = self.tiers.get_mut(tier)?;
        let has_more = tier > 0 || points.len() > 1;
        points.pop_front_if(|point| has_more && ms(point.at, now) > *span)
    }

    /// Of each interval of the tier the last sample stays.
    fn take_over(&mut self, tier: usize, point: Point) {
        let (Some((step, _)), Some(points)) = (TIERS.get(tier), self.tiers.get_mut(tier)) else {
            return;
        };
        let interval = |at: Mono| at.as_millis() / step;
        match points.back_mut() {
            Some(last) if interval(last.at) == interval(point.at) => *last = point,
            _ => points.push_back(point),
        }
    }

    /// The value of the counter with number `place` at the moment `at`; `None` before the oldest
    /// sample that is kept.
    fn value_at(&self, place: usize, at: Mono) -> Option<u64> {
        for tier in &self.tiers {
            let behind = tier.partition_point(|point| point.at <= at);
            if let Some(point) = behind.checked_sub(1).and_then(|last| tier.get(last)) {
                return point.values.get(place).copied();
            }
        }
        None
    }

    /// What the counter with number `place` rises each second. `looked`: when the last look was,
    /// which found what the last sample says.
    pub(super) fn rate(&self, place: usize, looked: Mono) -> f64 {
        let looked = looked.max(self.last);
        let over = ms(self.first, looked).min(RATE_OVER_MS);
        let ends = self
            .value_at(place, looked.minus_ms(over))
            .zip(self.value_at(place, looked));
        ends.map_or(0.0, |(before, last)| per_second(before, last, over))
    }

    /// What it was when it was first looked at, as far as that is kept.
    fn oldest(&self, place: usize) -> Option<u64> {
        let mut tiers = self.tiers.iter().rev();
        let oldest = tiers.find_map(VecDeque::front)?;
        oldest.values.get(place).copied()
    }

    /// The samples of the counter with number `place` that `window` asks for; `value`: what it is
    /// now.
    pub(super) fn range(&self, now: Now, place: usize, window: Window, value: u64) -> Range {
        let first = self.oldest(place).unwrap_or(value);
        let sample_at = |ago: Ago| match ago {
            Ago::Ms(0) => value,
            Ago::Ms(ms) => {
                let known = self.value_at(place, now.mono.minus_ms(ms));
                known.unwrap_or(first)
            }
            Ago::BeforeStart => 0,
        };
        Range::sampled(now, window, sample_at)
    }
}

/// Milliseconds from `from` to `to`.
fn ms(from: Mono, to: Mono) -> u64 {
    to.as_millis().saturating_sub(from.as_millis())
}

/// What leads from `before` to `last` in so many milliseconds, each second; 0 for no time.
pub(super) fn per_second(before: u64, last: u64, over_ms: u64) -> f64 {
    if over_ms == 0 {
        return 0.0;
    }
    (last as f64 - before as f64) * 1_000.0 / over_ms as f64
}

#[cfg(test)]
mod tests;
