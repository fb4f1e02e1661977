//! What a connection does with the octets that come in: frames, whole, or large ones in parts.
//!
//! A frame is taken when it is whole, with one exception: the payload of a large body frame goes
//! to its channel as it comes, because putting the frame together first would be a copy more. The
//! shell may even read it from the socket to where it stays ([`body_room`]). Nothing
//! can be seen of such a frame before its end has come, and been checked.

use leveret_codec::frame::{
    Decoded, FRAME_BODY, FRAME_END, FRAME_HEAD, FRAME_OVERHEAD, FrameError, RawFrame, decode,
    decode_head, decode_protocol_header,
};
use leveret_codec::types::ChannelId;

use super::running::Io;
use super::{Closing, Connection, HEADER_LEN, Phase, framing};
use crate::channel::Taken;
use crate::clock::Now;
use crate::limits::READ_BUDGET;
use crate::message::LARGE_BODY;
use crate::turns;

/// Octets between two payloads: the end of a frame and the head of the next.
const SEAM: usize = FRAME_HEAD + 1;

/// A body frame that has begun and goes to its channel in parts.
#[derive(Clone, Copy)]
pub(super) struct BegunFrame {
    channel: ChannelId,
    /// Octets of its payload.
    size: usize,
    /// How many of them have not come yet. Then comes the octet that ends the frame.
    left: usize,
}

/// Lends what a running connection works with.
macro_rules! io {
    ($connection:ident, $now:ident) => {
        Io {
            now: $now,
            outbox: &mut $connection.outbox,
            backlog: &mut $connection.backlog,
            tools: &mut $connection.tools,
        }
    };
}

impl Connection {
    /// Octets, with those that are there, that are worth reading at once: few, if a payload begins
    /// behind them that there is a better place for.
    pub(super) fn worth_reading(&mut self) -> usize {
        let end_is_missing = self.begun.map(|begun| begun.channel);
        let Some(channel) = end_is_missing.or(self.large) else {
            return usize::MAX;
        };
        let missing = match &mut self.phase {
            Phase::Running(running) => running.missing(channel),
            _ => 0,
        };
        if missing < LARGE_BODY as u64 {
            usize::MAX
        } else if end_is_missing.is_some() {
            SEAM
        } else {
            self.wanted
        }
    }

    /// `octets` have been read into [`body_room`]. Those that do not belong there are
    /// moved to the input.
    pub(super) fn on_body_read(&mut self, octets: usize) {
        if let (Some(begun), Phase::Running(running)) = (&mut self.begun, &mut self.phase) {
            begun.left -= octets.min(begun.left);
            running.on_read(begun.channel, octets, self.input.octets_mut());
        }
    }

    /// Takes what it can of `input` and returns how many octets that was. The rest is to be given
    /// again, with what comes behind it.
    pub(super) fn on_octets(&mut self, now: Now, input: &[u8]) -> usize {
        let mut taken = self.on_protocol_header(now, input);
        if let Phase::Header(_) = self.phase {
            return taken;
        }
        if self.begun.is_some() && self.is_reading() {
            taken = self.on_part(now, input);
        }
        // Publishes come in rows: where one may begin, the ones like those before are taken first.
        let mut in_row = true;
        while self.is_reading() && self.begun.is_none() && !turns::is_over() {
            if self.drops_everything() {
                taken = input.len();
                break;
            }
            let rest = input.get(taken..).unwrap_or_default();
            if std::mem::take(&mut in_row) {
                taken += self.on_row(now, rest);
                continue;
            }
            match decode(rest, self.payload_max) {
                Ok(Decoded::Frame { frame, consumed }) => match self.on_frame(now, &frame) {
                    Taken::Yes => {
                        taken += consumed;
                        self.tools.frames_in += 1;
                        if frame.kind == FRAME_BODY {
                            self.on_body(&frame);
                            in_row = true;
                        }
                    }
                    Taken::Not => break,
                },
                Ok(Decoded::NeedMore(octets)) => {
                    let longest = self.payload_max as usize + FRAME_OVERHEAD;
                    assert!(
                        octets <= longest,
                        "I7: {octets} octets of at most {longest}"
                    );
                    self.wanted = octets;
                    if octets > LARGE_BODY {
                        taken += self.begin_part(rest);
                    }
                    break;
                }
                Err(error) => {
                    self.fail(now, framing::broken(&error));
                    self.stop_reading(now);
                    taken = input.len();
                }
            }
        }
        self.flush(now);
        taken
    }

    /// Whether nothing that comes means anything any more.
    fn drops_everything(&self) -> bool {
        matches!(
            self.phase,
            Phase::Silent | Phase::Closing(Closing::Unreadable)
        )
    }

    fn on_protocol_header(&mut self, now: Now, input: &[u8]) -> usize {
        let Phase::Header(_) = self.phase else {
            return 0;
        };
        let Some(header) = decode_protocol_header(input) else {
            self.wanted = HEADER_LEN;
            return 0;
        };
        self.greet(now, header);
        HEADER_LEN
    }

    #[inline]
    fn on_frame(&mut self, now: Now, frame: &RawFrame<'_>) -> Taken {
        let Phase::Running(running) = &mut self.phase else {
            self.on_other_frame(now, frame);
            return Taken::Yes;
        };
        match running.on_frame(frame, &mut io!(self, now)) {
            Ok(taken) => taken,
            Err(failure) => {
                self.on_failure(now, failure.in_channel(frame.channel));
                Taken::Yes
            }
        }
    }

    /// A whole body frame has been taken: behind a large one the next is probably large too.
    #[inline]
    fn on_body(&mut self, frame: &RawFrame<'_>) {
        if frame.payload.len() >= LARGE_BODY {
            self.large = Some(frame.channel);
        }
    }

    /// Takes the beginning of a frame that is not whole, in `input`, if its payload may go to a
    /// channel in parts. Returns the octets taken.
    fn begin_part(&mut self, input: &[u8]) -> usize {
        let Some(head) = decode_head(input).filter(|head| head.kind == FRAME_BODY) else {
            return 0;
        };
        let size = usize::try_from(head.size).unwrap_or(usize::MAX);
        let Phase::Running(running) = &mut self.phase else {
            return 0;
        };
        if size < LARGE_BODY || !running.begin_part(head.channel, size) {
            return 0;
        }
        let payload = input.get(FRAME_HEAD..).unwrap_or_default();
        // The end of the frame has not come, but all of its payload may have.
        running.on_part(head.channel, payload);
        self.begun = Some(BegunFrame {
            channel: head.channel,
            size,
            left: size - payload.len(),
        });
        self.wanted = 1;
        input.len()
    }

    /// Takes the part of the frame at hand that `input` begins with.
    fn on_part(&mut self, now: Now, input: &[u8]) -> usize {
        let Some(begun) = &mut self.begun else {
            return 0;
        };
        let BegunFrame { channel, size, .. } = *begun;
        let (payload, rest) = input.split_at(begun.left.min(input.len()));
        begun.left -= payload.len();
        // A connection or channel that closes meanwhile drops the rest of the frame.
        if let Phase::Running(running) = &mut self.phase {
            running.on_part(channel, payload);
        }
        let taken = payload.len();
        match rest {
            [] => taken,
            [FRAME_END, ..] => {
                self.begun = None;
                self.tools.frames_in += 1;
                self.large = Some(channel);
                self.end_part(now, channel);
                taken + 1
            }
            [octet, ..] => {
                self.begun = None;
                self.on_bad_end(now, channel, size, *octet);
                input.len()
            }
        }
    }

    fn end_part(&mut self, now: Now, channel: ChannelId) {
        if let Phase::Running(running) = &mut self.phase
            && let Err(failure) = running.end_part(channel, &mut io!(self, now))
        {
            self.on_failure(now, failure);
        }
    }

    fn on_bad_end(&mut self, now: Now, channel: ChannelId, size: usize, octet: u8) {
        let payload = match &mut self.phase {
            Phase::Running(running) => running.last_octets(channel, size),
            _ => &[],
        };
        let error = framing::broken(&FrameError::BadEnd {
            kind: FRAME_BODY,
            channel,
            payload,
            octet,
        });
        self.fail(now, error);
        self.stop_reading(now);
    }
}

/// Where the next octets from the socket belong, if that is the body of a message, and how many.
pub(super) fn body_room(
    phase: &mut Phase,
    begun: Option<BegunFrame>,
) -> Option<(&mut Vec<u8>, usize)> {
    let BegunFrame { channel, left, .. } = begun?;
    let Phase::Running(running) = phase else {
        return None;
    };
    let body = running.room(channel)?;
    // In front of another payload there is room for what is between the two.
    let room = body.capacity() - body.len();
    let seam = room.saturating_sub(left).min(SEAM);
    Some((body, (left + seam).min(READ_BUDGET)))
}

#[cfg(test)]
mod tests;
