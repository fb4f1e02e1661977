//! RabbitMQ's environment: its variables, and the shell file that sets more of them.
//!
//! A variable of the process goes before one of `rabbitmq-env.conf`. That file is not run, as there
//! is no shell here: plain assignments are understood, and what they name of other variables;
//! anything else stops the start.
//!
//! Docs: configure, rabbitmq-env.conf. Seen: RabbitMQ 4.3.6, its start script.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::assignments;
use crate::config::error::ConfigError;
use crate::config::origin::Origin;
use crate::config::sources::read_text;

/// Where RabbitMQ has its files if nothing else is said.
const PLACES: &str = "/etc/rabbitmq";
/// How the variables begin; in the shell file that may be left out.
const PREFIX: &str = "RABBITMQ_";
/// Names the shell file.
const FILE: &str = "RABBITMQ_CONF_ENV_FILE";

/// A variable of RabbitMQ's.
#[derive(Clone, Debug)]
pub(in crate::config) struct Variable {
    pub(in crate::config) name: String,
    pub(in crate::config) value: String,
    pub(in crate::config) origin: Origin,
}

/// RabbitMQ's environment.
#[derive(Debug, Default)]
pub(in crate::config) struct Surroundings {
    variables: Vec<Variable>,
    /// The directory of the files that are read without being named.
    places: Option<PathBuf>,
    pub(in crate::config) problems: Vec<ConfigError>,
}

impl Surroundings {
    /// That of a process with these variables; `as_server` if it was started as RabbitMQ's server,
    /// so that files in RabbitMQ's places are read.
    pub(in crate::config) fn new(env: &[(OsString, OsString)], as_server: AsServer) -> Self {
        let own = env.iter().filter_map(|(name, value)| {
            let name = name.to_str().filter(|name| name.starts_with(PREFIX))?;
            Some(Variable {
                name: name.to_owned(),
                value: value.to_str()?.to_owned(),
                origin: Origin::Env(name.to_owned()),
            })
        });
        let mut own: Vec<Variable> = own.collect();
        own.sort_by(|one, other| one.name.cmp(&other.name));
        let mut all = Self {
            variables: own,
            places: match as_server {
                AsServer::Yes => Some(PLACES.into()),
                AsServer::In(places) => Some(places),
                AsServer::No => None,
            },
            problems: Vec::new(),
        };
        if let Some(path) = all.file_at(FILE, "rabbitmq-env.conf") {
            all.read(&path, env);
        }
        all
    }

    /// The value of a variable; an empty one counts as none.
    pub(in crate::config) fn get(&self, name: &str) -> Option<&Variable> {
        let mut named = self.variables.iter().filter(|one| one.name == name);
        named.next().filter(|one| !one.value.is_empty())
    }

    /// Those that are set, each once.
    pub(in crate::config) fn all(&self) -> impl Iterator<Item = &Variable> {
        let names = self.variables.iter().filter(|one| !one.value.is_empty());
        names.filter(|one| {
            self.get(&one.name)
                .is_some_and(|first| std::ptr::eq(first, *one))
        })
    }

    /// A file: the one that a variable names, or else the one in RabbitMQ's place if it is there.
    pub(in crate::config) fn file_at(&self, variable: &str, place: &str) -> Option<PathBuf> {
        match self.get(variable) {
            Some(named) => Some(named.value.clone().into()),
            None => self.place(place),
        }
    }

    /// A file in RabbitMQ's place, if it is there and is to be read.
    pub(in crate::config) fn place(&self, name: &str) -> Option<PathBuf> {
        let path = self.places.as_ref()?.join(name);
        path.exists().then_some(path)
    }

    fn read(&mut self, path: &Path, env: &[(OsString, OsString)]) {
        let text = match read_text(path) {
            Ok(text) => text,
            Err(error) => {
                let path = path.to_owned();
                return self.problems.push(ConfigError::Unreadable { path, error });
            }
        };
        let mut before: Vec<(String, String)> = Vec::new();
        for (at, line) in text.lines().enumerate() {
            let origin = Origin::File {
                path: path.to_owned(),
                line: at + 1,
            };
            let variable = |name: &str| {
                let own = before.iter().rev().find(|(known, _)| known == name);
                let outer = || env.iter().find(|(known, _)| known == name);
                let own = own.map(|(_, value)| value.clone());
                own.or_else(|| outer()?.1.to_str().map(str::to_owned))
            };
            match assignments::read(line, &variable) {
                Ok(assigned) => {
                    self.assign(&assigned, &origin);
                    before.extend(assigned);
                }
                Err(why) => self
                    .problems
                    .push(ConfigError::NoAssignment { origin, why }),
            }
        }
    }

    /// The last assignment of the file counts, but none against the process's own.
    fn assign(&mut self, assigned: &[(String, String)], origin: &Origin) {
        for (name, value) in assigned {
            let new = Variable {
                name: match name.starts_with(PREFIX) {
                    true => name.clone(),
                    false => format!("{PREFIX}{name}"),
                },
                value: value.clone(),
                origin: origin.clone(),
            };
            let old = self.variables.iter_mut().find(|one| one.name == new.name);
            match old {
                Some(old) if matches!(old.origin, Origin::Env(_)) => {}
                Some(old) => *old = new,
                None => self.variables.push(new),
            }
        }
    }
}

/// Whether the program was started as RabbitMQ's server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum AsServer {
    /// It was not: only files that are named are read.
    #[default]
    No,
    /// It was: files in `/etc/rabbitmq` are read too.
    Yes,
    /// The same with another directory in the place of `/etc/rabbitmq`.
    In(PathBuf),
}
