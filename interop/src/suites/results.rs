//! Test names and outcomes, read from what a test tool prints.

use std::fmt;

use serde::Deserialize;

/// What a test tool says about one test.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// It passed.
    Ok,
    /// It failed, or could not be run.
    Fail,
    /// It was not run, on purpose.
    Skip,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "ok",
            Self::Fail => "fail",
            Self::Skip => "skip",
        })
    }
}

/// The tests of one or several runs of a suite, in the order they were reported.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Results(Vec<(String, Mark)>);

impl Results {
    /// Adds a test; the second of a name becomes `NAME (2)`, and so on.
    pub(crate) fn push(&mut self, name: &str, mark: Mark) {
        let name = name.trim();
        let mut unique = name.to_owned();
        let mut number = 1;
        while self.get(&unique).is_some() {
            number += 1;
            unique = format!("{name} ({number})");
        }
        self.0.push((unique, mark));
    }

    /// What is known of a test.
    pub(crate) fn get(&self, name: &str) -> Option<Mark> {
        let found = self.0.iter().find(|(other, _)| other == name);
        found.map(|(_, mark)| *mark)
    }

    /// Each test once.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, Mark)> {
        self.0.iter().map(|(name, mark)| (name.as_str(), *mark))
    }

    /// Whether no test was reported.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds another run of the same suite: a test passes if it did in one of them.
    pub(crate) fn add(&mut self, other: Self) {
        for (name, mark) in other.0 {
            match self.0.iter_mut().find(|(known, _)| *known == name) {
                Some((_, known)) if mark == Mark::Ok => *known = Mark::Ok,
                Some(_) => {}
                None => self.0.push((name, mark)),
            }
        }
    }
}

/// The language of a test tool's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Format {
    /// Test Anything Protocol, nested as node prints it or flat; `## NAME` begins a file.
    Tap,
    /// `pytest -v`.
    Pytest,
    /// `go test -v`.
    Go,
    /// `cargo test`, standard error included.
    Cargo,
    /// `stestr run`.
    Stestr,
}

impl Format {
    /// Every test that `text` tells of.
    pub(crate) fn parse(self, text: &str) -> Results {
        match self {
            Self::Tap => tap(text),
            Self::Pytest => pytest(text),
            Self::Go => go(text),
            Self::Cargo => cargo(text),
            Self::Stestr => stestr(text),
        }
    }
}

/// `ok 1 - name # SKIP why`; a group's own result comes after those of its tests and is left out.
fn tap(text: &str) -> Results {
    let mut results = Results::default();
    let (mut groups, mut file): (Vec<&str>, &str) = (Vec::new(), "");
    let mut last_depth = 0;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let depth = (line.len() - trimmed.len()) / 4;
        if let Some(name) = trimmed.strip_prefix("## ") {
            (file, last_depth) = (name, 0);
        } else if let Some(name) = trimmed.strip_prefix("# Subtest: ") {
            groups.truncate(depth);
            groups.push(name);
        } else if let Some((name, mark)) = tap_line(trimmed) {
            if depth >= last_depth {
                let above = groups.get(..depth).unwrap_or_default();
                let path: Vec<_> = std::iter::once(file)
                    .filter(|file| !file.is_empty())
                    .chain(above.iter().copied())
                    .chain([name])
                    .collect();
                results.push(&path.join(" › "), mark);
            }
            last_depth = depth;
        }
    }
    results
}

fn tap_line(line: &str) -> Option<(&str, Mark)> {
    let (mark, rest) = match line.strip_prefix("not ok ") {
        Some(rest) => (Mark::Fail, rest),
        None => (Mark::Ok, line.strip_prefix("ok ")?),
    };
    let end = rest.find(|c: char| !c.is_ascii_digit());
    let (number, rest) = rest.split_at(end.unwrap_or(rest.len()));
    if number.is_empty() {
        return None;
    }
    let (name, directive) = match rest.rsplit_once(" # ") {
        Some((name, directive)) => (name, directive.to_ascii_lowercase()),
        None => (rest, String::new()),
    };
    let name = name.trim();
    let name = name.strip_prefix("- ").unwrap_or(name).trim();
    let is_left_out = ["skip", "todo"]
        .iter()
        .any(|word| directive.starts_with(word));
    let mark = if is_left_out { Mark::Skip } else { mark };
    Some((if name.is_empty() { number } else { name }, mark))
}

/// `file.py::Class::test PASSED [ 10%]`.
fn pytest(text: &str) -> Results {
    let mut results = Results::default();
    for line in text.lines() {
        let line = line.trim_end();
        let line = match line.rsplit_once(" [") {
            Some((before, percent)) if percent.ends_with("%]") => before.trim_end(),
            _ => continue,
        };
        let line = line
            .split_once(" SKIPPED (")
            .map_or_else(|| line.to_owned(), |(name, _)| format!("{name} SKIPPED"));
        let Some((name, word)) = line.rsplit_once(' ') else {
            continue;
        };
        let mark = match word {
            "PASSED" | "XPASS" => Mark::Ok,
            "SKIPPED" | "XFAIL" => Mark::Skip,
            "FAILED" | "ERROR" => Mark::Fail,
            _ => continue,
        };
        // A test that passed and could not be cleaned up is told of twice.
        results.add(Results(vec![(name.trim().to_owned(), mark)]));
    }
    results
}

/// `--- PASS: TestName (0.01s)`.
fn go(text: &str) -> Results {
    let mut results = Results::default();
    for line in text.lines() {
        let Some(rest) = line.trim_start().strip_prefix("--- ") else {
            continue;
        };
        let Some((word, name)) = rest.split_once(": ") else {
            continue;
        };
        let mark = match word {
            "PASS" => Mark::Ok,
            "FAIL" => Mark::Fail,
            "SKIP" => Mark::Skip,
            _ => continue,
        };
        results.push(name.split(" (").next().unwrap_or(name), mark);
    }
    results
}

/// `test name ... ok` below `Running tests/file.rs (…)`.
fn cargo(text: &str) -> Results {
    let mut results = Results::default();
    let mut file = "";
    for line in text.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("Running ") {
            let rest = rest.strip_prefix("unittests ").unwrap_or(rest);
            file = rest.split(" (").next().unwrap_or(rest);
            continue;
        }
        let Some((name, word)) = line
            .strip_prefix("test ")
            .and_then(|rest| rest.rsplit_once(" ... "))
        else {
            continue;
        };
        let mark = match word.split(',').next().unwrap_or(word) {
            "ok" => Mark::Ok,
            "FAILED" => Mark::Fail,
            "ignored" => Mark::Skip,
            _ => continue,
        };
        results.push(&format!("{file} › {name}"), mark);
    }
    results
}

/// `{0} package.file.Class.test [0.123s] ... ok`, whatever the number of the worker.
fn stestr(text: &str) -> Results {
    let mut results = Results::default();
    for line in text.lines() {
        let Some((name, word)) = line
            .strip_prefix('{')
            .and_then(|rest| rest.split_once("} "))
            .and_then(|(_, rest)| rest.split_once(" ... "))
        else {
            continue;
        };
        let mark = match word.split(':').next().unwrap_or(word).trim() {
            "ok" => Mark::Ok,
            "FAILED" => Mark::Fail,
            "SKIPPED" => Mark::Skip,
            _ => continue,
        };
        results.push(name.split(" [").next().unwrap_or(name), mark);
    }
    results
}

#[cfg(test)]
mod tests;
