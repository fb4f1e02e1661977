//! A `rabbitmq.conf` as settings of ours.
//!
//! Every name that RabbitMQ 4.3 knows is accepted, and its value is checked as there. What we have
//! acts; of the rest it is said that it has no effect. A name that RabbitMQ does not know stops the
//! start, as it does there.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use leveret_terms::Term;

use super::classic;
use super::conf::{self, Said};
use super::known::{self, Known};
use super::protecting;
use super::sealing::{self, Decoder};
use super::surroundings::Variable;
use super::{is_listener, keys, named, parts, worth};
use crate::config::error::{ConfigError, Unknown};
use crate::config::key::Key;
use crate::config::near::nearest;
use crate::config::origin::Origin;
use crate::config::sources::read_text;
use crate::config::value::{Given, Value, ValueType};

/// How many files may include each other: a circle of them has an end.
const INCLUDED_MAX: usize = 100;

/// What files say.
#[derive(Debug, Default)]
pub(in crate::config) struct Reading {
    /// Settings of ours, each with where it was given; of two the later one counts.
    pub(in crate::config) given: Vec<(&'static Key, Given, Origin)>,
    /// What is accepted and has no effect: where, and which it is.
    pub(in crate::config) ignored: Vec<(Origin, String)>,
    pub(in crate::config) problems: Vec<ConfigError>,
    /// By name, so that the last line of a name counts.
    lines: BTreeMap<Vec<String>, (String, Origin)>,
    files: usize,
    /// Reads encrypted values.
    decoder: Option<Decoder>,
}

/// The files that `RABBITMQ_CONFIG_FILES` stands for, in their order: those of a directory that end
/// in `.conf`, or those that fit a pattern.
pub(in crate::config) fn files_of(text: &str) -> Vec<PathBuf> {
    let mut pattern = PathBuf::from(text);
    if pattern.is_dir() {
        pattern.push("*.conf");
    }
    let paths = glob::glob(&pattern.to_string_lossy());
    // A pattern that is none fits nothing. In the order of names, as RabbitMQ takes them.
    paths.map_or_else(|_| Vec::new(), |paths| paths.flatten().collect())
}

impl Reading {
    /// Reads a file, and what it includes.
    pub(in crate::config) fn file(&mut self, path: &Path) {
        self.files += 1;
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) => {
                let path = path.to_owned();
                return self.problems.push(ConfigError::Unreadable { path, error });
            }
        };
        for (line, said) in conf::lines(&text) {
            let origin = Origin::File {
                path: path.to_owned(),
                line,
            };
            match said {
                Said::Nothing => {}
                Said::Include(pattern) => self.include(path, &pattern, origin),
                Said::Setting { name, value } => {
                    self.lines.insert(name, (value, origin));
                }
                Said::Nonsense => self.problems.push(ConfigError::NoLine { origin }),
            }
        }
    }

    /// Reads a file of Erlang terms.
    pub(in crate::config) fn classic(&mut self, path: &Path) {
        classic::file(path, self);
    }

    /// Reads options of Erlang's command line.
    pub(in crate::config) fn options(&mut self, variable: &Variable) {
        classic::options(variable, self);
    }

    /// A line, wherever it stands; the last one of a name counts.
    pub(super) fn say(&mut self, name: Vec<String>, value: String, origin: Origin) {
        self.lines.insert(name, (value, origin));
    }

    /// A setting of ours that a line cannot have; lines of its name count no more.
    pub(super) fn give_none(&mut self, name: &str, origin: Origin) {
        self.lines.remove(&parts(name));
        if let Some(key) = Key::named(name) {
            self.given
                .push((key, Given::Text("none".to_owned()), origin));
        }
    }

    /// A setting of ours with things by name, which no line can have.
    pub(super) fn give_things(
        &mut self,
        name: &str,
        things: BTreeMap<String, Vec<(String, Given)>>,
        origin: Origin,
    ) {
        if let Some(key) = Key::named(name) {
            let things = Given::Named(things.into_iter().collect());
            self.given.push((key, things, origin));
        }
    }

    /// Lines whose names begin so count no more.
    pub(super) fn forget(&mut self, stem: &[String]) {
        self.lines.retain(|name, _| !name.starts_with(stem));
    }

    /// Encrypted values are read in this way.
    pub(super) fn decode_with(&mut self, decoder: &Term, origin: Origin) {
        match Decoder::of(decoder) {
            Some(decoder) => self.decoder = Some(decoder),
            None => self.problem(ConfigError::NoTerm {
                origin,
                expected: sealing::DECODER,
            }),
        }
    }

    pub(super) fn ignore(&mut self, origin: Origin, text: String) {
        self.ignored.push((origin, text));
    }

    pub(super) fn problem(&mut self, problem: ConfigError) {
        self.problems.push(problem);
    }

    /// Reads what a line includes: paths from the directory of its file on. A pattern that fits no
    /// file is fine.
    fn include(&mut self, from: &Path, pattern: &str, origin: Origin) {
        let whole = beside(from, pattern);
        let is_pattern = pattern.contains(['*', '?', '[']);
        let paths = match is_pattern {
            true => files_of(&whole.to_string_lossy()),
            false => vec![whole],
        };
        for path in paths {
            if self.files >= INCLUDED_MAX {
                return self.problems.push(ConfigError::Included { origin });
            }
            self.file(&path);
        }
    }

    /// Makes settings of what was read.
    pub(in crate::config) fn finish(mut self, variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let mut lists: BTreeMap<_, Gathered> = BTreeMap::new();
        let mut things: BTreeMap<_, Things> = BTreeMap::new();
        let mut listener = None;
        let mut lines: Vec<_> = std::mem::take(&mut self.lines).into_iter().collect();
        // Of two names for one setting the later one counts.
        lines.sort_by_cached_key(|(parts, _)| (Reverse(rank(parts)), in_order(parts)));
        for (parts, (written, origin)) in lines {
            let name = parts.join(".");
            let Some(known) = known::find(&parts) else {
                let near = nearest(&name, known::all().map(|known| known.like(&parts)));
                let hint = near.map_or(Unknown::Nothing, Unknown::Near);
                let key = name;
                self.problems
                    .push(ConfigError::Unknown { origin, key, hint });
                continue;
            };
            let value = match self.value(known, &written, &origin, variable) {
                Ok(value) => value,
                Err(error) => {
                    self.problems.push(error);
                    continue;
                }
            };
            if let Some(lack) = protecting::lack(&parts, &value) {
                let setting = format!("{name}: {value}");
                self.problems.push(ConfigError::Unprotected {
                    origin,
                    setting,
                    lack,
                });
                continue;
            }
            if is_listener(&parts) && listener.get_or_insert_with(|| name.clone()) != &name {
                // The first one is `host` and `port`.
                let more = lists.entry("extra_listeners").or_default();
                more.items.push(value);
                more.origin = origin;
                continue;
            }
            let rows = keys(&parts);
            let of_thing = |row: &&'static Key| Some((row.name, named(row, &parts)?));
            if let Some((row, (thing, field))) = rows.iter().find_map(of_thing) {
                let things = things.entry(row).or_default();
                things.add(thing, field, value);
                things.origin = origin;
                continue;
            }
            if let Some(row) = rows.iter().find(|row| is_list(row)) {
                let list = lists.entry(row.name).or_default();
                list.add(&value, worth(row, &parts, &value));
                list.origin = origin;
                continue;
            }
            if rows.is_empty() {
                let text = format!("{name} is RabbitMQ's and has no effect here");
                self.ignored.push((origin, text));
                continue;
            }
            self.give(&rows, &parts, &value, &origin);
        }
        self.give_gathered(lists, things);
        self
    }

    /// Gives what has a line for each item, or for each field.
    fn give_gathered(
        &mut self,
        lists: BTreeMap<&'static str, Gathered>,
        things: BTreeMap<&'static str, Things>,
    ) {
        let lists = lists.into_iter().map(|(name, list)| {
            let items = list.items.into_iter().map(Given::Text);
            (name, Given::List(items.collect()), list.origin)
        });
        let things = things.into_iter().map(|(name, all)| {
            let things = Given::Named(all.things.into_iter().collect());
            (name, things, all.origin)
        });
        for (name, given, origin) in lists.chain(things) {
            if let Some(row) = Key::named(name) {
                self.given.push((row, given, origin));
            }
        }
    }

    /// Gives a value to the settings it stands for; an address with a port is for two of them.
    fn give(&mut self, rows: &[&'static Key], name: &[String], value: &str, origin: &Origin) {
        let worths = rows.iter().map(|row| (*row, worth(row, name, value)));
        let worths: Vec<_> = worths.collect();
        let is_for_none = worths.iter().all(|(_, worth)| worth.is_none());
        for (row, worth) in worths {
            let given = match worth {
                Some(value) => Given::from(value),
                // It is said what our setting takes.
                None if is_for_none => Given::Raw(value.to_owned()),
                None => continue,
            };
            self.given.push((row, given, origin.clone()));
        }
    }

    /// The value of a line, with variables and files put in.
    fn value(
        &self,
        known: Known,
        written: &str,
        origin: &Origin,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<String, ConfigError> {
        let wrong = |found: String, expected: String| ConfigError::Wrong {
            origin: origin.clone(),
            key: known.name,
            found,
            expected,
        };
        let file = written
            .strip_prefix("$(<")
            .and_then(|rest| rest.strip_suffix(')'));
        let value = match (file, origin) {
            (Some(file), Origin::File { path, .. }) => {
                let path = beside(path, file);
                let text = read_text(&path);
                let text = text.map_err(|error| ConfigError::Unreadable { path, error })?;
                text.trim_end_matches(['\n', '\r']).to_owned()
            }
            _ => conf::with_variables(written, variable).map_err(|name| {
                let expected = format!("the environment variable {name} to be set");
                wrong(format!("$({name})"), expected)
            })?,
        };
        let name = parts(known.name);
        let is_secret = |row: &&Key| match row.value_type {
            ValueType::Secret => true,
            _ => named(row, &name).is_some_and(|(_, field)| field == "password"),
        };
        let is_secret = keys(&name).iter().any(is_secret);
        let value = match is_secret {
            true => sealing::opened(value, self.decoder.as_ref()).map_err(|found| {
                let expected = "a plain one, or one that can be decrypted".to_owned();
                wrong(found.to_owned(), expected)
            })?,
            false => value,
        };
        if !known.takes(&value) {
            return Err(wrong(format!("{value:?}"), known.expected()));
        }
        let counted = known.in_bytes(&value).or_else(|| known.in_millis(&value));
        Ok(counted.unwrap_or(value))
    }
}

/// Things with names, whose fields have a line each.
#[derive(Default)]
struct Things {
    things: BTreeMap<String, Vec<(String, Given)>>,
    /// Where the last one was given.
    origin: Origin,
}

impl Things {
    fn add(&mut self, thing: &str, field: &str, value: String) {
        let fields = self.things.entry(thing.to_owned()).or_default();
        fields.push((field.to_owned(), Given::Raw(value)));
    }
}

/// A list whose items have a line each.
#[derive(Default)]
struct Gathered {
    items: Vec<String>,
    /// A line says `none` of the whole list: no item counts.
    is_none: bool,
    /// Where the last one was given.
    origin: Origin,
}

impl Gathered {
    fn add(&mut self, value: &str, worth: Option<Value>) {
        match worth {
            Some(Value::List(more)) if !self.is_none => self.items.extend(more),
            Some(Value::None) if value == "none" => {
                self.is_none = true;
                self.items.clear();
            }
            _ => {}
        }
    }
}

/// The place of a name among those of its setting: the first one counts before others.
fn rank(name: &[String]) -> usize {
    let whole = name.join(".");
    let keys = keys(name).into_iter();
    let places = keys.filter_map(|key| key.rabbitmq.iter().position(|own| *own == whole));
    places.max().unwrap_or_default()
}

/// Numbers by their value, and before words.
fn in_order(parts: &[String]) -> Vec<(u64, String)> {
    let parts = parts.iter();
    let parts = parts.map(|part| (part.parse().unwrap_or(u64::MAX), part.clone()));
    parts.collect()
}

fn is_list(key: &Key) -> bool {
    matches!(key.value_type, ValueType::List { .. })
}

/// A path from the directory of a file on.
fn beside(file: &Path, path: &str) -> PathBuf {
    file.parent()
        .map_or_else(|| PathBuf::from(path), |dir| dir.join(path))
}

#[cfg(test)]
mod tests;
