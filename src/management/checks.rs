//! The part of the table of routes that says whether all is well.
//!
//! Source: RabbitMQ 4.3.6, its HTTP API.

use super::contract::check;
use super::resources::health;
use super::route::{Amqp, Needs, Operation, Route, Verb, routes};

routes! { CHECKS;
    "/aliveness-test/{vhost}" {
        Get, Vhost, None, health::aliveness, check(), "Whether a virtual host is served.";
    }
    "/healthchecks/node" {
        Get, Management, None, health::node, check(), "Whether the node answers.";
    }
    "/healthchecks/node/{node}" {
        Get, Management, None, health::node, check(), "Whether a node answers.";
    }
    "/health/checks/alarms" {
        Get, Management, None, health::alarms, check(), "Whether no alarm is on in the cluster.";
    }
    "/health/checks/local-alarms" {
        Get, Management, None, health::local_alarms, check(), "Whether no alarm is on here.";
    }
    "/health/checks/certificate-expiration/{within}/{unit}" {
        Get, Management, None, health::certificates, check(),
            "Whether certificates last that long.";
    }
    "/health/checks/port-listener/{port}" {
        Get, Management, None, health::port, check(), "Whether a port is listened on.";
    }
    "/health/checks/protocol-listener/{protocol}" {
        Get, Management, None, health::protocol, check(), "Whether protocols are listened for.";
    }
    "/health/checks/virtual-hosts" {
        Get, Management, None, health::holds, check(), "Whether all virtual hosts run.";
    }
    "/health/checks/node-is-quorum-critical" {
        Get, Management, None, health::quorum_critical, check(), "Whether the node may stop.";
    }
    "/health/checks/is-in-service" {
        Get, Management, None, health::in_service, check(), "Whether the node is in service.";
    }
    "/health/checks/ready-to-serve-clients" {
        Get, Management, None, health::serves_clients, check(), "Whether clients are served.";
    }
    "/health/checks/below-node-connection-limit" {
        Get, Management, None, health::connections, check(),
            "Whether more connections may be opened.";
    }
    "/health/checks/reached-target-cluster-size" {
        Get, Management, None, health::holds, check(), "Whether all nodes are there.";
    }
    "/health/checks/metadata-store/initialized" {
        Get, Management, None, health::holds, check(), "Whether definitions can be read.";
    }
    "/health/checks/metadata-store/initialized/with-data" {
        Get, Management, None, health::holds, check(), "Whether there are definitions.";
    }
    "/health/checks/quorum-queues-without-elected-leaders/all-vhosts" {
        Get, Management, None, health::holds, check(), "The same for all quorum queues.";
    }
    "/health/checks/quorum-queues-without-elected-leaders/vhost/{vhost}" {
        Get, Management, None, health::holds, check(),
            "The same for those of a virtual host.";
    }
    "/health/checks/quorum-queues-without-elected-leaders/all-vhosts/pattern/{pattern}" {
        Get, Management, None, health::holds, check(), "Whether all quorum queues have a leader.";
    }
    "/health/checks/quorum-queues-without-elected-leaders/vhost/{vhost}/pattern/{pattern}" {
        Get, Management, None, health::holds, check(), "The same for a virtual host.";
    }
}
