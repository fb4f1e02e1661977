//! Leveret: a broker that speaks AMQP 0-9-1 as RabbitMQ does, to embed in a program or a test.
//!
//! [`broker::Broker`] starts one, on threads of its own; clients connect to its
//! [`uri`](broker::Broker::uri). [`broker::VhostHandle`] declares, binds, publishes, counts and
//! waits without a client, [`clock::Clock`] makes hours pass in a millisecond, [`administration`]
//! makes users and virtual hosts, [`views`] shows everything there is as plain data, [`events`]
//! tells what becomes of each message, and [`settings::Settings`] has what can be set.
//!
//! ```
//! use std::time::Duration;
//! use leveret::broker::{Broker, QueueDefinition};
//! use leveret::clock::Clock;
//!
//! let broker = Broker::builder().clock(Clock::test()).start()?;
//! let vhost = broker.vhost("/")?;
//! vhost.declare_queue(&QueueDefinition::new("jobs").argument("x-expires", 60_000))?;
//! broker.clock().advance(Duration::from_secs(60));
//! assert_eq!(vhost.counts("jobs"), None);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! How it is built is told in `src/ARCHITECTURE.md`; `cargo doc --document-private-items` has it
//! with links, as the module `architecture`.
#![cfg_attr(
    not(feature = "internals"),
    expect(
        dead_code,
        unreachable_pub,
        reason = "tests and benches reach it, with the feature `internals`"
    ),
    warn(unnameable_types)
)]

pub mod administration;
pub mod broker;
pub mod clock;
pub mod events;
#[cfg(feature = "program")]
pub mod program;
pub mod settings;
pub mod views;

#[cfg(not(feature = "internals"))]
mod alarms;
#[cfg(feature = "internals")]
pub mod alarms;
#[cfg(not(feature = "internals"))]
mod auth;
#[cfg(feature = "internals")]
pub mod auth;
#[cfg(not(feature = "internals"))]
mod channel;
#[cfg(feature = "internals")]
pub mod channel;
#[cfg(not(feature = "internals"))]
mod compat;
#[cfg(feature = "internals")]
pub mod compat;
#[cfg(not(feature = "internals"))]
mod config;
#[cfg(feature = "internals")]
pub mod config;
#[cfg(not(feature = "internals"))]
mod connection;
#[cfg(feature = "internals")]
pub mod connection;
#[cfg(not(feature = "internals"))]
mod definitions;
#[cfg(feature = "internals")]
pub mod definitions;
#[cfg(not(feature = "internals"))]
mod desk;
#[cfg(feature = "internals")]
pub mod desk;
#[cfg(not(feature = "internals"))]
mod entry;
#[cfg(feature = "internals")]
pub mod entry;
#[cfg(not(feature = "internals"))]
mod env;
#[cfg(feature = "internals")]
pub mod env;
mod erlang;
#[cfg(not(feature = "internals"))]
mod error;
#[cfg(feature = "internals")]
pub mod error;
#[cfg(not(feature = "internals"))]
mod exchange;
#[cfg(feature = "internals")]
pub mod exchange;
#[cfg(not(feature = "internals"))]
mod ids;
#[cfg(feature = "internals")]
pub mod ids;
#[cfg(not(feature = "internals"))]
mod inquiry;
#[cfg(feature = "internals")]
pub mod inquiry;
#[cfg(not(feature = "internals"))]
mod kind;
#[cfg(feature = "internals")]
pub mod kind;
#[cfg(not(feature = "internals"))]
mod limits;
#[cfg(feature = "internals")]
pub mod limits;
mod log;
#[cfg(not(feature = "internals"))]
mod mail;
#[cfg(feature = "internals")]
pub mod mail;
#[cfg(all(feature = "management", not(feature = "internals")))]
mod management;
#[cfg(all(feature = "management", feature = "internals"))]
pub mod management;
#[cfg(not(feature = "internals"))]
mod message;
#[cfg(feature = "internals")]
pub mod message;
#[cfg(all(feature = "management", not(feature = "internals")))]
mod metrics;
#[cfg(all(feature = "management", feature = "internals"))]
pub mod metrics;
#[cfg(not(feature = "internals"))]
mod net;
#[cfg(feature = "internals")]
pub mod net;
#[cfg(not(feature = "internals"))]
mod outbox;
#[cfg(feature = "internals")]
pub mod outbox;
#[cfg(not(feature = "internals"))]
mod paging;
#[cfg(feature = "internals")]
pub mod paging;
#[cfg(not(feature = "internals"))]
mod policy;
#[cfg(feature = "internals")]
pub mod policy;
#[cfg(not(feature = "internals"))]
mod protocol;
#[cfg(feature = "internals")]
pub mod protocol;
#[cfg(not(feature = "internals"))]
mod queue;
#[cfg(feature = "internals")]
pub mod queue;
#[cfg(not(feature = "internals"))]
mod store;
#[cfg(feature = "internals")]
pub mod store;
mod sync;
#[cfg(not(feature = "internals"))]
mod tally;
#[cfg(feature = "internals")]
pub mod tally;
#[cfg(not(feature = "internals"))]
mod turns;
#[cfg(feature = "internals")]
pub mod turns;
#[cfg(not(feature = "internals"))]
mod vhost;
#[cfg(feature = "internals")]
pub mod vhost;

#[cfg(feature = "internals")]
pub mod internals;

#[doc = include_str!("ARCHITECTURE.md")]
mod architecture {}

/// The examples of the README, compiled and run as tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
