//! Rows of the longest wait that one client can cause the others.

use super::*;

/// The longest that another client may have to wait, in microseconds.
const WAIT_MAX_US: f64 = 50_000.0;

/// What is read: the waits, and how long the broker was busy with it.
const FELT: &[Measure] = &[
    less(
        "bystander_max_us",
        "longest wait of another's message, µs",
        Some(1.0),
        Some(WAIT_MAX_US),
    ),
    less(
        "newcomer_max_us",
        "of a new connection, µs",
        Some(1.0),
        Some(WAIT_MAX_US),
    ),
    less(
        "bystander_before_max_us",
        "of a message just before, µs",
        None,
        None,
    ),
    less("hostile_s", "s it lasts", None, None),
];

const fn hostile(
    name: &'static str,
    title: &'static str,
    options: &'static str,
    quick: Option<(&'static str, &'static str)>,
) -> Workload {
    Workload {
        is_once: false,
        quick,
        ..whole(name, title, options, FELT)
    }
}

/// All rows.
pub(in crate::compare) const HOSTILE: &[Workload] = &[
    hostile(
        "hostile-ring",
        "1,000 messages in one write through 100 queues with TTL 0",
        "--hostile ring",
        None,
    ),
    hostile(
        "hostile-expiry",
        "500,000 messages expire at once",
        "--hostile expiry",
        Some((
            "50,000 messages expire at once",
            "--hostile expiry --messages 50000",
        )),
    ),
    hostile(
        "hostile-expiry-dead-letter",
        "200,000 expire at once and are dead-lettered",
        "--hostile expiry-dead-letter",
        Some((
            "20,000 expire at once and are dead-lettered",
            "--hostile expiry-dead-letter --messages 20000",
        )),
    ),
    hostile(
        "hostile-overflow",
        "one message drives 1 M out of a queue",
        "--hostile overflow",
        Some((
            "one message drives 100,000 out of a queue",
            "--hostile overflow --messages 100000",
        )),
    ),
    hostile(
        "hostile-purge",
        "a queue of 1 M is purged",
        "--hostile purge",
        Some((
            "a queue of 100,000 is purged",
            "--hostile purge --messages 100000",
        )),
    ),
    hostile(
        "hostile-delete",
        "a queue of 1 M is deleted",
        "--hostile delete",
        Some((
            "a queue of 100,000 is deleted",
            "--hostile delete --messages 100000",
        )),
    ),
    hostile(
        "hostile-requeue",
        "a connection with 200,000 unacknowledged goes",
        "--hostile requeue",
        Some((
            "a connection with 20,000 unacknowledged goes",
            "--hostile requeue --messages 20000",
        )),
    ),
    hostile(
        "hostile-nack",
        "200,000 are given back with one nack",
        "--hostile nack",
        Some((
            "20,000 are given back with one nack",
            "--hostile nack --messages 20000",
        )),
    ),
    hostile(
        "hostile-reject",
        "200,000 are dead-lettered with one nack",
        "--hostile reject",
        Some((
            "20,000 are dead-lettered with one nack",
            "--hostile reject --messages 20000",
        )),
    ),
    hostile(
        "hostile-commit",
        "a transaction of 200,000 is committed",
        "--hostile commit",
        Some((
            "a transaction of 10,000 is committed",
            "--hostile commit --messages 10000",
        )),
    ),
    hostile(
        "hostile-rollback",
        "a transaction of 200,000 is rolled back",
        "--hostile rollback",
        Some((
            "a transaction of 10,000 is rolled back",
            "--hostile rollback --messages 10000",
        )),
    ),
    hostile(
        "hostile-flood",
        "1 M publishes in one write",
        "--hostile flood",
        Some((
            "100,000 publishes in one write",
            "--hostile flood --messages 100000",
        )),
    ),
    hostile(
        "hostile-returns",
        "200,000 unroutable in one write",
        "--hostile returns",
        Some((
            "20,000 unroutable in one write",
            "--hostile returns --messages 20000",
        )),
    ),
    hostile(
        "hostile-fanout",
        "1,000 in one write to 1,000 queues each",
        "--hostile fanout",
        None,
    ),
    hostile(
        "hostile-broadcast",
        "one to 100,000 queues",
        "--hostile broadcast",
        Some((
            "one to 10,000 queues",
            "--hostile broadcast --messages 10000",
        )),
    ),
    hostile(
        "hostile-topic",
        "1,000 in one write past 1,000 patterns",
        "--hostile topic",
        None,
    ),
    hostile(
        "hostile-headers",
        "1,000 in one write past 5,000 header bindings",
        "--hostile headers",
        None,
    ),
    hostile(
        "hostile-chain",
        "1,000 in one write through 1,000 exchanges",
        "--hostile chain",
        None,
    ),
    hostile(
        "hostile-unread",
        "a consumer of 1 M never reads",
        "--hostile unread",
        Some((
            "a consumer of 100,000 never reads",
            "--hostile unread --messages 100000",
        )),
    ),
    hostile(
        "hostile-filter",
        "a filter passes none of 500,000 of a stream",
        "--hostile filter",
        Some((
            "a filter passes none of 50,000 of a stream",
            "--hostile filter --messages 50000",
        )),
    ),
    hostile(
        "hostile-consumers",
        "a connection with 100,000 consumers goes",
        "--hostile consumers",
        Some((
            "a connection with 10,000 consumers goes",
            "--hostile consumers --messages 10000",
        )),
    ),
    hostile(
        "hostile-channels",
        "a connection with 2,000 channels goes",
        "--hostile channels",
        None,
    ),
    hostile(
        "hostile-exclusive",
        "a connection with 10,000 exclusive queues goes",
        "--hostile exclusive",
        Some((
            "a connection with 2,000 exclusive queues goes",
            "--hostile exclusive --messages 2000",
        )),
    ),
    hostile(
        "hostile-cancels",
        "50,000 consumers cancelled in one write",
        "--hostile cancels",
        Some((
            "5,000 consumers cancelled in one write",
            "--hostile cancels --messages 5000",
        )),
    ),
    hostile(
        "hostile-declares",
        "20,000 queues declared in one write",
        "--hostile declares",
        Some((
            "2,000 queues declared in one write",
            "--hostile declares --messages 2000",
        )),
    ),
    hostile(
        "hostile-gets",
        "200,000 gets in one write",
        "--hostile gets",
        Some((
            "20,000 gets in one write",
            "--hostile gets --messages 20000",
        )),
    ),
    hostile(
        "hostile-binds",
        "20,000 bindings made in one write",
        "--hostile binds",
        Some((
            "2,000 bindings made in one write",
            "--hostile binds --messages 2000",
        )),
    ),
    hostile(
        "hostile-unbinds",
        "20,000 bindings removed in one write",
        "--hostile unbinds",
        Some((
            "2,000 bindings removed in one write",
            "--hostile unbinds --messages 2000",
        )),
    ),
    hostile(
        "hostile-unbound",
        "an exchange with 20,000 bindings is deleted",
        "--hostile unbound",
        Some((
            "an exchange with 2,000 bindings is deleted",
            "--hostile unbound --messages 2000",
        )),
    ),
    hostile(
        "hostile-released",
        "a queue with 20,000 bindings is deleted",
        "--hostile released",
        Some((
            "a queue with 2,000 bindings is deleted",
            "--hostile released --messages 2000",
        )),
    ),
];
