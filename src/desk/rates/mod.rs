//! Rates and histories of counters.
//!
//! Counters are exact at any moment and cost nothing to keep; how they move is known only by
//! looking twice. [`Desk::trends`] answers for one [`Subject`] and has it watched from then on: the
//! broker looks at it once a second of broker time ([`SAMPLE_EVERY_MS`]) as long as it is asked for
//! at least every two minutes ([`WATCHED_FOR_MS`]). While nothing is asked for, nothing runs,
//! whatever there is. While something is, a look touches what is watched and has changed: queues
//! say themselves that they have, connections are only read, and only those connections are asked
//! for channels whose channels are watched. A look is a deadline of the broker, which is done in
//! turns; a test clock that is advanced runs it like all others.
//!
//! What an answer says:
//! * Values are those of the moment of asking; those of a channel, which only its connection knows,
//!   are those of the last look, and there are none before the first.
//! * A rate is how much a value rose each second over the last five seconds, or since the first
//!   look if that is later; below zero if it fell. Before the second look, which is a second after
//!   the first question, it is 0.
//! * Samples lie where RabbitMQ's do, the latest first, and there are as many. Before the first
//!   look each counter is what it was then, and before the broker was started 0.
//! * History is kept for subjects that were asked for with a window: each second of a minute, then
//!   each 5 s of ten minutes, each minute of an hour, each ten minutes of eight hours and each half
//!   hour of a day, which are RabbitMQ's retention policies. It begins with the first question.
//!
//! Owns no counter and no clock: time is handed in.
//!
//! Docs: RabbitMQ, management plugin, statistics interval and sample retention. Seen: RabbitMQ
//! 4.3.6, `GET /api/queues/V/Q?lengths_age=60&lengths_incr=5`.

use serde::Serialize;

use super::Desk;
use crate::clock::{Mono, Now};
use crate::desk::views::{Scope, VhostView};

mod counted;
mod reading;
mod sampler;
mod series;

pub(crate) use counted::Counted;
pub(super) use sampler::Sampler;
use sampler::State;
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
    /// A connection, by the `id` of its view.
    Connection(u64),
    /// A channel.
    Channel {
        /// The `id` of its connection.
        connection: u64,
        /// Its number.
        number: u16,
    },
    /// What the process takes of its machine, and does with it.
    Process,
}

/// Which samples are wanted: one each `incr_s` seconds, and how far they go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    age_ms: u64,
    incr_ms: u64,
    last: Last,
}

/// Where the last sample lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// At the last whole multiple of the distance.
    Before,
    /// At the next one, with what is counted now.
    After,
}

/// Samples in an answer, at most. Seen: RabbitMQ 4.3.6, tests/scripts/http/stats/windows.http.
pub const SAMPLES_MAX: u64 = 501;

/// No window is longer and no distance greater: ten years, in seconds.
const LONGEST_S: u64 = 315_360_000;

impl Window {
    /// Samples of the last `age_s` seconds, `incr_s` seconds apart. `None` if one of the two is 0,
    /// or if that would be more than [`SAMPLES_MAX`] samples, as RabbitMQ refuses it. Neither
    /// counts for more than ten years.
    #[must_use]
    pub fn new(age_s: u64, incr_s: u64) -> Option<Self> {
        let samples = age_s.checked_div(incr_s)?;
        (age_s > 0 && samples < SAMPLES_MAX).then_some(Self {
            age_ms: age_s.min(LONGEST_S) * 1_000,
            incr_ms: incr_s.min(LONGEST_S) * 1_000,
            last: Last::Before,
        })
    }

    /// When its samples are, in milliseconds since 1970, the latest first. `wall`: now.
    fn timestamps(self, wall: u64) -> impl Iterator<Item = u64> {
        let Self {
            age_ms,
            incr_ms,
            last,
        } = self;
        let last = match last {
            Last::Before => wall - wall % incr_ms,
            Last::After => wall.next_multiple_of(incr_ms),
        };
        // Multiples of the distance behind the first one, which lies at the window's beginning.
        let newest = last.saturating_sub(age_ms % incr_ms);
        (0..=age_ms / incr_ms).map_while(move |number| newest.checked_sub(number * incr_ms))
    }

    /// The last two of its samples, which are all that a rate is taken from.
    #[cfg(feature = "management")]
    pub(crate) fn last_two(self) -> Self {
        // What is left over says where the latest sample lies.
        let age_ms = self.age_ms.min(self.incr_ms + self.age_ms % self.incr_ms);
        Self { age_ms, ..self }
    }

    /// The same, with a last sample at the end of the interval that has begun.
    #[must_use]
    pub fn up_to_now(self) -> Self {
        let last = Last::After;
        Self { last, ..self }
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
    /// What comes and goes, which has no parameters of its own.
    pub churn: Option<Window>,
    /// `node_stats_age` and `node_stats_incr`.
    pub node: Option<Window>,
}

impl Windows {
    /// The last two samples of each.
    #[cfg(feature = "management")]
    pub(crate) fn last_two(self) -> Self {
        let last_two = |window: Option<Window>| window.map(Window::last_two);
        Self {
            lengths: last_two(self.lengths),
            messages: last_two(self.messages),
            data: last_two(self.data),
            churn: last_two(self.churn),
            node: last_two(self.node),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn of(&self, group: Group) -> Option<Window> {
        match group {
            Group::Lengths => self.lengths,
            Group::In | Group::Out => self.messages,
            Group::Data => self.data,
            Group::Churn => self.churn,
            Group::Process => self.node,
        }
    }
}

/// What counters belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// What queues hold.
    Lengths,
    /// Messages that come in.
    In,
    /// Messages that go out.
    Out,
    /// What goes over connections.
    Data,
    /// What comes and goes.
    Churn,
    /// What the process takes and does.
    Process,
}

impl Group {
    /// Whether its counters only rise.
    fn only_rises(self) -> bool {
        matches!(self, Self::In | Self::Out | Self::Data)
    }
}

/// The name of a counter, and its group.
pub(crate) type Field = (&'static str, Group);

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

impl Range {
    /// Both together, sample by sample: the two are of one window at one moment, so their samples
    /// lie at the same times.
    fn plus(self, other: Self) -> Self {
        let pairs = self.samples.iter().zip(&other.samples);
        let sum = |(one, other): (&Sample, &Sample)| Sample {
            sample: one.sample + other.sample,
            ..*one
        };
        Self::of(pairs.map(sum).collect())
    }

    /// As many samples at the same times, all of them 0.
    fn cleared(self) -> Self {
        let samples = self.samples.into_iter();
        Self::of(samples.map(|one| Sample { sample: 0, ..one }).collect())
    }

    /// These samples.
    fn of(samples: Vec<Sample>) -> Self {
        let (Some(last), Some(first)) = (samples.first(), samples.last()) else {
            return Self::default();
        };
        let sum: f64 = samples.iter().map(|sample| sample.sample as f64).sum();
        let over_ms = last.timestamp - first.timestamp;
        Self {
            avg: sum / samples.len() as f64,
            avg_rate: series::per_second(first.sample, last.sample, over_ms),
            samples,
        }
    }

    /// What `window` shows of a counter that does not move.
    pub(crate) fn of_constant(now: Now, window: Window, value: u64) -> Self {
        Self::sampled(now, window, |ago| match ago {
            Ago::Ms(_) => value,
            Ago::BeforeStart => 0,
        })
    }

    /// What `sample_at` says of each moment of `window`.
    fn sampled(now: Now, window: Window, sample_at: impl Fn(Ago) -> u64) -> Self {
        let wall = now.wall.as_millis();
        let samples = window.timestamps(wall).map(|timestamp| {
            let ms = wall.saturating_sub(timestamp);
            let ago = match ms <= now.mono.as_millis() {
                true => Ago::Ms(ms),
                false => Ago::BeforeStart,
            };
            Sample {
                sample: sample_at(ago),
                timestamp,
            }
        });
        Self::of(samples.collect())
    }
}

/// How long ago a moment is.
#[derive(Clone, Copy, Debug)]
enum Ago {
    /// So many milliseconds; 0 for now, and for what is still to come.
    Ms(u64),
    /// The broker had not been started.
    BeforeStart,
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
    /// | process | `mem_used`, `fd_used`, `disk_free`, `io_write_bytes`… |
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
        // Files are read before the lock is taken.
        let process = match subject {
            Subject::Process => Some(reading::process(&self.process(self.measured()))),
            _ => None,
        };
        let mut state = self.sampler.open(self, now);
        let read = || state.read(self, subject);
        match process.map(Some).or_else(read) {
            Some(live) => Some(state.trends(self, now, subject, windows, live.as_deref())),
            None => {
                state.unwatch(subject);
                None
            }
        }
    }

    /// Forgets how everything has moved: it is watched anew from the next question on.
    #[cfg(feature = "management")]
    pub(crate) fn forget_rates(&self) {
        self.sampler.forget_all();
    }

    /// The same of what a view shows, which is not read again.
    /// `counters`: what the view counts.
    pub(crate) fn trends_of(
        &self,
        view: &impl Counted,
        counters: &[u64],
        windows: &Windows,
    ) -> Vec<Trend> {
        self.trends_of_at(self.env.now(), view, counters, windows)
    }

    fn trends_of_at(
        &self,
        now: Now,
        view: &impl Counted,
        counters: &[u64],
        windows: &Windows,
    ) -> Vec<Trend> {
        let mut state = self.sampler.open(self, now);
        state.trends(self, now, &view.subject(), windows, Some(counters))
    }
}

impl Desk {
    /// The same of an overview of the vhosts of `scope` alone: sums over those, but for what comes
    /// and goes, which has no vhost. All of it is of one moment. Without a vhost it is zeros.
    pub(crate) fn trends_in(&self, scope: Scope<'_>, windows: &Windows) -> Vec<Trend> {
        let now = self.env.now();
        let of_node = self.trends_at(now, &Subject::Node, windows);
        let mut sums = of_node.unwrap_or_default();
        let of_vhosts = VhostView::FIELDS.iter().copied().flatten().count();
        for sum in sums.iter_mut().take(of_vhosts) {
            sum.clear();
        }
        for vhost in self.vhosts(scope) {
            let more = self.trends_of_at(now, &vhost, &vhost.counters(), windows);
            for (sum, more) in sums.iter_mut().zip(more) {
                sum.add(more);
            }
        }
        sums
    }
}

impl Trend {
    /// Nothing is counted, at the same times.
    fn clear(&mut self) {
        self.value = 0;
        self.rate = 0.0;
        self.range = self.range.take().map(Range::cleared);
    }

    fn add(&mut self, other: Self) {
        self.value += other.value;
        self.rate += other.rate;
        let ranges = self.range.take().zip(other.range);
        self.range = ranges.map(|(one, other)| one.plus(other));
    }
}

impl State {
    /// Has `subject` watched; `live`: what it counts now, if that is known.
    fn trends(
        &mut self,
        desk: &Desk,
        now: Now,
        subject: &Subject,
        windows: &Windows,
        live: Option<&[u64]>,
    ) -> Vec<Trend> {
        let keep = match windows.is_empty() {
            true => Keep::Rate,
            false => Keep::History,
        };
        let looked = self.looked();
        let series = self.watch(desk, now.mono, subject, keep, live);
        let values = live.or_else(|| series.and_then(Series::last));
        let values = values.unwrap_or_default().iter().copied();
        let fields = reading::fields(subject).zip(values).enumerate();
        let trends = fields.map(|(place, (&(name, group), value))| {
            let window = windows.of(group);
            let range = window.map(|window| {
                let unknown = || Range::of_constant(now, window, value);
                series.map_or_else(unknown, |series| series.range(now, place, window, value))
            });
            Trend {
                name,
                value,
                rate: rate_of(series, place, looked, range.as_ref().zip(window)),
                range,
            }
        });
        trends.collect()
    }
}

/// With samples, what the last two of them say, as RabbitMQ does.
fn rate_of(
    series: Option<&Series>,
    place: usize,
    looked: Mono,
    range: Option<(&Range, Window)>,
) -> f64 {
    if let Some((Range { samples, .. }, window)) = range
        && let [last, before, ..] = &**samples
    {
        return series::per_second(before.sample, last.sample, window.incr_ms);
    }
    series.map_or(0.0, |series| series.rate(place, looked))
}
