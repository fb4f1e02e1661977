use super::*;

fn greeting(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut table = vec![0, 10, 0, 10, 0, 9];
    for (key, value) in pairs {
        table.push(u8::try_from(key.len()).unwrap());
        table.extend_from_slice(key.as_bytes());
        table.push(b'S');
        table.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
        table.extend_from_slice(value.as_bytes());
    }
    table
}

fn check(pairs: &[(&str, &str)], name: &str) {
    assert_eq!(identity(&greeting(pairs)).to_string(), name);
}

#[test]
fn rabbitmq_is_known_by_its_product() {
    check(
        &[
            ("platform", "Erlang/OTP 27"),
            ("product", "RabbitMQ"),
            ("version", "4.3.6"),
        ],
        "RabbitMQ 4.3.6",
    );
}

#[test]
fn leveret_is_known_by_its_platform() {
    check(
        &[
            ("platform", "Leveret 0.1.0"),
            ("product", "RabbitMQ"),
            ("version", "4.3.6"),
        ],
        "Leveret 4.3.6",
    );
}

#[test]
fn leveret_is_known_by_its_information() {
    check(
        &[
            ("information", "Leveret 0.1.0. Licensed"),
            ("platform", "Erlang/OTP 29.1.2"),
            ("product", "RabbitMQ"),
            ("version", "4.3.6"),
        ],
        "Leveret 4.3.6",
    );
}

#[test]
fn cut_off_greeting_names_nothing() {
    let full = greeting(&[("version", "4.3.6")]);
    let cut = full.get(..full.len() - 2).unwrap();
    assert_eq!(identity(cut).version, "");
}

#[test]
fn choice_is_read_from_names_and_uris() {
    let running = |text: &str| Ok(Choice::Running(text.to_owned()));
    assert_eq!("leveret".parse(), Ok(Choice::Leveret));
    assert_eq!("rabbitmq".parse(), Ok(Choice::RabbitMq));
    assert_eq!(
        "amqp://localhost".parse(),
        running("guest:guest@localhost:5672")
    );
    assert_eq!("amqp://u:p@h:1/%2F".parse(), running("u:p@h:1"));
    assert!("http://h".parse::<Choice>().is_err());
}
