//! `leveret repair`: what it prints, and how it ends.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::definitions::mending::additions;
use crate::store::disk::OsDisk;
use crate::store::repair::{self, Known, Repaired};
use crate::store::{DefinitionKind, StoreError};

use super::cli::Repair;
use super::inspect::{Printer, open, refuse};

/// Writes what can be read of a data directory to a new one.
pub(crate) fn repair(what: &Repair) -> ExitCode {
    let from = match open(&what.dir) {
        Ok(disk) => disk,
        Err(code) => return code,
    };
    let new = what.to.clone().unwrap_or_else(|| beside(&what.dir));
    if is_same(&what.dir, &new) {
        return refuse(&format!(
            "--to names the directory that is repaired, '{}': give another one",
            new.display()
        ));
    }
    let made = made_by(&new);
    let done = match OsDisk::open(&new) {
        Ok(to) => write(&from, &to),
        Err(error) => {
            remove(&made);
            return match error.kind() {
                io::ErrorKind::ResourceBusy => refuse(&format!(
                    "a broker is using the data directory '{}': give --to another one",
                    new.display()
                )),
                _ => refuse(&format!("'{}': {error}", new.display())),
            };
        }
    };
    match done {
        Ok(report) => {
            let mut printer = Printer::new(what.json);
            printer.print(&report);
            printer.end(&report.damage)
        }
        Err(error) => {
            remove(&made);
            refuse(&error)
        }
    }
}

fn write(from: &OsDisk, to: &OsDisk) -> Result<Repaired, StoreError> {
    let mut has_user = false;
    let mut add = |known: &Known<'_>| {
        let mut definitions = known.definitions.iter();
        has_user = definitions.any(|one| one.kind == DefinitionKind::User);
        additions(known)
    };
    let mut report = repair::repair(from, to, &mut add)?;
    if !has_user && !report.damage.is_empty() {
        let text = "no user is left: start with `load_definitions` and a file that has one";
        report.notes.push(text.to_owned());
    }
    Ok(report)
}

/// `data.repaired` for `data`.
fn beside(dir: &Path) -> PathBuf {
    let dir = dir.canonicalize().unwrap_or_else(|_| dir.to_owned());
    let mut name = dir.into_os_string();
    name.push(".repaired");
    name.into()
}

fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The directories that are not there yet, the innermost first.
fn made_by(new: &Path) -> Vec<PathBuf> {
    let missing = new.ancestors().take_while(|path| !path.exists());
    missing.map(Path::to_owned).collect()
}

/// Removes directories that were made for nothing, if they are empty.
fn remove(made: &[PathBuf]) {
    for path in made {
        if std::fs::remove_dir(path).is_err() {
            break;
        }
    }
}
