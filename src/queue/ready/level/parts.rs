//! Messages of a level that are looked for by their positions, and looked at or taken where they
//! lie.

use super::{Level, Rest};
use crate::entry::Entry;
use crate::queue::bodies::Bodies;
use crate::queue::ready::chunk::{Chunk, Loaded, Lost};
use crate::queue::ready::mass::Mass;
use crate::queue::spilled::Moved;

/// A part of a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::queue::ready) enum Part {
    Head,
    /// By its place among the chunks.
    Chunk(usize),
    Tail,
}

/// Messages that were taken from where they lay.
#[derive(Debug, Default)]
pub(in crate::queue::ready) struct Taken {
    /// In the order of the level.
    pub(in crate::queue::ready) entries: Vec<Entry>,
    /// What came into memory by it.
    pub(in crate::queue::ready) gained: Moved,
}

impl Level {
    /// The parts in which messages at `positions`, which rise, can lie, where messages lie in the
    /// order of their positions.
    pub(in crate::queue::ready) fn parts_of(&self, positions: &[u64]) -> Vec<Part> {
        let (Some(first), Some(last)) = (positions.first(), positions.last()) else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        if self
            .head
            .back()
            .is_some_and(|entry| *first <= entry.position)
        {
            parts.push(Part::Head);
        }
        let Some(rest) = &self.rest else { return parts };
        for position in positions {
            let begun = rest
                .chunks
                .partition_point(|chunk| chunk.first() <= *position);
            if let Some(place) = begun.checked_sub(1)
                && parts.last() != Some(&Part::Chunk(place))
            {
                parts.push(Part::Chunk(place));
            }
        }
        if rest
            .tail
            .first()
            .is_some_and(|entry| entry.position <= *last)
        {
            parts.push(Part::Tail);
        }
        parts
    }

    /// The parts with the last ones, some `most`, of the first `len` messages, and how many
    /// messages lie in front of these parts.
    pub(in crate::queue::ready) fn parts_before(
        &self,
        len: usize,
        most: usize,
    ) -> (Vec<Part>, usize) {
        let rest = self.rest.as_deref();
        let chunks = rest
            .into_iter()
            .flat_map(|rest| rest.chunks.iter().map(Chunk::len));
        let chunks = chunks
            .enumerate()
            .map(|(place, len)| (Part::Chunk(place), len));
        let tail = rest.map(|rest| (Part::Tail, rest.tail.len()));
        let all = [(Part::Head, self.head.len())]
            .into_iter()
            .chain(chunks)
            .chain(tail);
        let (from, mut start, mut left) = (len.saturating_sub(most), 0, 0);
        let mut parts = Vec::new();
        for (part, part_len) in all {
            let end = start + part_len;
            if start < len && end > from {
                if parts.is_empty() {
                    left = start;
                }
                parts.push(part);
            }
            start = end;
        }
        (parts, left)
    }

    /// Shows the messages at `positions`, which rise, that lie in these parts.
    pub(in crate::queue::ready) fn visit_parts(
        &self,
        parts: &[Part],
        positions: &[u64],
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(&Entry),
    ) {
        let mut each = |entry: &Entry| {
            if is_among(entry.position, positions) {
                each(entry);
            }
            true
        };
        for part in parts {
            match (part, self.rest.as_deref()) {
                (Part::Head, _) => drop(self.head.iter().all(&mut each)),
                (Part::Tail, Some(rest)) => drop(rest.tail.iter().all(&mut each)),
                (Part::Chunk(place), Some(rest)) => {
                    let chunk = rest.chunks.get(*place);
                    if let Some(chunk) = chunk.filter(|chunk| chunk.has_any(positions)) {
                        chunk.visit(bodies, &mut each);
                    }
                }
                (_, None) => {}
            }
        }
    }

    /// Takes the messages at `positions`, which rise, out of these parts, which are in order.
    pub(in crate::queue::ready) fn take_parts(
        &mut self,
        parts: &[Part],
        positions: &[u64],
        bodies: Option<&dyn Bodies>,
        lost: &mut Lost,
    ) -> Taken {
        let mut gained = Moved::default();
        let mut taken = Vec::new();
        // From the back, so that the places of chunks in front stay what they are.
        for part in parts.iter().rev() {
            let of_part = match (part, &mut self.rest) {
                (Part::Head, _) => self.take_of_head(positions),
                (Part::Tail, Some(rest)) => rest.take_of_tail(positions),
                (Part::Chunk(place), Some(rest)) => {
                    let (entries, moved) = rest.take_of_chunk(*place, positions, bodies, lost);
                    gained.add(moved);
                    entries
                }
                (_, None) => continue,
            };
            taken.push(of_part);
        }
        if self.rest.as_ref().is_some_and(|rest| rest.is_empty()) {
            self.rest = None;
        }
        if self.is_drained() {
            gained.add(self.refill(bodies, lost));
        }
        let entries = taken.into_iter().rev().flatten().collect();
        Taken { entries, gained }
    }

    fn take_of_head(&mut self, positions: &[u64]) -> Vec<Entry> {
        let is_wanted = |entry: &Entry| is_among(entry.position, positions);
        if !self.head.iter().any(is_wanted) {
            return Vec::new();
        }
        let mut taken = Vec::new();
        for _ in 0..self.head.len() {
            match self.head.pop_front() {
                Some(entry) if is_wanted(&entry) => taken.push(entry),
                other => self.head.extend(other),
            }
        }
        taken
    }
}

impl Rest {
    fn take_of_tail(&mut self, positions: &[u64]) -> Vec<Entry> {
        let is_wanted = |entry: &mut Entry| is_among(entry.position, positions);
        let taken: Vec<Entry> = self.tail.extract_if(.., is_wanted).collect();
        if !taken.is_empty() {
            self.tail_mass = Mass::default();
            for entry in &self.tail {
                self.tail_mass.add(Mass::of(entry));
            }
        }
        taken
    }

    /// The rest of the chunk stays in memory, until memory is short.
    fn take_of_chunk(
        &mut self,
        place: usize,
        positions: &[u64],
        bodies: Option<&dyn Bodies>,
        lost: &mut Lost,
    ) -> (Vec<Entry>, Moved) {
        let has_any = |chunk: &Chunk| chunk.has_any(positions);
        if !self.chunks.get(place).is_some_and(has_any) {
            return Default::default();
        }
        let Some(chunk) = self.take_chunk(place) else {
            return Default::default();
        };
        let Loaded {
            mut entries,
            gained,
            lost: missing,
        } = chunk.load(bodies);
        lost.add(missing);
        let is_wanted = |entry: &mut Entry| is_among(entry.position, positions);
        let taken = entries.extract_if(.., is_wanted).collect();
        self.put_chunks(place, entries);
        (taken, gained)
    }
}

fn is_among(position: u64, positions: &[u64]) -> bool {
    positions.binary_search(&position).is_ok()
}
