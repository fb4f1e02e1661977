//! What is counted of messages: by exchange, by channel, by vhost and for the whole broker.
//!
//! Seen: RabbitMQ 4.3.6: the same conversation gives the same numbers in `/api/exchanges`,
//! `/api/channels`, `/api/vhosts/V`, `/metrics` and `/metrics/detailed`.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use leveret::broker::{Broker, NewMessage};
use leveret::clock::Clock;
use leveret::internals::desk::rates::{Subject, Windows};
use leveret::internals::desk::views::{ChannelView, Scope};
use leveret::internals::inquiry::{ChannelExchange, ChannelQueue, ChannelSnapshot};
use leveret::internals::limits::REACHED_MAX;
use leveret::internals::queue::DeathTotals;
use leveret::internals::tally::{ExchangeTotals, MessageTotals, ReadTotals, SizeTotals};

use crate::talker::{Client, eventually};
use crate::views::channels;

fn broker() -> Broker {
    Broker::builder().start().unwrap()
}

fn exchange(broker: &Broker, name: &str) -> ExchangeTotals {
    broker.desk().exchange("/", name).unwrap().totals
}

fn read(broker: &Broker) -> ReadTotals {
    broker.desk().turnover(Scope::All).messages.classic
}

fn channel(broker: &Broker, number: u16) -> ChannelView {
    let (views, _) = channels(broker);
    let mut views = views.into_iter();
    let is_it = |view: &ChannelView| view.snapshot.number.0 == number;
    views.find(is_it).unwrap()
}

/// Exchanges `x` to `y` to the queues `q` and `dead`; `q` dead-letters to `dlx`, which leads to
/// `dead`; `full` has room for one message.
fn furnished(broker: &Broker) -> Client {
    let mut client = Client::new(broker);
    for exchange in ["dlx", "x", "y"] {
        let declare = format!("exchange.declare exchange='{exchange}' type='fanout'");
        assert_eq!(client.ask(&declare), "exchange.declare-ok");
    }
    client.declare("dead", "");
    client.declare("full", "x-max-length: 1, x-overflow: 'reject-publish'");
    client.declare("q", "x-dead-letter-exchange: 'dlx'");
    for (queue, exchange) in [("dead", "dlx"), ("q", "y"), ("dead", "y")] {
        client.ask(&format!("queue.bind queue='{queue}' exchange='{exchange}'"));
    }
    client.ask("exchange.bind destination='y' source='x'");
    client
}

#[test]
fn publishes_count_at_the_exchange_they_were_published_to() {
    let broker = broker();
    let mut client = furnished(&broker);
    client.ask("confirm.select");
    assert_eq!(
        client.ask("basic.publish routing-key='full' body='1'"),
        "basic.ack delivery-tag=1"
    );
    let refused = client.ask("basic.publish routing-key='full' body='2'");
    assert!(refused.starts_with("basic.nack "), "{refused}");
    client.ask("basic.publish exchange='x' body='3'");
    let returned = client.ask("basic.publish routing-key='nowhere' mandatory body='4'");
    assert!(returned.starts_with("basic.return "), "{returned}");
    client.hear();
    client.ask("basic.publish routing-key='nowhere' body='5'");
    let of_default = ExchangeTotals {
        published_in: 4,
        published_out: 2,
        confirmed: 3,
        returned_unroutable: 1,
        dropped_unroutable: 1,
    };
    assert_eq!(exchange(&broker, ""), of_default);
    let of_x = ExchangeTotals {
        published_in: 1,
        published_out: 2,
        confirmed: 1,
        ..ExchangeTotals::default()
    };
    assert_eq!(exchange(&broker, "x"), of_x);
    // What comes by a binding or by a dead letter counts at no exchange.
    assert_eq!(exchange(&broker, "y"), ExchangeTotals::default());
    let counters = channel(&broker, 1).snapshot;
    let by_exchange = |exchange: &str, totals: ExchangeTotals| ChannelExchange {
        exchange: exchange.to_owned(),
        published: totals.published_in,
        confirmed: totals.confirmed,
        returned_unroutable: totals.returned_unroutable,
        dropped_unroutable: totals.dropped_unroutable,
    };
    assert_eq!(
        counters.exchanges,
        [by_exchange("", of_default), by_exchange("x", of_x)]
    );
    let counters = counters.counters;
    assert_eq!((counters.published, counters.confirmed), (5, 4));
    let totals = broker.desk().turnover(Scope::All).messages;
    let expected = MessageTotals {
        published: 5,
        published_confirm: 5,
        confirmed: 4,
        routed: 4,
        returned_unroutable: 1,
        dropped_unroutable: 1,
        publishers_begun: 1,
        sizes: totals.sizes,
        ..MessageTotals::default()
    };
    assert_eq!(totals, expected);
}

/// What of a channel's messages came to queues: `queue < exchange: messages`.
fn reached(broker: &Broker, number: u16) -> Vec<String> {
    let ChannelSnapshot { mut reached, .. } = channel(broker, number).snapshot;
    reached.sort_by(|one, other| (&one.queue, &one.exchange).cmp(&(&other.queue, &other.exchange)));
    let each = reached.into_iter();
    let lines = each.map(|one| format!("{} < {}: {}", one.queue, one.exchange, one.published));
    lines.collect()
}

// Seen: RabbitMQ 4.3.6, `/metrics/detailed?family=channel_queue_exchange_metrics`.
#[test]
fn what_came_to_queues_counts_by_channel_queue_and_exchange() {
    let broker = broker();
    let mut client = furnished(&broker);
    client.declare("s", "x-queue-type: 'stream'");
    client.ask("queue.bind queue='s' exchange='x'");
    // One after the other and in turns, so that batches have one exchange or several.
    for _ in 0..3 {
        client.say("basic.publish exchange='x' body='1'");
    }
    for _ in 0..4 {
        client.say("basic.publish exchange='y' body='1'");
        client.say("basic.publish routing-key='q' body='1'");
    }
    client.say("basic.publish routing-key='nowhere' body='1'");
    client.sync();
    let expected = [
        "dead < x: 3",
        "dead < y: 4",
        "q < : 4",
        "q < x: 3",
        "q < y: 4",
        "s < x: 3",
    ];
    assert_eq!(reached(&broker, 1), expected);
    client.ask("2> channel.open");
    client.ask("2> tx.select");
    client.say("2> basic.publish routing-key='q' body='1'");
    assert_eq!(reached(&broker, 2), [""; 0]);
    client.ask("2> tx.commit");
    client.say("2> basic.publish exchange='y' body='1'");
    client.ask("2> tx.commit");
    assert_eq!(reached(&broker, 2), ["dead < y: 1", "q < : 1", "q < y: 1"]);
    // Dead letters are of no channel.
    client.ask("basic.get queue='q'");
    client.say("basic.reject delivery-tag=1");
    client.ask("queue.delete queue='s'");
    assert_eq!(reached(&broker, 1), &expected[..5]);
}

// 64 exchanges with the same 1,024 queues made 65,536 counts of a channel, which every page of
// metrics copied.
#[test]
fn what_a_channel_counts_by_queue_and_exchange_is_bounded() {
    let broker = broker();
    let mut client = Client::new(&broker);
    for exchange in ["a", "b"] {
        client.ask(&format!(
            "exchange.declare exchange='{exchange}' type='fanout'"
        ));
    }
    for n in 0..REACHED_MAX - 1 {
        let queue = format!("q{n}");
        client.declare(&queue, "");
        client.ask(&format!("queue.bind queue='{queue}' exchange='a'"));
        client.ask(&format!("queue.bind queue='{queue}' exchange='b'"));
    }
    for exchange in ["a", "b"] {
        client.say(&format!("basic.publish exchange='{exchange}' body='1'"));
        client.sync();
    }
    assert_eq!(reached(&broker, 1).len(), REACHED_MAX);
    assert_eq!(exchange(&broker, "b").published_out, REACHED_MAX as u64 - 1);
    // Only pages that show it ask for it.
    let answers = broker.desk().ask_channels(Scope::All, None);
    eventually("the channel is shown without it", || {
        let (channels, _) = broker.desk().channels(&answers);
        channels.iter().any(|view| view.snapshot.reached.is_empty())
    });
}

// Seen: RabbitMQ 4.3.6, `publishers` in `/api/queues`.
#[test]
fn open_channels_that_have_published_are_publishers_of_a_quorum_queue() {
    let broker = broker();
    let mut client = Client::new(&broker);
    client.declare("q", "x-queue-type: 'quorum'");
    let publishers = || {
        let queue = broker.desk().queue("/", "q").unwrap();
        queue.quorum.unwrap().publishers
    };
    assert_eq!(publishers(), 0);
    client.publish("q", "m");
    client.publish("q", "m");
    client.sync();
    assert_eq!(publishers(), 1);
    client.ask("2> channel.open");
    client.ask("2> confirm.select");
    client.ask("2> basic.publish routing-key='q' body='m'");
    client.ask("3> channel.open");
    client.ask("3> tx.select");
    client.say("3> basic.publish routing-key='q' body='m'");
    client.ask("3> tx.commit");
    assert_eq!(publishers(), 3);
    client.ask("2> channel.close");
    assert_eq!(publishers(), 2);
    // What comes over HTTP leaves no publisher.
    let vhost = broker.vhost("/").unwrap();
    vhost.publish(&NewMessage::to_queue("q")).unwrap();
    assert_eq!(publishers(), 2);
    client.leave();
    eventually("no publisher is left", || publishers() == 0);
}

#[test]
fn reads_count_at_their_queue_and_stay_when_the_consumer_goes() {
    let broker = broker();
    let mut client = furnished(&broker);
    client.say("basic.publish exchange='y' body='1'");
    client.ask("basic.get queue='q'");
    client.say("basic.reject delivery-tag=1");
    assert_eq!(client.ask("basic.get queue='q'"), "basic.get-empty");
    client.ask("basic.get queue='dead'");
    client.say("basic.nack delivery-tag=2 requeue");
    client.ask("basic.get queue='dead'");
    client.say("basic.ack delivery-tag=3");
    client.sync();
    let of_q = ReadTotals {
        got: 1,
        got_empty: 1,
        ..ReadTotals::default()
    };
    let of_dead = ReadTotals {
        got: 2,
        redelivered: 1,
        acked: 1,
        ..ReadTotals::default()
    };
    let by_queue = |queue: &str, totals| ChannelQueue {
        queue: queue.to_owned(),
        totals,
    };
    let queues = channel(&broker, 1).snapshot.queues;
    assert_eq!(queues, [by_queue("dead", of_dead), by_queue("q", of_q)]);
    assert_eq!(read(&broker), of_dead.plus(of_q));
    // A consumer takes the dead letter, and goes. It was delivered before, in the other queue.
    client.ask("basic.consume queue='dead' consumer-tag='c' no-ack");
    client.hear();
    client.ask("basic.cancel consumer-tag='c'");
    let more = ReadTotals {
        delivered_no_ack: 1,
        redelivered: 1,
        ..ReadTotals::default()
    };
    let snapshot = channel(&broker, 1).snapshot;
    let expected = [by_queue("dead", of_dead.plus(more)), by_queue("q", of_q)];
    assert_eq!(snapshot.queues, expected);
    assert_eq!(snapshot.counters.delivered_no_ack, 1);
    assert_eq!(snapshot.counters.acked, 1);
}

#[test]
fn transaction_counts_as_received_at_once_and_as_published_at_its_commit() {
    let broker = broker();
    let mut client = furnished(&broker);
    client.ask("tx.select");
    client.say("basic.publish exchange='y' body='1'");
    client.ask("tx.rollback");
    client.say("basic.publish exchange='y' body='2'");
    client.ask("tx.commit");
    let totals = broker.desk().turnover(Scope::All).messages;
    assert_eq!((totals.published, totals.published_confirm), (2, 2));
    assert_eq!(totals.routed, 2);
    assert_eq!(exchange(&broker, "y").published_in, 1);
    assert_eq!(channel(&broker, 1).snapshot.counters.published, 1);
}

#[test]
fn what_comes_without_a_connection_counts_as_by_the_http_api() {
    let broker = broker();
    let _client = furnished(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.publish(&NewMessage::to_exchange("y", "")).unwrap();
    let message = NewMessage::to_queue("nowhere");
    vhost.publish(&message).unwrap();
    let expected = MessageTotals {
        published: 2,
        published_confirm: 2,
        confirmed: 2,
        routed: 2,
        returned_unroutable: 1,
        sizes: SizeTotals {
            ranges: [2, 0, 0, 0, 0, 0, 0, 0, 0],
            bytes: 0,
        },
        ..MessageTotals::default()
    };
    let desk = broker.desk();
    assert_eq!(desk.turnover(Scope::All).messages, expected);
    assert_eq!(desk.turnover(Scope::Vhost("/")).messages, expected);
    assert_eq!(exchange(&broker, "y").published_out, 2);
    assert_eq!(exchange(&broker, "").returned_unroutable, 1);
}

#[test]
fn what_a_connection_did_stays_counted_when_it_is_gone() {
    let broker = broker();
    let mut client = furnished(&broker);
    client.say("basic.publish exchange='y' body='1'");
    client.ask("basic.get queue='q' no-ack");
    let desk = broker.desk();
    let before = desk.turnover(Scope::All);
    assert_eq!(before.messages.publishers(), 1);
    assert!(before.traffic.read_bytes > 0 && before.traffic.written_frames > 0);
    drop(client);
    eventually("the connection is gone", || {
        desk.churn().connections_closed == 1
    });
    let after = desk.turnover(Scope::All);
    assert_eq!(after.messages.read(), before.messages.read());
    assert_eq!(after.messages.published, before.messages.published);
    assert_eq!(after.messages.publishers(), 0);
    assert!(after.traffic.read_bytes >= before.traffic.read_bytes);
    assert_eq!(desk.turnover(Scope::Vhost("/")), after);
    assert_eq!(desk.turnover_by_protocol(), [("AMQP 0-9-1", after)]);
}

/// The rows that are not all zero, as `quorum at_most_once expired 1`.
fn deaths(broker: &Broker) -> String {
    let counts = |row: &DeathTotals| {
        [
            ("rejected", row.rejected),
            ("expired", row.expired),
            ("maxlen", row.maxlen),
            ("delivery_limit", row.delivery_limit),
            ("confirmed", row.confirmed),
        ]
    };
    let mut words = Vec::new();
    for row in broker.desk().deaths() {
        let died = counts(&row).into_iter().filter(|(_, count)| *count > 0);
        let died: Vec<String> = died.map(|(why, count)| format!(" {why} {count}")).collect();
        if !died.is_empty() {
            words.push(format!(
                "{} {}{}",
                row.queue_kind,
                row.strategy,
                died.concat()
            ));
        }
    }
    words.join(", ")
}

/// How a queue is declared, what is said to it, and what dies: each is what RabbitMQ 4.3.6 counts
/// in `/metrics`.
#[test]
fn deaths_count_by_type_strategy_and_reason() {
    let sink = "x-dead-letter-exchange: '', x-dead-letter-routing-key: 'sink'";
    let nowhere = "x-dead-letter-exchange: 'missing'";
    let quorum = "x-queue-type: 'quorum'";
    let sure = "x-dead-letter-strategy: 'at-least-once', x-overflow: 'reject-publish'";
    let expiring = "basic.publish routing-key='q' body='a' {expiration='10'}";
    let plain = "basic.publish routing-key='q' body='a'";
    let two = [plain, plain];
    let cases: &[(&[&str], &[&str], &str)] = &[
        (&[], &[expiring], "classic disabled expired 1"),
        (&["x-max-length: 1"], &two, "classic disabled maxlen 1"),
        (&[nowhere], &[expiring], "classic disabled expired 1"),
        (&[sink], &[expiring], "classic at_most_once expired 1"),
        (
            &[sink, "x-max-length: 1", "x-overflow: 'reject-publish-dlx'"],
            &two,
            "classic at_most_once maxlen 1",
        ),
        (
            &["x-max-length: 1", "x-overflow: 'reject-publish'"],
            &two,
            "",
        ),
        (&[quorum], &[expiring], "quorum disabled expired 1"),
        (&[quorum, nowhere], &[expiring], "quorum disabled expired 1"),
        (
            &[quorum, sink],
            &[expiring],
            "quorum at_most_once expired 1",
        ),
        (
            &[quorum, sink, sure],
            &[expiring],
            "quorum at_least_once expired 1 confirmed 1",
        ),
    ];
    for (arguments, said, expected) in cases {
        let broker = Broker::builder().clock(Clock::test()).start().unwrap();
        let mut client = Client::new(&broker);
        client.declare("sink", "");
        client.declare("q", &arguments.join(", "));
        for line in *said {
            client.say(line);
        }
        client.sync();
        broker.clock().advance(Duration::from_secs(1));
        assert_eq!(deaths(&broker), *expected, "{arguments:?}");
    }
}

#[test]
fn rejected_messages_and_those_that_come_back_too_often_count_as_dead() {
    let broker = Broker::builder().clock(Clock::test()).start().unwrap();
    let mut client = Client::new(&broker);
    let sure = "x-dead-letter-strategy: 'at-least-once', x-overflow: 'reject-publish'";
    let missing = "x-dead-letter-exchange: '', x-dead-letter-routing-key: 'missing'";
    client.declare(
        "q",
        &format!("x-queue-type: 'quorum', x-delivery-limit: 0, {missing}, {sure}"),
    );
    client.publish("q", "a");
    client.ask("basic.get queue='q'");
    client.say("basic.reject delivery-tag=1");
    client.publish("q", "b");
    client.ask("basic.get queue='q'");
    client.say("basic.reject delivery-tag=2 requeue");
    client.sync();
    let expected = "quorum at_least_once rejected 1 delivery_limit 1";
    assert_eq!(deaths(&broker), expected);
    // Those that are tried again died once.
    broker.clock().advance(Duration::from_secs(30));
    assert_eq!(deaths(&broker), expected);
}

/// A channel is asked by mail; what it did in between is its rate.
#[test]
fn channels_and_connections_have_rates_too() {
    let broker = broker();
    let mut client = furnished(&broker);
    let desk = broker.desk();
    let connection = channel(&broker, 1).snapshot.connection.0;
    let ask = |subject: &Subject, counter: &str| {
        let trends = desk.trends(subject, &Windows::default()).unwrap();
        let mut trends = trends.into_iter();
        trends.find(|trend| trend.name == counter)
    };
    let number = 1;
    let of_channel = Subject::Channel { connection, number };
    let of_connection = Subject::Connection(connection);
    let first = ask(&of_connection, "recv_oct").unwrap();
    assert!(first.value > 0 && first.rate == 0.0, "{first:?}");
    assert_eq!(ask(&of_channel, "publish"), None, "nothing is known yet");
    client.say("basic.publish exchange='y' body='1'");
    client.sync();
    // A rate is that of the last second, so it is 0 again soon after.
    for (subject, counter) in [(&of_channel, "publish"), (&of_connection, "recv_oct")] {
        eventually("what comes in has a rate", || {
            client.say("basic.publish exchange='y' body='1'");
            client.sync();
            ask(subject, counter).is_some_and(|trend| trend.rate > 0.0)
        });
    }
    let connection = u64::MAX;
    let none = Subject::Channel { connection, number };
    assert_eq!(desk.trends(&none, &Windows::default()), None);
}

#[test]
fn the_process_is_measured_and_logins_are_counted() {
    let broker = broker();
    let _client = Client::new(&broker);
    let mut stranger = Client::raw(&broker);
    stranger.say("protocol-header 'AMQP\\x00\\x00\\x09\\x01'");
    stranger.hear();
    stranger.say(
        "connection.start-ok mechanism='PLAIN' response='\\x00guest\\x00wrong' locale='en_US' \
         client-properties={capabilities: {authentication_failure_close: true}}",
    );
    let refused = stranger.hear();
    assert!(refused.contains("ACCESS_REFUSED"), "{refused}");
    let desk = broker.desk();
    let [amqp, http] = desk.login_attempts();
    assert_eq!(
        (amqp.protocol, amqp.succeeded, amqp.failed),
        ("amqp091", 1, 1)
    );
    assert_eq!((http.protocol, http.total()), ("http", 0));
    let measured = desk.measured();
    // The broker listens, and each client has two sockets in this process.
    let sockets = measured.sockets_used.unwrap();
    assert!(sockets >= 5, "{measured:?}");
    let open = measured.descriptors_used.unwrap();
    assert!(open > sockets, "{measured:?}");
    assert!(measured.descriptors_max.is_none_or(|max| max >= open));
    let used = measured.memory_used_bytes.unwrap();
    assert!(used > 1 << 20 && measured.memory_limit_bytes.is_some());
    let parts = desk.memory_parts(&measured);
    assert_eq!(
        parts.queued_bytes + parts.staged_bytes + parts.other_bytes,
        used
    );
}
