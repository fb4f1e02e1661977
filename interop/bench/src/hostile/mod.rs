//! What one client can do to a broker, and how long the others wait meanwhile.
//!
//! A case (`cases`) sets a `stage`, with a client that is about to do its worst. Bystanders
//! (`bystanders`) send and receive a few messages on connections of their own, and a newcomer
//! connects again and again. Then the client acts, and the worst wait of each of them until the
//! broker has dealt with it is the result. The worst wait just before is told too: what a busy
//! machine adds by itself.

mod bystanders;
mod cases;
mod stage;

use std::thread;
use std::time::{Duration, Instant};

use super::error::BenchError;
use super::meter::Meter;
use super::options::Load;
use super::report::Report;
use super::shared::Shared;
use super::uri::Target;
use bystanders::Bystanders;
use stage::Stage;

pub use cases::Hostile;
pub(super) use stage::{Sample, many};

/// How long bystanders are watched before the client acts, unless the load says another time.
const CALM: Duration = Duration::from_secs(1);

/// How long they are watched after the broker has dealt with it.
const AFTER: Duration = Duration::from_millis(200);

/// Sets the stage, lets the client act, and reports what the others felt.
pub(super) fn run(
    load: &Load,
    target: &Target,
    case: Hostile,
    meter: &mut Meter,
    report: &mut Report,
) -> Result<(), BenchError> {
    let count = load.messages.unwrap_or_else(|| case.count());
    let mut stage = Stage::new(load, target, count)?;
    let (act, end) = case.prepare(&mut stage)?;
    let bystanders = Bystanders::start(target)?;
    let shared = Shared::new(None, 1, Duration::ZERO);
    thread::sleep(load.warmup.unwrap_or(CALM));
    let from = meter.mark(&shared);
    let begin = Instant::now();
    bystanders.mark(begin);
    let client = act.begin()?;
    stage.wait(client, &end)?;
    let lasted = begin.elapsed();
    let to = meter.mark(&shared);
    thread::sleep(AFTER);
    bystanders.end(report)?;
    report.set("hostile_s", lasted.as_secs_f64());
    meter.report(report, &from, &to);
    stage.clear()
}
