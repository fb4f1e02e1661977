//! The table of a comparison.

use std::fmt::Write as _;
use std::fs;

use super::matrix::{Better, Measure};
use super::options::Compare;
use super::{Contender, Measured};
use crate::bench::report::shown;

/// The whole page: machine, versions, command, table.
pub(super) fn page(options: &Compare, contenders: &[Contender], rows: &[Measured]) -> String {
    let mut page = String::from(INTRODUCTION);
    let mut say = |line: &str| {
        // Writing to a string cannot fail.
        writeln!(page, "{line}").unwrap_or_default();
    };
    for (name, value) in machine() {
        say(&format!("* {name}: {value}"));
    }
    for contender in contenders {
        say(&format!("* `{}`: {}", contender.name, contender.product));
    }
    say(&format!(
        "* {} rounds of {} s each after 1 s to warm up",
        options.rounds, options.seconds
    ));
    say(&format!("* `{}`", command(options)));
    if let Some(note) = &options.note {
        say(&format!("* {note}"));
    }
    say("");
    say(&head(contenders));
    let columns = contenders.len() + 2 + if contenders.len() > 1 { 2 } else { 0 } + 3;
    say(&format!("|{}", "---|".repeat(columns)));
    for row in rows {
        page.push_str(&lines(contenders, row));
    }
    page
}

/// The command without what is only of this machine.
fn command(options: &Compare) -> String {
    let mut command = String::from("leveret bench compare");
    for broker in &options.brokers {
        let name = broker.split('=').next().unwrap_or_default();
        command.push_str(&format!(" --broker {name}"));
    }
    command.push_str(&format!(
        " --rounds {} --seconds {}",
        options.rounds, options.seconds
    ));
    for only in &options.only {
        command.push_str(&format!(" --only {only}"));
    }
    command
}

fn head(contenders: &[Contender]) -> String {
    let mut head = String::from("| workload | figure |");
    for contender in contenders {
        head.push_str(&format!(" {} |", contender.name));
    }
    if contenders.len() > 1 {
        head.push_str(" better by | target |");
    }
    head.push_str(" relay | of the relay | target |");
    head
}

/// The lines of one row, one for each figure.
pub(super) fn lines(contenders: &[Contender], measured: &Measured) -> String {
    let mut text = String::new();
    for (at, measure) in measured.row.measures.iter().enumerate() {
        let title = if at == 0 { measured.row.title } else { "" };
        text.push_str(&line(contenders, measured, title, measure));
    }
    for problem in &measured.problems {
        text.push_str(&format!("| | **{problem}** |\n"));
    }
    text
}

fn line(contenders: &[Contender], measured: &Measured, title: &str, measure: &Measure) -> String {
    let median = |at| measured.median(at, measure.figure);
    let cell = |value: Option<f64>| value.map_or_else(nothing, shown);
    let times = |value: Option<f64>| value.map_or_else(nothing, |v| format!("{v:.1} ×"));
    let percent =
        |value: Option<f64>| value.map_or_else(nothing, |v| format!("{:.0} %", v * 100.0));
    let mut line = format!("| {title} | {} |", measure.title);
    for at in 0..contenders.len() {
        line.push_str(&format!(" {} |", cell(median(at))));
    }
    if contenders.len() > 1 {
        let target = match measure.alone {
            Some(alone) => format!("≤ {}", shown(alone)),
            None => times(measure.times),
        };
        let ratio = times(ratio(measure.better, median(0), median(1)));
        line.push_str(&format!(" {ratio} | {target} |"));
    }
    let relay = median(contenders.len());
    let part = percent(ratio(measure.better, median(0), relay));
    line.push_str(&format!(
        " {} | {part} | {} |\n",
        cell(relay),
        percent(measure.part)
    ));
    line
}

/// What stands where nothing was measured.
fn nothing() -> String {
    "–".to_owned()
}

/// How many times better the one is than the other.
pub(super) fn ratio(better: Better, one: Option<f64>, other: Option<f64>) -> Option<f64> {
    let (one, other) = (one?, other?);
    let (above, below) = match better {
        Better::More => (one, other),
        Better::Less => (other, one),
    };
    (below > 0.0).then_some(above / below)
}

/// What the machine is.
fn machine() -> Vec<(&'static str, String)> {
    let field = |file: &str, name: &str| {
        let text = fs::read_to_string(file).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, |cores| cores.get());
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    vec![
        (
            "Processor",
            field("/proc/cpuinfo", "model name").unwrap_or_default(),
        ),
        ("Cores, shared by broker and load", cores.to_string()),
        (
            "Memory",
            field("/proc/meminfo", "MemTotal").unwrap_or_default(),
        ),
        ("Linux", kernel.trim().to_owned()),
    ]
}

const INTRODUCTION: &str = "\
# How fast, against whom

Written by `leveret bench compare`; do not edit. Every body was checked for loss, duplicates, order
and content; the figures are medians of the rounds. *Better by* compares the first broker with the
second; the *relay* passes frames on and does nothing else, so it is what this machine and the tool
allow.

";
