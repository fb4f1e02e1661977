//! Messages that consumers and gets hold: their connections are asked, some at a time.

use std::time::Duration;

use super::{Browsing, PIECE, answer};
use crate::desk::{HeldBookmark, HeldMessage, Holders};
use crate::ids::ConnectionId;
use crate::inquiry::HeldPiece;
use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;
use crate::management::json::Object;
use crate::management::resources::consumer_object;

/// Connections that are asked together.
const GROUP: usize = 16;
/// How long they are waited for; each answers between two batches of its work.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /leveret/queues/V/Q/messages?state=unacked`.
pub(super) async fn browse(ask: &Ask) -> Answer {
    let name = ask.name("queue");
    let actor = ask.actor()?;
    let holds = ask.desk.how_much_is_held(ask.name("vhost"), name);
    let holds = holds.ok_or_else(|| Refusal::missing("queue_not_found"))?;
    let holders = actor.holders(name)?;
    let (browsing, room) = Browsing::begin(ask, holds).await?;
    let mut looking = Looking {
        ask,
        holders,
        browsing,
        unanswered: 0,
    };
    let is_all = {
        // What all of them hold is gathered once at a time.
        let _place = ask.door.aside.place_to_ask().await;
        looking.through().await
    };
    let unanswered = Some(looking.unanswered);
    Ok(answer(looking.browsing.end(is_all, unanswered), room))
}

/// Connections that are being looked through.
struct Looking<'a> {
    ask: &'a Ask,
    holders: Holders,
    browsing: Browsing<HeldBookmark>,
    /// Those that did not answer in time.
    unanswered: usize,
}

impl Looking<'_> {
    /// Looks through all connections, or as many as one answer may have. Returns whether there are
    /// no more.
    async fn through(&mut self) -> bool {
        let connections = self.holders.connections(self.browsing.next).to_vec();
        let mut groups = connections.chunks(GROUP).peekable();
        while let Some(group) = groups.next() {
            let before = self.unanswered;
            let pieces = self.ask(group, self.browsing.next).await;
            for piece in pieces {
                if !self.show_all(piece).await {
                    return false;
                }
            }
            let next = groups.peek().and_then(|group| group.first());
            let Some(next) = next else { return true };
            self.browsing.next = HeldBookmark::of(*next);
            // No request waits again and again.
            if self.unanswered > before {
                return false;
            }
        }
        true
    }

    /// Asks connections for what they hold from a place on. Gives what came in time, in order.
    async fn ask(&mut self, connections: &[ConnectionId], from: HeldBookmark) -> Vec<HeldPiece> {
        let desk = &self.ask.desk;
        let answers = self.holders.ask(desk, connections, from, PIECE);
        // What is missing then is counted.
        drop(tokio::time::timeout(PATIENCE, &answers).await);
        let (mut pieces, missing) = answers.take();
        self.unanswered += missing;
        pieces.sort_by_key(|piece| piece.connection);
        pieces
    }

    /// Shows what a connection holds. Returns whether there is room for more.
    async fn show_all(&mut self, mut piece: HeldPiece) -> bool {
        loop {
            let next = HeldBookmark::after(&piece);
            let connection = piece.connection;
            let messages: Vec<HeldMessage> = self.holders.messages(piece.held).collect();
            for message in messages {
                let at = HeldBookmark::at(connection, &message.held);
                if !self.look(&message, connection, at) {
                    return false;
                }
            }
            let Some(next) = next else { return true };
            self.browsing.next = next;
            match self.ask(&[connection], next).await.pop() {
                Some(more) => piece = more,
                // It is gone, or does not say the rest in time.
                None => return true,
            }
        }
    }

    /// Looks at a message. Returns whether there is room for more.
    fn look(&mut self, one: &HeldMessage, connection: ConnectionId, at: HeldBookmark) -> bool {
        let message = &one.message;
        if self.browsing.wish.filter.wants(message) {
            let holder = self.ask.desk.holder(connection);
            let node = &self.ask.door.node.name;
            let held = &one.held;
            let more = |object: &mut Object<'_>| {
                let place = holder.as_ref().map(|(place, _)| place);
                let user = holder.as_ref().map_or("", |(_, user)| user);
                consumer_object::channel(object, node, place, (held.channel.0, user));
                let tag = held.consumer_tag.as_ref().map(|tag| tag.to_string());
                object.set("consumer_tag", &tag);
                object.set("delivered_at", &held.delivered.as_millis());
                object.set("delivery_tag", &held.tag);
            };
            // What is held does not expire.
            if !self.browsing.show(message, at, None, more) {
                self.browsing.next = at;
                return false;
            }
        }
        !self.browsing.pass(message, at.behind())
    }
}
