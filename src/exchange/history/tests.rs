use super::*;

fn recorded(length: i32, messages: std::ops::Range<u32>) -> Vec<u32> {
    let arguments = Table::new().with("x-recent-history-length", length);
    let history = History::from_arguments(&ExchangeType::RecentHistory, &arguments);
    let mut history = history.unwrap().unwrap();
    messages.for_each(|message| history.record(message));
    history.replay()
}

fn check_length(value: impl Into<Value>, expected: Result<usize, &str>) {
    let length = history_length(&Table::new().with("x-recent-history-length", value));
    let expected = expected.map_err(|shown| {
        format!("Invalid argument {shown}, 'x-recent-history-length' must be a positive integer")
    });
    assert_eq!(length, expected);
}

#[test]
fn the_last_messages_are_replayed_oldest_first() {
    assert!(recorded(3, 0..0).is_empty());
    assert_eq!(recorded(3, 0..2), [0, 1]);
    assert_eq!(recorded(3, 0..7), [4, 5, 6]);
}

#[test]
fn other_types_keep_nothing() {
    let arguments = Table::new().with("x-recent-history-length", 0);
    let of = |exchange_type| History::<u32>::from_arguments(&exchange_type, &arguments);
    assert!(matches!(of(ExchangeType::Fanout), Ok(None)));
    assert!(of(ExchangeType::RecentHistory).is_err());
    assert!(of(ExchangeType::Delayed(Box::new(ExchangeType::RecentHistory))).is_err());
}

#[test]
fn length_is_a_signed_integer_above_zero() {
    assert_eq!(history_length(&Table::new()), Ok(20));
    check_length(5, Ok(5));
    check_length(3_i8, Ok(3));
    check_length(3_i16, Ok(3));
    check_length(1_i64 << 40, Ok(HISTORY_LENGTH_MAX));
    check_length(0, Err("0"));
    check_length(-1, Err("-1"));
    check_length(3_u8, Err("3"));
    check_length(3_u32, Err("3"));
    check_length("5", Err(r#"<<"5">>"#));
    check_length(2.0, Err("2.0"));
    check_length(true, Err("true"));
    check_length(Value::Void, Err("undefined"));
}

#[test]
fn only_a_true_no_store_header_keeps_a_message_out() {
    let belongs = |value: Value| {
        let headers = Table::new()
            .with("x-recent-history-no-store", value)
            .to_bytes();
        belongs_to_history(Some(TableRef::new(&headers)))
    };
    assert!(!belongs(true.into()));
    assert!(belongs(false.into()));
    assert!(belongs("true".into()));
    assert!(belongs(1.into()));
    assert!(belongs_to_history(None));
}
