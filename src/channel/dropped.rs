//! Contents on a channel number that has no open channel: each of their frames is checked and
//! dropped.
//!
//! RabbitMQ puts contents together before it asks whether there is a channel for them, so a frame
//! out of place is 505 whatever the number is (I6). Nothing of such a content is kept.
//!
//! Seen: RabbitMQ 4.3.6, `content/orphans_on_a_closing_channel_are_505.amqp`.

use leveret_codec::methods::BasicPublish;

use super::Channel;
use super::content::Content;
use crate::error::AmqpError;

/// The content that comes in on such a number, without its octets.
#[derive(Debug, Default)]
pub struct DroppedContent(Content);

/// How far a content has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More frames are to come.
    More,
    /// That was its last frame.
    Whole,
}

impl DroppedContent {
    /// What is left of a content that has begun on `channel`, which closes.
    #[must_use]
    pub fn rest_of(channel: &mut Channel) -> Self {
        let mut content = std::mem::take(&mut channel.content);
        content.forget();
        Self(content)
    }

    /// A method other than basic.publish.
    ///
    /// # Errors
    /// 505 within a content, closes the connection.
    pub fn check_no_content_open(&self) -> Result<(), AmqpError> {
        self.0.check_no_content_open()
    }

    /// basic.publish.
    ///
    /// # Errors
    /// 505 within a content, closes the connection.
    pub fn on_publish(&mut self, publish: BasicPublish<'_>) -> Result<(), AmqpError> {
        self.0.check_no_content_open()?;
        self.0.begin(publish);
        Ok(())
    }

    /// A content header frame.
    ///
    /// # Errors
    /// 505 out of place or of another class, 501 for a size that is too large.
    pub fn on_header(&mut self, payload: &[u8]) -> Result<Progress, AmqpError> {
        let progress = match self.0.on_header(payload)? {
            Some(_) => Progress::Whole,
            None => Progress::More,
        };
        self.0.forget();
        Ok(progress)
    }

    /// A content body frame of `len` octets.
    ///
    /// # Errors
    /// 505 out of place, 501 past the announced size.
    pub fn on_body(&mut self, len: usize) -> Result<Progress, AmqpError> {
        self.0.drop_body(len as u64)?;
        Ok(if self.0.is_idle() {
            Progress::Whole
        } else {
            Progress::More
        })
    }
}
