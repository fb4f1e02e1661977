//! Looks at what is watched for rates, once a second while anything is.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::Desk;
use crate::desk::rates::SAMPLE_EVERY_MS;

/// Runs until it is cancelled; sleeps without a timer while nothing is watched.
pub(super) async fn run(desk: Arc<Desk>) {
    let every = Duration::from_millis(SAMPLE_EVERY_MS);
    loop {
        poll_fn(|cx| match desk.is_watched_or_wake(cx.waker()) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        })
        .await;
        let mut interval = tokio::time::interval(every);
        interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
        // The first tick comes at once, and the question that began it was the first look.
        interval.tick().await;
        loop {
            interval.tick().await;
            if !desk.sample(desk.env.now()) {
                break;
            }
        }
    }
}
