//! Frames of contents on their way to a channel: headers, bodies, and large bodies in parts.

use leveret_codec::frame::{FRAME_HEADER, RawFrame};
use leveret_codec::types::ChannelId;

use super::{Failure, HEADER_MIN, Io, Running, context, framing};
use crate::channel::Taken;

impl Running {
    #[inline]
    pub(super) fn on_content(
        &mut self,
        frame: &RawFrame<'_>,
        io: &mut Io<'_>,
    ) -> Result<Taken, Failure> {
        let is_header = frame.kind == FRAME_HEADER;
        if is_header && frame.payload.len() < HEADER_MIN {
            return Err(framing::unknown_frame(frame).into());
        }
        if frame.channel == ChannelId::ZERO {
            return Err(framing::unexpected_frame(frame).into());
        }
        let alarm = self.pauses.alarm();
        let Some(channel) = self.channels.touch(frame.channel) else {
            return self.on_content_elsewhere(frame).map(|()| Taken::Yes);
        };
        if is_header && let Some(reason) = alarm {
            self.block(reason, io);
            return Ok(Taken::Not);
        }
        let mut cx = context(&self.session, io);
        let done = if is_header {
            channel.on_header(frame.payload, &mut cx)
        } else {
            channel.on_body(frame.payload, &mut cx)
        };
        done.or_else(|error| self.fail(frame.channel, error, io))?;
        Ok(Taken::Yes)
    }

    /// Publishes on `channel` that are like its last one, from the start of `input` on: returns how
    /// many octets they took.
    #[inline]
    pub(in crate::connection) fn on_row(
        &mut self,
        channel: ChannelId,
        input: &[u8],
        payload_max: u32,
        io: &mut Io<'_>,
    ) -> usize {
        let Some(channel) = self
            .channels
            .touch(channel)
            .filter(|_| self.pauses.alarm().is_none())
        else {
            return 0;
        };
        channel.publish_row(input, payload_max, &mut context(&self.session, io))
    }

    /// A body frame of `size` octets begins on `channel`; whether its payload may be given in
    /// parts. Where it may not, the frame is an error or is dropped, which takes a whole one.
    pub(in crate::connection) fn begin_part(&mut self, channel: ChannelId, size: usize) -> bool {
        let channel = self.channels.touch(channel);
        channel.is_some_and(|channel| channel.begin_part(size))
    }

    /// The next octets of the frame that begins on `channel`.
    pub(in crate::connection) fn on_part(&mut self, channel: ChannelId, octets: &[u8]) {
        if let Some(channel) = self.channels.touch(channel) {
            channel.on_part(octets);
        }
    }

    /// The frame on `channel` whose payload came in parts is whole.
    pub(in crate::connection) fn end_part(
        &mut self,
        id: ChannelId,
        io: &mut Io<'_>,
    ) -> Result<(), Failure> {
        let Some(channel) = self.channels.touch(id) else {
            return Ok(());
        };
        channel
            .end_part(&mut context(&self.session, io))
            .or_else(|error| self.fail(id, error, io))
    }

    /// Where the next octets of the frame that has begun on `channel` belong.
    pub(in crate::connection) fn room(&mut self, channel: ChannelId) -> Option<&mut Vec<u8>> {
        self.channels.touch(channel)?.room()
    }

    /// `octets` have been read into the room of `channel`. Those behind the end of the frame are
    /// moved to `input`.
    pub(in crate::connection) fn on_read(
        &mut self,
        channel: ChannelId,
        octets: usize,
        input: &mut Vec<u8>,
    ) {
        if let Some(channel) = self.channels.touch(channel) {
            channel.on_read(octets, input);
        }
    }

    /// The last `octets` octets of the body at hand on `channel`.
    pub(in crate::connection) fn last_octets(
        &mut self,
        channel: ChannelId,
        octets: usize,
    ) -> &[u8] {
        let channel = self.channels.touch(channel);
        channel.map_or(&[], |channel| channel.last_octets(octets))
    }

    /// Octets of the body at hand on `channel` that no frame has announced yet.
    pub(in crate::connection) fn missing(&mut self, channel: ChannelId) -> u64 {
        self.channels
            .touch(channel)
            .map_or(0, |channel| channel.missing())
    }
}
