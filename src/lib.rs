#![doc = include_str!("ARCHITECTURE.md")]

pub mod alarms;
pub mod auth;
pub mod broker;
pub mod channel;
pub mod clock;
pub mod compat;
pub mod config;
pub mod connection;
pub mod definitions;
pub mod desk;
pub mod entry;
pub mod env;
mod erlang;
pub mod error;
pub mod events;
pub mod exchange;
pub mod ids;
pub mod inquiry;
pub mod kind;
pub mod limits;
mod log;
pub mod mail;
pub mod message;
pub mod net;
pub mod outbox;
pub mod paging;
pub mod policy;
#[cfg(feature = "program")]
pub mod program;
pub mod protocol;
pub mod queue;
pub mod store;
mod sync;
pub mod turns;
pub mod vhost;

/// The examples of the README, compiled and run as tests of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
mod readme {}
