//! Rows of what is asked over HTTP.

use super::*;

/// What a bystander feels of lists, and of a program that only sends their octets: the client that
/// fetches them and the bystander want a processor each, whatever the broker does.
const BESIDE: &[Measure] = &[
    less(
        "bystander_lists_p99_us",
        "bystander's p99 beside lists, µs",
        Some(1.0),
        None,
    ),
    less("bystander_alone_p99_us", "alone, µs", None, None),
    less(
        "bystander_octets_p99_us",
        "beside the same octets, µs",
        None,
        None,
    ),
    less(
        "bystander_lists_p50_us",
        "bystander's p50 beside lists, µs",
        None,
        None,
    ),
    less("bystander_alone_p50_us", "alone, µs", None, None),
    more_seen("http_lists_per_s", "lists/s meanwhile"),
];

const fn more_seen(figure: &'static str, title: &'static str) -> Measure {
    Measure {
        times: None,
        ..more(figure, title, 1.0, None)
    }
}

/// All rows.
pub(in crate::compare) const HTTP: &[Workload] = &[
    timed(
        "http-reads",
        "one queue over HTTP, 8 connections",
        "--http reads",
        false,
        &[
            Measure {
                alone: Some(10_000.0),
                ..more("http_reads_per_s", "answers/s", 1.0, None)
            },
            less("http_read_p99_us", "p99 µs", Some(1.0), None),
        ],
    ),
    Workload {
        is_once: false,
        quick: Some(("list of 2,000 queues", "--http list --messages 2000")),
        ..whole(
            "http-list",
            "list of 10,000 queues",
            "--http list",
            &[less("http_list_ms", "ms", Some(20.0), None)],
        )
    },
    Workload {
        work: Work::Own("--http page"),
        is_once: false,
        quick: Some((
            "page of 20,000 queues, by messages",
            "--http page --messages 20000",
        )),
        ..whole(
            "http-page",
            "page of 100,000 queues, by messages",
            "",
            &[less("http_page_ms", "ms", None, Some(50.0))],
        )
    },
    timed(
        "http-bystander",
        "1,000 messages a second beside lists of 10,000 queues",
        "--http bystander",
        false,
        BESIDE,
    ),
];
