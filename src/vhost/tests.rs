mod deep;
mod firehose;
pub(super) mod fixture;
mod removal;
mod turns;
