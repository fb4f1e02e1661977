//! What a consumer asks for.

use std::sync::Arc;

use leveret_codec::table::Table;
use leveret_codec::types::{ChannelId, ShortString};

use crate::events::{ChangeKind, Party};
use crate::ids::{ConnectionId, ConsumerId};
use crate::mail::Mailbox;
use crate::queue::credit::ChannelCredit;

/// A consumer on its way into a queue.
#[derive(Debug)]
pub struct NewConsumer {
    /// Its number, never used before.
    pub id: ConsumerId,
    /// Its connection.
    pub connection: ConnectionId,
    /// Its channel.
    pub channel: ChannelId,
    /// Its channel, for listeners.
    pub party: Arc<Party>,
    /// Its tag.
    pub tag: ShortString,
    /// Where its deliveries go.
    pub mailbox: Arc<Mailbox>,
    /// Deliveries are not acknowledged.
    pub no_ack: bool,
    /// It wants the queue for itself.
    pub exclusive: bool,
    /// Messages that may be in flight or unacked, 0 for no limit.
    pub prefetch: u16,
    /// The limit it shares with the other consumers of its channel.
    pub channel_credit: Arc<ChannelCredit>,
    /// Its arguments.
    pub arguments: Table,
}

impl NewConsumer {
    /// For listeners, by RabbitMQ's names.
    pub(in crate::queue) fn fields(&self, kind: ChangeKind) -> Table {
        let fields = Table::new().with("consumer_tag", &*self.tag);
        if kind == ChangeKind::ConsumerDeleted {
            return fields;
        }
        fields
            .with("exclusive", self.exclusive)
            .with("ack_required", !self.no_ack)
            .with("prefetch_count", i64::from(self.prefetch))
            .with("arguments", self.arguments.clone())
    }
}
