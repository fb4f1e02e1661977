//! Where settings come from: defaults, then the file, then the environment, then the command line;
//! the later one wins. Nothing is ignored: a name or value that does not fit stops the start.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::error::{ConfigError, Problems};
use super::key::Key;
use super::origin::Origin;
use super::rabbit::{self, AsServer, Reading, Surroundings, Told};
use super::settings::{KEYS, Settings};
use super::value::Given;
use names::{env_hint, env_key, hint, is_not_a_setting, is_ours, part_of, row_of_things};
use things::{in_order, whole};

mod names;
mod plugins;
mod things;

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
    /// Whether the program was started as RabbitMQ's server, in whose places its files are then
    /// read without being named.
    pub as_server: AsServer,
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

/// RabbitMQ's for a file of Erlang terms, which goes before those.
const RABBITS_TERMS_VARIABLE: &str = "RABBITMQ_ADVANCED_CONFIG_FILE";

/// RabbitMQ's for options of Erlang's command line, which go before all files.
const RABBITS_OPTIONS_VARIABLE: &str = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS";

/// Where the data of RabbitMQ's nodes is if nothing else is said.
const DATA: &str = "/var/lib/rabbitmq/mnesia";

/// Where such a server has its other listeners.
const OTHER_PORTS: [(&str, &str); 2] = [
    ("management.tcp.port", "15672"),
    ("prometheus.tcp.port", "15692"),
];

/// Variables of the test tools and of the command-line tools: they are never settings.
const TOOL_VARIABLES: [&str; 6] = [
    "LEVERET_BLESS",
    "LEVERET_TARGET",
    "LEVERET_BIN",
    "LEVERET_ORACLE",
    "LEVERET_RUNTIME_DIR",
    "LEVERET_URI",
];

/// Reads all sources and checks the result.
///
/// # Errors
/// All that is wrong in any of them, in the order of the sources.
pub fn load(inputs: &Inputs) -> Result<Loaded, Problems> {
    let mut loader = Loader::default();
    let mut surroundings = Surroundings::new(&inputs.env, inputs.as_server.clone());
    loader.problems.append(&mut surroundings.problems);
    if inputs.as_server != AsServer::No {
        loader.as_server(&surroundings);
    }
    let variables = loader.variables(&inputs.env);
    let named = variables.iter().find(|(name, _)| name == FILE_VARIABLE);
    let file = inputs.file.clone();
    let file = file.or_else(|| named.map(|(_, path)| PathBuf::from(path)));
    let mut reading = Reading::default();
    for path in loader.which(file, &surroundings) {
        loader.read(path, &mut reading);
    }
    if let Some(options) = surroundings.get(RABBITS_OPTIONS_VARIABLE) {
        reading.options(options);
    }
    loader.rabbits(reading, &inputs.env);
    loader.surroundings(Told::by(&surroundings));
    loader.environment(&variables);
    loader.contradictions(&inputs.flags);
    for flag in &inputs.flags {
        let origin = Origin::Flag(flag.option);
        let given = Given::Raw(flag.value.clone());
        loader.give(&flag.key, &given, &origin);
    }
    if inputs.as_server != AsServer::No {
        loader.ports_of_server();
    }
    loader.plugins(&surroundings);
    loader.finish()
}

/// Reads these files alone, each in its format, a later one before an earlier one; of a directory
/// those that end in `.conf`. Only variables that they name are taken of the environment.
///
/// # Errors
/// All that is wrong in any of them.
#[cfg(feature = "program")]
pub fn load_files(paths: &[PathBuf], env: &[(OsString, OsString)]) -> Result<Loaded, Problems> {
    let (mut loader, mut reading) = (Loader::default(), Reading::default());
    for path in paths {
        match path.is_dir() {
            true => {
                for path in rabbit::files_of(&path.to_string_lossy()) {
                    loader.read(path, &mut reading);
                }
            }
            false => loader.read(path.clone(), &mut reading),
        }
    }
    loader.rabbits(reading, env);
    loader.finish()
}

/// Whether a file is of one of RabbitMQ's formats.
fn is_rabbits(path: &Path) -> bool {
    let ending = path.extension().and_then(OsStr::to_str);
    matches!(ending, Some("conf" | "config"))
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
        None => {
            let classic = path.with_extension("config");
            let lines = path.with_extension("conf");
            match !lines.exists() && classic.exists() {
                true => classic,
                false => lines,
            }
        }
    }
}

/// Collects what all sources say.
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

    /// Reads a file in its format.
    fn read(&mut self, path: PathBuf, reading: &mut Reading) {
        match path.extension().and_then(OsStr::to_str) {
            Some("conf") => reading.file(&path),
            Some("config") => reading.classic(&path),
            _ => self.file(&path),
        }
        self.files.push(path);
    }

    /// What a server of RabbitMQ's has that a broker of ours has not.
    fn as_server(&mut self, surroundings: &Surroundings) {
        self.give(
            "log.format",
            &Given::Text("rabbitmq".to_owned()),
            &Origin::Server,
        );
        let dir = rabbit::data_dir(Path::new(DATA), surroundings);
        let dir = Given::Text(dir.to_string_lossy().into_owned());
        self.give("data_dir", &dir, &Origin::Server);
    }

    /// Has the other listeners stay where they are in RabbitMQ, whatever its names say of the port
    /// for AMQP; only our own option for that moves them.
    ///
    /// Docs: management, prometheus.
    fn ports_of_server(&mut self) {
        if matches!(origin(&self.origins, "port"), Origin::Flag(_)) {
            return;
        }
        for (name, port) in OTHER_PORTS {
            if origin(&self.origins, name) == Origin::Default {
                self.give(name, &Given::Raw(port.to_owned()), &Origin::Server);
            }
        }
    }

    /// The files to read: the one that is `named`, or those of RabbitMQ's format.
    fn which(&mut self, named: Option<PathBuf>, surroundings: &Surroundings) -> Vec<PathBuf> {
        let variable = surroundings.get(RABBITS_FILE_VARIABLE);
        let rabbits = match variable {
            Some(variable) => Some(rabbits_file(&variable.value)),
            None => {
                let classic = || surroundings.place("rabbitmq.config");
                surroundings.place("rabbitmq.conf").or_else(classic)
            }
        };
        // Seen: RabbitMQ 4.3.6 starts without it.
        if let (Some(path), Some(variable)) = (&rabbits, variable)
            && !path.exists()
        {
            let text = format!("there is no file {}", path.display());
            self.ignored.push((variable.origin.clone(), text));
        }
        let file = named.or_else(|| rabbits.filter(|path| path.exists()));
        let more = surroundings.file_at(RABBITS_FILES_VARIABLE, "conf.d");
        let more = more.map_or_else(Vec::new, |path| rabbit::files_of(&path.to_string_lossy()));
        if file.as_ref().is_none_or(|path| is_rabbits(path)) {
            let advanced = surroundings.file_at(RABBITS_TERMS_VARIABLE, "advanced.config");
            let advanced = advanced.filter(|path| path.exists());
            return file.into_iter().chain(more).chain(advanced).collect();
        }
        if !more.is_empty()
            && let Some(variable) = surroundings.get(RABBITS_FILES_VARIABLE)
        {
            let text = "is read beside a file of RabbitMQ's format only".to_owned();
            self.ignored.push((variable.origin.clone(), text));
        }
        file.into_iter().collect()
    }

    /// What RabbitMQ's environment says.
    fn surroundings(&mut self, told: Told) {
        self.problems.extend(told.problems);
        self.ignored.extend(told.ignored);
        for (key, given, origin) in told.given {
            self.give(key.name, &given, &origin);
        }
    }

    /// Gives a setting by its name.
    fn give(&mut self, name: &str, given: &Given, origin: &Origin) {
        if let Some((row, of)) = part_of(name) {
            return self.give_part(row, of, given, origin);
        }
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
        match key.set(&mut self.settings, &whole(key, given), origin) {
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

    fn environment(&mut self, variables: &[(String, String)]) {
        for (name, value) in variables {
            if is_not_a_setting(name, value) {
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
        for (name, value) in in_order(table) {
            let dotted = format!("{prefix}{}", name.get_ref());
            match value.get_ref() {
                DeValue::Table(inner) if let Some(row) = row_of_things(&dotted) => {
                    self.things(row, inner, place);
                }
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
