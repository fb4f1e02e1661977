//! Names, checks and waiting.

use std::fmt::Debug;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::door::{
    Channel, Connection, Consume, Declare, Error, Message, Properties, Result, Table,
};

const LIMIT: Duration = Duration::from_secs(5);

pub(crate) fn uri() -> String {
    std::env::var("AMQP_URI").expect("the runner sets AMQP_URI")
}

/// The URI of the broker through the relay.
pub fn relay_uri() -> String {
    std::env::var("AMQP_RELAY_URI").unwrap_or_else(|_| uri())
}

/// `user`, `password` and `host:port`.
pub(crate) fn login() -> (String, String, String) {
    let uri = uri();
    let authority = uri
        .trim_start_matches("amqp://")
        .split('/')
        .next()
        .unwrap_or_default();
    let (login, address) = authority.rsplit_once('@').unwrap_or_default();
    let (user, password) = login.split_once(':').unwrap_or_default();
    (user.to_owned(), password.to_owned(), address.to_owned())
}

/// Cuts the connections that run through the relay.
pub(crate) async fn cut() -> Result<()> {
    let address = std::env::var("AMQP_CUT").map_err(|error| Error::Other(error.to_string()))?;
    TcpStream::connect(address)
        .await
        .map_err(|error| Error::Other(error.to_string()))?;
    Ok(())
}

/// Asks the runner for trouble with the broker, and waits until it is done.
pub(crate) async fn control(word: &str) -> Result<()> {
    let asked = format!("{word}\n");
    let answer = tokio::task::spawn_blocking(move || ask_runner(&asked)).await;
    let answer = answer.map_err(|error| Error::Other(error.to_string()))?;
    let answer = answer.map_err(|error| Error::Other(error.to_string()))?;
    equal(answer.as_str(), "ok\n", word)
}

fn ask_runner(asked: &str) -> std::io::Result<String> {
    let address = std::env::var("AMQP_CONTROL").map_err(std::io::Error::other)?;
    let mut door = std::net::TcpStream::connect(address)?;
    door.write_all(asked.as_bytes())?;
    std::io::read_to_string(door)
}

/// A name that no other test uses.
pub(crate) fn fresh(kind: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        .as_nanos();
    let (id, next) = (std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    format!("interop-{kind}-{now:x}-{id:x}-{next}")
}

pub(crate) fn equal<T: PartialEq + Debug>(actual: T, expected: T, what: &str) -> Result<()> {
    if actual == expected {
        return Ok(());
    }
    Err(Error::Other(format!(
        "{what}: {actual:?}, not {expected:?}"
    )))
}

pub(crate) fn contains(text: &str, part: &str) -> Result<()> {
    if text.contains(part) {
        return Ok(());
    }
    Err(Error::Other(format!("{part:?} is not in {text:?}")))
}

/// Asks until the answer is true.
pub async fn wait_for(what: &str, mut question: impl AsyncFnMut() -> Result<bool>) -> Result<()> {
    let deadline = Instant::now() + LIMIT;
    while !question().await? {
        if Instant::now() > deadline {
            return Err(Error::Other(format!("{what}: not within {LIMIT:?}")));
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    Ok(())
}

/// Expects the broker to refuse with this code, if the library tells it, and text.
pub(crate) fn refuses<T>(result: Result<T>, code: Option<u16>, text: &str) -> Result<()> {
    match result {
        Err(Error::Refused(actual, reason)) => {
            equal(actual, code, "reply code")?;
            contains(&reason, text)
        }
        Err(other) => Err(other),
        Ok(_) => Err(Error::Other(format!("no error {code:?}"))),
    }
}

/// A connection with one channel.
pub(crate) struct Session<'a, C: Connection> {
    pub(crate) connection: &'a C,
    pub(crate) channel: C::Channel,
}

impl<C: Connection> std::ops::Deref for Session<'_, C> {
    type Target = C::Channel;

    fn deref(&self) -> &C::Channel {
        &self.channel
    }
}

impl<C: Connection> Session<'_, C> {
    /// Expects the broker to close the channel that `work` is given, and nothing else.
    pub(crate) async fn refused(
        &self,
        code: u16,
        text: &str,
        work: impl AsyncFnOnce(&C::Channel) -> Result<()>,
    ) -> Result<()> {
        let own = self.connection.channel().await?;
        let result = match work(&own).await {
            Ok(()) => own.closed().await,
            Err(error) => Err(error),
        };
        refuses(result, Some(code), text)?;
        self.connection.channel().await?.close().await
    }

    /// An exclusive queue with these arguments.
    pub(crate) async fn queue(&self, arguments: Table) -> Result<String> {
        let how = Declare {
            exclusive: true,
            arguments,
            ..Declare::default()
        };
        Ok(self.declare_queue(&fresh("q"), how).await?.0)
    }

    pub(crate) async fn exchange(&self, kind: &str, arguments: Table) -> Result<String> {
        let name = fresh("x");
        let how = Declare {
            auto_delete: true,
            arguments,
            ..Declare::default()
        };
        self.declare_exchange(&name, kind, how).await?;
        Ok(name)
    }

    pub(crate) async fn send(&self, exchange: &str, key: &str, bodies: &[&str]) -> Result<()> {
        for body in bodies {
            self.send_with(exchange, key, body, Properties::default())
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn send_with(
        &self,
        exchange: &str,
        key: &str,
        body: &str,
        properties: Properties,
    ) -> Result<()> {
        self.publish((exchange, key), body.as_bytes(), properties, false)
            .await
    }

    /// The next message; it must be there.
    pub(crate) async fn next(&self, name: &str, no_ack: bool) -> Result<Message> {
        let message = self.get(name, no_ack).await?;
        message.ok_or_else(|| Error::Other(format!("{name} is empty")))
    }

    /// Takes messages without ack; gives their tags.
    pub(crate) async fn hold(&self, name: &str, count: usize) -> Result<Vec<u64>> {
        let mut tags = Vec::new();
        while tags.len() < count {
            tags.push(self.next(name, false).await?.tag);
        }
        Ok(tags)
    }

    /// Expects these messages, each a body with `!` behind it if redelivered, and no more.
    pub(crate) async fn holds(&self, name: &str, expected: &[&str]) -> Result<()> {
        let mut shown = Vec::new();
        while let Some(message) = self.get(name, true).await? {
            shown.push(message.text() + if message.redelivered { "!" } else { "" });
        }
        equal(
            shown.iter().map(String::as_str).collect::<Vec<_>>(),
            expected.to_vec(),
            name,
        )
    }

    /// The queue has that many messages, or will have them soon.
    pub(crate) async fn ready(&self, name: &str, count: u32) -> Result<()> {
        wait_for(&format!("{count} messages"), async || {
            Ok(passive(&self.channel, name).await? == count)
        })
        .await
    }

    pub(crate) async fn inbox(&self, name: &str, how: Consume) -> Result<Inbox<'_, C::Channel>> {
        inbox(&self.channel, name, how).await
    }
}

/// The number of messages, by a passive declare.
pub(crate) async fn passive(channel: &impl Channel, name: &str) -> Result<u32> {
    let how = Declare {
        passive: true,
        ..Declare::default()
    };
    Ok(channel.declare_queue(name, how).await?.1)
}

pub(crate) async fn inbox<'a, C: Channel>(
    channel: &'a C,
    name: &str,
    how: Consume,
) -> Result<Inbox<'a, C>> {
    let (tag, from) = channel.consume(name, how).await?;
    Ok(Inbox {
        channel,
        tag,
        from,
        got: Vec::new(),
    })
}

/// A consumer that keeps what it gets.
pub(crate) struct Inbox<'a, C> {
    channel: &'a C,
    pub(crate) tag: String,
    from: UnboundedReceiver<Message>,
    pub(crate) got: Vec<Message>,
}

impl<C: Channel> Inbox<'_, C> {
    /// Waits for these bodies, all that were ever delivered; what is on its way after them has
    /// arrived after a round trip.
    pub(crate) async fn expect(&mut self, bodies: &[&str]) -> Result<()> {
        while self.got.len() < bodies.len() {
            match tokio::time::timeout(LIMIT, self.from.recv()).await {
                Ok(Some(message)) => self.got.push(message),
                _ => return Err(Error::Other(format!("got only {:?}", self.texts()))),
            }
        }
        self.channel.qos(0).await?;
        while let Ok(message) = self.from.try_recv() {
            self.got.push(message);
        }
        equal(
            self.texts(),
            bodies.iter().map(|body| (*body).to_owned()).collect(),
            "deliveries",
        )
    }

    fn texts(&self) -> Vec<String> {
        self.got.iter().map(Message::text).collect()
    }
}
