//! Runs every conversation in `tests/scripts` and reports all that went wrong at once.
//!
//! `LEVERET_TARGET=amqp://127.0.0.1:5672` chooses a broker that already runs (`cargo oracle` does
//! so for a RabbitMQ); `SCRIPT=ack/unknown` runs only scripts whose name contains that.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use crate::script::syntax::{Step, parse};
use crate::script::talk::{Failure, run};
use crate::script::target::Target;

/// Scripts that are run at the same time; most of the time they wait.
const AT_ONCE: usize = 8;

/// Steps by script name (`ack/unknown_tag`).
type Scripts = BTreeMap<String, Vec<Step>>;

#[test]
fn every_script_can_be_read() {
    let (scripts, problems) = read_all().unwrap();
    assert!(problems.is_empty(), "\n{}\n", problems.join("\n"));
    assert!(!scripts.is_empty(), "no script found");
}

#[test]
fn broker_follows_every_script() {
    let target = match std::env::var("LEVERET_TARGET") {
        Ok(url) => Target::outside(&url).unwrap(),
        Err(_) => Target::Embedded,
    };
    let filter = std::env::var("SCRIPT").unwrap_or_default();
    let (mut scripts, _) = read_all().unwrap();
    scripts.retain(|name, _| name.contains(&filter));
    let mut failed = run_all(&scripts, &target);
    let mut pending = match target {
        Target::Embedded => not_yet().unwrap(),
        Target::Unconfigured | Target::Outside { .. } => Vec::new(),
    };
    pending.retain(|name| scripts.contains_key(name));
    let overtaken: Vec<_> = pending
        .iter()
        .filter(|name| failed.remove(*name).is_none())
        .map(|name| format!("{name} agrees: take it out of tests/scripts/NOT_YET"))
        .collect();
    let differ = scripts
        .values()
        .filter(|steps| steps.iter().any(|step| step.only.is_some()));
    println!(
        "{} scripts agree, {} differ by design, {} wait",
        scripts.len() - failed.len() - pending.len(),
        differ.count(),
        pending.len()
    );
    let count = failed.len();
    let problems: Vec<_> = failed.into_values().chain(overtaken).collect();
    assert!(
        problems.is_empty(),
        "\n{}\n{count} of {} scripts failed",
        problems.join("\n"),
        scripts.len()
    );
}

/// Scripts in which the two differ only by what RabbitMQ 4.3 denies of what it deprecates.
const BY_PROFILE: &[&str] = &[
    "qos/global_is_per_consumer_unless_permitted",
    "qos/a_shared_limit_starves_no_queue",
    "queue/master_locator_is_deprecated",
];

/// With `compat.profile = "4.3"` RabbitMQ's lines of these scripts hold for our broker.
#[test]
fn profile_4_3_is_an_unconfigured_rabbitmq() {
    let (mut scripts, _) = read_all().unwrap();
    scripts.retain(|name, _| BY_PROFILE.contains(&name.as_str()));
    assert_eq!(scripts.len(), BY_PROFILE.len(), "a script is gone");
    let failed: Vec<_> = run_all(&scripts, &Target::Unconfigured)
        .into_values()
        .collect();
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}

/// The scripts that our broker does not follow yet.
fn not_yet() -> std::io::Result<Vec<String>> {
    let list = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts/NOT_YET");
    let names = fs::read_to_string(list)?;
    let names = names.lines().filter(|line| !line.starts_with('#'));
    Ok(names
        .filter_map(|line| line.split_whitespace().next())
        .map(str::to_owned)
        .collect())
}

/// What went wrong, by the script's name.
fn run_all(scripts: &Scripts, target: &Target) -> BTreeMap<String, String> {
    let scripts: Vec<_> = scripts.iter().collect();
    let next = AtomicUsize::new(0);
    let (failed, failures) = mpsc::channel();
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(scripts.len()) {
            let (failed, scripts, next) = (failed.clone(), &scripts, &next);
            scope.spawn(move || {
                while let Some((name, steps)) = scripts.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Err(failure) = run_one(steps, target) {
                        failed
                            .send(((*name).clone(), report(name, &failure)))
                            .expect("the receiver outlives us");
                    }
                }
            });
        }
    });
    drop(failed);
    failures.iter().collect()
}

fn run_one(steps: &[Step], target: &Target) -> Result<(), Failure> {
    let no_stage = |problem| Failure {
        line: 0,
        problem,
        log: Vec::new(),
    };
    let stage = target.stage().map_err(no_stage)?;
    run(steps, &stage)
}

fn report(name: &str, failure: &Failure) -> String {
    let log: String = failure
        .log
        .iter()
        .map(|line| format!("      {line}\n"))
        .collect();
    format!(
        "tests/scripts/{name}.amqp:{}: {}\n    conversation:\n{log}    \
         again: SCRIPT={name} cargo test --test it scripts::\n",
        failure.line, failure.problem
    )
}

fn read_all() -> std::io::Result<(Scripts, Vec<String>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut files = Vec::new();
    find(&root, &mut files)?;
    let (mut scripts, mut problems) = (Scripts::new(), Vec::new());
    for file in files {
        let name = file.strip_prefix(&root).unwrap_or(&file).with_extension("");
        let name = name.display().to_string();
        match parse(&fs::read_to_string(&file)?) {
            Ok(steps) => drop(scripts.insert(name, steps)),
            Err(problem) => problems.push(format!("tests/scripts/{name}.amqp:{problem}")),
        }
    }
    Ok((scripts, problems))
}

fn find(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            find(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "amqp")
        {
            files.push(path);
        }
    }
    Ok(())
}
