//! Which share of the time the consumers of a queue could have taken more messages, lately.
//!
//! A moving average: what is a second old counts half. It moves only when consumers become able to
//! take messages, or are found not to be while messages wait.
//!
//! Docs: consumers (capacity). Seen: RabbitMQ 4.3.6 (the same half-life, and 0 without consumers).

use crate::clock::Mono;

/// Seconds after which a share counts half.
const HALF_LIFE_SECS: f64 = 1.0;

/// See the module.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    /// Whether a consumer can take a message.
    is_able: bool,
    /// Since when.
    since: Mono,
    /// Seconds for which one could before that, if none can now.
    able_secs: f64,
    /// The share until then.
    average: f64,
}

impl Capacity {
    /// Of a new queue.
    pub(super) fn new(now: Mono) -> Self {
        Self {
            is_able: true,
            since: now,
            able_secs: 0.0,
            average: 1.0,
        }
    }

    /// Whether a consumer can take a message from now on.
    #[inline]
    pub(super) fn set(&mut self, now: Mono, is_able: bool) {
        if self.is_able != is_able {
            self.change(now, is_able);
        }
    }

    #[cold]
    fn change(&mut self, now: Mono, is_able: bool) {
        if is_able {
            self.average = self.share(now);
        } else {
            self.able_secs = now.since(self.since).as_secs_f64();
        }
        self.since = now;
        self.is_able = is_able;
    }

    /// The share, 0 to 1.
    pub(super) fn share(&self, now: Mono) -> f64 {
        let elapsed = now.since(self.since).as_secs_f64();
        let (able, unable) = if self.is_able {
            (elapsed, 0.0)
        } else {
            (self.able_secs, elapsed)
        };
        let all = able + unable;
        if all <= 0.0 {
            return self.average;
        }
        let weight = (-all / HALF_LIFE_SECS).exp2();
        able / all * (1.0 - weight) + self.average * weight
    }
}

#[cfg(test)]
mod tests;
