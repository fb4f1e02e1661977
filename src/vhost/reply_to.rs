//! Direct reply-to: replies to a consumer that has no queue.
//!
//! A channel that consumes from [`REPLY_TO`] gets an unguessable name. A message that is published
//! to the default exchange with that name as its key goes straight to the channel; nothing is
//! stored, and nothing is kept when the channel is gone. Its name stays a route all the same, to
//! nowhere: RabbitMQ reads a process in the name and posts the reply to it, there or not.
//!
//! Docs: RabbitMQ, direct reply-to. Seen: RabbitMQ 4.3.6, `reply_to/`.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use dashmap::DashMap;
use leveret_codec::types::{ChannelId, ShortStr, ShortString};

use crate::error::AmqpError;
use crate::limits::REPLY_BYTES_MAX;
use crate::mail::{Mail, Mailbox};
use crate::message::Message;

/// The pseudo-queue to consume from, and the reply-to property that is rewritten.
pub const REPLY_TO: ShortStr<'static> = ShortStr::literal("amq.rabbitmq.reply-to");

const REPLY_PREFIX: &str = "amq.rabbitmq.reply-to.";

/// What the first part of a name begins with: a process in Erlang's external format, of a node that
/// is called `reply@` and eight digits.
const PROCESS: &[u8] = b"\x83Xv\x00\x0ereply@";
const NODE_DIGITS: usize = 8;
/// Octets behind the node: number, serial and creation of the process, four each.
const PROCESS_NUMBERS: usize = 12;
const PROCESS_LEN: usize = PROCESS.len() + NODE_DIGITS + PROCESS_NUMBERS;

/// The channel behind a name for replies: none once it waits no more. Replies to none are dropped.
#[derive(Clone, Debug)]
pub struct ReplyTarget(Option<Waiter>);

/// A channel that waits for replies.
#[derive(Clone, Debug)]
struct Waiter {
    mailbox: Arc<Mailbox>,
    channel: ChannelId,
}

impl ReplyTarget {
    /// Hands a reply over. A client that does not read its replies loses the latest once
    /// [`REPLY_BYTES_MAX`] octets wait for it: there is no queue in which they could stay.
    pub fn deliver(&self, message: Message) {
        let Some(waiter) = &self.0 else {
            return;
        };
        if waiter.mailbox.pressure() >= REPLY_BYTES_MAX {
            crate::log::debug!("a direct reply is dropped: its client does not read");
            return;
        }
        waiter.mailbox.post(Mail::Reply {
            channel: waiter.channel,
            message,
        });
    }

    /// Whether the channel still waits.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.0.is_some()
    }
}

/// All channels of a vhost that wait for replies, by their unguessable names.
pub(super) struct ReplyTargets {
    /// Follows [`PROCESS`] in the names that this node gives, in this run and in others.
    node: [u8; NODE_DIGITS],
    waiters: DashMap<ShortString, Waiter>,
}

impl ReplyTargets {
    /// Nothing waits yet. `node`: its name, which a broker keeps over restarts.
    pub(super) fn new(node: &str) -> Self {
        let mut left = crc32c::crc32c(node.as_bytes());
        let node = std::array::from_fn(|_| {
            let digit = u8::try_from(left % 10).expect("a digit fits an octet");
            left /= 10;
            b'0' + digit
        });
        Self {
            node,
            waiters: DashMap::new(),
        }
    }

    /// Gives the channel a name for replies.
    ///
    /// # Panics
    /// If the operating system has no random numbers to give.
    pub(super) fn add(&self, mailbox: &Arc<Mailbox>, channel: ChannelId) -> ShortString {
        let mut numbers = [0; PROCESS_NUMBERS];
        let mut secret = [0; 16];
        for random in [&mut numbers[..], &mut secret[..]] {
            getrandom::fill(random).expect("the operating system gives random numbers");
        }
        let process = [PROCESS, &self.node, &numbers].concat();
        let (process, secret) = (STANDARD.encode(process), STANDARD.encode(secret));
        let name = format!("{REPLY_PREFIX}{process}.{secret}");
        let name = ShortString::new(&name).expect("a prefix and names of 44 and 24 octets fit");
        let waiter = Waiter {
            mailbox: Arc::clone(mailbox),
            channel,
        };
        self.waiters.insert(name.clone(), waiter);
        name
    }

    /// The name is no more.
    pub(super) fn remove(&self, name: &ShortString) {
        self.waiters.remove(name);
    }

    /// The channel behind a name for replies, if `key` is one that this node may have given.
    pub(super) fn find(&self, key: &[u8]) -> Option<ReplyTarget> {
        let rest = key.strip_prefix(REPLY_PREFIX.as_bytes())?;
        let name = std::str::from_utf8(key).ok()?;
        if let Some(waiter) = self.waiters.get(name) {
            return Some(ReplyTarget(Some(waiter.clone())));
        }
        let dot = rest.iter().position(|octet| *octet == b'.')?;
        self.is_process(rest.get(..dot)?)
            .then_some(ReplyTarget(None))
    }

    /// Whether `part` is a process of this node.
    fn is_process(&self, part: &[u8]) -> bool {
        let mut octets = [0; PROCESS_LEN + 3];
        let Ok(PROCESS_LEN) = STANDARD.decode_slice(part, &mut octets) else {
            return false;
        };
        let node = octets.strip_prefix(PROCESS);
        node.is_some_and(|node| node.starts_with(&self.node))
    }
}

/// Whether `name` stands for a consumer of direct replies, which no queue is behind.
#[must_use]
pub fn is_reply_queue(name: &str) -> bool {
    *name == *REPLY_TO || is_reply_name(name)
}

/// Whether `name` begins as the names for replies do.
fn is_reply_name(name: &str) -> bool {
    name.starts_with(REPLY_PREFIX)
}

/// Names for replies are bound to nothing, good ones as little as others.
///
/// # Errors
/// 403 if `name` has the form of one.
///
/// Seen: RabbitMQ 4.3.6, `reply_to/operations_on_a_live_name.amqp`.
pub fn check_no_reply_name(name: &str) -> Result<(), AmqpError> {
    if is_reply_name(name) {
        return Err(AmqpError::access_refused(
            "cannot bind or unbind to a volatile (direct reply-to) queue",
        ));
    }
    Ok(())
}
