//! This machine's interfaces to networks, as Erlang names what they have.
//!
//! Seen: RabbitMQ 4.3.6, `rabbitmq-diagnostics list_network_interfaces`.

use std::collections::BTreeMap;
use std::io;

use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::net::if_::InterfaceFlags as Flags;
use nix::sys::socket::SockaddrStorage;
use serde_json::{Value, json};

/// Erlang's words for flags, in its order.
const FLAGS: [(&str, Flags); 6] = [
    ("up", Flags::IFF_UP),
    ("broadcast", Flags::IFF_BROADCAST),
    ("loopback", Flags::IFF_LOOPBACK),
    ("pointtopoint", Flags::IFF_POINTOPOINT),
    ("running", Flags::IFF_RUNNING),
    ("multicast", Flags::IFF_MULTICAST),
];

/// All of them by name, each with its properties in Erlang's order: a list of name and value.
///
/// # Errors
/// Those of the system.
pub(super) fn all() -> io::Result<BTreeMap<String, Vec<Value>>> {
    let mut all: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let mut hardware: BTreeMap<String, Value> = BTreeMap::new();
    for one in getifaddrs()? {
        let name = one.interface_name.clone();
        let properties = all
            .entry(name.clone())
            .or_insert_with(|| vec![json!(["flags", flags(&one)])]);
        match one.address.as_ref().and_then(hardware_address) {
            Some(address) => drop(hardware.insert(name, json!(["hwaddr", address]))),
            None => properties.extend(addresses(&one)),
        }
    }
    for (name, address) in hardware {
        all.entry(name).or_default().push(address);
    }
    Ok(all)
}

fn flags(one: &InterfaceAddress) -> String {
    let named = FLAGS.iter().filter(|(_, flag)| one.flags.contains(*flag));
    let words: Vec<&str> = named.map(|(word, _)| *word).collect();
    words.join(", ")
}

/// Each octet as hexadecimal digits, as few as it needs.
fn hardware_address(address: &SockaddrStorage) -> Option<String> {
    let octets = address.as_link_addr()?.addr()?;
    let octets = octets.iter().map(|octet| format!("{octet:X}"));
    Some(octets.collect::<Vec<_>>().join(":"))
}

fn addresses(one: &InterfaceAddress) -> Vec<Value> {
    let is_broadcast = one.flags.contains(Flags::IFF_BROADCAST);
    let broadcast = one.broadcast.as_ref().filter(|_| is_broadcast);
    let parts = [
        ("addr", one.address.as_ref()),
        ("netmask", one.netmask.as_ref()),
        ("broadaddr", broadcast),
    ];
    let parts = parts.into_iter().filter_map(|(name, address)| {
        let address = ip(address?)?;
        Some(json!([name, address]))
    });
    parts.collect()
}

fn ip(address: &SockaddrStorage) -> Option<String> {
    let of_4 = address
        .as_sockaddr_in()
        .map(|address| address.ip().to_string());
    of_4.or_else(|| Some(address.as_sockaddr_in6()?.ip().to_string()))
}
