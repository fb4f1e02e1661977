//! How a consumer is shown.

use crate::desk::views::{ConsumerView, Place};
use crate::management::json::Object;

/// The channel of a consumer, by its number, and its user. Its connection is not known any more if
/// it has just gone.
pub(super) fn channel(
    object: &mut Object<'_>,
    node: &str,
    place: Option<&Place>,
    (number, user): (u16, &str),
) {
    object.object("channel_details", |channel| {
        let connection = place.map_or("", |place| &place.name);
        channel.set("connection_name", connection);
        channel.set("name", &format!("{connection} ({number})"));
        channel.set("node", node);
        channel.set("number", &number);
        channel.set("peer_host", place.map_or("", |place| &place.peer_host));
        channel.set("peer_port", &place.map_or(0, |place| place.peer_port));
        channel.set("user", user);
    });
}

/// With what it holds, if that was asked: RabbitMQ does not show it.
///
/// Seen: RabbitMQ 4.3.6, `GET /consumers`.
pub(super) fn write(object: &mut Object<'_>, view: &ConsumerView, node: &str) {
    object.set("arguments", &view.arguments);
    object.set("ack_required", &view.ack_required);
    object.set("active", &view.active);
    object.set("activity_status", view.activity_status);
    let place = view.connection.as_ref();
    channel(object, node, place, (view.channel, &view.user));
    object.set("consumer_tag", &view.tag);
    object.set_some("consumer_timeout", view.timeout_ms);
    object.set("exclusive", &view.exclusive);
    object.set("prefetch_count", &view.prefetch_count);
    object.object("queue", |queue| {
        queue.set("name", &view.queue);
        queue.set("vhost", &view.vhost);
    });
    if let Some(holds) = &view.holds {
        object.set("credit", &view.credit);
        object.set("messages_unacknowledged", &view.in_flight);
        object.set("oldest_unacknowledged_since", &holds.since_ms);
    }
}
