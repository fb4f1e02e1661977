//! Commands that do nothing here: deprecated ones, and those of a cluster, of which this node is
//! all. They answer as RabbitMQ 4.3.6 does where there is one node.

use crate::command::{App, COMMAND, Command, Section, one_word, words};
use crate::failure::{Failure, code};
use crate::output::Output;
use crate::tool::Tool;

const NO_HEALTH_CHECK: &str = "This command is DEPRECATED and is a no-op. It will be removed in \
    a future version. \nUse one of the options covered in \
    https://www.rabbitmq.com/monitoring.html#health-checks instead.";

pub(super) const ROWS: &[Command] = &[
    Command {
        name: "node_health_check",
        tools: &[Tool::Ctl, Tool::Diagnostics],
        section: Section::Deprecated,
        about: "Does nothing; there are checks for each purpose",
        usage: "[--timeout <timeout>]",
        timeout: Some(70),
        run: |_| Ok(Output::said(NO_HEALTH_CHECK)),
        ..COMMAND
    },
    Command {
        name: "rotate_logs",
        section: Section::Nodes,
        about: "Does nothing",
        run: |_| {
            let text = "This command does not rotate logs anymore [deprecated]";
            Err(Failure::error(code::UNAVAILABLE, text))
        },
        ..COMMAND
    },
    Command {
        name: "rename_cluster_node",
        section: Section::Deprecated,
        about: "Does nothing: names of nodes cannot change",
        usage: "<oldnode1> <newnode1> [oldnode2] [newnode2] [oldnode3 newnode3 ...]",
        app: App::NoNode,
        validate: |line| words(line, 2, usize::MAX),
        run: |_| {
            Ok(Output::said(
                "DEPRECATED. This command is a no-op. Node renaming is incompatible with \
                 Raft-based features such as quorum queues, streams, Khepri. ",
            ))
        },
        ..COMMAND
    },
    Command {
        name: "update_cluster_nodes",
        section: Section::Deprecated,
        about: "Does nothing: there is one node",
        usage: "<seed_node>",
        app: App::Stopped,
        validate: one_word,
        run: |_| {
            Ok(Output::said(
                "DEPRECATED. This command is a no-op. Node update is incompatible with \
                 Raft-based features such as quorum queues, streams, Khepri. ",
            ))
        },
        ..COMMAND
    },
    Command {
        name: "force_boot",
        section: Section::Cluster,
        about: "Does nothing: there is no other node to wait for",
        app: App::Stopped,
        ..COMMAND
    },
    Command {
        name: "force_standalone_khepri_boot",
        section: Section::Cluster,
        about: "Does nothing: the node is alone",
        ..COMMAND
    },
    Command {
        name: "join_cluster",
        section: Section::Cluster,
        about: "Is refused: there is one node",
        usage: "[--disc] <existing_cluster_member>",
        switches: &[
            crate::line::Switch::flag("disc"),
            crate::line::Switch::flag("ram"),
        ],
        app: App::Any,
        validate: one_word,
        banner: |call| {
            let (node, other) = (call.node(), call.word(0));
            vec![format!("Clustering node {node} with {other}")]
        },
        run: |_| {
            let text = "a Leveret node is alone: it cannot join a cluster";
            Err(Failure::error(code::UNAVAILABLE, text))
        },
        ..COMMAND
    },
    Command {
        name: "forget_cluster_node",
        section: Section::Cluster,
        about: "Is refused: there is no other node",
        usage: "[--offline] <existing_cluster_member_node>",
        switches: &[crate::line::Switch::flag("offline")],
        app: App::Any,
        validate: one_word,
        banner: |call| vec![format!("Removing node {} from the cluster", call.word(0))],
        run: |_| {
            let text = "{:not_a_cluster_node, ~c\"The node selected is not in the cluster.\"}";
            Err(Failure::error(code::UNAVAILABLE, text))
        },
        ..COMMAND
    },
    Command {
        name: "has_reached_target_cluster_size",
        tools: &[Tool::Ctl, Tool::Diagnostics, Tool::Upgrade],
        section: Section::Upgrade,
        usage: "[--timeout <timeout>]",
        about: "Checks that all nodes that there should be are there",
        banner: |call| {
            let node = call.node();
            vec![format!(
                "Checking if target cluster size has been reached on node {node} ..."
            )]
        },
        run: |call| {
            let node = call.node();
            Ok(Output::said(format!(
                "Target cluster size has been reached on node {node}"
            )))
        },
        ..COMMAND
    },
];
