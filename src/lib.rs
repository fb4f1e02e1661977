#![doc = include_str!("ARCHITECTURE.md")]

pub mod alarms;
pub mod auth;
pub mod broker;
pub mod channel;
pub mod clock;
pub mod compat;
pub mod config;
pub mod connection;
pub mod env;
pub mod error;
pub mod events;
pub mod exchange;
pub mod ids;
pub mod limits;
pub mod message;
pub mod net;
pub mod paging;
pub mod policy;
pub mod queue;
pub mod store;
mod sync;
pub mod timers;
pub mod vhost;
