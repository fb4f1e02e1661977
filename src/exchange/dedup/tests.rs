use proptest::prelude::*;

use super::*;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Seen {
    First,
    Before,
}

fn cache(arguments: Table) -> DedupCache {
    let arguments = arguments.with("x-message-deduplication", true);
    DedupCache::from_arguments(&arguments).unwrap().unwrap()
}

fn sized(size: i32) -> DedupCache {
    cache(Table::new().with("x-cache-size", size))
}

fn observe(cache: &mut DedupCache, headers: Table, now_ms: u64) -> Seen {
    let headers = headers.to_bytes();
    match cache.is_duplicate(Some(TableRef::new(&headers)), now_ms) {
        true => Seen::Before,
        false => Seen::First,
    }
}

fn id(value: impl Into<Value>) -> Table {
    Table::new().with("x-deduplication-header", value)
}

#[track_caller]
fn check(cache: &mut DedupCache, headers: Table, now_ms: u64, expected: Seen) {
    assert_eq!(observe(cache, headers, now_ms), expected);
}

#[test]
fn second_message_of_a_value_is_a_duplicate() {
    let mut cache = sized(10);
    check(&mut cache, id("a"), 0, Seen::First);
    check(&mut cache, id("a"), u64::MAX, Seen::Before);
    check(&mut cache, id("b"), u64::MAX, Seen::First);
}

#[test]
fn integers_of_any_width_are_one_value() {
    let mut cache = sized(10);
    check(&mut cache, id(1_i32), 0, Seen::First);
    check(&mut cache, id(1_i64), 0, Seen::Before);
    check(&mut cache, id("1"), 0, Seen::First);
}

#[test]
fn messages_without_the_header_are_always_new() {
    let mut cache = sized(10);
    for _ in 0..2 {
        check(&mut cache, Table::new().with("other", 1), 0, Seen::First);
        assert!(!cache.is_duplicate(None, 0));
    }
}

#[test]
fn full_cache_forgets_the_value_first_seen() {
    let mut cache = sized(2);
    for value in ["a", "b", "c"] {
        check(&mut cache, id(value), 0, Seen::First);
    }
    check(&mut cache, id("b"), 0, Seen::Before);
    check(&mut cache, id("c"), 0, Seen::Before);
    check(&mut cache, id("a"), 0, Seen::First);
}

#[test]
fn value_is_new_again_once_its_time_is_over() {
    let mut cache = cache(Table::new().with("x-cache-ttl", 100));
    check(&mut cache, id("a"), 1000, Seen::First);
    check(&mut cache, id("a"), 1099, Seen::Before);
    check(&mut cache, id("a"), 1100, Seen::First);
    check(&mut cache, id("a"), 1101, Seen::Before);
}

#[test]
fn header_of_the_message_sets_its_own_time() {
    let mut cache = cache(Table::new().with("x-cache-ttl", 100));
    check(
        &mut cache,
        id("long").with("x-cache-ttl", 500),
        0,
        Seen::First,
    );
    check(
        &mut cache,
        id("none").with("x-cache-ttl", -1),
        0,
        Seen::First,
    );
    check(&mut cache, id("long"), 499, Seen::Before);
    check(&mut cache, id("none"), 0, Seen::First);
}

#[test]
fn header_can_be_named() {
    let mut cache = cache(Table::new().with("x-deduplication-header", "my-id"));
    for expected in [Seen::First, Seen::Before] {
        check(&mut cache, Table::new().with("my-id", 7), 0, expected);
    }
}

#[test]
fn settings_have_defaults_and_limits() {
    let settings = cache(Table::new()).settings;
    assert_eq!((settings.size, settings.ttl_ms), (128, None));
    assert_eq!(
        cache(Table::new().with("x-cache-size", "5")).settings.size,
        5
    );
    assert_eq!(
        cache(Table::new().with("x-cache-size", i64::MAX))
            .settings
            .size,
        DEDUP_SIZE_MAX
    );
}

#[test]
fn cache_is_off_unless_asked_for() {
    let off = [Value::Bool(false), Value::from("true"), Value::from(1)];
    assert_eq!(DedupSettings::parse(&Table::new()), Ok(None));
    for value in off {
        let arguments = Table::new().with("x-message-deduplication", value);
        assert_eq!(DedupSettings::parse(&arguments), Ok(None));
    }
}

#[test]
fn bad_settings_are_refused() {
    let refused = [
        ("x-cache-size", Value::from(0)),
        ("x-cache-size", Value::from("many")),
        ("x-cache-ttl", Value::from(-1)),
        ("x-cache-ttl", Value::Void),
        ("x-deduplication-header", Value::from(1)),
    ];
    for (name, value) in refused {
        let arguments = Table::new()
            .with("x-message-deduplication", true)
            .with(name, value);
        let text = DedupSettings::parse(&arguments).unwrap_err();
        assert!(text.contains(name), "{text}");
    }
}

#[test]
fn value_that_ends_and_comes_back_takes_no_room() {
    let mut cache = sized(10);
    for now_ms in 0..10_000 {
        check(
            &mut cache,
            id("a").with("x-cache-ttl", 1),
            now_ms,
            Seen::First,
        );
    }
    assert!(
        cache.order.len() <= 21,
        "{} places for one value",
        cache.order.len()
    );
}

/// Value, milliseconds since the last message, and a time to live of its own.
fn message() -> impl Strategy<Value = (i32, u64, Option<i64>)> {
    (0..12_i32, 0..20_u64, prop::option::of(0..60_i64))
}

proptest! {
    #[test]
    fn cache_agrees_with_a_list(
        messages in prop::collection::vec(message(), 0..200),
    ) {
        let mut cache = sized(5);
        let mut list = Vec::<(i32, Option<u64>)>::new();
        let mut now_ms = 0;
        for (value, later_ms, ttl_ms) in messages {
            now_ms += later_ms;
            let headers = match ttl_ms {
                Some(ttl_ms) => id(value).with("x-cache-ttl", ttl_ms),
                None => id(value),
            };
            let alive = |end: Option<u64>| end.is_none_or(|end| now_ms < end);
            let expected = if list.iter().any(|&(seen, end)| seen == value && alive(end)) {
                Seen::Before
            } else {
                list.retain(|&(seen, _)| seen != value);
                list.push((value, ttl_ms.map(|ttl_ms| now_ms + u64::try_from(ttl_ms).unwrap())));
                if list.len() > 5 {
                    list.remove(0);
                }
                Seen::First
            };
            prop_assert_eq!(observe(&mut cache, headers, now_ms), expected);
        }
    }
}
