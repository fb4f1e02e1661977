//! The container image as people use it: in compose files, by Testcontainers, from other images.
//!
//! Owns: the order of a run. The images are built from this checkout under RabbitMQ's names, an
//! engine is started (`containers/engine`), and one case after the other is run on it. On every
//! change the program is one that is built soon, at night the one that releases have.
//! Does not know: how an image is built or an engine is had, both are scripts of their own, or what
//! a case does; its `case.toml` has a shell script for that.
//!
//! A case is a folder below `containers/cases`. With a `compose.yaml` in it, that is brought up
//! first (`containers/up`, which waits until all of it is healthy) and taken down at the end,
//! volumes included; `docker-compose` finds it in the script. Like a suite's, the script of
//! `prepare` runs with the network, in an empty folder that is kept; that of `run` runs where
//! published ports are on 127.0.0.1, with the program of the image as `PROGRAM`. A line of it that
//! begins with `ready` says how long a broker took.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::slice;
use std::time::{Duration, Instant};

use serde::Deserialize;

use crate::client::Tool;
use crate::error::{self, InteropError};
use crate::prepare::Scripted;
use crate::process;
use crate::report;
use crate::run::{ClientRun, Outcome};
use crate::suites::Ring;

/// How lines of a case begin that say how long a broker took.
const READY: &str = "ready";

/// What people start, and what of it is enabled.
const IMAGES: [(&str, &[&str]); 3] = [
    ("rabbitmq:4-management", &[]),
    ("rabbitmq:4", &["--plugins", "rabbitmq_prometheus"]),
    ("leveret:scratch", &["--no-shell"]),
];

/// One use of the image, described by `containers/cases/NAME/case.toml`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The folder's name.
    #[serde(skip)]
    pub(crate) name: String,
    /// The folder.
    #[serde(skip)]
    folder: PathBuf,
    /// What it shows, for people.
    pub(crate) about: String,
    /// How often it is run.
    #[serde(default)]
    ring: Ring,
    /// The longest time that it may take, in seconds.
    #[serde(default = "default_limit_s")]
    limit_s: u32,
    /// Fetches and builds what it needs.
    #[serde(default)]
    prepare: String,
    /// Does it; a command that fails ends it.
    run: String,
    /// Programs of the system that it needs.
    #[serde(default)]
    tools: Vec<Tool>,
}

const fn default_limit_s() -> u32 {
    120
}

/// What came of a case.
#[derive(Debug)]
struct CaseRun {
    outcome: Outcome,
    took: Duration,
    ready: Vec<String>,
}

/// Reads every case below `home`, sorted by name, and keeps those named, or those of the ring; at
/// night all of them are run.
pub(crate) fn load(home: &Path, ring: Ring, names: &[String]) -> Result<Vec<Case>, InteropError> {
    let mut cases = Vec::new();
    for folder in error::entries(&home.join("containers").join("cases"))? {
        let path = folder.join("case.toml");
        let mut case: Case =
            toml::from_str(&error::read(&path)?).map_err(|error| InteropError::Description {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        let name = folder.file_name().unwrap_or_default();
        case.name = name.to_string_lossy().into_owned();
        case.folder = folder;
        cases.push(case);
    }
    let unknown = |name: &&String| !cases.iter().any(|case| case.name == **name);
    if let Some(name) = names.iter().find(unknown) {
        return Err(InteropError::Unknown {
            kind: "case",
            name: name.clone(),
        });
    }
    cases.retain(|case| match names {
        [] => ring == Ring::Nightly || case.ring == ring,
        names => names.contains(&case.name),
    });
    Ok(cases)
}

/// Builds the images, starts an engine and runs the cases; whether all of them passed.
///
/// `binary`: a static program to take instead of building one.
pub(crate) fn run_all(
    cases: &[Case],
    ring: Ring,
    root: &Path,
    work: &Path,
    binary: Option<&Path>,
) -> Result<bool, InteropError> {
    let scripts = root.join("interop").join("containers");
    let work = work.join("containers");
    error::create_dir(&work)?;
    let begun = Instant::now();
    let program = match binary {
        Some(binary) => binary.to_owned(),
        None => build_program(root, ring, &work.join("program.log"))?,
    };
    let engine = Engine::start(scripts, program, &work)?;
    engine.build(&work)?;
    println!("images of this checkout after {:.0?}", begun.elapsed());
    let mut results = Vec::new();
    for case in cases {
        let run = engine.run(case, &work);
        println!("{}", line(case, &run));
        results.push((case.name.clone(), run.outcome, run.took));
    }
    let run = ClientRun {
        client: "containers".to_owned(),
        title: "containers".to_owned(),
        results,
        took: begun.elapsed(),
    };
    let report = report::junit(slice::from_ref(&run));
    error::write(&work.with_file_name("junit-containers.xml"), &report)?;
    println!("{} in {:.0?}", run.summary(), run.took);
    Ok(run.count(Outcome::is_fail) == 0)
}

/// Builds a static program and says where it is.
fn build_program(root: &Path, ring: Ring, log: &Path) -> Result<PathBuf, InteropError> {
    let script = root.join("config").join("package").join("program");
    let profile = match ring {
        Ring::Change => "dev",
        Ring::Nightly => "dist",
    };
    process::run(Command::new(script).arg(profile), log)?;
    // Cargo's own lines come before.
    Ok(process::last_lines(log, 1).into())
}

fn line(case: &Case, run: &CaseRun) -> String {
    let said = match &run.outcome {
        Outcome::Ok => "ok".to_owned(),
        Outcome::Fail(reason) => format!("FAIL {reason}"),
        Outcome::Skip(reason) => format!("skip {reason}"),
    };
    let ready: String = run.ready.iter().map(|line| format!("; {line}")).collect();
    format!("{:<28} {said} in {:.1?}{ready}", case.name, run.took)
}

/// An engine that runs; it ends with all its containers when this is dropped.
struct Engine {
    scripts: PathBuf,
    program: PathBuf,
    log: PathBuf,
}

impl Engine {
    fn start(scripts: PathBuf, program: PathBuf, work: &Path) -> Result<Self, InteropError> {
        let engine = Self {
            scripts,
            program,
            log: work.join("engine.log"),
        };
        process::run(engine.command().arg("start"), &engine.log)?;
        Ok(engine)
    }

    fn command(&self) -> Command {
        Command::new(self.scripts.join("engine"))
    }

    /// Makes the images, all of one program.
    fn build(&self, work: &Path) -> Result<(), InteropError> {
        for (tag, options) in IMAGES {
            let mut command = self.command();
            command.arg("with").arg(self.scripts.join("build-image"));
            command.args(options).args(["--no-sbom", tag]);
            command.arg("--binary").arg(&self.program);
            process::run(&mut command, &work.join("build.log"))?;
        }
        Ok(())
    }

    fn run(&self, case: &Case, work: &Path) -> CaseRun {
        let begun = Instant::now();
        let home = work.join(&case.name);
        let log = home.join("run.log");
        let outcome = match self.attempt(case, &home, &log) {
            Ok(()) => Outcome::Ok,
            Err(error) => Outcome::Fail(error.to_string()),
        };
        let text = std::fs::read_to_string(&log).unwrap_or_default();
        let ready = text.lines().filter(|line| line.starts_with(READY));
        CaseRun {
            outcome,
            took: begun.elapsed(),
            ready: ready.map(str::to_owned).collect(),
        }
    }

    fn attempt(&self, case: &Case, home: &Path, log: &Path) -> Result<(), InteropError> {
        error::create_dir(home)?;
        let scripted = Scripted {
            folder: &case.folder,
            prepare: &case.prepare,
            tools: &case.tools,
        };
        let place = scripted.prepare(home)?;
        let is_composed = case.folder.join("compose.yaml").is_file();
        let up = self.scripts.join("up");
        let script = match is_composed {
            true => format!("{}\n{}", up.display(), case.run),
            false => case.run.clone(),
        };
        let mut command = self.command();
        let limit = case.limit_s.to_string();
        command.args(["run", "timeout", "--kill-after=10", &limit, "bash"]);
        scripted.script(&mut command, &script, &place);
        command.env("PROGRAM", &self.program);
        self.composed(&mut command, case);
        let run = process::run(&mut command, log);
        let mut down = self.command();
        down.arg("run").arg(self.scripts.join("down"));
        self.composed(&mut down, case);
        let down = process::run(&mut down, &home.join("down.log"));
        run.map_err(|_| scripted.no_result("run", log)).and(down)
    }

    /// Tells a command which compose file is meant.
    fn composed(&self, command: &mut Command, case: &Case) {
        command
            .env("COMPOSE_PROJECT_NAME", case.name.replace('-', ""))
            .env("COMPOSE_FILE", case.folder.join("compose.yaml"));
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Err(error) = process::run(self.command().arg("stop"), &self.log) {
            eprintln!("interop: {error}");
        }
    }
}
