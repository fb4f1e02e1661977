//! The house style, executed: what can be counted or looked up about the sources.
//!
//! Formatting and lints are `cargo fmt` and clippy's; this is what they do not know. Every
//! exception stands in a table here, with its reason.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::fs;
use std::path::{Path, PathBuf};

/// Longest line, in characters.
const LINE_MAX: usize = 100;
/// Longest file, in lines, without its tests.
const FILE_MAX: usize = 500;

/// Files that may be longer than [`FILE_MAX`], up to this, and why.
const LONG_FILES: &[(&str, usize, &str)] = &[];

/// Words that a core must not say. It gets its time and octets handed in.
const SILENT: &[&str] = &[
    "tokio",
    "std::net",
    "core::net",
    "std::fs",
    "std::thread",
    "Instant",
    "SystemTime",
];

/// Where such a word may stand all the same, and why.
const SHELLS: &[(&str, &[&str], &str)] = &[
    (
        "src/program/",
        SILENT,
        "files, signals and the end of a process",
    ),
    ("src/net/", SILENT, "the only code that waits for sockets"),
    (
        "src/management/",
        SILENT,
        "waits for sockets and for the store, on the runtime",
    ),
    (
        "src/metrics/",
        SILENT,
        "waits for connections, and asks the system of this process",
    ),
    ("src/broker/", SILENT, "starts and stops threads"),
    (
        "src/config/",
        &["std::net", "std::fs"],
        "reads the file of settings",
    ),
    (
        "src/clock.rs",
        &["Instant", "SystemTime"],
        "the one place where time is read",
    ),
    (
        "src/listening.rs",
        &["core::net"],
        "an address that is listened on is a value",
    ),
    ("src/store/disk/os.rs", &["std::fs"], "the disk"),
    ("src/sys/", &["std::fs"], "files, as each system has them"),
    (
        "src/sync",
        &["std::thread", "tokio"],
        "starts the threads of the store, and has tasks go on in another thread",
    ),
    (
        "src/auth/",
        &["std::net"],
        "an address is a value; it opens nothing",
    ),
    (
        "src/desk/requests.rs",
        &["std::net"],
        "an address is a value; it opens nothing",
    ),
    (
        "src/desk/administration/mod.rs",
        &["std::net"],
        "an address is a value; it opens nothing",
    ),
    (
        "src/events/author.rs",
        &["std::net"],
        "an address is a value; it opens nothing",
    ),
    (
        "src/events/headers/terms.rs",
        &["std::net"],
        "an address is a value; it opens nothing",
    ),
    (
        "src/desk/session.rs",
        &["core::net"],
        "an address is a value; it opens nothing",
    ),
];

/// Who may name JSON, and why.
const JSON: &[(&str, &str)] = &[
    ("src/program/ctl/", "the tools read the API's answers"),
    ("src/program/node/", "the node's own answers"),
    ("src/program/ready_file.rs", "the ready file is JSON"),
    ("src/management/", "the management API speaks it"),
    ("src/definitions/", "records of the store"),
    ("src/desk/", "definitions in the store"),
    ("src/store/inspect/", "what a dump shows"),
    ("src/program/inspect.rs", "what check-data and dump print"),
    ("src/auth/", "definitions in RabbitMQ's shape"),
    ("src/policy/", "definitions in RabbitMQ's shape"),
];

/// The layers of the house, from the top to the ground. A module names only modules of lower rows;
/// those of one row know nothing of each other.
const LAYERS: &[&str] = &[
    "internals",
    "program",
    "administration settings views",
    "broker",
    "metrics",
    "management",
    "net",
    "connection",
    "channel",
    "desk",
    "vhost",
    "env definitions",
    "compat",
    "policy paging turns",
    "queue",
    "exchange mail outbox events",
    "inquiry",
    "entry",
    "store",
    "alarms auth config listening protocol sync",
    "clock message tally",
    "error log",
    "ids kind limits plugins",
    "erlang sys",
];

/// Wings of the store: each may name only those after it.
const WINGS: &[&str] = &[
    "wipe",
    "log_store",
    "repair",
    "inspect",
    "start",
    "space",
    "log",
    "definitions",
    "format",
    "spill",
    "scripted",
    "memory",
    "disk",
    "counts",
];

/// Where a test may wait for the wall clock, and why.
const SLEEPS: &[(&str, &str)] = &[
    (
        "tests/it/script/hear.rs",
        "asks an outside broker again that works in its own time",
    ),
    (
        "tests/it/script/talk.rs",
        "time on the wall, where a script asks for it",
    ),
    (
        "tests/it/script/target.rs",
        "an outside broker's clock cannot be moved",
    ),
];

struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.starts_with("tests/")
    }

    /// Lines of code with their numbers, without comments.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self
            .text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line));
        lines.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// All files below `folders` that end so, with paths from the root.
fn files(folders: &[&str], ending: &str) -> Vec<Source> {
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root().join(folder)).collect();
    let mut sources = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            open.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.to_string_lossy().ends_with(ending) {
            let text = fs::read_to_string(&path).unwrap();
            let path = path
                .strip_prefix(root())
                .unwrap()
                .to_string_lossy()
                .into_owned();
            sources.push(Source { path, text });
        }
    }
    assert!(!sources.is_empty(), "no {ending} in {folders:?}");
    sources.sort_by(|one, other| one.path.cmp(&other.path));
    sources
}

fn sources() -> Vec<Source> {
    let ours = ["src", "codec/src", "codec/tests", "tests"];
    let tools = ["interop/src", "interop/bench/src"];
    files(&[&ours[..], &tools].concat(), ".rs")
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

/// Whether `word` stands in `line` as a word of its own.
fn says(line: &str, word: &str) -> bool {
    let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line
            .get(at + word.len()..)
            .and_then(|text| text.chars().next());
        !before.is_some_and(inside) && !after.is_some_and(inside)
    })
}

#[test]
fn lines_are_short() {
    let mut found = Vec::new();
    for source in sources() {
        for (at, line) in source.text.lines().enumerate() {
            let len = line.chars().count();
            // A drawing or a link cannot be broken.
            if len > LINE_MAX && !line.contains("://") && !line.contains('─') {
                found.push(format!("{}:{}: {len} characters", source.path, at + 1));
            }
        }
    }
    none(&found);
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !source.is_test()) {
        let exception = LONG_FILES.iter().find(|(path, ..)| *path == source.path);
        let max = exception.map_or(FILE_MAX, |(_, max, _)| *max);
        let len = source.text.lines().count();
        if len > max {
            found.push(format!("{}: {len} lines, at most {max}", source.path));
        }
        if exception.is_some() && len <= FILE_MAX {
            found.push(format!(
                "{} is short again: take it off the list",
                source.path
            ));
        }
    }
    none(&found);
}

#[test]
fn cores_are_silent() {
    let mut found = Vec::new();
    for source in files(&["src", "codec/src"], ".rs") {
        if source.is_test() {
            continue;
        }
        let shell = |word: &str| {
            SHELLS
                .iter()
                .any(|(path, words, _)| source.path.starts_with(path) && words.contains(&word))
        };
        for (at, line) in source.code() {
            for word in SILENT
                .iter()
                .filter(|word| says(line, word) && !shell(word))
            {
                found.push(format!("{}:{at}: {word}", source.path));
            }
        }
    }
    none(&found);
}

// A line said past `log.rs` can end the thread that says it, and so can one that is printed.
#[test]
fn threads_speak_harmlessly() {
    let words = ["println!", "print!", "tracing::", "use tracing"];
    let may = ["src/log.rs", "src/program/"];
    let mut found = Vec::new();
    for source in files(&["src"], ".rs") {
        if source.is_test() || may.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (at, line) in source.code() {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                found.push(format!("{}:{at}: {word}", source.path));
            }
        }
    }
    none(&found);
}

#[test]
fn only_some_know_json() {
    let mut found = Vec::new();
    for source in files(&["src", "codec/src"], ".rs") {
        let may = JSON.iter().any(|(path, _)| source.path.starts_with(path));
        if !source.is_test() && !may && source.code().any(|(_, line)| says(line, "serde_json")) {
            found.push(source.path);
        }
    }
    none(&found);
}

/// What only some systems have.
const SYSTEMS: [&str; 7] = [
    "std::os",
    "rustix::fs",
    "rustix::mm",
    "rustix::param",
    "rustix::process",
    "rustix::system",
    "rustix::thread",
];

#[test]
fn one_room_knows_the_systems() {
    let may = ["src/sys/", "src/program/"];
    let mut found = Vec::new();
    for source in files(&["src", "codec/src"], ".rs") {
        if source.is_test() || may.iter().any(|path| source.path.starts_with(path)) {
            continue;
        }
        for (at, line) in source.code() {
            if let Some(word) = SYSTEMS.iter().find(|word| says(line, word)) {
                found.push(format!("{}:{at}: {word}", source.path));
            }
        }
    }
    none(&found);
}

/// The row of a module in [`LAYERS`].
fn layer(module: &str) -> Option<usize> {
    let has = |row: &&str| row.split_whitespace().any(|name| name == module);
    LAYERS.iter().position(has)
}

/// The module that a path of `src` belongs to.
fn module_of(path: &str) -> &str {
    let name = path.trim_start_matches("src/");
    name.split('/').next().unwrap().trim_end_matches(".rs")
}

/// Every module that `line` names after `crate::`.
fn named(line: &str) -> impl Iterator<Item = &str> {
    let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
    line.match_indices("crate::").map(move |(at, word)| {
        let rest = &line[at + word.len()..];
        &rest[..rest.find(|letter| !inside(letter)).unwrap_or(rest.len())]
    })
}

#[test]
fn modules_name_only_lower_layers() {
    let mut found = Vec::new();
    for source in files(&["src"], ".rs")
        .iter()
        .filter(|source| !source.is_test())
    {
        let module = module_of(&source.path);
        let Some(own) = layer(module) else {
            assert!(["lib", "main"].contains(&module), "{module} has no layer");
            continue;
        };
        for (at, line) in source.code() {
            for other in named(line).filter(|other| *other != module) {
                if layer(other).is_some_and(|other| other <= own) {
                    found.push(format!("{}:{at}: {module} names {other}", source.path));
                }
            }
        }
    }
    none(&found);
}

#[test]
fn layers_name_what_there_is() {
    for module in LAYERS.iter().flat_map(|row| row.split_whitespace()) {
        let folder = root().join("src").join(module);
        assert!(
            folder.is_dir() || folder.with_extension("rs").exists(),
            "{module} is gone"
        );
    }
}

#[test]
fn wings_of_the_store_name_only_lower_ones() {
    let wing = |path: &str| {
        let name = path.split(['/', ':']).next().unwrap_or(path);
        let inside = |letter: char| letter.is_alphanumeric() || letter == '_';
        let name: String = name.chars().take_while(|letter| inside(*letter)).collect();
        WINGS.iter().position(|known| *known == name)
    };
    let mut found = Vec::new();
    for source in files(&["src/store"], ".rs") {
        let name = source.path.trim_start_matches("src/store/");
        if source.is_test() || name == "mod.rs" {
            continue;
        }
        let own = wing(name).unwrap_or_else(|| panic!("{name} is in no wing of the table"));
        // A file right in the store reaches its neighbours without the whole path.
        let ways: &[&str] = match name.contains('/') {
            true => &["store::"],
            false => &["store::", "super::"],
        };
        for (at, line) in source.code() {
            let named = ways.iter().flat_map(|way| line.split(way).skip(1));
            let higher = named.filter_map(wing).find(|other| *other < own);
            if let Some(other) = higher {
                found.push(format!("{}:{at}: names {}", source.path, WINGS[other]));
            }
        }
    }
    none(&found);
}

#[test]
fn the_codec_knows_nobody() {
    let mut found = Vec::new();
    for source in files(&["codec/src"], ".rs") {
        let lines = source.code().filter(|(_, line)| says(line, "leveret"));
        found.extend(lines.map(|(at, _)| format!("{}:{at}", source.path)));
    }
    none(&found);
}

#[test]
fn nothing_is_left_for_later() {
    // Put together, so that this file does not find itself.
    let words = [
        ["TO", "DO"].concat(),
        ["FIX", "ME"].concat(),
        ["to", "do!"].concat(),
        ["unimpl", "emented!"].concat(),
        ["db", "g!"].concat(),
        ["#[ign", "ore"].concat(),
        ["#[all", "ow("].concat(),
        ["#![all", "ow("].concat(),
    ];
    let mut found = Vec::new();
    for source in sources() {
        for (at, line) in source.text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(word.as_str())) {
                found.push(format!("{}:{}: {word}", source.path, at + 1));
            }
        }
    }
    none(&found);
}

#[test]
fn tests_wait_for_events_not_for_time() {
    let call = ["sle", "ep("].concat();
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| source.is_test()) {
        if SLEEPS.iter().any(|(path, _)| *path == source.path) {
            continue;
        }
        let lines = source.code().filter(|(_, line)| line.contains(&call));
        found.extend(lines.map(|(at, _)| format!("{}:{at}", source.path)));
    }
    none(&found);
}

#[test]
fn tables_of_exceptions_name_what_there_is() {
    let long = LONG_FILES.iter().map(|(path, ..)| *path);
    let shells = SHELLS.iter().map(|(path, ..)| *path);
    let paths = long.chain(shells).chain(JSON.iter().map(|(path, _)| *path));
    for path in paths.chain(SLEEPS.iter().map(|(path, _)| *path)) {
        assert!(root().join(path).exists(), "{path} is gone");
    }
}

#[test]
fn every_conversation_says_where_it_is_known_from() {
    let mut found = Vec::new();
    for script in files(&["tests/scripts"], ".amqp") {
        let tags = ["Spec:", "Docs:", "Seen:"];
        let is_sourced = |line: &str| {
            line.starts_with('#')
                && tags.iter().any(|tag| {
                    let said = line.split(tag).nth(1);
                    said.is_some_and(|said| !said.trim().is_empty())
                })
        };
        if !script.text.lines().any(is_sourced) {
            found.push(script.path);
        }
    }
    none(&found);
}

#[test]
fn guesses_are_few() {
    let tag = ["Gue", "ss:"].concat();
    let mut guesses = Vec::new();
    for source in files(&["src", "codec/src"], ".rs") {
        for (at, line) in source.text.lines().enumerate() {
            if line.contains(&tag) && !line.contains(&format!("`{tag}`")) {
                guesses.push(format!("{}:{}:{line}", source.path, at + 1));
            }
        }
    }
    println!("{} guesses\n{}", guesses.len(), guesses.join("\n"));
    assert!(
        guesses.len() <= 10,
        "ask the oracle:\n{}",
        guesses.join("\n")
    );
}

#[test]
fn what_the_readme_tells_to_type_is_there() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let aliases = fs::read_to_string(root().join(".cargo/config.toml")).unwrap();
    let builtin = [
        "run", "test", "build", "install", "bench", "doc", "fmt", "clippy",
    ];
    for (_, rest) in readme
        .match_indices("cargo ")
        .map(|(at, word)| readme.split_at(at + word.len()))
    {
        let letter = |letter: &char| letter.is_ascii_lowercase();
        let verb: String = rest.chars().take_while(letter).collect();
        let known = builtin.contains(&verb.as_str()) || aliases.contains(&format!("\n{verb} = "));
        assert!(known, "cargo {verb}");
    }
    let help = |command: &[&str]| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_leveret"));
        let output = program.args(command).arg("--help").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let settings = fs::read_to_string(root().join("config/SETTINGS.md")).unwrap();
    let mut count = 0;
    for line in readme
        .lines()
        .filter_map(|line| line.strip_prefix("$ leveret "))
    {
        let words: Vec<_> = line.split_whitespace().collect();
        let letter = |letter: char| letter.is_ascii_lowercase() || letter == '_';
        let is_command = |word: &&&str| word.chars().all(letter);
        let command = words.iter().take_while(is_command).copied();
        let help = help(&command.collect::<Vec<_>>());
        for word in words {
            // A user without a configuration has the data there.
            let is_known = !word.starts_with("~/") || settings.contains(&format!("{word},"));
            assert!(is_known, "{word} is no default");
            let is_name = word.starts_with("--") || word == "check-config";
            assert!(
                !is_name || help.contains(word),
                "leveret {line}: {word} is not in its help"
            );
            count += usize::from(is_name);
        }
    }
    assert!(count > 3, "no command found in the README");
    let paths = readme.split(['(', ')', '`']).filter(|text| {
        let folders = ["src/", "config/", "tests/", "interop/", ".ci/"];
        folders.iter().any(|folder| text.starts_with(folder)) && !text.contains([' ', '*'])
    });
    for path in paths {
        assert!(
            root().join(path).exists(),
            "{path} is named by the README and missing"
        );
    }
}
