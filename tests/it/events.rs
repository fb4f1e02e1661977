//! Every fate of a message is told once, where it happens.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::time::Duration;

use leveret::broker::{Broker, NewMessage};
use leveret::clock::Clock;
use leveret::events::{Event, Fate, Interest, Listener, Room};
use leveret::internals::limits::EVENTS_KEPT;
use parking_lot::Mutex;

use crate::talker::Client;

/// Fates as lines: `queue: fate`, without the queue for those before any.
#[derive(Default)]
struct Told(Mutex<Vec<String>>);

impl Listener for Told {
    fn on_event(&self, event: &Event) {
        let fate = match &event.fate {
            Fate::Published { queues, .. } => format!("published {}", queues.len()),
            Fate::Unroutable { returned, .. } => format!("unroutable, returned: {returned}"),
            Fate::Delayed { ms, .. } => format!("delayed {ms}"),
            Fate::Duplicate { .. } => "duplicate".to_owned(),
            Fate::Queued { .. } => "queued".to_owned(),
            Fate::Refused { .. } => "refused".to_owned(),
            Fate::Delivered {
                consumer_tag,
                redelivered,
                ..
            } => format!("delivered '{consumer_tag}', again: {redelivered}"),
            Fate::Acknowledged { .. } => "acknowledged".to_owned(),
            Fate::Requeued { .. } => "requeued".to_owned(),
            Fate::Died {
                reason, exchange, ..
            } => match exchange {
                Some(exchange) => format!("died {} to '{exchange}'", reason.as_str()),
                None => format!("died {}", reason.as_str()),
            },
            Fate::CycleDropped => "cycle dropped".to_owned(),
            Fate::Dropped { .. } => "dropped".to_owned(),
            Fate::Moved { .. } => "moved".to_owned(),
            Fate::Purged => "purged".to_owned(),
        };
        let line = match &*event.queue {
            "" => fate,
            queue => format!("{queue}: {fate}"),
        };
        self.0.lock().push(line);
    }
}

pub(crate) struct Stage {
    pub(crate) broker: Broker,
    pub(crate) client: Client,
    told: Arc<Told>,
}

impl Stage {
    pub(crate) fn new() -> Self {
        let told = Arc::new(Told::default());
        let listener: Arc<dyn Listener> = Arc::clone(&told) as _;
        let broker = Broker::builder()
            .clock(Clock::test())
            .listener(listener)
            .start()
            .unwrap();
        let client = Client::new(&broker);
        Self {
            broker,
            client,
            told,
        }
    }

    pub(crate) fn with_queue(arguments: &str) -> Self {
        let mut stage = Self::new();
        stage.client.declare("q", arguments);
        stage
    }

    /// What was told since the last time.
    fn told(&mut self) -> Vec<String> {
        self.client.sync();
        std::mem::take(&mut *self.told.0.lock())
    }

    #[track_caller]
    pub(crate) fn tells(&mut self, fates: &[&str]) {
        assert_eq!(self.told(), fates);
    }

    fn published(&mut self, body: &str) {
        self.client.publish("q", body);
        self.tells(&["published 1", "q: queued"]);
    }

    pub(crate) fn get(&mut self) {
        let heard = self.client.ask("basic.get queue='q'");
        assert!(heard.starts_with("basic.get-ok"), "{heard}");
    }
}

#[test]
fn a_message_is_published_queued_got_and_acknowledged() {
    let mut stage = Stage::with_queue("");
    stage.published("m");
    stage.get();
    stage.tells(&["q: delivered '', again: false"]);
    stage.client.say("basic.ack delivery-tag=1");
    stage.tells(&["q: acknowledged"]);
}

#[test]
fn a_delivery_without_acknowledgement_is_acknowledged_at_once() {
    let mut stage = Stage::with_queue("");
    stage
        .client
        .ask("basic.consume queue='q' consumer-tag='c' no-ack");
    stage.client.publish("q", "m");
    assert!(stage.client.hear().starts_with("basic.deliver"));
    stage.tells(&[
        "published 1",
        "q: queued",
        "q: delivered 'c', again: false",
        "q: acknowledged",
    ]);
}

#[test]
fn one_publish_to_many_queues_is_queued_in_each() {
    let mut stage = Stage::with_queue("");
    stage.client.declare("r", "");
    for queue in ["q", "r"] {
        stage
            .client
            .ask(&format!("queue.bind queue='{queue}' exchange='amq.fanout'"));
    }
    stage
        .client
        .say("basic.publish exchange='amq.fanout' body='m'");
    let mut told = stage.told();
    told.sort();
    assert_eq!(told, ["published 2", "q: queued", "r: queued"]);
}

#[test]
fn a_message_without_a_queue_is_unroutable() {
    let mut stage = Stage::new();
    stage.client.publish("nowhere", "m");
    stage.tells(&["unroutable, returned: false"]);
    let heard = stage
        .client
        .ask("basic.publish routing-key='nowhere' mandatory body='m'");
    assert!(heard.starts_with("basic.return code=312"), "{heard}");
    stage.tells(&["unroutable, returned: true"]);
}

#[test]
fn a_message_goes_back_by_nack_recover_and_the_end_of_its_channel() {
    let mut stage = Stage::with_queue("");
    stage.published("m");
    stage.get();
    stage.client.say("basic.nack delivery-tag=1 requeue");
    stage.tells(&["q: delivered '', again: false", "q: requeued"]);
    stage.get();
    assert_eq!(
        stage.client.ask("basic.recover requeue"),
        "basic.recover-ok"
    );
    stage.tells(&["q: delivered '', again: true", "q: requeued"]);
    assert_eq!(stage.client.ask("2> channel.open"), "2< channel.open-ok");
    let heard = stage.client.ask("2> basic.get queue='q'");
    assert!(heard.starts_with("2< basic.get-ok"), "{heard}");
    assert_eq!(stage.client.ask("2> channel.close"), "2< channel.close-ok");
    stage.tells(&["q: delivered '', again: true", "q: requeued"]);
}

#[test]
fn a_rejected_message_dies() {
    let mut stage = Stage::with_queue("");
    stage.published("m");
    stage.get();
    stage.client.say("basic.reject delivery-tag=1");
    stage.tells(&["q: delivered '', again: false", "q: died rejected"]);
}

#[test]
fn an_expired_message_dies_into_the_next_queue() {
    let mut stage = Stage::with_queue(
        "x-message-ttl: 1000, x-dead-letter-exchange: '', x-dead-letter-routing-key: 'dead'",
    );
    stage.client.declare("dead", "");
    stage.published("m");
    stage.broker.clock().advance(Duration::from_secs(1));
    stage.tells(&["q: died expired to ''", "dead: queued"]);
}

#[test]
fn a_dead_letter_that_goes_nowhere_is_unroutable() {
    let mut stage = Stage::with_queue(
        "x-message-ttl: 0, x-dead-letter-exchange: '', x-dead-letter-routing-key: 'nowhere'",
    );
    stage.client.publish("q", "m");
    stage.tells(&[
        "published 1",
        "q: queued",
        "q: died expired to ''",
        "unroutable, returned: false",
    ]);
}

#[test]
fn a_circle_without_a_rejection_ends() {
    let mut stage = Stage::with_queue("x-message-ttl: 1000, x-dead-letter-exchange: ''");
    stage.published("m");
    stage.broker.clock().advance(Duration::from_secs(10));
    stage.tells(&["q: died expired to ''", "cycle dropped"]);
}

#[test]
fn a_full_queue_drops_its_oldest() {
    let mut stage = Stage::with_queue("x-max-length: 1");
    stage.published("one");
    stage.client.publish("q", "two");
    stage.tells(&["published 1", "q: queued", "q: died maxlen"]);
}

#[test]
fn a_full_queue_may_refuse() {
    let mut stage = Stage::with_queue("x-max-length: 1, x-overflow: 'reject-publish'");
    stage.published("one");
    stage.client.publish("q", "two");
    stage.tells(&["published 1", "q: refused"]);
}

#[test]
fn a_message_that_comes_back_too_often_dies() {
    let mut stage = Stage::with_queue("x-queue-type: 'quorum', x-delivery-limit: 1");
    stage.published("m");
    for tag in [1, 2] {
        stage.get();
        stage
            .client
            .say(&format!("basic.reject delivery-tag={tag} requeue"));
    }
    stage.tells(&[
        "q: delivered '', again: false",
        "q: requeued",
        "q: delivered '', again: true",
        "q: requeued",
        "q: died delivery_limit",
    ]);
}

#[test]
fn a_subscription_that_is_not_read_keeps_so_much() {
    let broker = Broker::builder().start().unwrap();
    let vhost = broker.vhost("/").unwrap();
    let subscription = broker.subscribe(Interest::Messages, Room::default());
    let (events, octets) = EVENTS_KEPT;
    for _ in 0..=events {
        vhost.publish(&NewMessage::to_queue("nowhere")).unwrap();
    }
    let taken = subscription.take(usize::MAX);
    assert_eq!(taken.told.len(), events);
    assert!(taken.missed.0 > 0);
    let large = NewMessage::to_queue("nowhere").body(vec![0; octets / 4]);
    for _ in 0..5 {
        vhost.publish(&large).unwrap();
    }
    assert!(subscription.take(usize::MAX).missed.0 > 0);
}

#[test]
fn purged_messages_are_named_one_by_one() {
    let mut stage = Stage::with_queue("");
    stage.published("one");
    stage.published("two");
    assert_eq!(
        stage.client.ask("queue.purge queue='q'"),
        "queue.purge-ok message-count=2"
    );
    stage.tells(&["q: purged", "q: purged"]);
}

#[test]
fn a_deleted_queue_takes_along_what_is_ready_and_what_is_unacked() {
    let mut stage = Stage::with_queue("");
    stage.published("one");
    stage.published("two");
    stage.get();
    assert_eq!(
        stage.client.ask("queue.delete queue='q'"),
        "queue.delete-ok message-count=1"
    );
    stage.tells(&["q: delivered '', again: false", "q: purged"]);
    stage.client.say("basic.ack delivery-tag=1");
    stage.tells(&["q: purged"]);
}

#[test]
fn a_duplicate_is_dropped_by_its_queue_or_its_exchange() {
    let duplicates = "x-message-deduplication: true, x-cache-size: 10";
    let mut stage = Stage::with_queue(duplicates);
    stage.client.ask(&format!(
        "exchange.declare exchange='once' type='fanout' arguments={{{duplicates}}}"
    ));
    let header = "body='m' {headers={x-deduplication-header: 'a'}}";
    let to_queue = format!("basic.publish routing-key='q' {header}");
    stage.client.say(&to_queue);
    stage.tells(&["published 1", "q: queued"]);
    stage.client.say(&to_queue);
    stage.tells(&["published 1", "q: duplicate"]);
    stage.client.declare("plain", "");
    stage.client.ask("queue.bind queue='plain' exchange='once'");
    let to_exchange = format!("basic.publish exchange='once' {header}");
    stage.client.say(&to_exchange);
    stage.tells(&["published 1", "plain: queued"]);
    stage.client.say(&to_exchange);
    stage.tells(&["duplicate", "unroutable, returned: false"]);
}

#[test]
fn a_delayed_message_is_published_when_its_time_has_come() {
    let mut stage = Stage::with_queue("");
    stage.client.ask(
        "exchange.declare exchange='later' type='x-delayed-message' \
         arguments={x-delayed-type: 'fanout'}",
    );
    let publish = "basic.publish exchange='later' mandatory body='m' {headers={x-delay: I1000}}";
    stage.client.say(publish);
    stage.tells(&["delayed 1000"]);
    stage.client.ask("queue.bind queue='q' exchange='later'");
    stage.broker.clock().advance(Duration::from_secs(1));
    stage.tells(&["published 1", "q: queued"]);
    stage.client.say(publish);
    stage.client.ask("exchange.delete exchange='later'");
    stage.tells(&["delayed 1000", "purged"]);
}

#[test]
fn nothing_is_told_of_what_does_not_happen() {
    let mut stage = Stage::with_queue("");
    stage.client.ask("tx.select");
    stage.client.publish("q", "m");
    assert_eq!(stage.client.ask("tx.rollback"), "tx.rollback-ok");
    stage.tells(&[]);
}
