//! The rows of the comparison: loads, what is read from them, and what they must reach.

use super::brokers::Keeps;
use super::brokers::Keeps::{Disk, Nothing};

/// A load and what is read from its report.
#[derive(Debug)]
pub(super) struct Row {
    /// What `--only` looks for.
    pub(super) name: &'static str,
    /// What the table says.
    pub(super) title: &'static str,
    /// How the load is asked for.
    pub(super) work: Work,
    /// Whether a broker that syncs has something to sync.
    pub(super) keeps: Keeps,
    /// Options of the same load on the relay, if that makes sense there.
    pub(super) relay: Option<&'static str>,
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
    /// From the start of the program to the first open connection.
    Startup,
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
) -> Row {
    Row {
        name,
        title,
        work: Work::Timed(options),
        keeps: Nothing,
        relay: if relayed { Some(options) } else { None },
        measures,
    }
}

const fn synced(
    name: &'static str,
    title: &'static str,
    options: &'static str,
    measures: &'static [Measure],
) -> Row {
    Row {
        keeps: Disk,
        ..timed(name, title, options, false, measures)
    }
}

const fn whole(
    name: &'static str,
    title: &'static str,
    options: &'static str,
    measures: &'static [Measure],
) -> Row {
    Row {
        name,
        title,
        work: Work::Load(options),
        keeps: Nothing,
        relay: None,
        measures,
    }
}

/// All rows.
pub(super) const ROWS: &[Row] = &[
    timed(
        "16B",
        "1 → 1 → 1, 16 B, auto-ack",
        "--size 16",
        true,
        &[received(40.0, Some(0.6)), CPU],
    ),
    timed(
        "16B-acks",
        "the same, acks each 50, prefetch 200",
        "--size 16 --ack-every 50",
        true,
        &[received(30.0, Some(0.5)), CPU_SEEN],
    ),
    timed(
        "1KiB",
        "1 KiB",
        "--size 1024",
        true,
        &[received(15.0, Some(0.7)), CPU_SEEN],
    ),
    timed(
        "64KiB",
        "64 KiB",
        "--size 65536",
        true,
        &[received(1.2, Some(0.75)), CPU_SEEN],
    ),
    timed(
        "16MiB",
        "16 MiB",
        "--size 16777216",
        true,
        &[received(1.2, None), CPU_SEEN],
    ),
    timed(
        "8x8-one",
        "8 → 1 → 8, 128 B",
        "--size 128 --producers 8 --consumers 8",
        true,
        &[received(60.0, Some(0.5)), CPU_SEEN],
    ),
    timed(
        "8x8-eight",
        "8 → 8 → 8, 128 B",
        "--size 128 --producers 8 --consumers 8 --queues 8",
        true,
        &[received(80.0, Some(0.6)), CPU_SEEN],
    ),
    timed(
        "fanout-10",
        "fan-out to 10 queues",
        "--exchange fanout --queues 10 --consumers 10",
        true,
        &[received(50.0, Some(0.5)), CPU_SEEN],
    ),
    timed(
        "fanout-100",
        "fan-out to 100 queues",
        "--exchange fanout --queues 100 --consumers 100",
        true,
        &[received(50.0, Some(0.5)), CPU_SEEN],
    ),
    timed(
        "topic-1000",
        "topic, 1,000 wildcard bindings",
        "--exchange topic --bindings 1000",
        false,
        &[received(50.0, None), CPU_SEEN],
    ),
    timed(
        "headers-100",
        "headers, 100 bindings",
        "--exchange headers --bindings 100",
        false,
        &[received(50.0, None), CPU_SEEN],
    ),
    timed(
        "direct-1000",
        "direct, 1,000 bindings",
        "--exchange direct --bindings 1000",
        false,
        &[received(25.0, None), CPU_SEEN],
    ),
    Row {
        relay: Some("--rpc queue"),
        ..timed(
            "rpc-direct-1",
            "RPC, direct reply-to, 1 client",
            "--rpc direct",
            false,
            &[more("calls_per_s", "calls/s", 2.0, Some(0.8))],
        )
    },
    Row {
        relay: Some("--rpc queue --producers 16"),
        ..timed(
            "rpc-direct-16",
            "RPC, direct reply-to, 16 clients",
            "--rpc direct --producers 16",
            false,
            &[more("calls_per_s", "calls/s", 3.0, Some(0.8))],
        )
    },
    timed(
        "rpc-queue",
        "RPC, reply queue, 1 client",
        "--rpc queue",
        true,
        &[more("calls_per_s", "calls/s", 2.0, Some(0.8))],
    ),
    synced(
        "confirm-1",
        "1 KiB persistent, confirms, window 1",
        "--size 1024 --persistent --durable --confirm 1",
        &[more("confirmed_per_s", "confirms/s", 2.0, None)],
    ),
    synced(
        "confirm-100",
        "the same, window 100",
        "--size 1024 --persistent --durable --confirm 100",
        &[more("confirmed_per_s", "confirms/s", 8.0, None)],
    ),
    synced(
        "confirm-1000",
        "the same, window 1,000",
        "--size 1024 --persistent --durable --confirm 1000",
        &[more("confirmed_per_s", "confirms/s", 15.0, None)],
    ),
    synced(
        "confirm-8x1000",
        "the same, 8 producers",
        "--size 1024 --persistent --durable --confirm 1000 --producers 8",
        &[more("confirmed_per_s", "confirms/s", 15.0, None)],
    ),
    whole(
        "backlog",
        "backlog of 1 M × 128 B",
        "--size 128 --backlog 1000000",
        &[
            more("published_per_s", "published/s", 40.0, None),
            more("drained_per_s", "drained/s", 50.0, None),
            less(
                "bytes_per_message",
                "broker octets per message",
                None,
                Some(224.0),
            ),
        ],
    ),
    timed(
        "latency-1k",
        "latency at 1,000/s",
        "--latency --rate 1000",
        true,
        LATENCY,
    ),
    timed(
        "latency-10k",
        "latency at 10,000/s",
        "--latency --rate 10000",
        true,
        LATENCY,
    ),
    timed(
        "latency-50k",
        "latency at 50,000/s",
        "--latency --rate 50000",
        true,
        LATENCY,
    ),
    timed(
        "churn-connection",
        "connection open + close",
        "--churn connection",
        false,
        &[more("operations_per_s", "operations/s", 6.0, None)],
    ),
    timed(
        "churn-channel",
        "channel open + close",
        "--churn channel",
        false,
        &[more("operations_per_s", "operations/s", 8.0, None)],
    ),
    timed(
        "churn-queue",
        "transient queue declare + delete",
        "--churn queue",
        false,
        &[more("operations_per_s", "operations/s", 60.0, None)],
    ),
    synced(
        "churn-durable",
        "durable queue declare",
        "--churn durable-queue",
        &[more("operations_per_s", "operations/s", 15.0, None)],
    ),
    whole(
        "idle-connections",
        "5,000 idle connections with a channel",
        "--idle-connections 5000",
        &[
            less(
                "bytes_per_connection",
                "broker octets each",
                None,
                Some(12_000.0),
            ),
            less(
                "broker_rss_before_bytes",
                "broker octets, idle",
                None,
                Some(10e6),
            ),
        ],
    ),
    whole(
        "idle-queues",
        "10,000 idle queues",
        "--idle-queues 10000",
        &[less(
            "bytes_per_queue",
            "broker octets each",
            None,
            Some(2000.0),
        )],
    ),
    Row {
        work: Work::Startup,
        ..whole(
            "startup",
            "start to first connection.open-ok",
            "",
            &[less("startup_ms", "ms", None, Some(20.0))],
        )
    },
];

#[cfg(test)]
mod tests;
