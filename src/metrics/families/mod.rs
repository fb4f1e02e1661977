//! The table of families, in groups: each group is what RabbitMQ gives for one `family=` of
//! `/metrics/detailed`.
//!
//! Source: RabbitMQ 4.3.6, `/metrics`, `/metrics/per-object`, `/metrics/detailed` with each family
//! alone, `/metrics/memory-breakdown`. Two types are others there: `stream_segments` is a counter
//! that falls, `unreachable_cluster_peers_count` a gauge with the ending of a histogram's part.
//! What tells of Erlang and of Raft is left out.

use super::family::Family;

/// Families that are asked for together.
pub(super) struct Group {
    /// In `family=`; empty if it cannot be asked for.
    pub(super) name: &'static str,
    pub(super) prefix: Prefix,
    pub(super) shown: Shown,
    pub(super) families: &'static [Family],
}

/// What stands before the names of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prefix {
    /// `rabbitmq_`, and `rabbitmq_detailed_` where it was asked for by name.
    RabbitMq,
    /// This one, on every page.
    Always(&'static str),
}

/// On which pages a group is without having been asked for by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shown {
    /// `/metrics` and `/metrics/per-object`.
    Both,
    /// `/metrics/per-object`.
    PerObject,
    /// `/metrics/memory-breakdown`.
    Memory,
    /// Every page.
    Everywhere,
    /// None.
    Nowhere,
}

/// Rows of the table.
macro_rules! families {
    ($( $name:literal, $kind:ident, $help:literal, $source:expr; )+) => {
        &[ $( $crate::metrics::family::Family {
            name: $name,
            kind: $crate::metrics::family::Kind::$kind,
            help: $help,
            source: $source,
        }, )+ ]
    };
}

mod broker;
mod channels;
mod global;
mod own;
mod queues;

/// All groups, as they are shown.
pub(super) static GROUPS: &[&[Group]] = &[
    broker::GROUPS,
    queues::GROUPS,
    channels::GROUPS,
    global::GROUPS,
    own::GROUPS,
];
