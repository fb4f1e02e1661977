//! What there is, as plain data: made on request, exact at the moment of asking.
//!
//! ```
//! use leveret::broker::{Broker, QueueDefinition};
//! use leveret::views::{Listing, NameFilter, QueueSort, Scope};
//!
//! let broker = Broker::builder().start()?;
//! let vhost = broker.vhost("/")?;
//! for name in ["jobs.new", "jobs.old", "other"] {
//!     vhost.declare_queue(&QueueDefinition::new(name))?;
//! }
//! let listing = Listing {
//!     name: Some(NameFilter::pattern("^jobs")?),
//!     sort: Some(QueueSort::Name),
//!     ..Listing::default()
//! };
//! let listed = broker.desk().queues(Scope::All, &listing)?;
//! let names: Vec<_> = listed.items.iter().map(|queue| &*queue.name).collect();
//! assert_eq!(names, ["jobs.new", "jobs.old"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use crate::desk::rates::{Range, Sample, Subject, Trend, Window, Windows};
pub use crate::desk::session::{Encryption, PeerCertificate, State};
pub use crate::desk::views::{
    BindingFilter, BindingView, ChannelView, Churn, ConnectionSort, ConnectionView, ConsumerHolds,
    ConsumerView, DeprecatedFeatureView, ExchangeSort, ExchangeView, Listed, Listing,
    LoginAttempts, Measured, MemoryParts, MemoryUse, MessageCounts, NameFilter, ObjectTotals,
    Overview, Page, PageError, Place, PlainTable, ProcessView, QueueCounts, QueueSort, QueueView,
    QuorumView, Scope, SortKey, StreamView, UnfitPattern, VhostView,
};
pub use crate::inquiry::{
    Answers, ChannelCounters, ChannelExchange, ChannelQueue, ChannelReach, ChannelSnapshot, Detail,
};
pub use crate::kind::QueueKind;
pub use crate::queue::{DeathTotals, Stats};
pub use crate::store::{DurationTotals, StoreTotals};
pub use crate::tally::{
    ExchangeTotals, MessageTotals, ReadTotals, SizeTotals, TrafficTotals, Turnover,
};
pub use crate::vhost::DestinationName;
