//! What is there beside a load: other queues, connections, bindings, a backlog, a bystander.
//!
//! None of it should make a message dearer, and nothing a load does should make a bystander wait.

use std::time::Duration;

use leveret_codec::table::{Table, TableRef};

use super::crew::Crew;
use super::error::BenchError;
use super::idle::allow_files;
use super::meter::Meter;
use super::options::{Kind, Load};
use super::plan::{Plan, bind, declare_exchange, declare_queue, delete_exchange, delete_queue};
use super::produce::Producer;
use super::report::Report;
use super::run::stream;
use super::shared::Shared;
use super::uri::Target;
use super::wire::Link;

/// Exchange and queue of bindings that no message of the load ever asks.
const OTHER: &str = "leveret-bench.other";

/// Files that are open besides those of the surroundings.
const OWN_FILES: u64 = 1_000;

/// Things that have nothing to do with the load.
pub(super) struct Surroundings {
    queues: Vec<String>,
    /// Open as long as this is there.
    _links: Vec<Link>,
    has_bindings: bool,
}

impl Surroundings {
    /// Makes what the load asks for.
    pub(super) fn build(
        load: &Load,
        target: &Target,
        control: &mut Link,
    ) -> Result<Self, BenchError> {
        let queues: Vec<_> = (0..load.among_queues)
            .map(|n| format!("{OTHER}.{n}"))
            .collect();
        for queue in &queues {
            declare_queue(control, queue, load.durable, TableRef::EMPTY)?;
        }
        if load.among_connections > 0 {
            allow_files(u64::from(load.among_connections) + OWN_FILES)?;
        }
        let links: Result<_, _> = (0..load.among_connections)
            .map(|_| Link::open(target))
            .collect();
        let has_bindings = load.among_bindings > 0;
        if has_bindings {
            declare_exchange(control, OTHER, Kind::Topic, load.durable)?;
            declare_queue(control, OTHER, load.durable, TableRef::EMPTY)?;
        }
        for n in 0..load.among_bindings {
            let key = format!("other.{n}.*.#");
            bind(control, OTHER, OTHER, &key, &Table::new())?;
        }
        Ok(Self {
            queues,
            _links: links?,
            has_bindings,
        })
    }

    /// Publishes what the load is to find in its first queue.
    pub(super) fn fill(&self, load: &Load, target: &Target, plan: &Plan) -> Result<(), BenchError> {
        let (Some(lane), Some(queue)) = (plan.lanes.first(), plan.queues.first()) else {
            return Ok(());
        };
        if load.behind == 0 {
            return Ok(());
        }
        let filling = Load {
            producers: 1,
            messages: Some(load.behind),
            confirm: None,
            rate: None,
            ..load.clone()
        };
        let shared = Shared::new(None, 1, Duration::ZERO);
        Producer::open(target, &filling, 0, lane, queue)?.run(&shared)?;
        Ok(())
    }

    /// Takes it away again.
    pub(super) fn clear(self, control: &mut Link) -> Result<(), BenchError> {
        for queue in &self.queues {
            delete_queue(control, queue)?;
        }
        if self.has_bindings {
            delete_queue(control, OTHER)?;
            delete_exchange(control, OTHER)?;
        }
        Ok(())
    }
}

/// A small paced load at the same time, for what another client feels.
pub(super) struct Bystander(Option<Crew<Report>>);

impl Bystander {
    /// Starts one, if the load asks for it.
    pub(super) fn start(load: &Load, target: &Target) -> Result<Self, BenchError> {
        let Some(rate) = load.bystander else {
            return Ok(Self(None));
        };
        let small = Load {
            producers: 1,
            consumers: 1,
            queues: 1,
            exchange: None,
            bindings: None,
            size: 16,
            persistent: false,
            durable: false,
            confirm: None,
            ack_every: None,
            rate: Some(rate),
            consumer_rate: None,
            latency: true,
            quiet: true,
            ..load.clone()
        };
        let target = target.clone();
        let mut crew = Crew::new();
        crew.start(move || {
            let plan = Plan::named("leveret-bench.bystander", &small);
            let mut control = Link::open(&target)?;
            plan.declare(&mut control)?;
            let mut report = Report::default();
            let mut meter = Meter::new(None, true);
            stream(&small, &target, &plan, &mut meter, &mut report)?;
            plan.delete(&mut control)?;
            control.close()?;
            Ok(report)
        })?;
        Ok(Self(Some(crew)))
    }

    /// Waits for its end and adds what it felt.
    pub(super) fn join(self, report: &mut Report) -> Result<(), BenchError> {
        let Some(crew) = self.0 else {
            return Ok(());
        };
        for felt in crew.join()? {
            for (figure, value) in &felt.figures {
                if let Some(name) = figure.strip_prefix("latency_") {
                    report.set(&format!("bystander_{name}"), *value);
                }
            }
            let problems = felt.problems.iter();
            report
                .problems
                .extend(problems.map(|problem| format!("bystander: {problem}")));
        }
        Ok(())
    }
}
