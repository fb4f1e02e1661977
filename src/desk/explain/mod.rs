//! What would happen, and which rule says so: for people who ask why.
//!
//! Nothing here is a second copy of a rule. A question is put to the code that decides the real
//! thing, and what it looked at is told in sentences. Nothing changes, and nothing is counted.
//!
//! Invariant I11: an answer has so many items at most, and says if there are more.
//!
//! Source: none, RabbitMQ has nothing like it.

mod hop;
mod permission;
mod policy;
mod publish;
mod sentences;

pub(crate) use hop::{Hop, HopExchange, HopQueue};
pub(crate) use permission::PermissionQuestion;
pub(crate) use policy::PolicyMatch;
pub(crate) use publish::{PublishExplained, PublishQuestion};
