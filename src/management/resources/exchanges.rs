//! Exchanges.

use std::sync::Arc;

use crate::desk::ExchangeDeclaration;
use crate::desk::views::{ExchangeRef, ExchangeSort, ExchangeView, Scope, SortKey};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::short;
use crate::management::counters::Counters;
use crate::management::json::Object;
use crate::management::lists::{Pages, list};

/// `GET /exchanges`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let visible = ask.visible(&["administrator"])?;
    show(&ask, visible.scope()).await
}

/// `GET /exchanges/V`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    show(&ask, Scope::Vhost(ask.vhost()?)).await
}

async fn show(ask: &Ask, scope: Scope<'_>) -> Answer {
    let windows = ask.windows_of_list()?;
    let desk = Arc::clone(&ask.desk);
    let many = ask.desk.how_many_exchanges(scope);
    let gather = || ask.desk.exchange_refs(scope);
    let write = move |object: &mut Object<'_>, one: &ExchangeRef| {
        write(object, &Counters::of(&desk, &one.view(), windows.as_ref()));
    };
    list(ask, Pages::Yes, many, gather, quick, write).await
}

/// Sort keys that need no view.
fn quick(exchange: &ExchangeRef, sort: &str) -> Option<SortKey> {
    Some(exchange.sort_key(match sort {
        "name" => ExchangeSort::Name,
        "vhost" => ExchangeSort::Vhost,
        "type" => ExchangeSort::Kind,
        _ => return None,
    }))
}

fn write(object: &mut Object<'_>, counters: &Counters<'_, ExchangeView>) {
    let view = counters.view();
    object.set("arguments", &view.arguments);
    object.set("auto_delete", &view.auto_delete);
    object.set("durable", &view.durable);
    object.set("internal", &view.internal);
    object.set("name", &view.name);
    object.set_some("policy", view.policy.as_ref());
    object.set("type", &view.type_name);
    object.set("user_who_performed_action", &view.declared_by);
    object.set("vhost", &view.vhost);
    counters.write_message_stats(object);
}

fn found(ask: &Ask) -> Result<ExchangeView, Refusal> {
    let found = ask
        .desk
        .exchange(ask.name("vhost"), ask.exchange("exchange"));
    found.ok_or_else(Refusal::not_found)
}

/// `GET /exchanges/V/X`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let view = found(&ask)?;
    let windows = ask.windows_if_shown()?;
    Ok(ask.object(|object| {
        write(object, &Counters::of(&ask.desk, &view, windows.as_ref()));
        if windows.is_none() {
            return;
        }
        object.array("incoming", [(); 0], |_, ()| ());
        object.array("outgoing", [(); 0], |_, ()| ());
    }))
}

/// `PUT /exchanges/V/X`: 201 for a new one, 204 for one that was there.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let actor = ask.actor()?;
    let is_new = found(&ask).is_err();
    let fields = ask.fields().await?;
    let type_name = fields.text("type")?;
    let type_name = type_name.as_deref().unwrap_or("direct");
    let declaration = ExchangeDeclaration {
        name: short(ask.exchange("exchange"))?,
        type_name: short(type_name)?,
        durable: fields.flag("durable")?.unwrap_or_default(),
        auto_delete: fields.flag("auto_delete")?.unwrap_or_default(),
        internal: fields.flag("internal")?.unwrap_or_default(),
        arguments: fields.arguments()?,
    };
    ask.done(|_| actor.declare_exchange(declaration)).await?;
    Ok(match is_new {
        true => Reply::created(),
        false => Reply::done(),
    })
}

/// `DELETE /exchanges/V/X`, with `if-unused`.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    found(&ask)?;
    let if_unused = ask.query.is_true("if-unused");
    let (actor, name) = (ask.actor()?, ask.exchange("exchange"));
    ask.done(|_| actor.delete_exchange(name, if_unused)).await?;
    Ok(Reply::done())
}
