//! Rows of a file of definitions, and the front of it.
//!
//! Owns their layout (`FORMAT.md`, "Definitions"). Every row begins at a multiple of [`GRANULE`]
//! and has a checksum that covers its place, so that octets of another place never pass for a row,
//! and a row that is damaged costs no other. Reading never panics, whatever the octets.

use crate::store::format::octets::{index, put_at, short, u32_at, u64_at};
use crate::store::{Definition, DefinitionChange, DefinitionKind};

/// Rows begin at multiples of this many octets.
pub(super) const GRANULE: usize = 16;

/// Octets at the front of the file.
pub(super) const FILE_HEAD: usize = 32;

/// Octets at the front of a row.
pub(super) const ROW_HEAD: usize = 32;

/// The version of the format that this program writes, and the only one it reads.
pub(super) const VERSION: u32 = 1;

const MAGIC: [u8; 8] = *b"LVRDEF\r\n";
const ROW_MAGIC: [u8; 4] = *b"LVRD";

/// No file sees so many writes. A row that claims more is damaged, whatever its checksum says: its
/// number could not be counted on from.
const WRITES_MAX: u64 = u64::MAX / 2;

const PUT: u8 = 1;
const DELETED: u8 = 2;
const STATE: u8 = 3;

/// When a row was written. Rises from row to row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Written {
    /// The number of the start.
    pub(super) epoch: u64,
    /// The number of the write.
    pub(super) write: u64,
}

/// What ends a write: numbers that are kept beside the definitions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct State {
    /// Everything before this address of the log is in the rows.
    pub(in crate::store) applied: u64,
    /// The number of starts.
    pub(in crate::store) epoch: u64,
    /// The last start that was followed by a stop in order.
    pub(in crate::store) stopped: u64,
    /// Messages before this address may have been delivered before.
    pub(in crate::store) suspect: u64,
    /// Definitions were lost: messages of queues that are not known may be theirs.
    pub(in crate::store) lost: bool,
    /// Counts the writes, on and on when the file is written anew.
    pub(in crate::store) write: u64,
    /// The write by which the file was made.
    pub(in crate::store) generation: u64,
}

/// What a row says.
#[derive(Clone, Debug)]
pub(super) enum Statement {
    /// A definition was put or deleted.
    Change(DefinitionChange),
    /// Everything of a write is before it.
    State(State),
}

/// What the front of a file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The write by which the file was made.
    Whole(u64),
    /// A file of another version.
    Version(u32),
    Damaged,
}

/// The front of a file.
pub(super) fn file_head(generation: u64) -> Vec<u8> {
    let mut out = vec![0; FILE_HEAD];
    put_at(&mut out, 0, &MAGIC);
    put_at(&mut out, 8, &VERSION.to_le_bytes());
    put_at(&mut out, 16, &generation.to_le_bytes());
    let sum = head_sum(&out);
    put_at(&mut out, 12, &sum.to_le_bytes());
    out
}

fn head_sum(octets: &[u8]) -> u32 {
    let front = crc32c::crc32c(octets.get(..12).unwrap_or_default());
    crc32c::crc32c_append(front, octets.get(16..FILE_HEAD).unwrap_or_default())
}

/// Reads what [`file_head`] wrote.
pub(super) fn read_head(octets: &[u8]) -> Head {
    let is_whole = octets.len() >= FILE_HEAD
        && octets.get(..8) == Some(&MAGIC)
        && u32_at(octets, 12) == Some(head_sum(octets));
    match (u32_at(octets, 8), u64_at(octets, 16)) {
        (Some(VERSION), Some(generation)) if is_whole => Head::Whole(generation),
        (Some(version), _) if is_whole => Head::Version(version),
        _ => Head::Damaged,
    }
}

/// Appends the row of a change, which will lie at `place` of the file.
pub(super) fn encode_change(
    written: Written,
    change: &DefinitionChange,
    place: u64,
    out: &mut Vec<u8>,
) {
    match change {
        DefinitionChange::Put(Definition { kind, key, json }) => {
            encode_put(written, (*kind, key, json), place, out);
        }
        DefinitionChange::Delete(kind, key) => {
            encode(
                DELETED,
                kind.number(),
                written,
                [key.as_str(), ""],
                place,
                out,
            );
        }
    }
}

/// Appends the row of a definition that is there, which will lie at `place` of the file.
pub(super) fn encode_put(
    written: Written,
    (kind, key, json): (DefinitionKind, &str, &str),
    place: u64,
    out: &mut Vec<u8>,
) {
    encode(PUT, kind.number(), written, [key, json], place, out);
}

/// Appends the row of a state, which will lie at `place` of the file.
pub(super) fn encode_state(state: &State, place: u64, out: &mut Vec<u8>) {
    let State {
        applied,
        epoch,
        stopped,
        suspect,
        lost,
        write,
        generation,
    } = *state;
    let numbers = [applied, stopped, suspect, u64::from(lost), generation];
    let numbers = numbers.map(u64::to_le_bytes);
    let written = Written { epoch, write };
    encode(
        STATE,
        0,
        written,
        [&[][..], numbers.as_flattened()],
        place,
        out,
    );
}

fn encode(
    what: u8,
    kind: u8,
    written: Written,
    [key, rest]: [impl AsRef<[u8]>; 2],
    place: u64,
    out: &mut Vec<u8>,
) {
    let from = out.len();
    let (key, rest) = (key.as_ref(), rest.as_ref());
    let len = ROW_HEAD + key.len() + rest.len();
    out.resize(from + ROW_HEAD, 0);
    put_at(out, from, &ROW_MAGIC);
    put_at(out, from + 8, &short(len).to_le_bytes());
    put_at(out, from + 12, &[what, kind, 0, 0]);
    put_at(out, from + 16, &short(key.len()).to_le_bytes());
    put_at(out, from + 20, &short(index(written.epoch)).to_le_bytes());
    put_at(out, from + 24, &written.write.to_le_bytes());
    out.extend_from_slice(key);
    out.extend_from_slice(rest);
    out.resize(from + len.next_multiple_of(GRANULE), 0);
    let sum = checksum(out.get(from..).unwrap_or_default(), place);
    put_at(out, from + 4, &sum.to_le_bytes());
}

fn checksum(row: &[u8], place: u64) -> u32 {
    let seed = crc32c::crc32c(&place.to_le_bytes());
    crc32c::crc32c_append(seed, row.get(8..).unwrap_or_default())
}

/// Octets of a row with its padding, as its head claims; `None` if it is no head.
pub(super) fn claimed_len(head: &[u8]) -> Option<u64> {
    let len = u64::from(u32_at(head, 8)?);
    let is_row = head.get(..4)? == ROW_MAGIC && len >= ROW_HEAD as u64;
    is_row.then(|| len.next_multiple_of(GRANULE as u64))
}

/// When the row was written that `octets`, with their padding, are, which lie at `place` of the
/// file; `None` if they are not a row that is whole.
pub(super) fn check(octets: &[u8], place: u64) -> Option<Written> {
    let is_whole = claimed_len(octets)? == octets.len() as u64
        && u32_at(octets, 4)? == checksum(octets, place);
    let (epoch, write) = (u32_at(octets, 20)?.into(), u64_at(octets, 24)?);
    (is_whole && write <= WRITES_MAX).then_some(Written { epoch, write })
}

/// What a row says that [`check`] has found whole.
pub(super) fn read(octets: &[u8], written: Written) -> Option<Statement> {
    let content = octets.get(ROW_HEAD..index(u32_at(octets, 8)?.into()))?;
    match *octets.get(12)? {
        STATE => state(written, content).map(Statement::State),
        what => change(what, octets, content).map(Statement::Change),
    }
}

fn change(what: u8, head: &[u8], content: &[u8]) -> Option<DefinitionChange> {
    let kind = DefinitionKind::from_number(*head.get(13)?)?;
    let key_len = index(u32_at(head, 16)?.into());
    let (key, json) = content.split_at_checked(key_len)?;
    let key = std::str::from_utf8(key).ok()?.to_owned();
    match what {
        PUT => {
            let json = std::str::from_utf8(json).ok()?.to_owned();
            Some(DefinitionChange::Put(Definition { kind, key, json }))
        }
        DELETED => Some(DefinitionChange::Delete(kind, key)),
        _ => None,
    }
}

fn state(written: Written, content: &[u8]) -> Option<State> {
    Some(State {
        applied: u64_at(content, 0)?,
        epoch: written.epoch,
        stopped: u64_at(content, 8)?,
        suspect: u64_at(content, 16)?,
        lost: u64_at(content, 24)? != 0,
        write: written.write,
        generation: u64_at(content, 32)?,
    })
}

/// What a damaged row seems to be about, if anything of it can be read.
pub(super) fn guess(octets: &[u8]) -> Option<(DefinitionKind, String)> {
    let kind = DefinitionKind::from_number(*octets.get(13)?)?;
    let key_len = index(u32_at(octets, 16)?.into());
    let key = octets.get(ROW_HEAD..ROW_HEAD.checked_add(key_len)?)?;
    let key = std::str::from_utf8(key).ok()?;
    let is_readable = !key.is_empty() && !key.chars().any(|c| c.is_control() && c != '\0');
    is_readable.then(|| (kind, key.to_owned()))
}
