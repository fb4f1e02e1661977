//! Limits of virtual hosts.

use serde_json::{Map, Value as Json};

use crate::desk::views::{Item, Scope};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::json::Object;
use crate::management::lists::{MANY, Pages, list};
use crate::management::login::SEES_ALL;

/// The limits of one vhost.
struct Limits {
    vhost: String,
    value: Map<String, Json>,
}

impl Item for Limits {
    fn place(&self) -> (&str, &str) {
        (&self.vhost, "")
    }
}

/// `GET /vhost-limits`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let visible = ask.visible(SEES_ALL)?;
    show(&ask, visible.scope()).await
}

/// `GET /vhost-limits/V`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    show(&ask, Scope::Vhost(ask.vhost()?)).await
}

async fn show(ask: &Ask, scope: Scope<'_>) -> Answer {
    let gather = || {
        let limits = ask.desk.limits_of_vhosts(scope).into_iter();
        let items = limits.map(|(vhost, value)| Limits { vhost, value });
        items.collect()
    };
    let write = |object: &mut Object<'_>, limits: &Limits| {
        object.set("vhost", &limits.vhost);
        object.set("value", &limits.value);
    };
    list(ask, Pages::No, MANY, gather, |_, _| None, write).await
}

/// `PUT /vhost-limits/V/NAME`.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let vhost = known(&ask)?;
    let fields = ask.fields().await?;
    fields.need(&["value"])?;
    let value = fields.get("value").unwrap_or(&Json::Null);
    let limit = ask.name("limit");
    ask.change(|administration| administration.set_vhost_limit(vhost, limit, value))
        .await?;
    Ok(Reply::done())
}

/// `DELETE /vhost-limits/V/NAME`: one that is not set is fine.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let (vhost, limit) = (known(&ask)?, ask.name("limit"));
    ask.change(|administration| administration.clear_vhost_limit(vhost, limit))
        .await?;
    Ok(Reply::done())
}

fn known(ask: &Ask) -> Result<&str, Refusal> {
    ask.vhost().map_err(|_| Refusal::missing("vhost_not_found"))
}
