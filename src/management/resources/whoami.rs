//! Who asks.

use crate::management::answer::Answer;
use crate::management::ask::Ask;

/// `GET /whoami`.
pub(in crate::management) async fn get(ask: Ask) -> Answer {
    let user = ask.user()?;
    Ok(ask.object(|object| {
        object.set("name", user.name());
        object.set("tags", user.tags());
        object.set("is_internal_user", &true);
    }))
}
