//! Runs one client's program and reads what it says about each scenario.
//!
//! A program that says nothing for too long, or ends before it has reported everything, fails
//! the scenario it was at and is started again with those after it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use crate::broker::Broker;
use crate::client::Client;
use crate::control::Control;
use crate::error::{InteropError, io_error};
use crate::prepare::Program;
use crate::process::{self, Group};
use crate::relay::Relay;
use crate::scenario::Scenario;

/// The longest time one scenario may take.
const SCENARIO_LIMIT: Duration = Duration::from_secs(60);
/// How long a program may take to end once it has closed its output.
const END_WAIT: Duration = Duration::from_secs(2);

/// What came of one scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// As expected.
    Ok,
    /// Not as expected, and why.
    Fail(String),
    /// The client cannot express it, and why.
    Skip(String),
}

impl Outcome {
    /// Whether this is a failure.
    pub(crate) fn is_fail(&self) -> bool {
        matches!(self, Self::Fail(_))
    }

    /// Whether this is as expected.
    pub(crate) fn is_ok(&self) -> bool {
        matches!(self, Self::Ok)
    }

    /// Whether the client cannot express the scenario.
    pub(crate) fn is_skip(&self) -> bool {
        matches!(self, Self::Skip(_))
    }
}

/// What one client did.
#[derive(Debug, Clone)]
pub(crate) struct ClientRun {
    /// The client's name.
    pub(crate) client: String,
    /// Library and version.
    pub(crate) title: String,
    /// Scenario, outcome and the time it took, in the order they were run.
    pub(crate) results: Vec<(String, Outcome, Duration)>,
    /// The time of the whole run.
    pub(crate) took: Duration,
}

impl ClientRun {
    /// A run in which every scenario of the client's suite has one outcome.
    pub(crate) fn uniform(client: &Client, scenarios: &[&Scenario], outcome: &Outcome) -> Self {
        let mut run = Self::new(client);
        for scenario in scenarios.iter().filter(|s| s.suite == client.suite) {
            run.add(&scenario.id, outcome.clone(), Duration::ZERO);
        }
        run
    }

    /// Adds what the same client did at another time.
    pub(crate) fn join(&mut self, other: Self) {
        self.results.extend(other.results);
        self.took += other.took;
    }

    fn new(client: &Client) -> Self {
        let mut title = client.title();
        if let Some(version) = process::output(&client.version_command) {
            title = format!("{title} {version}");
        }
        Self {
            client: client.name.clone(),
            title,
            results: Vec::new(),
            took: Duration::ZERO,
        }
    }

    fn add(&mut self, id: &str, outcome: Outcome, took: Duration) {
        self.results.push((id.to_owned(), outcome, took));
    }

    /// How many outcomes are of a kind.
    pub(crate) fn count(&self, is: fn(&Outcome) -> bool) -> usize {
        self.results
            .iter()
            .filter(|(_, outcome, _)| is(outcome))
            .count()
    }

    /// The three counts in words.
    pub(crate) fn summary(&self) -> String {
        format!(
            "{} passed, {} failed, {} skipped",
            self.count(Outcome::is_ok),
            self.count(Outcome::is_fail),
            self.count(Outcome::is_skip)
        )
    }
}

/// Runs those of the scenarios that are of the client's suite.
pub(crate) fn run(
    client: &Client,
    program: &Program,
    scenarios: &[&Scenario],
    broker: &Broker,
    work: &Path,
) -> ClientRun {
    let begun = Instant::now();
    let suite = scenarios
        .iter()
        .filter(|scenario| scenario.suite == client.suite);
    let mut left: Vec<&str> = suite.map(|scenario| scenario.id.as_str()).collect();
    let mut run = ClientRun::new(client);
    let log = work.join(&client.name).join("run.log");
    while !left.is_empty() {
        if let Err(error) = run_once(client, program, &mut left, broker, &log, &mut run) {
            let at = left.remove(0);
            run.add(at, Outcome::Fail(error.to_string()), Duration::ZERO);
        }
    }
    run.took = begun.elapsed();
    run
}

/// Runs the program once; at least one scenario is done with afterwards.
fn run_once(
    client: &Client,
    program: &Program,
    left: &mut Vec<&str>,
    broker: &Broker,
    log: &Path,
    run: &mut ClientRun,
) -> Result<(), InteropError> {
    let relay = Relay::start(broker.address()).map_err(io_error("start", "the relay"))?;
    let control = broker.node.as_ref().map(Control::start).transpose();
    let control = control.map_err(io_error("open", "the control door"))?;
    let errors = File::create(log).map_err(io_error("create", log.display()))?;
    let Some((first, arguments)) = program.line.split_first() else {
        return Err(InteropError::Broker(format!(
            "{} has no command line",
            client.name
        )));
    };
    let mut command = Command::new(first);
    command
        .args(arguments)
        .args(left.iter())
        .current_dir(&client.folder);
    command.envs(program.env.iter().map(|(name, value)| (name, value)));
    command.env("AMQP_URI", broker.uri(None));
    command.env(
        "AMQP_RELAY_URI",
        broker.uri(Some(&relay.address.to_string())),
    );
    command.env("AMQP_CUT", relay.cut.to_string());
    if let Some(control) = &control {
        command.env("AMQP_CONTROL", control.address.to_string());
    }
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(errors);
    let mut group = Group::start(&mut command)?;
    let lines = read_lines(&mut group);
    let mut since = Instant::now();
    while let Some(&at) = left.first() {
        let wait = SCENARIO_LIMIT.saturating_sub(since.elapsed());
        let report = match lines.recv_timeout(wait) {
            Ok(line) => match parse(&line, left) {
                Some(report) => Ok(report),
                None => continue,
            },
            Err(RecvTimeoutError::Timeout) => Err(format!("not done in {SCENARIO_LIMIT:.0?}")),
            Err(RecvTimeoutError::Disconnected) => {
                process::wait_until(END_WAIT, || group.ended().is_some());
                let ended = group
                    .ended()
                    .unwrap_or_else(|| "stdout was closed".to_owned());
                let last = process::last_lines(log, 2);
                Err(format!("the program ended ({ended}): {last}"))
            }
        };
        let goes_on = report.is_ok();
        let (id, outcome) = report.unwrap_or_else(|why| (at, Outcome::Fail(why)));
        left.retain(|other| *other != id);
        run.add(id, outcome, since.elapsed());
        since = Instant::now();
        if !goes_on {
            break;
        }
    }
    Ok(())
}

/// The lines that a program prints, as they come.
fn read_lines(group: &mut Group) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    if let Some(output) = group.child().stdout.take() {
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
    }
    receiver
}

/// Reads `ok ID`, `fail ID REASON` or `skip ID REASON` for an id that is still to come.
fn parse<'a>(line: &str, left: &[&'a str]) -> Option<(&'a str, Outcome)> {
    let mut words = line.trim().splitn(3, ' ');
    let (word, id) = (words.next()?, words.next()?);
    let reason = words.next().unwrap_or("no reason given").to_owned();
    let id = left.iter().copied().find(|other| *other == id)?;
    let outcome = match word {
        "ok" => Outcome::Ok,
        "fail" => Outcome::Fail(reason),
        "skip" => Outcome::Skip(reason),
        _ => return None,
    };
    Some((id, outcome))
}

#[cfg(test)]
mod tests;
