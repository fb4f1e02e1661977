//! A table of loads against several brokers in turn.
//!
//! Within a round every broker has its turn with a load before the next round begins (A B A B), so
//! that a machine that is slow for a while is slow for all; of the rounds the median counts. The
//! relay takes part in each round as the yardstick.

pub(super) mod brokers;
mod markdown;
mod matrix;
pub mod options;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;

use super::error::{BenchError, During as _};
use super::options::Load;
use super::report::Report;
use brokers::{Broker, Keeps, Relay, Source};
use matrix::{ROWS, Row, Work};
use options::Compare;

/// Figures by name, one for each round.
type Rounds = BTreeMap<String, Vec<f64>>;

/// A row with what every broker reached, the relay last.
struct Measured {
    row: &'static Row,
    rounds: Vec<Rounds>,
    problems: Vec<String>,
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
    let rows: Vec<_> = ROWS.iter().filter(|row| is_wanted(row, options)).collect();
    if options.list {
        rows.iter()
            .for_each(|row| say(&format!("{:18} {:?}\n", row.name, row.work)));
        return Ok(());
    }
    let mut contenders = Vec::new();
    for text in &options.brokers {
        let (name, source) = Source::parse(text)?;
        let standing = match &source {
            Source::Leveret(_) => None,
            Source::Oracle(script) => Some(Broker::oracle(script, options.rabbitmq_port)?),
            Source::Running(uri) => Some(Broker::running(uri)),
        };
        contenders.push(Contender {
            name,
            source,
            standing,
            product: String::new(),
        });
    }
    let mut table = Vec::new();
    for row in rows {
        let mut measured = Measured {
            row,
            rounds: vec![Rounds::new(); contenders.len() + 1],
            problems: Vec::new(),
        };
        for _ in 0..options.rounds {
            round(options, &mut contenders, &mut measured);
        }
        say(&markdown::lines(&contenders, &measured));
        table.push(measured);
        if let Some(path) = &options.out {
            let text = markdown::page(options, &contenders, &table);
            fs::write(path, text).during(&format!("writing {}", path.display()))?;
        }
    }
    let failed = table.iter().filter(|row| !row.problems.is_empty()).count();
    if failed > 0 {
        return Err(BenchError::Child(format!(
            "{failed} rows had problems, see above"
        )));
    }
    Ok(())
}

fn is_wanted(row: &Row, options: &Compare) -> bool {
    options.only.is_empty() || options.only.iter().any(|text| row.name.contains(text))
}

/// One turn of each broker, and of the relay.
fn round(options: &Compare, contenders: &mut [Contender], measured: &mut Measured) {
    let row = measured.row;
    let relay = contenders.len();
    for (at, contender) in contenders.iter_mut().enumerate() {
        match turn(options, contender, row) {
            Ok(report) => measured.add(at, &contender.name, &report),
            Err(error) => measured
                .problems
                .push(format!("{}: {error}", contender.name)),
        }
    }
    if let (Some(load), false) = (row.relay, options.no_relay) {
        match on_relay(options, load) {
            Ok(report) => measured.add(relay, "relay", &report),
            Err(error) => measured.problems.push(format!("relay: {error}")),
        }
    }
}

impl Measured {
    fn add(&mut self, at: usize, name: &str, report: &Report) {
        let problems = report
            .problems
            .iter()
            .map(|problem| format!("{name}: {problem}"));
        self.problems.extend(problems);
        if let Some(rounds) = self.rounds.get_mut(at) {
            for (figure, value) in &report.figures {
                rounds.entry(figure.clone()).or_default().push(*value);
            }
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

fn turn(options: &Compare, contender: &mut Contender, row: &Row) -> Result<Report, BenchError> {
    if let Work::Startup = row.work {
        return match &contender.source {
            Source::Leveret(program) => startup(program),
            Source::Oracle(_) | Source::Running(_) => Ok(Report::default()),
        };
    }
    let own = match &contender.source {
        Source::Leveret(program) => Some(Broker::leveret(program, row.keeps)?),
        Source::Oracle(_) | Source::Running(_) => None,
    };
    let broker = own.as_ref().or(contender.standing.as_ref());
    let uri = broker.map_or("", |broker| broker.uri.as_str());
    let report = super::run(&load(options, &row.work, uri)?)?;
    contender.product.clone_from(&report.broker);
    Ok(report)
}

fn on_relay(options: &Compare, load_options: &'static str) -> Result<Report, BenchError> {
    let relay = Relay::start()?;
    super::run(&load(options, &Work::Timed(load_options), &relay.uri())?)
}

/// Time from the start of a program to an open connection.
fn startup(program: &Path) -> Result<Report, BenchError> {
    let begin = Instant::now();
    let broker = Broker::leveret(program, Keeps::Nothing)?;
    let time = begin.elapsed();
    drop(broker);
    let mut report = Report::default();
    report.set("startup_ms", time.as_secs_f64() * 1000.0);
    Ok(report)
}

/// A load alone on a command line.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    load: Load,
}

/// The options of a row as a load.
fn load(options: &Compare, work: &Work, uri: &str) -> Result<Load, BenchError> {
    let (text, seconds) = match work {
        Work::Load(text) => (*text, None),
        Work::Timed(text) => (*text, Some(Duration::from_secs(options.seconds.into()))),
        Work::Startup => ("", None),
    };
    let words = ["load", "--quiet", "--uri", uri]
        .into_iter()
        .chain(text.split_whitespace());
    let alone =
        Alone::try_parse_from(words).map_err(|error| BenchError::Options(error.to_string()))?;
    Ok(Load {
        seconds,
        ..alone.load
    })
}

fn say(text: &str) {
    // A reader that has gone has read what it wanted.
    std::io::stdout()
        .write_all(text.as_bytes())
        .unwrap_or_default();
}

#[cfg(test)]
mod tests;
