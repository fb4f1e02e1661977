//! Messages in, and what the publisher hears.

use crate::check::{Session, equal, fresh, login};
use crate::door::{Channel, Connection, Consume, Error, Properties, Result, Table, Value};
use crate::table;

const DIRECT_REPLY: &str = "amq.rabbitmq.reply-to";

pub(crate) async fn properties<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.bind(&q, "amq.topic", &q, Table::default()).await?;
    let text = |text: &str| Some(text.to_owned());
    let sent = Properties {
        content_type: text("text/plain"),
        content_encoding: text("utf-8"),
        headers: Some(table! { "k" => "v" }),
        delivery_mode: Some(2),
        priority: Some(7),
        correlation_id: text("c-1"),
        reply_to: text("answers"),
        expiration: text("60000"),
        message_id: text("m-1"),
        timestamp: Some(1_700_000_000),
        kind: text("kind"),
        user_id: Some(login().0),
        app_id: text("app"),
        cluster_id: text("cluster"),
    };
    s.send_with("amq.topic", &q, "body", sent.clone()).await?;
    let received = s.next(&q, true).await?;
    equal(received.properties, sent, "properties")?;
    equal(
        (received.exchange.as_str(), received.key),
        ("amq.topic", q),
        "exchange and key",
    )
}

pub(crate) async fn headers<C: Connection>(s: &Session<'_, C>, more: Table) -> Result<()> {
    let deep = Value::List(vec![Value::Bool(true), Value::Void]);
    let list = vec![
        Value::Int(1),
        "two".into(),
        Value::Table(table! { "three" => 3 }),
    ];
    let mut sent = table! {
        "text" => "grüße", "yes" => true, "no" => false, "int" => -5,
        "long" => Value::Long(1 << 40), "double" => Value::Double(2.25),
        "bytes" => Value::Bytes(vec![0, 255]), "when" => Value::When(1_700_000_000),
        "none" => Value::Void, "list" => Value::List(list),
        "table" => Value::Table(table! { "inner" => Value::Table(table! { "deep" => deep }) }),
        "empty" => Value::Table(Table::default()),
    };
    sent.0.extend(more.0);
    let q = s.queue(Table::default()).await?;
    let properties = Properties {
        headers: Some(sent.clone()),
        ..Properties::default()
    };
    s.send_with("", &q, "body", properties).await?;
    equal(s.next(&q, true).await?.headers()?.clone(), sent, "headers")
}

pub(crate) async fn bodies<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let all: Vec<u8> = (0..=255).cycle().take(16 * 1024 * 1024).collect();
    let q = s.queue(Table::default()).await?;
    for size in [0, 1, 131_064, 131_065, all.len()] {
        s.publish(("", &q), &all[..size], Properties::default(), false)
            .await?;
        let same = s.next(&q, true).await?.body == all[..size];
        equal(same, true, &format!("{size} bytes come back"))?;
    }
    Ok(())
}

pub(crate) async fn confirm<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.confirm().await?;
    for number in 0..200 {
        let properties = Properties {
            delivery_mode: Some(2),
            ..Properties::default()
        };
        s.send_with("", &q, &number.to_string(), properties).await?;
    }
    s.send("", &fresh("q"), &["lost"]).await?;
    s.ready(&q, 200).await
}

pub(crate) async fn confirm_nack<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s
        .queue(table! { "x-max-length" => 1, "x-overflow" => "reject-publish" })
        .await?;
    s.confirm().await?;
    match s.send("", &q, &["1", "2", "3"]).await {
        Err(Error::Nacked) => Ok(()),
        other => Err(Error::Other(format!("no nack but {other:?}"))),
    }
}

pub(crate) async fn mandatory<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    s.confirm().await?;
    let properties = Properties {
        message_id: Some("m".to_owned()),
        ..Properties::default()
    };
    match s
        .publish(("", &fresh("q")), b"lost", properties.clone(), true)
        .await
    {
        Err(Error::Returned(code, text, message)) => {
            equal((code, text.as_str()), (312, "NO_ROUTE"), "reply")?;
            equal(
                (message.text().as_str(), message.properties),
                ("lost", properties),
                "message",
            )
        }
        other => Err(Error::Other(format!("not returned but {other:?}"))),
    }
}

pub(crate) async fn tx<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.tx_select().await?;
    s.send("", &q, &["undone"]).await?;
    s.tx_rollback().await?;
    s.send("", &q, &["done"]).await?;
    s.ready(&q, 0).await?;
    s.tx_commit().await?;
    s.holds(&q, &["done"]).await
}

pub(crate) async fn rpc<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    let how = Consume {
        no_ack: true,
        ..Consume::default()
    };
    let mut answers = s.inbox(DIRECT_REPLY, how).await?;
    let call = Properties {
        reply_to: Some(DIRECT_REPLY.to_owned()),
        correlation_id: Some("call-1".to_owned()),
        ..Properties::default()
    };
    s.send_with("", &q, "20", call).await?;
    let request = s.next(&q, true).await?;
    let name = request.properties.reply_to.clone().unwrap_or_default();
    equal(name.starts_with("amq.rabbitmq.reply-to."), true, &name)?;
    let number: i32 = request.text().parse().unwrap_or_default();
    let correlation_id = request.properties.correlation_id;
    let answer = Properties {
        correlation_id,
        ..Properties::default()
    };
    s.send_with("", &name, &(number + 1).to_string(), answer)
        .await?;
    answers.expect(&["21"]).await?;
    equal(
        answers.got[0].properties.correlation_id.as_deref(),
        Some("call-1"),
        "correlation id",
    )
}
