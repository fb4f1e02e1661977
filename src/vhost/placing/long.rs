//! Messages for very many queues: they are stored at once, and go into their queues in turns.
//!
//! What has no room in a turn waits in the vhost's line, in its order, and is the debt of its
//! publisher, which is not read before it is done. Dead letters, and what the broker says itself,
//! wait behind: the next ones of a queue must not come first (I3).

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::placed::Placed;
use super::publish::{Publishes, Reach};
use crate::clock::Now;
use crate::env::Environment;
use crate::turns::{self, Debt, Left, OnBehalf, Turns, Work};
use crate::vhost::queue_handle::QueueHandle;

/// Copies of messages that are handed to queues in one go.
pub(in crate::vhost) const AT_ONCE: usize = 8_192;

/// Steps for each copy.
const COPY_STEPS: usize = 3;

/// Messages on their way into very many queues.
#[derive(Debug)]
pub struct Placing(Mutex<State>);

#[derive(Debug)]
struct State {
    publishes: Publishes,
    streams: Vec<Arc<QueueHandle>>,
    answers: Vec<Placed>,
    reach: Reach,
}

impl Placing {
    /// Stores `publishes`, which are empty afterwards.
    pub(in crate::vhost) fn begin(
        env: &Environment,
        now: Now,
        publishes: &mut Publishes,
    ) -> Arc<Self> {
        let mut publishes = publishes.take_messages();
        let mut answers = Vec::with_capacity(publishes.len());
        let streams = publishes.store(env, now, &mut answers);
        Arc::new(Self(Mutex::new(State {
            publishes,
            streams,
            answers,
            reach: Reach {
                steps: Some(COPY_STEPS),
                ..Reach::default()
            },
        })))
    }

    /// What became of each message, as far as that is known: refusals may follow until all of it is
    /// done.
    pub fn answers(&self, placed: &mut Vec<Placed>) {
        placed.extend_from_slice(&self.0.lock().answers);
    }

    fn go_on(&self, now: Now) -> Left {
        let State {
            publishes,
            streams,
            answers,
            reach,
        } = &mut *self.0.lock();
        publishes.hand_out(now, streams, answers, reach)
    }
}

/// What waits to be placed in a vhost.
#[derive(Debug, Default)]
pub(in crate::vhost) struct Line {
    waiting: Mutex<VecDeque<Waiting>>,
    /// Held by the thread that works it off.
    working_off: Mutex<()>,
}

#[derive(Debug)]
struct Waiting {
    placing: Arc<Placing>,
    debt: Arc<Debt>,
}

impl Line {
    pub(in crate::vhost) fn is_empty(&self) -> bool {
        self.waiting.lock().is_empty()
    }

    /// Places messages, in later turns what has no room in this one.
    pub(in crate::vhost) fn begin(
        self: &Arc<Self>,
        turns: &Turns,
        now: Now,
        placing: &Arc<Placing>,
    ) -> Left {
        if self.is_empty() && placing.go_on(now) == Left::Nothing {
            return Left::Nothing;
        }
        let waiting = Waiting {
            placing: Arc::clone(placing),
            debt: turns::owe(),
        };
        let mut line = self.waiting.lock();
        let is_first = line.is_empty();
        line.push_back(waiting);
        drop(line);
        if is_first {
            let me: Arc<Self> = Arc::clone(self);
            turns.leave(me);
        }
        if turns::is_open() {
            return Left::More;
        }
        // Outside of a turn all is done before the call returns.
        let _working = self.working_off.lock();
        self.work_off(now)
    }

    fn work_off(&self, now: Now) -> Left {
        loop {
            let (placing, debt) = match self.waiting.lock().front() {
                Some(first) => (Arc::clone(&first.placing), Arc::clone(&first.debt)),
                None => return Left::Nothing,
            };
            let behalf = OnBehalf::of(Some(&debt));
            let left = placing.go_on(now);
            drop(behalf);
            if left == Left::Nothing {
                let done = self.waiting.lock().pop_front();
                drop(done);
            }
            if turns::is_over() {
                return Left::More;
            }
        }
    }
}

impl Work for Line {
    fn turn(&self, now: Now) -> Left {
        match self.working_off.try_lock() {
            Some(_working) => self.work_off(now),
            // A thread outside of a turn is about it. What comes behind its end needs this turn.
            None => Left::More,
        }
    }

    /// Every queue that was promised a message has it.
    fn at_stop(&self, now: Now) {
        let _working = self.working_off.lock();
        while self.work_off(now) == Left::More {}
    }
}
