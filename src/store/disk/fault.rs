//! A disk that records what is done to it and fails when told to.
//!
//! Everything is kept in memory. [`FaultDisk::crash_image`] makes the disk that a power cut would
//! leave after any prefix of the recorded calls: what was synced is there, of the rest an
//! arbitrary part, chosen by a seed, in sectors of 512 octets.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use self::crash::{Crash, Dice, Luck, Unsynced};
use super::memory::{MemoryDisk, MemoryFile};
use super::{Disk, DiskFile};

mod crash;

/// A fault to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The n-th call from now fails, counted from 0 over calls of every kind.
    Call(u64),
    /// The n-th call from now fails, and so do all after it.
    CallsFrom(u64),
    /// The n-th write from now fails after half of its octets.
    TornWrite(u64),
    /// The n-th sync from now says it worked but does nothing.
    LostSync(u64),
    /// The n-th read from now gives half of what it could.
    ShortRead(u64),
    /// No more than this many octets fit in all files together.
    Full(u64),
}

/// Something that was done.
#[derive(Debug)]
enum Event {
    Create(String, usize),
    Rename(String, String),
    Remove(String),
    SyncNames,
    Write(usize, u64, Vec<u8>),
    SetLen(usize, u64),
    Sync(usize),
}

/// Records, and fails on demand. Clones share everything.
#[derive(Clone, Default)]
pub struct FaultDisk(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    disk: MemoryDisk,
    /// The number of each file by name; files keep theirs when they are renamed.
    numbers: BTreeMap<String, usize>,
    files: usize,
    events: Vec<Event>,
    faults: Vec<Fault>,
    calls: u64,
}

/// Kinds of calls that have faults of their own.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Call {
    Read,
    Write,
    Sync,
    Other,
}

/// What becomes of a call.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Done,
    Half,
    Lost,
    Failed,
}

impl FaultDisk {
    /// A disk that starts with these files, all of them durable.
    #[must_use]
    pub fn with_disk(disk: &MemoryDisk) -> Self {
        let new = Self::default();
        {
            let mut state = new.0.lock();
            for (name, octets) in disk.files() {
                let number = state.number(&name);
                state.events.push(Event::Create(name.clone(), number));
                state.events.push(Event::Write(number, 0, octets));
                state.events.push(Event::Sync(number));
            }
            state.events.push(Event::SyncNames);
            state.disk = MemoryDisk::with_files(disk.files());
        }
        new
    }

    /// Plans a fault.
    pub fn plan(&self, fault: Fault) {
        self.0.lock().faults.push(fault);
    }

    /// Forgets all planned faults.
    pub fn heal(&self) {
        self.0.lock().faults.clear();
    }

    /// Calls so far, of every kind.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.0.lock().calls
    }

    /// Changes so far: the longest prefix of [`FaultDisk::crash_image`].
    #[must_use]
    pub fn changes(&self) -> usize {
        self.0.lock().events.len()
    }

    /// The files as they are now, without a crash.
    #[must_use]
    pub fn now(&self) -> MemoryDisk {
        MemoryDisk::with_files(self.0.lock().disk.files())
    }

    /// Flips a bit of a file; `false` if there is no such file or octet.
    pub fn flip(&self, name: &str, octet: u64, bit: u8) -> bool {
        let Ok(file) = self.0.lock().disk.file(name) else {
            return false;
        };
        let mut one = [0];
        if !matches!(file.read_at(octet, &mut one), Ok(1)) {
            return false;
        }
        one = one.map(|value| value ^ (1 << (bit % 8)));
        file.write_at(octet, &one).is_ok()
    }

    /// What is left when the power goes after the first `prefix` changes.
    #[must_use]
    pub fn crash_image(&self, prefix: usize, seed: u64) -> MemoryDisk {
        self.remains(prefix, Luck::Dice(Dice(seed)))
    }

    /// What is left whatever happens: nothing of what is not synced by now.
    #[must_use]
    pub fn surely(&self) -> MemoryDisk {
        self.remains(usize::MAX, Luck::None)
    }

    fn remains(&self, prefix: usize, luck: Luck) -> MemoryDisk {
        let state = self.0.lock();
        let events: Vec<&Event> = state.events.iter().take(prefix).collect();
        let mut crash = Crash {
            luck,
            files: BTreeMap::new(),
        };
        let mut durable_names: BTreeMap<String, usize> = BTreeMap::new();
        let mut pending_names: Vec<&Event> = Vec::new();
        for event in events {
            match event {
                Event::Create(..) | Event::Rename(..) | Event::Remove(_) => {
                    pending_names.push(event);
                }
                Event::SyncNames => {
                    for change in pending_names.drain(..) {
                        rename(&mut durable_names, change);
                    }
                }
                Event::Write(number, at, octets) => crash.write(*number, *at, octets),
                Event::SetLen(number, len) => crash.file(*number).pending.push(Unsynced::Len(*len)),
                Event::Sync(number) => crash.file(*number).settle(),
            }
        }
        // Directories are journalled: their changes survive in order, up to some point.
        let kept = crash.luck.below(pending_names.len() as u64 + 1);
        for change in pending_names
            .iter()
            .take(usize::try_from(kept).unwrap_or(usize::MAX))
        {
            rename(&mut durable_names, change);
        }
        let files: Vec<(String, Vec<u8>)> = durable_names
            .into_iter()
            .map(|(name, number)| (name, crash.remains(number)))
            .collect();
        MemoryDisk::with_files(files)
    }
}

fn rename(names: &mut BTreeMap<String, usize>, change: &Event) {
    match change {
        Event::Create(name, number) => {
            names.insert(name.clone(), *number);
        }
        Event::Rename(from, to) => {
            if let Some(number) = names.remove(from) {
                names.insert(to.clone(), number);
            }
        }
        Event::Remove(name) => {
            names.remove(name);
        }
        _ => {}
    }
}

impl State {
    fn number(&mut self, name: &str) -> usize {
        self.files += 1;
        self.numbers.insert(name.to_owned(), self.files);
        self.files
    }

    /// Counts a call down on every planned fault.
    fn call(&mut self, call: Call) -> Outcome {
        self.calls += 1;
        let mut outcome = Outcome::Done;
        self.faults.retain_mut(|fault| {
            let (left, result) = match fault {
                Fault::Call(left) => (left, Outcome::Failed),
                Fault::CallsFrom(0) => {
                    outcome = Outcome::Failed;
                    return true;
                }
                Fault::CallsFrom(left) => {
                    *left -= 1;
                    return true;
                }
                Fault::TornWrite(left) if call == Call::Write => (left, Outcome::Half),
                Fault::LostSync(left) if call == Call::Sync => (left, Outcome::Lost),
                Fault::ShortRead(left) if call == Call::Read => (left, Outcome::Half),
                _ => return true,
            };
            if *left == 0 {
                outcome = result;
                return false;
            }
            *left -= 1;
            true
        });
        outcome
    }

    fn other(&mut self) -> io::Result<()> {
        match self.call(Call::Other) {
            Outcome::Failed => Err(fault()),
            _ => Ok(()),
        }
    }

    /// Octets that still fit.
    fn room(&self) -> u64 {
        let used = self.disk.used();
        let rooms = self.faults.iter().filter_map(|fault| match fault {
            Fault::Full(room) => Some(room.saturating_sub(used)),
            _ => None,
        });
        rooms.min().unwrap_or(u64::MAX)
    }

    fn write(
        &mut self,
        (number, file): (usize, &MemoryFile),
        at: u64,
        octets: &[u8],
    ) -> io::Result<()> {
        file.write_at(at, octets)?;
        self.events.push(Event::Write(number, at, octets.to_vec()));
        Ok(())
    }
}

fn fault() -> io::Error {
    io::Error::other("a planned fault")
}

impl Disk for FaultDisk {
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.other()?;
        let file = state.disk.file(name)?;
        let number = state.numbers.get(name).copied().unwrap_or_default();
        Ok(Arc::new(FaultFile {
            disk: self.clone(),
            number,
            file,
        }))
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.0.lock();
        state.other()?;
        state.disk.create(name)?;
        let file = state.disk.file(name)?;
        let number = state.number(name);
        state.events.push(Event::Create(name.to_owned(), number));
        Ok(Arc::new(FaultFile {
            disk: self.clone(),
            number,
            file,
        }))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut state = self.0.lock();
        state.other()?;
        state.disk.list()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.0.lock();
        state.other()?;
        state.disk.remove(name)?;
        state.numbers.remove(name);
        state.events.push(Event::Remove(name.to_owned()));
        Ok(())
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.0.lock();
        state.other()?;
        state.disk.rename(from, to)?;
        if let Some(number) = state.numbers.remove(from) {
            state.numbers.insert(to.to_owned(), number);
        }
        state
            .events
            .push(Event::Rename(from.to_owned(), to.to_owned()));
        Ok(())
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut state = self.0.lock();
        match state.call(Call::Sync) {
            Outcome::Failed => return Err(fault()),
            Outcome::Lost => return Ok(()),
            _ => {}
        }
        state.events.push(Event::SyncNames);
        Ok(())
    }

    fn place(&self) -> String {
        "a disk under test".to_owned()
    }
}

struct FaultFile {
    disk: FaultDisk,
    number: usize,
    file: MemoryFile,
}

impl DiskFile for FaultFile {
    fn size(&self) -> io::Result<u64> {
        self.disk.0.lock().other()?;
        self.file.size()
    }

    fn read_at(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let outcome = self.disk.0.lock().call(Call::Read);
        let len = match outcome {
            Outcome::Failed => return Err(fault()),
            Outcome::Half => into.len().div_ceil(2),
            _ => into.len(),
        };
        self.file
            .read_at(at, into.get_mut(..len).unwrap_or_default())
    }

    fn write_at(&self, at: u64, octets: &[u8]) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        let outcome = state.call(Call::Write);
        let file = (self.number, &self.file);
        // As a file system does: what there is room for is taken.
        let most = (self.file.size()?.saturating_add(state.room())).saturating_sub(at);
        if octets.len() as u64 > most {
            let taken = usize::try_from(most).unwrap_or(usize::MAX);
            state.write(file, at, octets.get(..taken).unwrap_or_default())?;
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        let written = match outcome {
            Outcome::Failed => return Err(fault()),
            Outcome::Half => octets.get(..octets.len() / 2).unwrap_or_default(),
            _ => octets,
        };
        state.write(file, at, written)?;
        if outcome == Outcome::Half {
            Err(fault())
        } else {
            Ok(())
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        state.other()?;
        if len.saturating_sub(self.file.size()?) > state.room() {
            return Err(io::Error::from(io::ErrorKind::StorageFull));
        }
        self.file.set_len(len)?;
        state.events.push(Event::SetLen(self.number, len));
        Ok(())
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.0.lock();
        match state.call(Call::Sync) {
            Outcome::Failed => return Err(fault()),
            Outcome::Lost => return Ok(()),
            _ => {}
        }
        state.events.push(Event::Sync(self.number));
        Ok(())
    }
}

#[cfg(test)]
mod tests;
