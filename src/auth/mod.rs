//! Who may come in, and what they may do.

mod limits;
mod password;
mod pattern;
mod permission;

pub use self::{
    limits::{
        ChannelGuard, ConnectionCounts, ConnectionGuard, LimitReached, NodeLimits, UserLimits,
        VhostLimits,
    },
    password::{HashingAlgorithm, PasswordError, PasswordHash},
    pattern::{InvalidPattern, Pattern},
    permission::{Access, Operation, Resource, TopicAccess, access_refused, topic_refused},
};
