//! The channel table of one connection.
//!
//! ```text
//!            channel.open              channel error
//!   (none) ───────────────▶ Open ───────────────────────▶ Closing
//!    │ ▲                     │ channel.close                │ channel.close-ok
//!    │ └─────────────────────┴──────────────────────────────┘
//!    │ basic.publish
//!    └───────────────▶ Unopened: 504 once the content is whole
//! ```
//!
//! While a number is `Closing`, everything the client sent before it saw our channel.close is
//! dropped (I8), if it is in its place. Lookups remember the last number, because frames of a
//! content come in a row.

use std::collections::HashMap;

use leveret_codec::types::ChannelId;

use crate::auth::ChannelGuard;
use crate::channel::{Channel, DroppedContent};
use crate::ids::ConnectionId;
use crate::inquiry::{ChannelSnapshot, Detail};

/// The numbers in use.
#[derive(Default)]
pub(super) struct Channels {
    slots: Vec<Slot>,
    by_id: HashMap<ChannelId, usize>,
    /// Where the last lookup ended.
    last: usize,
    open: usize,
    /// Most of them that may be open; 0 for no limit.
    max: usize,
    /// Places of channels that did something since the last [`Channels::take_touched`].
    touched: Vec<ChannelId>,
}

struct Slot {
    id: ChannelId,
    touched: bool,
    state: State,
}

/// What a channel number is.
pub(super) enum State {
    /// In use.
    Open {
        channel: Box<Channel>,
        /// Its place among the counted channels, given back with it.
        _place: Option<ChannelGuard>,
    },
    /// We sent channel.close and wait for the answer.
    Closing(Box<DroppedContent>),
    /// A content has begun on a free number.
    Unopened(Box<DroppedContent>),
}

impl Channels {
    /// No channel, of `max` that there may be; 0 for no limit.
    pub(super) fn new(max: u16) -> Self {
        Self {
            max: usize::from(max),
            ..Self::default()
        }
    }

    /// What `id` is; `None` if it is free.
    pub(super) fn get(&mut self, id: ChannelId) -> Option<&mut State> {
        let at = self.find(id)?;
        self.slots.get_mut(at).map(|slot| &mut slot.state)
    }

    /// All open channels, as a view shows them.
    pub(super) fn snapshots(
        &self,
        connection: ConnectionId,
        detail: Detail,
    ) -> Vec<ChannelSnapshot> {
        let open = self.slots.iter().filter_map(|slot| match &slot.state {
            State::Open { channel, .. } => Some(channel.snapshot(connection, detail)),
            State::Closing(_) | State::Unopened(_) => None,
        });
        open.collect()
    }

    /// The open channel `id`, marked as one that has something to flush.
    #[inline]
    pub(super) fn touch(&mut self, id: ChannelId) -> Option<&mut Channel> {
        let at = self.find(id)?;
        let slot = self.slots.get_mut(at)?;
        let State::Open { channel, .. } = &mut slot.state else {
            return None;
        };
        if !slot.touched {
            slot.touched = true;
            self.touched.push(id);
        }
        Some(channel)
    }

    /// Takes the number `id`, which must be free, into use.
    pub(super) fn open(&mut self, id: ChannelId, place: Option<ChannelGuard>) {
        let channel = Box::new(Channel::new(id));
        let state = State::Open {
            channel,
            _place: place,
        };
        self.add(id, state);
    }

    /// A content begins on the number `id`, which must be free.
    pub(super) fn begin_unopened(&mut self, id: ChannelId, content: DroppedContent) {
        self.add(id, State::Unopened(Box::new(content)));
    }

    fn add(&mut self, id: ChannelId, state: State) {
        self.last = self.slots.len();
        let before = self.by_id.insert(id, self.slots.len());
        assert!(
            before.is_none(),
            "I8: channel {id} is open or still closing"
        );
        self.open += 1;
        let (open, max) = (self.open, self.max);
        assert!(max == 0 || open <= max, "I11: {open} channels of {max}");
        self.slots.push(Slot {
            id,
            touched: false,
            state,
        });
    }

    /// Marks the open channel `id` as closing and hands it out, to be closed.
    pub(super) fn start_closing(&mut self, id: ChannelId) -> Option<Box<Channel>> {
        let state = self.get(id)?;
        let State::Open { channel, .. } = state else {
            return None;
        };
        let closing = State::Closing(Box::new(DroppedContent::rest_of(channel)));
        let State::Open { channel, .. } = std::mem::replace(state, closing) else {
            return None;
        };
        self.open -= 1;
        Some(channel)
    }

    /// Frees the number `id`.
    pub(super) fn remove(&mut self, id: ChannelId) -> Option<Box<Channel>> {
        let at = self.by_id.remove(&id)?;
        let slot = self.slots.swap_remove(at);
        if let Some(moved) = self.slots.get(at) {
            self.by_id.insert(moved.id, at);
        }
        match slot.state {
            State::Open { channel, .. } => {
                self.open -= 1;
                Some(channel)
            }
            State::Unopened(_) => {
                self.open -= 1;
                None
            }
            State::Closing(_) => None,
        }
    }

    /// How many channels there are, as their limit counts them: those on which a content came
    /// before channel.open are in.
    pub(super) fn open_count(&self) -> usize {
        self.open
    }

    /// Numbers of the open channels.
    pub(super) fn open_ids(&self) -> Vec<ChannelId> {
        let open = |slot: &&Slot| matches!(slot.state, State::Open { .. });
        self.slots.iter().filter(open).map(|slot| slot.id).collect()
    }

    /// All numbers in use, whatever they are.
    pub(super) fn ids(&self) -> Vec<ChannelId> {
        self.slots.iter().map(|slot| slot.id).collect()
    }

    /// The channels that did something since the last call. Give the vector back with
    /// [`Channels::keep`].
    pub(super) fn take_touched(&mut self) -> Vec<ChannelId> {
        std::mem::take(&mut self.touched)
    }

    /// Takes back what [`Channels::take_touched`] gave, and clears the marks.
    pub(super) fn keep(&mut self, mut touched: Vec<ChannelId>) {
        for &id in &touched {
            if let Some(at) = self.find(id)
                && let Some(slot) = self.slots.get_mut(at)
            {
                slot.touched = false;
            }
        }
        touched.clear();
        if self.touched.is_empty() {
            self.touched = touched;
        }
    }

    #[inline]
    fn find(&mut self, id: ChannelId) -> Option<usize> {
        if self.slots.get(self.last).is_some_and(|slot| slot.id == id) {
            return Some(self.last);
        }
        self.find_other(id)
    }

    #[inline(never)]
    fn find_other(&mut self, id: ChannelId) -> Option<usize> {
        self.last = *self.by_id.get(&id)?;
        Some(self.last)
    }
}

#[cfg(test)]
mod tests;
