//! What Erlang's garbage collector would say of a process, which nothing here is: what it says of
//! one that has just been started.
//!
//! Seen: RabbitMQ 4.3.6, classic queues, connections and channels.

use crate::management::json::Object;

/// What collectors are set to, and how often they have worked.
const FIGURES: [(&str, u32); 5] = [
    ("fullsweep_after", 65_535),
    ("max_heap_size", 0),
    ("min_bin_vheap_size", 46_422),
    ("min_heap_size", 233),
    ("minor_gcs", 0),
];

/// Of a process.
pub(super) fn write(object: &mut Object<'_>) {
    object.object("garbage_collection", |shown| {
        for (key, figure) in FIGURES {
            shown.set(key, &figure);
        }
    });
}

/// Of what has no process to ask.
pub(super) fn write_unknown(object: &mut Object<'_>) {
    object.object("garbage_collection", |shown| {
        for (key, _) in FIGURES {
            shown.set(key, &-1);
        }
    });
}
