//! `status`: all about a node on one page.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use crate::client::path;
use crate::command::{COMMAND, Call, Command, Section};
use crate::commands::diagnostics::listeners::purpose;
use crate::failure::Failure;
use crate::line::Switch;
use crate::output::Output;
use crate::term::Term;
use crate::tool::Tool;

pub(super) const ROW: Command = Command {
    name: "status",
    tools: &[Tool::Ctl, Tool::Diagnostics],
    section: Section::Observability,
    about: "Shows what a node is and how it fares",
    usage: "[--unit <unit>] [--timeout <timeout>]",
    details: &[("--unit <unit>", "of memory and disk: gb, mb, kb, bytes")],
    switches: &[Switch::text("unit")],
    timeout: Some(60),
    validate: |line| {
        crate::command::no_words(line)?;
        Unit::of(line.text("unit"))?;
        Ok(())
    },
    banner: |call| vec![format!("Status of node {} ...", call.node())],
    run: status,
    ..COMMAND
};

/// A unit of octets.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    name: &'static str,
    bytes: f64,
}

impl Unit {
    /// The unit of a name; gigabytes without.
    pub(super) fn of(name: Option<&str>) -> Result<Self, Failure> {
        let (name, bytes) = match name.unwrap_or("gb").to_ascii_lowercase().as_str() {
            "gb" | "g" => ("gb", 1e9),
            "mb" | "m" => ("mb", 1e6),
            "kb" | "k" => ("kb", 1e3),
            "bytes" | "b" => ("bytes", 1.0),
            other => {
                return Err(Failure::usage(format!(
                    "unit '{other}' is not supported. Please use one of: bytes, mb, gb"
                )));
            }
        };
        Ok(Self { name, bytes })
    }

    /// Octets in this unit, with at most four digits behind the point.
    pub(super) fn show(self, bytes: f64) -> String {
        let number = (bytes / self.bytes * 1e4).round() / 1e4;
        format!("{number:?} {}", self.name)
    }
}

fn status(call: &mut Call<'_>) -> Result<Output, Failure> {
    let unit = Unit::of(call.line.text("unit"))?;
    let overview = call.client.get("/overview")?.value()?;
    let node = overview.get("node").and_then(Value::as_str);
    let name = node.unwrap_or_default().to_owned();
    let node = call.client.get(&path(&["nodes", &name]))?.value()?;
    let memory = call
        .client
        .get(&path(&["nodes", &name, "memory"]))?
        .value()?;
    let vhosts = call.client.get("/vhosts")?.items()?.len();
    let value = object(&overview, &node, &memory, vhosts);
    let text = page(&value, &name, unit);
    Ok(Output::report(text, Term::of_json(&value)))
}

/// The keys of RabbitMQ's object. Seen: RabbitMQ 4.3.6, `status --formatter json`.
fn object(overview: &Value, node: &Value, memory: &Value, vhosts: usize) -> Value {
    let of = |object: &Value, key: &str| object.get(key).cloned().unwrap_or_default();
    let names = |key: &str| {
        let items = of(node, key);
        let items = items.as_array().cloned().unwrap_or_default();
        let name = |item: Value| item.get("name").cloned().unwrap_or(item);
        Value::Array(items.into_iter().map(name).collect())
    };
    let totals = of(overview, "object_totals");
    let listeners = of(overview, "listeners");
    let listeners = listeners.as_array().cloned().unwrap_or_default();
    let uptime = of(node, "uptime").as_u64().unwrap_or_default() / 1000;
    let pid = of(node, "os_pid");
    let pid = pid.as_str().and_then(|pid| pid.parse::<u64>().ok());
    let is_true = |key: &str| of(node, key) == json!(true);
    let alarms = [("mem_alarm", "memory"), ("disk_free_alarm", "disk")];
    let alarms = alarms.iter().filter(|(key, _)| is_true(key));
    let alarms: Vec<&str> = alarms.map(|(_, name)| *name).collect();
    json!({
        "memory": of(memory, "memory"),
        "pid": pid,
        "processes": {"used": of(node, "proc_used"), "limit": of(node, "proc_total")},
        "run_queue": of(node, "run_queue"),
        "os": "Linux",
        "net_ticktime": of(node, "net_ticktime"),
        "config_files": of(node, "config_files"),
        "alarms": alarms,
        "tags": [],
        "listeners": listeners.iter().map(listener).collect::<Vec<_>>(),
        "product_name": of(overview, "product_name"),
        "product_version": of(overview, "product_version"),
        "erlang_version": of(overview, "erlang_full_version"),
        "rabbitmq_version": of(overview, "rabbitmq_version"),
        "uptime": uptime,
        "is_under_maintenance": of(node, "being_drained"),
        "crypto_lib_version": of(overview, "crypto_lib_version"),
        "enabled_plugin_file": of(node, "enabled_plugin_file"),
        "active_plugins": names("enabled_plugins"),
        "data_directory": of(node, "db_dir"),
        "raft_data_directory": of(node, "db_dir"),
        "log_files": of(node, "log_files"),
        "vm_memory_calculation_strategy": of(node, "mem_calculation_strategy"),
        "vm_memory_high_watermark_setting": {"relative": 0.6},
        "vm_memory_high_watermark_limit": of(node, "mem_limit"),
        "disk_free_limit": of(node, "disk_free_limit"),
        "disk_free": of(node, "disk_free"),
        "totals": {
            "connection_count": of(&totals, "connections"),
            "queue_count": of(&totals, "queues"),
            "virtual_host_count": vhosts,
        },
    })
}

/// A listener, as the tools name what it is for.
fn listener(listener: &Value) -> Value {
    let protocol = listener.get("protocol").and_then(Value::as_str);
    let protocol = protocol.unwrap_or_default();
    json!({
        "node": listener.get("node"),
        "port": listener.get("port"),
        "protocol": protocol,
        "interface": interface(listener),
        "purpose": purpose(protocol).unwrap_or(protocol),
    })
}

fn interface(listener: &Value) -> String {
    let address = listener.get("ip_address").and_then(Value::as_str);
    match address.unwrap_or_default() {
        address if address.contains(':') => format!("[{address}]"),
        address => address.to_owned(),
    }
}

/// The page for people.
fn page(status: &Value, node: &str, unit: Unit) -> String {
    let mut page = String::new();
    runtime(&mut page, status, node);
    head(&mut page, "Plugins");
    let text = |key: &str| text(status, key);
    row(
        &mut page,
        "Enabled plugin file",
        &text("enabled_plugin_file"),
    );
    page.push_str("Enabled plugins:\n\n");
    items(&mut page, status.get("active_plugins"));
    head(&mut page, "Data directory");
    row(&mut page, "Node data directory", &text("data_directory"));
    row(
        &mut page,
        "Raft data directory",
        &text("raft_data_directory"),
    );
    for (name, key) in [
        ("Config files", "config_files"),
        ("Log file(s)", "log_files"),
        ("Alarms", "alarms"),
        ("Tags", "tags"),
    ] {
        head(&mut page, name);
        items_or_none(&mut page, status.get(key));
    }
    memory(&mut page, status, unit);
    let bytes = |key: &str| unit.show(status.get(key).and_then(Value::as_f64).unwrap_or_default());
    head(&mut page, "Free Disk Space");
    let limit = bytes("disk_free_limit");
    row(&mut page, "Low free disk space watermark", &limit);
    row(&mut page, "Free disk space", &bytes("disk_free"));
    head(&mut page, "Totals");
    let total = |key: &str| of(status, "totals", key);
    row(&mut page, "Connection count", &total("connection_count"));
    row(&mut page, "Queue count", &total("queue_count"));
    row(
        &mut page,
        "Virtual host count",
        &total("virtual_host_count"),
    );
    head(&mut page, "Listeners");
    let listeners = status.get("listeners").and_then(Value::as_array);
    for listener in listeners.into_iter().flatten() {
        page.push_str(&listener_line(listener));
        page.push('\n');
    }
    page.trim_end().to_owned()
}

fn runtime(page: &mut String, status: &Value, node: &str) {
    let text = |key: &str| text(status, key);
    let of = |key: &str| of(status, "processes", key);
    let processes = format!("{} used, {} limit", of("used"), of("limit"));
    let support = "see https://www.rabbitmq.com/release-information";
    head(page, "Runtime");
    for (name, value) in [
        ("OS PID", text("pid")),
        ("OS", text("os")),
        ("Uptime (seconds)", text("uptime")),
        ("Is under maintenance?", text("is_under_maintenance")),
        ("RabbitMQ version", text("rabbitmq_version")),
        ("RabbitMQ release series support status", support.to_owned()),
        ("Node name", node.to_owned()),
        ("Erlang configuration", text("erlang_version")),
        ("Crypto library", text("crypto_lib_version")),
        ("Erlang processes", processes),
        ("Scheduler run queue", text("run_queue")),
        (
            "Cluster heartbeat timeout (net_ticktime)",
            text("net_ticktime"),
        ),
    ] {
        row(page, name, &value);
    }
}

/// The value of a key, without quotes.
fn text(object: &Value, key: &str) -> String {
    match object.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    }
}

/// The value of a key of the object at a key.
fn of(object: &Value, one: &str, other: &str) -> String {
    let found = object.get(one);
    found.map(|found| text(found, other)).unwrap_or_default()
}

/// A listener on one line.
fn listener_line(listener: &Value) -> String {
    let text = |key: &str| text(listener, key);
    format!(
        "Interface: {}, port: {}, protocol: {}, purpose: {}",
        text("interface"),
        text("port"),
        text("protocol"),
        text("purpose")
    )
}

fn memory(page: &mut String, status: &Value, unit: Unit) {
    let empty = Map::new();
    let memory = status
        .get("memory")
        .and_then(Value::as_object)
        .unwrap_or(&empty);
    let text = |key: &str| memory.get(key).and_then(Value::as_str).unwrap_or("rss");
    let strategy = text("strategy");
    let total = memory.get("total").and_then(|total| total.get(strategy));
    let total = total.and_then(Value::as_f64).unwrap_or_default();
    let limit = status
        .get("vm_memory_high_watermark_limit")
        .and_then(Value::as_f64);
    head(page, "Memory");
    row(page, "Total memory used", &unit.show(total));
    row(page, "Calculation strategy", strategy);
    let limit = unit.show(limit.unwrap_or_default());
    let setting = format!("0.6 of available memory, computed to: {limit}");
    row(page, "Memory high watermark setting", &setting);
    page.push('\n');
    let parts = memory
        .iter()
        .filter_map(|(name, bytes)| Some((name, bytes.as_f64()?)));
    let mut parts: Vec<(&String, f64)> = parts.collect();
    parts.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    for (name, bytes) in parts {
        let share = if total > 0.0 {
            bytes / total * 100.0
        } else {
            0.0
        };
        let share = (share * 100.0).round() / 100.0;
        row(page, name, &format!("{} ({share:?} %)", unit.show(bytes)));
    }
}

fn head(page: &mut String, name: &str) {
    if !page.is_empty() {
        page.push('\n');
    }
    let _infallible = write!(page, "{name}\n\n");
}

fn row(page: &mut String, name: &str, value: &str) {
    let _infallible = writeln!(page, "{name}: {value}");
}

fn items(page: &mut String, list: Option<&Value>) {
    for item in list.and_then(Value::as_array).into_iter().flatten() {
        let _infallible = writeln!(page, " * {}", item.as_str().unwrap_or_default());
    }
}

fn items_or_none(page: &mut String, list: Option<&Value>) {
    match list.and_then(Value::as_array) {
        Some(found) if !found.is_empty() => items(page, list),
        _ => page.push_str("(none)\n"),
    }
}
