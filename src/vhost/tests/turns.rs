//! What a client makes long is done in turns. Turns are counted, not timed.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::thread::ThreadId;

use leveret_codec::table::Table;

use super::fixture::{CONNECTION, Fixture, delayed, message, message_of, name};
use crate::events::{Event, Fate, Interest, Listener};
use crate::limits::QUEUE_STEPS;
use crate::mail::{Mail, Mailbox};
use crate::message::Traits;
use crate::policy::{Issuer, Policy, PolicyDefinition};
use crate::queue::Queue;
use crate::store::{DefinitionKind as Kind, Position};
use crate::turns::{self, TURN_STEPS, Turn};
use crate::vhost::{DeleteIf, QueueHandle};

/// Messages of one case.
const MANY: u64 = 5_000;

/// Steps that the last piece of work in a turn may take beyond it.
const BEYOND: u64 = 1_024;

/// Does `work` as a connection does what its client asks for. Returns whether it owes something.
fn as_a_client(work: impl FnOnce()) -> bool {
    let _turn = Turn::begin();
    work();
    turns::settle_on(&Arc::new(Mailbox::default()))
}

/// Does one turn of what was left; `false` if there is nothing.
fn one_turn(broker: &Fixture) -> bool {
    broker.vhost.env().turns.run_one(broker.now())
}

/// Does what was left, and counts the turns that it took.
fn finish(broker: &Fixture) -> u64 {
    while one_turn(broker) {}
    let counts = broker.vhost.env().turns.counts();
    let longest = u64::from(TURN_STEPS) + BEYOND;
    assert!(counts.longest <= longest, "{counts:?}");
    counts.turns
}

/// Up to where the store must be for what was left for a client, once that is done.
fn paid(client: &Mailbox) -> Option<Position> {
    let mut mail = VecDeque::new();
    client.take(&mut mail, Waker::noop());
    mail.into_iter().find_map(|mail| match mail {
        Mail::Paid(position) => Some(position),
        _ => None,
    })
}

/// The order of each message that was purged.
#[derive(Default)]
struct Purged(parking_lot::Mutex<Vec<u64>>);

impl Listener for Purged {
    fn on_event(&self, event: &Event) {
        if matches!(event.fate, Fate::Purged) {
            self.0.lock().push(event.order);
        }
    }
}

fn fill(broker: &Fixture, queue: &str) {
    for _ in 0..MANY {
        broker.publish("", queue);
    }
}

fn dead_lettering_to(queue: &str) -> Table {
    Table::new()
        .with("x-dead-letter-exchange", "")
        .with("x-dead-letter-routing-key", queue)
}

#[test]
fn a_ring_of_dead_letters_takes_turns() {
    let broker = Fixture::new();
    let ring = 20;
    for place in 0..ring {
        let next = format!("q{}", (place + 1) % ring);
        let arguments = dead_lettering_to(&next).with("x-message-ttl", 0);
        broker.queue(&format!("q{place}"), arguments);
    }
    let owes = as_a_client(|| {
        for _ in 0..500 {
            broker.publish("", "q0");
        }
    });
    assert!(owes);
    assert!(finish(&broker) >= 500 * ring * 48 / u64::from(TURN_STEPS));
    for place in 0..ring {
        assert_eq!(broker.ready(&format!("q{place}")), 0);
    }
}

#[test]
fn dead_letters_of_a_queue_keep_their_order_over_turns() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead").with("x-max-length", 1));
    let publish = |range: std::ops::Range<u64>| {
        for n in range {
            broker.publish_as("", message_of("q", &n.to_string()));
        }
    };
    assert!(as_a_client(|| publish(0..MANY / 2)));
    assert!(one_turn(&broker), "half way");
    publish(MANY / 2..MANY);
    finish(&broker);
    let dead = broker.vhost.queue("dead").unwrap();
    let bodies = dead.look(|queue| queue.peek(usize::MAX));
    let bodies = bodies.iter().map(|entry| entry.message.body().to_vec());
    assert!(bodies.eq((0..MANY - 1).map(|n| n.to_string().into_bytes())));
}

#[test]
fn mass_expiry_takes_turns_and_every_message_is_in_a_queue() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead").with("x-message-ttl", 0));
    let queue = broker.vhost.queue("q").unwrap();
    assert!(as_a_client(|| {
        let pushed: Vec<_> = (0..MANY).map(|n| message_of("q", &n.to_string())).collect();
        broker.publish_all(pushed);
    }));
    let mut turns = 0;
    while one_turn(&broker) {
        turns += 1;
        let counts = (broker.ready("dead"), queue.look(Queue::shown_count));
        assert_eq!(counts.0 + counts.1, MANY, "{counts:?}");
    }
    assert_eq!((broker.ready("q"), broker.ready("dead")), (0, MANY));
    // Each time round is a turn of letters and one of the deadline.
    assert!(turns >= MANY * 48 / u64::from(2 * TURN_STEPS), "{turns}");
}

#[test]
fn without_a_turn_all_is_done_before_a_call_returns() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead").with("x-max-length", 1));
    fill(&broker, "q");
    assert_eq!((broker.ready("q"), broker.ready("dead")), (1, MANY - 1));
    assert_eq!(finish(&broker), 0);
}

// It was left to the driver: a test that advanced its clock looked too early.
#[test]
fn a_clock_that_is_advanced_finds_no_dead_letters_left() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    let arguments = dead_lettering_to("dead").with("x-max-length", 1);
    broker.queue("q", arguments.with("x-message-ttl", 1000));
    assert!(as_a_client(|| fill(&broker, "q")));
    assert!(broker.ready("dead") < MANY - 1);
    broker.advance_ms(1000);
    assert_eq!((broker.ready("q"), broker.ready("dead")), (0, MANY));
    assert!(finish(&broker) <= 1, "nothing is left");
}

#[test]
fn a_call_outside_of_a_turn_works_to_the_end() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead").with("x-max-length", 1));
    assert!(as_a_client(|| fill(&broker, "q")));
    assert!(broker.ready("dead") < MANY - 1);
    broker.publish("", "q");
    assert_eq!((broker.ready("q"), broker.ready("dead")), (1, MANY));
}

/// Publishes to `q` on another thread whenever a dead letter finds no queue on this one, at most so
/// many times.
struct Publisher {
    broker: Arc<Fixture>,
    thread: ThreadId,
    left: AtomicU64,
}

impl Listener for Publisher {
    fn on_event(&self, event: &Event) {
        let is_dead = matches!(event.fate, Fate::Unroutable { .. });
        if !is_dead || std::thread::current().id() != self.thread {
            return;
        }
        let (set, read) = (Ordering::Relaxed, Ordering::Relaxed);
        let one_less = |left: u64| left.checked_sub(1);
        if self.left.fetch_update(set, read, one_less).is_ok() {
            let client = || as_a_client(|| _ = self.broker.publish("", "q"));
            std::thread::scope(|scope| scope.spawn(client).join()).unwrap();
        }
    }
}

// The call went on for as long as others published.
#[test]
fn what_is_published_meanwhile_keeps_no_call_outside_of_a_turn() {
    let (broker, some) = (Arc::new(Fixture::new()), 500);
    broker.queue("q", dead_lettering_to("nowhere").with("x-max-length", 1));
    let fill = || (0..some).for_each(|_| _ = broker.publish("", "q"));
    assert!(as_a_client(fill));
    let publisher = Arc::new(Publisher {
        broker: Arc::clone(&broker),
        thread: std::thread::current().id(),
        left: AtomicU64::new(10 * some),
    });
    let listener: Arc<dyn Listener> = Arc::<Publisher>::clone(&publisher);
    let events = &broker.vhost.env().events;
    let guard = events.listen(Interest::Messages, listener);
    broker.publish("", "q");
    drop(guard);
    let published = 10 * some - publisher.left.load(Ordering::Relaxed);
    assert!((1..some).contains(&published), "{published}");
    assert!(finish(&broker) > 0, "the others have turns");
    assert_eq!(broker.ready("q"), 1);
}

#[test]
fn messages_that_expire_within_a_call_use_up_its_turn() {
    let broker = Fixture::new();
    broker.queue("q", Table::new().with("x-max-length", 0));
    let _turn = Turn::begin();
    broker.publish_all((0..MANY).map(|_| message_of("q", "m")).collect());
    // Each is pushed and dies; the first 4,096 of them within the call.
    assert!(turns::is_over());
}

#[test]
fn messages_for_many_queues_use_up_a_turn() {
    let broker = Fixture::new();
    broker.exchange("x", |_| {});
    for n in 0..100 {
        let queue = format!("q{n}");
        broker.queue(&queue, Table::new());
        broker.bind_queue("x", &queue, "");
    }
    let _turn = Turn::begin();
    let mut published = 0;
    while !turns::is_over() {
        assert_eq!(broker.publish("x", ""), 100);
        published += 1;
    }
    assert_eq!(published, u64::from(TURN_STEPS / 100 + 1));
}

/// A queue with [`MANY`] bindings from `x`.
fn bound_many_times(broker: &Fixture) {
    broker.exchange("x", |_| {});
    broker.queue("q", Table::new());
    for n in 0..MANY {
        broker.bind_queue("x", "q", &n.to_string());
    }
}

fn delete_queue(broker: &Fixture, queue: &str) {
    let queue = broker.vhost.queue(queue).unwrap();
    let (now, only_if) = (broker.now(), DeleteIf::default());
    broker
        .vhost
        .delete_queue(now, &"guest".into(), &queue, only_if)
        .unwrap();
}

#[test]
fn bindings_of_a_deleted_queue_go_in_turns() {
    let broker = Fixture::new();
    bound_many_times(&broker);
    assert!(as_a_client(|| delete_queue(&broker, "q")));
    assert!(broker.vhost.find_queue("q").is_none());
    assert_eq!(broker.publish("x", ""), 0, "it gets nothing any more");
    assert!(finish(&broker) >= MANY * 16 / u64::from(TURN_STEPS) - 1);
    assert_eq!(broker.vhost.binding_count(), 0);
}

#[test]
fn bindings_of_a_deleted_exchange_go_in_turns() {
    let broker = Fixture::new();
    bound_many_times(&broker);
    assert!(as_a_client(|| {
        broker
            .vhost
            .delete_exchange(&"guest".into(), "x", false)
            .unwrap();
    }));
    assert!(broker.vhost.find_exchange("x").is_none());
    assert!(finish(&broker) >= MANY * 16 / u64::from(TURN_STEPS) - 1);
    assert_eq!(broker.vhost.binding_count(), 0);
}

#[test]
fn what_is_declared_anew_loses_nothing_to_the_removal_of_what_was_before() {
    let broker = Fixture::new();
    bound_many_times(&broker);
    assert!(as_a_client(|| delete_queue(&broker, "q")));
    broker.queue("q", Table::new());
    broker.bind_queue("x", "q", &(MANY - 1).to_string());
    finish(&broker);
    assert_eq!(broker.vhost.binding_count(), 1);
    assert_eq!(broker.publish("x", ""), 1);
    assert_eq!(
        broker.stored(),
        [Kind::Exchange, Kind::Queue, Kind::Binding]
    );
}

#[test]
fn a_line_of_exchanges_that_go_with_their_last_binding_goes_in_turns() {
    let broker = Fixture::new();
    broker.queue("end", Table::new());
    for n in 0..MANY {
        broker.exchange(&format!("x{n}"), |spec| spec.auto_delete = true);
    }
    for n in 1..MANY {
        broker.bind_exchange(&format!("x{}", n - 1), &format!("x{n}"), "");
    }
    broker.bind_queue(&format!("x{}", MANY - 1), "end", "");
    assert!(as_a_client(|| broker.unbind_queue(
        &format!("x{}", MANY - 1),
        "end",
        ""
    )));
    assert!(finish(&broker) >= MANY * 16 / u64::from(TURN_STEPS) - 1);
    assert_eq!(broker.vhost.exchange_count(), 7);
    assert_eq!(broker.stored(), [Kind::Queue]);
}

#[test]
fn delayed_messages_of_a_deleted_exchange_go_in_turns() {
    let broker = Fixture::new();
    broker.exchange("x", |spec| {
        spec.type_name = name("x-delayed-message");
        spec.arguments = Table::new().with("x-delayed-type", "fanout");
    });
    for _ in 0..MANY {
        broker.publish_as("x", delayed(1000));
    }
    assert!(as_a_client(|| {
        broker
            .vhost
            .delete_exchange(&"guest".into(), "x", false)
            .unwrap();
    }));
    assert!(finish(&broker) >= MANY * 4 / u64::from(TURN_STEPS));
}

#[test]
fn exclusive_queues_of_a_connection_go_in_turns() {
    let broker = Fixture::new();
    for n in 0..MANY {
        broker.exclusive_queue(&format!("q{n}"));
    }
    assert!(as_a_client(|| broker
        .vhost
        .connection_gone(broker.now(), CONNECTION)));
    assert!(finish(&broker) >= MANY * 48 / u64::from(TURN_STEPS) - 1);
    assert_eq!(broker.vhost.queue_count(), 0);
}

#[test]
fn a_policy_reaches_its_queues_in_turns() {
    let broker = Fixture::new();
    for n in 0..MANY {
        broker.queue(&format!("q{n}"), Table::new());
    }
    let definition = PolicyDefinition::new("/", "p", "^q").set("max-length", 5);
    let policy = Policy::parse(Issuer::User, &definition).unwrap();
    assert!(as_a_client(|| {
        broker.vhost.put_policy(broker.now(), Issuer::User, policy);
    }));
    let bounded = || {
        let queues = broker.vhost.all_queues().into_iter();
        let limit = |queue: &Arc<QueueHandle>| queue.look(|state| state.limits().max_length);
        queues.filter(|queue| limit(queue) == Some(5)).count() as u64
    };
    assert!(bounded() < MANY);
    assert!(finish(&broker) >= MANY * 16 / u64::from(TURN_STEPS) - 1);
    assert_eq!(bounded(), MANY);
}

#[test]
fn a_long_queue_is_deleted_in_turns_and_its_messages_are_told_in_order() {
    let broker = Fixture::new();
    broker.queue("q", Table::new());
    let told = Arc::new(Purged::default());
    let listener: Arc<dyn Listener> = Arc::<Purged>::clone(&told);
    let guard = broker
        .vhost
        .env()
        .events
        .listen(Interest::Messages, listener);
    fill(&broker, "q");
    assert!(as_a_client(|| delete_queue(&broker, "q")));
    assert!(broker.vhost.find_queue("q").is_none());
    let told_at_once = told.0.lock().len() as u64;
    assert!(told_at_once < MANY, "{told_at_once}");
    assert!(finish(&broker) >= MANY * 8 / u64::from(TURN_STEPS) - 1);
    drop(guard);
    // The first ones were told when the messages came.
    assert!(told.0.lock().iter().copied().eq(MANY + 1..=2 * MANY));
}

#[test]
fn a_stop_settles_what_was_purged() {
    let broker = Fixture::new();
    let queue = broker.queue("q", Table::new());
    let persistent = Traits {
        persistent: true,
        ..Traits::default()
    };
    for _ in 0..2 * MANY {
        broker.publish_as("", message("q", persistent));
    }
    assert!(as_a_client(|| {
        let purged = queue.with(broker.now(), |state, effects| {
            state.purge(broker.now(), effects)
        });
        assert_eq!(purged.unwrap(), 2 * MANY);
    }));
    assert!(broker.settled() < 2 * MANY, "{}", broker.settled());
    let alive = Arc::downgrade(&queue);
    drop(queue);
    broker.vhost.env().turns.close(broker.now());
    assert_eq!(broker.settled(), 2 * MANY);
    assert_eq!(finish(&broker), 0, "nothing is left");
    assert_eq!(alive.strong_count(), 1, "but for the queue itself");
}

// The policy was answered while most of it was still there.
#[test]
fn what_is_over_a_new_limit_dies_in_turns_before_the_answer() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead"));
    let many = 3 * u64::from(QUEUE_STEPS);
    (0..many).for_each(|_| _ = broker.publish("", "q"));
    let definition = PolicyDefinition::new("/", "p", "^q").set("max-length", 1);
    let policy = Policy::parse(Issuer::User, &definition).unwrap();
    let client = Arc::new(Mailbox::default());
    let turn = Turn::begin();
    broker.vhost.put_policy(broker.now(), Issuer::User, policy);
    assert!(turns::settle_on(&client));
    drop(turn);
    let mut turns = 0;
    while paid(&client).is_none() {
        assert!(broker.ready("q") > 1 || broker.ready("dead") < many - 1);
        assert!(one_turn(&broker), "it is never paid");
        turns += 1;
    }
    assert!(turns >= many * 48 / u64::from(TURN_STEPS), "{turns}");
    assert_eq!((broker.ready("q"), broker.ready("dead")), (1, many - 1));
}

#[test]
fn a_stop_finishes_what_a_start_would_miss() {
    let broker = Fixture::new();
    bound_many_times(&broker);
    assert!(as_a_client(|| delete_queue(&broker, "q")));
    let goes_last = broker.stored().contains(&Kind::Queue);
    assert!(goes_last);
    broker.vhost.env().turns.close(broker.now());
    assert_eq!(broker.vhost.binding_count(), 0);
    assert_eq!(broker.stored(), [Kind::Exchange]);
}

// It was answered when no dead letter waited any more: never, while others publish.
#[test]
fn a_policy_is_answered_while_others_keep_its_queue_over_the_limit() {
    let broker = Fixture::new();
    broker.queue("dead", Table::new());
    broker.queue("q", dead_lettering_to("dead"));
    let many = 3 * u64::from(QUEUE_STEPS);
    (0..many).for_each(|_| _ = broker.publish("", "q"));
    let definition = PolicyDefinition::new("/", "p", "^q").set("max-length", 1);
    let policy = Policy::parse(Issuer::User, &definition).unwrap();
    let client = Arc::new(Mailbox::default());
    let turn = Turn::begin();
    broker.vhost.put_policy(broker.now(), Issuer::User, policy);
    assert!(turns::settle_on(&client));
    drop(turn);
    let mut turns = 0;
    while paid(&client).is_none() {
        as_a_client(|| (0..200).for_each(|_| _ = broker.publish("", "q")));
        assert!(one_turn(&broker));
        turns += 1;
        assert!(turns < 1_000, "it is not answered");
    }
    assert!(broker.ready("dead") >= many - 1);
    assert!(
        broker.vhost.queue("q").unwrap().has_left(),
        "others' letters"
    );
}
