//! Why a connection is not read, and how that is shown and ended.

use std::sync::atomic::Ordering;

use leveret_codec::encode::{encode_body, encode_content_header};
use leveret_codec::properties::{Properties, PropertiesRef};

use super::*;
use crate::store::ScriptedStore;

/// A persistent message to the queue `q`.
pub(super) fn persistent() -> Vec<u8> {
    persistent_to("", "q", None)
}

pub(super) fn persistent_to(exchange: &str, routing_key: &str, headers: Option<&[u8]>) -> Vec<u8> {
    let mut octets = Vec::new();
    let method = BasicPublish {
        exchange: short(exchange).into(),
        routing_key: short(routing_key).into(),
        ..BasicPublish::default()
    };
    encode_method(&mut octets, ONE, &method.into());
    let mut properties = Vec::new();
    let persistent = Properties {
        delivery_mode: Some(2),
        headers: headers.map(TableRef::new),
        ..Properties::default()
    };
    persistent.encode(&mut properties);
    encode_content_header(&mut octets, ONE, 60, 4, PropertiesRef::new(&properties));
    encode_body(&mut octets, ONE, b"body", 131_072);
    octets
}

pub(super) fn state(client: &Script) -> &'static str {
    let [session] = &client.broker.sessions()[..] else {
        panic!("one session");
    };
    session.traffic.state(client.now.transport).word()
}

/// A client with the durable queue `q`, and its store.
pub(super) fn client() -> (Script, Arc<ScriptedStore>) {
    let store = Arc::new(ScriptedStore::behind());
    let desk = broker_on(Arc::<ScriptedStore>::clone(&store), |_| {});
    let mut client = Script::tuned(desk, TUNE_OK);
    client.say(ONE, ChannelOpen::default());
    client.say(
        ONE,
        QueueDeclare {
            queue: short("q"),
            durable: true,
            ..QueueDeclare::default()
        },
    );
    assert_eq!(client.heard().len(), 2);
    client.wait_ms(1);
    (client, store)
}

#[test]
fn what_waits_for_the_disk_pauses_its_publisher_until_the_store_has_caught_up() {
    let (mut client, store) = client();
    client.octets(&persistent());
    assert_eq!(client.connection.flow(), Flow::Read, "within the budget");
    assert_eq!(state(&client), "running");
    store.is_over_budget.store(true, Ordering::Relaxed);
    client.octets(&persistent());
    assert_eq!(client.connection.flow(), Flow::Pause);
    assert_eq!(state(&client), "flow");
    client.octets(&persistent());
    assert!(client.unread() > 0);
    let position = store.catch_up();
    client.mail(Mail::Durable(Position(position.0 - 1)));
    assert_eq!(client.connection.flow(), Flow::Pause, "not far enough");
    store.is_over_budget.store(false, Ordering::Relaxed);
    client.mail(Mail::Durable(position));
    assert_eq!(client.connection.flow(), Flow::Read);
    client.feed();
    assert_eq!(client.unread(), 0);
    assert_eq!(state(&client), "flow", "it was, a moment ago");
    client.wait_ms(5_000);
    assert_eq!(state(&client), "running");
}

#[test]
fn rows_and_transactions_are_paused_too() {
    let (mut client, store) = client();
    store.is_over_budget.store(true, Ordering::Relaxed);
    client.octets(&persistent().repeat(20));
    assert_eq!(client.connection.flow(), Flow::Pause);
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    client.say(ONE, TxSelect::default());
    client.octets(&persistent());
    assert_eq!(client.connection.flow(), Flow::Read, "nothing is staged");
    client.say(ONE, TxCommit::default());
    assert_eq!(client.connection.flow(), Flow::Pause);
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    assert_eq!(client.connection.flow(), Flow::Read);
    assert_eq!(client.heard(), ["1 tx.select-ok", "1 tx.commit-ok"]);
}

// With a heartbeat of one second a pause of three would have been its end.
#[test]
fn a_peer_that_is_not_read_for_the_disk_is_not_taken_for_dead() {
    let (mut client, store) = client();
    let tune_ok = ConnectionTuneOk {
        heartbeat: 1,
        ..TUNE_OK
    };
    client = Script::tuned(Arc::clone(&client.broker), tune_ok);
    client.say(ONE, ChannelOpen::default());
    store.is_over_budget.store(true, Ordering::Relaxed);
    client.octets(&persistent());
    for _ in 0..20 {
        client.wait_ms(500);
        client.raw();
    }
    assert_eq!(client.connection.flow(), Flow::Pause);
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    client.wait_ms(2_999);
    client.raw();
    assert_eq!(client.connection.flow(), Flow::Read);
    client.wait_ms(1);
    assert_eq!(client.connection.flow(), CUT, "now it is silent");
}

#[test]
fn only_an_alarm_ends_a_paused_connection_whose_peer_is_gone() {
    let (mut client, store) = client();
    store.is_over_budget.store(true, Ordering::Relaxed);
    client.octets(&persistent());
    client.connection.on_lost(client.now, &Lost::Unread);
    assert_eq!(client.connection.flow(), Flow::Pause, "a short one");
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    client.mail(Mail::Blocked(Some("low on memory")));
    assert_eq!(state(&client), "flow");
    client.octets(&persistent());
    assert_eq!(state(&client), "blocked");
    client.connection.on_lost(client.now, &Lost::Unread);
    assert_eq!(client.connection.flow(), CUT);
    assert_eq!(client.broker.counts.connections(), 0);
}

#[test]
fn an_alarm_is_shown_before_its_connection_publishes() {
    let (mut client, _store) = client();
    client.mail(Mail::Blocked(Some("low on memory")));
    client.say(ONE, ChannelFlow { active: true });
    assert_eq!(state(&client), "blocking");
    client.octets(&persistent());
    assert_eq!(state(&client), "blocked");
    client.mail(Mail::Blocked(None));
    client.feed();
    assert_eq!(state(&client), "running");
}

#[test]
fn octets_and_frames_are_counted_both_ways() {
    let (mut client, _store) = client();
    let session = Arc::clone(&client.broker.sessions()[0]);
    let traffic = &session.traffic;
    let before = (traffic.frames_in(), traffic.octets_in());
    let publishes = persistent().repeat(20);
    client.octets(&publishes);
    let read = (
        traffic.frames_in() - before.0,
        traffic.octets_in() - before.1,
    );
    assert_eq!(
        read,
        (60, publishes.len() as u64),
        "rows are counted as frames"
    );
    let before = (traffic.frames_out(), traffic.octets_out());
    client.say(
        ONE,
        BasicConsume {
            queue: short("q"),
            no_ack: true,
            ..BasicConsume::default()
        },
    );
    client.connection.on_mail(client.now, Waker::noop());
    let written = client.raw().len() as u64;
    let shown = (
        traffic.frames_out() - before.0,
        traffic.octets_out() - before.1,
    );
    assert_eq!(
        shown,
        (1 + 20 * 3, written),
        "consume-ok and the deliveries"
    );
}

#[test]
fn a_session_says_where_its_connection_comes_from_and_how_it_logged_in() {
    let (client, _store) = client();
    let session = &client.broker.sessions()[0];
    assert_eq!(session.protocol, "AMQP 0-9-1");
    assert_eq!(session.mechanism, "PLAIN");
    assert_eq!(session.tuned.channel_max, 2047);
    assert_eq!(session.origin.peer.port(), 50_000);
    assert_eq!(session.origin.local.port(), 5672);
    assert_eq!(session.traffic.channels(), 1);
}

#[test]
fn a_delayed_message_is_confirmed_when_it_is_durable() {
    let (mut client, store) = client();
    let arguments = Table::new().with("x-delayed-type", "direct").to_bytes();
    client.say(
        ONE,
        ExchangeDeclare {
            exchange: short("later"),
            type_: short("x-delayed-message"),
            durable: true,
            arguments: TableRef::new(&arguments),
            ..ExchangeDeclare::default()
        },
    );
    client.say(ONE, ConfirmSelect::default());
    assert_eq!(client.heard().len(), 2);
    let delay = Table::new().with("x-delay", 1000).to_bytes();
    let delayed = persistent_to("later", "q", Some(&delay));
    client.octets(&delayed);
    // Those of one batch are delayed first, and then the others are stored.
    client.octets(&[persistent(), delayed, persistent()].concat());
    assert_eq!(client.heard(), Vec::<String>::new());
    let position = store.catch_up();
    client.mail(Mail::Durable(position));
    assert_eq!(client.heard(), ["1 basic.ack delivery-tag=4 multiple"]);
}

// Each was answered at once, though a power cut could still undo what the other connection had
// done a moment before.
#[test]
fn an_answer_waits_for_what_another_connection_has_just_made_or_removed() {
    let (mut first, store) = client();
    let mut second = Script::tuned(Arc::clone(&first.broker), TUNE_OK);
    second.say(ONE, ChannelOpen::default());
    second.heard();
    store.defines_late.store(true, Ordering::Relaxed);
    let queue = QueueDeclare {
        queue: short("r"),
        durable: true,
        ..QueueDeclare::default()
    };
    let exchange = ExchangeDeclare {
        exchange: short("x"),
        type_: short("direct"),
        durable: true,
        ..ExchangeDeclare::default()
    };
    let bind = QueueBind {
        queue: short("r"),
        exchange: short("x"),
        ..QueueBind::default()
    };
    let unbind = QueueUnbind {
        queue: short("r"),
        exchange: short("x"),
        ..QueueUnbind::default()
    };
    let delete = QueueDelete {
        queue: short("r"),
        ..QueueDelete::default()
    };
    let remove = ExchangeDelete {
        exchange: short("x"),
        ..ExchangeDelete::default()
    };
    let (mut look, mut seek) = (queue, exchange);
    (look.passive, seek.passive) = (true, true);
    let pairs: [(Method<'_>, Method<'_>); 8] = [
        (queue.into(), queue.into()),
        (queue.into(), look.into()),
        (exchange.into(), exchange.into()),
        (exchange.into(), seek.into()),
        (bind.into(), bind.into()),
        (unbind.into(), unbind.into()),
        (delete.into(), delete.into()),
        (remove.into(), remove.into()),
    ];
    for (does, sees) in pairs {
        first.say(ONE, does);
        second.say(ONE, sees);
        let is_new = first.heard().is_empty();
        assert_eq!(second.heard().is_empty(), is_new, "{sees}");
        let position = store.catch_up();
        for client in [&mut first, &mut second].into_iter().filter(|_| is_new) {
            client.mail(Mail::Durable(position));
            assert_eq!(client.heard().len(), 1);
        }
    }
}
