//! What is listened for: lists, and checks of ports.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use serde_json::{Value, json};

use super::{CHECK, told};
use crate::command::{Call, Command, one_word};
use crate::commands::ask;
use crate::failure::{Failure, code};
use crate::line::Switch;
use crate::output::Output;
use crate::tell;

/// Their rows.
pub(in crate::commands) const ROWS: &[Command] = &[
    Command {
        name: "check_port_listener",
        about: "Fails unless a port is listened on",
        usage: "<port> [--timeout <timeout>]",
        validate: |line| {
            one_word(line)?;
            match line.word(0).parse::<u16>() {
                Ok(port) if port > 0 => Ok(()),
                _ => Err(Failure::bad_argument("Argument must be a positive integer")),
            }
        },
        banner: |call| {
            let (node, port) = (call.node(), call.word(0));
            vec![format!(
                "Asking node {node} if there's an active listener on port {port} ..."
            )]
        },
        run: check_port,
        ..CHECK
    },
    Command {
        name: "check_protocol_listener",
        about: "Fails unless a protocol is listened for",
        usage: "<protocol> [--timeout <timeout>]",
        validate: one_word,
        banner: |call| {
            let (node, protocol) = (call.node(), call.word(0));
            vec![format!(
                "Asking node {node} if there's an active listener for protocol {protocol} ..."
            )]
        },
        run: check_protocol,
        ..CHECK
    },
    Command {
        name: "check_port_connectivity",
        about: "Fails unless all ports can be connected to",
        usage: "[--address <target address>] [--timeout <timeout>]",
        switches: &[Switch::text("address")],
        banner: |call| {
            let how = match call.line.text("address") {
                Some(address) => format!("{address} for node IP address"),
                None => "hostname resolution".to_owned(),
            };
            vec![format!(
                "Testing TCP connections to all active listeners on node {} using {how} ...",
                call.node()
            )]
        },
        run: check_connectivity,
        ..CHECK
    },
    Command {
        name: "listeners",
        about: "Lists what is listened for, and where",
        banner: |call| {
            vec![format!(
                "Asking node {} to report its protocol listeners ...",
                call.node()
            )]
        },
        run: |call| {
            let listeners = listeners(call)?;
            let lines = listeners
                .iter()
                .map(|one| format!("Interface: {}", one.line()));
            let text = lines.collect::<Vec<_>>().join("\n");
            Ok(told(
                call,
                text,
                json!({"listeners": all_json(call, &listeners)}),
            ))
        },
        ..CHECK
    },
];

/// A socket that is listened on.
pub(in crate::commands) struct Listener {
    interface: String,
    port: u64,
    protocol: String,
    purpose: &'static str,
}

impl Listener {
    /// Where it listens, and for what.
    fn line(&self) -> String {
        format!(
            "{}, port: {}, protocol: {}, purpose: {}",
            self.interface, self.port, self.protocol, self.purpose
        )
    }

    /// The same with the node's name in front.
    pub(in crate::commands) fn line_of(&self, node: &str) -> String {
        format!("Node: {node}, interface: {}", self.line())
    }
}

/// Sorted by port.
pub(in crate::commands) fn listeners(call: &mut Call<'_>) -> Result<Vec<Listener>, Failure> {
    let overview = call.client.get("/overview")?.value()?;
    let all = overview.get("listeners").and_then(Value::as_array);
    let mut all: Vec<Listener> = all.into_iter().flatten().map(listener).collect();
    all.sort_by_key(|one| one.port);
    Ok(all)
}

fn listener(one: &Value) -> Listener {
    let protocol = ask::text(one, "protocol");
    let ip = ask::text(one, "ip_address");
    Listener {
        interface: match ip {
            "::" | "0.0.0.0" => "[::]".to_owned(),
            ip => ip.to_owned(),
        },
        port: one.get("port").and_then(Value::as_u64).unwrap_or_default(),
        protocol: protocol.to_owned(),
        purpose: purpose(protocol).unwrap_or_default(),
    }
}

/// What a protocol is for, in words. Seen: RabbitMQ 4.3.6, `listeners`.
pub(in crate::commands) fn purpose(protocol: &str) -> Option<&'static str> {
    Some(match protocol {
        "amqp" => "AMQP 0-9-1 and AMQP 1.0",
        "amqp/ssl" => "AMQP 0-9-1 and AMQP 1.0 over TLS",
        "http" => "HTTP API",
        "https" => "HTTP API over TLS (HTTPS)",
        "http/prometheus" => "Prometheus exporter API over HTTP",
        "https/prometheus" => "Prometheus exporter API over TLS (HTTPS)",
        "clustering" => "inter-node and CLI tool communication",
        _ => return None,
    })
}

/// All of them as the tools' JSON has them.
pub(in crate::commands) fn all_json(call: &Call<'_>, all: &[Listener]) -> Vec<Value> {
    let one = |one: &Listener| {
        json!({
            "node": call.node(),
            "interface": one.interface,
            "port": one.port,
            "protocol": one.protocol,
            "purpose": one.purpose,
        })
    };
    all.iter().map(one).collect()
}

fn ports(all: &[Listener]) -> String {
    all.iter()
        .map(|one| one.port.to_string())
        .collect::<Vec<_>>()
        .join(", ")
}

/// The failure of a check of listeners, which names those that there are.
fn none_such(call: &Call<'_>, text: String, all: &[Listener], is_plain: bool) -> Failure {
    let json = json!({"listeners": all_json(call, all), "node": call.node(), "result": "error"});
    match call.line.is_json() {
        true => Failure::Either {
            code: code::UNAVAILABLE,
            text,
            json_code: code::UNAVAILABLE,
            json,
        },
        false if is_plain => Failure::plain(code::UNAVAILABLE, text),
        false => Failure::error(code::UNAVAILABLE, text),
    }
}

fn check_port(call: &mut Call<'_>) -> Result<Output, Failure> {
    let all = listeners(call)?;
    let (port, node) = (call.word(0), call.node());
    if all.iter().any(|one| one.port.to_string() == port) {
        let text = format!("A listener for port {port} is running on node {node}.");
        return Ok(told(call, text, json!({"port": port})));
    }
    let text = format!(
        "No listener for port {port} is active on node {node}. Found listeners that use the \
         following ports: {}",
        ports(&all)
    );
    Err(none_such(call, text, &all, true))
}

fn check_protocol(call: &mut Call<'_>) -> Result<Output, Failure> {
    let all = listeners(call)?;
    let node = call.node();
    let protocol = match call.word(0).to_lowercase().as_str() {
        "amqp" | "amqp091" | "amqp10" | "amqp0.9.1" | "amqp1.0" => "amqp".to_owned(),
        "amqps" => "amqp/ssl".to_owned(),
        other => other.to_owned(),
    };
    if all.iter().any(|one| one.protocol == protocol) {
        let text = format!("A listener for protocol {protocol} is running on node {node}.");
        return Ok(told(call, text, json!({"protocol": protocol})));
    }
    let mut protocols: Vec<&str> = all.iter().map(|one| one.protocol.as_str()).collect();
    protocols.sort_unstable();
    protocols.dedup();
    let text = format!(
        "No listener for protocol {protocol} is active on node {node}. Found listeners for the \
         following protocols: {}",
        protocols.join(", ")
    );
    Err(none_such(call, text, &all, false))
}

/// How long a port may take to answer.
const CONNECT: Duration = Duration::from_secs(30);

fn check_connectivity(call: &mut Call<'_>) -> Result<Output, Failure> {
    let all = listeners(call)?;
    let node = call.node();
    let given = call.line.text("address");
    let host = given
        .or_else(|| node.split_once('@').map(|(_, host)| host))
        .unwrap_or(node);
    let mut said = String::new();
    let mut failed = Vec::new();
    for one in &all {
        said.push_str(&format!("Will connect to {host}:{}\n", one.port));
        if let Err(why) = connect(host, one) {
            let port = one.port;
            said.push_str(&format!("Error connecting to {host}:{port}: {why}\n"));
            failed.push(format!("\nInterface: {}", one.line()));
        }
    }
    let how = match given {
        Some(address) => format!("using {address} for target IP address"),
        None => "using node hostname resolution".to_owned(),
    };
    if !failed.is_empty() {
        if !call.line.is_json() {
            tell(said.trim_end());
        }
        let failed = failed.concat();
        let text = format!(
            "Connection to ports of the following listeners on node {node} failed: {failed}"
        );
        return Err(Failure::error(code::UNAVAILABLE, text));
    }
    let text = format!(
        "{said}Successfully connected to ports {} on node {node} ({how})",
        ports(&all)
    );
    Ok(told(call, text, json!({"listeners": all_json(call, &all)})))
}

/// Connects to a listener at the host's addresses, or at the only one that it listens on; why not,
/// in Erlang's word.
fn connect(host: &str, one: &Listener) -> Result<(), &'static str> {
    let port = u16::try_from(one.port).map_err(|_| "einval")?;
    let hosts = (host, port).to_socket_addrs().into_iter().flatten();
    let own = (one.interface.as_str(), port)
        .to_socket_addrs()
        .into_iter()
        .flatten();
    let mut why = "nxdomain";
    for address in hosts.chain(own) {
        match TcpStream::connect_timeout(&address, CONNECT) {
            Ok(_) => return Ok(()),
            Err(error) => {
                why = match error.kind() {
                    ErrorKind::ConnectionRefused => "econnrefused",
                    ErrorKind::TimedOut => "etimedout",
                    ErrorKind::HostUnreachable => "ehostunreach",
                    ErrorKind::NetworkUnreachable => "enetunreach",
                    _ => "einval",
                };
            }
        }
    }
    Err(why)
}
