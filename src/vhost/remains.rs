//! Messages that left a queue all at once are settled, told of and freed in turns.
//!
//! The queue is without them from the start. The answer to a purge waits for the end, and for the
//! store, so that none of them comes back with a start after it.

use std::sync::Arc;

use parking_lot::Mutex;

use super::Vhost;
use super::queue_handle::QueueHandle;
use crate::clock::Now;
use crate::queue::{Effects, Remains};
use crate::turns::{self, Left, Work};

/// Steps for each message that listeners are told of.
const TOLD_STEPS: usize = 8;

/// What a queue let go of and that is not settled yet.
struct Clearing {
    vhost: Arc<Vhost>,
    queue: Arc<QueueHandle>,
    remains: Mutex<Remains>,
}

impl Work for Clearing {
    fn turn(&self, now: Now) -> Left {
        let mut remains = self.remains.lock();
        let left = self.vhost.clear_away(now, &self.queue, &mut remains);
        if left == Left::Nothing && turns::is_owing() && self.queue.stores(true) {
            turns::reach(self.vhost.env.store.sync());
        }
        left
    }

    /// A start would find what is not settled.
    fn at_stop(&self, now: Now) {
        while self.turn(now) == Left::More {}
    }
}

impl Vhost {
    /// Settles and frees what `queue` has let go of; what has no room in this turn is left, and
    /// owed.
    pub(super) fn begin_to_clear(&self, now: Now, queue: &Arc<QueueHandle>, remains: Remains) {
        if remains.is_empty() {
            return;
        }
        if let Some(vhost) = self.me.upgrade() {
            let clearing = Clearing {
                vhost,
                queue: Arc::clone(queue),
                remains: Mutex::new(remains),
            };
            turns::begin(&self.env.turns, now, Arc::new(clearing));
        }
    }

    /// Goes on with that, as far as this turn has room for it. No lock may be held.
    pub(super) fn clear_away(
        &self,
        now: Now,
        queue: &Arc<QueueHandle>,
        remains: &mut Remains,
    ) -> Left {
        let listening = self.env.events.listening();
        while !remains.is_empty() {
            let mut effects = Effects::new(listening, false);
            effects.number(remains.order());
            let settled = remains.settle_some(&mut effects);
            self.store_effects(queue, &effects);
            if let Some(heard) = effects.heard.take() {
                turns::spend(TOLD_STEPS * heard.events.len());
                self.emit_noted(now, queue, *heard);
            }
            turns::spend(settled);
            if turns::is_over() {
                return Left::More;
            }
        }
        Left::Nothing
    }
}
