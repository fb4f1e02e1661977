//! What would happen, and which rule says so.

use std::sync::Arc;

use crate::auth::{Operation, Resource, User};
use crate::desk::NotAllowed;
use crate::desk::explain::{PermissionQuestion, PolicyMatch};
use crate::limits::HTTP_ITEMS_HERE;
use crate::management::answer::{Answer, Refusal};
use crate::management::ask::Ask;
use crate::management::json::Object;
use crate::policy::{Issuer, PolicyDefinition};

/// The tag of users who may ask what happens to others.
const ADMINISTRATOR: &str = "administrator";

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
    let definition = definition.map_err(crate::desk::AdminError::from)?;
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

/// The user whom a question is about: the one who asks, if it names no other.
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
