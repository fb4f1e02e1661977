//! Health checks: `{"status":"ok"}`, or 503 with the reason.

use std::collections::BTreeSet;

use serde_json::{Value as Json, json};

use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;

fn ok(ask: &Ask) -> Answer {
    Ok(ask.object(|object| object.set("status", "ok")))
}

/// A check of something that holds as long as this broker answers: it is its own metadata store and
/// has no other node.
pub(in crate::management) async fn holds(ask: Ask) -> Answer {
    ok(&ask)
}

/// `GET /health/checks/is-in-service`.
pub(in crate::management) async fn in_service(ask: Ask) -> Answer {
    serves(&ask, "this rabbit node is not currently available to serve")
}

/// `GET /health/checks/ready-to-serve-clients`.
pub(in crate::management) async fn serves_clients(ask: Ask) -> Answer {
    serves(&ask, "the rabbit node is not currently available to serve")
}

/// A check of whether the node is under maintenance.
fn serves(ask: &Ask, otherwise: &str) -> Answer {
    match ask.desk.is_drained() {
        true => Err(Refusal::unhealthy(otherwise, &json!({}))),
        false => ok(ask),
    }
}

/// `GET /health/checks/node-is-quorum-critical`.
pub(in crate::management) async fn quorum_critical(ask: Ask) -> Answer {
    Ok(ask.object(|object| {
        object.set("status", "ok");
        object.set("reason", "single node cluster");
    }))
}

/// `GET /health/checks/alarms`.
pub(in crate::management) async fn alarms(ask: Ask) -> Answer {
    check_alarms(&ask, "There are alarms in effect in the cluster")
}

/// `GET /health/checks/local-alarms`.
pub(in crate::management) async fn local_alarms(ask: Ask) -> Answer {
    check_alarms(&ask, "There are alarms in effect on the node")
}

fn check_alarms(ask: &Ask, reason: &str) -> Answer {
    let alarms = ask.desk.alarms();
    if alarms.is_empty() {
        return ok(ask);
    }
    let node = &ask.door.node.name;
    let alarms = alarms.iter();
    let alarms = alarms.map(|alarm| json!({"node": node, "resource": alarm.word()}));
    let alarms: Vec<Json> = alarms.collect();
    Err(Refusal::unhealthy(reason, &json!({"alarms": alarms})))
}

/// `GET /health/checks/port-listener/P`.
pub(in crate::management) async fn port(ask: Ask) -> Answer {
    let port: i64 = match ask.name("port").parse() {
        Ok(port) => port,
        Err(_) => return Err(Refusal::bad("Invalid port")),
    };
    let listeners = ask.door.node.listening();
    let ports = listeners.iter().flat_map(|one| {
        one.addresses
            .iter()
            .map(|address| i64::from(address.port()))
    });
    let ports: BTreeSet<i64> = ports.collect();
    if ports.contains(&port) {
        return Ok(ask.object(|object| {
            object.set("status", "ok");
            object.set("port", &port);
        }));
    }
    let more = json!({"missing": port, "ports": ports});
    Err(Refusal::unhealthy("No active listener", &more))
}

/// `GET /health/checks/protocol-listener/P`: one protocol, or several with commas.
pub(in crate::management) async fn protocol(ask: Ask) -> Answer {
    let listeners = ask.door.node.listening();
    let protocols: BTreeSet<&str> = listeners.iter().map(|one| one.protocol).collect();
    let wanted = ask.name("protocol").split(',').map(|word| {
        let word = word.trim().to_ascii_lowercase();
        match &*word {
            "amqp091" | "amqp0.9.1" | "amqp10" | "amqp1.0" => "amqp".to_owned(),
            _ => word,
        }
    });
    let missing: Vec<String> = wanted.filter(|word| !protocols.contains(&**word)).collect();
    if missing.is_empty() {
        return Ok(ask.object(|object| {
            object.set("status", "ok");
            object.set("protocols", &protocols);
        }));
    }
    let more = json!({"missing": missing, "protocols": protocols});
    Err(Refusal::unhealthy("No active listener", &more))
}

/// `GET /health/checks/certificate-expiration/WITHIN/UNIT`: no listener has a certificate.
pub(in crate::management) async fn certificates(ask: Ask) -> Answer {
    if ask.name("within").parse::<i64>().is_err() {
        return Err(Refusal::bad("Invalid expiration value."));
    }
    match ask.name("unit") {
        "days" | "weeks" | "months" | "years" => ok(&ask),
        _ => Err(Refusal::bad(
            "Time unit not recognised. Supported units: days, weeks, months, years.",
        )),
    }
}

/// `GET /health/checks/below-node-connection-limit`.
pub(in crate::management) async fn connections(ask: Ask) -> Answer {
    let limit = ask.desk.settings().max_connections;
    let open = ask
        .desk
        .totals(crate::desk::views::Scope::All)
        .0
        .connections;
    match limit.is_none_or(|limit| (open as u64) < limit) {
        true => ok(&ask),
        false => Err(Refusal::unhealthy(
            "node connection limit is reached",
            &json!({"connections": open, "limit": limit}),
        )),
    }
}

/// `GET /aliveness-test/V`: the vhost is there, and so it is served.
pub(in crate::management) async fn aliveness(ask: Ask) -> Answer {
    ask.vhost()?;
    ok(&ask)
}

/// `GET /healthchecks/node` and `/healthchecks/node/N`.
pub(in crate::management) async fn node(ask: Ask) -> Answer {
    let name = ask.name("node");
    match name.is_empty() || name == ask.door.node.name {
        true => ok(&ask),
        false => Err(Refusal::not_found()),
    }
}
