//! Definitions that are imported at a start: `load_definitions`.
//!
//! Docs: definitions (at boot). Seen: RabbitMQ 4.3.6: a directory's files are taken in the order of
//! their names, whatever they end in; the first that cannot be imported ends the start.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::config::Settings;
use crate::desk::{Desk, IMPORTED_HASH, ImportError};

/// Why definitions cannot be loaded.
#[derive(Debug)]
pub struct LoadError {
    file: PathBuf,
    reason: LoadReason,
}

/// See [`LoadError`].
#[derive(Debug)]
enum LoadReason {
    Unreadable(io::Error),
    Refused(ImportError),
    NotRemembered(String),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = self.file.display();
        write!(f, "'{file}': ")?;
        match &self.reason {
            LoadReason::Unreadable(error) => error.fmt(f),
            LoadReason::Refused(error) => f.write_str(&error.explain()),
            LoadReason::NotRemembered(error) => f.write_str(error),
        }
    }
}

impl std::error::Error for LoadError {}

/// The documents at `path`: the file, or the files of the directory by name, without hidden ones.
///
/// # Errors
/// [`LoadError`] with the file that cannot be read.
fn documents(path: &Path) -> Result<Vec<(PathBuf, Vec<u8>)>, LoadError> {
    let unreadable = |file: &Path| {
        let file = file.to_owned();
        move |error| LoadError {
            file,
            reason: LoadReason::Unreadable(error),
        }
    };
    let mut files = Vec::new();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(unreadable(path))? {
            let file = entry.map_err(unreadable(path))?.path();
            let name = file.file_name().unwrap_or_default();
            if file.is_file() && !name.to_string_lossy().starts_with('.') {
                files.push(file);
            }
        }
        files.sort();
    } else {
        files.push(path.to_owned());
    }
    let read = |file: PathBuf| {
        // Devices have no end.
        let is_file = std::fs::metadata(&file).map(|found| found.is_file());
        if !is_file.map_err(unreadable(&file))? {
            return Err(unreadable(&file)(io::Error::other("not a regular file")));
        }
        let document = std::fs::read(&file).map_err(unreadable(&file))?;
        Ok((file, document))
    };
    files.into_iter().map(read).collect()
}

/// Goes as far as [`load`] does before it knows what is there already: the documents can be read.
///
/// # Errors
/// [`LoadError`] with the file that cannot be read, or is no document.
pub(super) fn check(settings: &Settings) -> Result<(), LoadError> {
    let path = settings.load_definitions.as_deref();
    for (file, document) in path.map_or_else(|| Ok(Vec::new()), documents)? {
        let checked = crate::desk::check_document(&document);
        checked.map_err(|error| LoadError {
            file,
            reason: LoadReason::Refused(error),
        })?;
    }
    Ok(())
}

/// Imports the definitions that the settings name, if they name any; with
/// `definitions.skip_if_unchanged` only if they are others than at the start before.
///
/// # Errors
/// [`LoadError`] with the file that cannot be imported, and the item in it.
pub(super) fn load(desk: &Desk) -> Result<(), LoadError> {
    let settings = &desk.env.settings;
    let Some(path) = &settings.load_definitions else {
        return Ok(());
    };
    let documents = documents(path)?;
    let hash = hash(&documents);
    let skip = settings.definitions_skip_if_unchanged;
    if skip && desk.global_parameter(IMPORTED_HASH) == Some(hash.clone().into()) {
        crate::log::info!("Definitions in '{}' are the same as before", path.display());
        return Ok(());
    }
    for (file, document) in documents {
        crate::log::info!("Applying definitions from '{}'", file.display());
        let imported = desk.administration().import(&document);
        imported
            .map_err(|error| LoadError {
                file,
                reason: LoadReason::Refused(error),
            })?
            .unwaited();
    }
    if skip {
        let remembered = desk
            .administration()
            .put_global_parameter(IMPORTED_HASH, hash.into());
        remembered
            .map_err(|error| LoadError {
                file: path.clone(),
                reason: LoadReason::NotRemembered(error.to_string()),
            })?
            .unwaited();
    }
    Ok(())
}

/// Imports a document that a broker with these settings has exported.
///
/// # Errors
/// [`LoadError`] with the item that cannot be imported.
pub(super) fn import_kept(desk: &Desk, document: &[u8]) -> Result<(), LoadError> {
    let imported = desk.administration().import(document);
    let imported = imported.map_err(|error| LoadError {
        file: PathBuf::from("what was there before the stop"),
        reason: LoadReason::Refused(error),
    })?;
    imported.unwaited();
    Ok(())
}

/// Changes with every octet of the documents and with their number, not with their names.
fn hash(documents: &[(PathBuf, Vec<u8>)]) -> String {
    let mut all = Sha256::new();
    for (_, document) in documents {
        all.update(Sha256::digest(document));
    }
    let octets = all.finalize();
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}
