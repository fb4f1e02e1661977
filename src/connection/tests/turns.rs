//! What a client asks for may take many turns: it is answered when it is done, and not read before.

use std::sync::atomic::Ordering;

use leveret_codec::types::DeliveryTag;

use super::pauses::{client, persistent, state};
use super::*;
use crate::queue::Queue;
use crate::turns::{TURN_STEPS, Turn};

/// Messages of one case.
const MANY: usize = 20_000;

/// Does what was left for later turns, and reads the mail about it. Returns how many turns that
/// took.
fn finish(client: &mut Script) -> u64 {
    let turns = &client.broker.env.turns;
    let before = turns.counts().turns;
    while turns.run_one(client.now) {}
    let counts = turns.counts();
    assert!(counts.longest < u64::from(2 * TURN_STEPS), "{counts:?}");
    client.connection.on_mail(client.now, Waker::noop());
    counts.turns - before
}

/// Says `method` in a turn of its own.
fn say_in_turn<'a>(client: &mut Script, method: impl Into<Method<'a>>) {
    let _turn = Turn::begin();
    client.say(ONE, method);
}

/// Takes turns of the connection until it reads again, and returns how many.
fn go_on(client: &mut Script) -> u64 {
    let mut turns = 0;
    while client.connection.flow() == Flow::Pause {
        let _turn = Turn::begin();
        assert!(client.connection.on_mail(client.now, Waker::noop()));
        turns += 1;
    }
    turns
}

/// Ready and unacknowledged messages of the queue `q`.
fn counts(client: &Script) -> (u64, u64) {
    let queue = client.broker.find_vhost("/").unwrap().queue("q").unwrap();
    queue.look(|queue| (queue.ready_count(), queue.unacked_count()))
}

/// Fills the queue `q` with [`MANY`] messages, numbered in their bodies.
fn fill(client: &mut Script) {
    let mut octets = Vec::new();
    for n in 0..MANY {
        let one = persistent();
        let body = u32::try_from(n).unwrap().to_be_bytes();
        octets.extend(&one[..one.len() - 5]);
        octets.extend(body);
        octets.push(0xCE);
    }
    client.octets(&octets);
    assert_eq!(counts(client), (MANY as u64, 0));
}

/// Takes all messages of `q` with a consumer, which is cancelled then.
fn take_all(client: &mut Script) {
    let consume = BasicConsume {
        queue: short("q"),
        consumer_tag: short("c"),
        ..BasicConsume::default()
    };
    client.say(ONE, consume);
    while counts(client).0 > 0 || client.connection.on_mail(client.now, Waker::noop()) {
        client.raw();
    }
    let cancel = BasicCancel {
        consumer_tag: short("c"),
        nowait: true,
    };
    client.say(ONE, cancel);
    client.raw();
    assert_eq!(counts(client), (0, MANY as u64));
}

fn nack_all(requeue: bool) -> BasicNack {
    BasicNack {
        delivery_tag: DeliveryTag(0),
        multiple: true,
        requeue,
    }
}

#[test]
fn many_rejections_by_one_method_take_turns() {
    let (mut client, _store) = client();
    fill(&mut client);
    take_all(&mut client);
    say_in_turn(&mut client, nack_all(false));
    assert_eq!(client.connection.flow(), Flow::Pause);
    assert!(counts(&client).1 > 0);
    assert!(finish(&mut client) >= 3);
    assert_eq!(counts(&client), (0, 0));
    assert_eq!(client.connection.flow(), Flow::Read);
}

#[test]
fn many_messages_go_back_in_turns_and_in_their_order() {
    let (mut client, _store) = client();
    fill(&mut client);
    take_all(&mut client);
    say_in_turn(&mut client, nack_all(true));
    assert!(counts(&client).1 > 0);
    assert!(finish(&mut client) >= 3);
    assert_eq!(counts(&client), (MANY as u64, 0));
    let queue = client.broker.find_vhost("/").unwrap().queue("q").unwrap();
    let bodies = queue.look(|queue: &Queue| queue.peek(usize::MAX));
    let bodies = bodies.iter().map(|entry| entry.message.body().to_vec());
    assert!(bodies.eq((0..MANY).map(|n| u32::try_from(n).unwrap().to_be_bytes().to_vec())));
}

/// Consumes from `q` on another channel, one message at a time.
fn takes_from(client: &mut Script, channel: ChannelId) {
    let consume = BasicConsume {
        queue: short("q"),
        consumer_tag: short("other"),
        ..BasicConsume::default()
    };
    client.say(channel, ChannelOpen::default());
    let qos = BasicQos {
        prefetch_count: 1,
        ..BasicQos::default()
    };
    client.say(channel, qos);
    client.say(channel, consume);
}

// All of it went back in one go, under the queue's lock.
#[test]
fn a_channel_with_many_unacked_closes_in_turns_and_others_get_the_first_of_them() {
    let (mut client, _store) = client();
    fill(&mut client);
    take_all(&mut client);
    takes_from(&mut client, ChannelId(2));
    client.heard();
    say_in_turn(&mut client, ChannelClose::default());
    assert_eq!(client.connection.flow(), Flow::Pause);
    assert_eq!(client.heard(), [""; 0]);
    let (ready, unacked) = counts(&client);
    assert!(ready < MANY as u64 && ready + unacked == MANY as u64);
    assert!(finish(&mut client) >= 3 * MANY as u64 / u64::from(TURN_STEPS) - 1);
    assert_eq!(counts(&client), (MANY as u64 - 1, 1));
    let heard = client.heard();
    assert_eq!(heard[0], "1 channel.close-ok");
    assert!(heard[1].contains("delivery-tag=1 redelivered"), "{heard:?}");
    assert_eq!(client.connection.flow(), Flow::Read);
}

#[test]
fn a_connection_with_many_unacked_ends_in_turns() {
    let (mut client, _store) = client();
    fill(&mut client);
    take_all(&mut client);
    let turn = Turn::begin();
    client.connection.on_lost(client.now, &Lost::ByPeer);
    drop(turn);
    assert!(counts(&client).1 > 0);
    let turns = &client.broker.env.turns;
    while turns.run_one(client.now) {}
    let done = turns.counts();
    assert!(done.turns >= 3 * MANY as u64 / u64::from(TURN_STEPS) - 1);
    assert!(done.longest < u64::from(2 * TURN_STEPS), "{done:?}");
    assert_eq!(counts(&client), (MANY as u64, 0));
    let queue = client.broker.find_vhost("/").unwrap().queue("q").unwrap();
    let bodies = queue.look(|queue: &Queue| queue.peek(usize::MAX));
    let bodies = bodies.iter().map(|entry| entry.message.body().to_vec());
    assert!(bodies.eq((0..MANY).map(|n| u32::try_from(n).unwrap().to_be_bytes().to_vec())));
}

// All of it was settled and freed in one go, under the queue's lock and behind it.
#[test]
fn a_purge_takes_turns_and_is_answered_when_none_can_come_back() {
    let (mut client, store) = client();
    fill(&mut client);
    store.catch_up();
    let purge = QueuePurge {
        queue: short("q"),
        ..QueuePurge::default()
    };
    say_in_turn(&mut client, purge);
    assert_eq!(counts(&client), (0, 0), "it is empty from the start");
    assert_eq!(client.connection.flow(), Flow::Pause);
    assert!(finish(&mut client) >= MANY as u64 / u64::from(TURN_STEPS) - 1);
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    assert_eq!(client.heard(), ["1 queue.purge-ok message-count=20000"]);
    assert_eq!(client.connection.flow(), Flow::Read);
}

#[test]
fn a_long_commit_takes_turns_and_is_answered_at_its_end() {
    let (mut client, store) = client();
    fill(&mut client);
    take_all(&mut client);
    client.say(ONE, TxSelect::default());
    let ack = BasicAck {
        delivery_tag: DeliveryTag(0),
        multiple: true,
    };
    client.say(ONE, ack);
    client.octets(&persistent().repeat(MANY));
    assert_eq!(client.heard(), ["1 tx.select-ok"]);
    assert_eq!(
        counts(&client),
        (0, MANY as u64),
        "nothing before the commit"
    );
    say_in_turn(&mut client, TxCommit::default());
    let (placed, _) = counts(&client);
    assert!(0 < placed && placed < MANY as u64, "{placed}");
    assert_eq!(state(&client), "flow");
    let mut turns = 0;
    while counts(&client).1 > 0 {
        let _turn = Turn::begin();
        turns += u64::from(client.connection.on_mail(client.now, Waker::noop()));
        turns += u64::from(client.broker.env.turns.run_one(client.now));
        assert_eq!(client.heard(), [""; 0]);
    }
    assert!(turns >= 5, "{turns}");
    go_on(&mut client);
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    assert_eq!(client.heard(), ["1 tx.commit-ok"]);
    assert_eq!(counts(&client), (MANY as u64, 0));
    assert_eq!(store.settled_and_moved(), (0, MANY as u64));
}

// On a full disk settlements go before what waits to be written: those of a transaction must not.
#[test]
fn what_a_transaction_settles_goes_no_earlier_than_what_it_publishes() {
    let (mut client, store) = client();
    fill(&mut client);
    take_all(&mut client);
    let ack = |tag| BasicAck {
        delivery_tag: DeliveryTag(tag),
        multiple: false,
    };
    client.say(ONE, ack(1));
    assert_eq!(store.settled_and_moved(), (1, 0));
    client.say(ONE, TxSelect::default());
    client.octets(&persistent());
    client.say(ONE, ack(2));
    client.say(ONE, TxCommit::default());
    assert_eq!(store.settled_and_moved(), (1, 1));
}

#[test]
fn a_refusal_late_in_a_commit_fails_it() {
    let (mut client, _store) = client();
    let arguments = Table::new()
        .with("x-max-length", 15_000)
        .with("x-overflow", "reject-publish")
        .to_bytes();
    let declare = QueueDeclare {
        queue: short("small"),
        arguments: TableRef::new(&arguments),
        ..QueueDeclare::default()
    };
    client.say(ONE, declare);
    client.say(ONE, TxSelect::default());
    client.octets(&pauses::persistent_to("", "small", None).repeat(MANY));
    client.raw();
    say_in_turn(&mut client, TxCommit::default());
    assert_eq!(client.heard(), [""; 0]);
    assert!(go_on(&mut client) >= 2);
    let text = "PRECONDITION_FAILED - partial tx completion".to_owned();
    assert_eq!(client.closed_with(), (ONE, 406, text, 90, 20));
}

#[test]
fn what_a_commit_has_not_settled_goes_back_with_its_connection() {
    let (mut client, _store) = client();
    fill(&mut client);
    take_all(&mut client);
    client.say(ONE, TxSelect::default());
    let ack = BasicAck {
        delivery_tag: DeliveryTag(0),
        multiple: true,
    };
    client.say(ONE, ack);
    client.octets(&persistent().repeat(MANY));
    say_in_turn(&mut client, TxCommit::default());
    let (placed, _) = counts(&client);
    client.connection.on_lost(client.now, &Lost::ByPeer);
    assert_eq!(counts(&client), (MANY as u64 + placed, 0));
}

/// A client, and a queue `q` for one message: those before go to the queue `dead`.
fn dead_lettering() -> Script {
    let mut client = Script::open(1);
    let arguments = Table::new()
        .with("x-max-length", 1)
        .with("x-dead-letter-exchange", "")
        .with("x-dead-letter-routing-key", "dead")
        .to_bytes();
    for (queue, arguments) in [("dead", &[][..]), ("q", &arguments)] {
        client.say(
            ONE,
            QueueDeclare {
                queue: short(queue),
                arguments: TableRef::new(arguments),
                ..QueueDeclare::default()
            },
        );
    }
    client.heard();
    client
}

/// Asks how many messages are in the queue `dead`.
fn ask_for_dead<'a>() -> QueueDeclare<'a> {
    QueueDeclare {
        queue: short("dead"),
        passive: true,
        ..QueueDeclare::default()
    }
}

#[test]
fn a_client_is_not_read_until_what_it_left_for_later_turns_is_done() {
    let mut client = dead_lettering();
    let turn = Turn::begin();
    client.octets(&persistent().repeat(1_000));
    drop(turn);
    assert_eq!(client.connection.flow(), Flow::Pause);
    assert_eq!(state(&client), "flow");
    client.say(ONE, ask_for_dead());
    assert!(client.heard().is_empty());
    finish(&mut client);
    assert_eq!(client.connection.flow(), Flow::Read);
    client.feed();
    assert_eq!(client.unread(), 0);
    let heard = client.heard();
    assert!(
        heard[0].contains("declare-ok") && heard[0].contains("999"),
        "{heard:?}"
    );
}

#[test]
fn a_deletion_is_answered_when_its_last_binding_is_gone_for_good() {
    let (mut client, store) = client();
    store.defines_late.store(true, Ordering::Relaxed);
    for n in 0..2_000 {
        let key = n.to_string();
        let bind = QueueBind {
            queue: short("q"),
            exchange: short("amq.direct"),
            routing_key: short(&key),
            nowait: true,
            ..QueueBind::default()
        };
        client.say(ONE, bind);
    }
    store.catch_up();
    let turn = Turn::begin();
    client.say(
        ONE,
        QueueDelete {
            queue: short("q"),
            ..QueueDelete::default()
        },
    );
    drop(turn);
    assert_eq!(client.connection.flow(), Flow::Pause);
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    assert_eq!(client.heard(), [""; 0], "bindings are left");
    assert!(finish(&mut client) >= 3);
    assert_eq!(client.connection.flow(), Flow::Read);
    assert_eq!(client.heard(), [""; 0], "they are gone, but not for good");
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    assert_eq!(client.heard(), ["1 queue.delete-ok message-count=0"]);
}

#[test]
fn a_connection_has_closed_when_its_last_exclusive_queue_is_gone() {
    let mut client = Script::open(1);
    for n in 0..2_000 {
        let queue = n.to_string();
        let declare = QueueDeclare {
            queue: short(&queue),
            exclusive: true,
            nowait: true,
            ..QueueDeclare::default()
        };
        client.say(ONE, declare);
    }
    let turn = Turn::begin();
    client.say(ZERO, ConnectionClose::default());
    drop(turn);
    assert_eq!(client.heard(), [""; 0]);
    assert!(finish(&mut client) >= 3);
    assert_eq!(client.heard(), ["0 connection.close-ok"]);
    assert_eq!(client.broker.find_vhost("/").unwrap().queue_count(), 0);
}

// It was answered at once, without the dead letter that waits behind those of another client.
#[test]
fn what_comes_in_the_same_read_as_what_was_left_waits_for_it() {
    let mut client = dead_lettering();
    let mut other = Script::tuned(Arc::clone(&client.broker), TUNE_OK);
    other.say(ONE, ChannelOpen::default());
    other.heard();
    let turn = Turn::begin();
    client.octets(&persistent().repeat(200));
    drop(turn);
    let turn = Turn::begin();
    let mut octets = persistent();
    encode_method(&mut octets, ONE, &ask_for_dead().into());
    other.octets(&octets);
    drop(turn);
    assert!(other.heard().is_empty());
    finish(&mut client);
    other.connection.on_mail(other.now, Waker::noop());
    other.feed();
    let heard = other.heard();
    assert!(
        heard[0].contains("declare-ok") && heard[0].contains("message-count=200 "),
        "{heard:?}"
    );
}

#[test]
fn methods_in_one_read_take_several_turns() {
    let mut client = Script::open(1);
    let mut octets = Vec::new();
    for n in 0..1_000 {
        let queue = format!("q{n}");
        let declare = QueueDeclare {
            queue: short(&queue),
            ..QueueDeclare::default()
        };
        encode_method(&mut octets, ONE, &declare.into());
    }
    let mut target = client.connection.read_into();
    target.room().get_mut().extend(octets);
    let mut turns = 0;
    while client.unread() > 0 {
        let _turn = Turn::begin();
        client.connection.on_read(client.now, 0);
        turns += 1;
    }
    assert_eq!(client.heard().len(), 1_000);
    assert_eq!(turns, 3);
}
