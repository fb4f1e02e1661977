//! Sockets: the only code that waits for them.
//!
//! `listener` accepts and lets a service serve, `pump` runs one task per connection and moves
//! octets between its socket (`socket`) and what is said over it ([`crate::protocol`]). Neither
//! knows AMQP: `amqp` brings the two together. `descriptors` says how many sockets there may
//! be, `gate` whether listeners accept. `tls` stands in front of a service, if it is spoken.

pub mod amqp;
pub mod descriptors;
pub mod gate;
pub mod listener;
mod pump;
mod socket;
#[cfg(feature = "tls")]
pub mod tls;
