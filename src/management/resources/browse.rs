//! Messages that are looked at where they wait, or while consumers hold them: nothing is taken,
//! counted or moved.
//!
//! A queue is looked through in pieces, each under its lock for as long as a run of neighbours
//! takes to be read, and one request looks at so many messages at most. Its answer says where the
//! next one goes on.

use std::fmt::Display;
use std::str::FromStr;

use super::message_object::{self, Cut, Shown, is_base64};
use crate::clock::Now;
use crate::desk::{Actor, Bookmark, QueuedMessage, QueuedMessages};
use crate::limits::{
    HTTP_BROWSE_MAX, HTTP_BROWSE_SEEN, HTTP_GET_BYTES, HTTP_GET_HERE, HTTP_ITEMS_HERE,
};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::aside::Room;
use crate::management::ask::Ask;
use crate::management::json::{Columns, Object, value_of};
use crate::management::query::Query;

mod filter;
mod unacked;

pub(super) use filter::Filter;

/// Messages that are looked at while their queue is locked.
const PIECE: usize = 64;
/// Messages that are shown if the query does not say how many.
const COUNT: usize = 50;
/// Octets of a body that are shown if the query does not say how many.
const TRUNCATE: usize = 16 * 1024;
/// Octets of a body that are shown whatever the query says. With each of them escaped there is
/// still room for it in the longest answer.
const TRUNCATE_MAX: usize = 8 * 1024 * 1024;
/// Octets that every answer has room for: properties and headers of a few messages.
const ROOM_LEAST: u64 = 1024 * 1024;

/// Which messages are wanted, and how; `B` says where to go on.
struct Wish<B> {
    from: B,
    count: usize,
    shown: Shown,
    filter: Filter,
}

impl<B: FromStr + Default> Wish<B> {
    fn read(query: &Query) -> Result<Self, Refusal> {
        let from = query.get("from").map(str::parse).transpose();
        let from = from.map_err(|_| {
            Refusal::bad("from is no bookmark: use what next said in an answer before")
        })?;
        let from = from.unwrap_or_default();
        let count = whole(query, "count")?.unwrap_or(COUNT);
        if !(1..=HTTP_BROWSE_MAX).contains(&count) {
            let reason = format!("count must be from 1 to {HTTP_BROWSE_MAX}");
            return Err(Refusal::bad(reason));
        }
        Ok(Self {
            from,
            count,
            shown: Shown {
                is_base64: is_base64(query.get("encoding").or(Some("auto")))?,
                truncate: whole(query, "truncate")?
                    .map_or(TRUNCATE, |wanted| wanted.min(TRUNCATE_MAX)),
                cut: Cut::BetweenCharacters,
            },
            filter: Filter::read(&|name| query.get(name))?,
        })
    }

    /// Octets that the answer may have, if so many messages with bodies of so many octets wait.
    /// How long their headers are shows only when they are read: messages for which there is no
    /// room any more are left to the next answer.
    fn room(&self, (messages, octets): (u64, u64)) -> u64 {
        let many = messages.min(self.count as u64);
        let longest = self.shown.longest(many, octets);
        longest.clamp(ROOM_LEAST, HTTP_GET_BYTES)
    }
}

fn whole(query: &Query, name: &str) -> Result<Option<usize>, Refusal> {
    let read = |text: &str| {
        let whole = text.parse();
        whole.map_err(|_| Refusal::bad(format!("{name} is no whole number: {text}")))
    };
    query.get(name).map(read).transpose()
}

/// `GET /leveret/queues/V/Q/messages`.
pub(in crate::management) async fn browse(ask: Ask) -> Answer {
    match ask.query.get("state") {
        None | Some("ready") => ready(&ask).await,
        Some("unacked") => unacked::browse(&ask).await,
        Some(_) => Err(Refusal::bad("state is ready or unacked")),
    }
}

/// Those that wait.
async fn ready(ask: &Ask) -> Answer {
    let name = ask.name("queue");
    let actor = ask.actor()?;
    let waits = ask.desk.how_much_waits(ask.name("vhost"), name);
    let waits = waits.ok_or_else(|| Refusal::missing("queue_not_found"))?;
    let (mut browsing, room) = Browsing::begin(ask, waits).await?;
    let is_all = loop {
        let now = ask.desk.env.clock.now();
        // What has left memory is read from disk.
        let piece = || browsing.piece(&actor, name, now);
        if let Some(is_all) = ask.door.aside.read(HTTP_ITEMS_HERE + 1, piece).await? {
            break is_all;
        }
    };
    Ok(answer(browsing.end(is_all, None), room))
}

/// A text that has its room.
fn answer(text: Vec<u8>, mut room: Room) -> Reply {
    if text.len() as u64 <= HTTP_GET_HERE {
        return Reply::json(text);
    }
    room.shrink(text.len());
    Reply::kept(text, room)
}

/// A queue that is being looked through.
struct Browsing<B> {
    wish: Wish<B>,
    text: Vec<u8>,
    /// Octets that the text may have.
    most: usize,
    /// Where to go on.
    next: B,
    /// Messages that were wanted.
    found: usize,
    /// Messages that were looked at, and their octets.
    seen: usize,
    octets: u64,
}

impl<B: Copy + Default + Display + FromStr> Browsing<B> {
    /// Reads what is wanted of a queue with so many messages and so many octets in them, and waits
    /// for room for the answer.
    async fn begin(ask: &Ask, holds: (u64, u64)) -> Result<(Self, Room), Refusal> {
        // Some patterns take long to be compiled.
        let many = match ask.query.is_true("use_regex") {
            true => HTTP_ITEMS_HERE + 1,
            false => 0,
        };
        let wish = ask.door.aside.read(many, || Wish::<B>::read(&ask.query));
        let wish = wish.await?;
        let most = wish.room(holds);
        let room = ask.door.aside.room_for_answer(most).await;
        let room = room.ok_or_else(Refusal::no_room)?;
        let browsing = Self {
            text: b"{\"messages\":[".to_vec(),
            most: usize::try_from(most).unwrap_or(usize::MAX),
            next: wish.from,
            wish,
            found: 0,
            seen: 0,
            octets: 0,
        };
        Ok((browsing, room))
    }

    /// Notes that a message was looked at, and where to go on behind it. Returns whether that is
    /// enough.
    fn pass(&mut self, message: &QueuedMessage, next: B) -> bool {
        let (seen_max, octets_max) = HTTP_BROWSE_SEEN;
        self.next = next;
        self.seen += 1;
        self.octets += message.body().len() as u64;
        let is_enough = self.found >= self.wish.count;
        is_enough || self.seen >= seen_max || self.octets >= octets_max
    }

    /// Shows a message, if there is room for it; the first one always. `from` leads to it.
    fn show(
        &mut self,
        message: &QueuedMessage,
        from: B,
        expires_in: Option<u64>,
        more: impl FnOnce(&mut Object<'_>),
    ) -> bool {
        let before = self.text.len();
        if self.found > 0 {
            self.text.push(b',');
        }
        Object::write(&mut self.text, &Columns::All, |object| {
            object.set("from", &from.to_string());
            object.set("position", &message.position());
            message_object::origin(object, message);
            object.set("delivery_count", &message.delivery_count());
            object.set("stored", &message.is_stored());
            object.set("expires_in", &expires_in);
            message_object::content(object, message, self.wish.shown);
            more(object);
        });
        if self.found > 0 && self.text.len() > self.most {
            self.text.truncate(before);
            return false;
        }
        self.found += 1;
        true
    }

    /// The whole answer. `unanswered`: how many connections did not answer, if any were asked.
    fn end(self, is_all: bool, unanswered: Option<usize>) -> Vec<u8> {
        let mut text = self.text;
        text.extend_from_slice(b"],\"next\":");
        let next = (!is_all).then(|| self.next.to_string());
        value_of(&mut text, &next);
        text.extend_from_slice(b",\"seen\":");
        value_of(&mut text, &self.seen);
        if let Some(unanswered) = unanswered {
            text.extend_from_slice(b",\"unanswered\":");
            value_of(&mut text, &unanswered);
        }
        text.push(b'}');
        text
    }
}

impl Browsing<Bookmark> {
    /// Looks at the next piece. `Some` if that was the last one, with whether it was the queue's.
    fn piece(&mut self, actor: &Actor, name: &str, now: Now) -> Result<Option<bool>, Refusal> {
        let QueuedMessages { messages, is_all } = actor.browse(name, self.next, PIECE)?;
        for (message, next) in messages {
            let is_wanted = self.wish.filter.wants(&message);
            let expires_in = message.expires_in(now);
            if is_wanted && !self.show(&message, next.to_last(), expires_in, |_| ()) {
                return Ok(Some(false));
            }
            if self.pass(&message, next) {
                return Ok(Some(false));
            }
        }
        Ok(is_all.then_some(true))
    }
}
