//! The table of a comparison.

use std::fmt::Write as _;
use std::fs;

use super::matrix::{Better, Measure};
use super::options::Compare;
use super::{Contender, Measured, Rounds, Scaled, Table};
use crate::report::shown;

/// The whole page: machine, versions, command, table.
pub(super) fn page(options: &Compare, contenders: &[Contender], table: &Table) -> String {
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
        options.rounds,
        options.time()
    ));
    say(&format!("* `{}`", command(options)));
    if !table.disk.is_empty() {
        let rates = table.disk.iter();
        let rates = rates.map(|(messages, rate)| format!("{} with {messages}", shown(*rate)));
        let rates: Vec<_> = rates.collect();
        say(&format!(
            "* a bare loop of write and fdatasync, times a second by messages of 1 KiB in a write \
             (`leveret bench disk`): {}",
            rates.join(", ")
        ));
    }
    if let Some(note) = &options.note {
        say(&format!("* {note}"));
    }
    say("");
    say(&head(contenders));
    let columns = contenders.len() + 2 + if contenders.len() > 1 { 2 } else { 0 } + 3;
    say(&format!("|{}", "---|".repeat(columns)));
    for row in &table.rows {
        page.push_str(&lines(options, contenders, row));
    }
    if !table.scales.is_empty() {
        page.push_str(SCALE_HEAD);
    }
    for scaled in &table.scales {
        page.push_str(&scale_line(scaled));
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
    command.push_str(&format!(" --rounds {}", options.rounds));
    if options.quick {
        command.push_str(" --quick");
    } else {
        command.push_str(&format!(" --seconds {}", options.seconds));
    }
    if options.awake.keep_awake {
        command.push_str(" --keep-awake");
    }
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
    head.push_str(" yardstick | part of it | target |");
    head
}

/// The lines of one row, one for each figure.
pub(super) fn lines(options: &Compare, contenders: &[Contender], measured: &Measured) -> String {
    let mut text = String::new();
    let row = measured.row;
    let shorter = row.quick.filter(|_| options.quick);
    for (at, measure) in row.measures.iter().enumerate() {
        let title = match at {
            0 => shorter.map_or(row.title, |(title, _)| title),
            _ => "",
        };
        text.push_str(&line(contenders, measured, title, measure));
    }
    for note in &measured.notes {
        text.push_str(&format!("| | *{note}* |\n"));
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
            Some(alone) => match measure.better {
                Better::More => format!("≥ {}", shown(alone)),
                Better::Less => format!("≤ {}", shown(alone)),
            },
            None => times(measure.times),
        };
        let ratio = times(ratio(measure.better, median(0), median(1)));
        line.push_str(&format!(" {ratio} | {target} |"));
    }
    let yardstick = median(contenders.len());
    let part = percent(ratio(measure.better, median(0), yardstick));
    line.push_str(&format!(
        " {} | {part} | {} |\n",
        cell(yardstick),
        percent(measure.part)
    ));
    line
}

/// One line of the table of costs: by size, and how much dearer the most makes it.
pub(super) fn scale_line(scaled: &Scaled) -> String {
    let cost = |rounds: &Rounds| super::median(rounds.get("broker_cpu_s_per_million")?);
    let costs: Vec<_> = scaled.rounds.iter().map(cost).collect();
    let mut line = format!("| {} |", scaled.scale.title);
    for cost in &costs {
        line.push_str(&format!(" {} |", cost.map_or_else(nothing, shown)));
    }
    let first = costs.first().copied().flatten();
    let last = costs.last().copied().flatten();
    let growth = ratio(Better::More, last, first);
    let growth = growth.map_or_else(nothing, |times| format!("{times:.2} ×"));
    line.push_str(&format!(" {growth} |\n"));
    for problem in &scaled.problems {
        line.push_str(&format!("| | **{problem}** |\n"));
    }
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
second. The *yardstick* is what this machine and the tool allow: a relay that passes frames on and
does nothing else. Where a disk must be waited for, the relay too writes and syncs, once for all
that wait, before it confirms; what the disk does without any sockets stands above the table.

";

const SCALE_HEAD: &str = "
## Does it stay so?

CPU seconds of the first broker for a million messages of 16 B, beside so many other things.

| beside | 1 | 100 | 10,000 | 10,000 to 1 |
|---|---|---|---|---|
";
