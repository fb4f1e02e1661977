//! The cluster's name, and what belongs to logins: a login by form, attempts, hashes of passwords.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::nodes::known;
use crate::auth::{Door, PasswordHash};
use crate::desk::Administration;
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::login;
use crate::management::plain::{Plain, answer_few};
use crate::management::route::Needs;

/// `GET /cluster-name`.
pub(in crate::management) async fn name(ask: Ask) -> Answer {
    Ok(ask.object(|object| object.set("name", &ask.desk.cluster_name())))
}

/// `PUT /cluster-name`: a global parameter from then on.
pub(in crate::management) async fn put_name(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["name"])?;
    let name = fields.text("name")?.unwrap_or_default();
    let put = |administration: Administration<'_>| {
        administration.put_global_parameter("cluster_name", name.into())
    };
    ask.change(put).await?;
    Ok(Reply::done())
}

/// `POST /login`: the form of a page, with `username` and `password`.
pub(in crate::management) async fn log_in(ask: Ask) -> Answer {
    let field = |wanted: &str| {
        let mut pairs = form_urlencoded::parse(&ask.body);
        let found = pairs.find(|(name, _)| name == wanted);
        found
            .map(|(_, value)| value.into_owned())
            .unwrap_or_default()
    };
    let (name, password) = (field("username"), field("password"));
    let user = login::check(&ask.desk, &name, password.as_bytes(), ask.peer)?;
    login::may(&ask.desk, &user, Needs::Management, None, None)?;
    Ok(ask.object(|object| {
        object.object("user", |one| {
            one.set("name", user.name());
            one.set("tags", user.tags());
            one.set("is_internal_user", &true);
        });
        object.object("token", |token| {
            token.set("type", "basic");
            token.set("value", &STANDARD.encode(format!("{name}:{password}")));
        });
    }))
}

/// `DELETE /login`: there is no session to end.
pub(in crate::management) async fn log_out(_ask: Ask) -> Answer {
    Ok(Reply::done())
}

/// `GET /auth/attempts/N`.
pub(in crate::management) async fn attempts(ask: Ask) -> Answer {
    known(&ask)?;
    let doors = [("http", Door::Http), ("amqp091", Door::Amqp)];
    let counted = doors.map(|(protocol, door)| (protocol, ask.desk.attempts(door)));
    let tried = counted.iter().filter(|(_, (good, bad))| good + bad > 0);
    let items = tried.map(|(protocol, (succeeded, failed))| {
        let object = json!({
            "protocol": protocol,
            "auth_attempts": succeeded + failed,
            "auth_attempts_failed": failed,
            "auth_attempts_succeeded": succeeded,
        });
        Plain::new("", protocol, &object)
    });
    answer_few(&ask, items.collect()).await
}

/// `GET /auth/attempts/N/source`: sources are not told apart, as in RabbitMQ by default.
pub(in crate::management) async fn attempts_by_source(ask: Ask) -> Answer {
    known(&ask)?;
    answer_few(&ask, Vec::new()).await
}

/// `DELETE /auth/attempts/N`: counts from 0 again.
pub(in crate::management) async fn forget_attempts(ask: Ask) -> Answer {
    known(&ask)?;
    ask.desk.forget_attempts();
    Ok(Reply::done())
}

/// `DELETE /auth/attempts/N/source`.
pub(in crate::management) async fn forget_sources(ask: Ask) -> Answer {
    known(&ask)?;
    Ok(Reply::done())
}

/// `GET /auth/hash_password/PW`: what `password_hash` would be, with a new salt each time.
pub(in crate::management) async fn hash_password(ask: Ask) -> Answer {
    let hash = PasswordHash::create(ask.desk.hashing(), ask.name("password").as_bytes());
    let hash = hash.map_err(|error| Refusal::bad(error.to_string()))?;
    Ok(ask.object(|object| object.set("ok", &hash.to_base64())))
}

/// `GET /extensions`: the parts of RabbitMQ's page.
pub(in crate::management) async fn extensions(ask: Ask) -> Answer {
    let object = json!({"javascript": "dispatcher.js"});
    answer_few(&ask, vec![Plain::new("", "", &object)]).await
}
