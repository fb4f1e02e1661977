//! Time as the cores see it: numbers handed in, never read by themselves.
//!
//! Owns [`Now`] and the [`Clock`] it is read from. There are two kinds of time. *Broker time*
//! ([`Now::mono`], [`Now::wall`]) drives TTL, expiry, delays and consumer timeouts, and may be a
//! test clock that a caller advances. *Transport time* ([`Now::transport`]) drives heartbeats and
//! handshake deadlines; it is always real, because it concerns a peer that lives in real time:
//! advancing a test clock by an hour must not look like an hour of silence on a socket.

use std::fmt;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

pub(crate) mod timers;

use timers::Timers;

/// A point in monotonic time, in nanoseconds since the clock was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mono(u64);

impl Mono {
    /// The moment at which the clock was made.
    pub const ZERO: Mono = Mono(0);
    /// Later than every moment that can be reached: "never".
    pub const NEVER: Mono = Mono(u64::MAX);

    /// The moment `nanos` nanoseconds after the clock was made.
    #[must_use]
    pub const fn from_nanos(nanos: u64) -> Self {
        Self(nanos)
    }

    /// The moment `ms` milliseconds after the clock was made; past the end of time it is
    /// [`Mono::NEVER`].
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms.saturating_mul(1_000_000))
    }

    /// Nanoseconds since the clock was made.
    #[must_use]
    pub const fn as_nanos(self) -> u64 {
        self.0
    }

    /// Milliseconds since the clock was made, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 / 1_000_000
    }

    /// This moment plus `ms` milliseconds; past the end of time it is [`Mono::NEVER`].
    #[must_use]
    pub const fn plus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }

    /// This moment less `ms` milliseconds, but not before [`Mono::ZERO`].
    #[must_use]
    pub const fn minus_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_sub(ms.saturating_mul(1_000_000)))
    }

    /// This moment plus `duration`; past the end of time it is [`Mono::NEVER`].
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// Time from `earlier` to this moment; zero if `earlier` is later.
    #[must_use]
    pub const fn since(self, earlier: Mono) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Wall-clock time in milliseconds since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wall(u64);

impl Wall {
    /// The moment `ms` milliseconds after the start of 1970.
    #[must_use]
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the start of 1970.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Milliseconds from `earlier` to this moment; 0 if `earlier` is later.
    #[must_use]
    pub const fn since_ms(self, earlier: Wall) -> u64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Whole seconds since the start of 1970, as AMQP's timestamps count.
    #[must_use]
    pub const fn as_secs(self) -> u64 {
        self.0 / 1000
    }
}

/// One reading of the clock: taken once per batch by the shell and handed inward.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Broker time since the clock was made.
    pub mono: Mono,
    /// Broker time of day.
    pub wall: Wall,
    /// Real time since the clock was made; never advanced by hand.
    pub transport: Mono,
}

/// Where [`Now`] is read; cheap to clone, clones share the time.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    start: Instant,
    start_wall: u64,
    /// `None` for the system's time; the offset since the start for a test clock.
    hand: Option<Mutex<Hand>>,
}

struct Hand {
    elapsed: Mono,
    /// Timers that follow this hand; they are run as it moves.
    timers: Vec<Weak<Timers>>,
}

impl Clock {
    /// The system's clock.
    #[must_use]
    pub fn system() -> Self {
        Self::new(None)
    }

    /// A clock that stands still until [`Clock::advance`] moves it.
    #[must_use]
    pub fn test() -> Self {
        Self::new(Some(Mutex::new(Hand {
            elapsed: Mono::ZERO,
            timers: Vec::new(),
        })))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where time is read"
    )]
    fn new(hand: Option<Mutex<Hand>>) -> Self {
        let since_epoch = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        let start_wall = u64::try_from(since_epoch.as_millis()).unwrap_or(u64::MAX);
        Self(Arc::new(Inner {
            start: Instant::now(),
            start_wall,
            hand,
        }))
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Now {
        let real = u64::try_from(self.0.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let transport = Mono(real);
        let mono = match &self.0.hand {
            None => transport,
            Some(hand) => hand.lock().elapsed,
        };
        let wall = Wall(self.0.start_wall.saturating_add(mono.as_millis()));
        Now {
            mono,
            wall,
            transport,
        }
    }

    /// True for a clock made by [`Clock::test`].
    #[must_use]
    pub fn is_test(&self) -> bool {
        self.0.hand.is_some()
    }

    /// Moves a test clock forward by `by`, running every timer that falls due on the way at its
    /// own moment and in order, so that a ladder of TTL and dead-letter hops ends as if the time
    /// had passed. Returns once all of them have run.
    ///
    /// # Panics
    /// If this is the system's clock, which cannot be advanced.
    pub fn advance(&self, by: Duration) {
        let hand = self
            .0
            .hand
            .as_ref()
            .expect("advance is for test clocks only");
        let target = hand.lock().elapsed.plus(by);
        loop {
            let timers: Vec<Arc<Timers>> = hand
                .lock()
                .timers
                .iter()
                .filter_map(Weak::upgrade)
                .collect();
            let due = timers
                .iter()
                .filter_map(|timers| timers.next_deadline().map(|at| (at, timers)))
                .min_by_key(|(at, _)| *at)
                .filter(|(at, _)| *at <= target);
            let Some((at, timers)) = due else { break };
            let elapsed = {
                let mut hand = hand.lock();
                hand.elapsed = hand.elapsed.max(at);
                hand.elapsed
            };
            timers.run_due(Now {
                mono: elapsed,
                ..self.now()
            });
        }
        let mut hand = hand.lock();
        hand.elapsed = hand.elapsed.max(target);
    }

    /// Makes `timers` follow this clock when it is a test clock; the system's clock needs no
    /// list, because its driver sleeps until the next deadline.
    pub(crate) fn attach(&self, timers: &Arc<Timers>) {
        if let Some(hand) = &self.0.hand {
            let mut hand = hand.lock();
            hand.timers.retain(|timers| timers.strong_count() > 0);
            hand.timers.push(Arc::downgrade(timers));
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").field("now", &self.now()).finish()
    }
}
