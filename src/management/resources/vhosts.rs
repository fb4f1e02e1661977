//! Virtual hosts, and their protection from deletion.

use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::auth::Tags;
use crate::desk::rates::{Group, Windows};
use crate::desk::views::{Scope, SortKey, VhostView};
use crate::desk::{AdminError, VhostDefinition};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::Fields;
use crate::management::counters::Counters;
use crate::management::json::Object;
use crate::management::lists::{Pages, list};
use crate::management::login::SEES_ALL;

/// `GET /vhosts`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let visible = ask.visible(SEES_ALL)?;
    let windows = ask.windows_of_list()?.map(windows);
    let quick = |view: &VhostView, sort: &str| match sort {
        "name" => Some(SortKey::Text(view.name.clone())),
        _ => None,
    };
    let (desk, node) = (Arc::clone(&ask.desk), ask.door.node.name.clone());
    // What is shown of each is the sum over its queues.
    let many = ask.desk.how_many_vhosts() + ask.desk.how_many_queues(visible.scope());
    let gather = || ask.desk.vhosts(visible.scope());
    let write = move |object: &mut Object<'_>, view: &VhostView| {
        write(object, &Counters::of(&desk, view, windows.as_ref()), &node);
    };
    list(&ask, Pages::Yes, many, gather, quick, write).await
}

/// `GET /vhosts/V`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let views = ask.desk.vhosts(Scope::Vhost(ask.name("vhost")));
    let view = views.first().ok_or_else(Refusal::not_found)?;
    let windows = ask.windows_if_shown()?.map(windows);
    Ok(ask.object(|object| {
        let counters = Counters::of(&ask.desk, view, windows.as_ref());
        write(object, &counters, &ask.door.node.name);
    }))
}

/// The samples that are wanted. Seen: RabbitMQ 4.3.6: those of what queues hold come with those of
/// what becomes of messages.
fn windows(asked: Windows) -> Windows {
    Windows {
        lengths: asked.messages,
        ..asked
    }
}

fn write(object: &mut Object<'_>, counters: &Counters<'_, VhostView>, node: &str) {
    let view = counters.view();
    object.set("name", &view.name);
    object.set("description", &view.description);
    object.set("tags", &view.tags);
    object.set("default_queue_type", view.default_queue_type);
    let protected = view.protected_from_deletion;
    object.set("protected_from_deletion", &protected.unwrap_or_default());
    object.object("metadata", |metadata| {
        metadata.set("description", &view.description);
        metadata.set("tags", &view.tags);
        metadata.set("default_queue_type", view.default_queue_type);
        metadata.set_some("protected_from_deletion", protected);
    });
    object.set("tracing", &view.tracing);
    object.object("cluster_state", |state| state.set(node, "running"));
    if !counters.are_shown() {
        return;
    }
    // Seen: RabbitMQ 4.3.6: there once there has been a queue, or a connection.
    if view.queues > 0 || view.turnover.messages.routed > 0 || counters.has_any(Group::Out) {
        counters.write(object, Group::Lengths);
    }
    if counters.has_any(Group::Data) {
        counters.write_named(object, &["recv_oct", "send_oct"]);
    }
    counters.write_message_stats(object);
}

/// `PUT /vhosts/V`: makes one, or describes it anew.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let definition = definition(&ask.fields().await?)?;
    let name = ask.name("vhost");
    let put = ask.change(|administration| administration.put_vhost(name, &definition));
    Ok(Reply::of_change(put.await?))
}

/// Seen: RabbitMQ 4.3.6: `protected_from_deletion` has no effect here, and what has no meaning is
/// passed over.
fn definition(fields: &Fields) -> Result<VhostDefinition, Refusal> {
    let word = |name: &str| match fields.get(name) {
        Some(Json::String(text)) => text.clone(),
        _ => String::new(),
    };
    let tags = match fields.get("tags") {
        Some(Json::String(text)) => Tags::Text(text.clone()),
        Some(Json::Array(tags)) => {
            let tags = tags.iter().filter_map(|tag| Some(tag.as_str()?.to_owned()));
            Tags::List(tags.collect())
        }
        None | Some(Json::Null) => Tags::List(Vec::new()),
        Some(other) => return Err(Refusal::bad(json!(["invalid_tags", other]))),
    };
    let default_queue_type = match fields.get("default_queue_type") {
        None | Some(Json::Null) => None,
        Some(Json::String(word)) => Some(word.clone()),
        Some(other) => {
            let reason = format!("{other} is not a valid default_queue_type value");
            return Err(Refusal::bad(reason));
        }
    };
    Ok(VhostDefinition {
        description: word("description"),
        tags: VhostDefinition::tags(&tags),
        default_queue_type,
        tracing: fields.flag("tracing")?,
        protected_from_deletion: None,
    })
}

/// `DELETE /vhosts/V`: with everything in it.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let name = ask.name("vhost");
    ask.change_whole(|administration| administration.delete_vhost(name).map_err(gone))
        .await?;
    Ok(Reply::done())
}

/// A vhost that is missing is the object itself here.
fn gone(error: AdminError) -> Refusal {
    match error {
        AdminError::NoSuchVhost(_) => Refusal::not_found(),
        error => error.into(),
    }
}

/// `GET /vhosts/V/deletion/protection`. RabbitMQ has no answer to it.
pub(in crate::management) async fn protection(ask: Ask) -> Answer {
    let views = ask.desk.vhosts(Scope::Vhost(ask.name("vhost")));
    let view = views.first().ok_or_else(Refusal::not_found)?;
    let protected = view.protected_from_deletion.unwrap_or_default();
    Ok(ask.object(|object| object.set("protected_from_deletion", &protected)))
}

/// `POST /vhosts/V/deletion/protection`.
pub(in crate::management) async fn protect(ask: Ask) -> Answer {
    let name = ask.name("vhost");
    let refused = |error| match error {
        AdminError::NoSuchVhost(name) => Refusal::missing(format!(
            "Cannot enable deletion protection of virtual host '{name}' because it does not exist"
        )),
        error => error.into(),
    };
    ask.change(|administration| administration.protect_vhost(name, true).map_err(refused))
        .await?;
    Ok(Reply::done())
}

/// `DELETE /vhosts/V/deletion/protection`.
pub(in crate::management) async fn unprotect(ask: Ask) -> Answer {
    let name = ask.name("vhost");
    ask.change(|administration| administration.protect_vhost(name, false).map_err(gone))
        .await?;
    Ok(Reply::done())
}

/// `POST /vhosts/V/start/N`: every vhost runs as long as it is there.
pub(in crate::management) async fn start(ask: Ask) -> Answer {
    let node = ask.name("node");
    if node != ask.door.node.name {
        return Err(Refusal::bad(format!("Unknown node: {node}")));
    }
    let name = ask.name("vhost");
    match ask.desk.has_vhost(name) {
        true => Ok(Reply::done()),
        false => Err(Refusal::bad(format!(
            "Request to node {node} failed with {{no_such_vhost,<<\"{name}\">>}}"
        ))),
    }
}
