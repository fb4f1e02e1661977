//! The part of the table of routes that RabbitMQ does not have: what its command-line tools ask a
//! node for by other ways than HTTP.
//!
//! Source: RabbitMQ 4.3.6, its tools.

use super::contract::{Gives, Takes, one, other};
use super::resources::{plugins, users};
use super::route::{Amqp, Needs, Operation, Route, Verb, routes};
use super::shapes::nodes::{CHANGED_PLUGINS, ENABLED_PLUGINS, PLUGINS};
use super::shapes::rights::{AUTHENTICATION, PASSWORD};

routes! { EXTENSIONS;
    "/leveret/plugins" {
        Get, Administrator, None, plugins::all, one(&PLUGINS), "RabbitMQ's plugins.";
        Put, Administrator, None, plugins::set,
            other(Takes::Object(&ENABLED_PLUGINS), Gives::Object(&CHANGED_PLUGINS)),
            "Enables these plugins and no others.";
    }
    "/leveret/users/{user}/authenticate" {
        Post, Administrator, None, users::authenticate,
            other(Takes::Object(&PASSWORD), Gives::Object(&AUTHENTICATION)),
            "Whether a password is the user's.";
    }
}
