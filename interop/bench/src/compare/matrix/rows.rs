//! The rows.

use super::*;

/// All rows.
pub(in crate::compare) const ROWS: &[Workload] = &[
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
    Workload {
        yardstick: Yardstick::Relay("--rpc queue"),
        ..timed(
            "rpc-direct-1",
            "RPC, direct reply-to, 1 client",
            "--rpc direct",
            false,
            &[more("calls_per_s", "calls/s", 2.0, Some(0.8))],
        )
    },
    Workload {
        yardstick: Yardstick::Relay("--rpc queue --producers 16"),
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
        "--size 1024 --persistent --durable --latency --confirm 1",
        &[
            more("confirmed_per_s", "confirms/s", 2.0, Some(0.8)),
            Measure {
                part: Some(0.8),
                ..less("confirm_p50_us", "p50 µs", None, None)
            },
        ],
    ),
    synced(
        "confirm-1-alone",
        "the same without a consumer",
        "--size 1024 --persistent --durable --latency --confirm 1 --consumers 0",
        &[
            more("confirmed_per_s", "confirms/s", 2.0, Some(0.8)),
            Measure {
                part: Some(0.8),
                ..less("confirm_p50_us", "p50 µs", None, None)
            },
        ],
    ),
    synced(
        "confirm-100",
        "the same, window 100, with a consumer",
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
    written(
        "written-1",
        "1 KiB persistent, `durability = \"os\"`, window 1",
        "--size 1024 --persistent --durable --latency --confirm 1",
        &[
            more("confirmed_per_s", "confirms/s", 2.0, None),
            less("confirm_p50_us", "p50 µs", None, None),
        ],
    ),
    written(
        "written-100",
        "the same, window 100",
        "--size 1024 --persistent --durable --confirm 100",
        &[more("confirmed_per_s", "confirms/s", 8.0, None)],
    ),
    written(
        "written-1000",
        "the same, window 1,000",
        "--size 1024 --persistent --durable --confirm 1000",
        &[more("confirmed_per_s", "confirms/s", 15.0, None)],
    ),
    written(
        "written-8x1000",
        "the same, 8 producers",
        "--size 1024 --persistent --durable --confirm 1000 --producers 8",
        &[more("confirmed_per_s", "confirms/s", 15.0, None)],
    ),
    Workload {
        quick: Some(("backlog of 200,000 × 128 B", "--size 128 --backlog 200000")),
        is_once: false,
        ..whole(
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
        )
    },
    Workload {
        keeps: Keeps::Paged,
        quick: Some((
            "200,000 × 128 B with a body budget of 1 MiB",
            "--size 128 --backlog 200000",
        )),
        ..whole(
            "backlog-paged",
            "1 M × 128 B with a body budget of 1 MiB",
            "--size 128 --backlog 1000000",
            &[
                less(
                    "bytes_per_message",
                    "broker octets per message",
                    None,
                    Some(24.0),
                ),
                more("published_per_s", "published/s", 40.0, None),
                more("drained_per_s", "drained/s", 50.0, None),
            ],
        )
    },
    Workload {
        keeps: Disk,
        ..timed(
            "slow-consumer",
            "1 KiB at full speed, 5,000/s consumed",
            "--size 1024 --consumer-rate 5000 --bystander 1000",
            false,
            &[
                less(
                    "bystander_p50_us",
                    "p50 µs of others at 1,000/s",
                    Some(1.0),
                    None,
                ),
                less("bystander_p99_us", "p99 µs of others", Some(1.0), None),
                more("published_per_s", "published/s", 1.0, None),
                less(
                    "broker_rss_peak_bytes",
                    "broker octets, at most",
                    None,
                    Some(400e6),
                ),
            ],
        )
    },
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
        true,
        &[more("operations_per_s", "operations/s", 6.0, None)],
    ),
    timed(
        "churn-channel",
        "channel open + close",
        "--churn channel",
        true,
        &[more("operations_per_s", "operations/s", 8.0, None)],
    ),
    timed(
        "churn-queue",
        "transient queue declare + delete",
        "--churn queue",
        true,
        &[more("operations_per_s", "operations/s", 60.0, None)],
    ),
    synced(
        "churn-durable",
        "durable queue declare",
        "--churn durable-queue",
        &[more("operations_per_s", "operations/s", 15.0, None)],
    ),
    synced(
        "churn-durable-10",
        "the same on 10 connections",
        "--churn durable-queue --producers 10",
        &[more("operations_per_s", "operations/s", 10.0, None)],
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
    Workload {
        quick: Some(("2,000 idle queues", "--idle-queues 2000")),
        ..whole(
            "idle-queues",
            "10,000 idle queues",
            "--idle-queues 10000",
            &[less(
                "bytes_per_queue",
                "broker octets each",
                None,
                Some(2000.0),
            )],
        )
    },
    Workload {
        work: Work::Startup,
        is_once: false,
        ..whole(
            "startup",
            "start to first connection.open-ok",
            "",
            &[less("startup_ms", "ms", None, Some(20.0))],
        )
    },
    Workload {
        work: Work::Restart(
            1_000_000,
            "--size 100 --persistent --durable --confirm 10000",
        ),
        keeps: Disk,
        ..whole(
            "restart",
            "the same with 1 M × 100 B stored",
            "",
            &[
                less("restart_ms", "ms after a stop", None, Some(500.0)),
                less("restart_killed_ms", "ms after kill -9", None, Some(500.0)),
                less(
                    "restart_bytes_per_message",
                    "broker octets per message",
                    None,
                    Some(16.0),
                ),
            ],
        )
    },
];
