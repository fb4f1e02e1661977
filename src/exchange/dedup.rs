//! Messages that were there before, told by a header.
//!
//! Owns a bounded memory of header values with an end of life each. Does not know whether it
//! serves an exchange or a queue, nor what time it is.
//! Docs: `LavinMQ`, "Message Deduplication"; README of `rabbitmq-message-deduplication`.

use std::collections::{HashMap, VecDeque};

use leveret_codec::table::{Table, TableRef, Value, ValueRef};
use sha2::{Digest, Sha256};

use super::hasher::TableHash;
use super::value::{Side, write_canonical};

const ENABLED_ARGUMENT: &str = "x-message-deduplication";
const SIZE_ARGUMENT: &str = "x-cache-size";
/// An argument for all messages, and a header for one.
const TTL_NAME: &str = "x-cache-ttl";
const HEADER_ARGUMENT: &str = "x-deduplication-header";
const HEADER_DEFAULT: &str = "x-deduplication-header";

/// Values remembered when the declaration does not say how many.
const SIZE_DEFAULT: usize = 128;

/// The most values one cache remembers, whatever the declaration says (I11); about 200 MB.
const DEDUP_SIZE_MAX: usize = 1_000_000;

/// What the arguments of a declaration say about duplicates.
#[derive(Clone, Debug, PartialEq, Eq)]
struct DedupSettings {
    /// Values remembered, 1 ..= [`DEDUP_SIZE_MAX`].
    size: usize,
    /// Milliseconds until a value is forgotten; `None` for as long as there is room.
    ttl_ms: Option<u64>,
    /// The header that tells messages apart.
    header: Box<str>,
}

impl DedupSettings {
    fn parse(arguments: &Table) -> Result<Option<Self>, String> {
        if arguments.get(ENABLED_ARGUMENT) != Some(&Value::Bool(true)) {
            return Ok(None);
        }
        let size = match arguments.get(SIZE_ARGUMENT) {
            None => SIZE_DEFAULT,
            Some(value) => match whole_number(value) {
                Some(size) if size > 0 => usize::try_from(size).unwrap_or(usize::MAX),
                _ => return Err(format!("invalid arg '{SIZE_ARGUMENT}': must be above 0")),
            },
        };
        let ttl_ms = match arguments.get(TTL_NAME) {
            None => None,
            Some(value) => match whole_number(value) {
                Some(ttl_ms) => Some(ttl_ms),
                None => return Err(format!("invalid arg '{TTL_NAME}': must not be negative")),
            },
        };
        let header = match arguments.get(HEADER_ARGUMENT) {
            None => Some(HEADER_DEFAULT),
            Some(value) => value
                .as_str()
                .and_then(|octets| std::str::from_utf8(octets).ok()),
        };
        let header = header.ok_or_else(|| format!("invalid arg '{HEADER_ARGUMENT}': no text"))?;
        Ok(Some(Self {
            size: size.min(DEDUP_SIZE_MAX),
            ttl_ms,
            header: header.into(),
        }))
    }
}

/// An integer of at least 0, or a text of digits, as clients of the plugin write it.
fn whole_number(value: &Value) -> Option<u64> {
    match value.as_str() {
        Some(digits) => std::str::from_utf8(digits).ok()?.parse().ok(),
        None => u64::try_from(value.as_integer()?).ok(),
    }
}

/// Values seen lately.
///
/// Beyond its size the value first seen goes first, whatever its time to live. Values are kept as
/// digests, so that a cache is no larger than its size says.
#[derive(Clone, Debug)]
pub struct DedupCache {
    settings: DedupSettings,
    entries: HashMap<ValueDigest, Entry, TableHash>,
    /// Oldest first, with the turn in which each was seen; a value whose entry has another turn by
    /// now was seen again after its end, and stands further behind too.
    order: VecDeque<(ValueDigest, u64)>,
    turn: u64,
}

/// SHA-256 of a value's canonical spelling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct ValueDigest([u8; 32]);

#[derive(Clone, Copy, Debug)]
struct Entry {
    turn: u64,
    /// Broker time in milliseconds from which on the value counts as not seen.
    ends_at_ms: Option<u64>,
}

impl DedupCache {
    /// The cache that a declaration with these arguments asks for: `None` unless
    /// `x-message-deduplication` is true.
    ///
    /// # Errors
    /// The explanation of a 406 `PRECONDITION_FAILED`: `x-cache-size` is not above 0,
    /// `x-cache-ttl` is below 0, `x-deduplication-header` is not text. Guess: the texts are ours.
    pub fn from_arguments(arguments: &Table) -> Result<Option<Self>, String> {
        let settings = DedupSettings::parse(arguments)?;
        Ok(settings.map(|settings| Self {
            settings,
            entries: HashMap::default(),
            order: VecDeque::new(),
            turn: 0,
        }))
    }

    /// Whether a message with this header's value was here before; remembers it if not. A message
    /// without the header never was.
    ///
    /// `now_ms`: broker time in milliseconds, which never goes back. A header `x-cache-ttl`
    /// (milliseconds, negative counts as 0) wins over the time to live of the settings. A
    /// duplicate does not prolong anything.
    pub fn is_duplicate(&mut self, headers: Option<TableRef<'_>>, now_ms: u64) -> bool {
        let Some(digest) = headers.and_then(|headers| self.digest(headers)) else {
            return false;
        };
        if self.knows(&digest, now_ms) {
            return true;
        }
        let ttl_ms = headers.and_then(ttl_of_message).or(self.settings.ttl_ms);
        let ends_at_ms = ttl_ms.map(|ttl_ms| now_ms.saturating_add(ttl_ms));
        self.turn += 1;
        self.entries.insert(
            digest,
            Entry {
                turn: self.turn,
                ends_at_ms,
            },
        );
        self.order.push_back((digest, self.turn));
        self.make_room();
        false
    }

    /// The same, without remembering anything.
    #[must_use]
    pub fn has_seen(&self, headers: Option<TableRef<'_>>, now_ms: u64) -> bool {
        let digest = headers.and_then(|headers| self.digest(headers));
        digest.is_some_and(|digest| self.knows(&digest, now_ms))
    }

    fn knows(&self, digest: &ValueDigest, now_ms: u64) -> bool {
        let known = self.entries.get(digest);
        known.is_some_and(|entry| entry.ends_at_ms.is_none_or(|end| now_ms < end))
    }

    fn digest(&self, headers: TableRef<'_>) -> Option<ValueDigest> {
        let value = headers.find(&self.settings.header).ok()??;
        let mut spelling = Vec::new();
        write_canonical(value, Side::Message, &mut spelling).ok()?;
        Some(ValueDigest(Sha256::digest(&spelling).into()))
    }

    fn make_room(&mut self) {
        while self.entries.len() > self.settings.size {
            let Some((digest, turn)) = self.order.pop_front() else {
                return;
            };
            if self
                .entries
                .get(&digest)
                .is_some_and(|entry| entry.turn == turn)
            {
                self.entries.remove(&digest);
            }
        }
        // Values seen again after their end leave an old place behind. Sweeping once there are as
        // many of those as values keeps the cost per message constant.
        if self.order.len() > 2 * self.settings.size {
            let entries = &self.entries;
            self.order.retain(|(digest, turn)| {
                entries.get(digest).is_some_and(|entry| entry.turn == *turn)
            });
        }
    }
}

fn ttl_of_message(headers: TableRef<'_>) -> Option<u64> {
    let ttl_ms = headers
        .find(TTL_NAME)
        .ok()
        .flatten()
        .and_then(ValueRef::as_integer)?;
    Some(u64::try_from(ttl_ms).unwrap_or(0))
}

#[cfg(test)]
mod tests;
