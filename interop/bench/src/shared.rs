//! What the threads of a load have in common: counts, the moment it began, the order to stop.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Latencies are kept up to ten minutes, in nanoseconds.
const LATENCY_MAX_NS: u64 = 600_000_000_000;

/// Counts that threads add to once a batch.
#[derive(Debug)]
pub(super) struct Shared {
    /// When the load begins.
    pub(super) begin: Instant,
    /// From when on latencies count.
    pub(super) counts_from: Instant,
    /// Messages published, or things opened and closed.
    pub(super) sent: AtomicU64,
    /// Messages received, or calls answered.
    pub(super) received: AtomicU64,
    /// Messages confirmed.
    pub(super) confirmed: AtomicU64,
    /// Messages a second that producers may send, all together; 0 is no limit.
    rate: u64,
    producers: u16,
    stop: AtomicBool,
    over: AtomicBool,
}

impl Shared {
    /// A load that begins now.
    pub(super) fn new(rate: Option<u64>, producers: u16, warm: Duration) -> Self {
        let begin = Instant::now();
        Self {
            begin,
            counts_from: begin + warm,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            confirmed: AtomicU64::new(0),
            rate: rate.unwrap_or(0),
            producers,
            stop: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// Producers end.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether producers are to end.
    #[inline]
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Consumers end; their sockets are shut down behind it.
    pub(super) fn end(&self) {
        self.over.store(true, Ordering::Release);
    }

    /// Whether a connection that is lost is only at its end.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }

    /// When a message of a paced load is to be sent, whether the broker lets us or not.
    #[inline]
    pub(super) fn intended(&self, producer: u16, sequence: u64) -> Instant {
        let turn = sequence * u64::from(self.producers) + u64::from(producer);
        let second = 1_000_000_000;
        // Split, so that no product grows beyond 64 bits.
        let whole = Duration::from_secs(turn / self.rate.max(1));
        let rest = turn % self.rate.max(1) * second / self.rate.max(1);
        self.begin + whole + Duration::from_nanos(rest)
    }

    /// Whether messages have a time to be sent at.
    pub(super) fn is_paced(&self) -> bool {
        self.rate > 0
    }
}

/// Times from a wish to its fulfilment.
#[derive(Clone, Debug)]
pub(super) struct Latency(Option<Histogram<u64>>);

impl Latency {
    /// Keeps times, if they are wanted at all.
    pub(super) fn new(wanted: bool) -> Self {
        let histogram = || Histogram::new_with_max(LATENCY_MAX_NS, 3).ok();
        Self(wanted.then(histogram).flatten())
    }

    /// Whether times are kept.
    #[inline]
    pub(super) fn is_kept(&self) -> bool {
        self.0.is_some()
    }

    /// Adds one.
    #[inline]
    pub(super) fn add(&mut self, time: Duration) {
        if let Some(histogram) = &mut self.0 {
            let nanos = u64::try_from(time.as_nanos()).unwrap_or(LATENCY_MAX_NS);
            histogram.saturating_record(nanos);
        }
    }

    /// Adds those of another thread.
    pub(super) fn merge(&mut self, other: &Self) {
        if let (Some(own), Some(others)) = (&mut self.0, &other.0) {
            // Both were made with the same bounds, so nothing can be too large.
            own.add(others).unwrap_or_default();
        }
    }

    /// All of them, if there are any.
    pub(super) fn histogram(&self) -> Option<&Histogram<u64>> {
        self.0.as_ref().filter(|histogram| !histogram.is_empty())
    }
}
