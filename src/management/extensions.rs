//! The part of the table of routes that RabbitMQ does not have: what its command-line tools ask a
//! node for by other ways than HTTP, and what the page needs.
//!
//! Source: RabbitMQ 4.3.6, its tools.

use super::contract::{
    BROWSE, Contract, EVENTS, Gives, OF_EVENTS, OF_LIVE, OF_LOG, OF_PERMISSION, Takes, act, list,
    one, other,
};
use super::resources::{
    broker, browse, events, explain, flows, live, log, picking, plugins, queues, sessions, users,
};
use super::route::{Amqp, Needs, Operation, Route, Verb, routes};
use super::shape::{Kind, Shape};
use super::shapes::broker::SETTING;
use super::shapes::explain::{
    PERMITTED, POLICY_IDEA, POLICY_PREVIEW, PUBLISH_EXPLAINED, PUBLISH_IDEA,
};
use super::shapes::flows::{EXCHANGE_FLOW, QUEUE_FLOW};
use super::shapes::log::LOG;
use super::shapes::messages::{ACTED, PICKED, PICKED_TO_MOVE};
use super::shapes::nodes::{CHANGED_PLUGINS, ENABLED_PLUGINS, PLUGINS};
use super::shapes::rights::{AUTHENTICATION, CREDENTIALS, PASSWORD, WHOAMI};

const LAST_LINES: Contract = other(Takes::Nothing, Gives::Whole(&LOG))
    .query(OF_LOG)
    .refuses(&[404]);
const SETTINGS: Contract = other(
    Takes::Nothing,
    Gives::Json(Kind::List(&Kind::Object(&SETTING))),
);
const CHANGES: Contract = EVENTS.query(OF_EVENTS).refuses(&[503]);
const LIVE: Contract = EVENTS.query(OF_LIVE).refuses(&[503]);
const LINES: Contract = EVENTS.query(OF_LOG).refuses(&[404, 503]);

/// Acts on messages that wait.
const fn pick(body: &'static Shape) -> Contract {
    other(Takes::Object(body), Gives::Object(&ACTED)).refuses(&[503])
}

routes! { EXTENSIONS;
    "/leveret/events" {
        GetEvents, Administrator, None, events::follow, CHANGES,
            "What changes in the broker, as server-sent events.";
    }
    "/leveret/explain/permission/{vhost}" {
        Get, Vhost, None, explain::permission, one(&PERMITTED).query(OF_PERMISSION),
            "Whether a user may do something to a queue or an exchange, and which rule says so.";
    }
    "/leveret/explain/publish/{vhost}/{exchange}" {
        Post, Vhost, None, explain::publish,
            other(Takes::MaybeObject(&PUBLISH_IDEA), Gives::Object(&PUBLISH_EXPLAINED)),
            "What would become of a message: its way to queues, what they would do, dead letters.";
    }
    "/leveret/explain/policy/{vhost}" {
        Post, Policymaker, None, explain::policy,
            other(Takes::Object(&POLICY_IDEA), Gives::Object(&POLICY_PREVIEW)),
            "What a policy would do if it were set: for what it would be, and what is there now.";
    }
    "/leveret/flows/exchanges" {
        Get, Management, None, flows::exchanges, list(&EXCHANGE_FLOW),
            "What was published to exchanges, and what they had no queue for.";
    }
    "/leveret/flows/exchanges/{vhost}" {
        Get, Vhost, None, flows::exchanges_of_vhost, list(&EXCHANGE_FLOW),
            "The same of a virtual host.";
    }
    "/leveret/flows/queues" {
        Get, Management, None, flows::queues, list(&QUEUE_FLOW),
            "What came to queues by which exchange, and what died in them.";
    }
    "/leveret/flows/queues/{vhost}" {
        Get, Vhost, None, flows::queues_of_vhost, list(&QUEUE_FLOW),
            "The same of a virtual host.";
    }
    "/leveret/live" {
        GetEvents, Management, None, live::live, LIVE,
            "Answers of other paths, told as they change, as server-sent events.";
    }
    "/leveret/log" {
        Get, Administrator, None, log::last, LAST_LINES,
            "The last lines of the log.";
    }
    "/leveret/log/stream" {
        GetEvents, Administrator, None, log::follow, LINES,
            "Lines as they come, as server-sent events.";
    }
    "/leveret/plugins" {
        Get, Administrator, None, plugins::all, one(&PLUGINS), "RabbitMQ's plugins.";
        Put, Administrator, None, plugins::set,
            other(Takes::Object(&ENABLED_PLUGINS), Gives::Object(&CHANGED_PLUGINS)),
            "Enables these plugins and no others.";
    }
    "/leveret/queues/{vhost}/{queue}/messages" {
        Get, Vhost, Read, browse::browse, BROWSE,
            "Messages that wait in a queue, or are not settled, without taking them.";
    }
    "/leveret/queues/{vhost}/{queue}/messages/drop" {
        Post, Vhost, Read, picking::drop, pick(&PICKED),
            "Drops messages that wait, by position or by what is in them.";
    }
    "/leveret/queues/{vhost}/{queue}/messages/move" {
        Post, Vhost, Move, picking::forward, pick(&PICKED_TO_MOVE),
            "Moves them to an exchange, with a routing_key or their own, or to a queue.";
    }
    "/leveret/queues/{vhost}/{queue}/messages/requeue" {
        Post, Vhost, Move, picking::requeue, pick(&PICKED),
            "Moves each of them to the queue where it was dead-lettered first.";
    }
    "/leveret/queues/{vhost}/{queue}/pause" {
        Put, Vhost, Configure, queues::pause, act(),
            "Pauses the delivery of a queue, until it is resumed or the broker stops.";
        Delete, Vhost, Configure, queues::resume, act(), "Resumes it.";
    }
    "/leveret/session" {
        Post, Nothing, None, sessions::begin,
            other(Takes::Object(&CREDENTIALS), Gives::Object(&WHOAMI)),
            "Logs a browser in: the answer has a cookie, which counts for pages of this server.";
        Delete, Nothing, None, sessions::end, act(), "Logs it out.";
    }
    "/leveret/settings" {
        Get, Administrator, None, broker::settings, SETTINGS,
            "The settings in force, secrets left out.";
    }
    "/leveret/users/{user}/authenticate" {
        Post, Administrator, None, users::authenticate,
            other(Takes::Object(&PASSWORD), Gives::Object(&AUTHENTICATION)),
            "Whether a password is the user's.";
    }
}
