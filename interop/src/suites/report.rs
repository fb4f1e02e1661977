//! What came of the suites, for people, for CI and for the record in COMPAT.md.

use std::fmt::Write;
use std::path::Path;

use super::results::Mark;
use super::{Ring, Suite, SuiteRun};
use crate::error::InteropError;
use crate::report;
use crate::run::{ClientRun, Outcome};

/// Tests that are named one by one when there is one reason for them.
const REASON_NAMES_MAX: usize = 20;

/// What failed and was excused, and the closing line with the counts.
pub(crate) fn text(runs: &[SuiteRun]) -> String {
    let mut text = String::new();
    for (title, is) in [
        ("skipped", Outcome::is_skip as fn(&Outcome) -> bool),
        ("failed", Outcome::is_fail),
    ] {
        let lines: Vec<_> = runs.iter().flat_map(|run| reasons(&run.run, is)).collect();
        if !lines.is_empty() {
            writeln!(text, "\n{title}:\n  {}", lines.join("\n  ")).ok();
        }
    }
    let sum = |is| runs.iter().map(|run| run.run.count(is)).sum::<usize>();
    writeln!(
        text,
        "\n{} passed, {} failed, {} skipped",
        sum(Outcome::is_ok),
        sum(Outcome::is_fail),
        sum(Outcome::is_skip)
    )
    .ok();
    text
}

/// One test suite each.
pub(crate) fn junit(runs: &[SuiteRun]) -> String {
    let runs: Vec<_> = runs.iter().map(|run| run.run.clone()).collect();
    report::junit(&runs)
}

/// Writes the section of the record that is about the suites of a ring.
pub(crate) fn merge_into(
    path: &Path,
    ring: Ring,
    suites: &[Suite],
    runs: &[SuiteRun],
) -> Result<(), InteropError> {
    report::merge_file(path, name(ring), &section(ring, suites, runs))
}

/// A section's name in the record: one word, by which it is found again.
fn name(ring: Ring) -> &'static str {
    match ring {
        Ring::Change => "Suites",
        Ring::Nightly => "Nightly",
    }
}

fn section(ring: Ring, suites: &[Suite], runs: &[SuiteRun]) -> String {
    let broker = runs.iter().find_map(|run| run.broker.as_ref());
    let broker = broker.map_or_else(|| "the broker".to_owned(), ToString::to_string);
    let reference = suites.iter().find_map(|suite| suite.baseline.as_ref());
    let reference = reference.map_or("RabbitMQ", |baseline| baseline.broker());
    let mut text = format!(
        "\n## {}\n\nThe clients' own tests, as their registries ship them, by \
         `cargo interop {}`: passed, failed, skipped.\n`suites/*/baseline.txt` has what each \
         test does on RabbitMQ; what fails there too counts as skipped here.\n\n\
         | suite | {broker} | {reference} | how it is run |\n|---|---|---|---|\n",
        name(ring),
        ring.option(),
    );
    for (suite, run) in suites.iter().zip(runs) {
        let ours = [Outcome::is_ok, Outcome::is_fail, Outcome::is_skip].map(|is| run.run.count(is));
        let theirs = suite.baseline.as_ref().map_or_else(
            || "not recorded".to_owned(),
            |b| counts([Mark::Ok, Mark::Fail, Mark::Skip].map(|mark| b.count(mark))),
        );
        let (title, ours, about) = (suite.title(), counts(ours), &suite.about);
        writeln!(text, "| {title} | {ours} | {theirs} | {about} |").ok();
    }
    let failed: Vec<_> = runs
        .iter()
        .flat_map(|run| reasons(&run.run, Outcome::is_fail))
        .collect();
    let excused: Vec<_> = suites
        .iter()
        .flat_map(|suite| suite.exceptions.iter().map(move |e| (suite, e)))
        .map(|(suite, e)| format!("{}, {}: {}", suite.name, e.prefix, e.reason))
        .collect();
    for (title, lines) in [("Failed", failed), ("Exceptions", excused)] {
        if !lines.is_empty() {
            writeln!(text, "\n{title}:\n\n- {}", lines.join("\n- ")).ok();
        }
    }
    text
}

fn counts([ok, fail, skip]: [usize; 3]) -> String {
    format!("{ok}, {fail}, {skip}")
}

/// A line for each reason; tests of one reason are named if they are few.
fn reasons(run: &ClientRun, is: fn(&Outcome) -> bool) -> Vec<String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for (name, outcome, _) in &run.results {
        let (Outcome::Fail(reason) | Outcome::Skip(reason)) = outcome else {
            continue;
        };
        if !is(outcome) {
            continue;
        }
        match found.iter_mut().find(|(other, _)| other == reason) {
            Some((_, names)) => names.push(name),
            None => found.push((reason, vec![name])),
        }
    }
    let line = |(reason, names): (&str, Vec<&str>)| {
        if names.len() > REASON_NAMES_MAX {
            return format!("{}, {} tests: {reason}", run.client, names.len());
        }
        format!("{}: {reason}: {}", run.client, names.join("; "))
    };
    found.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests;
