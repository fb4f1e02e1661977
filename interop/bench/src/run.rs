//! Runs one load from its declarations to its verdict.

use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::arrivals::{self, Arrived};
use super::consume::{Consumed, Consumer};
use super::crew::Crew;
use super::error::BenchError;
use super::meter::{Mark, Meter};
use super::options::Load;
use super::plan::{Plan, ready};
use super::produce::{Produced, Producer};
use super::report::Report;
use super::shared::{Latency, Shared};
use super::surroundings::{Bystander, Surroundings};
use super::uri::Target;
use super::usage::{float, listener, per_second};
use super::wire::Link;
use super::{churn, hostile, http, idle, rpc};

/// How often the load is looked at while it runs.
const TICK: Duration = Duration::from_millis(5);

/// How long messages may be missing while none comes.
const STALLED: Duration = Duration::from_secs(20);

/// Runs a load of any shape.
///
/// # Errors
/// When it cannot be run; what is wrong with the messages is in the report.
pub fn run(load: &Load) -> Result<Report, BenchError> {
    load.check()?;
    let target = Target::parse(&load.uri)?;
    let mut control = Link::open(&target)?;
    let near = ["localhost", "127.0.0.1", "::1"].contains(&target.host.as_str());
    let pid = load
        .pid
        .or_else(|| if near { listener(target.port) } else { None });
    let mut meter = Meter::new(pid, load.quiet);
    let mut report = Report {
        broker: control.product.clone(),
        ..Report::default()
    };
    if let Some(what) = load.churn {
        churn::run(load, &target, what, &mut meter, &mut report)?;
    } else if let Some(case) = load.hostile {
        hostile::run(load, &target, case, &mut meter, &mut report)?;
    } else if let Some(case) = load.http {
        http::run(load, &target, case, &mut meter, &mut report)?;
    } else if load.idle_connections.is_some() || load.idle_queues.is_some() {
        idle::run(load, &target, &mut control, &mut meter, &mut report)?;
    } else {
        let plan = Plan::of(load);
        plan.declare(&mut control)?;
        let around = Surroundings::build(load, &target, &mut control)?;
        around.fill(load, &target, &plan)?;
        let bystander = Bystander::start(load, &target)?;
        match (load.rpc, load.backlog) {
            (Some(way), _) => rpc::run(load, &target, &plan, way, &mut meter, &mut report)?,
            (None, Some(_)) => {
                backlog(load, &target, &plan, &mut control, &mut meter, &mut report)?
            }
            (None, None) => stream(load, &target, &plan, &mut meter, &mut report)?,
        }
        bystander.join(&mut report)?;
        around.clear(&mut control)?;
        if !load.keep {
            plan.delete(&mut control)?;
        }
    }
    control.close()?;
    Ok(report)
}

/// Producers and consumers at the same time.
pub(super) fn stream(
    load: &Load,
    target: &Target,
    plan: &Plan,
    meter: &mut Meter,
    report: &mut Report,
) -> Result<(), BenchError> {
    let consumers = consumers(load, target, plan)?;
    let producers = producers(load, target, plan)?;
    let mut sockets = handles(&consumers)?;
    let shared = Arc::new(Shared::new(load.rate, load.producers, load.warm()));
    let mut consuming = consume_all(consumers, &shared)?;
    if load.consumer_rate.is_some() {
        for producer in &producers {
            sockets.push(producer.handle()?);
        }
    }
    let mut producing = produce_all(producers, &shared)?;
    let until = load.duration().map(|time| load.warm() + time);
    let (mut from, mut to) = (meter.mark(&shared), None);
    let mut warm = load.warm().is_zero();
    let mut watch = Watch::new();
    loop {
        thread::sleep(TICK);
        meter.tick(&shared);
        if !warm && Instant::now() >= shared.counts_from {
            from = meter.mark(&shared);
            warm = true;
        }
        let is_time = until.is_some_and(|until| shared.begin.elapsed() >= until);
        if is_time && to.is_none() {
            to = Some(meter.mark(&shared));
            shared.stop();
        }
        consuming.is_done()?;
        if is_time && load.consumer_rate.is_some() {
            break;
        }
        if producing.is_done()? {
            let missing = missing(plan, load, &producing.done, &meter.mark(&shared));
            if missing == 0 || watch.is_stalled(missing) {
                break;
            }
        }
    }
    let to = to.unwrap_or_else(|| meter.mark(&shared));
    shared.end();
    hang_up(&sockets);
    let consumed = consuming.join()?;
    let produced = producing.join()?;
    rates(report, load, &from, &to, &consumed);
    meter.report(report, &from, &to);
    times(report, &produced, &consumed);
    if load.consumer_rate.is_none() {
        judge(report, load, plan, &produced, &consumed);
    }
    Ok(())
}

/// Producers first, then consumers.
fn backlog(
    load: &Load,
    target: &Target,
    plan: &Plan,
    control: &mut Link,
    meter: &mut Meter,
    report: &mut Report,
) -> Result<(), BenchError> {
    let producers = producers(load, target, plan)?;
    let shared = Arc::new(Shared::new(load.rate, load.producers, Duration::ZERO));
    let empty = meter.mark(&shared);
    let mut producing = produce_all(producers, &shared)?;
    while !producing.is_done()? {
        thread::sleep(TICK);
        meter.tick(&shared);
    }
    let sent = by_number(&producing.done);
    let expected = arrivals::copies(&plan.lanes, &sent);
    let mut watch = Watch::new();
    loop {
        let mut there = 0;
        for queue in &plan.queues {
            there += u64::from(ready(control, queue)?);
        }
        if there >= expected || watch.is_stalled(expected - there) {
            break;
        }
        thread::sleep(TICK);
    }
    let full = meter.mark(&shared);
    report.set("published_per_s", per_second(full.sent, full.at - empty.at));
    meter.report(report, &empty, &full);
    if let Some(rss) = meter.rss() {
        let before = report.get("broker_rss_before_bytes").unwrap_or(0.0);
        report.set(
            "bytes_per_message",
            (float(rss) - before) / float(expected.max(1)),
        );
    }
    let begin = Instant::now();
    let consumers = consumers(load, target, plan)?;
    let sockets = handles(&consumers)?;
    let mut consuming = consume_all(consumers, &shared)?;
    let mut watch = Watch::new();
    loop {
        thread::sleep(TICK);
        meter.tick(&shared);
        consuming.is_done()?;
        let missing = missing(plan, load, &producing.done, &meter.mark(&shared));
        if missing == 0 || watch.is_stalled(missing) {
            break;
        }
    }
    shared.end();
    hang_up(&sockets);
    let consumed = consuming.join()?;
    if let Some(last) = consumed.iter().filter_map(|one| one.last).max() {
        let count = consumed.iter().map(|one| one.found.count).sum();
        report.set("drained_per_s", per_second(count, last - begin));
    }
    judge(report, load, plan, &producing.done, &consumed);
    Ok(())
}

/// Says when nothing has come for too long.
struct Watch {
    missing: u64,
    since: Instant,
}

impl Watch {
    fn new() -> Self {
        Self {
            missing: u64::MAX,
            since: Instant::now(),
        }
    }

    fn is_stalled(&mut self, missing: u64) -> bool {
        if missing != self.missing {
            self.missing = missing;
            self.since = Instant::now();
        }
        self.since.elapsed() > STALLED
    }
}

fn producers(load: &Load, target: &Target, plan: &Plan) -> Result<Vec<Producer>, BenchError> {
    let asks = plan.queues.first().map_or("", String::as_str);
    let lanes = (0..load.producers).zip(&plan.lanes);
    lanes
        .map(|(number, lane)| Producer::open(target, load, number, lane, asks))
        .collect()
}

/// Connects consumers and starts them; what comes at once waits in their buffers.
fn consumers(load: &Load, target: &Target, plan: &Plan) -> Result<Vec<Consumer>, BenchError> {
    let queues = plan.queues.iter().enumerate().cycle();
    let mut consumers = Vec::new();
    for (_, (queue, name)) in (0..load.consumers).zip(queues) {
        let mut consumer = Consumer::open(target, load, queue, name)?;
        consumer.subscribe()?;
        consumers.push(consumer);
    }
    Ok(consumers)
}

fn handles(consumers: &[Consumer]) -> Result<Vec<TcpStream>, BenchError> {
    consumers
        .iter()
        .map(|consumer| consumer.link.handle())
        .collect()
}

fn consume_all(
    consumers: Vec<Consumer>,
    shared: &Arc<Shared>,
) -> Result<Crew<Consumed>, BenchError> {
    let mut crew = Crew::new();
    for consumer in consumers {
        let shared = Arc::clone(shared);
        crew.start(move || consumer.run(&shared))?;
    }
    Ok(crew)
}

fn produce_all(
    producers: Vec<Producer>,
    shared: &Arc<Shared>,
) -> Result<Crew<Produced>, BenchError> {
    let mut crew = Crew::new();
    for producer in producers {
        let shared = Arc::clone(shared);
        crew.start(move || producer.run(&shared))?;
    }
    Ok(crew)
}

/// Ends what still reads; who has ended already does not mind.
pub(super) fn hang_up(sockets: &[TcpStream]) {
    for socket in sockets {
        socket.shutdown(Shutdown::Both).unwrap_or_default();
    }
}

/// How many messages are still to come.
fn missing(plan: &Plan, load: &Load, produced: &[Produced], now: &Mark) -> u64 {
    if load.consumers == 0 {
        return 0;
    }
    arrivals::copies(&plan.lanes, &by_number(produced)).saturating_sub(now.received)
}

/// What each producer sent, by its number.
fn by_number(produced: &[Produced]) -> Vec<u64> {
    let mut pairs: Vec<_> = produced.iter().map(|one| (one.number, one.sent)).collect();
    pairs.sort_unstable();
    pairs.into_iter().map(|(_, sent)| sent).collect()
}

fn rates(report: &mut Report, load: &Load, from: &Mark, to: &Mark, consumed: &[Consumed]) {
    let time = to.at - from.at;
    report.set("published_per_s", per_second(to.sent - from.sent, time));
    let last = consumed.iter().filter_map(|one| one.last).max();
    let time = match last {
        Some(last) if load.duration().is_none() => last.saturating_duration_since(from.at),
        _ => time,
    };
    report.set(
        "received_per_s",
        per_second(to.received - from.received, time),
    );
    if load.confirm.is_some() {
        report.set(
            "confirmed_per_s",
            per_second(to.confirmed - from.confirmed, time),
        );
    }
}

fn times(report: &mut Report, produced: &[Produced], consumed: &[Consumed]) {
    let mut confirms = Latency::new(true);
    produced.iter().for_each(|one| confirms.merge(&one.latency));
    report.set_latency("confirm", &confirms);
    let mut deliveries = Latency::new(true);
    consumed
        .iter()
        .for_each(|one| deliveries.merge(&one.latency));
    report.set_latency("latency", &deliveries);
}

/// Compares what arrived with what was sent.
fn judge(
    report: &mut Report,
    load: &Load,
    plan: &Plan,
    produced: &[Produced],
    consumed: &[Consumed],
) {
    let refused: u64 = produced.iter().map(|one| one.refused).sum();
    if refused > 0 {
        report
            .problems
            .push(format!("{refused} publishes refused with basic.nack"));
    }
    let redelivered: u64 = consumed.iter().map(|one| one.redelivered).sum();
    if redelivered > 0 {
        report
            .notes
            .push(format!("{redelivered} messages were redelivered"));
    }
    if load.consumers == 0 {
        return;
    }
    let sent = by_number(produced);
    let expected = arrivals::expected(&plan.lanes, &sent, load.size, plan.queues.len());
    for (number, (queue, expected)) in plan.queues.iter().zip(expected).enumerate() {
        let of_queue = consumed.iter().filter(|one| one.queue == number);
        let found = of_queue.fold(Arrived::default(), |sum, one| sum.plus(one.found));
        report
            .problems
            .extend(arrivals::verdict(queue, expected, found));
    }
}
