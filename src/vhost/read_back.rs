//! Stored messages that are read back at start.

use crate::env::Environment;
use crate::ids::QueueId;
use crate::message::Message;
use crate::store::{Op, RecordAt, Recovered, StoreError};

/// Reads stored messages one after the other. What is damaged is reported, and settled.
pub(super) fn read_all(
    env: &Environment,
    queue: QueueId,
    recovered: &[Recovered],
    each: &mut dyn FnMut(&Recovered, Message),
) {
    let records: Vec<RecordAt> = recovered.iter().map(|recovered| recovered.at).collect();
    let mut damaged = Vec::new();
    let mut next = recovered.iter();
    env.store.read_run(&records, &mut |at, message| {
        let Some(recovered) = next.next() else { return };
        match message {
            Ok(message) => each(recovered, message),
            Err(error) => {
                crate::log::error!("stored message {} cannot be read back: {error}", at.0);
                if matches!(error, StoreError::Damaged { .. }) {
                    damaged.push(at);
                }
            }
        }
    });
    if !damaged.is_empty() {
        env.store.submit(&mut [Op::Settled {
            queue,
            records: &damaged,
        }]);
    }
}
