//! A vhost without a broker around it, and a thread with hardly any stack.

use std::sync::Arc;
use std::time::Duration;

use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::{ShortStr, ShortString};

use crate::clock::Clock;
use crate::config::Settings;
use crate::env::Environment;
use crate::ids::ConnectionId;
use crate::message::{Body, Message, MessageBuilder, Traits};
use crate::queue::Queue;
use crate::store::{DefinitionKind, ScriptedStore};
use crate::vhost::{
    Destination, DestinationName, ExchangeSpec, Placed, Publishes, Question, QueueHandle,
    QueueSpec, Routes, Vhost,
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

/// The connection that declares queues.
pub(super) const CONNECTION: ConnectionId = ConnectionId(1);

/// A message to be published with `key`.
pub(super) fn message(key: &str, traits: Traits) -> Message {
    build(key, "m", traits)
}

/// The same, with this body.
pub(super) fn message_of(key: &str, body: &str) -> Message {
    build(key, body, Traits::default())
}

/// A message that an x-delayed-message exchange keeps for so long.
pub(super) fn delayed(ms: i32) -> Message {
    let headers = Table::new().with("x-delay", ms).to_bytes();
    let properties = Properties {
        headers: Some(TableRef::new(&headers)),
        ..Properties::default()
    };
    with_properties("", "m", Traits::default(), &properties)
}

/// A message with these headers.
pub(super) fn message_with_headers(key: &str, headers: Table) -> Message {
    let headers = headers.to_bytes();
    let properties = Properties {
        headers: Some(TableRef::new(&headers)),
        ..Properties::default()
    };
    with_properties(key, "m", Traits::default(), &properties)
}

fn build(key: &str, body: &str, traits: Traits) -> Message {
    with_properties(key, body, traits, &Properties::default())
}

fn with_properties(key: &str, body: &str, traits: Traits, properties: &Properties<'_>) -> Message {
    let mut octets = Vec::new();
    properties.encode(&mut octets);
    MessageBuilder::default().build(
        ShortStr::EMPTY,
        name(key).as_short(),
        PropertiesRef::new(&octets),
        Body::Copied(body.as_bytes()),
        traits,
    )
}

pub(in crate::vhost) struct Fixture {
    pub(super) vhost: Arc<Vhost>,
    pub(super) clock: Clock,
    store: Arc<ScriptedStore>,
}

impl Fixture {
    pub(in crate::vhost) fn new() -> Self {
        let clock = Clock::test();
        let store = Arc::new(ScriptedStore::default());
        let rows: Arc<ScriptedStore> = Arc::clone(&store);
        let env = Environment::new(Settings::default(), clock.clone(), rows);
        let vhost = Vhost::new(name("/"), Default::default(), &Arc::new(env));
        Self {
            vhost,
            clock,
            store,
        }
    }

    /// Of what kinds the definitions in the store are.
    pub(super) fn stored(&self) -> Vec<DefinitionKind> {
        let definitions = self.store.definitions();
        definitions.into_keys().map(|(kind, _)| kind).collect()
    }

    /// The store.
    pub(super) fn store(&self) -> &ScriptedStore {
        &self.store
    }

    /// How many records of messages were settled in the store.
    pub(super) fn settled(&self) -> u64 {
        self.store.settled_and_moved().0
    }

    pub(in crate::vhost) fn now(&self) -> crate::clock::Now {
        self.clock.now()
    }

    pub(super) fn advance_ms(&self, ms: u64) {
        self.clock.advance(Duration::from_millis(ms));
    }

    pub(in crate::vhost) fn queue(&self, queue: &str, arguments: Table) -> Arc<QueueHandle> {
        self.declare(queue, arguments, |_| {})
    }

    /// A queue that goes with [`CONNECTION`].
    pub(super) fn exclusive_queue(&self, queue: &str) {
        self.declare(queue, Table::new(), |spec| spec.exclusive = true);
    }

    fn declare(
        &self,
        queue: &str,
        arguments: Table,
        shape: impl FnOnce(&mut QueueSpec),
    ) -> Arc<QueueHandle> {
        let mut spec = QueueSpec {
            name: name(queue),
            durable: true,
            exclusive: false,
            auto_delete: false,
            arguments,
            connection: Some(CONNECTION),
            declared_by: "guest".into(),
        };
        shape(&mut spec);
        let declared = self.vhost.declare_queue(self.now(), spec, |_| Ok(()));
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
            declared_by: "guest".into(),
        };
        shape(&mut spec);
        self.vhost
            .declare_exchange(&"guest".into(), spec, |_| Ok(()))
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
            .unbind(&"guest".into(), source, &queue, &key, &table, |_| Ok(()))
            .unwrap();
    }

    fn bind(&self, source: &str, destination: &Destination, key: &str) {
        let (now, table) = (self.now(), Table::new());
        self.vhost
            .bind(
                now,
                &"guest".into(),
                source,
                destination,
                &name(key),
                &table,
            )
            .unwrap();
    }

    /// Publishes a message and returns how many queues it is routed to.
    pub(super) fn publish(&self, exchange: &str, key: &str) -> usize {
        self.publish_as(exchange, message(key, Traits::default()))
    }

    pub(super) fn publish_as(&self, exchange: &str, message: Message) -> usize {
        let routes = self.routes(exchange, &message);
        let placed = self.place(vec![(message, Arc::clone(&routes))]);
        assert!(matches!(placed[..], [Placed::Accepted(_)]));
        routes.len()
    }

    /// Publishes all of these to the default exchange at once.
    pub(super) fn publish_all(&self, messages: Vec<Message>) {
        let route = |message: Message| {
            let routes = self.routes("", &message);
            (message, routes)
        };
        self.place(messages.into_iter().map(route).collect());
    }

    pub(super) fn routes(&self, exchange: &str, message: &Message) -> Routes {
        let exchange = self.vhost.exchange(exchange).unwrap();
        let key = message.routing_key();
        let question = Question {
            keys: &[&key],
            message,
            publisher: None,
            from: None,
        };
        self.vhost.route(self.now(), &exchange, question).routes
    }

    fn place(&self, messages: Vec<(Message, Routes)>) -> Vec<Placed> {
        let mut publishes = Publishes::default();
        for (message, routes) in messages {
            publishes.push(message, &routes);
        }
        let mut placed = Vec::new();
        self.vhost.place(self.now(), &mut publishes, &mut placed);
        placed
    }

    pub(super) fn ready(&self, queue: &str) -> u64 {
        self.vhost.queue(queue).unwrap().look(Queue::ready_count)
    }
}
