//! One AMQP connection.

pub mod mail;
