//! What a line of the audit log says, and what it never does.

use leveret_codec::table::{Table, Value};

use super::Fields;

#[test]
fn a_line_says_names_flags_and_rights_and_no_values() {
    let secret = Table::new().with("uri", "amqp://u:secret@h");
    let fields = Table::new()
        .with("component", "shovel")
        .with("name", "s")
        .with("value", Value::Table(secret.clone()))
        .with("definition", Value::Table(secret.clone()))
        .with("arguments", Value::Table(secret))
        .with("description", "secret")
        .with("durable", true)
        .with("tags", vec![Value::from("a"), Value::from("b")])
        .with("configure", ".*");
    let said = r#" component="shovel" name="s" durable=true tags="a,b" configure=".*""#;
    assert_eq!(Fields(&fields).to_string(), said);
}

#[test]
fn a_name_cannot_look_like_another_field_and_a_long_one_is_cut() {
    let fields = Table::new().with("name", "q\" by=\"admin\n");
    let said = r#" name="q\" by=\"admin\n""#;
    assert_eq!(Fields(&fields).to_string(), said);
    let fields = Table::new().with("pattern", "x".repeat(10_000));
    let said = format!(" pattern=\"{}...\"", "x".repeat(255));
    assert_eq!(Fields(&fields).to_string(), said);
}
