//! A little room on the disk for the worst of times.
//!
//! On a full disk not even the checkpoint could be written that gives files up. So some room is
//! taken while there is plenty, in a file without meaning, and given back when a checkpoint does
//! not fit.

use super::fill;
use crate::store::disk::Disk;
use crate::store::log::Options;

/// The file's name; files that end so are removed at start.
const NAME: &str = "reserve.tmp";

/// Octets of it where segments have their usual length.
const LEN: u64 = 1024 * 1024;

/// See the module.
#[derive(Default)]
pub(super) struct Reserve {
    is_held: bool,
}

impl Reserve {
    /// Takes the room if it is not held and can be had.
    pub(in crate::store) fn make(&mut self, disk: &dyn Disk, options: &Options) {
        if self.is_held {
            return;
        }
        let len = LEN.min(options.segment_len / 4);
        let made = disk
            .create(NAME)
            .and_then(|file| fill(&*file, len, &|| true));
        match made {
            Ok(_) => self.is_held = true,
            Err(_) => drop(disk.remove(NAME)),
        }
    }

    /// Gives the room back; `false` if there is none.
    pub(in crate::store) fn give_back(&mut self, disk: &dyn Disk) -> bool {
        std::mem::take(&mut self.is_held) && disk.remove(NAME).is_ok()
    }
}
