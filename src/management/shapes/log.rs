//! Lines of the log.

use crate::management::shape::Kind::{List, Object, Text, Whole, Word};
use crate::management::shape::{Shape, key};

/// Some lines.
pub(in crate::management) const LOG: Shape = Shape {
    name: "Log",
    about: "Lines of the log.",
    keys: &[
        key("last", Whole).about("The number of the last line that was looked at: `behind`."),
        key("lines", List(&Object(&LOG_LINE))),
        key("missed", Whole).about("Lines, of any level, that are not kept any more."),
    ],
};

const LOG_LINE: Shape = Shape {
    name: "LogLine",
    about: "A line of the log.",
    keys: &[
        key("level", Word(&["debug", "info", "warning", "error"])),
        key("number", Whole).about("From 1, since the start of the program."),
        key("text", Text).about("As it is in the log, with its time."),
        key("timestamp", Whole).about("Milliseconds since 1970."),
    ],
};
