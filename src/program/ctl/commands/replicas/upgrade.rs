//! Steps of an upgrade, which on one node are few.

use serde_json::json;

use super::led;
use crate::command::{COMMAND, Call, Command, Section};
use crate::failure::Failure;
use crate::output::Output;
use crate::tool::Tool;

const UPGRADE: &[Tool] = &[Tool::Upgrade];

/// Their rows.
pub(in crate::commands) const ROWS: &[Command] = &[
    Command {
        name: "await_online_quorum_plus_one",
        tools: UPGRADE,
        section: Section::Upgrade,
        about: "Waits until the node may stop without harm to quorum queues and streams",
        usage: "[--timeout <timeout>]",
        timeout: Some(120),
        banner: |call| {
            let seconds = call.client.timeout_ms().unwrap_or_default() / 1000;
            vec![format!(
                "Will wait for a quorum + 1 of nodes to be online for all quorum queues and \
                 streams for {seconds} seconds..."
            )]
        },
        run: |_| {
            Ok(Output::said(
                "Target node seems to be the only one in a single node cluster, the command does \
                 not apply",
            ))
        },
        ..COMMAND
    },
    Command {
        name: "drain",
        tools: UPGRADE,
        section: Section::Upgrade,
        about: "Lets no more clients in and closes the connections of those that are there",
        banner: |call| {
            vec![format!(
                "Will put node {} into maintenance mode. The node will no longer serve any client \
                 traffic!",
                call.node()
            )]
        },
        run: |call| maintain(call, true),
        ..COMMAND
    },
    Command {
        name: "revive",
        tools: UPGRADE,
        section: Section::Upgrade,
        about: "Ends what drain began: clients are let in again",
        banner: |call| {
            vec![format!(
                "Will put node {} back into regular operating mode. The node will again serve \
                 client traffic and host primary queue replicas.",
                call.node()
            )]
        },
        run: |call| maintain(call, false),
        ..COMMAND
    },
    Command {
        name: "post_upgrade",
        tools: UPGRADE,
        section: Section::Upgrade,
        about: "Does what is left to do after an upgrade",
        banner: |_| vec!["Executing post upgrade tasks...".to_owned()],
        run: |call| {
            let (quorum, streams) = led(call)?;
            let node = call.node();
            Ok(Output::said(format!(
                "Rebalancing queue masters...\n[{{\"Node name\", :{node}}}, {{\"Number of quorum \
                 queues\", {quorum}}}, {{\"Number of streams\", {streams}}}]"
            )))
        },
        ..COMMAND
    },
];

fn maintain(call: &mut Call<'_>, drained: bool) -> Result<Output, Failure> {
    let body = json!({ "drained": drained });
    call.client
        .put("/leveret/node/maintenance", &body)?
        .done()?;
    Ok(Output::Nothing)
}
