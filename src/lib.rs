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

mod alarms;
mod auth;
mod channel;
mod compat;
mod config;
mod connection;
mod definitions;
mod desk;
mod entry;
mod env;
mod erlang;
mod error;
mod exchange;
mod ids;
mod inquiry;
mod kind;
mod limits;
mod listening;
mod log;
mod mail;
#[cfg(feature = "management")]
mod management;
mod message;
#[cfg(feature = "management")]
mod metrics;
mod net;
mod outbox;
mod paging;
mod plugins;
mod policy;
mod protocol;
mod queue;
mod store;
mod sync;
mod sys;
mod tally;
mod turns;
mod vhost;

#[cfg(feature = "internals")]
pub mod internals;

#[doc = include_str!("ARCHITECTURE.md")]
mod architecture {}

/// The examples of the README, compiled and run as tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
