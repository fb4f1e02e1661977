use proptest::prelude::*;

use super::*;

/// The rules as they are told: slow, and obviously right.
fn matches(pattern: &[&str], key: &[&str]) -> bool {
    match (pattern, key) {
        ([], _) => key.is_empty(),
        (["#", rest @ ..], _) => (0..=key.len()).any(|skipped| matches(rest, &key[skipped..])),
        (["*", rest @ ..], [_, words @ ..]) => matches(rest, words),
        ([word, rest @ ..], [first, words @ ..]) => word == first && matches(rest, words),
        (_, []) => false,
    }
}

fn words(text: &str) -> Vec<&str> {
    if text.is_empty() {
        Vec::new()
    } else {
        text.split('.').collect()
    }
}

fn routed(topic: &Topic<usize>, key: &str) -> Vec<usize> {
    let mut out = Vec::new();
    topic.route(key.as_bytes(), &mut out);
    out.sort_unstable();
    out
}

const NOWHERE: [usize; 0] = [];

#[track_caller]
fn check(pattern: &str, key: &str, expected: bool) {
    let mut topic = Topic::default();
    topic.add(pattern, 1);
    assert_eq!(
        !routed(&topic, key).is_empty(),
        expected,
        "{pattern:?} and {key:?}"
    );
    assert_eq!(
        matches(&words(pattern), &words(key)),
        expected,
        "told: {pattern:?} and {key:?}"
    );
}

#[test]
fn hash_sign_matches_any_number_of_words() {
    check("#", "", true);
    check("#", "a.b", true);
    check("a.#", "a", true);
    check("a.#", "ab", false);
    check("#.b", "b", true);
    check("#.b", "b.a", false);
    check("a.#.b", "a.b", true);
    check("a.#.b", "a.x.y.b", true);
    check("a.#.b", "a", false);
    check("#.#", "x", true);
    check("#.a.#", "x.a.y", true);
    check("#.a.#.a.#", "a", false);
    check("#.a.#.a.#", "a.x.a", true);
}

#[test]
fn star_matches_exactly_one_word() {
    check("*", "", false);
    check("*", "a", true);
    check("a.*", "a", false);
    check("*.*", "a.", true);
    check("a.*.b", "a..b", true);
    check("*.#", "a", true);
    check("*.#", "", false);
    check("#.*", "a", true);
    check("#.*", "", false);
}

#[test]
fn wildcards_are_whole_words() {
    check("a*", "ab", false);
    check("a*", "a*", true);
    check("##", "a", false);
    check("##", "##", true);
}

#[test]
fn empty_words_count() {
    check("", "", true);
    check("", "a", false);
    check("a..b", "a..b", true);
    check("a..b", "a.b", false);
    check(".#", ".a", true);
    check(".#", "a", false);
}

#[test]
fn at_most_two_hash_signs_are_allowed() {
    let refused = |pattern, count| {
        let text = format!(
            "Topic binding key '{pattern}' uses {count} '#' wildcards, at most 2 are allowed"
        );
        assert_eq!(check_pattern(pattern), Err(text));
    };
    refused("#.#.#", 3);
    refused("#.#.#.#", 4);
    refused("#a.#.#.#.", 3);
    for pattern in ["", "#", "#.#", "##.#.#", "*.*.*.*", "#.a.#"] {
        assert_eq!(check_pattern(pattern), Ok(()));
    }
}

#[test]
fn patterns_of_one_meaning_share_their_nodes() {
    let mut topic = Topic::default();
    for (destination, pattern) in ["a.*.#.b", "a.#.*.b", "a.#.*.#.b"].into_iter().enumerate() {
        topic.add(pattern, destination);
    }
    assert_eq!(topic.trie.nodes.len(), 5);
    assert_eq!(routed(&topic, "a.x.b"), [0, 1, 2]);
}

#[test]
fn removed_patterns_leave_no_nodes() {
    let mut topic = Topic::default();
    let patterns = ["a.*.b.#", "a.*.c", "#", "*.*.*", "a.b"];
    for (destination, pattern) in patterns.into_iter().enumerate() {
        topic.add(pattern, destination);
    }
    topic.remove("a.*.b", &0);
    topic.remove("a.*.b.#", &7);
    for (destination, pattern) in patterns.into_iter().enumerate() {
        topic.remove(pattern, &destination);
    }
    assert_eq!(topic.trie.free.len(), topic.trie.nodes.len() - 1);
    assert_eq!(routed(&topic, "a.b"), NOWHERE);
}

fn visits(patterns: &[String], key: &str) -> (usize, usize) {
    let mut trie = Trie::default();
    for (destination, pattern) in patterns.iter().enumerate() {
        trie.add(pattern, destination);
    }
    (
        trie.collect(key.as_bytes(), &mut Vec::new()),
        trie.nodes.len(),
    )
}

#[track_caller]
fn check_visits(patterns: &[String], key: &str) {
    let (visits, nodes) = visits(patterns, key);
    let limit = nodes * (words(key).len() + 1);
    assert!(
        visits <= limit,
        "{visits} visits of {nodes} nodes, at most {limit} expected"
    );
}

#[test]
fn hostile_patterns_cost_no_more_than_nodes_times_words() {
    // Short enough that a walk which tries every way still ends, and is caught by its count.
    check_visits(&[["#.a"; 8].join(".") + ".b"], &["a"; 24].join("."));
    let key = ["a"; 128].join(".");
    check_visits(&[["#"; 128].join(".")], &key);
    check_visits(
        &[["#.a"; 64].join("."), ["#.a"; 63].join(".") + ".#.b"],
        &key,
    );
    check_visits(&[["*.#"; 64].join(".")], &key);
    check_visits(
        &[["#.*.a"; 42].join("."), ["a.#.*"; 42].join(".") + ".b"],
        &key,
    );
    let forest = (0..60).map(|n| ["#.a.*"].repeat(n + 1).join(".") + ".#.b");
    check_visits(&forest.collect::<Vec<_>>(), &key);
}

#[test]
fn adjacent_hash_signs_cost_one_node() {
    let (visits, nodes) = visits(&[["#"; 128].join(".")], &["a"; 128].join("."));
    assert_eq!((visits, nodes), (2, 2));
}

#[test]
fn many_patterns_that_do_not_match_are_not_looked_at() {
    let patterns = (0..1000)
        .map(|n| format!("orders.{n}.*.#"))
        .collect::<Vec<_>>();
    assert_eq!(visits(&patterns, "orders.7.paid").0, 5);
    let suffixes = (0..1000).map(|n| format!("#.{n}")).collect::<Vec<_>>();
    assert_eq!(visits(&suffixes, "a.b.7").0, 3);
}

fn pattern() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => Just("#"), 3 => Just("*"), 4 => Just("a"), 4 => Just("b"), 1 => Just(""),
        1 => Just("a*")
    ];
    prop::collection::vec(word, 0..8).prop_map(|words| words.join("."))
}

fn key() -> impl Strategy<Value = String> {
    let word = prop_oneof![6 => Just("a"), 6 => Just("b"), 1 => Just(""), 1 => Just("*")];
    prop::collection::vec(word, 0..9).prop_map(|words| words.join("."))
}

proptest! {
    #[test]
    fn trie_agrees_with_the_rules(
        patterns in prop::collection::vec(pattern(), 1..24),
        removed in prop::collection::vec(any::<bool>(), 24),
        keys in prop::collection::vec(key(), 1..8),
    ) {
        let mut topic = Topic::default();
        for (destination, pattern) in patterns.iter().enumerate() {
            topic.add(pattern, destination);
        }
        for (destination, pattern) in patterns.iter().enumerate().filter(|&(n, _)| removed[n]) {
            topic.remove(pattern, &destination);
        }
        let left = (0..patterns.len()).filter(|&n| !removed[n]).collect::<Vec<_>>();
        for key in &keys {
            let told = left.iter().copied();
            let told = told.filter(|&n| matches(&words(&patterns[n]), &words(key)));
            prop_assert_eq!(routed(&topic, key), told.collect::<Vec<_>>(), "key {:?}", key);
            let nodes = topic.trie.nodes.len();
            let visits = topic.trie.collect(key.as_bytes(), &mut Vec::new());
            prop_assert!(visits <= nodes * (words(key).len() + 1));
        }
    }
}
