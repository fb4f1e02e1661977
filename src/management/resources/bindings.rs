//! Bindings, and the keys by which they are found.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::desk::views::{BindingFilter, BindingView, PlainTable, Scope};
use crate::desk::{BindingRequest, DestinationName};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::short;
use crate::management::json::Object;
use crate::management::lists::{Pages, list};

/// `GET /bindings`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let visible = ask.visible(&["administrator"])?;
    show(&ask, visible.scope(), &BindingFilter::All).await
}

/// `GET /bindings/V`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    show(&ask, Scope::Vhost(ask.vhost()?), &BindingFilter::All).await
}

/// `GET /exchanges/V/X/bindings/source`: those from it.
pub(in crate::management) async fn from_exchange(ask: Ask) -> Answer {
    let source = ask.exchange("exchange");
    let scope = Scope::Vhost(ask.name("vhost"));
    show(&ask, scope, &BindingFilter::From(source)).await
}

/// `GET /exchanges/V/X/bindings/destination`: those to it.
pub(in crate::management) async fn to_exchange(ask: Ask) -> Answer {
    let exchange = DestinationName::Exchange(short(ask.exchange("exchange"))?);
    let scope = Scope::Vhost(ask.name("vhost"));
    show(&ask, scope, &BindingFilter::To(&exchange)).await
}

/// `GET /queues/V/Q/bindings`. One that is missing has its implicit binding all the same.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/http/objects/bindings.http.
pub(in crate::management) async fn to_queue(ask: Ask) -> Answer {
    let (vhost, name) = (ask.name("vhost"), ask.name("queue"));
    let queue = DestinationName::Queue(short(name)?);
    let scope = Scope::Vhost(vhost);
    let gather = || {
        let mut views = ask.desk.bindings(scope, &BindingFilter::To(&queue));
        if views.is_empty() && ask.desk.has_vhost(vhost) {
            views.push(BindingView {
                source: String::new(),
                vhost: vhost.to_owned(),
                destination: name.to_owned(),
                destination_type: "queue",
                routing_key: name.to_owned(),
                arguments: PlainTable::default(),
            });
        }
        views
    };
    let many = ask.desk.how_many_bindings(scope);
    list(&ask, Pages::No, many, gather, |_, _| None, write).await
}

/// `GET /bindings/V/e/X/q/Q` and `…/e/X/e/Y`.
pub(in crate::management) async fn between(ask: Ask) -> Answer {
    let destination = destination(&ask)?;
    let filter = BindingFilter::Between(ask.exchange("source"), &destination);
    show(&ask, Scope::Vhost(ask.vhost()?), &filter).await
}

async fn show(ask: &Ask, scope: Scope<'_>, filter: &BindingFilter<'_>) -> Answer {
    let many = ask.desk.how_many_bindings(scope);
    let gather = || ask.desk.bindings(scope, filter);
    list(ask, Pages::No, many, gather, |_, _| None, write).await
}

/// What the path binds.
fn destination(ask: &Ask) -> Result<DestinationName, Refusal> {
    Ok(match ask.name("queue") {
        "" => DestinationName::Exchange(short(ask.exchange("destination"))?),
        queue => DestinationName::Queue(short(queue)?),
    })
}

pub(super) fn write(object: &mut Object<'_>, view: &BindingView) {
    object.set("source", &view.source);
    object.set("vhost", &view.vhost);
    object.set("destination", &view.destination);
    object.set("destination_type", view.destination_type);
    object.set("routing_key", &view.routing_key);
    object.set("arguments", &view.arguments);
    object.set("properties_key", &properties_key(view));
}

/// What finds a binding among those between its ends: the routing key, and six characters for the
/// arguments if there are any.
///
/// Seen: RabbitMQ 4.3.6; how it makes the six characters is Erlang's business, and clients hand
/// them back as they got them.
fn properties_key(view: &BindingView) -> String {
    let key = quoted(&view.routing_key, true);
    if view.arguments.0.is_empty() {
        return if key.is_empty() { "~".to_owned() } else { key };
    }
    let text = serde_json::to_vec(&view.arguments).unwrap_or_default();
    let hash = URL_SAFE_NO_PAD.encode(crc32c::crc32c(&text).to_be_bytes());
    format!("{key}~{hash}")
}

/// A text as it stands in a path. `as_form`: with `+` for a blank, and the tilde escaped.
fn quoted(text: &str, as_form: bool) -> String {
    let mut quoted = String::with_capacity(text.len());
    for octet in text.bytes() {
        match octet {
            b' ' if as_form => quoted.push('+'),
            b'~' if !as_form => quoted.push('~'),
            b'-' | b'.' | b'_' => quoted.push(char::from(octet)),
            _ if octet.is_ascii_alphanumeric() => quoted.push(char::from(octet)),
            // Writing to a String cannot fail.
            _ => write!(quoted, "%{octet:02X}").unwrap_or_default(),
        }
    }
    quoted
}

/// `POST /bindings/V/e/X/q/Q` and `…/e/X/e/Y`: one that is there already is fine.
pub(in crate::management) async fn post(ask: Ask) -> Answer {
    let actor = ask.actor()?;
    let fields = ask.fields().await?;
    let request = BindingRequest {
        source: short(ask.exchange("source"))?,
        destination: destination(&ask)?,
        key: fields.short("routing_key")?,
        arguments: fields.arguments()?,
    };
    let (name, destination_type) = match &request.destination {
        DestinationName::Queue(name) => (name.to_string(), "queue"),
        DestinationName::Exchange(name) => (name.to_string(), "exchange"),
    };
    let made = BindingView {
        source: request.source.to_string(),
        vhost: ask.name("vhost").to_owned(),
        destination: name,
        destination_type,
        routing_key: request.key.to_string(),
        arguments: PlainTable(request.arguments.clone()),
    };
    ask.done(|now| actor.bind(now, request)).await?;
    let (name, key) = (quoted(&made.destination, false), properties_key(&made));
    Ok(Reply::created_at(&format!(
        "{name}/{}",
        quoted(&key, false)
    )))
}

/// The binding of the path.
async fn found(ask: &Ask) -> Result<BindingView, Refusal> {
    let destination = destination(ask)?;
    let filter = BindingFilter::Between(ask.exchange("source"), &destination);
    let scope = Scope::Vhost(ask.name("vhost"));
    let many = ask.desk.how_many_bindings(scope);
    let look = || {
        let mut views = ask.desk.bindings(scope, &filter).into_iter();
        views.find(|view| properties_key(view) == ask.name("properties"))
    };
    let found = ask.door.aside.read(many, look).await;
    found.ok_or_else(Refusal::not_found)
}

/// `GET /bindings/V/e/X/q/Q/PROPS` and `…/e/X/e/Y/PROPS`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let view = found(&ask).await?;
    Ok(ask.object(|object| write(object, &view)))
}

/// `DELETE /bindings/V/e/X/q/Q/PROPS` and `…/e/X/e/Y/PROPS`.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let view = found(&ask).await?;
    let request = BindingRequest {
        source: short(&view.source)?,
        destination: destination(&ask)?,
        key: short(&view.routing_key)?,
        arguments: view.arguments.0,
    };
    let actor = ask.actor()?;
    ask.done(|_| actor.unbind(request)).await?;
    Ok(Reply::done())
}

#[cfg(test)]
mod tests;
