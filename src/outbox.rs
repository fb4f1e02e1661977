//! What a connection has to say and its socket has not yet taken.
//!
//! Frames leave in the order in which they were put in. Each call puts in whole frames: a method,
//! or a content with method, header and body together, so nothing can come between them (I6) and
//! no frame is longer than was negotiated (I7). Small things are copied into one buffer; large
//! bodies that messages share are kept as they are and leave by vectored writes.
//!
//! The outbox also knows how many octets of mail its deliveries stand for: as they are written,
//! [`Outbox::advance`] says how much pressure the mailbox is relieved of. So every message that is
//! delivered must have come by mail.
//!
//! What must not be said before it is stored is held back ([`Outbox::hold_until`]), and everything
//! behind it, so that the order stays. The same holds for what must not be said before work is done
//! that was left for later turns ([`Outbox::hold_until_paid`]).
//!
//! Bounded from outside: queues stop at the mailbox's mark, and no input is processed while
//! [`Outbox::is_over_mark`].

use std::collections::VecDeque;
use std::io::IoSlice;

use bytes::{BufMut, Bytes};
use leveret_codec::encode::{
    body_chunks, encode_body, encode_content_header, encode_heartbeat, encode_method, frame_head,
};
use leveret_codec::frame::{FRAME_BODY, FRAME_END, FRAME_HEADER, FRAME_METHOD, FRAME_OVERHEAD};
use leveret_codec::methods::Method;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::types::{ChannelId, ShortString};

use crate::limits::{BUFFER_KEEP, OUTBOX_MARK, RELIEF_STEP, UNCOPIED_BODY};
use crate::message::Message;
use crate::store::Position;

mod holds;
mod stretch;

use holds::Holds;
use stretch::{Piece, Stretch};

/// basic.deliver: class and method id.
const DELIVER: [u8; 4] = [0, 60, 0, 60];
/// Class id of basic, and the weight that is always 0.
const BASIC_HEADER: [u8; 4] = [0, 60, 0, 0];
/// Octets of a content header before the properties.
const HEADER_FIXED: usize = 12;

/// The output of one connection.
#[derive(Debug)]
pub struct Outbox {
    /// Everything that was copied; `copied[sent..]` is not written yet.
    copied: Vec<u8>,
    sent: usize,
    /// The order of what is waiting; all of it is copied when this is empty.
    stretches: VecDeque<Stretch>,
    /// Octets at the end of `copied` that no stretch covers yet.
    tail: usize,
    waiting: usize,
    written: u64,
    /// Frames that were ever put in.
    frames: u64,
    debts: VecDeque<Debt>,
    /// Octets of pressure that were ever owed.
    owed: u64,
    holds: Holds,
    frame_max: u32,
}

/// Pressure that ends once `at` octets have been written in all.
#[derive(Clone, Copy, Debug)]
struct Debt {
    from: u64,
    at: u64,
    octets: usize,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    /// An empty outbox; frames may be of any size until [`Outbox::set_frame_max`].
    #[must_use]
    pub fn new() -> Self {
        Self {
            copied: Vec::new(),
            sent: 0,
            stretches: VecDeque::new(),
            tail: 0,
            waiting: 0,
            written: 0,
            frames: 0,
            debts: VecDeque::new(),
            owed: 0,
            holds: Holds::default(),
            frame_max: 0,
        }
    }

    /// Bodies are split so that no frame has more than `octets` (0: no limit) with its overhead.
    pub fn set_frame_max(&mut self, octets: u32) {
        self.frame_max = octets;
    }

    /// Octets that wait to be written.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting
    }

    /// Whether everything has been written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    /// Octets that may be written now: what waits, up to the first thing that is held.
    #[must_use]
    pub fn ready(&self) -> usize {
        let free = self.holds.from().saturating_sub(self.written);
        self.waiting
            .min(usize::try_from(free).unwrap_or(usize::MAX))
    }

    /// What is put in from now on says that something is stored: it is not written before the
    /// store is durable up to `position`.
    pub fn hold_until(&mut self, position: Position) {
        self.holds.until(self.put_in(), position);
    }

    /// What is put in from now on says that something is done of which a part was left for later
    /// turns: it is not written before that is done and stored. [`Outbox::owe_work`] must follow.
    pub fn hold_until_paid(&mut self) {
        self.holds.until_paid(self.put_in());
    }

    /// Octets that were ever put in.
    fn put_in(&self) -> u64 {
        self.written + self.waiting as u64
    }

    /// The connection has left work for later turns, which will be paid once.
    pub(super) fn owe_work(&mut self) {
        self.holds.owe();
    }

    /// Whether work that was left is not done.
    #[must_use]
    pub fn owes_work(&self) -> bool {
        self.holds.is_owing()
    }

    /// Work that was left is done; the store has it from `position` on.
    pub(super) fn pay(&mut self, position: Position) {
        self.holds.pay(position);
    }

    /// The position that the first held thing waits for.
    pub(super) fn held_until(&self) -> Option<Position> {
        self.holds.position()
    }

    /// The store is durable up to `position`: what waited for that is free.
    pub(super) fn release(&mut self, position: Position) {
        self.holds.release(position);
    }

    /// Whether so much waits that no more input should be processed.
    #[must_use]
    pub fn is_over_mark(&self) -> bool {
        self.waiting >= OUTBOX_MARK
    }

    /// Octets written since the connection began.
    #[must_use]
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Frames put in since the connection began.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Puts in octets that are no frame: the answer to a wrong protocol header.
    pub(super) fn raw(&mut self, octets: &[u8]) {
        self.copy(|buffer| buffer.put_slice(octets));
    }

    /// Puts in a heartbeat.
    pub(super) fn heartbeat(&mut self) {
        self.frames += 1;
        self.copy(encode_heartbeat);
    }

    /// Puts in a method without content.
    pub fn method(&mut self, channel: ChannelId, method: &Method<'_>) {
        self.frames += 1;
        self.copy(|buffer| encode_method(buffer, channel, method));
    }

    /// Puts in a method with the content of `message`: basic.return and basic.get-ok.
    /// `properties` are the message's own or what replaces them.
    pub fn content(
        &mut self,
        channel: ChannelId,
        method: &Method<'_>,
        properties: PropertiesRef<'_>,
        message: &Message,
    ) {
        let body_size = message.body_len() as u64;
        self.frames += 2;
        self.copy(|buffer| {
            encode_method(buffer, channel, method);
            encode_content_header(buffer, channel, method.class_id(), body_size, properties);
        });
        self.body(channel, message);
    }

    /// Puts in basic.deliver with its content. `properties` replace the message's own when the
    /// queue has something to add.
    ///
    /// The same octets as [`Outbox::content`] with a `BasicDeliver`, without building one.
    pub fn deliver(
        &mut self,
        channel: ChannelId,
        consumer_tag: &ShortString,
        delivery_tag: u64,
        redelivered: bool,
        message: &Message,
        properties: Option<&[u8]>,
    ) {
        let properties = properties.unwrap_or_else(|| message.properties().as_bytes());
        let routing = message.routing_octets();
        let body = message.body();
        let small = self.fits_one_frame(body.len());
        let method_len = 4 + 1 + consumer_tag.len() + 8 + 1 + routing.len();
        let header_len = HEADER_FIXED + properties.len();
        let body_len = if small {
            FRAME_OVERHEAD + body.len()
        } else {
            0
        };
        let added = 2 * FRAME_OVERHEAD + method_len + header_len + body_len;
        let tag = consumer_tag.as_bytes();
        let mut start = [0; 12];
        start[..7].copy_from_slice(&frame_head(FRAME_METHOD, channel, octets(method_len)));
        start[7..11].copy_from_slice(&DELIVER);
        start[11] = u8::try_from(tag.len()).unwrap_or(0);
        let mut after_tag = [u8::from(redelivered); 9];
        after_tag[..8].copy_from_slice(&delivery_tag.to_be_bytes());
        let mut header = [FRAME_END; 8 + HEADER_FIXED];
        header[1..8].copy_from_slice(&frame_head(FRAME_HEADER, channel, octets(header_len)));
        header[8..12].copy_from_slice(&BASIC_HEADER);
        header[12..].copy_from_slice(&(body.len() as u64).to_be_bytes());
        let before = self.copied.len();
        self.copied.reserve(added);
        self.copied.extend_from_slice(&start);
        self.copied.extend_from_slice(tag);
        self.copied.extend_from_slice(&after_tag);
        self.copied.extend_from_slice(routing);
        self.copied.extend_from_slice(&header);
        self.copied.extend_from_slice(properties);
        if small {
            let mut head = [FRAME_END; 8];
            head[1..].copy_from_slice(&frame_head(FRAME_BODY, channel, octets(body.len())));
            self.copied.extend_from_slice(&head);
            self.copied.extend_from_slice(body);
        }
        self.copied.push(FRAME_END);
        assert!(
            self.copied.len() - before == added,
            "I6: a content is not as long as its heads say"
        );
        self.tail += added;
        self.waiting += added;
        self.frames += if small { 3 } else { 2 };
        if !small {
            self.body(channel, message);
        }
        self.owe(message.memory());
    }

    /// Octets of deliveries that were ever put in, as [`Message::memory`] counts them.
    pub(super) fn owed(&self) -> u64 {
        self.owed
    }

    /// What has just been put in stands for `octets` of the mailbox's pressure.
    fn owe(&mut self, octets: usize) {
        self.owed += octets as u64;
        let at = self.put_in();
        match self.debts.back_mut() {
            Some(debt) if at.saturating_sub(debt.from) <= RELIEF_STEP => {
                debt.at = at;
                debt.octets += octets;
            }
            _ => self.debts.push_back(Debt {
                from: at,
                at,
                octets,
            }),
        }
    }

    /// Fills `slices` with what is to be written next; returns how many of them it used.
    pub fn slices<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        let mut used = 0;
        let mut from = self.sent;
        let mut ready = self.ready();
        if ready == 0 {
            return 0;
        }
        let tail = Piece::Copied(self.tail);
        let pieces = self.stretches.iter().map(Stretch::piece).chain([tail]);
        for piece in pieces {
            let octets = match piece {
                Piece::Copied(len) => {
                    let octets = self.copied.get(from..from + len).unwrap_or_default();
                    from += len;
                    octets
                }
                Piece::Shared(body) => body,
            };
            let octets = octets.get(..ready).unwrap_or(octets);
            ready -= octets.len();
            if octets.is_empty() {
                continue;
            }
            let Some(slot) = slices.get_mut(used) else {
                break;
            };
            *slot = IoSlice::new(octets);
            used += 1;
        }
        used
    }

    /// `octets` of the front have been written. Returns how much the mailbox is relieved of.
    pub fn advance(&mut self, octets: usize) -> usize {
        let waiting = self.waiting;
        assert!(
            octets <= waiting,
            "I2: {octets} octets written of {waiting}"
        );
        self.waiting -= octets;
        self.written += octets as u64;
        let mut left = octets;
        while left > 0 {
            match self.stretches.front_mut() {
                Some(Stretch::Copied(len)) if *len > left => {
                    *len -= left;
                    self.sent += left;
                    left = 0;
                }
                Some(Stretch::Copied(len)) => {
                    left -= *len;
                    self.sent += *len;
                    self.stretches.pop_front();
                }
                Some(Stretch::Shared(body)) if body.len() > left => {
                    bytes::Buf::advance(body, left);
                    left = 0;
                }
                Some(Stretch::Shared(body)) => {
                    left -= body.len();
                    self.stretches.pop_front();
                }
                None => {
                    self.tail -= left.min(self.tail);
                    self.sent += left;
                    left = 0;
                }
            }
        }
        self.compact();
        self.relief()
    }

    /// Gives memory back while nothing waits.
    pub fn shrink(&mut self) {
        if self.is_empty() {
            self.copied = Vec::new();
            self.stretches = VecDeque::new();
            self.debts.shrink_to_fit();
        }
    }

    /// Octets of memory that an idle connection could give back.
    #[must_use]
    pub fn spare(&self) -> usize {
        if self.is_empty() {
            self.copied.capacity()
        } else {
            0
        }
    }

    fn copy(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        let before = self.copied.len();
        write(&mut self.copied);
        let added = self.copied.len() - before;
        self.tail += added;
        self.waiting += added;
    }

    fn share(&mut self, body: Bytes) {
        if self.tail > 0 {
            self.stretches.push_back(Stretch::Copied(self.tail));
            self.tail = 0;
        }
        self.waiting += body.len();
        self.stretches.push_back(Stretch::Shared(body));
    }

    fn fits_one_frame(&self, len: usize) -> bool {
        let room = match self.frame_max {
            0 => usize::MAX,
            max => usize::try_from(max)
                .unwrap_or(usize::MAX)
                .saturating_sub(FRAME_OVERHEAD),
        };
        len > 0 && len < UNCOPIED_BODY && len <= room
    }

    fn body(&mut self, channel: ChannelId, message: &Message) {
        let shared = message
            .large_body()
            .filter(|body| body.len() >= UNCOPIED_BODY);
        let Some(body) = shared else {
            let frame_max = self.frame_max;
            self.frames += body_chunks(message.body_len(), frame_max).count() as u64;
            self.copy(|buffer| encode_body(buffer, channel, message.body(), frame_max));
            return;
        };
        let mut rest = body.clone();
        for len in body_chunks(body.len(), self.frame_max) {
            let room = self.frame_max.wrapping_sub(1); // 0 is no limit.
            assert!(octets(len + FRAME_OVERHEAD - 1) <= room, "I7: {len} octets");
            self.frames += 1;
            self.copy(|buffer| buffer.put_slice(&frame_head(FRAME_BODY, channel, octets(len))));
            self.share(rest.split_to(len.min(rest.len())));
            self.copy(|buffer| buffer.put_u8(FRAME_END));
        }
    }

    /// Moves what is left to the front once most of the buffer has been written.
    fn compact(&mut self) {
        if self.sent == self.copied.len() {
            self.copied.clear();
            self.sent = 0;
        } else if self.sent > BUFFER_KEEP && self.sent > self.copied.len() / 2 {
            self.copied.drain(..self.sent);
            self.sent = 0;
        }
    }

    fn relief(&mut self) -> usize {
        let mut relief = 0;
        while let Some(debt) = self.debts.front()
            && debt.at <= self.written
        {
            relief += debt.octets;
            self.debts.pop_front();
        }
        relief
    }
}

/// A length as it stands in a frame head. Lengths here are bounded by `frame_max`, or by short
/// strings and properties that came in one frame.
fn octets(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
