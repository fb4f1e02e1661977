//! What is asked of a broker over HTTP: small questions, long lists, pages of very many queues, and
//! what a client of AMQP feels while lists are fetched.
//!
//! The management API is where a broker with its usual ports has it, 10,000 above AMQP. A client is
//! a thread with a blocking socket ([`mod@client`]).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use clap::ValueEnum;
use leveret_codec::encode::encode_method;
use leveret_codec::methods::{QueueDeclare, QueueDelete};

use super::crew::Crew;
use super::error::BenchError;
use super::hostile::{Sample, many};
use super::meter::Meter;
use super::options::Load;
use super::plan::{delete_queue, ready};
use super::report::Report;
use super::shared::{Latency, Shared};
use super::surroundings::Bystander;
use super::uri::Target;
use super::usage::float;
use super::wire::{CHANNEL, Link, short};
use client::Client;
use replay::Replay;

mod client;
mod replay;

/// What the names of the queues begin with.
const NAME: &str = "leveret-bench.http";

/// How far above AMQP the management API is.
const ABOVE: u16 = 10_000;

/// Connections that ask small questions.
const READERS: u64 = 8;

/// How often a list or page is fetched, the median of which counts.
const TIMES: usize = 15;

/// Messages a second of the bystander.
const BYSTANDER: u64 = 1_000;

/// Queues that are declared or deleted before the broker is waited for: some take milliseconds for
/// each.
const AT_ONCE: usize = 500;

/// Of so many queues one has messages.
const WITH_MESSAGES: u64 = 10;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Http {
    /// One queue, again and again, on eight connections.
    Reads,
    /// The list of all queues, 10,000 unless --messages says another number.
    List,
    /// The first page of 100,000 queues, or --messages, sorted by messages.
    Page,
    /// A bystander sends 1,000 messages a second: alone; while a client fetches the list of 10,000
    /// queues in a loop; and while it fetches the same octets from a program that only sends them.
    Bystander,
}

impl Http {
    fn count(self) -> u64 {
        match self {
            Self::Reads => 1,
            Self::List | Self::Bystander => 10_000,
            Self::Page => 100_000,
        }
    }
}

/// Declares the queues, asks, and reports how long that took.
pub(super) fn run(
    load: &Load,
    target: &Target,
    case: Http,
    meter: &mut Meter,
    report: &mut Report,
) -> Result<(), BenchError> {
    let count = load.messages.unwrap_or_else(|| case.count());
    let mut queues = Queues::declare(target, count)?;
    let shared = Shared::new(None, 1, Duration::ZERO);
    let from = meter.mark(&shared);
    match case {
        Http::Reads => reads(load, target, report)?,
        Http::List => {
            let path = "/api/queues";
            let body = fetch_often(target, path, "http_list_ms", report)?;
            check(report, &body, "\"name\":", count);
        }
        Http::Page => {
            queues.fill()?;
            let path = "/api/queues?page=1&page_size=100&sort=messages&sort_reverse=true";
            let body = fetch_often(target, path, "http_page_ms", report)?;
            check(report, &body, &format!("\"total_count\":{count}}}"), 1);
            check(
                report,
                &body,
                "\"messages\":1,",
                count.div_ceil(WITH_MESSAGES).min(100),
            );
        }
        Http::Bystander => bystander(load, target, report)?,
    }
    let to = meter.mark(&shared);
    meter.report(report, &from, &to);
    queues.delete()
}

/// Queues with nothing in them.
struct Queues {
    control: Link,
    count: u64,
}

impl Queues {
    fn declare(target: &Target, count: u64) -> Result<Self, BenchError> {
        let control = Link::open(target)?;
        let mut queues = Self { control, count };
        for first in (0..count).step_by(AT_ONCE) {
            let some = (count - first).min(AT_ONCE as u64);
            many(&mut queues.control, some, |out, n| {
                let name = format!("{NAME}.{}", first + n);
                let declare = QueueDeclare {
                    queue: short(&name)?,
                    durable: true,
                    nowait: true,
                    ..QueueDeclare::default()
                };
                encode_method(out, CHANNEL, &declare.into());
                Ok(())
            })?;
            queues.settle()?;
        }
        Ok(queues)
    }

    /// Puts a message into some of them.
    fn fill(&mut self) -> Result<(), BenchError> {
        let frame_max = self.control.frame_max;
        let some = self.count.div_ceil(WITH_MESSAGES);
        many(&mut self.control, some, |out, n| {
            let key = format!("{NAME}.{}", n * WITH_MESSAGES);
            let sample = Sample {
                key: &key,
                ..Sample::default()
            };
            sample.encode(out, frame_max)
        })?;
        self.settle()
    }

    /// Waits until all that was sent before is done.
    fn settle(&mut self) -> Result<(), BenchError> {
        ready(&mut self.control, &format!("{NAME}.0")).map(|_| ())
    }

    fn delete(mut self) -> Result<(), BenchError> {
        for first in (1..self.count).step_by(AT_ONCE) {
            let some = (self.count - first).min(AT_ONCE as u64);
            many(&mut self.control, some, |out, n| {
                let name = format!("{NAME}.{}", first + n);
                let delete = QueueDelete {
                    queue: short(&name)?,
                    nowait: true,
                    ..QueueDelete::default()
                };
                encode_method(out, CHANNEL, &delete.into());
                Ok(())
            })?;
            self.settle()?;
        }
        // It was there to be asked for until all others were gone.
        delete_queue(&mut self.control, &format!("{NAME}.0"))?;
        self.control.close()
    }
}

fn client(target: &Target) -> Result<Client, BenchError> {
    let port = target.port.checked_add(ABOVE);
    let port = port.ok_or_else(|| {
        BenchError::Options(format!("no management API above port {}", target.port))
    })?;
    Client::open(&target.host, port, (&target.user, &target.password))
}

/// Small questions, as fast as they are answered.
fn reads(load: &Load, target: &Target, report: &mut Report) -> Result<(), BenchError> {
    let (warm, time) = (load.warm(), load.seconds.unwrap_or(Duration::from_secs(5)));
    let begin = Instant::now();
    let counts = begin + warm..begin + warm + time;
    let mut crew = Crew::new();
    for _ in 0..READERS {
        let (mut client, counts) = (client(target)?, counts.clone());
        crew.start(move || {
            let (mut latency, mut answered, mut body) = (Latency::new(true), 0_u64, Vec::new());
            loop {
                let asked = Instant::now();
                if asked >= counts.end {
                    return Ok((latency, answered));
                }
                body.clear();
                client.get(&format!("/api/queues/%2F/{NAME}.0"), &mut body)?;
                if asked >= counts.start {
                    latency.add(asked.elapsed());
                    answered += 1;
                }
            }
        })?;
    }
    let (mut latency, mut answered) = (Latency::new(true), 0);
    for (one, count) in crew.join()? {
        latency.merge(&one);
        answered += count;
    }
    report.set("http_reads_per_s", float(answered) / time.as_secs_f64());
    report.set_latency("http_read", &latency);
    Ok(())
}

/// Fetches a path some times; gives the last answer.
fn fetch_often(
    target: &Target,
    path: &str,
    figure: &str,
    report: &mut Report,
) -> Result<Vec<u8>, BenchError> {
    let (mut client, mut body, mut times) = (client(target)?, Vec::new(), Vec::new());
    for _ in 0..TIMES {
        body.clear();
        let asked = Instant::now();
        client.get(path, &mut body)?;
        times.push(asked.elapsed());
    }
    times.sort_unstable();
    let median = times.get(TIMES / 2).copied().unwrap_or_default();
    report.set(figure, median.as_secs_f64() * 1000.0);
    let least = times.first().copied().unwrap_or_default();
    report.set(&format!("{figure}_least"), least.as_secs_f64() * 1000.0);
    report.set("http_answer_bytes", float(body.len() as u64));
    Ok(body)
}

/// An answer must have `count` of `text`.
fn check(report: &mut Report, body: &[u8], text: &str, count: u64) {
    let found = String::from_utf8_lossy(body).matches(text).count() as u64;
    if found < count {
        let problem = format!("{found} of {count} of {text:?} are in an answer over HTTP");
        report.problems.push(problem);
    }
}

/// The bystander's times: alone, beside lists, beside the same octets of no broker.
fn bystander(load: &Load, target: &Target, report: &mut Report) -> Result<(), BenchError> {
    let small = Load {
        bystander: Some(BYSTANDER),
        messages: None,
        ..load.clone()
    };
    let mut list = Vec::new();
    client(target)?.get("/api/queues", &mut list)?;
    let replay = Replay::start(list)?;
    let far = ("127.0.0.1", replay.port);
    watched(&small, target, "alone", None, report)?;
    watched(&small, target, "lists", Some(client(target)?), report)?;
    let client = Client::open(far.0, far.1, ("", ""))?;
    watched(&small, target, "octets", Some(client), report)
}

/// What the bystander feels while a client fetches the list again and again.
fn watched(
    load: &Load,
    target: &Target,
    name: &str,
    client: Option<Client>,
    report: &mut Report,
) -> Result<(), BenchError> {
    let (is_over, fetched) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicU64::new(0)),
    );
    let mut fetching = Crew::new();
    if let Some(mut client) = client {
        let (is_over, fetched) = (Arc::clone(&is_over), Arc::clone(&fetched));
        fetching.start(move || {
            let mut body = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                body.clear();
                client.get("/api/queues", &mut body)?;
                fetched.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        })?;
    }
    let (mut felt, begin) = (Report::default(), Instant::now());
    Bystander::start(load, target)?.join(&mut felt)?;
    is_over.store(true, Ordering::Relaxed);
    let took = begin.elapsed().as_secs_f64();
    fetching.join()?;
    for (figure, value) in &felt.figures {
        let figure = figure.trim_start_matches("bystander_");
        report.set(&format!("bystander_{name}_{figure}"), *value);
    }
    report.problems.extend(felt.problems);
    let lists = fetched.load(Ordering::Relaxed);
    report.set(&format!("http_{name}_per_s"), float(lists) / took);
    Ok(())
}
