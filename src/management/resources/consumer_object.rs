//! How a consumer is shown.

use crate::desk::views::ConsumerView;
use crate::management::json::Object;

/// Seen: RabbitMQ 4.3.6, `GET /consumers`.
pub(super) fn write(object: &mut Object<'_>, view: &ConsumerView, node: &str) {
    object.set("arguments", &view.arguments);
    object.set("ack_required", &view.ack_required);
    object.set("active", &view.active);
    object.set("activity_status", view.activity_status);
    object.object("channel_details", |channel| {
        let place = view.connection.as_ref();
        let connection = place.map_or("", |place| &place.name);
        channel.set("connection_name", connection);
        channel.set("name", &format!("{connection} ({})", view.channel));
        channel.set("node", node);
        channel.set("number", &view.channel);
        channel.set("peer_host", place.map_or("", |place| &place.peer_host));
        channel.set("peer_port", &place.map_or(0, |place| place.peer_port));
        channel.set("user", &view.user);
    });
    object.set("consumer_tag", &view.tag);
    object.set_some("consumer_timeout", view.timeout_ms);
    object.set("exclusive", &view.exclusive);
    object.set("prefetch_count", &view.prefetch_count);
    object.object("queue", |queue| {
        queue.set("name", &view.queue);
        queue.set("vhost", &view.vhost);
    });
}
