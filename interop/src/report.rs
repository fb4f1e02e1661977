//! What came of a run, for people (a table), for CI (JUnit XML) and for the record (COMPAT.md).

use std::fmt::Write;
use std::path::Path;

use crate::broker::Identity;
use crate::error::{self, InteropError};
use crate::run::{ClientRun, Outcome};
use crate::scenario::Scenario;

const HEADER: &str = "# Clients and what they see

Written by `cargo interop`; do not edit. Each section is the last full run against that broker.
What a scenario does and expects is in `scenarios/`; `ok` passes, `FAIL` does not, `skip` is a
scenario that the client's API cannot express, `.` one of another suite.

Not yet covered: RabbitMQ.Client of today's .NET (Mono's, of the time of AMQP 0-9, is below), and
`amqp` for Elixir, which wraps the `amqp_client` for Erlang that is below.
";
const SECTION: &str = "\n## ";
/// Scenarios that are named one by one when they fail for one reason.
const REASON_IDS_MAX: usize = 6;

/// The runs of all clients against one broker.
pub(crate) struct Report<'a> {
    /// Every scenario that was asked for.
    pub(crate) scenarios: &'a [Scenario],
    /// One per client.
    pub(crate) runs: &'a [ClientRun],
    /// The broker.
    pub(crate) broker: &'a Identity,
}

/// Why scenarios of a client were skipped or failed.
struct Reason<'a> {
    client: &'a str,
    ids: Vec<&'a str>,
    text: &'a str,
}

impl std::fmt::Display for Reason<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { client, ids, text } = self;
        if ids.len() > REASON_IDS_MAX {
            return write!(f, "{client}, {} scenarios: {text}", ids.len());
        }
        write!(f, "{client}, {}: {text}", ids.join(", "))
    }
}

impl Report<'_> {
    /// Scenario by client, the reasons, and the closing line with the counts.
    pub(crate) fn table(&self) -> String {
        let mut text = String::from("\n");
        for (number, run) in self.runs.iter().enumerate() {
            let bars = " │".repeat(number);
            writeln!(text, "{:<22}{bars} ┌ {} ({})", "", run.client, run.title).ok();
        }
        for scenario in self.scenarios {
            write!(text, "{:<22}", scenario.id).ok();
            for run in self.runs {
                let mark = match outcome(run, &scenario.id) {
                    Some(Outcome::Ok) => '✓',
                    Some(Outcome::Fail(_)) => 'F',
                    Some(Outcome::Skip(_)) => 's',
                    None => ' ',
                };
                write!(text, " {mark}").ok();
            }
            text.push('\n');
        }
        for (title, reasons) in [("skipped", self.skips()), ("failed", self.fails())] {
            if !reasons.is_empty() {
                writeln!(text, "\n{title}:").ok();
            }
            for reason in reasons {
                writeln!(text, "  {reason}").ok();
            }
        }
        writeln!(text, "\n{}", self.counts()).ok();
        text
    }

    /// `N passed, N failed, N skipped`.
    pub(crate) fn counts(&self) -> String {
        let sum = |is| self.runs.iter().map(|run| run.count(is)).sum::<usize>();
        format!(
            "{} passed, {} failed, {} skipped",
            sum(Outcome::is_ok),
            sum(Outcome::is_fail),
            sum(Outcome::is_skip)
        )
    }

    fn skips(&self) -> Vec<Reason<'_>> {
        self.reasons(|outcome| match outcome {
            Outcome::Skip(reason) => Some(reason),
            _ => None,
        })
    }

    fn fails(&self) -> Vec<Reason<'_>> {
        self.reasons(|outcome| match outcome {
            Outcome::Fail(reason) => Some(reason),
            _ => None,
        })
    }

    /// Each reason of a client once, with the scenarios that it was given for.
    fn reasons(&self, of: fn(&Outcome) -> Option<&String>) -> Vec<Reason<'_>> {
        let mut found: Vec<Reason<'_>> = Vec::new();
        for run in self.runs {
            for (id, outcome, _) in &run.results {
                let Some(text) = of(outcome) else { continue };
                let same =
                    |other: &&mut Reason<'_>| other.client == run.client && other.text == text;
                match found.iter_mut().find(same) {
                    Some(reason) => reason.ids.push(id),
                    None => found.push(Reason {
                        client: &run.client,
                        ids: vec![id],
                        text,
                    }),
                }
            }
        }
        found
    }

    /// One test suite per client, one test case per scenario.
    pub(crate) fn junit(&self) -> String {
        junit(self.runs)
    }

    /// Replaces this broker's section of the record, keeps those of others.
    pub(crate) fn merge_into(&self, path: &Path) -> Result<(), InteropError> {
        merge_file(path, &self.broker.product, &self.section())
    }

    /// This broker's section of the record.
    fn section(&self) -> String {
        let mut text = format!(
            "{SECTION}{}\n\n{}\n\n| scenario |",
            self.broker,
            self.counts()
        );
        for run in self.runs {
            write!(text, " {} |", run.title).ok();
        }
        text.push_str("\n|---|");
        text.push_str(&"---|".repeat(self.runs.len()));
        for scenario in self.scenarios {
            write!(text, "\n| {} |", scenario.id).ok();
            for run in self.runs {
                let mark = match outcome(run, &scenario.id) {
                    Some(Outcome::Ok) => "ok",
                    Some(Outcome::Fail(_)) => "**FAIL**",
                    Some(Outcome::Skip(_)) => "skip",
                    None => ".",
                };
                write!(text, " {mark} |").ok();
            }
        }
        text.push('\n');
        for (title, reasons) in [("Failed", self.fails()), ("Skipped", self.skips())] {
            if !reasons.is_empty() {
                write!(text, "\n{title}:\n\n").ok();
            }
            for reason in reasons {
                writeln!(text, "- {reason}").ok();
            }
        }
        text
    }
}

fn outcome<'a>(run: &'a ClientRun, id: &str) -> Option<&'a Outcome> {
    run.results
        .iter()
        .find(|(other, ..)| other == id)
        .map(|(_, outcome, _)| outcome)
}

/// One test suite per run, one test case per result.
pub(crate) fn junit(runs: &[ClientRun]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for run in runs {
        let (tests, failures) = (run.results.len(), run.count(Outcome::is_fail));
        let (name, skipped) = (xml(&run.client), run.count(Outcome::is_skip));
        writeln!(
            text,
            "  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" \
             skipped=\"{skipped}\" time=\"{:.3}\">",
            run.took.as_secs_f64()
        )
        .ok();
        for (id, outcome, took) in &run.results {
            let (id, time) = (xml(id), took.as_secs_f64());
            write!(
                text,
                "    <testcase classname=\"{name}\" name=\"{id}\" time=\"{time:.3}\""
            )
            .ok();
            match outcome {
                Outcome::Ok => text.push_str("/>\n"),
                Outcome::Fail(reason) => {
                    let reason = xml(reason);
                    writeln!(text, "><failure message=\"{reason}\"/></testcase>").ok();
                }
                Outcome::Skip(reason) => {
                    let reason = xml(reason);
                    writeln!(text, "><skipped message=\"{reason}\"/></testcase>").ok();
                }
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text.push_str("</testsuites>\n");
    text
}

/// Replaces the section of the record whose name begins with the word `name`, keeps the others.
pub(crate) fn merge_file(path: &Path, name: &str, section: &str) -> Result<(), InteropError> {
    let old = if path.is_file() {
        error::read(path)?
    } else {
        String::new()
    };
    error::write(path, &merge(&old, name, section))
}

/// Puts `section` in place of the one that begins with `product`; sections are sorted by product.
fn merge(old: &str, product: &str, section: &str) -> String {
    let is_ours = |other: &&str| other.split_whitespace().next() == Some(product);
    let mut sections: Vec<String> = old
        .split(SECTION)
        .skip(1)
        .filter(|other| !is_ours(other))
        .map(|other| format!("{SECTION}{}\n", other.trim_end()))
        .collect();
    sections.push(section.to_owned());
    sections.sort();
    format!("{HEADER}{}", sections.concat())
}

/// Text as an attribute's value.
fn xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c if c.is_control() => escaped.push(' '),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests;
