//! The broker as a whole: its settings, and forgetting how its counters moved.

use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;

/// `GET /config/effective`: as an Erlang term, secrets left out.
pub(in crate::management) async fn effective(ask: Ask) -> Answer {
    Ok(Reply::text(crate::config::effective(ask.desk.settings())))
}

/// `DELETE /reset` and `/reset/N`.
pub(in crate::management) async fn reset(ask: Ask) -> Answer {
    let node = ask.name("node");
    if !node.is_empty() && node != ask.door.node.name {
        return Err(Refusal::not_found());
    }
    ask.desk.forget_rates();
    Ok(Reply::done())
}
