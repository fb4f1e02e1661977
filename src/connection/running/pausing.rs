//! When an open connection stops being read, and what its client and its heartbeat hear of it; how
//! a commit goes on that takes more than a turn.
//!
//! The reasons themselves are in [`super::super::pauses`].

use leveret_codec::methods::{ConnectionBlocked, ConnectionUnblocked};
use leveret_codec::types::{ChannelId, ShortStr};

use super::super::pauses::Change;
use super::{Failure, Io, Running, context};
use crate::clock::Now;
use crate::store::Position;
use crate::turns;

impl Running {
    /// What was published in this batch may be as much as is to wait for the disk, or for confirms:
    /// those until `unconfirmed`.
    pub(super) fn look_at_staged(&mut self, unconfirmed: Option<Position>, io: &mut Io<'_>) {
        let staged = std::mem::take(&mut io.tools.staged);
        if staged == Position::default() {
            return;
        }
        let store = &self.session.desk.env.store;
        let unconfirmed = unconfirmed.filter(|until| *until > store.durable());
        if let Some(until) = store.read_on_at(staged).max(unconfirmed) {
            let change = self.pauses.on_staged(until);
            self.on_pause(change, io.now);
        }
    }

    /// A peer that is not read is not silent.
    pub(super) fn on_pause(&mut self, change: Change, now: Now) {
        match change {
            Change::Begins => self.heartbeat.pause(),
            Change::Ends if !self.pauses.any() => self.heartbeat.resume(now.transport),
            Change::Ends | Change::None => {}
        }
    }

    pub(super) fn on_alarm(&mut self, reason: Option<&'static str>, io: &mut Io<'_>) {
        let change = self.pauses.on_alarm(reason);
        self.on_pause(change, io.now);
        if change == Change::Ends && self.session.capabilities.connection_blocked {
            io.outbox
                .method(ChannelId::ZERO, &ConnectionUnblocked::default().into());
        }
    }

    /// A publish has begun during an alarm: from here on nothing is read.
    pub(super) fn block(&mut self, reason: &'static str, io: &mut Io<'_>) {
        let change = self.pauses.block();
        self.on_pause(change, io.now);
        if self.session.capabilities.connection_blocked {
            let blocked = ConnectionBlocked {
                reason: ShortStr::new(reason).unwrap_or_default(),
            };
            io.outbox.method(ChannelId::ZERO, &blocked.into());
        }
    }

    /// A commit of the channel `id` is not done: nothing is read before it is.
    pub(super) fn commit(&mut self, id: ChannelId, io: &Io<'_>) {
        self.committing = Some(id);
        let change = self.pauses.on_commit();
        self.on_pause(change, io.now);
    }

    /// Goes on with a commit, as far as this turn has room for it. `false` if there is nothing to
    /// do for it now.
    pub(in crate::connection) fn go_on(&mut self, io: &mut Io<'_>) -> Result<bool, Failure> {
        let Some(id) = self.committing else {
            return Ok(false);
        };
        if turns::is_over() {
            return Ok(true);
        }
        let mut done = Ok(());
        if let Some(channel) = self.channels.touch(id)
            && channel.is_committing()
        {
            if !channel.can_go_on(io.outbox) {
                return Ok(false);
            }
            done = channel.go_on(&mut context(&self.session, io));
            if channel.is_committing() {
                return Ok(true);
            }
        }
        self.committing = None;
        let change = self.pauses.on_committed();
        self.on_pause(change, io.now);
        if let Err(error) = done {
            self.fail(id, error, io)?;
        }
        Ok(true)
    }
}
