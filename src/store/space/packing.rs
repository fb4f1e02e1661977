//! Packing: what is alive in segments of which little is, in one file.

use std::io;
use std::sync::Arc;

use super::Housekeeper;
use super::packed::{Packed, Packer};
use crate::store::disk::window::Window;
use crate::store::format::batch::{Layout, SEGMENT_HEAD, SegmentHead};
use crate::store::format::record::Record;
use crate::store::log::catalog::Spot;
use crate::store::log::segment::Segment;

impl Housekeeper {
    pub(super) fn packing_is_due(&self) -> bool {
        let catalog = self.shared.catalog.lock();
        let slack = 4 * self.shared.options.segment_len;
        catalog.disk_octets() > 2 * catalog.live_octets() + slack
    }

    /// The neighbours that are best packed together, with octets alive in them.
    fn choose(&self) -> Vec<Segment> {
        let catalog = self.shared.catalog.lock();
        let target = self.shared.options.segment_len;
        let mut best: (u64, Vec<u64>) = (0, Vec::new());
        let mut run: Vec<&Segment> = Vec::new();
        for segment in catalog
            .segments
            .values()
            .filter(|segment| segment.end <= self.applied)
        {
            let worth_it = segment.is_counted
                && !segment.is_damaged
                && segment.live_octets() * 2 <= segment.file_len;
            let live: u64 = run.iter().map(|segment| segment.live_octets()).sum();
            if !worth_it || live + segment.live_octets() > target {
                run.clear();
            }
            if !worth_it {
                continue;
            }
            run.push(segment);
            let live: u64 = run.iter().map(|segment| segment.live_octets()).sum();
            let files: u64 = run.iter().map(|segment| segment.file_len).sum();
            let won = files.saturating_sub(live);
            if won > best.0 {
                best = (won, run.iter().map(|segment| segment.first).collect());
            }
        }
        best.1
            .iter()
            .filter_map(|first| catalog.segments.get(first).cloned())
            .collect()
    }

    /// Packs some segments; `false` if that would win nothing.
    pub(in crate::store) fn pack(&mut self) -> io::Result<bool> {
        if !self.packed.is_empty() {
            // A packed segment that no checkpoint speaks of yet: the next one must not have its
            // name.
            self.checkpoint()?;
        }
        let chosen = self.choose();
        let (Some(first), Some(last)) = (chosen.first(), chosen.last()) else {
            return Ok(false);
        };
        let head = SegmentHead {
            layout: Layout::Packed,
            node: self.shared.options.node,
            epoch: self.shared.epoch,
            first: first.first,
            end: last.end,
            follows: first.first,
            begins: false,
        };
        let name = format!("{:016x}-{:08x}.pack", head.first, self.number);
        let temporary = format!("{name}.tmp");
        let packed = match self.copy(&chosen, head, &temporary, &name) {
            Ok(Some(packed)) => packed,
            Ok(None) => {
                self.shared.disk.remove(&temporary)?;
                return Ok(false);
            }
            Err(error) => {
                // Half of one only takes room.
                drop(self.shared.disk.remove(&temporary));
                let damaged = chosen.iter().any(|segment| self.is_left_alone(segment));
                return if damaged { Ok(true) } else { Err(error) };
            }
        };
        self.replace(&chosen, packed);
        // Only with the checkpoint do the files that it replaces lose their meaning.
        let packed = chosen.len() as u64;
        self.packed.extend(chosen);
        self.checkpoint()?;
        self.shared.counts.packed_segments.add(packed);
        Ok(true)
    }

    /// Copies what is alive in `chosen` to a packed segment; `None` if it takes as much room.
    fn copy(
        &self,
        chosen: &[Segment],
        head: SegmentHead,
        temporary: &str,
        name: &str,
    ) -> io::Result<Option<Packed>> {
        let disk = &*self.shared.disk;
        let mut packer = Packer::new(disk, temporary, head)?;
        for segment in chosen {
            copy_alive(segment, &mut packer).inspect_err(|error| {
                if error.kind() == io::ErrorKind::InvalidData {
                    self.leave_alone(segment);
                }
            })?;
        }
        let before: u64 = chosen.iter().map(|segment| segment.file_len).sum();
        if packer.len() + SEGMENT_HEAD as u64 >= before {
            return Ok(None);
        }
        packer.finish(disk, temporary, name).map(Some)
    }

    fn is_left_alone(&self, segment: &Segment) -> bool {
        let catalog = self.shared.catalog.lock();
        let known = catalog.segments.get(&segment.first);
        known.is_some_and(|segment| segment.is_damaged)
    }

    /// A damaged segment stays as it is, so that nothing that can still be read is given up.
    fn leave_alone(&self, segment: &Segment) {
        crate::log::error!(
            "'{}' is damaged: stop and run `leveret check-data`",
            segment.name
        );
        if let Some(segment) = self.shared.catalog.lock().segments.get_mut(&segment.first) {
            segment.is_damaged = true;
        }
    }

    fn replace(&self, chosen: &[Segment], packed: Packed) {
        let Packed {
            mut segment,
            messages,
            rows,
        } = packed;
        let mut catalog = self.shared.catalog.lock();
        for (at, len, queues) in &messages {
            // What was settled while it was copied is dead in the old one by now.
            if let Some(old) = catalog.segment(at.address()) {
                segment.inherit(old, *at, *len, queues);
            }
        }
        let dropped: Vec<_> = catalog.dropped.iter().copied().collect();
        for queue in dropped {
            segment.drop_queue(queue);
        }
        for old in chosen {
            catalog.segments.remove(&old.first);
        }
        catalog.keep_rows(segment.first, rows);
        catalog.insert(segment);
    }
}

/// Copies every record of which anything is alive.
pub(in crate::store) fn copy_alive(segment: &Segment, packer: &mut Packer) -> io::Result<()> {
    let mut window = Window::new(Arc::clone(&segment.file));
    let mut next = 0;
    while let Some(bit) = segment.live.next(next) {
        next = bit + 1;
        let Some(address) = segment.address(bit) else {
            continue;
        };
        let octets = Spot::new(segment, bit).read_in(&mut window)?;
        let Some(record) = Record::parse(octets, address) else {
            return Err(io::ErrorKind::InvalidData.into());
        };
        packer.add(&record)?;
        next = bit + Segment::granules(record.step() as u64);
    }
    Ok(())
}
