//! How values are written that RabbitMQ's event exchange has no type for.

use leveret_codec::table::{Table, Value};

use super::terms::field;

#[test]
fn arguments_are_erlangs_terms() {
    let inner = Table::new().with("deep", vec![Value::Bool(true), Value::Void]);
    let arguments = Table::new()
        .with("x-dead-letter-exchange", "dlx")
        .with("x-max-length", 5_i32)
        .with("long", 5_i64)
        .with("empty", "")
        .with("quoted", "a\"b\\c\n")
        .with("umlaut", "ü")
        .with("octets", Value::Bytes(vec![0, 255]))
        .with("table", Value::Table(inner));
    let Value::Array(terms) = field(b"arguments", &Value::Table(arguments)) else {
        panic!("no array")
    };
    let terms = terms.iter().map(|term| {
        let text = term.as_str().unwrap_or_default();
        String::from_utf8_lossy(text).into_owned()
    });
    assert_eq!(
        terms.collect::<Vec<_>>(),
        [
            r#"{<<"x-dead-letter-exchange">>,longstr,<<"dlx">>}"#,
            r#"{<<"x-max-length">>,signedint,5}"#,
            r#"{<<"long">>,long,5}"#,
            r#"{<<"empty">>,longstr,<<>>}"#,
            r#"{<<"quoted">>,longstr,<<"a\"b\\c\n">>}"#,
            r#"{<<"umlaut">>,longstr,<<"ü"/utf8>>}"#,
            r#"{<<"octets">>,binary,<<0,255>>}"#,
            r#"{<<"table">>,table,[{<<"deep">>,array,[{bool,true},{void,undefined}]}]}"#,
        ]
    );
}

#[test]
fn addresses_are_tuples_and_errors_lists_of_characters() {
    assert_eq!(field(b"host", &"127.0.0.1".into()), "{127,0,0,1}".into());
    assert_eq!(
        field(b"peer_host", &"::1".into()),
        "{0,0,0,0,0,0,0,1}".into()
    );
    let error = Value::Array(vec![Value::I64(110), Value::I64(111)]);
    assert_eq!(field(b"error", &"no".into()), error);
}

#[test]
fn numbers_have_64_bits_and_an_empty_table_is_a_list() {
    let inner = Table::new()
        .with("a", 1_i32)
        .with("b", Value::F64(1.5))
        .with("c", Value::Table(Table::new()))
        .with("d", Value::Void);
    let expected = Table::new()
        .with("a", 1_i64)
        .with("b", Value::F32(1.5))
        .with("c", Value::Array(Vec::new()))
        .with("d", "null");
    let value = field(b"value", &Value::Table(inner));
    assert_eq!(value, Value::Table(expected));
}
