//! RabbitMQ's settings: which of ours its names stand for.
//!
//! A file whose name ends in `.conf` is read as a `rabbitmq.conf` (`reading`). One with another
//! name that is written as such a file is explained: what its lines would be in ours.

mod assignments;
mod classic;
mod conf;
mod enabled;
mod environment;
mod known;
mod protecting;
mod reading;
mod sealing;
mod surroundings;

use std::path::Path;

use super::error::ConfigError;
use super::key::Key;
use super::origin::Origin;
use super::settings::KEYS;
use super::types::LogLevel;
use super::value::{Given, Value, ValueType, toml_key};

pub(super) use enabled::read as enabled_plugins;
pub(super) use environment::{Told, data_dir};
pub(super) use reading::{Reading, files_of};
pub use surroundings::AsServer;
pub(super) use surroundings::Surroundings;

/// A line of the file.
struct Line<'t> {
    number: usize,
    name: &'t str,
    value: &'t str,
}

/// What to write instead of each line, which is in the file at `path`; `None` if the text is no
/// `rabbitmq.conf`: it has a line of another form, or none of its names is RabbitMQ's.
pub(super) fn explain(path: &Path, text: &str) -> Option<Vec<ConfigError>> {
    let mut lines = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        lines.push(read(at + 1, line)?);
    }
    let is_rabbits = |line: &Line<'_>| !keys(&parts(line.name)).is_empty();
    if !lines.iter().any(is_rabbits) {
        return None;
    }
    let path = path.to_owned();
    let explained = lines.iter().map(|line| ConfigError::Rabbit {
        origin: Origin::File {
            path: path.clone(),
            line: line.number,
        },
        key: line.name.to_owned(),
        here: here(line.name, line.value),
    });
    let explained: Vec<_> = explained.collect();
    let head = ConfigError::RabbitsFile { path };
    Some(std::iter::once(head).chain(explained).collect())
}

fn read(number: usize, line: &str) -> Option<Line<'_>> {
    let (name, value) = line.split_once('=')?;
    let (name, value) = (name.trim(), value.split('#').next()?.trim());
    let letter = |c: char| c.is_ascii_alphanumeric() || "._-$/".contains(c);
    let fits = !name.is_empty() && name.chars().all(letter);
    fits.then_some(Line {
        number,
        name,
        value,
    })
}

/// The parts of a name without escaped dots.
fn parts(name: &str) -> Vec<String> {
    name.split('.').map(str::to_owned).collect()
}

/// Our settings that RabbitMQ's name with these parts stands for.
fn keys(name: &[String]) -> Vec<&'static Key> {
    let listener = parts("listeners.tcp.default");
    let name = if is_listener(name) { &listener } else { name };
    let is_meant = |key: &&Key| {
        let is_list = matches!(key.value_type, ValueType::List { .. });
        let mut own = key.rabbitmq.iter();
        own.any(|own| {
            let own = parts(own);
            if matches!(key.value_type, ValueType::Named(_)) {
                return name.starts_with(&own) && name.len() > own.len() + 1;
            }
            let is_of_list = match (own.split_last(), name.split_last()) {
                (Some((_, [])), _) => false,
                (Some((_, list)), Some((_, stem))) => list == stem || list == name,
                _ => false,
            };
            own == name || (is_list && is_of_list)
        })
    };
    KEYS.iter().filter(is_meant).collect()
}

/// Whether it is `listeners.tcp.NAME`.
fn is_listener(name: &[String]) -> bool {
    matches!(name, [listeners, tcp, _] if listeners == "listeners" && tcp == "tcp")
}

/// The lines of a settings file that do what RabbitMQ's `name = value` does there; none if we have
/// no such setting.
fn here(name: &str, value: &str) -> Vec<String> {
    let parts = parts(name);
    let keys = keys(&parts);
    let named = keys
        .iter()
        .find_map(|key| named(key, &parts).map(|of| (key, of)));
    if let Some((key, (thing, field))) = named {
        let value = match field.as_str() {
            "password" => "…",
            _ => value,
        };
        let value = Value::Text(value.to_owned());
        return vec![format!(
            "{}.{}.{field} = {value}",
            key.name,
            toml_key(thing)
        )];
    }
    let found = keys.iter().filter_map(|key| {
        let value = translated(key, &parts, value)?;
        Some(format!("{} = {value}", key.name))
    });
    let found: Vec<_> = found.collect();
    if !found.is_empty() {
        return found;
    }
    let expected = keys.iter().map(|key| {
        let expected = key.value_type.expected();
        format!("{} = …, which takes {expected}", key.name)
    });
    expected.collect()
}

/// The thing and its field that RabbitMQ's name means, if the setting names things. What stands
/// between the two in RabbitMQ's name means nothing.
fn named<'n>(key: &Key, name: &'n [String]) -> Option<(&'n str, &'n String)> {
    if !matches!(key.value_type, ValueType::Named(_)) {
        return None;
    }
    let own = parts(key.rabbitmq.first()?).len();
    Some((name.get(own)?, name.last()?))
}

/// The value as our file has it; a secret is not shown.
fn translated(key: &Key, name: &[String], value: &str) -> Option<String> {
    match key.value_type {
        ValueType::Secret => Some("\"…\"".to_owned()),
        _ => worth(key, name, value).map(|value| value.to_string()),
    }
}

/// What RabbitMQ's `name = value` is worth as a value of our setting.
fn worth(key: &Key, name: &[String], value: &str) -> Option<Value> {
    let read = |text: &str| key.value_type.read(&Given::Raw(text.to_owned()));
    let is_number = value.bytes().all(|octet| octet.is_ascii_digit());
    // An address and a port stand in one value, or a port alone.
    let parts = value.rsplit_once(':');
    let found = match key.value_type {
        // RabbitMQ gives each item a line: `name.item = true`, or `name.number = item`.
        ValueType::List { .. } if value == "false" || value == "none" => Value::None,
        ValueType::List { .. } if value == "true" => Value::List(vec![name.last()?.clone()]),
        ValueType::List { .. } => Value::List(vec![value.to_owned()]),
        ValueType::Host if is_number => return None,
        ValueType::Host => read(parts.map_or(value, |(host, _)| host.trim_matches(['[', ']'])))?,
        ValueType::PathOrNone if value == "false" => Value::None,
        ValueType::Word(words) => read(our_word(words, value))?,
        // `listeners.tcp = none`
        ValueType::Flag if value == "none" => Value::Flag(false),
        _ => read(value).or_else(|| read(parts?.1))?,
    };
    Some(found)
}

/// The word of ours for a level of RabbitMQ's log.
fn level(value: &str) -> &str {
    our_word(LogLevel::WORDS, value)
}

/// The word of ours that says the same: RabbitMQ has more levels of logs.
fn our_word<'v>(words: &[&str], value: &'v str) -> &'v str {
    // Seen: RabbitMQ 4.3.6 takes `=debug` and the like for a file.
    match value.trim_start_matches(['=', '!', '<']) {
        known if words.contains(&known) => known,
        "notice" => "info",
        "critical" | "alert" | "emergency" => "error",
        "plaintext" => "rabbitmq",
        "subject_alt_name" => "subject_alternative_name",
        other => other,
    }
}

/// The setting that RabbitMQ's `name` stands for; of two, the one that takes the value.
pub(super) fn key(name: &str, given: &Given) -> Option<&'static Key> {
    let keys = keys(&parts(name));
    let taker = keys.iter().find(|key| key.value_type.read(given).is_some());
    taker.or(keys.first()).copied()
}
