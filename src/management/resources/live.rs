//! What a page has on its screen, told as it changes: server-sent events.
//!
//! A client names the paths at which it would ask otherwise. Each is asked once a second, as a
//! request of its own with the client's login, and its answer is sent if it is another one than
//! before. Nothing is asked while the client does not read. Once its user is gone, has another
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
use tokio::time::sleep;
use tower::Service as _;

use crate::limits::{HTTP_WATCHED_BYTES, HTTP_WATCHED_MAX};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::asker::Asker;
use crate::management::events::Teller;
use crate::management::json::value_of;
use crate::management::places::{Full, Place};
use crate::management::route::{Needs, router};

/// How often each path is asked.
const PERIOD: Duration = Duration::from_secs(1);

/// `GET /leveret/live`. Ends at once if nothing is watched.
pub(in crate::management) async fn live(ask: Ask) -> Answer {
    let watched = ask.query.all("watch").map(Watched::new);
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

/// A path, and what was told of it last.
struct Watched {
    path: String,
    uri: Uri,
    told: Option<u64>,
}

impl Watched {
    /// # Errors
    /// 400 for what is no path below `/api`, and for this one.
    fn new(path: &str) -> Result<Self, Refusal> {
        let uri = format!("/api{path}").parse::<Uri>().ok();
        let is_other = |uri: &Uri| !uri.path().starts_with("/api/leveret/l");
        let uri = uri.filter(|uri| path.starts_with('/') && is_other(uri));
        let uri = uri.ok_or_else(|| Refusal::bad(format!("watch is no path: {path}")))?;
        Ok(Self {
            path: path.to_owned(),
            uri,
            told: None,
        })
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
                if !self.asker.still_may(Needs::Management) {
                    return;
                }
                let request = self.asker.request(&watched.uri);
                let answer = match self.router.call(request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                if let Some(event) = event(watched, answer).await
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
