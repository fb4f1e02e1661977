//! What a load declares, and which message goes where.

use leveret_codec::methods::{
    BasicConsume, BasicQos, ExchangeDeclare, ExchangeDelete, Method, QueueBind, QueueDeclare,
    QueueDelete,
};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::ShortStr;

use super::error::BenchError;
use super::options::{Kind, Load};
use super::wire::{Link, short};

/// The exchange of a load that has one, and what names of its queues begin with.
const EXCHANGE: &str = "leveret-bench";

/// Queues, bindings, and for each producer the messages it sends in turn.
#[derive(Debug)]
pub(super) struct Plan {
    kind: Option<Kind>,
    durable: bool,
    arguments: Table,
    /// Names of the queues.
    pub(super) queues: Vec<String>,
    bindings: Vec<Binding>,
    /// By producer: its slots, which its messages go through in turn.
    pub(super) lanes: Vec<Vec<Slot>>,
}

#[derive(Debug)]
struct Binding {
    queue: usize,
    key: String,
    arguments: Table,
}

/// One kind of message of a producer.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Slot {
    /// Where it is published to.
    pub(super) exchange: &'static str,
    /// Its routing key.
    pub(super) key: String,
    /// Its headers, if it has any.
    pub(super) headers: Option<Table>,
    /// The numbers of the queues that get it.
    pub(super) queues: Vec<usize>,
}

impl Plan {
    /// Lays out a load.
    pub(super) fn of(load: &Load) -> Self {
        Self::named(EXCHANGE, load)
    }

    /// Lays out a load whose queues' names begin so.
    pub(super) fn named(prefix: &str, load: &Load) -> Self {
        let count = usize::try_from(load.queues).unwrap_or(usize::MAX);
        let queues = (0..count).map(|n| format!("{prefix}.{n}")).collect();
        let mut plan = Self {
            kind: load.exchange,
            durable: load.durable,
            arguments: Table::new(),
            queues,
            bindings: Vec::new(),
            lanes: Vec::new(),
        };
        if let Some(queue_type) = &load.queue_type {
            plan.arguments.insert("x-queue-type", queue_type.as_str());
        }
        let number = load.bindings.unwrap_or(load.queues);
        let number = usize::try_from(number).unwrap_or(usize::MAX);
        let slots = match load.exchange {
            None => plan.direct_to_queues(),
            Some(Kind::Fanout) => plan.fan_out(number),
            Some(kind) => plan.by_binding(kind, number),
        };
        plan.lanes = share(&slots, usize::from(load.producers));
        plan
    }

    /// A slot for each queue, through the default exchange.
    fn direct_to_queues(&self) -> Vec<Slot> {
        let slot = |(number, queue): (usize, &String)| Slot {
            key: queue.clone(),
            queues: vec![number],
            ..Slot::default()
        };
        self.queues.iter().enumerate().map(slot).collect()
    }

    /// One slot for all queues, each of which is bound at least once.
    fn fan_out(&mut self, bindings: usize) -> Vec<Slot> {
        self.bind(bindings, |n| (format!("k{n}"), Table::new()));
        vec![Slot {
            exchange: EXCHANGE,
            queues: (0..self.queues.len()).collect(),
            ..Slot::default()
        }]
    }

    /// A slot for each binding, which no other binding matches.
    fn by_binding(&mut self, kind: Kind, bindings: usize) -> Vec<Slot> {
        self.bind(bindings, |n| match kind {
            Kind::Topic if n % 2 == 0 => (format!("site.{n}.*.temperature"), Table::new()),
            Kind::Topic => (format!("site.{n}.#"), Table::new()),
            Kind::Headers => (String::new(), headers(n).with("x-match", "all")),
            Kind::Direct | Kind::Fanout => (format!("k{n}"), Table::new()),
        });
        let queues = self.queues.len();
        let slot = |n: usize| Slot {
            exchange: EXCHANGE,
            key: match kind {
                Kind::Topic => format!("site.{n}.room{}.temperature", n % 7),
                Kind::Headers => String::new(),
                Kind::Direct | Kind::Fanout => format!("k{n}"),
            },
            headers: (kind == Kind::Headers).then(|| headers(n)),
            queues: vec![n % queues],
        };
        (0..bindings).map(slot).collect()
    }

    fn bind(&mut self, bindings: usize, how: impl Fn(usize) -> (String, Table)) {
        let queues = self.queues.len();
        let binding = |n: usize| {
            let (key, arguments) = how(n);
            Binding {
                queue: n % queues,
                key,
                arguments,
            }
        };
        self.bindings = (0..bindings).map(binding).collect();
    }

    /// Declares everything anew.
    pub(super) fn declare(&self, link: &mut Link) -> Result<(), BenchError> {
        self.delete(link)?;
        let arguments = self.arguments.to_bytes();
        for queue in &self.queues {
            declare_queue(link, queue, self.durable, TableRef::new(&arguments))?;
        }
        let Some(kind) = self.kind else {
            return Ok(());
        };
        declare_exchange(link, EXCHANGE, kind, self.durable)?;
        for binding in &self.bindings {
            let queue = self.queues.get(binding.queue).map_or("", String::as_str);
            bind(link, queue, EXCHANGE, &binding.key, &binding.arguments)?;
        }
        Ok(())
    }

    /// Removes everything; what is not there is fine.
    pub(super) fn delete(&self, link: &mut Link) -> Result<(), BenchError> {
        for queue in &self.queues {
            delete_queue(link, queue)?;
        }
        if self.kind.is_none() {
            return Ok(());
        }
        delete_exchange(link, EXCHANGE)
    }
}

/// Declares an exchange.
pub(super) fn declare_exchange(
    link: &mut Link,
    name: &str,
    kind: Kind,
    durable: bool,
) -> Result<(), BenchError> {
    let declare = ExchangeDeclare {
        ticket: 0,
        exchange: short(name)?,
        type_: short(kind.word())?,
        passive: false,
        durable,
        auto_delete: false,
        internal: false,
        nowait: false,
        arguments: TableRef::EMPTY,
    };
    link.call(&declare.into(), |method| {
        matches!(method, Method::ExchangeDeclareOk(_)).then_some(())
    })
}

/// Deletes an exchange.
pub(super) fn delete_exchange(link: &mut Link, name: &str) -> Result<(), BenchError> {
    let delete = ExchangeDelete {
        ticket: 0,
        exchange: short(name)?,
        if_unused: false,
        nowait: false,
    };
    link.call(&delete.into(), |method| {
        matches!(method, Method::ExchangeDeleteOk(_)).then_some(())
    })
}

/// Binds a queue.
pub(super) fn bind(
    link: &mut Link,
    queue: &str,
    exchange: &str,
    key: &str,
    arguments: &Table,
) -> Result<(), BenchError> {
    let arguments = arguments.to_bytes();
    let bind = QueueBind {
        ticket: 0,
        queue: short(queue)?,
        exchange: short(exchange)?,
        routing_key: short(key)?,
        nowait: false,
        arguments: TableRef::new(&arguments),
    };
    link.call(&bind.into(), |method| {
        matches!(method, Method::QueueBindOk(_)).then_some(())
    })
}

/// The headers that binding number `n` asks for.
fn headers(n: usize) -> Table {
    Table::new()
        .with("site", format!("s{n}"))
        .with("kind", "temperature")
}

/// Deals slots to producers: each gets its own share, or one slot of many producers.
fn share(slots: &[Slot], producers: usize) -> Vec<Vec<Slot>> {
    let lane = |producer: usize| {
        if slots.len() <= producers {
            slots
                .iter()
                .skip(producer % slots.len().max(1))
                .take(1)
                .cloned()
                .collect()
        } else {
            slots
                .iter()
                .skip(producer)
                .step_by(producers)
                .cloned()
                .collect()
        }
    };
    (0..producers).map(lane).collect()
}

/// Declares a queue; gives the number of its ready messages.
pub(super) fn declare_queue(
    link: &mut Link,
    name: &str,
    durable: bool,
    arguments: TableRef<'_>,
) -> Result<u32, BenchError> {
    let declare = QueueDeclare {
        queue: short(name)?,
        durable,
        arguments,
        ..QueueDeclare::default()
    };
    link.call(&declare.into(), counted)
}

/// How many ready messages a queue has. All that was published before on the channel is in.
pub(super) fn ready(link: &mut Link, name: &str) -> Result<u32, BenchError> {
    let declare = QueueDeclare {
        queue: short(name)?,
        passive: true,
        ..QueueDeclare::default()
    };
    link.call(&declare.into(), counted)
}

fn counted(method: &Method<'_>) -> Option<u32> {
    match method {
        Method::QueueDeclareOk(ok) => Some(ok.message_count),
        _ => None,
    }
}

/// Deletes a queue.
pub(super) fn delete_queue(link: &mut Link, name: &str) -> Result<(), BenchError> {
    let delete = QueueDelete {
        ticket: 0,
        queue: short(name)?,
        if_unused: false,
        if_empty: false,
        nowait: false,
    };
    link.call(&delete.into(), |method| {
        matches!(method, Method::QueueDeleteOk(_)).then_some(())
    })
}

/// Limits what a consumer of the channel may have unacknowledged.
pub(super) fn prefetch(link: &mut Link, count: u16) -> Result<(), BenchError> {
    let qos = BasicQos {
        prefetch_size: 0,
        prefetch_count: count,
        global: false,
    };
    link.call(&qos.into(), |method| {
        matches!(method, Method::BasicQosOk(_)).then_some(())
    })
}

/// Starts the consumer `c` on a queue.
pub(super) fn consume(link: &mut Link, queue: &str, no_ack: bool) -> Result<(), BenchError> {
    let consume = BasicConsume {
        ticket: 0,
        queue: short(queue)?,
        consumer_tag: ShortStr::literal("c"),
        no_local: false,
        no_ack,
        exclusive: false,
        nowait: false,
        arguments: TableRef::EMPTY,
    };
    link.call(&consume.into(), |method| {
        matches!(method, Method::BasicConsumeOk(_)).then_some(())
    })
}

#[cfg(test)]
mod tests;
