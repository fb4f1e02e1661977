//! Messages.

use super::{
    ANYTHING, Any, Either, List, Object, OrNull, Shape, Text, Truth, Whole, Word, key, maybe,
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

/// A message that waits.
const WAITING: Shape = Shape {
    name: "WaitingMessage",
    about: "A message that waits in a queue.",
    keys: &[
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
    about: "Some of the messages that wait in a queue, in the order in which they would leave.",
    keys: &[
        key("messages", List(&Object(&WAITING))),
        key("next", OrNull(&Text)).about("Where to go on, as `from`; null at the end."),
        key("seen", Whole).about("Messages that were looked at for this answer."),
    ],
};

const PROPERTIES: Shape = Shape {
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
