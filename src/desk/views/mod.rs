//! What there is, as plain data: made on request, exact at the moment of asking.
//!
//! A view owns everything it shows: no lock, no handle and nothing borrowed leaves the desk. Lists
//! are filtered, sorted and cut into pages by what is cheap to ask of each item; only what is shown
//! is built ([`listing`]). The [`Scope`] says what is in a view, and the door decides which scope
//! its user may see.
//!
//! What the task of a connection owns is asked by mail: [`Desk::ask_channels`](super::Desk).

mod bindings;
mod channels;
mod connections;
mod deprecated;
mod exchanges;
#[cfg(feature = "management")]
mod handles;
mod listing;
mod measured;
mod overview;
mod plain;
mod queues;
#[cfg(feature = "management")]
mod rolls;
mod turnover;
mod vhosts;

pub use bindings::{BindingFilter, BindingView};
pub use channels::{ChannelView, ConsumerHolds, ConsumerView, Place};
pub use connections::{ConnectionSort, ConnectionView};
pub use deprecated::DeprecatedFeatureView;
pub use exchanges::{ExchangeSort, ExchangeView};
#[cfg(feature = "management")]
pub(crate) use handles::{ExchangeRef, QueueRef, SessionRef};
#[cfg(feature = "management")]
pub(crate) use listing::{Item, select};
pub use listing::{Listed, Listing, NameFilter, Page, PageError, SortKey, UnfitPattern};
pub(crate) use measured::Gauges;
pub use measured::{LoginAttempts, Measured, MemoryParts, MemoryUse, ProcessView};
pub use overview::{Churn, ObjectTotals, Overview};
pub use plain::PlainTable;
pub use queues::{MessageCounts, QueueCounts, QueueSort, QueueView, QuorumView, StreamView};
#[cfg(feature = "management")]
pub(crate) use rolls::{ExchangeFigures, ExchangeRoll, QueueFigures, QueueRoll, WithBindings};
pub(in crate::desk) use turnover::Turnovers;
pub use vhosts::VhostView;

/// A queue or a channel that was used less than so many milliseconds ago is not idle.
///
/// Seen: RabbitMQ 4.3.6, where they are idle once they have slept for a second or more.
const IDLE_AFTER_MS: u64 = 1000;

/// Which vhosts a view is about.
#[derive(Clone, Copy, Debug)]
pub enum Scope<'a> {
    /// All of them.
    All,
    /// This one.
    Vhost(&'a str),
    /// These.
    Vhosts(&'a [&'a str]),
    /// These, by names of the caller's own.
    Named(&'a [String]),
}

impl Scope<'_> {
    /// Whether the view is about the vhost `name`.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Vhost(only) => *only == name,
            Self::Vhosts(some) => some.contains(&name),
            Self::Named(some) => some.iter().any(|one| one == name),
        }
    }
}
