//! What queues do by their arguments.

use crate::check::{Session, equal, fresh, inbox};
use crate::door::{
    Channel, Connection, Consume, Declare, DeleteIf, Error, Properties, Result, Table, Value,
};
use crate::table;

pub(crate) async fn priority<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(table! { "x-max-priority" => 5 }).await?;
    for priority in [1, 9, 0, 5, 3] {
        let properties = Properties {
            priority: Some(priority),
            ..Properties::default()
        };
        s.send_with("", &q, &priority.to_string(), properties)
            .await?;
    }
    s.holds(&q, &["9", "5", "3", "1", "0"]).await
}

pub(crate) async fn ttl_message<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    let properties = Properties {
        expiration: Some("200".to_owned()),
        ..Properties::default()
    };
    s.send_with("", &q, "short", properties).await?;
    s.ready(&q, 1).await?;
    s.ready(&q, 0).await
}

pub(crate) async fn ttl_queue<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(table! { "x-message-ttl" => 200 }).await?;
    s.send("", &q, &["short"]).await?;
    s.ready(&q, 1).await?;
    s.ready(&q, 0).await
}

fn dead_letters_to(key: &str) -> Table {
    table! { "x-dead-letter-exchange" => "", "x-dead-letter-routing-key" => key }
}

/// Queue, reason and count of each entry of x-death.
fn deaths(headers: &Table) -> Result<Vec<String>> {
    let Value::List(entries) = headers.find("x-death")? else {
        return Err(Error::Other("x-death is no list".to_owned()));
    };
    let mut shown = Vec::new();
    for entry in entries {
        let Value::Table(death) = entry else {
            return Err(Error::Other(format!("{entry:?} in x-death")));
        };
        let text = |key| match death.find(key) {
            Ok(Value::Text(text)) => Ok(text.as_str()),
            other => Err(Error::Other(format!("{key} is {other:?}"))),
        };
        shown.push(format!(
            "{} {} {}",
            text("queue")?,
            text("reason")?,
            death.number("count")?
        ));
    }
    Ok(shown)
}

pub(crate) async fn dead_letter<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let third = s.queue(Table::default()).await?;
    let second = s.queue(dead_letters_to(&third)).await?;
    let mut arguments = dead_letters_to(&second);
    arguments
        .0
        .insert("x-message-ttl".to_owned(), Value::Int(100));
    let first = s.queue(arguments).await?;
    s.send("", &first, &["dead"]).await?;
    let mut inbox = s.inbox(&second, Consume::default()).await?;
    inbox.expect(&["dead"]).await?;
    s.reject(inbox.got[0].tag, false).await?;
    s.ready(&third, 1).await?;
    let message = s.next(&third, true).await?;
    let expected = vec![format!("{second} rejected 1"), format!("{first} expired 1")];
    equal(deaths(message.headers()?)?, expected, "x-death")?;
    equal(
        message.headers()?.find("x-first-death-reason")?,
        &"expired".into(),
        "reason",
    )?;
    equal(
        message.headers()?.find("x-last-death-queue")?,
        &second.as_str().into(),
        "queue",
    )
}

pub(crate) async fn max_length<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let dead = s.queue(Table::default()).await?;
    let mut arguments = dead_letters_to(&dead);
    arguments.0.insert("x-max-length".to_owned(), Value::Int(2));
    let q = s.queue(arguments).await?;
    s.send("", &q, &["1", "2", "3"]).await?;
    s.ready(&dead, 1).await?;
    let message = s.next(&dead, true).await?;
    equal(message.text().as_str(), "1", "body")?;
    equal(
        deaths(message.headers()?)?,
        vec![format!("{q} maxlen 1")],
        "x-death",
    )?;
    s.holds(&q, &["2", "3"]).await
}

async fn typed<C: Connection>(s: &Session<'_, C>, kind: &str) -> Result<String> {
    let arguments = table! { "x-queue-type" => kind };
    let how = Declare {
        durable: true,
        arguments,
        ..Declare::default()
    };
    Ok(s.declare_queue(&fresh("q"), how).await?.0)
}

pub(crate) async fn quorum<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = typed(s, "quorum").await?;
    s.confirm().await?;
    let properties = Properties {
        delivery_mode: Some(2),
        ..Properties::default()
    };
    s.send_with("", &q, "kept", properties).await?;
    s.nack(s.hold(&q, 1).await?[0], false, true).await?;
    s.ready(&q, 1).await?;
    let again = s.next(&q, true).await?;
    equal(
        (again.text().as_str(), again.redelivered),
        ("kept", true),
        "message",
    )?;
    equal(
        again.headers()?.number("x-acquired-count")?,
        1,
        "x-acquired-count",
    )?;
    s.delete_queue(&q, DeleteIf::Always).await.map(drop)
}

pub(crate) async fn stream<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = typed(s, "stream").await?;
    s.confirm().await?;
    s.send("", &q, &["1", "2", "3"]).await?;
    for _ in 0..2 {
        let own = s.connection.channel().await?;
        own.qos(10).await?;
        let arguments = table! { "x-stream-offset" => "first" };
        let how = Consume {
            arguments,
            ..Consume::default()
        };
        let mut inbox = inbox(&own, &q, how).await?;
        inbox.expect(&["1", "2", "3"]).await?;
        for (offset, message) in (0..).zip(&inbox.got) {
            equal(
                message.headers()?.number("x-stream-offset")?,
                offset,
                "offset",
            )?;
        }
        drop(inbox);
        own.close().await?;
    }
    s.delete_queue(&q, DeleteIf::Always).await.map(drop)
}
