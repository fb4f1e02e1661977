//! The table of routes, with its parts [`checks`](super::checks) and
//! [`extensions`](super::extensions): path; method, who may ask, which AMQP permission the desk
//! asks for besides, what answers, what goes in and out, and what it is.
//!
//! Source: RabbitMQ 4.3.6, its HTTP API.

use super::checks::CHECKS;
use super::contract::{
    BIND, EXPORT, GET_MESSAGES, IF_EMPTY_UNUSED, IMPORT, LOG_IN, OF_CONSUMERS, OF_NODE, OF_QUEUE,
    PUBLISH, QUEUES, TEXT, UNLESS_USED, VERSION, act, begin, declare, list, list_if_well, one,
    pages, put, set,
};
use super::extensions::EXTENSIONS;
use super::resources::{
    bindings, broker, channels, cluster, connections, definitions, exchanges, features, messages,
    nodes, overview, parameters, permissions, policies, queues, quorum, users, vhost_limits,
    vhosts, whoami,
};
use super::route::{Amqp, Needs, Operation, Route, Verb, routes};
use super::shapes::broker::{CLUSTER_NAME, DEPRECATED_FEATURE, EXTENSION, FEATURE_FLAG, OVERVIEW};
use super::shapes::connections::{CHANNEL, CONNECTION, CONNECTION_OF_USER, SESSION};
use super::shapes::nodes::{MEMORY, MEMORY_SHARES, NODE, TABLES};
use super::shapes::queues::{
    CONSUMER, QUEUE, QUEUE_ACTION, QUEUE_DECLARATION, QUORUM_GROWTH, QUORUM_MEMBER, QUORUM_NODE,
};
use super::shapes::rights::{
    ATTEMPTS, ATTEMPTS_BY_SOURCE, GLOBAL_PARAMETER, HASH, PARAMETER, PARAMETER_VALUE, PERMISSION,
    PERMISSION_DECLARATION, POLICY, POLICY_DECLARATION, TOPIC_PERMISSION,
    TOPIC_PERMISSION_DECLARATION, USER, USER_DECLARATION, USER_LIMITS, USER_NAMES, WHOAMI,
};
use super::shapes::topology::{
    BINDING, EXCHANGE, EXCHANGE_DECLARATION, LIMIT, PROTECTION, VHOST, VHOST_DECLARATION,
    VHOST_LIMITS,
};

/// Every route, sorted as the reference shows them.
pub(super) fn all() -> impl Iterator<Item = &'static Route> {
    OBJECTS.iter().chain(CHECKS).chain(EXTENSIONS)
}

routes! { OBJECTS;
    "/whoami" {
        Get, Management, None, whoami::get, one(&WHOAMI), "The user who asks, with tags.";
    }
    "/overview" {
        Get, Management, None, overview::get, one(&OVERVIEW).counting(), "The broker at a glance.";
    }
    "/nodes" {
        Get, Monitoring, None, nodes::all, list(&NODE).counting(), "The nodes: this one.";
    }
    "/nodes/{node}" {
        Get, Monitoring, None, nodes::one, one(&NODE).query(OF_NODE).counting(), "A node, whole.";
    }
    "/nodes/{node}/memory" {
        Get, Monitoring, None, nodes::memory, one(&MEMORY), "What memory is used for.";
    }
    "/nodes/{node}/memory/relative" {
        Get, Monitoring, None, nodes::relative, one(&MEMORY_SHARES), "The same in percent.";
    }
    "/nodes/{node}/memory/ets" {
        Get, Monitoring, None, nodes::tables, one(&TABLES), "Erlang's tables; there are none.";
    }
    "/nodes/{node}/memory/ets/{filter}" {
        Get, Monitoring, None, nodes::tables, one(&TABLES), "Those of one owner, or in percent.";
    }
    "/version" {
        Get, Nothing, None, overview::version, VERSION, "The version of RabbitMQ that is spoken.";
    }
    "/queues" {
        Get, Management, None, queues::all, QUEUES,
            "Queues of the virtual hosts that the user may see.";
    }
    "/queues/detailed" {
        Get, Management, None, queues::detailed, QUEUES, "The same with more of each.";
    }
    "/queues/{vhost}" {
        Get, Vhost, None, queues::of_vhost, QUEUES, "Queues of a virtual host.";
    }
    "/queues/{vhost}/{queue}" {
        Get, Vhost, None, queues::one, one(&QUEUE).query(OF_QUEUE).counting(), "A queue, whole.";
        Put, Vhost, Configure, queues::put, declare(&QUEUE_DECLARATION),
            "Declares a queue: durable, auto_delete, arguments, node.";
        Delete, Vhost, Configure, queues::delete, act().query(IF_EMPTY_UNUSED),
            "Deletes a queue; if-empty, if-unused.";
    }
    "/queues/{vhost}/{queue}/bindings" {
        Get, Vhost, None, bindings::to_queue, list(&BINDING), "Bindings of a queue.";
    }
    "/queues/{vhost}/{queue}/contents" {
        Delete, Vhost, Read, queues::purge, act(), "Removes the messages that wait in a queue.";
    }
    "/queues/{vhost}/{queue}/get" {
        Post, Vhost, Read, messages::get, GET_MESSAGES,
            "Gets messages: count, ackmode, encoding (auto or base64), truncate.";
    }
    "/queues/{vhost}/{queue}/actions" {
        Post, Administrator, None, queues::act, set(&QUEUE_ACTION),
            "Actions on a queue, of which there are none left.";
    }
    "/queues/quorum/{vhost}/{queue}/status" {
        GetAlone, Vhost, None, quorum::status, list_if_well(&QUORUM_MEMBER),
            "The members of a quorum queue.";
    }
    "/queues/quorum/{vhost}/{queue}/replicas/add" {
        Post, Administrator, None, quorum::add, set(&QUORUM_NODE),
            "Adds a member of a quorum queue on a node.";
    }
    "/queues/quorum/{vhost}/{queue}/replicas/delete" {
        Delete, Administrator, None, quorum::delete, set(&QUORUM_NODE),
            "Takes the member of a quorum queue on a node away; the last one stays.";
    }
    "/queues/quorum/replicas/on/{node}/grow" {
        Post, Administrator, None, quorum::grow, set(&QUORUM_GROWTH),
            "Adds members on a node: vhost_pattern, queue_pattern, strategy (all or even).";
    }
    "/queues/quorum/replicas/on/{node}/shrink" {
        Delete, Administrator, None, quorum::shrink, begin(),
            "Takes all members on a node away, the last ones of queues left out.";
    }
    "/rebalance/queues" {
        Post, Administrator, None, queues::rebalance, act(), "Spreads leaders over the nodes.";
    }
    "/exchanges" {
        Get, Management, None, exchanges::all, pages(&EXCHANGE).counting(),
            "Exchanges of the virtual hosts that the user may see.";
    }
    "/exchanges/{vhost}" {
        Get, Vhost, None, exchanges::of_vhost, pages(&EXCHANGE).counting(), "Those of one of them.";
    }
    "/exchanges/{vhost}/{exchange}" {
        Get, Vhost, None, exchanges::one, one(&EXCHANGE).counting(),
            "An exchange; amq.default is the one without a name.";
        Put, Vhost, Configure, exchanges::put, declare(&EXCHANGE_DECLARATION),
            "Declares an exchange: type, durable, auto_delete, internal, arguments.";
        Delete, Vhost, Configure, exchanges::delete, act().query(UNLESS_USED),
            "Deletes an exchange; if-unused.";
    }
    "/exchanges/{vhost}/{exchange}/bindings/source" {
        Get, Vhost, None, bindings::from_exchange, list(&BINDING), "Bindings from an exchange.";
    }
    "/exchanges/{vhost}/{exchange}/bindings/destination" {
        Get, Vhost, None, bindings::to_exchange, list(&BINDING), "Bindings to an exchange.";
    }
    "/exchanges/{vhost}/{exchange}/publish" {
        Post, Vhost, Write, messages::publish, PUBLISH,
            "Publishes a message: properties, routing_key, payload, payload_encoding.";
    }
    "/bindings" {
        Get, Management, None, bindings::all, list(&BINDING),
            "Bindings in the virtual hosts that the user may see.";
    }
    "/bindings/{vhost}" {
        Get, Vhost, None, bindings::of_vhost, list(&BINDING), "Bindings in a virtual host.";
    }
    "/bindings/{vhost}/e/{source}/q/{queue}" {
        Get, Vhost, None, bindings::between, list(&BINDING), "Bindings of a queue to an exchange.";
        Post, Vhost, Bind, bindings::post, BIND, "Binds a queue: routing_key, arguments.";
    }
    "/bindings/{vhost}/e/{source}/q/{queue}/{properties}" {
        Get, Vhost, None, bindings::one, one(&BINDING), "A binding, by its properties_key.";
        Delete, Vhost, Bind, bindings::delete, act(), "Removes a binding.";
    }
    "/bindings/{vhost}/e/{source}/e/{destination}" {
        Get, Vhost, None, bindings::between, list(&BINDING),
            "Bindings of an exchange to an exchange.";
        Post, Vhost, Bind, bindings::post, BIND, "Binds an exchange: routing_key, arguments.";
    }
    "/bindings/{vhost}/e/{source}/e/{destination}/{properties}" {
        Get, Vhost, None, bindings::one, one(&BINDING), "A binding, by its properties_key.";
        Delete, Vhost, Bind, bindings::delete, act(), "Removes a binding.";
    }
    "/vhosts" {
        Get, Management, None, vhosts::all, pages(&VHOST).counting(),
            "The virtual hosts that the user may see.";
    }
    "/vhosts/{vhost}" {
        Get, Administrator, None, vhosts::one, one(&VHOST).counting(), "A virtual host.";
        Put, Administrator, None, vhosts::put, declare(&VHOST_DECLARATION),
            "Makes a virtual host: description, tags, default_queue_type, tracing.";
        Delete, Administrator, None, vhosts::delete, act().refuses(&[412]),
            "Deletes a virtual host with everything in it.";
    }
    "/vhosts/{vhost}/deletion/protection" {
        GetAlone, Administrator, None, vhosts::protection, one(&PROTECTION),
            "Whether it is protected.";
        Post, Administrator, None, vhosts::protect, act(), "Protects it from deletion.";
        Delete, Administrator, None, vhosts::unprotect, act(), "Lets it be deleted again.";
    }
    "/vhosts/{vhost}/start/{node}" {
        Post, Administrator, None, vhosts::start, act(), "Starts a virtual host; it always runs.";
    }
    "/vhost-limits" {
        GetAlone, Management, None, vhost_limits::all, list(&VHOST_LIMITS),
            "The limits of virtual hosts.";
    }
    "/vhost-limits/{vhost}" {
        GetAlone, VhostSeen, None, vhost_limits::of_vhost, list(&VHOST_LIMITS),
            "The limits of a virtual host.";
    }
    "/vhost-limits/{vhost}/{limit}" {
        Put, Administrator, None, vhost_limits::put, set(&LIMIT),
            "Sets max-connections or max-queues to value; a negative one is none.";
        Delete, Administrator, None, vhost_limits::delete, act(), "Lifts a limit.";
    }
    "/vhosts/{vhost}/permissions" {
        Get, Administrator, None, permissions::of_vhost, list(&PERMISSION),
            "Who may do what in a virtual host.";
    }
    "/vhosts/{vhost}/topic-permissions" {
        Get, Administrator, None, permissions::topics_of_vhost, list(&TOPIC_PERMISSION),
            "Who may do what with topics in a virtual host.";
    }
    "/users" {
        Get, Administrator, None, users::all, pages(&USER), "All users, with tags.";
    }
    "/users/without-permissions" {
        Get, Administrator, None, users::without_permissions, pages(&USER),
            "Users who may enter no vhost.";
    }
    "/users/bulk-delete" {
        Post, Administrator, None, users::delete_many, set(&USER_NAMES),
            "Deletes the users in users.";
    }
    "/users/{user}" {
        Get, Administrator, None, users::one, one(&USER), "One user, with tags.";
        Put, Administrator, None, users::put, put(&USER_DECLARATION),
            "Makes or changes a user: password or password_hash, and tags.";
        Delete, Administrator, None, users::delete, act(),
            "Deletes a user and closes the connections.";
    }
    "/users/{user}/permissions" {
        Get, Administrator, None, permissions::of_user, list(&PERMISSION),
            "What a user may do, and where.";
    }
    "/users/{user}/topic-permissions" {
        Get, Administrator, None, permissions::topics_of_user, list(&TOPIC_PERMISSION),
            "What a user may do with topics.";
    }
    "/users/{user}/queues" {
        Get, Management, None, queues::of_user, QUEUES, "Queues that a user declared.";
    }
    "/user-limits" {
        GetAlone, Administrator, None, users::limits, list(&USER_LIMITS), "The limits of users.";
    }
    "/user-limits/{user}" {
        GetAlone, Own, None, users::limits_of_user, list(&USER_LIMITS), "The limits of a user.";
    }
    "/user-limits/{user}/{limit}" {
        Put, Administrator, None, users::put_limit, set(&LIMIT),
            "Sets max-connections or max-channels to value; a negative one is none.";
        Delete, Administrator, None, users::delete_limit, act(), "Lifts a limit.";
    }
    "/permissions" {
        Get, Administrator, None, permissions::all, list(&PERMISSION), "All permissions.";
    }
    "/permissions/{vhost}/{user}" {
        Get, Administrator, None, permissions::one, one(&PERMISSION),
            "What a user may do in a virtual host.";
        Put, Administrator, None, permissions::put, put(&PERMISSION_DECLARATION),
            "Sets it: regular expressions configure, write, read.";
        Delete, Administrator, None, permissions::delete, act(), "Takes it away.";
    }
    "/topic-permissions" {
        Get, Administrator, None, permissions::all_topics, list(&TOPIC_PERMISSION),
            "All topic permissions.";
    }
    "/topic-permissions/{vhost}/{user}" {
        Get, Administrator, None, permissions::topics, list(&TOPIC_PERMISSION),
            "What a user may do with topics in a virtual host.";
        Put, Administrator, None, permissions::put_topics, put(&TOPIC_PERMISSION_DECLARATION),
            "Sets it for one exchange: regular expressions write, read.";
        Delete, Administrator, None, permissions::delete_topics, act(),
            "Lifts it for all exchanges.";
    }
    "/topic-permissions/{vhost}/{user}/{exchange}" {
        Get, Administrator, None, permissions::topics, list(&TOPIC_PERMISSION),
            "The same as without the exchange.";
        Put, Administrator, None, permissions::put_topics, put(&TOPIC_PERMISSION_DECLARATION),
            "The same as without the exchange.";
        Delete, Administrator, None, permissions::delete_topics, act(), "Lifts it for an exchange.";
    }
    "/policies" {
        Get, Management, None, policies::all, list(&POLICY), "All policies.";
    }
    "/policies/{vhost}" {
        Get, Vhost, None, policies::of_vhost, list(&POLICY), "The policies of a virtual host.";
    }
    "/policies/{vhost}/{name}" {
        Get, Policymaker, None, policies::one, one(&POLICY), "One policy.";
        Put, Policymaker, None, policies::put, put(&POLICY_DECLARATION),
            "Sets a policy: pattern, definition, priority, apply-to.";
        Delete, Policymaker, None, policies::delete, act(), "Deletes a policy.";
    }
    "/operator-policies" {
        Get, Management, None, policies::all_of_operators, list(&POLICY), "All operator policies.";
    }
    "/operator-policies/{vhost}" {
        Get, Vhost, None, policies::of_operators, list(&POLICY),
            "The operator policies of a virtual host.";
    }
    "/operator-policies/{vhost}/{name}" {
        Get, Administrator, None, policies::one_of_operators, one(&POLICY), "An operator policy.";
        Put, Administrator, None, policies::put_of_operators, put(&POLICY_DECLARATION),
            "Sets an operator policy: pattern, definition, priority, apply-to.";
        Delete, Administrator, None, policies::delete_of_operators, act(),
            "Deletes an operator policy.";
    }
    "/parameters" {
        Get, Policymaker, None, parameters::all, list(&PARAMETER),
            "All parameters of virtual hosts.";
    }
    "/parameters/{component}" {
        Get, Policymaker, None, parameters::of_component, list(&PARAMETER),
            "The parameters of a component.";
    }
    "/parameters/{component}/{vhost}" {
        Get, Policymaker, None, parameters::of_vhost, list(&PARAMETER),
            "The parameters of a component in a virtual host.";
    }
    "/parameters/{component}/{vhost}/{name}" {
        Get, Policymaker, None, parameters::one, one(&PARAMETER), "A parameter.";
        Put, Policymaker, None, parameters::put, put(&PARAMETER_VALUE),
            "Sets a parameter to value.";
        Delete, Policymaker, None, parameters::delete, act(), "Deletes a parameter.";
    }
    "/global-parameters" {
        Get, Policymaker, None, parameters::all_global, list(&GLOBAL_PARAMETER),
            "The parameters of the broker.";
    }
    "/global-parameters/{name}" {
        Get, Policymaker, None, parameters::one_global, one(&GLOBAL_PARAMETER),
            "A parameter of the broker.";
        Put, Policymaker, None, parameters::put_global, put(&PARAMETER_VALUE), "Sets it to value.";
        Delete, Policymaker, None, parameters::delete_global, act(), "Deletes it.";
    }
    "/definitions" {
        Get, Administrator, None, definitions::get, EXPORT,
            "Everything that is defined, as one document; download names a file.";
        Post, Administrator, None, definitions::post, IMPORT,
            "Takes such a document in: as a body, or as file of a form.";
    }
    "/all-configuration" {
        Get, Administrator, None, definitions::get, EXPORT, "The same as definitions.";
        Post, Administrator, None, definitions::post, IMPORT, "The same as definitions.";
    }
    "/definitions/{vhost}" {
        Get, Administrator, None, definitions::get_vhost, EXPORT,
            "Everything that is defined in a virtual host.";
        Post, Administrator, None, definitions::post_vhost, IMPORT, "Takes such a document in.";
    }
    "/cluster-name" {
        Get, Management, None, cluster::name, one(&CLUSTER_NAME), "The name of the cluster.";
        Put, Administrator, None, cluster::put_name, set(&CLUSTER_NAME), "Names the cluster.";
    }
    "/extensions" {
        Get, Management, None, cluster::extensions, list(&EXTENSION), "The extensions of the page.";
    }
    "/feature-flags" {
        Get, Management, None, features::flags, list(&FEATURE_FLAG),
            "The feature flags, all of which are on.";
    }
    "/feature-flags/{name}/enable" {
        Put, Administrator, None, features::enable, act(), "Turns a feature flag on.";
    }
    "/deprecated-features" {
        Get, Management, None, features::deprecated, list(&DEPRECATED_FEATURE),
            "What is deprecated, and whether it works.";
    }
    "/deprecated-features/used" {
        Get, Management, None, features::deprecated_in_use, list(&DEPRECATED_FEATURE),
            "What is deprecated and in use.";
    }
    "/login" {
        Post, Nothing, None, cluster::log_in, LOG_IN, "Logs in by a form: username, password.";
        Delete, Nothing, None, cluster::log_out, act(), "Ends a login; there is nothing to end.";
    }
    "/auth/attempts/{node}" {
        Get, Monitoring, None, cluster::attempts, list(&ATTEMPTS),
            "How often users have tried to log in.";
        Delete, Administrator, None, cluster::forget_attempts, act(), "Counts from 0 again.";
    }
    "/auth/attempts/{node}/source" {
        Get, Monitoring, None, cluster::attempts_by_source, list(&ATTEMPTS_BY_SOURCE),
            "The same by address and user.";
        Delete, Administrator, None, cluster::forget_sources, act(), "Counts from 0 again.";
    }
    "/auth/hash_password/{password}" {
        GetAlone, Administrator, None, cluster::hash_password, one(&HASH),
            "The hash of a password.";
    }
    "/config/effective" {
        GetText, Administrator, None, broker::effective, TEXT,
            "All settings, secrets left out, as an Erlang term.";
    }
    "/reset" {
        Delete, Administrator, None, broker::reset, act(), "Forgets rates and samples.";
    }
    "/reset/{node}" {
        Delete, Administrator, None, broker::reset, act(), "The same of a node.";
    }
    "/connections" {
        Get, Management, None, connections::all, pages(&CONNECTION).counting(),
            "Open connections; those of the user, or all.";
    }
    "/connections/{connection}" {
        Get, Management, None, connections::one, one(&CONNECTION).counting(), "A connection.";
        Delete, Management, None, connections::close, act(), "Closes it; X-Reason says why.";
    }
    "/connections/{connection}/channels" {
        Get, Management, None, channels::of_connection, list(&CHANNEL).counting(),
            "The channels of a connection.";
    }
    "/connections/{connection}/sessions" {
        Get, Management, None, connections::sessions, list(&SESSION),
            "The AMQP 1.0 sessions of a connection.";
    }
    "/connections/username/{user}" {
        Get, Own, None, connections::of_user, pages(&CONNECTION_OF_USER),
            "The connections of a user.";
        Delete, Own, None, connections::close_of_user, act(), "Closes all of them.";
    }
    "/vhosts/{vhost}/connections" {
        Get, VhostSeen, None, connections::of_vhost, list(&CONNECTION).counting(),
            "The connections to a virtual host.";
    }
    "/channels" {
        Get, Management, None, channels::all, pages(&CHANNEL).counting(),
            "Open channels; those of the user, or all.";
    }
    "/channels/{channel}" {
        Get, Management, None, channels::one, one(&CHANNEL).counting(), "One channel.";
    }
    "/vhosts/{vhost}/channels" {
        Get, VhostSeen, None, channels::of_vhost, list(&CHANNEL).counting(),
            "The channels in a virtual host.";
    }
    "/consumers" {
        Get, Management, None, channels::consumers, list(&CONSUMER).query(OF_CONSUMERS),
            "All consumers.";
    }
    "/consumers/{vhost}" {
        Get, Vhost, None, channels::consumers_of_vhost, list(&CONSUMER).query(OF_CONSUMERS),
            "The consumers in a virtual host.";
    }
}
