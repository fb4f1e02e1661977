//! Which of RabbitMQ's plugins are enabled, and their switches.
//!
//! Seen: RabbitMQ 4.3.6, what `rabbitmq-plugins` says and does.

use serde_json::Value as Json;

use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;
use crate::plugins::{self, Plugin};

/// The longest list of names that is taken, and the longest name, in octets.
const NAMES_MAX: usize = 1_000;
const NAME_MAX: usize = 255;

/// `GET /leveret/plugins`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let desk = &ask.desk;
    let (enabled, running) = (desk.plugins.enabled(), desk.plugins.running());
    let version = &desk.settings().server_version;
    let missing = enabled.iter().filter(|name| Plugin::named(name).is_none());
    let missing: Vec<&String> = missing.collect();
    Ok(ask.object(|object| {
        object.set_some("file", desk.plugins.file());
        object.set("missing", &missing);
        object.array("plugins", plugins::all(), |one, plugin| {
            let is_running = running.contains(&plugin);
            let word = match is_running {
                _ if enabled.iter().any(|name| name == plugin.name) => "enabled",
                true => "implicit",
                false => "not_enabled",
            };
            one.set("name", plugin.name);
            one.set("version", version);
            one.set("description", plugin.description);
            one.set("dependencies", plugin.dependencies);
            one.set("enabled", word);
            one.set("running", &is_running);
        });
    }))
}

/// `PUT /leveret/plugins`.
pub(in crate::management) async fn set(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    let names = match fields.get("enabled") {
        Some(Json::Array(names)) if names.len() <= NAMES_MAX => names.iter().map(name).collect(),
        _ => None,
    };
    let Some(names) = names else {
        return Err(Refusal::bad("enabled: expected a list of names of plugins"));
    };
    let changed = ask.desk.plugins.set(names);
    let changed = changed.map_err(|why| Refusal::bad(why.as_str()))?;
    Ok(ask.object(|object| {
        object.set("started", &changed.started);
        object.set("stopped", &changed.stopped);
    }))
}

fn name(name: &Json) -> Option<String> {
    let name = name.as_str()?;
    let fits = (1..=NAME_MAX).contains(&name.len()) && !name.chars().any(char::is_control);
    fits.then(|| name.to_owned())
}
