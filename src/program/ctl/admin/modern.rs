//! The newer syntax: groups, verbs and GNU options.

use std::process::ExitCode;

/// Whether words are in this syntax.
pub(super) fn is_meant(_words: &[String]) -> bool {
    false
}

/// See the module.
pub(super) fn main(_words: &[String]) -> ExitCode {
    ExitCode::from(2)
}
