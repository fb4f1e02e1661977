//! Rolls: all queues or exchanges of a moment, to be read one after the other, and again.
//!
//! For what is written while it is sent: a roll takes a pointer for each item, and what is read of
//! one is gone before the next is read. An item that is deleted in the meantime can still be read.

use std::collections::HashMap;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::{MessageCounts, Scope};
use crate::clock::Now;
use crate::desk::Desk;
use crate::kind::QueueKind;
use crate::queue::{Declared, Queue, Stats};
use crate::tally::ExchangeTotals;
use crate::vhost::{Exchange, QueueHandle};

/// All queues of a moment.
pub(crate) struct QueueRoll(Vec<Arc<QueueHandle>>);

/// Figures of a queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct QueueFigures<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its vhost.
    pub vhost: &'a str,
    /// Its type.
    pub kind: QueueKind,
    /// What it holds.
    pub counts: MessageCounts,
    /// What it has done.
    pub stats: Stats,
    /// Consumers.
    pub consumers: usize,
    /// Octets of memory, roughly.
    pub memory_bytes: usize,
    /// The share of the time in which its consumers could have taken more messages; `None` for a
    /// stream.
    pub consumer_capacity: Option<f64>,
    /// The `timestamp` property of the message that leaves next, in seconds since 1970.
    pub head_timestamp: Option<u64>,
    /// Segments of a stream.
    pub segments: Option<usize>,
}

impl QueueRoll {
    /// How many there are.
    #[must_use]
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Reads one, from 0; `None` behind the last.
    pub(crate) fn read<R>(
        &self,
        at: usize,
        now: Now,
        read: impl FnOnce(&QueueFigures<'_>) -> R,
    ) -> Option<R> {
        let queue = self.0.get(at)?;
        let declared = queue.declared();
        let figures = queue.look(|state| QueueFigures {
            name: &declared.name,
            vhost: &declared.vhost,
            kind: declared.kind,
            counts: MessageCounts::of(state),
            stats: state.stats(),
            consumers: state.consumer_count(),
            memory_bytes: state.memory_bytes(),
            consumer_capacity: state.consumer_capacity(now),
            head_timestamp: state.head_timestamp(),
            segments: state.segments().map(|(segments, _)| segments),
        });
        Some(read(&figures))
    }
}

impl QueueRoll {
    /// Calls `read` with vhost and name of a queue, with each exchange that messages came from, and
    /// how many; `None` behind the last queue.
    pub(crate) fn by_exchange(
        &self,
        at: usize,
        mut read: impl FnMut([&str; 3], u64),
    ) -> Option<()> {
        let queue = self.0.get(at)?;
        let Declared { vhost, name, .. } = queue.declared();
        for (exchange, messages) in queue.look(Queue::by_exchange) {
            read([vhost, &exchange, name], messages);
        }
        Some(())
    }
}

/// All exchanges of a moment.
pub(crate) struct ExchangeRoll {
    exchanges: Vec<Arc<Exchange>>,
    /// How many bindings each is the source of, by vhost and name; empty if that was not asked for.
    bindings: HashMap<(ShortString, ShortString), u64>,
}

/// Figures of an exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ExchangeFigures<'a> {
    /// Its name; empty for the default exchange.
    pub name: &'a str,
    /// Its vhost.
    pub vhost: &'a str,
    /// Its type.
    pub type_name: &'a str,
    /// What was published to it.
    pub totals: ExchangeTotals,
    /// How many bindings it is the source of, if that was asked for.
    pub bindings: u64,
}

impl ExchangeRoll {
    /// Reads one, from 0; `None` behind the last.
    pub(crate) fn read<R>(
        &self,
        at: usize,
        read: impl FnOnce(&ExchangeFigures<'_>) -> R,
    ) -> Option<R> {
        let exchange = self.exchanges.get(at)?;
        let spec = &exchange.spec;
        let place = (spec.vhost.clone(), spec.name.clone());
        Some(read(&ExchangeFigures {
            name: &spec.name,
            vhost: &spec.vhost,
            type_name: &spec.type_name,
            totals: exchange.tally.totals(),
            bindings: self.bindings.get(&place).copied().unwrap_or_default(),
        }))
    }
}

/// Whether bindings are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WithBindings {
    /// They are.
    Yes,
    /// They are not.
    No,
}

impl Desk {
    /// The queues of `scope`.
    #[must_use]
    pub(crate) fn queue_roll(&self, scope: Scope<'_>) -> QueueRoll {
        let vhosts = self.vhosts_of(scope);
        QueueRoll(vhosts.iter().flat_map(|vhost| vhost.all_queues()).collect())
    }

    /// The exchanges of `scope`.
    #[must_use]
    pub(crate) fn exchange_roll(&self, scope: Scope<'_>, bindings: WithBindings) -> ExchangeRoll {
        let mut roll = ExchangeRoll {
            exchanges: Vec::new(),
            bindings: HashMap::new(),
        };
        for vhost in self.vhosts_of(scope) {
            roll.exchanges.extend(vhost.all_exchanges());
            if bindings == WithBindings::No {
                continue;
            }
            for binding in vhost.all_bindings() {
                let place = (vhost.name().clone(), binding.source.clone());
                *roll.bindings.entry(place).or_default() += 1;
            }
        }
        roll
    }
}
