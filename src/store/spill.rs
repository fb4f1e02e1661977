//! A log for messages that need not survive: where a transient backlog waits outside of memory.
//!
//! Owns files called `spill-NUMBER` beside those of the store. They are never synced, and what is
//! found of them at start is removed: nothing in them is worth more than the process that wrote
//! it. Messages are written in extents, many at a time, and an extent is given back as a whole; a
//! file without extents is removed, or written again from its beginning.
//!
//! A message is the length of what follows its checksum, a CRC32C, and then flags, priority,
//! expiration if it has one, exchange and routing key, length of the properties, properties and
//! body; numbers are little-endian.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::ShortBytes;
use parking_lot::Mutex;

use super::disk::{Disk, DiskFile, read_full};
use crate::message::{Body, LARGE_BODY, Message, MessageBuilder, Traits};

/// Octets after which a new file is begun.
const FILE_LEN: u64 = 64 * 1024 * 1024;
/// What the names of all files begin with.
const PREFIX: &str = "spill-";
/// Octets in front of every message: length and checksum.
const FRAME_HEAD: usize = 8;

const PERSISTENT: u8 = 1;
const HAS_BCC: u8 = 2;
const DIED_BEFORE: u8 = 4;
const EXPIRES: u8 = 8;
const KEYS_REPLACED: u8 = 16;

/// Where messages were spilled to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Number of the file.
    file: u64,
    /// Octets in front of it.
    from: u64,
    /// Octets in it.
    len: u64,
}

/// See the module.
pub struct Spill {
    disk: Arc<dyn Disk>,
    files: Mutex<Files>,
}

#[derive(Default)]
struct Files {
    by_number: BTreeMap<u64, File>,
    /// The number of the file that is written to, once there is one.
    current: u64,
    /// Octets in that file.
    end: u64,
}

struct File {
    file: Arc<dyn DiskFile>,
    /// Octets in extents that are still needed.
    live: u64,
}

impl Spill {
    /// An empty spill log on `disk`; what an earlier process left of one is removed.
    ///
    /// # Errors
    /// What the system says.
    pub fn open(disk: Arc<dyn Disk>) -> io::Result<Self> {
        for name in disk.list()? {
            if name.starts_with(PREFIX) {
                disk.remove(&name)?;
            }
        }
        Ok(Self {
            disk,
            files: Mutex::default(),
        })
    }

    /// Where this is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        self.disk.place()
    }

    /// Octets in extents that are still needed.
    #[must_use]
    pub fn octets(&self) -> u64 {
        let files = self.files.lock();
        files.by_number.values().map(|file| file.live).sum()
    }

    /// Writes messages behind each other.
    ///
    /// # Errors
    /// What the system says; nothing is kept then.
    pub fn write(&self, messages: &[&Message]) -> io::Result<Extent> {
        let size = |message: &&Message| message.memory() + FRAME_HEAD;
        let mut octets = Vec::with_capacity(messages.iter().map(size).sum());
        for message in messages {
            encode(message, &mut octets);
        }
        let (extent, file) = self.reserve(octets.len() as u64)?;
        // Outside of the lock: this place is reserved for this call.
        match file.write_at(extent.from, &octets) {
            Ok(()) => Ok(extent),
            Err(error) => {
                self.free(extent);
                Err(error)
            }
        }
    }

    fn reserve(&self, len: u64) -> io::Result<(Extent, Arc<dyn DiskFile>)> {
        let mut files = self.files.lock();
        let begins = files.by_number.is_empty() || files.end > 0 && files.end + len > FILE_LEN;
        if begins {
            let number = files.current + 1;
            let file = self.disk.create(&name(number))?;
            files.by_number.insert(number, File { file, live: 0 });
            let before = std::mem::replace(&mut files.current, number);
            files.end = 0;
            self.remove_if_unneeded(&mut files, before);
        }
        let (number, from) = (files.current, files.end);
        files.end += len;
        let file = files.by_number.get_mut(&number);
        let file = file.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        file.live += len;
        let extent = Extent {
            file: number,
            from,
            len,
        };
        Ok((extent, Arc::clone(&file.file)))
    }

    /// Gives an extent back.
    pub fn free(&self, extent: Extent) {
        let mut files = self.files.lock();
        if let Some(file) = files.by_number.get_mut(&extent.file) {
            file.live = file.live.saturating_sub(extent.len);
        }
        self.remove_if_unneeded(&mut files, extent.file);
    }

    fn remove_if_unneeded(&self, files: &mut Files, number: u64) {
        let unneeded = |file: &File| file.live == 0;
        if !files.by_number.get(&number).is_some_and(unneeded) {
            return;
        }
        if files.current == number {
            files.end = 0;
            return;
        }
        files.by_number.remove(&number);
        // A name that stays is found and removed at the next start.
        if let Err(error) = self.disk.remove(&name(number)) {
            crate::log::warn!("cannot remove '{}/{}': {error}", self.place(), name(number));
        }
    }

    /// Reads an extent back in one go: every message in order, `None` for a damaged one. Ends
    /// early if there is no telling where the next one begins.
    ///
    /// # Errors
    /// What the system says.
    pub fn read(&self, extent: Extent, each: &mut dyn FnMut(Option<Message>)) -> io::Result<()> {
        let file = {
            let files = self.files.lock();
            let file = files.by_number.get(&extent.file);
            file.map(|file| Arc::clone(&file.file))
                .ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?
        };
        let len = usize::try_from(extent.len).map_err(io::Error::other)?;
        let mut octets = vec![0; len];
        let read = read_full(&*file, extent.from, &mut octets)?;
        octets.truncate(read);
        let mut builder = MessageBuilder::default();
        let mut rest = Rest(&octets);
        while let Some((octets, checksum)) = rest.frame() {
            let whole = crc32c::crc32c(octets) == checksum;
            each(whole.then(|| decode(Rest(octets), &mut builder)).flatten());
        }
        Ok(())
    }
}

fn name(number: u64) -> String {
    format!("{PREFIX}{number:06}")
}

fn encode(message: &Message, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend([0; FRAME_HEAD]);
    let traits = message.traits();
    let flag = |set: bool, flag: u8| if set { flag } else { 0 };
    let flags = flag(traits.persistent, PERSISTENT)
        | flag(traits.has_bcc, HAS_BCC)
        | flag(traits.died_before, DIED_BEFORE)
        | flag(traits.keys_replaced, KEYS_REPLACED)
        | flag(traits.expiration_ms.is_some(), EXPIRES);
    out.extend([flags, traits.priority]);
    if let Some(ms) = traits.expiration_ms {
        out.extend(ms.to_le_bytes());
    }
    out.extend(message.routing_octets());
    let properties = message.properties().as_bytes();
    out.extend(length(properties).to_le_bytes());
    out.extend(properties);
    out.extend(message.body());
    let octets = out.get(start + FRAME_HEAD..).unwrap_or_default();
    let head = [length(octets), crc32c::crc32c(octets)].map(u32::to_le_bytes);
    if let Some(place) = out.get_mut(start..start + FRAME_HEAD) {
        place.copy_from_slice(head.as_flattened());
    }
}

fn length(octets: &[u8]) -> u32 {
    u32::try_from(octets.len()).expect("limits keep messages far below 4 GiB")
}

fn decode(mut rest: Rest<'_>, builder: &mut MessageBuilder) -> Option<Message> {
    let [flags, priority] = rest.array()?;
    let expiration_ms = if flags & EXPIRES == 0 {
        None
    } else {
        Some(u64::from_le_bytes(rest.array()?))
    };
    let traits = Traits {
        persistent: flags & PERSISTENT != 0,
        has_bcc: flags & HAS_BCC != 0,
        died_before: flags & DIED_BEFORE != 0,
        keys_replaced: flags & KEYS_REPLACED != 0,
        priority,
        expiration_ms,
    };
    let (exchange, routing_key) = (rest.short()?, rest.short()?);
    let properties = u32::from_le_bytes(rest.array()?);
    let properties = PropertiesRef::new(rest.take(usize::try_from(properties).ok()?)?);
    let body = if rest.0.len() >= LARGE_BODY {
        Body::Shared(Bytes::copy_from_slice(rest.0))
    } else {
        Body::Copied(rest.0)
    };
    Some(builder.build(exchange, routing_key, properties, body, traits))
}

/// Octets that are not decoded yet.
struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    fn short(&mut self) -> Option<ShortBytes<'a>> {
        let [len] = self.array()?;
        ShortBytes::new(self.take(usize::from(len))?)
    }

    /// A message's octets and their checksum.
    fn frame(&mut self) -> Option<(&'a [u8], u32)> {
        let len = u32::from_le_bytes(self.array()?);
        let checksum = u32::from_le_bytes(self.array()?);
        Some((self.take(usize::try_from(len).ok()?)?, checksum))
    }
}

#[cfg(test)]
mod tests;
