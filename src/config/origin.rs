//! Where a value came from, as errors and reports tell it.

use std::fmt;
use std::path::PathBuf;

/// Where a value was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nowhere: it is the built-in default.
    #[default]
    Default,
    /// In a settings file.
    File {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
    },
    /// In an environment variable.
    Env(String),
    /// On the command line, by this option.
    Flag(&'static str),
    /// By the name that the program was started by, RabbitMQ's server.
    Server,
    /// By the program that embeds the broker.
    Program,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Env(name) => write!(f, "environment variable {name}"),
            Self::Flag(option) => write!(f, "command line, {option}"),
            Self::Server => f.write_str("started as rabbitmq-server"),
            Self::Program => f.write_str("settings"),
        }
    }
}
