//! What is watched, and the look at it.
//!
//! On while anything is watched. What queues hold together is counted once when it goes on, and
//! from then on only queues that say that they have changed are looked at ([`Touched`]).
//!
//! Bounded by [`WATCHED_MAX`] and [`HISTORIES_MAX`] (I11): subjects beyond are answered without
//! rates, or without history, until others are not asked for any more.
//!
//! [`Touched`]: crate::env::Touched

use std::collections::{HashMap, HashSet};
use std::task::Waker;

use leveret_codec::types::ShortString;

use super::reading::{self, Lengths};
use super::series::{Keep, Series};
use super::{Subject, WATCHED_FOR_MS};
use crate::clock::{Mono, Now};
use crate::desk::Desk;
use crate::desk::views::Scope;
use crate::env::TouchedQueue;
use crate::ids::{IdMap, QueueId};
use crate::inquiry::Answers;
use crate::sync::{Mutex, MutexGuard};

/// Subjects that are watched at one time.
const WATCHED_MAX: usize = 10_000;

/// Subjects of which more is kept than rates need; each takes up to some 60 KiB.
const HISTORIES_MAX: usize = 256;

/// See the module.
#[derive(Default)]
pub(in crate::desk) struct Sampler(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    watched: HashMap<Subject, Watched>,
    is_on: bool,
    waker: Option<Waker>,
    /// What the queues of each vhost hold together.
    sums: HashMap<ShortString, Lengths>,
    /// What each queue adds to that, those left out that add nothing.
    added: IdMap<QueueId, Lengths>,
    /// Watched queues that have changed since the last look.
    changed: HashSet<Subject>,
    /// Questions for channels since the last look, and when they were asked.
    asked: Vec<(Mono, Answers)>,
}

struct Watched {
    asked_at: Mono,
    series: Series,
}

impl Sampler {
    /// What is watched, and how many messages there are as of now.
    pub(super) fn open(&self, desk: &Desk) -> MutexGuard<'_, State> {
        let mut state = self.0.lock();
        if state.is_on {
            state.take_touched(desk);
            state.take_answers(desk);
        } else {
            state.go_on(desk);
        }
        state
    }

    /// See [`Desk::sample`].
    pub(super) fn look(&self, desk: &Desk, now: Now) -> bool {
        let at = now.transport;
        let mut state = self.0.lock();
        if state.is_on {
            state.forget(at);
            if state.watched.is_empty() {
                state.go_off(desk);
            } else {
                state.look(desk, at);
            }
        }
        state.is_on
    }

    /// See [`Desk::forget_rates`].
    #[cfg(feature = "management")]
    pub(super) fn forget_all(&self) {
        self.0.lock().watched.clear();
    }

    /// See [`Desk::is_watched_or_wake`].
    pub(super) fn is_on_or_wake(&self, waker: &Waker) -> bool {
        let mut state = self.0.lock();
        state.waker = (!state.is_on).then(|| waker.clone());
        state.is_on
    }
}

impl State {
    /// Counts all queues once, and has those noted that change from now on.
    fn go_on(&mut self, desk: &Desk) {
        self.is_on = true;
        desk.env.touched.watch(true);
        for vhost in desk.vhosts.iter() {
            let queues = vhost.all_queues();
            for queue in &queues {
                queue.untouch();
                let lengths = queue.look(reading::lengths);
                self.add(vhost.name(), queue.id(), lengths);
            }
        }
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    fn go_off(&mut self, desk: &Desk) {
        desk.env.touched.watch(false);
        *self = Self::default();
    }

    fn forget(&mut self, now: Mono) {
        let is_recent = |watched: &Watched| now <= watched.asked_at.plus_ms(WATCHED_FOR_MS);
        self.watched.retain(|_, watched| is_recent(watched));
    }

    /// Queues that have changed: their share of the sums, and that they have.
    fn take_touched(&mut self, desk: &Desk) {
        for TouchedQueue { id, vhost, name } in desk.env.touched.take() {
            let found = desk.find_vhost(&vhost);
            let queue = found.and_then(|vhost| vhost.find_queue(&name));
            let queue = queue.filter(|queue| queue.id() == id);
            let lengths = queue.map_or(Lengths::default(), |queue| {
                queue.untouch();
                queue.look(reading::lengths)
            });
            self.add(&vhost, id, lengths);
            let (vhost, name) = (vhost.to_string(), name.to_string());
            let subject = Subject::Queue { vhost, name };
            if self.watched.contains_key(&subject) {
                self.changed.insert(subject);
            }
        }
    }

    /// A queue holds so much now.
    fn add(&mut self, vhost: &ShortString, queue: QueueId, lengths: Lengths) {
        let before = match lengths == Lengths::default() {
            true => self.added.remove(&queue),
            false => self.added.insert(queue, lengths),
        };
        let before = before.unwrap_or_default();
        if before == lengths {
            return;
        }
        let sums = self.sums.entry(vhost.clone()).or_default();
        for ((sum, before), now) in sums.iter_mut().zip(before).zip(lengths) {
            *sum = (*sum + now).saturating_sub(before);
        }
        if *sums == Lengths::default() {
            self.sums.remove(vhost);
        }
    }

    /// The counters of `subject` now: `None` if there is no such thing, nothing inside for a
    /// channel.
    pub(super) fn read(&self, desk: &Desk, subject: &Subject) -> Option<Option<Vec<u64>>> {
        let read = match subject {
            Subject::Node => {
                let mut lengths = Lengths::default();
                for sums in self.sums.values() {
                    for (all, one) in lengths.iter_mut().zip(sums) {
                        *all += one;
                    }
                }
                reading::node(desk, lengths)
            }
            Subject::Vhost(name) => {
                let lengths = self.sums.get(&**name).copied().unwrap_or_default();
                reading::vhost(desk, name, lengths)?
            }
            Subject::Queue { vhost, name } => reading::queue(desk, vhost, name)?,
            Subject::Exchange { vhost, name } => reading::exchange(desk, vhost, name)?,
            Subject::Connection(name) => reading::connection(desk, name)?,
            Subject::Channel(name) => {
                let connection = connection_of(name);
                return reading::connection(desk, connection).map(|_| None);
            }
        };
        Some(Some(read))
    }

    /// Watches `subject` from now on; `values` are what it counts now, if that is known. Gives what
    /// is known of it, if there is room.
    pub(super) fn watch(
        &mut self,
        desk: &Desk,
        now: Mono,
        subject: &Subject,
        keep: Keep,
        values: Option<&[u64]>,
    ) -> Option<&Series> {
        if !self.watched.contains_key(subject) {
            if self.watched.len() >= WATCHED_MAX {
                return None;
            }
            let mut series = Series::new(now);
            if let Some(values) = values {
                series.push(now, values);
            }
            if let Subject::Channel(name) = subject {
                self.ask(desk, now, connection_of(name));
            }
            let asked_at = now;
            self.watched
                .insert(subject.clone(), Watched { asked_at, series });
        }
        let histories = || {
            let each = self.watched.values();
            each.filter(|one| one.series.keeps() == Keep::History)
                .count()
        };
        let has_room = keep == Keep::History && histories() < HISTORIES_MAX;
        let watched = self.watched.get_mut(subject)?;
        watched.asked_at = now;
        if has_room {
            watched.series.keep(Keep::History);
        }
        Some(&watched.series)
    }

    /// `subject` is gone.
    pub(super) fn unwatch(&mut self, subject: &Subject) {
        self.watched.remove(subject);
    }

    fn look(&mut self, desk: &Desk, now: Mono) {
        self.take_touched(desk);
        let changed = std::mem::take(&mut self.changed);
        self.take_answers(desk);
        let mut watched = std::mem::take(&mut self.watched);
        watched.retain(|subject, watched| {
            let series = &mut watched.series;
            match subject {
                Subject::Queue { .. } if !changed.contains(subject) => {
                    series.go_on(now);
                    true
                }
                _ => match self.read(desk, subject) {
                    Some(Some(values)) => {
                        series.push(now, &values);
                        true
                    }
                    // Its connection is asked.
                    Some(None) => true,
                    // It is gone.
                    None => false,
                },
            }
        });
        self.watched = watched;
        self.ask_channels(desk, now);
    }

    /// Asks the connections of watched channels.
    fn ask_channels(&mut self, desk: &Desk, now: Mono) {
        self.asked.clear();
        let channels = self.watched.keys().filter_map(|subject| match subject {
            Subject::Channel(name) => Some(connection_of(name).to_owned()),
            _ => None,
        });
        let connections: HashSet<String> = channels.collect();
        for connection in connections {
            self.ask(desk, now, &connection);
        }
    }

    fn ask(&mut self, desk: &Desk, now: Mono, connection: &str) {
        let answers = desk.ask_channels(Scope::All, Some(connection));
        self.asked.push((now, answers));
    }

    /// What watched channels have answered so far.
    fn take_answers(&mut self, desk: &Desk) {
        for (at, answers) in &self.asked {
            for view in desk.channels(answers).0 {
                let subject = Subject::Channel(view.name);
                if let Some(watched) = self.watched.get_mut(&subject) {
                    let values = reading::channel(&view.snapshot.counters);
                    watched.series.push(*at, &values);
                }
            }
        }
    }
}

/// `127.0.0.1:41878 -> 127.0.0.1:5672` of `127.0.0.1:41878 -> 127.0.0.1:5672 (1)`.
fn connection_of(channel: &str) -> &str {
    channel
        .rsplit_once(" (")
        .map_or(channel, |(connection, _)| connection)
}
