//! Filters in consumers' arguments, and what they want.

use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{Table, Value};

use super::Filter;
use crate::message::{Message, filter_value};
use crate::queue::stream::tests::filtered;

fn mark(message: &Message) -> u32 {
    filter_value::mark(message.properties())
}

fn parse(filter: impl Into<Value>) -> Filter {
    let arguments = Table::new().with("x-stream-filter", filter);
    Filter::parse(&arguments)
        .expect("it is right")
        .expect("there is one")
}

fn wants(filter: &Filter, value: impl Into<Value>) -> bool {
    let message = filtered("m", Some(value.into()));
    filter.wants(mark(&message), &message)
}

fn wants_unfiltered(filter: &Filter) -> bool {
    let message = filtered("m", None);
    filter.wants(mark(&message), &message)
}

#[test]
fn one_value_or_an_array_of_them() {
    let one = parse("red");
    assert!(wants(&one, "red") && !wants(&one, "blue") && !wants_unfiltered(&one));
    let two = parse(Value::Array(vec![
        "red".into(),
        Value::I32(5),
        "blue".into(),
    ]));
    assert!(wants(&two, "red") && wants(&two, "blue") && !wants(&two, "5"));
}

#[test]
fn value_whose_mark_collides_is_not_wanted() {
    let message = filtered("m", Some("blue".into()));
    let colliding = Filter {
        wanted: vec![(mark(&message), b"red".to_vec())],
        unfiltered: false,
    };
    assert!(!wants(&colliding, "blue"));
}

#[test]
fn unfiltered_messages_come_if_asked_for() {
    let both = Table::new()
        .with("x-stream-filter", "red")
        .with("x-stream-match-unfiltered", Value::Bool(true));
    let both = Filter::parse(&both).unwrap().unwrap();
    assert!(wants_unfiltered(&both) && wants(&both, "red") && !wants(&both, "blue"));
    assert!(wants(&both, ""), "an empty value is none");
    let word = Table::new()
        .with("x-stream-filter", "red")
        .with("x-stream-match-unfiltered", "true");
    let word = Filter::parse(&word).unwrap().unwrap();
    assert!(!wants_unfiltered(&word));
}

#[test]
fn empty_value_is_no_value() {
    let empty = parse("");
    assert!(wants_unfiltered(&empty) && wants(&empty, "") && !wants(&empty, "red"));
    let other = parse("red");
    assert!(!wants(&other, "") && !wants(&other, Value::I32(5)));
}

#[test]
fn filter_of_another_type_is_ignored() {
    for value in [
        Value::I32(5),
        Value::Bool(true),
        Value::Bytes(b"red".into()),
    ] {
        let arguments = Table::new().with("x-stream-filter", value);
        assert_eq!(Filter::parse(&arguments), Ok(None));
    }
    let alone = Table::new().with("x-stream-match-unfiltered", Value::Bool(true));
    assert_eq!(Filter::parse(&alone), Ok(None));
}

#[test]
fn array_without_strings_is_an_internal_error() {
    for values in [vec![], vec![Value::I32(5)]] {
        let arguments = Table::new().with("x-stream-filter", Value::Array(values));
        let error = Filter::parse(&arguments).unwrap_err();
        assert_eq!(
            (error.code, error.explanation.as_str()),
            (ReplyCode::InternalError, "")
        );
    }
}

/// Marks are kept in the store.
#[test]
fn mark_of_a_value_never_changes() {
    let message = filtered("m", Some("red".into()));
    assert_eq!(mark(&message), 0x0260_2fe0);
    assert_eq!(mark(&filtered("m", None)), 0);
}
