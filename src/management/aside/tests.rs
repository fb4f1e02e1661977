use std::sync::mpsc;
use std::time::Duration;

use super::*;

/// Longer than any wait here is expected to take.
const PATIENCE: Duration = Duration::from_secs(60);

fn runtime() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().unwrap()
}

#[test]
fn a_long_read_leaves_the_only_thread_to_others() {
    let aside = Arc::new(Aside::default());
    let (say, hear) = mpsc::channel();
    let runtime = runtime();
    let read = runtime.spawn(async move {
        let long = HTTP_ITEMS_HERE + 1;
        aside.read(long, move || hear.recv_timeout(PATIENCE)).await
    });
    // It can only run beside the read.
    runtime.spawn(async move { say.send(()) });
    assert_eq!(runtime.block_on(read).unwrap(), Ok(()));
}

#[test]
fn long_lists_have_room_for_so_many_octets_together() {
    let runtime = runtime();
    runtime.block_on(async {
        let aside = Aside::default();
        let many = HTTP_ITEMS_HERE + 1;
        let mut first = aside.room(many, LISTS_BYTES).await;
        let second = tokio::time::timeout(Duration::ZERO, aside.room(many, 1));
        assert!(second.await.is_err(), "there is none");
        drop(aside.room(HTTP_ITEMS_HERE, LISTS_BYTES).await);
        first.shrink(UNIT);
        drop(aside.room(many, 1).await);
    });
}

#[test]
fn long_answers_have_room_for_so_many_octets_together() {
    let runtime = runtime();
    runtime.block_on(async {
        let aside = Aside::default();
        let mut first = aside.room_for_answer(ANSWERS_BYTES).await.unwrap();
        let long = HTTP_GET_HERE + 1;
        let second = tokio::time::timeout(Duration::ZERO, aside.room_for_answer(long));
        assert!(second.await.is_err(), "there is none");
        assert!(aside.room_for_answer(HTTP_GET_HERE).await.is_some());
        first.shrink(UNIT);
        assert!(aside.room_for_answer(long).await.is_some());
    });
}

// Publishes that waited for a full disk had every place, and no request could make room on it.
#[tokio::test(start_paused = true)]
async fn changes_that_wait_shut_out_only_their_own_kind() {
    let aside = Arc::new(Aside::default());
    for _ in 0..HTTP_CHANGES_MAX {
        let aside = Arc::clone(&aside);
        let waits = std::future::pending::<()>();
        tokio::spawn(async move { aside.finish(Kind::Publishes, waits).await });
    }
    tokio::task::yield_now().await;
    let began = tokio::time::Instant::now();
    for kind in [Kind::Removes, Kind::Sets] {
        assert!(aside.finish(kind, async {}).await.is_ok(), "{kind:?}");
    }
    assert_eq!(began, tokio::time::Instant::now());
    let refused = aside.finish(Kind::Publishes, async {}).await.unwrap_err();
    assert_eq!(refused.into_response().status().as_u16(), 503);
    assert_eq!(began.elapsed(), Duration::from_millis(HTTP_CHANGES_WAIT_MS));
}
