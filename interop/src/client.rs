//! Clients: a folder with a program, a pinned manifest and `client.toml`.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::error::{self, InteropError};

/// How a client's environment is made and its program started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A virtual environment with `requirements.txt`; runs `client.py`.
    Python,
    /// `npm ci` of `package-lock.json`; runs `client.js`.
    Node,
    /// The class path of `pom.xml`; compiles and runs `Client.java`.
    Java,
    /// `go build` of the module.
    Go,
    /// `cargo build` of the package.
    Rust,
    /// An interpreter and packages of the system; runs `run` as it is.
    System,
}

/// A client library under test.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Client {
    /// `language-library`, the folder's name.
    #[serde(skip)]
    pub(crate) name: String,
    /// The folder.
    #[serde(skip)]
    pub(crate) folder: PathBuf,
    /// The pinned version, read from the manifest.
    #[serde(skip)]
    pub(crate) version: String,
    /// The library as its registry names it.
    pub(crate) library: String,
    /// The language, for people.
    pub(crate) language: String,
    /// How it is prepared.
    pub(crate) kind: Kind,
    /// Which scenarios it runs.
    pub(crate) suite: String,
    /// Programs of the system that it needs, each with the command that installs it.
    #[serde(default)]
    pub(crate) tools: Vec<Tool>,
    /// A command line that makes the program of a client of kind `system`, run in its folder.
    #[serde(default)]
    pub(crate) prepare: Vec<String>,
    /// The command line of a client of kind `system`, run in its folder. Here and in `prepare`
    /// `{folder}` is that folder, `{home}` one below the target folder.
    #[serde(default)]
    pub(crate) run: Vec<String>,
    /// A command that prints the version of a client of kind `system`.
    #[serde(default)]
    pub(crate) version_command: Vec<String>,
}

/// A program that must be there before a client can be prepared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Tool {
    /// A command line that succeeds when the tool is there.
    pub(crate) check: Vec<String>,
    /// The command that installs it.
    pub(crate) install: String,
}

impl Client {
    /// Library and version.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.library, self.version)
            .trim_end()
            .to_owned()
    }

    /// The file that pins the versions.
    pub(crate) fn manifest(&self) -> Option<PathBuf> {
        let name = match self.kind {
            Kind::Python => "requirements.txt",
            Kind::Node => "package.json",
            Kind::Java => "pom.xml",
            Kind::Go => "go.mod",
            Kind::Rust => "Cargo.toml",
            Kind::System => return None,
        };
        Some(self.folder.join(name))
    }
}

/// Reads every `clients/*/client.toml` below `home`, sorted by name.
pub(crate) fn load(home: &Path) -> Result<Vec<Client>, InteropError> {
    let mut clients = Vec::new();
    for folder in error::entries(&home.join("clients"))? {
        let path = folder.join("client.toml");
        if !path.is_file() {
            continue;
        }
        let mut client: Client =
            toml::from_str(&error::read(&path)?).map_err(|error| InteropError::Description {
                path: path.clone(),
                reason: error.to_string(),
            })?;
        client.name = folder
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        client.folder = folder;
        if let Some(manifest) = client.manifest() {
            let text = error::read(&manifest)?;
            client.version = pinned_version(&text, &client.library).ok_or_else(|| {
                let reason = format!("no version of {} is pinned", client.library);
                InteropError::Description {
                    path: manifest,
                    reason,
                }
            })?;
        }
        clients.push(client);
    }
    Ok(clients)
}

/// Keeps the clients named in `names`, in full or by library; all of them if `names` is empty.
pub(crate) fn choose(clients: Vec<Client>, names: &[String]) -> Result<Vec<Client>, InteropError> {
    let is = |client: &Client, name: &String| &client.name == name || &client.library == name;
    if let Some(name) = names
        .iter()
        .find(|name| !clients.iter().any(|c| is(c, name)))
    {
        return Err(InteropError::Unknown {
            kind: "client",
            name: name.clone(),
        });
    }
    let wanted = |c: &Client| names.is_empty() || names.iter().any(|name| is(c, name));
    Ok(clients.into_iter().filter(wanted).collect())
}

/// The first version number behind the library's name that stands alone in a manifest.
fn pinned_version(manifest: &str, library: &str) -> Option<String> {
    let is_name = |c: char| c.is_alphanumeric() || "-_./@".contains(c);
    manifest.match_indices(library).find_map(|(at, _)| {
        let (before, after) = (manifest.get(..at)?, manifest.get(at + library.len()..)?);
        if before.chars().next_back().is_some_and(is_name) || after.starts_with(is_name) {
            return None;
        }
        let start = after.find(|c: char| c.is_ascii_digit())?;
        let version = after.get(start..)?;
        let end = version.find(|c: char| !c.is_alphanumeric() && c != '.' && c != '-');
        let version = version.get(..end.unwrap_or(version.len()))?;
        version.contains('.').then(|| version.to_owned())
    })
}

#[cfg(test)]
mod tests;
