//! What can be wrong with settings, said so that the operator can mend it without a manual.

use std::fmt;
use std::io;
use std::path::PathBuf;

use super::origin::Origin;

/// One thing that is wrong.
#[derive(Debug)]
pub enum ConfigError {
    /// The file cannot be read.
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why not.
        error: io::Error,
    },
    /// The file is not TOML.
    Syntax {
        /// The place.
        origin: Origin,
        /// What the parser says.
        message: String,
    },
    /// There is no setting of this name.
    Unknown {
        /// Where it was given.
        origin: Origin,
        /// The name that was given.
        key: String,
        /// What may have been meant.
        hint: Unknown,
    },
    /// The value is of another kind, or outside its range.
    Wrong {
        /// Where it was given.
        origin: Origin,
        /// The setting.
        key: &'static str,
        /// What was given, in words; of a secret only that it is not shown.
        found: String,
        /// What would do, in words.
        expected: String,
    },
    /// A file of Erlang terms has something else.
    NoTerm {
        /// Where.
        origin: Origin,
        /// What is expected.
        expected: &'static str,
    },
    /// A line of RabbitMQ's shell file assigns nothing.
    NoAssignment {
        /// Where.
        origin: Origin,
        /// What it is, with its article.
        why: &'static str,
    },
    /// A line of a `rabbitmq.conf` that is none.
    NoLine {
        /// The line.
        origin: Origin,
    },
    /// A line of a `rabbitmq.conf` that protects the broker there and could not here.
    Unprotected {
        /// The line.
        origin: Origin,
        /// RabbitMQ's name, and the value.
        setting: String,
        /// What there is not here.
        lack: &'static str,
    },
    /// Files of RabbitMQ's format include each other without end.
    Included {
        /// The line that includes one more.
        origin: Origin,
    },
    /// The file is written as RabbitMQ's own is, under another name. What its lines would be here
    /// follows.
    RabbitsFile {
        /// The file.
        path: PathBuf,
    },
    /// A line of a file that is written as RabbitMQ's own is.
    Rabbit {
        /// The line.
        origin: Origin,
        /// RabbitMQ's name.
        key: String,
        /// What to write here; nothing if there is no such setting.
        here: Vec<String>,
    },
    /// Values that are fine each but not together.
    Clash {
        /// The whole sentence, with names and values.
        text: String,
    },
}

/// What an unknown name was probably meant to be.
#[derive(Debug, PartialEq, Eq)]
pub enum Unknown {
    /// It is RabbitMQ's name of this setting.
    Rabbit(&'static str),
    /// It looks like this name.
    Near(String),
    /// It is the first part of these names.
    Parts(Vec<&'static str>),
    /// It looks like nothing we know.
    Nothing,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { path, error } => {
                write!(
                    f,
                    "cannot read the settings file {}: {error}",
                    path.display()
                )
            }
            Self::Syntax { origin, message } => write!(f, "{origin}: not valid TOML: {message}"),
            Self::Unknown { origin, key, hint } => {
                let key: String = key.chars().filter(|c| !c.is_control()).collect();
                write!(
                    f,
                    "{origin}: {key}: there is no setting with this name; {hint}"
                )
            }
            Self::Wrong {
                origin,
                key,
                found,
                expected,
            } => {
                write!(f, "{origin}: {key}: found {found}, expected {expected}")
            }
            Self::NoLine { origin } => write!(
                f,
                "{origin}: found something else, expected name = value, include FILE or # comment"
            ),
            Self::NoTerm { origin, expected } => {
                write!(f, "{origin}: found something else, expected {expected}")
            }
            Self::NoAssignment { origin, why } => write!(
                f,
                "{origin}: found {why}, expected NAME=value, as in NODENAME=rabbit, or # comment"
            ),
            Self::Unprotected {
                origin,
                setting,
                lack,
            } => write!(
                f,
                "{origin}: {setting} protects RabbitMQ, and Leveret has not {lack}: take the line \
                 out to start without"
            ),
            Self::Included { origin } => write!(f, "{origin}: too many files are included"),
            Self::RabbitsFile { path } => write!(
                f,
                "{}: this is RabbitMQ's own format; it is read if its name ends in .conf. In a \
                 settings file of Leveret, which is TOML, its lines are:",
                path.display()
            ),
            Self::Rabbit { origin, key, here } if here.is_empty() => {
                write!(f, "{origin}: {key}: nothing, Leveret has no such setting")
            }
            Self::Rabbit { origin, key, here } => {
                write!(f, "{origin}: {key}: {}", here.join(" and "))
            }
            Self::Clash { text } => f.write_str(text),
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rabbit(name) => write!(f, "here it is called {name}"),
            Self::Near(name) => write!(f, "did you mean {name}?"),
            Self::Parts(names) => write!(f, "there are {}", names.join(", ")),
            Self::Nothing => f.write_str("`leveret settings` lists them all"),
        }
    }
}

impl std::error::Error for ConfigError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// Everything that is wrong, at once, so that one start is enough to mend it.
#[derive(Debug)]
pub struct Problems(pub Vec<ConfigError>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, problem) in self.0.iter().enumerate() {
            let newline = if nth == 0 { "" } else { "\n" };
            write!(f, "{newline}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}
