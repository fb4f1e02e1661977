//! What connections hold of a queue: messages that were delivered and are not settled.
//!
//! They lie in the ledgers of channels, which only the tasks of their connections know: a queue
//! counts them. So connections are asked by mail, some at a time, and each answers with some of
//! what it holds. Nothing is taken or counted.
//!
//! Mail that is on its way to a connection is not shown, nor what waits for tx.commit.

use std::collections::HashMap;
use std::fmt;
use std::str::FromStr;

use leveret_codec::types::ChannelId;

use super::messages::QueuedMessage;
use super::views::{ConsumerHolds, ConsumerView, Place, Scope};
use super::{Actor, Desk};
use crate::auth::Operation;
use crate::clock::Wall;
use crate::error::AmqpError;
use crate::ids::{ConnectionId, ConsumerId, QueueId};
use crate::inquiry::{Answers, Held, HeldBy, HeldPiece, HeldSince};
use crate::kind::QueueKind;
use crate::mail::Mail;

/// Where to go on looking through what connections hold: connection, channel, delivery tag.
///
/// Written as three whole numbers with points between them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HeldBookmark(ConnectionId, ChannelId, u64);

impl Default for HeldBookmark {
    /// In front of everything.
    fn default() -> Self {
        Self::of(ConnectionId(0))
    }
}

impl HeldBookmark {
    /// All that these connections and those after them hold.
    #[must_use]
    pub fn of(connection: ConnectionId) -> Self {
        Self(connection, ChannelId::ZERO, 0)
    }

    /// The message that a connection holds, and those after it.
    #[must_use]
    pub fn at(connection: ConnectionId, held: &Held) -> Self {
        Self(connection, held.channel, held.tag)
    }

    /// Where to go on in a connection that has said a part.
    #[must_use]
    pub fn after(piece: &HeldPiece) -> Option<Self> {
        let (channel, tag) = piece.next?;
        Some(Self(piece.connection, channel, tag))
    }

    /// The same without that message.
    #[must_use]
    pub fn behind(self) -> Self {
        Self(self.0, self.1, self.2.saturating_add(1))
    }
}

impl fmt::Display for HeldBookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.0.0, self.1.0, self.2)
    }
}

/// A text that is no [`HeldBookmark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoHeldBookmark;

impl FromStr for HeldBookmark {
    type Err = NoHeldBookmark;

    fn from_str(text: &str) -> Result<Self, NoHeldBookmark> {
        let mut parts = text.split('.');
        let mut next = || parts.next().ok_or(NoHeldBookmark);
        let connection = next()?.parse().map_err(|_| NoHeldBookmark)?;
        let channel = next()?.parse().map_err(|_| NoHeldBookmark)?;
        let tag = next()?.parse().map_err(|_| NoHeldBookmark)?;
        match parts.next() {
            None => Ok(Self(ConnectionId(connection), ChannelId(channel), tag)),
            Some(_) => Err(NoHeldBookmark),
        }
    }
}

/// The connections that may hold messages of a queue.
#[derive(Debug)]
pub struct Holders {
    queue: QueueId,
    kind: QueueKind,
    /// Rising.
    connections: Vec<ConnectionId>,
}

/// A message that a connection holds.
#[derive(Debug)]
pub struct HeldMessage {
    /// The message, as it was delivered.
    pub message: QueuedMessage,
    /// Who holds it, under which delivery tag and since when.
    pub held: Held,
}

impl Actor {
    /// The connections that may hold messages of the queue `name`. All of the vhost may, if some
    /// are held by gets or by consumers that were cancelled: the queue does not know by whom.
    ///
    /// # Errors
    /// 403 without permission to read it, 404 if it is missing, 405 if it belongs to another
    /// connection.
    pub fn holders(&self, name: &str) -> Result<Holders, AmqpError> {
        self.check_queue(Operation::Read, name)?;
        let queue = self.vhost.queue(name)?;
        queue.check_owner(self.connection)?;
        let (known, is_all) = queue.look(|state| state.holders());
        let connections = match is_all {
            true => known.into_iter().collect(),
            false => {
                let scope = Scope::Vhost(self.vhost.name());
                let mut all = self.desk.connections_of(scope);
                all.sort_unstable();
                all
            }
        };
        Ok(Holders {
            queue: queue.id(),
            kind: queue.declared().kind,
            connections,
        })
    }
}

impl Holders {
    /// Those of `from` and behind it.
    #[must_use]
    pub fn connections(&self, from: HeldBookmark) -> &[ConnectionId] {
        let seen = self.connections.partition_point(|id| *id < from.0);
        self.connections.get(seen..).unwrap_or_default()
    }

    /// Asks these connections for what they hold of the queue from a place on, each for so many
    /// messages at most. Await the answers with a bound; one that is gone holds nothing.
    #[must_use]
    pub fn ask(
        &self,
        desk: &Desk,
        connections: &[ConnectionId],
        from: HeldBookmark,
        messages: usize,
    ) -> Answers<HeldBy, HeldPiece> {
        let all = HeldBy {
            queue: self.queue,
            from: (ChannelId::ZERO, 0),
            messages,
        };
        let answers = Answers::of(all);
        for connection in connections {
            let question = match *connection == from.0 {
                true => HeldBy {
                    from: (from.1, from.2),
                    ..all
                },
                false => all,
            };
            if let Some(session) = desk.session(*connection) {
                let ticket = answers.ticket_for(question);
                session.mailbox.post(Mail::AskHeld(ticket));
            }
        }
        answers
    }

    /// What a connection said.
    pub fn messages(&self, held: Vec<Held>) -> impl Iterator<Item = HeldMessage> {
        let kind = self.kind;
        held.into_iter().map(move |held| HeldMessage {
            message: QueuedMessage::new(held.entry.clone(), kind),
            held,
        })
    }
}

impl Desk {
    /// Name, address and port of a connection, and its user; `None` if it is gone.
    pub(crate) fn holder(&self, connection: ConnectionId) -> Option<(Place, String)> {
        let session = self.session(connection)?;
        let user = session.user_name().to_owned();
        Some((self.place_of(connection)?, user))
    }

    /// Asks the connections of those consumers that hold anything since when they do.
    pub(crate) fn ask_held_since(&self, consumers: &[ConsumerView]) -> Answers<(), HeldSince> {
        let holding = consumers.iter().filter(|view| view.in_flight > 0);
        let mut connections: Vec<ConnectionId> = holding.map(|view| view.ids.1).collect();
        connections.sort_unstable();
        connections.dedup();
        let answers = Answers::default();
        for connection in connections {
            if let Some(session) = self.session(connection) {
                session.mailbox.post(Mail::AskHeldSince(answers.ticket()));
            }
        }
        answers
    }

    /// Notes with the consumers what has come in. Gives how many connections have not answered.
    pub(crate) fn note_held_since(
        &self,
        consumers: &mut [ConsumerView],
        answers: &Answers<(), HeldSince>,
    ) -> usize {
        let (said, missing) = answers.take();
        let said = said.into_iter().map(|said| (said.consumer, said.delivered));
        let since: HashMap<ConsumerId, Wall> = said.collect();
        for view in consumers {
            let held = since.get(&view.ids.0).filter(|_| view.in_flight > 0);
            let since_ms = held.map(|since| since.as_millis());
            view.holds = Some(ConsumerHolds { since_ms });
        }
        missing
    }
}
