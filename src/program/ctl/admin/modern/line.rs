//! Words of the newer syntax: global options, a group, a verb, the verb's options.

use std::collections::BTreeMap;

use super::Trouble;
use crate::admin::options::Given;

/// Options without a value.
const FLAGS: [&str; 8] = [
    "non-interactive",
    "quiet",
    "tls",
    "insecure",
    "help",
    "idempotently",
    "stdout",
    "disable-table-styles",
];

/// Letters of the verbs' own options.
const SHORT: [(&str, char, &str); 7] = [
    ("get", 'q', "queue"),
    ("get", 'c', "count"),
    ("get", 'a', "ack-mode"),
    ("publish", 'k', "routing-key"),
    ("publish", 'e', "exchange"),
    ("publish", 'm', "payload"),
    ("publish", 'p', "properties"),
];

/// Letters of the options of all.
const GLOBAL_SHORT: [(char, &str); 8] = [
    ('H', "host"),
    ('P', "port"),
    ('U', "base-uri"),
    ('V', "vhost"),
    ('u', "username"),
    ('p', "password"),
    ('c', "config"),
    ('N', "node"),
];

/// Options that count for all wherever they stand.
const GLOBAL: [&str; 12] = [
    "host",
    "port",
    "base-uri",
    "path-prefix",
    "vhost",
    "username",
    "password",
    "config",
    "node",
    "timeout",
    "table-style",
    "tls-ca-cert-file",
];

/// Global options that the environment may say.
const FROM_ENVIRONMENT: [(&str, &str); 8] = [
    ("host", "RABBITMQADMIN_TARGET_HOST"),
    ("port", "RABBITMQADMIN_TARGET_PORT"),
    ("vhost", "RABBITMQADMIN_TARGET_VHOST"),
    ("base-uri", "RABBITMQADMIN_BASE_URI"),
    ("username", "RABBITMQADMIN_USERNAME"),
    ("password", "RABBITMQADMIN_PASSWORD"),
    ("config", "RABBITMQADMIN_CONFIG_FILE_PATH"),
    ("node", "RABBITMQADMIN_NODE_ALIAS"),
];

/// Words that were read.
#[derive(Default)]
pub(super) struct Words {
    pub(super) group: String,
    pub(super) verb: String,
    /// How the API is reached.
    pub(super) globals: Given,
    /// How lists are drawn.
    pub(super) style: Option<String>,
    /// The verb's options.
    pub(super) options: BTreeMap<String, String>,
    flags: Vec<String>,
}

impl Words {
    pub(super) fn parse(words: &[String]) -> Result<Self, Trouble> {
        let mut read = Self::default();
        let mut globals: BTreeMap<&str, String> = BTreeMap::new();
        for (option, variable) in FROM_ENVIRONMENT {
            globals.extend(std::env::var(variable).ok().map(|value| (option, value)));
        }
        let mut rest = words.iter();
        while let Some(word) = rest.next() {
            if !word.starts_with('-') {
                read.word(word)?;
                continue;
            }
            let (name, beside) = match word.split_once('=') {
                Some((name, value)) => (name, Some(value.to_owned())),
                None => (word.as_str(), None),
            };
            let name = read.long(name).ok_or_else(|| unexpected(word))?;
            if FLAGS.contains(&name.as_str()) {
                read.flags.push(name);
                continue;
            }
            let value = beside.or_else(|| rest.next().cloned());
            let value = value.ok_or_else(|| {
                Trouble::usage(format!(
                    "a value is required for '{word}' but none was supplied"
                ))
            })?;
            let is_own = match name.as_str() {
                "port" => read.group == "health_check",
                "password" => read.group == "users" || read.verb == "user",
                _ => false,
            };
            match GLOBAL.iter().find(|global| **global == name && !is_own) {
                Some(&"table-style") => read.style = Some(value),
                Some(global) => drop(globals.insert(global, value)),
                None => drop(read.options.insert(name, value)),
            }
        }
        if read.verb.is_empty() && !read.has("help") {
            return Err(Trouble::usage("a command and a subcommand are needed"));
        }
        let globals = globals.iter().map(|(name, value)| match *name {
            "timeout" => format!("--request-timeout={value}"),
            name => format!("--{name}={value}"),
        });
        let globals: Vec<String> = globals.filter(|word| !word.starts_with("--tls")).collect();
        read.globals = Given::parse(&globals);
        Ok(read)
    }

    fn word(&mut self, word: &str) -> Result<(), Trouble> {
        match (self.group.is_empty(), self.verb.is_empty()) {
            (true, _) => word.clone_into(&mut self.group),
            (false, true) => word.clone_into(&mut self.verb),
            (false, false) => {
                let (group, verb) = (&self.group, &self.verb);
                let usage = format!("Usage: rabbitmqadmin {group} {verb} [OPTIONS]");
                let text = format!("unexpected argument '{word}' found\n\n{usage}");
                return Err(Trouble::usage(text));
            }
        }
        Ok(())
    }

    /// The long name of an option.
    fn long(&self, word: &str) -> Option<String> {
        if let Some(long) = word.strip_prefix("--") {
            return Some(long.replace('_', "-"));
        }
        let mut letters = word.chars().skip(1);
        let letter = letters.next().filter(|_| letters.next().is_none())?;
        let mut own = SHORT.iter().filter(|(group, ..)| *group == self.group);
        if let Some((_, _, name)) = own.find(|(_, short, _)| *short == letter) {
            return Some((*name).to_owned());
        }
        match letter {
            'q' => Some("quiet".to_owned()),
            'h' => Some("help".to_owned()),
            _ => {
                let mut all = GLOBAL_SHORT.iter();
                let (_, name) = all.find(|(short, _)| *short == letter)?;
                Some((*name).to_owned())
            }
        }
    }

    /// The value of one of the verb's options.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.options.get(name).map(String::as_str)
    }

    /// Whether a flag was given.
    pub(super) fn has(&self, flag: &str) -> bool {
        self.flags.iter().any(|given| given == flag)
    }
}

fn unexpected(word: &str) -> Trouble {
    Trouble::usage(format!("unexpected argument '{word}' found"))
}
