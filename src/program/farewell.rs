//! What RabbitMQ says when it is stopped, besides what its parts say while they stop: said with
//! `log.format = "rabbitmq"` only.
//!
//! Seen: RabbitMQ 4.3.6, its log at SIGTERM, at `rabbitmqctl stop_app` and at `shutdown`.

use crate::config::{LogFormat, Settings};
use crate::desk::plugins::enabled;
use crate::log;
use crate::plugins::with_dependencies;

/// What stands behind all plugins: the broker itself.
const BROKER: &str = "rabbit";

/// Says that a signal ends the process; false if other words must be found.
pub(super) fn signalled(settings: &Settings, signal: &str) -> bool {
    if settings.log_format != LogFormat::Rabbitmq {
        return false;
    }
    log::info!(
        notice = true,
        lines = "\n",
        "{signal} received - shutting down"
    );
    true
}

/// Says that a tool asks the application to stop, and what is stopped.
pub(super) fn asked(settings: &Settings) {
    if settings.log_format != LogFormat::Rabbitmq {
        return;
    }
    log::info!("RabbitMQ is asked to stop...");
    let applications = applications(settings);
    let lines: String = applications
        .iter()
        .map(|name| format!("    {name}\n"))
        .chain(["\n".to_owned()])
        .collect();
    log::info!(
        lines,
        "Stopping RabbitMQ applications and their dependencies in the following order:"
    );
    for name in applications {
        log::info!("Stopping application '{name}'");
    }
}

/// Says that everything that was asked to stop has stopped.
pub(super) fn stopped(settings: &Settings) {
    if settings.log_format != LogFormat::Rabbitmq {
        return;
    }
    for name in applications(settings) {
        log::info!(
            notice = true,
            "Application {name} exited with reason: stopped"
        );
    }
    log::info!("Successfully stopped RabbitMQ and its dependencies");
}

/// Plugins, each before those that it needs, and the broker.
fn applications(settings: &Settings) -> Vec<&'static str> {
    let plugins = with_dependencies(&enabled(settings));
    let plugins = plugins.iter().map(|plugin| plugin.name);
    plugins.chain([BROKER]).collect()
}
