//! Wakes what is due: the one task that watches the broker's deadlines.
//!
//! With a test clock there is nothing to watch: who advances it runs what falls due.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use super::Desk;
use crate::clock::Mono;

/// Longest sleep, in nanoseconds: an hour. A deadline beyond it is looked at again then.
const SLEEP_MAX: Duration = Duration::from_secs(3600);

/// Runs until it is cancelled.
pub(super) async fn run(desk: Arc<Desk>) {
    let env = &desk.env;
    if env.clock.is_test() {
        return;
    }
    loop {
        env.timers.run_due(env.now());
        let armed_for = env.timers.next_deadline();
        tokio::select! {
            () = tokio::time::sleep(until(env.now().mono, armed_for)) => {}
            () = earlier_than(&desk, armed_for) => {}
        }
    }
}

fn until(now: Mono, deadline: Option<Mono>) -> Duration {
    deadline.map_or(SLEEP_MAX, |deadline| deadline.since(now).min(SLEEP_MAX))
}

/// Ready when somebody has armed an earlier deadline than `armed_for`.
async fn earlier_than(desk: &Desk, armed_for: Option<Mono>) {
    poll_fn(
        |context| match desk.env.timers.next_deadline_or_wake(context.waker()) {
            Some(deadline) if armed_for.is_none_or(|armed| deadline < armed) => Poll::Ready(()),
            _ => Poll::Pending,
        },
    )
    .await;
}
