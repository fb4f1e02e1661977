//! Rates and histories of counters.
//!
//! Counters are exact at any moment and cost nothing to keep; how they move is known only by
//! looking twice. [`Desk::trends`] answers for one [`Subject`] and has it watched from then on: the
//! broker looks at it once a second ([`SAMPLE_EVERY_MS`]) as long as it is asked for at least every
//! two minutes ([`WATCHED_FOR_MS`]). While nothing is asked for, nothing runs, whatever there is.
//! While something is, a look touches what is watched and has changed: queues say themselves that
//! they have, connections are only read, and only those connections are asked for channels whose
//! channels are watched.
//!
//! What an answer says:
//! * Values are those of the moment of asking; those of a channel, which only its connection knows,
//!   are those of the last look, and there are none before the first.
//! * A rate is how much a value rose each second over the last five seconds, or since the first
//!   look if that is later; below zero if it fell. Before the second look, which is a second after
//!   the first question, it is 0.
//! * Samples lie on whole multiples of their distance, as RabbitMQ's do, the latest first. None is
//!   given for a time before the first look, so there are fewer than asked for in the beginning,
//!   and none at all for a short while; averages are over those that there are, and 0 without any.
//! * History is kept for subjects that were asked for with a window: each second of a minute, then
//!   each 5 s of ten minutes, each minute of an hour, each ten minutes of eight hours and each half
//!   hour of a day, which are RabbitMQ's retention policies. It begins with the first question.
//!
//! Owns no counter and no clock: time is handed in, and a driver calls [`Desk::sample`].
//!
//! Docs: RabbitMQ, management plugin, statistics interval and sample retention. Seen: RabbitMQ
//! 4.3.6, `GET /api/queues/V/Q?lengths_age=60&lengths_incr=5`.

use serde::Serialize;

use super::Desk;
use crate::clock::Now;

mod reading;
mod sampler;
mod series;

pub(super) use sampler::Sampler;
use series::{Keep, Series};

/// Milliseconds between two looks.
pub const SAMPLE_EVERY_MS: u64 = 1_000;

/// Milliseconds for which a subject is watched after it was asked for.
pub const WATCHED_FOR_MS: u64 = 120_000;

/// What has counters.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The whole broker.
    Node,
    /// A vhost.
    Vhost(String),
    /// A queue.
    Queue {
        /// Its vhost.
        vhost: String,
        /// Its name.
        name: String,
    },
    /// An exchange.
    Exchange {
        /// Its vhost.
        vhost: String,
        /// Its name; empty for the default exchange.
        name: String,
    },
    /// A connection, by its name: `127.0.0.1:41878 -> 127.0.0.1:5672`.
    Connection(String),
    /// A channel, by its name: `127.0.0.1:41878 -> 127.0.0.1:5672 (1)`.
    Channel(String),
}

/// Which samples are wanted: one each `incr_s` seconds, and how far they go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    age_s: u64,
    incr_s: u64,
}

/// Samples in an answer, at most.
pub const SAMPLES_MAX: u64 = 2_000;

impl Window {
    /// Samples of the last `age_s` seconds, `incr_s` seconds apart: so many of them that their
    /// distances make up the age, and one. `None` if one of the two is 0, which RabbitMQ refuses,
    /// or if that would be more than [`SAMPLES_MAX`] samples.
    #[must_use]
    pub fn new(age_s: u64, incr_s: u64) -> Option<Self> {
        let samples = age_s.checked_div(incr_s)?;
        (age_s > 0 && samples < SAMPLES_MAX).then_some(Self { age_s, incr_s })
    }
}

/// Which samples are wanted of what, by the names of RabbitMQ's query parameters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Windows {
    /// `lengths_age` and `lengths_incr`.
    pub lengths: Option<Window>,
    /// `msg_rates_age` and `msg_rates_incr`.
    pub messages: Option<Window>,
    /// `data_rates_age` and `data_rates_incr`.
    pub data: Option<Window>,
}

impl Windows {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of(&self, group: Group) -> Option<Window> {
        match group {
            Group::Lengths => self.lengths,
            Group::Messages => self.messages,
            Group::Data => self.data,
        }
    }
}

/// Which of the windows a counter belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Group {
    Lengths,
    Messages,
    Data,
}

/// The name of a counter, and its window.
type Field = (&'static str, Group);

/// A counter, and how it moves.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Trend {
    /// RabbitMQ's name of it: `messages_ready`, `publish`, `deliver_get`, `recv_oct`.
    pub name: &'static str,
    /// What it is.
    pub value: u64,
    /// By how much it rises each second.
    pub rate: f64,
    /// Its samples, if they were asked for.
    pub range: Option<Range>,
}

/// Samples of a counter.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Range {
    /// The samples, the latest first.
    pub samples: Vec<Sample>,
    /// Their mean.
    pub avg: f64,
    /// What the counter rose each second from the first to the last of them.
    pub avg_rate: f64,
}

/// What a counter was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Sample {
    /// The value.
    pub sample: u64,
    /// When, in milliseconds since 1970.
    pub timestamp: u64,
}

impl Desk {
    /// The counters of `subject` with their rates, and samples of those that `windows` asks for.
    /// `None` if there is no such thing. It is watched from now on; see the module.
    ///
    /// | subject | counters |
    /// |---|---|
    /// | node | `messages`…, message counters, `recv_oct`, `send_oct`, `connection_created`… |
    /// | vhost | `messages`…, message counters, `recv_oct`, `send_oct` |
    /// | queue | `messages`…, message counters without those of publishers |
    /// | exchange | `publish_in`, `publish_out` |
    /// | connection | `recv_oct`, `send_oct`, `recv_cnt`, `send_cnt` |
    /// | channel | message counters |
    ///
    /// `messages`… are `messages`, `messages_ready` and `messages_unacknowledged`; message counters
    /// are `publish`, `confirm`, `return_unroutable`, `drop_unroutable`, `deliver`,
    /// `deliver_no_ack`, `get`, `get_no_ack`, `get_empty`, `deliver_get`, `redeliver` and `ack`.
    #[must_use]
    pub fn trends(&self, subject: &Subject, windows: &Windows) -> Option<Vec<Trend>> {
        self.trends_at(self.env.now(), subject, windows)
    }

    /// The same at another time.
    pub(super) fn trends_at(
        &self,
        now: Now,
        subject: &Subject,
        windows: &Windows,
    ) -> Option<Vec<Trend>> {
        let keep = match windows.is_empty() {
            true => Keep::Rate,
            false => Keep::History,
        };
        let mut state = self.sampler.open(self);
        let Some(live) = state.read(self, subject) else {
            state.unwatch(subject);
            return None;
        };
        let series = state.watch(self, now.transport, subject, keep, live.as_deref());
        let last = series.and_then(Series::last).map(<[u64]>::to_vec);
        let values = live.or(last).unwrap_or_default();
        let fields = reading::fields(subject).into_iter();
        let trends = fields.zip(values).enumerate();
        let trends = trends.map(|(place, ((name, group), value))| {
            let window = windows.of(group);
            let range = window.map(|window| {
                series.map_or_else(Range::default, |series| series.range(now, place, window))
            });
            Trend {
                name,
                value,
                rate: rate_of(series, place, range.as_ref().zip(window)),
                range,
            }
        });
        Some(trends.collect())
    }

    /// Looks at what is watched; `false` if that is nothing any more. To be called once a second
    /// from when [`Desk::is_watched_or_wake`] says so until this says no.
    pub(crate) fn sample(&self, now: Now) -> bool {
        self.sampler.look(self, now)
    }

    /// Forgets how everything has moved: it is watched anew from the next question on.
    #[cfg(feature = "management")]
    pub(crate) fn forget_rates(&self) {
        self.sampler.forget_all();
    }

    /// Whether something is watched; `waker` is woken once it is.
    pub(crate) fn is_watched_or_wake(&self, waker: &std::task::Waker) -> bool {
        self.sampler.is_on_or_wake(waker)
    }
}

/// With samples, what the last two of them say, as RabbitMQ does.
fn rate_of(series: Option<&Series>, place: usize, range: Option<(&Range, Window)>) -> f64 {
    if let Some((Range { samples, .. }, window)) = range
        && let [last, before, ..] = &**samples
    {
        return series::per_second(before.sample, last.sample, window.incr_s * 1_000);
    }
    series.map_or(0.0, |series| series.rate(place))
}
