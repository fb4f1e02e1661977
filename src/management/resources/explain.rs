//! What would happen, and which rule says so.

use std::sync::Arc;

use leveret_codec::properties::PropertiesRef;

use crate::auth::{Operation, Resource, User};
use crate::desk::explain::{
    Hop, HopExchange, HopQueue, PermissionQuestion, PolicyMatch, PublishExplained, PublishQuestion,
};
use crate::desk::{AdminError, Caller, Desk, NotAllowed};
use crate::events::{Author, DeathReason};
use crate::limits::HTTP_ITEMS_HERE;
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::{Fields, short};
use crate::management::json::Object;
use crate::management::resources::bindings;
use crate::management::resources::messages::{octets, properties};
use crate::policy::{Issuer, PolicyDefinition};

/// The tag of users who may ask what happens to others.
const ADMINISTRATOR: &str = "administrator";

/// `POST /leveret/explain/publish/V/X`.
pub(in crate::management) async fn publish(ask: Ask) -> Answer {
    let vhost = ask.vhost()?;
    let exchange = short(ask.exchange("exchange"))?;
    let fields = ask.fields().await?;
    let user = meant(&ask, fields.text("user")?.as_deref())?;
    let key = fields.short("routing_key")?;
    let properties = match fields.get("properties") {
        Some(given) => properties(given)?,
        None => Vec::new(),
    };
    let actor = match &ask.caller {
        Some(Caller::Tools(tools)) if tools.name() == user.name() => ask.actor()?,
        _ => match ask.desk.actor(&user, vhost, Author::broker()) {
            Ok(actor) => actor,
            Err(_) => {
                let explained = Desk::explain_no_entry(user.name(), vhost);
                return Ok(answer_publish(&ask, &user, &explained));
            }
        },
    };
    let question = PublishQuestion {
        exchange: octets(&exchange),
        routing_key: octets(&key),
        properties: match properties.is_empty() {
            true => PropertiesRef::EMPTY,
            false => PropertiesRef::new(&properties),
        },
        body_len: body_len(&fields)?,
    };
    let explain = || actor.explain_publish(ask.desk.now(), question);
    let explained = ask.door.aside.read(HTTP_ITEMS_HERE + 1, explain).await;
    Ok(answer_publish(&ask, &user, &explained))
}

/// Octets of a body that is not there.
fn body_len(fields: &Fields) -> Result<usize, Refusal> {
    let Some(value) = fields.get("payload_bytes") else {
        return Ok(0);
    };
    let whole = value.as_u64().and_then(|whole| usize::try_from(whole).ok());
    whole.ok_or_else(|| Refusal::bad("payload_bytes: expected a whole number from 0"))
}

fn answer_publish(ask: &Ask, user: &User, explained: &PublishExplained) -> Reply {
    ask.object(|object| {
        object.set("outcome", explained.outcome.word());
        object.set("why", &explained.why);
        object.set("user", user.name());
        match &explained.refusal {
            Some((code, reason)) => object.object("refusal", |object| {
                object.set("code", code);
                object.set("reason", reason);
            }),
            None => object.set("refusal", &()),
        }
        object.set("cut", &explained.is_cut);
        object.array("hops", &explained.hops, hop);
    })
}

fn hop(object: &mut Object<'_>, hop: &Hop) {
    let died = hop.died.as_ref();
    object.set("exchange", &hop.exchange);
    object.set("routing_keys", &hop.routing_keys);
    object.set("outcome", hop.outcome.word());
    object.set("queue", &died.map(|(queue, _)| queue));
    object.set("reason", &died.map(|(_, reason)| reason.as_str()));
    object.set("after_ms", &hop.after_ms);
    object.array("exchanges", &hop.exchanges, hop_exchange);
    object.array("queues", &hop.queues, hop_queue);
}

fn hop_exchange(object: &mut Object<'_>, exchange: &HopExchange) {
    object.set("name", &exchange.name);
    object.set("type", &exchange.type_name);
    object.set("exists", &exchange.type_name.is_some());
    object.set("via", exchange.via);
    object.set("from", &exchange.from);
    object.set("delay_ms", &exchange.delay_ms);
    object.set("why", &exchange.why);
    object.array("bindings", &exchange.bindings, bindings::write);
}

fn hop_queue(object: &mut Object<'_>, queue: &HopQueue) {
    object.set("name", &queue.name);
    object.set("type", queue.type_name);
    object.set("fate", queue.fate);
    object.set("why", &queue.why);
    object.set("expires_in", &queue.expires_in_ms);
    object.set("drops_head", &queue.drops_head);
    match &queue.dead_letter {
        Some(to) => object.object("dead_letter", |object| {
            object.set("exchange", &to.exchange);
            object.set("routing_key", &to.routing_key);
            object.set("reason", &to.reason.map(DeathReason::as_str));
            object.set("hop", &to.hop);
        }),
        None => object.set("dead_letter", &()),
    }
}

/// `GET /leveret/explain/permission/V`.
pub(in crate::management) async fn permission(ask: Ask) -> Answer {
    let vhost = ask.vhost()?;
    let user = meant(&ask, ask.query.get("user"))?;
    let name = ask.query.get("name").unwrap_or_default();
    let resource = match ask.query.get("resource") {
        Some("queue") => Resource::Queue(name),
        Some("exchange") if name == "amq.default" => Resource::Exchange(b""),
        Some("exchange") => Resource::Exchange(name.as_bytes()),
        _ => return Err(Refusal::bad("resource: expected queue or exchange")),
    };
    let operation = match ask.query.get("permission") {
        Some("configure") => Operation::Configure,
        Some("write") => Operation::Write,
        Some("read") => Operation::Read,
        _ => {
            let reason = "permission: expected configure, write or read";
            return Err(Refusal::bad(reason));
        }
    };
    let question = PermissionQuestion {
        vhost,
        operation,
        resource,
        routing_key: ask.query.get("routing_key"),
    };
    let permitted = ask.desk.explain_permission(&user, question);
    let permitted = permitted.ok_or_else(Refusal::not_found)?;
    Ok(ask.object(|object| {
        object.set("user", user.name());
        object.set("vhost", vhost);
        object.set("resource", &ask.query.get("resource"));
        object.set("name", name);
        object.set("permission", operation.name());
        object.set("routing_key", &question.routing_key);
        object.set("allowed", &permitted.is_allowed());
        object.set("why", permitted.why());
        object.set("refusal", &permitted.refusal);
        object.array("rules", &permitted.rules, |object, rule| {
            object.set("rule", rule.kind.word());
            object.set("allowed", &rule.allowed);
            object.set("pattern", &rule.pattern);
            object.set("why", &rule.why);
        });
    }))
}

/// `POST /leveret/explain/policy/V`.
pub(in crate::management) async fn policy(ask: Ask) -> Answer {
    let vhost = ask.vhost()?;
    let fields = ask.fields().await?;
    fields.need(&["name", "pattern", "definition"])?;
    let name = fields.text("name")?.unwrap_or_default();
    let issuer = match fields.flag("operator")? {
        Some(true) if !ask.user()?.has_tag(ADMINISTRATOR) => {
            return Err(NotAllowed::NotAdministrator.into());
        }
        Some(true) => Issuer::Operator,
        _ => Issuer::User,
    };
    let definition = PolicyDefinition::from_item(vhost, &name, fields.map());
    let definition = definition.map_err(AdminError::from)?;
    let foresee = || ask.desk.preview_policy(issuer, &definition);
    let preview = ask.door.aside.read(HTTP_ITEMS_HERE + 1, foresee).await?;
    Ok(ask.object(|object| {
        object.array("matches", &preview.matches, policy_match);
        object.set("matched", &preview.matched);
        object.set("changed", &preview.changed);
        object.set("seen", &preview.seen);
        object.set("cut", &preview.is_cut);
    }))
}

fn policy_match(object: &mut Object<'_>, found: &PolicyMatch) {
    object.set("name", &found.name);
    object.set("kind", found.kind);
    object.set("type", &found.type_name);
    let policy = found.policy.as_ref();
    object.set("policy", &policy.map(|(name, _)| name));
    object.set("priority", &policy.map(|(_, priority)| priority));
    object.set("wins", &found.change.wins());
    object.set("change", found.change.word());
    object.set("why", &found.why);
    object.set("definition", &found.definition);
    object.set("definition_then", &found.definition_then);
}

/// The user that a question is about; the caller, if the question names no user.
///
/// # Errors
/// 401 for another one, unless an administrator asks; 404 for one that there is not.
fn meant(ask: &Ask, name: Option<&str>) -> Result<Arc<User>, Refusal> {
    let asker = ask.user()?;
    match name {
        None => Ok(Arc::clone(asker)),
        Some(name) if name == asker.name() => Ok(Arc::clone(asker)),
        Some(_) if !asker.has_tag(ADMINISTRATOR) => Err(NotAllowed::NotAdministrator.into()),
        Some(name) => ask.desk.user(name).ok_or_else(Refusal::not_found),
    }
}
