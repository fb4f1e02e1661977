//! Watches memory and disk, and switches the alarms; watches files of certificates, too.
//!
//! Memory is what the process has resident, as RabbitMQ counts it by default, without what it has
//! not given back yet; the limit is a share of the machine's memory or of the control group's,
//! whichever is less.

use std::path::Path;
use std::time::Duration;

use super::Desk;
use super::gauges::OfProcess;
use super::memory;
use crate::alarms::Alarm;
use crate::config::Durability;
use crate::env::Environment;

/// How often memory and disk are looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// What the monitor does besides watching. Both may take a while.
pub(super) struct Duties {
    /// Measures when that is asked for.
    pub(super) gauges: OfProcess,
    /// Gives free memory back to the system.
    pub(super) reclaim: Option<fn()>,
}

/// Runs until it is cancelled, on a thread that does not work for clients.
pub(super) async fn run(desk: &Desk, duties: &Duties) {
    let Duties { gauges, reclaim } = duties;
    let _end = End(gauges);
    let limit = memory::limit(&desk.env.settings);
    let mut interval = tokio::time::interval(INTERVAL);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut memory_low, mut disk_low) = (false, false);
    loop {
        tokio::select! {
            _ = interval.tick() => {}
            () = gauges.asked() => {
                gauges.look();
                continue;
            }
        }
        gauges.look_again();
        desk.look_at_certificates();
        if let Some(reclaim) = reclaim {
            reclaim();
        }
        let resident = memory::resident();
        // Without `reclaim` there is a program around the broker, and this is not all its own.
        if reclaim.is_some()
            && let Some((pager, resident)) = desk.env.pager.as_ref().zip(resident)
        {
            pager.note_resident(resident);
        }
        let limit = desk.env.live.memory_limit().or(limit);
        let low = limit
            .zip(resident)
            .is_some_and(|(limit, used)| used > limit);
        if low != memory_low {
            memory_low = low;
            desk.set_alarm(Alarm::Memory, low);
        }
        let low = is_disk_low(&desk.env);
        if low != disk_low {
            disk_low = low;
            desk.set_alarm(Alarm::Disk, low);
        }
    }
}

/// Without the monitor a question would wait for ever.
struct End<'a>(&'a OfProcess);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.end();
    }
}

fn is_disk_low(env: &Environment) -> bool {
    let settings = &env.settings;
    if settings.durability == Durability::Memory {
        return false;
    }
    free_disk(&settings.data_dir).is_some_and(|free| free < env.live.disk_free_limit())
}

/// Octets that an unprivileged process can still write there.
pub(super) fn free_disk(dir: &Path) -> Option<u64> {
    crate::sys::free_disk(dir)
}
