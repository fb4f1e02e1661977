//! The names of this process: among RabbitMQ's nodes, and of the cluster that it alone is.
//!
//! Docs: clustering, node names. Seen: RabbitMQ 4.3.6, `rabbitmqctl cluster_status`.

use std::sync::OnceLock;

use crate::sys;

/// The name that this process was given among RabbitMQ's nodes.
static NODE: OnceLock<String> = OnceLock::new();

/// Names this process's node, once: without an `@` the machine's name is put behind it, up to its
/// first dot unless `long` says so.
pub fn name_node(name: &str, long: bool) {
    NODE.get_or_init(|| full_name(name, long));
}

/// The name of this broker among RabbitMQ's nodes.
#[must_use]
pub fn node_name() -> String {
    NODE.get()
        .cloned()
        .unwrap_or_else(|| full_name("rabbit", false))
}

fn full_name(name: &str, long: bool) -> String {
    let (name, host) = name.split_once('@').unwrap_or((name, ""));
    if !host.is_empty() {
        return format!("{name}@{host}");
    }
    let host = sys::host_name();
    let host = match host.split_once('.') {
        Some((short, _)) if !long => short,
        _ => &host,
    };
    format!("{name}@{host}")
}

/// The name of a cluster that has none: the node's, at the full name of the machine.
#[must_use]
pub(crate) fn default_cluster_name() -> String {
    let node = node_name();
    let (name, _) = node.split_once('@').unwrap_or((&node, ""));
    let host = FULL_HOST.get_or_init(full_host_name);
    format!("{name}@{host}")
}

/// The full name of the machine, which is looked up once.
static FULL_HOST: OnceLock<String> = OnceLock::new();

/// The full name of the machine, as far as it knows that itself: no other one is asked, because a
/// start must not wait for the answer.
fn full_host_name() -> String {
    let own = sys::host_name();
    let hosts = std::fs::read_to_string(HOSTS).unwrap_or_default();
    full_in(&hosts, &own).map(str::to_owned).unwrap_or(own)
}

/// The names of machines, by their addresses: the first one of a line is the full one.
const HOSTS: &str = "/etc/hosts";

/// The full name of the machine `own` in lines as `/etc/hosts` has them.
fn full_in<'h>(hosts: &'h str, own: &str) -> Option<&'h str> {
    hosts.lines().find_map(|line| {
        let names = line.split('#').next()?.split_whitespace().skip(1);
        let full = names.clone().next();
        full.filter(|_| names.clone().any(|name| name == own))
    })
}

#[cfg(test)]
mod tests;
