//! RabbitMQ's variables as settings of ours.
//!
//! Those that stand for one setting are named in the table of settings. The others are here.
//!
//! Docs: configure. Seen: RabbitMQ 4.3.6, its start script and `rabbit_env`.

use std::path::{Path, PathBuf};

use super::surroundings::{Surroundings, Variable};
use crate::config::error::ConfigError;
use crate::config::key::Key;
use crate::config::origin::Origin;
use crate::config::sources::read_text;
use crate::config::value::Given;

/// What variables say.
#[derive(Debug, Default)]
pub(in crate::config) struct Told {
    /// Settings of ours, each with where it was given.
    pub(in crate::config) given: Vec<(&'static Key, Given, Origin)>,
    /// What has no effect: where, and a sentence.
    pub(in crate::config) ignored: Vec<(Origin, String)>,
    pub(in crate::config) problems: Vec<ConfigError>,
}

/// Variables of RabbitMQ's that mean nothing here: a line in the log says so.
const WITHOUT_EFFECT: &[&str] = &[
    "RABBITMQ_CONFIG_ARG_FILE",
    "RABBITMQ_DISTRIBUTION_BUFFER_SIZE",
    "RABBITMQ_DIST_PORT",
    "RABBITMQ_FEATURE_FLAGS",
    "RABBITMQ_IO_THREAD_POOL_SIZE",
    "RABBITMQ_MAX_NUMBER_OF_ATOMS",
    "RABBITMQ_MAX_NUMBER_OF_PROCESSES",
    "RABBITMQ_MOTD_FILE",
    "RABBITMQ_PLUGINS_DIR",
    "RABBITMQ_QUORUM_DIR",
    "RABBITMQ_SCHEDULER_BIND_TYPE",
    "RABBITMQ_SERVER_CODE_PATH",
    "RABBITMQ_SERVER_ERL_ARGS",
    "RABBITMQ_SERVER_START_ARGS",
    "RABBITMQ_STREAM_DIR",
    "RABBITMQ_USE_OPENSSL",
];

impl Told {
    /// What these variables say. A later one of them goes before an earlier one.
    pub(in crate::config) fn by(surroundings: &Surroundings) -> Self {
        let mut told = Self::default();
        for variable in surroundings.all() {
            if let Some(key) = Key::of_rabbits_variable(&variable.name) {
                told.give(key.name, &variable.value, variable);
                continue;
            }
            match variable.name.as_str() {
                "RABBITMQ_MNESIA_BASE" => told.give_data(surroundings, variable),
                "RABBITMQ_MNESIA_DIR" => told.give("data_dir", &variable.value, variable),
                "RABBITMQ_LOGS" => told.give_logs(variable),
                "RABBITMQ_LOG" => told.give_levels(variable),
                "RABBITMQ_DEFAULT_USER_FILE" => told.give_file("default_user", variable),
                "RABBITMQ_DEFAULT_PASS_FILE" => told.give_file("default_pass", variable),
                "RABBITMQ_DEFAULT_VHOST_FILE" => told.give_file("default_vhost", variable),
                name if WITHOUT_EFFECT.contains(&name) => {
                    let text = format!("{name} is RabbitMQ's and has no effect here");
                    told.ignored.push((variable.origin.clone(), text));
                }
                // Others are for RabbitMQ's tools, or for programs that use it.
                _ => {}
            }
        }
        told
    }

    fn give(&mut self, key: &str, value: &str, by: &Variable) {
        if let Some(key) = Key::named(key) {
            let given = Given::Raw(value.to_owned());
            self.given.push((key, given, by.origin.clone()));
        }
    }

    /// RabbitMQ has a directory for each node below this one.
    fn give_data(&mut self, surroundings: &Surroundings, by: &Variable) {
        if surroundings.get("RABBITMQ_MNESIA_DIR").is_none() {
            let dir = data_dir(Path::new(&by.value), surroundings);
            self.give("data_dir", &dir.to_string_lossy(), by);
        }
    }

    /// `-` is the console alone, a path a file alone.
    fn give_logs(&mut self, by: &Variable) {
        match by.value.as_str() {
            "-" => self.give("log.file.name", "none", by),
            "-stderr" => {
                self.give("log.file.name", "none", by);
                self.give("log.console.stdio", "stderr", by);
            }
            path => {
                self.give("log.console.enabled", "false", by);
                self.give("log.file.name", path, by);
            }
        }
    }

    /// `debug`, `connection=debug`, `+color`, with commas between.
    fn give_levels(&mut self, by: &Variable) {
        for word in by.value.split(',').map(str::trim) {
            match word.split_once('=') {
                Some((category @ ("connection" | "channel" | "queue"), level)) => {
                    self.give(&format!("log.{category}.level"), super::level(level), by);
                }
                Some((category, _)) => {
                    let text = format!("the log has no category '{category}' here");
                    self.ignored.push((by.origin.clone(), text));
                }
                None => match word {
                    "" => {}
                    "+color" => self.give("log.console.use_colors", "on", by),
                    "-color" => self.give("log.console.use_colors", "off", by),
                    level => self.give("log.level", super::level(level), by),
                },
            }
        }
    }

    /// The value is what is in the file.
    fn give_file(&mut self, key: &str, by: &Variable) {
        match read_text(Path::new(&by.value)) {
            Ok(text) => self.give(key, text.trim_end_matches(['\r', '\n']), by),
            Err(error) => {
                let path = PathBuf::from(&by.value);
                self.problems.push(ConfigError::Unreadable { path, error });
            }
        }
    }
}

/// The data directory of this node below `base`: without the name of the machine, so that it is
/// found again on another one.
pub(in crate::config) fn data_dir(base: &Path, surroundings: &Surroundings) -> PathBuf {
    let node = surroundings.get("RABBITMQ_NODENAME");
    let node = node.map_or("rabbit", |node| node.value.as_str());
    base.join(node.split('@').next().unwrap_or(node))
}

#[cfg(test)]
mod tests;
