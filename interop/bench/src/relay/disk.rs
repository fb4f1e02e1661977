//! A file that the relay writes and syncs, once for all that wait at the same time.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use parking_lot::Mutex;

use crate::disk::{FILE, file_in, prepared};
use crate::error::{BenchError, During as _};

/// The file, and what is to be written to it next.
pub(super) struct Disk {
    staged: Mutex<Staged>,
    tail: Mutex<Tail>,
}

#[derive(Default)]
struct Staged {
    octets: Vec<u8>,
    /// Commits so far, those in `octets` among them.
    commits: u64,
}

struct Tail {
    file: File,
    at: u64,
    /// The last commit that is on the disk.
    synced: u64,
    /// Written already; kept for its room.
    written: Vec<u8>,
}

impl Disk {
    /// Makes the file in this directory, as long as it will ever be. It has no name from then on,
    /// so that it goes with the relay.
    pub(super) fn in_dir(dir: &Path) -> Result<Self, BenchError> {
        let path = file_in(dir);
        let file = prepared(&path).during(&format!("writing {}", path.display()))?;
        std::fs::remove_file(&path).during(&format!("removing {}", path.display()))?;
        Ok(Self {
            staged: Mutex::default(),
            tail: Mutex::new(Tail {
                file,
                at: 0,
                synced: 0,
                written: Vec::new(),
            }),
        })
    }

    /// Returns once these octets are synced, with those of all others that wait.
    pub(super) fn commit(&self, octets: &[u8]) -> Result<(), BenchError> {
        let mine = {
            let mut staged = self.staged.lock();
            staged.octets.extend_from_slice(octets);
            staged.commits += 1;
            staged.commits
        };
        let mut tail = self.tail.lock();
        if tail.synced >= mine {
            return Ok(());
        }
        let Tail {
            file,
            at,
            synced,
            written,
        } = &mut *tail;
        written.clear();
        let last = {
            let mut staged = self.staged.lock();
            std::mem::swap(written, &mut staged.octets);
            staged.commits
        };
        let len = u64::try_from(written.len()).unwrap_or(u64::MAX);
        if at.saturating_add(len) > FILE {
            *at = 0;
        }
        file.write_all_at(written, *at).during("writing")?;
        file.sync_data().during("syncing")?;
        *at += len;
        *synced = last;
        Ok(())
    }
}

#[cfg(test)]
mod tests;
