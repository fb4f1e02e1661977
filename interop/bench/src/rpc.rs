//! Calls and answers: clients with one call outstanding each, servers that echo.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::frame::{FRAME_BODY, FRAME_HEADER};
use leveret_codec::methods::{BasicPublish, Method, QueueDeclare};
use leveret_codec::properties::{ContentHeader, Properties, PropertiesRef};
use leveret_codec::types::{ShortByteBuf, ShortBytes};

use super::arrivals::Checker;
use super::batch::{Batch, Form};
use super::crew::Crew;
use super::error::BenchError;
use super::meter::Meter;
use super::options::{Load, Rpc};
use super::plan::{self, Plan, Slot};
use super::report::Report;
use super::run::hang_up;
use super::shared::{Latency, Shared};
use super::uri::Target;
use super::usage::per_second;
use super::wire::{CHANNEL, Link, short};

/// The name that stands for an answer without a queue.
const DIRECT: &str = "amq.rabbitmq.reply-to";

/// The class of messages.
const BASIC: u16 = 60;

/// Calls until the time or the number of the load is over.
pub(super) fn run(
    load: &Load,
    target: &Target,
    plan: &Plan,
    way: Rpc,
    meter: &mut Meter,
    report: &mut Report,
) -> Result<(), BenchError> {
    let servers = (0..load.consumers).zip(plan.queues.iter().cycle());
    let servers = servers
        .map(|(_, queue)| Server::open(target, queue))
        .collect::<Result<Vec<_>, _>>()?;
    let lanes = (0..load.producers).zip(&plan.lanes);
    let clients = lanes
        .map(|(number, lane)| Client::open(target, load, number, lane, way))
        .collect::<Result<Vec<_>, _>>()?;
    let sockets = servers
        .iter()
        .map(|server| server.link.handle())
        .collect::<Result<Vec<_>, _>>()?;
    let shared = Arc::new(Shared::new(None, load.producers, load.warm()));
    let mut serving = Crew::new();
    for server in servers {
        let shared = Arc::clone(&shared);
        serving.start(move || server.run(&shared))?;
    }
    let mut calling = Crew::new();
    for client in clients {
        let shared = Arc::clone(&shared);
        calling.start(move || client.run(&shared))?;
    }
    let (mut from, mut to) = (meter.mark(&shared), None);
    let mut warm = load.warm().is_zero();
    while !calling.is_done()? {
        thread::sleep(Duration::from_millis(5));
        meter.tick(&shared);
        serving.is_done()?;
        if !warm && Instant::now() >= shared.counts_from {
            from = meter.mark(&shared);
            warm = true;
        }
        let over = |time: Duration| shared.begin.elapsed() >= load.warm() + time;
        if to.is_none() && load.duration().is_some_and(over) {
            to = Some(meter.mark(&shared));
            shared.stop();
        }
    }
    let to = to.unwrap_or_else(|| meter.mark(&shared));
    shared.end();
    hang_up(&sockets);
    serving.join()?;
    report.set(
        "calls_per_s",
        per_second(to.received - from.received, to.at - from.at),
    );
    meter.report(report, &from, &to);
    let mut latency = Latency::new(true);
    for (client, problems) in calling.join()? {
        latency.merge(&client);
        report.problems.extend(problems);
    }
    report.set_latency("call", &latency);
    Ok(())
}

/// A connection that calls.
struct Client {
    link: Link,
    batch: Batch,
    number: u16,
    limit: u64,
    checker: Checker,
    latency: Latency,
}

impl Client {
    fn open(
        target: &Target,
        load: &Load,
        number: u16,
        lane: &[Slot],
        way: Rpc,
    ) -> Result<Self, BenchError> {
        let mut link = Link::open(target)?;
        let reply_to = match way {
            Rpc::Direct => DIRECT.to_owned(),
            Rpc::Queue => {
                let name = format!("leveret-bench.reply.{number}");
                declare_own(&mut link, &name)?;
                name
            }
        };
        plan::consume(&mut link, &reply_to, true)?;
        let form = Form {
            size: load.size,
            frame_max: link.frame_max,
            persistent: load.persistent,
            reply_to,
        };
        let share = |all: u64| all.div_ceil(load.producers.into());
        Ok(Self {
            batch: Batch::new(lane, &form)?,
            link,
            number,
            limit: load.messages.map_or(u64::MAX, share),
            checker: Checker::new(load.size, load.producers),
            latency: Latency::new(true),
        })
    }

    fn run(mut self, shared: &Shared) -> Result<(Latency, Vec<String>), BenchError> {
        let mut calls = 0;
        while calls < self.limit && !shared.is_stopped() {
            let begin = Instant::now();
            let (octets, _) = self.batch.next(self.number, calls, 1);
            self.link.write(octets)?;
            shared.sent.fetch_add(1, Ordering::Relaxed);
            self.answer()?;
            if begin >= shared.counts_from {
                self.latency.add(begin.elapsed());
            }
            calls += 1;
            shared.received.fetch_add(1, Ordering::Relaxed);
        }
        let found = self.checker.found;
        let mut problems = Vec::new();
        if found.count != calls || found.reordered > 0 || found.corrupt > 0 {
            problems.push(format!("client {}: {calls} calls, {found:?}", self.number));
        }
        Ok((self.latency, problems))
    }

    /// Waits for one answer.
    fn answer(&mut self) -> Result<(), BenchError> {
        loop {
            while let Some(frame) = self.link.take()? {
                let stamp = match frame.kind {
                    FRAME_HEADER => self.checker.header(header(frame.payload)?.body_size),
                    FRAME_BODY => self.checker.body(frame.payload),
                    _ => None,
                };
                if stamp.is_some() {
                    return Ok(());
                }
            }
            self.link.fill()?;
        }
    }
}

/// A connection that answers with what it was sent.
struct Server {
    link: Link,
    body: Vec<u8>,
    size: u64,
    reply_to: ShortByteBuf,
    out: Vec<u8>,
}

impl Server {
    fn open(target: &Target, queue: &str) -> Result<Self, BenchError> {
        let mut link = Link::open(target)?;
        plan::consume(&mut link, queue, true)?;
        link.widen()?;
        Ok(Self {
            link,
            body: Vec::new(),
            size: 0,
            reply_to: ShortByteBuf::default(),
            out: Vec::new(),
        })
    }

    fn run(mut self, shared: &Shared) -> Result<(), BenchError> {
        loop {
            match self.turn() {
                Err(_) if shared.is_over() => return Ok(()),
                result => result?,
            }
        }
    }

    fn turn(&mut self) -> Result<(), BenchError> {
        let frame_max = self.link.frame_max;
        while let Some(frame) = self.link.take()? {
            match frame.kind {
                FRAME_HEADER => {
                    let header = header(frame.payload)?;
                    let to = header.properties.reply_to();
                    let to = to.map_err(|error| BenchError::Protocol(error.to_string()))?;
                    let to = to.unwrap_or_default();
                    if self.reply_to != to {
                        self.reply_to = to.into();
                    }
                    self.size = header.body_size;
                    self.body.clear();
                }
                FRAME_BODY => self.body.extend_from_slice(frame.payload),
                _ => continue,
            }
            if u64::try_from(self.body.len()) == Ok(self.size) {
                reply(
                    &mut self.out,
                    self.reply_to.as_short(),
                    &self.body,
                    frame_max,
                );
            }
        }
        if !self.out.is_empty() {
            self.link.write(&self.out)?;
            self.out.clear();
        }
        self.link.fill()
    }
}

fn reply(out: &mut Vec<u8>, to: ShortBytes<'_>, body: &[u8], frame_max: u32) {
    let publish = BasicPublish {
        ticket: 0,
        exchange: ShortBytes::EMPTY,
        routing_key: to,
        mandatory: false,
        immediate: false,
    };
    encode_method(out, CHANNEL, &publish.into());
    let properties = Properties {
        correlation_id: Some(ShortBytes::literal("call")),
        ..Properties::default()
    };
    let mut list = [0; 16];
    let mut rest = list.as_mut_slice();
    properties.encode(&mut rest);
    let left = rest.len();
    let list = list.get(..list.len() - left).unwrap_or_default();
    let size = u64::try_from(body.len()).unwrap_or(u64::MAX);
    encode_content_header(out, CHANNEL, BASIC, size, PropertiesRef::new(list));
    encode_body(out, CHANNEL, body, frame_max);
}

fn header(payload: &[u8]) -> Result<ContentHeader<'_>, BenchError> {
    ContentHeader::decode(payload).map_err(|error| BenchError::Protocol(error.to_string()))
}

/// A queue for the answers to one client; it goes with the connection.
fn declare_own(link: &mut Link, name: &str) -> Result<(), BenchError> {
    let declare = QueueDeclare {
        queue: short(name)?,
        exclusive: true,
        ..QueueDeclare::default()
    };
    link.call(&declare.into(), |method| {
        matches!(method, Method::QueueDeclareOk(_)).then_some(())
    })
}
