mod messages;
mod operations;
mod publish;
mod rates;

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::task::Waker;

use super::*;
use crate::clock::Clock;
use crate::config::Settings;
use crate::store::{ScriptedStore, Store};

/// A desk whose store is durable as far as the test says.
fn broker() -> (Arc<Desk>, Arc<ScriptedStore>) {
    let store = Arc::new(ScriptedStore::behind());
    store.commits_here.store(true, Ordering::Relaxed);
    store.defines_late.store(true, Ordering::Relaxed);
    let kept: Arc<dyn Store> = Arc::<ScriptedStore>::clone(&store);
    let env = Environment::new(Settings::default(), Clock::test(), kept);
    (Desk::new(Arc::new(env)), store)
}

// Who may name a password for the default user let ANONYMOUS in with it.
#[test]
fn anonymous_has_a_password_of_its_own() {
    let mut settings = Settings {
        default_pass: crate::config::Secret::new("secret"),
        ..Settings::default()
    };
    let anonymous = |settings: &Settings| auth_settings(settings).anonymous.unwrap().password;
    assert_eq!(anonymous(&settings), "guest");
    settings.anonymous_login_pass = crate::config::Secret::new("other");
    assert_eq!(anonymous(&settings), "other");
}

fn reach(store: &ScriptedStore, position: u64) {
    store.reach(Position(position));
    store.tell();
}

/// How far the store is, as the mailbox has heard.
fn heard(mailbox: &Mailbox) -> Vec<u64> {
    let mut mail = VecDeque::new();
    mailbox.take(&mut mail, Waker::noop());
    let position = |mail| match mail {
        Mail::Durable(position) => position.0,
        _ => panic!("other mail"),
    };
    mail.into_iter().map(position).collect()
}

/// Settlements move the position too, and most of them concern no connection that waits.
#[test]
fn who_waits_for_the_store_is_told_once_it_is_far_enough() {
    let (desk, store) = broker();
    let (near, far) = (Arc::<Mailbox>::default(), Arc::<Mailbox>::default());
    desk.wait_durable(&near, Position(10));
    desk.wait_durable(&far, Position(30));
    reach(&store, 9);
    assert_eq!((heard(&near), heard(&far)), (vec![], vec![]));
    reach(&store, 20);
    assert_eq!((heard(&near), heard(&far)), (vec![20], vec![]));
    reach(&store, 40);
    assert_eq!((heard(&near), heard(&far)), (vec![], vec![40]));
    desk.wait_durable(&near, Position(40));
    assert_eq!(heard(&near), [40], "at once");
}

/// A turn of a connection that waits for `position`, whose client has sent more or not: whether it
/// committed by itself.
fn commits(
    desk: &Desk,
    commits: &mut Commits,
    mailbox: &Arc<Mailbox>,
    position: u64,
    has_more: bool,
) -> bool {
    let turn = commits.begin();
    desk.wait_durable(mailbox, Position(position));
    assert!(heard(mailbox).is_empty(), "not within the turn");
    commits.end(turn, || has_more)
}

#[test]
fn only_a_lone_connection_commits_by_itself_and_only_where_others_are_served_meanwhile() {
    let (desk, store) = broker();
    let count = || store.commits();
    let (one, other) = (Arc::<Mailbox>::default(), Arc::<Mailbox>::default());
    let mut own = desk.commits();
    assert!(
        !commits(&desk, &mut own, &one, 10, false),
        "the store has not said so"
    );
    reach(&store, 10);
    assert_eq!(heard(&one), [10]);
    desk.serve_with(1);
    assert!(
        !commits(&desk, &mut own, &one, 20, false),
        "all others would wait"
    );
    reach(&store, 20);
    assert_eq!((heard(&one), count()), (vec![20], 0));
    desk.serve_with(2);
    assert!(commits(&desk, &mut own, &one, 30, false));
    assert_eq!((heard(&one), count()), (vec![30], 1));
    desk.wait_durable(&other, Position(40));
    assert!(!commits(&desk, &mut own, &one, 50, false), "another waits");
    assert_eq!(count(), 1);
    reach(&store, 50);
    assert_eq!((heard(&one), heard(&other)), (vec![50], vec![50]));
    assert!(commits(&desk, &mut own, &one, 60, false));
}

#[test]
fn a_client_that_sends_on_is_left_to_the_commit_thread_for_a_while() {
    let (desk, store) = broker();
    desk.serve_with(2);
    let mailbox = Arc::<Mailbox>::default();
    let mut own = desk.commits();
    let mut position = 0;
    let mut count = |turns: usize, has_more| {
        let turn = || {
            position += 1;
            let is_done = commits(&desk, &mut own, &mailbox, position, has_more);
            reach(&store, position);
            heard(&mailbox);
            is_done
        };
        std::iter::repeat_with(turn)
            .take(turns)
            .filter(|done| *done)
            .count()
    };
    assert_eq!(count(65, true), 1);
    assert_eq!(count(1, true), 1);
    assert_eq!(count(64, false), 0);
    assert_eq!(count(10, false), 10, "it has changed");
}

#[test]
fn a_turn_that_ends_in_a_panic_has_asked() {
    let (desk, store) = broker();
    desk.serve_with(2);
    let mailbox = Arc::<Mailbox>::default();
    let own = desk.commits();
    let turn = || {
        let _turn = own.begin();
        desk.wait_durable(&mailbox, Position(10));
        panic!("planted");
    };
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(turn));
    assert!(ended.is_err());
    reach(&store, 10);
    assert_eq!(heard(&mailbox), [10]);
    desk.wait_durable(&mailbox, Position(10));
    assert_eq!(heard(&mailbox), [10], "no turn is left behind");
}

#[test]
fn connections_that_are_gone_do_not_heap_up_before_a_store_in_trouble() {
    let (desk, store) = broker();
    for _ in 0..100 {
        desk.wait_durable(&Arc::default(), Position(10));
    }
    reach(&store, 1);
    assert!(desk.waiting.is_empty());
}

/// A connection asks to be told of a position just when the store reaches it: it is told, whichever
/// thread is first, and not before.
#[test]
fn who_asks_while_the_store_moves_is_told_in_any_order_of_threads() {
    use crate::sync::model;
    model::check(400, || {
        let (desk, store) = broker();
        let connections: Vec<_> = [10, 20, 20, 30]
            .into_iter()
            .map(|position| {
                let (desk, store) = (Arc::clone(&desk), Arc::clone(&store));
                let run = move || {
                    let mailbox = Arc::<Mailbox>::default();
                    desk.wait_durable(&mailbox, Position(position));
                    loop {
                        let told = heard(&mailbox);
                        if let Some(reached) = told.first() {
                            assert!(*reached >= position && store.durable().0 >= position);
                            break;
                        }
                        model::step();
                    }
                };
                crate::sync::spawn("connection", run).expect("it starts")
            })
            .collect();
        for position in [10, 20, 30] {
            reach(&store, position);
        }
        for connection in connections {
            connection.join().expect("no panic");
        }
        assert!(desk.waiting.is_empty());
    });
}
