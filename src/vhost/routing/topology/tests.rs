use std::collections::HashSet;
use std::sync::Weak;

use leveret_codec::types::ShortString;
use proptest::prelude::*;

use super::*;
use crate::vhost::routing::{Exchange, ExchangeSpec};

fn name(text: &str) -> ShortString {
    ShortString::new(text).unwrap()
}

fn exchange(named: &str) -> Arc<Exchange> {
    let spec = ExchangeSpec {
        name: name(named),
        vhost: name("/"),
        type_name: name("fanout"),
        durable: true,
        auto_delete: false,
        internal: false,
        arguments: Table::new(),
        declared_by: "guest".into(),
    };
    Arc::new(Exchange::new(spec, || unreachable!("no delayed exchange")).unwrap())
}

fn between(source: &Arc<Exchange>, destination: &Arc<Exchange>) -> Ends {
    Ends {
        source: WeakEnd::source(source),
        destination: WeakEnd::source(destination),
    }
}

fn binding(source: &Exchange, destination: &Exchange, key: &str, table: &Table) -> Arc<Binding> {
    let destination = DestinationName::Exchange(destination.spec.name.clone());
    Arc::new(Binding::new(
        &source.spec.name,
        destination,
        &name(key),
        table,
    ))
}

#[test]
fn the_order_of_arguments_does_not_matter_but_their_width_does() {
    let (a, b) = (exchange("a"), exchange("b"));
    let ends = between(&a, &b);
    let mut topology = Topology::default();
    let table = Table::new().with("x", 1).with("y", 2);
    topology.add(&binding(&a, &b, "k", &table), &ends, 7);
    let turned = Table::new().with("y", 2).with("x", 1);
    assert!(topology.contains(&binding(&a, &b, "k", &turned), &ends));
    let wider = Table::new().with("x", 1_i64).with("y", 2);
    assert!(!topology.contains(&binding(&a, &b, "k", &wider), &ends));
    assert!(!topology.contains(&binding(&a, &b, "l", &table), &ends));
    assert_eq!(
        topology.remove(&binding(&a, &b, "k", &turned), &ends),
        Some(7)
    );
    assert_eq!(topology.len(), 0);
}

#[test]
fn an_exchange_of_the_same_name_has_bindings_of_its_own() {
    let (a, old) = (exchange("a"), exchange("b"));
    let mut topology = Topology::default();
    let bound = binding(&a, &old, "", &Table::new());
    topology.add(&bound, &between(&a, &old), 1);
    let new = exchange("b");
    assert!(!topology.contains(&bound, &between(&a, &new)));
    topology.add(&bound, &between(&a, &new), 2);
    assert_eq!(topology.len(), 2);
    let removed = topology.pop_to(&WeakEnd::source(&old)).unwrap();
    assert_eq!((removed.number, removed.ends), (1, between(&a, &old)));
    assert!(topology.pop_to(&WeakEnd::source(&old)).is_none());
    assert!(topology.contains(&bound, &between(&a, &new)));
}

#[test]
fn the_list_keeps_no_end_alive() {
    let (a, b) = (exchange("a"), exchange("b"));
    let mut topology = Topology::default();
    let bound = binding(&a, &b, "", &Table::new());
    topology.add(&bound, &between(&a, &b), 0);
    let weak = [Arc::downgrade(&a), Arc::downgrade(&b)];
    let end = WeakEnd::source(&b);
    drop((a, b));
    assert!(weak.iter().all(|end| Weak::strong_count(end) == 0));
    assert!(topology.pop_to(&end).is_some_and(|removed| {
        removed.ends.source.exchange().is_none() && removed.ends.destination.upgrade().is_none()
    }));
}

/// What can be done to the bindings between four exchanges.
#[derive(Clone, Debug)]
enum Op {
    Add(usize, usize, u8),
    Remove(usize, usize, u8),
    PopFrom(usize),
    PopTo(usize),
}

fn op() -> impl Strategy<Value = Op> {
    let ends = || (0..4_usize, 0..4_usize, 0..3_u8);
    prop_oneof![
        6 => ends().prop_map(|(from, to, key)| Op::Add(from, to, key)),
        3 => ends().prop_map(|(from, to, key)| Op::Remove(from, to, key)),
        1 => (0..4_usize).prop_map(Op::PopFrom),
        1 => (0..4_usize).prop_map(Op::PopTo),
    ]
}

proptest! {
    #[test]
    fn both_ends_know_the_same_bindings(ops in prop::collection::vec(op(), 0..120)) {
        let exchanges = ["a", "b", "c", "d"].map(exchange);
        let named = |from: usize, to: usize, key: u8| {
            let (from, to) = (&exchanges[from], &exchanges[to]);
            (binding(from, to, &key.to_string(), &Table::new()), between(from, to))
        };
        let mut topology = Topology::default();
        let mut list = HashSet::new();
        for (number, op) in ops.into_iter().enumerate() {
            match op {
                Op::Add(from, to, key) => {
                    let (binding, ends) = named(from, to, key);
                    let is_new = !topology.contains(&binding, &ends);
                    prop_assert_eq!(is_new, list.insert((from, to, key)));
                    if is_new {
                        topology.add(&binding, &ends, number);
                    }
                }
                Op::Remove(from, to, key) => {
                    let (binding, ends) = named(from, to, key);
                    let removed = topology.remove(&binding, &ends).is_some();
                    prop_assert_eq!(removed, list.remove(&(from, to, key)));
                }
                Op::PopFrom(from) => {
                    let end = WeakEnd::source(&exchanges[from]);
                    while topology.pop_from(&end).is_some() {}
                    list.retain(|bound| bound.0 != from);
                }
                Op::PopTo(to) => {
                    let end = WeakEnd::source(&exchanges[to]);
                    while topology.pop_to(&end).is_some() {}
                    list.retain(|bound| bound.1 != to);
                }
            }
            prop_assert_eq!(topology.len(), list.len());
            for (place, exchange) in exchanges.iter().enumerate() {
                let is_source = list.iter().any(|bound| bound.0 == place);
                prop_assert_eq!(topology.is_source(&WeakEnd::source(exchange)), is_source);
            }
        }
    }
}
