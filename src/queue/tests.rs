//! Facts about queues, by scripted calls.

mod browse;
mod consumers;
mod counting;
mod dying;
mod expiry;
pub(super) mod fixture;
mod model;
mod order;
mod overflow;
mod paging;
mod pausing;
mod quorum;
mod restore;
pub(super) mod shelf;
mod taking;
