//! Keys, shapes of today and of before, and arguments as JSON.

use leveret_codec::table::{Table, Value};
use serde_json::json;

use super::*;

#[test]
fn names_with_nuls_of_their_own_do_not_pass_for_others() {
    let parts = [
        "",
        "a",
        "\0",
        "a\0b",
        "b",
        "\u{10ffff}",
        "\u{10ffff}0",
        "\0\0",
    ];
    let mut keys = std::collections::HashSet::new();
    for one in parts {
        for other in parts {
            assert!(keys.insert(key(&[one, other])), "{one:?} {other:?}");
        }
    }
    assert_eq!(key(&["/", "q"]), "/\0q", "as earlier programs wrote it");
}

#[test]
fn a_record_comes_back_as_it_was_put() {
    let binding = BindingRecord {
        vhost: "/".to_owned(),
        source: "x".to_owned(),
        destination: "q".to_owned(),
        destination_type: DestinationType::Queue,
        routing_key: String::new(),
        arguments: encode(&Table::new().with("a", 1_i32)),
    };
    let DefinitionChange::Put(stored) = binding.put() else {
        panic!("a put");
    };
    assert_eq!(stored.kind, DefinitionKind::Binding);
    assert_eq!(
        stored.key,
        format!("/\0x\0Queue\0q\0\0{}", binding.arguments)
    );
    assert_eq!(BindingRecord::from_stored(&stored), Ok(binding));
}

fn stored(kind: DefinitionKind, key: &str, json: &str) -> Definition {
    Definition {
        kind,
        key: key.to_owned(),
        json: json.to_owned(),
    }
}

#[test]
fn shapes_of_earlier_programs_are_read() {
    let vhost = stored(DefinitionKind::Vhost, "v", r#"{"name":"v"}"#);
    let expected = VhostRecord {
        name: "v".to_owned(),
        ..VhostRecord::default()
    };
    assert_eq!(VhostRecord::from_stored(&vhost), Ok(expected));
    let limits = stored(
        DefinitionKind::Parameter,
        "v\0vhost-limits",
        r#"{"max-queues":5}"#,
    );
    let expected = ParameterRecord {
        vhost: "v".to_owned(),
        component: "vhost-limits".to_owned(),
        name: "limits".to_owned(),
        value: json!({ "max-queues": 5 }),
    };
    assert_eq!(ParameterRecord::from_stored(&limits), Ok(expected));
    let other = stored(DefinitionKind::Parameter, "v\0other", "{}");
    assert!(ParameterRecord::from_stored(&other).is_err());
    let exchange = stored(
        DefinitionKind::Exchange,
        "v\0x",
        r#"{"name":"x","vhost":"v","type":"topic","auto_delete":false,"internal":true,
            "arguments":""}"#,
    );
    assert_eq!(
        ExchangeRecord::from_stored(&exchange).map(|it| it.delayed_id),
        Ok(None)
    );
}

// Seen: RabbitMQ 4.3.6, but for the decimal, which it shows as 2.125.
#[test]
fn arguments_are_shown_as_rabbitmq_shows_them() {
    let table = Table::new()
        .with("z", "text")
        .with("bytes", Value::Bytes(b"\xff\xfe".to_vec()))
        .with("void", Value::Void)
        .with("time", Value::Timestamp(1_577_934_245))
        .with(
            "decimal",
            Value::Decimal {
                scale: 2,
                value: 125,
            },
        )
        .with("float", Value::F32(0.5))
        .with("list", Value::Array(vec![Value::U8(251), Value::Void]))
        .with("table", Value::Table(Table::new().with("a", -1_i64)));
    let expected = json!({
        "z": "text", "bytes": "Not UTF-8, base64 is: //4=", "void": "undefined",
        "time": 1_577_934_245, "decimal": 1.25, "float": 0.5, "list": [251, "undefined"],
        "table": { "a": -1 },
    });
    assert_eq!(serde_json::Value::Object(to_json(&table)), expected);
}

#[test]
fn arguments_are_read_from_an_object_or_from_nothing() {
    assert_eq!(from_json(None), Ok(Table::new()));
    assert_eq!(from_json(Some(&json!([]))), Ok(Table::new()));
    let table = from_json(Some(&json!({ "n": 1, "f": 1.5, "l": [true, {"a": "b"}] }))).unwrap();
    let expected = Table::new()
        .with("f", Value::F64(1.5))
        .with(
            "l",
            Value::Array(vec![
                Value::Bool(true),
                Value::Table(Table::new().with("a", "b")),
            ]),
        )
        .with("n", Value::I64(1));
    assert_eq!(table, expected);
    let refused = |value| from_json(Some(&value)).unwrap_err();
    assert_eq!(refused(json!({ "a": null })), ArgumentsError::Null);
    assert_eq!(
        refused(json!({ "a": [{ "b": null }] })),
        ArgumentsError::Null
    );
    assert_eq!(refused(json!("text")), ArgumentsError::NotAnObject);
    assert_eq!(refused(json!([1])), ArgumentsError::NotAnObject);
    assert_eq!(refused(json!({ "a": u64::MAX })), ArgumentsError::TooLarge);
    assert_eq!(
        refused(json!({ "a".repeat(256): 1 })),
        ArgumentsError::NameTooLong
    );
    let mut deep = json!(1);
    for _ in 0..200 {
        deep = json!([deep]);
    }
    assert!(matches!(
        refused(json!({ "a": deep })),
        ArgumentsError::Unfit(_)
    ));
}
