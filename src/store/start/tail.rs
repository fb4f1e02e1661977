//! The part of the log behind the last checkpoint, as it lies in its files.
//!
//! Owns finding batches and records in it, and what they prove about how far it was durable.

use std::sync::Arc;

use crate::store::StoreError;
use crate::store::disk::DiskFile;
use crate::store::disk::window::Window;
use crate::store::format::batch::{
    self, BATCH_HEAD, BatchHead, NoHead, SEGMENT_HEAD, SegmentHead, VERSION,
};
use crate::store::format::record::{GRANULE, Record};

/// A segment file as it was found.
pub(in crate::store) struct SegmentFile {
    pub(in crate::store) name: String,
    pub(in crate::store) file: Arc<dyn DiskFile>,
    pub(in crate::store) len: u64,
    pub(in crate::store) head: SegmentHead,
}

/// A segment behind the checkpoint.
pub(super) struct Tail {
    pub(in crate::store) found: SegmentFile,
    /// The first address that is not in it.
    pub(in crate::store) end: u64,
    /// Where its batches end, as the next segment says.
    pub(in crate::store) next: Option<u64>,
}

/// A batch with a good head.
pub(super) struct Batch<'a> {
    pub(in crate::store) head: BatchHead,
    /// The checksum of its head.
    pub(in crate::store) sum: u32,
    pub(in crate::store) octets: &'a [u8],
    pub(in crate::store) whole: bool,
}

impl Tail {
    pub(in crate::store) fn offset(&self, address: u64) -> u64 {
        address - self.found.head.first + SEGMENT_HEAD as u64
    }

    pub(in crate::store) fn read<'w>(
        &self,
        window: &'w mut Window,
        address: u64,
        len: usize,
    ) -> Result<&'w [u8], StoreError> {
        window
            .get(self.offset(address), len)
            .map_err(|source| StoreError::Io {
                what: format!("reading '{}'", self.found.name),
                source,
            })
    }

    /// The head of the batch at `address`, and its checksum.
    fn head(
        &self,
        window: &mut Window,
        address: u64,
    ) -> Result<Option<(BatchHead, u32)>, StoreError> {
        match BatchHead::decode(self.read(window, address, BATCH_HEAD)?, address) {
            Ok((head, sum)) => Ok((head.end() <= self.end).then_some((head, sum))),
            Err(NoHead::Damaged) => Ok(None),
            Err(NoHead::Version(version)) => {
                let file = self.found.name.clone();
                Err(StoreError::Version {
                    file,
                    version,
                    known: VERSION,
                })
            }
        }
    }

    pub(in crate::store) fn batch<'w>(
        &self,
        window: &'w mut Window,
        address: u64,
    ) -> Result<Option<Batch<'w>>, StoreError> {
        let Some((head, sum)) = self.head(window, address)? else {
            return Ok(None);
        };
        let octets = self.read(window, address, head.len as usize)?;
        let whole = batch::is_whole(octets, &head);
        Ok(Some(Batch {
            head,
            sum,
            octets,
            whole,
        }))
    }

    pub(in crate::store) fn record<'w>(
        &self,
        window: &'w mut Window,
        address: u64,
    ) -> Result<Option<Record<'w>>, StoreError> {
        let head = self.read(window, address, 8)?;
        let len = crate::store::format::octets::u32_at(head, 4).unwrap_or_default();
        let len = crate::store::format::record::padded(len as usize);
        if !matches!(head.first_chunk::<4>(), Some(sum) if *sum != [0; 4])
            || address.saturating_add(len as u64) > self.end
        {
            return Ok(None);
        }
        let octets = self.read(window, address, len)?;
        Ok(Record::parse(octets, address))
    }
}

/// Up to where the log must have been durable, by what its segments and its batches from `applied`
/// on say. The heads of the batches are enough for that: each has a checksum of its own.
pub(super) fn prove(tails: &[Tail], applied: u64) -> Result<u64, StoreError> {
    let mut proven = 0;
    for tail in tails {
        if tail.found.head.begins {
            proven = proven.max(tail.found.head.follows);
        }
        let mut window = Window::new(Arc::clone(&tail.found.file));
        let mut address = tail.found.head.first.max(applied);
        while address < tail.end {
            match tail.head(&mut window, address)? {
                Some((head, _)) => {
                    proven = proven.max(head.synced);
                    address = head.end();
                }
                _ => match next_batch(tail, &mut window, address)? {
                    Some(next) => address = next,
                    None => break,
                },
            }
        }
    }
    Ok(proven)
}

fn next_batch(tail: &Tail, window: &mut Window, from: u64) -> Result<Option<u64>, StoreError> {
    let mut address = from + GRANULE as u64;
    while address < tail.end {
        // Look for the head in large steps: most of what is passed over is zeros.
        let left = usize::try_from(tail.end - address).unwrap_or(usize::MAX);
        let octets = tail.read(window, address, left.min(64 * 1024))?;
        if octets.len() < BATCH_HEAD {
            return Ok(None);
        }
        let starts = (0..=octets.len() - BATCH_HEAD).step_by(GRANULE);
        let hit = starts.clone().find(|at| {
            let head = octets.get(*at..).unwrap_or_default();
            BatchHead::decode(head, address + *at as u64) != Err(NoHead::Damaged)
        });
        if let Some(at) = hit {
            return Ok(Some(address + at as u64));
        }
        let passed = starts.last().unwrap_or_default() + GRANULE;
        address += passed as u64;
    }
    Ok(None)
}
