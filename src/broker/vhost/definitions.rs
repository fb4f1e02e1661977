//! Queues, exchanges and bindings as a program defines them.

use leveret_codec::table::{Table, Value};
use leveret_codec::types::ShortString;

use super::Refused;
use crate::desk::{BindingRequest, ExchangeDeclaration, QueueDeclaration};
use crate::vhost::DestinationName;

/// A queue: transient and of the vhost's default type, unless told otherwise.
///
/// ```
/// # use leveret::broker::{Broker, QueueDefinition};
/// # let broker = Broker::builder().start()?;
/// let jobs = QueueDefinition::new("jobs")
///     .durable()
///     .argument("x-queue-type", "quorum")
///     .argument("x-dead-letter-exchange", "")
///     .argument("x-dead-letter-routing-key", "dead")
///     .argument("x-delivery-limit", 3);
/// broker.vhost("/")?.declare_queue(&jobs)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct QueueDefinition {
    name: String,
    durable: bool,
    auto_delete: bool,
    arguments: Table,
}

impl QueueDefinition {
    /// A queue called `name`; the broker makes one up if that is empty.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// The same, but it survives a restart.
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// The same, but it is deleted when its last consumer goes.
    #[must_use]
    pub fn auto_delete(mut self) -> Self {
        self.auto_delete = true;
        self
    }

    /// The same with this argument: `x-message-ttl`, `x-max-length`, `x-queue-type`, ...
    #[must_use]
    pub fn argument(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.insert(name, value);
        self
    }
}

impl TryFrom<&QueueDefinition> for QueueDeclaration {
    type Error = Refused;

    fn try_from(queue: &QueueDefinition) -> Result<Self, Refused> {
        Ok(Self {
            name: short(&queue.name)?,
            durable: queue.durable,
            exclusive: false,
            auto_delete: queue.auto_delete,
            arguments: queue.arguments.clone(),
        })
    }
}

/// An exchange: transient, unless told otherwise.
///
/// ```
/// # use leveret::broker::{Broker, ExchangeDefinition};
/// # let broker = Broker::builder().start()?;
/// let retry = ExchangeDefinition::new("retry", "x-delayed-message")
///     .durable()
///     .argument("x-delayed-type", "topic");
/// broker.vhost("/")?.declare_exchange(&retry)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ExchangeDefinition {
    name: String,
    type_name: String,
    durable: bool,
    auto_delete: bool,
    internal: bool,
    arguments: Table,
}

impl ExchangeDefinition {
    /// An exchange of any type.
    #[must_use]
    pub fn new(name: impl Into<String>, type_name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            type_name: type_name.into(),
            durable: false,
            auto_delete: false,
            internal: false,
            arguments: Table::new(),
        }
    }

    /// An exchange that compares keys.
    #[must_use]
    pub fn direct(name: impl Into<String>) -> Self {
        Self::new(name, "direct")
    }

    /// An exchange that routes to everything that is bound.
    #[must_use]
    pub fn fanout(name: impl Into<String>) -> Self {
        Self::new(name, "fanout")
    }

    /// An exchange that compares keys with patterns.
    #[must_use]
    pub fn topic(name: impl Into<String>) -> Self {
        Self::new(name, "topic")
    }

    /// An exchange that compares headers.
    #[must_use]
    pub fn headers(name: impl Into<String>) -> Self {
        Self::new(name, "headers")
    }

    /// The same, but it survives a restart.
    #[must_use]
    pub fn durable(mut self) -> Self {
        self.durable = true;
        self
    }

    /// The same, but it is deleted when its last binding goes.
    #[must_use]
    pub fn auto_delete(mut self) -> Self {
        self.auto_delete = true;
        self
    }

    /// The same, but clients cannot publish to it.
    #[must_use]
    pub fn internal(mut self) -> Self {
        self.internal = true;
        self
    }

    /// The same with this argument: `alternate-exchange`, ...
    #[must_use]
    pub fn argument(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.insert(name, value);
        self
    }
}

impl TryFrom<&ExchangeDefinition> for ExchangeDeclaration {
    type Error = Refused;

    fn try_from(exchange: &ExchangeDefinition) -> Result<Self, Refused> {
        Ok(Self {
            name: short(&exchange.name)?,
            type_name: short(&exchange.type_name)?,
            durable: exchange.durable,
            auto_delete: exchange.auto_delete,
            internal: exchange.internal,
            arguments: exchange.arguments.clone(),
        })
    }
}

/// A binding from an exchange; where to is told by [`to_queue`](Self::to_queue) or
/// [`to_exchange`](Self::to_exchange).
///
/// ```
/// # use leveret::broker::{BindingDefinition, Broker, QueueDefinition};
/// # let broker = Broker::builder().start()?;
/// # let vhost = broker.vhost("/")?;
/// vhost.declare_queue(&QueueDefinition::new("german"))?;
/// let german = BindingDefinition::new("amq.headers")
///     .to_queue("german")
///     .argument("x-match", "any")
///     .argument("lang", "de");
/// vhost.bind(&german)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct BindingDefinition {
    source: String,
    destination: End,
    key: String,
    arguments: Table,
}

/// Where a binding leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
enum End {
    Queue(String),
    Exchange(String),
}

impl BindingDefinition {
    /// A binding from the exchange `source`, with an empty key.
    #[must_use]
    pub fn new(source: impl Into<String>) -> Self {
        Self {
            source: source.into(),
            destination: End::Queue(String::new()),
            key: String::new(),
            arguments: Table::new(),
        }
    }

    /// The same to this queue.
    #[must_use]
    pub fn to_queue(mut self, name: impl Into<String>) -> Self {
        self.destination = End::Queue(name.into());
        self
    }

    /// The same to this exchange.
    #[must_use]
    pub fn to_exchange(mut self, name: impl Into<String>) -> Self {
        self.destination = End::Exchange(name.into());
        self
    }

    /// The same with this routing key, or pattern of keys.
    #[must_use]
    pub fn key(mut self, key: impl Into<String>) -> Self {
        self.key = key.into();
        self
    }

    /// The same with this argument: a header that is asked for, `x-match`, ...
    #[must_use]
    pub fn argument(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.arguments.insert(name, value);
        self
    }
}

impl TryFrom<&BindingDefinition> for BindingRequest {
    type Error = Refused;

    fn try_from(binding: &BindingDefinition) -> Result<Self, Refused> {
        Ok(Self {
            source: short(&binding.source)?,
            destination: match &binding.destination {
                End::Queue(name) => DestinationName::Queue(short(name)?),
                End::Exchange(name) => DestinationName::Exchange(short(name)?),
            },
            key: short(&binding.key)?,
            arguments: binding.arguments.clone(),
        })
    }
}

/// A name or key as it is on the wire.
pub(super) fn short(text: &str) -> Result<ShortString, Refused> {
    ShortString::new(text).ok_or_else(|| Refused::too_long(text))
}
