//! What RabbitMQ's parts say while they stop, in its words and order: said with
//! `log.format = "rabbitmq"` only.
//!
//! Seen: RabbitMQ 4.3.6, its log.

use crate::config::{Durability, LogFormat, node_name};
use crate::desk::Desk;
use crate::log;

fn is_said(desk: &Desk) -> bool {
    desk.settings().log_format == LogFormat::Rabbitmq
}

/// No new client gets in.
pub(super) fn listeners_stopped(desk: &Desk) {
    if !is_said(desk) {
        return;
    }
    for listener in desk.listening() {
        let what = match listener.protocol {
            "amqp" => "TCP",
            "amqp/ssl" => "TLS (SSL)",
            _ => continue,
        };
        for address in listener.addresses {
            log::info!("stopped {what} listener on {address}");
        }
    }
}

/// No client is left.
pub(super) fn vhosts_stop(desk: &Desk) {
    if !is_said(desk) {
        return;
    }
    let node = node_name();
    for name in desk.vhost_names() {
        log::info!("Virtual host '{name}' is stopping");
        log::info!(
            "Closing all connections in vhost '{name}' on node '{node}' because the vhost is \
             stopping"
        );
    }
}

/// What is not on disk yet is written there now.
pub(super) fn data_closes(desk: &Desk) {
    if stores(desk) {
        let directory = desk.settings().data_dir.display();
        log::info!("Stopping message store for directory '{directory}'");
    }
}

/// Everything is on disk.
pub(super) fn data_is_closed(desk: &Desk) {
    if stores(desk) {
        let directory = desk.settings().data_dir.display();
        log::info!("Message store for directory '{directory}' is stopped");
    }
}

fn stores(desk: &Desk) -> bool {
    is_said(desk) && desk.settings().durability != Durability::Memory
}
