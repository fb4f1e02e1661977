//! Messages of one priority, first in first out: a head that leaves next, chunks, a tail that
//! grows.
//!
//! A short queue is all head. Behind a head of [`HEAD_LEN`] begins a tail; a full tail becomes a
//! [`Chunk`]. Chunks leave memory from the back, because what came last is needed last, and come
//! back one at a time when the head is used up. The head is empty only if the level is.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use super::chunk::{Chunk, Loaded, Lost};
use super::piece::Piece;
use super::runs::{cut, merge};
use super::{ENTRY_WEIGHT, Mass, weight};
use crate::entry::{Entry, Facts};
use crate::queue::Sum;
use crate::queue::bodies::Bodies;
use crate::queue::spilled::{Moved, Refused};

mod browse;
mod parts;

/// Messages in a head before a tail begins; twice as many are cut.
const HEAD_LEN: usize = 512;
/// Messages in a chunk.
pub(super) const CHUNK_LEN: usize = 512;
/// Messages that are read when a level is restored.
const FRONT_LEN: usize = 16;
/// Octets in a chunk, unless a single message has more: what is written or read at once.
pub(super) const CHUNK_WEIGHT: u64 = 1024 * 1024;
/// Messages in the smallest chunk that is made when memory is short.
const CHUNK_LEN_MIN: usize = 32;
/// Octets in such a chunk, if its messages are fewer.
const CHUNK_WEIGHT_MIN: u64 = 64 * 1024;
/// Chunks that are looked at for one that can leave memory.
const CHUNKS_TRIED: usize = 64;
/// Room for this many messages is kept by an empty level; more is given back.
const KEPT_CAPACITY: usize = 1024;

/// See the module.
#[derive(Debug, Default)]
pub(in crate::queue) struct Level {
    head: VecDeque<Entry>,
    rest: Option<Box<Rest>>,
}

/// What is behind the head. Never empty.
#[derive(Debug, Default)]
struct Rest {
    chunks: VecDeque<Chunk>,
    /// Which of the chunks are in memory, by their first position.
    resident: BTreeSet<u64>,
    /// What is in the others.
    paged_out: Sum,
    /// Chunks may lie in another order than their first positions: those of what came back to a
    /// quorum queue, in the order of return.
    is_mixed: bool,
    /// Messages in chunks.
    len: usize,
    tail: Vec<Entry>,
    /// What the tail adds up to.
    tail_mass: Mass,
}

/// How much is to leave memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PageOut {
    /// At least so many octets, as far as it pays.
    Octets(u64),
    /// All but the message that leaves next.
    Everything,
}

/// Where a message belongs that comes back behind the head.
#[derive(Clone, Copy)]
enum Place {
    Chunk(usize),
    Tail,
}

impl Level {
    /// The position of its last message, if that is in the head.
    #[inline]
    pub(super) fn last_of_head(&self) -> Option<u64> {
        let last = self.head.back().filter(|_| self.rest.is_none());
        last.map(|last| last.position)
    }

    #[inline]
    pub(in crate::queue) fn is_empty(&self) -> bool {
        self.head.is_empty()
    }

    /// Messages.
    pub(in crate::queue) fn len(&self) -> usize {
        let rest = self.rest.as_ref();
        self.head.len() + rest.map_or(0, |rest| rest.len + rest.tail.len())
    }

    /// What is on disk alone.
    pub(super) fn paged_out(&self) -> Sum {
        let rest = self.rest.as_ref();
        rest.map_or(Sum::default(), |rest| rest.paged_out)
    }

    #[inline]
    pub(super) fn front(&self) -> Option<&Entry> {
        self.head.front()
    }

    #[inline]
    pub(super) fn push(&mut self, entry: Entry, mass: Mass) {
        if self.rest.is_none() && self.head.len() < HEAD_LEN {
            self.head.push_back(entry);
        } else {
            self.push_behind(entry, mass);
        }
    }

    /// Apart, so that [`Level::push`] is small enough to be inlined.
    #[inline(never)]
    fn push_behind(&mut self, entry: Entry, mass: Mass) {
        let rest = self.rest.get_or_insert_default();
        rest.tail_mass.add(mass);
        rest.tail.push(entry);
        if rest.tail.len() >= CHUNK_LEN || rest.tail_mass.weight >= CHUNK_WEIGHT {
            rest.seal_tail();
        }
    }

    /// How many stored messages [`Level::restore`] takes at once: few into an empty level, because
    /// its head is read at once.
    pub(super) fn restore_max(&self) -> usize {
        if self.head.is_empty() {
            FRONT_LEN
        } else {
            CHUNK_LEN
        }
    }

    /// Adds stored messages behind all others without reading them; `bytes` octets of bodies. The
    /// caller must call [`Level::refill`] if [`Level::is_drained`].
    pub(super) fn restore(&mut self, facts: &[Facts], bytes: u64) {
        debug_assert!(facts.len() <= self.restore_max(), "more than a chunk");
        let Some(chunk) = Chunk::stored(facts, bytes) else {
            return;
        };
        let rest = self.rest.get_or_insert_default();
        if !rest.tail.is_empty() {
            rest.seal_tail();
        }
        rest.restore(chunk);
    }

    /// Takes the next message. The caller must call [`Level::refill`] if [`Level::is_drained`].
    #[inline]
    pub(super) fn pop(&mut self) -> Option<Entry> {
        let entry = self.head.pop_front();
        if self.head.is_empty() && self.head.capacity() > KEPT_CAPACITY {
            self.head = VecDeque::new();
        }
        entry
    }

    /// Whether the head is used up and there is something behind it.
    #[inline]
    pub(super) fn is_drained(&self) -> bool {
        self.head.is_empty() && self.rest.is_some()
    }

    /// Makes what is next the head. Returns what came into memory.
    pub(super) fn refill(&mut self, bodies: Option<&dyn Bodies>, lost: &mut Lost) -> Moved {
        let mut gained = Moved::default();
        while self.head.is_empty() {
            let Some(rest) = &mut self.rest else { break };
            if let Some(chunk) = rest.take_chunk(0) {
                let loaded = chunk.load(bodies);
                gained.add(loaded.gained);
                lost.add(loaded.lost);
                let spent = std::mem::replace(&mut self.head, loaded.entries.into());
                if rest.tail.capacity() == 0 {
                    rest.tail = spent.into();
                }
            } else {
                self.head = std::mem::take(&mut rest.tail).into();
                rest.tail_mass = Mass::default();
            }
            if rest.is_empty() {
                self.rest = None;
            }
        }
        gained
    }

    /// Puts `entries`, ascending, back among the others by position. Returns what came into
    /// memory besides them. Costs as much as there are messages in front of the last of them
    /// in the head: nothing in the usual case that they were the head.
    pub(super) fn merge(
        &mut self,
        entries: &mut Vec<Entry>,
        bodies: Option<&dyn Bodies>,
        lost: &mut Lost,
    ) -> Moved {
        let mut gained = Moved::default();
        while let Some(last) = entries.last()
            && let Some(rest) = &mut self.rest
            && let Some((place, first)) = rest.place_of(last.position)
        {
            let start = entries.partition_point(|entry| entry.position < first);
            let group = entries.split_off(start);
            gained.add(rest.insert(place, group, bodies, lost));
        }
        merge(&mut self.head, entries);
        if self.head.len() > 2 * HEAD_LEN {
            self.cut_head(HEAD_LEN);
        }
        gained
    }

    /// Makes chunks of what is behind the first `keep` messages of the head.
    fn cut_head(&mut self, keep: usize) {
        if self.head.len() <= keep {
            return;
        }
        let behind: Vec<Entry> = self.head.split_off(keep).into();
        self.head.shrink_to(2 * keep);
        let rest = self.rest.get_or_insert_default();
        rest.put_chunks(0, behind);
    }

    /// Moves messages out of memory.
    pub(super) fn page_out(&mut self, bodies: &Arc<dyn Bodies>, want: PageOut) -> Moved {
        let all = want == PageOut::Everything;
        let mut freed = self.page_chunks(bodies, want, Moved::default());
        if all || !want.is_met(freed) {
            if let Some(rest) = &mut self.rest
                && (all || rest.is_tail_ripe())
            {
                rest.seal_tail();
                rest.tail = Vec::new();
            }
            freed = self.page_chunks(bodies, want, freed);
        }
        if all || !want.is_met(freed) {
            self.cut_head(if all { 1 } else { self.head_kept() });
            freed = self.page_chunks(bodies, want, freed);
        }
        freed
    }

    fn page_chunks(&mut self, bodies: &Arc<dyn Bodies>, want: PageOut, freed: Moved) -> Moved {
        match &mut self.rest {
            Some(rest) => rest.page_chunks(bodies, want, freed),
            None => freed,
        }
    }

    /// How many messages of the head stay when memory is short: all, if the others would not make
    /// a chunk.
    fn head_kept(&self) -> usize {
        let mut sum = 0;
        let light = |entry: &&Entry| {
            sum += weight(entry);
            sum <= CHUNK_WEIGHT_MIN
        };
        let keep = self.head.iter().take(CHUNK_LEN_MIN).take_while(light);
        let keep = keep.count().max(1);
        let behind = self.head.iter().skip(keep);
        if behind.len() >= CHUNK_LEN_MIN || behind.map(weight).sum::<u64>() >= CHUNK_WEIGHT_MIN {
            keep
        } else {
            self.head.len()
        }
    }

    /// Takes the next part of it, to be thrown away: nothing is read back for it. `None` if there
    /// is none. The level is of no other use afterwards.
    pub(in crate::queue) fn take_piece(&mut self) -> Option<Piece> {
        if !self.head.is_empty() {
            return Some(Piece::of(std::mem::take(&mut self.head).into()));
        }
        let rest = self.rest.as_mut()?;
        match rest.take_chunk(0) {
            Some(chunk) => Some(Piece::Chunk(chunk)),
            None => Some(Piece::of(self.rest.take()?.tail)).filter(|piece| piece.len() > 0),
        }
    }

    /// Octets of lists and packed facts, without the messages in memory and what [`weight`] counts
    /// for their entries.
    pub(super) fn index_bytes(&self) -> usize {
        let list = |capacity: usize, len: usize| capacity * size_of::<Entry>() - len * ENTRY_WEIGHT;
        let head = list(self.head.capacity(), self.head.len());
        let rest = self.rest.as_ref().map_or(0, |rest| {
            let chunks: usize = rest.chunks.iter().map(Chunk::index_bytes).sum();
            let tail = list(rest.tail.capacity(), rest.tail.len());
            size_of::<Rest>() + chunks + tail
        });
        head + rest
    }
}

impl Rest {
    fn is_empty(&self) -> bool {
        self.chunks.is_empty() && self.tail.is_empty()
    }

    /// Whether the tail is worth a chunk of its own when memory is short: chunks grow with the
    /// level.
    fn is_tail_ripe(&self) -> bool {
        let worth = (self.len / 8).clamp(CHUNK_LEN_MIN, CHUNK_LEN);
        self.tail.len() >= worth || self.tail_mass.weight >= CHUNK_WEIGHT_MIN
    }

    /// Adds a chunk. Small ones are put together as in a binary counter, so that a message is
    /// packed again only a few times however few come at once.
    fn restore(&mut self, chunk: Chunk) {
        self.len += chunk.len();
        self.paged_out = self.paged_out.plus(chunk.sum());
        self.chunks.push_back(chunk);
        while let [.., one, other] = self.chunks.make_contiguous()
            && one.len() / 2 <= other.len()
            && one.len() + other.len() <= CHUNK_LEN
            && one.append_stored(other)
        {
            self.chunks.pop_back();
        }
    }

    fn seal_tail(&mut self) {
        let mass = std::mem::take(&mut self.tail_mass);
        if self.tail.len() > CHUNK_LEN {
            let tail = std::mem::take(&mut self.tail);
            self.put_chunks(self.chunks.len(), tail);
        } else if let Some(chunk) = Chunk::of(&mut self.tail, mass) {
            self.add_resident(self.chunks.len(), chunk);
        }
    }

    fn add_resident(&mut self, place: usize, chunk: Chunk) {
        let first = chunk.first();
        let before = place
            .checked_sub(1)
            .and_then(|before| self.chunks.get(before));
        let behind = self.chunks.get(place);
        self.is_mixed |= before.is_some_and(|chunk| chunk.first() > first)
            || behind.is_some_and(|chunk| chunk.first() < first);
        self.len += chunk.len();
        self.resident.insert(first);
        self.chunks.insert(place, chunk);
    }

    /// Puts `entries` as resident chunks in front of the one at `place`.
    fn put_chunks(&mut self, mut place: usize, entries: Vec<Entry>) {
        for chunk in cut(entries).filter_map(|(mut run, mass)| Chunk::of(&mut run, mass)) {
            self.add_resident(place, chunk);
            place += 1;
        }
    }

    fn take_chunk(&mut self, place: usize) -> Option<Chunk> {
        let chunk = self.chunks.remove(place)?;
        self.len -= chunk.len();
        if !self.resident.remove(&chunk.first()) {
            self.paged_out = self.paged_out.minus(chunk.sum());
        }
        Some(chunk)
    }

    /// Where a message with `position` belongs, and where that place begins; `None` if it belongs
    /// to the head.
    fn place_of(&self, position: u64) -> Option<(Place, u64)> {
        let tail = self.tail.first().map(|entry| entry.position);
        if let Some(first) = tail.filter(|first| *first < position) {
            return Some((Place::Tail, first));
        }
        let behind = self
            .chunks
            .partition_point(|chunk| chunk.first() < position);
        let place = behind.checked_sub(1)?;
        let first = self.chunks.get(place)?.first();
        Some((Place::Chunk(place), first))
    }

    fn insert(
        &mut self,
        place: Place,
        mut group: Vec<Entry>,
        bodies: Option<&dyn Bodies>,
        lost: &mut Lost,
    ) -> Moved {
        match place {
            Place::Tail => {
                for entry in &group {
                    self.tail_mass.add(Mass::of(entry));
                }
                self.tail.append(&mut group);
                self.tail.sort_by_key(|entry| entry.position);
                if self.tail.len() > 2 * CHUNK_LEN {
                    self.seal_tail();
                }
                Moved::default()
            }
            Place::Chunk(place) => {
                let Some(chunk) = self.take_chunk(place) else {
                    return Moved::default();
                };
                let Loaded {
                    mut entries,
                    gained,
                    lost: missing,
                } = chunk.load(bodies);
                lost.add(missing);
                entries.append(&mut group);
                entries.sort_by_key(|entry| entry.position);
                self.put_chunks(place, entries);
                gained
            }
        }
    }

    /// Where the chunk is that begins with the message at position `first`.
    fn find(&self, first: u64) -> Option<usize> {
        if self.is_mixed {
            return self.chunks.iter().position(|chunk| chunk.first() == first);
        }
        let place = self.chunks.partition_point(|chunk| chunk.first() < first);
        Some(place)
    }

    /// The chunks that leave memory next, in this order: from the back, but for those that the disk
    /// does not have yet. Records rise with positions, or nearly so.
    fn leaving(&self, bodies: &dyn Bodies, want: PageOut) -> Vec<u64> {
        if want == PageOut::Everything {
            return self.resident.iter().copied().rev().collect();
        }
        if self.is_mixed {
            let chunks = self.chunks.iter().rev().map(Chunk::first);
            let resident = chunks.filter(|first| self.resident.contains(first));
            return resident.take(CHUNKS_TRIED).collect();
        }
        let written = self
            .chunks
            .partition_point(|chunk| chunk.is_written(bodies));
        let end = self.chunks.get(written).map_or(u64::MAX, Chunk::first);
        let chunks = self.resident.range(..end).copied().rev();
        chunks.take(CHUNKS_TRIED).collect()
    }

    fn page_chunks(&mut self, bodies: &Arc<dyn Bodies>, want: PageOut, mut freed: Moved) -> Moved {
        let mut is_full = false;
        for first in self.leaving(&**bodies, want) {
            if want.is_met(freed) {
                break;
            }
            let place = self.find(first);
            let Some(chunk) = place.and_then(|place| self.chunks.get_mut(place)) else {
                continue;
            };
            if is_full && chunk.is_spilling() {
                continue;
            }
            match chunk.page_out(bodies) {
                Ok(moved) => {
                    freed.add(moved);
                    self.paged_out = self.paged_out.plus(chunk.sum());
                    self.resident.remove(&first);
                }
                Err(Refused::NotWritten) => {}
                // Nor would there be for another: none is gone through in vain.
                Err(Refused::NoRoom) => is_full = true,
            }
        }
        freed
    }
}

impl PageOut {
    fn is_met(self, freed: Moved) -> bool {
        match self {
            Self::Octets(octets) => freed.weight >= octets,
            Self::Everything => false,
        }
    }
}
