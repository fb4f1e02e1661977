//! What is watched, and the look at it.
//!
//! On while anything is watched. What queues hold together is counted once when it goes on, and
//! from then on only queues that say that they have changed are looked at ([`Touched`]). The first
//! question counts them a piece at a time, so that a look never waits for all of that. A look is a
//! deadline, which is done in turns: subjects that wait for theirs are read in the next one.
//!
//! Bounded by [`WATCHED_MAX`] and [`HISTORIES_MAX`] (I11): subjects beyond are answered without
//! rates, or without history, until others are not asked for any more.
//!
//! [`Touched`]: crate::env::Touched

use std::collections::{HashMap, HashSet};
use std::mem::{Discriminant, discriminant};
use std::sync::{Arc, OnceLock, Weak};

use leveret_codec::types::ShortString;

use super::reading::{self, Lengths};
use super::series::{Keep, Series};
use super::{SAMPLE_EVERY_MS, Subject, WATCHED_FOR_MS};
use crate::clock::timers::Timed;
use crate::clock::{Mono, Now};
use crate::desk::Desk;
use crate::desk::views::{Scope, Turnovers};
use crate::env::TouchedQueue;
use crate::ids::{ConnectionId, IdMap, QueueId};
use crate::inquiry::Answers;
use crate::sync::{Mutex, MutexGuard};
use crate::turns::{self, Left, Work};
use crate::vhost::QueueHandle;

/// Subjects that are watched at one time.
const WATCHED_MAX: usize = 10_000;

/// Subjects of which more is kept than rates need; each takes up to some 60 KiB.
const HISTORIES_MAX: usize = 256;

/// How many of them may be of one kind, so that a list of queues leaves room for everything else.
const HISTORIES_OF_A_KIND_MAX: usize = 96;

/// Steps of a turn that it takes to read one subject, or a queue that has changed.
const READ_STEPS: usize = 10;

/// Steps of a turn that it takes to count a queue.
const COUNT_STEPS: usize = 1;

/// Queues that a question counts before others may have the sampler.
const COUNTED_AT_ONCE: usize = 512;

/// See the module.
#[derive(Default)]
pub(in crate::desk) struct Sampler {
    state: Mutex<State>,
    ticker: OnceLock<Arc<Ticker>>,
}

/// Has the desk look when that is due.
struct Ticker(Weak<Desk>);

#[derive(Default)]
pub(super) struct State {
    watched: HashMap<Arc<Subject>, Watched>,
    /// How many of those are kept histories of, by kind.
    histories: HashMap<Discriminant<Subject>, usize>,
    /// A look is armed, or at work.
    is_on: bool,
    /// The look at work.
    look: Option<Look>,
    /// When the last look ended.
    looked: Mono,
    /// What the queues of each vhost hold together.
    sums: HashMap<ShortString, Lengths>,
    /// What each queue adds to that, those left out that add nothing.
    added: IdMap<QueueId, Lengths>,
    /// Queues that are not counted yet, since the sampler went on.
    uncounted: Vec<Arc<QueueHandle>>,
    /// Queues that have said that they have changed, and were not read since.
    touched: Vec<TouchedQueue>,
    /// Watched queues that have changed since the last look.
    changed: HashSet<Arc<Subject>>,
    /// Questions for channels since the last look, and when they were asked.
    asked: Vec<(Mono, Answers)>,
    /// Connections that were asked.
    asked_of: HashSet<ConnectionId>,
}

struct Watched {
    asked_at: Mono,
    series: Series,
}

/// A look that has begun.
struct Look {
    now: Now,
    /// What is not read yet.
    left: Vec<Arc<Subject>>,
    /// What went through vhosts, if any of them or the node is watched.
    turnovers: Turnovers,
}

impl Sampler {
    /// Looks on behalf of `desk` from now on.
    pub(in crate::desk) fn drive(&self, desk: &Arc<Desk>) {
        let ticker = || Arc::new(Ticker(Arc::downgrade(desk)));
        self.ticker.get_or_init(ticker);
    }

    /// What is watched, and how many messages there are as of now.
    pub(super) fn open(&self, desk: &Desk, now: Now) -> MutexGuard<'_, State> {
        let mut has_asked = false;
        loop {
            let mut state = self.state.lock();
            if !state.is_on {
                state.go_on(desk);
                self.arm(desk, now);
            }
            // What changes from here on is newer than the question.
            if !std::mem::replace(&mut has_asked, true) {
                state.touched.extend(desk.env.touched.take());
            }
            let is_up_to_date = (0..COUNTED_AT_ONCE).any(|_| !state.count_one(desk));
            if is_up_to_date {
                state.take_answers();
                return state;
            }
        }
    }

    fn arm(&self, desk: &Desk, now: Now) {
        if let Some(ticker) = self.ticker.get() {
            let ticker: Arc<dyn Timed> = Arc::clone(ticker) as _;
            let at = now.mono.plus_ms(SAMPLE_EVERY_MS);
            desk.env.timers.arm(at, Arc::downgrade(&ticker));
        }
    }

    /// See [`Desk::forget_rates`].
    #[cfg(feature = "management")]
    pub(super) fn forget_all(&self) {
        let mut state = self.state.lock();
        state.watched.clear();
        state.histories.clear();
    }

    /// Looks until the turn is over or all is seen.
    fn look(&self, desk: &Desk, now: Now) -> Left {
        let mut state = self.state.lock();
        if !state.is_on {
            return Left::Nothing;
        }
        if state.look.is_none() {
            state.forget(now.mono);
            if state.watched.is_empty() {
                state.go_off(desk);
                return Left::Nothing;
            }
            state.begin(desk, now);
        }
        let left = state.go_on_looking(desk);
        if left == Left::Nothing {
            self.arm(desk, now);
        }
        left
    }
}

impl Timed for Ticker {
    fn on_deadline(&self, now: Now) {
        if let Some(desk) = self.0.upgrade()
            && let Some(ticker) = desk.sampler.ticker.get()
        {
            turns::begin(&desk.env.turns, now, Arc::clone(ticker));
        }
    }
}

impl Work for Ticker {
    fn turn(&self, now: Now) -> Left {
        let desk = self.0.upgrade();
        desk.map_or(Left::Nothing, |desk| desk.sampler.look(&desk, now))
    }
}

impl State {
    /// Has all queues counted once, and those noted that change from now on.
    fn go_on(&mut self, desk: &Desk) {
        self.is_on = true;
        desk.env.touched.watch(true);
        for vhost in desk.vhosts.iter() {
            self.uncounted.extend(vhost.all_queues());
        }
    }

    /// Counts one queue that is not counted yet, or was before it changed; `false` if there is
    /// none.
    fn count_one(&mut self, desk: &Desk) -> bool {
        match self.uncounted.pop() {
            Some(queue) => {
                queue.untouch();
                let vhost = &queue.declared().vhost;
                self.add(vhost, queue.id(), reading::lengths(queue.amounts()));
                true
            }
            None => self.take_touched(desk),
        }
    }

    fn go_off(&mut self, desk: &Desk) {
        desk.env.touched.watch(false);
        *self = Self::default();
    }

    /// When the last look was.
    pub(super) fn looked(&self) -> Mono {
        self.looked
    }

    fn forget(&mut self, now: Mono) {
        let is_recent = |watched: &Watched| now <= watched.asked_at.plus_ms(WATCHED_FOR_MS);
        self.watched.retain(|_, watched| is_recent(watched));
        self.histories.clear();
        for (subject, watched) in &self.watched {
            if watched.series.keeps() == Keep::History {
                *self.histories.entry(discriminant(subject)).or_default() += 1;
            }
        }
    }

    /// Takes in one queue that has changed: its share of the sums, and that it has. `false` if
    /// there is none.
    fn take_touched(&mut self, desk: &Desk) -> bool {
        let Some(TouchedQueue { id, vhost, name }) = self.touched.pop() else {
            return false;
        };
        let found = desk.find_vhost(&vhost);
        let queue = found.and_then(|vhost| vhost.find_queue(&name));
        let queue = queue.filter(|queue| queue.id() == id);
        let lengths = queue.map_or(Lengths::default(), |queue| {
            queue.untouch();
            reading::lengths(queue.amounts())
        });
        self.add(&vhost, id, lengths);
        let (vhost, name) = (vhost.to_string(), name.to_string());
        if let Some((subject, _)) = self.watched.get_key_value(&Subject::Queue { vhost, name }) {
            self.changed.insert(Arc::clone(subject));
        }
        true
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
        match subject {
            Subject::Vhost(_) => self.read_with(desk, subject, &desk.turnovers()),
            _ => self.read_with(desk, subject, &Turnovers::default()),
        }
    }

    /// The same; `turnovers`: what went through vhosts.
    fn read_with(
        &self,
        desk: &Desk,
        subject: &Subject,
        turnovers: &Turnovers,
    ) -> Option<Option<Vec<u64>>> {
        let read = match subject {
            Subject::Node => {
                let mut lengths = Lengths::default();
                for sums in self.sums.values() {
                    for (all, one) in lengths.iter_mut().zip(sums) {
                        *all += one;
                    }
                }
                reading::node(lengths, &desk.turnover(Scope::All), desk.churn())
            }
            Subject::Vhost(name) => {
                let vhost = desk.find_vhost(name)?;
                let lengths = self.sums.get(&**name).copied().unwrap_or_default();
                reading::vhost(lengths, &turnovers.of(&vhost))
            }
            Subject::Queue { vhost, name } => {
                let queue = desk.find_vhost(vhost)?.find_queue(name)?;
                queue
                    .look(|queue| reading::queue(reading::lengths(queue.amounts()), &queue.stats()))
            }
            Subject::Exchange { vhost, name } => {
                let exchange = desk.find_vhost(vhost)?.find_exchange(name)?;
                reading::exchange(&exchange.tally.totals())
            }
            Subject::Connection(id) => {
                let session = desk.sessions.get(&ConnectionId(*id))?;
                reading::connection(&session.traffic.totals())
            }
            Subject::Channel { connection, .. } => {
                let is_open = desk.sessions.contains_key(&ConnectionId(*connection));
                return is_open.then_some(None);
            }
            Subject::Process => reading::process(&desk.process_lately()),
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
            match (values, subject) {
                (Some(values), _) => series.push(now, values),
                (None, Subject::Channel { connection, .. }) => {
                    self.ask(desk, now, [ConnectionId(*connection)]);
                }
                (None, _) => {}
            }
            let asked_at = now;
            self.watched
                .insert(Arc::new(subject.clone()), Watched { asked_at, series });
        }
        let watched = self.watched.get_mut(subject)?;
        watched.asked_at = now;
        let is_new = keep == Keep::History && watched.series.keeps() == Keep::Rate;
        if is_new {
            let all: usize = self.histories.values().sum();
            let of_kind = self.histories.entry(discriminant(subject)).or_default();
            if all < HISTORIES_MAX && *of_kind < HISTORIES_OF_A_KIND_MAX {
                *of_kind += 1;
                watched.series.keep(Keep::History);
            }
        }
        Some(&watched.series)
    }

    /// `subject` is gone.
    pub(super) fn unwatch(&mut self, subject: &Subject) {
        if let Some(watched) = self.watched.remove(subject)
            && watched.series.keeps() == Keep::History
        {
            let of_kind = self.histories.entry(discriminant(subject));
            of_kind.and_modify(|many| *many = many.saturating_sub(1));
        }
    }

    /// Begins a look.
    fn begin(&mut self, desk: &Desk, now: Now) {
        self.touched.extend(desk.env.touched.take());
        self.take_answers();
        let is_steady = |subject: &&Arc<Subject>| !matches!(***subject, Subject::Queue { .. });
        let left: Vec<_> = self.watched.keys().filter(is_steady).cloned().collect();
        let is_vhost = |subject: &Arc<Subject>| matches!(**subject, Subject::Vhost(_));
        let turnovers = match left.iter().any(is_vhost) {
            true => desk.turnovers(),
            false => Turnovers::default(),
        };
        self.look = Some(Look {
            now,
            left,
            turnovers,
        });
    }

    /// Goes on with the look, until the turn is over. What is read leaves its list first: an error
    /// inside is not met again.
    fn go_on_looking(&mut self, desk: &Desk) -> Left {
        while !turns::is_over() {
            let is_counting = !self.uncounted.is_empty();
            turns::spend(if is_counting { COUNT_STEPS } else { READ_STEPS });
            if self.count_one(desk) {
                continue;
            }
            let look = self.look.as_mut();
            let next = look.and_then(|look| {
                look.left.extend(self.changed.drain());
                look.left.pop()
            });
            let Some(subject) = next else {
                self.end(desk);
                return Left::Nothing;
            };
            self.look_at(desk, &subject);
        }
        Left::More
    }

    fn look_at(&mut self, desk: &Desk, subject: &Subject) {
        let Some(look) = &self.look else { return };
        let at = look.now.mono;
        match self.read_with(desk, subject, &look.turnovers) {
            Some(Some(values)) => self.push(at, subject, &values),
            // Its connection is asked.
            Some(None) => {}
            // It is gone.
            None => self.unwatch(subject),
        }
    }

    fn push(&mut self, at: Mono, subject: &Subject, values: &[u64]) {
        if let Some(Watched { series, .. }) = self.watched.get_mut(subject) {
            let mut pairs = reading::fields(subject)
                .zip(series.last().unwrap_or_default())
                .zip(values);
            let is_another =
                pairs.any(|(((_, group), last), now)| group.only_rises() && now < last);
            if is_another {
                // It was deleted and declared again.
                series.begin_anew();
            }
            series.push(at, values);
        }
    }

    fn end(&mut self, desk: &Desk) {
        let Some(look) = self.look.take() else { return };
        self.looked = look.now.mono;
        self.asked.clear();
        self.asked_of.clear();
        let channels = self.watched.keys().filter_map(|subject| match **subject {
            Subject::Channel { connection, .. } => Some(ConnectionId(connection)),
            _ => None,
        });
        let connections: HashSet<ConnectionId> = channels.collect();
        self.ask(desk, look.now.mono, connections);
    }

    /// Asks connections for their channels, those left out that were asked since the last look.
    fn ask(&mut self, desk: &Desk, now: Mono, of: impl IntoIterator<Item = ConnectionId>) {
        let asked_of = &mut self.asked_of;
        let of = of
            .into_iter()
            .filter(|connection| asked_of.insert(*connection));
        let answers = desk.ask_channels_of(of);
        self.asked.push((now, answers));
    }

    /// What watched channels have answered so far.
    fn take_answers(&mut self) {
        let taken = self
            .asked
            .iter()
            .map(|(at, answers)| (*at, answers.take().0));
        for (at, channels) in taken.collect::<Vec<_>>() {
            for channel in channels {
                let (connection, number) = (channel.connection.0, channel.number.0);
                let subject = Subject::Channel { connection, number };
                self.push(at, &subject, &reading::channel(&channel.counters));
            }
        }
    }
}
