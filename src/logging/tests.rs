use std::io::Write;
use std::sync::Arc;

use leveret::config::Settings;
use parking_lot::Mutex;

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

/// What two events, one of them with all settings, look like.
fn logged(level: LogLevel, format: LogFormat, colours: Colours) -> String {
    let page = Page::default();
    let writer = page.clone();
    let log = subscriber(level, format, colours, move || writer.clone());
    tracing::subscriber::with_default(log, || {
        tracing::info!(port = 5672, "Server startup complete");
        tracing::warn!(settings = ?Settings::default(), "as set");
    });
    let bytes = page.0.lock().clone();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn text_is_one_readable_line_without_colours() {
    let page = logged(LogLevel::Info, LogFormat::Text, Colours::Off);
    let line = page.lines().next().unwrap();
    assert!(
        line.ends_with("INFO Server startup complete port=5672"),
        "{line}"
    );
    assert!(!page.contains('\u{1b}'));
    assert!(logged(LogLevel::Info, LogFormat::Text, Colours::On).contains('\u{1b}'));
}

#[test]
fn json_is_one_object_per_line() {
    let page = logged(LogLevel::Info, LogFormat::Json, Colours::Off);
    let first: serde_json::Value = serde_json::from_str(page.lines().next().unwrap()).unwrap();
    assert_eq!(first["message"], "Server startup complete");
    assert_eq!(
        (&first["level"], &first["port"]),
        (&"INFO".into(), &5672.into())
    );
}

#[test]
fn levels_hide_what_is_less_severe() {
    let warnings = logged(LogLevel::Warning, LogFormat::Text, Colours::Off);
    assert!(warnings.contains("as set") && !warnings.contains("startup"));
    assert_eq!(logged(LogLevel::Error, LogFormat::Text, Colours::Off), "");
    assert_eq!(logged(LogLevel::None, LogFormat::Text, Colours::Off), "");
}

#[test]
fn passwords_are_not_logged() {
    let page = logged(LogLevel::Debug, LogFormat::Text, Colours::Off);
    assert!(page.contains("default_pass: (not shown)"), "{page}");
}
