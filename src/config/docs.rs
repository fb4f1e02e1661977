//! The documents made of the table: `config/SETTINGS.md`, the commented `config/leveret.toml`, and
//! what `leveret check-config` prints and the management API shows.

use std::fmt::Write as _;

use super::key::Key;
use super::settings::{KEYS, Settings};
#[cfg(feature = "settings-file")]
use super::sources::Loaded;
#[cfg(feature = "management")]
use super::value::{Value, ValueType};
#[cfg(feature = "management")]
use crate::erlang;

/// The reference of all settings, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(REFERENCE_HEAD);
    let defaults = Settings::default();
    for (group, keys) in groups() {
        page.push_str(&format!("\n## {group}\n\n"));
        page.push_str(
            "| setting | takes | default | RabbitMQ | meaning |\n|---|---|---|---|---|\n",
        );
        for key in keys {
            let rabbit: Vec<_> = key
                .rabbitmq
                .iter()
                .copied()
                .chain(key.rabbitmq_env)
                .map(|name| format!("`{name}`"))
                .collect();
            let row = [
                format!("`{}`", key.name),
                key.value_type.expected(),
                default(key, &defaults),
                rabbit.join(", "),
                sentence(key.help),
            ];
            page.push_str(&format!(
                "| {} |\n",
                row.map(|cell| cell.replace('|', "\\|")).join(" | ")
            ));
        }
    }
    page
}

/// Settings that are fine, each that was given with its origin.
#[cfg(feature = "settings-file")]
pub fn report(loaded: &Loaded) -> String {
    "ok\n".to_owned() + &listed(loaded, |key| key.printed(&loaded.settings))
}

/// A settings file that says what other files did, passwords too, with the place of each.
#[cfg(feature = "program")]
pub fn translated(loaded: &Loaded) -> String {
    let files = loaded.files().iter();
    let files: Vec<String> = files.map(|file| file.display().to_string()).collect();
    let head = format!(
        "# Settings of Leveret, made of {}.\n",
        plain(&files.join(", "))
    );
    head + &listed(loaded, |key| key.value(&loaded.settings).to_string())
}

/// A line for each setting that was given, and for what has no effect.
#[cfg(feature = "settings-file")]
fn listed(loaded: &Loaded, value: impl Fn(&Key) -> String) -> String {
    let mut lines = String::new();
    for (key, origin) in loaded.given() {
        let origin = plain(&origin.to_string());
        lines.push_str(&format!("{} = {}  # {origin}\n", key.name, value(key)));
    }
    for (origin, text) in loaded.ignored() {
        let line = plain(&format!("{text}  # {origin}"));
        lines.push_str(&format!("# {line}\n"));
    }
    lines
}

/// A text that stays in its line.
#[cfg(feature = "settings-file")]
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}

/// Every setting with its value, secrets left out, as Erlang shows what applications are set to:
/// settings that RabbitMQ has by its names under `rabbit`, the others under `leveret`.
///
/// Seen: RabbitMQ 4.3.6, `GET /api/config/effective`.
#[cfg(feature = "management")]
pub(crate) fn effective(settings: &Settings) -> String {
    let mut applications = [("leveret", Vec::new()), ("rabbit", Vec::new())];
    for key in KEYS {
        let [(_, own), (_, rabbits)] = &mut applications;
        let (names, name) = match key.rabbitmq.first() {
            _ if matches!(key.value_type, ValueType::Secret) => continue,
            Some(name) => (rabbits, *name),
            None => (own, key.name),
        };
        let value = match (key.value(settings), key.value_type) {
            (Value::Named(things), ValueType::Named(parts)) => Value::Named(things.shown(parts)),
            (value, _) => value,
        };
        names.push((name, term(&value)));
    }
    let shown = applications.map(|(application, mut values)| {
        values.sort_unstable();
        let values = values.into_iter();
        let values: Vec<_> = values
            .map(|(name, value)| format!("{{'{name}',{value}}}"))
            .collect();
        format!("{{{application},\n     [{}]}}", values.join(",\n      "))
    });
    format!("[{}]\n", shown.join(",\n "))
}

/// A setting as it is in force.
#[cfg(feature = "management")]
pub(crate) struct InForce {
    /// Its name.
    pub(crate) key: &'static str,
    /// The heading that it stands under.
    pub(crate) group: &'static str,
    /// What it does.
    pub(crate) about: String,
    /// Its value; `None` for a secret. Secrets inside of it are left out.
    pub(crate) value: Option<Value>,
    /// The built-in default; `None` for a secret.
    pub(crate) default: Option<Value>,
    /// Whether its value is another one.
    pub(crate) is_changed: bool,
}

/// Every setting as it is in force, in the order of the table.
#[cfg(feature = "management")]
pub(crate) fn in_force(settings: &Settings) -> impl Iterator<Item = InForce> {
    let defaults = Settings::default();
    KEYS.iter().map(move |key| {
        let (value, default) = (key.value(settings), key.value(&defaults));
        let shown = |value: &Value| match (value, key.value_type) {
            (_, ValueType::Secret) => None,
            (Value::Named(things), ValueType::Named(parts)) => {
                Some(Value::Named(things.shown(parts)))
            }
            (value, _) => Some(value.clone()),
        };
        InForce {
            key: key.name,
            group: key.group,
            about: key.help.join(" ").trim().to_owned(),
            value: shown(&value),
            default: shown(&default),
            is_changed: value != default,
        }
    })
}

/// A value in Erlang's notation.
#[cfg(feature = "management")]
fn term(value: &Value) -> String {
    let text = |text: &str| erlang::quoted(text.chars());
    match value {
        Value::None => "none".to_owned(),
        Value::Text(inner) => text(inner),
        Value::Whole(whole) => whole.to_string(),
        Value::Ratio(ratio) => format!("{ratio:?}"),
        Value::Flag(flag) => flag.to_string(),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(|item| text(item)).collect();
            format!("[{}]", items.join(","))
        }
        Value::Named(things) => {
            let things = things.iter().map(|(name, fields)| {
                let fields = fields.iter();
                let fields: Vec<String> = fields
                    .map(|(field, value)| format!("{{{field},{}}}", term(value)))
                    .collect();
                format!("{{{},[{}]}}", text(name), fields.join(","))
            });
            let things: Vec<String> = things.collect();
            format!("[{}]", things.join(","))
        }
    }
}

/// A settings file with every setting at its default, commented out.
pub fn template() -> String {
    let mut file = String::from(TEMPLATE_HEAD);
    let defaults = Settings::default();
    for (group, keys) in groups() {
        file.push_str(&format!("\n\n# {} {group}\n", "-".repeat(8)));
        for key in keys {
            file.push('\n');
            for line in key.help {
                file.push_str(&format!("#{line}\n"));
            }
            file.push_str(&format!("# Takes {}.\n", key.value_type.expected()));
            // Writing to a String cannot fail.
            let _written = match key.shown {
                Some(words) => writeln!(file, "# Default: {words}\n#{} = \"…\"", key.name),
                None => writeln!(file, "#{} = {}", key.name, key.value(&defaults)),
            };
        }
    }
    file
}

/// The settings by heading, in the order of the table.
fn groups() -> Vec<(&'static str, Vec<&'static Key>)> {
    let mut groups: Vec<(&str, Vec<&Key>)> = Vec::new();
    for key in KEYS {
        match groups.last_mut() {
            Some((group, keys)) if *group == key.group => keys.push(key),
            _ => groups.push((key.group, vec![key])),
        }
    }
    groups
}

fn default(key: &Key, defaults: &Settings) -> String {
    match key.shown {
        Some(words) => words.to_owned(),
        None => format!("`{}`", key.value(defaults)),
    }
}

fn sentence(help: &[&str]) -> String {
    let lines: Vec<&str> = help.iter().map(|line| line.trim()).collect();
    lines.join(" ")
}

const REFERENCE_HEAD: &str = "\
# Settings

Made from the table in `src/config/settings.rs`; `LEVERET_BLESS=1 cargo test` writes it anew.

Nothing has to be set. A setting can be given in four ways; the later one wins:

1. the built-in default;
2. the file of `--config FILE` or `LEVERET_CONFIG` (TOML, see `leveret.toml`);
3. the environment: `LEVERET_`, capitals, underscores for dots, as in `LEVERET_LOG_LEVEL=debug`;
   below that, RabbitMQ's own variables;
4. the command line: `--set KEY=VALUE` for all, and short options for the common ones
   (`leveret --help`).

An unknown name or a value that does not fit stops the start with a message that says where.
`leveret check-config` says whether a start would work, and what differs from the defaults.
In the environment and on the command line a list is written with commas, and tables by name as a
table of TOML, as in `LEVERET_DEFAULT_LIMITS_VHOSTS={dev={max_queues=10}}`; on the command line
their fields have names, too, as in `--set default_limits.vhosts.dev.max_queues=10`.
";

const TEMPLATE_HEAD: &str = "\
# Settings of Leveret. Every line that sets something is commented out and shows the default:
# take the sign away from what you want to change, and start with `leveret --config FILE`.
# Environment variables (LEVERET_LOG_LEVEL for log.level) and the command line go before the file.
";
