//! The part of the table of routes that RabbitMQ does not have: what its command-line tools ask a
//! node for by other ways than HTTP, and what the page needs.
//!
//! Source: RabbitMQ 4.3.6, its tools.

use super::contract::{BROWSE, Contract, EVENTS, Gives, OF_LIVE, OF_LOG, Takes, act, one, other};
use super::resources::{browse, live, log, plugins, sessions, users};
use super::route::{Amqp, Needs, Operation, Route, Verb, routes};
use super::shapes::log::LOG;
use super::shapes::nodes::{CHANGED_PLUGINS, ENABLED_PLUGINS, PLUGINS};
use super::shapes::rights::{AUTHENTICATION, CREDENTIALS, PASSWORD, WHOAMI};

const LAST_LINES: Contract = other(Takes::Nothing, Gives::Whole(&LOG))
    .query(OF_LOG)
    .refuses(&[404]);
const LIVE: Contract = EVENTS.query(OF_LIVE).refuses(&[503]);
const LINES: Contract = EVENTS.query(OF_LOG).refuses(&[404, 503]);

routes! { EXTENSIONS;
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
            "Messages that wait in a queue, without taking them.";
    }
    "/leveret/session" {
        Post, Nothing, None, sessions::begin,
            other(Takes::Object(&CREDENTIALS), Gives::Object(&WHOAMI)),
            "Logs a browser in: the answer has a cookie, which counts for pages of this server.";
        Delete, Nothing, None, sessions::end, act(), "Logs it out.";
    }
    "/leveret/users/{user}/authenticate" {
        Post, Administrator, None, users::authenticate,
            other(Takes::Object(&PASSWORD), Gives::Object(&AUTHENTICATION)),
            "Whether a password is the user's.";
    }
}
