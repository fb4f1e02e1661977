//! The counters of a subject as a row of numbers, by RabbitMQ's names.

use super::{Field, Group, Subject};
use crate::desk::Desk;
use crate::desk::views::{Churn, MessageCounts, Scope};
use crate::inquiry::ChannelCounters;
use crate::kind::QueueKind;
use crate::queue::{Queue, Stats};
use crate::tally::{MessageTotals, TrafficTotals};

const LENGTHS: &[Field] = &[
    ("messages", Group::Lengths),
    ("messages_ready", Group::Lengths),
    ("messages_unacknowledged", Group::Lengths),
];

const PUBLISHERS: &[Field] = &[
    ("confirm", Group::Messages),
    ("return_unroutable", Group::Messages),
    ("drop_unroutable", Group::Messages),
];

const MESSAGES: &[Field] = &[
    ("publish", Group::Messages),
    ("deliver", Group::Messages),
    ("deliver_no_ack", Group::Messages),
    ("get", Group::Messages),
    ("get_no_ack", Group::Messages),
    ("get_empty", Group::Messages),
    ("deliver_get", Group::Messages),
    ("redeliver", Group::Messages),
    ("ack", Group::Messages),
];

const EXCHANGE: &[Field] = &[
    ("publish_in", Group::Messages),
    ("publish_out", Group::Messages),
];

const OCTETS: &[Field] = &[("recv_oct", Group::Data), ("send_oct", Group::Data)];

const FRAMES: &[Field] = &[("recv_cnt", Group::Data), ("send_cnt", Group::Data)];

const CHURN: &[Field] = &[
    ("connection_created", Group::Lengths),
    ("connection_closed", Group::Lengths),
    ("channel_created", Group::Lengths),
    ("channel_closed", Group::Lengths),
    ("queue_declared", Group::Lengths),
    ("queue_created", Group::Lengths),
    ("queue_deleted", Group::Lengths),
];

/// The names of the counters of `subject`, in their order.
pub(super) fn fields(subject: &Subject) -> Vec<Field> {
    let parts: &[&[Field]] = match subject {
        Subject::Node => &[LENGTHS, PUBLISHERS, MESSAGES, OCTETS, CHURN],
        Subject::Vhost(_) => &[LENGTHS, PUBLISHERS, MESSAGES, OCTETS],
        Subject::Queue { .. } => &[LENGTHS, MESSAGES],
        Subject::Exchange { .. } => &[EXCHANGE],
        Subject::Connection(_) => &[OCTETS, FRAMES],
        Subject::Channel(_) => &[PUBLISHERS, MESSAGES],
    };
    parts.concat()
}

/// What queues hold: all, ready, unacknowledged.
pub(super) type Lengths = [u64; 3];

/// What a queue holds, as RabbitMQ counts it: a stream's messages are all ready.
pub(super) fn lengths(queue: &Queue) -> Lengths {
    let kind = queue.declared().kind;
    let counts = MessageCounts::of(queue);
    let unacked = match kind {
        QueueKind::Stream => 0,
        QueueKind::Classic | QueueKind::Quorum => counts.unacked,
    };
    [counts.total(kind), counts.ready, unacked]
}

/// The counters of the broker, whose queues hold `lengths`.
pub(super) fn node(desk: &Desk, lengths: Lengths) -> Vec<u64> {
    let turnover = desk.turnover(Scope::All);
    let messages = of_messages(&turnover.messages);
    let churn = of_churn(desk.churn());
    let parts: [&[u64]; 4] = [&lengths, &messages, &octets(&turnover.traffic), &churn];
    parts.concat()
}

/// Those of a vhost, whose queues hold `lengths`; `None` if it is not there.
pub(super) fn vhost(desk: &Desk, name: &str, lengths: Lengths) -> Option<Vec<u64>> {
    desk.find_vhost(name)?;
    let turnover = desk.turnover(Scope::Vhost(name));
    let messages = of_messages(&turnover.messages);
    let parts: [&[u64]; 3] = [&lengths, &messages, &octets(&turnover.traffic)];
    Some(parts.concat())
}

/// Those of a queue.
pub(super) fn queue(desk: &Desk, vhost: &str, name: &str) -> Option<Vec<u64>> {
    let queue = desk.find_vhost(vhost)?.find_queue(name)?;
    Some(queue.look(|queue| [&lengths(queue)[..], &of_stats(&queue.stats())].concat()))
}

/// Those of an exchange.
pub(super) fn exchange(desk: &Desk, vhost: &str, name: &str) -> Option<Vec<u64>> {
    let exchange = desk.find_vhost(vhost)?.find_exchange(name)?;
    let totals = exchange.tally.totals();
    Some(vec![totals.published_in, totals.published_out])
}

/// Those of a connection.
pub(super) fn connection(desk: &Desk, name: &str) -> Option<Vec<u64>> {
    let mut sessions = desk.sessions.iter();
    let session = sessions.find(|session| session.name == name)?;
    let totals = session.traffic.totals();
    let frames = [totals.read_frames, totals.written_frames];
    Some([octets(&totals), frames].concat())
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
