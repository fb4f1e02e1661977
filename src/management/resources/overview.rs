//! The broker at a glance, and its version.

use crate::desk::rates::{Group, Windows};
use crate::desk::views::Overview;
use crate::management::answer::{Answer, Reply};
use crate::management::ask::Ask;
use crate::management::counters::Counters;
use crate::management::json::{Object, value_of};
use crate::management::login::SEES_ALL;
use crate::management::node::{Node, Whose};

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
    let windows = ask.windows_if_shown()?.map(windows);
    let scope = visible.scope();
    let many = ask.desk.how_many_queues(scope) + ask.desk.how_many_connections();
    let of = match sees_nodes {
        true => Of::Broker,
        false => Of::Vhosts,
    };
    let write = |object: &mut Object<'_>| {
        settings(&ask, object);
        let overview = ask.desk.overview(scope);
        let mut counters = Counters::of(&ask.desk, &overview, windows.as_ref());
        if let (Of::Vhosts, Some(windows)) = (of, &windows) {
            counters = counters.with(ask.desk.trends_in(scope, windows));
        }
        figures(object, &counters, of);
        if of == Of::Broker {
            let node = &ask.door.node;
            object.set("node", &node.name);
            if windows.is_some() {
                node.listeners(object);
                node.contexts(object, Whose::Named);
            }
        }
    };
    let overview = || ask.object(write);
    Ok(ask.door.aside.read(many, overview).await)
}

/// The samples that are wanted. Seen: RabbitMQ 4.3.6: those of what comes and goes are those of
/// what queues hold, if samples of messages are wanted, too.
fn windows(asked: Windows) -> Windows {
    Windows {
        churn: asked.messages.and(asked.lengths),
        ..asked
    }
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
    object.set("cluster_name", &ask.desk.cluster_name());
    object.object("cluster_tags", |_| ());
    object.object("node_tags", |_| ());
    Node::versions(object, settings);
    object.set("disable_stats", &!ask.shows_figures());
    object.set("default_queue_type", settings.default_queue_type.word());
    object.set("is_op_policy_updating_enabled", &true);
    object.set("enable_queue_totals", &ask.shows_totals());
    object.set("require_definition_json_extension", &false);
}

/// What figures are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Of {
    /// All there is.
    Broker,
    /// The vhosts that the user may enter.
    Vhosts,
}

/// What is counted, in the vhosts that the user sees.
fn figures(object: &mut Object<'_>, counters: &Counters<'_, Overview>, of: Of) {
    let totals = &counters.view().objects;
    object.object("object_totals", |objects| {
        objects.set("exchanges", &totals.exchanges);
        objects.set("queues", &totals.queues);
        objects.set("connections", &totals.connections);
        if counters.are_shown() {
            objects.set("channels", &totals.channels);
        }
        // Seen: RabbitMQ 4.3.6: only users who see all of them are told how many there are.
        if counters.are_shown() && of == Of::Broker {
            objects.set("consumers", &totals.consumers);
        }
    });
    if !counters.are_shown() {
        return;
    }
    object.set("statistics_db_event_queue", &0);
    object.object("message_stats", |stats| {
        counters.write_messages(stats);
        if totals.queues > 0 {
            // Queues write to the store and read from it, which counts for itself.
            let window = counters.windows().messages;
            counters.write_none(stats, "disk_reads", window);
            counters.write_none(stats, "disk_writes", window);
        }
    });
    object.object("churn_rates", |rates| counters.write(rates, Group::Churn));
    object.object("queue_totals", |queues| {
        if totals.queues > 0 {
            counters.write(queues, Group::Lengths);
        }
    });
}
