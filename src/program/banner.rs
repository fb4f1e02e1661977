//! What RabbitMQ says while it starts and stops, for scripts and test containers that wait for its
//! words: the banner, what it runs with, its listeners and plugins, and that it is ready.
//!
//! Said with `log.format = "rabbitmq"` only. The banner and what continues it go to standard output
//! beside the log, as there; the rest are lines of the log.
//!
//! Seen: RabbitMQ 4.3.6, its standard output.

use std::net::SocketAddr;
use std::path::Path;

use crate::broker::Listening;
use crate::config::{Durability, Loaded, LogFormat, Settings, node_name};
use crate::desk::plugins::enabled;
use crate::log;
use crate::plugins::with_dependencies;

use super::logging::LastLines;

/// Says that the broker starts, and with what.
pub(super) fn begin(loaded: &Loaded, output: &LastLines) {
    let settings = &loaded.settings;
    if settings.log_format != LogFormat::Rabbitmq {
        return;
    }
    let product = product(settings);
    log::info!(
        lines = format!(" Starting {product} on {OURS}\n {COPYRIGHT}\n {LICENCE}"),
        ""
    );
    output.say(&banner(&product, loaded));
    log::info!(lines = circumstances(loaded), "");
}

/// Says that every port accepts: which listeners and plugins there are, and how long it took.
pub(super) fn ready(
    settings: &Settings,
    listeners: &[Listening],
    took_ms: u64,
    output: &LastLines,
) {
    say_listeners(listeners);
    let count = say_plugins(settings);
    output.say(&format!(" completed with {count} plugins.\n"));
    log::info!("Time to start RabbitMQ: {took_ms} ms");
}

/// Says that a tool asks for the application to be started.
pub(super) fn asked_to_start(settings: &Settings) {
    if settings.log_format == LogFormat::Rabbitmq {
        log::info!("RabbitMQ is asked to start...");
    }
}

/// Says that the application was started again; what stands around that at a start of the process
/// is not said.
pub(super) fn started_again(settings: &Settings, listeners: &[Listening], took_ms: u64) {
    if settings.log_format == LogFormat::Rabbitmq {
        say_listeners(listeners);
        say_plugins(settings);
        log::info!("Time to start RabbitMQ: {took_ms} ms");
    }
}

fn say_listeners(listeners: &[Listening]) {
    for listener in listeners {
        let name = match listener.protocol {
            "http/prometheus" | "https/prometheus" => "Prometheus metrics",
            "http" | "https" => "Management plugin",
            _ => continue,
        };
        let how = match listener.is_over_tls() {
            true => "HTTPS",
            false => "HTTP (non-TLS)",
        };
        let mut ports: Vec<u16> = listener.addresses.iter().map(SocketAddr::port).collect();
        ports.dedup();
        for port in ports {
            log::info!("{name}: {how} listener started on port {port}");
        }
    }
    log::info!("Ready to start client connection listeners");
    for listener in listeners.iter().filter(|one| one.protocol == "amqp") {
        for address in &listener.addresses {
            log::info!("started TCP listener on {address}");
        }
    }
    for listener in listeners.iter().filter(|one| one.protocol == "amqp/ssl") {
        for address in &listener.addresses {
            log::info!("started TLS (SSL) listener on {address}");
        }
    }
}

/// Says that the start is complete, and with which plugins; how many these are.
fn say_plugins(settings: &Settings) -> usize {
    let plugins = with_dependencies(&enabled(settings));
    let count = plugins.len();
    let lines: String = plugins
        .iter()
        .map(|plugin| format!(" * {}\n", plugin.name))
        .collect();
    log::info!(lines, "Server startup complete; {count} plugins started.");
    count
}

/// This program, with its version.
const OURS: &str = concat!("Leveret ", env!("CARGO_PKG_VERSION"));
const COPYRIGHT: &str = "Copyright (c) the Leveret contributors";
const LICENCE: &str = concat!(
    "Licensed under MIT or Apache 2.0. Website: ",
    env!("CARGO_PKG_REPOSITORY")
);

/// `RabbitMQ 4.3.6`: the first thing that scripts look for.
fn product(settings: &Settings) -> String {
    format!("{} {}", settings.server_product, settings.server_version)
}

fn banner(product: &str, loaded: &Loaded) -> String {
    let logs = loaded.settings.log_files().join("\n        ");
    let files = loaded.files();
    let files: Vec<String> = files
        .iter()
        .map(|file| file.display().to_string())
        .collect();
    let files = match files.as_slice() {
        [] => "(none)".to_owned(),
        files => files.join("\n                  "),
    };
    format!(
        "
  ##  ##      {product}
  ##  ##
  ##########  {COPYRIGHT}
  ######  ##
  ##########  {LICENCE}

  Leveret:     {}

  Doc guides:  https://www.rabbitmq.com/docs
  Settings:    leveret settings

  Logs: {logs}

  Config file(s): {files}

  Starting broker...
",
        env!("CARGO_PKG_VERSION")
    )
}

/// Node, files and directories, as a table.
fn circumstances(loaded: &Loaded) -> String {
    let home = std::env::var_os("HOME").unwrap_or_default();
    let data = match loaded.settings.durability {
        Durability::Memory => "(none: nothing is stored)".to_owned(),
        _ => loaded.settings.data_dir.display().to_string(),
    };
    let files = loaded.files().iter().map(|file| file.display().to_string());
    let files: Vec<String> = files.collect();
    let mut lines = format!(" node           : {}\n", node_name());
    lines.push_str(&format!(
        " home dir       : {}\n",
        Path::new(&home).display()
    ));
    match files.as_slice() {
        [] => lines.push_str(" config file(s) : (none)\n"),
        files => {
            let files = files.join("\n                : ");
            lines.push_str(&format!(" config file(s) : {files}\n"));
        }
    }
    let logs = loaded.settings.log_files().join("\n                : ");
    lines.push_str(&format!(
        " log(s)         : {logs}\n data dir       : {data}"
    ));
    lines
}
