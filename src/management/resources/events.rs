//! What changes in the broker, told as it happens: server-sent events with the fields that
//! RabbitMQ's tools print.
//!
//! Events are kept for a client while it does not read, up to [`EVENT_FOLLOWER_BYTES`]; of those
//! beyond it is told how many it has missed.
//!
//! Source: none, RabbitMQ has this for its own tools alone. Seen: RabbitMQ 4.3.6,
//! `rabbitmq-diagnostics consume_event_stream`.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;
use serde_json::Value as Json;
use tokio::sync::{Notify, OwnedSemaphorePermit};

use crate::auth::Pattern;
use crate::definitions::to_json;
use crate::events::{Change, Interest, Listener, ListenerGuard};
use crate::limits::EVENT_FOLLOWER_BYTES;
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::asker::Asker;
use crate::management::events::Teller;
use crate::management::route::Needs;

/// `GET /leveret/events`.
///
/// # Errors
/// 400 for a pattern that is none, 503 without a place.
pub(in crate::management) async fn follow(ask: Ask) -> Answer {
    let pattern = Pattern::new(ask.query.get("pattern").unwrap_or_default());
    let pattern = pattern.map_err(|error| Refusal::bad(format!("pattern: {error}")))?;
    let asker = Asker::of(&ask).ok_or_else(Refusal::no_login)?;
    let place = Arc::clone(&ask.door.event_followers).try_acquire_owned();
    let place = place.map_err(|_| Refusal::unavailable("too many requests follow already"))?;
    let kept = Arc::new(Kept {
        pattern,
        backlog: Mutex::default(),
        came: Notify::new(),
    });
    let listener: Arc<dyn Listener> = Arc::clone(&kept) as _;
    let following = Following {
        kept,
        _listening: ask.desk.env.events.listen(Interest::Changes, listener),
        _place: place,
    };
    let may_go_on = move || asker.still_may(Needs::Administrator);
    let told = |teller| following.run(teller);
    Ok(Reply::events(ask.ends, may_go_on, told))
}

/// Events for one client.
struct Kept {
    pattern: Pattern,
    backlog: Mutex<Backlog>,
    /// Is notified of each event, also of a missed one.
    came: Notify,
}

#[derive(Default)]
struct Backlog {
    events: VecDeque<Bytes>,
    octets: usize,
    /// Events behind those that are kept. None is kept again until the client is told of these.
    missed: u64,
}

impl Listener for Kept {
    fn on_change(&self, change: &Change) {
        if !self.pattern.matches(change.kind.as_str()) {
            return;
        }
        let event = event(change);
        let mut backlog = self.backlog.lock();
        let octets = backlog.octets.saturating_add(event.len());
        let has_room = octets <= EVENT_FOLLOWER_BYTES || backlog.events.is_empty();
        if has_room && backlog.missed == 0 {
            backlog.octets = octets;
            backlog.events.push_back(event);
        } else {
            backlog.missed += 1;
        }
        drop(backlog);
        self.came.notify_one();
    }
}

impl Kept {
    /// The first event that is kept, or else how many were missed behind it.
    fn take(&self) -> Option<Bytes> {
        let mut backlog = self.backlog.lock();
        if let Some(event) = backlog.events.pop_front() {
            backlog.octets -= event.len();
            return Some(event);
        }
        match std::mem::take(&mut backlog.missed) {
            0 => None,
            missed => Some(format!("event: missed\ndata: {missed}\n\n").into()),
        }
    }
}

/// One client.
struct Following {
    kept: Arc<Kept>,
    _listening: ListenerGuard,
    _place: OwnedSemaphorePermit,
}

impl Following {
    async fn run(self, teller: Teller) {
        // Heads are sent with the first piece of a body.
        let mut event = Bytes::from_static(b": changes\n\n");
        while teller.tell(event).await {
            event = loop {
                match self.kept.take() {
                    Some(event) => break event,
                    None => self.kept.came.notified().await,
                }
            };
        }
    }
}

/// A change as an event.
fn event(change: &Change) -> Bytes {
    let mut fields = to_json(&change.headers());
    fields.insert("event".to_owned(), change.kind.as_str().into());
    format!("data: {}\n\n", Json::Object(fields)).into()
}
