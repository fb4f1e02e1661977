use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::*;
use crate::clock::Clock;
use crate::config::Settings;
use crate::env::Environment;
use crate::store::MemoryStore;
use crate::vhost::Vhost;

/// Two exchanges.
fn exchanges() -> [Arc<Exchange>; 2] {
    let store = Arc::new(MemoryStore::default());
    let env = Arc::new(Environment::new(Settings::default(), Clock::test(), store));
    let vhost = Vhost::new(ShortString::new("/").unwrap(), Default::default(), &env);
    ["amq.direct", "amq.topic"].map(|name| vhost.exchange(name).unwrap())
}

/// Both the topology and the rights of that generation.
fn at(generation: u64) -> Times {
    Times::new(generation, generation)
}

/// Whether the answer for `text` is known; it is kept otherwise.
fn knows(cache: &mut RouteCache, times: u64, exchange: &Arc<Exchange>, text: &str) -> bool {
    if cache.find(at(times), exchange, text.as_bytes()).is_some() {
        return true;
    }
    let routes: Routes = Arc::new([]);
    cache.keep(at(times), exchange, Some((text.as_bytes(), &routes)));
    false
}

#[test]
fn an_answer_is_kept_until_the_topology_or_the_exchange_changes() {
    let [direct, topic] = exchanges();
    let mut cache = RouteCache::default();
    for (topology, exchange, name, known) in [
        (1, &direct, "a", false),
        (1, &direct, "b", false),
        (1, &direct, "a", true),
        (1, &direct, "", false),
        (1, &direct, "", true),
        (2, &direct, "a", false),
        (2, &direct, "b", false),
        (2, &topic, "b", false),
        (2, &topic, "b", true),
        (2, &direct, "b", false),
    ] {
        let found = knows(&mut cache, topology, exchange, name);
        assert_eq!(found, known, "{name} at {topology}");
    }
}

#[test]
fn the_exchange_is_known_without_an_answer() {
    let [direct, topic] = exchanges();
    let mut cache = RouteCache::default();
    cache.keep(at(1), &direct, None);
    let found = |times, exchange: &Arc<Exchange>| {
        let name = exchange.spec.name.as_short().as_octets();
        cache.exchange(at(times), name).is_some()
    };
    assert!(found(1, &direct));
    assert!(!found(2, &direct));
    assert!(!found(1, &topic));
}

#[test]
fn keys_that_never_come_back_are_not_kept_for_long() {
    let [direct, _] = exchanges();
    let mut cache = RouteCache::default();
    for number in 0..3 * KEPT_MAX {
        assert!(!knows(&mut cache, 1, &direct, &format!("key {number}")));
        assert!(cache.by_key.len() <= KEPT_MAX);
    }
    assert!(cache.by_key.is_empty());
    while cache.pause > 0 {
        assert!(!knows(&mut cache, 1, &direct, "back"));
    }
    assert!(!knows(&mut cache, 1, &direct, "back"));
    assert!(knows(&mut cache, 1, &direct, "back"));
}

#[test]
fn keys_that_come_back_are_kept_though_they_are_many() {
    let [direct, _] = exchanges();
    let mut cache = RouteCache::default();
    let names: Vec<String> = (0..KEPT_MAX)
        .map(|number| format!("key {number}"))
        .collect();
    for known in [false, true, true] {
        for name in &names {
            assert_eq!(knows(&mut cache, 1, &direct, name), known);
        }
    }
}

#[test]
fn nothing_is_kept_after_shrinking() {
    let [direct, _] = exchanges();
    let mut cache = RouteCache::default();
    knows(&mut cache, 1, &direct, "a");
    cache.shrink();
    assert!(!knows(&mut cache, 1, &direct, "a"));
}
