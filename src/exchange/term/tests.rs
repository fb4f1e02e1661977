use super::*;

fn check(value: impl Into<Value>, expected: &str) {
    assert_eq!(Term(&value.into()).to_string(), expected);
}

#[test]
fn numbers_look_as_in_erlang() {
    check(0, "0");
    check(-7_i64, "-7");
    check(2.0_f32, "2.0");
    check(1.5, "1.5");
    check(100.0, "100.0");
    check(1e30, "1.0e30");
    check(1e-7, "1.0e-7");
    check(0.0001, "0.0001");
    check(1e5, "1.0e5");
    check(100_000.5, "100000.5");
    check(9_007_199_254_740_992.0, "9.007199254740992e15");
    check(-0.0, "-0.0");
    check(123_456_789.125, "123456789.125");
    check(Value::Timestamp(5), "5");
    check(Value::Decimal { scale: 1, value: 5 }, "{1,5}");
}

#[test]
fn octets_look_like_text_only_if_all_can_be_printed() {
    check("", "<<>>");
    check("abc", r#"<<"abc">>"#);
    check("a\"b", r#"<<"a\"b">>"#);
    check("é\n", r#"<<"é\n"/utf8>>"#);
    check("a\nb\u{1}", "<<97,10,98,1>>");
    check("é\u{1}", "<<195,169,1>>");
    check("\u{85}", "<<194,133>>");
    check("\u{1b}\u{8}", r#"<<"\e\b">>"#);
    check(b"a\xFF".as_slice(), r#"<<"aÿ">>"#);
    check(b"\x7F".as_slice(), "<<127>>");
    check(b"\xFF\x01".as_slice(), "<<255,1>>");
    check(Value::Bytes(b"all".to_vec()), r#"<<"all">>"#);
}

#[test]
fn containers_name_the_types_of_their_values() {
    check(Vec::<Value>::new(), "[]");
    check(
        vec![Value::I32(1), Value::from("a")],
        r#"[{signedint,1},{longstr,<<"a">>}]"#,
    );
    check(Table::new(), "[]");
    let table = Table::new().with("a", 1).with("b", true);
    check(table, r#"[{<<"a">>,signedint,1},{<<"b">>,bool,true}]"#);
    check(true, "true");
    check(Value::Void, "undefined");
}
