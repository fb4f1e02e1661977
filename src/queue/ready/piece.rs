//! Neighbouring messages of a level that is thrown away, as they lie there: nothing is read back.

use super::chunk::Chunk;
use crate::entry::Entry;
use crate::queue::bodies::Bodies;
use crate::store::RecordAt;

/// See the module.
#[derive(Debug)]
pub(in crate::queue) enum Piece {
    Entries(Vec<Entry>),
    Chunk(Chunk),
}

impl Piece {
    pub(in crate::queue) fn of(entries: Vec<Entry>) -> Self {
        Self::Entries(entries)
    }

    /// Messages.
    pub(in crate::queue) fn len(&self) -> usize {
        match self {
            Self::Entries(entries) => entries.len(),
            Self::Chunk(chunk) => chunk.len(),
        }
    }

    /// The records of its messages, in order.
    pub(in crate::queue) fn records(&self, each: &mut dyn FnMut(RecordAt)) {
        match self {
            Self::Entries(entries) => entries.iter().for_each(|entry| each(entry.at)),
            Self::Chunk(chunk) => chunk.records(each),
        }
    }

    /// Shows its messages in order until `each` says `false`.
    pub(in crate::queue) fn visit(
        &self,
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(&Entry) -> bool,
    ) -> bool {
        match self {
            Self::Entries(entries) => entries.iter().all(each),
            Self::Chunk(chunk) => chunk.visit(bodies, each),
        }
    }
}
