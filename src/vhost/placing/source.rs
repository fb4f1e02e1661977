//! Where placed messages come from, and what listeners are told of that.
//!
//! Costs nothing while no listener is there: a batch has numbers only once it is announced.

use std::ops::Range;
use std::sync::Arc;

use leveret_codec::types::ShortString;

use super::Publishes;
use crate::clock::Now;
use crate::events::{CopyId, Event, Events, Fate, Party};
use crate::ids::MessageId;
use crate::queue::{Effects, Origin};
use crate::vhost::routing::Target;

/// Where messages come from, as listeners are told.
#[derive(Debug, Default)]
pub(in crate::vhost) struct Source {
    /// Which way.
    way: Way,
    /// The number of the first message, while messages are listened to.
    first: Option<MessageId>,
    /// Messages that no queue was found for, by their number in the batch, and whether they were
    /// returned to their publisher.
    unroutable: Vec<(usize, bool)>,
}

/// Which way messages come.
#[derive(Debug, Default)]
enum Way {
    /// A client publishes them; the channel is known while messages are listened to.
    #[default]
    Unknown,
    Published(Arc<Party>),
    /// The same in a transaction, which is committed now.
    Committed(Arc<Party>),
    /// A copy died.
    Died(CopyId),
    /// An operator moves a copy.
    Moved(CopyId),
    /// A delay is over.
    Delayed(CopyId),
    /// An exchange gives its history to a new binding.
    Replayed,
    /// The broker says something itself.
    Own,
}

impl Way {
    fn origin(&self) -> Origin {
        let mut origin = Origin::default();
        match self {
            Self::Published(party) | Self::Committed(party) => {
                origin.publisher = Some(Arc::clone(party));
            }
            Self::Died(copy) | Self::Moved(copy) => origin.died = Some(*copy),
            Self::Delayed(copy) => origin.kept = Some(*copy),
            Self::Unknown | Self::Replayed | Self::Own => {}
        }
        origin
    }
}

impl Source {
    /// Whether a client publishes the messages.
    pub(super) fn is_published(&self) -> bool {
        matches!(
            self.way,
            Way::Unknown | Way::Published(_) | Way::Committed(_)
        )
    }

    /// The channel that publishes them now, in no transaction.
    pub(in crate::vhost) fn publisher(&self) -> Option<&Arc<Party>> {
        match &self.way {
            Way::Published(party) => Some(party),
            _ => None,
        }
    }

    /// Says which of the batch were pushed into the queue that made `effects`.
    pub(super) fn name(&self, pushed: &[Range<usize>], effects: &mut Effects) {
        let Some(MessageId(first)) = self.first else {
            return;
        };
        let numbers = pushed.iter().cloned().flatten();
        let ids = numbers.map(|number| MessageId(first + number as u64));
        effects.name_arrivals(ids, &self.way.origin());
    }

    pub(super) fn clear(&mut self) {
        self.way = Way::Unknown;
        self.first = None;
        self.unroutable.clear();
    }
}

impl Publishes {
    /// For a message that is a dead letter of `copy`.
    pub(in crate::vhost) fn of_dead(mut self, copy: CopyId) -> Self {
        self.source.way = Way::Died(copy);
        self
    }

    /// For messages that an operator moves; while messages are listened to this is one, `copy`.
    pub(in crate::vhost) fn of_moved(mut self, copy: CopyId) -> Self {
        self.source.way = Way::Moved(copy);
        self
    }

    /// For a message whose delay is over; it was kept as `copy`.
    pub(in crate::vhost) fn of_delayed(mut self, copy: CopyId) -> Self {
        self.source.way = Way::Delayed(copy);
        self
    }

    /// For a message of the broker itself.
    pub(in crate::vhost) fn of_broker(mut self) -> Self {
        self.source.way = Way::Own;
        self
    }

    /// For messages of an exchange's history.
    pub(in crate::vhost) fn of_history(mut self) -> Self {
        self.source.way = Way::Replayed;
        self
    }

    /// The publisher, while a listener to messages is there.
    pub fn published_by(&mut self, party: Arc<Party>) {
        self.source.way = Way::Published(party);
    }

    /// The publisher whose transaction is committed, while a listener to messages is there.
    pub fn committed_by(&mut self, party: Arc<Party>) {
        self.source.way = Way::Committed(party);
    }

    /// The message that is pushed next has no queue, and was `returned` to its publisher or not: to
    /// be said while messages are listened to.
    pub fn note_unroutable(&mut self, returned: bool) {
        self.source.unroutable.push((self.len(), returned));
    }

    /// Gives the messages their numbers and tells listeners where they go.
    #[cold]
    pub(in crate::vhost) fn announce(&mut self, events: &Events, vhost: &ShortString, now: Now) {
        let first = events.message_ids(self.len());
        self.source.first = Some(first);
        let (publisher, from) = match &self.source.way {
            Way::Unknown => (None, None),
            Way::Published(party) | Way::Committed(party) => (Some(party), None),
            Way::Delayed(copy) => (None, Some(*copy)),
            Way::Own => (None, None),
            Way::Died(_) | Way::Moved(_) | Way::Replayed => return,
        };
        let mut unroutable = self.source.unroutable.iter().peekable();
        for (number, (routes, message, _)) in self.iter().enumerate() {
            let is_told = unroutable.next_if(|(told, _)| *told == number);
            let publisher = publisher.cloned();
            let fate = match is_told {
                Some(&(_, returned)) => Fate::Unroutable {
                    publisher,
                    from,
                    returned,
                },
                None if routes.is_empty() => continue,
                None => Fate::Published {
                    publisher,
                    from,
                    queues: routes.iter().map(Target::queue_name).collect(),
                },
            };
            events.emit(&Event {
                now,
                vhost: vhost.clone(),
                queue: ShortString::default(),
                id: Some(MessageId(first.0 + number as u64)),
                copy: None,
                order: 0,
                message: message.clone(),
                fate,
            });
        }
    }
}
