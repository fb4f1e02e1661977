//! Users, and their limits.

use serde_json::{Value as Json, json};

use crate::auth::{AuthDefinitions, Tags, UserDefinition};
use crate::desk::{AdminError, Administration};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::Fields;
use crate::management::lists::Pages;
use crate::management::plain::{Plain, answer_all};

/// `GET /users`.
pub(in crate::management) async fn all(ask: Ask) -> Answer {
    show(&ask, |_, _| true).await
}

/// `GET /users/without-permissions`: users who may enter no vhost.
pub(in crate::management) async fn without_permissions(ask: Ask) -> Answer {
    show(&ask, |user, rights| {
        // They are sorted by user.
        let permissions = &rights.permissions;
        permissions
            .binary_search_by(|permission| permission.user.cmp(&user.name))
            .is_err()
    })
    .await
}

async fn show(
    ask: &Ask,
    is_meant: impl Fn(&UserDefinition, &AuthDefinitions) -> bool + Send + Sync,
) -> Answer {
    let gather = || {
        let rights = ask.desk.rights();
        let meant = rights.users.iter().filter(|user| is_meant(user, &rights));
        meant.map(|user| Plain::new("", &user.name, user)).collect()
    };
    answer_all(ask, Pages::Yes, gather).await
}

/// `GET /users/U`.
pub(in crate::management) async fn one(ask: Ask) -> Answer {
    let user = ask.desk.user(ask.name("user"));
    let user = UserDefinition::of(&*user.ok_or_else(Refusal::not_found)?);
    Ok(Plain::new("", &user.name, &user).answer(&ask))
}

/// `PUT /users/U`: makes one, or gives one a new password and new tags.
pub(in crate::management) async fn put(ask: Ask) -> Answer {
    let definition = definition(ask.name("user"), &ask.fields().await?)?;
    let put = ask.change(|administration| administration.put_user(&definition));
    Ok(Reply::of_change(put.await?))
}

/// `POST /leveret/users/U/authenticate`: whether the user may log in with a password.
///
/// Seen: RabbitMQ 4.3.6, `rabbitmqctl authenticate_user`, which has the same reasons.
pub(in crate::management) async fn authenticate(ask: Ask) -> Answer {
    let password = ask.fields().await?.text("password")?.unwrap_or_default();
    let name = ask.name("user");
    let refused = ask.desk.log_in(name, password.as_bytes(), ask.peer).err();
    let reason = refused.map(|refused| refused.to_string());
    let reason = reason.as_deref().unwrap_or_default();
    let reason = reason
        .split_once("refused: ")
        .map_or(reason, |(_, reason)| reason);
    Ok(ask.object(|object| {
        object.set("is_authenticated", &reason.is_empty());
        object.set("reason", &reason);
    }))
}

/// Seen: RabbitMQ 4.3.6: 500 for what is of another kind; that is 400 here.
fn definition(name: &str, fields: &Fields) -> Result<UserDefinition, Refusal> {
    let tags = match fields.get("tags") {
        None => None,
        Some(Json::String(text)) => Some(Tags::Text(text.clone())),
        Some(other) => {
            let tags = serde_json::from_value(other.clone());
            Some(Tags::List(
                tags.map_err(|_| Refusal::bad(json!(["invalid_tags", other])))?,
            ))
        }
    };
    let limits = fields.get("limits").cloned();
    let limits = limits.map(serde_json::from_value).transpose();
    Ok(UserDefinition {
        name: name.to_owned(),
        password: fields.text("password")?,
        password_hash: fields.text("password_hash")?,
        hashing_algorithm: fields.text("hashing_algorithm")?,
        tags,
        limits: limits
            .map_err(|error| Refusal::bad(format!("limits: {error}")))?
            .unwrap_or_default(),
    })
}

/// `DELETE /users/U`.
pub(in crate::management) async fn delete(ask: Ask) -> Answer {
    let name = ask.name("user");
    ask.change(|administration| administration.delete_user(name))
        .await?;
    Ok(Reply::done())
}

/// `POST /users/bulk-delete`: those of `users` that are there.
pub(in crate::management) async fn delete_many(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["users"])?;
    let names = fields.get("users").unwrap_or(&Json::Null);
    let wrong = || Refusal::bad(json!(["not_list_of_strings", names]));
    let list = names.as_array().ok_or_else(wrong)?.iter();
    let list: Option<Vec<&str>> = list.map(Json::as_str).collect();
    let list = list.ok_or_else(wrong)?;
    ask.change(|administration| administration.delete_users(&list))
        .await?;
    Ok(Reply::done())
}

/// `GET /user-limits`.
pub(in crate::management) async fn limits(ask: Ask) -> Answer {
    show_limits(&ask, |_| true).await
}

/// `GET /user-limits/U`.
pub(in crate::management) async fn limits_of_user(ask: Ask) -> Answer {
    let name = ask.name("user");
    ask.desk.user(name).ok_or_else(Refusal::not_found)?;
    show_limits(&ask, |user| user == name).await
}

async fn show_limits(ask: &Ask, is_meant: impl Fn(&str) -> bool + Send + Sync) -> Answer {
    let gather = || {
        let users = ask.desk.rights().users.into_iter();
        let limited = users.filter(|user| !user.limits.is_none() && is_meant(&user.name));
        let items = limited.map(|UserDefinition { name, limits, .. }| {
            Plain::new("", &name, &json!({"user": name, "value": limits}))
        });
        items.collect()
    };
    answer_all(ask, Pages::No, gather).await
}

/// `PUT /user-limits/U/NAME`.
pub(in crate::management) async fn put_limit(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["value"])?;
    let value = fields.get("value").unwrap_or(&Json::Null);
    let (user, limit) = (ask.name("user"), ask.name("limit"));
    let refused = |error| match error {
        AdminError::NoSuchUser(name) => Refusal::bad(json!(["no_such_user", name])),
        error => error.into(),
    };
    let set = |administration: Administration<'_>| {
        let set = administration.set_user_limit(user, limit, value);
        set.map_err(refused)
    };
    ask.change(set).await?;
    Ok(Reply::done())
}

/// `DELETE /user-limits/U/NAME`: one that is not set is fine.
pub(in crate::management) async fn delete_limit(ask: Ask) -> Answer {
    let (user, limit) = (ask.name("user"), ask.name("limit"));
    let refused = |error| match error {
        // RabbitMQ's word for a user too.
        AdminError::NoSuchUser(_) => Refusal::missing("vhost_not_found"),
        error => error.into(),
    };
    let clear = |administration: Administration<'_>| {
        let cleared = administration.clear_user_limit(user, limit);
        cleared.map_err(refused)
    };
    ask.change(clear).await?;
    Ok(Reply::done())
}
