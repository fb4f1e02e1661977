//! Publishes in a row, which are taken without a look at each of their frames.
//!
//! Knows only where a row may begin and when it must pause; what belongs to it is for the channel.

use leveret_codec::frame::FRAME_METHOD;
use leveret_codec::types::ChannelId;

use super::running::Io;
use super::{Connection, Phase};
use crate::clock::Now;
use crate::turns;

impl Connection {
    /// Publishes like those before, from the start of `input` on, are taken without a look at
    /// their frames; returns how many octets they took.
    pub(super) fn on_row(&mut self, now: Now, input: &[u8]) -> usize {
        let mut rest = input;
        while self.is_reading()
            && !turns::is_over()
            && let Phase::Running(running) = &mut self.phase
            && let [FRAME_METHOD, high, low, ..] = *rest
        {
            let mut io = Io {
                now,
                outbox: &mut self.outbox,
                backlog: &mut self.backlog,
                tools: &mut self.tools,
            };
            let channel = ChannelId(u16::from_be_bytes([high, low]));
            match running.on_row(channel, rest, self.payload_max, &mut io) {
                0 => break,
                octets => rest = rest.get(octets..).unwrap_or_default(),
            }
        }
        input.len() - rest.len()
    }
}
