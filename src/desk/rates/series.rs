//! What the counters of one subject were, coarser the longer ago.
//!
//! A sample is kept where something changed; in between the last one holds. Those that are too old
//! for a tier go on to the next one, where only the last of each interval stays. Bounded by the
//! tiers (I11).

use std::collections::VecDeque;

use super::{Range, Sample, Window};
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
    /// When the last look was, which found what the last sample says.
    looked: Mono,
    /// The finest one first, each with its oldest sample in front.
    tiers: [VecDeque<Point>; TIERS.len()],
}

impl Series {
    pub(super) fn new(now: Mono) -> Self {
        Self {
            keep: Keep::Rate,
            first: now,
            looked: now,
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

    /// Nothing has changed since the last look.
    pub(super) fn go_on(&mut self, now: Mono) {
        self.looked = now;
    }

    /// The counters of now.
    pub(super) fn push(&mut self, now: Mono, values: &[u64]) {
        let [finest, ..] = &mut self.tiers;
        if finest.is_empty() {
            self.first = now;
        }
        self.looked = now;
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

    /// What the counter with number `place` rises each second.
    pub(super) fn rate(&self, place: usize) -> f64 {
        let over = ms(self.first, self.looked).min(RATE_OVER_MS);
        let from = Mono::from_nanos(self.looked.as_nanos().saturating_sub(over * 1_000_000));
        let ends = self
            .value_at(place, from)
            .zip(self.value_at(place, self.looked));
        ends.map_or(0.0, |(before, last)| per_second(before, last, over))
    }

    /// The samples of the counter with number `place` that `window` asks for.
    pub(super) fn range(&self, now: Now, place: usize, window: Window) -> Range {
        let Window { age_s, incr_s } = window;
        let wall = now.wall.as_millis();
        let newest = wall - wall % (incr_s * 1_000);
        let samples: Vec<Sample> = (0..=age_s / incr_s)
            .map_while(|number| {
                let timestamp = newest.checked_sub(number * incr_s * 1_000)?;
                let nanos = (wall - timestamp) * 1_000_000;
                let at = Mono::from_nanos(now.transport.as_nanos().checked_sub(nanos)?);
                let sample = self.value_at(place, at)?;
                Some(Sample { sample, timestamp })
            })
            .collect();
        let (Some(last), Some(first)) = (samples.first(), samples.last()) else {
            return Range::default();
        };
        let sum: f64 = samples.iter().map(|sample| sample.sample as f64).sum();
        Range {
            avg: sum / samples.len() as f64,
            avg_rate: per_second(first.sample, last.sample, last.timestamp - first.timestamp),
            samples,
        }
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
