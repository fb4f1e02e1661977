//! What one target gets of a batch.

use std::ops::Range;

use super::placed::Placed;
use super::publish::Publish;
use super::reached::Count;
use super::source::Source;
use crate::clock::Now;
use crate::message::Message;
use crate::queue::{Arrival, Pushed, Sender};
use crate::store::RecordAt;
use crate::vhost::queue_handle::QueueHandle;
use crate::vhost::reply_to::ReplyTarget;

/// Consecutive messages on their way to one target, and whether it is the last one they go to.
pub(super) type Part = (Range<usize>, Take);

/// Whether a target is the last one of its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::vhost) enum Take {
    /// Others need them too.
    Copy,
    Whole,
}

impl Take {
    #[inline]
    fn from(self, publish: &mut Publish) -> Option<Message> {
        match self {
            Self::Copy => publish.message.clone(),
            Self::Whole => publish.message.take(),
        }
    }
}

/// How a batch comes.
pub(super) struct How<'a> {
    pub(super) sender: Sender,
    pub(super) source: &'a Source,
    pub(super) count: Count<'a>,
}

/// Pushes `parts` of a batch into one of their targets.
pub(super) fn push_all(
    now: Now,
    handle: &QueueHandle,
    parts: &mut dyn Iterator<Item = Part>,
    each: &mut [Publish],
    how: &mut How<'_>,
    answers: &mut [Placed],
) {
    let storing = handle.storing();
    handle.with(now, |queue, effects| {
        let mut pushed = Vec::new();
        let wants_parts = effects.is_listening() || how.count.wants_parts();
        let mut count = 0;
        for (part, take) in parts {
            count += part.len();
            if wants_parts {
                pushed.push(part.clone());
            }
            let each = each.get_mut(part.clone()).unwrap_or_default();
            let answers = answers.get_mut(part).unwrap_or_default();
            for (publish, answer) in each.iter_mut().zip(answers) {
                let Some(message) = take.from(publish) else {
                    continue;
                };
                let at = if publish.at.is_stored() && storing.wants(message.is_persistent()) {
                    publish.at
                } else {
                    RecordAt::NONE
                };
                let arrival = Arrival {
                    delivery_count: publish.delivery_count,
                    sender: how.sender,
                };
                match queue.push(now, message, at, arrival, effects) {
                    Pushed::Accepted => {}
                    Pushed::Refused => *answer = Placed::Refused,
                }
            }
        }
        if how.source.is_published() {
            how.count.add(handle, queue, count, &pushed);
        }
        if effects.is_listening() {
            how.source.name(&pushed, effects);
        }
        queue.dispatch(now, effects);
    });
}

/// Sends replies to a channel that waits for them.
pub(super) fn reply_all(
    target: &ReplyTarget,
    parts: &mut dyn Iterator<Item = Part>,
    each: &mut [Publish],
) {
    for (part, take) in parts {
        for publish in each.get_mut(part).unwrap_or_default() {
            if let Some(message) = take.from(publish) {
                target.deliver(message);
            }
        }
    }
}
