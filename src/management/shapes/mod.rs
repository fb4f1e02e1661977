//! The shapes of everything that goes over HTTP as JSON: one file for each kind of thing.

use super::shape::{Key, Kind, Shape, key, maybe};

pub(super) mod broker;
pub(super) mod connections;
pub(super) mod definitions;
pub(super) mod explain;
pub(super) mod flows;
pub(super) mod health;
pub(super) mod log;
pub(super) mod messages;
pub(super) mod nodes;
pub(super) mod queues;
pub(super) mod rights;
pub(super) mod topology;

use Kind::{Any, Counter, Either, List, Map, Number, Object, OrNull, Text, Truth, Whole, Word};

const TEXTS: Kind = List(&Text);
const ANYTHING: Kind = Map(&Any);
const COUNTS: Kind = Map(&Whole);
/// Tags as they are said: a list, or a text with commas.
const TAGS: Kind = Either(&[TEXTS, Text]);

/// Any refusal with words.
pub(super) const REFUSAL: Shape = Shape {
    name: "Refusal",
    about: "Why a request is refused.",
    keys: &[
        key("error", Text).about("A word for the kind of refusal."),
        key("reason", Any).about("In words; sometimes a list of a word and what is wrong."),
    ],
};

/// A page of a list of `items`.
pub(super) const PAGE_KEYS: &[(&str, &str)] = &[
    ("filtered_count", "Items that the filter leaves."),
    ("item_count", "Items on this page."),
    ("page", "This page, from 1."),
    ("page_count", "Pages that there are."),
    ("page_size", "Most items on a page."),
    ("total_count", "Items without the filter."),
];

/// What went through a queue, an exchange, a channel, a virtual host or the broker.
const MESSAGE_STATS: Shape = Shape {
    name: "MessageStats",
    about: "What went through since it was made; keys that do not concern it are left out.",
    keys: &[
        maybe("ack", Counter),
        maybe("confirm", Counter),
        maybe("deliver", Counter),
        maybe("deliver_get", Counter),
        maybe("deliver_no_ack", Counter),
        maybe("disk_reads", Counter),
        maybe("disk_writes", Counter),
        maybe("drop_unroutable", Counter),
        maybe("get", Counter),
        maybe("get_empty", Counter),
        maybe("get_no_ack", Counter),
        maybe("publish", Counter),
        maybe("publish_in", Counter),
        maybe("publish_out", Counter),
        maybe("redeliver", Counter),
        maybe("return_unroutable", Counter),
    ],
};

const STATS: Kind = Object(&MESSAGE_STATS);

const GARBAGE_COLLECTION: Shape = Shape {
    name: "GarbageCollection",
    about: "What Erlang's garbage collector would say, which is not here.",
    keys: &[
        key("fullsweep_after", Whole),
        key("max_heap_size", Whole),
        key("min_bin_vheap_size", Whole),
        key("min_heap_size", Whole),
        key("minor_gcs", Whole),
    ],
};

/// A queue or an exchange.
const NAME: Shape = Shape {
    name: "Name",
    about: "A thing in a virtual host.",
    keys: &[key("name", Text), key("vhost", Text)],
};

/// A connection.
const PLACE: Shape = Shape {
    name: "Place",
    about: "A connection, and where it comes from.",
    keys: &[
        key("name", Text),
        key("peer_host", Text),
        key("peer_port", Whole),
    ],
};
