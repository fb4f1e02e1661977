//! RabbitMQ's settings as Erlang terms: `advanced.config`, a classic `rabbitmq.config`, and options
//! of its command line. Each becomes a line of a `rabbitmq.conf`, with the checks of one.
//!
//! Applications that are none of RabbitMQ's are passed over, as there.
//!
//! Docs: configure, advanced.config. Seen: RabbitMQ 4.3.6, what its schemas make of lines.

use std::collections::BTreeMap;
use std::path::Path;

use leveret_terms::{Term, text as terms};

use super::reading::Reading;
use super::sealing;
use super::surroundings::Variable;
use crate::config::error::ConfigError;
use crate::config::origin::Origin;
use crate::config::sources::read_text;
use crate::config::value::Given;

/// What such a file has.
const EXPECTED: &str = "applications with settings, as in [{rabbit, [{heartbeat, 30}]}].";

/// Reads a file.
pub(super) fn file(path: &Path, into: &mut Reading) {
    let text = match read_text(path) {
        Ok(text) => text,
        Err(error) => {
            let path = path.to_owned();
            return into.problem(ConfigError::Unreadable { path, error });
        }
    };
    let at = |line| Origin::File {
        path: path.to_owned(),
        line,
    };
    let wrong = |line| ConfigError::NoTerm {
        origin: at(line),
        expected: EXPECTED,
    };
    let applications = match terms::read(&text) {
        Ok(Term::List(applications)) => applications,
        Ok(_) => return into.problem(wrong(1)),
        Err(line) => return into.problem(wrong(line)),
    };
    for application in &applications {
        let Some((name, settings)) = pair(application) else {
            into.problem(wrong(place(&text, application)));
            continue;
        };
        let Term::List(settings) = settings else {
            into.problem(wrong(place(&text, application)));
            continue;
        };
        for setting in settings.iter().filter(|_| is_rabbits(name)) {
            let line = place(&text, setting);
            match pair(setting) {
                Some((key, value)) => tell(into, (name, key), value, &at(line)),
                None => into.problem(wrong(line)),
            }
        }
    }
}

/// Reads options as Erlang's command line has them: `-rabbit heartbeat 30`.
pub(super) fn options(variable: &Variable, into: &mut Reading) {
    let mut rest = variable.value.trim_start();
    let mut application = None;
    while !rest.is_empty() {
        if let Some(option) = rest.strip_prefix('-').filter(|_| !is_negative(rest)) {
            let (name, behind) = word(option);
            application = Some(name).filter(|name| is_rabbits(name));
            rest = behind;
            continue;
        }
        let (key, behind) = word(rest);
        rest = behind;
        let Some(application) = application else {
            continue;
        };
        let value = match terms::prefix(rest) {
            Some((term, behind)) => {
                rest = behind.trim_start();
                term
            }
            None => {
                let (text, behind) = word(rest);
                rest = behind;
                Term::Text(text.to_owned())
            }
        };
        tell(into, (application, key), &value, &variable.origin);
    }
}

fn is_negative(text: &str) -> bool {
    let digit = text.get(1..2).and_then(|letter| letter.chars().next());
    digit.is_some_and(|letter| letter.is_ascii_digit())
}

fn word(text: &str) -> (&str, &str) {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    (word, rest.trim_start())
}

fn is_rabbits(application: &str) -> bool {
    application == "rabbit" || application.starts_with("rabbitmq_")
}

/// A name and what belongs to it.
fn pair(term: &Term) -> Option<(&str, &Term)> {
    match term {
        Term::Tuple(items, _) => match items.as_slice() {
            [Term::Atom(name), value] => Some((name, value)),
            _ => None,
        },
        _ => None,
    }
}

/// The line of a tuple, from 1.
fn place(text: &str, term: &Term) -> usize {
    match term {
        Term::Tuple(_, left) => terms::line(text, *left),
        _ => 1,
    }
}

/// Says what a setting of an application is in lines.
fn tell(into: &mut Reading, (application, key): (&str, &str), value: &Term, at: &Origin) {
    if (application, key) == ("rabbit", "consumer_timeout") && is_unlimited(value) {
        return into.give_none(key, at.clone());
    }
    if (application, key) == ("rabbit", "config_entry_decoder") {
        return into.decode_with(value, at.clone());
    }
    if let Some(stem) = options_stem(application, key) {
        return tell_options(into, stem, value, at);
    }
    let lines = lines(application, key, value);
    if let Some(stem) = stem(application, key) {
        into.forget(&super::parts(stem));
    }
    if lines.is_empty() {
        let text = format!("{application}.{key} is RabbitMQ's and has no effect here");
        into.ignore(at.clone(), text);
    }
    for (name, value) in lines {
        into.say(name, value, at.clone());
    }
}

/// How the lines begin that are options of TLS.
fn options_stem(application: &str, key: &str) -> Option<&'static str> {
    Some(match (application, key) {
        ("rabbit", "ssl_options") => "ssl_options",
        ("rabbitmq_management", "ssl_config") => "management.ssl",
        ("rabbitmq_prometheus", "ssl_config") => "prometheus.ssl",
        _ => return None,
    })
}

/// Says options of TLS in lines, instead of all lines that begin so. Certificates by hosts have
/// none in RabbitMQ.
fn tell_options(into: &mut Reading, stem: &str, value: &Term, at: &Origin) {
    into.forget(&super::parts(stem));
    for option in items(value).unwrap_or_default() {
        let (name, value) = match option {
            Term::Atom(name) => (name.as_str(), &Term::List(Vec::new())),
            option => match pair(option) {
                Some(both) => both,
                None => continue,
            },
        };
        let whole = format!("{stem}.{name}");
        let mut lines = match name {
            "sni_hosts" if stem == "ssl_options" => {
                into.give_things(&whole, fields(value), at.clone());
                continue;
            }
            "versions" | "ciphers" => numbered(&whole, items(value).unwrap_or_default()),
            _ => of(&whole, value),
        };
        lines.retain(|(name, _)| super::known::find(name).is_some());
        if lines.is_empty() {
            let text = format!("{whole} is Erlang's and has no effect here");
            into.ignore(at.clone(), text);
        }
        for (name, value) in lines {
            into.say(name, value, at.clone());
        }
    }
}

/// Things by name, each with its fields.
fn fields(value: &Term) -> BTreeMap<String, Vec<(String, Given)>> {
    let things = items(value).unwrap_or_default().iter();
    let things = things.filter_map(|thing| match thing {
        Term::Tuple(parts, _) => match parts.as_slice() {
            [name, fields] => {
                let fields = items(fields).unwrap_or_default().iter().filter_map(pair);
                let fields = fields.filter_map(|(field, value)| {
                    Some((field.to_owned(), Given::Text(scalar(value)?)))
                });
                Some((scalar(name)?, fields.collect()))
            }
            _ => None,
        },
        _ => None,
    });
    things.collect()
}

fn is_unlimited(value: &Term) -> bool {
    matches!(value, Term::Atom(word) if word == "undefined" || word == "infinity")
}

/// How the lines begin that together are this setting: a term is said instead of all of them.
///
/// Seen: RabbitMQ 4.3.6, `tcp_listeners` in `advanced.config` and other ones in `rabbitmq.conf`.
fn stem(application: &str, key: &str) -> Option<&'static str> {
    Some(match (application, key) {
        ("rabbit", "tcp_listeners") => "listeners.tcp",
        ("rabbit", "ssl_listeners") => "listeners.ssl",
        ("rabbit", "loopback_users") => "loopback_users",
        ("rabbit", "default_user_tags") => "default_user_tags",
        ("rabbit", "default_permissions") => "default_permissions",
        ("rabbit", "default_users") => "default_users",
        ("rabbit", "default_policies") => "default_policies",
        ("rabbit", "default_limits") => "default_limits",
        ("rabbit", "auth_mechanisms") => "auth_mechanisms",
        ("rabbit", "auth_backends") => "auth_backends",
        ("rabbit", "vm_memory_high_watermark") => "vm_memory_high_watermark",
        ("rabbit", "disk_free_limit") => "disk_free_limit",
        ("rabbitmq_management", "cors_allow_origins") => "management.cors.allow_origins",
        _ => return None,
    })
}

/// The parts of a name, and a value.
type Line = (Vec<String>, String);

fn lines(application: &str, key: &str, value: &Term) -> Vec<Line> {
    let single = |name: &str| scalar(value).map(|value| vec![line(name, value)]);
    let found = match (application, key) {
        ("rabbit", "tcp_listeners") => items(value).map(|all| listeners("listeners.tcp", all)),
        ("rabbit", "ssl_listeners") => items(value).map(|all| listeners("listeners.ssl", all)),
        ("rabbit", "loopback_users") => items(value).map(|users| match users {
            [] => vec![line("loopback_users", "none".to_owned())],
            users => flags("loopback_users", users),
        }),
        ("rabbit", "default_user_tags") => items(value).map(|tags| flags(key, tags)),
        ("rabbit", "default_permissions") => items(value).map(|patterns| {
            let names = ["configure", "write", "read"].iter();
            let patterns = names.zip(patterns).filter_map(|(name, pattern)| {
                Some(line(&format!("{key}.{name}"), scalar(pattern)?))
            });
            patterns.collect()
        }),
        ("rabbit", "auth_mechanisms" | "auth_backends") => {
            items(value).map(|all| numbered(key, all))
        }
        ("rabbit", "vm_memory_high_watermark") => Some(match pair(value) {
            Some((kind, value)) => of(&format!("{key}.{kind}"), value),
            None => of("vm_memory_high_watermark.relative", value),
        }),
        ("rabbit", "disk_free_limit") => Some(match pair(value) {
            Some((_, value)) => of("disk_free_limit.relative", value),
            None => of("disk_free_limit.absolute", value),
        }),
        ("rabbit", "log_levels") => items(value).map(|levels| {
            let levels = levels.iter().filter_map(pair);
            levels
                .flat_map(|(name, level)| of(&format!("log.{name}.level"), level))
                .collect()
        }),
        ("rabbit", "log") => items(value).map(outputs),
        ("rabbit", "permit_deprecated_features") => Some(permits(value)),
        ("rabbit", "default_users") => Some(things(key, value)),
        ("rabbit", "default_policies" | "default_limits") => {
            let kinds = items(value).unwrap_or_default().iter().filter_map(pair);
            let lines = kinds.flat_map(|(kind, value)| things(&format!("{key}.{kind}"), value));
            Some(lines.collect())
        }
        ("rabbitmq_management", "load_definitions") => single("load_definitions"),
        ("rabbitmq_management", "listener") => Some(inside("management.listener", value)),
        ("rabbitmq_management", "tcp_config") => Some(inside("management.tcp", value)),
        ("rabbitmq_management", "cors_allow_origins") => {
            items(value).map(|origins| numbered("management.cors.allow_origins", origins))
        }
        ("rabbitmq_prometheus", "tcp_config") => Some(inside("prometheus.tcp", value)),
        ("rabbit", key) => single(key),
        (application, key) => {
            let short = application.trim_start_matches("rabbitmq_");
            single(&format!("{short}.{key}"))
        }
    };
    let mut found = found.unwrap_or_default();
    // A name that a file of lines could not have is none of a mistake here.
    found.retain(|(name, _)| super::known::find(name).is_some());
    found
}

fn line(name: &str, value: String) -> Line {
    (super::parts(name), value)
}

fn of(name: &str, value: &Term) -> Vec<Line> {
    scalar(value)
        .map(|value| line(name, value))
        .into_iter()
        .collect()
}

fn items(term: &Term) -> Option<&[Term]> {
    match term {
        Term::List(items) => Some(items),
        _ => None,
    }
}

/// A value that one line can have.
fn scalar(term: &Term) -> Option<String> {
    Some(match term {
        Term::Atom(word) if word == "undefined" => "infinity".to_owned(),
        Term::Atom(text) => text.clone(),
        Term::Text(_) | Term::Binary(_) => return term.as_text(),
        Term::Tuple(items, _) => return sealing::line(items),
        Term::Whole(whole) => whole.to_string(),
        Term::Ratio(ratio) => ratio.to_string(),
        _ => return None,
    })
}

/// A line of its own for each name.
fn flags(list: &str, names: &[Term]) -> Vec<Line> {
    let names = names.iter().filter_map(scalar);
    names
        .map(|name| (vec![list.to_owned(), name], "true".to_owned()))
        .collect()
}

/// Lines with numbers. What is no name is no name of what is here either.
fn numbered(list: &str, values: &[Term]) -> Vec<Line> {
    let values = values.iter().zip(1..);
    let values = values.map(|(value, number)| {
        let value = scalar(value).unwrap_or_else(|| "(several)".to_owned());
        line(&format!("{list}.{number}"), value)
    });
    values.collect()
}

/// Ports, or addresses with ports.
fn listeners(stem: &str, listeners: &[Term]) -> Vec<Line> {
    if listeners.is_empty() {
        return vec![line(stem, "none".to_owned())];
    }
    let listeners = listeners.iter().zip(1..).filter_map(|(listener, number)| {
        let value = match listener {
            Term::Tuple(parts, _) => match parts.as_slice() {
                [host, port, ..] => format!("{}:{}", scalar(host)?, scalar(port)?),
                _ => return None,
            },
            port => scalar(port)?,
        };
        Some(line(&format!("{stem}.{number}"), value))
    });
    listeners.collect()
}

/// The settings in a list, below a name.
fn inside(name: &str, value: &Term) -> Vec<Line> {
    let settings = items(value).unwrap_or_default().iter().filter_map(pair);
    settings
        .flat_map(|(key, value)| of(&format!("{name}.{key}"), value))
        .collect()
}

/// Where the log goes, and the levels of its categories.
fn outputs(outputs: &[Term]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (output, settings) in outputs.iter().filter_map(pair) {
        let settings = items(settings).unwrap_or_default().iter().filter_map(pair);
        for (key, value) in settings {
            lines.extend(match (output, key) {
                ("console", "enabled") => of("log.console", value),
                ("file", "file") => of("log.file", value),
                ("categories", category) => inside(&format!("log.{category}"), value),
                (output, key) => of(&format!("log.{output}.{key}"), value),
            });
        }
    }
    lines
}

/// The fields of things with names. RabbitMQ has some of them in lines under a name of their own.
fn things(stem: &str, value: &Term) -> Vec<Line> {
    let named = |term: &Term| match term {
        Term::Tuple(items, _) => match items.as_slice() {
            [name, value] => Some((scalar(name)?, value.clone())),
            _ => None,
        },
        _ => None,
    };
    let all = |term: &Term| {
        items(term)
            .unwrap_or_default()
            .iter()
            .filter_map(named)
            .collect()
    };
    let things: Vec<(String, Term)> = all(value);
    let mut lines = Vec::new();
    for (thing, fields) in things {
        let fields: Vec<(String, Term)> = all(&fields);
        for (field, value) in fields {
            let value = match (field.as_str(), &value) {
                // Lines have a unit.
                ("expires" | "message_ttl", Term::Whole(millis)) => Some(format!("{millis}ms")),
                (_, Term::List(items)) => {
                    let items: Vec<String> = items.iter().filter_map(scalar).collect();
                    Some(items.join(","))
                }
                _ => scalar(&value),
            };
            let mut name = super::parts(stem);
            name.push(thing.clone());
            let is_classic = field.starts_with("ha_") || field == "queue_version";
            name.extend(is_classic.then(|| "classic_queues".to_owned()));
            name.push(field);
            lines.extend(value.map(|value| (name, value)));
        }
    }
    lines
}

fn permits(value: &Term) -> Vec<Line> {
    let named = |name: &Term, value: &Term| {
        let name = format!("deprecated_features.permit.{}", scalar(name)?);
        Some(line(&name, scalar(value)?))
    };
    match value {
        Term::Map(pairs) => pairs
            .iter()
            .filter_map(|(name, value)| named(name, value))
            .collect(),
        _ => inside("deprecated_features.permit", value),
    }
}

#[cfg(test)]
mod tests;
