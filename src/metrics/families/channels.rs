//! Families of channels and connections.

use super::{Group, Prefix, Shown};
use crate::metrics::family::Source::{
    Channel, ChannelExchange, ChannelQueue, ChannelQueueExchange, Connection, Queue,
};
use crate::metrics::family::{Family, Figure, Together};
use crate::metrics::moment::Moment;

use Together::{Nothing, Sum};

pub(super) static GROUPS: &[Group] = &[
    group("channel_metrics", CHANNEL),
    group("channel_exchange_metrics", BY_EXCHANGE),
    group("channel_process_metrics", PROCESS),
    group("channel_queue_metrics", BY_QUEUE),
    group("connection_coarse_metrics", COARSE),
    group("stream_consumer_metrics", STREAM_CONSUMER),
    group("connection_metrics", CONNECTION),
    group("channel_queue_exchange_metrics", BY_QUEUE_AND_EXCHANGE),
];

const fn group(name: &'static str, families: &'static [Family]) -> Group {
    Group {
        name,
        prefix: Prefix::RabbitMq,
        shown: Shown::Both,
        families,
    }
}

static CHANNEL: &[Family] = families! {
    "channel_consumers", Gauge, "Consumers of channels",
    Channel(Sum, |channel| channel.consumers.into());

    "channel_messages_unacked", Gauge, "Deliveries of channels that are not acknowledged yet",
    Channel(Sum, |channel| channel.unacked.into());

    "channel_messages_unconfirmed", Gauge, "Publishes of channels that are not confirmed yet",
    Channel(Sum, |channel| channel.unconfirmed.into());

    "channel_messages_uncommitted", Gauge, "Publishes that wait for the end of a transaction",
    Channel(Sum, |channel| channel.uncommitted.into());

    "channel_acks_uncommitted", Gauge, "Acknowledgements that wait for the end of a transaction",
    Channel(Sum, |channel| channel.uncommitted_acks.into());

    "consumer_prefetch", Gauge, "Messages that each new consumer may have unacknowledged",
    Channel(Sum, |channel| u64::from(channel.prefetch_count).into());

    "channel_prefetch", Gauge, "Messages that all consumers of a channel may have unacknowledged",
    Channel(Nothing, |channel| u64::from(channel.global_prefetch_count).into());
};

static BY_EXCHANGE: &[Family] = families! {
    "channel_messages_published_total", Counter, "Messages published on channels",
    ChannelExchange(|one| one.published, |moment| moment.messages().published.into());

    "channel_messages_confirmed_total", Counter, "Messages published on channels and confirmed",
    ChannelExchange(|one| one.confirmed, |moment| moment.messages().confirmed.into());

    "channel_messages_unroutable_returned_total", Counter,
    "Messages published on channels, without a queue, and returned",
    ChannelExchange(
        |one| one.returned_unroutable,
        |moment| moment.messages().returned_unroutable.into(),
    );

    "channel_messages_unroutable_dropped_total", Counter,
    "Messages published on channels, without a queue, and dropped",
    ChannelExchange(
        |one| one.dropped_unroutable,
        |moment| moment.messages().dropped_unroutable.into(),
    );
};

static PROCESS: &[Family] = families! {
    "channel_process_reductions_total", Counter, "Steps of Erlang processes; there are none here",
    Channel(Sum, |_| Figure::Whole(0));
};

static BY_QUEUE: &[Family] = families! {
    "channel_get_ack_total", Counter, "Messages got with basic.get, to be acknowledged",
    ChannelQueue(|read| read.got, |moment| moment.read().got.into());

    "channel_get_total", Counter, "Messages got with basic.get, not to be acknowledged",
    ChannelQueue(|read| read.got_no_ack, |moment| moment.read().got_no_ack.into());

    "channel_messages_delivered_ack_total", Counter,
    "Messages delivered to consumers that acknowledge",
    ChannelQueue(|read| read.delivered, |moment| moment.read().delivered.into());

    "channel_messages_delivered_total", Counter,
    "Messages delivered to consumers that do not acknowledge",
    ChannelQueue(|read| read.delivered_no_ack, |moment| moment.read().delivered_no_ack.into());

    "channel_messages_redelivered_total", Counter, "Messages delivered or got again",
    ChannelQueue(|read| read.redelivered, |moment| moment.read().redelivered.into());

    "channel_messages_acked_total", Counter, "Messages acknowledged",
    ChannelQueue(|read| read.acked, |moment| moment.read().acked.into());

    "channel_get_empty_total", Counter, "Calls of basic.get that found nothing",
    ChannelQueue(|read| read.got_empty, |moment| moment.read().got_empty.into());
};

static COARSE: &[Family] = families! {
    "connection_incoming_bytes_total", Counter, "Bytes read from connections",
    Connection(
        |connection| connection.read_bytes.into(),
        |moment| moment.turnover.traffic.read_bytes.into(),
    );

    "connection_outgoing_bytes_total", Counter, "Bytes written to connections",
    Connection(
        |connection| connection.written_bytes.into(),
        |moment| moment.turnover.traffic.written_bytes.into(),
    );

    "connection_process_reductions_total", Counter,
    "Steps of Erlang processes; there are none here",
    Connection(|_| Figure::Whole(0), |_| Figure::Whole(0));
};

static STREAM_CONSUMER: &[Family] = families! {
    "stream_consumer_max_offset_lag", Gauge,
    "Messages that a consumer of the stream protocol is behind; it is not spoken here",
    Queue(Nothing, |_| None);
};

static CONNECTION: &[Family] = families! {
    "connection_incoming_packets_total", Counter, "Frames read from connections",
    Connection(
        |connection| connection.read_frames.into(),
        |moment| moment.turnover.traffic.read_frames.into(),
    );

    "connection_outgoing_packets_total", Counter, "Frames written to connections",
    Connection(
        |connection| connection.written_frames.into(),
        |moment| moment.turnover.traffic.written_frames.into(),
    );

    "connection_pending_packets", Gauge, "Frames that wait to be written to connections",
    Connection(|_| Figure::Whole(0), |_| Figure::Whole(0));

    "connection_channels", Gauge, "Channels of connections",
    Connection(|connection| connection.channels.into(), Moment::channel_count);
};

static BY_QUEUE_AND_EXCHANGE: &[Family] = families! {
    "queue_messages_published_total", Counter,
    "Messages published on channels that came to queues",
    ChannelQueueExchange(|moment| moment.messages().routed.into());
};
