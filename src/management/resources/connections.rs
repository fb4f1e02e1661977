//! Connections: seen, and closed.

use serde_json::json;

use crate::desk::views::{ConnectionView, Listing, Scope, SortKey};
use crate::desk::{AdminError, NotAllowed};
use crate::ids::ConnectionId;
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::json::Object;
use crate::management::lists::{Pages, list};
use crate::management::plain::{Plain, answer_all};
/// What a client is told without `X-Reason`. Seen: RabbitMQ 4.3.6.
const REASON: &str = "Closed via management plugin";

/// `GET /connections`: all, or those of the user who asks.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    show(&ask, Scope::All)
}

/// `GET /vhosts/V/connections`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    show(&ask, Scope::Vhost(ask.vhost()?))
}

fn show(ask: &Ask, scope: Scope<'_>) -> Answer {
    let items = seen(ask, scope)?;
    let node = ask.door.node.name.clone();
    list(ask, Pages::Yes, items, quick, move |object, view| {
        write(object, view, &node, Tls::Null);
    })
}

/// The connections that the user may see.
pub(super) fn seen(ask: &Ask, scope: Scope<'_>) -> Result<Vec<ConnectionView>, Refusal> {
    let user = ask.user()?;
    let only = (!ask.sees_all()?).then(|| user.name());
    Ok(ask
        .desk
        .connections(scope, only, &Listing::default())?
        .items)
}

fn quick(view: &ConnectionView, sort: &str) -> Option<SortKey> {
    Some(match sort {
        "name" => SortKey::Text(view.name.clone()),
        "user" => SortKey::Text(view.user.clone()),
        "vhost" => SortKey::Text(view.vhost.clone()),
        "recv_oct" => view.read_bytes.into(),
        "send_oct" => view.written_bytes.into(),
        "connected_at" => view.connected_at_ms.into(),
        _ => return None,
    })
}

/// `GET /connections/C`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let view = own(&ask)?;
    Ok(ask.object(|object| write(object, &view, &ask.door.node.name, Tls::Empty)))
}

/// The connection of the path, if the user may see it.
pub(super) fn own(ask: &Ask) -> Result<ConnectionView, Refusal> {
    let view = ask.desk.connection(ask.name("connection"));
    let view = view.ok_or_else(Refusal::not_found)?;
    match ask.sees_all()? || view.user == ask.user()?.name() {
        true => Ok(view),
        false => Err(NotAllowed::Object.into()),
    }
}

/// `GET /connections/C/sessions`: only AMQP 1.0 has them.
pub(in crate::management) async fn sessions(ask: Ask) -> Answer {
    own(&ask)?;
    Err(Refusal::bad("connection does not use AMQP 1.0"))
}

/// `DELETE /connections/C`, with the reason in `X-Reason`.
pub(in crate::management) async fn close(ask: Ask) -> Answer {
    let view = ask.desk.connection(ask.name("connection"));
    let view = view.ok_or_else(Refusal::not_found)?;
    let administration = ask.administration()?;
    administration.close_connection(ConnectionId(view.id), ask.reason(REASON))?;
    Ok(Reply::done())
}

/// `GET /connections/username/U`.
pub(in crate::management) async fn of_user(ask: Ask) -> Answer {
    let mut views = seen(&ask, Scope::All)?;
    views.retain(|view| view.user == ask.name("user"));
    let items = views.iter().map(|view| {
        let object = json!({
            "name": view.name,
            "node": ask.door.node.name,
            "user": view.user,
            "vhost": view.vhost,
        });
        Plain::new("", &view.name, &object)
    });
    answer_all(&ask, Pages::No, items.collect())
}

/// `DELETE /connections/username/U`: all of them; none is fine.
pub(in crate::management) async fn close_of_user(ask: Ask) -> Answer {
    let administration = ask.administration()?;
    for view in seen(&ask, Scope::All)? {
        if view.user == ask.name("user") {
            let id = ConnectionId(view.id);
            match administration.close_connection(id, ask.reason(REASON)) {
                // Gone in the meantime.
                Ok(()) | Err(AdminError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Reply::done())
}

/// What the keys about TLS are without TLS. Seen: RabbitMQ 4.3.6: null in lists, empty elsewhere.
#[derive(Clone, Copy)]
enum Tls {
    Null,
    Empty,
}

/// Keys about TLS.
const TLS_KEYS: &[&str] = &[
    "peer_cert_issuer",
    "peer_cert_serial_number",
    "peer_cert_subject",
    "peer_cert_validity",
    "ssl_cipher",
    "ssl_hash",
    "ssl_key_exchange",
    "ssl_protocol",
];

fn write(object: &mut Object<'_>, view: &ConnectionView, node: &str, tls: Tls) {
    object.set("name", &view.name);
    object.set("node", node);
    object.set_some("user_provided_name", view.client_name.as_ref());
    object.set("user", &view.user);
    object.set("user_who_performed_action", &view.user);
    object.set("vhost", &view.vhost);
    object.set("state", &view.state);
    object.set("type", "network");
    object.set("protocol", view.protocol);
    object.set("auth_mechanism", &view.auth_mechanism);
    object.set("host", &view.host);
    object.set("port", &view.port);
    object.set("peer_host", &view.peer_host);
    object.set("peer_port", &view.peer_port);
    object.set("connected_at", &view.connected_at_ms);
    object.set("channel_max", &view.channel_max);
    object.set("frame_max", &view.frame_max_bytes);
    object.set("timeout", &view.heartbeat_s);
    object.set("channels", &view.channels);
    object.set("client_properties", &view.client_properties);
    object.counter("recv_oct", view.read_bytes, 0.0);
    object.set("recv_cnt", &view.read_frames);
    object.counter("send_oct", view.written_bytes, 0.0);
    object.set("send_cnt", &view.written_frames);
    object.set("send_pend", &0);
    object.set("ssl", &false);
    for key in TLS_KEYS {
        match tls {
            Tls::Null => object.set(key, &()),
            Tls::Empty => object.set(key, ""),
        }
    }
    process(object);
}

/// What RabbitMQ says of an Erlang process, which nothing here is.
pub(super) fn process(object: &mut Object<'_>) {
    object.counter("reductions", 0, 0.0);
    object.object("garbage_collection", |gc| {
        for key in [
            "fullsweep_after",
            "max_heap_size",
            "min_bin_vheap_size",
            "min_heap_size",
            "minor_gcs",
        ] {
            gc.set(key, &0);
        }
    });
}
