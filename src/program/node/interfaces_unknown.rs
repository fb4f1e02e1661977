//! This machine's interfaces to networks, on a system where they are not asked for.

use std::collections::BTreeMap;
use std::io;

use serde_json::Value;

/// None of them.
///
/// # Errors
/// Always: they are not known.
pub(super) fn all() -> io::Result<BTreeMap<String, Vec<Value>>> {
    let text = "interfaces to networks are not known on this system";
    Err(io::Error::new(io::ErrorKind::Unsupported, text))
}
