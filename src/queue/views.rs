//! What listings show of a queue.

use leveret_codec::table::Table;
use leveret_codec::types::{ChannelId, ShortString};
use serde::Serialize;

use crate::entry::Entry;
use crate::ids::{ConnectionId, ConsumerId};

/// How much is shown of the messages that wait in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeekMax {
    /// Most messages.
    pub messages: usize,
    /// Octets of bodies after which no further message is shown.
    pub bytes: u64,
}

impl From<usize> for PeekMax {
    fn from(messages: usize) -> Self {
        Self {
            messages,
            bytes: u64::MAX,
        }
    }
}

impl PeekMax {
    /// Adds copies of what `next` gives to `shown`, one at each call, while there is room.
    pub(super) fn show(&mut self, shown: &mut Vec<Entry>, next: impl FnOnce() -> Entry) -> bool {
        let has_room = self.messages > 0 && self.bytes > 0;
        if has_room {
            let entry = next();
            self.messages -= 1;
            self.bytes = self.bytes.saturating_sub(entry.size());
            shown.push(entry);
        }
        has_room
    }
}

/// Counters since the queue was made. Messages, except where named otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Taken from publishers.
    pub published: u64,
    /// Refused because the queue was full.
    pub refused: u64,
    /// Sent to consumers that acknowledge.
    pub delivered: u64,
    /// Sent to consumers that do not.
    pub delivered_no_ack: u64,
    /// Answers to basic.get that must be acknowledged.
    pub got: u64,
    /// Answers to basic.get that must not.
    pub got_no_ack: u64,
    /// basic.get that found nothing.
    pub got_empty: u64,
    /// Of all of those, delivered before.
    pub redelivered: u64,
    /// Acknowledged.
    pub acked: u64,
    /// Came back.
    pub requeued: u64,
    /// Died: rejected, expired, over a limit; dead-lettered or dropped.
    pub died: u64,
    /// Could not be read back from disk.
    pub lost: u64,
}

/// A consumer, for listings.
#[derive(Clone, Debug)]
pub struct ConsumerSnapshot {
    /// Its number.
    pub id: ConsumerId,
    /// Its connection.
    pub connection: ConnectionId,
    /// Its channel.
    pub channel: ChannelId,
    /// Its tag.
    pub tag: ShortString,
    /// Deliveries are not acknowledged.
    pub no_ack: bool,
    /// It has the queue for itself.
    pub exclusive: bool,
    /// Messages that may be in flight or unacked, 0 for no limit.
    pub prefetch: u16,
    /// `x-priority`.
    pub priority: i64,
    /// Messages in flight or unacked.
    pub in_flight: u32,
    /// Whether it is served.
    pub active: bool,
    /// `up`, `single_active` or `waiting`.
    pub activity: &'static str,
    /// Its arguments.
    pub arguments: Table,
}
