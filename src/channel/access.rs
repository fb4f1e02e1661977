//! The exchange that a publisher was last allowed to write to, kept until any rights change.

use leveret_codec::types::{ShortByteBuf, ShortBytes};

use crate::auth::Operation;
use crate::desk::Actor;
use crate::error::AmqpError;

/// See the module.
#[derive(Default)]
pub(super) struct WriteAccess {
    generation: u64,
    written: Option<ShortByteBuf>,
}

impl WriteAccess {
    /// Fails unless `actor` may write to the exchange `name`.
    ///
    /// # Errors
    /// 403, closes the channel.
    pub(super) fn check(&mut self, actor: &Actor, name: ShortBytes<'_>) -> Result<(), AmqpError> {
        let generation = actor.desk.auth.generation();
        let kept = self.written.as_ref();
        if self.generation == generation && kept.is_some_and(|kept| *kept == name) {
            return Ok(());
        }
        actor.check_exchange(Operation::Write, name)?;
        self.generation = generation;
        self.written = Some(name.into());
        Ok(())
    }
}
