//! The file with the names of the enabled plugins: `[rabbitmq_management,rabbitmq_prometheus].`

use std::path::{Path, PathBuf};

use crate::failure::{Failure, code};
use crate::line::Line;

/// Where it is unless something else is said.
const USUAL: &str = "/etc/rabbitmq/enabled_plugins";

/// Where the file is.
pub(super) fn place(line: &Line) -> PathBuf {
    let given = line.text("enabled-plugins-file").map(str::to_owned);
    let given = given.or_else(|| std::env::var("RABBITMQ_ENABLED_PLUGINS_FILE").ok());
    PathBuf::from(given.unwrap_or_else(|| USUAL.to_owned()))
}

/// The names in it; a file that is not there has none.
pub(super) fn read(file: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let text = text.trim().trim_end_matches('.').trim();
    let inner = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'));
    let names = inner.unwrap_or_default().split(',');
    let names = names.map(|name| name.trim().trim_matches('\'').to_owned());
    names.filter(|name| !name.is_empty()).collect()
}

/// Writes the names.
pub(super) fn write(file: &Path, names: &[String]) -> Result<(), Failure> {
    let written = std::fs::write(file, format!("[{}].\n", names.join(",")));
    written.map_err(|error| {
        Failure::error(
            code::IO,
            format!("cannot write {}: {error}", file.display()),
        )
    })
}
