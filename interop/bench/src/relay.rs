//! A relay that passes messages on and does nothing else: the least a broker could do.
//!
//! It shakes hands with every client, takes every declaration for done, and copies the frames of a
//! publish behind a `basic.deliver` to the connection that consumes: no queue, no ledger, no
//! rights; confirms are given at once, messages without a consumer are dropped, and an exchange
//! gives to every queue that is bound. Of acks it knows the window: a consumer with a prefetch
//! count has no more messages on the way than that. What it cannot do faster, the machine (or this
//! tool) cannot.
//!
//! With a [`Disk`] it writes and syncs, before it confirms them, the messages that a connection has
//! sent meanwhile, and durable queues before it says that they are declared.

mod disk;
mod sink;

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use leveret_codec::encode::encode_method;
use leveret_codec::frame::{
    Decoded, FRAME_BODY, FRAME_HEADER, FRAME_METHOD, PROTOCOL_HEADER, RawFrame, decode,
};
use leveret_codec::methods::{
    BasicAck, BasicConsumeOk, BasicDeliver, BasicPublish, BasicQosOk, ChannelCloseOk,
    ChannelOpenOk, ConfirmSelectOk, ConnectionCloseOk, ConnectionOpenOk, ConnectionStart,
    ConnectionTune, ExchangeDeclareOk, ExchangeDeleteOk, Method, QueueBindOk, QueueDeclareOk,
    QueueDeleteOk,
};
use leveret_codec::properties::ContentHeader;
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::{ChannelId, DeliveryTag, ShortByteBuf, ShortStr, ShortString};
use parking_lot::RwLock;

use self::disk::Disk;
use self::sink::Consumer;
use super::error::{BenchError, During as _};

/// The longest frame, in octets.
const FRAME_MAX: u32 = 131_072;

/// Octets that are read at once.
const INPUT: usize = 256 * 1024;

/// Octets that say that there is a queue.
const QUEUE: usize = 256;

/// Who consumes what; shared by all connections.
#[derive(Default)]
struct Exchange {
    queues: RwLock<HashMap<ShortString, Arc<Queue>>>,
    /// Queues by the exchange they are bound to.
    bound: RwLock<HashMap<ShortString, Vec<Arc<Queue>>>>,
    disk: Option<Disk>,
}

#[derive(Default)]
struct Queue {
    consumers: RwLock<Vec<Arc<Consumer>>>,
    turn: AtomicUsize,
}

/// Listens on a free port, says which one, and relays until it is killed. With a directory for a
/// file, it syncs what it answers for.
pub(super) fn run(sync: Option<&Path>) -> Result<(), BenchError> {
    let exchange = Arc::new(Exchange {
        disk: sync.map(Disk::in_dir).transpose()?,
        ..Exchange::default()
    });
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).during("listening")?;
    let port = listener.local_addr().during("listening")?.port();
    let mut out = std::io::stdout();
    writeln!(out, "{port}")
        .and_then(|()| out.flush())
        .during("saying the port")?;
    for stream in listener.incoming() {
        let stream = stream.during("accepting")?;
        stream.set_nodelay(true).during("setting TCP_NODELAY")?;
        let exchange = Arc::clone(&exchange);
        let work = move || {
            // An error here ends this connection alone.
            Peer::new(stream, exchange).run().unwrap_or_default();
        };
        thread::Builder::new()
            .spawn(work)
            .during("starting a thread")?;
    }
    Ok(())
}

/// One connection.
struct Peer {
    stream: TcpStream,
    exchange: Arc<Exchange>,
    /// What the connection itself is told.
    answers: Vec<u8>,
    /// What goes to consumers.
    outputs: Vec<Output>,
    /// What must be on disk before the peer has its answers.
    unsynced: Vec<u8>,
    /// Outputs of the last route, which most publishes take again.
    route: (ShortByteBuf, ShortByteBuf, Vec<usize>),
    /// Octets of the current body that are still to come.
    left: u64,
    /// Publishes so far and those confirmed, if they are confirmed at all.
    confirmed: Option<(u64, u64)>,
    /// The prefetch count.
    window: Option<u64>,
    /// What consumes on this connection, and whether it has acked something since the last flush.
    consuming: Option<(Arc<Consumer>, bool)>,
}

/// Frames on their way to one queue.
struct Output {
    queue: Arc<Queue>,
    consumer: Arc<Consumer>,
    octets: Vec<u8>,
    /// Where each whole message ends.
    ends: Vec<usize>,
}

impl Peer {
    fn new(stream: TcpStream, exchange: Arc<Exchange>) -> Self {
        Self {
            stream,
            exchange,
            answers: Vec::new(),
            outputs: Vec::new(),
            unsynced: Vec::new(),
            route: Default::default(),
            left: 0,
            confirmed: None,
            window: None,
            consuming: None,
        }
    }

    fn run(mut self) -> Result<(), BenchError> {
        let mut header = [0; PROTOCOL_HEADER.len()];
        self.stream.read_exact(&mut header).during("reading")?;
        let server = Table::new().with("product", "null relay").to_bytes();
        self.answer(
            ChannelId::ZERO,
            ConnectionStart {
                version_major: 0,
                version_minor: 9,
                server_properties: TableRef::new(&server),
                mechanisms: b"PLAIN",
                locales: b"en_US",
            },
        );
        let mut input = vec![0; INPUT];
        let mut end = 0;
        loop {
            self.flush()?;
            let free = input.get_mut(end..).unwrap_or_default();
            match self.stream.read(free).during("reading")? {
                0 => return Ok(()),
                octets => end += octets,
            }
            let mut start = 0;
            let wrong = |error: &dyn std::fmt::Display| BenchError::Protocol(error.to_string());
            loop {
                let unread = input.get(start..end).unwrap_or_default();
                match decode(unread, FRAME_MAX).map_err(|error| wrong(&error))? {
                    Decoded::Frame { frame, consumed } => {
                        let whole = unread.get(..consumed).unwrap_or_default();
                        self.on_frame(frame, whole)?;
                        start += consumed;
                    }
                    Decoded::NeedMore(_) => break,
                }
            }
            input.copy_within(start..end, 0);
            end -= start;
        }
    }

    fn on_frame(&mut self, frame: RawFrame<'_>, whole: &[u8]) -> Result<(), BenchError> {
        let wrong = |error: &dyn std::fmt::Display| BenchError::Protocol(error.to_string());
        match frame.kind {
            FRAME_METHOD => {
                let method = Method::decode(frame.payload).map_err(|error| wrong(&error))?;
                match method {
                    Method::BasicPublish(publish) => self.publish(&publish),
                    Method::BasicAck(ack) => {
                        if let Some((consumer, has_acked)) = &mut self.consuming {
                            consumer.ack(ack.delivery_tag.0);
                            *has_acked = true;
                        }
                    }
                    other => self.on_method(frame.channel, &other)?,
                }
            }
            FRAME_HEADER => {
                let header = ContentHeader::decode(frame.payload).map_err(|error| wrong(&error))?;
                self.left = header.body_size;
                self.pass_on(whole);
            }
            FRAME_BODY => {
                let octets = u64::try_from(frame.payload.len()).unwrap_or(u64::MAX);
                self.left = self.left.saturating_sub(octets);
                self.pass_on(whole);
            }
            _ => {}
        }
        Ok(())
    }

    /// Finds the outputs of a publish and puts a delivery in front of its content.
    fn publish(&mut self, publish: &BasicPublish<'_>) {
        let (exchange, key, _) = &self.route;
        if *exchange != publish.exchange || *key != publish.routing_key {
            self.find_route(publish);
        }
        for at in &self.route.2 {
            let Some(output) = self.outputs.get_mut(*at) else {
                continue;
            };
            let deliver = BasicDeliver {
                consumer_tag: output.consumer.tag(),
                delivery_tag: DeliveryTag(output.consumer.next_delivery()),
                redelivered: false,
                exchange: publish.exchange,
                routing_key: publish.routing_key,
            };
            encode_method(&mut output.octets, ChannelId(1), &deliver.into());
        }
    }

    fn find_route(&mut self, publish: &BasicPublish<'_>) {
        let queues = if publish.exchange.is_empty() {
            let all = self.exchange.queues.read();
            let name = publish.routing_key.to_text();
            let queue = name.and_then(|name| all.get(&*name));
            queue.cloned().into_iter().collect()
        } else {
            let all = self.exchange.bound.read();
            let name = publish.exchange.to_text();
            let queues = name.and_then(|name| all.get(&*name));
            queues.cloned().unwrap_or_default()
        };
        let outputs = queues
            .iter()
            .filter_map(|queue| self.output(queue))
            .collect();
        self.route = (publish.exchange.into(), publish.routing_key.into(), outputs);
    }

    /// The output to a queue, if it has a consumer.
    fn output(&mut self, queue: &Arc<Queue>) -> Option<usize> {
        let known = self
            .outputs
            .iter()
            .position(|output| Arc::ptr_eq(&output.queue, queue));
        if known.is_some() {
            return known;
        }
        let consumer = queue.next()?;
        self.outputs.push(Output {
            queue: Arc::clone(queue),
            consumer,
            octets: Vec::new(),
            ends: Vec::new(),
        });
        Some(self.outputs.len() - 1)
    }

    fn pass_on(&mut self, frame: &[u8]) {
        if self.confirmed.is_some() {
            self.store(frame);
        }
        for at in &self.route.2 {
            if let Some(output) = self.outputs.get_mut(*at) {
                output.octets.extend_from_slice(frame);
                if self.left == 0 {
                    output.ends.push(output.octets.len());
                }
            }
        }
        if self.left == 0
            && let Some((count, _)) = &mut self.confirmed
        {
            *count += 1;
        }
    }

    /// Has octets written and synced before the next answer, if that is asked for.
    fn store(&mut self, octets: &[u8]) {
        if self.exchange.disk.is_some() {
            self.unsynced.extend_from_slice(octets);
        }
    }

    /// Writes whole messages to their consumers, and answers and confirms to the peer.
    fn flush(&mut self) -> Result<(), BenchError> {
        if let Some((consumer, has_acked)) = &mut self.consuming
            && std::mem::take(has_acked)
        {
            consumer.go_on()?;
        }
        for output in &mut self.outputs {
            let Some(whole) = output.ends.last().copied() else {
                continue;
            };
            let octets = output.octets.get(..whole).unwrap_or_default();
            output.consumer.take(octets, &output.ends)?;
            output.octets.drain(..whole);
            output.ends.clear();
            if output.octets.is_empty()
                && let Some(next) = output.queue.next()
            {
                output.consumer = next;
            }
        }
        if let Some(disk) = self
            .exchange
            .disk
            .as_ref()
            .filter(|_| !self.unsynced.is_empty())
        {
            disk.commit(&self.unsynced)?;
            self.unsynced.clear();
        }
        if let Some((count, told)) = self.confirmed
            && count > told
        {
            self.confirmed = Some((count, count));
            self.answer(
                ChannelId(1),
                BasicAck {
                    delivery_tag: DeliveryTag(count),
                    multiple: true,
                },
            );
        }
        if !self.answers.is_empty() {
            self.stream.write_all(&self.answers).during("writing")?;
            self.answers.clear();
        }
        Ok(())
    }

    fn answer<'a>(&mut self, channel: ChannelId, method: impl Into<Method<'a>>) {
        encode_method(&mut self.answers, channel, &method.into());
    }

    /// Everything but messages.
    fn on_method(&mut self, channel: ChannelId, method: &Method<'_>) -> Result<(), BenchError> {
        match method {
            Method::ConnectionStartOk(_) => self.answer(
                channel,
                ConnectionTune {
                    channel_max: 2047,
                    frame_max: FRAME_MAX,
                    heartbeat: 0,
                },
            ),
            Method::ConnectionOpen(_) => {
                let reserved = ShortStr::EMPTY;
                self.answer(channel, ConnectionOpenOk { reserved });
            }
            Method::ConnectionClose(_) => self.answer(channel, ConnectionCloseOk {}),
            Method::ChannelOpen(_) => self.answer(channel, ChannelOpenOk { reserved: b"" }),
            Method::ChannelClose(_) => self.answer(channel, ChannelCloseOk {}),
            Method::ExchangeDeclare(_) => self.answer(channel, ExchangeDeclareOk {}),
            Method::ExchangeDelete(delete) => {
                self.exchange.bound.write().remove(delete.exchange.as_str());
                self.answer(channel, ExchangeDeleteOk {});
            }
            Method::QueueDeclare(declare) => {
                self.queue(declare.queue);
                if declare.durable {
                    self.store(&[0; QUEUE]);
                }
                self.answer(
                    channel,
                    QueueDeclareOk {
                        queue: declare.queue,
                        message_count: 0,
                        consumer_count: 0,
                    },
                );
            }
            Method::QueueDelete(delete) => {
                self.exchange.queues.write().remove(delete.queue.as_str());
                self.answer(channel, QueueDeleteOk { message_count: 0 });
            }
            Method::QueueBind(bind) => {
                let queue = self.queue(bind.queue);
                let mut all = self.exchange.bound.write();
                let bound = all.entry(bind.exchange.into()).or_default();
                if !bound.iter().any(|one| Arc::ptr_eq(one, &queue)) {
                    bound.push(queue);
                }
                drop(all);
                self.answer(channel, QueueBindOk {});
            }
            Method::BasicQos(qos) => {
                self.window = Some(qos.prefetch_count.into()).filter(|window| *window > 0);
                self.answer(channel, BasicQosOk {});
            }
            Method::BasicConsume(consume) => {
                let consumer_tag = consume.consumer_tag;
                let socket = self.stream.try_clone().during("cloning a socket")?;
                let window = self.window.filter(|_| !consume.no_ack);
                let consumer = Arc::new(Consumer::new(socket, window, consumer_tag.into()));
                self.consuming = Some((Arc::clone(&consumer), false));
                // Before the first delivery can be.
                self.answer(channel, BasicConsumeOk { consumer_tag });
                self.flush()?;
                self.queue(consume.queue).consumers.write().push(consumer);
            }
            Method::ConfirmSelect(_) => {
                self.confirmed = Some((0, 0));
                self.answer(channel, ConfirmSelectOk {});
            }
            _ => {}
        }
        Ok(())
    }

    fn queue(&self, name: ShortStr<'_>) -> Arc<Queue> {
        Arc::clone(self.exchange.queues.write().entry(name.into()).or_default())
    }
}

impl Queue {
    /// The consumer whose turn it is.
    fn next(&self) -> Option<Arc<Consumer>> {
        let consumers = self.consumers.read();
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        consumers.get(turn % consumers.len().max(1)).cloned()
    }
}
