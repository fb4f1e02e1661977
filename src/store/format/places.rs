//! Record places behind each other: each as its way from the one before, so that neighbours, which
//! is what is settled together, take an octet or two.

use super::octets::{Reader, apart, difference, put_varint, varint_len};
use crate::store::RecordAt;

/// Octets that a step takes at most.
const STEP_MAX: usize = 10;

/// Octets that `records` take at most, whatever stands before them.
pub(super) fn encoded_max(records: &[RecordAt]) -> usize {
    let steps = records.windows(2).map(|pair| match pair {
        [one, other] => varint_len(difference(one.0, other.0)),
        _ => 0,
    });
    STEP_MAX + steps.sum::<usize>()
}

/// Record places in the making.
#[derive(Debug, Default)]
pub(in crate::store) struct PlacesBuilder {
    last: u64,
    count: u32,
    octets: Vec<u8>,
}

impl PlacesBuilder {
    pub(in crate::store) fn extend(&mut self, records: &[RecordAt]) {
        for record in records {
            put_varint(difference(self.last, record.0), &mut self.octets);
            self.last = record.0;
            self.count = self.count.saturating_add(1);
        }
    }

    pub(in crate::store) fn count(&self) -> u32 {
        self.count
    }

    pub(in crate::store) fn octets(&self) -> &[u8] {
        &self.octets
    }
}

/// What a [`PlacesBuilder`] made.
#[derive(Clone, Copy)]
pub(in crate::store) struct Places<'a>(pub(super) &'a [u8]);

impl<'a> Places<'a> {
    /// As far as the octets make sense.
    pub(in crate::store) fn iter(self) -> impl Iterator<Item = RecordAt> + use<'a> {
        let mut rest = Reader(self.0);
        let mut last = 0;
        std::iter::from_fn(move || {
            last = apart(last, rest.varint()?);
            Some(RecordAt(last))
        })
    }
}
