//! Plugins: which there are, which are enabled, and their switches.
//!
//! Seen: RabbitMQ 4.3.6, `ctl/plugins.ctl`.

use regex::Regex;
use serde_json::{Value, json};

use crate::command::{App, COMMAND, Call, Command, Section, words};
use crate::failure::{Failure, code};
use crate::line::{Line, Switch};
use crate::output::Output;
use crate::term::Term;
use crate::tool::Tool;

mod change;
mod file;
mod state;

use change::{Change, change};
use state::{Plugin, State};

const PLUGINS: Command = Command {
    tools: &[Tool::Plugins],
    section: Section::Plugins,
    app: App::NoNode,
    ..COMMAND
};

const PLACE: &[Switch] = &[
    Switch::flag("offline"),
    Switch::flag("online"),
    Switch::flag("all"),
];

/// Their rows.
pub(super) const ROWS: &[Command] = &[
    Command {
        name: "list",
        about: "Lists plugins and whether they run",
        usage: "[pattern] [--verbose] [--minimal] [--enabled] [--implicitly-enabled]",
        details: &[
            ("pattern", "of the names that are listed"),
            ("--verbose, -v", "with dependencies and descriptions"),
            ("--minimal, -m", "names alone"),
            ("--enabled, -E", "only those that were enabled by name"),
            ("--implicitly-enabled, -e", "only those that are enabled"),
        ],
        switches: &[
            Switch::flag("verbose").short('v'),
            Switch::flag("minimal").short('m'),
            Switch::flag("enabled").short('E'),
            Switch::flag("implicitly-enabled").short('e'),
        ],
        validate: |line| {
            words(line, 0, 1)?;
            match line.has("verbose") && line.has("minimal") {
                true => Err(Failure::bad_argument("Cannot set both verbose and minimal")),
                false => Ok(()),
            }
        },
        banner: |call| {
            vec![format!(
                "Listing plugins with pattern \"{}\" ...",
                pattern(call)
            )]
        },
        run: list,
        ..PLUGINS
    },
    Command {
        name: "enable",
        about: "Enables plugins and what they need",
        usage: "<plugin1> [ <plugin2>] | --all [--offline] [--online]",
        switches: PLACE,
        validate: some_plugins,
        banner: |call| naming(call, "Enabling"),
        run: |call| change(call, Change::Enable),
        ..PLUGINS
    },
    Command {
        name: "disable",
        about: "Disables plugins and what needs them",
        usage: "<plugin1> [ <plugin2>] | --all [--offline] [--online]",
        switches: PLACE,
        validate: some_plugins,
        banner: |call| naming(call, "Disabling"),
        run: |call| change(call, Change::Disable),
        ..PLUGINS
    },
    Command {
        name: "set",
        about: "Enables these plugins and no others",
        usage: "<plugin1> [ <plugin2>] [--offline] [--online]",
        switches: PLACE,
        validate: |line| {
            words(line, 0, usize::MAX)?;
            one_place(line)
        },
        banner: |call| naming(call, "Enabling"),
        run: |call| change(call, Change::Set),
        ..PLUGINS
    },
    Command {
        name: "is_enabled",
        section: Section::Observability,
        about: "Fails unless plugins are enabled",
        usage: "<plugin1> [ <plugin2>] [--offline] [--online]",
        switches: PLACE,
        validate: some_plugins,
        banner: |call| {
            let (noun, are) = noun(call);
            vec![match call.line.has("offline") {
                true => format!("Inferring if {noun} {are} from local environment..."),
                false => format!("Asking node {} if {noun} {are} enabled...", call.node()),
            }]
        },
        run: is_enabled,
        ..PLUGINS
    },
    Command {
        name: "directories",
        section: Section::Observability,
        about: "Says where plugins are kept, and which are enabled",
        usage: "[--offline] [--online]",
        switches: PLACE,
        banner: |call| {
            vec![match call.line.has("offline") {
                true => "Listing plugin directories inferred from local environment...".to_owned(),
                false => format!("Listing plugin directories used by node {}", call.node()),
            }]
        },
        run: directories,
        ..PLUGINS
    },
];

fn some_plugins(line: &Line) -> Result<(), Failure> {
    let least = usize::from(!line.has("all"));
    words(line, least, usize::MAX)?;
    one_place(line)
}

fn one_place(line: &Line) -> Result<(), Failure> {
    match line.has("online") && line.has("offline") {
        true => Err(Failure::bad_argument("Cannot set both online and offline")),
        false => Ok(()),
    }
}

fn naming(call: &Call<'_>, doing: &str) -> Vec<String> {
    if call.line.has("all") {
        return vec![format!("{doing} ALL plugins on node {}", call.node())];
    }
    let mut lines = vec![format!("{doing} plugins on node {}:", call.node())];
    lines.extend(call.line.words.iter().cloned());
    lines
}

/// The plugins that the words name, and the verb for them.
fn noun(call: &Call<'_>) -> (String, &'static str) {
    let names = &call.line.words;
    match names.len() {
        1 => (format!("plugin {}", names.join(", ")), "is"),
        _ => (format!("plugins {}", names.join(", ")), "are"),
    }
}

fn pattern<'a>(call: &'a Call<'_>) -> &'a str {
    call.line.words.first().map_or(".*", String::as_str)
}

fn list(call: &mut Call<'_>) -> Result<Output, Failure> {
    let names = Regex::new(pattern(call)).map_err(|error| {
        let text = format!("{{:badmatch, {{:error, {:?}}}}}", error.to_string());
        Failure::error(code::SOFTWARE, text)
    })?;
    let state = State::of(call)?;
    let line: &Line = call.line;
    let is_listed = |plugin: &&Plugin| {
        let is_asked = match (line.has("enabled"), line.has("implicitly-enabled")) {
            (true, _) => plugin.enabled == "enabled",
            (false, true) => plugin.enabled != "not_enabled",
            (false, false) => true,
        };
        is_asked && names.is_match(&plugin.name)
    };
    let listed: Vec<&Plugin> = state.plugins.iter().filter(is_listed).collect();
    let mut text = String::new();
    if !line.is_quiet() && !line.has("minimal") {
        let node = call.node();
        let status = match state.is_running {
            true => format!("* = running on {node}"),
            false => format!("[failed to contact {node} - status not shown]"),
        };
        let head = " Configured: E = explicitly enabled; e = implicitly enabled";
        text = format!("{head}\n | Status: {status}\n |/\n");
    }
    let widest = listed
        .iter()
        .map(|plugin| plugin.name.len())
        .max()
        .unwrap_or(0);
    for plugin in &listed {
        text.push_str(&plugin.shown(line, widest));
    }
    let json = json!({
        "status": if state.is_running { "running" } else { "node_down" },
        "format": if line.has("verbose") { "verbose" } else if line.has("minimal") { "minimal" }
            else { "normal" },
        "plugins": listed.iter().map(|plugin| plugin.json()).collect::<Vec<Value>>(),
    });
    Ok(Output::Both {
        text: text.trim_end_matches('\n').to_owned(),
        value: Term::of_json(&json),
        json: Some(json),
    })
}

fn is_enabled(call: &mut Call<'_>) -> Result<Output, Failure> {
    let state = State::of(call)?;
    let enabled: Vec<&str> = state.enabled().collect();
    let missing: Vec<&String> = call
        .line
        .words
        .iter()
        .filter(|name| !enabled.contains(&name.as_str()))
        .collect();
    let place = match call.line.has("offline") {
        true => String::new(),
        false => format!(" on node {}", call.node()),
    };
    let capital = |text: String| text.replacen('p', "P", 1);
    if missing.is_empty() {
        let (noun, are) = noun(call);
        let text = format!("{} {are} enabled{place}", capital(noun));
        return Ok(Output::Both {
            value: Term::text(&text),
            json: Some(json!({"message": text, "result": "ok"})),
            text,
        });
    }
    let names: Vec<&str> = missing.iter().map(|name| name.as_str()).collect();
    let (noun, are) = match names.len() {
        1 => ("Plugin", "is"),
        _ => ("Plugins", "are"),
    };
    let text = format!(
        "{noun} {} {are} not enabled{place}. Enabled plugins and dependencies: {}",
        names.join(", "),
        enabled.join(", ")
    );
    match call.line.is_json() {
        true => Err(Failure::Either {
            code: code::UNAVAILABLE,
            json_code: code::UNAVAILABLE,
            json: json!({"message": text, "result": "error"}),
            text,
        }),
        false => Err(Failure::error(code::UNAVAILABLE, text)),
    }
}

fn directories(call: &mut Call<'_>) -> Result<Output, Failure> {
    let state = State::of(call)?;
    let set = |name: &str, usual: &str| std::env::var(name).unwrap_or_else(|_| usual.to_owned());
    let archives = set("RABBITMQ_PLUGINS_DIR", "/opt/rabbitmq/plugins");
    let expanded = set(
        "RABBITMQ_PLUGINS_EXPAND_DIR",
        "/var/lib/rabbitmq/plugins-expand",
    );
    let file = state.file.display().to_string();
    let text = format!(
        "Plugin archives directory: {archives}\nPlugin expansion directory: {expanded}\nEnabled \
         plugins file: {file}"
    );
    let json = json!({
        "plugins_dir": archives,
        "plugins_expand_dir": expanded,
        "enabled_plugins_file": file,
    });
    Ok(Output::Both {
        text,
        value: Term::of_json(&json),
        json: Some(json),
    })
}
