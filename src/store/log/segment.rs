//! What of a segment is still needed.
//!
//! Owns, for one segment file, which copies of which messages are alive: one bit for each 16
//! octets of the file. A message with one copy has the bit of its first octets; one with several
//! has that bit as long as any copy is alive, and for each copy the bit of the octets in which the
//! record names its queue. It knows no other segment and does not read the file.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::index::Index;
use crate::ids::QueueId;
use crate::store::disk::DiskFile;
use crate::store::format::batch::SEGMENT_HEAD;
use crate::store::format::bits::Bits;
use crate::store::format::class::CLASSES;
use crate::store::format::footer::{self, Packed, Sum};
use crate::store::format::octets::{index, short};
use crate::store::format::record::{COPY, GRANULE, RECORD_HEAD};
use crate::store::format::row::Row;
use crate::store::{RecordAt, Returns};

/// Granules between the start of a record and its first copy.
const TO_COPIES: u32 = 2;

const _: () = assert!(
    RECORD_HEAD == 2 * GRANULE,
    "the copies begin two bits after the record"
);
const _: () = assert!(COPY == GRANULE, "each copy has a bit of its own");

/// A segment file and what is alive in it.
#[derive(Clone)]
pub(in crate::store) struct Segment {
    pub(in crate::store) name: String,
    pub(in crate::store) file: Arc<dyn DiskFile>,
    /// The address of the first octet behind the file's head.
    pub(in crate::store) first: u64,
    /// The first address that does not belong to it.
    pub(in crate::store) end: u64,
    /// Octets of the file that count as used disk.
    pub(in crate::store) file_len: u64,
    /// Its messages are counted: false from a start until they have been recovered.
    pub(in crate::store) is_counted: bool,
    /// Not all of it can be read.
    pub(in crate::store) is_damaged: bool,
    /// There is a file beside it that says what queues must know of its messages.
    pub(in crate::store) has_footer: bool,
    /// Where each record of a packed segment lies.
    pub(in crate::store) packed: Option<Arc<Index>>,
    pub(in crate::store) live: Bits,
    /// Delivery counts of copies that came back, by bit.
    pub(in crate::store) returned: HashMap<u32, Returns>,
    /// Queues of messages with several copies, by first bit.
    fans: HashMap<u32, Fan>,
    queues: HashMap<QueueId, u32>,
    /// Deleted queues some of whose bits may still be set.
    pub(in crate::store) dropped: Vec<QueueId>,
    copies: u64,
    ghosts: u64,
    classes: [Class; CLASSES],
}

/// Messages of about the same size.
#[derive(Clone, Copy, Default)]
struct Class {
    octets: u64,
    total: u64,
    live: u64,
}

impl Segment {
    pub(in crate::store) fn new(
        name: String,
        file: Arc<dyn DiskFile>,
        first: u64,
        end: u64,
    ) -> Self {
        Self {
            name,
            file,
            first,
            end,
            file_len: 0,
            is_counted: true,
            is_damaged: false,
            has_footer: false,
            packed: None,
            live: Bits::default(),
            returned: HashMap::new(),
            fans: HashMap::new(),
            queues: HashMap::new(),
            dropped: Vec::new(),
            copies: 0,
            ghosts: 0,
            classes: [Class::default(); CLASSES],
        }
    }

    /// The bit of what lies at `address`.
    pub(in crate::store) fn bit(&self, address: u64) -> Option<u32> {
        match &self.packed {
            None => u32::try_from(address.checked_sub(self.first)? / GRANULE as u64).ok(),
            Some(packed) => packed.granule(address),
        }
    }

    /// Where in the file the octets of `bit` are.
    pub(in crate::store) fn offset(bit: u32) -> u64 {
        SEGMENT_HEAD as u64 + u64::from(bit) * GRANULE as u64
    }

    /// The address of the record that starts at `bit`.
    pub(in crate::store) fn address(&self, bit: u32) -> Option<u64> {
        match &self.packed {
            None => Some(self.first + u64::from(bit) * GRANULE as u64),
            Some(packed) => packed.address(bit),
        }
    }

    /// Where the file's records end at the latest.
    pub(in crate::store) fn room(&self) -> u64 {
        match &self.packed {
            None => SEGMENT_HEAD as u64 + (self.end - self.first),
            Some(_) => self.file_len,
        }
    }

    /// Nothing in it is needed any more. Never true of what has not been counted.
    pub(in crate::store) fn is_empty(&self) -> bool {
        self.is_counted && self.copies <= self.ghosts
    }

    /// Copies that are alive.
    pub(in crate::store) fn copies(&self) -> u64 {
        self.copies.saturating_sub(self.ghosts)
    }

    /// Roughly the octets of messages that are alive.
    pub(in crate::store) fn live_octets(&self) -> u64 {
        let classes = self.classes.iter().filter(|class| class.total > 0);
        // In 128 bits, because a footer may say anything.
        let octets: u128 = classes
            .map(|class| {
                u128::from(class.octets) * u128::from(class.live) / u128::from(class.total)
            })
            .sum();
        let share = octets.saturating_mul(self.copies().into()) / u128::from(self.copies.max(1));
        u64::try_from(share).unwrap_or(u64::MAX).min(self.file_len)
    }

    /// What all its messages had, by size class.
    pub(in crate::store) fn sums(&self) -> [Sum; CLASSES] {
        self.classes.map(|class| Sum {
            octets: class.octets,
            messages: class.total,
        })
    }

    /// Whether the copy is alive.
    pub(in crate::store) fn has_alive(&self, row: &Row) -> bool {
        self.copy_of(row)
            .is_some_and(|copy| self.live.contains(copy))
    }

    fn copy_of(&self, row: &Row) -> Option<u32> {
        let bit = self.bit(row.at.address())?;
        Some(copy_bit(row.at, bit, row.copy))
    }

    /// How often a copy came back, if it did.
    pub(in crate::store) fn returned(&self, row: &Row) -> Option<Returns> {
        if self.returned.is_empty() {
            return None;
        }
        self.returned.get(&self.copy_of(row)?).copied()
    }

    /// Counts what is alive by a footer. `false` if the footer does not say of all that is alive
    /// what it is; then only the counts, which are to be made anew, have changed.
    pub(in crate::store) fn count_footer(
        &mut self,
        footer: &Packed,
        dropped: &HashSet<QueueId>,
    ) -> bool {
        self.recount();
        let mut told: u64 = 0;
        let mut heads = HashSet::new();
        let mut counted = HashSet::new();
        let mut killed = Vec::new();
        // Rows come queue by queue.
        let mut run = (QueueId(0), 0);
        let is_whole = footer.rows().all(|row| {
            if !self.has_alive(row) {
                return true;
            }
            if !footer::is_sufficient(row) {
                return false;
            }
            told += 1;
            let is_shared = row.at.is_shared();
            if is_shared {
                heads.insert(row.at.address());
            }
            if dropped.contains(&row.queue) {
                killed.push((row.at, row.copy as usize));
                return true;
            }
            self.copies += 1;
            if run.0 != row.queue {
                self.count_copies(run);
                run = (row.queue, 0);
            }
            run.1 += 1;
            let first = !is_shared || counted.insert(row.at.address());
            if let Some(class) = self.classes.get_mut(row.at.class()) {
                class.live += u64::from(first);
            }
            true
        });
        if !is_whole {
            return false;
        }
        self.count_copies(run);
        let heads_alive = |head: &&u64| self.bit(**head).is_some_and(|bit| self.live.contains(bit));
        if told + heads.iter().filter(heads_alive).count() as u64 != self.live.len() {
            return false;
        }
        for (at, copy) in killed {
            self.kill(at, copy);
        }
        for head in heads.difference(&counted) {
            if let Some(bit) = self.bit(*head) {
                self.bury(bit);
            }
        }
        for (class, sum) in self.classes.iter_mut().zip(footer.sums) {
            (class.octets, class.total) = (sum.octets, sum.messages);
        }
        true
    }

    /// So many more copies are in a queue.
    fn count_copies(&mut self, (queue, copies): (QueueId, u32)) {
        if copies > 0 {
            *self.queues.entry(queue).or_default() += copies;
        }
    }

    /// Forgets counts, queues and copies, but not what is alive: the messages are about to be
    /// counted anew with [`Segment::count`].
    pub(in crate::store) fn recount(&mut self) {
        self.is_counted = true;
        self.fans.clear();
        self.queues.clear();
        self.dropped.clear();
        (self.copies, self.ghosts) = (0, 0);
        self.classes = [Class::default(); CLASSES];
    }

    /// A message was written: all its copies are alive.
    pub(in crate::store) fn add(
        &mut self,
        at: RecordAt,
        len: usize,
        queues: impl Iterator<Item = QueueId>,
    ) {
        let Some(bit) = self.bit(at.address()) else {
            return;
        };
        self.live.insert(bit);
        let queues: Vec<QueueId> = if at.is_shared() {
            queues.collect()
        } else {
            queues.take(1).collect()
        };
        if at.is_shared() {
            for copy in copy_bits(bit, queues.len()) {
                self.live.insert(copy);
            }
        }
        self.count(at, len, &queues);
    }

    /// Counts the copies of a message that are alive.
    pub(in crate::store) fn count(&mut self, at: RecordAt, len: usize, queues: &[QueueId]) {
        let Some(bit) = self.bit(at.address()) else {
            return;
        };
        let mut alive = 0;
        if at.is_shared() {
            for (copy, queue) in copy_bits(bit, queues.len()).zip(queues) {
                if self.live.contains(copy) {
                    *self.queues.entry(*queue).or_default() += 1;
                    alive += 1;
                }
            }
            if alive > 0 {
                self.fans.insert(bit, Fan::new(queues.into()));
            }
        } else if self.live.contains(bit) {
            alive = 1;
            for queue in queues {
                *self.queues.entry(*queue).or_default() += 1;
            }
        }
        self.copies += alive;
        if let Some(class) = self.classes.get_mut(at.class()) {
            class.octets += len as u64;
            class.total += 1;
            class.live += u64::from(alive > 0);
        }
    }

    /// Whether the queues of the message are known here.
    pub(in crate::store) fn knows(&self, at: RecordAt) -> bool {
        !at.is_shared()
            || self
                .bit(at.address())
                .is_none_or(|bit| self.fans.contains_key(&bit))
    }

    /// Teaches it the queues of a message with several copies.
    pub(super) fn learn(&mut self, at: RecordAt, queues: Box<[QueueId]>) {
        if let Some(bit) = self.bit(at.address()) {
            self.fans.insert(bit, Fan::new(queues));
        }
    }

    /// The bit of the copy of a message that is in `queue`.
    fn copy(&self, queue: QueueId, at: RecordAt) -> Option<u32> {
        let bit = self.bit(at.address())?;
        if !at.is_shared() {
            return Some(bit);
        }
        let position = self.fans.get(&bit)?.position(queue)?;
        Some(bit + TO_COPIES + short(position))
    }

    /// The copy in `queue` has left it for good; `false` if it was not alive.
    pub(in crate::store) fn settle(&mut self, queue: QueueId, at: RecordAt) -> bool {
        let Some(copy) = self.copy(queue, at) else {
            return false;
        };
        if !self.live.remove(copy) {
            return false;
        }
        self.returned.remove(&copy);
        self.copies = self.copies.saturating_sub(1);
        if let Some(count) = self.queues.get_mut(&queue) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.queues.remove(&queue);
            }
        } else if self.dropped.contains(&queue) {
            self.ghosts = self.ghosts.saturating_sub(1);
        }
        if (!at.is_shared() || self.close_fan(at))
            && let Some(class) = self.classes.get_mut(at.class())
        {
            class.live = class.live.saturating_sub(1);
        }
        true
    }

    /// Forgets a message with several copies once none is alive; `true` if it did.
    fn close_fan(&mut self, at: RecordAt) -> bool {
        let Some(bit) = self.bit(at.address()) else {
            return false;
        };
        let copies = self.fans.get(&bit).map_or(0, Fan::copies);
        if self.live.any(bit + TO_COPIES, copies) {
            return false;
        }
        self.live.remove(bit);
        self.fans.remove(&bit);
        true
    }

    /// The copy in `queue` came back.
    pub(in crate::store) fn give_back(&mut self, queue: QueueId, at: RecordAt, returns: Returns) {
        if let Some(copy) = self
            .copy(queue, at)
            .filter(|copy| self.live.contains(*copy))
        {
            self.returned.insert(copy, returns);
        }
    }

    /// The queue is deleted.
    pub(in crate::store) fn drop_queue(&mut self, queue: QueueId) {
        if let Some(count) = self.queues.remove(&queue) {
            self.ghosts += u64::from(count);
            self.dropped.push(queue);
        }
    }

    /// Makes the copy in the `position`-th of its queues dead, without counting.
    pub(in crate::store) fn kill(&mut self, at: RecordAt, position: usize) {
        if let Some(bit) = self.bit(at.address()) {
            let copy = copy_bit(at, bit, short(position));
            self.live.remove(copy);
            self.returned.remove(&copy);
        }
    }

    /// Makes a whole message dead, without counting.
    pub(in crate::store) fn bury(&mut self, bit: u32) {
        self.live.remove(bit);
    }

    /// Takes over what is alive of a message from the segment it is packed from.
    pub(in crate::store) fn inherit(
        &mut self,
        from: &Segment,
        at: RecordAt,
        len: usize,
        queues: &[QueueId],
    ) {
        let (Some(old), Some(new)) = (from.bit(at.address()), self.bit(at.address())) else {
            return;
        };
        let copies = if at.is_shared() { queues.len() } else { 0 };
        for (old, new) in
            std::iter::once((old, new)).chain(copy_bits(old, copies).zip(copy_bits(new, copies)))
        {
            if from.live.contains(old) {
                self.live.insert(new);
            }
            if let Some(returns) = from.returned.get(&old) {
                self.returned.insert(new, *returns);
            }
        }
        self.count(at, len, queues);
    }

    /// Granules in `octets`.
    pub(in crate::store) fn granules(octets: u64) -> u32 {
        short(index(octets) / GRANULE)
    }
}

/// The queues of a message with several copies, in the order of their bits.
#[derive(Clone)]
struct Fan {
    queues: Box<[QueueId]>,
    /// They are in the order of their numbers, as the router gives many. So each is found at once
    /// when thousands take their copies one by one.
    is_sorted: bool,
}

impl Fan {
    fn new(queues: Box<[QueueId]>) -> Self {
        Self {
            is_sorted: queues.is_sorted(),
            queues,
        }
    }

    fn copies(&self) -> u32 {
        short(self.queues.len())
    }

    fn position(&self, queue: QueueId) -> Option<usize> {
        match self.is_sorted {
            true => self.queues.binary_search(&queue).ok(),
            false => self.queues.iter().position(|other| *other == queue),
        }
    }
}

/// The bit of a copy of the message at `at`, whose first bit is `bit`.
fn copy_bit(at: RecordAt, bit: u32, copy: u32) -> u32 {
    if at.is_shared() {
        bit.saturating_add(TO_COPIES).saturating_add(copy)
    } else {
        bit
    }
}

fn copy_bits(bit: u32, copies: usize) -> impl Iterator<Item = u32> {
    (0..short(copies)).map(move |copy| bit + TO_COPIES + copy)
}
