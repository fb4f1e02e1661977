//! A disk that can be made to stand still, for tests of what a slow one does to others.
//!
//! Only writes and syncs wait: what is there can be read meanwhile, as on a disk that is busy
//! writing.

use std::io;
use std::sync::Arc;

use parking_lot::{Condvar, Mutex};

use super::{Disk, DiskFile};

/// Another disk, whose writes and syncs wait from [`SlowDisk::stall`] to [`SlowDisk::go_on`].
/// Clones stall together.
#[derive(Clone)]
pub struct SlowDisk {
    disk: Arc<dyn Disk>,
    gate: Arc<Gate>,
}

#[derive(Default)]
struct Gate {
    is_shut: Mutex<bool>,
    opened: Condvar,
}

impl Gate {
    fn pass(&self) {
        let mut is_shut = self.is_shut.lock();
        while *is_shut {
            self.opened.wait(&mut is_shut);
        }
    }
}

struct SlowFile {
    file: Arc<dyn DiskFile>,
    gate: Arc<Gate>,
}

impl SlowDisk {
    /// As quick as `disk`, until it is told to stall.
    #[must_use]
    pub fn new(disk: Arc<dyn Disk>) -> Self {
        Self {
            disk,
            gate: Arc::default(),
        }
    }

    /// From now on no write and no sync comes to an end.
    pub fn stall(&self) {
        *self.gate.is_shut.lock() = true;
    }

    /// All go on that wait.
    pub fn go_on(&self) {
        *self.gate.is_shut.lock() = false;
        self.gate.opened.notify_all();
    }

    fn wrap(&self, file: Arc<dyn DiskFile>) -> Arc<dyn DiskFile> {
        let gate = Arc::clone(&self.gate);
        Arc::new(SlowFile { file, gate })
    }
}

impl Disk for SlowDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(self.disk.open(name)?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(self.wrap(self.disk.create(name)?))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn others(&self) -> io::Result<Vec<String>> {
        self.disk.others()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.gate.pass();
        self.disk.sync_names()
    }

    fn place(&self) -> String {
        self.disk.place()
    }
}

impl DiskFile for SlowFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        self.file.read_at(at, into)
    }

    fn write_at(&self, at: u64, octets: &[u8]) -> io::Result<()> {
        self.gate.pass();
        self.file.write_at(at, octets)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.gate.pass();
        self.file.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.gate.pass();
        self.file.sync()
    }
}
