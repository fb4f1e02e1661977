//! Scenarios: what a client is asked to do, under an id that all languages share.

use std::path::Path;

use serde::Deserialize;

use crate::error::{self, InteropError};

/// One file of `interop/scenarios`; its name is the id.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Scenario {
    /// The id that programs are given.
    #[serde(skip)]
    pub(crate) id: String,
    /// What is shown, in one sentence.
    pub(crate) title: String,
    /// `client`, `worker`, `listener` or `tools`; each client runs the scenarios of one suite.
    pub(crate) suite: String,
    /// The broker that it runs against.
    #[serde(default)]
    pub(crate) broker: Place,
    /// What the program does.
    pub(crate) steps: Vec<String>,
    /// What it then sees.
    pub(crate) expect: String,
}

/// Which broker a scenario needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Place {
    /// One that all clients use at the same time.
    #[default]
    Shared,
    /// The client's own, which it may stop; guest may not configure names that begin with
    /// `interop-no-configure`, write to `interop-no-write` or read from `interop-no-read`.
    Own,
    /// Its own, while no other own one runs: its disk is made short, which others would feel.
    Short,
}

/// Reads all scenarios below `home`, sorted by id.
pub(crate) fn load(home: &Path) -> Result<Vec<Scenario>, InteropError> {
    let mut scenarios = Vec::new();
    for path in error::entries(&home.join("scenarios"))? {
        let wrong = |reason: String| InteropError::Description {
            path: path.clone(),
            reason,
        };
        let mut scenario: Scenario =
            toml::from_str(&error::read(&path)?).map_err(|error| wrong(error.to_string()))?;
        scenario.id = match path.file_stem().and_then(|stem| stem.to_str()) {
            Some(id) => id.to_owned(),
            None => return Err(wrong("the name is no scenario id".to_owned())),
        };
        if scenario.steps.is_empty() || scenario.expect.is_empty() {
            return Err(wrong("steps and expect must say something".to_owned()));
        }
        scenarios.push(scenario);
    }
    Ok(scenarios)
}

/// Keeps the scenarios named in `ids`; all of them if `ids` is empty.
pub(crate) fn choose(
    scenarios: Vec<Scenario>,
    ids: &[String],
) -> Result<Vec<Scenario>, InteropError> {
    if let Some(id) = ids
        .iter()
        .find(|id| !scenarios.iter().any(|s| &s.id == *id))
    {
        return Err(InteropError::Unknown {
            kind: "scenario",
            name: id.clone(),
        });
    }
    let wanted = |scenario: &Scenario| ids.is_empty() || ids.contains(&scenario.id);
    Ok(scenarios.into_iter().filter(wanted).collect())
}
