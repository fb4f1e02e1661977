//! Sockets: the only code that waits for them.
//!
//! `listener` accepts, `pump` runs one task per connection and moves octets between its socket
//! and its desk. Neither knows AMQP. `descriptors` says how many sockets there may be.

pub mod descriptors;
pub mod listener;
mod pump;
mod socket;
