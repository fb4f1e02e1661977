//! Families of the whole broker by protocol and type of queue.
//!
//! AMQP 1.0 has rows as in RabbitMQ, where it is always there; nothing speaks it here. Values are
//! floats there, and so they are written.

use super::{Group, Prefix, Shown};
use crate::metrics::family::Source::Labelled;
use crate::metrics::family::{Family, Figure};
use crate::metrics::moment::Moment;
use crate::metrics::rows::{Histogram, Rows};
use crate::queue::DeathTotals;
use crate::tally::{ReadTotals, SizeTotals};

pub(super) static GROUPS: &[Group] = &[Group {
    name: "",
    prefix: Prefix::RabbitMq,
    shown: Shown::Both,
    families: GLOBAL,
}];

/// The label of the protocol that there is.
const AMQP: &str = "amqp091";
/// The label of the one that there is not.
const AMQP_1: &str = "amqp10";

const PROTOCOL: &[&str] = &["protocol"];
const READ: &[&str] = &["protocol", "queue_type"];
const DEAD: &[&str] = &["queue_type", "dead_letter_strategy"];

#[expect(
    clippy::cast_precision_loss,
    reason = "Prometheus keeps every figure as a float, and rounds the same way"
)]
fn float(count: u64) -> Figure {
    Figure::Real(count as f64)
}

fn by_protocol(rows: &mut Rows<'_>, count: u64) {
    rows.push(&[AMQP], float(count));
    rows.push(&[AMQP_1], float(0));
}

fn by_type(rows: &mut Rows<'_>, moment: &Moment, count: fn(&ReadTotals) -> u64) {
    let messages = moment.messages();
    let types = [
        ("rabbit_classic_queue", &messages.classic),
        ("rabbit_quorum_queue", &messages.quorum),
        ("rabbit_stream_queue", &messages.stream),
        ("rabbit_volatile_queue", &messages.direct_reply),
    ];
    for (name, read) in types {
        rows.push(&[AMQP, name], float(count(read)));
        rows.push(&[AMQP_1, name], float(0));
    }
}

/// The module of RabbitMQ's behind a type of queue.
fn module(kind: &str) -> &'static str {
    match kind {
        "quorum" => "rabbit_quorum_queue",
        _ => "rabbit_classic_queue",
    }
}

/// Rows for the strategies under which messages can die of that.
fn deaths(
    rows: &mut Rows<'_>,
    moment: &Moment,
    can: fn(&DeathTotals) -> bool,
    count: fn(&DeathTotals) -> u64,
) {
    for death in moment.deaths.iter().filter(|death| can(death)) {
        rows.push(
            &[module(death.queue_kind), death.strategy],
            float(count(death)),
        );
    }
}

fn is_quorum(death: &DeathTotals) -> bool {
    death.queue_kind == "quorum"
}

/// The ends of the ranges of sizes, as they are shown. See [`crate::tally::SIZE_ENDS`].
const SIZE_ENDS: [&str; 8] = [
    "100",
    "1000",
    "10000",
    "100000",
    "1000000",
    "10000000",
    "50000000",
    "100000000",
];

fn sizes(rows: &mut Rows<'_>, protocol: &str, sizes: &SizeTotals) {
    let mut buckets = [("", 0); SIZE_ENDS.len()];
    let ends = SIZE_ENDS.iter().zip(sizes.ranges);
    for (bucket, (end, count)) in buckets.iter_mut().zip(ends) {
        *bucket = (*end, count);
    }
    let histogram = Histogram {
        buckets: &buckets,
        above: sizes.ranges.last().copied().unwrap_or_default(),
        sum: sizes.bytes.into(),
    };
    rows.histogram(&[protocol], &histogram);
}

static GLOBAL: &[Family] = families! {
    "message_size_bytes", Histogram, "Bodies of messages published, in bytes",
    Labelled(PROTOCOL, |moment, rows| {
        sizes(rows, AMQP_1, &SizeTotals::default());
        sizes(rows, AMQP, &moment.messages().sizes);
    });

    "global_consumers", Gauge, "Consumers",
    Labelled(PROTOCOL, |moment, rows| by_protocol(rows, moment.sums.consumers));

    "global_publishers", Gauge, "Channels that have published",
    Labelled(PROTOCOL, |moment, rows| by_protocol(rows, moment.messages().publishers()));

    "global_messages_received_total", Counter, "Messages published",
    Labelled(PROTOCOL, |moment, rows| by_protocol(rows, moment.messages().published));

    "global_messages_received_confirm_total", Counter, "Messages published to be confirmed",
    Labelled(PROTOCOL, |moment, rows| {
        by_protocol(rows, moment.messages().published_confirm);
    });

    "global_messages_confirmed_total", Counter, "Messages confirmed",
    Labelled(PROTOCOL, |moment, rows| by_protocol(rows, moment.messages().confirmed));

    "global_messages_routed_total", Counter, "Copies of messages that came to queues",
    Labelled(PROTOCOL, |moment, rows| by_protocol(rows, moment.messages().routed));

    "global_messages_unroutable_dropped_total", Counter,
    "Messages without a queue that were dropped",
    Labelled(PROTOCOL, |moment, rows| {
        by_protocol(rows, moment.messages().dropped_unroutable);
    });

    "global_messages_unroutable_returned_total", Counter,
    "Messages without a queue that were returned",
    Labelled(PROTOCOL, |moment, rows| {
        by_protocol(rows, moment.messages().returned_unroutable);
    });

    "global_messages_delivered_total", Counter, "Messages delivered or got",
    Labelled(READ, |moment, rows| by_type(rows, moment, ReadTotals::sent));

    "global_messages_delivered_consume_manual_ack_total", Counter,
    "Messages delivered to consumers that acknowledge",
    Labelled(READ, |moment, rows| by_type(rows, moment, |read| read.delivered));

    "global_messages_delivered_consume_auto_ack_total", Counter,
    "Messages delivered to consumers that do not acknowledge",
    Labelled(READ, |moment, rows| by_type(rows, moment, |read| read.delivered_no_ack));

    "global_messages_delivered_get_manual_ack_total", Counter,
    "Messages got with basic.get, to be acknowledged",
    Labelled(READ, |moment, rows| by_type(rows, moment, |read| read.got));

    "global_messages_delivered_get_auto_ack_total", Counter,
    "Messages got with basic.get, not to be acknowledged",
    Labelled(READ, |moment, rows| by_type(rows, moment, |read| read.got_no_ack));

    "global_messages_get_empty_total", Counter, "Calls of basic.get that found nothing",
    Labelled(READ, |moment, rows| by_type(rows, moment, |read| read.got_empty));

    "global_messages_redelivered_total", Counter, "Messages delivered or got again",
    Labelled(READ, |moment, rows| by_type(rows, moment, |read| read.redelivered));

    "global_messages_acknowledged_total", Counter, "Messages acknowledged",
    Labelled(READ, |moment, rows| by_type(rows, moment, |read| read.acked));

    "global_messages_dead_lettered_rejected_total", Counter, "Messages that died of a rejection",
    Labelled(DEAD, |moment, rows| deaths(rows, moment, |_| true, |death| death.rejected));

    "global_messages_dead_lettered_expired_total", Counter, "Messages that died of their age",
    Labelled(DEAD, |moment, rows| deaths(rows, moment, |_| true, |death| death.expired));

    "global_messages_dead_lettered_maxlen_total", Counter, "Messages that died for want of room",
    Labelled(DEAD, |moment, rows| {
        let can = |death: &DeathTotals| death.strategy != "at_least_once";
        deaths(rows, moment, can, |death| death.maxlen);
        rows.push(&["rabbit_volatile_queue", "disabled"], float(0));
    });

    "global_messages_dead_lettered_delivery_limit_total", Counter,
    "Messages that died of coming back too often",
    Labelled(DEAD, |moment, rows| {
        deaths(rows, moment, is_quorum, |death| death.delivery_limit);
    });

    "global_messages_dead_lettered_confirmed_total", Counter,
    "Messages that died and have arrived where they had to",
    Labelled(DEAD, |moment, rows| {
        let can = |death: &DeathTotals| death.strategy == "at_least_once";
        deaths(rows, moment, can, |death| death.confirmed);
    });
};
