//! What flows where: how many messages came to each queue by which exchange, how many died in it,
//! and how many an exchange had no queue for. Counts only rise; a page makes rates of two answers.
//!
//! Source: none, RabbitMQ shows this on its page with `rates_mode = detailed` alone.

use crate::desk::views::{ExchangeRef, Item as _, QueueRef, Scope};
use crate::management::answer::Answer;
use crate::management::ask::Ask;
use crate::management::json::Object;
use crate::management::lists::{Pages, list};

/// `GET /leveret/flows/exchanges`.
pub(in crate::management) async fn exchanges(ask: Ask) -> Answer {
    let visible = ask.visible(&["administrator"])?;
    show_exchanges(&ask, visible.scope()).await
}

/// `GET /leveret/flows/exchanges/V`.
pub(in crate::management) async fn exchanges_of_vhost(ask: Ask) -> Answer {
    show_exchanges(&ask, Scope::Vhost(ask.vhost()?)).await
}

/// `GET /leveret/flows/queues`.
pub(in crate::management) async fn queues(ask: Ask) -> Answer {
    let visible = ask.visible(&["administrator"])?;
    show_queues(&ask, visible.scope()).await
}

/// `GET /leveret/flows/queues/V`.
pub(in crate::management) async fn queues_of_vhost(ask: Ask) -> Answer {
    show_queues(&ask, Scope::Vhost(ask.vhost()?)).await
}

async fn show_exchanges(ask: &Ask, scope: Scope<'_>) -> Answer {
    ask.needs_figures()?;
    let many = ask.desk.how_many_exchanges(scope);
    let gather = || ask.desk.exchange_refs(scope);
    list(ask, Pages::No, many, gather, |_, _| None, write_exchange).await
}

async fn show_queues(ask: &Ask, scope: Scope<'_>) -> Answer {
    ask.needs_figures()?;
    let many = ask.desk.how_many_queues(scope);
    let gather = || ask.desk.queue_refs(scope);
    list(ask, Pages::No, many, gather, |_, _| None, write_queue).await
}

fn write_exchange(object: &mut Object<'_>, one: &ExchangeRef) {
    let (vhost, name) = one.place();
    let totals = one.totals();
    object.set("confirm", &totals.confirmed);
    object.set("drop_unroutable", &totals.dropped_unroutable);
    object.set("name", name);
    object.set("publish_in", &totals.published_in);
    object.set("publish_out", &totals.published_out);
    object.set("return_unroutable", &totals.returned_unroutable);
    object.set("vhost", vhost);
}

fn write_queue(object: &mut Object<'_>, one: &QueueRef) {
    let (vhost, name) = one.place();
    let (from, stats) = one.flow();
    object.object("died", |object| {
        object.set("delivery_limit", &stats.over_delivery_limit);
        object.set("expired", &stats.expired);
        object.set("maxlen", &stats.over_length);
        object.set("rejected", &stats.rejected);
    });
    object.array("from", from, |object, (exchange, messages)| {
        object.set("exchange", &*exchange);
        object.set("publish", &messages);
    });
    object.set("name", name);
    object.set("vhost", vhost);
}
