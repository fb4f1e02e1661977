//! Cases of many queues, bindings, consumers and channels.

use leveret_codec::encode::encode_method;
use leveret_codec::methods::{
    BasicCancel, BasicConsume, ChannelOpen, ConfirmSelect, ExchangeBind, ExchangeDelete, QueueBind,
    QueueDeclare, QueueDelete, QueueUnbind,
};
use leveret_codec::table::Table;
use leveret_codec::types::{ChannelId, ShortStr};

use super::super::stage::{Act, End, Sample, Stage, consume_many, many};
use super::messages::methods;
use crate::error::BenchError;
use crate::options::Kind;
use crate::plan::ready;
use crate::wire::{CHANNEL, short};

/// Queues that each message goes to.
const TARGETS: u64 = 1_000;

/// Patterns that each message is compared with.
const PATTERNS: u64 = 1_000;

/// Words of a key that is compared with patterns.
const WORDS: usize = 60;

/// Bindings by headers.
const BY_HEADERS: u64 = 5_000;

/// Exchanges in a row.
const CHAIN: u64 = 1_000;

/// Consumers of each channel.
const CONSUMERS: u64 = 10;

/// Queues that no other connection may use.
const OWN: &str = "leveret-bench.hostile.own";

/// A client that publishes so many of a message in one write, until all are in `sink`.
fn burst(
    stage: &mut Stage<'_>,
    sample: &Sample<'_>,
    sink: String,
) -> Result<(Act, End), BenchError> {
    let client = stage.client()?;
    let octets = sample.times(stage.count, client.frame_max)?;
    Ok((Act::Write(client, octets), End::Ready(sink, stage.count)))
}

pub(super) fn fanout(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let exchange = stage.exchange(Kind::Fanout)?;
    let mut last = String::new();
    for _ in 0..TARGETS {
        last = stage.queue(&Table::new())?;
        stage.bind(&last, &exchange, "", &Table::new())?;
    }
    let sample = Sample {
        exchange: &exchange,
        ..Sample::default()
    };
    burst(stage, &sample, last)
}

pub(super) fn topic(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let exchange = stage.exchange(Kind::Topic)?;
    let other = stage.queue(&Table::new())?;
    let sink = stage.queue(&Table::new())?;
    stage.bind_many(&other, &exchange, PATTERNS, |n| {
        (format!("#.a.#.b{n}"), Table::new())
    })?;
    stage.bind(&sink, &exchange, "#", &Table::new())?;
    let key = ["a"; WORDS].join(".");
    let sample = Sample {
        exchange: &exchange,
        key: &key,
        ..Sample::default()
    };
    burst(stage, &sample, sink)
}

pub(super) fn headers(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let exchange = stage.exchange(Kind::Headers)?;
    let other = stage.queue(&Table::new())?;
    let sink = stage.queue(&Table::new())?;
    let wanted = |n: u64| {
        Table::new()
            .with("x-match", "all")
            .with("kind", format!("{n}"))
    };
    stage.bind_many(&other, &exchange, BY_HEADERS, |n| {
        (String::new(), wanted(n))
    })?;
    let all = Table::new().with("x-match", "all");
    stage.bind(&sink, &exchange, "", &all)?;
    let sample = Sample {
        exchange: &exchange,
        headers: Table::new().with("kind", "another"),
        ..Sample::default()
    };
    burst(stage, &sample, sink)
}

pub(super) fn chain(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let sink = stage.queue(&Table::new())?;
    let first = stage.exchange(Kind::Fanout)?;
    let mut last = first.clone();
    for _ in 1..CHAIN {
        let next = stage.exchange(Kind::Fanout)?;
        let bind = ExchangeBind {
            destination: short(&next)?,
            source: short(&last)?,
            nowait: true,
            ..ExchangeBind::default()
        };
        stage.control.send(CHANNEL, &bind.into())?;
        last = next;
    }
    stage.bind(&sink, &last, "", &Table::new())?;
    let sample = Sample {
        exchange: &first,
        ..Sample::default()
    };
    burst(stage, &sample, sink)
}

pub(super) fn consumers(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = stage.queue(&Table::new())?;
    let mut client = stage.client()?;
    consume_many(&mut client, &queue, stage.count)?;
    Ok((Act::Leave(client), End::NoConsumer(queue)))
}

pub(super) fn channels(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = stage.queue(&Table::new())?;
    let mut client = stage.client()?;
    many(&mut client, stage.count, |out, n| {
        // The first one is open already.
        let channel = ChannelId(u16::try_from(n + 2).unwrap_or(u16::MAX));
        let open = ChannelOpen {
            reserved: ShortStr::EMPTY,
        };
        encode_method(out, channel, &open.into());
        for consumer in 0..CONSUMERS {
            let tag = format!("c{consumer}");
            let consume = BasicConsume {
                queue: short(&queue)?,
                consumer_tag: short(&tag)?,
                nowait: true,
                ..BasicConsume::default()
            };
            encode_method(out, channel, &consume.into());
        }
        Ok(())
    })?;
    ready(&mut client, &queue)?;
    Ok((Act::Leave(client), End::NoConsumer(queue)))
}

/// Queues of one connection.
fn own_queues(count: u64, nowait: bool) -> Result<Vec<u8>, BenchError> {
    let mut octets = Vec::new();
    for n in 0..count {
        let name = format!("{OWN}.{n}");
        let declare = QueueDeclare {
            queue: short(&name)?,
            exclusive: true,
            nowait,
            ..QueueDeclare::default()
        };
        encode_method(&mut octets, CHANNEL, &declare.into());
    }
    Ok(octets)
}

pub(super) fn broadcast(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let exchange = stage.exchange(Kind::Fanout)?;
    let mut client = stage.client()?;
    client.write(&own_queues(stage.count, true)?)?;
    many(&mut client, stage.count, |out, n| {
        let name = format!("{OWN}.{n}");
        let bind = QueueBind {
            queue: short(&name)?,
            exchange: short(&exchange)?,
            nowait: true,
            ..QueueBind::default()
        };
        encode_method(out, CHANNEL, &bind.into());
        Ok(())
    })?;
    let mut confirm = Vec::new();
    encode_method(
        &mut confirm,
        CHANNEL,
        &ConfirmSelect { nowait: true }.into(),
    );
    client.write(&confirm)?;
    ready(
        &mut client,
        &format!("{OWN}.{}", stage.count.saturating_sub(1)),
    )?;
    let sample = Sample {
        exchange: &exchange,
        ..Sample::default()
    };
    let octets = sample.times(1, client.frame_max)?;
    Ok((Act::Write(client, octets), End::Answers("basic.ack", 1)))
}

pub(super) fn exclusive(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let mut client = stage.client()?;
    client.write(&own_queues(stage.count, true)?)?;
    let last = format!("{OWN}.{}", stage.count.saturating_sub(1));
    ready(&mut client, &last)?;
    Ok((Act::Leave(client), End::Gone(last)))
}

pub(super) fn declares(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let octets = own_queues(stage.count, false)?;
    let end = End::Answers("queue.declare-ok", stage.count);
    Ok((Act::Write(stage.client()?, octets), end))
}

pub(super) fn cancels(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let queue = stage.queue(&Table::new())?;
    let mut client = stage.client()?;
    consume_many(&mut client, &queue, stage.count)?;
    let mut octets = Vec::new();
    for n in 0..stage.count {
        let tag = format!("c{n}");
        let cancel = BasicCancel {
            consumer_tag: short(&tag)?,
            nowait: false,
        };
        encode_method(&mut octets, CHANNEL, &cancel.into());
    }
    let end = End::Answers("basic.cancel-ok", stage.count);
    Ok((Act::Write(client, octets), end))
}

pub(super) fn binds(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let exchange = stage.exchange(Kind::Topic)?;
    let queue = stage.queue(&Table::new())?;
    let mut octets = Vec::new();
    for n in 0..stage.count {
        let key = key(n);
        let bind = QueueBind {
            queue: short(&queue)?,
            exchange: short(&exchange)?,
            routing_key: short(&key)?,
            ..QueueBind::default()
        };
        encode_method(&mut octets, CHANNEL, &bind.into());
    }
    let end = End::Answers("queue.bind-ok", stage.count);
    Ok((Act::Write(stage.client()?, octets), end))
}

/// A queue with many bindings to one exchange.
fn bound(stage: &mut Stage<'_>) -> Result<(String, String), BenchError> {
    let exchange = stage.exchange(Kind::Topic)?;
    let queue = stage.queue(&Table::new())?;
    let count = stage.count;
    stage.bind_many(&queue, &exchange, count, |n| (key(n), Table::new()))?;
    Ok((queue, exchange))
}

fn key(n: u64) -> String {
    format!("site.{n}.*.#")
}

pub(super) fn unbinds(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let (queue, exchange) = bound(stage)?;
    let mut octets = Vec::new();
    for n in 0..stage.count {
        let key = key(n);
        let unbind = QueueUnbind {
            queue: short(&queue)?,
            exchange: short(&exchange)?,
            routing_key: short(&key)?,
            ..QueueUnbind::default()
        };
        encode_method(&mut octets, CHANNEL, &unbind.into());
    }
    let end = End::Answers("queue.unbind-ok", stage.count);
    Ok((Act::Write(stage.client()?, octets), end))
}

pub(super) fn unbound(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let (_, exchange) = bound(stage)?;
    let delete = ExchangeDelete {
        exchange: short(&exchange)?,
        ..ExchangeDelete::default()
    };
    let octets = methods(&[delete.into()]);
    let end = End::Answers("exchange.delete-ok", 1);
    Ok((Act::Write(stage.client()?, octets), end))
}

pub(super) fn released(stage: &mut Stage<'_>) -> Result<(Act, End), BenchError> {
    let (queue, _) = bound(stage)?;
    let delete = QueueDelete {
        queue: short(&queue)?,
        ..QueueDelete::default()
    };
    let octets = methods(&[delete.into()]);
    let end = End::Answers("queue.delete-ok", 1);
    Ok((Act::Write(stage.client()?, octets), end))
}
