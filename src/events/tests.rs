//! Listeners come and go; a slow one loses what there is no room for, and hears how much.

use std::sync::Arc;
use std::time::Duration;

use leveret_codec::table::Table;
use leveret_codec::types::ShortString;
use parking_lot::Mutex;

use super::{
    Author, Change, ChangeKind, Event, Events, Fate, Interest, Listener, Missed, Room,
    Subscription, Told,
};
use crate::clock::Clock;
use crate::message::{Body, Message, MessageBuilder, Traits};

#[derive(Default)]
struct Ear(Mutex<Vec<String>>);

impl Listener for Ear {
    fn on_event(&self, event: &Event) {
        self.0.lock().push(format!("{:?}", event.fate));
    }

    fn on_change(&self, change: &Change) {
        self.0.lock().push(change.kind.as_str().to_owned());
    }
}

impl Ear {
    fn heard(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock())
    }
}

fn message(body: &[u8]) -> Message {
    let properties = leveret_codec::properties::PropertiesRef::new(&[0, 0]);
    let empty = leveret_codec::types::ShortStr::EMPTY;
    let body = Body::Copied(body);
    MessageBuilder::default().build(empty, empty, properties, body, Traits::default())
}

fn event(order: u64, body: &[u8]) -> Event {
    Event {
        now: Clock::test().now(),
        vhost: ShortString::default(),
        queue: ShortString::default(),
        id: None,
        copy: None,
        order,
        message: message(body),
        fate: Fate::Purged,
    }
}

fn change(order: u64) -> Change {
    Change {
        order,
        now: Clock::test().now(),
        kind: ChangeKind::QueueCreated,
        by: Author::broker(),
        vhost: ShortString::default(),
        fields: Table::new(),
    }
}

/// Orders of what was taken, and how much was missed after it.
fn taken(subscription: &Subscription, max: usize) -> (Vec<u64>, u64) {
    let taken = subscription.take(max);
    let orders = taken.told.iter().map(|told| match told {
        Told::Message(event) => event.order,
        Told::Change(change) => change.order,
    });
    (orders.collect(), taken.missed.0)
}

#[test]
fn a_listener_hears_what_it_asked_for_until_it_leaves() {
    let events = Arc::new(Events::default());
    assert!(!events.listening() && !events.watching());
    let ears: [Arc<Ear>; 3] = Default::default();
    let interests = [Interest::Messages, Interest::Changes, Interest::Everything];
    let mut guards: Vec<_> = interests
        .iter()
        .zip(&ears)
        .map(|(interest, ear)| events.listen(*interest, Arc::clone(ear) as _))
        .collect();
    assert!(events.listening() && events.watching());
    events.emit(&event(1, b""));
    events.tell(&change(1));
    assert_eq!(ears[0].heard(), ["Purged"]);
    assert_eq!(ears[1].heard(), ["queue.created"]);
    assert_eq!(ears[2].heard(), ["Purged", "queue.created"]);
    guards.pop();
    events.emit(&event(2, b""));
    events.tell(&change(2));
    assert_eq!(ears[2].heard(), [""; 0]);
    assert_eq!(ears[0].heard(), ["Purged"]);
    drop(guards.remove(0));
    assert!(!events.listening() && events.watching());
    guards.clear();
    assert!(!events.listening() && !events.watching());
    assert_eq!(Arc::strong_count(&ears[1]), 1);
}

#[test]
fn a_subscription_that_is_slow_hears_how_much_it_missed_and_where() {
    let events = Arc::new(Events::default());
    let room = Room {
        events: 3,
        ..Room::default()
    };
    let slow = events.subscribe(Interest::Everything, room);
    (1..=5).for_each(|order| events.emit(&event(order, b"")));
    assert_eq!(taken(&slow, 2), (vec![1, 2], 0));
    // There is room again, but 4 and 5 have not been told of: what follows must not hide that.
    events.tell(&change(6));
    assert_eq!(taken(&slow, 9), (vec![3], 3));
    events.tell(&change(7));
    assert_eq!(taken(&slow, 9), (vec![7], 0));
    assert_eq!(taken(&slow, 9), (vec![], 0));
}

#[test]
fn a_subscription_keeps_no_more_octets_than_it_has_room_for() {
    let events = Arc::new(Events::default());
    let room = Room {
        events: 100,
        octets: 3_000,
    };
    let slow = events.subscribe(Interest::Messages, room);
    (1..=4).for_each(|order| events.emit(&event(order, &[0; 1_000])));
    assert_eq!(taken(&slow, 9), (vec![1, 2], 2));
    // The octets of what was taken are given back.
    (5..=6).for_each(|order| events.emit(&event(order, &[0; 1_000])));
    assert_eq!(taken(&slow, 9), (vec![5, 6], 0));
}

#[test]
fn a_subscription_can_be_waited_for() {
    let events = Arc::new(Events::default());
    let subscription = events.subscribe(Interest::Changes, Room::default());
    let teller = Arc::clone(&events);
    let thread = std::thread::Builder::new()
        .name("teller".to_owned())
        .spawn(move || teller.tell(&change(1)))
        .expect("a thread starts");
    let taken = subscription.wait(10, Duration::from_secs(60));
    assert_eq!((taken.told.len(), taken.missed), (1, Missed(0)));
    thread.join().expect("it tells and ends");
    drop(subscription);
    assert!(!events.watching());
}
