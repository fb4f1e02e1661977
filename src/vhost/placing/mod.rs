//! Into the queues: a run of messages, each stored first and once, each queue locked once.
//!
//! Owns the order in which the targets of a batch are served. It deliberately does not know how
//! the targets were found, nor what follows from a push beyond handing it to the queue's handle.
//!
//! Invariants: I1 (stored before it is pushed), I3.

mod groups;
mod handing;
mod placed;
mod publish;
mod reached;
mod source;
mod spans;
mod streams;

pub use placed::Placed;
pub use publish::Publishes;
pub(super) use reached::Publishers;
