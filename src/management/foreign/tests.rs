use std::net::Ipv6Addr;

use super::*;

fn host(name: &'static str) -> HeaderMap {
    HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(name))])
}

#[test]
fn a_page_that_names_this_machine_is_not_from_this_machine() {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let comes_from = |name| origin_of(&Uri::default(), &host(name), Some(here));
    for local in [
        "localhost",
        "localhost:15672",
        "127.0.0.1:15672",
        "[::1]:15672",
        "rabbit",
        "my.localhost",
        "box.local:15672",
        "RABBIT.TEST.",
    ] {
        assert_eq!(comes_from(local), here, "{local}");
    }
    for public in [
        "evil.com",
        "evil.com:15672",
        "localhost.evil.com",
        "127.0.0.1.evil.com",
    ] {
        assert!(!comes_from(public).is_loopback(), "{public}");
    }
    let here = IpAddr::V6(Ipv6Addr::LOCALHOST);
    assert!(!origin_of(&Uri::default(), &host("evil.com"), Some(here)).is_loopback());
    assert_eq!(
        origin_of(&Uri::default(), &HeaderMap::new(), Some(here)),
        here
    );
}

// A browser sends one header; what is between may look at another one than this.
#[test]
fn a_public_name_counts_wherever_it_stands() {
    let here = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let mut two = host("localhost");
    two.append(header::HOST, HeaderValue::from_static("evil.com"));
    assert!(!origin_of(&Uri::default(), &two, Some(here)).is_loopback());
    let uri = Uri::from_static("http://evil.com/api/whoami");
    assert!(!origin_of(&uri, &host("localhost"), Some(here)).is_loopback());
    let uri = Uri::from_static("http://localhost:15672/api/whoami");
    assert_eq!(origin_of(&uri, &host("localhost"), Some(here)), here);
}

#[test]
fn another_address_stays_what_it_is() {
    let there: IpAddr = "192.0.2.7".parse().unwrap();
    assert_eq!(
        origin_of(&Uri::default(), &host("evil.com"), Some(there)),
        there
    );
}

#[test]
fn a_page_is_ours_with_our_host_and_port() {
    let is_ours = |origin| is_own(&host("localhost:15672"), &HeaderValue::from_static(origin));
    assert!(is_ours("http://localhost:15672"));
    assert!(is_ours("https://LOCALHOST:15672"));
    for other in [
        "http://localhost",
        "http://localhost:80",
        "http://evil.com",
        "null",
        "",
    ] {
        assert!(!is_ours(other), "{other}");
    }
    let nowhere = HeaderValue::from_static("null");
    assert!(!is_own(&host(""), &nowhere));
}
