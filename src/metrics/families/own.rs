//! Families of what this broker alone has.

use super::{Group, Prefix, Shown};
use crate::alarms::Alarm;
use crate::metrics::family::Family;
use crate::metrics::family::Source::{Broker, Labelled};

pub(super) static GROUPS: &[Group] = &[Group {
    name: "leveret_metrics",
    prefix: Prefix::Always("leveret_"),
    shown: Shown::Both,
    families: OWN,
}];

static OWN: &[Family] = families! {
    "build_info", Gauge, "This broker, and what its confirms promise",
    Labelled(&["version", "durability"], |moment, rows| {
        let durability = moment.settings().durability.word();
        rows.push(&[env!("CARGO_PKG_VERSION"), durability], 1_u64);
    });

    "store_staged_bytes", Gauge, "What waits for the disk, in bytes",
    Broker(|moment| moment.staged_bytes().into());

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

    "alarm_store", Gauge, "1 while publishers wait because the store cannot write",
    Broker(|moment| moment.alarm(Alarm::Store));
};
