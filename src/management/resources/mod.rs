//! What can be asked for: one file for each kind of thing.

pub(super) mod cluster;
pub(super) mod definitions;
pub(super) mod features;
pub(super) mod overview;
pub(super) mod parameters;
pub(super) mod permissions;
pub(super) mod policies;
pub(super) mod users;
pub(super) mod vhost_limits;
pub(super) mod vhosts;
pub(super) mod whoami;
