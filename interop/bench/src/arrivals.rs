//! What arrived, and whether that is what was sent.
//!
//! A consumer keeps for each producer the lowest sequence that may still come, and a sum over the
//! mixed stamps of everything it got. The sums of a queue's consumers together must equal the sum
//! over what was sent to it: so loss and duplicates are found whichever consumer got what, in
//! constant memory.

use std::sync::Arc;

use super::batch::{STAMP, filled, mix, stamp_of};
use super::plan::Slot;

/// Checks the bodies that one consumer gets.
#[derive(Debug)]
pub(super) struct Checker {
    filler: Arc<[u8]>,
    /// Octets of the current body that were seen.
    seen: usize,
    /// By producer: the lowest sequence that may come next.
    next: Vec<u64>,
    stamp: u64,
    sound: bool,
    /// What was found.
    pub(super) found: Arrived,
}

/// Sums over the messages of a consumer, or of all consumers of a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Whole bodies.
    pub(super) count: u64,
    /// Sum of their mixed stamps.
    pub(super) sum: u64,
    /// Bodies that came after a later one of their producer, or again.
    pub(super) reordered: u64,
    /// Bodies of another size, with other octets, or of no producer of this load.
    pub(super) corrupt: u64,
}

impl Arrived {
    /// Both together.
    pub(super) fn plus(self, other: Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum.wrapping_add(other.sum),
            reordered: self.reordered + other.reordered,
            corrupt: self.corrupt + other.corrupt,
        }
    }
}

impl Checker {
    /// For bodies of `size` octets of so many producers.
    pub(super) fn new(size: usize, producers: u16) -> Self {
        Self {
            filler: filled(size),
            seen: 0,
            next: vec![0; usize::from(producers)],
            stamp: 0,
            sound: true,
            found: Arrived::default(),
        }
    }

    /// The header of a message: a body of so many octets will come. Gives the stamp of the body
    /// if there is none to come.
    #[inline]
    pub(super) fn header(&mut self, size: u64) -> Option<u64> {
        self.seen = 0;
        self.sound = usize::try_from(size) == Ok(self.filler.len());
        if size == 0 { Some(self.finish()) } else { None }
    }

    /// The next octets of the body. Gives its stamp with the last ones.
    #[inline]
    pub(super) fn body(&mut self, octets: &[u8]) -> Option<u64> {
        let from = self.seen;
        self.seen += octets.len();
        let mut rest = octets;
        let mut filler = self.filler.get(from..self.seen).unwrap_or_default();
        if from == 0 {
            if let Some(stamp) = octets.first_chunk() {
                self.stamp = u64::from_be_bytes(*stamp);
            }
            let checked = self.filler.len().min(STAMP).min(octets.len());
            if let Some((head, behind)) = octets.split_at_checked(STAMP) {
                let check = head.last_chunk().map(|check| u64::from_be_bytes(*check));
                self.sound &= check == Some(mix(self.stamp));
                rest = behind;
            } else {
                rest = &[];
            }
            filler = filler.get(checked..).unwrap_or_default();
        }
        self.sound &= rest == filler;
        if self.seen >= self.filler.len() {
            Some(self.finish())
        } else {
            None
        }
    }

    fn finish(&mut self) -> u64 {
        let found = &mut self.found;
        found.count += 1;
        found.corrupt += u64::from(!self.sound);
        if self.filler.len() < 8 {
            return 0;
        }
        let (producer, sequence) = (self.stamp >> 48, self.stamp & 0xFFFF_FFFF_FFFF);
        let next = usize::try_from(producer)
            .ok()
            .and_then(|at| self.next.get_mut(at));
        if let Some(next) = next {
            found.sum = found.sum.wrapping_add(mix(self.stamp));
            found.reordered += u64::from(sequence < *next);
            *next = sequence + 1;
        } else if self.sound {
            found.corrupt += 1;
        }
        self.stamp
    }
}

/// What each queue must have got: count and sum.
pub(super) fn expected(
    lanes: &[Vec<Slot>],
    sent: &[u64],
    size: usize,
    queues: usize,
) -> Vec<Arrived> {
    let mut all = vec![Arrived::default(); queues];
    for (producer, (slots, sent)) in (0u16..).zip(lanes.iter().zip(sent)) {
        for (first, slot) in (0u64..).zip(slots) {
            let step = slots.len();
            let sequences = (first..*sent).step_by(step);
            let mut part = Arrived::default();
            for sequence in sequences {
                part.count += 1;
                if size >= 8 {
                    part.sum = part.sum.wrapping_add(mix(stamp_of(producer, sequence)));
                }
            }
            for queue in &slot.queues {
                if let Some(queue) = all.get_mut(*queue) {
                    *queue = queue.plus(part);
                }
            }
        }
    }
    all
}

/// How many messages the queues get of what was sent.
pub(super) fn copies(lanes: &[Vec<Slot>], sent: &[u64]) -> u64 {
    let of_lane = |(slots, sent): (&Vec<Slot>, &u64)| {
        let step = u64::try_from(slots.len()).unwrap_or(1).max(1);
        let whole = sent / step;
        let of_slot = |(at, slot): (u64, &Slot)| {
            let times = whole + u64::from(at < sent % step);
            times * u64::try_from(slot.queues.len()).unwrap_or(0)
        };
        (0u64..).zip(slots).map(of_slot).sum::<u64>()
    };
    lanes.iter().zip(sent).map(of_lane).sum()
}

/// What is wrong with a queue, in words; empty if nothing is.
pub(super) fn verdict(queue: &str, expected: Arrived, found: Arrived) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut say = |number: u64, what: &str| {
        if number > 0 {
            wrong.push(format!("{queue}: {number} {what}"));
        }
    };
    say(expected.count.saturating_sub(found.count), "messages lost");
    say(
        found.count.saturating_sub(expected.count),
        "messages too many",
    );
    let other = expected.count == found.count && expected.sum != found.sum;
    say(
        u64::from(other),
        "or more messages lost and as many too many",
    );
    say(found.reordered, "messages out of order or twice");
    say(found.corrupt, "bodies corrupt");
    wrong
}

#[cfg(test)]
mod tests;
