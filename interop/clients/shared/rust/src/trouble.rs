//! Brokers that stop, refuse or make wait.

use std::time::Duration;

use crate::check::{Session, control, equal, fresh, login, relay_uri, wait_for};
use crate::door::{Channel, Connection, Declare, DeleteIf, Library, Properties, Result, Table};

fn durable() -> Declare {
    Declare {
        durable: true,
        ..Declare::default()
    }
}

fn mode(mode: u8) -> Properties {
    Properties {
        delivery_mode: Some(mode),
        ..Properties::default()
    }
}

/// What is durable and confirmed outlives the broker; of three messages some are taken.
pub(crate) async fn survive<L: Library>(word: &str, taken: usize) -> Result<()> {
    let (name, exchange) = (fresh("q"), fresh("x"));
    let connection = L::connect(&relay_uri()).await?;
    let s = Session {
        channel: connection.channel().await?,
        connection: &connection,
    };
    s.declare_queue(&name, durable()).await?;
    s.declare_exchange(&exchange, "direct", durable()).await?;
    s.bind(&name, &exchange, "key", Table::default()).await?;
    s.confirm().await?;
    let bodies = ["1", "2", "3"];
    for body in bodies {
        s.send_with(&exchange, "key", body, mode(2)).await?;
    }
    s.send_with(&exchange, "key", "transient", mode(1)).await?;
    for _ in 0..taken {
        s.next(&name, true).await?;
    }
    s.hold(&name, 1).await?;
    control(word).await?;
    drop(s);
    let connection = L::after_loss(connection).await?;
    let s = Session {
        channel: connection.channel().await?,
        connection: &connection,
    };
    let mut left = Vec::new();
    while let Some(message) = s.get(&name, true).await? {
        left.push(message.text());
    }
    equal(
        left,
        bodies.iter().skip(taken).map(ToString::to_string).collect(),
        "messages",
    )?;
    s.send(&exchange, "key", &["after"]).await?;
    s.ready(&name, 1).await?;
    s.holds(&name, &["after"]).await?;
    s.delete_queue(&name, DeleteIf::Always).await?;
    s.delete_exchange(&exchange).await?;
    s.channel.close().await?;
    connection.close().await
}

pub(crate) async fn permissions<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let (user, ..) = login();
    let text = |access: &str, what: &str, name: &str| {
        format!(
            "ACCESS_REFUSED - {access} access to {what} '{name}' in vhost '/' refused for user \
             '{user}'"
        )
    };
    let exclusive = || Declare {
        exclusive: true,
        ..Declare::default()
    };
    let name = fresh("no-configure");
    s.refused(403, &text("configure", "queue", &name), async |own| {
        own.declare_queue(&name, exclusive()).await.map(drop)
    })
    .await?;
    let name = fresh("no-write");
    s.declare_exchange(&name, "direct", Declare::default())
        .await?;
    s.refused(403, &text("write", "exchange", &name), async |own| {
        own.publish((&name, "key"), b"lost", Properties::default(), false)
            .await
    })
    .await?;
    s.delete_exchange(&name).await?;
    let name = fresh("no-read");
    s.declare_queue(&name, exclusive()).await?;
    s.refused(403, &text("read", "queue", &name), async |own| {
        own.get(&name, true).await.map(drop)
    })
    .await
}

pub(crate) async fn blocked<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let name = s.queue(Table::default()).await?;
    let mut sent = 0;
    control("block").await?;
    wait_for("connection.blocked", async || {
        s.send("", &name, &["1"]).await?;
        sent += 1;
        tokio::time::sleep(Duration::from_millis(50)).await;
        Ok(s.connection.is_blocked())
    })
    .await?;
    control("unblock").await?;
    wait_for("connection.unblocked", async || {
        Ok(!s.connection.is_blocked())
    })
    .await?;
    s.send("", &name, &["1"]).await?;
    s.ready(&name, sent + 1).await
}
