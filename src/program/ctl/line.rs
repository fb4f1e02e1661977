//! The command line: options may stand anywhere, those of all commands and the command's own.

use std::collections::BTreeMap;

use crate::tool::Tool;

/// An option.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Switch {
    /// Its long name, without dashes.
    pub(crate) name: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) kind: Kind,
}

/// What an option takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing; `--no-NAME` takes it back.
    Flag,
    Text,
    Whole,
}

impl Switch {
    pub(crate) const fn flag(name: &'static str) -> Self {
        Self::new(name, Kind::Flag)
    }

    pub(crate) const fn text(name: &'static str) -> Self {
        Self::new(name, Kind::Text)
    }

    pub(crate) const fn whole(name: &'static str) -> Self {
        Self::new(name, Kind::Whole)
    }

    pub(crate) const fn short(self, short: char) -> Self {
        Self {
            short: Some(short),
            ..self
        }
    }

    const fn new(name: &'static str, kind: Kind) -> Self {
        Self {
            name,
            short: None,
            kind,
        }
    }
}

/// What all commands take. Those that make no sense without Erlang are accepted and do nothing.
const COMMON: &[Switch] = &[
    Switch::text("node").short('n'),
    Switch::flag("quiet").short('q'),
    Switch::flag("silent").short('s'),
    Switch::text("vhost").short('p'),
    Switch::whole("timeout").short('t'),
    Switch::flag("longnames").short('l'),
    Switch::flag("help").short('?'),
    Switch::flag("dry-run"),
    Switch::text("formatter"),
    Switch::text("printer"),
    Switch::text("file"),
    Switch::flag("table-headers"),
    Switch::flag("pad-to-header"),
    Switch::flag("verbose").short('V'),
    Switch::flag("print-stacktrace"),
    Switch::text("script-name"),
    Switch::text("erlang-cookie"),
    Switch::text("aliases-file"),
    Switch::text("rabbitmq-home"),
    Switch::text("mnesia-dir"),
    Switch::text("data-dir"),
    Switch::text("plugins-dir"),
    Switch::text("enabled-plugins-file"),
    Switch::text("feature-flags-file"),
    Switch::text("quorum-dir"),
    Switch::text("stream-queue-dir"),
    Switch::flag("version"),
    Switch::text("uri"),
];

/// A value that was given.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Given {
    Flag(bool),
    Text(String),
    Whole(i64),
}

/// A command line that was read.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) tool: Tool,
    /// All words and options as they were given, without the program's name.
    raw: Vec<String>,
    /// What is no option, without the command's name.
    pub(crate) words: Vec<String>,
    options: BTreeMap<&'static str, Given>,
    /// Options that are unknown, and those without a value that is right.
    pub(crate) invalid: Vec<(String, String)>,
}

impl Line {
    /// Reads arguments; `own` are the command's options.
    pub(crate) fn parse(tool: Tool, raw: &[String], own: &[Switch]) -> Self {
        let mut line = Self {
            tool,
            raw: raw.to_vec(),
            words: Vec::new(),
            options: BTreeMap::new(),
            invalid: Vec::new(),
        };
        let mut rest = raw.iter().map(String::as_str).peekable();
        while let Some(word) = rest.next() {
            if word == "--" {
                line.words.extend(rest.by_ref().map(str::to_owned));
            } else if word.len() < 2 || !word.starts_with('-') || is_number(word) {
                line.words.push(word.to_owned());
            } else {
                line.option(word, own, &mut rest);
            }
        }
        line
    }

    fn option<'a>(
        &mut self,
        word: &'a str,
        own: &[Switch],
        rest: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>,
    ) {
        let (name, beside) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, None),
        };
        let (switch, is) = match find(name, own) {
            Some((switch, is)) => (switch, is),
            None => return self.invalid.push((name.to_owned(), String::new())),
        };
        if switch.kind == Kind::Flag {
            let is = match beside {
                None | Some("true") => is,
                Some("false") => !is,
                Some(other) => return self.invalid.push((name.to_owned(), other.to_owned())),
            };
            self.options.insert(switch.name, Given::Flag(is));
            return;
        }
        // A value does not look like an option, unless it is a negative number.
        let is_value = |next: &&str| !next.starts_with('-') || next.len() < 2 || is_number(next);
        let Some(value) = beside.or_else(|| rest.next_if(is_value)) else {
            return self.invalid.push((name.to_owned(), String::new()));
        };
        let given = match switch.kind {
            Kind::Whole => match value.parse() {
                Ok(number) => Given::Whole(number),
                Err(_) => return self.invalid.push((name.to_owned(), value.to_owned())),
            },
            Kind::Flag | Kind::Text => Given::Text(value.to_owned()),
        };
        self.options.insert(switch.name, given);
    }

    /// Whether a flag was given.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.options.get(name) == Some(&Given::Flag(true))
    }

    /// Whether a flag was taken back: `--no-NAME`.
    pub(crate) fn has_not(&self, name: &str) -> bool {
        self.options.get(name) == Some(&Given::Flag(false))
    }

    /// The text of an option.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        match self.options.get(name)? {
            Given::Text(text) => Some(text),
            Given::Flag(_) | Given::Whole(_) => None,
        }
    }

    /// The number of an option.
    pub(crate) fn whole(&self, name: &str) -> Option<i64> {
        match self.options.get(name)? {
            Given::Whole(number) => Some(*number),
            Given::Flag(_) | Given::Text(_) => None,
        }
    }

    /// The vhost that is meant.
    pub(crate) fn vhost(&self) -> &str {
        self.text("vhost").unwrap_or("/")
    }

    /// The word at a place, empty if there is none: for commands that have counted them.
    pub(crate) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// Whether what is done goes unsaid.
    pub(crate) fn is_quiet(&self) -> bool {
        self.has("quiet") || self.has("silent")
    }

    /// The arguments as they were given.
    pub(crate) fn given(&self) -> String {
        self.raw.join(" ")
    }

    /// Whether the answer is JSON.
    pub(crate) fn is_json(&self) -> bool {
        self.text("formatter")
            .is_some_and(|name| name.starts_with("json"))
    }
}

fn is_number(word: &str) -> bool {
    word.parse::<f64>().is_ok()
}

/// The option of a name with dashes, and what it says if it is a flag.
fn find<'a>(name: &str, own: &'a [Switch]) -> Option<(&'a Switch, bool)> {
    let mut all = own.iter().chain(COMMON);
    let Some(long) = name.strip_prefix("--") else {
        let mut letters = name.chars().skip(1);
        let short = letters.next();
        let found = all.find(|switch| switch.short == short)?;
        return letters.next().is_none().then_some((found, true));
    };
    let long = long.replace('_', "-");
    if let Some(found) = all.clone().find(|switch| switch.name == long) {
        return Some((found, true));
    }
    let flag = long.strip_prefix("no-")?;
    let found = all.find(|switch| switch.name == flag && switch.kind == Kind::Flag)?;
    Some((found, false))
}

#[cfg(test)]
mod tests;
