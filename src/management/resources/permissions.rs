//! Permissions: what users may do in vhosts, and with the topics of exchanges there.

use serde::Serialize;
use serde_json::json;

use crate::auth::{AuthDefinitions, AuthError, PermissionDefinition, TopicPermissionDefinition};
use crate::desk::{AdminError, Administration};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::Fields;
use crate::management::lists::{MANY, Pages};
use crate::management::plain::{Plain, answer_all};

/// `GET /permissions`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    show(&ask, permissions, |_| true).await
}

/// `GET /vhosts/V/permissions`.
pub(in crate::management) async fn of_vhost(ask: Ask) -> Answer {
    let vhost = ask.vhost()?;
    show(&ask, permissions, |one| one.vhost == vhost).await
}

/// `GET /users/U/permissions`.
pub(in crate::management) async fn of_user(ask: Ask) -> Answer {
    let user = known_user(&ask)?;
    show(&ask, permissions, |one| one.user == user).await
}

/// `GET /permissions/V/U`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let (vhost, user) = (ask.name("vhost"), ask.name("user"));
    let look = || {
        let mut permissions = permissions(ask.desk.rights()).into_iter();
        permissions.find(|one| one.vhost == vhost && one.user == user)
    };
    let found = ask.door.aside.read(MANY, look).await;
    let found = found.ok_or_else(Refusal::not_found)?;
    Ok(Plain::new(vhost, user, &found).answer(&ask))
}

/// `PUT /permissions/V/U`.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["configure", "write", "read"])?;
    let permission = PermissionDefinition {
        user: ask.name("user").to_owned(),
        vhost: ask.name("vhost").to_owned(),
        configure: pattern(&fields, "configure")?,
        write: pattern(&fields, "write")?,
        read: pattern(&fields, "read")?,
    };
    let unfit = |error| match &error {
        AdminError::Auth(AuthError::InvalidPattern(invalid)) => {
            let pattern = letters(&invalid.pattern);
            Refusal::bad(json!([
                "invalid_regexp",
                pattern,
                [letters(&invalid.reason), invalid.position]
            ]))
        }
        _ => refused(error),
    };
    let put = |administration: Administration<'_>| {
        let put = administration.put_permission(&permission);
        put.map_err(unfit)
    };
    Ok(Reply::of_change(ask.change(put).await?))
}

/// `DELETE /permissions/V/U`.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let (vhost, user) = (ask.name("vhost"), ask.name("user"));
    ask.change(|administration| administration.clear_permission(user, vhost))
        .await?;
    Ok(Reply::done())
}

/// `GET /topic-permissions`.
pub(in crate::management) async fn all_topics(ask: Ask) -> Answer {
    show(&ask, topics_of, |_| true).await
}

/// `GET /vhosts/V/topic-permissions`.
pub(in crate::management) async fn topics_of_vhost(ask: Ask) -> Answer {
    let vhost = ask.vhost()?;
    show(&ask, topics_of, |one| one.vhost == vhost).await
}

/// `GET /users/U/topic-permissions`.
pub(in crate::management) async fn topics_of_user(ask: Ask) -> Answer {
    let user = known_user(&ask)?;
    show(&ask, topics_of, |one| one.user == user).await
}

/// `GET /topic-permissions/V/U` and `…/V/U/X`. Seen: RabbitMQ 4.3.6, which shows all of them for
/// one exchange too.
pub(in crate::management) async fn topics(ask: Ask) -> Answer {
    let (vhost, user) = (ask.name("vhost"), ask.name("user"));
    let is_theirs = |one: &TopicPermissionDefinition| one.vhost == vhost && one.user == user;
    let look = || topics_of(ask.desk.rights()).iter().any(is_theirs);
    match ask.door.aside.read(MANY, look).await {
        true => show(&ask, topics_of, is_theirs).await,
        false => Err(Refusal::not_found()),
    }
}

/// `PUT /topic-permissions/V/U`: the body names the exchange, whatever the path does.
pub(in crate::management) async fn put_topics(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["exchange", "write", "read"])?;
    let permission = TopicPermissionDefinition {
        user: ask.name("user").to_owned(),
        vhost: ask.name("vhost").to_owned(),
        exchange: pattern(&fields, "exchange")?,
        write: pattern(&fields, "write")?,
        read: pattern(&fields, "read")?,
    };
    let unfit = |error| match &error {
        AdminError::Auth(AuthError::InvalidPattern(invalid)) => {
            let pattern = &invalid.pattern;
            Refusal::bad(json!([
                "invalid_regexp",
                pattern,
                [letters(&invalid.reason), invalid.position]
            ]))
        }
        AdminError::NoSuchExchange(name) => Refusal::bad(json!(["no_such_exchange", name])),
        _ => refused(error),
    };
    let put = |administration: Administration<'_>| {
        let put = administration.put_topic_permission(&permission);
        put.map_err(unfit)
    };
    Ok(Reply::of_change(ask.change(put).await?))
}

/// `DELETE /topic-permissions/V/U` and `…/V/U/X`.
pub(in crate::management) async fn delete_topics(ask: Ask) -> Answer {
    let (vhost, user) = (ask.name("vhost"), ask.name("user"));
    let exchange = Some(ask.name("exchange")).filter(|name| !name.is_empty());
    let clear = |administration: Administration<'_>| {
        administration.clear_topic_permission(user, vhost, exchange)
    };
    ask.change(clear).await?;
    Ok(Reply::done())
}

async fn show<T: Serialize>(
    ask: &Ask,
    of: fn(AuthDefinitions) -> Vec<T>,
    is_meant: impl Fn(&T) -> bool + Send + Sync,
) -> Answer {
    let gather = || {
        let all = of(ask.desk.rights());
        let meant = all.iter().filter(|item| is_meant(item));
        meant.map(|item| Plain::new("", "", item)).collect()
    };
    answer_all(ask, Pages::No, gather).await
}

fn permissions(rights: AuthDefinitions) -> Vec<PermissionDefinition> {
    rights.permissions
}

fn topics_of(rights: AuthDefinitions) -> Vec<TopicPermissionDefinition> {
    rights.topic_permissions
}

fn known_user(ask: &Ask) -> Result<&str, Refusal> {
    let name = ask.name("user");
    ask.desk.user(name).ok_or_else(Refusal::not_found)?;
    Ok(name)
}

/// Seen: RabbitMQ 4.3.6: 500 for what is no text; that is 400 here.
fn pattern(fields: &Fields, name: &str) -> Result<String, Refusal> {
    Ok(fields.text(name)?.unwrap_or_default())
}

/// A text as Erlang's lists of characters become JSON.
fn letters(text: &str) -> Vec<u32> {
    text.chars().map(u32::from).collect()
}

fn refused(error: AdminError) -> Refusal {
    match error {
        AdminError::NoSuchVhost(_) | AdminError::NoSuchUser(_) => {
            Refusal::bad("vhost_or_user_not_found")
        }
        error => error.into(),
    }
}
