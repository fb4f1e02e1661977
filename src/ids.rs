//! Numbers that name things inside the broker. None is ever used twice in a process.

use std::collections::HashMap;
use std::fmt;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, f)
            }
        }
    )*};
}

ids! {
    /// A connection of a client.
    ConnectionId;
    /// A consumer, whatever its tag.
    ConsumerId;
    /// A message on its way into queues, while messages are listened to.
    MessageId;
    /// An incarnation of a queue: a queue that is deleted and declared again has another one.
    /// The store never gives one out twice, across restarts too.
    QueueId;
}

/// Hashes the numbers of this module for tables. Only this program chooses them, so spreading them
/// is enough.
#[derive(Clone, Copy, Debug, Default)]
pub struct IdHash(u64);

/// A map from ids.
pub type IdMap<K, V> = HashMap<K, V, BuildHasherDefault<IdHash>>;

impl Hasher for IdHash {
    #[inline]
    fn write_u64(&mut self, id: u64) {
        // Fibonacci hashing: neighbours end far apart in the high bits, which tables use, too.
        self.0 = (self.0 ^ id).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 ^= self.0 >> 32;
    }

    fn write(&mut self, octets: &[u8]) {
        octets
            .iter()
            .for_each(|&octet| self.write_u64(octet.into()));
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// Counts from 1.
#[derive(Debug, Default)]
pub struct Sequence(AtomicU64);

impl Sequence {
    /// A sequence whose first number is `last` + 1.
    #[must_use]
    pub const fn after(last: u64) -> Self {
        Self(AtomicU64::new(last))
    }

    /// The next number.
    pub fn next(&self) -> u64 {
        self.take(1)
    }

    /// The first of the next `n` numbers.
    pub fn take(&self, n: u64) -> u64 {
        self.0.fetch_add(n, Ordering::Relaxed) + 1
    }
}
