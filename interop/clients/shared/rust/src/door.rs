//! What a library is asked for. Calls carry AMQP's names.

use std::fmt;

use tokio::sync::mpsc::UnboundedReceiver;

use crate::wait_for;

/// A value of a table; the letters are those on the wire.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// t
    Bool(bool),
    /// I
    Int(i32),
    /// l
    Long(i64),
    /// d
    Double(f64),
    /// D
    Decimal(u8, u32),
    /// S
    Text(String),
    /// x
    Bytes(Vec<u8>),
    /// T, in seconds
    When(u64),
    /// A
    List(Vec<Value>),
    /// F
    Table(Table),
    /// V
    Void,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<i32> for Value {
    fn from(number: i32) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Bool(flag)
    }
}

/// Keys and values, sorted by key.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Table(pub std::collections::BTreeMap<String, Value>);

impl Table {
    /// The value of a key.
    pub fn find(&self, key: &str) -> Result<&Value> {
        self.0
            .get(key)
            .ok_or_else(|| Error::Other(format!("no {key} in {self:?}")))
    }

    /// The number of a key, of any integer type.
    pub fn number(&self, key: &str) -> Result<i64> {
        match self.find(key)? {
            Value::Int(number) => Ok(i64::from(*number)),
            Value::Long(number) => Ok(*number),
            other => Err(Error::Other(format!("{key} is {other:?}"))),
        }
    }
}

/// `table! { "key" => value, … }`
#[macro_export]
macro_rules! table {
    ($($key:expr => $value:expr),* $(,)?) => {
        $crate::door::Table([$(($key.to_owned(), $crate::door::Value::from($value))),*].into())
    };
}

/// The properties of a message.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "AMQP's names")]
pub struct Properties {
    pub content_type: Option<String>,
    pub content_encoding: Option<String>,
    pub headers: Option<Table>,
    pub delivery_mode: Option<u8>,
    pub priority: Option<u8>,
    pub correlation_id: Option<String>,
    pub reply_to: Option<String>,
    pub expiration: Option<String>,
    pub message_id: Option<String>,
    pub timestamp: Option<u64>,
    pub kind: Option<String>,
    pub user_id: Option<String>,
    pub app_id: Option<String>,
    pub cluster_id: Option<String>,
}

/// A delivery, from a consumer or a get.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "AMQP's names")]
pub struct Message {
    pub body: Vec<u8>,
    pub tag: u64,
    pub redelivered: bool,
    pub exchange: String,
    pub key: String,
    pub left: u32,
    pub properties: Properties,
}

impl Message {
    /// The body, as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The headers; it must have some.
    pub fn headers(&self) -> Result<&Table> {
        self.properties
            .headers
            .as_ref()
            .ok_or_else(|| Error::Other("no headers".to_owned()))
    }
}

/// How a queue or exchange is declared.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "AMQP's names")]
pub struct Declare {
    pub passive: bool,
    pub durable: bool,
    pub exclusive: bool,
    pub auto_delete: bool,
    pub arguments: Table,
}

/// How a consumer is started.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "AMQP's names")]
pub struct Consume {
    pub no_ack: bool,
    pub exclusive: bool,
    pub arguments: Table,
}

/// When a queue is deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs, reason = "AMQP's names")]
pub enum DeleteIf {
    Always,
    Unused,
    Empty,
}

/// What can go wrong.
#[derive(Debug, Clone)]
pub enum Error {
    /// The broker closed the channel or connection. Some libraries do not tell the code.
    Refused(Option<u16>, String),
    /// The broker nacked a publish.
    Nacked,
    /// The broker returned a publish: code, text, message.
    Returned(u16, String, Box<Message>),
    /// Anything else.
    Other(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A result with the door's error.
pub type Result<T> = std::result::Result<T, Error>;

/// A library.
pub trait Library {
    /// Its connection.
    type Connection: Connection;
    /// Scenarios that it cannot express, each with the reason.
    const SKIPS: &'static [(&'static str, &'static str)] = &[];
    /// The code it tells for an unknown vhost, and a part of its text.
    const NO_VHOST: (Option<u16>, &'static str) =
        (Some(530), "NOT_ALLOWED - vhost no-such-vhost not found");
    /// As `NO_VHOST`, for a wrong password.
    const NO_LOGIN: (Option<u16>, &'static str) = (Some(403), "ACCESS_REFUSED - Login was refused");

    /// Header values beyond those that all libraries can send.
    fn more_headers() -> Table {
        Table::default()
    }

    /// Opens a connection.
    async fn connect(uri: &str) -> Result<Self::Connection>;

    /// Notices that the connection was cut and gives one that works.
    async fn after_loss(connection: Self::Connection) -> Result<Self::Connection> {
        wait_for("the loss", async || Ok(!connection.is_open())).await?;
        Self::connect(&crate::relay_uri()).await
    }
}

/// A connection.
#[allow(missing_docs, reason = "AMQP's names")]
pub trait Connection {
    type Channel: Channel;
    /// Product and version that the server announces, if the library tells them.
    fn product(&self) -> Option<(String, String)>;
    fn is_open(&self) -> bool;
    /// Whether the broker has said that publishers must wait.
    fn is_blocked(&self) -> bool;
    async fn channel(&self) -> Result<Self::Channel>;
    async fn close(self) -> Result<()>;
}

/// A channel.
#[allow(missing_docs, reason = "AMQP's names")]
pub trait Channel {
    async fn declare_queue(&self, name: &str, how: Declare) -> Result<(String, u32)>;
    async fn delete_queue(&self, name: &str, when: DeleteIf) -> Result<u32>;
    async fn purge(&self, name: &str) -> Result<u32>;
    async fn declare_exchange(&self, name: &str, kind: &str, how: Declare) -> Result<()>;
    async fn delete_exchange(&self, name: &str) -> Result<()>;
    async fn bind(&self, queue: &str, exchange: &str, key: &str, arguments: Table) -> Result<()>;
    async fn unbind(&self, queue: &str, exchange: &str, key: &str) -> Result<()>;
    async fn bind_exchange(&self, target: &str, source: &str, key: &str) -> Result<()>;
    async fn unbind_exchange(&self, target: &str, source: &str, key: &str) -> Result<()>;
    /// From here on a publish waits for its confirm.
    async fn confirm(&self) -> Result<()>;
    async fn publish(
        &self,
        to: (&str, &str),
        body: &[u8],
        properties: Properties,
        mandatory: bool,
    ) -> Result<()>;
    async fn get(&self, name: &str, no_ack: bool) -> Result<Option<Message>>;
    async fn consume(
        &self,
        name: &str,
        how: Consume,
    ) -> Result<(String, UnboundedReceiver<Message>)>;
    async fn cancel(&self, tag: &str) -> Result<()>;
    async fn ack(&self, tag: u64, multiple: bool) -> Result<()>;
    async fn nack(&self, tag: u64, multiple: bool, requeue: bool) -> Result<()>;
    async fn reject(&self, tag: u64, requeue: bool) -> Result<()>;
    async fn recover(&self) -> Result<()>;
    async fn qos(&self, count: u16) -> Result<()>;
    async fn tx_select(&self) -> Result<()>;
    async fn tx_commit(&self) -> Result<()>;
    async fn tx_rollback(&self) -> Result<()>;
    /// The consumers that the server cancelled.
    fn cancelled(&self) -> Vec<String>;
    /// Waits until the broker has closed the channel and gives its reason as the error.
    async fn closed(&self) -> Result<()>;
    async fn close(self) -> Result<()>;
}
