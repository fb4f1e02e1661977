//! What a RabbitMQ needs beside our definitions: its plugins, and a plan for the messages.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

use super::text;

/// Types of exchanges that RabbitMQ 4.3 has by a plugin only, and that plugin.
const PLUGINS: [(&str, &str); 6] = [
    ("x-consistent-hash", "rabbitmq_consistent_hash_exchange"),
    ("x-delayed-message", "rabbitmq_delayed_message_exchange"),
    ("x-message-deduplication", "rabbitmq_message_deduplication"),
    ("x-modulus-hash", "rabbitmq_sharding"),
    ("x-random", "rabbitmq_random_exchange"),
    ("x-recent-history", "rabbitmq_recent_history_exchange"),
];

/// The script for that RabbitMQ, and what is to be known before.
pub(super) struct Plan {
    pub(super) script: String,
    pub(super) notes: Vec<String>,
}

/// A shovel for each queue with messages, and which plugins are wanted.
pub(super) fn plan(definitions: &Value, queues: &Value, from: &str) -> Plan {
    let plugins = plugins(definitions);
    let mut notes = Vec::new();
    let mut script = String::from(
        "#!/bin/sh\n\
         # Run it where the new RabbitMQ runs, once definitions.json is imported there. It\n\
         # fetches the messages of each queue and ends when what was there has come over;\n\
         # messages are confirmed before they are gone here. Producers and consumers should be\n\
         # stopped.\n\
         set -eu\n\n",
    );
    let enabled = plugins.iter().map(|plugin| format!(" {plugin}"));
    let enabled: String = enabled.collect();
    let _infallible = writeln!(script, "rabbitmq-plugins enable rabbitmq_shovel{enabled}");
    if !plugins.is_empty() {
        notes.push(format!(
            "RabbitMQ needs these plugins before it imports definitions.json:{enabled}"
        ));
    }
    let rows = queues.as_array().map(Vec::as_slice).unwrap_or_default();
    for queue in rows {
        let (vhost, name) = (text(queue, "vhost"), text(queue, "name"));
        let messages = queue.get("messages").and_then(Value::as_u64).unwrap_or(0);
        if messages == 0 {
            continue;
        }
        if queue.get("exclusive") == Some(&Value::Bool(true)) {
            notes.push(format!(
                "queue '{name}' in vhost '{vhost}' is a client's own: its {messages} messages stay"
            ));
            continue;
        }
        let is_stream = text(queue, "type") == "stream";
        if is_stream {
            notes.push(format!(
                "stream '{name}' in vhost '{vhost}' is copied from its first offset on, offsets \
                 begin anew, and its shovel goes on until it is removed"
            ));
        }
        shovel(&mut script, vhost, name, messages, is_stream, from);
    }
    Plan { script, notes }
}

fn plugins(definitions: &Value) -> BTreeSet<&'static str> {
    let exchanges = definitions.get("exchanges").and_then(Value::as_array);
    let wanted = exchanges.into_iter().flatten().flat_map(|exchange| {
        let arguments = exchange.get("arguments").unwrap_or(&Value::Null);
        let delayed = text(arguments, "x-delayed-type");
        let types = [text(exchange, "type"), delayed];
        PLUGINS
            .into_iter()
            .filter(move |(kind, _)| types.contains(kind))
    });
    wanted.map(|(_, plugin)| plugin).collect()
}

fn shovel(
    script: &mut String,
    vhost: &str,
    name: &str,
    messages: u64,
    is_stream: bool,
    from: &str,
) {
    let path = utf8_percent_encode(vhost, NON_ALPHANUMERIC);
    let mut value = json!({
        "src-protocol": "amqp091",
        "src-uri": format!("{from}/{path}"),
        "src-queue": name,
        "src-prefetch-count": 1000,
        "dest-protocol": "amqp091",
        "dest-uri": format!("amqp:///{path}"),
        "dest-queue": name,
        "ack-mode": "on-confirm",
    });
    if let Value::Object(value) = &mut value {
        let (key, end) = match is_stream {
            true => ("src-consumer-args", json!({"x-stream-offset": "first"})),
            false => ("src-delete-after", json!("queue-length")),
        };
        value.insert(key.to_owned(), end);
    }
    let _infallible = writeln!(
        script,
        "\n# {messages} messages\nrabbitmqctl set_parameter -p {} shovel {} {}",
        quoted(vhost),
        quoted(&format!("leveret-{name}")),
        quoted(&value.to_string()),
    );
}

/// A word of a shell's, whatever is in it.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests;
