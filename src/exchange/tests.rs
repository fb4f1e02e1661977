use std::collections::HashSet;

use proptest::prelude::*;

use super::*;

const CLASSIC: DestinationKind = DestinationKind::Queue(QueueKind::Classic);
const NOWHERE: [u8; 0] = [];

/// A router with the list of its bindings, which a vhost keeps in its topology.
struct Listed {
    router: Router<u8>,
    list: Vec<(String, Vec<u8>, u8, usize)>,
}

impl Listed {
    fn bind(&mut self, key: &str, arguments: &Table, destination: u8) -> bool {
        let arguments = sorted(arguments);
        if self.place(key, &arguments, destination).is_some() {
            return false;
        }
        let number = self
            .router
            .bind(key, TableRef::new(&arguments), destination);
        self.list
            .push((key.to_owned(), arguments, destination, number));
        true
    }

    fn unbind(&mut self, key: &str, arguments: &Table, destination: &u8) -> bool {
        let Some(place) = self.place(key, &sorted(arguments), *destination) else {
            return false;
        };
        let (key, _, destination, number) = self.list.remove(place);
        self.router.unbind(&key, number, &destination);
        true
    }

    fn unbind_destination(&mut self, destination: &u8) -> usize {
        let before = self.list.len();
        while let Some(place) = self.list.iter().position(|bound| bound.2 == *destination) {
            let (key, _, destination, number) = self.list.remove(place);
            self.router.unbind(&key, number, &destination);
        }
        before - self.list.len()
    }

    fn place(&self, key: &str, arguments: &[u8], destination: u8) -> Option<usize> {
        let mut list = self.list.iter();
        list.position(|bound| (&*bound.0, &*bound.1, bound.2) == (key, arguments, destination))
    }
}

impl std::ops::Deref for Listed {
    type Target = Router<u8>;

    fn deref(&self) -> &Router<u8> {
        &self.router
    }
}

fn sorted(arguments: &Table) -> Vec<u8> {
    let mut arguments = arguments.clone();
    arguments.sort_keys();
    arguments.to_bytes()
}

fn router(name: &str) -> Listed {
    declared(name, &Table::new()).unwrap()
}

fn declared(name: &str, arguments: &Table) -> Result<Listed, String> {
    let router = Router::new(&ExchangeType::parse(name, arguments)?, arguments)?;
    let list = Vec::new();
    Ok(Listed { router, list })
}

fn none() -> Table {
    Table::new()
}

fn routed(router: &Router<u8>, keys: &[&str]) -> Vec<u8> {
    let mut out = routed_raw(router, keys, 0);
    out.sort_unstable();
    out.dedup();
    out
}

fn routed_raw(router: &Router<u8>, keys: &[&str], random: u64) -> Vec<u8> {
    let mut out = Vec::new();
    let keys: Vec<&[u8]> = keys.iter().map(|key| key.as_bytes()).collect();
    let input = RouteInput {
        keys: &keys,
        headers: None,
        properties: PropertiesRef::EMPTY,
        random,
    };
    router.route(&input, &mut out);
    out
}

#[test]
fn direct_exchange_compares_keys() {
    let mut router = router("direct");
    router.bind("a", &none(), 1);
    router.bind("a", &none(), 2);
    router.bind("A", &none(), 3);
    router.bind("#", &none(), 4);
    assert_eq!(routed(&router, &["a"]), [1, 2]);
    assert_eq!(routed(&router, &["b"]), NOWHERE);
    assert_eq!(routed(&router, &["#"]), [4]);
}

#[test]
fn further_keys_route_too() {
    for name in ["direct", "topic"] {
        let mut router = router(name);
        router.bind("a", &none(), 1);
        router.bind("b", &none(), 2);
        assert_eq!(routed(&router, &["a", "b", "c"]), [1, 2], "{name}");
    }
}

#[test]
fn fanout_and_recent_history_ignore_keys() {
    for name in ["fanout", "x-recent-history"] {
        let mut router = router(name);
        router.bind("a", &none(), 1);
        router.bind("b", &none(), 2);
        router.bind("b", &none(), 1);
        let mut out = routed_raw(&router, &["c", "d"], 0);
        out.sort_unstable();
        assert_eq!(out, [1, 2], "{name}");
    }
}

#[test]
fn exchanges_that_choose_one_choose_one() {
    for name in [
        "x-random",
        "x-local-random",
        "x-modulus-hash",
        "x-consistent-hash",
    ] {
        let mut router = router(name);
        assert_eq!(routed(&router, &["a"]), NOWHERE, "{name}");
        (1..=4).for_each(|destination| assert!(router.bind("1", &none(), destination)));
        let mut reached = HashSet::new();
        for n in 0..200_u64 {
            let key = n.to_string();
            let out = routed_raw(&router, &[&key], n << 56);
            assert_eq!(out.len(), 1, "{name}");
            reached.extend(out);
        }
        assert_eq!(reached.len(), 4, "{name}");
    }
}

#[test]
fn consistent_hash_looks_at_the_first_key_only() {
    let mut router = router("x-consistent-hash");
    (0..100).for_each(|destination| assert!(router.bind("1", &none(), destination)));
    for n in 0..50 {
        let copy = n.to_string();
        assert_eq!(routed(&router, &["k", &copy]), routed(&router, &["k"]));
    }
}

#[test]
fn delayed_exchange_routes_and_refuses_as_the_type_within() {
    let arguments = Table::new().with("x-delayed-type", "topic");
    let mut router = declared("x-delayed-message", &arguments).unwrap();
    router.bind("a.*", &none(), 1);
    assert_eq!(routed(&router, &["a.b"]), [1]);
    let check = router.check_binding("#.#.#", &none(), CLASSIC);
    assert!(check.is_err());
    let arguments = Table::new()
        .with("x-delayed-type", "x-consistent-hash")
        .with("hash-property", "foo");
    let refused = declared("x-delayed-message", &arguments).map(drop);
    assert_eq!(refused, Err("Unsupported property: foo".to_owned()));
}

#[test]
fn differing_arguments_make_another_binding() {
    let mut router = router("direct");
    assert!(router.bind("k", &none(), 1));
    assert!(router.bind("k", &Table::new().with("a", 1), 1));
    assert!(router.bind("k", &Table::new().with("a", 1_i64), 1));
    assert_eq!(routed_raw(&router, &["k"], 0), [1]);
    assert!(!router.unbind("k", &Table::new().with("a", 2), &1));
    assert!(router.unbind("k", &none(), &1));
    assert!(router.unbind("k", &Table::new().with("a", 1), &1));
    assert_eq!(routed_raw(&router, &["k"], 0), [1]);
    assert!(router.unbind("k", &Table::new().with("a", 1_i64), &1));
    assert_eq!(routed_raw(&router, &["k"], 0), NOWHERE);
}

#[test]
fn local_random_exchange_takes_classic_queues_without_a_key() {
    let router = router("x-local-random");
    let check = |key: &str, kind| router.check_binding(key, &none(), kind);
    let refused = |text: &str| Err(text.to_owned());
    let quorum = "Queue type rabbit_quorum_queue not valid for this exchange type";
    let stream = "Queue type rabbit_stream_queue not valid for this exchange type";
    assert_eq!(check("", CLASSIC), Ok(()));
    assert_eq!(
        check("", DestinationKind::Queue(QueueKind::Quorum)),
        refused(quorum)
    );
    assert_eq!(
        check("", DestinationKind::Queue(QueueKind::Stream)),
        refused(stream)
    );
    assert_eq!(
        check("", DestinationKind::Exchange),
        refused("Destination not found")
    );
    let keyed = refused("Non empty binding 'k' key not permitted");
    assert_eq!(check("k", DestinationKind::Queue(QueueKind::Quorum)), keyed);
}

#[test]
fn only_the_types_concerned_refuse_bindings() {
    let odd = Table::new().with("x-match", "foo");
    for name in [
        "direct",
        "fanout",
        "x-random",
        "x-modulus-hash",
        "x-recent-history",
    ] {
        let stream = DestinationKind::Queue(QueueKind::Stream);
        let check = router(name).check_binding("#.#.#", &odd, stream);
        assert_eq!(check, Ok(()), "{name}");
    }
    for name in ["topic", "headers", "x-consistent-hash", "x-local-random"] {
        let stream = DestinationKind::Queue(QueueKind::Stream);
        let check = router(name).check_binding("#.#.#", &odd, stream);
        assert!(check.is_err(), "{name}");
    }
}

#[test]
fn declarations_are_checked_by_the_types_concerned() {
    let arguments = Table::new()
        .with("x-recent-history-length", 0)
        .with("hash-property", "foo");
    assert!(declared("x-recent-history", &arguments).is_err());
    assert!(declared("x-consistent-hash", &arguments).is_err());
    assert!(declared("direct", &arguments).is_ok());
}

/// What a client can do to the bindings of an exchange.
#[derive(Clone, Debug)]
enum Op {
    Bind(Named),
    Unbind(Named),
    UnbindDestination(u8),
}

/// Key, argument and destination of a binding.
type Named = (String, Option<i32>, u8);

fn op() -> impl Strategy<Value = Op> {
    let key = prop_oneof![Just("1"), Just("2"), Just("#"), Just("*"), Just("1.#")];
    let named = (key.prop_map(str::to_owned), prop::option::of(0..2), 0..6_u8);
    prop_oneof![
        6 => named.clone().prop_map(Op::Bind),
        4 => named.prop_map(Op::Unbind),
        1 => (0..6_u8).prop_map(Op::UnbindDestination),
    ]
}

fn arguments_of(argument: Option<i32>) -> Table {
    argument.map_or_else(Table::new, |value| Table::new().with("x-a", value))
}

proptest! {
    #[test]
    fn every_type_keeps_the_bindings_of_a_list(ops in prop::collection::vec(op(), 0..80)) {
        for name in ["direct", "fanout", "topic", "headers", "x-random"] {
            let mut router = router(name);
            let mut list = Vec::<Named>::new();
            for op in &ops {
                match op {
                    Op::Bind(named) => {
                        let is_new = !list.contains(named);
                        let (key, argument, destination) = named;
                        let bound = router.bind(key, &arguments_of(*argument), *destination);
                        prop_assert_eq!(bound, is_new);
                        list.extend(is_new.then(|| named.clone()));
                    }
                    Op::Unbind(named) => {
                        let (key, argument, destination) = named;
                        let unbound = router.unbind(key, &arguments_of(*argument), destination);
                        prop_assert_eq!(unbound, list.contains(named));
                        list.retain(|listed| listed != named);
                    }
                    Op::UnbindDestination(destination) => {
                        let before = list.len();
                        list.retain(|listed| listed.2 != *destination);
                        let removed = router.unbind_destination(destination);
                        prop_assert_eq!(removed, before - list.len());
                    }
                }
            }
            let is_hit = |key: &str| match name {
                "direct" => key == "1",
                "topic" => key != "2",
                _ => true,
            };
            let hits = list.iter().filter(|listed| is_hit(&listed.0)).map(|listed| listed.2);
            let mut hits = hits.collect::<Vec<_>>();
            hits.sort_unstable();
            hits.dedup();
            match name {
                "x-random" => prop_assert_eq!(routed(&router, &["1"]).len(), hits.len().min(1)),
                _ => prop_assert_eq!(routed(&router, &["1"]), hits, "{}", name),
            }
        }
    }
}
