//! Connections: seen, and closed.

use std::sync::Arc;

use super::garbage;
use crate::desk::NotAllowed;
use crate::desk::rates::{Counted, Windows};
use crate::desk::session::Encryption;
use crate::desk::views::{ConnectionSort, ConnectionView, Scope, SessionRef, SortKey};
use crate::ids::ConnectionId;
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::counters::Counters;
use crate::management::json::Object;
use crate::management::lists::{Pages, list};

/// What a client is told without `X-Reason`. Seen: RabbitMQ 4.3.6.
const REASON: &str = "Closed via management plugin";

/// `GET /connections`: all, or those of the user who asks.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    let windows = ask.windows_if_shown()?;
    show(&ask, Pages::Yes, Scope::All, windows).await
}

/// `GET /vhosts/V/connections`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    let scope = Scope::Vhost(ask.vhost()?);
    // Seen: RabbitMQ 4.3.6: whether figures are to be shown or not.
    let windows = Some(ask.windows()?);
    // Seen: RabbitMQ 4.3.6: all of them, whatever page is asked for.
    show(&ask, Pages::No, scope, windows).await
}

async fn show(ask: &Ask, pages: Pages, scope: Scope<'_>, windows: Option<Windows>) -> Answer {
    let (desk, node) = (Arc::clone(&ask.desk), ask.door.node.name.clone());
    let only = only(ask)?;
    let many = ask.desk.how_many_connections();
    let gather = || ask.desk.session_refs(scope, only);
    let write = move |object: &mut Object<'_>, one: &SessionRef| {
        let view = desk.view_of_session(one);
        let counters = Counters::of(&desk, &view, windows.as_ref());
        write(object, &counters, &node, Tls::Null);
    };
    list(ask, pages, many, gather, quick, write).await
}

/// The only user whose connections this request may show; `None` if it may show all.
pub(super) fn only(ask: &Ask) -> Result<Option<&str>, Refusal> {
    let user = ask.user()?;
    Ok((!ask.sees_all()?).then(|| user.name()))
}

/// Sort keys that need no view.
fn quick(connection: &SessionRef, sort: &str) -> Option<SortKey> {
    Some(connection.sort_key(match sort {
        "name" => ConnectionSort::Name,
        "user" => ConnectionSort::User,
        "vhost" => ConnectionSort::Vhost,
        "channels" => ConnectionSort::Channels,
        "recv_oct" => ConnectionSort::Read,
        "send_oct" => ConnectionSort::Written,
        "connected_at" => ConnectionSort::ConnectedAt,
        _ => return None,
    }))
}

/// `GET /connections/C`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let view = own(&ask)?;
    let windows = ask.windows_if_shown()?;
    Ok(ask.object(|object| {
        let counters = Counters::of(&ask.desk, &view, windows.as_ref());
        write(object, &counters, &ask.door.node.name, Tls::Empty);
    }))
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
    let (desk, node) = (Arc::clone(&ask.desk), ask.door.node.name.clone());
    let many = ask.desk.how_many_connections();
    let theirs = Some(ask.name("user"));
    let gather = || ask.desk.session_refs(Scope::All, theirs);
    let write = move |object: &mut Object<'_>, one: &SessionRef| {
        let view = desk.view_of_session(one);
        object.set("name", &view.name);
        object.set("node", &node);
        object.set("user", &view.user);
        object.set("vhost", &view.vhost);
    };
    list(&ask, Pages::Yes, many, gather, quick, write).await
}

/// `DELETE /connections/username/U`: all of them; none is fine.
pub(in crate::management) async fn close_of_user(ask: Ask) -> Answer {
    let administration = ask.administration()?;
    let many = ask.desk.how_many_connections();
    let close = || administration.close_connections_of(ask.name("user"), ask.reason(REASON));
    ask.door.aside.read(many, close).await?;
    Ok(Reply::done())
}

/// What the keys about TLS are without TLS, or without a certificate of the client.
///
/// Seen: RabbitMQ 4.3.6: null in lists, empty elsewhere.
#[derive(Clone, Copy)]
enum Tls {
    Null,
    Empty,
}

fn write(object: &mut Object<'_>, counters: &Counters<'_, ConnectionView>, node: &str, tls: Tls) {
    let view = counters.view();
    object.set("name", &view.name);
    object.set("node", node);
    object.set_some("user_provided_name", view.client_name.as_ref());
    object.set("user", &view.user);
    object.set("user_who_performed_action", &view.user);
    object.set("vhost", &view.vhost);
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
    object.set("client_properties", &view.client_properties);
    object.set("ssl", &view.encryption.is_some());
    for (key, value) in Encryption::fields(view.encryption.as_ref()) {
        match (value, tls) {
            (Some(value), _) => object.set(key, value),
            (None, Tls::Null) => object.set(key, &()),
            (None, Tls::Empty) => object.set(key, ""),
        }
    }
    if counters.are_shown() {
        object.set("state", &view.state);
        object.set("channels", &view.channels);
        counters.write_named(object, &["recv_oct", "send_oct"]);
        object.set("recv_cnt", &view.read_frames);
        object.set("send_cnt", &view.written_frames);
        object.set("send_pend", &0);
        process(object, counters);
    }
}

/// What RabbitMQ says of an Erlang process, which nothing here is.
pub(super) fn process<T: Counted>(object: &mut Object<'_>, counters: &Counters<'_, T>) {
    counters.write_none(object, "reductions", counters.windows().data);
    garbage::write(object);
}
