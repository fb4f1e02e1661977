//! A change as RabbitMQ tells it to others: the headers of a message of its event exchange, and the
//! fields of a line of `rabbitmq-diagnostics consume_event_stream`.
//!
//! Docs: RabbitMQ, event exchange plugin. Seen: RabbitMQ 4.3.6, each kind from its exchange.

use leveret_codec::table::{Table, Value};

use super::{Change, ChangeKind};
use crate::config::node_name;

mod terms;

/// Kinds without a vhost among their headers.
const WITHOUT_VHOST: &[ChangeKind] = &[ChangeKind::ChannelClosed, ChangeKind::ConnectionClosed];

impl Change {
    /// The fields as RabbitMQ writes them: sorted, numbers in 64 bits, addresses and arguments as
    /// Erlang's terms.
    pub(crate) fn headers(&self) -> Table {
        let mut headers = Table::new();
        for (name, value) in self.fields.iter() {
            headers.insert(name, terms::field(name, value));
        }
        if !self.vhost.is_empty() && !WITHOUT_VHOST.contains(&self.kind) {
            headers.insert("vhost", &*self.vhost);
        }
        complete(self.kind, &mut headers);
        let now = self.now.wall.as_millis();
        let now = i64::try_from(now).unwrap_or(i64::MAX);
        headers.insert("timestamp_in_ms", now);
        headers.sort_keys();
        headers
    }
}

/// Adds what RabbitMQ says of its one node, and empty fields for what a connection is without.
fn complete(kind: ChangeKind, headers: &mut Table) {
    let node = node_name();
    let empty = |headers: &mut Table, names: &[&str]| {
        for name in names {
            if headers.get(*name).is_none() {
                headers.insert(name, "");
            }
        }
    };
    match kind {
        ChangeKind::ConnectionCreated => {
            headers.insert("node", node);
            empty(headers, &["peer_cert_issuer", "peer_cert_serial_number"]);
            empty(headers, &["peer_cert_subject", "peer_cert_validity"]);
            empty(headers, &["ssl_cipher", "ssl_hash"]);
            empty(headers, &["ssl_key_exchange", "ssl_protocol"]);
        }
        ChangeKind::ConnectionClosed => drop(headers.insert("node", node)),
        ChangeKind::ExchangeCreated => empty(headers, &["policy"]),
        ChangeKind::QueueCreated
            if headers.get("type") == Some(&Value::from("rabbit_classic_queue")) =>
        {
            headers.insert("members", vec![Value::from(node.as_str())]);
            headers.insert("leader", node);
            if headers.get("owner_pid").is_none() {
                empty(headers, &["owner_pid"]);
            }
        }
        ChangeKind::VhostCreated | ChangeKind::VhostUpdated => {
            let state = Table::new().with(node, "running");
            headers.insert("cluster_state", Value::Table(state));
            headers.insert("metadata", terms::metadata(headers));
            if kind == ChangeKind::VhostUpdated
                && let Some(protected) = headers.get("protected_from_deletion").cloned()
            {
                headers.insert("deletion_protection", protected);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests;
