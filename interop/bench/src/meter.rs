//! Marks the counts and the usage at a moment, and says on the way how it goes.

use std::io::Write as _;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::report::{Report, shown};
use super::shared::Shared;
use super::usage::{self, Usage, per_second};

/// How often memory is looked at.
const SAMPLE: Duration = Duration::from_millis(50);

/// Watches the broker, the tool and the counts.
pub(super) struct Meter {
    pid: Option<u32>,
    quiet: bool,
    sampled: Instant,
    told: (Instant, u64, u64),
    /// The most resident memory of the broker that was seen, in octets.
    peak: u64,
}

/// Everything that counts, at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark {
    pub(super) at: Instant,
    pub(super) sent: u64,
    pub(super) received: u64,
    pub(super) confirmed: u64,
    broker: Option<Usage>,
    tool: Usage,
}

impl Meter {
    /// For a broker whose process may be known.
    pub(super) fn new(pid: Option<u32>, quiet: bool) -> Self {
        let now = Instant::now();
        Self {
            pid,
            quiet,
            sampled: now,
            told: (now, 0, 0),
            peak: 0,
        }
    }

    /// Now.
    pub(super) fn mark(&mut self, shared: &Shared) -> Mark {
        let broker = self.pid.and_then(usage::of);
        self.peak = self.peak.max(broker.map_or(0, |usage| usage.rss));
        Mark {
            at: Instant::now(),
            sent: shared.sent.load(Ordering::Relaxed),
            received: shared.received.load(Ordering::Relaxed),
            confirmed: shared.confirmed.load(Ordering::Relaxed),
            broker,
            tool: usage::of(std::process::id()).unwrap_or_default(),
        }
    }

    /// Resident memory of the broker now, in octets.
    pub(super) fn rss(&self) -> Option<u64> {
        Some(self.pid.and_then(usage::of)?.rss)
    }

    /// Looks at memory and tells how it goes, each in its time.
    pub(super) fn tick(&mut self, shared: &Shared) {
        let now = Instant::now();
        if now - self.sampled >= SAMPLE {
            self.sampled = now;
            self.peak = self.peak.max(self.rss().unwrap_or(0));
        }
        let (at, sent, received) = self.told;
        if self.quiet || now - at < Duration::from_secs(1) {
            return;
        }
        let mark = self.mark(shared);
        let time = now - at;
        let line = format!(
            "{:6.1} s  {:>12}/s published  {:>12}/s received  {:>8} MB\n",
            (now - shared.begin).as_secs_f64(),
            shown(per_second(mark.sent - sent, time).round()),
            shown(per_second(mark.received - received, time).round()),
            self.rss()
                .map_or_else(|| "?".to_owned(), |rss| (rss >> 20).to_string()),
        );
        // A terminal that is gone is no reason to end a measurement.
        std::io::stderr()
            .write_all(line.as_bytes())
            .unwrap_or_default();
        self.told = (now, mark.sent, mark.received);
    }

    /// Puts what happened between two marks into the report.
    pub(super) fn report(&self, report: &mut Report, from: &Mark, to: &Mark) {
        let time = to.at - from.at;
        report.set("seconds", time.as_secs_f64());
        let broker = from.broker.zip(to.broker);
        let messages = (to.received - from.received).max(to.sent - from.sent);
        report.set_usage(time, messages, broker, (from.tool, to.tool));
        if let Some((before, _)) = broker {
            report.set("broker_rss_before_bytes", usage::float(before.rss));
            report.set("broker_rss_peak_bytes", usage::float(self.peak));
        }
    }
}
