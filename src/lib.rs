//! Leveret: an AMQP 0-9-1 broker, a drop-in RabbitMQ for development and tests.

pub mod auth;
pub mod config;
