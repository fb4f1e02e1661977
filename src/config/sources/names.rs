//! Names that are given: whose they are, and what was meant by those that nothing has.

use super::{FILE_VARIABLE, TOOL_VARIABLES};
use crate::config::error::Unknown;
use crate::config::key::Key;
use crate::config::near::nearest;
use crate::config::rabbit;
use crate::config::settings::KEYS;
use crate::config::value::{Given, ValueType};

pub(super) fn is_ours(name: &str) -> bool {
    name.starts_with("LEVERET_")
}

/// Whether a `LEVERET_…` variable is for other programs: the tools, or Kubernetes, which puts the
/// address of a service called `leveret` into every container (`LEVERET_SERVICE_HOST`,
/// `LEVERET_PORT=tcp://10.0.0.1:5672`, `LEVERET_PORT_5672_TCP_ADDR`).
pub(super) fn is_not_a_setting(name: &str, value: &str) -> bool {
    name == FILE_VARIABLE
        || TOOL_VARIABLES.contains(&name)
        || name.starts_with("LEVERET_SERVICE_")
        || name.starts_with("LEVERET_PORT_")
        || (name == "LEVERET_PORT" && value.contains("://"))
}

/// The row of an environment variable.
pub(super) fn env_key(name: &str) -> Option<usize> {
    KEYS.iter().position(|key| key.env() == name)
}

/// The row of a setting that names things.
pub(super) fn row_of_things(name: &str) -> Option<usize> {
    let is_it = |key: &Key| key.name == name && matches!(key.value_type, ValueType::Named(_));
    KEYS.iter().position(is_it)
}

/// The row of a setting that names things, and the thing and its field that a dotted name means;
/// there may be dots in the thing's own name.
pub(super) fn part_of(name: &str) -> Option<(usize, (&str, &str))> {
    let (whole, field) = name.rsplit_once('.')?;
    let dots = whole.match_indices('.');
    let mut splits = dots.filter_map(|(at, _)| Some((whole.get(..at)?, whole.get(at + 1..)?)));
    splits.find_map(|(setting, thing)| Some((row_of_things(setting)?, (thing, field))))
}

pub(super) fn env_hint(name: &str) -> Unknown {
    let known = KEYS.iter().map(Key::env);
    nearest(name, known).map_or(Unknown::Nothing, Unknown::Near)
}

/// What an unknown name was probably meant to be.
pub(super) fn hint(name: &str, given: &Given) -> Unknown {
    if let Some(key) = rabbit::key(name, given) {
        return Unknown::Rabbit(key.name);
    }
    let names = || KEYS.iter().map(|key| key.name);
    let inside = format!("{name}.");
    let parts: Vec<_> = names().filter(|known| known.starts_with(&inside)).collect();
    if !parts.is_empty() {
        return Unknown::Parts(parts);
    }
    let tail = format!(".{name}");
    if let Some(whole) = names().find(|known| known.ends_with(&tail)) {
        return Unknown::Near(whole.to_owned());
    }
    nearest(name, names().map(str::to_owned)).map_or(Unknown::Nothing, Unknown::Near)
}
