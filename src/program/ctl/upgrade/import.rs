//! What of RabbitMQ's definitions behaves otherwise here, and what cannot come along.

use serde_json::Value;

use super::text;

/// Types of exchanges that are here.
const EXCHANGES: [&str; 11] = [
    "direct",
    "fanout",
    "topic",
    "headers",
    "x-consistent-hash",
    "x-delayed-message",
    "x-local-random",
    "x-message-deduplication",
    "x-modulus-hash",
    "x-random",
    "x-recent-history",
];
/// Types of queues that are here, as definitions write them or leave them out.
const QUEUES: [&str; 4] = ["", "classic", "quorum", "stream"];
/// Runtime parameters of plugins that are not here.
const COMPONENTS: [&str; 4] = [
    "shovel",
    "federation",
    "federation-upstream",
    "federation-upstream-set",
];
/// Keys of policies that belong to plugins that are not here.
const KEYS: [&str; 5] = [
    "federation-upstream",
    "federation-upstream-pattern",
    "federation-upstream-set",
    "shards-per-node",
    "routing-key",
];
/// Octets of a virtual host's name.
const VHOST_BYTES_MAX: usize = 255;

/// Takes out of a document what an import would refuse; says that, and what behaves otherwise, a
/// line each.
pub(super) fn adapt(definitions: &mut Value) -> Vec<String> {
    let mut report = Vec::new();
    leave_out(definitions, &mut report);
    policies(definitions, &mut report);
    bindings(definitions, &mut report);
    others(definitions, &mut report);
    report
}

fn items<'a>(definitions: &'a Value, section: &str) -> impl Iterator<Item = &'a Value> {
    let items = definitions.get(section).and_then(Value::as_array);
    items.into_iter().flatten()
}

/// Keeps the items of a section for which there is no reason against it, and says the reasons.
fn keep(
    definitions: &mut Value,
    section: &str,
    report: &mut Vec<String>,
    why_not: impl Fn(&Value) -> Option<String>,
) {
    let items = definitions.get_mut(section).and_then(Value::as_array_mut);
    if let Some(items) = items {
        items.retain(|item| match why_not(item) {
            None => true,
            Some(reason) => {
                report.push(format!("left out: {reason}"));
                false
            }
        });
    }
}

fn leave_out(definitions: &mut Value, report: &mut Vec<String>) {
    keep(definitions, "vhosts", report, |vhost| {
        let name = text(vhost, "name");
        (name.len() > VHOST_BYTES_MAX)
            .then(|| format!("vhost '{name}': names have {VHOST_BYTES_MAX} octets at most"))
    });
    keep(definitions, "exchanges", report, |exchange| {
        let kind = text(exchange, "type");
        (!EXCHANGES.contains(&kind)).then(|| {
            let of = place(exchange);
            format!("exchange {of}: there are no exchanges of type '{kind}'")
        })
    });
    keep(definitions, "queues", report, |queue| {
        let kind = kind(queue);
        (!QUEUES.contains(&kind)).then(|| {
            let of = place(queue);
            format!("queue {of}: there are no queues of type '{kind}'")
        })
    });
    keep(definitions, "parameters", report, |parameter| {
        let component = text(parameter, "component");
        COMPONENTS.contains(&component).then(|| {
            let of = place(parameter);
            format!("parameter {of}: there is no '{component}' here")
        })
    });
}

/// The type of a queue: an argument, or a field of newer documents.
fn kind(queue: &Value) -> &str {
    let arguments = queue.get("arguments").unwrap_or(&Value::Null);
    match text(arguments, "x-queue-type") {
        "" => text(queue, "type"),
        kind => kind,
    }
}

/// Name and virtual host of an item, as a report names it.
fn place(item: &Value) -> String {
    format!(
        "'{}' in vhost '{}'",
        text(item, "name"),
        text(item, "vhost")
    )
}

/// Policies without the keys that are not known here, and without those that have no other keys.
fn policies(definitions: &mut Value, report: &mut Vec<String>) {
    let policies = definitions
        .get_mut("policies")
        .and_then(Value::as_array_mut);
    if let Some(policies) = policies {
        policies.retain_mut(|policy| {
            let of = place(policy);
            let Some(Value::Object(keys)) = policy.get_mut("definition") else {
                return true;
            };
            let before = keys.len();
            keys.retain(|key, _| {
                let is_known = !KEYS.contains(&key.as_str());
                if !is_known {
                    report.push(format!("left out: key '{key}' of policy {of}"));
                }
                is_known
            });
            !(keys.is_empty() && before > 0)
        });
    }
}

/// A binding without its exchange or its queue would be refused.
fn bindings(definitions: &mut Value, report: &mut Vec<String>) {
    let names = |section: &str| -> Vec<(String, String)> {
        let items = items(definitions, section);
        let names = items.map(|item| (text(item, "vhost"), text(item, "name")));
        names
            .map(|(vhost, name)| (vhost.to_owned(), name.to_owned()))
            .collect()
    };
    let (exchanges, queues) = (names("exchanges"), names("queues"));
    let has = |names: &[(String, String)], vhost: &str, name: &str| {
        let is_there = names.iter().any(|(v, n)| v == vhost && n == name);
        is_there || name.is_empty() || name.starts_with("amq.")
    };
    keep(definitions, "bindings", report, |binding| {
        let vhost = text(binding, "vhost");
        let (source, destination) = (text(binding, "source"), text(binding, "destination"));
        let targets = match text(binding, "destination_type") {
            "exchange" => &exchanges,
            _ => &queues,
        };
        let is_whole = has(&exchanges, vhost, source) && has(targets, vhost, destination);
        (!is_whole).then(|| {
            format!(
                "binding of '{source}' to '{destination}' in vhost '{vhost}': one of them is not \
                 there"
            )
        })
    });
}

/// What comes along and behaves otherwise.
fn others(definitions: &Value, report: &mut Vec<String>) {
    for exchange in items(definitions, "exchanges") {
        let of = place(exchange);
        if text(exchange, "type") == "x-consistent-hash" {
            report.push(format!(
                "exchange {of}: its hash is another one, so messages go to other queues of it"
            ));
        }
        if exchange.get("durable") == Some(&Value::Bool(false)) {
            report.push(format!("exchange {of}: it is gone after a restart"));
        }
    }
    for queue in items(definitions, "queues") {
        let of = place(queue);
        match kind(queue) {
            "quorum" => report.push(format!(
                "queue {of}: it has no replicas, and every message is redelivered after a kill"
            )),
            "stream" => report.push(format!(
                "queue {of}: it has no replicas, and is read over AMQP 0-9-1 only"
            )),
            _ => {}
        }
        let arguments = queue.get("arguments").unwrap_or(&Value::Null);
        if arguments.get("x-queue-master-locator").is_some() {
            report.push(format!("queue {of}: x-queue-master-locator has no effect"));
        }
    }
    for permission in items(definitions, "permissions") {
        for right in ["configure", "write", "read"] {
            if is_backtracking(text(permission, right)) {
                let (user, vhost) = (text(permission, "user"), text(permission, "vhost"));
                report.push(format!(
                    "permission of '{user}' in vhost '{vhost}': its pattern to {right} may be \
                     refused: there are no back references, and look-around only at the start"
                ));
            }
        }
    }
    for section in ["policies", "operator_policies"] {
        for policy in items(definitions, section) {
            if is_backtracking(text(policy, "pattern")) {
                let of = place(policy);
                report.push(format!(
                    "policy {of}: its pattern may be refused: there are no back references, and \
                     look-around only at the start"
                ));
            }
        }
    }
}

/// Whether a pattern asks for what takes more than linear time.
fn is_backtracking(pattern: &str) -> bool {
    let inner = pattern.trim_start_matches('^');
    let looks = ["(?=", "(?!", "(?<=", "(?<!"];
    let has_look = looks.iter().any(|look| inner.rfind(look) > Some(0));
    let mut escaped = false;
    let has_reference = pattern.chars().any(|letter| {
        let is_reference = escaped && letter.is_ascii_digit();
        escaped = letter == '\\' && !escaped;
        is_reference
    });
    has_look || has_reference
}

#[cfg(test)]
mod tests;
