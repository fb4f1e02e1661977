//! A store that mixes up the order of messages, to see that the model notices.

use std::sync::Arc;

use leveret::internals::ids::QueueId;
use leveret::internals::message::Message;
use leveret::internals::store::{
    Damage, Definition, DefinitionChange, DurableWatch, LogStore, Op, Position, RecordAt,
    Recovered, Store, StoreError,
};

/// Passes everything on, but for two neighbours that change places now and then.
pub(crate) struct Mixed {
    store: LogStore,
    when: When,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum When {
    Start,
    Read,
}

impl Mixed {
    /// The second and third message that a queue is told of at start change places.
    pub(crate) fn at_start(store: LogStore) -> Self {
        let when = When::Start;
        Self { store, when }
    }

    /// The first two of a run of messages that is read change places.
    pub(crate) fn when_read(store: LogStore) -> Self {
        let when = When::Read;
        Self { store, when }
    }
}

impl Store for Mixed {
    fn recover(&self, definitions: &mut dyn FnMut(Definition)) -> Result<(), StoreError> {
        self.store.recover(definitions)
    }

    fn recover_messages(
        &self,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError> {
        self.store.recover_messages(&mut |queue, batch| {
            let mut batch = batch.to_vec();
            if self.when == When::Start && batch.len() > 2 {
                batch.swap(1, 2);
            }
            each(queue, &batch);
        })
    }

    fn next_queue_id(&self) -> QueueId {
        self.store.next_queue_id()
    }

    fn submit(&self, ops: &mut [Op<'_>]) -> Position {
        self.store.submit(ops)
    }

    fn define(&self, changes: &[DefinitionChange]) -> Position {
        self.store.define(changes)
    }

    fn durable(&self) -> Position {
        self.store.durable()
    }

    fn watch(&self, watch: Arc<dyn DurableWatch>) {
        self.store.watch(watch);
    }

    fn damage(&self) -> Vec<Damage> {
        self.store.damage()
    }

    fn can_read(&self, at: RecordAt) -> bool {
        self.store.can_read(at)
    }

    fn read(&self, at: RecordAt) -> Result<Message, StoreError> {
        self.store.read(at)
    }

    fn read_run(
        &self,
        records: &[RecordAt],
        each: &mut dyn FnMut(RecordAt, Result<Message, StoreError>),
    ) {
        let mut messages = Vec::new();
        self.store
            .read_run(records, &mut |_, message| messages.push(message));
        if self.when == When::Read && messages.len() > 1 {
            messages.swap(0, 1);
        }
        for (at, message) in records.iter().zip(messages) {
            each(*at, message);
        }
    }

    fn close(&self) -> Result<(), StoreError> {
        self.store.close()
    }
}
