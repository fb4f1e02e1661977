//! Which plugins there are and which are enabled: as a node says, or as the file does.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::file;
use crate::VERSION;
use crate::command::Call;
use crate::commands::ask;
use crate::failure::Failure;
use crate::line::Line;

/// Plugins that a stopped node has, with those of them that each needs.
const KNOWN: &[(&str, &[&str])] = &[
    ("rabbitmq_auth_backend_cache", &[]),
    ("rabbitmq_auth_backend_http", &[]),
    ("rabbitmq_auth_backend_ldap", &[]),
    ("rabbitmq_auth_backend_oauth2", &[]),
    ("rabbitmq_auth_mechanism_ssl", &[]),
    ("rabbitmq_consistent_hash_exchange", &[]),
    ("rabbitmq_event_exchange", &[]),
    ("rabbitmq_federation", &[]),
    (
        "rabbitmq_federation_management",
        &["rabbitmq_federation", "rabbitmq_management"],
    ),
    (
        "rabbitmq_management",
        &["rabbitmq_management_agent", "rabbitmq_web_dispatch"],
    ),
    ("rabbitmq_management_agent", &["rabbitmq_web_dispatch"]),
    ("rabbitmq_mqtt", &[]),
    ("rabbitmq_peer_discovery_k8s", &[]),
    (
        "rabbitmq_prometheus",
        &["rabbitmq_management_agent", "rabbitmq_web_dispatch"],
    ),
    ("rabbitmq_random_exchange", &[]),
    ("rabbitmq_recent_history_exchange", &[]),
    ("rabbitmq_shovel", &[]),
    (
        "rabbitmq_shovel_management",
        &["rabbitmq_management", "rabbitmq_shovel"],
    ),
    ("rabbitmq_stomp", &[]),
    ("rabbitmq_stream", &[]),
    (
        "rabbitmq_stream_management",
        &["rabbitmq_management", "rabbitmq_stream"],
    ),
    ("rabbitmq_top", &["rabbitmq_management"]),
    ("rabbitmq_tracing", &["rabbitmq_management"]),
    ("rabbitmq_web_dispatch", &[]),
    ("rabbitmq_web_mqtt", &["rabbitmq_mqtt"]),
    ("rabbitmq_web_stomp", &["rabbitmq_stomp"]),
];

/// A plugin.
pub(super) struct Plugin {
    pub(super) name: String,
    version: String,
    description: String,
    dependencies: Vec<String>,
    /// `enabled`, `implicit` or `not_enabled`.
    pub(super) enabled: String,
    is_running: bool,
}

/// All plugins.
pub(super) struct State {
    pub(super) plugins: Vec<Plugin>,
    /// Enabled, but not there.
    pub(super) missing: Vec<String>,
    pub(super) file: PathBuf,
    /// Whether a node said so.
    pub(super) is_running: bool,
}

impl State {
    /// What the node says, or the file if `--offline` is given or no node answers.
    pub(super) fn of(call: &mut Call<'_>) -> Result<Self, Failure> {
        if !call.line.has("offline") {
            match call.client.get("/leveret/plugins") {
                Ok(reply) => {
                    return reply
                        .value()
                        .map(|answer| Self::of_node(&answer, call.line));
                }
                Err(failure) if call.line.has("online") => return Err(failure),
                Err(_) => {}
            }
        }
        let place = file::place(call.line);
        Ok(Self::of_names(&file::read(&place), place))
    }

    fn of_node(answer: &Value, line: &Line) -> Self {
        let texts = |value: Option<&Value>| -> Vec<String> {
            let items = value.and_then(Value::as_array).into_iter().flatten();
            items.filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let plugins = answer
            .get("plugins")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let plugins = plugins.map(|one| Plugin {
            name: ask::text(one, "name").to_owned(),
            version: ask::text(one, "version").to_owned(),
            description: ask::text(one, "description").to_owned(),
            dependencies: texts(one.get("dependencies")),
            enabled: ask::text(one, "enabled").to_owned(),
            is_running: one.get("running") == Some(&Value::Bool(true)),
        });
        let file = answer
            .get("file")
            .and_then(Value::as_str)
            .map(PathBuf::from);
        Self {
            plugins: plugins.collect(),
            missing: texts(answer.get("missing")),
            file: file.unwrap_or_else(|| file::place(line)),
            is_running: true,
        }
    }

    /// What is enabled once these names are.
    pub(super) fn of_names(names: &[String], file: PathBuf) -> Self {
        let mut implicit: Vec<&str> = Vec::new();
        for name in names {
            let known = KNOWN.iter().find(|(known, _)| known == name);
            implicit.extend(known.into_iter().flat_map(|(_, needs)| needs.iter()));
        }
        // What is needed may need more: twice is enough for this table.
        for need in implicit.clone() {
            let known = KNOWN.iter().find(|(known, _)| *known == need);
            implicit.extend(known.into_iter().flat_map(|(_, needs)| needs.iter()));
        }
        let plugin = |(name, needs): &(&str, &[&str])| Plugin {
            name: (*name).to_owned(),
            version: VERSION.to_owned(),
            description: String::new(),
            dependencies: needs.iter().map(|need| (*need).to_owned()).collect(),
            enabled: match names.iter().any(|one| one == name) {
                true => "enabled",
                false if implicit.contains(name) => "implicit",
                false => "not_enabled",
            }
            .to_owned(),
            is_running: false,
        };
        let is_missing = |name: &&String| !KNOWN.iter().any(|(known, _)| known == name);
        Self {
            plugins: KNOWN.iter().map(plugin).collect(),
            missing: names.iter().filter(is_missing).cloned().collect(),
            file,
            is_running: false,
        }
    }

    /// Names of those that are enabled, by name or because another needs them.
    pub(super) fn enabled(&self) -> impl Iterator<Item = &str> {
        let enabled = self
            .plugins
            .iter()
            .filter(|plugin| plugin.enabled != "not_enabled");
        enabled.map(|plugin| plugin.name.as_str())
    }

    /// Names of those that were enabled by name, whether they are there or not.
    pub(super) fn explicit(&self) -> Vec<String> {
        let named = self
            .plugins
            .iter()
            .filter(|plugin| plugin.enabled == "enabled");
        named
            .map(|plugin| plugin.name.clone())
            .chain(self.missing.iter().cloned())
            .collect()
    }
}

impl Plugin {
    /// Its line, or its lines with `--verbose`.
    pub(super) fn shown(&self, line: &Line, widest: usize) -> String {
        if line.has("minimal") {
            return format!("{}\n", self.name);
        }
        let configured = match self.enabled.as_str() {
            "enabled" => 'E',
            "implicit" => 'e',
            _ => ' ',
        };
        let running = if self.is_running { '*' } else { ' ' };
        let (name, version) = (&self.name, &self.version);
        match line.has("verbose") {
            false => format!("[{configured}{running}] {name:widest$} {version}\n"),
            true => format!(
                "[{configured}{running}] {name}\n     Version:     \t{version}\n     \
                 Dependencies:\t[{}]\n     Description: \t{}\n",
                self.dependencies.join(","),
                self.description
            ),
        }
    }

    /// Whether it needs one of these.
    pub(super) fn needs_any(&self, names: &[String]) -> bool {
        self.dependencies.iter().any(|need| names.contains(need))
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "name": self.name,
            "version": self.version,
            "running": self.is_running,
            "running_version": if self.is_running { self.version.as_str() } else { "" },
            "enabled": self.enabled,
        })
    }
}
