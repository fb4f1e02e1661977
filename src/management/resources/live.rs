//! What a page has on its screen, told as it changes: server-sent events.
//!
//! A client names the paths at which it would ask otherwise. Each is asked once a second, or as
//! seldom as the client says, as a request of its own with the client's login, and its answer is
//! sent if it is another one than before. A path whose answers take long is asked less often.
//! Nothing is asked while the client does not read. Once its user is gone, has another
//! password or has logged out, it ends: asking on would count as logins that fail, and keep out
//! others at its address.
//!
//! Source: none, RabbitMQ's page asks again and again. HTML Living Standard, server-sent events.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::to_bytes;
use axum::http::{StatusCode, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use tokio::time::{Instant, sleep};
use tower::Service as _;

use crate::limits::{HTTP_WATCHED_BYTES, HTTP_WATCHED_MAX};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::asker::Asker;
use crate::management::events::Teller;
use crate::management::json::value_of;
use crate::management::places::{Full, Place};
use crate::management::route::{Needs, router};

/// How often each path is asked, if the client does not say.
const PERIOD: Duration = Duration::from_secs(1);
/// The most seconds that a client can say.
const LONGEST_PERIOD_S: u64 = 3600;
/// A path is asked so seldom that making its answers takes one part in so many of a core: an open
/// page must cost little however many queues there are.
const SHARE: u32 = 100;
/// It is asked as often as this all the same, unless the client says otherwise.
const LONGEST_REST: Duration = Duration::from_secs(15);

/// `GET /leveret/live`. Ends at once if nothing is watched.
pub(in crate::management) async fn live(ask: Ask) -> Answer {
    let periods = ask.query.all("every").map(period);
    let mut periods = periods.collect::<Result<Vec<_>, _>>()?.into_iter();
    let watched = ask.query.all("watch");
    let watched = watched.map(|path| Watched::new(path, periods.next().unwrap_or(PERIOD)));
    let watched: Vec<Watched> = watched.collect::<Result<_, _>>()?;
    if watched.len() > HTTP_WATCHED_MAX {
        let reason = format!("at most {HTTP_WATCHED_MAX} paths can be watched");
        return Err(Refusal::bad(reason));
    }
    let asker = Asker::of(&ask).ok_or_else(Refusal::no_login)?;
    let asker = Arc::new(asker);
    let place = ask.door.watchers.take(asker.name());
    let place = place.map_err(|full| {
        Refusal::unavailable(match full {
            Full::Together => "too many requests watch already",
            Full::OfUser => "too many requests of this user watch already",
        })
    })?;
    let watching = Watching {
        router: router(&ask.door),
        asker: Arc::clone(&asker),
        watched,
        _place: place,
    };
    let may_go_on = move || asker.still_may(Needs::Management);
    let told = |teller| watching.run(teller);
    Ok(Reply::events(ask.ends.clone(), may_go_on, told))
}

/// How seldom a client wants a path to be asked.
///
/// # Errors
/// 400 for what is no whole number of seconds from 1 to 3600.
fn period(seconds: &str) -> Result<Duration, Refusal> {
    let known = seconds.parse::<u64>().ok();
    let known = known.filter(|seconds| (1..=LONGEST_PERIOD_S).contains(seconds));
    known.map(Duration::from_secs).ok_or_else(|| {
        let range = format!("a whole number of seconds from 1 to {LONGEST_PERIOD_S}");
        Refusal::bad(format!("every must be {range}: {seconds}"))
    })
}

/// A path, how often it is asked, and what was told of it last.
struct Watched {
    path: String,
    uri: Uri,
    period: Duration,
    /// Not asked before; at once at first.
    due: Option<Instant>,
    told: Option<u64>,
}

impl Watched {
    /// # Errors
    /// 400 for what is no path below `/api`, and for this one.
    fn new(path: &str, period: Duration) -> Result<Self, Refusal> {
        let uri = format!("/api{path}").parse::<Uri>().ok();
        let endless = ["/api/leveret/l", "/api/leveret/events"];
        let is_other = |uri: &Uri| !endless.iter().any(|path| uri.path().starts_with(path));
        let uri = uri.filter(|uri| path.starts_with('/') && is_other(uri));
        let uri = uri.ok_or_else(|| Refusal::bad(format!("watch is no path: {path}")))?;
        Ok(Self {
            path: path.to_owned(),
            uri,
            period,
            due: None,
            told: None,
        })
    }

    fn is_due(&self, now: Instant) -> bool {
        self.due.is_none_or(|due| due <= now)
    }

    /// It was asked at `begun`, and its answer is there at `now`.
    fn was_asked(&mut self, begun: Instant, now: Instant) {
        let rest = now.duration_since(begun).saturating_mul(SHARE);
        let rest = rest.min(LONGEST_REST).max(self.period);
        self.due = begun.checked_add(rest);
    }
}

/// What one client watches.
struct Watching {
    router: Router,
    asker: Arc<Asker>,
    watched: Vec<Watched>,
    _place: Place,
}

impl Watching {
    async fn run(mut self, teller: Teller) {
        while !self.watched.is_empty() {
            for watched in &mut self.watched {
                let begun = Instant::now();
                if !watched.is_due(begun) {
                    continue;
                }
                if !self.asker.still_may(Needs::Management) {
                    return;
                }
                let request = self.asker.request(&watched.uri);
                let answer = match self.router.call(request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                let event = event(watched, answer).await;
                watched.was_asked(begun, Instant::now());
                if let Some(event) = event
                    && !teller.tell(event).await
                {
                    return;
                }
            }
            sleep(PERIOD).await;
        }
    }
}

/// An answer as an event, if it is not what was told before.
async fn event(watched: &mut Watched, answer: Response) -> Option<Bytes> {
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let is_json = kind.is_some_and(|kind| kind == "application/json");
    let mut status = answer.status();
    let value = match to_bytes(answer.into_body(), HTTP_WATCHED_BYTES).await {
        Ok(value) if is_json && !value.is_empty() => value,
        Ok(_) => Bytes::from_static(b"null"),
        Err(_) => {
            status = StatusCode::PAYLOAD_TOO_LARGE;
            Bytes::from_static(b"null")
        }
    };
    let mut hasher = DefaultHasher::new();
    (status, &value).hash(&mut hasher);
    let told = Some(hasher.finish());
    if watched.told == told {
        return None;
    }
    watched.told = told;
    let mut text = b"data: {\"path\":".to_vec();
    value_of(&mut text, &watched.path);
    text.extend_from_slice(format!(",\"status\":{},\"value\":", status.as_u16()).as_bytes());
    text.extend_from_slice(&value);
    text.extend_from_slice(b"}\n\n");
    Some(text.into())
}
