//! What views count, as rows of numbers in the order of their names.

use super::Subject;
use super::reading::{self, Fields};
use crate::desk::views::{
    ChannelView, ConnectionView, ExchangeView, Overview, ProcessView, QueueView, VhostView,
};
use crate::tally::TrafficTotals;

/// A view of something that can be watched.
pub(crate) trait Counted {
    /// The names of what it counts.
    const FIELDS: Fields;
    /// What it is of.
    fn subject(&self) -> Subject;
    /// What it counts, in the order of [`Self::FIELDS`].
    fn counters(&self) -> Vec<u64>;
}

impl Counted for QueueView {
    const FIELDS: Fields = reading::OF_QUEUE;

    fn subject(&self) -> Subject {
        Subject::Queue {
            vhost: self.vhost.clone(),
            name: self.name.clone(),
        }
    }

    fn counters(&self) -> Vec<u64> {
        let [all, ready, unacked] = self.counts.lengths();
        let lengths = match self.stream {
            // All messages of a stream are ready.
            Some(_) => [ready, ready, 0],
            None => [all, ready, unacked],
        };
        reading::queue(lengths, &self.stats)
    }
}

impl Counted for ExchangeView {
    const FIELDS: Fields = reading::OF_EXCHANGE;

    fn subject(&self) -> Subject {
        Subject::Exchange {
            vhost: self.vhost.clone(),
            name: self.name.clone(),
        }
    }

    fn counters(&self) -> Vec<u64> {
        reading::exchange(&self.totals)
    }
}

impl Counted for VhostView {
    const FIELDS: Fields = reading::OF_VHOST;

    fn subject(&self) -> Subject {
        Subject::Vhost(self.name.clone())
    }

    fn counters(&self) -> Vec<u64> {
        reading::vhost(self.counts.lengths(), &self.turnover)
    }
}

impl Counted for ConnectionView {
    const FIELDS: Fields = reading::OF_CONNECTION;

    fn subject(&self) -> Subject {
        Subject::Connection(self.id)
    }

    fn counters(&self) -> Vec<u64> {
        reading::connection(&TrafficTotals {
            read_bytes: self.read_bytes,
            written_bytes: self.written_bytes,
            read_frames: self.read_frames,
            written_frames: self.written_frames,
        })
    }
}

impl Counted for ChannelView {
    const FIELDS: Fields = reading::OF_CHANNEL;

    fn subject(&self) -> Subject {
        Subject::Channel {
            connection: self.snapshot.connection.0,
            number: self.snapshot.number.0,
        }
    }

    fn counters(&self) -> Vec<u64> {
        reading::channel(&self.snapshot.counters)
    }
}

impl Counted for Overview {
    const FIELDS: Fields = reading::OF_NODE;

    fn subject(&self) -> Subject {
        Subject::Node
    }

    fn counters(&self) -> Vec<u64> {
        reading::node(self.counts.lengths(), &self.turnover, self.churn)
    }
}

impl Counted for ProcessView {
    const FIELDS: Fields = reading::OF_PROCESS;

    fn subject(&self) -> Subject {
        Subject::Process
    }

    fn counters(&self) -> Vec<u64> {
        reading::process(self)
    }
}
