//! Queues.

use std::sync::Arc;

use serde_json::Value as Json;

use super::channels::ask_what_is_held;
use super::queue_object::{Detail, write, write_plain, write_totals};
use crate::desk::rates::{Window, Windows};
use crate::desk::views::{QueueRef, QueueSort, QueueView, Scope, SortKey};
use crate::desk::{DeleteIf, QueueDeclaration, Stored};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::short;
use crate::management::counters::Counters;
use crate::management::json::{Columns, Object};
use crate::management::lists::{Pages, list};
use crate::management::login::SEES_ALL_VHOSTS;

/// `GET /queues`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let visible = ask.visible(&["administrator"])?;
    show(&ask, visible.scope(), Detail::Short).await
}

/// `GET /queues/detailed`.
pub(in crate::management) async fn detailed(ask: Ask) -> Answer {
    let visible = ask.visible(&["administrator"])?;
    show(&ask, visible.scope(), Detail::Long).await
}

/// `GET /queues/V`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    show(&ask, Scope::Vhost(ask.vhost()?), Detail::Short).await
}

/// `GET /users/U/queues`: those that the user declared, whether there is such a user or not, in the
/// virtual hosts that the asker may see.
pub(in crate::management) async fn of_user(ask: Ask) -> Answer {
    let visible = ask.visible(SEES_ALL_VHOSTS)?;
    let scope = visible.scope();
    let many = ask.desk.how_many_queues(scope);
    let gather = || ask.desk.queue_refs_by(scope, ask.name("user"));
    list_of(&ask, many, gather, Detail::Short).await
}

/// What is shown of each queue.
#[derive(Clone, Copy)]
enum Style {
    Figures(Detail),
    /// `disable_stats`
    Plain,
    /// `disable_stats` and `enable_queue_totals`
    Totals,
}

impl Style {
    fn of(ask: &Ask, detail: Detail) -> Self {
        match (ask.shows_figures(), ask.shows_totals()) {
            (true, _) => Self::Figures(detail),
            (false, false) => Self::Plain,
            (false, true) => Self::Totals,
        }
    }
}

async fn show(ask: &Ask, scope: Scope<'_>, detail: Detail) -> Answer {
    let many = ask.desk.how_many_queues(scope);
    list_of(ask, many, || ask.desk.queue_refs(scope), detail).await
}

/// A list of what is gathered, of `many` queues.
async fn list_of(
    ask: &Ask,
    many: usize,
    gather: impl FnOnce() -> Vec<QueueRef> + Send,
    detail: Detail,
) -> Answer {
    let (desk, node) = (Arc::clone(&ask.desk), ask.door.node.name.clone());
    // Columns choose from all keys: a list leaves keys out only where it shows whole queues.
    let detail = match ask.columns() {
        Columns::All => detail,
        Columns::Some(_) => Detail::Long,
    };
    let style = Style::of(ask, detail);
    let windows = ask.windows_of_list()?.map(windows);
    let write = move |object: &mut Object<'_>, queue: &QueueRef| {
        let view = desk.view_of(queue);
        match style {
            Style::Figures(detail) => {
                write(
                    object,
                    &Counters::of(&desk, &view, windows.as_ref()),
                    &node,
                    detail,
                );
            }
            Style::Plain => write_plain(object, &view, &node),
            Style::Totals => write_totals(object, &view, &node),
        }
    };
    list(ask, Pages::Yes, many, gather, quick, write).await
}

/// The samples that are wanted. Those of what a queue holds go up to now.
fn windows(asked: Windows) -> Windows {
    Windows {
        lengths: asked.lengths.map(Window::up_to_now),
        ..asked
    }
}

/// Sort keys that need no view.
fn quick(queue: &QueueRef, sort: &str) -> Option<SortKey> {
    Some(queue.sort_key(match sort {
        "name" => QueueSort::Name,
        "vhost" => QueueSort::Vhost,
        "type" => QueueSort::Kind,
        "messages" => QueueSort::Messages,
        "messages_ready" => QueueSort::Ready,
        "messages_unacknowledged" => QueueSort::Unacked,
        "message_bytes" => QueueSort::MessageBytes,
        "consumers" => QueueSort::Consumers,
        "memory" => QueueSort::Memory,
        "message_stats.publish" => QueueSort::Published,
        "message_stats.deliver_get" => QueueSort::Delivered,
        "message_stats.ack" => QueueSort::Acked,
        _ => return None,
    }))
}

fn found(ask: &Ask) -> Result<QueueView, Refusal> {
    let found = ask.desk.queue(ask.name("vhost"), ask.name("queue"));
    found.ok_or_else(Refusal::not_found)
}

/// `GET /queues/V/Q`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let mut view = found(&ask)?;
    if ask.query.is_true("held") {
        let _place = ask.door.aside.place_to_ask().await;
        ask_what_is_held(&ask, &mut view.consumers).await;
    }
    let windows = ask.windows_if_shown()?.map(windows);
    let node = &ask.door.node.name;
    Ok(ask.object(|object| match Style::of(&ask, Detail::Whole) {
        Style::Figures(detail) => {
            write(
                object,
                &Counters::of(&ask.desk, &view, windows.as_ref()),
                node,
                detail,
            );
        }
        Style::Plain => write_plain(object, &view, node),
        Style::Totals => write_totals(object, &view, node),
    }))
}

/// `PUT /queues/V/Q`: 201 for a new one, 204 for one that was there.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let actor = ask.actor()?;
    let is_new = found(&ask).is_err();
    let fields = ask.fields().await?;
    let declaration = QueueDeclaration {
        name: short(ask.name("queue"))?,
        durable: fields.flag("durable")?.unwrap_or_default(),
        exclusive: false,
        auto_delete: fields.flag("auto_delete")?.unwrap_or_default(),
        arguments: fields.arguments()?,
    };
    match fields.get("node") {
        None => {}
        Some(Json::String(node)) if *node == ask.door.node.name => {}
        Some(node) => {
            let node = node
                .as_str()
                .map_or_else(|| node.to_string(), str::to_owned);
            return Err(Refusal::bad(format!("Node {node} is not a cluster member")));
        }
    }
    ask.done(|now| actor.declare_queue(now, declaration))
        .await?;
    Ok(match is_new {
        true => Reply::created(),
        false => Reply::done(),
    })
}

/// `DELETE /queues/V/Q`, with `if-empty` and `if-unused`.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    found(&ask)?;
    let only_if = DeleteIf {
        unused: ask.query.is_true("if-unused"),
        empty: ask.query.is_true("if-empty"),
    };
    let (actor, name) = (ask.actor()?, ask.name("queue"));
    ask.done(|now| actor.delete_queue(now, name, only_if))
        .await?;
    Ok(Reply::done())
}

/// `DELETE /queues/V/Q/contents`.
pub(in crate::management) async fn purge(ask: Ask) -> Answer {
    found(&ask)?;
    let (actor, name) = (ask.actor()?, ask.name("queue"));
    ask.done(|now| actor.purge_queue(now, name)).await?;
    Ok(Reply::done())
}

/// `PUT /leveret/queues/V/Q/pause`
pub(in crate::management) async fn pause(ask: Ask) -> Answer {
    set_paused(ask, true).await
}

/// `DELETE /leveret/queues/V/Q/pause`
pub(in crate::management) async fn resume(ask: Ask) -> Answer {
    set_paused(ask, false).await
}

async fn set_paused(ask: Ask, is_paused: bool) -> Answer {
    found(&ask)?;
    let (actor, name) = (ask.actor()?, ask.name("queue"));
    let pause = |now| actor.pause_queue(now, name, is_paused).map(Stored::at_once);
    ask.done(pause).await?;
    Ok(Reply::done())
}

/// `POST /queues/V/Q/actions`: those that there were concerned mirrors.
///
/// Seen: RabbitMQ 4.3.6, which knows none either.
pub(in crate::management) async fn act(ask: Ask) -> Answer {
    found(&ask).map_err(|_| Refusal::missing("queue_not_found"))?;
    let fields = ask.fields().await?;
    fields.need(&["action"])?;
    let action = fields.get("action").cloned().unwrap_or_default();
    Err(Refusal::bad(serde_json::json!(["unknown", action])))
}

/// `POST /rebalance/queues`: all leaders are on the one node that there is.
pub(in crate::management) async fn rebalance(_ask: Ask) -> Answer {
    Ok(Reply::done())
}
