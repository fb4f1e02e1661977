//! What flows where.

use super::{List, Object, Shape, Text, Whole, key};

/// What went through an exchange.
pub(in crate::management) const EXCHANGE_FLOW: Shape = Shape {
    name: "ExchangeFlow",
    about: "What was published to an exchange since it was declared.",
    keys: &[
        key("confirm", Whole).about("Confirmed to their publishers."),
        key("drop_unroutable", Whole).about("Without a queue, dropped."),
        key("name", Text).about("Empty for the exchange without a name."),
        key("publish_in", Whole).about("Published to it by clients."),
        key("publish_out", Whole).about("Copies of those that were handed to queues."),
        key("return_unroutable", Whole).about("Without a queue, returned to their publishers."),
        key("vhost", Text),
    ],
};

/// What went into a queue, and what died in it.
pub(in crate::management) const QUEUE_FLOW: Shape = Shape {
    name: "QueueFlow",
    about: "What came to a queue and what died in it, since the broker started.",
    keys: &[
        key("died", Object(&QUEUE_DEATHS)),
        key("from", List(&Object(&QUEUE_SOURCE))).about("The 64 exchanges used last are kept."),
        key("name", Text),
        key("vhost", Text),
    ],
};

const QUEUE_DEATHS: Shape = Shape {
    name: "QueueDeaths",
    about: "Messages that died in a queue, by the reason, dead-lettered or dropped.",
    keys: &[
        key("delivery_limit", Whole).about("They came back too often."),
        key("expired", Whole).about("They were there for too long."),
        key("maxlen", Whole).about("There was no room for them."),
        key("rejected", Whole).about("A consumer rejected them."),
    ],
};

const QUEUE_SOURCE: Shape = Shape {
    name: "QueueSource",
    about: "What came to a queue of what clients published to one exchange.",
    keys: &[
        key("exchange", Text).about("The one a client named, not the last one on the way."),
        key("publish", Whole),
    ],
};
