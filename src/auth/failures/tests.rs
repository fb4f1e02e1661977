//! Addresses are refused after so many failures, and forgotten in time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Failures, Source, Standing};
use crate::clock::Mono;
use crate::limits::{LOGIN_SOURCES_MAX, LOGIN_WINDOW_MS};

const MAX: u64 = 60;

fn peer(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Fails so often, and says whether the address is refused then.
fn fail(failures: &Failures, from: IpAddr, times: u64, now: Mono) -> bool {
    for _ in 0..times {
        failures.note(from, now);
    }
    failures.is_over(from, now)
}

#[test]
fn an_address_is_refused_after_so_many_failures_and_heard_again_in_time() {
    let failures = Failures::new(Some(MAX));
    let (there, other) = (peer("10.0.0.1"), peer("10.0.0.2"));
    let now = Mono::from_millis(5);
    assert!(!fail(&failures, there, MAX - 1, now));
    assert_eq!(failures.note(there, now), Standing::Last);
    assert!(failures.is_over(there, now));
    assert!(!failures.is_over(other, now));
    // A sixtieth of a minute later there is room for one more.
    let later = now.plus_ms(LOGIN_WINDOW_MS / MAX);
    assert!(failures.is_over(there, later.minus_ms(1)));
    assert!(!failures.is_over(there, later));
    assert!(fail(&failures, there, 1, later));
    // A minute after the last one all is forgotten.
    let much_later = later.plus_ms(LOGIN_WINDOW_MS);
    assert!(!fail(&failures, there, MAX - 1, much_later));
}

// Each attempt that was heard again while the address was at its limit wrote a line: 300 a minute.
#[test]
fn an_address_that_goes_on_failing_is_told_of_once_a_window() {
    let failures = Failures::new(Some(MAX));
    let there = peer("10.0.0.1");
    let share_ms = LOGIN_WINDOW_MS / MAX;
    let told = |from_ms: u64| {
        let times = (0..MAX).map(|n| Mono::from_millis(from_ms + n * share_ms));
        let standings = times.map(|now| failures.note(there, now));
        standings
            .filter(|standing| *standing == Standing::Last)
            .count()
    };
    assert!(fail(&failures, there, MAX, Mono::from_millis(1)));
    assert_eq!(told(1), 0);
    assert_eq!(told(1 + LOGIN_WINDOW_MS), 1);
}

#[test]
fn this_machine_is_never_refused_and_nothing_is_without_a_limit() {
    let failures = Failures::new(Some(1));
    for here in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
        assert!(!fail(&failures, peer(here), 1_000, Mono::ZERO), "{here}");
    }
    let unlimited = Failures::new(None);
    assert!(!fail(&unlimited, peer("10.0.0.1"), 1_000, Mono::ZERO));
}

#[test]
fn addresses_that_one_client_may_have_count_as_one() {
    let failures = Failures::new(Some(2));
    for (one, other) in [
        ("10.0.0.1", "::ffff:10.0.0.1"),
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9"),
    ] {
        failures.note(peer(one), Mono::ZERO);
        assert!(fail(&failures, peer(other), 1, Mono::ZERO), "{other}");
    }
    assert!(!failures.is_over(peer("2001:db8:1:3::1"), Mono::ZERO));
    let mapped = Source::of(peer("::ffff:10.0.0.1"));
    assert_ne!(Source::of(peer("::")), mapped);
}

#[test]
fn a_client_with_many_addresses_neither_fills_memory_nor_frees_another_one() {
    let failures = Failures::new(Some(MAX));
    let worst = peer("10.0.0.1");
    assert!(fail(&failures, worst, MAX, Mono::ZERO));
    for network in 1..=2 * LOGIN_SOURCES_MAX as u128 {
        let bits = (0x2001_0db8_u128 << 96) | (network << 64);
        failures.note(IpAddr::V6(Ipv6Addr::from_bits(bits)), Mono::ZERO);
    }
    assert_eq!(failures.clear.lock().len(), LOGIN_SOURCES_MAX);
    assert!(failures.is_over(worst, Mono::ZERO));
    // What is over makes room first.
    let later = Mono::from_millis(2 * LOGIN_WINDOW_MS);
    failures.note(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 2)), later);
    assert_eq!(failures.clear.lock().len(), 1);
}
