//! RabbitMQ's file of enabled plugins: a list of names with a dot behind it.
//!
//! Seen: RabbitMQ 4.3.6: names of no plugin are passed over, with a line in the log; a file that is
//! no list stops the start.

use std::path::Path;

use leveret_terms::{Term, text as terms};

use crate::config::error::ConfigError;
use crate::config::origin::Origin;
use crate::config::sources::read_text;

/// The names in such a file.
///
/// # Errors
/// What is wrong with it, and where.
pub(in crate::config) fn read(path: &Path) -> Result<Vec<String>, ConfigError> {
    let text = read_text(path).map_err(|error| {
        let path = path.to_owned();
        ConfigError::Unreadable { path, error }
    })?;
    let at = |line| ConfigError::NoTerm {
        origin: Origin::File {
            path: path.to_owned(),
            line,
        },
        expected: "names of plugins in brackets and a dot, as in [rabbitmq_management].",
    };
    // An empty file enables none, as there.
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    let Term::List(items) = terms::read(&text).map_err(at)? else {
        return Err(at(1));
    };
    let names = items.into_iter().map(|item| match item {
        Term::Atom(name) => Ok(name),
        _ => Err(at(1)),
    });
    names.collect()
}
