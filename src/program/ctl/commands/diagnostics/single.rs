//! Checks whose answer is always the same on one node that answers at all.

use serde_json::json;

use super::{CHECK, NO_OP, said_ok, told};
use crate::client::path;
use crate::command::{Call, Command, Section, one_word};
use crate::failure::Failure;
use crate::line::Switch;
use crate::output::Output;
use crate::term::Term;
use crate::tool::Tool;

const WITH_QUEUES: &[Tool] = &[Tool::Diagnostics, Tool::Queues];

/// Their rows.
pub(in crate::commands) const ROWS: &[Command] = &[
    Command {
        name: "check_if_node_is_quorum_critical",
        tools: WITH_QUEUES,
        about: "Fails if queues would lose their quorum without the node",
        banner: |call| {
            vec![format!(
                "Checking if node {} is critical for quorum of any queues/streams ...",
                call.node()
            )]
        },
        run: |call| {
            said_ok(
                call,
                "seems to be the only one in a single node cluster, the check does not apply",
            )
        },
        ..CHECK
    },
    Command {
        name: "check_if_node_is_mirror_sync_critical",
        tools: WITH_QUEUES,
        section: Section::Deprecated,
        about: "Does nothing any more: there are no mirrored queues",
        banner: |_| vec![NO_OP.to_owned()],
        run: |_| Ok(Output::said("ok")),
        ..CHECK
    },
    Command {
        name: "check_if_new_quorum_queue_replicas_have_finished_initial_sync",
        tools: WITH_QUEUES,
        about: "Fails if replicas of queues are not ready yet",
        banner: |call| {
            vec![format!(
                "Checking if node {} runs promotable replicas of any queues ...",
                call.node()
            )]
        },
        run: |call| said_ok(call, "reported no queues with promotable replicas"),
        ..CHECK
    },
    Command {
        name: "check_if_cluster_has_classic_queue_mirroring_policy",
        tools: WITH_QUEUES,
        about: "Fails if a policy asks for mirrored queues",
        banner: |_| {
            vec!["Checking if cluster has any classic queue mirroring policy ...".to_owned()]
        },
        run: |_| {
            Ok(Output::said(
                "Cluster reported no classic queue mirroring policies",
            ))
        },
        ..CHECK
    },
    Command {
        name: "list_policies_with_classic_queue_mirroring",
        tools: WITH_QUEUES,
        about: "Lists policies that ask for mirrored queues: none can",
        usage: "[--no-table-headers] [--timeout <timeout>]",
        banner: |_| vec!["Listing policies with classic queue mirroring ...".to_owned()],
        run: |_| Ok(Output::rows(&["vhost", "name"], Vec::new())),
        ..CHECK
    },
    Command {
        name: "list_operator_policies_with_classic_queue_mirroring",
        tools: WITH_QUEUES,
        about: "Lists operator policies that ask for mirrored queues: none can",
        usage: "[--no-table-headers] [--timeout <timeout>]",
        banner: |_| vec!["Listing operator policies with classic queue mirroring ...".to_owned()],
        run: |_| Ok(Output::rows(&["vhost", "name"], Vec::new())),
        ..CHECK
    },
    Command {
        name: "check_if_metadata_store_is_initialized",
        about: "Fails unless definitions can be read",
        banner: |call| {
            let node = call.node();
            vec![format!(
                "Checking if metadata store on node {node} has finished initializing ..."
            )]
        },
        run: initialized,
        ..CHECK
    },
    Command {
        name: "check_if_metadata_store_is_initialized_with_data",
        about: "Fails unless there are definitions",
        banner: |call| {
            let node = call.node();
            vec![format!(
                "Checking if metadata store on node {node} has finished initializing ..."
            )]
        },
        run: initialized,
        ..CHECK
    },
    Command {
        name: "check_for_quorum_queues_without_an_elected_leader",
        about: "Fails if a quorum queue has no leader",
        usage: "[--vhost <vhost>] [--across-all-vhosts] <pattern>",
        switches: &[Switch::flag("across-all-vhosts")],
        validate: one_word,
        banner: |call| {
            let place = match call.line.has("across-all-vhosts") {
                true => "all vhosts".to_owned(),
                false => format!("vhost {}", call.vhost()),
            };
            vec![format!(
                "Checking leader replicas of quorum queues matching '{}' in {place} ...",
                call.word(0)
            )]
        },
        run: |call| {
            said_ok(
                call,
                "reported all quorum queue as having responsive leader replicas",
            )
        },
        ..CHECK
    },
    Command {
        name: "discover_peers",
        about: "Lists the nodes of the cluster that could be found",
        banner: |_| vec!["Discovering peers nodes ...".to_owned()],
        run: |call| {
            let text = format!("[:{}]", call.node());
            Ok(Output::report(
                text,
                Term::List(vec![Term::atom(call.node())]),
            ))
        },
        ..CHECK
    },
    Command {
        name: "disable_auth_attempt_source_tracking",
        section: Section::Configuration,
        about: "Ends counting logins by where they come from",
        usage: "",
        banner: |_| vec!["Disabling authentication attempt source tracking ...".to_owned()],
        ..CHECK
    },
    Command {
        name: "enable_auth_attempt_source_tracking",
        section: Section::Configuration,
        about: "Counts logins by where they come from",
        usage: "",
        banner: |_| vec!["Enabling authentication attempt source tracking ...".to_owned()],
        ..CHECK
    },
    Command {
        name: "reset_node_auth_attempt_metrics",
        section: Section::Configuration,
        about: "Counts logins from zero again",
        usage: "",
        banner: |call| {
            vec![format!(
                "Reset auth attempt metrics on node {} ...",
                call.node()
            )]
        },
        run: |call| {
            let at = path(&["auth", "attempts", call.client.node()]);
            call.client.delete(&at)?.done()?;
            Ok(Output::Nothing)
        },
        ..CHECK
    },
];

fn initialized(call: &mut Call<'_>) -> Result<Output, Failure> {
    call.client
        .get("/health/checks/metadata-store/initialized")?
        .done()?;
    let text = format!(
        "Metadata store on node {} has completed its initialization",
        call.node()
    );
    Ok(told(call, text, json!({})))
}
