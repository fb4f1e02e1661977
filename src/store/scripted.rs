//! A store for tests: in memory, durable as far as the test says, and with a memory of its own for
//! definitions.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use super::{
    Definition, DefinitionChange, DefinitionKind, DurableWatch, MemoryStore, Op, Position,
    RecordAt, Recovered, Store, StoreError,
};
use crate::ids::QueueId;
use crate::message::Message;
use crate::sync::Mutex;

/// See the module.
#[derive(Default)]
pub(crate) struct ScriptedStore {
    memory: MemoryStore,
    /// Nothing is durable before the test says so. Otherwise everything is at once.
    is_behind: bool,
    staged: AtomicU64,
    durable: AtomicU64,
    /// What is not durable takes more memory than it may.
    pub(crate) is_over_budget: AtomicBool,
    /// Definitions wait for the test too; not at first.
    pub(crate) defines_late: AtomicBool,
    /// A connection may commit on its own thread; not at first.
    pub(crate) commits_here: AtomicBool,
    commits: AtomicU64,
    /// Records that were settled, and those of them that go no earlier than what came before.
    settled: AtomicU64,
    moved: AtomicU64,
    definitions: Mutex<BTreeMap<(DefinitionKind, String), String>>,
    groups: AtomicU64,
    submitted: AtomicU64,
    watches: Mutex<Vec<Arc<dyn DurableWatch>>>,
}

impl ScriptedStore {
    /// One that is durable as far as the test says: [`ScriptedStore::reach`].
    pub(crate) fn behind() -> Self {
        Self {
            is_behind: true,
            ..Self::default()
        }
    }

    /// Everything up to `position` is durable, of which the watches are not told yet.
    pub(crate) fn reach(&self, position: Position) {
        self.durable.fetch_max(position.0, Ordering::Relaxed);
    }

    /// Everything that was staged is durable; gives up to where.
    pub(crate) fn catch_up(&self) -> Position {
        let end = self.end();
        self.reach(end);
        end
    }

    /// Tells the watches how far it is.
    pub(crate) fn tell(&self) {
        let watches = self.watches.lock().clone();
        for watch in watches {
            watch.on_durable(self.durable());
        }
    }

    /// Where the log ends with all that was staged.
    pub(crate) fn end(&self) -> Position {
        Position(self.staged.load(Ordering::Relaxed))
    }

    /// How often a connection has committed on its own thread.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// How many records were settled, and how many as such that must go no earlier than what was
    /// submitted before them.
    pub(crate) fn settled_and_moved(&self) -> (u64, u64) {
        let count = |counted: &AtomicU64| counted.load(Ordering::Relaxed);
        (count(&self.settled), count(&self.moved))
    }

    /// The definitions that a start would find: kind and key, and the record as JSON.
    pub(crate) fn definitions(&self) -> BTreeMap<(DefinitionKind, String), String> {
        self.definitions.lock().clone()
    }

    /// How many groups of changes it was given.
    pub(crate) fn groups(&self) -> u64 {
        self.groups.load(Ordering::Relaxed)
    }

    /// How many groups of messages and settlements it was given.
    pub(crate) fn submitted(&self) -> u64 {
        self.submitted.load(Ordering::Relaxed)
    }

    fn stage(&self, position: Position) -> Position {
        self.staged.fetch_max(position.0, Ordering::Relaxed);
        position
    }
}

impl Store for ScriptedStore {
    fn recover(&self, definitions: &mut dyn FnMut(Definition)) -> Result<(), StoreError> {
        self.memory.recover(definitions)
    }

    fn recover_messages(
        &self,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError> {
        self.memory.recover_messages(each)
    }

    fn next_queue_id(&self) -> QueueId {
        self.memory.next_queue_id()
    }

    fn submit(&self, ops: &mut [Op<'_>]) -> Position {
        for op in ops.iter() {
            let (count, records) = match op {
                Op::Settled { records, .. } => (&self.settled, records),
                Op::Moved { records, .. } => (&self.moved, records),
                _ => continue,
            };
            count.fetch_add(records.len() as u64, Ordering::Relaxed);
        }
        self.submitted.fetch_add(1, Ordering::Relaxed);
        self.stage(self.memory.submit(ops))
    }

    fn define(&self, changes: &[DefinitionChange]) -> Position {
        let mut definitions = self.definitions.lock();
        for change in changes.iter().cloned() {
            match change {
                DefinitionChange::Put(Definition { kind, key, json }) => {
                    definitions.insert((kind, key), json);
                }
                DefinitionChange::Delete(kind, key) => {
                    definitions.remove(&(kind, key));
                }
            }
        }
        drop(definitions);
        self.groups.fetch_add(1, Ordering::Relaxed);
        if self.is_behind && !self.defines_late.load(Ordering::Relaxed) {
            return Position::default();
        }
        self.stage(self.memory.define(changes))
    }

    fn durable(&self) -> Position {
        match self.is_behind {
            true => Position(self.durable.load(Ordering::Relaxed)),
            false => self.memory.durable(),
        }
    }

    fn commit_here(&self, position: Position) -> bool {
        if self.commits_here.load(Ordering::Relaxed) {
            self.commits.fetch_add(1, Ordering::Relaxed);
            self.reach(position);
        }
        self.durable() >= position
    }

    fn read_on_at(&self, staged: Position) -> Option<Position> {
        let is_over = self.is_over_budget.load(Ordering::Relaxed);
        is_over.then_some(staged)
    }

    fn watch(&self, watch: Arc<dyn DurableWatch>) {
        self.watches.lock().push(watch);
    }

    fn read(&self, at: RecordAt) -> Result<Message, StoreError> {
        self.memory.read(at)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.memory.close()
    }
}
