//! Durability behind a narrow door.
//!
//! Channels and queues say *what* must survive; a [`Store`] decides how. Every write returns a
//! [`Position`] in one broker-wide order; a confirm may leave when [`Store::durable`] has reached
//! the position of the write it answers (invariant I1). The store never routes, expires or counts.
//!
//! There is one order of records and no transaction between definitions and messages: incarnation
//! ids of queues are never reused, so records of a deleted queue are garbage by construction.
//!
//! Behind the door are wings, each of which names only those after it: [`repair`] saves what can be
//! read of a data directory, [`inspect`] looks at one, `start` finds again what it holds, `space`
//! gives room back, `log` writes, `format` knows every octet (`FORMAT.md`), [`disk`] has the files.
//! `log_store` puts them together; `definitions` and `spill` are small stores of their own beside
//! it.

use std::fmt;
use std::sync::Arc;

use crate::clock::Wall;
use crate::ids::QueueId;
use crate::message::Message;

mod counts;
mod definitions;
pub mod disk;
mod format;
pub mod inspect;
mod log;
mod log_store;
mod memory;
pub mod repair;
#[cfg(test)]
mod scripted;
mod space;
mod spill;
mod start;
mod wipe;

#[cfg(feature = "management")]
pub use counts::COMMIT_ENDS_US;
pub use counts::{DurationTotals, StoreTotals};
#[cfg(feature = "program")]
pub use definitions::is_guarded;
pub use log::turn::Turn;
pub use log::{Durability, Options};
pub use log_store::LogStore;
#[cfg(feature = "internals")]
pub use log_store::Space;
pub use memory::MemoryStore;
#[cfg(test)]
pub(crate) use scripted::ScriptedStore;
pub use spill::{Extent, Spill};
pub use start::recovery::Damage;
pub(crate) use wipe::finish_wipe;
#[cfg(feature = "program")]
pub(crate) use wipe::wipe;

/// A place in the broker-wide order of writes. Everything up to a durable position survives what
/// the durability mode promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// Where a stored message lies. [`RecordAt::NONE`] for a message that is not stored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordAt(pub u64);

impl RecordAt {
    /// Not stored.
    pub const NONE: RecordAt = RecordAt(0);

    /// Whether the message is stored.
    #[must_use]
    pub fn is_stored(self) -> bool {
        self != Self::NONE
    }
}

/// One write. A slice of them given to [`Store::submit`] is applied whole or not at all.
#[derive(Debug)]
pub enum Op<'a> {
    /// A message for one or more durable queues; its body is stored once.
    Message {
        /// The message.
        message: &'a Message,
        /// The queues, each once.
        queues: &'a [QueueId],
        /// What each queue gives the message, to have it back with [`Recovered::sequence`]; 0,
        /// as for those that are missing here, for nothing.
        sequences: &'a [u64],
        /// The store writes here where it put the message.
        at: &'a mut RecordAt,
    },
    /// These messages have left this queue for good: acked, expired, dropped. On a full disk this
    /// may be durable before what was submitted before it.
    Settled {
        /// The queue.
        queue: QueueId,
        /// Its messages.
        records: &'a [RecordAt],
    },
    /// These messages have left this queue for others, or for a program that is to have them: what
    /// was submitted before must be durable no later than this.
    Moved {
        /// The queue.
        queue: QueueId,
        /// Its messages.
        records: &'a [RecordAt],
    },
    /// A message came back to its queue; the counts survive a restart.
    Returned {
        /// The queue.
        queue: QueueId,
        /// The message.
        record: RecordAt,
        /// How often it has come back.
        returns: Returns,
    },
    /// The queue is deleted: nothing in it is needed any more.
    Dropped {
        /// The queue.
        queue: QueueId,
    },
}

/// A named thing that survives a restart, as a line of JSON in the shape of RabbitMQ's
/// definitions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Definition {
    /// What it is.
    pub kind: DefinitionKind,
    /// Names it among its kind.
    pub key: String,
    /// Its JSON object.
    pub json: String,
}

/// Kinds of definitions, in the order in which a broker that starts needs them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DefinitionKind {
    /// A virtual host.
    Vhost,
    /// A user.
    User,
    /// What a user may do in a vhost.
    Permission,
    /// What a user may do with topics of an exchange.
    TopicPermission,
    /// A runtime parameter, limits of vhosts among them.
    Parameter,
    /// A policy.
    Policy,
    /// A durable exchange.
    Exchange,
    /// A durable queue.
    Queue,
    /// A binding between durable ends.
    Binding,
    /// A parameter of the whole broker.
    GlobalParameter,
}

/// A change of a definition.
#[derive(Clone, Debug)]
pub enum DefinitionChange {
    /// Adds or replaces.
    Put(Definition),
    /// Removes; a missing one is fine.
    Delete(DefinitionKind, String),
}

/// How often a message came back to its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Returns {
    /// How often in a way that counts towards a delivery limit.
    pub delivery_count: u32,
    /// How often at all, and so how often it was handed out before.
    pub acquired_count: u32,
}

impl Returns {
    /// In 32 bits: the delivery count in the low half, what the other count is more in the high
    /// half, each 65,535 at most.
    fn packed(self) -> u32 {
        let half = |count: u32| count.min(u16::MAX.into());
        let more = self.acquired_count.saturating_sub(self.delivery_count);
        half(more) << 16 | half(self.delivery_count)
    }

    fn unpacked(packed: u32) -> Self {
        let delivery_count = packed & u32::from(u16::MAX);
        Self {
            delivery_count,
            acquired_count: delivery_count + (packed >> 16),
        }
    }
}

/// A message found at start: what its queue must know as long as it does not read it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Recovered {
    /// Where it lies.
    pub at: RecordAt,
    /// Octets of its body.
    pub body_len: u32,
    /// Octets of its exchange, routing key and properties; 0, as all others have at least two, if
    /// its queue gave it no sequence.
    pub head_len: u32,
    /// The mark of its filter value; 0 if it has none, or if its queue gave it no sequence.
    pub mark: u32,
    /// Its `priority` property.
    pub priority: Option<u8>,
    /// Its own TTL in milliseconds.
    pub ttl_ms: Option<u64>,
    /// When it was stored, in broker time of day: what is left of its TTL follows from it.
    pub stored_at: Wall,
    /// What its queue gave it; 0 for nothing.
    pub sequence: u64,
    /// How often it had come back.
    pub returns: Returns,
    /// Whether it may have been delivered before.
    pub redelivered: bool,
}

/// Why nothing can be stored for now. Confirms wait meanwhile, and publishers should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// There is no room left on the disk.
    Full,
    /// The disk refuses for another reason.
    Failing,
}

/// Told when the durable position moves. Called from the store's own thread, or from one that
/// commits by itself: must be quick.
pub trait DurableWatch: Send + Sync {
    /// Everything up to `position` is durable.
    fn on_durable(&self, position: Position);

    /// Storing has become impossible, or possible again (`None`): nothing was lost by it.
    fn on_trouble(&self, trouble: Option<Trouble>) {
        let _: Option<Trouble> = trouble;
    }
}

/// Why the store cannot do what was asked.
#[derive(Debug)]
pub enum StoreError {
    /// The record is not there or its checksum does not fit.
    Damaged {
        /// Which record.
        at: RecordAt,
    },
    /// Written by a Leveret of another version.
    Version {
        /// The file.
        file: String,
        /// Its version.
        version: u32,
        /// The version that this program reads.
        known: u32,
    },
    /// The operating system refused.
    Io {
        /// File or directory, and what was being done.
        what: String,
        /// Its answer.
        source: std::io::Error,
    },
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Damaged { at } => write!(f, "record {} is damaged or missing", at.0),
            Self::Version {
                file,
                version,
                known,
            } => write!(
                f,
                "'{file}' has format {version}, and this Leveret reads format {known}: use the \
                 Leveret that wrote it, or move the data through definitions and a shovel"
            ),
            Self::Io { what, source } => write!(f, "{what}: {source}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Damaged { .. } | Self::Version { .. } => None,
            Self::Io { source, .. } => Some(source),
        }
    }
}

/// Where durable things live. Calls keep their order: two writes by one thread are stored in the
/// order of the calls.
pub trait Store: Send + Sync {
    /// The definitions that were there when the store was opened, by kind. Called once.
    ///
    /// # Errors
    /// [`StoreError`] if the data cannot be read; nothing is changed then.
    fn recover(&self, definitions: &mut dyn FnMut(Definition)) -> Result<(), StoreError>;

    /// The messages that were there: many calls for a queue, each with some of its messages, in
    /// the order of the queue. Called once, after [`Store::recover`] and before any message is
    /// written or settled. `each` may read.
    ///
    /// # Errors
    /// [`StoreError`] if the data cannot be read.
    fn recover_messages(
        &self,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError>;

    /// A queue incarnation that was never used before.
    fn next_queue_id(&self) -> QueueId;

    /// Stages `ops` as one group and returns its position. Does not wait.
    fn submit(&self, ops: &mut [Op<'_>]) -> Position;

    /// Stages changes of definitions as one group, which survives whole or not at all, and
    /// returns its position; the first one of all if there are none. Does not wait.
    fn define(&self, changes: &[DefinitionChange]) -> Position;

    /// Asks for everything staged so far to become durable, settlements too, which would otherwise
    /// wait for company; returns its position. Does not wait.
    fn sync(&self) -> Position {
        self.durable()
    }

    /// Everything up to here is durable.
    fn durable(&self) -> Position;

    /// Octets that were submitted and are not durable yet: all of them are in memory.
    fn staged(&self) -> u64 {
        0
    }

    /// Commits what is staged on the calling thread, which blocks for it about as long as the disk
    /// takes for a short write, if that is the shortest way to `position`: no other thread commits,
    /// and the disk has been quick lately. `true` if everything up to `position` is durable now;
    /// otherwise it is on its way, and the watch will tell.
    fn commit_here(&self, position: Position) -> bool {
        self.durable() >= position
    }

    /// A connection has staged something up to `staged`. Up to where the store must be durable
    /// before more is read from the connection; `None` if it may be read at once, which is the
    /// answer as long as what waits for the disk is within its budget.
    fn read_on_at(&self, staged: Position) -> Option<Position> {
        let _: Position = staged;
        None
    }

    /// `watch` is told whenever the durable position moves.
    fn watch(&self, watch: Arc<dyn DurableWatch>);

    /// What it has done since it was opened; nothing for a store that keeps nothing.
    fn totals(&self) -> StoreTotals {
        StoreTotals::default()
    }

    /// What of it could not be read, as far as is known: at start, and since.
    fn damage(&self) -> Vec<Damage> {
        Vec::new()
    }

    /// Whether definitions were lost, at this start or an earlier one: messages of queues that are
    /// not known may be theirs, and are not given up.
    fn has_lost_definitions(&self) -> bool {
        false
    }

    /// Whether a message can be read back by now, and will be until it is settled. A store that
    /// keeps nothing never says so.
    fn can_read(&self, at: RecordAt) -> bool {
        let _: RecordAt = at;
        false
    }

    /// Reads a message back. Its position must be durable.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] if it is not what was written, [`StoreError::Io`] if the disk does
    /// not give it, which may pass.
    fn read(&self, at: RecordAt) -> Result<Message, StoreError>;

    /// Reads messages back in the order given, which is fastest in the order of their queue.
    fn read_run(
        &self,
        records: &[RecordAt],
        each: &mut dyn FnMut(RecordAt, Result<Message, StoreError>),
    ) {
        for at in records {
            each(*at, self.read(*at));
        }
    }

    /// Writes what is staged and stops. Later writes are lost.
    ///
    /// # Errors
    /// [`StoreError::Io`] if the last writes failed.
    fn close(&self) -> Result<(), StoreError>;
}
