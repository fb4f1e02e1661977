//! Direct reply-to: replies to a consumer that has no queue.
//!
//! A channel that consumes from [`REPLY_TO`] gets an unguessable name. A message that is published
//! to the default exchange with that name as its key goes straight to the channel; nothing is
//! stored, and nothing is kept when the channel is gone.
//!
//! Docs: RabbitMQ, direct reply-to. Seen: RabbitMQ 3.10.8 and 4.3.6.

use std::sync::Arc;

use dashmap::DashMap;
use leveret_codec::types::{ChannelId, ShortStr, ShortString};

use crate::env::unguessable;
use crate::limits::REPLY_BYTES_MAX;
use crate::mail::{Mail, Mailbox};
use crate::message::Message;

/// The pseudo-queue to consume from, and the reply-to property that is rewritten.
pub const REPLY_TO: ShortStr<'static> = ShortStr::literal("amq.rabbitmq.reply-to");

const REPLY_PREFIX: &str = "amq.rabbitmq.reply-to.";

/// A channel that waits for replies.
#[derive(Clone, Debug)]
pub struct ReplyTarget {
    mailbox: Arc<Mailbox>,
    channel: ChannelId,
}

impl ReplyTarget {
    /// Hands a reply over. A client that does not read its replies loses the latest once
    /// [`REPLY_BYTES_MAX`] octets wait for it: there is no queue in which they could stay.
    pub fn deliver(&self, message: Message) {
        if self.mailbox.pressure() >= REPLY_BYTES_MAX {
            crate::log::debug!("a direct reply is dropped: its client does not read");
            return;
        }
        self.mailbox.post(Mail::Reply {
            channel: self.channel,
            message,
        });
    }
}

/// All channels of a vhost that wait for replies, by their unguessable names.
#[derive(Default)]
pub(super) struct ReplyTargets(DashMap<ShortString, ReplyTarget>);

impl ReplyTargets {
    /// Gives the channel a name for replies.
    pub(super) fn add(&self, mailbox: &Arc<Mailbox>, channel: ChannelId) -> ShortString {
        let name = format!("{REPLY_PREFIX}{}.{}", unguessable(), unguessable());
        let name = ShortString::new(&name).expect("two names of 22 octets and a prefix fit");
        let target = ReplyTarget {
            mailbox: Arc::clone(mailbox),
            channel,
        };
        self.0.insert(name.clone(), target);
        name
    }

    /// The name is no more.
    pub(super) fn remove(&self, name: &ShortString) {
        self.0.remove(name);
    }

    /// The channel behind a name for replies, if `key` is one and the channel still waits.
    pub(super) fn find(&self, key: &[u8]) -> Option<ReplyTarget> {
        if !is_reply_name(key) {
            return None;
        }
        let name = std::str::from_utf8(key).ok()?;
        self.0.get(name).map(|target| target.clone())
    }
}

/// Whether `name` has the form of a name for replies.
#[must_use]
pub(super) fn is_reply_name(name: &[u8]) -> bool {
    name.starts_with(REPLY_PREFIX.as_bytes())
}

/// Whether `name` stands for a consumer of direct replies, which no queue is behind.
#[must_use]
pub fn is_reply_queue(name: &str) -> bool {
    *name == *REPLY_TO || is_reply_name(name.as_bytes())
}
