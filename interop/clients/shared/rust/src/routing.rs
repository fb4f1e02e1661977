//! Exchanges and bindings.

use crate::check::{Session, equal, fresh};
use crate::door::{Channel, Connection, Declare, Properties, Result, Table};
use crate::table;

async fn bind<C: Connection>(s: &Session<'_, C>, q: &str, x: &str, keys: &[&str]) -> Result<()> {
    for key in keys {
        s.bind(q, x, key, Table::default()).await?;
    }
    Ok(())
}

pub(crate) async fn direct<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let x = s.exchange("direct", Table::default()).await?;
    let q = s.queue(Table::default()).await?;
    bind(s, &q, &x, &["red", "green"]).await?;
    for key in ["green", "blue", "red"] {
        s.send(&x, key, &[key]).await?;
    }
    s.holds(&q, &["green", "red"]).await
}

pub(crate) async fn fanout<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let x = s.exchange("fanout", Table::default()).await?;
    let one = s.queue(Table::default()).await?;
    let two = s.queue(Table::default()).await?;
    bind(s, &one, &x, &[""]).await?;
    bind(s, &two, &x, &[""]).await?;
    s.send(&x, "any", &["all"]).await?;
    s.holds(&one, &["all"]).await?;
    s.holds(&two, &["all"]).await
}

pub(crate) async fn topic<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let x = s.exchange("topic", Table::default()).await?;
    let q = s.queue(Table::default()).await?;
    bind(s, &q, &x, &["a.*.c", "x.#"]).await?;
    for key in ["a.b.c", "a.b.b.c", "x", "x.y.z", "y.x"] {
        s.send(&x, key, &[key]).await?;
    }
    s.holds(&q, &["a.b.c", "x", "x.y.z"]).await
}

pub(crate) async fn headers<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let x = s.exchange("headers", Table::default()).await?;
    let every = s.queue(Table::default()).await?;
    let some = s.queue(Table::default()).await?;
    for (q, how) in [(&every, "all"), (&some, "any")] {
        s.bind(q, &x, "", table! { "x-match" => how, "a" => 1, "b" => "x" })
            .await?;
    }
    let sent = [
        table! { "a" => 1, "b" => "x" },
        table! { "a" => 1 },
        table! { "c" => 1 },
    ];
    for (headers, body) in sent.into_iter().zip(["1", "2", "3"]) {
        let properties = Properties {
            headers: Some(headers),
            ..Properties::default()
        };
        s.send_with(&x, "", body, properties).await?;
    }
    s.holds(&every, &["1"]).await?;
    s.holds(&some, &["1", "2"]).await
}

pub(crate) async fn exchange_binding<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let (source, target) = (s.exchange("direct", Table::default()).await?, fresh("x"));
    let q = s.queue(Table::default()).await?;
    s.declare_exchange(&target, "fanout", Declare::default())
        .await?;
    s.bind_exchange(&target, &source, "key").await?;
    bind(s, &q, &target, &[""]).await?;
    bind(s, &q, &source, &["other"]).await?;
    s.send(&source, "key", &["first"]).await?;
    s.unbind_exchange(&target, &source, "key").await?;
    s.send(&source, "key", &["second"]).await?;
    s.holds(&q, &["first"]).await?;
    s.delete_exchange(&target).await
}

pub(crate) async fn alternate_exchange<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let other = s.exchange("fanout", Table::default()).await?;
    let q = s.queue(Table::default()).await?;
    bind(s, &q, &other, &[""]).await?;
    let x = s
        .exchange("direct", table! { "alternate-exchange" => other.as_str() })
        .await?;
    s.send(&x, "nowhere", &["lost"]).await?;
    s.holds(&q, &["lost"]).await?;
    s.delete_exchange(&x).await
}

pub(crate) async fn unbind<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    bind(s, &q, "amq.direct", &[&q]).await?;
    s.send("amq.direct", &q, &["1"]).await?;
    for _ in 0..2 {
        s.unbind(&q, "amq.direct", &q).await?;
    }
    s.send("amq.direct", &q, &["2"]).await?;
    let message = s.next(&q, true).await?;
    equal((message.text().as_str(), message.left), ("1", 0), "message")
}
