//! Health checks: `{"status":"ok"}`, or 503 with the reason.

use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::{Value as Json, json};

use crate::desk::certificates::CertificateFile;
use crate::listening::interface;
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
            "amqps" => "amqp/ssl".to_owned(),
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

/// `GET /health/checks/certificate-expiration/WITHIN/UNIT`: of all listeners that speak TLS.
pub(in crate::management) async fn certificates(ask: Ask) -> Answer {
    let Ok(within) = ask.name("within").parse::<i64>() else {
        return Err(Refusal::bad("Invalid expiration value."));
    };
    let span = Span::new();
    let span = match ask.name("unit") {
        "days" => span.try_days(within),
        "weeks" => span.try_weeks(within),
        "months" => span.try_months(within),
        "years" => span.try_years(within),
        _ => {
            return Err(Refusal::bad(
                "Time unit not recognised. Supported units: days, weeks, months, years.",
            ));
        }
    };
    let now_ms = i64::try_from(ask.desk.env.now().wall.as_millis()).unwrap_or(i64::MAX);
    let now = Timestamp::from_millisecond(now_ms).unwrap_or(Timestamp::MAX);
    // What no calendar reaches is the end of time.
    let last = span.and_then(|span| now.to_zoned(TimeZone::UTC).checked_add(span));
    let last_s = last.map_or(i64::MAX, |last| last.timestamp().as_second());
    let listeners = ask.door.node.listening();
    let expiring = listeners.iter().flat_map(|listening| {
        let files = ask.desk.certificates_of(listening.name);
        let addresses = listening.addresses.iter();
        addresses.filter_map(move |address| {
            let expiring = Expiring::of(&files, last_s)?;
            Some((listening, address, expiring))
        })
    });
    let expiring = expiring.map(|(listening, address, expiring)| {
        json!({
            "node": ask.door.node.name,
            "port": address.port(),
            "protocol": listening.protocol,
            "interface": interface(address),
            "cacertfile": expiring.authorities.0,
            "cacertfile_expires_on": expiring.authorities.1,
            "certfile": expiring.shown.0,
            "certfile_expires_on": expiring.shown.1,
        })
    });
    let expiring: Vec<Json> = expiring.collect();
    match expiring.is_empty() {
        true => ok(&ask),
        false => {
            let more = json!({"expired": expiring});
            Err(Refusal::unhealthy("Certificates expiring", &more))
        }
    }
}

/// The files of a listener, each with the moments at which certificates in it expire.
#[derive(Default)]
struct Expiring {
    authorities: (String, Vec<String>),
    shown: (String, Vec<String>),
}

impl Expiring {
    /// Those that expire until then; `None` if none does.
    fn of(files: &[CertificateFile], last_s: i64) -> Option<Self> {
        let mut expiring = Self::default();
        for file in files {
            let (path, ends) = match file.kind.as_str() {
                "cacertfile" => &mut expiring.authorities,
                _ => &mut expiring.shown,
            };
            if path.is_empty() {
                *path = file.path.display().to_string();
            }
            let soon = file.ends.iter().filter(|end| **end <= last_s);
            ends.extend(soon.map(|end| {
                let end = Timestamp::from_second(*end).unwrap_or(Timestamp::MAX);
                // Seen: RabbitMQ 4.3.6: an hour of one digit has one.
                end.strftime("%Y-%m-%d %-H:%M:%S").to_string()
            }));
        }
        let any = !expiring.authorities.1.is_empty() || !expiring.shown.1.is_empty();
        any.then_some(expiring)
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
