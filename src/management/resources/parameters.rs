//! Parameters of vhosts, and of the whole broker.

use serde_json::{Value as Json, json};

use crate::definitions::ParameterRecord;
use crate::desk::views::Scope;
use crate::desk::{AdminError, Administration};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::lists::{MANY, Pages};
use crate::management::login::SEES_ALL_VHOSTS;
use crate::management::plain::{Plain, answer_all, answer_few};
use crate::policy::Issuer;

/// `GET /parameters`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    show_visible(&ask, || ask.desk.parameters()).await
}

/// `GET /parameters/C`.
pub(in crate::management) async fn of_component(ask: Ask) -> Answer {
    show_visible(&ask, || of(&ask)).await
}

/// `GET /parameters/C/V`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    let component = ask.name("component");
    if !is_known(component) {
        return answer_few(&ask, Vec::new()).await;
    }
    show(&ask, Scope::Vhost(ask.vhost()?), || of(&ask)).await
}

/// `GET /parameters/C/V/N`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let (vhost, name) = (ask.name("vhost"), ask.name("name"));
    let look = || {
        let mut parameters = of(&ask).into_iter();
        parameters.find(|one| one.vhost == vhost && one.name == name)
    };
    let found = ask.door.aside.read(MANY, look).await;
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Plain::new(vhost, name, &object(&found)).answer(&ask))
}

/// `PUT /parameters/C/V/N`.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["value"])?;
    let record = ParameterRecord {
        vhost: ask.name("vhost").to_owned(),
        component: ask.name("component").to_owned(),
        name: ask.name("name").to_owned(),
        value: fields.get("value").cloned().unwrap_or_default(),
    };
    let put = ask.change(|administration| administration.put_parameter(&record));
    Ok(Reply::of_change(put.await?))
}

/// `DELETE /parameters/C/V/N`.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let (vhost, component, name) = (ask.name("vhost"), ask.name("component"), ask.name("name"));
    let refused = |error| match error {
        AdminError::NoSuchVhost(_) => Refusal::not_found(),
        error => error.into(),
    };
    let delete = |administration: Administration<'_>| {
        let deleted = administration.delete_parameter(vhost, component, name);
        deleted.map_err(refused)
    };
    ask.change(delete).await?;
    Ok(Reply::done())
}

/// `GET /global-parameters`.
pub(in crate::management) async fn all_global(ask: Ask) -> Answer {
    let gather = || {
        let parameters = ask.desk.global_parameters().into_iter();
        let items = parameters.map(|one| Plain::new("", &one.name, &global(&one.name, &one.value)));
        items.collect()
    };
    answer_all(&ask, Pages::No, gather).await
}

/// `GET /global-parameters/N`.
pub(in crate::management) async fn one_global(ask: Ask) -> Answer {
    let name = ask.name("name");
    let look = || {
        let mut parameters = ask.desk.global_parameters().into_iter();
        parameters.find(|one| one.name == name)
    };
    let found = ask.door.aside.read(MANY, look).await;
    let value = found.ok_or_else(Refusal::not_found)?.value;
    Ok(Plain::new("", name, &global(name, &value)).answer(&ask))
}

/// `PUT /global-parameters/N`.
pub(in crate::management) async fn put_global(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["value"])?;
    let value = fields.get("value").cloned().unwrap_or_default();
    let name = ask.name("name");
    let put = ask.change(|administration| administration.put_global_parameter(name, value));
    Ok(Reply::of_change(put.await?))
}

/// `DELETE /global-parameters/N`.
pub(in crate::management) async fn delete_global(ask: Ask) -> Answer {
    let name = ask.name("name");
    ask.change(|administration| administration.delete_global_parameter(name))
        .await?;
    Ok(Reply::done())
}

/// The parameters of the component that the path names. Policies are a component of their own,
/// which is in no list of all.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/http/admin/parameters.http.
fn of(ask: &Ask) -> Vec<ParameterRecord> {
    let component = ask.name("component");
    if component == Issuer::User.component() {
        let policies = ask.desk.policies().into_iter();
        return policies
            .map(|policy| ParameterRecord {
                component: component.to_owned(),
                value: policy.parameter_value(),
                vhost: policy.vhost,
                name: policy.name,
            })
            .collect();
    }
    let mut parameters = ask.desk.parameters();
    parameters.retain(|parameter| parameter.component == component);
    parameters
}

/// Whether there can be parameters of this component.
fn is_known(component: &str) -> bool {
    let issuers = [Issuer::User, Issuer::Operator];
    let policies = issuers.map(Issuer::component);
    component == crate::definitions::VHOST_LIMITS || policies.contains(&component)
}

async fn show_visible(ask: &Ask, all: impl FnOnce() -> Vec<ParameterRecord> + Send) -> Answer {
    let visible = ask.visible(SEES_ALL_VHOSTS)?;
    show(ask, visible.scope(), all).await
}

async fn show(
    ask: &Ask,
    scope: Scope<'_>,
    all: impl FnOnce() -> Vec<ParameterRecord> + Send,
) -> Answer {
    let gather = || {
        let all = all().into_iter();
        let meant = all.filter(|parameter| scope.has(&parameter.vhost));
        let items = meant.map(|one| Plain::new(&one.vhost, &one.name, &object(&one)));
        items.collect()
    };
    answer_all(ask, Pages::No, gather).await
}

fn object(parameter: &ParameterRecord) -> Json {
    json!({
        "component": parameter.component,
        "name": parameter.name,
        "value": parameter.value,
        "vhost": parameter.vhost,
    })
}

fn global(name: &str, value: &Json) -> Json {
    json!({"name": name, "value": value})
}
