//! Changes of which plugins are enabled.

use serde_json::{Value, json};

use super::file;
use super::state::State;
use crate::command::Call;
use crate::failure::Failure;
use crate::output::Output;
use crate::term::Term;

/// What is done with the plugins that are named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Enable,
    Disable,
    Set,
}

impl Change {
    /// The names that are enabled then.
    fn applied(self, state: &State, named: &[String], all: bool) -> Vec<String> {
        let every = || {
            state
                .plugins
                .iter()
                .map(|plugin| plugin.name.clone())
                .collect()
        };
        let mut names = match self {
            Self::Enable if all => every(),
            Self::Disable if all => Vec::new(),
            Self::Set => named.to_vec(),
            Self::Enable => [state.explicit(), named.to_vec()].concat(),
            Self::Disable => {
                // What is not there stays: only `set` takes it away.
                let is_gone = |name: &String| named.contains(name) && !state.missing.contains(name);
                let mut names = state.explicit();
                names.retain(|name| !is_gone(name) && !needs_any(state, name, named));
                names
            }
        };
        names.sort();
        names.dedup();
        names
    }
}

/// Whether a plugin needs one that is disabled.
fn needs_any(state: &State, name: &str, named: &[String]) -> bool {
    let plugin = state.plugins.iter().find(|plugin| plugin.name == name);
    plugin.is_some_and(|plugin| plugin.needs_any(named))
}

/// What a change did.
struct Done {
    state: State,
    started: Vec<String>,
    stopped: Vec<String>,
    is_offline: bool,
}

/// Changes which plugins are enabled, in the node or, with `--offline`, in the file.
pub(super) fn change(call: &mut Call<'_>, change: Change) -> Result<Output, Failure> {
    let is_offline = call.line.has("offline");
    if !is_offline {
        // Nothing is changed behind the back of a node that does not answer.
        let reached = call.client.get("/leveret/plugins");
        reached.map_err(|_| Failure::WrongState {
            text: "this command requires the target node to be running.".to_owned(),
        })?;
    }
    let before = State::of(call)?;
    let names = change.applied(&before, &call.line.words, call.line.has("all"));
    let was: Vec<String> = before.enabled().map(str::to_owned).collect();
    let done = match is_offline {
        true => {
            file::write(&before.file, &names)?;
            Done {
                state: State::of_names(&names, before.file),
                started: Vec::new(),
                stopped: Vec::new(),
                is_offline,
            }
        }
        false => {
            let answer = call
                .client
                .put("/leveret/plugins", &json!({"enabled": names}))?
                .value()?;
            let texts = |field: &str| -> Vec<String> {
                let items = answer
                    .get(field)
                    .and_then(Value::as_array)
                    .into_iter()
                    .flatten();
                items.filter_map(Value::as_str).map(str::to_owned).collect()
            };
            Done {
                started: texts("started"),
                stopped: texts("stopped"),
                state: State::of(call)?,
                is_offline,
            }
        }
    };
    Ok(told(call, change, &was, &done))
}

fn told(call: &Call<'_>, change: Change, was: &[String], done: &Done) -> Output {
    let now: Vec<&str> = done.state.enabled().collect();
    let added: Vec<&str> = now
        .iter()
        .copied()
        .filter(|name| !was.iter().any(|old| old == name))
        .collect();
    let removed: Vec<&str> = was
        .iter()
        .map(String::as_str)
        .filter(|name| !now.contains(name))
        .collect();
    let mut text = String::new();
    if !done.state.missing.is_empty() && !call.line.is_quiet() {
        let missing = done.state.missing.join(", ");
        text.push_str(&format!(
            "WARNING - plugins currently enabled but missing: {missing}\n\n"
        ));
    }
    match now.is_empty() {
        true => text.push_str("All plugins have been disabled.\n"),
        false => {
            text.push_str("The following plugins have been configured:\n");
            text.extend(now.iter().map(|name| format!("  {name}\n")));
        }
    }
    text.push_str(&format!(
        "Applying plugin configuration to {}...\n",
        call.node()
    ));
    let (word, changed) = match change {
        Change::Enable => ("enabled", &added),
        Change::Disable => ("disabled", &removed),
        Change::Set => ("set", &Vec::new()),
    };
    if !changed.is_empty() {
        text.push_str(&format!("The following plugins have been {word}:\n"));
        text.extend(changed.iter().map(|name| format!("  {name}\n")));
        text.push('\n');
    }
    text.push_str(&result(
        done,
        now.len(),
        !added.is_empty() || !removed.is_empty(),
    ));
    let mut object = json!({
        "mode": if done.is_offline { "offline" } else { "online" },
        "set": now,
        "started": done.started,
        "stopped": done.stopped,
    });
    if let (Some(object), true) = (object.as_object_mut(), change != Change::Set) {
        object.insert(word.to_owned(), json!(changed));
    }
    let json = json!([now, object]);
    Output::Both {
        text,
        value: Term::of_json(&json),
        json: Some(json),
    }
}

/// The last lines.
fn result(done: &Done, count: usize, is_changed: bool) -> String {
    if done.is_offline {
        let first = match count {
            0 => "nothing to do.".to_owned(),
            count => format!("set {count} plugins."),
        };
        return match is_changed {
            true => format!("{first}\nOffline change; changes will take effect at broker restart."),
            false => first,
        };
    }
    let counted = [
        ("started", done.started.len()),
        ("stopped", done.stopped.len()),
    ];
    let counted = counted.iter().filter(|(_, count)| *count > 0);
    let lines: Vec<String> = counted
        .map(|(word, count)| format!("{word} {count} plugins"))
        .collect();
    match lines.is_empty() {
        true => "Plugin configuration unchanged.".to_owned(),
        false => format!("{}.", lines.join(" and ")),
    }
}
