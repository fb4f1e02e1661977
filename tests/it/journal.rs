//! What a journal learns of a message: which one it is, which copy of it, who published, took and
//! settled it, through dead-letterings and delays.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::sync::Arc;
use std::time::Duration;

use leveret::events::{
    CopyId, DeathReason, Event, Fate, Interest, Party, Room, Subscription, Told as Heard,
};

use crate::events::Stage;

/// What a journal hears, message by message.
struct Journal(Subscription);

impl Journal {
    fn of(stage: &Stage) -> Self {
        Self(stage.broker.subscribe(Interest::Messages, Room::default()))
    }

    /// The events since the last time.
    fn events(&self, stage: &mut Stage) -> Vec<Event> {
        stage.client.sync();
        let taken = self.0.take(usize::MAX);
        assert_eq!(taken.missed.0, 0);
        let events = taken.told.into_iter().filter_map(|told| match told {
            Heard::Message(event) => Some(event),
            Heard::Change(_) => None,
        });
        events.collect()
    }
}

fn user_and_channel(party: &Option<Arc<Party>>) -> (&str, u16) {
    let party = party.as_ref().unwrap();
    assert!(party.connection.is_some() && party.connection_name.contains(" -> "));
    (&party.user, party.channel.0)
}

#[test]
fn a_journal_follows_a_message_from_its_publisher_to_the_copy_of_its_dead_letter() {
    let mut stage = Stage::with_queue("x-dead-letter-exchange: 'amq.fanout'");
    for dead in ["dead", "buried"] {
        stage.client.declare(dead, "");
        let bind = format!("queue.bind queue='{dead}' exchange='amq.fanout'");
        stage.client.ask(&bind);
    }
    let journal = Journal::of(&stage);
    stage.client.publish("q", "first");
    stage.client.publish("q", "second");
    let events = journal.events(&mut stage);
    // Both publishes may come in one read, or each in its own.
    let (queued, published): (Vec<_>, Vec<_>) = events.iter().partition(|one| one.copy.is_some());
    let ([published, _], [first, second]) = (&published[..], &queued[..]) else {
        panic!("{events:?}")
    };
    let Fate::Published {
        publisher, queues, ..
    } = &published.fate
    else {
        panic!("{published:?}")
    };
    assert_eq!(user_and_channel(publisher), ("guest", 1));
    assert_eq!(queues.iter().map(|q| &**q).collect::<Vec<_>>(), ["q"]);
    assert_eq!(first.id, published.id);
    assert!(first.id.is_some() && second.id != first.id);
    assert_eq!((first.order, second.order), (1, 2));
    let copy = first.copy.unwrap();
    assert!(second.copy.unwrap().position > copy.position);

    stage.get();
    stage.client.say("basic.reject delivery-tag=1");
    let events = journal.events(&mut stage);
    let [delivered, died, one, other] = &events[..] else {
        panic!("{events:?}")
    };
    let Fate::Delivered { to, .. } = &delivered.fate else {
        panic!("{delivered:?}")
    };
    assert_eq!(user_and_channel(to), ("guest", 1));
    assert_eq!((delivered.copy, delivered.order), (Some(copy), 3));
    assert_eq!((died.copy, died.order), (Some(copy), 4));
    for queued in [one, other] {
        let Fate::Queued { from } = queued.fate else {
            panic!("{queued:?}")
        };
        assert_eq!((from, queued.order), (Some(copy), 1));
    }
    // Two copies of one message, which is not the one that died.
    assert_eq!(one.id, other.id);
    assert!(one.id.is_some() && one.id != first.id);
    assert_ne!(one.copy, other.copy);
}

#[test]
fn a_journal_hears_of_publishes_in_a_transaction_and_in_a_row() {
    let mut stage = Stage::with_queue("");
    let journal = Journal::of(&stage);
    stage.client.ask("tx.select");
    stage.client.publish("q", "m");
    stage.client.publish("nowhere", "m");
    assert_eq!(journal.events(&mut stage).len(), 0);
    stage.client.ask("tx.commit");
    stage.tells(&["published 1", "unroutable, returned: false", "q: queued"]);
    assert_eq!(journal.events(&mut stage).len(), 3);
    stage.client.ask("2> channel.open");
    let publish = "2> basic.publish routing-key='q' body='m'";
    (0..9).for_each(|_| stage.client.say(publish));
    let events = journal.events(&mut stage);
    let of_channel = events.iter().filter_map(|event| match &event.fate {
        Fate::Published { publisher, .. } => Some((user_and_channel(publisher), event.id)),
        _ => None,
    });
    let published: Vec<_> = of_channel.collect();
    assert_eq!(published.len(), 9);
    assert!(published.iter().all(|(who, _)| *who == ("guest", 2)));
    let queued = events.iter().filter(|event| event.copy.is_some());
    let queued: Vec<(u64, _)> = queued.map(|event| (event.order, event.id)).collect();
    let expected = published.iter().map(|(_, id)| *id);
    assert_eq!(queued, (2..).zip(expected).collect::<Vec<_>>());
}

#[test]
fn a_journal_knows_a_delayed_message_again() {
    let mut stage = Stage::with_queue("");
    stage.client.ask(
        "exchange.declare exchange='later' type='x-delayed-message' \
         arguments={x-delayed-type: 'fanout'}",
    );
    stage.client.ask("queue.bind queue='q' exchange='later'");
    let journal = Journal::of(&stage);
    stage
        .client
        .say("basic.publish exchange='later' body='m' {headers={x-delay: I1000}}");
    let events = journal.events(&mut stage);
    let [delayed] = &events[..] else {
        panic!("{events:?}")
    };
    let Fate::Delayed { publisher, ms, .. } = &delayed.fate else {
        panic!("{delayed:?}")
    };
    assert_eq!((user_and_channel(publisher), *ms), (("guest", 1), 1_000));
    let kept: CopyId = delayed.copy.unwrap();
    stage.broker.clock().advance(Duration::from_secs(1));
    let events = journal.events(&mut stage);
    let [published, queued] = &events[..] else {
        panic!("{events:?}")
    };
    let Fate::Published { from, .. } = &published.fate else {
        panic!("{published:?}")
    };
    assert_eq!((*from, published.id), (Some(kept), queued.id));
}

/// A client takes and settles on channel 2, so that it is not the channel that publishes.
fn with_consumer(arguments: &str) -> Stage {
    let mut stage = Stage::with_queue(arguments);
    assert_eq!(stage.client.ask("2> channel.open"), "2< channel.open-ok");
    stage
}

impl Stage {
    /// Publishes so many messages into the queue, and has channel 2 get them.
    fn got_on_2(&mut self, count: usize) {
        (0..count).for_each(|_| self.client.publish("q", "m"));
        self.client.sync();
        for _ in 0..count {
            let heard = self.client.ask("2> basic.get queue='q'");
            assert!(heard.starts_with("2< basic.get-ok"), "{heard}");
        }
    }
}

/// What a party did at the end of a message's stay in a queue, if one did; `None` for other fates.
fn ending(event: &Event) -> Option<(&'static str, &Option<Arc<Party>>)> {
    match &event.fate {
        Fate::Acknowledged { by } => Some(("acknowledged", by)),
        Fate::Requeued { by } => Some(("requeued", by)),
        Fate::Died { by, reason, .. } => Some((reason.as_str(), by)),
        _ => None,
    }
}

/// The ends in `events` that a channel caused: what it did, and its number.
fn ends(events: &[Event]) -> Vec<(&'static str, Option<u16>)> {
    let endings = events.iter().filter_map(ending);
    let each = endings.map(|(what, by)| (what, by.is_some().then(|| user_and_channel(by).1)));
    each.collect()
}

#[test]
fn a_journal_hears_who_settled() {
    let mut stage = with_consumer("");
    let journal = Journal::of(&stage);
    let cases: &[(&str, &[_])] = &[
        ("basic.ack delivery-tag=1", &[("acknowledged", Some(2))]),
        ("basic.reject delivery-tag=2", &[("rejected", Some(2))]),
        ("basic.nack delivery-tag=3", &[("rejected", Some(2))]),
    ];
    for (says, expected) in cases {
        stage.got_on_2(1);
        stage.client.say(&format!("2> {says}"));
        assert_eq!(ends(&journal.events(&mut stage)), *expected, "{says}");
    }
    stage.got_on_2(1);
    stage.client.say("2> basic.nack delivery-tag=4 requeue");
    stage.client.ask("2> basic.get queue='q'");
    stage.client.ask("2> basic.recover requeue");
    let returned = ("requeued", Some(2));
    assert_eq!(ends(&journal.events(&mut stage)), [returned, returned]);
    stage.client.ask("3> channel.open");
    stage.client.ask("3> basic.get queue='q' no-ack");
    let taken = ("acknowledged", Some(3));
    assert_eq!(ends(&journal.events(&mut stage)), [taken]);
    stage.client.ask("3> basic.consume queue='q' no-ack");
    stage.client.publish("q", "m");
    stage.client.hear();
    assert_eq!(ends(&journal.events(&mut stage)), [taken]);
}

#[test]
fn a_journal_hears_who_settled_many_together_and_in_a_transaction() {
    let mut stage = with_consumer("");
    let journal = Journal::of(&stage);
    // More than a queue takes at once.
    let many = 1_100;
    stage.got_on_2(many);
    let _got = journal.events(&mut stage);
    let up_to = format!("2> basic.ack delivery-tag={many} multiple");
    stage.client.say(&up_to);
    let ended = ends(&journal.events(&mut stage));
    assert_eq!(ended.len(), many);
    assert!(ended.iter().all(|end| *end == ("acknowledged", Some(2))));
    stage.client.ask("2> tx.select");
    stage.got_on_2(2);
    stage.client.say("2> basic.ack delivery-tag=1101");
    stage.client.say("2> basic.reject delivery-tag=1102");
    assert_eq!(ends(&journal.events(&mut stage)), []);
    stage.client.ask("2> tx.commit");
    let expected = [("acknowledged", Some(2)), ("rejected", Some(2))];
    assert_eq!(ends(&journal.events(&mut stage)), expected);
}

#[test]
fn a_journal_hears_what_no_channel_settled() {
    let mut stage = with_consumer("x-message-ttl: 1000");
    let journal = Journal::of(&stage);
    stage.got_on_2(1);
    stage.client.ask("2> channel.close");
    assert_eq!(ends(&journal.events(&mut stage)), [("requeued", None)]);
    stage.broker.clock().advance(Duration::from_secs(1));
    let expired = DeathReason::Expired.as_str();
    assert_eq!(ends(&journal.events(&mut stage)), [(expired, None)]);
    // A get that finds what is too old takes nothing and kills nothing itself.
    stage.client.publish("q", "m");
    stage.client.ask("2> channel.open");
    stage.broker.clock().advance(Duration::from_secs(1));
    stage.client.ask("2> basic.get queue='q'");
    assert_eq!(ends(&journal.events(&mut stage)), [(expired, None)]);
}

#[test]
fn a_journal_hears_who_published_what_a_queue_does_not_take() {
    let duplicates = "x-message-deduplication: true, x-cache-size: 10";
    let full = "x-max-length: 0, x-overflow: 'reject-publish'";
    let mut stage = Stage::with_queue(duplicates);
    stage.client.declare("full", full);
    stage.client.ask(&format!(
        "exchange.declare exchange='once' type='fanout' arguments={{{duplicates}}}"
    ));
    let journal = Journal::of(&stage);
    let headers = "body='m' {headers={x-deduplication-header: 'a'}}";
    for to in ["routing-key='q'", "exchange='once'"] {
        let publish = format!("basic.publish {to} {headers}");
        stage.client.say(&publish);
        stage.client.say(&publish);
    }
    stage.client.publish("full", "m");
    let events = journal.events(&mut stage);
    let refused = events.iter().filter_map(|event| match &event.fate {
        Fate::Duplicate { publisher, from } => Some((user_and_channel(publisher), *from)),
        Fate::Refused { publisher, from } => Some((user_and_channel(publisher), *from)),
        _ => None,
    });
    let refused: Vec<_> = refused.collect();
    assert_eq!(refused, [(("guest", 1), None); 3]);
}

#[test]
fn a_journal_follows_a_dead_letter_that_is_a_duplicate_refused_or_delayed() {
    let mut stage = Stage::with_queue("x-message-ttl: 0, x-dead-letter-exchange: 'dead'");
    stage.client.ask(
        "exchange.declare exchange='dead' type='x-delayed-message' \
         arguments={x-delayed-type: 'fanout'}",
    );
    stage
        .client
        .declare("once", "x-message-deduplication: true, x-cache-size: 10");
    stage
        .client
        .declare("full", "x-max-length: 0, x-overflow: 'reject-publish'");
    for queue in ["once", "full"] {
        let bind = format!("queue.bind queue='{queue}' exchange='dead'");
        stage.client.ask(&bind);
    }
    let journal = Journal::of(&stage);
    let origins = |events: &[Event]| -> (Vec<CopyId>, Vec<(&'static str, Option<CopyId>)>) {
        let died = events.iter().filter(|event| ending(event).is_some());
        let died = died.filter_map(|event| event.copy).collect();
        let from = events.iter().filter_map(|event| match &event.fate {
            Fate::Duplicate { publisher, from } => publisher.is_none().then_some(("twice", *from)),
            Fate::Refused { publisher, from } => publisher.is_none().then_some(("refused", *from)),
            Fate::Delayed { from, .. } => Some(("delayed", *from)),
            _ => None,
        });
        (died, from.collect())
    };
    let headers = "x-deduplication-header: 'a'";
    let publish = format!("basic.publish routing-key='q' body='m' {{headers={{{headers}}}}}");
    stage.client.say(&publish);
    stage.client.say(&publish);
    let (died, from) = origins(&journal.events(&mut stage));
    let [first, second] = died[..] else {
        panic!("{died:?}")
    };
    let mut from = from;
    from.sort_by_key(|&(what, copy)| (copy, what));
    let expected = [("refused", first), ("refused", second), ("twice", second)];
    assert_eq!(from, expected.map(|(what, copy)| (what, Some(copy))));
    let later = format!("{headers}, x-delay: I1000");
    stage.client.say(&format!(
        "basic.publish routing-key='q' body='m' {{headers={{{later}}}}}"
    ));
    let (died, from) = origins(&journal.events(&mut stage));
    assert_eq!(from, [("delayed", Some(died[0]))]);
}
