//! What can be asked for: one file for each kind of thing.

pub(super) mod bindings;
pub(super) mod broker;
pub(super) mod browse;
pub(super) mod channels;
pub(super) mod cluster;
pub(super) mod connections;
mod consumer_object;
pub(super) mod definitions;
pub(super) mod exchanges;
pub(super) mod features;
mod garbage;
pub(super) mod health;
mod message_object;
pub(super) mod messages;
pub(super) mod nodes;
pub(super) mod overview;
pub(super) mod parameters;
pub(super) mod permissions;
pub(super) mod plugins;
pub(super) mod policies;
mod queue_object;
pub(super) mod queues;
pub(super) mod quorum;
pub(super) mod users;
pub(super) mod vhost_limits;
pub(super) mod vhosts;
pub(super) mod whoami;
