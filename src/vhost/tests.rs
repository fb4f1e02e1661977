mod deep;
mod firehose;
pub(super) mod fixture;
mod lengthy;
mod removal;
mod turns;
