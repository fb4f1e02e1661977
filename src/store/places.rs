//! Record places behind each other: each as its way from the one before, so that neighbours, which
//! is what is settled together, take an octet or two.

use super::RecordAt;
use super::octets::{Reader, apart, difference, put_varint, varint_len};

fn steps(records: &[RecordAt]) -> impl Iterator<Item = u64> {
    records.iter().scan(0, |last, record| {
        let step = difference(*last, record.0);
        *last = record.0;
        Some(step)
    })
}

/// Octets that [`encode`] appends.
pub(super) fn encoded_len(records: &[RecordAt]) -> usize {
    steps(records).map(varint_len).sum()
}

/// Appends `records`.
pub(super) fn encode(records: &[RecordAt], out: &mut Vec<u8>) {
    steps(records).for_each(|step| put_varint(step, out));
}

/// What [`encode`] wrote.
#[derive(Clone, Copy)]
pub(super) struct Places<'a>(pub(super) &'a [u8]);

impl<'a> Places<'a> {
    /// As far as the octets make sense.
    pub(super) fn iter(self) -> impl Iterator<Item = RecordAt> + use<'a> {
        let mut rest = Reader(self.0);
        let mut last = 0;
        std::iter::from_fn(move || {
            last = apart(last, rest.varint()?);
            Some(RecordAt(last))
        })
    }
}
