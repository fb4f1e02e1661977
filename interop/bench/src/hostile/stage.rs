//! What a case needs of the broker before the client acts, what the client then does, and how to
//! know that it is over.

use std::io::Write as _;
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::frame::{FRAME_BODY, FRAME_METHOD};
use leveret_codec::methods::{BasicConsume, BasicPublish, Method, QueueBind, QueueDeclare};
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef};

use crate::batch::filled;
use crate::crew::Crew;
use crate::error::BenchError;
use crate::options::{Kind, Load};
use crate::plan::{bind, declare_exchange, declare_queue, delete_exchange, delete_queue, ready};
use crate::run::hang_up;
use crate::uri::Target;
use crate::wire::{CHANNEL, Link, short};

/// What the names of everything begin with.
const NAME: &str = "leveret-bench.hostile";

/// The class of messages.
const BASIC: u16 = 60;

/// Octets that are encoded before they are written, about.
const WRITE: usize = 64 * 1024;

/// How often the control connection asks whether it is over.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// How long it may last.
const LONGEST: Duration = Duration::from_secs(120);

/// Everything that a case declares, to be removed at its end.
pub(super) struct Stage<'a> {
    load: &'a Load,
    target: &'a Target,
    /// For what the case prepares and asks.
    pub(super) control: Link,
    /// How many things the case is about.
    pub(super) count: u64,
    queues: Vec<String>,
    exchanges: Vec<String>,
}

/// What the client does.
pub(super) enum Act {
    /// Writes these octets at once.
    Write(Link, Vec<u8>),
    /// Is gone without a word.
    Leave(Link),
}

/// What the client is while it is waited for.
pub(super) struct Client {
    link: Option<Link>,
    writing: Crew<()>,
}

/// How to know that the broker has dealt with it.
pub(super) enum End {
    /// The client has got so many methods of this name.
    Answers(&'static str, u64),
    /// The queue has so many ready messages.
    Ready(String, u64),
    /// The queue has no consumer.
    NoConsumer(String),
    /// The queue of another connection is gone.
    Gone(String),
    /// It never ends; it is watched for so long.
    After(Duration),
}

/// A message that a case publishes.
#[derive(Clone, Default)]
pub(crate) struct Sample<'a> {
    /// Where to; the default exchange if empty.
    pub(crate) exchange: &'a str,
    /// Its routing key.
    pub(crate) key: &'a str,
    /// When it expires, in milliseconds.
    pub(crate) expiration: &'a str,
    /// Its headers.
    pub(crate) headers: Table,
    /// Octets of the body; 0 stands for 16.
    pub(crate) size: usize,
    /// Whether it is to be returned if no queue gets it.
    pub(crate) mandatory: bool,
}

impl Sample<'_> {
    /// Appends its frames.
    pub(crate) fn encode(&self, out: &mut Vec<u8>, frame_max: u32) -> Result<(), BenchError> {
        let publish = BasicPublish {
            exchange: short(self.exchange)?.into(),
            routing_key: short(self.key)?.into(),
            mandatory: self.mandatory,
            ..BasicPublish::default()
        };
        encode_method(out, CHANNEL, &publish.into());
        let headers = self.headers.to_bytes();
        let properties = Properties {
            expiration: match self.expiration {
                "" => None,
                text => Some(short(text)?.into()),
            },
            headers: (!self.headers.is_empty()).then(|| TableRef::new(&headers)),
            ..Properties::default()
        };
        let mut list = Vec::new();
        properties.encode(&mut list);
        let body = filled(if self.size == 0 { 16 } else { self.size });
        let octets = u64::try_from(body.len()).unwrap_or(u64::MAX);
        encode_content_header(out, CHANNEL, BASIC, octets, PropertiesRef::new(&list));
        encode_body(out, CHANNEL, &body, frame_max);
        Ok(())
    }

    /// The frames of so many of them.
    pub(super) fn times(&self, count: u64, frame_max: u32) -> Result<Vec<u8>, BenchError> {
        let mut one = Vec::new();
        self.encode(&mut one, frame_max)?;
        Ok(one.repeat(usize::try_from(count).unwrap_or(usize::MAX)))
    }
}

impl<'a> Stage<'a> {
    /// An empty one.
    pub(super) fn new(load: &'a Load, target: &'a Target, count: u64) -> Result<Self, BenchError> {
        Ok(Self {
            load,
            target,
            control: Link::open(target)?,
            count,
            queues: Vec::new(),
            exchanges: Vec::new(),
        })
    }

    /// The client that is going to act.
    pub(super) fn client(&self) -> Result<Link, BenchError> {
        Link::open(self.target)
    }

    /// Declares one more queue.
    pub(super) fn queue(&mut self, arguments: &Table) -> Result<String, BenchError> {
        let name = self.next_queue(0);
        self.queues.push(name.clone());
        delete_queue(&mut self.control, &name)?;
        let arguments = arguments.to_bytes();
        let durable = self.load.durable;
        declare_queue(&mut self.control, &name, durable, TableRef::new(&arguments))?;
        Ok(name)
    }

    /// Declares a stream, which is durable always.
    pub(super) fn stream(&mut self) -> Result<String, BenchError> {
        let name = self.next_queue(0);
        self.queues.push(name.clone());
        delete_queue(&mut self.control, &name)?;
        let arguments = Table::new().with("x-queue-type", "stream").to_bytes();
        declare_queue(&mut self.control, &name, true, TableRef::new(&arguments))?;
        Ok(name)
    }

    /// The name that a queue will have that is declared after `ahead` others.
    pub(super) fn next_queue(&self, ahead: usize) -> String {
        format!("{NAME}.{}", self.queues.len() + ahead)
    }

    /// Declares one more exchange.
    pub(super) fn exchange(&mut self, kind: Kind) -> Result<String, BenchError> {
        let name = format!("{NAME}.{}", self.exchanges.len());
        self.exchanges.push(name.clone());
        delete_exchange(&mut self.control, &name)?;
        declare_exchange(&mut self.control, &name, kind, self.load.durable)?;
        Ok(name)
    }

    /// Binds a queue.
    pub(super) fn bind(
        &mut self,
        queue: &str,
        exchange: &str,
        key: &str,
        arguments: &Table,
    ) -> Result<(), BenchError> {
        bind(&mut self.control, queue, exchange, key, arguments)
    }

    /// Binds a queue many times, without waiting for each.
    pub(super) fn bind_many(
        &mut self,
        queue: &str,
        exchange: &str,
        count: u64,
        mut how: impl FnMut(u64) -> (String, Table),
    ) -> Result<(), BenchError> {
        many(&mut self.control, count, |out, n| {
            let (key, arguments) = how(n);
            let arguments = arguments.to_bytes();
            let bind = QueueBind {
                queue: short(queue)?,
                exchange: short(exchange)?,
                routing_key: short(&key)?,
                nowait: true,
                arguments: TableRef::new(&arguments),
                ..QueueBind::default()
            };
            encode_method(out, CHANNEL, &bind.into());
            Ok(())
        })?;
        self.settle(queue)
    }

    /// Publishes many times the same, until all is in the queue.
    pub(super) fn fill(
        &mut self,
        queue: &str,
        sample: &Sample<'_>,
        count: u64,
    ) -> Result<(), BenchError> {
        let frame_max = self.control.frame_max;
        let mut one = Vec::new();
        sample.encode(&mut one, frame_max)?;
        many(&mut self.control, count, |out, _| {
            out.extend_from_slice(&one);
            Ok(())
        })?;
        self.settle(queue)
    }

    /// Waits until everything that was sent before has been done.
    pub(super) fn settle(&mut self, queue: &str) -> Result<(), BenchError> {
        ready(&mut self.control, queue).map(|_| ())
    }

    /// Waits until the broker has dealt with what the client did, and lets the client go.
    pub(super) fn wait(&mut self, mut client: Client, end: &End) -> Result<(), BenchError> {
        match end {
            End::Answers(name, count) => client.hear(name, *count)?,
            End::Ready(queue, count) => self.until(|stage| {
                let there = ready(&mut stage.control, queue)?;
                Ok(u64::from(there) == *count)
            })?,
            End::NoConsumer(queue) => self.until(|stage| stage.has_no_consumer(queue))?,
            End::Gone(queue) => self.until(|stage| stage.is_gone(queue))?,
            End::After(time) => thread::sleep(*time),
        }
        client.leave()
    }

    fn until(
        &mut self,
        mut is_over: impl FnMut(&mut Self) -> Result<bool, BenchError>,
    ) -> Result<(), BenchError> {
        let begin = Instant::now();
        while !is_over(self)? {
            if begin.elapsed() > LONGEST {
                let text = format!("not over after {} s", LONGEST.as_secs());
                return Err(BenchError::Child(text));
            }
            thread::sleep(ASK_EVERY);
        }
        Ok(())
    }

    fn has_no_consumer(&mut self, queue: &str) -> Result<bool, BenchError> {
        let declare = QueueDeclare {
            queue: short(queue)?,
            passive: true,
            ..QueueDeclare::default()
        };
        self.control.call(&declare.into(), |method| match method {
            Method::QueueDeclareOk(ok) => Some(ok.consumer_count == 0),
            _ => None,
        })
    }

    /// Asks on a connection of its own, which a queue that is gone costs its channel.
    fn is_gone(&mut self, queue: &str) -> Result<bool, BenchError> {
        match ready(&mut self.client()?, queue) {
            Err(BenchError::Closed { code: 404, .. }) => Ok(true),
            Ok(_) | Err(BenchError::Closed { code: 405, .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Removes everything.
    pub(super) fn clear(mut self) -> Result<(), BenchError> {
        for exchange in &self.exchanges {
            delete_exchange(&mut self.control, exchange)?;
        }
        for queue in &self.queues {
            delete_queue(&mut self.control, queue)?;
        }
        self.control.close()
    }
}

impl Act {
    /// Does it. What is written is written by a thread of its own, because answers may come
    /// before its end.
    pub(super) fn begin(self) -> Result<Client, BenchError> {
        let mut writing = Crew::new();
        let link = match self {
            Self::Leave(link) => {
                hang_up(&[link.handle()?]);
                None
            }
            Self::Write(link, octets) => {
                let mut socket: TcpStream = link.handle()?;
                writing.start(move || {
                    // A broker that closes has its reason read from the same socket.
                    socket.write_all(&octets).unwrap_or_default();
                    Ok(())
                })?;
                Some(link)
            }
        };
        Ok(Client { link, writing })
    }
}

impl Client {
    /// Reads until so many methods of this name have come.
    fn hear(&mut self, name: &str, count: u64) -> Result<(), BenchError> {
        let Some(link) = &mut self.link else {
            return Ok(());
        };
        let mut heard = 0;
        while heard < count {
            while let Some(frame) = link.take()? {
                if frame.kind == FRAME_METHOD
                    && let Some([0, class, 0, method]) = frame.payload.first_chunk()
                    && Method::name_of(u16::from(*class), u16::from(*method)) == Some(name)
                {
                    heard += 1;
                }
            }
            if heard < count {
                link.fill()?;
            }
        }
        Ok(())
    }

    fn leave(self) -> Result<(), BenchError> {
        if let Some(link) = self.link {
            hang_up(&[link.handle()?]);
        }
        self.writing.join().map(|_| ())
    }
}

/// Sends many requests without waiting for answers.
pub(crate) fn many(
    link: &mut Link,
    count: u64,
    mut encode: impl FnMut(&mut Vec<u8>, u64) -> Result<(), BenchError>,
) -> Result<(), BenchError> {
    let mut octets = Vec::new();
    for n in 0..count {
        encode(&mut octets, n)?;
        if octets.len() >= WRITE {
            link.write(&octets)?;
            octets.clear();
        }
    }
    link.write(&octets)
}

/// Starts so many consumers on a queue, without waiting for each.
pub(super) fn consume_many(link: &mut Link, queue: &str, count: u64) -> Result<(), BenchError> {
    many(link, count, |out, n| {
        let tag = format!("c{n}");
        let consume = BasicConsume {
            queue: short(queue)?,
            consumer_tag: short(&tag)?,
            no_ack: true,
            nowait: true,
            ..BasicConsume::default()
        };
        encode_method(out, CHANNEL, &consume.into());
        Ok(())
    })?;
    ready(link, queue).map(|_| ())
}

/// Consumes until so many messages have come, and acknowledges none.
pub(super) fn take_all(link: &mut Link, queue: &str, count: u64) -> Result<(), BenchError> {
    let consume = BasicConsume {
        queue: short(queue)?,
        consumer_tag: short("c")?,
        nowait: true,
        ..BasicConsume::default()
    };
    let mut octets = Vec::new();
    encode_method(&mut octets, CHANNEL, &consume.into());
    link.write(&octets)?;
    let mut bodies = 0;
    loop {
        while let Some(frame) = link.take()? {
            bodies += u64::from(frame.kind == FRAME_BODY);
        }
        if bodies >= count {
            return Ok(());
        }
        link.fill()?;
    }
}
