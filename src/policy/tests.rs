//! Which policy wins, what it says with others, and what is no policy.

use leveret_codec::table::{Table, Value};
use serde_json::json;

use super::*;
use crate::queue::{Arguments, Flags, Limits, Overflow};

fn definition(name: &str, pattern: &str, settings: Json) -> PolicyDefinition {
    let value = json!({ "name": name, "pattern": pattern, "definition": settings });
    serde_json::from_value(value).expect("a definition")
}

fn policies(definitions: &[(Issuer, PolicyDefinition)]) -> Policies {
    let mut policies = Policies::default();
    for (issuer, definition) in definitions {
        let policy = Policy::parse(*issuer, definition).expect("a valid policy");
        policies.put(*issuer, policy);
    }
    policies
}

/// Policies `a`, `b`, …, each of a priority, an apply-to and settings, for every name.
fn lettered(list: &[(i32, &str, Json)]) -> Policies {
    let named = list.iter().zip('a'..);
    let definitions: Vec<_> = named
        .map(|((priority, apply_to, settings), letter)| {
            let mut definition = definition(&letter.to_string(), "", settings.clone());
            definition.priority = json!(priority);
            definition.apply_to = (*apply_to).to_owned();
            (Issuer::User, definition)
        })
        .collect();
    policies(&definitions)
}

fn winner(policies: &Policies, kind: QueueKind) -> String {
    policies.for_queue("q", kind).policy.unwrap_or_default()
}

fn refusal(issuer: Issuer, definition: &PolicyDefinition) -> String {
    Policy::parse(issuer, definition)
        .expect_err("it is invalid")
        .to_string()
}

fn refused_settings(settings: Json) -> String {
    refusal(Issuer::User, &definition("p", "", settings))
}

/// The limits of a queue with these arguments under this policy and operator policy.
fn limits(kind: &str, arguments: &[(&str, Value)], policy: Json, operator: Json) -> Limits {
    let mut table = Table::new();
    table.insert("x-queue-type", kind);
    for (name, value) in arguments {
        table.insert(*name, value.clone());
    }
    let flags = Flags {
        durable: true,
        exclusive: false,
        auto_delete: false,
        generated_name: false,
    };
    let arguments =
        Arguments::parse(&table, QueueKind::Classic, flags, "queue 'q'").expect("arguments");
    let mut set = Vec::new();
    for (issuer, settings) in [(Issuer::User, policy), (Issuer::Operator, operator)] {
        if !settings.is_null() {
            set.push((issuer, definition("p", "", settings)));
        }
    }
    let mut limits = arguments.limits();
    policies(&set)
        .for_queue("q", arguments.kind())
        .merge_into(&mut limits, &arguments);
    limits
}

#[test]
fn a_pattern_is_searched_anywhere_in_the_name() {
    let set = policies(&[(
        Issuer::User,
        definition("p", "obs", json!({ "max-length": 1 })),
    )]);
    let policy = |name| set.for_queue(name, QueueKind::Classic).policy;
    assert_eq!(policy("jobs").as_deref(), Some("p"));
    assert_eq!(policy("jo"), None);
    assert_eq!(set.for_exchange("jobs").policy.as_deref(), Some("p"));
}

#[test]
fn the_highest_priority_wins_and_of_equals_the_first_by_name() {
    let one = || json!({ "max-length": 1 });
    let set = lettered(&[(0, "all", one()), (5, "all", one()), (5, "all", one())]);
    assert_eq!(winner(&set, QueueKind::Classic), "b");
    let names: Vec<String> = set
        .list(Issuer::User)
        .into_iter()
        .map(|policy| policy.name)
        .collect();
    assert_eq!(names, ["a", "b", "c"], "the weakest first");
}

#[test]
fn a_policy_set_again_is_replaced_and_ranked_anew() {
    let one = || json!({ "max-length": 1 });
    let mut set = lettered(&[(0, "all", one()), (1, "all", one())]);
    let mut again = definition("a", "", one());
    again.priority = json!(1.5);
    set.put(
        Issuer::User,
        Policy::parse(Issuer::User, &again).expect("valid"),
    );
    assert_eq!(winner(&set, QueueKind::Classic), "a");
    assert_eq!(set.list(Issuer::User).len(), 2);
    assert!(set.remove(Issuer::User, "a"));
    assert!(!set.remove(Issuer::User, "a"));
    assert!(!set.remove(Issuer::Operator, "b"));
    assert_eq!(winner(&set, QueueKind::Classic), "b");
}

#[test]
fn apply_to_chooses_queues_by_type_and_exchanges() {
    let one = || json!({ "max-length-bytes": 1 });
    let set = lettered(&[
        (4, "classic_queues", one()),
        (3, "quorum_queues", one()),
        (2, "streams", one()),
        (1, "exchanges", one()),
        (0, "all", one()),
    ]);
    assert_eq!(winner(&set, QueueKind::Classic), "a");
    assert_eq!(winner(&set, QueueKind::Quorum), "b");
    assert_eq!(winner(&set, QueueKind::Stream), "c");
    assert_eq!(set.for_exchange("x").policy.as_deref(), Some("d"));
    let queues = lettered(&[(0, "queues", one())]);
    assert_eq!(winner(&queues, QueueKind::Stream), "a");
    assert_eq!(queues.for_exchange("x"), Applied::default());
}

#[test]
fn a_policy_with_a_foreign_key_is_not_for_queues_of_that_type() {
    let set = lettered(&[
        (2, "all", json!({ "max-length": 1, "delivery-limit": 1 })),
        (1, "all", json!({ "max-age": "1D" })),
        (
            0,
            "all",
            json!({ "max-length-bytes": 1, "alternate-exchange": "x" }),
        ),
    ]);
    assert_eq!(winner(&set, QueueKind::Quorum), "a");
    assert_eq!(winner(&set, QueueKind::Stream), "b");
    assert_eq!(winner(&set, QueueKind::Classic), "c");
    assert_eq!(set.for_exchange("x").policy.as_deref(), Some("a"));
}

#[test]
fn the_smaller_of_argument_policy_and_operator_policy_counts() {
    let set = |argument: i64, policy: u64, operator: u64| {
        let arguments = [
            ("x-max-length", Value::I64(argument)),
            ("x-message-ttl", Value::I64(argument)),
            ("x-expires", Value::I64(argument)),
        ];
        let all = |n: u64| json!({ "max-length": n, "message-ttl": n, "expires": n });
        let limits = limits("classic", &arguments, all(policy), all(operator));
        [limits.max_length, limits.message_ttl_ms, limits.expires_ms]
    };
    assert_eq!(set(1, 2, 3), [Some(1); 3]);
    assert_eq!(set(3, 1, 2), [Some(1); 3]);
    assert_eq!(set(2, 3, 1), [Some(1); 3]);
    let operator = json!({ "max-length-bytes": 7 });
    let alone = limits("classic", &[], Json::Null, operator);
    assert_eq!(alone.max_length_bytes, Some(7));
}

#[test]
fn an_argument_names_the_dead_letter_exchange_before_a_policy() {
    let policy = || json!({ "dead-letter-exchange": "p", "dead-letter-routing-key": "k" });
    let exchange = [("x-dead-letter-exchange", Value::from("a"))];
    let mixed = limits("classic", &exchange, policy(), Json::Null);
    assert_eq!(mixed.dead_letter_exchange.as_deref(), Some(&b"a"[..]));
    assert_eq!(mixed.dead_letter_routing_key.as_deref(), Some(&b"k"[..]));
    let from_policy = limits("quorum", &[], policy(), Json::Null);
    assert_eq!(from_policy.dead_letter_exchange.as_deref(), Some(&b"p"[..]));
}

#[test]
fn overflow_is_the_arguments_in_a_classic_queue_and_the_policys_in_a_quorum_queue() {
    let argument = [("x-overflow", Value::from("drop-head"))];
    let overflow = |kind, arguments: &[(&str, Value)], operator| {
        let policy = json!({ "overflow": "reject-publish" });
        limits(kind, arguments, policy, operator).overflow
    };
    assert_eq!(
        overflow("classic", &argument, Json::Null),
        Overflow::DropHead
    );
    assert_eq!(
        overflow("classic", &[], Json::Null),
        Overflow::RejectPublish
    );
    assert_eq!(
        overflow("quorum", &argument, Json::Null),
        Overflow::RejectPublish
    );
    let operator = json!({ "overflow": "reject-publish-dlx" });
    assert_eq!(
        overflow("classic", &[], operator),
        Overflow::RejectPublishDlx
    );
}

#[test]
fn a_negative_delivery_limit_gives_way_to_any_other() {
    let limit = |argument: Option<i64>, policy: i64, operator: Json| {
        let argument = argument.map(|limit| ("x-delivery-limit", Value::I64(limit)));
        let policy = json!({ "delivery-limit": policy });
        limits("quorum", argument.as_slice(), policy, operator).delivery_limit
    };
    assert_eq!(limit(None, 50, Json::Null), Some(50), "over the default");
    assert_eq!(limit(Some(3), 5, Json::Null), Some(3));
    assert_eq!(limit(Some(5), -1, Json::Null), Some(5));
    assert_eq!(limit(Some(-1), 5, Json::Null), Some(5));
    assert_eq!(limit(Some(-1), -1, Json::Null), None);
    assert_eq!(limit(None, -1, json!({ "delivery-limit": 9 })), Some(9));
}

#[test]
fn in_a_stream_the_policy_counts_not_the_smaller_number() {
    let arguments = [
        ("x-max-length-bytes", Value::I64(5)),
        ("x-max-age", Value::from("1s")),
    ];
    let policy = json!({ "max-length-bytes": 9, "max-age": "1m" });
    let limits = limits("stream", &arguments, policy, Json::Null);
    assert_eq!(limits.max_length_bytes, Some(9));
    assert_eq!(limits.max_age_ms, Some(60_000));
}

#[test]
fn an_operator_policy_is_merged_key_by_key() {
    let user = json!({ "max-length": 9, "queue-version": 1, "alternate-exchange": "ae" });
    let operator = json!({ "max-length": 3, "queue-version": 2, "expires": 4 });
    let set = policies(&[
        (Issuer::User, definition("u", "", user)),
        (Issuer::Operator, definition("o", "", operator)),
    ]);
    let applied = set.for_queue("q", QueueKind::Classic);
    assert_eq!(applied.operator_policy.as_deref(), Some("o"));
    let expected = json!({
        "max-length": 3, "queue-version": 2, "expires": 4, "alternate-exchange": "ae"
    });
    assert_eq!(Json::Object(applied.definition), expected);
    let alternate = set.for_exchange("x").alternate_exchange();
    assert_eq!(alternate.as_deref(), Some(&b"ae"[..]));
}

#[test]
fn bad_values_are_refused_in_rabbitmqs_words() {
    let check = |key: &str, value: Json, sentence: &str| {
        assert_eq!(
            refused_settings(json!({ key: value })),
            format!("Validation failed\n\n{sentence}\n")
        );
    };
    check("max-length", json!(-1), "-1 is not a valid maximum length");
    check("expires", json!(0), "0 is not a valid queue expiry");
    check("message-ttl", json!(1.5), "1.5 is not a valid message TTL");
    check("max-age", json!("x"), "<<\"x\">> is not a valid max age");
    check(
        "overflow",
        json!([97, 98]),
        "\"ab\" is not a valid overflow value",
    );
    check(
        "max-length",
        json!(1e30),
        "1.0e30 is not a valid maximum length",
    );
    check(
        "max-length-bytes",
        json!([1, { "a": null, "b": "" }]),
        "[1,#{<<\"a\">> => null,<<\"b\">> => <<>>}] is not a valid maximum length in bytes",
    );
    check(
        "stream-filter-size-bytes",
        json!(15),
        "15 is not a valid filter size. Valid range is 16-255",
    );
    check(
        "stream-max-segment-size-bytes",
        json!(3_000_000_001_u64),
        "3000000001 is not a valid segment size",
    );
    check(
        "delayed-retry-type",
        json!("all"),
        "delayed-retry-min is required when delayed-retry-type is all",
    );
    check(
        "queue-master-locator",
        json!("min-masters"),
        "use of deprecated queue-master-locator argument is not permitted",
    );
}

#[test]
fn what_is_not_known_is_listed_after_bad_values() {
    assert_eq!(
        refused_settings(json!({ "foo": 1, "bar": 2, "max-length": 1 })),
        "Validation failed\n\n[{<<\"bar\">>,2},{<<\"foo\">>,1}] \
         are not recognised policy settings\n"
    );
    assert_eq!(
        refused_settings(json!({ "foo": 1, "max-length": -1, "expires": 0 })),
        "Validation failed\n\n0 is not a valid queue expiry\n"
    );
    assert_eq!(
        refused_settings(json!({})),
        "Validation failed\n\nno policy provided\n"
    );
}

#[test]
fn a_long_list_is_broken_as_erlang_does() {
    let check = |length: usize, expected: &str| {
        let name = "k".repeat(length);
        let text = refused_settings(json!({ name.as_str(): 1 }));
        let expected = expected.replace('K', &name);
        let rest = "are not recognised policy settings";
        assert_eq!(text, format!("Validation failed\n\n{expected} {rest}\n"));
    };
    check(66, "[{<<\"K\">>,1}]");
    check(67, "[{<<\"K\">>,\n  1}]");
    let (k, z) = ("k".repeat(31), "z".repeat(31));
    let text = refused_settings(json!({ k.as_str(): 1, z.as_str(): 1 }));
    assert!(text.contains(&format!("[{{<<\"{k}\">>,1}},\n {{<<\"{z}\">>,1}}] are")));
}

#[test]
fn operators_may_only_bound() {
    let refused = |key: &str, value: Json| {
        let definition = definition("o", "", json!({ key: value }));
        Policy::parse(Issuer::Operator, &definition).is_err()
    };
    assert!(refused("alternate-exchange", json!("x")));
    assert!(refused("dead-letter-exchange", json!("x")));
    assert!(refused("consumer-timeout", json!(1)));
    assert!(!refused("delivery-limit", json!(1)));
    assert!(!refused("overflow", json!("reject-publish")));
}

#[test]
fn everything_that_is_wrong_is_said_at_once() {
    let mut wrong = definition("p", "(", json!({ "foo": 1 }));
    wrong.apply_to = "foo".to_owned();
    wrong.priority = json!("x");
    let gap = " ".repeat(54);
    assert_eq!(
        refusal(Issuer::User, &wrong),
        format!(
            "Validation failed\n\n\
             [{{<<\"foo\">>,1}}] are not recognised policy settings\n\
             apply-to 'foo' unrecognised; should be one of: 'queues', 'classic_queues',  \
             'quorum_queues', 'streams', 'exchanges', or 'all'\n\
             pattern should be regular expression but is invalid: \
             {{\"missing closing parenthesis\",\n{gap}1}}\n\
             priority should be a number, actually was <<\"x\">>\n"
        )
    );
    wrong.pattern = json!(5);
    assert!(refusal(Issuer::User, &wrong).contains("pattern should be a binary but was 5\n"));
}
