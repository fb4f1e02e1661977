//! Which plugins are enabled in a broker that runs, and the switches that some of them are.
//!
//! What is enabled is a list of names, as RabbitMQ's file has it; names of no plugin stay in it. It
//! does not know what a switch does.
//!
//! Seen: RabbitMQ 4.3.6, `rabbitmq-plugins` with each of its commands.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::config::{Durability, ENABLED_PLUGINS, Settings};
use crate::plugins::{EVENT_EXCHANGE, MANAGEMENT, PROMETHEUS, Plugin, with_dependencies};
use crate::sync::Mutex;

/// What switches the parts of a broker that plugins stand for.
pub(crate) trait Switch: Send + Sync {
    /// Switches the part of this plugin on or off; nothing for a plugin whose part is always there.
    ///
    /// # Errors
    /// Why it cannot be.
    fn set(&self, plugin: &str, is_on: bool) -> Result<(), String>;

    /// Keeps the text that says what is enabled.
    ///
    /// # Errors
    /// Why it cannot be.
    fn keep(&self, file: &Path, text: &str) -> Result<(), String>;
}

/// The plugins of a broker.
pub(crate) struct Plugins {
    /// Names that were enabled, in order, each once.
    enabled: Mutex<Vec<String>>,
    /// The file that remembers them; `None` where nothing is stored.
    file: Option<PathBuf>,
    switch: OnceLock<Arc<dyn Switch>>,
}

/// What a change has changed, by names.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changed {
    pub(crate) started: Vec<&'static str>,
    pub(crate) stopped: Vec<&'static str>,
}

impl Plugins {
    /// Those of these settings.
    pub(crate) fn new(settings: &Settings) -> Self {
        let file = match (&settings.plugins_file, settings.durability) {
            (Some(file), _) => Some(file.clone()),
            (None, Durability::Memory) => None,
            (None, _) => Some(settings.data_dir.join(ENABLED_PLUGINS)),
        };
        let enabled = enabled(settings).into_iter();
        Self {
            enabled: Mutex::new(in_order(enabled.map(str::to_owned).collect())),
            file,
            switch: OnceLock::new(),
        }
    }

    /// Says what switches them; it is said once.
    pub(crate) fn switched_by(&self, switch: Arc<dyn Switch>) {
        self.switch.get_or_init(|| switch);
    }

    /// The file that remembers them.
    pub(crate) fn file(&self) -> Option<&PathBuf> {
        self.file.as_ref()
    }

    /// The names that were enabled.
    pub(crate) fn enabled(&self) -> Vec<String> {
        self.enabled.lock().clone()
    }

    /// What is enabled, with what that needs.
    pub(crate) fn running(&self) -> Vec<Plugin> {
        running(&self.enabled.lock())
    }

    /// Writes into settings what is enabled, for another start of the same broker.
    #[cfg(feature = "program")]
    pub(crate) fn note_in(&self, settings: &mut Settings) {
        let running = self.running();
        let is_on = |name| running.iter().any(|plugin| plugin.name == name);
        settings.management_enabled = is_on(MANAGEMENT);
        settings.prometheus_enabled = is_on(PROMETHEUS);
        settings.event_exchange_enabled = is_on(EVENT_EXCHANGE);
        settings.plugins_enabled = self.enabled();
    }

    /// Enables these and no others.
    ///
    /// # Errors
    /// Why it cannot be; then nothing has changed.
    pub(crate) fn set(&self, names: Vec<String>) -> Result<Changed, String> {
        let names = in_order(names);
        let mut enabled = self.enabled.lock();
        let (before, after) = (running(&enabled), running(&names));
        let missing = |in_one: &[Plugin], of_other: &[Plugin]| -> Vec<&'static str> {
            let missing = of_other.iter().filter(|plugin| !in_one.contains(plugin));
            missing.map(|plugin| plugin.name).collect()
        };
        let changed = Changed {
            started: missing(&before, &after),
            stopped: missing(&after, &before),
        };
        if let Some(switch) = self.switch.get() {
            let mut done = Vec::new();
            if let Err(why) = self.begin(&**switch, &changed.started, &names, &mut done) {
                for plugin in done {
                    // What was just switched on is only switched off again.
                    let _off = switch.set(plugin, false);
                }
                return Err(why);
            }
            for plugin in &changed.stopped {
                switch.set(plugin, false)?;
            }
        }
        *enabled = names;
        Ok(changed)
    }

    /// Switches on what is to start, noting what is `done`, and keeps the names.
    fn begin(
        &self,
        switch: &dyn Switch,
        starting: &[&'static str],
        names: &[String],
        done: &mut Vec<&'static str>,
    ) -> Result<(), String> {
        for plugin in starting {
            let on = switch.set(plugin, true);
            on.map_err(|why| format!("{plugin}: {why}"))?;
            done.push(plugin);
        }
        let Some(file) = &self.file else {
            return Ok(());
        };
        let kept = switch.keep(file, &text(names));
        kept.map_err(|why| format!("'{}': {why}", file.display()))
    }
}

/// The names that are enabled by these settings. What a setting switches of itself goes before the
/// list.
pub(crate) fn enabled(settings: &Settings) -> Vec<&str> {
    let switches = [
        (MANAGEMENT, settings.management_enabled),
        (PROMETHEUS, settings.prometheus_enabled),
        (EVENT_EXCHANGE, settings.event_exchange_enabled),
    ];
    let mut names: Vec<&str> = settings
        .plugins_enabled
        .iter()
        .map(String::as_str)
        .collect();
    for (switch, is_on) in switches {
        names.retain(|name| {
            let needed = with_dependencies(&[name]);
            is_on || !needed.iter().any(|plugin| plugin.name == switch)
        });
        let all = with_dependencies(&names);
        if is_on && !all.iter().any(|plugin| plugin.name == switch) {
            names.push(switch);
        }
    }
    names
}

fn running(names: &[String]) -> Vec<Plugin> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    with_dependencies(&names)
}

fn in_order(mut names: Vec<String>) -> Vec<String> {
    names.sort_unstable();
    names.dedup();
    names
}

/// As RabbitMQ writes the file.
fn text(names: &[String]) -> String {
    let mut text = "[".to_owned();
    for (nth, name) in names.iter().enumerate() {
        let comma = if nth == 0 { "" } else { "," };
        let is_bare = name.starts_with(|c: char| c.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        // Writing to a String cannot fail.
        let _written = match is_bare {
            true => write!(text, "{comma}{name}"),
            false => write!(
                text,
                "{comma}'{}'",
                name.replace('\\', "\\\\").replace('\'', "\\'")
            ),
        };
    }
    text + "].\n"
}

#[cfg(test)]
mod tests;
