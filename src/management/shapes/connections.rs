//! Connections and channels.

use super::queues::CONSUMER;
use super::{
    ANYTHING, Any, Counter, GARBAGE_COLLECTION, List, NAME, Object, OrNull, PLACE, STATS, Shape,
    Text, Truth, Whole, key, maybe,
};

/// A connection.
pub(in crate::management) const CONNECTION: Shape = Shape {
    name: "Connection",
    about: "A connection of a client; figures are left out if they are off.",
    keys: &[
        key("auth_mechanism", Text),
        key("channel_max", Whole),
        maybe("channels", Whole),
        key("client_properties", ANYTHING),
        key("connected_at", Whole).about("Milliseconds since 1970."),
        key("frame_max", Whole),
        maybe("garbage_collection", Object(&GARBAGE_COLLECTION)),
        key("host", Text),
        key("name", Text),
        key("node", Text),
        key("peer_cert_issuer", OrNull(&Text)),
        key("peer_cert_serial_number", OrNull(&Text)),
        key("peer_cert_subject", OrNull(&Text)),
        key("peer_cert_validity", OrNull(&Text)),
        key("peer_host", Text),
        key("peer_port", Whole),
        key("port", Whole),
        key("protocol", Text),
        maybe("recv_cnt", Whole),
        maybe("recv_oct", Counter),
        maybe("reductions", Counter),
        maybe("send_cnt", Whole),
        maybe("send_oct", Counter),
        maybe("send_pend", Whole),
        key("ssl", Truth),
        key("ssl_cipher", OrNull(&Text)),
        key("ssl_hash", OrNull(&Text)),
        key("ssl_key_exchange", OrNull(&Text)),
        key("ssl_protocol", OrNull(&Text)),
        maybe("state", Text),
        key("timeout", Whole).about("Seconds between heartbeats; 0 for none."),
        key("type", Text),
        key("user", Text),
        maybe("user_provided_name", Text),
        key("user_who_performed_action", Text),
        key("vhost", Text),
    ],
};

/// A connection in a list of those of a user.
pub(in crate::management) const CONNECTION_OF_USER: Shape = Shape {
    name: "ConnectionOfUser",
    about: "A connection, in short.",
    keys: &[
        key("name", Text),
        key("node", Text),
        key("user", Text),
        key("vhost", Text),
    ],
};

/// A session of AMQP 1.0, which is not spoken here.
pub(in crate::management) const SESSION: Shape = Shape {
    name: "Session",
    about: "A session of AMQP 1.0, which is not spoken here.",
    keys: &[maybe("handle_max", Any)],
};

/// A channel.
pub(in crate::management) const CHANNEL: Shape = Shape {
    name: "Channel",
    about: "A channel of a connection; figures are left out if they are off.",
    keys: &[
        maybe("acks_uncommitted", Whole),
        maybe("cached_segments", Whole),
        maybe("confirm", Truth),
        key("connection_details", Object(&PLACE)),
        maybe("consumer_count", Whole),
        maybe("consumer_details", List(&Object(&CONSUMER))),
        maybe("deliveries", List(&Object(&CHANNEL_DELIVERY))),
        maybe("garbage_collection", Object(&GARBAGE_COLLECTION)),
        maybe("idle_since", Text),
        maybe("message_stats", STATS),
        maybe("messages_unacknowledged", Whole),
        maybe("messages_uncommitted", Whole),
        maybe("messages_unconfirmed", Whole),
        key("name", Text),
        key("node", Text),
        key("number", Whole),
        maybe("pending_raft_commands", Whole),
        maybe("prefetch_count", Whole),
        maybe("publishes", List(&Object(&CHANNEL_PUBLISH))),
        maybe("reductions", Counter),
        maybe("state", Text),
        maybe("transactional", Truth),
        key("user", Text),
        key("user_who_performed_action", Text),
        key("vhost", Text),
    ],
};

const CHANNEL_DELIVERY: Shape = Shape {
    name: "ChannelDelivery",
    about: "What a channel got of a queue.",
    keys: &[key("queue", Object(&NAME)), key("stats", STATS)],
};

const CHANNEL_PUBLISH: Shape = Shape {
    name: "ChannelPublish",
    about: "What a channel published to an exchange.",
    keys: &[key("exchange", Object(&NAME)), key("stats", STATS)],
};
