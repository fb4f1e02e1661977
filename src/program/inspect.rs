//! `leveret check-data` and `leveret dump`: what they print, and how they end.
//!
//! Answers go to standard output, what stands in the way of one to standard error.

use std::fmt::Display;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::process::ExitCode;

use crate::store::disk::OsDisk;
use crate::store::{Damage, inspect};
use serde::Serialize;

use super::cli::Inspect;
use super::complain;
use super::logging::{Style, push_plain};

/// The data is damaged.
const DAMAGED: u8 = 1;
/// The directory cannot be read: missing, in use, of another version.
const UNREADABLE: u8 = 2;

/// Verifies a data directory.
pub(crate) fn check_data(what: &Inspect) -> ExitCode {
    let disk = match open(&what.dir) {
        Ok(disk) => disk,
        Err(code) => return code,
    };
    match inspect::check(&disk) {
        Ok(report) => {
            let mut printer = Printer::new(what.json);
            printer.print(&report);
            printer.end(&report.damage)
        }
        Err(error) => refuse(&error),
    }
}

/// Prints what is in a data directory.
pub(crate) fn dump(what: &Inspect) -> ExitCode {
    let disk = match open(&what.dir) {
        Ok(disk) => disk,
        Err(code) => return code,
    };
    let mut printer = Printer::new(what.json);
    match inspect::dump(&disk, &mut |item| printer.print_line(&item)) {
        Ok(damage) => {
            for damage in &damage {
                complain(&format_args!("damaged: {damage}"));
            }
            printer.end(&damage)
        }
        Err(error) => refuse(&error),
    }
}

pub(super) fn open(dir: &Path) -> Result<OsDisk, ExitCode> {
    OsDisk::open_read_only(dir).map_err(|error| match error.kind() {
        io::ErrorKind::ResourceBusy => refuse(&format!(
            "a broker is using the data directory '{}': stop it first, or look at a copy",
            dir.display()
        )),
        _ => refuse(&format!("the data directory '{}': {error}", dir.display())),
    })
}

pub(super) fn refuse(why: &dyn Display) -> ExitCode {
    complain(why);
    ExitCode::from(UNREADABLE)
}

/// Writes lines to standard output.
pub(super) struct Printer {
    out: BufWriter<io::StdoutLock<'static>>,
    json: bool,
}

impl Printer {
    pub(super) fn new(json: bool) -> Self {
        let out = BufWriter::new(io::stdout().lock());
        Self { out, json }
    }

    pub(super) fn print(&mut self, line: &(impl Serialize + Display)) {
        let written = if self.json {
            let json = serde_json::to_string(line).expect("it is made of texts and numbers");
            writeln!(self.out, "{json}")
        } else {
            writeln!(self.out, "{line}")
        };
        ended(written);
    }

    /// Prints what stays one line, whatever a client has put into it.
    fn print_line(&mut self, item: &(impl Serialize + Display)) {
        let (line, style) = if self.json {
            let json = serde_json::to_string(item).expect("it is made of texts and numbers");
            (json, Style::Json)
        } else {
            (item.to_string(), Style::Text)
        };
        let mut plain = Vec::new();
        push_plain(&mut plain, &(line + "\n"), style);
        ended(self.out.write_all(&plain));
    }

    pub(super) fn end(mut self, damage: &[Damage]) -> ExitCode {
        ended(self.out.flush());
        if damage.is_empty() {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(DAMAGED)
        }
    }
}

/// A reader that leaves before the end (`| head`) has read what it wanted; nothing that is left
/// would be of use.
fn ended(written: io::Result<()>) {
    match written {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => std::process::exit(0),
        Err(error) => {
            complain(&format_args!("writing the answer: {error}"));
            std::process::exit(UNREADABLE.into());
        }
    }
}
