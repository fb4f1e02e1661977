//! Messages out, and how they are settled.

use crate::check::{Inbox, Session, equal, inbox, wait_for};
use crate::door::{Channel, Connection, Consume, DeleteIf, Result, Table};
use crate::table;

fn no_ack() -> Consume {
    Consume {
        no_ack: true,
        ..Consume::default()
    }
}

fn redelivered<C>(inbox: &Inbox<'_, C>) -> Vec<bool> {
    inbox
        .got
        .iter()
        .map(|message| message.redelivered)
        .collect()
}

pub(crate) async fn consume<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["1", "2", "3"]).await?;
    let mut inbox = s.inbox(&q, Consume::default()).await?;
    s.send("", &q, &["4", "5", "6"]).await?;
    inbox.expect(&["1", "2", "3", "4", "5", "6"]).await?;
    let tags: Vec<_> = inbox.got.iter().map(|message| message.tag).collect();
    equal(tags.as_slice(), &[1, 2, 3, 4, 5, 6], "tags")?;
    equal(redelivered(&inbox), vec![false; 6], "redelivered")?;
    for tag in tags {
        s.ack(tag, false).await?;
    }
    s.cancel(&inbox.tag).await?;
    s.ready(&q, 0).await
}

pub(crate) async fn prefetch<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["0", "1", "2", "3", "4"]).await?;
    s.qos(2).await?;
    let mut inbox = s.inbox(&q, Consume::default()).await?;
    inbox.expect(&["0", "1"]).await?;
    s.ack(inbox.got[0].tag, false).await?;
    inbox.expect(&["0", "1", "2"]).await
}

pub(crate) async fn cancel<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["held"]).await?;
    let mut inbox = s.inbox(&q, Consume::default()).await?;
    inbox.expect(&["held"]).await?;
    s.cancel(&inbox.tag).await?;
    s.send("", &q, &["late"]).await?;
    s.ready(&q, 1).await?;
    s.ack(inbox.got[0].tag, false).await?;
    s.holds(&q, &["late"]).await?;
    inbox.expect(&["held"]).await
}

pub(crate) async fn get<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.holds(&q, &[]).await?;
    s.send("", &q, &["1", "2"]).await?;
    equal(s.next(&q, false).await?.left, 1, "messages left")?;
    equal(s.next(&q, true).await?.left, 0, "messages left")
}

pub(crate) async fn ack_multiple<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["0", "1", "2", "3", "4"]).await?;
    s.ready(&q, 5).await?;
    let own = Session {
        channel: s.connection.channel().await?,
        connection: s.connection,
    };
    let tags = own.hold(&q, 5).await?;
    own.ack(tags[2], true).await?;
    own.channel.close().await?;
    s.ready(&q, 2).await?;
    s.holds(&q, &["3!", "4!"]).await
}

pub(crate) async fn reject<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["1", "2"]).await?;
    for requeue in [false, true] {
        s.reject(s.hold(&q, 1).await?[0], requeue).await?;
    }
    s.holds(&q, &["2!"]).await
}

pub(crate) async fn nack<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["1", "2", "3"]).await?;
    s.nack(s.hold(&q, 3).await?[2], true, true).await?;
    s.holds(&q, &["1!", "2!", "3!"]).await
}

pub(crate) async fn requeue_order<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["1", "2", "3", "4"]).await?;
    let tags = s.hold(&q, 3).await?;
    for at in [1, 2, 0] {
        s.nack(tags[at], false, true).await?;
    }
    s.holds(&q, &["1!", "2!", "3!", "4"]).await
}

pub(crate) async fn recover<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["1", "2"]).await?;
    let mut inbox = s.inbox(&q, Consume::default()).await?;
    inbox.expect(&["1", "2"]).await?;
    s.recover().await?;
    inbox.expect(&["1", "2", "1", "2"]).await?;
    equal(
        redelivered(&inbox).as_slice(),
        &[false, false, true, true],
        "redelivered",
    )
}

pub(crate) async fn single_active<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s
        .queue(table! { "x-single-active-consumer" => true })
        .await?;
    let mut one = s.inbox(&q, no_ack()).await?;
    let mut two = s.inbox(&q, no_ack()).await?;
    s.send("", &q, &["1"]).await?;
    one.expect(&["1"]).await?;
    s.cancel(&one.tag).await?;
    s.send("", &q, &["2"]).await?;
    two.expect(&["2"]).await
}

pub(crate) async fn consumer_priority<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    let with = |priority: i32| Consume {
        arguments: table! { "x-priority" => priority },
        ..Consume::default()
    };
    let mut low = s.inbox(&q, with(0)).await?;
    let mut high = s.inbox(&q, with(10)).await?;
    s.send("", &q, &["1", "2", "3"]).await?;
    high.expect(&["1", "2", "3"]).await?;
    low.expect(&[]).await
}

pub(crate) async fn exclusive_consumer<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    let _inbox = s
        .inbox(
            &q,
            Consume {
                exclusive: true,
                ..Consume::default()
            },
        )
        .await?;
    let text = format!("ACCESS_REFUSED - queue '{q}' in vhost '/' in exclusive use");
    s.refused(403, &text, async |own| {
        inbox(own, &q, Consume::default()).await.map(drop)
    })
    .await
}

pub(crate) async fn server_cancel<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    let inbox = s.inbox(&q, Consume::default()).await?;
    s.connection
        .channel()
        .await?
        .delete_queue(&q, DeleteIf::Always)
        .await?;
    wait_for("the cancel", async || Ok(!s.cancelled().is_empty())).await?;
    equal(s.cancelled(), vec![inbox.tag.clone()], "cancelled")?;
    s.queue(Table::default()).await.map(drop)
}
