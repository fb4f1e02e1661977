//! The event exchange: what changes in the broker goes as messages to the topic exchange
//! `amq.rabbitmq.event`, with the kind of change for a key and its fields for headers.
//!
//! The exchange is there while `event_exchange.enabled` says so, which it does not by default, as a
//! plugin of RabbitMQ's that has to be enabled. Without it no listener is there, and nothing is
//! made. A vhost that is made later, or deleted and made again, gets the exchange then. Messages
//! are published where the change is told, which is without a lock; for what no queue is bound to
//! none is made.
//!
//! Docs: RabbitMQ, event exchange plugin. Seen: RabbitMQ 4.3.6, each kind from its exchange.

use std::sync::{Arc, Weak};

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{TableRef, Value};
use leveret_codec::types::ShortString;

use crate::desk::Desk;
use crate::events::{Author, Change, ChangeKind, Interest, Listener, ListenerGuard};
use crate::message::{Body, MessageBuilder, Traits};
use crate::vhost::{EVENTS, Vhost};

/// delivery-mode of a persistent message.
const PERSISTENT: u8 = 2;

/// Publishes changes in one vhost.
struct EventExchange {
    desk: Weak<Desk>,
    vhost: String,
}

/// Makes the exchange and has it told of changes, until what is returned is dropped.
pub(super) fn start(desk: &Arc<Desk>) -> ListenerGuard {
    let settings = &desk.env.settings;
    let name = settings.event_exchange_vhost.as_ref();
    let name = name.unwrap_or(&settings.default_vhost);
    match desk.find_vhost(name) {
        Some(vhost) => vhost.add_event_exchange(&Author::broker()),
        None => crate::log::warn!("no event exchange so far: there is no vhost '{name}'"),
    }
    let listener: Arc<dyn Listener> = Arc::new(EventExchange {
        desk: Arc::downgrade(desk),
        vhost: name.clone(),
    });
    desk.env.events.listen(Interest::Changes, listener)
}

impl Listener for EventExchange {
    fn on_change(&self, change: &Change) {
        let desk = self.desk.upgrade();
        if let Some(vhost) = desk.and_then(|desk| desk.find_vhost(&self.vhost)) {
            if self.is_home(change) {
                vhost.add_event_exchange(&Author::broker());
            }
            publish(&vhost, change);
        }
    }
}

impl EventExchange {
    /// Whether the vhost of the exchange was just made.
    fn is_home(&self, change: &Change) -> bool {
        let name = change.fields.get("name").and_then(Value::as_str);
        change.kind == ChangeKind::VhostCreated && name == Some(self.vhost.as_bytes())
    }
}

fn publish(vhost: &Vhost, change: &Change) {
    let key = change.kind.as_str();
    if !vhost.events_go_anywhere(key) {
        return;
    }
    let octets = change.headers().to_bytes();
    let properties = Properties {
        headers: Some(TableRef::new(&octets)),
        delivery_mode: Some(PERSISTENT),
        timestamp: Some(change.now.wall.as_millis() / 1000),
        ..Properties::default()
    };
    let traits = Traits {
        persistent: true,
        ..Traits::default()
    };
    let octets = properties.to_bytes();
    let properties = PropertiesRef::new(&octets);
    let key = ShortString::new(key).unwrap_or_default();
    let body = Body::Copied(b"");
    let message = MessageBuilder::default().build(EVENTS, key.as_short(), properties, body, traits);
    vhost.publish_event(change.now, message);
}
