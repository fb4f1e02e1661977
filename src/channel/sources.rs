//! Where a channel's deliveries come from: its consumers, and the queues it gets from.

use std::collections::HashMap;
use std::sync::Arc;

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;

use super::Context;
use super::counting::{Past, Reading};
use super::ledger::Source;
use crate::desk::Supply;
use crate::ids::{ConsumerId, IdMap, QueueId};
use crate::queue::ChannelCredit;

/// Consumers of one channel, and the queues it gets from.
#[derive(Default)]
pub(super) struct Consumers {
    sources: Vec<Option<Supplier>>,
    /// Places in `sources` that are empty.
    free: Vec<Source>,
    pub(super) by_tag: HashMap<ShortString, Source>,
    pub(super) by_id: IdMap<ConsumerId, Source>,
    gets: IdMap<QueueId, Source>,
    /// prefetch-count for consumers that start from now on; 0 for no limit.
    pub(super) prefetch: u16,
    pub(super) credit: Arc<ChannelCredit>,
    pub(super) reply: Option<ReplyConsumer>,
    /// What was read from where nothing is read any more.
    pub(super) past: Past,
}

/// Where deliveries come from.
pub(super) struct Supplier {
    pub(super) supply: Supply,
    pub(super) tag: ShortString,
    pub(super) no_ack: bool,
    /// How many deliveries from here are in the ledger, or held for settlement.
    pub(super) unsettled: u32,
    /// Cancelled: kept only for what is unsettled.
    pub(super) gone: bool,
    /// Milliseconds until an acknowledgement is overdue.
    pub(super) timeout_ms: Option<u64>,
    /// What was sent from here and acknowledged.
    pub(super) reading: Reading,
}

/// The consumer of direct replies.
pub(super) struct ReplyConsumer {
    pub(super) tag: ShortString,
    /// What reply-to is rewritten to.
    pub(super) name: ShortString,
}

impl Consumers {
    /// How many deliveries are in the ledger, or held for settlement.
    pub(super) fn unsettled(&self) -> u64 {
        let sources = self.sources.iter().flatten();
        sources.map(|from| u64::from(from.unsettled)).sum()
    }

    /// How many consumers there are.
    pub(super) fn len(&self) -> usize {
        self.by_tag.len() + usize::from(self.reply.is_some())
    }

    /// What reply-to is rewritten to, with a consumer of direct replies.
    pub(super) fn reply_name(&self) -> Option<&ShortString> {
        self.reply.as_ref().map(|reply| &reply.name)
    }

    /// Whether `name` is what this channel's consumer of direct replies is called.
    pub(super) fn waits_as(&self, name: &str) -> bool {
        self.reply_name().is_some_and(|own| **own == *name)
    }

    /// Consumers have settled `count` deliveries; queues that waited for that go on.
    pub(super) fn give_credit(&self, count: u64, cx: &Context<'_>) {
        self.credit.give_back(count, cx.now);
    }

    pub(super) fn get(&self, source: Source) -> Option<&Supplier> {
        self.sources.get(source as usize).and_then(Option::as_ref)
    }

    pub(super) fn get_mut(&mut self, source: Source) -> Option<&mut Supplier> {
        self.sources
            .get_mut(source as usize)
            .and_then(Option::as_mut)
    }

    pub(super) fn add(&mut self, from: Supplier) -> Source {
        if let Some(source) = self.free.pop()
            && let Some(slot) = self.sources.get_mut(source as usize)
        {
            *slot = Some(from);
            return source;
        }
        self.sources.push(Some(from));
        Source::try_from(self.sources.len() - 1).expect("a channel has fewer than 2^32 sources")
    }

    /// The source of gets from the queue of `supply`.
    pub(super) fn gets_from(&mut self, supply: &Supply) -> Source {
        if let Some(source) = self.gets.get(&supply.id()) {
            return *source;
        }
        let source = self.add(Supplier {
            supply: supply.clone(),
            tag: ShortString::default(),
            no_ack: false,
            unsettled: 0,
            gone: false,
            timeout_ms: supply.timeout_ms(&Table::new()),
            reading: Reading::default(),
        });
        self.gets.insert(supply.id(), source);
        source
    }

    /// The places of `sources` in the order of their queues' names and then of their tags.
    pub(super) fn ranks(&self, sources: impl Iterator<Item = Source>) -> HashMap<Source, usize> {
        let mut sources: Vec<Source> = sources.collect();
        sources.sort_unstable();
        sources.dedup();
        let key = |source: &Source| {
            let from = self.get(*source);
            from.map(|from| (from.supply.name(), &from.tag))
        };
        sources.sort_by(|one, other| key(one).cmp(&key(other)));
        sources.into_iter().zip(0..).collect()
    }

    /// `count` deliveries from `source` are settled. Forgets it with its last one, if it is gone.
    pub(super) fn settled(&mut self, source: Source, count: u32) {
        let Some(from) = self.get_mut(source) else {
            return;
        };
        let unsettled = from.unsettled;
        assert!(unsettled >= count, "I2: {count} settled of {unsettled}");
        from.unsettled -= count;
        if from.unsettled > 0 || !(from.gone || from.supply.consumer().is_none()) {
            return;
        }
        if from.supply.consumer().is_none() {
            let id = from.supply.id();
            self.gets.remove(&id);
        }
        if let Some(slot) = self.sources.get_mut(source as usize) {
            if let Some(from) = slot.take() {
                self.past.add_supplier(&from);
            }
            self.free.push(source);
        }
    }

    /// What each source reads from.
    pub(super) fn supplies(&self) -> impl Iterator<Item = (Source, Supply)> {
        let sources = (0..).zip(&self.sources);
        sources.filter_map(|(source, from)| Some((source, from.as_ref()?.supply.clone())))
    }

    /// All that something is read from now, or was and is not settled.
    pub(super) fn suppliers(&self) -> impl Iterator<Item = &Supplier> {
        self.sources.iter().flatten()
    }

    /// Takes the consumer out of the tables; what is unsettled keeps its source.
    pub(super) fn remove(&mut self, source: Source) {
        let Some(from) = self.get_mut(source) else {
            return;
        };
        from.gone = true;
        let (tag, id) = (from.tag.clone(), from.supply.consumer());
        self.by_tag.remove(&tag);
        if let Some(id) = id {
            self.by_id.remove(&id);
        }
        self.settled(source, 0);
    }
}
