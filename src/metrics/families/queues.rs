//! Families of queues and exchanges.

use super::{Group, Prefix, Shown};
use crate::desk::views::QueueFigures;
use crate::kind::QueueKind;
use crate::metrics::family::Source::{
    Exchange, ExchangeFacts, Queue, QueueExchange, QueueInfo, QueueRead, Vhost,
};
use crate::metrics::family::{Facts, Family, Figure, Together};

use Together::{Nothing, Sum};

pub(super) static GROUPS: &[Group] = &[
    group("queue_coarse_metrics", Shown::Both, COARSE),
    group("queue_metrics", Shown::Both, FINE),
    group("queue_consumer_count", Shown::Nowhere, CONSUMER_COUNT),
    group("queue_coarse_metrics", Shown::PerObject, INFO),
    group("queue_metrics", Shown::Nowhere, INFO),
    group("queue_consumer_count", Shown::Nowhere, INFO),
    group("queue_delivery_metrics", Shown::Both, DELIVERY),
    group("queue_exchange_metrics", Shown::Both, BY_EXCHANGE),
    group("exchange_metrics", Shown::Both, EXCHANGE),
    cluster("vhost_status", VHOST_STATUS),
    cluster("exchange_names", EXCHANGE_NAMES),
    cluster("exchange_bindings", EXCHANGE_BINDINGS),
];

const fn group(name: &'static str, shown: Shown, families: &'static [Family]) -> Group {
    Group {
        name,
        prefix: Prefix::RabbitMq,
        shown,
        families,
    }
}

const fn cluster(name: &'static str, families: &'static [Family]) -> Group {
    Group {
        name,
        prefix: Prefix::Always("rabbitmq_cluster_"),
        shown: Shown::Nowhere,
        families,
    }
}

fn whole(figure: u64) -> Option<Figure> {
    Some(figure.into())
}

/// Nothing for streams, which have no such figure in RabbitMQ.
fn unless_stream(queue: &QueueFigures<'_>, figure: u64) -> Option<Figure> {
    (queue.kind != QueueKind::Stream).then(|| figure.into())
}

/// A figure that classic queues alone have in RabbitMQ.
fn if_classic(queue: &QueueFigures<'_>, figure: u64) -> Option<Figure> {
    (queue.kind == QueueKind::Classic).then(|| figure.into())
}

static COARSE: &[Family] = families! {
    "queue_messages_ready", Gauge, "Messages that wait for a consumer",
    Queue(Sum, |queue| whole(queue.counts.ready));

    "queue_messages_unacked", Gauge, "Messages delivered and not acknowledged yet",
    Queue(Sum, |queue| whole(queue.counts.unacked));

    "queue_messages", Gauge, "Messages that wait or are not acknowledged yet",
    Queue(Sum, |queue| whole(queue.counts.total(queue.kind)));

    "queue_process_reductions_total", Counter, "Steps of Erlang processes; there are none here",
    Queue(Sum, |_| whole(0));
};

static FINE: &[Family] = families! {
    "queue_consumers", Gauge, "Consumers of queues",
    Queue(Sum, |queue| whole(queue.consumers as u64));

    "queue_consumer_capacity", Gauge,
    "Share of the time in which consumers could have taken more messages",
    Queue(Nothing, |queue| queue.consumer_capacity.map(Figure::Real));

    "queue_consumer_utilisation", Gauge, "The same under its older name",
    Queue(Sum, |queue| queue.consumer_capacity.map(Figure::Real));

    "queue_process_memory_bytes", Gauge, "Memory that queues hold, in bytes",
    Queue(Sum, |queue| whole(queue.memory_bytes as u64));

    "queue_messages_ram", Gauge, "Messages in memory",
    Queue(Sum, |queue| {
        unless_stream(queue, queue.counts.ready_in_memory() + queue.counts.unacked)
    });

    "queue_messages_ram_bytes", Gauge, "Messages in memory, in bytes",
    Queue(Sum, |queue| unless_stream(queue, queue.counts.in_memory_bytes()));

    "queue_messages_ready_ram", Gauge, "Messages in memory that wait",
    Queue(Sum, |queue| if_classic(queue, queue.counts.ready_in_memory()));

    "queue_messages_unacked_ram", Gauge, "Messages in memory that are not acknowledged yet",
    Queue(Sum, |queue| if_classic(queue, queue.counts.unacked));

    "queue_messages_persistent", Gauge, "Messages that survive a restart",
    Queue(Sum, |queue| unless_stream(queue, queue.counts.persistent));

    "queue_messages_persistent_bytes", Gauge, "Messages that survive a restart, in bytes",
    Queue(Nothing, |queue| unless_stream(queue, queue.counts.persistent_bytes));

    "queue_messages_bytes", Gauge, "Bodies of all messages, in bytes",
    Queue(Sum, |queue| unless_stream(queue, queue.counts.bytes()));

    "queue_messages_ready_bytes", Gauge, "Bodies of messages that wait, in bytes",
    Queue(Sum, |queue| unless_stream(queue, queue.counts.ready_bytes));

    "queue_messages_unacked_bytes", Gauge, "Bodies of messages not acknowledged yet, in bytes",
    Queue(Sum, |queue| unless_stream(queue, queue.counts.unacked_bytes));

    "queue_head_message_timestamp", Gauge,
    "When the message that leaves next was sent, by its publisher, in seconds since 1970",
    Queue(Nothing, |queue| {
        let is_classic = queue.kind == QueueKind::Classic;
        is_classic.then(|| queue.head_timestamp.map_or(Figure::UNKNOWN, Figure::Whole))
    });

    "queue_disk_reads_total", Counter, "Messages that queues read from disk",
    Queue(Sum, |queue| if_classic(queue, queue.stats.disk_reads));

    "queue_disk_writes_total", Counter, "Messages that queues wrote to disk",
    Queue(Sum, |queue| if_classic(queue, queue.stats.disk_writes));

    "stream_segments", Gauge, "Segments of streams",
    Queue(Sum, |queue| queue.segments.map(Figure::from));
};

static CONSUMER_COUNT: &[Family] = families! {
    "queue_consumers", Gauge, "Consumers of queues",
    Queue(Sum, |queue| whole(queue.consumers as u64));
};

static INFO: &[Family] = families! {
    "queue_info", Gauge, "Type of a queue, and its part in a cluster", QueueInfo;
};

static DELIVERY: &[Family] = families! {
    "queue_get_ack_total", Counter, "Messages got with basic.get, to be acknowledged",
    QueueRead(|read| read.got);

    "queue_get_total", Counter, "Messages got with basic.get, not to be acknowledged",
    QueueRead(|read| read.got_no_ack);

    "queue_messages_delivered_ack_total", Counter,
    "Messages delivered to consumers that acknowledge",
    QueueRead(|read| read.delivered);

    "queue_messages_delivered_total", Counter,
    "Messages delivered to consumers that do not acknowledge",
    QueueRead(|read| read.delivered_no_ack);

    "queue_messages_redelivered_total", Counter, "Messages delivered or got again",
    QueueRead(|read| read.redelivered);

    "queue_messages_acked_total", Counter, "Messages acknowledged",
    QueueRead(|read| read.acked);

    "queue_get_empty_total", Counter, "Calls of basic.get that found nothing",
    QueueRead(|read| read.got_empty);
};

static BY_EXCHANGE: &[Family] = families! {
    "queue_exchange_messages_published_total", Counter,
    "Messages that came to queues from an exchange",
    QueueExchange(|moment| moment.messages().routed.into());
};

static EXCHANGE: &[Family] = families! {
    "exchange_messages_published_total", Counter, "Messages published to exchanges",
    Exchange(|totals| totals.published_in);

    "exchange_messages_confirmed_total", Counter, "Messages published to exchanges and confirmed",
    Exchange(|totals| totals.confirmed);

    "exchange_messages_unroutable_returned_total", Counter,
    "Messages without a queue that were returned to their publishers",
    Exchange(|totals| totals.returned_unroutable);

    "exchange_messages_unroutable_dropped_total", Counter,
    "Messages without a queue that were dropped",
    Exchange(|totals| totals.dropped_unroutable);
};

static VHOST_STATUS: &[Family] = families! {
    "vhost_status", Gauge, "Virtual hosts that run", Vhost;
};

static EXCHANGE_NAMES: &[Family] = families! {
    "exchange_name", Gauge, "Exchanges that there are", ExchangeFacts(Facts::Name);
};

static EXCHANGE_BINDINGS: &[Family] = families! {
    "exchange_bindings", Gauge, "Bindings that exchanges are the source of",
    ExchangeFacts(Facts::Bindings);
};
