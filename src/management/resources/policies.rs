//! Policies, and operator policies, which bound them.

use serde_json::Value as Json;

use crate::desk::views::Scope;
use crate::desk::{AdminError, Administration};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::lists::{MANY, Pages};
use crate::management::login::SEES_ALL_VHOSTS;
use crate::management::plain::{Plain, answer_all};
use crate::policy::PolicyDefinition;

/// `GET /policies`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    show_visible(&ask, || ask.desk.policies()).await
}

/// `GET /policies/V`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    show_vhost(&ask, || ask.desk.policies()).await
}

/// `GET /policies/V/P`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    show_one(&ask, || ask.desk.policies()).await
}

/// `PUT /policies/V/P`.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let definition = definition(&ask).await?;
    let put = ask.change(|administration| administration.put_policy(&definition));
    Ok(Reply::of_change(put.await?))
}

/// `DELETE /policies/V/P`.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let (vhost, name) = (ask.name("vhost"), ask.name("name"));
    ask.change(|administration| administration.clear_policy(vhost, name).map_err(gone))
        .await?;
    Ok(Reply::done())
}

/// `GET /operator-policies`.
pub(in crate::management) async fn all_of_operators(ask: Ask) -> Answer {
    show_visible(&ask, || ask.desk.operator_policies()).await
}

/// `GET /operator-policies/V`.
pub(in crate::management) async fn of_operators(ask: Ask) -> Answer {
    show_vhost(&ask, || ask.desk.operator_policies()).await
}

/// `GET /operator-policies/V/P`.
pub(in crate::management) async fn one_of_operators(ask: Ask) -> Answer {
    show_one(&ask, || ask.desk.operator_policies()).await
}

/// `PUT /operator-policies/V/P`.
pub(in crate::management) async fn put_of_operators(ask: Ask) -> Answer {
    let definition = definition(&ask).await?;
    let put = ask.change(|administration| administration.put_operator_policy(&definition));
    Ok(Reply::of_change(put.await?))
}

/// `DELETE /operator-policies/V/P`.
pub(in crate::management) async fn delete_of_operators(ask: Ask) -> Answer {
    let (vhost, name) = (ask.name("vhost"), ask.name("name"));
    let clear = |administration: Administration<'_>| {
        administration
            .clear_operator_policy(vhost, name)
            .map_err(gone)
    };
    ask.change(clear).await?;
    Ok(Reply::done())
}

async fn definition(ask: &Ask) -> Result<PolicyDefinition, Refusal> {
    let fields = ask.fields().await?;
    fields.need(&["pattern", "definition"])?;
    let (vhost, name) = (ask.name("vhost"), ask.name("name"));
    if !ask.desk.has_vhost(vhost) {
        return Err(Refusal::missing("vhost_not_found"));
    }
    let definition = PolicyDefinition::from_item(vhost, name, fields.map());
    definition.map_err(|invalid| AdminError::from(invalid).into())
}

/// A vhost that is missing is the policy that is missing.
fn gone(error: AdminError) -> Refusal {
    match error {
        AdminError::NoSuchVhost(_) => Refusal::not_found(),
        error => error.into(),
    }
}

async fn show_visible(ask: &Ask, all: impl FnOnce() -> Vec<PolicyDefinition> + Send) -> Answer {
    let visible = ask.visible(SEES_ALL_VHOSTS)?;
    show(ask, visible.scope(), all).await
}

async fn show_vhost(ask: &Ask, all: impl FnOnce() -> Vec<PolicyDefinition> + Send) -> Answer {
    show(ask, Scope::Vhost(ask.vhost()?), all).await
}

async fn show(
    ask: &Ask,
    scope: Scope<'_>,
    all: impl FnOnce() -> Vec<PolicyDefinition> + Send,
) -> Answer {
    let gather = || {
        let policies = all().into_iter().filter(|policy| scope.has(&policy.vhost));
        let item =
            |policy: PolicyDefinition| Plain::new(&policy.vhost, &policy.name, &object(&policy));
        policies.map(item).collect()
    };
    answer_all(ask, Pages::No, gather).await
}

async fn show_one(ask: &Ask, all: impl FnOnce() -> Vec<PolicyDefinition>) -> Answer {
    let (vhost, name) = (ask.name("vhost"), ask.name("name"));
    let look = || {
        let mut policies = all().into_iter();
        policies.find(|policy| policy.vhost == vhost && policy.name == name)
    };
    let found = ask.door.aside.read(MANY, look).await;
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Plain::new(vhost, name, &object(&found)).answer(ask))
}

/// What it is as a parameter, with its place.
fn object(policy: &PolicyDefinition) -> Json {
    let mut object = policy.parameter_value();
    if let Some(fields) = object.as_object_mut() {
        fields.insert("vhost".to_owned(), policy.vhost.as_str().into());
        fields.insert("name".to_owned(), policy.name.as_str().into());
    }
    object
}
