//! Exchanges that remember: x-delayed-message, x-recent-history, x-message-deduplication.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use leveret::broker::Broker;
use leveret::clock::Clock;

use crate::talker::Client;

struct Stage {
    broker: Broker,
    client: Client,
}

impl Stage {
    /// A queue `q` bound to an exchange `x` of this type.
    fn new(kind: &str, arguments: &str) -> Self {
        let broker = Broker::builder().clock(Clock::test()).start().unwrap();
        let mut stage = Self {
            client: Client::new(&broker),
            broker,
        };
        stage.exchange("x", kind, arguments);
        stage.queue("q", "k");
        stage
    }

    fn delaying(inner: &str) -> Self {
        Self::new("x-delayed-message", &format!("x-delayed-type: '{inner}'"))
    }

    fn exchange(&mut self, name: &str, kind: &str, arguments: &str) {
        let heard = self.client.ask(&format!(
            "exchange.declare exchange='{name}' type='{kind}' arguments={{{arguments}}}"
        ));
        assert_eq!(heard, "exchange.declare-ok");
    }

    fn queue(&mut self, name: &str, key: &str) {
        self.client.declare(name, "");
        let heard = self.client.ask(&format!(
            "queue.bind queue='{name}' exchange='x' routing-key='{key}'"
        ));
        assert_eq!(heard, "queue.bind-ok");
    }

    fn publish(&mut self, key: &str, body: &str, headers: &str) {
        self.client.say(&format!(
            "basic.publish exchange='x' routing-key='{key}' body='{body}' \
             {{headers={{{headers}}}}}"
        ));
    }

    fn delayed(&mut self, body: &str, ms: i64) {
        self.publish("k", body, &format!("x-delay: l{ms}"));
    }

    fn pass(&mut self, ms: u64) {
        self.client.sync();
        self.broker.clock().advance(Duration::from_millis(ms));
    }

    fn drain(&mut self) -> Vec<String> {
        self.client.drain("q")
    }
}

#[test]
fn a_transaction_delays_its_messages_from_its_commit_on() {
    let mut stage = Stage::delaying("direct");
    assert_eq!(stage.client.ask("tx.select"), "tx.select-ok");
    stage.delayed("rolled back", 1000);
    stage.pass(1000);
    assert_eq!(stage.drain(), [""; 0], "it was not committed");
    assert_eq!(stage.client.ask("tx.rollback"), "tx.rollback-ok");
    stage.delayed("committed", 1000);
    stage.pass(500);
    assert_eq!(stage.client.ask("tx.commit"), "tx.commit-ok");
    stage.pass(999);
    assert_eq!(stage.drain(), [""; 0]);
    stage.pass(1);
    assert_eq!(stage.drain(), ["committed"]);
    stage.pass(10_000);
    assert_eq!(stage.drain(), [""; 0]);
}

#[test]
fn delayed_messages_come_in_the_order_in_which_they_are_due() {
    let mut stage = Stage::delaying("direct");
    for (body, ms) in [
        ("third", 3000),
        ("first", 1000),
        ("second", 2000),
        ("second too", 2000),
    ] {
        stage.delayed(body, ms);
    }
    stage.pass(2000);
    assert_eq!(stage.drain(), ["first", "second", "second too"]);
    stage.pass(1000);
    assert_eq!(stage.drain(), ["third"]);
}

#[test]
fn a_delayed_message_counts_in_no_queue_and_comes_with_its_delay_negated() {
    let mut stage = Stage::delaying("direct");
    stage.delayed("m", 5000);
    stage.pass(4999);
    assert_eq!(stage.client.ready("q"), 0);
    stage.pass(1);
    let heard = stage.client.ask("basic.get queue='q' no-ack");
    assert!(heard.contains("headers={x-delay: l-5000}"), "{heard}");
}

#[test]
fn no_delay_is_no_wait() {
    let mut stage = Stage::delaying("direct");
    stage.publish("k", "none", "");
    stage.delayed("zero", 0);
    stage.delayed("negative", -5);
    assert_eq!(stage.drain(), ["none", "zero", "negative"]);
}

#[test]
fn a_delayed_message_is_confirmed_at_once_and_never_returned() {
    let mut stage = Stage::delaying("direct");
    stage.client.ask("confirm.select");
    let heard = stage.client.ask(
        "basic.publish exchange='x' routing-key='nowhere' mandatory body='m' \
         {headers={x-delay: I1000}}",
    );
    assert_eq!(heard, "basic.ack delivery-tag=1");
    stage.pass(1000);
    stage.client.sync();
}

#[test]
fn a_message_that_is_not_delayed_is_returned_as_anywhere() {
    let mut stage = Stage::delaying("direct");
    let heard = stage
        .client
        .ask("basic.publish exchange='x' routing-key='nowhere' mandatory body='m'");
    assert!(heard.starts_with("basic.return code=312"), "{heard}");
}

#[test]
fn bindings_count_when_the_delay_is_over() {
    let mut stage = Stage::delaying("topic");
    stage.publish("a.b", "m", "x-delay: I1000");
    stage.client.sync();
    stage
        .client
        .ask("queue.bind queue='q' exchange='x' routing-key='a.*'");
    stage.pass(1000);
    assert_eq!(stage.drain(), ["m"]);
}

#[test]
fn delayed_messages_are_lost_with_their_exchange() {
    let mut stage = Stage::delaying("direct");
    stage.delayed("m", 1000);
    assert_eq!(
        stage.client.ask("exchange.delete exchange='x'"),
        "exchange.delete-ok"
    );
    stage.exchange("x", "x-delayed-message", "x-delayed-type: 'direct'");
    stage
        .client
        .ask("queue.bind queue='q' exchange='x' routing-key='k'");
    stage.pass(1000);
    assert_eq!(stage.client.ready("q"), 0);
}

#[test]
fn every_delaying_exchange_on_the_way_delays_once() {
    let mut stage = Stage::delaying("fanout");
    stage.exchange("y", "x-delayed-message", "x-delayed-type: 'fanout'");
    stage.client.ask("exchange.bind destination='x' source='y'");
    stage
        .client
        .say("basic.publish exchange='y' body='m' {headers={x-delay: I1000}}");
    stage.pass(1000);
    assert_eq!(stage.drain(), ["m"], "the delay is negative by now");
}

#[test]
fn the_longest_delay_is_no_trouble() {
    let mut stage = Stage::delaying("direct");
    stage.delayed("m", i64::MAX);
    stage.pass(1000 * 3600 * 24 * 365 * 100);
    assert_eq!(stage.client.ready("q"), 0);
}

#[test]
fn a_delaying_exchange_needs_an_inner_type() {
    for arguments in ["", "x-delayed-type: 'nope'", "x-delayed-type: I1"] {
        let broker = Broker::builder().start().unwrap();
        let heard = Client::new(&broker).ask(&format!(
            "exchange.declare exchange='x' type='x-delayed-message' arguments={{{arguments}}}"
        ));
        assert!(
            heard.starts_with("channel.close code=406"),
            "{arguments}: {heard}"
        );
        assert!(
            heard.contains("'x-delayed-type' must be an existing exchange type"),
            "{heard}"
        );
    }
}

#[test]
fn a_new_binding_gets_the_recent_history() {
    let mut stage = Stage::new("x-recent-history", "x-recent-history-length: I2");
    for body in ["one", "two", "three"] {
        stage.publish("k", body, "");
    }
    stage.publish("k", "secret", "x-recent-history-no-store: true");
    stage.client.sync();
    assert_eq!(stage.drain(), ["one", "two", "three", "secret"]);
    stage.queue("late", "k");
    assert_eq!(stage.client.drain("late"), ["two", "three"]);
}

#[test]
fn the_history_is_twenty_messages_long() {
    let mut stage = Stage::new("x-recent-history", "");
    for number in 0..25 {
        stage.publish("k", &number.to_string(), "");
    }
    stage.client.sync();
    stage.queue("late", "k");
    let expected: Vec<String> = (5..25).map(|number| number.to_string()).collect();
    assert_eq!(stage.client.drain("late"), expected);
}

#[test]
fn the_history_reaches_queues_behind_a_bound_exchange() {
    let mut stage = Stage::new("x-recent-history", "");
    stage.publish("k", "old", "");
    stage.client.declare("behind", "");
    stage
        .client
        .ask("queue.bind queue='behind' exchange='amq.fanout'");
    let bound = stage
        .client
        .ask("exchange.bind destination='amq.fanout' source='x'");
    assert_eq!(bound, "exchange.bind-ok");
    assert_eq!(stage.client.drain("behind"), ["old"]);
}

#[test]
fn an_exchange_drops_duplicates_for_as_long_as_it_remembers() {
    let mut stage = Stage::new(
        "direct",
        "x-message-deduplication: true, x-cache-size: I10, x-cache-ttl: I1000",
    );
    for body in ["first", "again"] {
        stage.publish("k", body, "x-deduplication-header: 'a'");
    }
    stage.publish("k", "unmarked", "");
    stage.publish("k", "unmarked too", "");
    assert_eq!(stage.drain(), ["first", "unmarked", "unmarked too"]);
    stage.pass(1001);
    stage.publish("k", "later", "x-deduplication-header: 'a'");
    assert_eq!(stage.drain(), ["later"]);
}

#[test]
fn an_exchange_remembers_only_as_many_as_it_was_told() {
    let mut stage = Stage::new("direct", "x-message-deduplication: true, x-cache-size: I2");
    for value in ["a", "b", "c", "a", "c"] {
        stage.publish("k", value, &format!("x-deduplication-header: '{value}'"));
    }
    assert_eq!(stage.drain(), ["a", "b", "c", "a"]);
}

#[test]
fn a_queue_drops_duplicates_and_confirms_them() {
    let mut stage = Stage::new("direct", "");
    stage
        .client
        .declare("once", "x-message-deduplication: true");
    stage
        .client
        .ask("queue.bind queue='once' exchange='x' routing-key='k'");
    stage.client.ask("confirm.select");
    for tag in 1..=2 {
        stage.publish("k", &format!("m{tag}"), "x-deduplication-header: 'a'");
        assert_eq!(stage.client.hear(), format!("basic.ack delivery-tag={tag}"));
    }
    assert_eq!(stage.client.drain("once"), ["m1"]);
    assert_eq!(stage.drain(), ["m1", "m2"]);
}

#[test]
fn a_dead_letter_that_is_delayed_goes_to_other_queues_at_once() {
    let mut stage = Stage::delaying("direct");
    stage.queue("q", "jobs");
    stage.exchange("dlx", "fanout", "");
    stage.client.declare("dead", "");
    for line in [
        "queue.declare queue='jobs' \
         arguments={x-max-length: I0, x-dead-letter-exchange: 'dlx'}",
        "queue.bind queue='dead' exchange='dlx'",
        "exchange.bind destination='x' source='dlx'",
    ] {
        stage.client.ask(line);
    }
    stage
        .client
        .say("basic.publish routing-key='jobs' body='job' {headers={x-delay: l1000}}");
    stage.client.sync();
    assert_eq!(stage.client.drain("dead"), ["job"]);
    assert_eq!(stage.drain(), Vec::<String>::new());
    stage.pass(1000);
    assert_eq!(stage.drain(), ["job"]);
}
