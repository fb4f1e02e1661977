//! Reading a file forward in large pieces.

use std::io;
use std::sync::Arc;

use super::{DiskFile, read_full};

/// Octets that are read at once, when not more are asked for.
const READ: usize = 1024 * 1024;

/// A piece of a file in memory.
pub(in crate::store) struct Window {
    file: Arc<dyn DiskFile>,
    from: u64,
    octets: Vec<u8>,
    filled: usize,
    size: Option<u64>,
    /// Octets that are read at once.
    read: usize,
}

impl Window {
    /// Reads `file`, which must not grow meanwhile.
    pub(in crate::store) fn new(file: Arc<dyn DiskFile>) -> Self {
        Self {
            file,
            from: 0,
            octets: Vec::new(),
            filled: 0,
            size: None,
            read: READ,
        }
    }

    /// Reads not much more than `reach` octets, which is less to read if little is wanted.
    pub(in crate::store) fn with_reach(file: Arc<dyn DiskFile>, reach: u64) -> Self {
        Self {
            read: usize::try_from(reach).unwrap_or(READ).min(READ),
            ..Self::new(file)
        }
    }

    /// Whether it reads this file.
    pub(in crate::store) fn is_over(&self, file: &Arc<dyn DiskFile>) -> bool {
        Arc::ptr_eq(&self.file, file)
    }

    /// The `len` octets at `at`, or as many as there are; a second call gives what the first one
    /// gave unless it went elsewhere.
    pub(in crate::store) fn get(&mut self, at: u64, len: usize) -> io::Result<&[u8]> {
        let end = at.saturating_add(len as u64);
        if at < self.from || end > self.from + self.filled as u64 {
            let size = match self.size {
                Some(size) => size,
                None => *self.size.insert(self.file.size()?),
            };
            let left = usize::try_from(size.saturating_sub(at)).unwrap_or(usize::MAX);
            let want = len.max(self.read).min(left);
            if self.octets.len() < want {
                self.octets = vec![0; want];
            }
            let into = self.octets.get_mut(..want).unwrap_or_default();
            // What was there is gone, even if nothing takes its place.
            self.filled = 0;
            self.filled = read_full(&*self.file, at, into)?;
            self.from = at;
        }
        let start = usize::try_from(at - self.from)
            .unwrap_or(usize::MAX)
            .min(self.filled);
        let end = start.saturating_add(len).min(self.filled);
        Ok(self.octets.get(start..end).unwrap_or_default())
    }
}
