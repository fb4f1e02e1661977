//! A browser's login, by a cookie.

use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::login;
use crate::management::route::Needs;

/// `POST /leveret/session`: logs in by `username` and `password`.
pub(in crate::management) async fn begin(ask: Ask) -> Answer {
    let fields = ask.fields().await?;
    fields.need(&["username", "password"])?;
    let name = fields.text("username")?.unwrap_or_default();
    let password = fields.text("password")?.unwrap_or_default();
    let user = login::check(&ask.desk, &name, password.as_bytes(), ask.peer)?;
    login::may(&ask.desk, &user, Needs::Management, None, None)?;
    let answer = ask.object(|object| {
        object.set("name", user.name());
        object.set("tags", user.tags());
        object.set("is_internal_user", &true);
    });
    let now = ask.desk.now().transport;
    let cookie = ask.door.sessions.begin(user, now, (ask.way, &ask.headers));
    Ok(answer.with_cookie(cookie.ok_or_else(Refusal::failed)?))
}

/// `DELETE /leveret/session`: logs out.
pub(in crate::management) async fn end(ask: Ask) -> Answer {
    let forgotten = ask.door.sessions.end((ask.way, &ask.headers));
    Ok(Reply::done().with_cookie(forgotten.ok_or_else(Refusal::failed)?))
}
