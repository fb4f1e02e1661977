//! Channels and consumers.

use std::mem::{size_of, size_of_val};
use std::sync::Arc;
use std::time::Duration;

use crate::desk::rates::Windows;
use crate::desk::views::{ChannelView, ConsumerView, Scope};
use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;
use crate::management::counters::Counters;
use crate::management::json::Object;
use crate::management::lists::{Gathering, MANY, Pages, list, list_in};
use crate::management::login::SEES_ALL_VHOSTS;
use crate::management::times::moment;

use super::connections::{only, own, process};
use super::consumer_object;

/// How long connections are waited for; each answers between two batches of its work.
const PATIENCE: Duration = Duration::from_secs(2);

/// `GET /channels`: all, or those of the user who asks.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let windows = ask.windows_if_shown()?;
    show(&ask, Pages::Yes, (Scope::All, None), windows).await
}

/// `GET /vhosts/V/channels`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    let scope = Scope::Vhost(ask.vhost()?);
    ask.needs_figures()?;
    let windows = ask.windows_if_shown()?;
    // Seen: RabbitMQ 4.3.6: all of them, whatever page is asked for.
    show(&ask, Pages::No, (scope, None), windows).await
}

/// `GET /connections/C/channels`.
pub(in crate::management) async fn of_connection(ask: Ask) -> Answer {
    let name = own(&ask)?.name;
    // Seen: RabbitMQ 4.3.6: whether figures are to be shown or not.
    let windows = Some(ask.windows()?);
    show(&ask, Pages::No, (Scope::All, Some(&name)), windows).await
}

/// `GET /channels/C`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let name = ask.name("channel");
    let (connection, _) = name.rsplit_once(" (").ok_or_else(Refusal::not_found)?;
    // Of all of them, one is kept while others are waited for below.
    let view = {
        let _place = ask.door.aside.place_to_ask().await;
        let views = gathered(&ask, Scope::All, Some(connection)).await?;
        views.into_iter().find(|view| view.name == name)
    };
    let view = &view.ok_or_else(Refusal::not_found)?;
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
///
/// The caller has the place to ask, so that what all of them answer is gathered once at a time.
async fn gathered(
    ask: &Ask,
    scope: Scope<'_>,
    connection: Option<&str>,
) -> Result<Vec<ChannelView>, Refusal> {
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

/// Octets that a channel takes in memory, about.
fn octets_of(view: &ChannelView) -> usize {
    let place = &view.connection;
    let words = [
        &view.name,
        &view.user,
        &view.vhost,
        &place.name,
        &place.peer_host,
    ];
    let said = &view.snapshot;
    let exchanges = said.exchanges.iter().map(|one| one.exchange.len());
    let names = exchanges.chain(said.queues.iter().map(|one| one.queue.len()));
    size_of::<ChannelView>()
        + names.sum::<usize>()
        + words.iter().map(|word| word.len()).sum::<usize>()
        + size_of_val(&*said.exchanges)
        + size_of_val(&*said.queues)
}

/// Lists the channels of a scope, or those of one connection in it.
async fn show(
    ask: &Ask,
    pages: Pages,
    (scope, connection): (Scope<'_>, Option<&str>),
    windows: Option<Windows>,
) -> Answer {
    let aside = &ask.door.aside;
    // Kept until the list has room: one request at a time waits for that with all it has gathered.
    let place = aside.place_to_ask().await;
    let views = gathered(ask, scope, connection).await?;
    let many = views.len();
    let sum = || views.iter().map(octets_of).sum::<usize>();
    let octets_each = aside.read(many, sum).await.div_ceil(many.max(1));
    let room = aside.room(many, octets_each).await;
    drop(place);
    let gathering = Gathering {
        pages,
        many,
        octets_each,
        room,
        gather: || views,
    };
    let (desk, node) = (Arc::clone(&ask.desk), ask.door.node.name.clone());
    let write = move |object: &mut Object<'_>, view: &ChannelView| {
        write(object, &Counters::of(&desk, view, windows.as_ref()), &node);
    };
    list_in(ask, gathering, |_, _| None, write).await
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
    if !ask.query.is_true("held") {
        return list(ask, Pages::No, many, gather, |_, _| None, write).await;
    }
    let aside = &ask.door.aside;
    // Kept until the list has room, as for channels.
    let place = aside.place_to_ask().await;
    let mut views = aside.read(many, gather).await;
    ask_what_is_held(ask, &mut views).await;
    let many = views.len();
    let octets_each = size_of::<ConsumerView>();
    let room = aside.room(many, octets_each).await;
    drop(place);
    let gathering = Gathering {
        pages: Pages::No,
        many,
        octets_each,
        room,
        gather: || views,
    };
    list_in(ask, gathering, |_, _| None, write).await
}

/// Asks the connections of those consumers that hold anything since when they do. Those that do not
/// say so in time are passed over. The caller has the place to ask.
pub(super) async fn ask_what_is_held(ask: &Ask, views: &mut [ConsumerView]) {
    let answers = ask.desk.ask_held_since(views);
    // What is missing then is counted by the desk.
    drop(tokio::time::timeout(PATIENCE, &answers).await);
    let note = || ask.desk.note_held_since(views, &answers);
    let missing = ask.door.aside.read(MANY, note).await;
    if missing > 0 {
        crate::log::warn!("{missing} connections did not say in time what they hold");
    }
}
