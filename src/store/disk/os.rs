//! A data directory of the operating system.
//!
//! Owns the directory's lock: two brokers on one directory would destroy it, so the second one is
//! refused. Files are never mapped into memory, because a full disk would then be a signal and
//! not an error.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::{Disk, DiskFile};
use crate::sync::pause;
use crate::sys;

/// A locked directory.
#[derive(Debug)]
pub struct OsDisk {
    path: PathBuf,
    access: Access,
    /// Holds the lock as long as it is open.
    directory: Arc<File>,
}

/// The lock of a data directory that stays when a disk that was opened with it is gone, so that no
/// other process has the directory before the next disk.
#[derive(Clone, Debug, Default)]
pub struct Hold(Arc<Mutex<Option<Arc<File>>>>);

/// What may be done to the files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    ReadWrite,
    ReadOnly,
    /// Files are opened for reading and writing, and stay as they are.
    Rehearsal,
}

/// How often a lock that is taken is tried, and how long it is waited in between.
const LOCK_TRIES: u32 = 20;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

impl OsDisk {
    /// Locks the directory at `path`, which is made if there is none.
    ///
    /// # Errors
    /// `ResourceBusy` if another process has it, or what the system says.
    pub fn open(path: &Path) -> io::Result<Self> {
        Self::open_with(path, &Hold::default())
    }

    /// The same with a lock that stays with `hold`, which may have it from an earlier disk.
    ///
    /// # Errors
    /// `ResourceBusy` if another process has it, or if a disk is still there that `hold` was given
    /// to, or what the system says.
    pub fn open_with(path: &Path, hold: &Hold) -> io::Result<Self> {
        let mut held = hold.0.lock();
        if !path.exists() {
            // It was removed: the lock is of what is no more.
            *held = None;
        }
        make(path)?;
        Self::locked(path, Access::ReadWrite, || {
            if held.is_none() {
                *held = sys::lock_directory(path)?.map(Arc::new);
            }
            let is_free = |lock: &&Arc<File>| Arc::strong_count(lock) == 1;
            Ok(held.as_ref().filter(is_free).map(Arc::clone))
        })
    }

    /// Locks the directory at `path`, whose files can be looked at but not changed; it may lie on
    /// a file system that is mounted read-only.
    ///
    /// # Errors
    /// `NotFound` if there is none, `ResourceBusy` if another process has it, or what the system
    /// says.
    pub fn open_read_only(path: &Path) -> io::Result<Self> {
        Self::locked(path, Access::ReadOnly, || lock(path))
    }

    /// Finds out whether [`open`](Self::open) would work, and calls `look` on what it would give;
    /// changes nothing. A directory that is missing is made for that long.
    ///
    /// # Errors
    /// What `open` would say.
    pub fn rehearse<T>(path: &Path, look: impl FnOnce(&Self) -> T) -> io::Result<T> {
        let made: Vec<PathBuf> = missing(path).map(Path::to_owned).collect();
        let looked = make(path).and_then(|()| {
            let disk = Self::locked(path, Access::Rehearsal, || lock(path))?;
            sys::is_writable(&disk.directory)?;
            Ok(look(&disk))
        });
        for made in made {
            // One that was not made, or that another process has put to use by now.
            if std::fs::remove_dir(made).is_err() {
                break;
            }
        }
        looked
    }

    /// A program that embeds the broker may start others meanwhile: until such a process has begun
    /// its own work it has what this one had open, and with it the lock of a broker that is gone.
    /// So one that is taken is tried again for a second.
    fn locked(
        path: &Path,
        access: Access,
        mut lock: impl FnMut() -> io::Result<Option<Arc<File>>>,
    ) -> io::Result<Self> {
        for _try in 0..LOCK_TRIES {
            if let Some(directory) = lock()? {
                return Ok(Self {
                    path: path.to_owned(),
                    access,
                    directory,
                });
            }
            pause(LOCK_PAUSE);
        }
        Err(io::Error::new(
            io::ErrorKind::ResourceBusy,
            "another process uses the data directory; stop it, or give this one a directory of \
             its own",
        ))
    }

    fn may_change(&self) -> io::Result<()> {
        match self.access {
            Access::ReadWrite => Ok(()),
            Access::ReadOnly | Access::Rehearsal => Err(io::ErrorKind::ReadOnlyFilesystem.into()),
        }
    }
}

impl OsDisk {
    /// The names in the directory that `is_wanted` takes. It is asked of what a link leads to: an
    /// operator may have moved a file to where there is room for it.
    fn names(&self, is_wanted: impl Fn(&Path) -> bool) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.path)? {
            let entry = entry?;
            if let Ok(name) = entry.file_name().into_string()
                && sys::LOCK_FILE != Some(name.as_str())
                && is_wanted(&entry.path())
            {
                names.push(name);
            }
        }
        Ok(names)
    }
}

fn lock(path: &Path) -> io::Result<Option<Arc<File>>> {
    Ok(sys::lock_directory(path)?.map(Arc::new))
}

/// The directory and those that it lies in, as far as there are none.
fn missing(path: &Path) -> impl Iterator<Item = &Path> {
    path.ancestors().take_while(|path| !path.exists())
}

/// Makes the directory and those that it lies in, in such a way that the power cannot take them
/// away again with all that is in them. Only their owner can look into them: there are messages in
/// it, and hashes of passwords.
fn make(path: &Path) -> io::Result<()> {
    if path.exists() && !path.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    let missing: Vec<&Path> = missing(path).collect();
    sys::make_directories(path)?;
    for parent in missing.iter().filter_map(|made| made.parent()) {
        let here = parent.as_os_str().is_empty();
        let parent = if here { Path::new(".") } else { parent };
        sys::sync_parent(parent)?;
    }
    Ok(())
}

impl Disk for OsDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(self.access != Access::ReadOnly)
            .open(self.path.join(name))?;
        Ok(Arc::new(OsFile(file)))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        self.may_change()?;
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        sys::make_private(&mut options);
        Ok(Arc::new(OsFile(options.open(self.path.join(name))?)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = self.names(Path::is_file)?;
        names.sort_unstable();
        Ok(names)
    }

    fn others(&self) -> io::Result<Vec<String>> {
        self.names(|path| !path.is_file())
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.may_change()?;
        std::fs::remove_file(self.path.join(name))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.may_change()?;
        std::fs::rename(self.path.join(from), self.path.join(to))
    }

    fn sync_names(&self) -> io::Result<()> {
        sys::sync_directory(&self.directory)
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }
}

struct OsFile(File);

impl DiskFile for OsFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        loop {
            match sys::read_at(&self.0, into, at) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => return other,
            }
        }
    }

    fn write_at(&self, at: u64, octets: &[u8]) -> io::Result<()> {
        sys::write_all_at(&self.0, octets, at)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}

#[cfg(test)]
mod tests;
