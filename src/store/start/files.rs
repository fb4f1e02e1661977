//! Which files a data directory holds, and which of them are needed.

use std::collections::{BTreeMap, HashMap};
use std::io;

use super::recovery::Scan;
use super::tail::SegmentFile;
use crate::store::StoreError;
use crate::store::disk::{Disk, read_full};
use crate::store::format::batch::{
    ADDRESS_MAX, Layout, NoHead, SEGMENT_HEAD, SegmentHead, VERSION,
};
use crate::store::format::footer;
use crate::store::log::segment::Segment;
use crate::store::space::checkpoint::{self, Checkpoint, Unread};

pub(super) fn io_error(disk: &dyn Disk, name: &str, source: io::Error) -> StoreError {
    StoreError::Io {
        what: format!("reading '{}/{name}'", disk.place()),
        source,
    }
}

fn version_error(disk: &dyn Disk, name: &str, version: u32) -> StoreError {
    StoreError::Version {
        file: format!("{}/{name}", disk.place()),
        version,
        known: VERSION,
    }
}

impl Scan {
    /// The newest checkpoint that is whole.
    pub(super) fn newest_checkpoint(
        &mut self,
        disk: &dyn Disk,
        names: &[String],
    ) -> Result<Option<Checkpoint>, StoreError> {
        let numbered = names
            .iter()
            .filter_map(|name| Some((checkpoint::number(name)?, name)));
        let by_number: BTreeMap<u64, &String> = numbered.collect();
        let mut newest = None;
        for (number, name) in by_number.iter().rev() {
            self.checkpoint = self.checkpoint.max(*number);
            if newest.is_some() {
                self.unneeded.push((*name).clone());
                continue;
            }
            match checkpoint::read(disk, name) {
                Ok(found) => newest = Some(found),
                // Written when the power went; nothing was given up for it yet.
                Err(Unread::Damaged) => self.unneeded.push((*name).clone()),
                Err(Unread::Version(version)) => return Err(version_error(disk, name, version)),
                Err(Unread::Io(source)) => return Err(io_error(disk, name, source)),
            }
        }
        Ok(newest)
    }

    /// All segment files by first address.
    pub(super) fn find_segments(
        &mut self,
        disk: &dyn Disk,
        names: &[String],
    ) -> Result<Vec<SegmentFile>, StoreError> {
        let mut found = Vec::new();
        for name in names {
            if name.ends_with(".tmp") {
                self.unneeded.push(name.clone());
            }
            let Some(first) = first_address(name) else {
                continue;
            };
            let file = disk
                .open(name)
                .map_err(|source| io_error(disk, name, source))?;
            let len = file.size().map_err(|source| io_error(disk, name, source))?;
            let mut octets = vec![0; SEGMENT_HEAD];
            read_full(&*file, 0, &mut octets).map_err(|source| io_error(disk, name, source))?;
            let head = match SegmentHead::decode(&octets) {
                Ok(head) if head.first == first => head,
                Err(NoHead::Version(version)) => return Err(version_error(disk, name, version)),
                // A file that was begun when the power went, or a damaged one: what is in it
                // decides. Its length tells where it ends.
                Ok(_) | Err(NoHead::Damaged) => SegmentHead {
                    layout: if name.ends_with(".log") {
                        Layout::Log
                    } else {
                        Layout::Packed
                    },
                    node: 0,
                    epoch: 0,
                    first,
                    end: first.saturating_add(len.saturating_sub(SEGMENT_HEAD as u64)),
                    follows: u64::MAX,
                    begins: false,
                },
            };
            self.epoch = self.epoch.max(head.epoch);
            self.free = self.free.max(head.end);
            found.push(SegmentFile {
                name: name.clone(),
                file,
                len,
                head,
            });
        }
        found.sort_by_key(|found| (found.head.first, found.head.layout as u32));
        Ok(found)
    }

    /// Gives the segments that are there their footers.
    pub(super) fn find_footers(&mut self, names: &[String]) {
        let segments = self.catalog.segments.values_mut();
        let mut named: HashMap<String, &mut Segment> = segments
            .map(|segment| (footer::file_name(&segment.name), segment))
            .collect();
        for name in names.iter().filter(|name| footer::is_footer(name)) {
            match named.remove(name) {
                Some(segment) => segment.has_footer = true,
                None => self.unneeded.push(name.clone()),
            }
        }
    }
}

/// Refuses a directory in which something that is no file bears the name of a segment or a
/// checkpoint: what should be there is somewhere else, and a start without it would give up what
/// is in it and behind it, some of it without being able to notice.
pub(super) fn check_others(disk: &dyn Disk) -> Result<(), StoreError> {
    let others = disk.others().map_err(|source| io_error(disk, "", source))?;
    let in_the_way =
        |name: &&String| first_address(name).is_some() || checkpoint::number(name).is_some();
    let Some(name) = others.iter().find(in_the_way) else {
        return Ok(());
    };
    let what = "it is a directory or something else that is no file; put the file of this name \
                back, or, if there never was one, take this away";
    Err(io_error(disk, name, io::Error::other(what)))
}

/// The first address of the segment in a file of this name; `None` if it is no segment's name.
fn first_address(name: &str) -> Option<u64> {
    let stem = name
        .strip_suffix(".log")
        .or_else(|| name.strip_suffix(".pack"))?;
    address(stem.split('-').next()?)
}

/// Whether a file of this name is a segment's, or its footer.
pub(in crate::store) fn is_of_segment(name: &str) -> bool {
    let footer = name.strip_suffix(".foot");
    let footer = footer.and_then(|stem| address(stem.split('-').next()?));
    first_address(name).or(footer).is_some()
}

/// The address in a file's name.
fn address(hexadecimal: &str) -> Option<u64> {
    let address = u64::from_str_radix(hexadecimal, 16).ok()?;
    (address <= ADDRESS_MAX).then_some(address)
}
