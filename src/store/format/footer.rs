//! Footers: what queues must know of the messages of a finished segment, beside it in a file of its
//! own.
//!
//! Owns the layout of the file (`FORMAT.md`, "Footers"). A footer saves a start the reading of its
//! segment and nothing else depends on it: it is not synced, and one that is missing, damaged or
//! does not cover what is alive is passed over.

use std::io;

use super::class::CLASSES;
use super::octets::{Reader, put_at, u32_at, u64_at};
use super::row::{Packer, Row, Rows, Version};
use crate::store::disk::{Disk, read_file};

const MAGIC: [u8; 8] = *b"LVRFOT\r\n";
/// The version that is written; those before it are read too.
const VERSION: u32 = 2;
const HEAD: usize = 32;
/// Octets of the sums behind it.
const SUMS: usize = CLASSES * 16;
const ENDING: &str = ".foot";

/// What all messages of a segment had that are about as long as each other, dead ones too.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Sum {
    /// Octets of their records.
    pub(in crate::store) octets: u64,
    pub(in crate::store) messages: u64,
}

/// See the module.
#[derive(Debug, Default, PartialEq)]
pub(in crate::store) struct Footer {
    /// By size class.
    pub(in crate::store) sums: [Sum; CLASSES],
    /// Sorted by queue and address.
    pub(in crate::store) rows: Vec<Row>,
}

impl Footer {
    /// Whether it says all that queues ask for: one of version 1 does not for streams.
    pub(in crate::store) fn is_sufficient(&self) -> bool {
        self.rows.iter().all(is_sufficient)
    }
}

/// Whether a row says all that its queue asks for.
pub(in crate::store) fn is_sufficient(row: &Row) -> bool {
    row.sequence == 0 || row.head_len > 0
}

/// A footer as it lies in its file. Its rows, of which a segment may have very many, are read one
/// by one, as often as needed.
pub(in crate::store) struct Packed {
    octets: Vec<u8>,
    version: Version,
    pub(in crate::store) sums: [Sum; CLASSES],
}

impl Packed {
    /// Its rows, sorted by queue and address; the last one is `None` if it makes no sense.
    pub(in crate::store) fn rows(&self) -> Rows<'_> {
        let rows = self.octets.get(HEAD + SUMS..).unwrap_or_default();
        Rows::new(rows, self.version)
    }
}

/// The footer of the segment in the file `segment`.
pub(in crate::store) fn file_name(segment: &str) -> String {
    let stem = segment.rsplit_once('.').map_or(segment, |(stem, _)| stem);
    format!("{stem}{ENDING}")
}

/// Whether a file of this name is a footer.
pub(in crate::store) fn is_footer(name: &str) -> bool {
    name.ends_with(ENDING)
}

fn checksum(segment: &str, octets: &[u8]) -> u32 {
    let seed = crc32c::crc32c(segment.as_bytes());
    crc32c::crc32c_append(seed, octets.get(16..).unwrap_or_default())
}

/// Puts the rows in the order of a footer.
pub(in crate::store) fn sort(rows: &mut [Row]) {
    rows.sort_unstable_by_key(|row| (row.queue, row.at.address(), row.copy));
}

/// The octets of a footer with the rows that `put` appends.
fn sealed(segment: &str, sums: &[Sum; CLASSES], put: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = vec![0; HEAD];
    for sum in sums {
        out.extend_from_slice(&sum.octets.to_le_bytes());
        out.extend_from_slice(&sum.messages.to_le_bytes());
    }
    put(&mut out);
    put_at(&mut out, 0, &MAGIC);
    put_at(&mut out, 8, &VERSION.to_le_bytes());
    let len = out.len() as u64;
    put_at(&mut out, 16, &len.to_le_bytes());
    let sum = checksum(segment, &out);
    put_at(&mut out, 12, &sum.to_le_bytes());
    out
}

/// The footer in `octets`; `None` unless it is whole and was made for `segment`.
fn unseal(segment: &str, octets: Vec<u8>) -> Option<Packed> {
    let version = match u32_at(&octets, 8)? {
        1 => Version::One,
        VERSION => Version::Two,
        _ => return None,
    };
    let whole = octets.get(..8)? == MAGIC
        && u64_at(&octets, 16)? == octets.len() as u64
        && u32_at(&octets, 12)? == checksum(segment, &octets);
    if !whole {
        return None;
    }
    let mut from = Reader(octets.get(HEAD..)?);
    let mut sums = [Sum::default(); CLASSES];
    for sum in &mut sums {
        sum.octets = from.u64()?;
        sum.messages = from.u64()?;
    }
    Some(Packed {
        octets,
        version,
        sums,
    })
}

/// Writes the footer of `segment` with the rows in `rows`, and gives it back as it lies there now,
/// or would if it could have been written.
pub(in crate::store) fn write_packed(
    disk: &dyn Disk,
    segment: &str,
    sums: [Sum; CLASSES],
    rows: &Packer,
) -> (Packed, io::Result<()>) {
    let octets = sealed(segment, &sums, |out| rows.finish(out));
    let file = disk.create(&file_name(segment));
    let written = file.and_then(|file| file.write_at(0, &octets));
    let version = Version::Two;
    let packed = Packed {
        octets,
        version,
        sums,
    };
    (packed, written)
}

/// Opens the footer of `segment`; `None` if it cannot be used.
pub(in crate::store) fn open(disk: &dyn Disk, segment: &str) -> Option<Packed> {
    let octets = read_file(disk, &file_name(segment)).ok()?;
    unseal(segment, octets)
}

/// Reads the footer of `segment`; `None` if it cannot be used.
pub(in crate::store) fn read(disk: &dyn Disk, segment: &str) -> Option<Footer> {
    let packed = open(disk, segment)?;
    let rows = packed.rows().collect::<Option<_>>()?;
    let sums = packed.sums;
    Some(Footer { sums, rows })
}

#[cfg(test)]
mod tests;
