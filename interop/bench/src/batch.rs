//! Messages of a producer, encoded once; only their stamps change from one sending to the next.
//!
//! A body begins with its *stamp*: producer (16 bits) and sequence (48 bits), then a check of the
//! stamp, then filler that is the same in every body of a size. So a consumer can tell loss,
//! duplicates, another order and broken octets at the price of a comparison.

use std::sync::Arc;

use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::methods::BasicPublish;
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::TableRef;
use leveret_codec::types::ShortBytes;

use super::error::BenchError;
use super::plan::Slot;
use super::wire::{CHANNEL, short};

/// Octets of stamp and check.
pub(super) const STAMP: usize = 16;

/// Octets of messages that one write takes, about.
const WRITE: usize = 64 * 1024;

/// Octets of a frame in front of a body's first one, from the end of the header frame.
const HEAD: usize = 7;

/// The class of messages.
const BASIC: u16 = 60;

/// Properties and frames of the messages of one lane.
#[derive(Clone, Debug, Default)]
pub(super) struct Form {
    /// Octets of a body.
    pub(super) size: usize,
    /// The longest frame.
    pub(super) frame_max: u32,
    /// Whether messages are persistent.
    pub(super) persistent: bool,
    /// Where answers go.
    pub(super) reply_to: String,
}

/// Encoded messages, in the order in which they are sent, again and again.
pub(super) struct Batch {
    octets: Vec<u8>,
    messages: Vec<Place>,
    /// The next message to send.
    cursor: usize,
    size: usize,
}

/// Where a message lies in the batch.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    body: usize,
    end: usize,
}

impl Batch {
    /// Encodes rounds of `slots` until a write is full.
    pub(super) fn new(slots: &[Slot], form: &Form) -> Result<Self, BenchError> {
        let mut batch = Self {
            octets: Vec::new(),
            messages: Vec::new(),
            cursor: 0,
            size: form.size,
        };
        let body = filled(form.size);
        loop {
            for slot in slots {
                batch.append(slot, form, &body)?;
            }
            let round = batch.octets.len() / (batch.messages.len() / slots.len().max(1)).max(1);
            if batch.octets.len() + round > WRITE {
                return Ok(batch);
            }
        }
    }

    fn append(&mut self, slot: &Slot, form: &Form, body: &[u8]) -> Result<(), BenchError> {
        let start = self.octets.len();
        let publish = BasicPublish {
            ticket: 0,
            exchange: short(slot.exchange)?.as_octets(),
            routing_key: short(&slot.key)?.as_octets(),
            mandatory: false,
            immediate: false,
        };
        encode_method(&mut self.octets, CHANNEL, &publish.into());
        let headers = slot.headers.as_ref().map(|headers| headers.to_bytes());
        let reply_to = short(&form.reply_to)?.as_octets();
        let properties = Properties {
            delivery_mode: form.persistent.then_some(2),
            headers: headers.as_deref().map(TableRef::new),
            reply_to: (!reply_to.is_empty()).then_some(reply_to),
            correlation_id: (!reply_to.is_empty()).then_some(ShortBytes::literal("call")),
            ..Properties::default()
        };
        let mut list = Vec::with_capacity(properties.encoded_len());
        properties.encode(&mut list);
        let list = PropertiesRef::new(&list);
        let octets = u64::try_from(body.len()).unwrap_or(u64::MAX);
        encode_content_header(&mut self.octets, CHANNEL, BASIC, octets, list);
        let head = self.octets.len();
        encode_body(&mut self.octets, CHANNEL, body, form.frame_max);
        self.messages.push(Place {
            start,
            body: head + HEAD,
            end: self.octets.len(),
        });
        Ok(())
    }

    /// Stamps the next messages, from sequence `first` on and at most `most` of them; gives their
    /// octets and their number.
    #[inline]
    pub(super) fn next(&mut self, producer: u16, first: u64, most: u64) -> (&[u8], u64) {
        let places = self.messages.get(self.cursor..).unwrap_or_default();
        let start = places.first().map_or(0, |place| place.start);
        let mut end = start;
        let mut count = 0;
        for place in places {
            if count == most || end - start >= WRITE {
                break;
            }
            stamp(
                &mut self.octets,
                place.body,
                self.size,
                producer,
                first + count,
            );
            end = place.end;
            count += 1;
        }
        self.cursor += usize::try_from(count).unwrap_or(usize::MAX);
        if self.cursor >= self.messages.len() {
            self.cursor = 0;
        }
        (self.octets.get(start..end).unwrap_or_default(), count)
    }
}

#[inline]
fn stamp(octets: &mut [u8], body: usize, size: usize, producer: u16, sequence: u64) {
    let stamp = stamp_of(producer, sequence);
    if size >= 8
        && let Some(place) = octets.get_mut(body..body + 8)
    {
        place.copy_from_slice(&stamp.to_be_bytes());
    }
    if size >= STAMP
        && let Some(place) = octets.get_mut(body + 8..body + STAMP)
    {
        place.copy_from_slice(&mix(stamp).to_be_bytes());
    }
}

/// Producer and sequence in one number; a sequence has 48 bits.
#[inline]
pub(super) fn stamp_of(producer: u16, sequence: u64) -> u64 {
    u64::from(producer) << 48 | sequence
}

/// Scatters the bits of a number: the check of a stamp, and its part in a sum over all.
#[inline]
pub(super) fn mix(number: u64) -> u64 {
    let number = (number ^ 0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let number = (number ^ number >> 29).wrapping_mul(0x94D0_49BB_1331_11EB);
    number ^ number >> 32
}

/// A body of `size` octets without a stamp.
pub(super) fn filled(size: usize) -> Arc<[u8]> {
    let mut state = 0x1234_5678_9ABC_DEF0;
    let octet = |_| {
        state = mix(state);
        state.to_be_bytes()[0]
    };
    (0..size).map(octet).collect()
}

#[cfg(test)]
mod tests;
