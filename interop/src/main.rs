//! Runs real AMQP clients of many languages against a broker and tells where they agree.
//!
//! Owns: the order of a run. A run prepares each client's pinned environment, starts a broker,
//! runs every client's program with the scenarios of its suite and writes what came of it.
//! Does not know: AMQP (the clients do) or how a language is set up ([`prepare`]).
//!
//! A client program is started as `program SCENARIO…` with these variables:
//!
//! - `AMQP_URI`: the broker, user and password included.
//! - `AMQP_RELAY_URI`: the same broker through a relay of this client alone.
//! - `AMQP_CUT`: `host:port`; connecting there cuts what runs through the relay.
//! - `AMQP_CONTROL`: `host:port` of the door behind which the broker is stopped and blocked,
//!   if it was started by the runner; see [`control`].
//!
//! It prints one line per scenario: `ok ID`, `fail ID REASON` or `skip ID REASON`.

mod broker;
mod client;
mod containers;
mod control;
mod error;
mod node;
mod own;
mod prepare;
mod process;
mod rabbitmq;
mod relay;
mod report;
mod run;
mod scenario;
mod suites;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::Instant;

use clap::Parser;

use crate::broker::{Broker, Choice, Identity, Source};
use crate::client::Client;
use crate::containers::Case;
use crate::error::InteropError;
use crate::node::Use;
use crate::own::OwnBrokers;
use crate::prepare::Program;
use crate::report::Report;
use crate::run::{ClientRun, Outcome};
use crate::scenario::{Place, Scenario};
use crate::suites::namespace::Door;
use crate::suites::{Ring, Suite};

/// Real clients against a broker.
#[derive(Debug, Parser)]
#[command(name = "interop", version, about)]
struct Arguments {
    /// The broker: `leveret`, `rabbitmq` (the one on the path, or see --oracle) or amqp://…
    #[arg(long, default_value = "leveret")]
    broker: Choice,
    /// Only this client; may be given several times.
    #[arg(long, value_name = "CLIENT")]
    only: Vec<String>,
    /// Only this scenario; may be given several times.
    #[arg(long, value_name = "ID")]
    scenario: Vec<String>,
    /// Clients at work at the same time.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=64))]
    jobs: u8,
    /// Prints the clients and scenarios, runs nothing.
    #[arg(long)]
    list: bool,
    /// Prepares the environments of the clients, runs nothing.
    #[arg(long)]
    prepare: bool,
    /// A script for RabbitMQ: `SCRIPT start PORT` runs one, `SCRIPT ctl PORT …` is rabbitmqctl.
    #[arg(long, env = "LEVERET_ORACLE", value_name = "SCRIPT")]
    oracle: Option<PathBuf>,
    /// Runs the clients' own test suites in place of the scenarios; `--only` names suites then.
    #[arg(long, group = "own_tests")]
    suites: bool,
    /// The same with the suites that take too long for every change.
    #[arg(long, group = "own_tests")]
    nightly: bool,
    /// Runs the container image in an engine, as compose files and Testcontainers do; `--only`
    /// names cases then. With `--nightly` those too that take too long for every change.
    #[arg(long)]
    containers: bool,
    /// A static program for the image, instead of one that is built.
    #[arg(long, requires = "containers", value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Makes what the suites do on this broker their baseline.
    #[arg(long, requires = "own_tests")]
    record: bool,
    /// Runs COMMAND where this port leads to this socket; the runner calls itself so.
    #[arg(long, hide = true, value_name = "PORT:SOCKET")]
    inside: Vec<Door>,
    /// What to run inside.
    #[arg(last = true, hide = true, requires = "inside")]
    command: Vec<OsString>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if !arguments.inside.is_empty() {
        let (doors, line) = (&arguments.inside, &arguments.command);
        return suites::namespace::enter(doors, line).unwrap_or_else(fatal);
    }
    match start(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => fatal(error),
    }
}

fn fatal(error: InteropError) -> ExitCode {
    eprintln!("interop: {error}");
    ExitCode::from(2)
}

/// Whether everything asked for passed.
fn start(arguments: &Arguments) -> Result<bool, InteropError> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR"));
    let root = home.parent().unwrap_or(home);
    if arguments.containers {
        return start_containers(arguments, home, root);
    }
    match (arguments.suites, arguments.nightly) {
        (true, _) => return start_suites(arguments, Ring::Change, home, root),
        (_, true) => return start_suites(arguments, Ring::Nightly, home, root),
        _ => {}
    }
    let scenarios = scenario::choose(scenario::load(home)?, &arguments.scenario)?;
    let clients = client::choose(client::load(home)?, &arguments.only)?;
    if arguments.list {
        list(&clients, &scenarios);
        return Ok(true);
    }
    let work = root.join("target").join("interop");
    error::create_dir(&work)?;
    let jobs = usize::from(arguments.jobs);
    let begun = Instant::now();
    let programs = in_parallel(jobs, &clients, |client| {
        let program = prepare::prepare(client, &work);
        match &program {
            Ok(_) => println!("{:<28} ready after {:.0?}", client.name, begun.elapsed()),
            Err(error) => println!("{:<28} not ready: {error}", client.name),
        }
        program
    });
    if arguments.prepare {
        return Ok(programs.iter().all(Result::is_ok));
    }
    let source = Source {
        choice: &arguments.broker,
        oracle: arguments.oracle.as_deref(),
        root,
    };
    let pairs: Vec<_> = clients.iter().zip(programs).collect();
    let (identity, runs) = run_all(&pairs, &scenarios, source, &work, jobs)?;
    let report = Report {
        scenarios: &scenarios,
        runs: &runs,
        broker: &identity,
    };
    print!("{}", report.table());
    error::write(&work.join("junit.xml"), &report.junit())?;
    if arguments.only.is_empty() && arguments.scenario.is_empty() {
        report.merge_into(&home.join("COMPAT.md"))?;
    }
    Ok(runs.iter().all(|run| run.count(Outcome::is_fail) == 0))
}

/// Runs the scenarios of a broker for all, then those for which each client has one of its own.
fn run_all(
    pairs: &[(&Client, Result<Program, InteropError>)],
    scenarios: &[Scenario],
    source: Source<'_>,
    work: &Path,
    jobs: usize,
) -> Result<(Identity, Vec<ClientRun>), InteropError> {
    let at = |place: Place| -> Vec<&Scenario> {
        scenarios.iter().filter(|s| s.broker == place).collect()
    };
    let broker = Broker::start(source, work, Use::Shared)?;
    println!("broker: {} at {}", broker.identity, broker.address());
    let shared = at(Place::Shared);
    let mut runs = in_parallel(jobs, pairs, |(client, program)| {
        let run = attempt(client, program, &shared, |program| {
            Ok(run::run(client, program, &shared, &broker, work))
        });
        println!("{:<28} {} in {:.0?}", client.name, run.summary(), run.took);
        run
    });
    let identity = broker.identity.clone();
    drop(broker);
    let brokers = OwnBrokers::new(source);
    for place in [Place::Own, Place::Short] {
        let asked = at(place);
        let more = in_parallel(jobs, pairs, |(client, program)| {
            attempt(client, program, &asked, |program| {
                brokers.run(client, program, &asked, place, work)
            })
        });
        for (run, more) in runs.iter_mut().zip(more) {
            if !more.results.is_empty() {
                println!(
                    "{:<28} {} in {:.0?}",
                    more.client,
                    more.summary(),
                    more.took
                );
            }
            run.join(more);
        }
    }
    Ok((identity, runs))
}

/// What stops a client altogether is a failure of each of its scenarios.
fn attempt(
    client: &Client,
    program: &Result<Program, InteropError>,
    scenarios: &[&Scenario],
    work: impl FnOnce(&Program) -> Result<ClientRun, InteropError>,
) -> ClientRun {
    let result = match program {
        Ok(program) => work(program).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    result.unwrap_or_else(|why| ClientRun::uniform(client, scenarios, &Outcome::Fail(why)))
}

/// Whether the suites asked for do what they do on RabbitMQ.
fn start_suites(
    arguments: &Arguments,
    ring: Ring,
    home: &Path,
    root: &Path,
) -> Result<bool, InteropError> {
    let suites = suites::choose(suites::load(home, ring)?, ring, &arguments.only)?;
    if arguments.list {
        for Suite { name, about, .. } in &suites {
            println!("suite     {name:<28} {about}");
        }
        return Ok(true);
    }
    let work = root.join("target").join("interop");
    error::create_dir(&work)?;
    let job = suites::Job {
        source: Source {
            choice: &arguments.broker,
            oracle: arguments.oracle.as_deref(),
            root,
        },
        work: &work,
        ring,
        is_recorded: arguments.record,
    };
    let is_full = arguments.only.is_empty() && arguments.broker == Choice::Leveret;
    let compat = is_full.then(|| home.join("COMPAT.md"));
    suites::run_all(
        &suites,
        &job,
        usize::from(arguments.jobs),
        compat.as_deref(),
    )
}

/// Whether the image does what is asked of it.
fn start_containers(arguments: &Arguments, home: &Path, root: &Path) -> Result<bool, InteropError> {
    let ring = match arguments.nightly {
        true => Ring::Nightly,
        false => Ring::Change,
    };
    let cases = containers::load(home, ring, &arguments.only)?;
    if arguments.list {
        for Case { name, about, .. } in &cases {
            println!("case      {name:<28} {about}");
        }
        return Ok(true);
    }
    let work = root.join("target").join("interop");
    error::create_dir(&work)?;
    containers::run_all(&cases, ring, root, &work, arguments.binary.as_deref())
}

fn list(clients: &[Client], scenarios: &[Scenario]) {
    for client in clients {
        println!(
            "client    {:<28} {} ({})",
            client.name,
            client.title(),
            client.language
        );
    }
    for scenario in scenarios {
        println!("scenario  {:<28} {}", scenario.id, scenario.title);
    }
}

/// Calls `work` for each item, at most `jobs` at a time; the answers are in the items' order.
fn in_parallel<T: Sync, R: Send>(
    jobs: usize,
    items: &[T],
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let waiting = Mutex::new(items.iter().enumerate());
    let done = Mutex::new(Vec::with_capacity(items.len()));
    std::thread::scope(|scope| {
        for _ in 0..jobs.min(items.len()) {
            scope.spawn(|| {
                loop {
                    let Some((place, item)) = error::lock(&waiting).next() else {
                        break;
                    };
                    let answer = work(item);
                    error::lock(&done).push((place, answer));
                }
            });
        }
    });
    let mut done = done
        .into_inner()
        .unwrap_or_else(std::sync::PoisonError::into_inner);
    done.sort_by_key(|(place, _)| *place);
    done.into_iter().map(|(_, answer)| answer).collect()
}
