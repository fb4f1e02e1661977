//! The value that a stream's consumers filter messages by, and its mark.
//!
//! A mark is short and may be the same for two values, so it only says which messages cannot fit.
//! The store keeps it with each message of a stream: it must never be worked out in another way.

use leveret_codec::properties::PropertiesRef;

/// The mark of the `x-stream-filter-value` header, 0 if there is none.
#[must_use]
pub fn mark(properties: PropertiesRef<'_>) -> u32 {
    with_value(properties, mark_of).unwrap_or(0)
}

/// Looks at the `x-stream-filter-value` header; `None` if it is missing, empty or no string.
pub fn with_value<R>(properties: PropertiesRef<'_>, look: impl FnOnce(&[u8]) -> R) -> Option<R> {
    let headers = properties.headers().ok().flatten()?;
    let value = headers.find("x-stream-filter-value").ok().flatten()?;
    value.as_str().filter(|value| !value.is_empty()).map(look)
}

/// The mark of a value: its CRC32C. Never 0.
#[must_use]
pub fn mark_of(value: &[u8]) -> u32 {
    crc32c::crc32c(value).max(1)
}
