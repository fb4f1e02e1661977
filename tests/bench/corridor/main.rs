//! Instruction counts of the corridor: what a message costs, exactly, on a machine that is busy.
//!
//! Times of a shared machine waver by a third; the number of instructions does not. Each case sets
//! something up, then does the same work again and again on connections without sockets, and only
//! that work is counted, by valgrind's callgrind. The counts of the last blessing stand in
//! `counts.txt` beside this file.
//!
//! ```text
//! cargo bench --bench corridor                     count all, compare, fail if one has grown
//! cargo bench --bench corridor -- deliver ack      only cases whose name contains one of these
//! cargo bench --bench corridor -- --bless          and take the new counts for the right ones
//! cargo bench --bench corridor -- --list           what there is, and what an operation is
//! ```
//!
//! Where the instructions go is said by `callgrind_annotate`, for the file that is named at the
//! end; by the line, if `CARGO_PROFILE_BENCH_DEBUG=line-tables-only` was set for the count.
//!
//! Counts belong to a compiler: with another one than that of `counts.txt` they are shown, and
//! nothing fails. They do not see caches, system calls and waiting; `leveret bench` does.

#![expect(
    clippy::unwrap_used,
    reason = "what cannot be set up cannot be counted"
)]

use std::env;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::atomic::{AtomicBool, Ordering};

use cases::CASES;
use counts::{Counts, Verdict};

mod cases;
mod counts;
mod peer;

/// As in the program, whose allocations are part of what is counted.
#[global_allocator]
static ALLOCATOR: leveret_memory::Allocator = leveret_memory::Allocator;

/// Within [`work_that_counts`].
static COUNTS: AtomicBool = AtomicBool::new(false);

/// Does `work`. Valgrind knows this function by its name, and counts from its call to its return.
#[inline(never)]
fn work_that_counts(work: &mut dyn FnMut()) {
    COUNTS.store(true, Ordering::Relaxed);
    work();
    // Keeps the call above from becoming a jump, which would have no return.
    COUNTS.store(false, Ordering::Relaxed);
}

/// Does `work` that is the kernel's in a broker: it does not count.
fn uncounted(work: &mut dyn FnMut()) {
    if COUNTS.load(Ordering::Relaxed) {
        work_of_others(work);
    } else {
        work();
    }
}

/// Valgrind knows this function too, and counts nothing from its call to its return.
#[inline(never)]
fn work_of_others(work: &mut dyn FnMut()) {
    work();
    black_box(());
}

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let is_flag = |flag: &str| arguments.iter().any(|argument| argument == flag);
    let names: Vec<&String> = arguments
        .iter()
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    if is_flag("--alone") {
        return alone(&names);
    }
    let is_wanted = |name: &str| names.is_empty() || names.iter().any(|part| name.contains(*part));
    let cases = CASES.iter().filter(|case| is_wanted(case.name));
    if is_flag("--list") {
        cases.for_each(|case| println!("{:24} each {}", case.name, case.operation));
        return ExitCode::SUCCESS;
    }
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is missing; on Debian: apt-get install valgrind");
        return ExitCode::FAILURE;
    }
    let compiler = compiler();
    let mut counts = Counts::read();
    let binds = counts.compiler == compiler;
    let mut has_grown = false;
    let mut last = PathBuf::new();
    for case in cases {
        let (count, file) = counted(case.name);
        let verdict = counts.judge(case.name, count);
        println!("{:24} {count:>12.1} {verdict}", case.name);
        has_grown |= verdict == Verdict::Grown;
        counts.set(case.name, count);
        last = file;
    }
    println!("callgrind_annotate {}", last.display());
    if is_flag("--bless") {
        counts.compiler = compiler;
        counts.write(CASES.iter().map(|case| case.name));
        return ExitCode::SUCCESS;
    }
    if has_grown && !binds {
        println!(
            "counts.txt is of {}, this is {compiler}: nothing is wrong with a difference",
            counts.compiler
        );
    } else if has_grown {
        println!("if that has to be, run again with --bless and say in the commit why");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Runs one case in this process and says how many operations that was.
fn alone(names: &[&String]) -> ExitCode {
    let case = CASES
        .iter()
        .find(|case| names.first().is_some_and(|name| case.name == *name));
    let Some(case) = case else {
        return ExitCode::FAILURE;
    };
    println!("{}", (case.run)());
    ExitCode::SUCCESS
}

/// Instructions of one operation, and the file that says where they went.
fn counted(name: &str) -> (f64, PathBuf) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.callgrind"));
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--collect-atstart=no", "--quiet"])
        .arg("--toggle-collect=*work_that_counts*")
        .arg("--toggle-collect=*work_of_others*")
        .arg(format!("--callgrind-out-file={}", file.display()))
        .arg(env::current_exe().unwrap())
        .args(["--alone", name])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let operations: Result<f64, _> = said.trim().parse();
    let Ok(operations) = operations else {
        let why = String::from_utf8_lossy(&output.stderr);
        panic!("{name} ended with {}: {said}{why}", output.status);
    };
    let written = std::fs::read_to_string(&file).unwrap();
    let total = written
        .lines()
        .find_map(|line| line.strip_prefix("totals: "));
    let total: f64 = total
        .unwrap_or_else(|| panic!("{} has no total", file.display()))
        .parse()
        .unwrap();
    (total / operations, file)
}

/// The compiler and the processor that counts belong to.
fn compiler() -> String {
    let rustc = env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let output = Command::new(rustc).arg("--version").output();
    let version = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let version = version.unwrap_or_else(|_| "an unknown rustc".to_owned());
    format!("{version}, {}", env::consts::ARCH)
}
