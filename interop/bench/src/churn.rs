//! Opens and closes connections, channels and queues as fast as it goes.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use leveret_codec::methods::{ChannelClose, Method};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::ShortStr;

use super::crew::Crew;
use super::error::BenchError;
use super::meter::Meter;
use super::options::{Churn, Load};
use super::plan::{declare_queue, delete_queue};
use super::report::Report;
use super::shared::{Latency, Shared};
use super::uri::Target;
use super::usage::float;
use super::wire::Link;

/// Durable queues that are declared before they are deleted.
const SERIES: u64 = 50;

/// What one loop did.
struct Churned {
    count: u64,
    /// Time of what is measured.
    time: Duration,
    latency: Latency,
}

/// One loop.
struct Loop {
    target: Target,
    link: Option<Link>,
    number: u16,
    arguments: Vec<u8>,
    done: Churned,
}

/// Runs as many loops as there are producers, for the time or the number of the load.
pub(super) fn run(
    load: &Load,
    target: &Target,
    what: Churn,
    meter: &mut Meter,
    report: &mut Report,
) -> Result<(), BenchError> {
    let mut arguments = Table::new();
    if let Some(queue_type) = &load.queue_type {
        arguments.insert("x-queue-type", queue_type.as_str());
    }
    let shared = Arc::new(Shared::new(None, load.producers, Duration::ZERO));
    let limit = load
        .messages
        .map_or(u64::MAX, |all| all.div_ceil(load.producers.into()));
    let from = meter.mark(&shared);
    let mut crew = Crew::new();
    for number in 0..load.producers {
        let mut one = Loop {
            target: target.clone(),
            link: None,
            number,
            arguments: arguments.to_bytes(),
            done: Churned {
                count: 0,
                time: Duration::ZERO,
                latency: Latency::new(true),
            },
        };
        let shared = Arc::clone(&shared);
        crew.start(move || {
            while one.done.count < limit && !shared.is_stopped() {
                let before = one.done.count;
                one.turn(what)?;
                shared
                    .sent
                    .fetch_add(one.done.count - before, Ordering::Relaxed);
            }
            Ok(one.done)
        })?;
    }
    while !crew.is_done()? {
        thread::sleep(Duration::from_millis(5));
        meter.tick(&shared);
        if load
            .duration()
            .is_some_and(|time| shared.begin.elapsed() >= time)
        {
            shared.stop();
        }
    }
    let to = meter.mark(&shared);
    meter.report(report, &from, &to);
    let mut latency = Latency::new(true);
    let mut rate = 0.0;
    for one in &crew.done {
        latency.merge(&one.latency);
        rate += float(one.count) / one.time.as_secs_f64().max(1e-9);
    }
    report.set("operations_per_s", rate);
    report.set_latency("operation", &latency);
    Ok(())
}

impl Loop {
    fn turn(&mut self, what: Churn) -> Result<(), BenchError> {
        match what {
            Churn::Connection => {
                let begin = Instant::now();
                Link::connect(&self.target)?.close()?;
                self.count(begin);
            }
            Churn::Channel => {
                let mut link = self.link(Link::connect)?;
                let begin = Instant::now();
                link.open_channel()?;
                close_channel(&mut link)?;
                self.count(begin);
                self.link = Some(link);
            }
            Churn::Queue => {
                let mut link = self.link(Link::open)?;
                let name = format!("leveret-bench.churn.{}.{}", self.number, self.done.count);
                let begin = Instant::now();
                declare_queue(&mut link, &name, false, TableRef::new(&self.arguments))?;
                delete_queue(&mut link, &name)?;
                self.count(begin);
                self.link = Some(link);
            }
            Churn::DurableQueue => {
                let mut link = self.link(Link::open)?;
                let name = |n: u64| format!("leveret-bench.churn.{}.{n}", self.number);
                let names: Vec<_> = (0..SERIES).map(name).collect();
                for name in &names {
                    let begin = Instant::now();
                    declare_queue(&mut link, name, true, TableRef::new(&self.arguments))?;
                    self.count(begin);
                }
                for name in &names {
                    delete_queue(&mut link, name)?;
                }
                self.link = Some(link);
            }
        }
        Ok(())
    }

    /// The connection of this loop, made the first time.
    fn link(
        &mut self,
        open: impl Fn(&Target) -> Result<Link, BenchError>,
    ) -> Result<Link, BenchError> {
        match self.link.take() {
            Some(link) => Ok(link),
            None => open(&self.target),
        }
    }

    fn count(&mut self, begin: Instant) {
        let time = begin.elapsed();
        self.done.count += 1;
        self.done.time += time;
        self.done.latency.add(time);
    }
}

fn close_channel(link: &mut Link) -> Result<(), BenchError> {
    let close = ChannelClose {
        reply_code: 200,
        reply_text: ShortStr::literal("OK"),
        class_id: 0,
        method_id: 0,
    };
    link.call(&close.into(), |method| {
        matches!(method, Method::ChannelCloseOk(_)).then_some(())
    })
}
