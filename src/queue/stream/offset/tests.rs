//! Every form of `x-stream-offset`.

use leveret_codec::table::{Table, Value};

use super::Start;
use crate::clock::Wall;

const NOW: Wall = Wall::from_millis(1_000_000_000);

fn parse(value: impl Into<Value>) -> Option<Start> {
    let arguments = Table::new().with("x-stream-offset", value);
    Start::parse(&arguments, NOW, "queue 'q' in vhost '/'").expect("no bad word")
}

fn refusal(value: impl AsRef<[u8]>) -> String {
    let value = Value::LongStr(value.as_ref().to_vec());
    let arguments = Table::new().with("x-stream-offset", value);
    Start::parse(&arguments, NOW, "queue 'q' in vhost '/'")
        .expect_err("a bad word")
        .to_string()
}

fn since(ms: u64) -> Option<Start> {
    Some(Start::Since(Wall::from_millis(ms)))
}

#[test]
fn words() {
    assert_eq!(parse("first"), Some(Start::First));
    assert_eq!(parse("last"), Some(Start::Last));
    assert_eq!(parse("next"), Some(Start::Next));
    assert_eq!(parse(Value::Bytes(b"first".into())), Some(Start::First));
    let absent = Start::parse(&Table::new(), NOW, "queue 'q'");
    assert_eq!(absent, Ok(Some(Start::Next)));
}

#[test]
fn numbers_of_any_width() {
    assert_eq!(parse(Value::U8(7)), Some(Start::At(7)));
    assert_eq!(parse(1i64 << 40), Some(Start::At(1 << 40)));
    assert_eq!(parse(-1i64), Some(Start::At(0)));
}

#[test]
fn moments() {
    assert_eq!(parse(Value::Timestamp(77)), since(77_000));
    assert_eq!(parse(Value::Timestamp(u64::MAX)), since(u64::MAX));
    assert_eq!(parse("10s"), since(999_990_000));
    assert_eq!(parse("2m"), since(999_880_000));
    assert_eq!(parse("1Y"), since(0));
    assert_eq!(parse("99999999999999999999999Y"), since(0));
}

#[test]
fn other_types_make_no_sense() {
    let senseless = [
        Value::Bool(true),
        Value::Void,
        Value::F64(1.5),
        Value::Bytes(b"abc".into()),
        Value::Array(vec!["first".into()]),
    ];
    for value in senseless {
        assert_eq!(parse(value), None);
    }
}

#[test]
fn bad_words_are_shown_as_erlang_does() {
    let text = |detail: &str| {
        format!(
            "406 PRECONDITION_FAILED - invalid arg 'x-stream-offset' for queue 'q' in vhost '/': \
             {{invalid_stream_offset_arg,{{longstr,{detail}}}}}"
        )
    };
    assert_eq!(refusal("foo"), text("<<\"foo\">>"));
    assert_eq!(refusal(""), text("<<>>"));
    assert_eq!(refusal("7x"), text("<<\"7x\">>"));
    assert_eq!(refusal("10"), text("<<\"10\">>"));
    assert_eq!(refusal("-1h"), text("<<\"-1h\">>"));
    assert_eq!(refusal("a\"b\n"), text("<<\"a\\\"b\\n\">>"));
    assert_eq!(refusal(b"\xff"), text("<<\"\u{ff}\">>"));
    assert_eq!(refusal(b"\x01a"), text("<<1,97>>"));
}
