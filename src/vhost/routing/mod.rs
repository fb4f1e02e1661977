//! From an exchange to queues: exchanges, their bindings, and a message's way through them.

mod exchange;
mod topology;
mod walk;

pub use exchange::{Destination, Exchange, ExchangeSpec};
pub use topology::DestinationName;
pub(super) use topology::{Binding, Topology};
pub(super) use walk::{Hold, Walk};
