//! The table of routes: path; method, who may ask, which AMQP permission the desk asks for
//! besides, what answers, and what it is.
//!
//! Source: RabbitMQ 4.3.6, its HTTP API.

use super::resources::{
    bindings, channels, cluster, connections, definitions, exchanges, features, health, messages,
    overview, parameters, permissions, policies, queues, users, vhost_limits, vhosts, whoami,
};
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
    "/queues" {
        Get, Management, None, queues::all, "Queues of the virtual hosts that the user may see.";
    }
    "/queues/detailed" {
        Get, Management, None, queues::detailed, "The same with more of each.";
    }
    "/queues/{vhost}" {
        Get, Vhost, None, queues::of_vhost, "Queues of a virtual host.";
    }
    "/queues/{vhost}/{queue}" {
        Get, Vhost, None, queues::one, "A queue with its consumers.";
        Put, Vhost, Configure, queues::put,
            "Declares a queue: durable, auto_delete, arguments, node.";
        Delete, Vhost, Configure, queues::delete, "Deletes a queue; if-empty, if-unused.";
    }
    "/queues/{vhost}/{queue}/bindings" {
        Get, Vhost, None, bindings::to_queue, "Bindings of a queue.";
    }
    "/queues/{vhost}/{queue}/contents" {
        Delete, Vhost, Read, queues::purge, "Removes the messages that wait in a queue.";
    }
    "/queues/{vhost}/{queue}/get" {
        Post, Vhost, Read, messages::get,
            "Gets messages: count, ackmode, encoding (auto or base64), truncate.";
    }
    "/queues/{vhost}/{queue}/actions" {
        Post, Administrator, None, queues::act, "Actions on a queue, of which there are none left.";
    }
    "/rebalance/queues" {
        Post, Administrator, None, queues::rebalance, "Spreads leaders over the nodes.";
    }
    "/exchanges" {
        Get, Management, None, exchanges::all,
            "Exchanges of the virtual hosts that the user may see.";
    }
    "/exchanges/{vhost}" {
        Get, Vhost, None, exchanges::of_vhost, "Exchanges of a virtual host.";
    }
    "/exchanges/{vhost}/{exchange}" {
        Get, Vhost, None, exchanges::one, "An exchange; amq.default is the one without a name.";
        Put, Vhost, Configure, exchanges::put,
            "Declares an exchange: type, durable, auto_delete, internal, arguments.";
        Delete, Vhost, Configure, exchanges::delete, "Deletes an exchange; if-unused.";
    }
    "/exchanges/{vhost}/{exchange}/bindings/source" {
        Get, Vhost, None, bindings::from_exchange, "Bindings from an exchange.";
    }
    "/exchanges/{vhost}/{exchange}/bindings/destination" {
        Get, Vhost, None, bindings::to_exchange, "Bindings to an exchange.";
    }
    "/exchanges/{vhost}/{exchange}/publish" {
        Post, Vhost, Write, messages::publish,
            "Publishes a message: properties, routing_key, payload, payload_encoding.";
    }
    "/bindings" {
        Get, Management, None, bindings::all,
            "Bindings in the virtual hosts that the user may see.";
    }
    "/bindings/{vhost}" {
        Get, Vhost, None, bindings::of_vhost, "Bindings in a virtual host.";
    }
    "/bindings/{vhost}/e/{source}/q/{queue}" {
        Get, Vhost, None, bindings::between, "Bindings of a queue to an exchange.";
        Post, Vhost, Bind, bindings::post, "Binds a queue: routing_key, arguments.";
    }
    "/bindings/{vhost}/e/{source}/q/{queue}/{properties}" {
        Get, Vhost, None, bindings::one, "A binding, by its properties_key.";
        Delete, Vhost, Bind, bindings::delete, "Removes a binding.";
    }
    "/bindings/{vhost}/e/{source}/e/{destination}" {
        Get, Vhost, None, bindings::between, "Bindings of an exchange to an exchange.";
        Post, Vhost, Bind, bindings::post, "Binds an exchange: routing_key, arguments.";
    }
    "/bindings/{vhost}/e/{source}/e/{destination}/{properties}" {
        Get, Vhost, None, bindings::one, "A binding, by its properties_key.";
        Delete, Vhost, Bind, bindings::delete, "Removes a binding.";
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
    "/vhosts/{vhost}/permissions" {
        Get, Administrator, None, permissions::of_vhost, "Who may do what in a virtual host.";
    }
    "/vhosts/{vhost}/topic-permissions" {
        Get, Administrator, None, permissions::topics_of_vhost,
            "Who may do what with topics in a virtual host.";
    }
    "/users" {
        Get, Administrator, None, users::all, "All users, with tags.";
    }
    "/users/without-permissions" {
        Get, Administrator, None, users::without_permissions, "Users who may enter no vhost.";
    }
    "/users/bulk-delete" {
        Post, Administrator, None, users::delete_many, "Deletes the users in users.";
    }
    "/users/{user}" {
        Get, Administrator, None, users::one, "One user, with tags.";
        Put, Administrator, None, users::put,
            "Makes or changes a user: password or password_hash, and tags.";
        Delete, Administrator, None, users::delete, "Deletes a user and closes the connections.";
    }
    "/users/{user}/permissions" {
        Get, Administrator, None, permissions::of_user, "What a user may do, and where.";
    }
    "/users/{user}/topic-permissions" {
        Get, Administrator, None, permissions::topics_of_user, "What a user may do with topics.";
    }
    "/user-limits" {
        GetAlone, Administrator, None, users::limits, "The limits of users.";
    }
    "/user-limits/{user}" {
        GetAlone, Own, None, users::limits_of_user, "The limits of a user.";
    }
    "/user-limits/{user}/{limit}" {
        Put, Administrator, None, users::put_limit,
            "Sets max-connections or max-channels to value; a negative one is none.";
        Delete, Administrator, None, users::delete_limit, "Lifts a limit.";
    }
    "/permissions" {
        Get, Administrator, None, permissions::all, "All permissions.";
    }
    "/permissions/{vhost}/{user}" {
        Get, Administrator, None, permissions::one, "What a user may do in a virtual host.";
        Put, Administrator, None, permissions::put,
            "Sets it: regular expressions configure, write, read.";
        Delete, Administrator, None, permissions::delete, "Takes it away.";
    }
    "/topic-permissions" {
        Get, Administrator, None, permissions::all_topics, "All topic permissions.";
    }
    "/topic-permissions/{vhost}/{user}" {
        Get, Administrator, None, permissions::topics,
            "What a user may do with topics in a virtual host.";
        Put, Administrator, None, permissions::put_topics,
            "Sets it for one exchange: regular expressions write, read.";
        Delete, Administrator, None, permissions::delete_topics, "Lifts it for all exchanges.";
    }
    "/topic-permissions/{vhost}/{user}/{exchange}" {
        Get, Administrator, None, permissions::topics, "The same as without the exchange.";
        Put, Administrator, None, permissions::put_topics, "The same as without the exchange.";
        Delete, Administrator, None, permissions::delete_topics, "Lifts it for an exchange.";
    }
    "/policies" {
        Get, Management, None, policies::all, "All policies.";
    }
    "/policies/{vhost}" {
        Get, Vhost, None, policies::of_vhost, "The policies of a virtual host.";
    }
    "/policies/{vhost}/{name}" {
        Get, Policymaker, None, policies::one, "One policy.";
        Put, Policymaker, None, policies::put,
            "Sets a policy: pattern, definition, priority, apply-to.";
        Delete, Policymaker, None, policies::delete, "Deletes a policy.";
    }
    "/operator-policies" {
        Get, Management, None, policies::all_of_operators, "All operator policies.";
    }
    "/operator-policies/{vhost}" {
        Get, Vhost, None, policies::of_operators, "The operator policies of a virtual host.";
    }
    "/operator-policies/{vhost}/{name}" {
        Get, Administrator, None, policies::one_of_operators, "An operator policy.";
        Put, Administrator, None, policies::put_of_operators,
            "Sets an operator policy: pattern, definition, priority, apply-to.";
        Delete, Administrator, None, policies::delete_of_operators, "Deletes an operator policy.";
    }
    "/parameters" {
        Get, Policymaker, None, parameters::all, "All parameters of virtual hosts.";
    }
    "/parameters/{component}" {
        Get, Policymaker, None, parameters::of_component, "The parameters of a component.";
    }
    "/parameters/{component}/{vhost}" {
        Get, Policymaker, None, parameters::of_vhost,
            "The parameters of a component in a virtual host.";
    }
    "/parameters/{component}/{vhost}/{name}" {
        Get, Policymaker, None, parameters::one, "A parameter.";
        Put, Policymaker, None, parameters::put, "Sets a parameter to value.";
        Delete, Policymaker, None, parameters::delete, "Deletes a parameter.";
    }
    "/global-parameters" {
        Get, Policymaker, None, parameters::all_global, "The parameters of the broker.";
    }
    "/global-parameters/{name}" {
        Get, Policymaker, None, parameters::one_global, "A parameter of the broker.";
        Put, Policymaker, None, parameters::put_global, "Sets it to value.";
        Delete, Policymaker, None, parameters::delete_global, "Deletes it.";
    }
    "/definitions" {
        Get, Administrator, None, definitions::get,
            "Everything that is defined, as one document; download names a file.";
        Post, Administrator, None, definitions::post,
            "Takes such a document in: as a body, or as file of a form.";
    }
    "/all-configuration" {
        Get, Administrator, None, definitions::get, "The same as definitions.";
        Post, Administrator, None, definitions::post, "The same as definitions.";
    }
    "/definitions/{vhost}" {
        Get, Administrator, None, definitions::get_vhost,
            "Everything that is defined in a virtual host.";
        Post, Administrator, None, definitions::post_vhost, "Takes such a document in.";
    }
    "/cluster-name" {
        Get, Management, None, cluster::name, "The name of the cluster.";
        Put, Administrator, None, cluster::put_name, "Names the cluster.";
    }
    "/extensions" {
        Get, Management, None, cluster::extensions, "The extensions of the page.";
    }
    "/feature-flags" {
        Get, Management, None, features::flags, "The feature flags, all of which are on.";
    }
    "/feature-flags/{name}/enable" {
        Put, Administrator, None, features::enable, "Turns a feature flag on.";
    }
    "/deprecated-features" {
        Get, Management, None, features::deprecated, "What is deprecated, and whether it works.";
    }
    "/deprecated-features/used" {
        Get, Management, None, features::deprecated_in_use, "What is deprecated and in use.";
    }
    "/login" {
        Post, Nothing, None, cluster::log_in, "Logs in by a form: username, password.";
        Delete, Nothing, None, cluster::log_out, "Ends a login; there is nothing to end.";
    }
    "/auth/attempts/{node}" {
        Get, Monitoring, None, cluster::attempts, "How often users have tried to log in.";
        Delete, Administrator, None, cluster::forget_attempts, "Counts from 0 again.";
    }
    "/auth/attempts/{node}/source" {
        Get, Monitoring, None, cluster::attempts_by_source, "The same by address and user.";
        Delete, Administrator, None, cluster::forget_sources, "Counts from 0 again.";
    }
    "/auth/hash_password/{password}" {
        GetAlone, Administrator, None, cluster::hash_password, "The hash of a password.";
    }
    "/connections" {
        Get, Management, None, connections::all, "Open connections; those of the user, or all.";
    }
    "/connections/{connection}" {
        Get, Management, None, connections::one, "A connection.";
        Delete, Management, None, connections::close, "Closes it; X-Reason says why.";
    }
    "/connections/{connection}/channels" {
        Get, Management, None, channels::of_connection, "The channels of a connection.";
    }
    "/connections/{connection}/sessions" {
        Get, Management, None, connections::sessions, "The AMQP 1.0 sessions of a connection.";
    }
    "/connections/username/{user}" {
        Get, Own, None, connections::of_user, "The connections of a user.";
        Delete, Own, None, connections::close_of_user, "Closes all of them.";
    }
    "/vhosts/{vhost}/connections" {
        Get, VhostSeen, None, connections::of_vhost, "The connections to a virtual host.";
    }
    "/channels" {
        Get, Management, None, channels::all, "Open channels; those of the user, or all.";
    }
    "/channels/{channel}" {
        Get, Management, None, channels::one, "A channel with its consumers.";
    }
    "/vhosts/{vhost}/channels" {
        Get, VhostSeen, None, channels::of_vhost, "The channels in a virtual host.";
    }
    "/consumers" {
        Get, Management, None, channels::consumers, "All consumers.";
    }
    "/consumers/{vhost}" {
        Get, Vhost, None, channels::consumers_of_vhost, "The consumers in a virtual host.";
    }
    "/aliveness-test/{vhost}" {
        Get, Vhost, None, health::aliveness, "Whether a virtual host is served.";
    }
    "/healthchecks/node" {
        Get, Management, None, health::node, "Whether the node answers.";
    }
    "/healthchecks/node/{node}" {
        Get, Management, None, health::node, "Whether a node answers.";
    }
    "/health/checks/alarms" {
        Get, Management, None, health::alarms, "Whether no alarm is on in the cluster.";
    }
    "/health/checks/local-alarms" {
        Get, Management, None, health::local_alarms, "Whether no alarm is on here.";
    }
    "/health/checks/certificate-expiration/{within}/{unit}" {
        Get, Management, None, health::certificates, "Whether certificates last that long.";
    }
    "/health/checks/port-listener/{port}" {
        Get, Management, None, health::port, "Whether a port is listened on.";
    }
    "/health/checks/protocol-listener/{protocol}" {
        Get, Management, None, health::protocol, "Whether protocols are listened for.";
    }
    "/health/checks/virtual-hosts" {
        Get, Management, None, health::holds, "Whether all virtual hosts run.";
    }
    "/health/checks/node-is-quorum-critical" {
        Get, Management, None, health::quorum_critical, "Whether the node may stop.";
    }
    "/health/checks/is-in-service" {
        Get, Management, None, health::holds, "Whether the node is in service.";
    }
    "/health/checks/ready-to-serve-clients" {
        Get, Management, None, health::holds, "Whether clients are served.";
    }
    "/health/checks/below-node-connection-limit" {
        Get, Management, None, health::connections, "Whether more connections may be opened.";
    }
    "/health/checks/reached-target-cluster-size" {
        Get, Management, None, health::holds, "Whether all nodes are there.";
    }
    "/health/checks/metadata-store/initialized" {
        Get, Management, None, health::holds, "Whether definitions can be read.";
    }
    "/health/checks/metadata-store/initialized/with-data" {
        Get, Management, None, health::holds, "Whether there are definitions.";
    }
    "/health/checks/quorum-queues-without-elected-leaders/all-vhosts/pattern/{pattern}" {
        Get, Management, None, health::holds, "Whether all quorum queues have a leader.";
    }
    "/health/checks/quorum-queues-without-elected-leaders/vhost/{vhost}/pattern/{pattern}" {
        Get, Management, None, health::holds, "The same for a virtual host.";
    }
}
