//! Streams: messages stay, consumers read them, retention takes the oldest.
//!
//! Owns the log and the consumers' places in it. Settling a delivery gives credit and nothing
//! else, so nothing is ever requeued, redelivered, expired or dead-lettered here. What of the log
//! is in memory follows the broker's body budget and where consumers read.
//!
//! It deliberately knows no other queue type and, like them, no exchange, channel or store.
//!
//! Invariants: I2 (a message is in the log or gone), I3, I5, I9, I11. Docs: streams. Seen:
//! RabbitMQ 4.3.6.

use leveret_codec::reply::ReplyCode;

use super::common::Common;
use super::{
    Bookmark, Browsed, Effects, Entry, GivenBack, Limits, NewConsumer, Outcome, PeekMax, Pushed,
    QueueKind, Removed,
};
use crate::clock::Now;
use crate::error::AmqpError;
use crate::events::{ChangeKind, Fate};
use crate::ids::ConsumerId;
use crate::message::Message;
use crate::store::{RecordAt, Recovered};

mod block;
mod filter;
mod log;
mod offset;
mod readers;
mod residence;

pub(super) use block::Block;

use filter::Filter;
use log::Log;
use offset::Start;
use readers::{Readers, entry_of};

/// A stream.
pub(super) struct Stream {
    pub(super) common: Common,
    pub(super) log: Log,
    pub(super) readers: Readers,
    is_paused: bool,
}

impl Stream {
    /// See `Queue::new`.
    pub(super) fn new(common: Common) -> Self {
        Self {
            common,
            log: Log::default(),
            readers: Readers::default(),
            is_paused: false,
        }
    }

    /// See `Queue::push`. What an earlier queue counted does not matter.
    pub(super) fn push(
        &mut self,
        now: Now,
        message: Message,
        at: RecordAt,
        fx: &mut Effects,
    ) -> Pushed {
        self.common.stats.disk_writes += u64::from(at.is_stored());
        let begins_segment = self.log.begin_segment_if_full(&self.common.limits);
        fx.note_at(&message, self.log.next(), || Fate::Queued { from: None });
        self.log.append(now.wall, message, at);
        if begins_segment {
            self.retain(now, fx);
        }
        Pushed::Accepted
    }

    /// See `Queue::restore`. Offsets, times and batches are those of before.
    pub(super) fn restore(&mut self, recovered: &[Recovered]) {
        for recovered in recovered {
            self.log.go_to(recovered.sequence);
            self.log.begin_segment_if_full(&self.common.limits);
            self.log.append_absent(recovered);
        }
    }

    /// See `Queue::restore_message`. Offsets, times and batches are those of before.
    pub(super) fn restore_message(&mut self, recovered: &Recovered, message: Message) {
        self.log.go_to(recovered.sequence);
        self.log.begin_segment_if_full(&self.common.limits);
        self.log.append(recovered.stored_at, message, recovered.at);
    }

    /// See `Queue::dispatch`. What was pushed since the last time is one batch.
    pub(super) fn dispatch(&mut self, fx: &mut Effects) {
        self.log.end_batch();
        self.readers.wake();
        self.serve(fx);
        // Not before the readers at the end have had it.
        self.log.relieve();
    }

    fn serve(&mut self, fx: &mut Effects) {
        if self.is_paused {
            return;
        }
        let served = self.readers.serve(&mut self.log, &self.common.resume, fx);
        for at in self.log.take_damaged() {
            fx.settle(at);
        }
        self.common.stats.delivered += served.all.messages;
        self.common.unacked = self.common.unacked.plus(served.all);
        self.common.unacked_stored = self.common.unacked_stored.plus(served.stored);
    }

    fn retain(&mut self, now: Now, fx: &mut Effects) {
        let taken = self.log.retain(now.wall, &self.common.limits);
        self.bury(taken, fx);
    }

    /// Messages left the log for good.
    fn bury(&self, blocks: Vec<Block>, fx: &mut Effects) {
        if !blocks.is_empty() {
            fx.remains_mut().add_blocks(blocks, self.log.shelf());
        }
    }

    /// What a stream cannot do.
    pub(super) fn unsupported(&self, method: &str) -> AmqpError {
        let words = self.common.declared.words();
        AmqpError::not_implemented(format!("{method} not supported by stream queues {words}"))
    }

    /// See `Queue::add_consumer`. The exclusive flag means nothing here.
    pub(super) fn add_consumer(
        &mut self,
        now: Now,
        consumer: NewConsumer,
        fx: &mut Effects,
    ) -> Result<(), AmqpError> {
        let words = self.common.declared.words();
        let arguments = &consumer.arguments;
        let start = Start::parse(arguments, now.wall, &words)?;
        super::arguments::check_consumer(arguments, QueueKind::Stream, &words)?;
        if consumer.channel_credit.limit() > 0 {
            return Err(AmqpError::not_implemented(format!(
                "{words} does not support global qos"
            )));
        }
        if consumer.prefetch == 0 {
            return Err(AmqpError::precondition_failed(format!(
                "consumer prefetch count is not set for stream {words}"
            )));
        }
        if consumer.no_ack {
            return Err(AmqpError::not_implemented(format!(
                "automatic acknowledgement not supported by stream {words}"
            )));
        }
        let filter = Filter::parse(arguments)?;
        let start =
            start.ok_or_else(|| AmqpError::new(ReplyCode::InternalError, "").in_method(0, 0))?;
        fx.note_consumer(ChangeKind::ConsumerCreated, &consumer);
        self.readers.add(consumer, filter, start.in_log(&self.log));
        self.log.expect_readers(self.readers.len());
        Ok(())
    }

    /// Removes consumers. Returns how many of them were there.
    pub(super) fn remove_consumers(&mut self, consumers: &[ConsumerId], fx: &mut Effects) -> usize {
        self.note_leaving(consumers, fx);
        let left = self.readers.detach(consumers);
        self.log.expect_readers(self.readers.len());
        left
    }

    /// See `Queue::give_back`: what was delivered stays in the log.
    pub(super) fn give_back(&mut self, piece: Vec<GivenBack>) {
        if !self.common.gone {
            let entries = piece.into_iter().map(|(_, entry)| entry);
            self.common.uncount(&entries.collect::<Vec<Entry>>());
        }
    }

    /// Tells listeners which consumers go.
    fn note_leaving(&self, ids: &[ConsumerId], fx: &mut Effects) {
        let there = ids.iter().filter_map(|id| self.readers.find(*id));
        there.for_each(|consumer| fx.note_consumer(ChangeKind::ConsumerDeleted, consumer));
    }

    /// See `Queue::settle`: whatever the outcome, it gives credit.
    pub(super) fn settle(
        &mut self,
        consumer: Option<ConsumerId>,
        entries: &mut Vec<Entry>,
        outcome: Outcome,
        fx: &mut Effects,
    ) {
        if self.common.gone {
            return;
        }
        let n = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.common.uncount(entries);
        if outcome == Outcome::Ack {
            self.common.stats.acked += u64::from(n);
            if fx.is_listening() {
                fx.note_acknowledged(entries);
            }
        } else {
            entries.clear();
        }
        if consumer.is_some_and(|id| self.readers.settled(id, n)) {
            self.serve(fx);
        }
    }

    /// See `Queue::take_all`. RabbitMQ says 0 messages when a stream is deleted.
    pub(super) fn take_all(&mut self, fx: &mut Effects) -> Removed {
        self.note_leaving(&self.readers.ids(), fx);
        let taken = self.log.take_all();
        self.bury(taken, fx);
        Removed {
            ready: 0,
            unacked: self.common.end(),
            consumers: self.readers.take_all(),
        }
    }

    /// See `Queue::resume`.
    pub(super) fn resume(&mut self, fx: &mut Effects) {
        self.readers.resume();
        self.serve(fx);
    }

    /// See `Queue::pause`.
    pub(super) fn pause(&mut self, is_paused: bool, fx: &mut Effects) -> bool {
        let has_changed = self.is_paused != is_paused;
        self.is_paused = is_paused;
        if has_changed {
            self.serve(fx);
        }
        has_changed
    }

    /// See `Queue::is_paused`.
    pub(super) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// See `Queue::reconfigure`: retention is looked at with the new limits.
    pub(super) fn reconfigure(&mut self, now: Now, limits: Limits, fx: &mut Effects) {
        self.common.limits = limits;
        self.retain(now, fx);
    }

    /// See `Queue::memory_bytes`.
    pub(super) fn memory_bytes(&self) -> u64 {
        size_of::<Self>() as u64 + self.log.memory()
    }

    /// See `Queue::browse`.
    pub(super) fn browse(&self, from: Bookmark, mut max: PeekMax) -> Browsed {
        let mut shown = Browsed::default();
        let first = from.unseen_offset();
        let is_all = self.log.visit(first, &mut |offset, at, message| {
            let next = Bookmark::offset(offset + 1);
            max.show(&mut shown, next, || entry_of(message, at, offset))
        });
        Browsed { is_all, ..shown }
    }
}

#[cfg(test)]
mod tests;
