//! The table of routes: path; method, who may ask, which AMQP permission the desk asks for
//! besides, what answers, and what it is.
//!
//! Source: RabbitMQ 4.3.6, its HTTP API.

use super::resources::{overview, vhost_limits, vhosts, whoami};
use super::route::{Amqp, Needs, Route, Row, Verb};

macro_rules! routes {
    ($( $path:literal { $(
        $verb:ident, $needs:ident, $amqp:ident, $module:ident::$handler:ident, $about:literal;
    )+ } )+) => {
        /// Every route, sorted as the reference shows them.
        pub(super) static ROUTES: &[Route] = &[ $( Route {
            path: $path,
            rows: &[ $( Row {
                verb: Verb::$verb,
                needs: Needs::$needs,
                amqp: Amqp::$amqp,
                about: $about,
                handler: |ask| Box::pin($module::$handler(ask)),
            }, )+ ],
        }, )+ ];
    };
}

routes! {
    "/whoami" {
        Get, Management, None, whoami::get, "The user who asks, with the user's tags.";
    }
    "/overview" {
        Get, Management, None, overview::get, "The broker at a glance.";
    }
    "/version" {
        Get, Nothing, None, overview::version, "The version of RabbitMQ that is spoken.";
    }
    "/vhosts" {
        Get, Management, None, vhosts::all, "The virtual hosts that the user may see.";
    }
    "/vhosts/{vhost}" {
        Get, Administrator, None, vhosts::one, "A virtual host.";
        Put, Administrator, None, vhosts::put,
            "Makes a virtual host: description, tags, default_queue_type, tracing.";
        Delete, Administrator, None, vhosts::delete,
            "Deletes a virtual host with everything in it.";
    }
    "/vhosts/{vhost}/deletion/protection" {
        GetAlone, Administrator, None, vhosts::protection, "Whether it is protected.";
        Post, Administrator, None, vhosts::protect, "Protects it from deletion.";
        Delete, Administrator, None, vhosts::unprotect, "Lets it be deleted again.";
    }
    "/vhosts/{vhost}/start/{node}" {
        Post, Administrator, None, vhosts::start, "Starts a virtual host; it always runs.";
    }
    "/vhost-limits" {
        GetAlone, Management, None, vhost_limits::all, "The limits of virtual hosts.";
    }
    "/vhost-limits/{vhost}" {
        GetAlone, VhostSeen, None, vhost_limits::of_vhost, "The limits of a virtual host.";
    }
    "/vhost-limits/{vhost}/{limit}" {
        Put, Administrator, None, vhost_limits::put,
            "Sets max-connections or max-queues to value; a negative one is none.";
        Delete, Administrator, None, vhost_limits::delete, "Lifts a limit.";
    }
}
