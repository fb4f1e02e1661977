//! Leveret: an AMQP 0-9-1 broker, a drop-in RabbitMQ for development and tests.

pub mod auth;
pub mod clock;
pub mod config;
pub mod connection;
pub mod error;
pub mod events;
pub mod exchange;
pub mod ids;
pub mod message;
pub mod queue;
pub mod store;
pub mod timers;
