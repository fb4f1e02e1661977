//! The same load against a relay in a child process; if queues are durable, against one that syncs
//! what it confirms.

use super::compare::brokers::{Relay, Syncs};
use super::error::BenchError;
use super::options::Load;
use super::report::Report;

/// Starts a relay, puts the load on it, and ends it.
pub(super) fn run(load: &Load) -> Result<Report, BenchError> {
    if load.rpc == Some(super::options::Rpc::Direct) {
        return Err(BenchError::Options(
            "the relay knows no direct reply-to: use --rpc queue".to_owned(),
        ));
    }
    if load.backlog.is_some() {
        return Err(BenchError::Options(
            "the relay keeps no --backlog".to_owned(),
        ));
    }
    let syncs = if load.durable { Syncs::Yes } else { Syncs::No };
    let relay = Relay::start(syncs)?;
    let load = Load {
        uri: relay.uri(),
        pid: Some(relay.pid()),
        ..load.clone()
    };
    super::run(&load)
}
