//! Runs of scenarios in which each client has a broker to itself, to stop, to kill and to block.

use std::path::Path;
use std::sync::{Mutex, PoisonError, RwLock};

use crate::broker::{Broker, Choice, Source};
use crate::client::Client;
use crate::error::{self, InteropError};
use crate::node::Use;
use crate::prepare::Program;
use crate::run::{self, ClientRun, Outcome};
use crate::scenario::{Place, Scenario};

/// Brokers for one client at a time each.
#[derive(Debug)]
pub(crate) struct OwnBrokers<'a> {
    source: Source<'a>,
    /// RabbitMQ takes seconds to start: one client after the other gets the same.
    rabbitmq: Mutex<Option<Broker>>,
    /// Held for writing while the disk is short, for reading by all other runs.
    disk: RwLock<()>,
}

impl<'a> OwnBrokers<'a> {
    /// None is started yet.
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self {
            source,
            rabbitmq: Mutex::new(None),
            disk: RwLock::new(()),
        }
    }

    /// Runs those of the scenarios that are of the client's suite against a broker of its own.
    pub(crate) fn run(
        &self,
        client: &Client,
        program: &Program,
        scenarios: &[&Scenario],
        place: Place,
        work: &Path,
    ) -> Result<ClientRun, InteropError> {
        if !scenarios.iter().any(|s| s.suite == client.suite) {
            return Ok(ClientRun::uniform(client, &[], &Outcome::Ok));
        }
        match self.source.choice {
            Choice::Running(_) => {
                let why = "the broker was not started by the runner, which cannot stop it";
                let outcome = Outcome::Skip(why.to_owned());
                Ok(ClientRun::uniform(client, scenarios, &outcome))
            }
            Choice::RabbitMq => {
                let mut kept = error::lock(&self.rabbitmq);
                let broker = match kept.take() {
                    Some(broker) => broker,
                    None => Broker::start(self.source, work, Use::Own)?,
                };
                let run = run::run(client, program, scenarios, &broker, work);
                *kept = Some(broker);
                Ok(run)
            }
            Choice::Leveret => {
                let start = || Broker::start(self.source, &work.join(&client.name), Use::Own);
                if place == Place::Short {
                    let _alone = self.disk.write().unwrap_or_else(PoisonError::into_inner);
                    Ok(run::run(client, program, scenarios, &start()?, work))
                } else {
                    let _beside = self.disk.read().unwrap_or_else(PoisonError::into_inner);
                    Ok(run::run(client, program, scenarios, &start()?, work))
                }
            }
        }
    }
}
