//! The same load against a relay in a child process.

use super::compare::brokers::Relay;
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
    let relay = Relay::start()?;
    let load = Load {
        uri: relay.uri(),
        pid: Some(relay.pid()),
        ..load.clone()
    };
    super::run(&load)
}
