//! Queues and exchanges come and go.

use std::time::Duration;

use crate::check::{Session, equal, fresh, inbox, passive, uri};
use crate::door::{Channel, Connection, Consume, Declare, DeleteIf, Error, Library, Result, Table};
use crate::table;

fn durable() -> Declare {
    Declare {
        durable: true,
        ..Declare::default()
    }
}

pub(crate) async fn declare<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let (q, x) = (fresh("q"), fresh("x"));
    for _ in 0..2 {
        s.declare_queue(&q, durable()).await?;
    }
    s.send("", &q, &["1", "2", "3"]).await?;
    s.ready(&q, 3).await?;
    equal(s.purge(&q).await?, 3, "purged")?;
    for _ in 0..2 {
        equal(s.delete_queue(&q, DeleteIf::Always).await?, 0, "deleted")?;
    }
    s.declare_exchange(&x, "direct", durable()).await?;
    s.declare_exchange(
        &x,
        "direct",
        Declare {
            passive: true,
            ..durable()
        },
    )
    .await?;
    s.delete_exchange(&x).await?;
    s.delete_exchange(&x).await
}

pub(crate) async fn passive_missing<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let name = fresh("q");
    let text = format!("NOT_FOUND - no queue '{name}' in vhost '/'");
    s.refused(404, &text, async |own| passive(own, &name).await.map(drop))
        .await?;
    let text = format!("NOT_FOUND - no exchange '{name}' in vhost '/'");
    s.refused(404, &text, async |own| {
        own.declare_exchange(
            &name,
            "direct",
            Declare {
                passive: true,
                ..durable()
            },
        )
        .await
    })
    .await
}

pub(crate) async fn inequivalent<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    let text = format!(
        "PRECONDITION_FAILED - inequivalent arg 'auto_delete' for queue '{q}' in vhost '/': \
         received 'true' but current is 'false'"
    );
    s.refused(406, &text, async |own| {
        let how = Declare {
            exclusive: true,
            auto_delete: true,
            ..Declare::default()
        };
        own.declare_queue(&q, how).await.map(drop)
    })
    .await?;
    let x = s.exchange("direct", Table::default()).await?;
    s.refused(
        406,
        &format!("inequivalent arg 'type' for exchange '{x}'"),
        async |own| {
            own.declare_exchange(
                &x,
                "fanout",
                Declare {
                    auto_delete: true,
                    ..Declare::default()
                },
            )
            .await
        },
    )
    .await?;
    s.delete_exchange(&x).await
}

pub(crate) async fn arguments<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let wrong = table! {
        "x-message-ttl" => -1, "x-max-priority" => 256, "x-expires" => 0,
        "x-overflow" => "nonsense",
    };
    for (key, value) in wrong.0 {
        let text = format!("PRECONDITION_FAILED - invalid arg '{key}'");
        s.refused(406, &text, async |own| {
            let arguments = Table([(key, value)].into());
            let how = Declare {
                exclusive: true,
                arguments,
                ..Declare::default()
            };
            own.declare_queue(&fresh("q"), how).await.map(drop)
        })
        .await?;
    }
    Ok(())
}

pub(crate) async fn server_named<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let how = Declare {
        exclusive: true,
        ..Declare::default()
    };
    let (name, _) = s.declare_queue("", how).await?;
    if !name.starts_with("amq.gen-") {
        return Err(Error::Other(name));
    }
    s.send("", &name, &["hello"]).await?;
    s.holds(&name, &["hello"]).await
}

pub(crate) async fn auto_delete<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = fresh("q");
    s.declare_queue(
        &q,
        Declare {
            auto_delete: true,
            ..durable()
        },
    )
    .await?;
    let inbox = s.inbox(&q, Consume::default()).await?;
    s.cancel(&inbox.tag).await?;
    s.refused(404, &q, async |own| passive(own, &q).await.map(drop))
        .await
}

pub(crate) async fn delete_conditions<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(Table::default()).await?;
    s.send("", &q, &["1"]).await?;
    s.ready(&q, 1).await?;
    let delete = async |own: &C::Channel, when| own.delete_queue(&q, when).await.map(drop);
    s.refused(406, "not empty", async |own| {
        delete(own, DeleteIf::Empty).await
    })
    .await?;
    let _inbox = s.inbox(&q, Consume::default()).await?;
    s.refused(406, "in use", async |own| {
        delete(own, DeleteIf::Unused).await
    })
    .await?;
    passive(&s.channel, &q).await.map(drop)
}

pub(crate) async fn exclusive_queue<L: Library>() -> Result<()> {
    let (one, two) = (L::connect(&uri()).await?, L::connect(&uri()).await?);
    let s = Session {
        channel: one.channel().await?,
        connection: &one,
    };
    let other = Session {
        channel: two.channel().await?,
        connection: &two,
    };
    let q = s.queue(Table::default()).await?;
    let text = format!("locked queue '{q}'");
    other
        .refused(405, &text, async |own| passive(own, &q).await.map(drop))
        .await?;
    s.channel.close().await?;
    one.close().await?;
    other
        .refused(404, &q, async |own| passive(own, &q).await.map(drop))
        .await?;
    other.channel.close().await?;
    two.close().await
}

pub(crate) async fn queue_expires<C: Connection>(s: &Session<'_, C>) -> Result<()> {
    let q = s.queue(table! { "x-expires" => 300 }).await?;
    // A passive declare would renew the lease.
    tokio::time::sleep(Duration::from_secs(1)).await;
    s.refused(404, &q, async |own| {
        inbox(own, &q, Consume::default()).await.map(drop)
    })
    .await
}
