//! The part of the table of routes that RabbitMQ does not have: what its command-line tools ask a
//! node for by other ways than HTTP.
//!
//! Source: RabbitMQ 4.3.6, its tools.

use super::contract::{Gives, Takes, other};
use super::resources::users;
use super::route::{Amqp, Needs, Operation, Route, Verb, routes};
use super::shapes::rights::{AUTHENTICATION, PASSWORD};

routes! { EXTENSIONS;
    "/leveret/users/{user}/authenticate" {
        Post, Administrator, None, users::authenticate,
            other(Takes::Object(&PASSWORD), Gives::Object(&AUTHENTICATION)),
            "Whether a password is the user's.";
    }
}
