//! What a row of the comparison is: a load, what is read from it, and what it must reach.

mod hostile;
mod http;
mod rows;
mod scale;

use super::brokers::Keeps;
use super::brokers::Keeps::{Disk, Nothing};

pub(super) use hostile::HOSTILE;
pub(super) use http::HTTP;
pub(super) use rows::ROWS;
pub(super) use scale::{SCALE, SIZES, Scale};

/// A load and what is read from its report.
#[derive(Debug)]
pub(super) struct Workload {
    /// What `--only` looks for.
    pub(super) name: &'static str,
    /// What the table says.
    pub(super) title: &'static str,
    /// How the load is asked for.
    pub(super) work: Work,
    /// Whether a broker that syncs has something to sync.
    pub(super) keeps: Keeps,
    /// What the least is that anything could do, if that can be measured.
    pub(super) yardstick: Yardstick,
    /// Whether one round says it all: memory does not waver, and setting it up takes long.
    pub(super) is_once: bool,
    /// A shorter load for a quick comparison, and what the table says then.
    pub(super) quick: Option<(&'static str, &'static str)>,
    /// What is read.
    pub(super) measures: &'static [Measure],
}

/// What is done.
#[derive(Debug)]
pub(super) enum Work {
    /// A load with these options.
    Load(&'static str),
    /// The same for the seconds of the comparison.
    Timed(&'static str),
    /// A load with these options, for a broker alone that is started for it.
    Own(&'static str),
    /// From the start of the program to the first open connection.
    Startup,
    /// The same with so many messages in the store, after a stop and after a kill; they are
    /// stored with these options.
    Restart(u64, &'static str),
}

/// What a row is held against besides other brokers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Yardstick {
    /// Nothing.
    None,
    /// The relay, under a load with these options.
    Relay(&'static str),
    /// The relay that syncs what it confirms, under a load with these options.
    SyncedRelay(&'static str),
}

/// One figure of a report.
#[derive(Debug)]
pub(super) struct Measure {
    /// Its name in the report.
    pub(super) figure: &'static str,
    /// What the table says.
    pub(super) title: &'static str,
    /// Which way is better.
    pub(super) better: Better,
    /// What the first broker must reach, as a multiple of the second.
    pub(super) times: Option<f64>,
    /// What it must reach, as a part of the relay.
    pub(super) part: Option<f64>,
    /// What it must reach by itself, in the unit of the figure.
    pub(super) alone: Option<f64>,
}

/// Which way is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Better {
    /// The larger figure.
    More,
    /// The smaller one.
    Less,
}

const fn more(figure: &'static str, title: &'static str, times: f64, part: Option<f64>) -> Measure {
    Measure {
        figure,
        title,
        better: Better::More,
        times: Some(times),
        part,
        alone: None,
    }
}

const fn less(
    figure: &'static str,
    title: &'static str,
    times: Option<f64>,
    alone: Option<f64>,
) -> Measure {
    Measure {
        figure,
        title,
        better: Better::Less,
        times,
        part: None,
        alone,
    }
}

const fn received(times: f64, part: Option<f64>) -> Measure {
    more("received_per_s", "deliveries/s", times, part)
}

const CPU: Measure = less(
    "broker_cpu_s_per_million",
    "broker CPU s per million",
    Some(40.0),
    Some(0.4),
);

/// The same where only the rate has a target; it wavers less than the rate.
const CPU_SEEN: Measure = less(
    "broker_cpu_s_per_million",
    "broker CPU s per million",
    None,
    None,
);

const LATENCY: &[Measure] = &[
    Measure {
        part: Some(0.5),
        ..less("latency_p50_us", "p50 µs", Some(1.0), None)
    },
    less("latency_p99_us", "p99 µs", Some(1.0), None),
    less("latency_p999_us", "p99.9 µs", Some(1.0), None),
];

const fn timed(
    name: &'static str,
    title: &'static str,
    options: &'static str,
    relayed: bool,
    measures: &'static [Measure],
) -> Workload {
    Workload {
        name,
        title,
        work: Work::Timed(options),
        keeps: Nothing,
        yardstick: if relayed {
            Yardstick::Relay(options)
        } else {
            Yardstick::None
        },
        is_once: false,
        quick: None,
        measures,
    }
}

const fn synced(
    name: &'static str,
    title: &'static str,
    options: &'static str,
    measures: &'static [Measure],
) -> Workload {
    Workload {
        keeps: Disk,
        yardstick: Yardstick::SyncedRelay(options),
        ..timed(name, title, options, false, measures)
    }
}

const fn whole(
    name: &'static str,
    title: &'static str,
    options: &'static str,
    measures: &'static [Measure],
) -> Workload {
    Workload {
        work: Work::Load(options),
        is_once: true,
        ..timed(name, title, options, false, measures)
    }
}

/// The same for a broker of ours that writes what it stores, but does not sync it.
const fn written(
    name: &'static str,
    title: &'static str,
    options: &'static str,
    measures: &'static [Measure],
) -> Workload {
    Workload {
        keeps: Keeps::System,
        ..timed(name, title, options, false, measures)
    }
}

#[cfg(test)]
mod tests;
