//! Frames on channel numbers without an open channel: numbers that are free, and numbers whose
//! channel has failed and waits for close-ok.
//!
//! Methods are answered by what the number is; contents are put together all the same, because
//! RabbitMQ does so before it looks for the channel.
//!
//! Invariants: I6, I8. Seen: RabbitMQ 4.3.6, `content/orphans_on_a_closing_channel_are_505.amqp`,
//! `content/publish_without_open_is_504_when_whole.amqp`.

use leveret_codec::frame::{FRAME_HEADER, RawFrame};
use leveret_codec::methods::{ChannelCloseOk, Method};
use leveret_codec::reply::ReplyCode;
use leveret_codec::types::ChannelId;

use super::{Failure, Io, Running, State, channel_error, framing};
use crate::channel::{DroppedContent, Progress};
use crate::error::AmqpError;

impl Running {
    /// A method.
    #[cold]
    pub(super) fn on_method_elsewhere(
        &mut self,
        id: ChannelId,
        method: Method<'_>,
        io: &mut Io<'_>,
    ) -> Result<(), Failure> {
        match self.channels.get(id) {
            Some(State::Closing(content) | State::Unopened(content)) => {
                if let Method::BasicPublish(publish) = method {
                    return Ok(content.on_publish(publish)?);
                }
                content.check_no_content_open()?;
                self.on_closing_method(id, &method, io)
            }
            _ => self.on_first_method(id, method, io),
        }
    }

    /// A method on a number whose channel has failed, which the client may not know yet.
    fn on_closing_method(
        &mut self,
        id: ChannelId,
        method: &Method<'_>,
        io: &mut Io<'_>,
    ) -> Result<(), Failure> {
        match method {
            Method::ChannelClose(_) => io.outbox.method(id, &ChannelCloseOk::default().into()),
            Method::ChannelCloseOk(_) => drop(self.channels.remove(id)),
            // Seen: RabbitMQ 4.3.6,
            // tests/scripts/channel/open_before_close_ok_of_an_error_is_504.amqp.
            Method::ChannelOpen(_) => {
                return Err(channel_error("second 'channel.open' seen", method).into());
            }
            _ => {}
        }
        Ok(())
    }

    /// A method on a free number. A publish is refused once its content is whole.
    fn on_first_method(
        &mut self,
        id: ChannelId,
        method: Method<'_>,
        io: &mut Io<'_>,
    ) -> Result<(), Failure> {
        match method {
            Method::ChannelOpen(_) => self.open_channel(id, io),
            Method::BasicPublish(publish) => {
                self.check_channel_count()?;
                let mut content = DroppedContent::default();
                content.on_publish(publish)?;
                self.channels.begin_unopened(id, content);
                Ok(())
            }
            method => Err(expected_open((method.class_id(), method.method_id())).into()),
        }
    }

    /// A content frame on a number without an open channel.
    #[cold]
    pub(super) fn on_content_elsewhere(&mut self, frame: &RawFrame<'_>) -> Result<(), Failure> {
        let state = self.channels.get(frame.channel);
        let was_open = matches!(state, Some(State::Closing(_)));
        let Some(State::Closing(content) | State::Unopened(content)) = state else {
            return Err(framing::expected_method().into());
        };
        let progress = if frame.kind == FRAME_HEADER {
            content.on_header(frame.payload)?
        } else {
            content.on_body(frame.payload.len())?
        };
        match progress {
            Progress::Whole if !was_open => Err(expected_open((60, 40)).into()),
            Progress::Whole | Progress::More => Ok(()),
        }
    }
}

/// 504 for a method, by class and number, on a channel that was never opened.
fn expected_open((class, method): (u16, u16)) -> AmqpError {
    AmqpError::new(ReplyCode::ChannelError, "expected 'channel.open'").in_method(class, method)
}
