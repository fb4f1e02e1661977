//! Connections and channels.

use std::time::Duration;

use crate::check::{Session, contains, cut, equal, fresh, login, refuses, relay_uri, uri};
use crate::door::{Channel, Connection, Declare, DeleteIf, Library, Properties, Result, Table};

pub(crate) async fn connect<L: Library>() -> Result<()> {
    let connection = L::connect(&uri()).await?;
    if let Some((product, version)) = connection.product() {
        equal(product.as_str(), "RabbitMQ", "product")?;
        contains(&version, "4.")?;
    }
    connection.channel().await?.close().await?;
    connection.close().await
}

pub(crate) async fn refused<L: Library>() -> Result<()> {
    let (user, password, address) = login();
    let wrong = format!("amqp://{user}:wrong@{address}/%2F");
    refuses(L::connect(&wrong).await, L::NO_LOGIN.0, L::NO_LOGIN.1)?;
    let wrong = format!("amqp://{user}:{password}@{address}/no-such-vhost");
    refuses(L::connect(&wrong).await, L::NO_VHOST.0, L::NO_VHOST.1)
}

pub(crate) async fn uris<L: Library>() -> Result<()> {
    let (user, password, address) = login();
    let plain = format!("amqp://{user}:{password}@{address}");
    for uri in [uri(), uri() + "?heartbeat=7", plain] {
        let connection = L::connect(&uri).await?;
        connection.channel().await?.close().await?;
        connection.close().await?;
    }
    Ok(())
}

pub(crate) async fn heartbeat<L: Library>() -> Result<()> {
    let connection = L::connect(&(uri() + "?heartbeat=1")).await?;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let s = Session {
        channel: connection.channel().await?,
        connection: &connection,
    };
    s.queue(Table::default()).await?;
    connection.close().await
}

pub(crate) async fn reconnect<L: Library>() -> Result<()> {
    let name = fresh("q");
    let connection = L::connect(&relay_uri()).await?;
    let s = Session {
        channel: connection.channel().await?,
        connection: &connection,
    };
    s.declare_queue(
        &name,
        Declare {
            durable: true,
            ..Declare::default()
        },
    )
    .await?;
    s.send("", &name, &["held"]).await?;
    s.hold(&name, 1).await?;
    cut().await?;
    drop(s);
    let connection = L::after_loss(connection).await?;
    let s = Session {
        channel: connection.channel().await?,
        connection: &connection,
    };
    s.ready(&name, 1).await?;
    s.holds(&name, &["held!"]).await?;
    s.delete_queue(&name, DeleteIf::Always).await?;
    s.channel.close().await?;
    connection.close().await
}

pub(crate) async fn publish_missing<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let name = fresh("x");
    let text = format!("NOT_FOUND - no exchange '{name}' in vhost '/'");
    s.refused(404, &text, async |own| {
        own.publish((&name, "key"), b"lost", Properties::default(), false)
            .await
    })
    .await
}

pub(crate) async fn ack_unknown<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let text = "PRECONDITION_FAILED - unknown delivery tag 99";
    s.refused(406, text, async |own| own.ack(99, false).await)
        .await
}

pub(crate) async fn access_refused<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    s.refused(
        403,
        "ACCESS_REFUSED - exchange name 'amq.mine'",
        async |own| {
            own.declare_exchange("amq.mine", "direct", Declare::default())
                .await
        },
    )
    .await?;
    let name = s.queue(Table::default()).await?;
    s.refused(
        403,
        "ACCESS_REFUSED - operation not permitted",
        async |own| own.bind(&name, "", "key", Table::default()).await,
    )
    .await
}

pub(crate) async fn bind_missing<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let (name, missing) = (s.queue(Table::default()).await?, fresh("x"));
    let text = format!("NOT_FOUND - no exchange '{missing}' in vhost '/'");
    s.refused(404, &text, async |own| {
        own.bind(&name, &missing, "key", Table::default()).await
    })
    .await
}
