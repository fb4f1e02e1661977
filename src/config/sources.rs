//! Where settings come from: defaults, then the file, then the environment, then the command line;
//! the later one wins. Nothing is ignored: a name or value that does not fit stops the start.

use std::ffi::OsString;
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Problems, Unknown};
use super::origin::Origin;
use super::rabbit::{self, Reading};
use super::settings::{KEYS, Key, Settings};
use super::value::Given;

/// A setting on the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// The option: `--port`, or `--set`.
    pub option: &'static str,
    /// The setting it sets.
    pub key: String,
    /// The value.
    pub value: String,
}

/// All that settings are made of.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// The settings file that the command line names.
    pub file: Option<PathBuf>,
    /// The environment; variables that are not ours are passed over.
    pub env: Vec<(OsString, OsString)>,
    /// The command line, in order.
    pub flags: Vec<Flag>,
}

/// Settings with the origin of each.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings, checked.
    pub settings: Settings,
    /// One for each row of [`KEYS`].
    origins: Vec<Origin>,
    ignored: Vec<(Origin, String)>,
    files: Vec<PathBuf>,
}

impl Loaded {
    /// The files that were read, in that order, without those that they include.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// What was given of RabbitMQ's settings and has no effect here: where, and a sentence.
    pub fn ignored(&self) -> impl Iterator<Item = (&Origin, &str)> {
        self.ignored.iter().map(|(origin, text)| (origin, &**text))
    }

    /// Where the setting called `name` was given.
    pub fn origin(&self, name: &str) -> Origin {
        origin(&self.origins, name)
    }

    /// Settings that were given, with their origin, in the order of the table.
    pub fn given(&self) -> impl Iterator<Item = (&'static Key, &Origin)> {
        let given = |(_, origin): &(&Key, &Origin)| **origin != Origin::Default;
        KEYS.iter().zip(&self.origins).filter(given)
    }
}

fn origin(origins: &[Origin], name: &str) -> Origin {
    let mut rows = KEYS.iter().zip(origins);
    let found = rows.find(|(key, _)| key.name == name);
    found.map_or(Origin::Default, |(_, origin)| origin.clone())
}

/// The variable that names the settings file when the command line does not.
const FILE_VARIABLE: &str = "LEVERET_CONFIG";

/// The option for a broker that writes nothing.
const EPHEMERAL: &str = "--ephemeral";

/// RabbitMQ's, for its own format; a name without an ending stands for one with `.conf`.
const RABBITS_FILE_VARIABLE: &str = "RABBITMQ_CONFIG_FILE";

/// RabbitMQ's for more such files: a directory or a pattern. They are read behind the first one.
const RABBITS_FILES_VARIABLE: &str = "RABBITMQ_CONFIG_FILES";

/// Variables of the test tools: they are never settings.
const TOOL_VARIABLES: [&str; 4] = [
    "LEVERET_BLESS",
    "LEVERET_TARGET",
    "LEVERET_BIN",
    "LEVERET_ORACLE",
];

/// Reads all sources and checks the result.
///
/// # Errors
/// All that is wrong in any of them, in the order of the sources.
pub fn load(inputs: &Inputs) -> Result<Loaded, Problems> {
    let mut loader = Loader::default();
    let variables = loader.variables(&inputs.env);
    let named = |wanted: &str| {
        let found = variables.iter().find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.as_str())
    };
    let file = inputs.file.clone();
    let file = file.or_else(|| named(FILE_VARIABLE).map(PathBuf::from));
    let rabbits = named(RABBITS_FILE_VARIABLE).map(rabbits_file);
    // Seen: RabbitMQ 4.3.6 starts without it.
    let missing = rabbits.as_ref().filter(|path| !path.exists());
    if let Some(path) = missing {
        let text = format!("there is no file {}", path.display());
        let origin = Origin::Env(RABBITS_FILE_VARIABLE.to_owned());
        loader.ignored.push((origin, text));
    }
    let file = file.or_else(|| rabbits.filter(|path| path.exists()));
    let is_ours = file.as_ref().is_some_and(|path| !is_rabbits(path));
    let more = named(RABBITS_FILES_VARIABLE).map_or_else(Vec::new, rabbit::files_of);
    if is_ours && !more.is_empty() {
        let text = "is read beside a file of RabbitMQ's format only".to_owned();
        let origin = Origin::Env(RABBITS_FILES_VARIABLE.to_owned());
        loader.ignored.push((origin, text));
    }
    let more = more.iter().filter(|_| !is_ours);
    let mut reading = Reading::default();
    for path in file.iter().chain(more) {
        loader.files.push(path.clone());
        if is_rabbits(path) {
            reading.file(path);
        } else {
            loader.file(path);
        }
    }
    loader.rabbits(reading, &inputs.env);
    loader.environment(&variables);
    loader.contradictions(&inputs.flags);
    for flag in &inputs.flags {
        let origin = Origin::Flag(flag.option);
        let given = Given::Raw(flag.value.clone());
        loader.give(&flag.key, &given, &origin);
    }
    loader.finish()
}

/// Whether a file is of RabbitMQ's format.
fn is_rabbits(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending == "conf")
}

/// The longest file of settings, in octets: no device fills the memory.
const FILE_MAX: u64 = 16 * 1024 * 1024;

/// The text of a file of settings.
pub(super) fn read_text(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let mut file = fs::File::open(path)?.take(FILE_MAX + 1);
    if file.read_to_string(&mut text)? as u64 > FILE_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

/// The file that RabbitMQ means by a name with or without its ending.
fn rabbits_file(name: &str) -> PathBuf {
    let path = PathBuf::from(name);
    match path.extension() {
        Some(_) => path,
        None => path.with_extension("conf"),
    }
}

struct Loader {
    settings: Settings,
    origins: Vec<Origin>,
    ignored: Vec<(Origin, String)>,
    files: Vec<PathBuf>,
    problems: Vec<ConfigError>,
}

impl Default for Loader {
    fn default() -> Self {
        let origins = vec![Origin::Default; KEYS.len()];
        Self {
            settings: Settings::default(),
            origins,
            ignored: Vec::new(),
            files: Vec::new(),
            problems: Vec::new(),
        }
    }
}

impl Loader {
    fn finish(mut self) -> Result<Loaded, Problems> {
        // Clashes of values that are wrong already would only confuse.
        if self.problems.is_empty() {
            let clashes = self.settings.clashes(&|name| origin(&self.origins, name));
            self.problems.extend(clashes);
        }
        if self.problems.is_empty() {
            Ok(Loaded {
                settings: self.settings,
                origins: self.origins,
                ignored: self.ignored,
                files: self.files,
            })
        } else {
            Err(Problems(self.problems))
        }
    }

    /// Gives a setting by its name.
    fn give(&mut self, name: &str, given: &Given, origin: &Origin) {
        match KEYS.iter().position(|key| key.name == name) {
            Some(row) => self.give_row(row, given, origin),
            None => self.problems.push(ConfigError::Unknown {
                origin: origin.clone(),
                key: name.to_owned(),
                hint: hint(name, given),
            }),
        }
    }

    fn give_row(&mut self, row: usize, given: &Given, origin: &Origin) {
        let (Some(key), Some(place)) = (KEYS.get(row), self.origins.get_mut(row)) else {
            return;
        };
        match key.set(&mut self.settings, given, origin) {
            Ok(()) => *place = origin.clone(),
            Err(error) => self.problems.push(error),
        }
    }

    /// The variables that may be ours, by name.
    fn variables(&mut self, env: &[(OsString, OsString)]) -> Vec<(String, String)> {
        let mut variables = Vec::new();
        for (name, value) in env {
            let Some(name) = name.to_str().filter(|name| is_ours(name)) else {
                continue;
            };
            match value.to_str() {
                Some(value) => variables.push((name.to_owned(), value.to_owned())),
                None => self.problems.push(ConfigError::Wrong {
                    origin: Origin::Env(name.to_owned()),
                    key: env_key(name).map_or("value", |row| KEYS.get(row).map_or("", |k| k.name)),
                    found: "bytes that are not UTF-8".to_owned(),
                    expected: "UTF-8 text".to_owned(),
                }),
            }
        }
        variables.sort();
        variables
    }

    /// RabbitMQ's few variables first, so that ours win over them.
    fn environment(&mut self, variables: &[(String, String)]) {
        for (row, key) in KEYS.iter().enumerate() {
            for (name, value) in variables {
                if key.rabbitmq_env == Some(name) {
                    let origin = Origin::Env(name.clone());
                    self.give_row(row, &Given::Raw(value.clone()), &origin);
                }
            }
        }
        for (name, value) in variables {
            if !name.starts_with("LEVERET_") || is_not_a_setting(name, value) {
                continue;
            }
            let origin = Origin::Env(name.clone());
            match env_key(name) {
                Some(row) => self.give_row(row, &Given::Raw(value.clone()), &origin),
                None => {
                    let hint = env_hint(name);
                    let key = name.clone();
                    self.problems
                        .push(ConfigError::Unknown { origin, key, hint });
                }
            }
        }
    }

    /// An option that promises something by its name alone must not be undone by a `--set` behind
    /// it.
    fn contradictions(&mut self, flags: &[Flag]) {
        let mut promised = flags.iter().filter(|flag| flag.option == EPHEMERAL);
        let Some(promised) = promised.next() else {
            return;
        };
        let is_undone = |flag: &&Flag| flag.key == promised.key && flag.value != promised.value;
        if let Some(other) = flags.iter().find(is_undone) {
            let text = format!(
                "{}: {EPHEMERAL} makes it {}, {} makes it {}: give one of them",
                promised.key, promised.value, other.option, other.value
            );
            self.problems.push(ConfigError::Clash { text });
        }
    }

    /// Gives what files of RabbitMQ's format say.
    fn rabbits(&mut self, reading: Reading, env: &[(OsString, OsString)]) {
        let variable = |name: &str| {
            let found = env.iter().find(|(known, _)| known == name);
            found.and_then(|(_, value)| value.to_str().map(str::to_owned))
        };
        let read = reading.finish(&variable);
        self.problems.extend(read.problems);
        self.ignored.extend(read.ignored);
        for (key, given, origin) in read.given {
            self.give(key.name, &given, &origin);
        }
    }

    fn file(&mut self, path: &Path) {
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) => {
                let path = path.to_owned();
                return self.problems.push(ConfigError::Unreadable { path, error });
            }
        };
        let place = |at: usize| {
            let before = text.get(..at).unwrap_or(&text);
            let line = before.matches('\n').count() + 1;
            Origin::File {
                path: path.to_owned(),
                line,
            }
        };
        match DeTable::parse(&text) {
            Ok(table) => self.table("", table.get_ref(), &place),
            Err(error) => match rabbit::explain(path, &text) {
                Some(explained) => self.problems.extend(explained),
                None => self.problems.push(ConfigError::Syntax {
                    origin: place(error.span().map_or(0, |span| span.start)),
                    message: error.message().to_owned(),
                }),
            },
        }
    }

    /// Gives what a table of the file holds, tables inside it by dotted names. Tables nest no
    /// deeper than the parser allows (80), so the recursion has an end.
    fn table(&mut self, prefix: &str, table: &DeTable<'_>, place: &dyn Fn(usize) -> Origin) {
        let mut rows: Vec<_> = table.iter().collect();
        rows.sort_by_key(|(name, _)| name.span().start);
        for (name, value) in rows {
            let dotted = format!("{prefix}{}", name.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) if Key::named(&dotted).is_none() => {
                    self.table(&format!("{dotted}."), inner, place);
                }
                _ => self.give(&dotted, &given(value), &place(name.span().start)),
            }
        }
    }
}

/// A value of the file, as our own.
fn given(value: &Spanned<DeValue<'_>>) -> Given {
    match value.get_ref() {
        DeValue::String(text) => Given::Text(text.to_string()),
        DeValue::Integer(whole) => i64::from_str_radix(whole.as_str(), whole.radix())
            .map_or(Given::Other("a number past 64 bits"), Given::Whole),
        DeValue::Float(ratio) => ratio
            .as_str()
            .parse()
            .map_or(Given::Other("a number that cannot be read"), Given::Ratio),
        DeValue::Boolean(flag) => Given::Flag(*flag),
        DeValue::Datetime(_) => Given::Other("a date or time"),
        DeValue::Array(items) => Given::List(items.iter().map(given).collect()),
        DeValue::Table(_) => Given::Other("a table"),
    }
}

fn is_ours(name: &str) -> bool {
    name.starts_with("LEVERET_")
        || name.starts_with(RABBITS_FILE_VARIABLE)
        || KEYS.iter().any(|key| key.rabbitmq_env == Some(name))
}

/// Whether a `LEVERET_…` variable is for other programs: the tools, or Kubernetes, which puts the
/// address of a service called `leveret` into every container (`LEVERET_SERVICE_HOST`,
/// `LEVERET_PORT=tcp://10.0.0.1:5672`, `LEVERET_PORT_5672_TCP_ADDR`).
fn is_not_a_setting(name: &str, value: &str) -> bool {
    name == FILE_VARIABLE
        || TOOL_VARIABLES.contains(&name)
        || name.starts_with("LEVERET_SERVICE_")
        || name.starts_with("LEVERET_PORT_")
        || (name == "LEVERET_PORT" && value.contains("://"))
}

/// The row of an environment variable.
fn env_key(name: &str) -> Option<usize> {
    KEYS.iter()
        .position(|key| key.env() == name || key.rabbitmq_env == Some(name))
}

fn env_hint(name: &str) -> Unknown {
    let known = KEYS.iter().map(Key::env);
    nearest(name, known).map_or(Unknown::Nothing, Unknown::Near)
}

/// What an unknown name was probably meant to be.
fn hint(name: &str, given: &Given) -> Unknown {
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

/// The known name with the fewest changed letters, if they are few for its length.
pub(super) fn nearest(name: &str, known: impl Iterator<Item = String>) -> Option<String> {
    // Longer than any name can be mistyped; also a bound on the work below.
    if name.len() > 100 {
        return None;
    }
    let plain = |text: &str| text.to_ascii_lowercase().replace(['-', '.'], "_");
    let wanted = plain(name);
    let scored = known.map(|known| (mistake(&wanted, &plain(&known)), known));
    let (changes, best) = scored.min_by_key(|(changes, _)| *changes)?;
    (changes <= 1 + wanted.len() / 5).then_some(best)
}

/// How far a name is from a known one; letters in another order are one slip of the fingers.
fn mistake(wanted: &str, known: &str) -> usize {
    let letters = |text: &str| {
        let mut letters: Vec<char> = text.chars().collect();
        letters.sort_unstable();
        letters
    };
    match distance(wanted, known) {
        2.. if letters(wanted) == letters(known) => 1,
        far => far,
    }
}

/// Letters to insert, delete or change to make one text of the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (nth, letter) in one.chars().enumerate() {
        let mut next = vec![nth + 1];
        for ((above_left, above), theirs) in row.iter().zip(row.iter().skip(1)).zip(&other) {
            let left = next.last().copied().unwrap_or_default();
            let change = above_left + usize::from(letter != *theirs);
            next.push(change.min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
