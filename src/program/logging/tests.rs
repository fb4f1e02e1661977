use std::io::{BufRead as _, BufReader, PipeReader, Write};
use std::sync::Arc;

use crate::config::{LevelOf, Settings};
use parking_lot::Mutex;

use super::lines::{LastLines, Lines, Output, Trouble};

use super::*;

#[derive(Clone, Default)]
struct Page(Arc<Mutex<Vec<u8>>>);

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn subscriber<W>(level: LogLevel, style: Style, writer: W) -> impl tracing::Subscriber
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let settings = Settings {
        log_level: level,
        ..Settings::default()
    };
    let takes = Takes::of(&settings, LevelOf::Default);
    registry().with(vec![layer(&takes, style, writer)])
}

/// What two events, one of them with all settings, look like.
fn logged(level: LogLevel, style: Style) -> String {
    let page = Page::default();
    let writer = page.clone();
    let log = subscriber(level, style, move || writer.clone());
    tracing::subscriber::with_default(log, || {
        tracing::info!(port = 5672, "Server startup complete");
        tracing::warn!(settings = ?Settings::default(), "as set");
    });
    let bytes = page.0.lock().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn text_is_one_readable_line_without_colours() {
    let page = logged(LogLevel::Info, Style::Text);
    let line = page.lines().next().unwrap();
    assert!(
        line.ends_with("INFO Server startup complete port=5672"),
        "{line}"
    );
    assert!(!page.contains('\u{1b}'));
    assert!(logged(LogLevel::Info, Style::Colours).contains('\u{1b}'));
}

#[test]
fn json_is_one_object_per_line() {
    let page = logged(LogLevel::Info, Style::Json);
    let first: serde_json::Value = serde_json::from_str(page.lines().next().unwrap()).unwrap();
    assert_eq!(first["message"], "Server startup complete");
    assert_eq!(
        (&first["level"], &first["port"]),
        (&"INFO".into(), &5672.into())
    );
}

#[test]
fn levels_hide_what_is_less_severe() {
    let warnings = logged(LogLevel::Warning, Style::Text);
    assert!(warnings.contains("as set") && !warnings.contains("startup"));
    assert_eq!(logged(LogLevel::Error, Style::Text), "");
    assert_eq!(logged(LogLevel::None, Style::Text), "");
}

#[test]
fn passwords_are_not_logged() {
    let page = logged(LogLevel::Debug, Style::Text);
    assert!(page.contains("default_pass: (not shown)"), "{page}");
}

/// Of an output that takes every line.
const SILENT: Trouble = Trouble {
    begins: |_| (),
    is_over: |_, _| (),
};

/// The first line of the log when a client brings `text` into a message and a field.
fn line_of(text: &str, style: Style) -> String {
    let (reader, output) = io::pipe().unwrap();
    let mut last = LastLines::default();
    let lines = last.add(output, style, SILENT).unwrap();
    let log = subscriber(LogLevel::Info, style, move || lines.clone());
    tracing::subscriber::with_default(log, || {
        tracing::warn!(name = text, shown = %text, "closing {text} now");
        tracing::info!("next");
    });
    let mut lines = BufReader::new(reader).lines().map(Result::unwrap);
    let line = lines.next().unwrap();
    assert!(
        lines.next().unwrap().contains("next"),
        "{text:?} was more than a line: {line}"
    );
    line
}

// A client could write lines of its own into the log, by a consumer tag or queue name with a line
// feed, and make a terminal obey it.
#[test]
fn text_of_a_client_stays_in_its_line() {
    let ends = "a\nb\rc\u{b}d\u{c}e\u{85}f\u{2028}g\u{2029}h\0i";
    let orders = "\u{1b}[2J\u{9b}2J\u{7}\u{8}\u{7f}\u{202e}\u{2066}";
    for text in [ends, orders] {
        for style in [Style::Text, Style::Json] {
            let line = line_of(text, style);
            let bad = line
                .chars()
                .find(|c| text.contains(*c) && !c.is_ascii_graphic());
            assert_eq!(bad, None, "{style:?}: {line}");
        }
        let line = line_of(text, Style::Colours);
        assert!(!line.contains("\u{1b}[2J"), "{line:?}");
        assert!(
            !line.contains(['\r', '\u{9b}', '\u{85}', '\u{202e}', '\u{7}']),
            "{line:?}"
        );
    }
    let json = line_of(&(ends.to_owned() + orders), Style::Json);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        json["name"],
        ends.to_owned() + orders,
        "nothing is lost for a machine"
    );
    assert!(line_of("zażółć 兎 'x' \\", Style::Text).contains("closing zażółć 兎 'x' \\ now"));
}

fn set(settings: &[(&str, &str)]) -> Settings {
    let mut set = Settings::default();
    for (key, value) in settings {
        let given = crate::config::Given::Raw((*value).to_owned());
        let key = crate::config::Key::named(key).unwrap();
        key.set(&mut set, &given, &crate::config::Origin::Program)
            .unwrap();
    }
    set
}

/// What is said at `level` by `target` with these settings, to an output of the level `output`.
fn is_taken(settings: &[(&str, &str)], output: LevelOf, target: &str, level: LevelFilter) -> bool {
    let targets = Takes::of(&set(settings), output).targets();
    targets.would_enable(target, &level.into_level().unwrap())
}

// Seen: RabbitMQ 4.3.6 with these lines in its rabbitmq.conf.
#[test]
fn a_category_with_a_file_is_written_there_alone() {
    let settings = set(&[
        ("log.dir", "/logs"),
        ("log.file.name", "main.log"),
        ("log.console.level", "warning"),
        ("log.connection.file", "own.log"),
        ("log.queue.file", "own.log"),
        ("log.queue.level", "error"),
    ]);
    let outputs = outputs(&settings);
    let taken = |at: usize, target: &str, level: LevelFilter| {
        let targets = outputs[at].takes.targets();
        targets.would_enable(target, &level.into_level().unwrap())
    };
    let files: Vec<_> = outputs
        .iter()
        .map(|output| output.file.as_deref().and_then(|file| file.to_str()))
        .collect();
    assert_eq!(files, [None, Some("/logs/main.log"), Some("/logs/own.log")]);
    assert_eq!(
        settings.log_files(),
        ["/logs/main.log", "/logs/own.log", "<stdout>"]
    );
    for other in [0, 1] {
        assert!(!taken(other, "leveret::connection", LevelFilter::ERROR));
        assert!(!taken(other, "leveret::queue", LevelFilter::ERROR));
        assert!(taken(other, "leveret::channel", LevelFilter::ERROR));
    }
    assert!(taken(2, "leveret::connection::logging", LevelFilter::INFO));
    assert!(taken(2, "leveret::queue", LevelFilter::ERROR));
    assert!(!taken(2, "leveret::queue", LevelFilter::WARN));
    assert!(!taken(2, "leveret::auth", LevelFilter::ERROR));

    // Another level, as set_log_level has it, sends nothing elsewhere.
    let debug = |at: usize, target: &str| {
        let targets = outputs[at].takes.at(LevelFilter::DEBUG).targets();
        targets.would_enable(target, &tracing::Level::DEBUG)
    };
    assert!(debug(2, "leveret::connection") && !debug(2, "leveret::auth"));
    assert!(debug(0, "leveret::auth") && !debug(0, "leveret::connection"));

    let any = Takes::any_of(&settings, &outputs).targets();
    assert!(any.would_enable("leveret::connection", &tracing::Level::INFO));
    assert!(any.would_enable("leveret::auth", &tracing::Level::INFO));
    assert!(!any.would_enable("leveret::auth", &tracing::Level::DEBUG));
}

// A file of a category may be the log's own: then the console has none of its lines.
#[test]
fn the_logs_file_takes_a_category_that_names_it() {
    let settings = set(&[("log.file.name", "x.log"), ("log.channel.file", "x.log")]);
    let outputs = outputs(&settings);
    assert_eq!(outputs.len(), 2);
    let taken = |at: usize| {
        let targets = outputs[at].takes.targets();
        targets.would_enable("leveret::channel", &tracing::Level::ERROR)
    };
    assert!(!taken(0) && taken(1));
}

// Seen: RabbitMQ 4.3.6 with these lines in its rabbitmq.conf.
#[test]
fn level_of_a_category_holds_for_every_output() {
    let settings = [
        ("log.connection.level", "info"),
        ("log.channel.level", "none"),
    ];
    for output in [LevelOf::Warning, LevelOf::Error] {
        let taken = |target, level| is_taken(&settings, output, target, level);
        assert!(taken("leveret::connection::logging", LevelFilter::INFO));
        assert!(!taken("leveret::connection::logging", LevelFilter::DEBUG));
        assert!(!taken("leveret::channel", LevelFilter::ERROR));
        assert!(!taken("leveret::auth", LevelFilter::INFO));
        assert_eq!(
            taken("leveret::auth", LevelFilter::WARN),
            output == LevelOf::Warning
        );
    }
    let by_default = |target| {
        is_taken(
            &[("log.level", "debug")],
            LevelOf::Default,
            target,
            LevelFilter::DEBUG,
        )
    };
    assert!(by_default("leveret::queue") && by_default("leveret::auth"));
}

// RabbitMQ's lines may be several for an event, but each is the broker's.
#[test]
fn text_of_a_client_begins_no_line_of_rabbitmqs() {
    for style in [Style::Rabbit, Style::RabbitColours] {
        let (reader, output) = io::pipe().unwrap();
        let mut last = LastLines::default();
        let lines = last.add(output, style, SILENT).unwrap();
        let log = subscriber(LogLevel::Info, style, move || lines.clone());
        tracing::subscriber::with_default(log, || {
            let text = "a\nb\u{1b}[2J\r\u{2028}";
            tracing::warn!(why = text, process = %"<0.1.0>", name = text, "closing {text}");
            tracing::info!(lines = " * one\n * two", "end");
        });
        drop(last);
        let lines: Vec<String> = BufReader::new(reader)
            .lines()
            .map(Result::unwrap)
            .take(5)
            .collect();
        let told = lines.iter().map(|line| line.split_once("] <0.").unwrap().1);
        let told: Vec<&str> = told
            .map(|line| line.trim_end_matches("\u{1b}[0m"))
            .collect();
        let text = "a\\nb\\u{1b}[2J\\r\\u{2028}";
        assert_eq!(
            told,
            [
                &*format!("1.0> closing {text} name=\"{text}\":"),
                &*format!("1.0> {text}"),
                "0.0> end",
                "0.0>  * one",
                "0.0>  * two",
            ]
        );
        let has_colours = lines.iter().any(|line| line.contains('\u{1b}'));
        assert_eq!(has_colours, style == Style::RabbitColours);
    }
}

#[test]
fn end_of_a_line_stays_and_ends_inside_are_escaped() {
    for (line, told) in [
        ("plain\n", "plain\n"),
        ("", ""),
        ("\n", "\n"),
        ("a\n\n", "a\\n\n"),
        ("no end", "no end"),
        ("\u{85}ü\t.\n", "\\u{85}ü\\t.\n"),
    ] {
        let mut out = Vec::new();
        push_plain(&mut out, line, Style::Text);
        assert_eq!(String::from_utf8(out).unwrap(), told);
    }
}

/// An output that takes some octets and then has no room, until there is some again.
struct Tight {
    room: Arc<Mutex<usize>>,
    out: io::PipeWriter,
}

impl Write for Tight {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let mut room = self.room.lock();
        if *room == 0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let written = self.out.write(&octets[..octets.len().min(*room)])?;
        *room -= written;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Output for io::PipeWriter {
    fn wait(&self) -> io::Result<()> {
        sys::wait_writable(self)
    }
}

impl Output for Tight {
    fn wait(&self) -> io::Result<()> {
        self.out.wait()
    }
}

fn tight(room: usize) -> (Lines, LastLines, Arc<Mutex<usize>>, BufReader<PipeReader>) {
    let (reader, out) = io::pipe().unwrap();
    let room = Arc::new(Mutex::new(room));
    let output = Tight {
        room: Arc::clone(&room),
        out,
    };
    let mut last = LastLines::default();
    // What the log itself would say.
    let trouble = Trouble {
        begins: |why| TOLD.lock().push(why.to_owned()),
        is_over: |missing, why| TOLD.lock().push(format!("{missing}: {why}")),
    };
    let lines = last.add(output, Style::Text, trouble);
    let lines = lines.unwrap();
    (lines, last, room, BufReader::new(reader))
}

static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[test]
fn lines_without_room_are_counted_and_the_next_begins_anew() {
    let (mut lines, last, room, reader) = tight(9);
    lines.write_all(b"first\n").unwrap();
    last.wait();
    for _ in 0..3 {
        // Each finds the room left by the one before: three octets, then none.
        lines.write_all(b"second\n").unwrap();
        last.wait();
    }
    *room.lock() = 1000;
    lines.write_all(b"later\n").unwrap();
    last.wait();
    let got: Vec<_> = reader.lines().map(Result::unwrap).take(3).collect();
    assert_eq!(got, ["first", "sec", "later"]);
    assert_eq!(*TOLD.lock(), ["no storage space", "3: no storage space"]);
}
