use leveret_codec::table::Value;
use proptest::prelude::*;

use super::*;

fn bound(arguments: &Table) -> Headers<usize> {
    let mut headers = Headers::default();
    headers.add(TableRef::new(&arguments.to_bytes()), 1);
    headers
}

fn routed(headers: &Headers<usize>, message: &Table) -> Vec<usize> {
    let mut out = Vec::new();
    headers.route(Some(TableRef::new(&message.to_bytes())), &mut out);
    out.sort_unstable();
    out.dedup();
    out
}

#[track_caller]
fn check(arguments: Table, message: Table, expected: bool) {
    let is_routed = !routed(&bound(&arguments), &message).is_empty();
    assert_eq!(
        is_routed, expected,
        "arguments {arguments:?}, headers {message:?}"
    );
    assert_eq!(
        matches(&arguments, &message),
        expected,
        "told: {arguments:?}, {message:?}"
    );
}

/// `word` is the `x-match`.
fn asking(word: &str) -> Table {
    Table::new().with("x-match", word)
}

fn table() -> Table {
    Table::new()
}

/// The rules as they are told, one argument after the other.
fn matches(arguments: &Table, message: &Table) -> bool {
    let word = arguments
        .get("x-match")
        .and_then(Value::as_str)
        .unwrap_or(b"all");
    let with_x = word.ends_with(b"-with-x");
    let mut compared = arguments
        .iter()
        .filter(|(key, _)| *key != b"x-match" && (with_x || !key.starts_with(b"x-")));
    let holds = |(key, wanted): (&[u8], &Value)| {
        let there = message.iter().filter(|(name, _)| *name == key).last();
        there.is_some_and(|(_, value)| *wanted == Value::Void || equals(wanted, value))
    };
    if word.starts_with(b"any") {
        compared.any(holds)
    } else {
        compared.all(holds)
    }
}

fn equals(wanted: &Value, value: &Value) -> bool {
    let number = |value: &Value, units| match value {
        Value::Timestamp(seconds) => Some(i128::from(*seconds) * units),
        other => other.as_integer().map(i128::from),
    };
    let float = |value: &Value| match value {
        Value::F32(number) => Some(f64::from(*number).to_bits()),
        Value::F64(number) => Some(number.to_bits()),
        _ => None,
    };
    let octets = |value: &Value| match value {
        Value::LongStr(octets) | Value::Bytes(octets) => Some(octets.clone()),
        _ => None,
    };
    let is_empty = |value: &Value| match value {
        Value::Array(values) => values.is_empty(),
        Value::Table(entries) => entries.is_empty(),
        _ => false,
    };
    if let (Some(wanted), Some(value)) = (number(wanted, 1), number(value, 1000)) {
        return wanted == value;
    }
    if let (Some(wanted), Some(value)) = (float(wanted), float(value)) {
        return wanted == value;
    }
    if let (Some(wanted), Some(value)) = (octets(wanted), octets(value)) {
        return wanted == value;
    }
    let both_times = matches!((wanted, value), (Value::Timestamp(_), Value::Timestamp(_)));
    (is_empty(wanted) && is_empty(value)) || (wanted == value && !both_times)
}

#[test]
fn all_is_the_default_and_holds_without_conditions() {
    check(table(), table(), true);
    check(table(), table().with("a", 1), true);
    check(
        table().with("a", 1).with("b", 2),
        table().with("a", 1),
        false,
    );
    check(
        table().with("a", 1).with("b", 2),
        table().with("b", 2).with("a", 1),
        true,
    );
    check(asking("all").with("a", 1), table().with("a", 2), false);
}

#[test]
fn any_holds_with_one_condition_and_fails_without() {
    check(asking("any"), table(), false);
    check(asking("any"), table().with("a", 1), false);
    check(
        asking("any").with("a", 1).with("b", 2),
        table().with("a", 1),
        true,
    );
    check(
        asking("any").with("a", 1).with("b", 2),
        table().with("a", 2),
        false,
    );
}

#[test]
fn arguments_with_x_are_conditions_only_if_asked_for() {
    check(table().with("x-a", 1), table(), true);
    check(table().with("x-", 1), table(), true);
    check(table().with("X-a", 1), table(), false);
    check(table().with("x", 1), table(), false);
    check(asking("any").with("x-a", 1), table().with("x-a", 1), false);
    check(
        asking("any-with-x").with("x-a", 1),
        table().with("x-a", 1),
        true,
    );
    check(
        asking("all-with-x").with("x-a", 1),
        table().with("x-a", 2),
        false,
    );
    check(
        asking("all-with-x").with("x-a", 1).with("b", 1),
        table().with("x-a", 1).with("b", 1),
        true,
    );
}

#[test]
fn match_word_is_never_a_condition() {
    check(asking("any-with-x"), asking("any-with-x"), false);
    check(asking("all-with-x"), table(), true);
}

#[test]
fn void_asks_for_presence() {
    check(
        table().with("a", Value::Void),
        table().with("a", Value::Void),
        true,
    );
    check(
        table().with("a", Value::Void),
        table().with("a", "anything"),
        true,
    );
    check(table().with("a", Value::Void), table().with("b", 1), false);
    check(table().with("a", 1), table().with("a", Value::Void), false);
}

#[test]
fn integers_are_equal_by_number() {
    let ones: [Value; 7] = [
        1_i8.into(),
        1_u8.into(),
        1_i16.into(),
        1_u16.into(),
        1.into(),
        1_u32.into(),
        1_i64.into(),
    ];
    for wanted in &ones {
        for value in &ones {
            check(
                table().with("a", wanted.clone()),
                table().with("a", value.clone()),
                true,
            );
        }
        check(
            table().with("a", wanted.clone()),
            table().with("a", 2),
            false,
        );
        check(
            table().with("a", wanted.clone()),
            table().with("a", "1"),
            false,
        );
        check(
            table().with("a", wanted.clone()),
            table().with("a", 1.0),
            false,
        );
        check(
            table().with("a", wanted.clone()),
            table().with("a", true),
            false,
        );
    }
    check(table().with("a", -1_i8), table().with("a", 255_u8), false);
}

#[test]
fn floats_are_equal_by_number_and_sign() {
    check(table().with("a", 1.5_f32), table().with("a", 1.5_f64), true);
    check(table().with("a", 0.0), table().with("a", -0.0), false);
}

#[test]
fn texts_and_byte_arrays_are_equal_by_octets() {
    check(
        table().with("a", "q"),
        table().with("a", Value::Bytes(b"q".to_vec())),
        true,
    );
    check(table().with("a", "q"), table().with("a", "Q"), false);
}

#[test]
fn timestamps_of_messages_count_milliseconds() {
    let time = Value::Timestamp;
    check(
        table().with("a", time(1)),
        table().with("a", time(1)),
        false,
    );
    check(table().with("a", 1000), table().with("a", time(1)), true);
    check(
        table().with("a", time(1000)),
        table().with("a", time(1)),
        true,
    );
    check(table().with("a", time(1)), table().with("a", 1), true);
    check(table().with("a", time(0)), table().with("a", time(0)), true);
}

#[test]
fn nested_values_are_equal_by_type_and_order() {
    let array = |values: &[Value]| Value::from(values.to_vec());
    let (one, two) = (Value::from(1), Value::from(2));
    let wanted = array(&[one.clone(), two.clone()]);
    check(
        table().with("a", wanted.clone()),
        table().with("a", wanted.clone()),
        true,
    );
    check(
        table().with("a", wanted),
        table().with("a", array(&[two, one.clone()])),
        false,
    );
    let long = array(&[Value::from(1_i64)]);
    check(
        table().with("a", array(&[one])),
        table().with("a", long),
        false,
    );
    check(
        table().with("a", array(&[])),
        table().with("a", table()),
        true,
    );
    let nested = table().with("x", 1).with("y", 2);
    let turned = table().with("y", 2).with("x", 1);
    check(
        table().with("a", nested.clone()),
        table().with("a", nested.clone()),
        true,
    );
    check(table().with("a", nested), table().with("a", turned), false);
}

#[test]
fn letters_of_one_meaning_are_equal_in_arrays() {
    let message = |letter: u8| [b"\x01aA\0\0\0\x09".as_slice(), &[letter], &[0; 7], &[1]].concat();
    let mut headers = Headers::default();
    headers.add(TableRef::new(&message(b'l')), 1);
    let mut out = Vec::new();
    headers.route(Some(TableRef::new(&message(b'L'))), &mut out);
    assert_eq!(out, [1]);
}

#[test]
fn last_of_two_headers_of_one_name_counts() {
    let twice = [
        table().with("a", 1).to_bytes(),
        table().with("a", 2).to_bytes(),
    ]
    .concat();
    let count = |wanted| {
        let mut out = Vec::new();
        bound(&table().with("a", wanted)).route(Some(TableRef::new(&twice)), &mut out);
        out.len()
    };
    assert_eq!((count(1), count(2)), (0, 1));
}

#[test]
fn message_without_headers_meets_no_condition() {
    let routed_without = |arguments: Table| {
        let mut out = Vec::new();
        bound(&arguments).route(None, &mut out);
        out.len()
    };
    assert_eq!(routed_without(table()), 1);
    assert_eq!(routed_without(table().with("a", Value::Void)), 0);
}

#[test]
fn broken_headers_count_up_to_where_they_break() {
    let broken = [table().with("a", 1).to_bytes(), b"\x01b?".to_vec()].concat();
    let mut out = Vec::new();
    bound(&table().with("a", 1)).route(Some(TableRef::new(&broken)), &mut out);
    assert_eq!(out, [1]);
}

#[test]
fn match_word_is_checked() {
    let refused = |value: Value, text: &str| {
        assert_eq!(
            check_arguments(&table().with("x-match", value)),
            Err(text.to_owned())
        );
    };
    let expected = "expected all, any, all-with-x, or any-with-x";
    refused(
        "foo".into(),
        &format!(r#"Invalid x-match field value <<"foo">>; {expected}"#),
    );
    refused(
        "ALL".into(),
        &format!(r#"Invalid x-match field value <<"ALL">>; {expected}"#),
    );
    refused(
        "".into(),
        &format!("Invalid x-match field value <<>>; {expected}"),
    );
    refused(
        1.into(),
        "Invalid x-match field type signedint (value 1); expected longstr",
    );
    refused(
        Value::Void,
        "Invalid x-match field type void (value undefined); expected longstr",
    );
    let octets = Value::Bytes(b"all".to_vec());
    refused(
        octets,
        r#"Invalid x-match field type binary (value <<"all">>); expected longstr"#,
    );
    for word in ["all", "any", "all-with-x", "any-with-x"] {
        assert_eq!(check_arguments(&asking(word)), Ok(()));
    }
    assert_eq!(check_arguments(&table()), Ok(()));
}

#[test]
fn bindings_that_share_a_header_are_anchored_on_the_other() {
    let mut headers = Headers::default();
    for order in 0..200 {
        let arguments = table()
            .with("kind", "order")
            .with("order", i64::try_from(order).unwrap());
        headers.add(TableRef::new(&arguments.to_bytes()), order);
    }
    let longest = headers
        .conditions
        .iter()
        .map(|condition| condition.anchored.len())
        .max();
    assert!(longest <= Some(1), "{longest:?} rules behind one condition");
    assert_eq!(
        routed(&headers, &table().with("kind", "order").with("order", 77)),
        [77]
    );
}

#[test]
fn removed_bindings_leave_no_conditions() {
    let mut headers = Headers::default();
    let arguments = [
        asking("any").with("a", 1).with("b", 2),
        table().with("a", 1),
        table(),
    ];
    let numbers = arguments.map(|arguments| headers.add(TableRef::new(&arguments.to_bytes()), 1));
    for number in numbers {
        headers.remove(number);
        headers.remove(number);
    }
    assert!(headers.spelled.is_empty() && headers.unconditional.is_empty());
    assert_eq!(headers.free_conditions.len(), headers.conditions.len());
    assert_eq!(headers.free_rules.len(), headers.rules.len());
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => Just(Value::from(1)),
        2 => Just(Value::from(1_i64)),
        2 => Just(Value::from(1000_u16)),
        2 => Just(Value::from("1")),
        1 => Just(Value::Bytes(b"1".to_vec())),
        1 => Just(Value::from(1.0)),
        1 => Just(Value::from(1.0_f32)),
        1 => Just(Value::from(true)),
        2 => Just(Value::Void),
        1 => Just(Value::Timestamp(1)),
        1 => Just(Value::Array(Vec::new())),
        1 => Just(Value::from(vec![Value::from(1)])),
        1 => Just(Value::from(Table::new())),
        1 => Just(Value::from(Table::new().with("a", 1))),
        1 => Just(Value::Decimal { scale: 0, value: 1 }),
    ]
}

fn entries() -> impl Strategy<Value = Table> {
    let name = prop_oneof![Just("a"), Just("b"), Just("c"), Just("x-a"), Just("aa")];
    prop::collection::vec((name, value()), 0..5).prop_map(Table::from_iter)
}

fn arguments() -> impl Strategy<Value = Table> {
    let word = prop_oneof![
        Just(None),
        Just(Some("all")),
        Just(Some("any")),
        Just(Some("all-with-x")),
        Just(Some("any-with-x"))
    ];
    (word, entries()).prop_map(|(word, entries)| match word {
        Some(word) => entries.with("x-match", word),
        None => entries,
    })
}

proptest! {
    #[test]
    fn index_agrees_with_the_rules(
        bindings in prop::collection::vec(arguments(), 1..20),
        removed in prop::collection::vec(any::<bool>(), 20),
        messages in prop::collection::vec(entries(), 1..8),
    ) {
        let mut headers = Headers::default();
        let add = |headers: &mut Headers<usize>, n: usize| {
            headers.add(TableRef::new(&bindings[n].to_bytes()), n)
        };
        let numbers = (0..bindings.len()).map(|n| add(&mut headers, n)).collect::<Vec<_>>();
        numbers.iter().zip(&removed).filter(|(_, removed)| **removed).for_each(|(number, _)| {
            headers.remove(*number);
        });
        // Half of the removed ones come back, over what the others left.
        let is_bound = |n: usize| !removed[n] || n.is_multiple_of(2);
        (0..bindings.len()).filter(|&n| removed[n] && is_bound(n)).for_each(|n| {
            add(&mut headers, n);
        });
        for message in &messages {
            let bound = (0..bindings.len()).filter(|&n| is_bound(n));
            let told = bound.filter(|&n| matches(&bindings[n], message));
            prop_assert_eq!(routed(&headers, message), told.collect::<Vec<_>>());
        }
    }
}
