//! One turn of a broker, or of what it is held against, with a row.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Parser;
use rustix::process::Signal;

use super::Contender;
use super::brokers::{Broker, Keeps, Relay, Source, Syncs};
use super::matrix::{Scale, Work, Workload, Yardstick};
use super::options::Compare;
use crate::error::BenchError;
use crate::options::Load;
use crate::plan::ready;
use crate::report::Report;
use crate::uri::Target;
use crate::usage::{self, float};
use crate::wire::Link;

/// A broker's turn with a row.
pub(super) fn of(
    options: &Compare,
    contender: &mut Contender,
    row: &Workload,
) -> Result<Report, BenchError> {
    let words = match row.work {
        Work::Startup => return on_program(contender, startup),
        Work::Restart(count, words) => {
            return on_program(contender, |program| restart(program, count, words));
        }
        Work::Own(_) if !matches!(contender.source, Source::Leveret(_)) => {
            return Ok(Report::default());
        }
        Work::Load(words) | Work::Own(words) => {
            Words::whole(row.quick.filter(|_| options.quick), words)
        }
        Work::Timed(words) => Words::timed(options, words),
    };
    on_broker(contender, row.keeps, &words)
}

/// The turn of the first broker with a load that has `size` other things beside it.
pub(super) fn of_scale(
    options: &Compare,
    contender: &mut Contender,
    scale: &Scale,
    size: u32,
) -> Result<Report, BenchError> {
    let text = format!("{} {size}", scale.options);
    on_broker(contender, Keeps::Nothing, &Words::timed(options, &text))
}

/// The turn of what a row is held against, if there is such a thing.
pub(super) fn of_yardstick(
    options: &Compare,
    row: &Workload,
) -> Option<Result<Report, BenchError>> {
    match row.yardstick {
        _ if options.no_relay => None,
        Yardstick::None => None,
        Yardstick::Relay(words) => Some(on_relay(options, Syncs::No, words)),
        Yardstick::SyncedRelay(words) => Some(on_relay(options, Syncs::Yes, words)),
    }
}

fn on_broker(
    contender: &mut Contender,
    keeps: Keeps,
    words: &Words<'_>,
) -> Result<Report, BenchError> {
    let own = match &contender.source {
        Source::Leveret(program) => Some(Broker::leveret(program, keeps)?),
        Source::Oracle(_) | Source::Running(_) => None,
    };
    let broker = own.as_ref().or(contender.standing.as_ref());
    let uri = broker.map_or("", |broker| broker.uri.as_str());
    let report = crate::run(&words.load(uri)?)?;
    contender.product.clone_from(&report.broker);
    Ok(report)
}

fn on_relay(options: &Compare, syncs: Syncs, words: &str) -> Result<Report, BenchError> {
    let relay = Relay::start(syncs)?;
    crate::run(&Words::timed(options, words).load(&relay.uri())?)
}

/// Does what only a broker that can be started again and again is asked for.
fn on_program(
    contender: &Contender,
    work: impl FnOnce(&Path) -> Result<Report, BenchError>,
) -> Result<Report, BenchError> {
    match &contender.source {
        Source::Leveret(program) => work(program),
        Source::Oracle(_) | Source::Running(_) => Ok(Report::default()),
    }
}

/// Time from the start of a program to an open connection.
fn startup(program: &Path) -> Result<Report, BenchError> {
    let begin = Instant::now();
    let broker = Broker::leveret(program, Keeps::Nothing)?;
    let time = begin.elapsed();
    drop(broker);
    let mut report = Report::default();
    report.set("startup_ms", ms(time));
    Ok(report)
}

/// The same with messages in the store, all of which must be there again.
fn restart(program: &Path, count: u64, words: &str) -> Result<Report, BenchError> {
    let mut broker = Broker::leveret(program, Keeps::Disk)?;
    let idle = resident(&broker);
    let text = format!("{words} --consumers 0 --keep --messages {count}");
    let whole = Words {
        text: &text,
        seconds: None,
    };
    let mut report = crate::run(&whole.load(&broker.uri)?)?;
    for (figure, signal) in [
        ("restart_killed_ms", Signal::KILL),
        ("restart_ms", Signal::TERM),
    ] {
        report.set(figure, ms(broker.restart(signal)?));
        if let (Some(idle), Some(now)) = (idle, resident(&broker)) {
            let cost = (float(now) - float(idle)) / float(count);
            report.set("restart_bytes_per_message", cost);
        }
        let mut link = Link::open(&Target::parse(&broker.uri)?)?;
        let found = ready(&mut link, "leveret-bench.0")?;
        link.close()?;
        if u64::from(found) != count {
            report.problems.push(format!(
                "{found} of {count} messages are there after {signal:?}"
            ));
        }
    }
    Ok(report)
}

fn resident(broker: &Broker) -> Option<u64> {
    Some(usage::of(broker.process()?)?.rss)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// The options of a load, in words.
pub(super) struct Words<'a> {
    text: &'a str,
    /// For so long, if it is a matter of time.
    seconds: Option<Duration>,
}

/// A load alone on a command line.
#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    load: Load,
}

impl<'a> Words<'a> {
    /// A load that lasts until it is done, or the shorter one.
    pub(super) fn whole(quick: Option<(&'a str, &'a str)>, text: &'a str) -> Self {
        Self {
            text: quick.map_or(text, |(_, text)| text),
            seconds: None,
        }
    }

    /// A load for the seconds of the comparison.
    pub(super) fn timed(options: &Compare, text: &'a str) -> Self {
        Self {
            text,
            seconds: Some(Duration::from_secs(options.time().into())),
        }
    }

    /// The load, for the broker at `uri`.
    pub(super) fn load(&self, uri: &str) -> Result<Load, BenchError> {
        let words = ["load", "--quiet", "--uri", uri]
            .into_iter()
            .chain(self.text.split_whitespace());
        let alone =
            Alone::try_parse_from(words).map_err(|error| BenchError::Options(error.to_string()))?;
        Ok(Load {
            seconds: self.seconds,
            ..alone.load
        })
    }
}
