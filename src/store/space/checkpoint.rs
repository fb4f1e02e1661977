//! Checkpoints: what was alive at one address of the log, so that a start reads only what came
//! after it.
//!
//! Owns the layout of the file (`FORMAT.md`, "Checkpoints"). A checkpoint is the list of segment
//! files too: one that is not in it and does not come after it is not needed. The last two are
//! kept; each is written under a new name, so that a crash leaves the one before.

use std::collections::HashMap;
use std::io;

use crate::ids::QueueId;
use crate::store::Returns;
use crate::store::disk::{Disk, read_file};
use crate::store::format::batch::{ADDRESS_MAX, VERSION};
use crate::store::format::bits::Bits;
use crate::store::format::octets::{Reader, put_at, short, u32_at, u64_at};
use crate::store::log::catalog::Catalog;

const MAGIC: [u8; 8] = *b"LVRCKP\r\n";
const HEAD: usize = 32;
const PREFIX: &str = "checkpoint-";

/// What a checkpoint says.
#[derive(Debug, Default, PartialEq)]
pub(in crate::store) struct Checkpoint {
    /// Everything before this address is reflected.
    pub(in crate::store) applied: u64,
    /// The number of the last write of definitions before it.
    pub(in crate::store) definitions: u64,
    pub(in crate::store) dropped: Vec<QueueId>,
    pub(in crate::store) segments: Vec<Listed>,
}

/// A segment in a checkpoint.
#[derive(Debug, PartialEq)]
pub(in crate::store) struct Listed {
    pub(in crate::store) name: String,
    pub(in crate::store) first: u64,
    pub(in crate::store) end: u64,
    pub(in crate::store) live: Bits,
    pub(in crate::store) returned: HashMap<u32, Returns>,
}

/// Why a checkpoint file is not used.
pub(in crate::store) enum Unread {
    /// It is not whole.
    Damaged,
    /// Written by a program of another version.
    Version(u32),
    Io(io::Error),
}

/// The file of the `number`-th checkpoint.
pub(in crate::store) fn file_name(number: u64) -> String {
    format!("{PREFIX}{number:016x}")
}

/// The number in a file's name.
pub(in crate::store) fn number(name: &str) -> Option<u64> {
    u64::from_str_radix(name.strip_prefix(PREFIX)?, 16).ok()
}

/// The checkpoint of `catalog` as it is, without its empty segments.
pub(in crate::store) fn encode(catalog: &Catalog) -> Vec<u8> {
    let mut out = vec![0; HEAD];
    out.extend_from_slice(&catalog.applied.to_le_bytes());
    out.extend_from_slice(&short(catalog.dropped.len()).to_le_bytes());
    for queue in &catalog.dropped {
        out.extend_from_slice(&queue.0.to_le_bytes());
    }
    let kept = || {
        let segments = catalog.segments.values();
        segments.filter(|segment| !segment.is_empty() || segment.end > catalog.applied)
    };
    out.extend_from_slice(&short(kept().count()).to_le_bytes());
    for segment in kept() {
        out.extend_from_slice(&short(segment.name.len()).to_le_bytes());
        out.extend_from_slice(segment.name.as_bytes());
        out.extend_from_slice(&segment.first.to_le_bytes());
        out.extend_from_slice(&segment.end.to_le_bytes());
        segment.live.encode(&mut out);
        out.extend_from_slice(&short(segment.returned.len()).to_le_bytes());
        for (bit, returns) in &segment.returned {
            out.extend_from_slice(&bit.to_le_bytes());
            out.extend_from_slice(&returns.packed().to_le_bytes());
        }
    }
    put_at(&mut out, 0, &MAGIC);
    put_at(&mut out, 8, &VERSION.to_le_bytes());
    let len = out.len() as u64;
    put_at(&mut out, 16, &len.to_le_bytes());
    finish(&mut out, 0);
    out
}

/// Adds the number of the last write of definitions to what [`encode`] made.
pub(in crate::store) fn finish(out: &mut [u8], definitions: u64) {
    put_at(out, 24, &definitions.to_le_bytes());
    let sum = crc32c::crc32c(out.get(16..).unwrap_or_default());
    put_at(out, 12, &sum.to_le_bytes());
}

/// Reads what [`encode`] wrote.
pub(in crate::store) fn decode(octets: &[u8]) -> Result<Checkpoint, Unread> {
    if octets.get(..8) != Some(&MAGIC) {
        return Err(Unread::Damaged);
    }
    match u32_at(octets, 8) {
        Some(VERSION) => {}
        Some(version) => return Err(Unread::Version(version)),
        None => return Err(Unread::Damaged),
    }
    let sum = octets.get(16..).map(crc32c::crc32c);
    if sum.is_none() || u32_at(octets, 12) != sum || u64_at(octets, 16) != Some(octets.len() as u64)
    {
        return Err(Unread::Damaged);
    }
    let fields = fields(octets.get(HEAD..).unwrap_or_default());
    let (checkpoint, definitions) = fields.zip(u64_at(octets, 24)).ok_or(Unread::Damaged)?;
    Ok(Checkpoint {
        definitions,
        ..checkpoint
    })
}

fn fields(octets: &[u8]) -> Option<Checkpoint> {
    let mut from = Reader(octets);
    let mut checkpoint = Checkpoint {
        applied: from.u64()?,
        ..Checkpoint::default()
    };
    if checkpoint.applied > ADDRESS_MAX {
        return None;
    }
    for _ in 0..from.u32()? {
        checkpoint.dropped.push(QueueId(from.u64()?));
    }
    for _ in 0..from.u32()? {
        let len = from.u32()? as usize;
        let name = std::str::from_utf8(from.octets(len)?).ok()?.to_owned();
        let (first, end) = (from.u64()?, from.u64()?);
        if end > ADDRESS_MAX {
            return None;
        }
        let live = Bits::decode(&mut from, end.checked_sub(first)?)?;
        let mut returned = HashMap::new();
        for _ in 0..from.u32()? {
            returned.insert(from.u32()?, Returns::unpacked(from.u32()?));
        }
        checkpoint.segments.push(Listed {
            name,
            first,
            end,
            live,
            returned,
        });
    }
    from.0.is_empty().then_some(checkpoint)
}

/// Reads the checkpoint in file `name`.
pub(in crate::store) fn read(disk: &dyn Disk, name: &str) -> Result<Checkpoint, Unread> {
    decode(&read_file(disk, name).map_err(Unread::Io)?)
}

/// Writes checkpoint `number` and makes it durable.
pub(in crate::store) fn write(disk: &dyn Disk, number: u64, octets: &[u8]) -> io::Result<()> {
    let file = disk.create(&file_name(number))?;
    file.write_at(0, octets)?;
    file.sync()?;
    disk.sync_names()
}
