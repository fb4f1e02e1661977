use proptest::prelude::*;

use super::*;

/// One value of each type, as RabbitMQ writes it.
fn all_types() -> Table {
    Table::new()
        .with("bool", true)
        .with("byte", -3_i8)
        .with("unsignedbyte", 253_u8)
        .with("short", -300_i16)
        .with("unsignedshort", 65_000_u16)
        .with("signedint", -70_000_i32)
        .with("unsignedint", 4_000_000_000_u32)
        .with("long", -5_000_000_000_i64)
        .with("float", 1.5_f32)
        .with("double", -2.25_f64)
        .with(
            "decimal",
            Value::Decimal {
                scale: 2,
                value: 314,
            },
        )
        .with("longstr", "text")
        .with("array", vec![Value::from(1), Value::from("two")])
        .with("timestamp", Value::Timestamp(1_700_000_000))
        .with("table", Table::new().with("x", false))
        .with("void", Value::Void)
        .with("binary", Value::Bytes(vec![0, 255]))
}

fn check(entries: &[u8]) -> Result<(), TableError> {
    let table = TableRef::new(entries);
    let checked = table.check();
    assert_eq!(
        checked.err(),
        table.to_table().err(),
        "check and copy agree on {entries:?}"
    );
    checked
}

/// Entries of a table of `depth` tables in one another.
fn nested(depth: usize) -> Vec<u8> {
    (1..depth).fold(Vec::new(), |inner, _| {
        let len = u32::try_from(inner.len()).unwrap().to_be_bytes();
        [b"\x01nF", &len[..], &inner].concat()
    })
}

#[test]
fn every_type_survives_the_wire() {
    let table = all_types();
    let octets = table.to_bytes();
    assert_eq!(octets.len(), table.encoded_len());
    assert_eq!(TableRef::new(&octets).to_table(), Ok(table));
}

#[test]
fn types_are_called_as_in_rabbitmq() {
    for (name, value) in all_types().iter() {
        assert_eq!(value.type_name().as_bytes(), name);
    }
    for entry in TableRef::new(&all_types().to_bytes()) {
        let (name, value) = entry.unwrap();
        assert_eq!(value.type_name().as_bytes(), name);
    }
}

#[test]
fn each_type_has_its_letter() {
    let octets: Vec<u8> = all_types().iter().map(|(_, value)| letter(value)).collect();
    assert_eq!(octets, b"tbBsuIilfdDSATFVx");
}

fn letter(value: &Value) -> u8 {
    let mut out = Vec::new();
    value.encode(&mut out);
    assert_eq!(out.len(), value.encoded_len());
    out[0]
}

#[test]
fn capital_l_is_read_as_long_and_written_small() {
    let table = TableRef::new(b"\x01kL\xff\xff\xff\xff\xff\xff\xff\xfe");
    assert_eq!(table.find("k"), Ok(Some(ValueRef::I64(-2))));
    assert_eq!(table.to_table().unwrap().to_bytes()[2], b'l');
}

#[test]
fn any_octet_but_zero_is_true() {
    assert_eq!(
        TableRef::new(b"\x01kt\x05").find("k"),
        Ok(Some(ValueRef::Bool(true)))
    );
    assert_eq!(
        TableRef::new(b"\x01kt\x00").find("k"),
        Ok(Some(ValueRef::Bool(false)))
    );
}

#[test]
fn first_of_equal_names_wins() {
    let table = TableRef::new(b"\x01kB\x01\x01kB\x02");
    assert_eq!(table.find("k"), Ok(Some(ValueRef::U8(1))));
    let owned = table.to_table().unwrap();
    assert_eq!((owned.len(), owned.get("k")), (2, Some(&Value::U8(1))));
}

#[test]
fn find_does_not_look_behind_what_it_found() {
    let table = TableRef::new(b"\x01kB\x01\x01zU");
    assert_eq!(table.find("k"), Ok(Some(ValueRef::U8(1))));
    assert_eq!(table.find("other"), Err(TableError::UnknownType(b'U')));
}

#[test]
fn unknown_letter_is_named() {
    assert_eq!(check(b"\x01kU\x00"), Err(TableError::UnknownType(b'U')));
    assert_eq!(check(b"\x01kC"), Err(TableError::UnknownType(b'C')));
    assert_eq!(
        TableError::UnknownType(b'U').to_string(),
        "unknown field type 'U'"
    );
}

#[test]
fn every_cut_of_a_table_is_truncated() {
    let whole = Table::new().with("table", all_types()).to_bytes();
    for len in 1..whole.len() {
        assert_eq!(
            check(&whole[..len]),
            Err(TableError::Truncated),
            "{len} octets"
        );
    }
}

#[test]
fn length_past_the_outer_table_is_truncated() {
    assert_eq!(
        check(b"\x01tF\x00\x00\x00\x02\x05a"),
        Err(TableError::Truncated)
    );
    assert_eq!(
        check(b"\x01aA\x00\x00\x00\x02I\x00"),
        Err(TableError::Truncated)
    );
    assert_eq!(
        check(b"\x01aS\xff\xff\xff\xffab"),
        Err(TableError::Truncated)
    );
}

#[test]
fn floats_must_be_finite() {
    let float = |number: f32| check(&Table::new().with("f", number).to_bytes());
    let double = |number: f64| check(&Table::new().with("d", number).to_bytes());
    assert_eq!(float(f32::MAX), Ok(()));
    assert_eq!(float(f32::NAN), Err(TableError::NotFinite));
    assert_eq!(double(f64::NEG_INFINITY), Err(TableError::NotFinite));
}

#[test]
fn depth_has_a_limit() {
    assert_eq!(check(&nested(MAX_DEPTH)), Ok(()));
    assert_eq!(check(&nested(MAX_DEPTH + 1)), Err(TableError::TooDeep));
    assert_eq!(check(&nested(10_000)), Err(TableError::TooDeep));
}

#[test]
fn depth_is_not_added_up_over_neighbours() {
    let neighbours = vec![Value::Table(Table::new()); 2 * MAX_DEPTH];
    assert_eq!(
        check(&Table::new().with("a", neighbours).to_bytes()),
        Ok(())
    );
}

#[test]
fn number_of_values_has_a_limit() {
    let array = |len: usize| Table::new().with("a", vec![Value::Void; len]).to_bytes();
    assert_eq!(check(&array(MAX_ITEMS - 1)), Ok(()));
    assert_eq!(check(&array(MAX_ITEMS)), Err(TableError::TooManyItems));
}

#[test]
fn walk_ends_behind_an_error() {
    let mut entries = TableRef::new(b"\x01kU\x01kV").iter();
    assert_eq!(entries.next(), Some(Err(TableError::UnknownType(b'U'))));
    assert_eq!(entries.next(), None);
}

#[test]
fn insert_replaces_in_place() {
    let mut table = Table::new().with("a", 1).with("b", 2);
    assert_eq!(table.insert("a", 3), Some(Value::I32(1)));
    assert_eq!(table.insert("c", 4), None);
    assert_eq!(table.to_string(), "{a:I3, b:I2, c:I4}");
    assert_eq!(table.remove("b"), Some(Value::I32(2)));
    assert_eq!(table.remove("b"), None);
    assert_eq!(table.to_string(), "{a:I3, c:I4}");
}

#[test]
fn names_are_cut_at_255_octets() {
    let mut table = Table::new();
    table.insert("x".repeat(300), 1);
    table.insert("x".repeat(400), 2);
    assert_eq!(table.len(), 1);
    assert_eq!(check(&table.to_bytes()), Ok(()));
}

#[test]
fn sorted_keys_keep_the_order_of_equals() {
    let both = |number| [1, b'b', b'B', number, 1, b'a', b'B', number];
    let entries: Vec<u8> = (0..100).flat_map(both).collect();
    let mut table = TableRef::new(&entries).to_table().unwrap();
    table.sort_keys();
    let sorted: Vec<_> = table
        .iter()
        .map(|(name, value)| (name[0], value.as_integer()))
        .collect();
    let expected = [b'a', b'b'].map(|name| (0..100).map(move |number| (name, Some(number))));
    assert_eq!(sorted, expected.into_iter().flatten().collect::<Vec<_>>());
}

#[test]
fn integers_of_any_width_are_numbers() {
    let numbers: Vec<i64> = all_types()
        .iter()
        .filter_map(|(_, value)| value.as_integer())
        .collect();
    assert_eq!(
        numbers,
        [
            -3,
            253,
            -300,
            65_000,
            -70_000,
            4_000_000_000,
            -5_000_000_000
        ]
    );
}

#[test]
fn only_long_strings_are_texts() {
    let texts: Vec<_> = all_types()
        .iter()
        .filter_map(|(_, value)| value.as_str().map(<[u8]>::to_vec))
        .collect();
    assert_eq!(texts, [b"text"]);
}

#[test]
fn tables_read_well() {
    let text = [
        "{bool:true, byte:b-3, unsignedbyte:B253, short:s-300, unsignedshort:u65000, ",
        "signedint:I-70000, unsignedint:i4000000000, long:l-5000000000, float:f1.5, ",
        "double:d-2.25, decimal:D314/2, longstr:S\"text\", array:[I1, S\"two\"], ",
        "timestamp:T1700000000, table:{x:false}, void:void, binary:x\"\\x00\\xff\"}",
    ]
    .concat();
    assert_eq!(all_types().to_string(), text);
    assert_eq!(TableRef::new(&all_types().to_bytes()).to_string(), text);
    assert_eq!(
        Table::new().with("a b", "\"").to_string(),
        r#"{"a b":S"\""}"#
    );
    assert_eq!(
        TableRef::new(b"\x01kU").to_string(),
        "{<unknown field type 'U'>}"
    );
}

/// Any value that RabbitMQ can read, a few levels deep.
pub(crate) fn any_value() -> impl Strategy<Value = Value> {
    let octets = || prop::collection::vec(any::<u8>(), 0..20);
    let finite32 = prop::num::f32::NORMAL | prop::num::f32::ZERO | prop::num::f32::SUBNORMAL;
    let finite64 = prop::num::f64::NORMAL | prop::num::f64::ZERO | prop::num::f64::SUBNORMAL;
    let leaf = prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        any::<i8>().prop_map(Value::I8),
        any::<u8>().prop_map(Value::U8),
        any::<i16>().prop_map(Value::I16),
        any::<u16>().prop_map(Value::U16),
        any::<i32>().prop_map(Value::I32),
        any::<u32>().prop_map(Value::U32),
        any::<i64>().prop_map(Value::I64),
        finite32.prop_map(Value::F32),
        finite64.prop_map(Value::F64),
        any::<(u8, u32)>().prop_map(|(scale, value)| Value::Decimal { scale, value }),
        octets().prop_map(Value::LongStr),
        any::<u64>().prop_map(Value::Timestamp),
        Just(Value::Void),
        octets().prop_map(Value::Bytes),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let key = prop::collection::vec(any::<u8>(), 0..10);
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((key, inner), 0..6)
                .prop_map(|entries| Value::Table(entries.into_iter().collect())),
        ]
    })
}

/// Any table that RabbitMQ can read.
pub(crate) fn any_table() -> impl Strategy<Value = Table> {
    let key = prop::collection::vec(any::<u8>(), 0..255);
    prop::collection::vec((key, any_value()), 0..6)
        .prop_map(|entries| entries.into_iter().collect())
}

proptest! {
    #[test]
    fn any_table_survives_the_wire(table in any_table()) {
        let octets = table.to_bytes();
        prop_assert_eq!(octets.len(), table.encoded_len());
        prop_assert_eq!(TableRef::new(&octets).check(), Ok(()));
        prop_assert_eq!(TableRef::new(&octets).to_table(), Ok(table));
    }

    #[test]
    fn find_agrees_with_the_copy(table in any_table(), at in any::<prop::sample::Index>()) {
        let octets = table.to_bytes();
        let names: Vec<&str> =
            table.iter().filter_map(|(name, _)| std::str::from_utf8(name).ok()).collect();
        let name = if names.is_empty() { "" } else { names[at.index(names.len())] };
        let found = TableRef::new(&octets).find(name).unwrap();
        let found = found.map(|value| value.to_value().unwrap());
        prop_assert_eq!(found.as_ref(), table.get(name));
    }

    #[test]
    fn junk_never_panics(octets in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert_eq!(check(&octets).is_ok(), TableRef::new(&octets).to_table().is_ok());
    }
}
