use super::*;

fn named(name: &str) -> Option<Known> {
    let parts: Vec<_> = name.split('.').map(str::to_owned).collect();
    find(&parts)
}

fn takes(name: &str, value: &str) -> bool {
    named(name).unwrap().takes(value)
}

#[test]
fn every_row_has_a_name_and_types() {
    assert_eq!(all().count(), include_str!("../keys.txt").lines().count());
    let mut names: Vec<_> = all().map(|known| known.name).collect();
    names.dedup();
    assert!(names.is_sorted());
    assert_eq!(names.len(), all().count());
}

#[test]
fn a_part_that_stands_for_any_takes_any() {
    assert_eq!(
        named("default_users.bob.password").unwrap().name,
        "default_users.$name.password"
    );
    assert_eq!(
        named("listeners.tcp.default").unwrap().name,
        "listeners.tcp.$name"
    );
    assert!(named("heartbeats").is_none());
    assert!(named("heartbeat.x").is_none());
}

// Seen: RabbitMQ 4.3.6, each of them in a file.
#[test]
fn values_are_checked_by_type() {
    assert!(takes("heartbeat", "60") && takes("heartbeat", "-1") && !takes("heartbeat", "x"));
    assert!(takes("handshake_timeout", "infinity") && !takes("handshake_timeout", "10s"));
    assert!(takes("listeners.tcp.1", "5672") && takes("listeners.tcp.1", "127.0.0.1:5672"));
    assert!(takes("listeners.tcp.1", "::1:5672") && !takes("listeners.tcp.1", "[::1]:5672"));
    assert!(!takes("listeners.tcp.1", "localhost:5672"));
    assert!(takes("log.console.level", "notice") && !takes("log.console.level", "verbose"));
    assert!(takes("tcp_listen_options.nodelay", "true"));
    assert!(!takes("tcp_listen_options.nodelay", "on"));
    assert!(takes("cluster_partition_handling", "autoheal"));
    assert!(!takes("cluster_partition_handling", "foo"));
}

#[test]
fn what_is_expected_is_said_in_words() {
    let expected = |name| named(name).unwrap().expected();
    assert_eq!(expected("heartbeat"), "a whole number");
    assert_eq!(expected("handshake_timeout"), "infinity, or a whole number");
    assert_eq!(expected("listeners.tcp"), "none");
    let ip = "a whole number, or an IP address and a port, as in 127.0.0.1:5672";
    assert_eq!(expected("listeners.tcp.default"), ip);
    assert_eq!(expected("log.console.formatter"), "one of plaintext, json");
}
