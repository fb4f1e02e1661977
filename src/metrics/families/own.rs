//! Families of what this broker alone has.

use std::time::Duration;

use super::{Group, Prefix, Shown};
use crate::alarms::Alarm;
use crate::metrics::family::Source::{Broker, Labelled};
use crate::metrics::family::{Family, Figure};
use crate::metrics::rows::{Histogram, Rows};
use crate::store::{COMMIT_ENDS_US, DurationTotals};

pub(super) static GROUPS: &[Group] = &[Group {
    name: "leveret_metrics",
    prefix: Prefix::Always("leveret_"),
    shown: Shown::Both,
    families: OWN,
}];

/// The ends of the ranges of times, in seconds, as they are shown. See [`COMMIT_ENDS_US`].
const COMMIT_ENDS: [&str; COMMIT_ENDS_US.len()] = [
    "0.00005", "0.0001", "0.00025", "0.0005", "0.001", "0.0025", "0.005", "0.01", "0.025", "0.1",
    "0.5", "2.5",
];

fn seconds(duration: Duration) -> Figure {
    Figure::Real(duration.as_secs_f64())
}

fn commits(rows: &mut Rows<'_>, commits: &DurationTotals) {
    let mut buckets = [("", 0); COMMIT_ENDS.len()];
    let ends = COMMIT_ENDS.iter().zip(commits.ranges);
    for (bucket, (end, count)) in buckets.iter_mut().zip(ends) {
        *bucket = (*end, count);
    }
    let histogram = Histogram {
        buckets: &buckets,
        above: commits.ranges.last().copied().unwrap_or_default(),
        sum: seconds(Duration::from_nanos(commits.nanos)),
    };
    rows.histogram(&[], &histogram);
}

static OWN: &[Family] = families! {
    "build_info", Gauge, "This broker, and what its confirms promise",
    Labelled(&["version", "durability"], |moment, rows| {
        let durability = moment.settings().durability.word();
        rows.push(&[env!("CARGO_PKG_VERSION"), durability], 1_u64);
    });

    "store_staged_bytes", Gauge, "What waits for the disk, in bytes",
    Broker(|moment| moment.staged_bytes().into());

    "store_commit_seconds", Histogram,
    "Times that commits took: from what is staged until confirms may leave",
    Labelled(&[], |moment, rows| commits(rows, &moment.store.commits));

    "store_syncs_total", Counter, "Syncs of the log's files",
    Broker(|moment| moment.store.syncs.into());

    "store_written_bytes_total", Counter, "Bytes written to the log",
    Broker(|moment| moment.store.written_bytes.into());

    "store_segments", Gauge, "Segments of the log",
    Broker(|moment| moment.store.segments.into());

    "store_allocated_bytes", Gauge, "Files of the log, in bytes",
    Broker(|moment| moment.store.allocated_bytes.into());

    "store_packed_segments_total", Counter,
    "Segments whose living messages were copied to a smaller one",
    Broker(|moment| moment.store.packed_segments.into());

    "store_recovery_seconds", Gauge, "Seconds from the store's opening until queues had all back",
    Broker(|moment| seconds(Duration::from_micros(moment.store.recovery_us)));

    "store_recovered_messages", Gauge, "Messages that were there at the start",
    Broker(|moment| moment.store.recovered.into());

    "store_damages", Gauge, "Parts of the data directory that could not be read at the start",
    Broker(|moment| moment.damages().into());

    "paging_held_bytes", Gauge, "Messages that wait in memory, in bytes",
    Broker(|moment| moment.paged(|pager| pager.held()));

    "paging_budget_bytes", Gauge, "Bytes above which messages leave memory for the disk",
    Broker(|moment| moment.settings().body_budget.into());

    "paging_spilled_bytes", Gauge, "Messages that are not stored and wait on disk, in bytes",
    Broker(|moment| moment.paged(|pager| pager.spilled()));

    "paging_unread_total", Counter, "Messages on disk that could not be read back",
    Broker(|moment| moment.paged(|pager| pager.lost()));

    "turns_total", Counter, "Turns of work that was too long for one",
    Broker(|moment| moment.turns().turns.into());

    "turn_longest_steps", Gauge, "Steps of the longest of those turns",
    Broker(|moment| moment.turns().longest.into());

    "worker_wakeups_total", Counter, "Times that worker threads woke from sleep",
    Broker(|moment| moment.process.parks());

    "worker_busy_seconds_total", Counter, "Seconds that worker threads were busy",
    Broker(|moment| moment.process.busy_seconds());

    "tls_certificate_expiry_timestamp_seconds", Gauge,
    "When the first certificate of a file expires, in seconds since 1970",
    Labelled(&["listener", "setting", "path"], |moment, rows| {
        for ((listener, setting, path), end) in moment.certificate_ends() {
            rows.push(&[listener, &setting, &path], end);
        }
    });

    "alarm_store", Gauge, "1 while publishers wait because the store cannot write",
    Broker(|moment| moment.alarm(Alarm::Store));
};
