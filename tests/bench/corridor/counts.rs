//! The counts of the last blessing.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;

/// Part of a count that it may differ by: the compiler inlines otherwise when a neighbour changes,
/// and a hash table with random keys probes now and then once more.
const TOLERANCE: f64 = 0.03;

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/bench/corridor/counts.txt"
);

const HEAD: &str =
    "Instructions per operation, from `cargo bench --bench corridor -- --bless` with";

/// Counts by case, and the compiler they belong to.
pub(crate) struct Counts {
    pub(crate) compiler: String,
    by_name: BTreeMap<String, f64>,
}

/// How a count compares with that of the last blessing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Verdict {
    /// There is none.
    New,
    /// About the same.
    Same,
    /// Better; the factor.
    Fallen(f64),
    /// Worse.
    Grown,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Same => f.write_str("as before"),
            Self::Fallen(part) => write!(f, "{part:.3} of before: bless it"),
            Self::Grown => f.write_str("MORE than before"),
        }
    }
}

impl Counts {
    /// Reads them; none if there is no file.
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(FILE).unwrap_or_default();
        let mut lines = text.lines();
        let compiler = lines.nth(1).unwrap_or_default().to_owned();
        let entry = |line: &str| {
            let (name, count) = line.split_once(' ')?;
            Some((name.to_owned(), count.trim().parse().ok()?))
        };
        Self {
            compiler,
            by_name: lines.filter_map(entry).collect(),
        }
    }

    /// Compares a count with the last one.
    pub(crate) fn judge(&self, name: &str, count: f64) -> Verdict {
        match self.by_name.get(name) {
            None => Verdict::New,
            Some(old) if count > old * (1.0 + TOLERANCE) => Verdict::Grown,
            Some(old) if count < old * (1.0 - TOLERANCE) => Verdict::Fallen(count / old),
            Some(_) => Verdict::Same,
        }
    }

    /// Keeps a count.
    pub(crate) fn set(&mut self, name: &str, count: f64) {
        self.by_name.insert(name.to_owned(), count);
    }

    /// Writes the counts of these cases, in this order.
    pub(crate) fn write<'a>(&self, names: impl Iterator<Item = &'a str>) {
        let mut text = format!("{HEAD}\n{}\n\n", self.compiler);
        for name in names {
            if let Some(count) = self.by_name.get(name) {
                text.push_str(&format!("{name:24} {count:>12.1}\n"));
            }
        }
        fs::write(FILE, text).unwrap();
    }
}
