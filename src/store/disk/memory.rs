//! A disk in memory: for tests, and what a crash leaves of a `FaultDisk`.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Disk, DiskFile};

/// Files that vanish with the process. Clones share the files.
#[derive(Clone, Default)]
pub struct MemoryDisk(Arc<Mutex<BTreeMap<String, MemoryFile>>>);

/// One file. Clones share the octets.
#[derive(Clone, Default)]
pub(in crate::store) struct MemoryFile(Arc<Mutex<Vec<u8>>>);

impl MemoryDisk {
    /// A disk with these files.
    #[must_use]
    pub fn with_files(files: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        let files = files
            .into_iter()
            .map(|(name, octets)| (name, MemoryFile::new(octets)));
        Self(Arc::new(Mutex::new(files.collect())))
    }

    /// A copy of every file, by name.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, Vec<u8>> {
        self.0
            .lock()
            .iter()
            .map(|(name, file)| (name.clone(), file.0.lock().clone()))
            .collect()
    }

    /// Octets in all files.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.0
            .lock()
            .values()
            .map(|file| file.0.lock().len() as u64)
            .sum()
    }

    pub(in crate::store) fn file(&self, name: &str) -> io::Result<MemoryFile> {
        let files = self.0.lock();
        files
            .get(name)
            .cloned()
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

impl MemoryFile {
    pub(in crate::store) fn new(octets: Vec<u8>) -> Self {
        Self(Arc::new(Mutex::new(octets)))
    }
}

impl Disk for MemoryDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(self.file(name)?))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = MemoryFile::default();
        self.0.lock().insert(name.to_owned(), file.clone());
        Ok(Arc::new(file))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.0.lock().keys().cloned().collect())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let removed = self.0.lock().remove(name);
        removed
            .map(drop)
            .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut files = self.0.lock();
        let Some(file) = files.remove(from) else {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        };
        files.insert(to.to_owned(), file);
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        Ok(())
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }
}

impl DiskFile for MemoryFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.lock().len() as u64)
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let octets = self.0.lock();
        let from = usize::try_from(at).unwrap_or(usize::MAX).min(octets.len());
        let found = octets.get(from..).unwrap_or_default();
        let len = found.len().min(into.len());
        if let (Some(into), Some(found)) = (into.get_mut(..len), found.get(..len)) {
            into.copy_from_slice(found);
        }
        Ok(len)
    }

    fn write_at(&self, at: u64, octets: &[u8]) -> io::Result<()> {
        let from = usize::try_from(at).map_err(|_| io::ErrorKind::FileTooLarge)?;
        let end = from
            .checked_add(octets.len())
            .ok_or(io::ErrorKind::FileTooLarge)?;
        let mut file = self.0.lock();
        if file.len() < end {
            file.resize(end, 0);
        }
        if let Some(place) = file.get_mut(from..end) {
            place.copy_from_slice(octets);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| io::ErrorKind::FileTooLarge)?;
        self.0.lock().resize(len, 0);
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        Ok(())
    }
}
