//! What each test of a suite does on RabbitMQ, by name: the suite's `baseline.txt`.

use std::fmt::Write;

use super::results::{Mark, Results};
use crate::broker::Identity;
use crate::run::Outcome;

/// The outcome of each test on RabbitMQ. Lines are `ok NAME`, `fail NAME` or `skip NAME`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Baseline {
    broker: String,
    results: Results,
}

impl Baseline {
    /// Reads a baseline; the first comment names the broker up to a comma.
    pub(crate) fn parse(text: &str) -> Self {
        let mut baseline = Self::default();
        for line in text.lines() {
            if let Some(comment) = line.strip_prefix("# ") {
                if baseline.broker.is_empty() {
                    let broker = comment.split(',').next().unwrap_or_default();
                    broker.clone_into(&mut baseline.broker);
                }
                continue;
            }
            let Some((mark, name)) = line.split_once(' ') else {
                continue;
            };
            let mark = match mark {
                "ok" => Mark::Ok,
                "skip" => Mark::Skip,
                _ => Mark::Fail,
            };
            baseline.results.push(name, mark);
        }
        baseline
    }

    /// The file that records `results`; `option` is what runs the suite.
    pub(crate) fn text(results: &Results, option: &str, suite: &str, broker: &Identity) -> String {
        let mut text =
            format!("# {broker}, {suite}\n# Written by `cargo interop {option} --record`.\n");
        for (name, mark) in results.iter() {
            writeln!(text, "{mark} {name}").ok();
        }
        text
    }

    /// The broker on which it was recorded.
    pub(crate) fn broker(&self) -> &str {
        &self.broker
    }

    /// How many tests have this mark.
    pub(crate) fn count(&self, mark: Mark) -> usize {
        self.results.iter().filter(|(_, m)| *m == mark).count()
    }

    /// Tests that fail are failures unless they fail here too; so are those that are missing.
    pub(crate) fn judge(&self, results: &Results) -> Vec<(String, Outcome)> {
        let mut outcomes = Vec::new();
        for (name, mark) in results.iter() {
            let outcome = match (mark, self.results.get(name)) {
                (Mark::Ok, _) => Outcome::Ok,
                (Mark::Skip, _) => Outcome::Skip("skipped by the suite itself".to_owned()),
                (Mark::Fail, Some(Mark::Fail)) => {
                    Outcome::Skip(format!("fails on {} too", self.broker))
                }
                (Mark::Fail, _) => Outcome::Fail("failed".to_owned()),
            };
            outcomes.push((name.to_owned(), outcome));
        }
        for (name, mark) in self.results.iter() {
            if mark == Mark::Ok && results.get(name).is_none() {
                outcomes.push((name.to_owned(), Outcome::Fail("was not run".to_owned())));
            }
        }
        outcomes
    }
}

#[cfg(test)]
mod tests;
