//! Channels and consumers.

use std::sync::Arc;
use std::time::Duration;

use crate::desk::rates::Windows;
use crate::desk::views::{ChannelView, ConsumerView, Scope};
use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;
use crate::management::counters::Counters;
use crate::management::json::Object;
use crate::management::lists::{MANY, Pages, list};
use crate::management::login::SEES_ALL_VHOSTS;
use crate::management::times::moment;

use super::connections::{only, own, process};
use super::consumer_object;

/// How long connections are waited for; each answers between two batches of its work.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /channels`: all, or those of the user who asks.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let windows = ask.windows_if_shown()?;
    let views = gathered(&ask, Scope::All, None).await?;
    show(&ask, Pages::Yes, views, windows).await
}

/// `GET /vhosts/V/channels`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    let scope = Scope::Vhost(ask.vhost()?);
    ask.needs_figures()?;
    let windows = ask.windows_if_shown()?;
    let views = gathered(&ask, scope, None).await?;
    show(&ask, Pages::Yes, views, windows).await
}

/// `GET /connections/C/channels`.
pub(in crate::management) async fn of_connection(ask: Ask) -> Answer {
    let name = own(&ask)?.name;
    // Seen: RabbitMQ 4.3.6: whether figures are to be shown or not.
    let windows = Some(ask.windows()?);
    let views = gathered(&ask, Scope::All, Some(&name)).await?;
    show(&ask, Pages::No, views, windows).await
}

/// `GET /channels/C`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let name = ask.name("channel");
    let (connection, _) = name.rsplit_once(" (").ok_or_else(Refusal::not_found)?;
    let views = gathered(&ask, Scope::All, Some(connection)).await?;
    let view = views.iter().find(|view| view.name == name);
    let view = view.ok_or_else(Refusal::not_found)?;
    let windows = ask.windows_if_shown()?;
    let node = &ask.door.node.name;
    let is_of_channel = |consumer: &ConsumerView| {
        let connection = consumer.connection.as_ref();
        let is_theirs = connection.is_some_and(|place| place.name == view.connection.name);
        is_theirs && consumer.channel == view.snapshot.number.0
    };
    let gather = || {
        let consumers = ask.desk.consumers(Scope::Vhost(&view.vhost)).into_iter();
        consumers.filter(is_of_channel).collect::<Vec<_>>()
    };
    let theirs = ask.door.aside.read(MANY, gather).await;
    Ok(ask.object(|object| {
        write(
            object,
            &Counters::of(&ask.desk, view, windows.as_ref()),
            node,
        );
        if windows.is_none() {
            return;
        }
        object.array("consumer_details", theirs, |one, consumer| {
            consumer_object::write(one, &consumer, node);
        });
        object.set("deliveries", &[(); 0]);
        object.set("publishes", &[(); 0]);
    }))
}

/// The channels that the user may see. Connections that do not answer in time are left out.
async fn gathered(
    ask: &Ask,
    scope: Scope<'_>,
    connection: Option<&str>,
) -> Result<Vec<ChannelView>, Refusal> {
    // So that what all of them answer is gathered once at a time.
    let _place = ask.door.aside.place_to_ask().await;
    let answers = ask.desk.ask_channels_for(scope, only(ask)?, connection);
    // What is missing then is counted by the desk.
    drop(tokio::time::timeout(PATIENCE, &answers).await);
    let many = ask.desk.how_many_connections();
    let read = || ask.desk.channels(&answers);
    let (views, missing) = ask.door.aside.read(many, read).await;
    if missing > 0 {
        crate::log::warn!("{missing} connections did not say in time which channels they have");
    }
    Ok(views)
}

async fn show(
    ask: &Ask,
    pages: Pages,
    views: Vec<ChannelView>,
    windows: Option<Windows>,
) -> Answer {
    let (desk, node) = (Arc::clone(&ask.desk), ask.door.node.name.clone());
    let write = move |object: &mut Object<'_>, view: &ChannelView| {
        write(object, &Counters::of(&desk, view, windows.as_ref()), &node);
    };
    list(ask, pages, views.len(), || views, |_, _| None, write).await
}

fn write(object: &mut Object<'_>, counters: &Counters<'_, ChannelView>, node: &str) {
    let view = counters.view();
    let channel = &view.snapshot;
    object.set("name", &view.name);
    object.set("number", &channel.number.0);
    object.set("node", node);
    object.set("user", &view.user);
    object.set("user_who_performed_action", &view.user);
    object.set("vhost", &view.vhost);
    object.object("connection_details", |details| {
        details.set("name", &view.connection.name);
        details.set("peer_host", &view.connection.peer_host);
        details.set("peer_port", &view.connection.peer_port);
    });
    if !counters.are_shown() {
        return;
    }
    object.set("state", "running");
    object.set_some(
        "idle_since",
        channel.idle_since.map(|since| moment(since.as_millis())),
    );
    object.set("confirm", &channel.confirm);
    object.set("transactional", &channel.transactional);
    object.set("prefetch_count", &channel.prefetch_count);
    object.set("consumer_count", &channel.consumers);
    object.set("messages_unacknowledged", &channel.unacked);
    object.set("messages_unconfirmed", &channel.unconfirmed);
    object.set("messages_uncommitted", &channel.uncommitted);
    object.set("acks_uncommitted", &channel.uncommitted_acks);
    object.set("cached_segments", &0);
    object.set("pending_raft_commands", &0);
    counters.write_message_stats(object);
    process(object, counters);
}

/// `GET /consumers`: those in the vhosts that the user sees.
pub(in crate::management) async fn consumers(ask: Ask) -> Answer {
    let visible = ask.visible(SEES_ALL_VHOSTS)?;
    show_consumers(&ask, visible.scope()).await
}

/// `GET /consumers/V`.
pub(in crate::management) async fn consumers_of_vhost(ask: Ask) -> Answer {
    show_consumers(&ask, Scope::Vhost(ask.vhost()?)).await
}

async fn show_consumers(ask: &Ask, scope: Scope<'_>) -> Answer {
    ask.needs_figures()?;
    let node = ask.door.node.name.clone();
    let queues = ask.desk.how_many_queues(scope);
    let count = || ask.desk.how_many_consumers(scope);
    let many = ask.door.aside.read(queues, count).await.max(queues);
    let gather = || ask.desk.consumers(scope);
    let write = move |object: &mut Object<'_>, view: &ConsumerView| {
        consumer_object::write(object, view, &node);
    };
    list(ask, Pages::No, many, gather, |_, _| None, write).await
}
