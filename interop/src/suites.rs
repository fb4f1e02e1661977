//! The clients' own test suites, as the package registries ship them, against a broker.
//!
//! Owns: the order of a run of suites. Each suite gets a fresh broker and a network namespace of
//! its own in which `localhost:5672` leads to that broker, 15672 to its management API and 15692 to
//! its metrics, so suites that cannot be told where the broker is run unmodified. What RabbitMQ
//! fails, by test name, is recorded in the suite's `baseline.txt`; anything else that fails, or is
//! missing, is a failure.
//! Does not know: how a suite works; its `suite.toml` has two shell scripts for that.
//!
//! `prepare` runs in an empty folder below the target folder, with the network; `run` in the same
//! folder, in the namespace. Both see `SUITE`, the folder with `suite.toml`.

mod baseline;
pub(crate) mod namespace;
mod report;
mod results;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde::Deserialize;

use self::baseline::Baseline;
use self::namespace::Tunnel;
use self::results::{Format, Results};
use crate::broker::{Broker, Choice, Identity, Source};
use crate::client::Tool;
use crate::error::{self, InteropError, io_error};
use crate::node::{Login, Use};
use crate::prepare::Scripted;
use crate::process::{self, Group};
use crate::run::{ClientRun, Outcome};

/// Where suites look for a broker, for its management API and for its metrics.
const PORTS: [u16; 3] = [5_672, 15_672, 15_692];

/// The test that stands for a suite which reported nothing at all.
const WHOLE: &str = "the suite";

/// A client's own tests, described by `suites/NAME/suite.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Suite {
    /// The folder's name.
    #[serde(skip)]
    pub(crate) name: String,
    /// The folder.
    #[serde(skip)]
    folder: PathBuf,
    /// What failed on RabbitMQ, if that has been recorded.
    #[serde(skip)]
    baseline: Option<Baseline>,
    /// The library as its registry names it.
    library: String,
    /// The pinned version.
    version: String,
    /// Where it comes from and how it is pointed at a broker, for people.
    pub(crate) about: String,
    /// How results are read.
    format: Format,
    /// The longest time that one run may take, in seconds.
    #[serde(default = "default_limit_s")]
    limit_s: u64,
    /// A test passes if it does in one of so many runs; above 1 for suites known to race.
    #[serde(default = "default_attempts")]
    attempts: u8,
    /// Who its tests log in as, where they do not leave that open; guest otherwise.
    login: Option<Login>,
    /// How often it is run.
    #[serde(default)]
    pub(crate) ring: Ring,
    /// Fetches and builds the suite.
    prepare: String,
    /// Runs it.
    run: String,
    /// Programs of the system that it needs.
    #[serde(default)]
    tools: Vec<Tool>,
    /// Tests that RabbitMQ passes and ours need not.
    #[serde(default)]
    exceptions: Vec<Exception>,
}

/// How often suites are run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Ring {
    /// On every change, by `--suites`.
    #[default]
    Change,
    /// Once a night, by `--nightly`: suites that take many minutes, whatever the broker.
    Nightly,
}

impl Ring {
    /// The option that runs it.
    fn option(self) -> &'static str {
        match self {
            Self::Change => "--suites",
            Self::Nightly => "--nightly",
        }
    }

    /// What one of its suites is called.
    fn kind(self) -> &'static str {
        match self {
            Self::Change => "suite",
            Self::Nightly => "nightly suite",
        }
    }
}

/// Tests of which a failure is no failure of the broker.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    /// How the names begin.
    prefix: String,
    /// Why.
    reason: String,
}

const fn default_limit_s() -> u64 {
    300
}

const fn default_attempts() -> u8 {
    1
}

/// What a run of suites needs to know.
pub(crate) struct Job<'a> {
    /// Where brokers come from.
    pub(crate) source: Source<'a>,
    /// Where everything is made, below the target folder.
    pub(crate) work: &'a Path,
    /// Which suites these are.
    pub(crate) ring: Ring,
    /// Whether what fails becomes the baseline.
    pub(crate) is_recorded: bool,
}

/// What a suite did, against which broker.
#[derive(Debug)]
pub(crate) struct SuiteRun {
    /// The outcome of each test.
    pub(crate) run: ClientRun,
    /// The broker, if one was started.
    pub(crate) broker: Option<Identity>,
}

/// Reads every `suites/*/suite.toml` of a ring below `home`, sorted by name.
pub(crate) fn load(home: &Path, ring: Ring) -> Result<Vec<Suite>, InteropError> {
    let mut suites = Vec::new();
    for folder in error::entries(&home.join("suites"))? {
        let path = folder.join("suite.toml");
        if !path.is_file() {
            continue;
        }
        let mut suite: Suite =
            toml::from_str(&error::read(&path)?).map_err(|error| InteropError::Description {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        if suite.ring != ring {
            continue;
        }
        let name = folder.file_name().unwrap_or_default();
        suite.name = name.to_string_lossy().into_owned();
        let baseline = folder.join("baseline.txt");
        if baseline.is_file() {
            suite.baseline = Some(Baseline::parse(&error::read(&baseline)?));
        }
        suite.folder = folder;
        suites.push(suite);
    }
    Ok(suites)
}

/// Keeps the suites named in `names`, in full or by library; all of them if `names` is empty.
pub(crate) fn choose(
    suites: Vec<Suite>,
    ring: Ring,
    names: &[String],
) -> Result<Vec<Suite>, InteropError> {
    let is = |suite: &Suite, name: &String| &suite.name == name || &suite.library == name;
    if let Some(name) = names
        .iter()
        .find(|name| !suites.iter().any(|suite| is(suite, name)))
    {
        return Err(InteropError::Unknown {
            kind: ring.kind(),
            name: name.clone(),
        });
    }
    let wanted = |suite: &Suite| names.is_empty() || names.iter().any(|name| is(suite, name));
    Ok(suites.into_iter().filter(wanted).collect())
}

/// Runs the suites, at most `jobs` at a time, and reports; whether nothing unlisted failed.
pub(crate) fn run_all(
    suites: &[Suite],
    job: &Job<'_>,
    jobs: usize,
    compat: Option<&Path>,
) -> Result<bool, InteropError> {
    // Suites share the names of their queues; only ours is started once for each of them.
    let (shared, jobs) = match job.source.choice {
        Choice::Leveret => (None, jobs),
        _ => (Some(Broker::start(job.source, job.work, Use::Shared)?), 1),
    };
    let runs = crate::in_parallel(jobs, suites, |suite| {
        let run = suite.run(job, shared.as_ref());
        println!(
            "{:<28} {} in {:.0?}",
            suite.name,
            run.run.summary(),
            run.run.took
        );
        run
    });
    print!("{}", report::text(&runs));
    let junit = match job.ring {
        Ring::Change => "junit-suites.xml",
        Ring::Nightly => "junit-nightly.xml",
    };
    error::write(&job.work.join(junit), &report::junit(&runs))?;
    if let Some(path) = compat {
        report::merge_into(path, job.ring, suites, &runs)?;
    }
    Ok(runs.iter().all(|run| run.run.count(Outcome::is_fail) == 0))
}

impl Suite {
    /// Library and version.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.library, self.version)
    }

    /// Prepares and runs the suite; what stops it is a failure of its own.
    fn run(&self, job: &Job<'_>, shared: Option<&Broker>) -> SuiteRun {
        let begun = Instant::now();
        let mut broker = None;
        let outcomes = self
            .attempt(job, shared, &mut broker)
            .unwrap_or_else(|error| vec![(WHOLE.to_owned(), Outcome::Fail(error.to_string()))]);
        let mut results: Vec<_> = outcomes
            .into_iter()
            .map(|(name, outcome)| (name, outcome, Duration::ZERO))
            .collect();
        let took = begun.elapsed();
        if let Some((.., first)) = results.first_mut() {
            *first = took;
        }
        let run = ClientRun {
            client: self.name.clone(),
            title: self.title(),
            results,
            took,
        };
        SuiteRun { run, broker }
    }

    fn attempt(
        &self,
        job: &Job<'_>,
        shared: Option<&Broker>,
        identity: &mut Option<Identity>,
    ) -> Result<Vec<(String, Outcome)>, InteropError> {
        let home = job.work.join("suites").join(&self.name);
        error::create_dir(&home)?;
        let place = self.scripted().prepare(&home)?;
        let mut results = Results::default();
        for number in 1..=self.attempts.max(1) {
            let own = match shared {
                Some(_) => None,
                None => Some(Broker::start(job.source, &home, Use::Shared)?),
            };
            let Some(broker) = shared.or(own.as_ref()) else {
                break;
            };
            *identity = Some(broker.identity.clone());
            if let Some(login) = &self.login {
                broker.admit(login)?;
            }
            let log = home.join(format!("run-{number}.log"));
            let found = self.run_once(broker, &place, &log)?;
            if found.is_empty() {
                return Err(self.scripted().no_result("run", &log));
            }
            results.add(found);
            if !self.judge(&results).iter().any(|(_, o)| o.is_fail()) {
                break;
            }
        }
        if job.is_recorded
            && let Some(identity) = identity
        {
            let option = self.ring.option();
            let text = Baseline::text(&results, option, &self.title(), identity);
            error::write(&self.folder.join("baseline.txt"), &text)?;
        }
        Ok(self.judge(&results))
    }

    fn scripted(&self) -> Scripted<'_> {
        Scripted {
            folder: &self.folder,
            prepare: &self.prepare,
            tools: &self.tools,
        }
    }

    /// Runs the suite once in a namespace that leads to the broker.
    fn run_once(&self, broker: &Broker, place: &Path, log: &Path) -> Result<Results, InteropError> {
        let mut tunnels = Vec::new();
        for (port, address) in PORTS.into_iter().zip(broker.doors()) {
            let tunnel = Tunnel::start(port, &address);
            tunnels.push(tunnel.map_err(io_error("start", "the tunnel"))?);
        }
        let doors = tunnels.iter().map(|tunnel| &tunnel.door);
        let mut command = namespace::command(doors)?;
        let command_line = command.arg("bash");
        self.scripted().script(command_line, &self.run, place);
        let file = File::create(log).map_err(io_error("create", log.display()))?;
        let copy = file.try_clone().map_err(io_error("open", log.display()))?;
        command.stdin(Stdio::null()).stdout(file).stderr(copy);
        let mut group = Group::start(&mut command)?;
        let limit = Duration::from_secs(self.limit_s);
        process::wait_until(limit, || group.ended().is_some());
        drop(group);
        let output = fs::read(log).map_err(io_error("read", log.display()))?;
        Ok(self.format.parse(&String::from_utf8_lossy(&output)))
    }

    /// What is to be said of each result in the light of the baseline and the exceptions.
    fn judge(&self, results: &Results) -> Vec<(String, Outcome)> {
        let empty = Baseline::default();
        let baseline = self.baseline.as_ref().unwrap_or(&empty);
        let mut outcomes = baseline.judge(results);
        for (name, outcome) in &mut outcomes {
            let exception = self.exceptions.iter().find(|e| name.starts_with(&e.prefix));
            if let (Outcome::Fail(_), Some(exception)) = (&*outcome, exception) {
                *outcome = Outcome::Skip(exception.reason.clone());
            }
        }
        outcomes
    }
}
