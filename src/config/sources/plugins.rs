//! Which plugins are enabled, by file or settings, and what follows from that.

use super::{Loader, origin};
use crate::config::ENABLED_PLUGINS;
use crate::config::origin::Origin;
use crate::config::rabbit::{self, Surroundings};
use crate::config::types::Durability;
use crate::config::value::Given;
use crate::plugins::{self, Plugin};

impl Loader {
    /// What is enabled: by the file if there is one, else by the settings. The parts that plugins
    /// stand for follow, unless a setting of theirs was given.
    pub(super) fn plugins(&mut self, surroundings: &Surroundings) {
        let settings = &self.settings;
        let named = settings.plugins_file.clone();
        let place = || surroundings.place(ENABLED_PLUGINS);
        let file = named.clone().or_else(place);
        let file = file.unwrap_or_else(|| settings.data_dir.join(ENABLED_PLUGINS));
        let is_stored = named.is_some() || settings.durability != Durability::Memory;
        let is_given = origin(&self.origins, "plugins.enabled") != Origin::Default;
        if is_stored && !is_given && file.exists() {
            match rabbit::enabled_plugins(&file) {
                Ok(names) => {
                    let origin = Origin::File {
                        path: file.clone(),
                        line: 1,
                    };
                    self.name_missing(&names, &origin);
                    let names = names.into_iter().map(Given::Text).collect();
                    self.give("plugins.enabled", &Given::List(names), &origin);
                }
                Err(error) => self.problems.push(error),
            }
        }
        if named.is_none() && surroundings.place(ENABLED_PLUGINS).is_some() {
            self.settings.plugins_file = Some(file);
        }
        self.parts_of_plugins();
    }

    fn name_missing(&mut self, names: &[String], origin: &Origin) {
        for name in names.iter().filter(|name| Plugin::named(name).is_none()) {
            let text = format!("there is no plugin {name}");
            self.ignored.push((origin.clone(), text));
        }
    }

    fn parts_of_plugins(&mut self) {
        let by = origin(&self.origins, "plugins.enabled");
        if by == Origin::Default {
            return;
        }
        for (key, plugin) in [
            ("management.enabled", plugins::MANAGEMENT),
            ("prometheus.enabled", plugins::PROMETHEUS),
            ("event_exchange.enabled", plugins::EVENT_EXCHANGE),
        ] {
            if origin(&self.origins, key) == Origin::Default {
                let is_on = plugins::are_with(&self.settings.plugins_enabled, plugin);
                self.give(key, &Given::Flag(is_on), &by);
            }
        }
    }
}
