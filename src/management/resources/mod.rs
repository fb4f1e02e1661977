//! What can be asked for: one file for each kind of thing.

pub(super) mod overview;
pub(super) mod vhost_limits;
pub(super) mod vhosts;
pub(super) mod whoami;
