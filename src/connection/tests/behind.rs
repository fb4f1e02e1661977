//! A store that is durable as far as the test says.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

use super::*;
use crate::ids::QueueId;
use crate::message::Message;
use crate::store::{
    Definition, DefinitionChange, DurableWatch, Op, RecordAt, Recovered, Store, StoreError,
};

/// See the module. It has a budget for what is not durable.
#[derive(Default)]
pub(in crate::connection) struct Behind {
    memory: MemoryStore,
    staged: AtomicU64,
    durable: AtomicU64,
    pub(in crate::connection) is_over_budget: AtomicBool,
    /// Definitions are not durable at once either.
    pub(in crate::connection) defines_late: AtomicBool,
    watches: Mutex<Vec<Arc<dyn DurableWatch>>>,
}

impl Store for Behind {
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
        let position = self.memory.submit(ops);
        self.staged.fetch_max(position.0, Ordering::Relaxed);
        position
    }

    fn define(&self, changes: &[DefinitionChange]) -> Position {
        if !self.defines_late.load(Ordering::Relaxed) {
            return Position::default();
        }
        let position = self.memory.define(changes);
        self.staged.fetch_max(position.0, Ordering::Relaxed);
        position
    }

    fn durable(&self) -> Position {
        Position(self.durable.load(Ordering::Relaxed))
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
        Ok(())
    }
}

impl Behind {
    /// Where the log ends with all that was staged.
    pub(in crate::connection) fn staged(&self) -> Position {
        Position(self.staged.load(Ordering::Relaxed))
    }

    /// Everything that was staged is durable.
    pub(in crate::connection) fn catch_up(&self) -> Position {
        let staged = self.staged.load(Ordering::Relaxed);
        self.durable.store(staged, Ordering::Relaxed);
        Position(staged)
    }

    /// Says so to the broker.
    pub(in crate::connection) fn tell(&self) {
        let watches = self.watches.lock().clone();
        for watch in watches {
            watch.on_durable(self.durable());
        }
    }
}
