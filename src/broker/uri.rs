//! URIs that clients connect with.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::config::Settings;
use crate::listening::Listening;

/// `amqp://user:password@address/vhost` of the default user, for a client on this machine.
///
/// Docs: RabbitMQ's URI specification; what is not a letter, a digit or one of `-._~` is escaped.
pub(super) fn uri(settings: &Settings, addresses: &[SocketAddr], vhost: Option<&str>) -> String {
    let mut uri = String::from("amqp://");
    escape(&mut uri, &settings.default_user);
    uri.push(':');
    escape(&mut uri, settings.default_pass.expose());
    let nowhere = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0);
    let address = reachable(addresses.first().copied().unwrap_or(nowhere));
    uri.push_str(&format!("@{address}"));
    if let Some(vhost) = vhost {
        uri.push('/');
        escape(&mut uri, vhost);
    }
    uri
}

/// `http://127.0.0.1:15672`: where the first of these listeners is that there is, for a client on
/// this machine; `https` if TLS is spoken there.
#[cfg(feature = "management")]
pub(super) fn http_uri(listeners: &[Listening], names: [&str; 2]) -> Option<String> {
    let named = |name: &&str| listeners.iter().find(|one| one.name == *name);
    let listener = names.iter().find_map(named)?;
    let address = reachable(*listener.addresses.first()?);
    let scheme = match listener.is_over_tls() {
        true => "https",
        false => "http",
    };
    Some(format!("{scheme}://{address}"))
}

/// An address that a client on this machine can connect to: every interface becomes 127.0.0.1,
/// because a broker that listens on `::` answers there as well.
#[must_use]
pub(crate) fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    address
}

fn escape(into: &mut String, text: &str) {
    for octet in text.bytes() {
        if octet.is_ascii_alphanumeric() || b"-._~".contains(&octet) {
            into.push(char::from(octet));
        } else {
            into.push_str(&format!("%{octet:02X}"));
        }
    }
}

/// The addresses for AMQP without TLS.
pub(super) fn amqp_addresses(listeners: &[Listening]) -> Vec<SocketAddr> {
    let amqp = listeners.iter().filter(|one| one.protocol == "amqp");
    amqp.flat_map(|one| one.addresses.iter().copied()).collect()
}
