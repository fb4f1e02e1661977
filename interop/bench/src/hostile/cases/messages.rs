//! Cases of many messages.

use leveret_codec::encode::encode_method;
use leveret_codec::methods::{
    BasicCancel, BasicConsume, BasicGet, BasicNack, BasicQos, Method, QueueDelete, QueuePurge,
    TxCommit, TxRollback, TxSelect,
};
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::DeliveryTag;

use super::super::stage::{Act, End, Sample, Stage, many, take_all};
use super::{Then, WATCHED};
use crate::error::BenchError;
use crate::options::Kind;
use crate::wire::{CHANNEL, Link, short};

/// Queues of the ring.
const RING: u64 = 100;

/// The octets of methods on the load's channel.
pub(super) fn methods(methods: &[Method<'_>]) -> Vec<u8> {
    let mut octets = Vec::new();
    for method in methods {
        encode_method(&mut octets, CHANNEL, method);
    }
    octets
}

/// Arguments of a queue whose dead letters go to another one.
fn dead_letters_to(queue: &str) -> Table {
    Table::new()
        .with("x-dead-letter-exchange", "")
        .with("x-dead-letter-routing-key", queue)
}

/// After the last queue a copy goes to a queue where it stays, so that the end can be seen; the
/// other one comes to the first queue again, which ends the cycle.
pub(super) fn ring(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let exchange = stage.exchange(Kind::Fanout)?;
    let first = stage.next_queue(0);
    for n in 1..=RING {
        let arguments = if n < RING {
            dead_letters_to(&stage.next_queue(1))
        } else {
            Table::new().with("x-dead-letter-exchange", exchange.as_str())
        };
        stage.queue(&arguments.with("x-message-ttl", 0))?;
    }
    let sink = stage.queue(&Table::new())?;
    for queue in [&first, &sink] {
        stage.bind(queue, &exchange, "", &Table::new())?;
    }
    let sample = Sample {
        key: &first,
        ..Sample::default()
    };
    let client = stage.client()?;
    let octets = sample.times(stage.count, client.frame_max)?;
    Ok((Act::Write(client, octets), End::Ready(sink, stage.count)))
}

/// A message without an expiration is in front, so that none behind it goes before it is taken.
pub(super) fn expiry(stage: &mut Stage<'_>, then: Then) -> Result<(Act, End), BenchError> {
    let sink = stage.queue(&Table::new())?;
    let arguments = match then {
        Then::Drop => Table::new(),
        Then::DeadLetter => dead_letters_to(&sink),
    };
    let queue = stage.queue(&arguments)?;
    let front = Sample {
        key: &queue,
        ..Sample::default()
    };
    stage.fill(&queue, &front, 1)?;
    let sample = Sample {
        expiration: "1",
        ..front
    };
    let count = stage.count;
    stage.fill(&queue, &sample, count)?;
    let get = BasicGet {
        queue: short(&queue)?,
        no_ack: true,
        ..BasicGet::default()
    };
    let octets = methods(&[get.into()]);
    let end = match then {
        Then::Drop => End::Ready(queue, 0),
        Then::DeadLetter => End::Ready(sink, count),
    };
    Ok((Act::Write(stage.client()?, octets), end))
}

pub(super) fn overflow(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let octets = stage.count * 16;
    let limit = i64::try_from(octets).unwrap_or(i64::MAX);
    let queue = stage.queue(&Table::new().with("x-max-length-bytes", limit))?;
    let sample = Sample {
        key: &queue,
        ..Sample::default()
    };
    let count = stage.count;
    stage.fill(&queue, &sample, count)?;
    let long = Sample {
        size: usize::try_from(octets).unwrap_or(usize::MAX),
        ..sample.clone()
    };
    let client = stage.client()?;
    let octets = long.times(1, client.frame_max)?;
    Ok((Act::Write(client, octets), End::Ready(queue, 1)))
}

/// A queue that is full.
fn full(stage: &mut Stage<'_>, arguments: &Table) -> Result<String, BenchError> {
    let queue = stage.queue(arguments)?;
    let sample = Sample {
        key: &queue,
        ..Sample::default()
    };
    let count = stage.count;
    stage.fill(&queue, &sample, count)?;
    Ok(queue)
}

pub(super) fn purge(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = full(stage, &Table::new())?;
    let purge = QueuePurge {
        queue: short(&queue)?,
        ..QueuePurge::default()
    };
    let octets = methods(&[purge.into()]);
    let end = End::Answers("queue.purge-ok", 1);
    Ok((Act::Write(stage.client()?, octets), end))
}

pub(super) fn delete(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = full(stage, &Table::new())?;
    let delete = QueueDelete {
        queue: short(&queue)?,
        ..QueueDelete::default()
    };
    let octets = methods(&[delete.into()]);
    let end = End::Answers("queue.delete-ok", 1);
    Ok((Act::Write(stage.client()?, octets), end))
}

pub(super) fn requeue(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = full(stage, &Table::new())?;
    let mut client = stage.client()?;
    take_all(&mut client, &queue, stage.count)?;
    Ok((Act::Leave(client), End::Ready(queue, stage.count)))
}

pub(super) fn nack(stage: &mut Stage<'_>, then: Then) -> Result<(Act, End), BenchError> {
    let sink = stage.queue(&Table::new())?;
    let queue = full(stage, &dead_letters_to(&sink))?;
    let mut client = stage.client()?;
    take_all(&mut client, &queue, stage.count)?;
    let cancel = BasicCancel {
        consumer_tag: short("c")?,
        nowait: true,
    };
    let nack = BasicNack {
        delivery_tag: DeliveryTag(0),
        multiple: true,
        requeue: then == Then::Drop,
    };
    let octets = methods(&[cancel.into(), nack.into()]);
    let end = match then {
        Then::Drop => End::Ready(queue, stage.count),
        Then::DeadLetter => End::Ready(sink, stage.count),
    };
    Ok((Act::Write(client, octets), end))
}

/// A client that has published in a transaction.
fn uncommitted(stage: &mut Stage<'_>) -> Result<(Link, String), BenchError> {
    let queue = stage.queue(&Table::new())?;
    let mut client = stage.client()?;
    client.call(&TxSelect {}.into(), |method| {
        matches!(method, Method::TxSelectOk(_)).then_some(())
    })?;
    let sample = Sample {
        key: &queue,
        ..Sample::default()
    };
    let mut one = Vec::new();
    sample.encode(&mut one, client.frame_max)?;
    many(&mut client, stage.count, |out, _| {
        out.extend_from_slice(&one);
        Ok(())
    })?;
    crate::plan::ready(&mut client, &queue)?;
    Ok((client, queue))
}

pub(super) fn commit(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let (client, queue) = uncommitted(stage)?;
    let octets = methods(&[TxCommit {}.into()]);
    Ok((Act::Write(client, octets), End::Ready(queue, stage.count)))
}

pub(super) fn rollback(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let (client, _) = uncommitted(stage)?;
    let octets = methods(&[TxRollback {}.into()]);
    let end = End::Answers("tx.rollback-ok", 1);
    Ok((Act::Write(client, octets), end))
}

pub(super) fn flood(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = stage.queue(&Table::new())?;
    let sample = Sample {
        key: &queue,
        ..Sample::default()
    };
    let client = stage.client()?;
    let octets = sample.times(stage.count, client.frame_max)?;
    Ok((Act::Write(client, octets), End::Ready(queue, stage.count)))
}

pub(super) fn returns(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let sample = Sample {
        key: "leveret-bench.nowhere",
        mandatory: true,
        ..Sample::default()
    };
    let client = stage.client()?;
    let octets = sample.times(stage.count, client.frame_max)?;
    let end = End::Answers("basic.return", stage.count);
    Ok((Act::Write(client, octets), end))
}

pub(super) fn unread(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = full(stage, &Table::new())?;
    let consume = BasicConsume {
        queue: short(&queue)?,
        no_ack: true,
        ..BasicConsume::default()
    };
    let octets = methods(&[consume.into()]);
    Ok((Act::Write(stage.client()?, octets), End::After(WATCHED)))
}

pub(super) fn filter(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = stage.stream()?;
    let sample = Sample {
        key: &queue,
        headers: Table::new().with("x-stream-filter-value", "there"),
        ..Sample::default()
    };
    let count = stage.count;
    stage.fill(&queue, &sample, count)?;
    let arguments = Table::new()
        .with("x-stream-offset", "first")
        .with("x-stream-filter", "not there")
        .to_bytes();
    let qos = BasicQos {
        prefetch_count: 100,
        ..BasicQos::default()
    };
    let consume = BasicConsume {
        queue: short(&queue)?,
        arguments: TableRef::new(&arguments),
        ..BasicConsume::default()
    };
    let octets = methods(&[qos.into(), consume.into()]);
    Ok((Act::Write(stage.client()?, octets), End::After(WATCHED)))
}

pub(super) fn gets(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = stage.queue(&Table::new())?;
    let get = BasicGet {
        queue: short(&queue)?,
        ..BasicGet::default()
    };
    let one = methods(&[get.into()]);
    let octets = one.repeat(usize::try_from(stage.count).unwrap_or(usize::MAX));
    let end = End::Answers("basic.get-empty", stage.count);
    Ok((Act::Write(stage.client()?, octets), end))
}
