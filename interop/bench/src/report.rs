//! The result of a load: figures by name, as a table and as JSON.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::error::{BenchError, During as _};
use super::shared::Latency;
use super::usage::{Usage, float};

/// How a note begins that says that the tool was the limit, not the broker.
pub(super) const BOUND: &str = "bound by the tool";

/// What was measured, and what was wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// Product and version, as the broker says.
    pub broker: String,
    /// The figures; a name ends with its unit.
    pub figures: BTreeMap<String, f64>,
    /// What one should know of the figures.
    pub notes: Vec<String>,
    /// Loss, duplicates, another order, broken octets: the run has failed if there are any.
    pub problems: Vec<String>,
}

impl Report {
    /// Adds a figure.
    pub(super) fn set(&mut self, name: &str, value: f64) {
        self.figures.insert(name.to_owned(), value);
    }

    /// A figure that is there.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.figures.get(name).copied()
    }

    /// Adds percentiles in microseconds, named with `prefix`.
    pub(super) fn set_latency(&mut self, prefix: &str, latency: &Latency) {
        let Some(histogram) = latency.histogram() else {
            return;
        };
        let quantiles = [
            ("p50", 0.5),
            ("p90", 0.9),
            ("p99", 0.99),
            ("p999", 0.999),
            ("p9999", 0.9999),
            ("max", 1.0),
        ];
        for (name, quantile) in quantiles {
            let nanos = histogram.value_at_quantile(quantile);
            self.set(&format!("{prefix}_{name}_us"), float(nanos) / 1000.0);
        }
        self.set(&format!("{prefix}_mean_us"), histogram.mean() / 1000.0);
    }

    /// Adds what broker and tool used in `time` for `messages`, and says who was the limit.
    pub(super) fn set_usage(
        &mut self,
        time: Duration,
        messages: u64,
        broker: Option<(Usage, Usage)>,
        tool: (Usage, Usage),
    ) {
        let tool = tool.1.cpu_s - tool.0.cpu_s;
        self.set("tool_cpu_s", tool);
        let Some((before, after)) = broker else {
            return;
        };
        let broker = after.cpu_s - before.cpu_s;
        self.set("broker_cpu_s", broker);
        if messages > 0 {
            self.set("broker_cpu_s_per_million", broker * 1e6 / float(messages));
        }
        let cores =
            std::thread::available_parallelism().map_or(1.0, |cores| float(cores.get() as u64));
        let all = time.as_secs_f64() * cores;
        if tool > 2.0 * broker && tool + broker > 0.9 * all {
            self.notes.push(format!(
                "{BOUND}: it took {tool:.1} of {all:.1} CPU s, the broker {broker:.1}"
            ));
        }
    }

    /// The figures as a table, then notes and problems.
    pub fn table(&self) -> String {
        let mut text = format!("{}\n", self.broker);
        let width = self.figures.keys().map(String::len).max().unwrap_or(0);
        for (name, value) in &self.figures {
            line(&mut text, &format!("  {name:width$}  {}", shown(*value)));
        }
        for note in &self.notes {
            line(&mut text, &format!("  note: {note}"));
        }
        for problem in &self.problems {
            line(&mut text, &format!("  FAILED: {problem}"));
        }
        text
    }

    /// Writes it as JSON.
    pub(super) fn write(&self, path: &Path) -> Result<(), BenchError> {
        let text = serde_json::to_string_pretty(self)
            .map_err(|error| BenchError::Child(format!("making JSON: {error}")))?;
        fs::write(path, text + "\n").during(&format!("writing {}", path.display()))
    }
}

fn line(text: &mut String, line: &str) {
    // Writing to a string cannot fail.
    writeln!(text, "{line}").unwrap_or_default();
}

/// A figure with what digits it deserves, thousands apart.
pub(super) fn shown(value: f64) -> String {
    let digits = match value.abs() {
        large if large >= 100.0 || large == 0.0 => 0,
        middle if middle >= 1.0 => 2,
        _ => 4,
    };
    let plain = format!("{value:.digits$}");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut grouped = String::new();
    for (at, digit) in whole.chars().enumerate() {
        let left = whole.len() - at;
        if at > 0 && left.is_multiple_of(3) && !grouped.ends_with('-') {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    if part.is_empty() {
        grouped
    } else {
        format!("{grouped}.{part}")
    }
}

#[cfg(test)]
mod tests;
