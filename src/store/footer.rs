//! Footers: what queues must know of the messages of a finished segment, beside it in a file of its
//! own.
//!
//! Owns the layout of the file (`FORMAT.md`, "Footers"). A footer saves a start the reading of its
//! segment and nothing else depends on it: it is not synced, and one that is missing, damaged or
//! does not cover what is alive is passed over.

use std::io;

use super::class::CLASSES;
use super::disk::{Disk, read_file};
use super::octets::{Reader, put_at, u32_at, u64_at};
use super::row::{self, Row, Version};

const MAGIC: [u8; 8] = *b"LVRFOT\r\n";
/// The version that is written; those before it are read too.
const VERSION: u32 = 2;
const HEAD: usize = 32;
const ENDING: &str = ".foot";

/// What all messages of a segment had that are about as long as each other, dead ones too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Sum {
    /// Octets of their records.
    pub(super) octets: u64,
    pub(super) messages: u64,
}

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Footer {
    /// By size class.
    pub(super) sums: [Sum; CLASSES],
    /// Sorted by queue and address.
    pub(super) rows: Vec<Row>,
}

impl Footer {
    /// Whether it says all that queues ask for: one of version 1 does not for streams.
    pub(super) fn is_sufficient(&self) -> bool {
        let knows = |row: &Row| row.sequence == 0 || row.head_len > 0;
        self.rows.iter().all(knows)
    }
}

/// The footer of the segment in the file `segment`.
pub(super) fn file_name(segment: &str) -> String {
    let stem = segment.rsplit_once('.').map_or(segment, |(stem, _)| stem);
    format!("{stem}{ENDING}")
}

/// Whether a file of this name is a footer.
pub(super) fn is_footer(name: &str) -> bool {
    name.ends_with(ENDING)
}

fn checksum(segment: &str, octets: &[u8]) -> u32 {
    let seed = crc32c::crc32c(segment.as_bytes());
    crc32c::crc32c_append(seed, octets.get(16..).unwrap_or_default())
}

/// Puts the rows in the order of a footer.
pub(super) fn sort(rows: &mut [Row]) {
    rows.sort_unstable_by_key(|row| (row.queue, row.at.address(), row.copy));
}

fn encode(segment: &str, footer: &Footer) -> Vec<u8> {
    let mut out = vec![0; HEAD];
    for sum in footer.sums {
        out.extend_from_slice(&sum.octets.to_le_bytes());
        out.extend_from_slice(&sum.messages.to_le_bytes());
    }
    row::encode(&footer.rows, &mut out);
    put_at(&mut out, 0, &MAGIC);
    put_at(&mut out, 8, &VERSION.to_le_bytes());
    let len = out.len() as u64;
    put_at(&mut out, 16, &len.to_le_bytes());
    let sum = checksum(segment, &out);
    put_at(&mut out, 12, &sum.to_le_bytes());
    out
}

/// The footer in `octets`; `None` unless it is whole and was made for `segment`.
fn decode(segment: &str, octets: &[u8]) -> Option<Footer> {
    let version = match u32_at(octets, 8)? {
        1 => Version::One,
        VERSION => Version::Two,
        _ => return None,
    };
    let whole = octets.get(..8)? == MAGIC
        && u64_at(octets, 16)? == octets.len() as u64
        && u32_at(octets, 12)? == checksum(segment, octets);
    if !whole {
        return None;
    }
    let mut from = Reader(octets.get(HEAD..)?);
    let mut sums = [Sum::default(); CLASSES];
    for sum in &mut sums {
        sum.octets = from.u64()?;
        sum.messages = from.u64()?;
    }
    let rows = row::decode(from.0, version)?;
    Some(Footer { sums, rows })
}

/// Writes the footer of `segment`.
pub(super) fn write(disk: &dyn Disk, segment: &str, footer: &Footer) -> io::Result<()> {
    let file = disk.create(&file_name(segment))?;
    file.write_at(0, &encode(segment, footer))
}

/// Reads the footer of `segment`; `None` if it cannot be used.
pub(super) fn read(disk: &dyn Disk, segment: &str) -> Option<Footer> {
    let octets = read_file(disk, &file_name(segment)).ok()?;
    decode(segment, &octets)
}

#[cfg(test)]
mod tests;
