//! Messages of a queue that are on disk: those that are stored, and those that were spilled.
//!
//! Owns the place of what was spilled, and the order in which the two kinds come back.

use std::sync::Arc;

use super::bodies::{Bodies, Unread};
use crate::message::Message;
use crate::store::{Extent, RecordAt};

/// A place in the spill log, given back when this is dropped.
pub(super) struct Spilled {
    extent: Extent,
    bodies: Arc<dyn Bodies>,
}

/// What went to disk, or came from there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Moved {
    /// Octets of memory that it took before, or takes now.
    pub(super) weight: u64,
    /// Messages that were written or read for it.
    pub(super) messages: u64,
}

impl Moved {
    pub(super) fn add(&mut self, other: Self) {
        self.weight += other.weight;
        self.messages += other.messages;
    }
}

/// Why messages stay in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// A stored message has not reached the disk yet.
    NotWritten,
    /// The spill log cannot take what is not stored.
    NoRoom,
}

impl Spilled {
    /// Spills messages that are not stored; `None` if there are none.
    pub(super) fn write(
        messages: &[&Message],
        bodies: &Arc<dyn Bodies>,
    ) -> Result<Option<Self>, Refused> {
        if messages.is_empty() {
            return Ok(None);
        }
        Ok(Some(Self {
            extent: bodies.spill(messages).ok_or(Refused::NoRoom)?,
            bodies: Arc::clone(bodies),
        }))
    }
}

/// Reads messages back that are at `records`, or in `spilled` if they are not stored, in this
/// order.
pub(super) fn read_back(
    records: impl Iterator<Item = RecordAt> + Clone,
    spilled: Option<&Spilled>,
    bodies: Option<&dyn Bodies>,
    each: &mut dyn FnMut(Result<Message, Unread>),
) {
    let stored: Vec<RecordAt> = records.clone().filter(|at| at.is_stored()).collect();
    let mut kept = Vec::with_capacity(stored.len());
    if let Some(bodies) = bodies.filter(|_| !stored.is_empty()) {
        bodies.read(&stored, &mut |message| kept.push(message));
    }
    let mut others = Vec::new();
    if let Some(Spilled { extent, bodies }) = spilled {
        bodies.read_spilled(*extent, &mut |message| others.push(message));
    }
    let (mut kept, mut others) = (kept.into_iter(), others.into_iter());
    for at in records {
        each(if at.is_stored() {
            kept.next().unwrap_or(Err(Unread::Refused))
        } else {
            others.next().flatten().ok_or(Unread::Refused)
        });
    }
}

impl Drop for Spilled {
    fn drop(&mut self) {
        self.bodies.free(self.extent);
    }
}

impl std::fmt::Debug for Spilled {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.extent.fmt(f)
    }
}
