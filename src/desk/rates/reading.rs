//! The counters of a subject as a row of numbers, by RabbitMQ's names.

use super::{Field, Group, Subject};
use crate::desk::views::{Churn, ProcessView};
use crate::inquiry::ChannelCounters;
use crate::queue::{Amounts, Stats};
use crate::tally::{ExchangeTotals, MessageTotals, TrafficTotals, Turnover};

const LENGTHS: &[Field] = &[
    ("messages", Group::Lengths),
    ("messages_ready", Group::Lengths),
    ("messages_unacknowledged", Group::Lengths),
];

const PUBLISHERS: &[Field] = &[
    ("confirm", Group::In),
    ("return_unroutable", Group::In),
    ("drop_unroutable", Group::In),
];

const MESSAGES: &[Field] = &[
    ("publish", Group::In),
    ("deliver", Group::Out),
    ("deliver_no_ack", Group::Out),
    ("get", Group::Out),
    ("get_no_ack", Group::Out),
    ("get_empty", Group::Out),
    ("deliver_get", Group::Out),
    ("redeliver", Group::Out),
    ("ack", Group::Out),
];

const EXCHANGE: &[Field] = &[("publish_in", Group::In), ("publish_out", Group::Out)];

const OCTETS: &[Field] = &[("recv_oct", Group::Data), ("send_oct", Group::Data)];

const FRAMES: &[Field] = &[("recv_cnt", Group::Data), ("send_cnt", Group::Data)];

const CHURN: &[Field] = &[
    ("connection_created", Group::Churn),
    ("connection_closed", Group::Churn),
    ("channel_created", Group::Churn),
    ("channel_closed", Group::Churn),
    ("queue_declared", Group::Churn),
    ("queue_created", Group::Churn),
    ("queue_deleted", Group::Churn),
];

const PROCESS: &[Field] = &[
    ("mem_used", Group::Process),
    ("fd_used", Group::Process),
    ("sockets_used", Group::Process),
    ("proc_used", Group::Process),
    ("disk_free", Group::Process),
    ("context_switches", Group::Process),
    ("io_write_count", Group::Process),
    ("io_write_bytes", Group::Process),
    ("io_sync_count", Group::Process),
    ("msg_store_read_count", Group::Process),
];

/// Names of counters, in parts.
pub(crate) type Fields = &'static [&'static [Field]];

/// Those of the broker.
pub(super) const OF_NODE: Fields = &[LENGTHS, PUBLISHERS, MESSAGES, OCTETS, CHURN];
/// Those of a vhost.
pub(super) const OF_VHOST: Fields = &[LENGTHS, PUBLISHERS, MESSAGES, OCTETS];
/// Those of a queue.
pub(super) const OF_QUEUE: Fields = &[LENGTHS, MESSAGES];
/// Those of an exchange.
pub(super) const OF_EXCHANGE: Fields = &[EXCHANGE];
/// Those of a connection.
pub(super) const OF_CONNECTION: Fields = &[OCTETS, FRAMES];
/// Those of a channel.
pub(super) const OF_CHANNEL: Fields = &[PUBLISHERS, MESSAGES];
/// Those of the process.
pub(super) const OF_PROCESS: Fields = &[PROCESS];

/// The names of the counters of `subject`, in their order.
pub(super) fn fields(subject: &Subject) -> impl Iterator<Item = &'static Field> {
    let parts = match subject {
        Subject::Node => OF_NODE,
        Subject::Vhost(_) => OF_VHOST,
        Subject::Queue { .. } => OF_QUEUE,
        Subject::Exchange { .. } => OF_EXCHANGE,
        Subject::Connection(_) => OF_CONNECTION,
        Subject::Channel { .. } => OF_CHANNEL,
        Subject::Process => OF_PROCESS,
    };
    parts.iter().copied().flatten()
}

/// What queues hold: all, ready, unacknowledged.
pub(super) type Lengths = [u64; 3];

/// What a queue holds. All of a stream's messages are ready, so none of them is unacknowledged;
/// dead letters that must arrive are neither.
pub(super) fn lengths(amounts: Amounts) -> Lengths {
    let Amounts {
        messages,
        ready,
        unacked,
    } = amounts;
    [messages, ready, unacked.min(messages - ready)]
}

/// The counters of the broker, whose queues hold `lengths`.
pub(super) fn node(lengths: Lengths, turnover: &Turnover, churn: Churn) -> Vec<u64> {
    [&vhost(lengths, turnover)[..], &of_churn(churn)].concat()
}

/// Those of a vhost, whose queues hold `lengths`.
pub(super) fn vhost(lengths: Lengths, turnover: &Turnover) -> Vec<u64> {
    let messages = of_messages(&turnover.messages);
    let parts: [&[u64]; 3] = [&lengths, &messages, &octets(&turnover.traffic)];
    parts.concat()
}

/// Those of a queue.
pub(super) fn queue(lengths: Lengths, stats: &Stats) -> Vec<u64> {
    [&lengths[..], &of_stats(stats)].concat()
}

/// Those of an exchange.
pub(super) fn exchange(totals: &ExchangeTotals) -> Vec<u64> {
    vec![totals.published_in, totals.published_out]
}

/// Those of a connection.
pub(super) fn connection(totals: &TrafficTotals) -> Vec<u64> {
    let frames = [totals.read_frames, totals.written_frames];
    [octets(totals), frames].concat()
}

/// Those of the process.
pub(super) fn process(process: &ProcessView) -> Vec<u64> {
    let ProcessView { measured, store } = process;
    let known = |figure: Option<u64>| figure.unwrap_or_default();
    vec![
        known(measured.memory_used_bytes),
        known(measured.descriptors_used),
        // RabbitMQ keeps the key for old readers.
        0,
        known(measured.tasks),
        known(measured.disk_free_bytes),
        known(measured.naps),
        store.writes,
        store.written_bytes,
        store.syncs,
        store.read,
    ]
}

/// Those of a channel, as its connection has answered.
pub(super) fn channel(counters: &ChannelCounters) -> Vec<u64> {
    let c = counters;
    let sent = c.delivered + c.delivered_no_ack + c.got + c.got_no_ack;
    vec![
        c.confirmed,
        c.returned_unroutable,
        c.dropped_unroutable,
        c.published,
        c.delivered,
        c.delivered_no_ack,
        c.got,
        c.got_no_ack,
        c.got_empty,
        sent,
        c.redelivered,
        c.acked,
    ]
}

fn of_messages(totals: &MessageTotals) -> [u64; 12] {
    let read = totals.read();
    [
        totals.confirmed,
        totals.returned_unroutable,
        totals.dropped_unroutable,
        totals.published,
        read.delivered,
        read.delivered_no_ack,
        read.got,
        read.got_no_ack,
        read.got_empty,
        read.sent(),
        read.redelivered,
        read.acked,
    ]
}

fn of_stats(stats: &Stats) -> [u64; 9] {
    [
        stats.published,
        stats.delivered,
        stats.delivered_no_ack,
        stats.got,
        stats.got_no_ack,
        stats.got_empty,
        stats.delivered + stats.delivered_no_ack + stats.got + stats.got_no_ack,
        stats.redelivered,
        stats.acked,
    ]
}

fn octets(totals: &TrafficTotals) -> [u64; 2] {
    [totals.read_bytes, totals.written_bytes]
}

fn of_churn(churn: Churn) -> [u64; 7] {
    [
        churn.connections_opened,
        churn.connections_closed,
        churn.channels_opened,
        churn.channels_closed,
        churn.queues_declared,
        churn.queues_created,
        churn.queues_deleted,
    ]
}
