//! Quorum queues and the nodes that they have members on, of which there is this one alone.
//!
//! Seen: RabbitMQ 4.3.6, tests/scripts/http/objects/quorum.http.

use serde_json::{Value as Json, json};

use crate::desk::views::QueueView;
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::Fields;
use crate::management::plain::{Plain, answer_few};

/// The version of the machine that RabbitMQ 4.3 runs a quorum queue with.
const MACHINE_VERSION: u64 = 8;

/// Which nodes `grow` takes quorum queues from.
const STRATEGIES: [&str; 2] = ["all", "even"];

/// What a queue is that must be a quorum queue.
enum Lookup {
    Quorum(Box<QueueView>),
    /// RabbitMQ's word for why it is none.
    Other(&'static str),
    Missing,
}

fn find(ask: &Ask) -> Lookup {
    match ask.desk.queue(ask.name("vhost"), ask.name("queue")) {
        None => Lookup::Missing,
        Some(view) => match view.kind {
            "quorum" => Lookup::Quorum(Box::new(view)),
            "classic" => Lookup::Other("classic_queue_not_supported"),
            _ => Lookup::Other("not_quorum_queue"),
        },
    }
}

/// `GET /queues/quorum/V/Q/status`.
pub(in crate::management) async fn status(ask: Ask) -> Answer {
    let view = match find(&ask) {
        Lookup::Quorum(view) => view,
        Lookup::Other(why) => return Err(Refusal::unhealthy(why, &json!({}))),
        Lookup::Missing => return Err(Refusal::not_found()),
    };
    // Each message that comes and each that is settled is an entry of a quorum queue's log.
    let stats = &view.stats;
    let settled = stats.acked + stats.delivered_no_ack + stats.got_no_ack;
    let entries = stats.published + settled;
    let member = json!({
        "Node Name": &ask.door.node.name,
        "Raft State": "leader",
        "Membership": "voter",
        "Last Log Index": entries,
        "Last Written": entries,
        "Last Applied": entries,
        "Commit Index": entries,
        "Snapshot Index": -1,
        "Term": 1,
        "Machine Version": MACHINE_VERSION,
    });
    let name = ask.door.node.name.clone();
    answer_few(&ask, vec![Plain::new("", &name, &member)]).await
}

/// `POST /queues/quorum/V/Q/replicas/add`: the one node has a member already.
pub(in crate::management) async fn add(ask: Ask) -> Answer {
    known_node(&ask, &ask.fields().await?)?;
    match find(&ask) {
        Lookup::Quorum(_) => Ok(Reply::done()),
        Lookup::Other(why) => Err(Refusal::unavailable(why)),
        Lookup::Missing => Err(Refusal::unavailable("not_found")),
    }
}

/// `DELETE /queues/quorum/V/Q/replicas/delete`: a queue keeps its last member.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let found = find(&ask);
    if matches!(found, Lookup::Missing) {
        return Err(Refusal::not_found());
    }
    known_node(&ask, &ask.fields().await?)?;
    Err(Refusal::unavailable(match found {
        Lookup::Other(why) => why,
        Lookup::Quorum(_) | Lookup::Missing => "last_node",
    }))
}

/// `POST /queues/quorum/replicas/on/N/grow`: every quorum queue has a member there already.
///
/// Seen: RabbitMQ 4.3.6: 500 for an unknown node and for a strategy that is no text.
pub(in crate::management) async fn grow(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    if ask.name("node") != ask.door.node.name {
        return Err(not_a_member());
    }
    fields.need(&["vhost_pattern", "queue_pattern", "strategy"])?;
    let strategy = fields.get("strategy").and_then(Json::as_str);
    match strategy.is_some_and(|strategy| STRATEGIES.contains(&strategy)) {
        true => Ok(Reply::done()),
        false => Err(Refusal::bad("Invalid strategy value")),
    }
}

/// `DELETE /queues/quorum/replicas/on/N/shrink`: members that are the last ones stay.
pub(in crate::management) async fn shrink(ask: Ask) -> Answer {
    match ask.name("node") == ask.door.node.name {
        true => Ok(Reply::accepted()),
        false => Err(Refusal::not_found()),
    }
}

fn known_node(ask: &Ask, fields: &Fields) -> Result<(), Refusal> {
    fields.need(&["node"])?;
    match fields.text("node")?.as_deref() == Some(&*ask.door.node.name) {
        true => Ok(()),
        false => Err(not_a_member()),
    }
}

fn not_a_member() -> Refusal {
    Refusal::bad("Node is not a cluster member")
}
