use std::sync::Arc;

use super::*;
use crate::sync::model;

/// A queue in small: what is counted, and the bell that is rung for it.
struct Counted {
    count: Mutex<u64>,
    bell: Bell,
}

fn counted() -> Arc<Counted> {
    Arc::new(Counted {
        count: Mutex::new(0),
        bell: Bell::default(),
    })
}

impl Counted {
    fn add(&self) {
        *self.count.lock() += 1;
        self.bell.ring();
    }

    /// In a model time never passes, so that only a ring can end a wait.
    fn wait_for(&self, wanted: u64) {
        let listener = self.bell.listen();
        loop {
            let heard = listener.rings();
            if *self.count.lock() >= wanted {
                return;
            }
            listener.wait(heard, Duration::from_secs(1));
        }
    }
}

fn two_add_and_two_wait() {
    let counted = counted();
    let start = |work: fn(&Counted)| {
        let counted = Arc::clone(&counted);
        crate::sync::spawn("one", move || work(&counted)).expect("it starts")
    };
    let threads = [
        start(|counted| counted.wait_for(2)),
        start(Counted::add),
        start(|counted| counted.wait_for(1)),
        start(Counted::add),
    ];
    for thread in threads {
        thread.join().expect("no panic");
    }
    assert_eq!(counted.bell.listeners.load(Ordering::Relaxed), 0);
}

#[test]
fn every_caller_sees_the_change_it_waits_for_in_any_order_of_threads() {
    model::check(500, two_add_and_two_wait);
}

#[test]
fn a_wake_up_that_is_lost_would_be_found() {
    let plant = model::Plant::LostWakeUp(1);
    assert!(model::shows(plant, 500, two_add_and_two_wait).is_some());
}

#[test]
fn a_wait_ends_with_its_limit() {
    let counted = counted();
    let listener = counted.bell.listen();
    listener.wait(listener.rings(), Duration::from_millis(1));
    assert_eq!(listener.rings(), 0);
}
