//! A vhost without a broker around it, and a thread with hardly any stack.

use std::sync::Arc;
use std::time::Duration;

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::Table;
use leveret_codec::types::{ShortStr, ShortString};

use crate::clock::Clock;
use crate::config::Settings;
use crate::env::Environment;
use crate::ids::ConnectionId;
use crate::message::{Body, Message, MessageBuilder, Traits};
use crate::queue::Queue;
use crate::store::MemoryStore;
use crate::vhost::{
    Destination, DestinationName, ExchangeSpec, Placed, Publishes, Question, QueueHandle,
    QueueSpec, Vhost,
};

/// Octets of stack on which everything must be possible, however deep or long what clients made.
/// A thread of the runtime has four times as much.
const SMALL_STACK: usize = 512 * 1024;

/// Runs `work` on a thread with a small stack; a panic there is one here.
pub(super) fn on_small_stack<R: Send + 'static>(work: impl FnOnce() -> R + Send + 'static) -> R {
    let thread = std::thread::Builder::new().stack_size(SMALL_STACK);
    let thread = thread.spawn(work).unwrap();
    thread.join().unwrap()
}

pub(super) fn name(text: &str) -> ShortString {
    ShortString::new(text).unwrap()
}

/// A message to be published with `key`.
pub(super) fn message(key: &str, traits: Traits) -> Message {
    build(key, "m", traits)
}

/// The same, with this body.
pub(super) fn message_of(key: &str, body: &str) -> Message {
    build(key, body, Traits::default())
}

fn build(key: &str, body: &str, traits: Traits) -> Message {
    let mut octets = Vec::new();
    Properties::default().encode(&mut octets);
    MessageBuilder::default().build(
        ShortStr::EMPTY,
        name(key).as_short(),
        PropertiesRef::new(&octets),
        Body::Copied(body.as_bytes()),
        traits,
    )
}

pub(super) struct Fixture {
    pub(super) vhost: Arc<Vhost>,
    pub(super) clock: Clock,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let clock = Clock::test();
        let store = Arc::new(MemoryStore::default());
        let env = Environment::new(Settings::default(), clock.clone(), store);
        let vhost = Vhost::new(name("/"), Default::default(), &Arc::new(env));
        Self { vhost, clock }
    }

    pub(super) fn now(&self) -> crate::clock::Now {
        self.clock.now()
    }

    pub(super) fn advance_ms(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
    }

    pub(super) fn queue(&self, queue: &str, arguments: Table) -> Arc<QueueHandle> {
        let spec = QueueSpec {
            name: name(queue),
            durable: true,
            exclusive: false,
            auto_delete: false,
            arguments,
            connection: Some(ConnectionId(1)),
        };
        let declared = self
            .vhost
            .declare_queue(self.now(), "guest", spec, |_| Ok(()));
        declared.unwrap().0
    }

    /// A fanout exchange; `shape` changes what it is declared as.
    pub(super) fn exchange(&self, exchange: &str, shape: impl FnOnce(&mut ExchangeSpec)) {
        let mut spec = ExchangeSpec {
            name: name(exchange),
            vhost: name("/"),
            type_name: name("fanout"),
            durable: true,
            auto_delete: false,
            internal: false,
            arguments: Table::new(),
        };
        shape(&mut spec);
        self.vhost
            .declare_exchange("guest", spec, |_| Ok(()))
            .unwrap();
    }

    pub(super) fn bind_exchange(&self, source: &str, destination: &str, key: &str) {
        let destination = Destination::Exchange(self.vhost.exchange(destination).unwrap());
        self.bind(source, &destination, key);
    }

    pub(super) fn bind_queue(&self, source: &str, queue: &str, key: &str) {
        let destination = Destination::Queue(self.vhost.queue(queue).unwrap());
        self.bind(source, &destination, key);
    }

    pub(super) fn unbind_queue(&self, source: &str, queue: &str, key: &str) {
        let queue = DestinationName::Queue(name(queue));
        let (key, table) = (name(key), Table::new());
        self.vhost
            .unbind("guest", source, &queue, &key, &table, |_| Ok(()))
            .unwrap();
    }

    fn bind(&self, source: &str, destination: &Destination, key: &str) {
        let (now, table) = (self.now(), Table::new());
        self.vhost
            .bind(now, "guest", source, destination, &name(key), &table)
            .unwrap();
    }

    /// Publishes a message and returns how many queues it is routed to.
    pub(super) fn publish(&self, exchange: &str, key: &str) -> usize {
        self.publish_as(exchange, message(key, Traits::default()))
    }

    pub(super) fn publish_as(&self, exchange: &str, message: Message) -> usize {
        let exchange = self.vhost.exchange(exchange).unwrap();
        let key = message.routing_key();
        let question = Question {
            keys: &[&key],
            message: &message,
            publisher: None,
        };
        let routes = self.vhost.route(self.now(), &exchange, question).routes;
        let mut publishes = Publishes::default();
        publishes.push(message.clone(), &routes);
        let mut placed = Vec::new();
        self.vhost.place(self.now(), &mut publishes, &mut placed);
        assert!(matches!(placed[..], [Placed::Accepted(_)]));
        routes.len()
    }

    /// Publishes all of these to the default exchange at once.
    pub(super) fn publish_all(&self, messages: Vec<Message>) {
        let exchange = self.vhost.exchange("").unwrap();
        let mut publishes = Publishes::default();
        for message in messages {
            let key = message.routing_key();
            let question = Question {
                keys: &[&key],
                message: &message,
                publisher: None,
            };
            let routes = self.vhost.route(self.now(), &exchange, question).routes;
            publishes.push(message.clone(), &routes);
        }
        let mut placed = Vec::new();
        self.vhost.place(self.now(), &mut publishes, &mut placed);
    }

    pub(super) fn ready(&self, queue: &str) -> u64 {
        self.vhost.queue(queue).unwrap().look(Queue::ready_count)
    }
}
