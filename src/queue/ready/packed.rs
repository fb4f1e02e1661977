//! The facts about the messages of a chunk, packed.

use crate::clock::Mono;
use crate::entry::Facts;
use crate::queue::columns::Columns;
use crate::store::RecordAt;

/// Position, record, expiry, delivery count with the redelivered flag, acquired count, octets of
/// properties.
const COLUMNS: usize = 6;

/// More than a position can be behind that of its neighbours: the least number in its column.
const POSITION_BASE: u64 = 1 << 32;

/// What is known of neighbouring messages, in order.
#[derive(Debug)]
pub(super) struct PackedFacts(Columns<COLUMNS>);

impl PackedFacts {
    pub(super) fn pack<'a>(facts: impl ExactSizeIterator<Item = &'a Facts> + Clone) -> Self {
        let numbered = facts.enumerate();
        Self(Columns::pack(
            numbered.map(|(index, facts)| fields(index, facts)),
        ))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Facts> + Clone {
        let numbered = self.0.iter().enumerate();
        numbered.map(|(index, fields)| facts(index, fields))
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Octets on the heap.
    pub(super) fn memory(&self) -> usize {
        self.0.memory()
    }
}

/// Positions are what they are ahead of counting up by one, and "never" becomes the least expiry:
/// so neither takes room where neighbours came one after the other and live on.
#[inline]
fn fields(index: usize, facts: &Facts) -> [u64; COLUMNS] {
    [
        (POSITION_BASE - index as u64).wrapping_add(facts.position),
        facts.at.0,
        facts.expires.as_nanos().wrapping_add(1),
        u64::from(facts.delivery_count) << 1 | u64::from(facts.redelivered),
        u64::from(facts.acquired_count),
        u64::from(facts.properties_len),
    ]
}

#[inline]
fn facts(index: usize, fields: [u64; COLUMNS]) -> Facts {
    let [position, at, expires, delivered, acquired, properties_len] = fields;
    let count = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Facts {
        position: position.wrapping_sub(POSITION_BASE - index as u64),
        at: RecordAt(at),
        expires: Mono::from_nanos(expires.wrapping_sub(1)),
        properties_len: count(properties_len),
        delivery_count: count(delivered >> 1),
        acquired_count: count(acquired),
        redelivered: delivered & 1 == 1,
    }
}
