mod deep;
mod firehose;
pub(super) mod fixture;
mod lengthy;
mod moving;
mod removal;
mod turns;
