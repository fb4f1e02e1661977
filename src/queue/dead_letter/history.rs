//! The `x-death` header of a message that died before, read and continued as it lies there.
//!
//! A message may die in hundreds of queues, one after the other. Its history then is most of it,
//! and is not taken apart again at each death: old deaths are copied, the new one is put in front.
//!
//! What this gives is what the plain way gives ([`super::buried`]), octet for octet.

use bytes::BufMut;
use leveret_codec::table::{ArrayRef, TableRef, ValueRef};

use super::Story;
use crate::events::DeathReason;
use crate::message::Message;
use crate::queue::headers::{FIRST_DEATH, LAST_DEATH};

/// Octets that a death more takes, usually.
const ROOM: usize = 256;

/// The deaths of a message, newest first.
#[derive(Clone, Copy)]
struct History<'a>(ArrayRef<'a>);

/// One death.
struct Death<'a> {
    table: TableRef<'a>,
    /// It, as a value of the array.
    octets: &'a [u8],
    queue: &'a [u8],
    reason: &'a [u8],
}

impl<'a> History<'a> {
    fn of(message: &'a Message) -> Option<Self> {
        if !message.traits().died_before {
            return None;
        }
        let headers = message.properties().headers().ok()??;
        match headers.find("x-death").ok()?? {
            ValueRef::Array(deaths) => Some(Self(deaths)),
            _ => None,
        }
    }

    /// The deaths; `None` for what is none.
    fn each(self) -> impl Iterator<Item = Option<Death<'a>>> {
        let mut deaths = self.0.iter();
        std::iter::from_fn(move || {
            let before = deaths.as_bytes();
            let death = deaths.next()?;
            let octets = before.get(..before.len() - deaths.as_bytes().len());
            let table = match death {
                Ok(ValueRef::Table(table)) => Some(table),
                _ => None,
            };
            Some(
                table
                    .zip(octets)
                    .and_then(|(table, octets)| Death::of(table, octets)),
            )
        })
    }
}

impl<'a> Death<'a> {
    fn of(table: TableRef<'a>, octets: &'a [u8]) -> Option<Self> {
        let (mut queue, mut reason) = (None, None);
        for entry in table {
            match entry.ok()? {
                (b"queue", value) => queue = value.as_str(),
                (b"reason", value) => reason = value.as_str(),
                _ => {}
            }
            if queue.is_some() && reason.is_some() {
                break;
            }
        }
        Some(Self {
            table,
            octets,
            queue: queue?,
            reason: reason?,
        })
    }

    /// It, once more: its count is one higher.
    fn once_more(&self, out: &mut Vec<u8>) -> Option<()> {
        let mut entries = self.table.iter();
        loop {
            match entries.next()?.ok()? {
                (b"count", ValueRef::I64(count)) => {
                    // Entries end with their value: eight octets.
                    let behind = entries.as_bytes();
                    let (before, _) = self
                        .octets
                        .split_at_checked(self.octets.len() - behind.len())?;
                    out.put_slice(before.get(..before.len().checked_sub(8)?)?);
                    out.put_i64(count.saturating_add(1));
                    out.put_slice(behind);
                    return Some(());
                }
                (b"count", _) => return None,
                _ => {}
            }
        }
    }
}

/// The headers of `message` after another death, as octets on the wire, if they are as the broker
/// writes them. `first_time` is a death in a queue and for a reason that it has not died for yet.
pub(super) fn continued(
    message: &Message,
    story: Story<'_>,
    first_time: impl FnOnce() -> Vec<u8>,
) -> Option<Vec<u8>> {
    let history = History::of(message)?;
    let headers = message.properties().headers().ok()??;
    let mut out = Vec::with_capacity(headers.as_bytes().len() + ROOM);
    let mut first_time = Some(first_time);
    let (mut firsts, mut lasts) = (0, 0);
    let mut entries = headers.iter();
    loop {
        let before = entries.as_bytes();
        let Some(entry) = entries.next() else { break };
        let (name, _) = entry.ok()?;
        firsts += usize::from(FIRST_DEATH.iter().any(|first| first.as_bytes() == name));
        if name == b"x-death" {
            put_name(name, &mut out);
            history.put_with(story, first_time.take()?, &mut out)?;
        } else if let Some(place) = LAST_DEATH.iter().position(|last| last.as_bytes() == name) {
            lasts += 1;
            put_name(name, &mut out);
            put_text(story.get(place)?, &mut out)?;
        } else {
            out.put_slice(before.get(..before.len() - entries.as_bytes().len())?);
        }
    }
    (firsts == FIRST_DEATH.len() && lasts == LAST_DEATH.len()).then_some(out)
}

impl History<'_> {
    /// Writes the array, with another death in front.
    fn put_with(
        self,
        story: Story<'_>,
        first_time: impl FnOnce() -> Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Option<()> {
        let [_, queue, reason] = story;
        out.put_u8(b'A');
        let len_at = out.len();
        out.put_u32(0);
        let is_same = |death: &Death<'_>| death.queue == queue && death.reason == reason;
        let same = self
            .each()
            .position(|death| death.as_ref().is_some_and(is_same));
        match same.and_then(|place| self.each().nth(place)).flatten() {
            Some(death) => death.once_more(out)?,
            None => {
                let death = first_time();
                out.put_u8(b'F');
                out.put_u32(u32::try_from(death.len()).ok()?);
                out.put_slice(&death);
            }
        }
        for (place, death) in self.each().enumerate() {
            let death = death?;
            if same != Some(place) {
                out.put_slice(death.octets);
            }
        }
        let len = u32::try_from(out.len() - len_at - 4).ok()?;
        out.get_mut(len_at..len_at + 4)?
            .copy_from_slice(&len.to_be_bytes());
        Some(())
    }
}

fn put_name(name: &[u8], out: &mut Vec<u8>) {
    // It was read from a table, whose names have at most 255 octets.
    out.put_u8(u8::try_from(name.len()).unwrap_or(u8::MAX));
    out.put_slice(name);
}

fn put_text(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.put_u8(b'S');
    out.put_u32(u32::try_from(text.len()).ok()?);
    out.put_slice(text);
    Some(())
}

/// The queues to which a dead letter would go in circles: it died there, and no client rejected it
/// since.
pub struct Circles<'a>(Vec<&'a [u8]>);

impl<'a> Circles<'a> {
    /// Those of a message that has died, as it is published to its dead-letter exchange.
    #[must_use]
    pub fn of(dead_message: &'a Message) -> Self {
        let deaths = History::of(dead_message)
            .into_iter()
            .flat_map(History::each);
        let rejected = DeathReason::Rejected.as_str().as_bytes();
        let since = deaths
            .flatten()
            .take_while(|death| death.reason != rejected);
        let mut queues: Vec<&[u8]> = since.map(|death| death.queue).collect();
        queues.sort_unstable();
        Self(queues)
    }

    /// Whether `queue` is one of them. A message that goes there is dropped instead.
    #[must_use]
    pub fn lead_to(&self, queue: &str) -> bool {
        self.0.binary_search(&queue.as_bytes()).is_ok()
    }
}
