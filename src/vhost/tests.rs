mod deep;
mod firehose;
mod fixture;
mod removal;
mod turns;
