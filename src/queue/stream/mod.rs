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

use std::sync::{Arc, Weak};

use leveret_codec::reply::ReplyCode;
use leveret_codec::table::Table;

use super::{
    Arrival, Bodies, ConsumerSnapshot, Declared, DeleteReason, Effects, Entry, Got, Leaving,
    Limits, NewConsumer, Outcome, PeekMax, Pushed, QueueKind, Removed, Stats,
};
use crate::clock::Now;
use crate::error::AmqpError;
use crate::events::{ChangeKind, Fate};
use crate::ids::{ConsumerId, QueueId};
use crate::mail::Resume;
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
pub struct StreamQueue {
    declared: Arc<Declared>,
    id: QueueId,
    resume: Weak<dyn Resume>,
    limits: Limits,
    log: Log,
    readers: Readers,
    unacked: u64,
    unacked_bytes: u64,
    stats: Stats,
    /// Deleted: what is settled from now on has no effect.
    gone: bool,
}

impl StreamQueue {
    /// See `Queue::new`.
    #[must_use]
    pub fn new(declared: Arc<Declared>, id: QueueId, resume: Weak<dyn Resume>) -> Self {
        Self {
            limits: declared.arguments.limits(),
            declared,
            id,
            resume,
            log: Log::default(),
            readers: Readers::default(),
            unacked: 0,
            unacked_bytes: 0,
            stats: Stats::default(),
            gone: false,
        }
    }

    /// See `Queue::push`. What an earlier queue counted does not matter.
    pub fn push(
        &mut self,
        now: Now,
        message: Message,
        at: RecordAt,
        _arrival: Arrival,
        fx: &mut Effects,
    ) -> Pushed {
        self.stats.published += 1;
        let begins_segment = self.log.begin_segment_if_full(&self.limits);
        fx.note_at(&message, self.log.next(), || Fate::Queued { from: None });
        self.log.append(now.wall, message, at);
        if begins_segment {
            self.retain(now, fx);
        }
        Pushed::Accepted
    }

    /// See `Queue::sequence`.
    #[must_use]
    pub fn sequence(&self, ahead: u64) -> u64 {
        self.log.sequence(ahead)
    }

    /// See `Queue::page_to`.
    pub fn page_to(&mut self, bodies: Arc<dyn Bodies>) {
        self.log.page_to(bodies);
    }

    /// See `Queue::page_out`.
    pub fn page_out(&mut self) -> u64 {
        self.log.page_out()
    }

    /// See `Queue::restores_unread`.
    #[must_use]
    pub fn restores_unread(&self) -> bool {
        self.log.pages()
    }

    /// See `Queue::restore`. Offsets, times and batches are those of before.
    pub fn restore(&mut self, recovered: &[Recovered]) {
        for recovered in recovered {
            self.log.go_to(recovered.sequence);
            self.log.begin_segment_if_full(&self.limits);
            self.log.append_absent(recovered);
        }
    }

    /// See `Queue::restore_message`. Offsets, times and batches are those of before.
    pub fn restore_message(&mut self, recovered: &Recovered, message: Message) {
        self.log.go_to(recovered.sequence);
        self.log.begin_segment_if_full(&self.limits);
        self.log.append(recovered.stored_at, message, recovered.at);
    }

    /// See `Queue::dispatch`. What was pushed since the last time is one batch.
    pub fn dispatch(&mut self, _now: Now, fx: &mut Effects) {
        self.log.end_batch();
        self.readers.wake();
        self.serve(fx);
        // Not before those who read at the end have had it.
        self.log.relieve();
    }

    fn serve(&mut self, fx: &mut Effects) {
        let served = self.readers.serve(&mut self.log, &self.resume, fx);
        for at in self.log.take_damaged() {
            fx.settle(at);
        }
        self.stats.delivered += served.messages;
        self.unacked += served.messages;
        self.unacked_bytes += served.octets;
    }

    fn retain(&mut self, now: Now, fx: &mut Effects) {
        let taken = self.log.retain(now.wall, &self.limits);
        self.bury(taken, fx);
    }

    /// Messages left the log for good.
    fn bury(&self, mut blocks: Vec<Block>, fx: &mut Effects) {
        for block in &blocks {
            block.unsettled().for_each(|at| fx.settle(at));
            if fx.is_listening() {
                block.visit(self.log.disk(), &mut |offset, _, message| {
                    fx.note_at(message, offset, || Fate::Purged);
                    true
                });
            }
        }
        fx.blocks.append(&mut blocks);
    }

    /// See `Queue::get`.
    pub fn get(
        &mut self,
        _now: Now,
        _no_ack: bool,
        _fx: &mut Effects,
    ) -> Result<Option<Got>, AmqpError> {
        Err(self.unsupported("basic.get"))
    }

    /// See `Queue::purge`.
    pub fn purge(&mut self, _now: Now, _fx: &mut Effects) -> Result<u64, AmqpError> {
        Err(self.unsupported("queue.purge"))
    }

    fn unsupported(&self, method: &str) -> AmqpError {
        let words = self.declared.words();
        AmqpError::not_implemented(format!("{method} not supported by stream queues {words}"))
    }

    /// See `Queue::add_consumer`. The exclusive flag means nothing here.
    pub fn add_consumer(
        &mut self,
        now: Now,
        consumer: NewConsumer,
        fx: &mut Effects,
    ) -> Result<(), AmqpError> {
        let words = self.declared.words();
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

    /// See `Queue::remove_consumer`.
    pub fn remove_consumer(&mut self, _now: Now, consumer: ConsumerId, fx: &mut Effects) -> bool {
        self.detach(&[consumer], fx) > 0
    }

    fn detach(&mut self, consumers: &[ConsumerId], fx: &mut Effects) -> usize {
        self.note_leaving(consumers, fx);
        let left = self.readers.detach(consumers);
        self.log.expect_readers(self.readers.len());
        left
    }

    /// See `Queue::leave`: what was delivered stays in the log.
    pub fn leave(
        &mut self,
        _now: Now,
        leaving: Leaving,
        unread: &mut dyn FnMut() -> Vec<Entry>,
        fx: &mut Effects,
    ) {
        self.detach(&leaving.consumers, fx);
        let unread = unread();
        if !self.gone {
            let unacked = leaving.unacked.into_iter().map(|(_, entry)| entry);
            self.uncount(&unacked.collect::<Vec<Entry>>());
            self.uncount(&unread);
        }
    }

    /// Tells listeners which consumers go.
    fn note_leaving(&self, ids: &[ConsumerId], fx: &mut Effects) {
        let there = ids.iter().filter_map(|id| self.readers.find(*id));
        there.for_each(|consumer| fx.note_consumer(ChangeKind::ConsumerDeleted, consumer));
    }

    /// `entries` are no longer unacked.
    fn uncount(&mut self, entries: &[Entry]) {
        let n = entries.len() as u64;
        let bytes: usize = entries.iter().map(|entry| entry.message.body_len()).sum();
        assert!(self.unacked >= n, "I2: more settled than unacked");
        self.unacked = self.unacked.saturating_sub(n);
        self.unacked_bytes = self.unacked_bytes.saturating_sub(bytes as u64);
    }

    /// See `Queue::settle`: whatever the outcome, it gives credit.
    pub fn settle(
        &mut self,
        _now: Now,
        consumer: Option<ConsumerId>,
        entries: &mut Vec<Entry>,
        outcome: Outcome,
        fx: &mut Effects,
    ) {
        if self.gone {
            return;
        }
        let n = u32::try_from(entries.len()).unwrap_or(u32::MAX);
        self.uncount(entries);
        if outcome == Outcome::Ack {
            self.stats.acked += u64::from(n);
            for entry in entries.iter() {
                fx.note(entry, || Fate::Acknowledged);
            }
        } else {
            entries.clear();
        }
        if consumer.is_some_and(|id| self.readers.settled(id, n)) {
            self.serve(fx);
        }
    }

    /// See `Queue::take_all`. RabbitMQ says 0 messages when a stream is deleted.
    pub fn take_all(&mut self, fx: &mut Effects) -> Removed {
        self.note_leaving(&self.readers.ids(), fx);
        let taken = self.log.take_all();
        self.bury(taken, fx);
        let unacked = std::mem::take(&mut self.unacked);
        self.unacked_bytes = 0;
        self.gone = true;
        Removed {
            ready: 0,
            unacked,
            consumers: self.readers.take_all(),
        }
    }

    /// See `Queue::resume`.
    pub fn resume(&mut self, _now: Now, fx: &mut Effects) {
        self.readers.resume();
        self.serve(fx);
    }

    /// See `Queue::on_deadline`: a stream has none.
    pub fn on_deadline(&mut self, _now: Now, _fx: &mut Effects) {}

    /// See `Queue::touch`: a stream does not expire.
    pub fn touch(&mut self, _now: Now, _fx: &mut Effects) {}

    /// See `Queue::is_finished`.
    #[must_use]
    pub fn is_finished(&self, _now: Now, _reason: DeleteReason) -> bool {
        false
    }

    /// See `Queue::reconfigure`: retention is looked at with the new limits.
    pub fn reconfigure(&mut self, now: Now, limits: Limits, fx: &mut Effects) {
        self.limits = limits;
        self.retain(now, fx);
    }

    /// See `Queue::dead_letter_done`: a stream has no dead letters.
    pub fn dead_letter_done(
        &mut self,
        _now: Now,
        _position: u64,
        _delivered: bool,
        _fx: &mut Effects,
    ) {
    }

    /// See `Queue::declared`.
    #[must_use]
    pub fn declared(&self) -> &Declared {
        &self.declared
    }

    /// See `Queue::limits`.
    #[must_use]
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// See `Queue::id`.
    #[must_use]
    pub fn id(&self) -> QueueId {
        self.id
    }

    /// See `Queue::consumer_timeout_ms`: none (RabbitMQ 4.3 and later).
    #[must_use]
    pub fn consumer_timeout_ms(&self, _arguments: &Table) -> Option<u64> {
        None
    }

    /// See `Queue::ready_count`: all messages, whoever has read them.
    #[must_use]
    pub fn ready_count(&self) -> u64 {
        self.log.len()
    }

    /// See `Queue::unacked_count`.
    #[must_use]
    pub fn unacked_count(&self) -> u64 {
        self.unacked
    }

    /// See `Queue::dying_count`.
    #[must_use]
    pub fn dying_count(&self) -> u64 {
        0
    }

    /// See `Queue::shown_count`.
    #[must_use]
    pub fn sent_count(&self) -> u64 {
        0
    }

    /// See `Queue::ready_bytes`.
    #[must_use]
    pub fn ready_bytes(&self) -> u64 {
        self.log.bodies()
    }

    /// See `Queue::unacked_bytes`.
    #[must_use]
    pub fn unacked_bytes(&self) -> u64 {
        self.unacked_bytes
    }

    /// See `Queue::consumer_count`.
    #[must_use]
    pub fn consumer_count(&self) -> usize {
        self.readers.len()
    }

    /// See `Queue::consumers`.
    #[must_use]
    pub fn consumers(&self) -> Vec<ConsumerSnapshot> {
        self.readers.snapshots()
    }

    /// See `Queue::stats`.
    #[must_use]
    pub fn stats(&self) -> Stats {
        Stats {
            lost: self.log.lost(),
            ..self.stats
        }
    }

    /// See `Queue::memory_bytes`.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        let log = usize::try_from(self.log.memory()).unwrap_or(usize::MAX);
        size_of::<Self>().saturating_add(log)
    }

    /// See `Queue::peek`.
    #[must_use]
    pub fn peek(&self, mut max: PeekMax) -> Vec<Entry> {
        let mut entries = Vec::new();
        self.log.visit(&mut |offset, at, message| {
            max.show(&mut entries, || entry_of(message, at, offset))
        });
        entries
    }
}

impl std::fmt::Debug for StreamQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StreamQueue")
            .field("name", &self.declared.name)
            .field("first", &self.log.first())
            .field("next", &self.log.next())
            .field("unacked", &self.unacked)
            .field("consumers", &self.readers.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
