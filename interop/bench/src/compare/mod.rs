//! A table of loads against several brokers in turn.
//!
//! Within a round every broker has its turn with a load before the next round begins (A B A B), so
//! that a machine that is slow for a while is slow for all; of the rounds the median counts. The
//! relay takes part in each round as the yardstick.

pub(super) mod brokers;
mod markdown;
mod matrix;
pub mod options;
mod turn;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use super::disk;
use super::error::{BenchError, During as _};
use super::report::{BOUND, Report};
use super::say;
use brokers::{Broker, Keeps, Source};
use matrix::{HOSTILE, HTTP, ROWS, SCALE, SIZES, Scale, Workload};
use options::Compare;

/// Messages in a write of the bare loops.
const DISK_LOOPS: [u16; 4] = [1, 10, 100, 1000];

/// Figures by name, one for each round.
type Rounds = BTreeMap<String, Vec<f64>>;

/// A row with what every broker reached, the yardstick last.
struct Measured {
    row: &'static Workload,
    rounds: Vec<Rounds>,
    /// What one should know of the figures, each once.
    notes: BTreeSet<String>,
    problems: Vec<String>,
}

/// What a message costs the first broker beside so many other things, by [`SIZES`].
struct Scaled {
    scale: &'static Scale,
    rounds: Vec<Rounds>,
    problems: Vec<String>,
}

/// All that has been measured so far.
#[derive(Default)]
struct Table {
    /// What the disk does: messages of 1 KiB in a write that is synced, and such writes a second.
    disk: Vec<(u16, f64)>,
    rows: Vec<Measured>,
    scales: Vec<Scaled>,
}

/// A broker of the comparison.
struct Contender {
    name: String,
    source: Source,
    /// One that runs all the time.
    standing: Option<Broker>,
    /// Product and version, as it says.
    product: String,
}

/// Runs the rows and writes the table.
pub(super) fn run(options: &Compare) -> Result<(), BenchError> {
    let rows: Vec<_> = ROWS
        .iter()
        .chain(HOSTILE)
        .chain(HTTP)
        .filter(|row| is_wanted(row.name, options))
        .collect();
    let scales: Vec<_> = SCALE
        .iter()
        .filter(|scale| is_wanted(scale.name, options))
        .collect();
    if options.list {
        rows.iter()
            .for_each(|row| say(&format!("{:18} {:?}\n", row.name, row.work)));
        scales
            .iter()
            .for_each(|scale| say(&format!("{:18} {:?}\n", scale.name, scale.options)));
        return Ok(());
    }
    let mut contenders = contenders(options)?;
    let mut table = Table::default();
    if rows.iter().any(|row| row.keeps == Keeps::Disk) {
        let loops = DISK_LOOPS.into_iter();
        let rates = loops.map(|messages| Ok((messages, disk::rounds_per_s(messages)?)));
        table.disk = rates.collect::<Result<_, BenchError>>()?;
    }
    for row in rows {
        let measured = measure(options, &mut contenders, row);
        say(&markdown::lines(options, &contenders, &measured));
        table.rows.push(measured);
        write(options, &contenders, &table)?;
    }
    for scale in scales {
        let scaled = measure_scale(options, &mut contenders, scale);
        say(&markdown::scale_line(&scaled));
        table.scales.push(scaled);
        write(options, &contenders, &table)?;
    }
    match table.failed() {
        0 => Ok(()),
        failed => Err(BenchError::Child(format!(
            "{failed} rows had problems, see above"
        ))),
    }
}

/// The brokers of the comparison, those that run all the time started.
fn contenders(options: &Compare) -> Result<Vec<Contender>, BenchError> {
    let contender = |text: &String| {
        let (name, source) = Source::parse(text)?;
        let standing = match &source {
            Source::Leveret(_) => None,
            Source::Oracle(script) => Some(Broker::oracle(script, options.rabbitmq_port)?),
            Source::Running(uri) => Some(Broker::running(uri)),
        };
        Ok(Contender {
            name,
            source,
            standing,
            product: String::new(),
        })
    };
    options.brokers.iter().map(contender).collect()
}

/// Writes the page as far as it is known, so that a run that is cut short is not lost.
fn write(options: &Compare, contenders: &[Contender], table: &Table) -> Result<(), BenchError> {
    let Some(path) = &options.out else {
        return Ok(());
    };
    let text = markdown::page(options, contenders, table);
    fs::write(path, text).during(&format!("writing {}", path.display()))
}

fn is_wanted(name: &str, options: &Compare) -> bool {
    options.only.is_empty() || options.only.iter().any(|text| name.contains(text))
}

/// All rounds of a row.
fn measure(options: &Compare, contenders: &mut [Contender], row: &'static Workload) -> Measured {
    let yardstick = contenders.len();
    let mut measured = Measured {
        row,
        rounds: vec![Rounds::new(); yardstick + 1],
        notes: BTreeSet::new(),
        problems: Vec::new(),
    };
    for _ in 0..if row.is_once { 1 } else { options.rounds } {
        for (at, contender) in contenders.iter_mut().enumerate() {
            match turn::of(options, contender, row) {
                Ok(report) => measured.add(at, &contender.name, &report),
                Err(error) => measured
                    .problems
                    .push(format!("{}: {error}", contender.name)),
            }
        }
        match turn::of_yardstick(options, row) {
            Some(Ok(report)) => measured.add(yardstick, "yardstick", &report),
            Some(Err(error)) => measured.problems.push(format!("yardstick: {error}")),
            None => {}
        }
    }
    measured
}

/// All rounds of the first broker beside few and many other things.
fn measure_scale(options: &Compare, contenders: &mut [Contender], scale: &'static Scale) -> Scaled {
    let mut scaled = Scaled {
        scale,
        rounds: vec![Rounds::new(); SIZES.len()],
        problems: Vec::new(),
    };
    let Some(contender) = contenders.first_mut() else {
        return scaled;
    };
    for _ in 0..options.rounds {
        for (size, rounds) in SIZES.iter().zip(&mut scaled.rounds) {
            match turn::of_scale(options, contender, scale, *size) {
                Ok(report) => {
                    add(rounds, &report);
                    scaled.problems.extend(report.problems);
                }
                Err(error) => scaled.problems.push(error.to_string()),
            }
        }
    }
    scaled
}

fn add(rounds: &mut Rounds, report: &Report) {
    for (figure, value) in &report.figures {
        rounds.entry(figure.clone()).or_default().push(*value);
    }
}

impl Table {
    /// Rows that are not to be relied on.
    fn failed(&self) -> usize {
        let rows = self.rows.iter().map(|row| &row.problems);
        let scales = self.scales.iter().map(|scale| &scale.problems);
        rows.chain(scales)
            .filter(|problems| !problems.is_empty())
            .count()
    }
}

impl Measured {
    fn add(&mut self, at: usize, name: &str, report: &Report) {
        let problems = report
            .problems
            .iter()
            .map(|problem| format!("{name}: {problem}"));
        self.problems.extend(problems);
        let is_bound = report.notes.iter().any(|note| note.starts_with(BOUND));
        if is_bound {
            self.notes.insert(format!("{name}: {BOUND}"));
        }
        if let Some(rounds) = self.rounds.get_mut(at) {
            add(rounds, report);
        }
    }

    /// The median of a figure's rounds.
    fn median(&self, at: usize, figure: &str) -> Option<f64> {
        median(self.rounds.get(at)?.get(figure)?)
    }
}

/// The middle one, or the mean of the two in the middle.
fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some((sorted.get(middle - 1)? + upper) / 2.0)
}

#[cfg(test)]
mod tests;
