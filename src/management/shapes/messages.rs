//! Messages.

use super::queues::CHANNEL_PLACE;
use super::{
    ANYTHING, Any, Either, Key, List, Object, OrNull, Shape, Text, Truth, Whole, Word, key, maybe,
};

/// What is published.
pub(in crate::management) const PUBLICATION: Shape = Shape {
    name: "Publication",
    about: "A message that is published.",
    keys: &[
        key("payload", Text),
        key("payload_encoding", Word(&["string", "base64"])),
        key("properties", Object(&PROPERTIES)),
        key("routing_key", Text),
    ],
};

/// Whether it was routed.
pub(in crate::management) const PUBLISHED: Shape = Shape {
    name: "Published",
    about: "Whether any queue took a message.",
    keys: &[key("routed", Truth)],
};

/// How messages are to be got.
pub(in crate::management) const WISH: Shape = Shape {
    name: "GetRequest",
    about: "How messages are to be got.",
    keys: &[
        key(
            "ackmode",
            Word(&[
                "ack_requeue_true",
                "ack_requeue_false",
                "reject_requeue_true",
                "reject_requeue_false",
            ]),
        ),
        key("count", Whole).about("A negative one is all."),
        key("encoding", Word(&["auto", "base64"])),
        maybe("truncate", Whole).about("Bytes of a body that are shown."),
    ],
};

/// A message that was got.
pub(in crate::management) const MESSAGE: Shape = Shape {
    name: "Message",
    about: "A message that was got.",
    keys: &[
        key("exchange", Text),
        key("message_count", Whole).about("Messages that wait behind it."),
        key("payload", Text),
        key("payload_bytes", Whole),
        key("payload_encoding", Word(&["string", "base64"])),
        key("properties", Either(&[Object(&PROPERTIES), List(&Any)]))
            .about("An empty list if it has none."),
        key("redelivered", Truth),
        key("routing_key", Text),
    ],
};

/// A message that waits, or is held.
const WAITING: Shape = Shape {
    name: "WaitingMessage",
    about: "A message of a queue; the channel, tags and time of one that is not settled are left \
            out of others.",
    keys: &[
        maybe("channel_details", Object(&CHANNEL_PLACE)).about("The channel that holds it."),
        maybe("consumer_tag", OrNull(&Text)).about("Null if it was got."),
        maybe("delivered_at", Whole).about("Milliseconds since 1970."),
        maybe("delivery_tag", Whole),
        key("delivery_count", Whole).about("Deliveries that count towards the delivery limit."),
        key("exchange", Text),
        key("expires_in", OrNull(&Whole)).about("Milliseconds."),
        key("from", Text).about("As the query's `from` it leads to this message."),
        key("payload", Text),
        key("payload_bytes", Whole),
        key("payload_encoding", Word(&["string", "base64"])),
        key("position", Whole)
            .about("Its offset in a stream; in other queues it rises from message to message."),
        key("properties", Either(&[Object(&PROPERTIES), List(&Any)]))
            .about("An empty list if it has none."),
        key("redelivered", Truth),
        key("routing_key", Text),
        key("stored", Truth).about("Whether it survives a restart."),
    ],
};

/// Some of the messages that wait.
pub(in crate::management) const BROWSED: Shape = Shape {
    name: "WaitingMessages",
    about: "Some of the messages of a queue: those that wait in the order in which they would \
            leave, those that are not settled by connection, channel and delivery tag.",
    keys: &[
        key("messages", List(&Object(&WAITING))),
        key("next", OrNull(&Text)).about("Where to go on, as `from`; null at the end."),
        key("seen", Whole).about("Messages that were looked at for this answer."),
        maybe("unanswered", Whole)
            .about("Connections that did not say in time what they hold; with `state=unacked`."),
    ],
};

/// Which messages are meant.
pub(in crate::management) const PICKED: Shape = Shape {
    name: "PickedMessages",
    about: "Messages that wait in a queue: those at some positions, or those with something in \
            them.",
    keys: PICKED_KEYS,
};

/// The same, with where they go.
pub(in crate::management) const PICKED_TO_MOVE: Shape = Shape {
    name: "MessagesToMove",
    about: "Messages that wait in a queue, and where they go: to an exchange or to a queue.",
    keys: &[
        COUNT,
        maybe("exchange", Text).about("`amq.default` is the one without a name."),
        FILTER,
        FROM,
        POSITIONS,
        maybe("queue", Text),
        maybe("routing_key", Text)
            .about("In place of all keys of each message; without it they keep their own."),
    ],
};

const PICKED_KEYS: &[Key] = &[COUNT, FILTER, FROM, POSITIONS];

const COUNT: Key =
    maybe("count", Whole).about("Most messages that are meant, from 1 to 1000; otherwise 1000.");
const FILTER: Key = maybe("filter", Object(&MESSAGE_FILTER));
const FROM: Key = maybe("from", Text).about("What `next` said in an answer before.");
const POSITIONS: Key = maybe("positions", List(&Whole)).about("1000 of them at most.");

const MESSAGE_FILTER: Shape = Shape {
    name: "MessageFilter",
    about: "What must be in a message; everything that is named here.",
    keys: &[
        maybe("body", Text),
        maybe("exchange", Text),
        maybe("header", Text).about("Its name; with a text in it: `name:text`."),
        maybe("property", Text).about("Its name; with a text in it: `name:text`."),
        maybe("routing_key", Text),
        maybe("use_regex", Truth).about("Whether these texts are regular expressions."),
    ],
};

/// What became of them.
pub(in crate::management) const ACTED: Shape = Shape {
    name: "ActedOnMessages",
    about: "What became of messages that were to be dropped or moved.",
    keys: &[
        key("done", Whole).about("Messages that were dropped or moved."),
        key("next", OrNull(&Text)).about("Where to go on, as `from`; null at the end."),
        key("seen", Whole).about("Messages that were looked at."),
        key("stayed", List(&Object(&STAYED))).about("The first 100 of them."),
        key("stayed_count", Whole).about("Messages that are where they were, or gone."),
    ],
};

const STAYED: Shape = Shape {
    name: "StayedMessage",
    about: "A message that was not dropped or moved.",
    keys: &[
        key("position", Whole),
        key(
            "reason",
            Word(&[
                "gone",
                "unroutable",
                "refused",
                "never_died",
                "no_queue",
                "here_already",
                "forbidden",
            ]),
        ),
        key("text", Text),
    ],
};

pub(super) const PROPERTIES: Shape = Shape {
    name: "MessageProperties",
    about: "The properties of a message, as AMQP has them.",
    keys: &[
        maybe("app_id", Text),
        maybe("cluster_id", Text),
        maybe("content_encoding", Text),
        maybe("content_type", Text),
        maybe("correlation_id", Text),
        maybe("delivery_mode", Whole).about("2 for one that survives a restart."),
        maybe("expiration", Text).about("Milliseconds, as a text."),
        maybe("headers", ANYTHING),
        maybe("message_id", Text),
        maybe("priority", Whole),
        maybe("reply_to", Text),
        maybe("timestamp", Whole).about("Seconds since 1970."),
        maybe("type", Text),
        maybe("user_id", Text),
    ],
};
