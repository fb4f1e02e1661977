//! What a value may look like: its kind, its range, and how it is read from each source.

use std::fmt;
use std::net::IpAddr;

use toml_writer::{ToTomlKey as _, ToTomlValue as _, TomlKeyBuilder, TomlStringBuilder};

use super::named::{Named, Part};
use super::rotation::Rotation;

/// A value as a source gave it, before any check.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Text of the environment or the command line, where everything is text.
    Raw(String),
    /// A quoted text of a file.
    Text(String),
    /// A whole number of a file.
    Whole(i64),
    /// A number of a file that is not whole.
    Ratio(f64),
    /// `true` or `false` of a file.
    Flag(bool),
    /// A list of a file.
    List(Vec<Given>),
    /// Things of a file by name, each with its fields.
    Named(Vec<(String, Vec<(String, Given)>)>),
    /// Something no setting takes, named with its article ("a date").
    Other(&'static str),
}

impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Raw(text) => write!(f, "{}", quoted(text)),
            Self::Text(text) => write!(f, "the text {}", quoted(text)),
            Self::Whole(whole) => write!(f, "the number {whole}"),
            Self::Ratio(ratio) => write!(f, "the number {ratio:?}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(items) => {
                f.write_str("the list [")?;
                for (nth, item) in items.iter().take(SHOWN_ITEMS).enumerate() {
                    let comma = if nth == 0 { "" } else { ", " };
                    match item {
                        Self::Text(text) => write!(f, "{comma}{}", quoted(text))?,
                        Self::List(_) => write!(f, "{comma}a list")?,
                        other => write!(f, "{comma}{other}")?,
                    }
                }
                f.write_str(if items.len() > SHOWN_ITEMS {
                    ", …]"
                } else {
                    "]"
                })
            }
            Self::Named(_) => f.write_str("a table"),
            Self::Other(what) => f.write_str(what),
        }
    }
}

/// Items of a list, and characters of a text, that an error shows before it cuts.
const SHOWN_ITEMS: usize = 8;
const SHOWN_CHARS: usize = 60;

/// The text in quotes, control characters escaped, cut where it is long.
pub(super) fn quoted(text: &str) -> String {
    if text.chars().count() <= SHOWN_CHARS {
        return format!("{text:?}");
    }
    let head: String = text.chars().take(SHOWN_CHARS).collect();
    format!("{:?}", head + "…")
}

/// A value that its [`ValueType`] accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `none`: no limit, no user.
    None,
    /// A text, name, path or word.
    Text(String),
    /// A whole number, sizes in bytes.
    Whole(u64),
    /// A share.
    Ratio(f64),
    /// Yes or no.
    Flag(bool),
    /// Names.
    List(Vec<String>),
    /// Things by name, each with its fields.
    Named(Named),
}

/// As a TOML file has it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = |text: &str| TomlStringBuilder::new(text).as_default().to_toml_value();
        match self {
            Self::None => f.write_str("\"none\""),
            Self::Text(inner) => f.write_str(&text(inner)),
            Self::Whole(whole) => write!(f, "{whole}"),
            Self::Ratio(ratio) => write!(f, "{ratio:?}"),
            Self::Flag(flag) => write!(f, "{flag}"),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| text(item)).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Self::Named(things) => {
                let things = things.iter().map(|(name, fields)| {
                    let fields = fields
                        .iter()
                        .map(|(field, value)| format!("{field} = {value}"));
                    let fields: Vec<String> = fields.collect();
                    format!("{} = {{ {} }}", toml_key(name), fields.join(", "))
                });
                let things: Vec<String> = things.collect();
                match things.is_empty() {
                    true => f.write_str("{}"),
                    false => write!(f, "{{ {} }}", things.join(", ")),
                }
            }
        }
    }
}

/// A name as TOML has it before an equals sign.
pub(super) fn toml_key(name: &str) -> String {
    TomlKeyBuilder::new(name).as_default().to_toml_key()
}

/// The way back, for values that a program filled in.
impl From<Value> for Given {
    fn from(value: Value) -> Self {
        match value {
            Value::None => Self::Text("none".to_owned()),
            Value::Text(text) => Self::Text(text),
            // A number past the signed range is past every range of ours: keep it outside.
            Value::Whole(whole) => Self::Whole(i64::try_from(whole).unwrap_or(-1)),
            Value::Ratio(ratio) => Self::Ratio(ratio),
            Value::Flag(flag) => Self::Flag(flag),
            Value::List(items) => Self::List(items.into_iter().map(Self::Text).collect()),
            Value::Named(things) => {
                let things = things.iter().map(|(name, fields)| {
                    let fields = fields.iter();
                    let given = |(field, value): (&&str, &Value)| {
                        ((*field).to_owned(), Self::from(value.clone()))
                    };
                    (name.to_owned(), fields.map(given).collect())
                });
                Self::Named(things.collect())
            }
        }
    }
}

/// What a whole number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Millis,
    /// Bytes; a text may carry a unit: 512MB (1000s), 2GiB (1024s).
    Bytes,
}

/// The values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum ValueType {
    /// An IP address or a host name, without a port.
    Host,
    /// The same, or `none`.
    HostOrNone,
    /// A text of 1 to 255 bytes.
    Name,
    /// A text of 1 to 255 bytes, or `none`.
    NameOrNone,
    /// Any text, the empty one too.
    Pattern,
    /// Any text; never printed.
    Secret,
    /// A path, not empty.
    Path,
    /// A path, or `none`.
    PathOrNone,
    /// Moments that come again, as [`Rotation`] reads them, or `none`.
    MomentsOrNone,
    /// `true` or `false`.
    Flag,
    /// `true`, `false`, or `none`.
    FlagOrNone,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Names, as a list or separated by commas; `none` is the empty list.
    List {
        /// The names there are; empty means any.
        of: &'static [&'static str],
        /// How many there must be at least.
        least: usize,
    },
    /// Things by name, each with some of these fields.
    Named(&'static [Part]),
    /// A number from 0 to 1.
    Ratio,
    /// A whole number in a range, both ends included.
    Whole(u64, u64, Unit),
    /// A whole number in a range, both ends included, or `none`.
    WholeOrNone(u64, u64, Unit),
}

/// The largest whole number of a file (TOML's integers are signed).
pub(super) const WHOLE_MAX: u64 = i64::MAX as u64;

/// The longest name, in bytes: what AMQP's short strings hold.
const NAME_MAX_BYTES: usize = 255;

impl ValueType {
    /// Reads what a source gave; `None` when it does not fit.
    pub fn read(&self, given: &Given) -> Option<Value> {
        match *self {
            Self::Host => text(given).filter(|host| is_host(host)).map(Value::Text),
            Self::HostOrNone if is_none(given) => Some(Value::None),
            Self::HostOrNone => Self::Host.read(given),
            Self::Name => text(given).filter(|name| is_name(name)).map(Value::Text),
            Self::NameOrNone if is_none(given) => Some(Value::None),
            Self::NameOrNone => Self::Name.read(given),
            Self::Pattern | Self::Secret => text(given).map(Value::Text),
            Self::Path => text(given)
                .filter(|path| !path.is_empty() && !path.contains('\0'))
                .map(Value::Text),
            Self::PathOrNone if is_none(given) => Some(Value::None),
            Self::PathOrNone => Self::Path.read(given),
            Self::MomentsOrNone if is_none(given) => Some(Value::None),
            Self::MomentsOrNone => text(given)
                .filter(|moments| Rotation::read(moments).is_some())
                .map(Value::Text),
            Self::FlagOrNone if is_none(given) => Some(Value::None),
            Self::Flag | Self::FlagOrNone => flag(given).map(Value::Flag),
            Self::Word(words) => text(given)
                .filter(|word| words.contains(&word.as_str()))
                .map(Value::Text),
            Self::List { of, least } => list(given)
                .filter(|names| names.len() >= least && names.iter().all(|name| is_name(name)))
                .filter(|names| of.is_empty() || names.iter().all(|n| of.contains(&n.as_str())))
                .map(Value::List),
            Self::Named(fields) => Named::read(fields, given).map(Value::Named),
            Self::Ratio => ratio(given)
                .filter(|ratio| (0.0..=1.0).contains(ratio))
                .map(Value::Ratio),
            Self::WholeOrNone(..) if is_none(given) => Some(Value::None),
            Self::Whole(least, most, unit) | Self::WholeOrNone(least, most, unit) => {
                whole(given, unit)
                    .filter(|whole| (least..=most).contains(whole))
                    .map(Value::Whole)
            }
        }
    }

    /// What is expected, for errors and documents: "a whole number from 0 to 65535".
    pub fn expected(&self) -> String {
        match *self {
            Self::Host => "an IP address or host name without a port".to_owned(),
            Self::HostOrNone => "an IP address or host name without a port, or none".to_owned(),
            Self::Name => "a text of 1 to 255 bytes".to_owned(),
            Self::NameOrNone => "a name of 1 to 255 bytes, or none".to_owned(),
            Self::Pattern | Self::Secret => "a text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::PathOrNone => "a path, or none".to_owned(),
            Self::MomentsOrNone => "moments that come again, as in $D0, or none".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::FlagOrNone => "true, false or none".to_owned(),
            Self::Word(words) => format!("one of {}", words.join(", ")),
            Self::List { of: &[], .. } => "a list of names, or none".to_owned(),
            Self::List { of, .. } => format!("a list of one or more of {}", of.join(", ")),
            Self::Named(fields) => {
                let fields: Vec<&str> = fields.iter().map(|field| field.name).collect();
                format!("tables by name, each with some of {}", fields.join(", "))
            }
            Self::Ratio => "a number from 0 to 1".to_owned(),
            Self::Whole(least, most, unit) => range(least, most, unit),
            Self::WholeOrNone(least, most, unit) => range(least, most, unit) + ", or none",
        }
    }
}

/// The words for a range of whole numbers; an end that no machine reaches is not spelled out.
fn range(least: u64, most: u64, unit: Unit) -> String {
    let what = match unit {
        Unit::Count => "a whole number",
        Unit::Seconds => "seconds, a whole number",
        Unit::Millis => "milliseconds, a whole number",
        Unit::Bytes => "bytes, a whole number or a text like \"512MB\" or \"2GiB\",",
    };
    match most {
        WHOLE_MAX => format!("{what} from {least} up"),
        most => format!("{what} from {least} to {most}"),
    }
}

fn text(given: &Given) -> Option<String> {
    match given {
        Given::Raw(text) | Given::Text(text) => Some(text.clone()),
        _ => None,
    }
}

fn is_name(text: &str) -> bool {
    (1..=NAME_MAX_BYTES).contains(&text.len())
}

/// `none`, or `infinity` as RabbitMQ says where it means no limit.
fn is_none(given: &Given) -> bool {
    matches!(given, Given::Raw(text) | Given::Text(text) if text == "none" || text == "infinity")
}

fn is_host(text: &str) -> bool {
    let of_name = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '.' || c == '_';
    text.parse::<IpAddr>().is_ok() || (is_name(text) && text.chars().all(of_name))
}

fn flag(given: &Given) -> Option<bool> {
    match given {
        Given::Flag(flag) => Some(*flag),
        Given::Raw(text) => text.parse().ok(),
        _ => None,
    }
}

fn ratio(given: &Given) -> Option<f64> {
    match given {
        Given::Ratio(ratio) => Some(*ratio),
        Given::Whole(0) => Some(0.0),
        Given::Whole(1) => Some(1.0),
        Given::Raw(text) => text.parse().ok(),
        _ => None,
    }
}

fn list(given: &Given) -> Option<Vec<String>> {
    if is_none(given) {
        return Some(Vec::new());
    }
    match given {
        Given::Raw(text) if text.trim().is_empty() => Some(Vec::new()),
        Given::Raw(text) | Given::Text(text) => {
            Some(text.split(',').map(|name| name.trim().to_owned()).collect())
        }
        Given::List(items) => items
            .iter()
            .map(|item| match item {
                Given::Text(name) => Some(name.clone()),
                _ => None,
            })
            .collect(),
        _ => None,
    }
}

fn whole(given: &Given, unit: Unit) -> Option<u64> {
    match given {
        Given::Whole(whole) => u64::try_from(*whole).ok(),
        Given::Raw(text) if unit == Unit::Bytes => bytes(text),
        Given::Text(text) if unit == Unit::Bytes => bytes(text),
        Given::Raw(text) => digits(text),
        _ => None,
    }
}

/// A number of digits only: no sign, no blank, no exponent.
fn digits(text: &str) -> Option<u64> {
    let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// A size with an optional unit. A unit with an `i` counts in 1024s, one without in 1000s, capitals
/// or not.
///
/// Seen: RabbitMQ since 3.13 reads bare `k`, `M`, `G` in 1000s, as Kubernetes does.
fn bytes(text: &str) -> Option<u64> {
    let split = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "ki" | "kib" => 1 << 10,
        "m" | "mb" => 1000_u64.pow(2),
        "mi" | "mib" => 1 << 20,
        "g" | "gb" => 1000_u64.pow(3),
        "gi" | "gib" => 1 << 30,
        "t" | "tb" => 1000_u64.pow(4),
        "ti" | "tib" => 1 << 40,
        _ => return None,
    };
    digits(number)?.checked_mul(factor)
}
