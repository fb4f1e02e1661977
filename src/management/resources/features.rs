//! Feature flags, all of which are on, and deprecated features.

use serde_json::json;

use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::plain::{Plain, answer_few};

/// A feature flag of RabbitMQ 4.3.6.
struct Flag {
    name: &'static str,
    /// `hard` and `soft` ones have become part of every node; others are still a choice.
    require_level: &'static str,
    provided_by: &'static str,
}

const RABBIT: &str = "rabbit";
const AGENT: &str = "rabbitmq_management_agent";

const fn flag(name: &'static str, level: &'static str, by: &'static str) -> Flag {
    Flag {
        name,
        require_level: level,
        provided_by: by,
    }
}

/// Seen: RabbitMQ 4.3.6, `GET /api/feature-flags`.
const FLAGS: &[Flag] = &[
    flag("classic_mirrored_queue_version", "hard", RABBIT),
    flag("classic_queue_type_delivery_support", "hard", RABBIT),
    flag("detailed_queues_endpoint", "soft", "rabbitmq_management"),
    flag("direct_exchange_routing_v2", "hard", RABBIT),
    flag("drop_unroutable_metric", "hard", AGENT),
    flag("empty_basic_get_metric", "hard", AGENT),
    flag("feature_flags_v2", "hard", RABBIT),
    flag("implicit_default_bindings", "hard", RABBIT),
    flag("khepri_db", "soft", RABBIT),
    flag("listener_records_in_ets", "hard", RABBIT),
    flag("maintenance_mode_status", "hard", RABBIT),
    flag("message_containers", "hard", RABBIT),
    flag("message_containers_deaths_v2", "soft", RABBIT),
    flag("quorum_queue", "hard", RABBIT),
    flag("quorum_queue_non_voters", "soft", RABBIT),
    flag("rabbit_exchange_type_local_random", "soft", RABBIT),
    flag("rabbitmq_4.0.0", "soft", RABBIT),
    flag("rabbitmq_4.1.0", "soft", RABBIT),
    flag("rabbitmq_4.2.0", "soft", RABBIT),
    flag("rabbitmq_4.3.0", "none", RABBIT),
    flag("restart_streams", "hard", RABBIT),
    flag("stream_filtering", "hard", RABBIT),
    flag("stream_queue", "hard", RABBIT),
    flag("stream_sac_coordinator_unblock_group", "hard", RABBIT),
    flag("stream_single_active_consumer", "hard", RABBIT),
    flag("stream_update_config_command", "hard", RABBIT),
    flag("tie_binding_to_dest_with_keep_while_cond", "none", RABBIT),
    flag("topic_binding_projection_v4", "none", RABBIT),
    flag("topic_binding_projection_v5", "none", RABBIT),
    flag("track_qq_members_uids", "none", RABBIT),
    flag("tracking_records_in_ets", "hard", RABBIT),
    flag("user_limits", "hard", RABBIT),
    flag("virtual_host_metadata", "hard", RABBIT),
];

/// `GET /feature-flags`.
pub(in crate::management) async fn flags(ask: Ask) -> Answer {
    let items = FLAGS.iter().map(|flag| {
        let stability = match flag.require_level {
            "none" => "stable",
            _ => "required",
        };
        let object = json!({
            "name": flag.name,
            "desc": "",
            "doc_url": "",
            "state": "enabled",
            "stability": stability,
            "require_level": flag.require_level,
            "experiment_level": "supported",
            "callbacks": [],
            "provided_by": flag.provided_by,
        });
        Plain::new("", flag.name, &object)
    });
    answer_few(&ask, items.collect()).await
}

/// `PUT /feature-flags/NAME/enable`: all of them are.
pub(in crate::management) async fn enable(ask: Ask) -> Answer {
    let name = ask.name("name");
    match FLAGS.iter().any(|flag| flag.name == name) {
        true => Ok(Reply::done()),
        false => Err(Refusal::bad("unsupported")),
    }
}

/// `GET /deprecated-features`.
pub(in crate::management) async fn deprecated(ask: Ask) -> Answer {
    show_deprecated(&ask, false).await
}

/// `GET /deprecated-features/used`.
pub(in crate::management) async fn deprecated_in_use(ask: Ask) -> Answer {
    show_deprecated(&ask, true).await
}

async fn show_deprecated(ask: &Ask, only_used: bool) -> Answer {
    let features = ask.desk.deprecated_features().into_iter();
    let shown = features.filter(|feature| feature.used || !only_used);
    let items = shown.map(|feature| Plain::new("", feature.name, &feature));
    answer_few(ask, items.collect()).await
}
