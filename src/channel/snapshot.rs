//! What a view shows of a channel.

use super::Channel;
use super::confirms::Confirms;
use crate::ids::ConnectionId;
use crate::inquiry::{ChannelCounters, ChannelReach, ChannelSnapshot, Detail};

impl Channel {
    /// The channel as it is now, on the connection `connection`, with as much as `detail` says.
    #[must_use]
    pub fn snapshot(&self, connection: ConnectionId, detail: Detail) -> ChannelSnapshot {
        let (uncommitted, uncommitted_acks) = self
            .transaction
            .as_ref()
            .map_or((0, 0), |transaction| transaction.waiting());
        let read = self.consumers.read();
        ChannelSnapshot {
            connection,
            number: self.id,
            confirm: self.confirms.is_some(),
            transactional: self.transaction.is_some(),
            prefetch_count: self.consumers.prefetch,
            global_prefetch_count: u16::try_from(self.consumers.credit.limit()).unwrap_or(u16::MAX),
            consumers: self.consumers.len(),
            unacked: self.ledger.len(),
            unconfirmed: self.confirms.as_ref().map_or(0, Confirms::unconfirmed),
            uncommitted,
            uncommitted_acks,
            idle_since: self.active,
            counters: ChannelCounters {
                confirmed: self.confirms.as_ref().map_or(0, Confirms::confirmed),
                delivered: read.delivered,
                delivered_no_ack: read.delivered_no_ack,
                got: read.got,
                got_no_ack: read.got_no_ack,
                got_empty: read.got_empty,
                redelivered: read.redelivered,
                acked: read.acked,
                ..self.counters
            },
            exchanges: self.exchanges.shown(),
            queues: self.consumers.read_by_queue(),
            reached: match detail {
                Detail::Plain => Vec::new(),
                Detail::Reached => self.reached(),
            },
        }
    }

    fn reached(&self) -> Vec<ChannelReach> {
        let reached = self.publisher.held.by_queue();
        let each = reached.map(|(queue, exchange, published)| ChannelReach {
            queue: queue.to_string(),
            exchange: exchange.to_string(),
            published,
        });
        each.collect()
    }
}
