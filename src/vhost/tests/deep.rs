//! Lines of exchanges and queues as long as a client likes, walked and taken apart on a thread
//! with hardly any stack. A line of 20,000 exchanges once ended the broker: it was deleted while a
//! channel kept the first, and when that was dropped, each was dropped within the one before it.

use leveret_codec::table::{Table, Value};

use super::fixture::{Fixture, on_small_stack};
use crate::vhost::DeleteIf;

/// Exchanges or queues in a line.
const LINE: usize = 20_000;

fn exchange_at(place: usize) -> String {
    format!("x{place}")
}

fn queue_at(place: usize) -> String {
    format!("q{place}")
}

/// Exchanges, each bound to the next, the last one to the queue `end`.
fn line_of_exchanges(auto_delete: bool) -> Fixture {
    let broker = Fixture::new();
    broker.queue("end", Table::new());
    broker.exchange("x0", |spec| spec.auto_delete = auto_delete);
    for place in 1..LINE {
        let exchange = exchange_at(place);
        broker.exchange(&exchange, |spec| spec.auto_delete = auto_delete);
        broker.bind_exchange(&exchange_at(place - 1), &exchange, "");
    }
    broker.bind_queue(&exchange_at(LINE - 1), "end", "");
    broker
}

#[test]
fn a_line_of_exchanges_is_walked_and_deleted_one_by_one() {
    on_small_stack(|| {
        let broker = line_of_exchanges(false);
        assert_eq!(broker.publish("x0", ""), 1);
        let kept = broker.vhost.exchange("x0").unwrap();
        for place in 0..LINE {
            let exchange = exchange_at(place);
            broker
                .vhost
                .delete_exchange(&"guest".into(), &exchange, false)
                .unwrap();
        }
        assert_eq!(broker.vhost.exchange_count(), 7);
        assert_eq!(broker.vhost.binding_count(), 0);
        drop(kept);
    });
}

#[test]
fn a_line_of_exchanges_is_deleted_from_its_end() {
    on_small_stack(|| {
        let broker = line_of_exchanges(false);
        for place in (0..LINE).rev() {
            let exchange = exchange_at(place);
            broker
                .vhost
                .delete_exchange(&"guest".into(), &exchange, false)
                .unwrap();
        }
        assert_eq!(broker.vhost.binding_count(), 0);
    });
}

#[test]
fn auto_delete_exchanges_go_one_after_the_other() {
    on_small_stack(|| {
        let broker = line_of_exchanges(true);
        let end = broker.vhost.queue("end").unwrap();
        let kept = broker.vhost.exchange("x0").unwrap();
        let deleted =
            broker
                .vhost
                .delete_queue(broker.now(), &"guest".into(), &end, DeleteIf::default());
        assert_eq!(deleted.unwrap().0, 0);
        assert_eq!(broker.vhost.exchange_count(), 7);
        drop(kept);
    });
}

#[test]
fn a_vhost_goes_with_its_line_of_exchanges() {
    on_small_stack(|| {
        let broker = line_of_exchanges(false);
        let kept = broker.vhost.exchange("x0").unwrap();
        drop(broker.vhost.delete_all(broker.now(), &"guest".into()));
        assert_eq!(broker.vhost.binding_count(), 0);
        drop(kept);
    });
}

#[test]
fn a_broker_stops_with_lines_and_circles_of_exchanges() {
    on_small_stack(|| {
        let broker = line_of_exchanges(false);
        broker.bind_exchange(&exchange_at(LINE - 1), "x0", "");
        assert_eq!(broker.publish("x0", ""), 1);
        let first = std::sync::Arc::downgrade(&broker.vhost.exchange("x0").unwrap());
        broker.vhost.let_go(broker.now());
        drop(broker);
        assert!(first.upgrade().is_none(), "an exchange keeps itself alive");
    });
}

#[test]
fn a_line_of_alternate_exchanges_is_followed_and_deleted() {
    on_small_stack(|| {
        let broker = Fixture::new();
        broker.queue("end", Table::new());
        for place in 0..LINE {
            broker.exchange(&exchange_at(place), |spec| {
                let next = exchange_at(place + 1);
                spec.arguments = Table::new().with("alternate-exchange", next);
            });
        }
        broker.exchange(&exchange_at(LINE), |_| {});
        broker.bind_queue(&exchange_at(LINE), "end", "");
        assert_eq!(broker.publish("x0", ""), 1);
        for place in 0..=LINE {
            let exchange = exchange_at(place);
            broker
                .vhost
                .delete_exchange(&"guest".into(), &exchange, false)
                .unwrap();
        }
    });
}

/// Queues, each of which dead-letters to the next after `ttl_ms`; `end` keeps what comes to it.
fn line_of_queues(len: usize, ttl_ms: i32) -> Fixture {
    let broker = Fixture::new();
    for place in 0..len {
        let next = if place + 1 == len {
            "end".to_owned()
        } else {
            queue_at(place + 1)
        };
        let arguments = Table::new()
            .with("x-message-ttl", ttl_ms)
            .with("x-dead-letter-exchange", "")
            .with("x-dead-letter-routing-key", next);
        broker.queue(&queue_at(place), arguments);
    }
    broker.queue("end", Table::new());
    broker
}

#[test]
fn a_message_falls_through_a_line_of_queues() {
    on_small_stack(|| {
        let broker = line_of_queues(500, 0);
        broker.publish("", "q0");
        assert_eq!(broker.ready("end"), 1);
    });
}

#[test]
fn a_message_climbs_a_ladder_of_retries() {
    on_small_stack(|| {
        let broker = line_of_queues(300, 10);
        broker.publish("", "q0");
        broker.advance_ms(300 * 10 - 1);
        assert_eq!(broker.ready("end"), 0);
        broker.advance_ms(1);
        assert_eq!(broker.ready("end"), 1);
    });
}

#[test]
fn a_line_of_queues_over_their_limits_is_one_loop() {
    on_small_stack(|| {
        let broker = Fixture::new();
        for place in 0..500 {
            let arguments = Table::new()
                .with("x-max-length", 0)
                .with("x-dead-letter-exchange", "")
                .with("x-dead-letter-routing-key", queue_at(place + 1));
            broker.queue(&queue_at(place), arguments);
        }
        broker.queue(&queue_at(500), Table::new());
        broker.publish("", "q0");
        assert_eq!(broker.ready(&queue_at(500)), 1);
    });
}

#[test]
fn the_deepest_table_is_read_written_and_shown() {
    on_small_stack(|| {
        let mut table = Table::new().with("end", 1);
        let mut depth = 1;
        while table_fits(&Table::new().with("t", table.clone())) {
            table = Table::new().with("t", table);
            depth += 1;
        }
        assert!(depth >= 100, "{depth} levels");
        let broker = Fixture::new();
        broker.queue("q", Table::new().with("x-odd", table.clone()));
        broker.exchange("x", |spec| {
            spec.type_name = super::fixture::name("headers");
            spec.arguments = Table::new().with("x-odd", table.clone());
        });
        let queue = crate::vhost::Destination::Queue(broker.vhost.queue("q").unwrap());
        let key = super::fixture::name("");
        let wrong = Table::new().with("x-match", Value::Table(table.clone()));
        let refused = broker
            .vhost
            .bind(broker.now(), &"guest".into(), "x", &queue, &key, &wrong)
            .unwrap_err();
        assert!(refused.to_string().contains("x-match"), "{refused}");
        let right = Table::new().with("a", Value::Table(table));
        let now = broker.now();
        broker
            .vhost
            .bind(now, &"guest".into(), "x", &queue, &key, &right)
            .unwrap();
        drop(broker.vhost.delete_all(now, &"guest".into()));
    });
}

/// Whether a client could send it.
fn table_fits(table: &Table) -> bool {
    leveret_codec::table::TableRef::new(&table.to_bytes())
        .to_table()
        .is_ok()
}
