use std::net::TcpListener;

use super::*;

#[test]
fn name_of_a_program_may_hold_brackets_and_spaces() {
    let stat = "7 (a) b (c)) S 1 2 3 4 5 6 7 8 9 10 25 17 0 0 20";
    assert_eq!(ticks(stat), Some(42));
    assert_eq!(ticks("7 (a)"), None);
}

#[test]
fn own_usage_is_known() {
    let usage = of(std::process::id()).unwrap();
    assert!(usage.rss > 100_000, "{usage:?}");
}

#[test]
fn listener_of_a_port_is_found() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = socket.local_addr().unwrap().port();
    assert_eq!(listener(port), Some(std::process::id()));
    drop(socket);
    assert_eq!(listener(port), None);
}

#[test]
fn rate_of_no_time_is_none() {
    assert!(per_second(5, Duration::ZERO).abs() < f64::EPSILON);
    assert!((per_second(5, Duration::from_millis(500)) - 10.0).abs() < 1e-9);
}
