//! Clients that do little and want it done at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use leveret_codec::encode::{encode_body, encode_content_header, encode_method};
use leveret_codec::frame::FRAME_BODY;
use leveret_codec::methods::BasicPublish;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::TableRef;

use crate::crew::Crew;
use crate::error::BenchError;
use crate::plan::{consume, declare_queue, delete_queue};
use crate::report::Report;
use crate::shared::Latency;
use crate::uri::Target;
use crate::wire::{CHANNEL, Link, short};

/// Bystanders that send and receive. Several, so that no thread of the broker is without one.
const PAIRS: u32 = 4;

/// How often each of them sends a message.
const MESSAGE_EVERY: Duration = Duration::from_millis(4);

/// How often the newcomer connects.
const CONNECT_EVERY: Duration = Duration::from_millis(20);

/// The class of messages.
const BASIC: u16 = 60;

/// Bystanders and the newcomer, until [`Bystanders::end`].
pub(super) struct Bystanders {
    watch: Arc<Watch>,
    pairs: Crew<Felt>,
    newcomers: Crew<Felt>,
}

/// What the threads are told.
#[derive(Default)]
struct Watch {
    acted: OnceLock<Instant>,
    is_over: AtomicBool,
}

/// How long something took that was wanted before and after the client acted.
struct Felt {
    before: Latency,
    after: Latency,
}

impl Bystanders {
    /// Starts all of them.
    pub(super) fn start(target: &Target) -> Result<Self, BenchError> {
        let mut all = Self {
            watch: Arc::new(Watch::default()),
            pairs: Crew::new(),
            newcomers: Crew::new(),
        };
        for number in 0..PAIRS {
            let mut pair = Pair::open(target, number)?;
            let watch = Arc::clone(&all.watch);
            all.pairs.start(move || {
                let felt = watch.repeat(MESSAGE_EVERY, || pair.exchange())?;
                pair.leave()?;
                Ok(felt)
            })?;
        }
        let (target, watch) = (target.clone(), Arc::clone(&all.watch));
        all.newcomers
            .start(move || watch.repeat(CONNECT_EVERY, || visit(&target)))?;
        Ok(all)
    }

    /// The client acts now.
    pub(super) fn mark(&self, now: Instant) {
        // It acts once, so nothing is there yet.
        self.watch.acted.set(now).unwrap_or_default();
    }

    /// Ends them and reports what they felt.
    pub(super) fn end(self, report: &mut Report) -> Result<(), BenchError> {
        self.watch.is_over.store(true, Ordering::Relaxed);
        for (name, crew) in [("bystander", self.pairs), ("newcomer", self.newcomers)] {
            let (mut before, mut after) = (Latency::new(true), Latency::new(true));
            for felt in crew.join()? {
                before.merge(&felt.before);
                after.merge(&felt.after);
            }
            report.set_latency(&format!("{name}_before"), &before);
            report.set_latency(name, &after);
        }
        Ok(())
    }
}

impl Watch {
    /// Does something again and again, at times that were fixed before: what is late because the
    /// one before it was late counts as late.
    fn repeat(
        &self,
        every: Duration,
        mut deed: impl FnMut() -> Result<(), BenchError>,
    ) -> Result<Felt, BenchError> {
        let mut felt = Felt {
            before: Latency::new(true),
            after: Latency::new(true),
        };
        let mut wanted = Instant::now();
        while !self.is_over.load(Ordering::Relaxed) {
            thread::sleep(wanted.saturating_duration_since(Instant::now()));
            deed()?;
            let done = Instant::now();
            // One that was wanted before and done after the client acted has felt it.
            let side = match self.acted.get() {
                Some(acted) if done >= *acted => &mut felt.after,
                _ => &mut felt.before,
            };
            side.add(done - wanted);
            wanted += every;
        }
        Ok(felt)
    }
}

/// A client that publishes to a queue of its own and consumes from it on a second connection.
struct Pair {
    publisher: Link,
    consumer: Link,
    queue: String,
    message: Vec<u8>,
}

impl Pair {
    fn open(target: &Target, number: u32) -> Result<Self, BenchError> {
        let queue = format!("leveret-bench.bystander.{number}");
        let mut publisher = Link::open(target)?;
        let mut consumer = Link::open(target)?;
        delete_queue(&mut publisher, &queue)?;
        declare_queue(&mut publisher, &queue, false, TableRef::EMPTY)?;
        consume(&mut consumer, &queue, true)?;
        let mut message = Vec::new();
        let publish = BasicPublish {
            routing_key: short(&queue)?.into(),
            ..BasicPublish::default()
        };
        encode_method(&mut message, CHANNEL, &publish.into());
        encode_content_header(
            &mut message,
            CHANNEL,
            BASIC,
            16,
            PropertiesRef::new(&[0; 2]),
        );
        encode_body(&mut message, CHANNEL, &[7; 16], publisher.frame_max);
        Ok(Self {
            publisher,
            consumer,
            queue,
            message,
        })
    }

    /// Sends a message and waits for it.
    fn exchange(&mut self) -> Result<(), BenchError> {
        self.publisher.write(&self.message)?;
        loop {
            while let Some(frame) = self.consumer.take()? {
                if frame.kind == FRAME_BODY {
                    return Ok(());
                }
            }
            self.consumer.fill()?;
        }
    }

    fn leave(mut self) -> Result<(), BenchError> {
        delete_queue(&mut self.publisher, &self.queue)?;
        self.publisher.close()?;
        self.consumer.close()
    }
}

/// Connects, logs in, opens a channel, and goes again.
fn visit(target: &Target) -> Result<(), BenchError> {
    Link::open(target)?.close()
}
