//! Messages.

use super::{ANYTHING, Any, Either, List, Object, Shape, Text, Truth, Whole, Word, key, maybe};

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
