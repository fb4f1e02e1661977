use super::*;

fn reads(uri: &str, host: &str, port: u16, user: &str, password: &str, vhost: &str) {
    let read = Target::parse(uri).unwrap();
    let Target {
        host: h,
        port: p,
        user: u,
        password: w,
        vhost: v,
    } = &read;
    assert_eq!(
        (h.as_str(), *p, u.as_str(), w.as_str(), v.as_str()),
        (host, port, user, password, vhost),
        "{uri}"
    );
}

#[test]
fn what_is_missing_is_rabbitmqs_default() {
    reads("amqp://", "localhost", 5672, "guest", "guest", "/");
    reads("amqp://h", "h", 5672, "guest", "guest", "/");
    reads("amqp://h:1", "h", 1, "guest", "guest", "/");
    reads("amqp://[::1]", "::1", 5672, "guest", "guest", "/");
}

#[test]
fn all_parts_are_read_and_unescaped() {
    reads("amqp://a:b@[::1]:7/%2F", "::1", 7, "a", "b", "/");
    reads("amqp://a%40:b%3a@h:7/v%2fw", "h", 7, "a@", "b:", "v/w");
    reads("amqp://a@h/", "h", 5672, "a", "", "");
}

#[test]
fn what_is_wrong_is_said() {
    for uri in [
        "http://h",
        "amqp://h:x",
        "amqp://%4@h",
        "amqp://[::1",
        "amqp://[::1]x",
    ] {
        let error = Target::parse(uri).unwrap_err().to_string();
        assert!(error.contains(uri), "{error}");
    }
}
