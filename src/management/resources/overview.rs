//! The broker at a glance, and its version.

use crate::desk::views::{Churn, Scope};
use crate::management::answer::{Answer, Reply};
use crate::management::ask::Ask;
use crate::management::json::{Object, value_of};
use crate::management::login::SEES_ALL;
use crate::management::node::Node;

/// `GET /version`: a text.
pub(in crate::management) async fn version(ask: Ask) -> Answer {
    let mut text = Vec::new();
    value_of(&mut text, &ask.desk.settings().server_version);
    Ok(Reply::json(text))
}

/// `GET /overview`.
pub(in crate::management) async fn get(ask: Ask) -> Answer {
    let user = ask.user()?;
    let sees_nodes = SEES_ALL.iter().any(|tag| user.has_tag(tag));
    let visible = ask.visible(SEES_ALL)?;
    let scope = visible.scope();
    let many = ask.desk.how_many_queues(scope) + ask.desk.how_many_connections();
    let write = |object: &mut Object<'_>| {
        settings(&ask, object);
        figures(&ask, object, scope);
        if sees_nodes {
            let node = &ask.door.node;
            object.set("node", &node.name);
            node.listeners(object);
            node.contexts(object);
        }
    };
    let overview = || ask.object(write);
    Ok(ask.door.aside.read(many, overview).await)
}

/// What does not change while the broker runs.
fn settings(ask: &Ask, object: &mut Object<'_>) {
    let settings = ask.desk.settings();
    object.set("management_version", &settings.server_version);
    object.set("rates_mode", "basic");
    object.object("sample_retention_policies", |policies| {
        policies.set("global", &[600, 3600, 28800, 86400]);
        policies.set("basic", &[600, 3600]);
        policies.set("detailed", &[600]);
    });
    Node::exchange_types(object);
    object.set("product_version", &settings.server_version);
    object.set("product_name", &settings.server_product);
    object.set("cluster_name", &ask.door.cluster_name());
    object.object("cluster_tags", |_| ());
    object.object("node_tags", |_| ());
    Node::versions(object, settings);
    object.set("disable_stats", &settings.management_disable_stats);
    object.set("default_queue_type", settings.default_queue_type.word());
    object.set("is_op_policy_updating_enabled", &true);
    let totals = settings.management_enable_queue_totals;
    object.set("enable_queue_totals", &totals);
    object.set("require_definition_json_extension", &false);
    object.set("statistics_db_event_queue", &0);
}

/// What is counted, in the vhosts that the user sees.
fn figures(ask: &Ask, object: &mut Object<'_>, scope: Scope<'_>) {
    let (totals, counts) = ask.desk.totals(scope);
    object.object("message_stats", |_| ());
    object.object("churn_rates", |rates| churn(rates, ask.desk.churn()));
    object.object("queue_totals", |queues| {
        if totals.queues > 0 {
            queues.counter("messages", counts.ready + counts.unacked, 0.0);
            queues.counter("messages_ready", counts.ready, 0.0);
            queues.counter("messages_unacknowledged", counts.unacked, 0.0);
        }
    });
    object.object("object_totals", |objects| {
        objects.set("channels", &totals.channels);
        objects.set("consumers", &totals.consumers);
        objects.set("exchanges", &totals.exchanges);
        objects.set("queues", &totals.queues);
        objects.set("connections", &totals.connections);
    });
}

/// How often things came and went.
pub(in crate::management) fn churn(rates: &mut Object<'_>, churn: Churn) {
    rates.counter("connection_created", churn.connections_opened, 0.0);
    rates.counter("connection_closed", churn.connections_closed, 0.0);
    rates.counter("channel_created", churn.channels_opened, 0.0);
    rates.counter("channel_closed", churn.channels_closed, 0.0);
    rates.counter("queue_declared", churn.queues_declared, 0.0);
    rates.counter("queue_created", churn.queues_created, 0.0);
    rates.counter("queue_deleted", churn.queues_deleted, 0.0);
}
