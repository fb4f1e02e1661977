//! The last lines of the broker's log, and lines as they come.
//!
//! What follows is sent as server-sent events: a line is an event with its number for an id, so
//! that a page which comes back goes on behind the last one it has seen. A reader that is too slow
//! is told how many lines it has missed.
//!
//! Source: none, RabbitMQ has this for its own tools alone: `log_tail`, `log_tail_stream`.

use std::fmt::Write as _;
use std::future::poll_fn;

use axum::http::HeaderMap;
use serde_json::{Value as Json, json};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_util::sync::CancellationToken;

use crate::limits::FOLLOWERS_MAX;
use crate::log::{Level, Line, Tail, tail};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::asker::Asker;
use crate::management::events::Teller;
use crate::management::query::Query;
use crate::management::route::Needs;

/// Lines that are answered if the request does not say how many, as RabbitMQ's tools have it.
const LINES: usize = 50;

/// Lines that are looked at for one piece of an answer that follows.
const PIECE: usize = 256;

/// Places of requests that follow.
static FOLLOWERS: Semaphore = Semaphore::const_new(FOLLOWERS_MAX);

/// `GET /leveret/log`.
pub(in crate::management) async fn last(ask: Ask) -> Answer {
    page(&ask.query)
}

/// `GET /leveret/log/stream`.
pub(in crate::management) async fn follow(ask: Ask) -> Answer {
    let asker = Asker::of(&ask).ok_or_else(Refusal::no_login)?;
    let may_go_on = move || asker.still_may(Needs::Administrator);
    stream(&ask.query, ask.last_event, ask.ends, may_go_on)
}

/// The last lines; without an answer that follows them these are all there is of them.
pub(in crate::management) fn page(query: &Query) -> Answer {
    let (tail, wish) = (kept()?, Wish::of(query)?);
    let taken = match wish.behind {
        Some(number) => tail.behind(number, wish.lines.unwrap_or(LINES), wish.level),
        None => tail.last(wish.lines.unwrap_or(LINES), wish.level),
    };
    let lines = taken.lines.iter().map(|line| object(line));
    let lines: Vec<Json> = lines.collect();
    let object = json!({"last": taken.last, "lines": lines, "missed": taken.missed});
    Ok(Reply::json(object.to_string().into_bytes()))
}

/// Lines as they come, behind the last ones that are asked for, until `ends` is cancelled or
/// `may_go_on` says `false`.
pub(in crate::management) fn stream(
    query: &Query,
    last_event: Option<u64>,
    ends: CancellationToken,
    may_go_on: impl Fn() -> bool + Send + 'static,
) -> Answer {
    let (tail, wish) = (kept()?, Wish::of(query)?);
    let place = FOLLOWERS.try_acquire();
    let place = place.map_err(|_| Refusal::unavailable("too many requests follow already"))?;
    let (first, place_of_reader) = match last_event.or(wish.behind) {
        Some(number) => (String::new(), number),
        None => {
            let taken = tail.last(wish.lines.unwrap_or(0), wish.level);
            let mut text = String::new();
            taken.lines.iter().for_each(|line| event(line, &mut text));
            (text, taken.last)
        }
    };
    let follow = Follow {
        tail,
        level: wish.level,
        number: place_of_reader,
        _place: place,
    };
    // Heads are sent with the first piece of a body.
    let first = format!(": the log\n\n{first}");
    let told = |teller| follow.run(first, teller);
    Ok(Reply::events(ends, may_go_on, told))
}

/// The place of a request's last event, if it says one.
pub(in crate::management) fn last_event(headers: &HeaderMap) -> Option<u64> {
    headers.get("last-event-id")?.to_str().ok()?.parse().ok()
}

fn kept() -> Result<&'static Tail, Refusal> {
    tail().ok_or_else(|| Refusal::missing("the program around this broker keeps no log"))
}

/// What a request asks for.
struct Wish {
    lines: Option<usize>,
    level: Level,
    behind: Option<u64>,
}

impl Wish {
    fn of(query: &Query) -> Result<Self, Refusal> {
        let level = match query.get("level") {
            None | Some("debug") => Level::DEBUG,
            Some("info") => Level::INFO,
            Some("warning") => Level::WARN,
            Some("error") => Level::ERROR,
            Some(_) => {
                return Err(Refusal::bad(
                    "level: expected debug, info, warning or error",
                ));
            }
        };
        let number = |name: &str| match query.get(name).map(str::parse::<u64>) {
            None => Ok(None),
            Some(Ok(number)) => Ok(Some(number)),
            Some(Err(_)) => Err(Refusal::bad(format!("{name}: expected a whole number"))),
        };
        let lines = number("lines")?;
        Ok(Self {
            lines: lines.map(|lines| usize::try_from(lines).unwrap_or(usize::MAX)),
            level,
            behind: number("behind")?,
        })
    }
}

/// A line as JSON.
fn object(line: &Line) -> Json {
    json!({
        "level": word(line.level),
        "number": line.number,
        "text": line.text,
        "timestamp": line.at_ms,
    })
}

/// RabbitMQ's word for a level.
fn word(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warning",
        Level::INFO => "info",
        _ => "debug",
    }
}

/// Appends a line as an event.
fn event(line: &Line, to: &mut String) {
    // Writing to a String cannot fail.
    let _written = write!(to, "id: {}\ndata: {}\n\n", line.number, object(line));
}

/// A reader of lines as they come.
struct Follow {
    tail: &'static Tail,
    level: Level,
    /// The last line that was looked at.
    number: u64,
    _place: SemaphorePermit<'static>,
}

impl Follow {
    async fn run(mut self, first: String, teller: Teller) {
        let mut goes_on = teller.tell(first).await;
        while goes_on {
            poll_fn(|cx| self.tail.poll_behind(self.number, cx)).await;
            if let Some(text) = self.piece() {
                goes_on = teller.tell(text).await;
            }
        }
    }

    /// Events for the lines that have come; `None` if none of them is wanted.
    fn piece(&mut self) -> Option<String> {
        let taken = self.tail.behind(self.number, PIECE, self.level);
        self.number = taken.last;
        let mut text = String::new();
        if taken.missed > 0 {
            let _written = write!(text, "event: missed\ndata: {}\n\n", taken.missed);
        }
        taken.lines.iter().for_each(|line| event(line, &mut text));
        (!text.is_empty()).then_some(text)
    }
}

/// What is answered without a broker; `None` at another path.
#[cfg(feature = "program")]
pub(in crate::management) fn beside(
    path: &str,
    query: Option<&str>,
    headers: &HeaderMap,
    ends: CancellationToken,
) -> Option<Answer> {
    let query = Query::parse(query);
    match path {
        "/api/leveret/log" => Some(page(&query)),
        "/api/leveret/log/stream" => Some(stream(&query, last_event(headers), ends, || true)),
        _ => None,
    }
}
