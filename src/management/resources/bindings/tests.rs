use leveret_codec::table::Table;

use super::*;

fn key(routing_key: &str, arguments: Table) -> String {
    properties_key(&BindingView {
        source: "x".to_owned(),
        vhost: "/".to_owned(),
        destination: "q".to_owned(),
        destination_type: "queue",
        routing_key: routing_key.to_owned(),
        arguments: PlainTable(arguments),
    })
}

#[test]
fn a_key_is_quoted_as_rabbitmq_does() {
    for (routing_key, expected) in [
        ("", "~"),
        ("a.b", "a.b"),
        ("a b/%~ü", "a+b%2F%25%7E%C3%BC"),
        ("a.*.#", "a.%2A.%23"),
        ("(x)!+';", "%28x%29%21%2B%27%3B"),
    ] {
        assert_eq!(key(routing_key, Table::new()), expected);
    }
    assert_eq!(quoted("a+b%2F%7E~e_RnAw", false), "a%2Bb%252F%257E~e_RnAw");
}

#[test]
fn arguments_make_another_key() {
    let one = key("k", Table::new().with("z", 1));
    let other = key("k", Table::new().with("z", 2));
    assert!(one.starts_with("k~") && one.len() == 8, "{one}");
    assert_ne!(one, other);
    assert_eq!(one, key("k", Table::new().with("z", 1)));
}
