//! `leveret link`: the names of RabbitMQ's programs, as links to this one.

use std::fs;
use std::io;
use std::path::Path;
use std::process::ExitCode;

use leveret_ctl::Tool;

use super::{SERVER, complain, say};

/// Puts a link into `dir` for each name. A link that is there is made anew; a file is left alone.
pub(super) fn link(dir: &Path) -> ExitCode {
    match link_all(dir) {
        Ok(text) => say(&text),
        Err(error) => {
            complain(&error);
            ExitCode::FAILURE
        }
    }
}

fn link_all(dir: &Path) -> Result<String, String> {
    let said = |path: &Path, error: &io::Error| format!("'{}': {error}", path.display());
    let program = std::env::current_exe().map_err(|error| said("leveret".as_ref(), &error))?;
    let names = || Tool::ALL.iter().map(|tool| tool.name()).chain([SERVER]);
    fs::create_dir_all(dir).map_err(|error| said(dir, &error))?;
    // All or nothing: a directory with some of the names would mix two brokers' tools.
    for name in names() {
        let path = dir.join(name);
        if let Ok(found) = fs::symlink_metadata(&path)
            && !found.is_symlink()
        {
            let path = path.display();
            return Err(format!(
                "'{path}' is a file and no link: nothing is changed"
            ));
        }
    }
    let mut text = String::new();
    for name in names() {
        let path = dir.join(name);
        replace(&program, &path).map_err(|error| said(&path, &error))?;
        text.push_str(&format!("{}\n", path.display()));
    }
    Ok(text)
}

/// Makes a link, in the place of one that is there.
fn replace(program: &Path, path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    #[cfg(unix)]
    return std::os::unix::fs::symlink(program, path);
    #[cfg(not(unix))]
    fs::hard_link(program, path.with_extension("exe"))
}
