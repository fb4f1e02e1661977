//! What connections and queues cost that do nothing.

use std::thread;
use std::time::{Duration, Instant};

use leveret_codec::table::{Table, TableRef};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use super::error::BenchError;
use super::meter::Meter;
use super::options::Load;
use super::plan::{declare_queue, delete_queue};
use super::report::Report;
use super::uri::Target;
use super::usage::float;
use super::wire::Link;

/// How long the broker gets to come to rest before its memory is read.
const REST: Duration = Duration::from_secs(3);

/// Opens and declares what the load says and compares the broker's memory before and after.
pub(super) fn run(
    load: &Load,
    target: &Target,
    control: &mut Link,
    meter: &mut Meter,
    report: &mut Report,
) -> Result<(), BenchError> {
    let rss = |meter: &Meter| {
        thread::sleep(REST);
        meter.rss().ok_or_else(|| {
            BenchError::Options("the broker's process is not known: give --pid".to_owned())
        })
    };
    let idle = rss(meter)?;
    report.set("broker_rss_before_bytes", float(idle));
    if let Some(count) = load.idle_connections {
        allow_files(u64::from(count))?;
        let begin = Instant::now();
        let links: Result<Vec<_>, _> = (0..count).map(|_| Link::open(target)).collect();
        let links = links?;
        report.set(
            "opened_per_s",
            f64::from(count) / begin.elapsed().as_secs_f64(),
        );
        let cost = float(rss(meter)?) - float(idle);
        report.set("bytes_per_connection", cost / f64::from(count.max(1)));
        drop(links);
        report.set("broker_rss_after_close_bytes", float(rss(meter)?));
    }
    if let Some(count) = load.idle_queues {
        let mut arguments = Table::new();
        if let Some(queue_type) = &load.queue_type {
            arguments.insert("x-queue-type", queue_type.as_str());
        }
        let arguments = arguments.to_bytes();
        let before = rss(meter)?;
        let name = |n: u32| format!("leveret-bench.idle.{n}");
        let begin = Instant::now();
        for n in 0..count {
            declare_queue(control, &name(n), load.durable, TableRef::new(&arguments))?;
        }
        report.set(
            "declared_per_s",
            f64::from(count) / begin.elapsed().as_secs_f64(),
        );
        let cost = float(rss(meter)?) - float(before);
        report.set("bytes_per_queue", cost / f64::from(count.max(1)));
        for n in 0..count {
            delete_queue(control, &name(n))?;
        }
    }
    Ok(())
}

/// Raises the number of files this process may have open.
pub(super) fn allow_files(connections: u64) -> Result<(), BenchError> {
    let wanted = connections + 100;
    let now = getrlimit(Resource::Nofile);
    if now.current.is_none_or(|current| current >= wanted) {
        return Ok(());
    }
    let limit = Rlimit {
        current: Some(wanted),
        maximum: now.maximum.map(|maximum| maximum.max(wanted)),
    };
    setrlimit(Resource::Nofile, limit)
        .map_err(|error| BenchError::Io(format!("allowing {wanted} open files"), error.into()))
}
