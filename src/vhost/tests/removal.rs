use leveret_codec::table::Table;

use super::fixture::Fixture;
use crate::vhost::{DeleteIf, EVENTS};

#[test]
fn a_queue_takes_its_bindings_along_and_no_others() {
    let broker = Fixture::new();
    broker.exchange("x", |_| {});
    broker.exchange("y", |_| {});
    for queue in ["a", "b"] {
        broker.queue(queue, Table::new());
        broker.bind_queue("x", queue, "k");
        broker.bind_queue("x", queue, "l");
        broker.bind_queue("y", queue, "");
    }
    assert_eq!(
        (broker.vhost.binding_count(), broker.publish("x", "")),
        (6, 2)
    );
    let a = broker.vhost.queue("a").unwrap();
    let ready = broker
        .vhost
        .delete_queue(broker.now(), &"guest".into(), &a, DeleteIf::default());
    assert_eq!(ready.unwrap().0, 1);
    assert_eq!(
        (broker.vhost.binding_count(), broker.publish("x", "")),
        (3, 1)
    );
    assert!(a.is_deleted());
}

#[test]
fn a_deleted_exchange_leads_nowhere_and_nothing_leads_to_it() {
    let broker = Fixture::new();
    for exchange in ["a", "b", "c"] {
        broker.exchange(exchange, |_| {});
    }
    broker.queue("q", Table::new());
    broker.bind_exchange("a", "b", "");
    broker.bind_exchange("b", "c", "");
    broker.bind_queue("c", "q", "");
    assert_eq!(broker.publish("a", ""), 1);
    broker
        .vhost
        .delete_exchange(&"guest".into(), "b", false)
        .unwrap();
    assert_eq!(
        (broker.vhost.binding_count(), broker.publish("a", "")),
        (1, 0)
    );
    // One of the same name has none of its bindings.
    broker.exchange("b", |_| {});
    assert_eq!((broker.publish("a", ""), broker.publish("b", "")), (0, 0));
}

#[test]
fn an_exchange_is_in_use_while_anything_is_bound_to_it() {
    let broker = Fixture::new();
    broker.exchange("x", |_| {});
    broker.queue("q", Table::new());
    broker.bind_queue("x", "q", "k");
    let refused = broker
        .vhost
        .delete_exchange(&"guest".into(), "x", true)
        .unwrap_err();
    assert!(refused.to_string().contains("in use"), "{refused}");
    broker.unbind_queue("x", "q", "other");
    assert!(
        broker
            .vhost
            .delete_exchange(&"guest".into(), "x", true)
            .is_err()
    );
    broker.unbind_queue("x", "q", "k");
    assert!(
        broker
            .vhost
            .delete_exchange(&"guest".into(), "x", true)
            .is_ok()
    );
}

#[test]
fn an_auto_delete_exchange_goes_with_its_last_binding_and_takes_others_along() {
    let broker = Fixture::new();
    broker.exchange("a", |spec| spec.auto_delete = true);
    broker.exchange("b", |spec| spec.auto_delete = true);
    broker.queue("q", Table::new());
    broker.bind_exchange("a", "b", "");
    broker.bind_queue("b", "q", "1");
    broker.bind_queue("b", "q", "2");
    broker.unbind_queue("b", "q", "1");
    assert!(broker.vhost.find_exchange("b").is_some());
    broker.unbind_queue("b", "q", "2");
    assert!(broker.vhost.find_exchange("b").is_none());
    assert!(broker.vhost.find_exchange("a").is_none());
    assert_eq!(broker.vhost.binding_count(), 0);
}

#[test]
fn every_change_of_the_topology_makes_kept_answers_stale() {
    let broker = Fixture::new();
    let mut before = broker.vhost.generation();
    let mut changed = |what: &str| {
        let now = broker.vhost.generation();
        assert!(now > before, "{what}");
        before = now;
    };
    broker.exchange("x", |_| {});
    changed("exchange.declare");
    broker.queue("q", Table::new());
    changed("queue.declare");
    broker.bind_queue("x", "q", "");
    changed("queue.bind");
    broker.unbind_queue("x", "q", "");
    changed("queue.unbind");
    broker
        .vhost
        .delete_exchange(&"guest".into(), "x", false)
        .unwrap();
    changed("exchange.delete");
    let queue = broker.vhost.queue("q").unwrap();
    broker
        .vhost
        .delete_queue(broker.now(), &"guest".into(), &queue, DeleteIf::default())
        .unwrap();
    changed("queue.delete");
}

// The exchange stayed in the store, and the next start failed without its vhost.
#[test]
fn a_deleted_vhost_gets_no_exchange_for_events() {
    let broker = Fixture::new();
    let by = "guest".into();
    drop(broker.vhost.delete_all(broker.now(), &by));
    broker.vhost.add_event_exchange(&by);
    assert_eq!(broker.stored(), []);
    assert!(broker.vhost.find_exchange(&EVENTS).is_none());
}
