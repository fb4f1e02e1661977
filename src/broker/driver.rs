//! Does what is due and what was left: the one task that watches the broker's deadlines and its
//! work that waits for turns.
//!
//! It works for one turn and goes back to the runtime, so that sockets are polled in between. With
//! a test clock it leaves the deadlines to the thread that advances it.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use super::Desk;
use crate::clock::Mono;
use crate::env::Environment;
use crate::turns::{self, Turn};

/// Longest sleep: an hour. A deadline beyond it is looked at again then.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

/// Runs until it is cancelled.
pub(super) async fn run(desk: Arc<Desk>) {
    let env = &desk.env;
    let _end = End(env);
    loop {
        while turn(env) {
            tokio::task::yield_now().await;
        }
        let armed_for = next_deadline(env);
        tokio::select! {
            () = tokio::time::sleep(until(env.now().mono, armed_for)) => {}
            () = poll_fn(|cx| something_new(env, armed_for, cx)) => {}
        }
    }
}

/// Without the driver, work that waits for a turn would keep its vhost for ever.
struct End<'a>(&'a Environment);

impl Drop for End<'_> {
    fn drop(&mut self) {
        self.0.turns.close(self.0.now());
    }
}

/// One turn of work and one of deadlines; `false` if there is nothing to do now.
fn turn(env: &Environment) -> bool {
    env.turns.run_one(env.now()) | run_due(env)
}

/// Calls what is due, for a turn.
fn run_due(env: &Environment) -> bool {
    if env.clock.is_test() {
        return false;
    }
    let _turn = Turn::begin();
    let mut any = false;
    while !turns::is_over() && run_one_due(env) {
        turns::spend(DEADLINE_STEPS);
        any = true;
    }
    any
}

/// An error inside ends what was due, and not the driver of the whole broker.
fn run_one_due(env: &Environment) -> bool {
    let run = AssertUnwindSafe(|| env.timers.run_one_due(env.now()));
    catch_unwind(run).unwrap_or_else(|_| {
        crate::log::error!("a deadline is given up: an error inside, see above");
        true
    })
}

/// Steps that a deadline takes, besides those of what comes of it.
const DEADLINE_STEPS: usize = 8;

fn next_deadline(env: &Environment) -> Option<Mono> {
    let follows = !env.clock.is_test();
    follows.then(|| env.timers.next_deadline()).flatten()
}

fn until(now: Mono, deadline: Option<Mono>) -> Duration {
    deadline.map_or(SLEEP_MAX, |deadline| deadline.since(now).min(SLEEP_MAX))
}

/// Ready when work was left, or an earlier deadline than `armed_for` was armed.
fn something_new(env: &Environment, armed_for: Option<Mono>, cx: &mut Context<'_>) -> Poll<()> {
    if env.turns.is_waiting_or_wake(cx.waker()) {
        return Poll::Ready(());
    }
    if env.clock.is_test() {
        return Poll::Pending;
    }
    match env.timers.next_deadline_or_wake(cx.waker()) {
        Some(deadline) if armed_for.is_none_or(|armed| deadline < armed) => Poll::Ready(()),
        _ => Poll::Pending,
    }
}
