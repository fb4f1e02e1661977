//! Publisher confirms: the one place where acks to publishers come from (invariant I1).
//!
//! Every publish that passes the checks takes a number. It is confirmed when every queue has the
//! message and the store is durable up to its position. What is confirmed together goes out as one
//! basic.ack with `multiple`, as far as nothing before it is still waiting; what is confirmed out
//! of order goes out alone.
//!
//! Docs: RabbitMQ, publisher confirms. Seen: RabbitMQ 4.3.6, tests/scripts/confirm.

use std::collections::VecDeque;
use std::sync::Arc;

use leveret_codec::methods::{BasicAck, BasicNack};
use leveret_codec::types::{ChannelId, DeliveryTag};

use super::counting::ByExchange;
use crate::limits::UNCONFIRMED_MAX;
use crate::outbox::Outbox;
use crate::store::Position;
use crate::tally::ExchangeTally;
use crate::vhost::Placed;

/// The confirms of one channel.
#[derive(Debug, Default)]
pub(super) struct Confirms {
    last: u64,
    /// Waiting for the store; numbers and positions rise together.
    waiting: VecDeque<(u64, Position)>,
    /// Done, not sent yet; in the order of their numbers within one batch.
    done: Vec<Done>,
    /// How many of those are refusals.
    refused: u64,
    /// Up to which number publishes in a row went to which exchange; those that are confirmed to
    /// the last are gone.
    exchanges: VecDeque<(u64, Arc<ExchangeTally>)>,
    /// Confirmed with basic.ack.
    acked: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Done {
    Ack(u64),
    Nack(u64),
}

impl Confirms {
    /// The number of the next publish, from 1.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// A publish has been placed; the store is durable up to `durable`.
    pub(super) fn placed(&mut self, number: u64, placed: Placed, durable: Position) {
        match placed {
            Placed::Refused => {
                self.refused += 1;
                self.done.push(Done::Nack(number));
            }
            Placed::Accepted(position) if position <= durable => self.done.push(Done::Ack(number)),
            Placed::Accepted(position) => self.wait(number, position),
        }
    }

    /// Were they to fall, a publish behind another one could be confirmed before it is durable.
    fn wait(&mut self, number: u64, position: Position) {
        let last = self.waiting.back();
        let rises = last.is_none_or(|(other, at)| *other < number && *at <= position);
        assert!(rises, "I1: {number} at {position:?} comes behind {last:?}");
        self.waiting.push_back((number, position));
    }

    /// The store is durable up to `position`.
    pub(super) fn on_durable(&mut self, position: Position) {
        while let Some((number, _)) = self.waiting.pop_front_if(|(_, at)| *at <= position) {
            self.done.push(Done::Ack(number));
        }
    }

    /// The earliest position that a publish waits for.
    pub(super) fn waits_for(&self) -> Option<Position> {
        self.waiting.front().map(|(_, position)| *position)
    }

    /// Where the store must be before more is read, if too many wait: half of them are confirmed
    /// then.
    pub(super) fn reads_on_at(&self) -> Option<Position> {
        if self.waiting.len() <= UNCONFIRMED_MAX {
            return None;
        }
        let half = self.waiting.get(self.waiting.len() / 2);
        half.map(|(_, position)| *position)
    }

    /// Publishes that wait for the store.
    pub(super) fn unconfirmed(&self) -> usize {
        self.waiting.len()
    }

    /// Publishes that have been confirmed with basic.ack.
    pub(super) fn confirmed(&self) -> u64 {
        self.acked
    }

    /// The publishes up to `number`, and not those before the last call, went to `exchange`.
    pub(super) fn published_to(&mut self, exchange: &Arc<ExchangeTally>, number: u64) {
        match self.exchanges.back_mut() {
            Some((last, known)) if Arc::ptr_eq(known, exchange) => *last = number,
            _ => self.exchanges.push_back((number, Arc::clone(exchange))),
        }
    }

    /// Counts what is done and is no refusal, and returns how much that is.
    fn count(&mut self, counts: &mut ByExchange) -> u64 {
        let acked = self.done.len() as u64 - std::mem::take(&mut self.refused);
        self.acked += acked;
        if let [(_, only)] = self.exchanges.make_contiguous() {
            counts.confirmed(only, acked);
        } else {
            self.count_each(counts);
        }
        acked
    }

    #[cold]
    fn count_each(&mut self, counts: &mut ByExchange) {
        for done in &self.done {
            let Done::Ack(number) = done else { continue };
            let place = self.exchanges.partition_point(|(last, _)| last < number);
            if let Some((_, exchange)) = self.exchanges.get(place) {
                counts.confirmed(exchange, 1);
            }
        }
        let first_waiting = self.waiting.front().map_or(u64::MAX, |(number, _)| *number);
        while self.exchanges.len() > 1
            && let Some(_) = self
                .exchanges
                .pop_front_if(|(last, _)| *last < first_waiting)
        {}
    }

    /// Sends what is done, counts it in `counts`, and returns how many publishes are confirmed.
    pub(super) fn send(
        &mut self,
        channel: ChannelId,
        counts: &mut ByExchange,
        outbox: &mut Outbox,
    ) -> u64 {
        if self.done.is_empty() {
            return 0;
        }
        let acked = self.count(counts);
        let first_waiting = self.waiting.front().map_or(u64::MAX, |(number, _)| *number);
        let mut run: Option<(u64, u64)> = None;
        for done in self.done.drain(..) {
            match done {
                Done::Ack(number) if number < first_waiting => {
                    let count = run.map_or(1, |(_, count)| count + 1);
                    run = Some((number, count));
                }
                Done::Ack(number) => {
                    flush_run(&mut run, channel, outbox);
                    ack(channel, number, 1, outbox);
                }
                Done::Nack(number) => {
                    flush_run(&mut run, channel, outbox);
                    let delivery_tag = DeliveryTag(number);
                    let nack = BasicNack {
                        delivery_tag,
                        multiple: false,
                        requeue: true,
                    };
                    outbox.method(channel, &nack.into());
                }
            }
        }
        flush_run(&mut run, channel, outbox);
        acked
    }
}

fn flush_run(run: &mut Option<(u64, u64)>, channel: ChannelId, outbox: &mut Outbox) {
    if let Some((number, count)) = run.take() {
        ack(channel, number, count, outbox);
    }
}

fn ack(channel: ChannelId, number: u64, count: u64, outbox: &mut Outbox) {
    let ack = BasicAck {
        delivery_tag: DeliveryTag(number),
        multiple: count > 1,
    };
    outbox.method(channel, &ack.into());
}

#[cfg(test)]
mod tests;
