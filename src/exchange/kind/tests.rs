use super::*;

const NAMES: [&str; 9] = [
    "direct",
    "fanout",
    "topic",
    "headers",
    "x-consistent-hash",
    "x-random",
    "x-local-random",
    "x-modulus-hash",
    "x-recent-history",
];

fn check_refused(name: &str, arguments: Table, expected: &str) {
    assert_eq!(ExchangeType::parse(name, &arguments).unwrap_err(), expected);
}

#[test]
fn types_are_known_by_their_names() {
    for name in NAMES {
        assert_eq!(
            ExchangeType::parse(name, &Table::new())
                .unwrap()
                .to_string(),
            name
        );
    }
}

#[test]
fn unknown_types_are_refused() {
    for name in ["nope", "Direct", "topic ", "é", "x-jms-topic", "x-event"] {
        check_refused(
            name,
            Table::new(),
            &format!("unknown exchange type '{name}'"),
        );
    }
    check_refused("", Table::new(), "invalid exchange type ''");
}

#[test]
fn delayed_exchange_routes_as_the_type_within() {
    for name in NAMES {
        let arguments = Table::new().with("x-delayed-type", name);
        let delayed = ExchangeType::parse("x-delayed-message", &arguments).unwrap();
        assert_eq!(delayed.name(), "x-delayed-message");
        assert!(delayed.is_delayed() && !delayed.routes_by_key());
        assert_eq!(delayed.routing().name(), name);
    }
}

#[test]
fn delayed_exchange_needs_a_known_type_within() {
    let text = "Invalid argument, 'x-delayed-type' must be an existing exchange type";
    check_refused("x-delayed-message", Table::new(), text);
    for inner in ["", "nope", "x-delayed-message"] {
        check_refused(
            "x-delayed-message",
            Table::new().with("x-delayed-type", inner),
            text,
        );
    }
    check_refused(
        "x-delayed-message",
        Table::new().with("x-delayed-type", 1),
        text,
    );
}
