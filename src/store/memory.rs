//! A store that keeps nothing past the process: the `memory` durability mode.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::{
    Definition, DefinitionChange, DurableWatch, Op, Position, RecordAt, Recovered, Store,
    StoreError,
};
use crate::ids::{QueueId, Sequence};
use crate::message::Message;

/// Everything is durable at once, as long as the process lives: queues hold their messages.
#[derive(Default)]
pub struct MemoryStore {
    queues: Sequence,
    position: AtomicU64,
}

impl Store for MemoryStore {
    fn recover(&self, _definitions: &mut dyn FnMut(Definition)) -> Result<(), StoreError> {
        Ok(())
    }

    fn recover_messages(
        &self,
        _each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError> {
        Ok(())
    }

    fn next_queue_id(&self) -> QueueId {
        QueueId(self.queues.next())
    }

    fn submit(&self, ops: &mut [Op<'_>]) -> Position {
        let first = self.position.fetch_add(ops.len() as u64, Ordering::Relaxed) + 1;
        let mut position = first;
        for op in ops {
            if let Op::Message { at, .. } = op {
                **at = RecordAt(position);
            }
            position += 1;
        }
        Position(position)
    }

    fn define(&self, _changes: &[DefinitionChange]) -> Position {
        Position(self.position.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn durable(&self) -> Position {
        Position(u64::MAX)
    }

    fn watch(&self, _watch: Arc<dyn DurableWatch>) {}

    fn read(&self, at: RecordAt) -> Result<Message, StoreError> {
        Err(StoreError::Damaged { at })
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}
