//! How a queue is shown, by its type and by how much of it is asked for.
//!
//! Seen: RabbitMQ 4.3.6, each type in each list, and alone.

use serde_json::Value as Json;

use super::garbage;
use crate::desk::rates::Group;
use crate::desk::views::QueueView;
use crate::management::counters::Counters;
use crate::management::json::Object;
use crate::management::times::moment;

/// How much of a queue is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Detail {
    /// In a list.
    Short,
    /// In the detailed list.
    Long,
    /// Alone.
    Whole,
}

/// Whether it is of the type that most keys are for.
fn is_classic(view: &QueueView) -> bool {
    view.kind == "classic"
}

/// What it was declared as.
fn declared(object: &mut Object<'_>, view: &QueueView) {
    object.set("arguments", &view.arguments);
    object.set("auto_delete", &view.auto_delete);
    object.set("durable", &view.durable);
    object.set("name", &view.name);
    object.set_some("paused", view.paused.then_some(true));
    object.set("state", "running");
    object.set("type", view.kind);
    object.set("vhost", &view.vhost);
}

/// Where its members are: all on the one node.
fn members(object: &mut Object<'_>, view: &QueueView, node: &str) {
    if !is_classic(view) {
        object.set("leader", node);
        object.set("members", &[node]);
        object.set("online", &[node]);
    }
}

/// With `disable_stats`.
pub(super) fn write_plain(object: &mut Object<'_>, view: &QueueView, node: &str) {
    declared(object, view);
    object.set("effective_policy_definition", &view.effective_policy);
    object.set("exclusive", &view.exclusive);
    object.set("internal", &false);
    object.set("internal_owner", &false);
    object.set("node", node);
    object.set("operator_policy", &view.operator_policy);
    object.set("policy", &view.policy);
    members(object, view, node);
    if view.kind == "quorum" {
        object.set("delivery_limit", &limit(view));
    }
}

/// With `disable_stats` and `enable_queue_totals`.
pub(super) fn write_totals(object: &mut Object<'_>, view: &QueueView, node: &str) {
    declared(object, view);
    match view.kind {
        "stream" => {
            object.set("exclusive", &Json::Null);
            object.set("online", &[node]);
            object.set("totals", &Json::Null);
            object.set("type_specific", &Json::Null);
            return;
        }
        "quorum" => {
            object.set("exclusive", &Json::Null);
            object.set("delivery_limit", &limit(view));
            object.set("effective_policy_definition", &view.effective_policy);
            object.set("operator_policy", &view.operator_policy);
            members(object, view, node);
        }
        _ => {
            object.set("exclusive", &view.exclusive);
            object.set("online", &Json::Null);
        }
    }
    object.set("node", node);
    object.set_some("policy", view.policy.as_ref());
    let [all, ready, unacked] = view.counts.lengths();
    object.set("messages", &all);
    object.set("messages_ready", &ready);
    object.set("messages_unacknowledged", &unacked);
}

/// RabbitMQ's number for no limit.
fn limit(view: &QueueView) -> Json {
    view.delivery_limit.map_or(Json::from(-1), Json::from)
}

/// With all figures.
pub(super) fn write(
    object: &mut Object<'_>,
    counters: &Counters<'_, QueueView>,
    node: &str,
    detail: Detail,
) {
    let view = counters.view();
    declared(object, view);
    object.set("effective_policy_definition", &view.effective_policy);
    object.set("exclusive", &view.exclusive);
    object.set("internal", &false);
    object.set("internal_owner", &false);
    object.set("node", node);
    counters.write(object, Group::Lengths);
    object.set("consumers", &view.consumer_count);
    object.set("memory", &view.memory_bytes);
    counters.write_none(object, "reductions", counters.windows().data);
    match view.kind {
        "stream" => stream(object, view, node),
        "quorum" => quorum(object, view, node, detail),
        _ => classic(object, view, detail),
    }
    members(object, view, node);
    counters.write_message_stats(object);
    if detail != Detail::Short {
        object.set("operator_policy", &view.operator_policy);
        object.set("policy", &view.policy);
        match view.kind {
            // No process of Erlang's is a stream, and a list says nothing of that.
            "stream" if detail == Detail::Long => {}
            "stream" => garbage::write_unknown(object),
            _ => garbage::write(object),
        }
    } else {
        object.set_some("operator_policy", view.operator_policy.as_ref());
        object.set_some("policy", view.policy.as_ref());
    }
    if detail == Detail::Whole {
        object.array("consumer_details", &view.consumers, |one, consumer| {
            super::consumer_object::write(one, consumer, node);
        });
        object.array("deliveries", [(); 0], |_, ()| ());
        object.array("incoming", [(); 0], |_, ()| ());
    }
}

/// What classic and quorum queues count besides.
fn bytes(object: &mut Object<'_>, view: &QueueView) {
    let counts = &view.counts;
    for key in ["consumer_capacity", "consumer_utilisation"] {
        match view.consumer_capacity {
            Some(capacity) if view.consumer_count > 0 => object.set(key, &capacity),
            // A whole number, as RabbitMQ writes it.
            _ => object.set(key, &0),
        }
    }
    object.set("message_bytes", &counts.bytes());
    object.set("message_bytes_persistent", &counts.persistent_bytes);
    object.set("message_bytes_ram", &counts.in_memory_bytes());
    object.set("message_bytes_ready", &counts.ready_bytes);
    object.set("message_bytes_unacknowledged", &counts.unacked_bytes);
    object.set("messages_persistent", &counts.persistent);
    let in_memory = (counts.ready + counts.unacked).saturating_sub(counts.paged_out);
    object.set("messages_ram", &in_memory);
}

fn classic(object: &mut Object<'_>, view: &QueueView, detail: Detail) {
    bytes(object, view);
    let ready = view.counts.ready.saturating_sub(view.counts.paged_out);
    object.set("messages_ready_ram", &ready);
    object.set("messages_unacknowledged_ram", &view.counts.unacked);
    object.set("storage_version", &2);
    let exclusive = view.exclusive_consumer_tag.as_ref();
    let active = view.single_active_consumer_tag.as_ref();
    if detail == Detail::Short {
        object.set_some("exclusive_consumer_tag", exclusive);
        object.set_some("head_message_timestamp", view.head_timestamp);
        object.set_some("single_active_consumer_tag", active);
        return;
    }
    object.set("exclusive_consumer_tag", &exclusive);
    object.set("head_message_timestamp", &view.head_timestamp);
    object.set_some("idle_since", view.idle_since_ms.map(moment));
    object.set("single_active_consumer_tag", &active);
    if detail == Detail::Whole {
        object.set_some("owner_pid_details", view.owner.as_ref());
    }
}

fn quorum(object: &mut Object<'_>, view: &QueueView, node: &str, detail: Detail) {
    bytes(object, view);
    let own = view.quorum.clone().unwrap_or_default();
    object.set("delayed_retry", "disabled");
    object.set("delivery_limit", &limit(view));
    object.set("message_bytes_dlx", &view.counts.dead_lettering_bytes);
    object.set("messages_active_priorities", &own.by_priority.len());
    object.object("messages_by_priority", |priorities| {
        for (priority, count) in &own.by_priority {
            priorities.set(&priority.to_string(), count);
        }
    });
    object.set("messages_delayed", &0);
    object.set("messages_dlx", &view.counts.dead_lettering);
    object.set("messages_ready_returned", &own.returned);
    object.object("open_files", |files| files.set(node, &0));
    object.set("publishers", &own.publishers);
    let tag = view.single_active_consumer_tag.as_ref();
    match detail {
        Detail::Short => object.set_some("single_active_consumer_tag", tag),
        Detail::Long | Detail::Whole => object.set("single_active_consumer_tag", &tag),
    }
}

fn stream(object: &mut Object<'_>, view: &QueueView, node: &str) {
    let own = view.stream.unwrap_or_default();
    object.set("first_timestamp", &own.first_timestamp_ms);
    object.object("readers", |readers| readers.set(node, &view.consumer_count));
    // One that is empty has the segment that it will write to.
    object.set("segments", &own.segments.max(1));
}
