//! The scenarios, over a small door that each Rust library is put behind.

#![allow(async_fn_in_trait, reason = "nothing here needs a future to be Send")]

mod check;
mod connections;
mod consuming;
mod declarations;
pub mod door;
mod publishing;
mod queues;
mod routing;
mod trouble;

use std::time::Duration;

pub use check::{relay_uri, wait_for};
pub use door::*;

const LIMIT: Duration = Duration::from_secs(50);

/// Runs the scenarios named on the command line with a library.
pub async fn run<L: Library>() {
    for id in std::env::args().skip(1) {
        if let Some((_, reason)) = L::SKIPS.iter().find(|(skipped, _)| *skipped == id) {
            println!("skip {id} {reason}");
            continue;
        }
        match tokio::time::timeout(LIMIT, scenario::<L>(&id)).await {
            Ok(Ok(())) => println!("ok {id}"),
            Ok(Err(error)) => println!("fail {id} {}", error.to_string().replace('\n', " ")),
            Err(_) => println!("fail {id} not within {LIMIT:?}"),
        }
    }
}

async fn scenario<L: Library>(id: &str) -> Result<()> {
    let uri = check::uri();
    match id {
        "connect" => return connections::connect::<L>().await,
        "connect-refused" => return connections::refused::<L>().await,
        "connect-uri" => return connections::uris::<L>().await,
        "heartbeat" => return connections::heartbeat::<L>().await,
        "reconnect" => return connections::reconnect::<L>().await,
        "restart" => return trouble::survive::<L>("restart", 1).await,
        "kill" => return trouble::survive::<L>("kill", 0).await,
        "exclusive-queue" => return declarations::exclusive_queue::<L>().await,
        _ => {}
    }
    let connection = L::connect(&uri).await?;
    let result = on_channel::<L>(id, &connection).await;
    connection.close().await?;
    result
}

async fn on_channel<L: Library>(id: &str, connection: &L::Connection) -> Result<()> {
    let s = check::Session {
        channel: connection.channel().await?,
        connection,
    };
    let result = in_session::<L>(id, &s).await;
    // A connection that closes while a dropped channel does is too much for some libraries.
    let closed = s.channel.close().await;
    result.and(closed)
}

async fn in_session<L: Library>(id: &str, s: &check::Session<'_, L::Connection>) -> Result<()> {
    match id {
        "publish-missing" => connections::publish_missing(s).await,
        "ack-unknown" => connections::ack_unknown(s).await,
        "access-refused" => connections::access_refused(s).await,
        "bind-missing" => connections::bind_missing(s).await,
        "permissions" => trouble::permissions(s).await,
        "blocked" => trouble::blocked(s).await,
        "declare" => declarations::declare(s).await,
        "declare-passive" => declarations::passive_missing(s).await,
        "declare-inequivalent" => declarations::inequivalent(s).await,
        "declare-arguments" => declarations::arguments(s).await,
        "server-named" => declarations::server_named(s).await,
        "auto-delete" => declarations::auto_delete(s).await,
        "delete-conditions" => declarations::delete_conditions(s).await,
        "queue-expires" => declarations::queue_expires(s).await,
        "exchange-direct" => routing::direct(s).await,
        "exchange-fanout" => routing::fanout(s).await,
        "exchange-topic" => routing::topic(s).await,
        "exchange-headers" => routing::headers(s).await,
        "exchange-binding" => routing::exchange_binding(s).await,
        "alternate-exchange" => routing::alternate_exchange(s).await,
        "unbind" => routing::unbind(s).await,
        "properties" => publishing::properties(s).await,
        "headers" => publishing::headers(s, L::more_headers()).await,
        "bodies" => publishing::bodies(s).await,
        "confirm" => publishing::confirm(s).await,
        "confirm-nack" => publishing::confirm_nack(s).await,
        "mandatory" => publishing::mandatory(s).await,
        "tx" => publishing::tx(s).await,
        "rpc" => publishing::rpc(s).await,
        "consume" => consuming::consume(s).await,
        "prefetch" => consuming::prefetch(s).await,
        "cancel" => consuming::cancel(s).await,
        "get" => consuming::get(s).await,
        "ack-multiple" => consuming::ack_multiple(s).await,
        "reject" => consuming::reject(s).await,
        "nack" => consuming::nack(s).await,
        "requeue-order" => consuming::requeue_order(s).await,
        "recover" => consuming::recover(s).await,
        "single-active" => consuming::single_active(s).await,
        "consumer-priority" => consuming::consumer_priority(s).await,
        "exclusive-consumer" => consuming::exclusive_consumer(s).await,
        "server-cancel" => consuming::server_cancel(s).await,
        "priority" => queues::priority(s).await,
        "ttl-message" => queues::ttl_message(s).await,
        "ttl-queue" => queues::ttl_queue(s).await,
        "dead-letter" => queues::dead_letter(s).await,
        "max-length" => queues::max_length(s).await,
        "quorum" => queues::quorum(s).await,
        "stream" => queues::stream(s).await,
        _ => Err(Error::Other("this client has no such scenario".to_owned())),
    }
}
