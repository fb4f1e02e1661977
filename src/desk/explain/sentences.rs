//! What is said of the steps of a message, in sentences.

use std::fmt::Write as _;

use leveret_codec::reply::{ReplyCode, Scope};

use super::hop::{DeadLetterTo, Hop, HopQueue, Outcome};
use crate::error::AmqpError;
use crate::events::DeathReason;
use crate::exchange::ExchangeType;
use crate::queue::{Limits, Outlook, OutlookFate, Overflow};
use crate::vhost::{REPLY_TO, Step};

/// Names of queues that a sentence has.
const NAMES: usize = 5;

/// Why a message that may not be published may not.
pub(super) fn of_refusal(error: &AmqpError) -> String {
    let closed = match error.scope() {
        Scope::Channel => "channel",
        Scope::Connection => "connection",
    };
    match error.code {
        ReplyCode::NotFound => {
            format!("There is no such exchange, so the publisher's {closed} is closed.")
        }
        _ => format!("The publisher's {closed} is closed: {}.", error.explanation),
    }
}

/// What becomes of a message.
pub(super) fn of_hop(hop: &Hop) -> String {
    let mut names = hop.queues.iter().map(|queue| format!("'{}'", queue.name));
    let shown: Vec<String> = names.by_ref().take(NAMES).collect();
    let more = names.count();
    let mut named = shown.join(", ");
    if more > 0 {
        // Writing to a String cannot fail.
        let _written = write!(named, " and {more} more");
    }
    let to = match hop.queues.len() {
        1 => format!("queue {named}"),
        many => format!("{many} queues: {named}"),
    };
    match hop.outcome {
        Outcome::Queued => format!("It comes to {to}."),
        Outcome::Rejected => {
            let full = hop.queues.iter().filter(|queue| queue.fate == "refused");
            let full: Vec<String> = full.map(|queue| format!("'{}'", queue.name)).collect();
            format!(
                "It comes to {to}, of which {} refuses it: a publisher with confirms gets \
                 basic.nack.",
                full.join(", ")
            )
        }
        Outcome::Delayed => "An exchange keeps it until its delay is over.".to_owned(),
        Outcome::Unroutable
            if hop
                .exchanges
                .iter()
                .any(|one| is_duplicate(one.why.as_deref())) =>
        {
            DUPLICATE.to_owned()
        }
        Outcome::Unroutable => "No binding matches it, so it comes to no queue: it is dropped, or \
                                returned to a publisher that says mandatory."
            .to_owned(),
        Outcome::Refused => String::new(),
    }
}

const DUPLICATE: &str = "The exchange has seen a message with the same deduplication header, and \
                         drops this one.";

fn is_duplicate(why: Option<&str>) -> bool {
    why == Some(DUPLICATE)
}

/// What there is to say of an exchange on the way.
pub(super) fn of_step(step: &Step, is_unbound: bool) -> Option<String> {
    let Some(exchange) = &step.exchange else {
        return Some(no_exchange(&step.name));
    };
    if let Some(ms) = step.delay_ms {
        return Some(format!("It keeps the message for {ms} ms (x-delay)."));
    }
    if step.is_duplicate {
        return Some(DUPLICATE.to_owned());
    }
    if is_unbound {
        return Some(match step.name.is_empty() {
            true => "No queue is called as the routing key says.".to_owned(),
            false => "None of its bindings matches the message.".to_owned(),
        });
    }
    matches!(
        exchange.kind.routing(),
        ExchangeType::Random | ExchangeType::LocalRandom
    )
    .then(|| "It picks one of its bindings by chance; this is one of them.".to_owned())
}

pub(super) fn no_exchange(name: &str) -> String {
    format!("There is no exchange '{name}', so the message is dropped.")
}

/// A client that waits for a direct reply.
pub(super) fn of_reply() -> HopQueue {
    HopQueue {
        name: REPLY_TO.to_string(),
        type_name: "reply",
        fate: "delivered",
        why: "A client waits for this direct reply and gets it at once.".to_owned(),
        expires_in_ms: None,
        drops_head: false,
        dead_letter: None,
    }
}

/// A queue in which a dead letter has died before.
pub(super) fn of_circle(name: &str, type_name: &'static str) -> HopQueue {
    HopQueue {
        name: name.to_owned(),
        type_name,
        fate: "dropped",
        why: "It has died in this queue before, and no client has rejected it since: a message \
              that goes in circles by itself is dropped."
            .to_owned(),
        expires_in_ms: None,
        drops_head: false,
        dead_letter: None,
    }
}

/// What a queue does with a message.
pub(super) fn of_queue(
    type_name: &str,
    outlook: &Outlook,
    dead_letter: Option<&DeadLetterTo>,
) -> String {
    let limits = &outlook.limits;
    let mut text = match outlook.fate {
        OutlookFate::Delivered => "A consumer takes it at once.".to_owned(),
        OutlookFate::Ready if type_name == "stream" => "It is appended to the stream.".to_owned(),
        OutlookFate::Ready => waiting(outlook),
        OutlookFate::Refused => format!(
            "The queue is full ({}) and refuses it (overflow {}).",
            bounds(limits),
            match limits.overflow {
                Overflow::RejectPublishDlx => "reject-publish-dlx",
                _ => "reject-publish",
            }
        ),
        OutlookFate::Dropped => format!(
            "The queue is full ({}), and this message is the one that its length limit drops.",
            bounds(limits)
        ),
        OutlookFate::Expired => {
            "Its time to live is 0, and no consumer can take it at once: it expires.".to_owned()
        }
        OutlookFate::Duplicate => {
            "The queue has seen a message with the same deduplication header, and drops this one."
                .to_owned()
        }
    };
    if outlook.drops_head {
        let bounds = bounds(limits);
        let _written = write!(
            text,
            " The queue is full ({bounds}): the message that would leave next makes room for it."
        );
    }
    if let Some(ms) = outlook.expires_in_ms {
        let _written = write!(
            text,
            " It expires after {ms} ms unless a consumer takes it before."
        );
    }
    match dead_letter {
        Some(DeadLetterTo {
            exchange,
            reason: Some(reason),
            ..
        }) => {
            let reason = match reason {
                DeathReason::Expired => "Then",
                _ => "Instead",
            };
            let _written = write!(text, " {reason} it goes to {}.", named(exchange));
        }
        Some(DeadLetterTo { exchange, .. }) if outlook.fate != OutlookFate::Refused => {
            let to = named(exchange);
            let _written = write!(text, " A consumer that rejects it sends it to {to}.");
        }
        _ => {}
    }
    text
}

fn named(exchange: &str) -> String {
    match exchange {
        "" => "the default exchange".to_owned(),
        name => format!("exchange '{name}'"),
    }
}

/// Why it waits.
fn waiting(outlook: &Outlook) -> String {
    let behind = match outlook.ready {
        0 => "It waits".to_owned(),
        1 => "It waits behind 1 message".to_owned(),
        many => format!("It waits behind {many} messages"),
    };
    let why = match outlook.consumers {
        _ if outlook.is_paused => "delivery of the queue is paused",
        0 => "the queue has no consumer",
        _ => {
            "no consumer can take one now: each holds as many as its prefetch allows, or does \
              not read"
        }
    };
    format!("{behind}: {why}.")
}

/// `max-length 10, max-length-bytes 1000`.
fn bounds(limits: &Limits) -> String {
    let length = limits.max_length.map(|max| format!("max-length {max}"));
    let bytes = limits.max_length_bytes;
    let bytes = bytes.map(|max| format!("max-length-bytes {max}"));
    let all: Vec<String> = length.into_iter().chain(bytes).collect();
    all.join(", ")
}
