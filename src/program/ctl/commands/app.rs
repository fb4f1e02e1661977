//! The application `rabbit` and its node: stopped, started, emptied, waited for.

use std::fs;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::clock::Deadline;
use crate::command::{App, COMMAND, Call, Command, Section, one_word, words};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::Output;
use crate::sys::is_alive;
use crate::tool::Tool;

/// How long a tool waits before it looks again.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) const ROWS: &[Command] = &[
    Command {
        name: "stop_app",
        section: Section::Nodes,
        about: "Stops the broker: ports and connections are closed, the process stays",
        app: App::Any,
        banner: |call| {
            let node = call.node();
            vec![format!("Stopping rabbit application on node {node} ...")]
        },
        run: |call| act(call, "stop_app"),
        ..COMMAND
    },
    Command {
        name: "start_app",
        section: Section::Nodes,
        about: "Starts the broker again, with the data that it had",
        app: App::Any,
        banner: |call| vec![format!("Starting node {} ...", call.node())],
        run: |call| act(call, "start_app"),
        ..COMMAND
    },
    Command {
        name: "reset",
        section: Section::Nodes,
        about: "Removes all that a stopped broker has stored",
        app: App::Stopped,
        banner: |call| vec![format!("Resetting node {} ...", call.node())],
        run: |call| act(call, "reset"),
        ..COMMAND
    },
    Command {
        name: "force_reset",
        section: Section::Cluster,
        about: "Is refused, as in RabbitMQ 4.3: reset does what can be done",
        app: App::Stopped,
        banner: |call| vec![format!("Forcefully resetting node {} ...", call.node())],
        run: |_| {
            let text = "Forced reset is unsupported with Khepri";
            Err(Failure::error(code::UNAVAILABLE, text))
        },
        ..COMMAND
    },
    Command {
        name: "stop",
        section: Section::Nodes,
        about: "Stops the broker and its process; with a file of its process id it waits for that",
        usage: "[--idempotent] [<pidfile>]",
        details: &[
            ("<pidfile>", "the file in which the process id is"),
            ("--idempotent", "a node that is down already is no failure"),
        ],
        switches: &[Switch::flag("idempotent")],
        app: App::Any,
        validate: |line| words(line, 0, 1),
        banner: |call| {
            let node = call.node();
            let file = call.line.words.first();
            let monitored = file.map(|file| format!(" (will monitor pid file {file})"));
            let monitored = monitored.unwrap_or_default();
            vec![format!("Stopping and halting node {node}{monitored} ...")]
        },
        run: stop,
        ..COMMAND
    },
    Command {
        name: "shutdown",
        section: Section::Nodes,
        about: "Stops the broker and its process, and waits until it is gone",
        usage: "[--wait] [--no-wait] [--timeout <timeout>]",
        details: &[
            (
                "--wait",
                "waits for the end of the process (so it does by itself)",
            ),
            ("--no-wait", "does not"),
        ],
        switches: &[Switch::flag("wait")],
        app: App::Any,
        run: shutdown,
        ..COMMAND
    },
    Command {
        name: "wait",
        tools: &[Tool::Ctl, Tool::Diagnostics],
        section: Section::Nodes,
        about: "Waits until the broker of a process has started",
        usage: "[<pidfile>] [--pid|-P <pid>] [--timeout <timeout>]",
        details: &[
            (
                "<pidfile>",
                "the file in which the process id is; it may appear later",
            ),
            ("--pid, -P <pid>", "the process id itself"),
        ],
        switches: &[Switch::whole("pid").short('P')],
        timeout: Some(10),
        app: App::NoNode,
        validate: check_wait,
        run: wait,
        ..COMMAND
    },
    Command {
        name: "await_startup",
        section: Section::Nodes,
        about: "Waits until the broker has started",
        usage: "[--timeout <timeout>]",
        timeout: Some(300),
        app: App::Any,
        run: await_startup,
        ..COMMAND
    },
    Command {
        name: "await_online_nodes",
        section: Section::Cluster,
        about: "Waits until so many nodes run, of which there is one",
        usage: "<count> [--timeout <timeout>]",
        timeout: Some(300),
        validate: |line| {
            one_word(line)?;
            match line.word(0).parse::<u32>() {
                Ok(count) if count > 0 => Ok(()),
                _ => Err(Failure::bad_argument("Argument must be a positive integer")),
            }
        },
        banner: |call| {
            let seconds = call.client.timeout_ms().unwrap_or_default() / 1000;
            vec![format!(
                "Will wait for at least {} nodes to join the cluster of {}. Timeout: {seconds} \
                 seconds.",
                call.word(0),
                call.node()
            )]
        },
        run: await_online_nodes,
        ..COMMAND
    },
];

/// Has the node do something.
fn act(call: &mut Call<'_>, act: &str) -> Result<Output, Failure> {
    only_here(call)?;
    let path = format!("/leveret/node/{act}");
    call.client.post(&path, &json!({}))?.done()?;
    Ok(Output::Nothing)
}

/// What a management API over TCP cannot do.
fn only_here(call: &Call<'_>) -> Result<(), Failure> {
    match call.client.is_local() {
        true => Ok(()),
        false => Err(Failure::error(
            code::UNAVAILABLE,
            "this needs the node's own socket: it cannot be done over --uri",
        )),
    }
}

/// What the node says of itself.
fn node_object(call: &mut Call<'_>) -> Result<Value, Failure> {
    only_here(call)?;
    call.client.get("/leveret/node")?.value()
}

fn is_running(node: &Value) -> bool {
    node.get("state").and_then(Value::as_str) == Some("running")
}

fn pid_of(node: &Value) -> Option<u32> {
    let pid = node.get("pid").and_then(Value::as_u64)?;
    u32::try_from(pid).ok()
}

fn stop(call: &mut Call<'_>) -> Result<Output, Failure> {
    let file = call.line.words.first().cloned();
    let pid = file.as_deref().map(read_pid).transpose()?;
    if let Err(failure) = act(call, "shutdown") {
        return match call.line.has("idempotent") {
            true => Ok(Output::said(format!(
                "Node {} is no longer running",
                call.node()
            ))),
            false => Err(failure),
        };
    }
    let Some((file, pid)) = file.zip(pid) else {
        return Ok(Output::Nothing);
    };
    await_end(call, pid)?;
    Ok(Output::said(format!(
        "process {pid} (take from pid file {file}) is no longer running"
    )))
}

fn shutdown(call: &mut Call<'_>) -> Result<Output, Failure> {
    let node = node_object(call)?;
    let Some(pid) = pid_of(&node).filter(|_| !call.line.has_not("wait")) else {
        return act(call, "shutdown");
    };
    let name = call.node().to_owned();
    let say = |text: String| {
        if !call.line.is_quiet() && !call.line.is_json() {
            crate::tell(&text);
        }
    };
    say(format!(
        "Shutting down RabbitMQ node {name} running at PID {pid}"
    ));
    say(format!("Waiting for PID {pid} to terminate"));
    act(call, "shutdown")?;
    await_end(call, pid)?;
    Ok(Output::said(format!(
        "RabbitMQ node {name} running at PID {pid} successfully shut down"
    )))
}

/// Waits until a process is gone.
fn await_end(call: &Call<'_>, pid: u32) -> Result<(), Failure> {
    let deadline = Deadline::after(call.client.timeout_ms());
    while is_alive(pid) {
        if deadline.has_passed() {
            return Err(call.client.late());
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}

fn check_wait(line: &Line) -> Result<(), Failure> {
    let pid = line.whole("pid");
    if pid.is_some_and(|pid| !(1..=i64::from(i32::MAX)).contains(&pid)) {
        let text = "--pid takes the number of a process, from 1 on";
        return Err(Failure::bad_argument(text));
    }
    let has_pid = pid.is_some();
    match line.words.len() + usize::from(has_pid) {
        0 => Err(Failure::usage("\"No pid or pidfile specified\"")),
        1 => Ok(()),
        _ if has_pid => Err(Failure::usage("\"Cannot specify both pid and pidfile\"")),
        _ => Err(Failure::too_many()),
    }
}

/// Whether a process can have this number.
fn is_pid(number: &u32) -> bool {
    (1..=i32::MAX.unsigned_abs()).contains(number)
}

fn read_pid(file: &str) -> Result<u32, Failure> {
    let read = fs::read_to_string(file);
    let text = read.map_err(|_| {
        Failure::error(code::UNAVAILABLE, format!("could not read pid file {file}"))
    })?;
    let number = text.trim().parse().ok().filter(is_pid);
    number.ok_or_else(|| {
        Failure::error(
            code::UNAVAILABLE,
            format!("garbage in pid file {file}: {:?}", text.trim()),
        )
    })
}

fn wait(call: &mut Call<'_>) -> Result<Output, Failure> {
    let deadline = Deadline::after(call.client.timeout_ms());
    let is_quiet = call.line.is_quiet() || call.line.is_json();
    let say = |text: String| {
        if !is_quiet {
            crate::tell(&text);
        }
    };
    let node = call.node().to_owned();
    let given = call
        .line
        .whole("pid")
        .and_then(|pid| u32::try_from(pid).ok());
    let pid = match given.filter(is_pid) {
        Some(pid) => pid,
        None => {
            let file = call.word(0).to_owned();
            say(format!("Waiting for pid file '{file}' to appear"));
            let pid = loop {
                match read_pid(&file) {
                    Ok(pid) => break pid,
                    Err(_) if deadline.has_passed() => return Err(call.client.late()),
                    Err(_) => thread::sleep(PAUSE),
                }
            };
            say(format!("pid is {pid}"));
            pid
        }
    };
    say(format!(
        "Waiting for erlang distribution on node '{node}' while OS process '{pid}' is running"
    ));
    await_node(call, pid, &deadline)?;
    say(format!(
        "Waiting for applications 'rabbit_and_plugins' to start on node '{node}'"
    ));
    await_running(call, &deadline)?;
    Ok(Output::said(format!(
        "Applications 'rabbit_and_plugins' are running on node '{node}'"
    )))
}

/// Waits until the node answers, as long as its process is there.
fn await_node(call: &mut Call<'_>, pid: u32, deadline: &Deadline) -> Result<(), Failure> {
    while node_object(call).is_err() {
        if !is_alive(pid) {
            return Err(Failure::error(code::UNAVAILABLE, "process_not_running"));
        }
        if deadline.has_passed() {
            return Err(call.client.late());
        }
        thread::sleep(PAUSE);
    }
    match is_alive(pid) {
        true => Ok(()),
        false => Err(Failure::error(code::UNAVAILABLE, "process_not_running")),
    }
}

/// Waits until the broker runs, as long as it is about to.
fn await_running(call: &mut Call<'_>, deadline: &Deadline) -> Result<(), Failure> {
    loop {
        let node = node_object(call)?;
        if is_running(&node) {
            return Ok(());
        }
        let state = node.get("state").and_then(Value::as_str);
        if state != Some("starting") {
            return Err(Failure::error(code::UNAVAILABLE, "rabbit_is_not_running"));
        }
        if deadline.has_passed() {
            return Err(call.client.late());
        }
        thread::sleep(PAUSE);
    }
}

fn await_startup(call: &mut Call<'_>) -> Result<Output, Failure> {
    if !call.client.is_local() {
        return Ok(Output::Nothing);
    }
    let deadline = Deadline::after(call.client.timeout_ms());
    await_running(call, &deadline)?;
    Ok(Output::Nothing)
}

fn await_online_nodes(call: &mut Call<'_>) -> Result<Output, Failure> {
    if call.word(0) == "1" {
        return Ok(Output::Nothing);
    }
    // No other node ever joins.
    if let Some(limit) = call.client.timeout_ms() {
        thread::sleep(Duration::from_millis(limit));
    }
    let node = call.node();
    Err(Failure::error(
        code::SOFTWARE,
        format!("Error: timed out while waiting. Not enough nodes joined {node}'s cluster."),
    ))
}
