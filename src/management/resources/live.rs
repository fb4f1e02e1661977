//! What a page has on its screen, told as it changes: server-sent events.
//!
//! A client names the paths at which it would ask otherwise. Each is asked once a second, as a
//! request of its own with the client's login, and its answer is sent if it is another one than
//! before. Nothing is asked while the client does not read. Once its user is gone or has another
//! password it ends: asking on would count as logins that fail, and keep out others at its address.
//!
//! Source: none, RabbitMQ's page asks again and again. HTML Living Standard, server-sent events.

use std::collections::hash_map::DefaultHasher;
use std::convert::Infallible;
use std::hash::{Hash as _, Hasher as _};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::Frame;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::sleep;
use tower::Service as _;

use crate::auth::User;
use crate::desk::{Caller, Desk};
use crate::limits::{HTTP_WATCHED_BYTES, HTTP_WATCHED_MAX};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::door::Insider;
use crate::management::json::value_of;
use crate::management::route::router;

/// How often each path is asked.
const PERIOD: Duration = Duration::from_secs(1);
/// Rounds without an event after which a comment is sent, so that a client that is gone is noticed.
const SILENT_ROUNDS: u32 = 15;

/// `GET /leveret/live`. Ends at once if nothing is watched.
pub(in crate::management) async fn live(ask: Ask) -> Answer {
    let watched = ask.query.all("watch").map(Watched::new);
    let watched: Vec<Watched> = watched.collect::<Result<_, _>>()?;
    if watched.len() > HTTP_WATCHED_MAX {
        let reason = format!("at most {HTTP_WATCHED_MAX} paths can be watched");
        return Err(Refusal::bad(reason));
    }
    let place = Arc::clone(&ask.door.watchers).try_acquire_owned();
    let place = place.map_err(|_| Refusal::unavailable("too many requests watch already"))?;
    let (events, body) = mpsc::channel(1);
    let ends = ask.ends.clone();
    let watching = Watching {
        desk: Arc::clone(&ask.desk),
        router: router(&ask.door),
        asker: Asker::of(&ask),
        watched,
        events: events.clone(),
        _place: place,
    };
    if !watching.watched.is_empty() {
        tokio::spawn(async move {
            tokio::select! {
                () = watching.run() => {}
                () = events.closed() => {}
                () = ends.cancelled() => {}
            }
        });
    }
    Ok(Reply::events(Body::new(Events(body))))
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

/// Who asks, as every request says it.
struct Asker {
    login: HeaderMap,
    /// The address that it comes from; `None` for the node's own socket.
    from: Option<SocketAddr>,
    is_insider: bool,
    /// As of the login, and the address that counts for it.
    user: Option<(Arc<User>, IpAddr)>,
}

impl Asker {
    fn of(ask: &Ask) -> Self {
        let mut login = HeaderMap::new();
        for name in [header::AUTHORIZATION, header::COOKIE, header::HOST] {
            if let Some(value) = ask.headers.get(&name) {
                login.insert(name, value.clone());
            }
        }
        let from = match &ask.caller {
            Some(Caller::User { from, .. }) => *from,
            _ => None,
        };
        Self {
            login,
            from,
            user: ask.user().ok().map(|user| (Arc::clone(user), ask.peer)),
            is_insider: matches!(ask.caller, Some(Caller::Tools(_))),
        }
    }

    /// Whether the login would be taken again.
    fn may_go_on(&self, desk: &Desk) -> bool {
        let is_same = |(user, peer): &(Arc<User>, IpAddr)| desk.still(user, *peer).is_some();
        self.is_insider || self.user.as_ref().is_some_and(is_same)
    }

    fn request(&self, uri: &Uri) -> Request {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = self.login.clone();
        let extensions = request.extensions_mut();
        if let Some(from) = self.from {
            extensions.insert(ConnectInfo(from));
        }
        if self.is_insider {
            extensions.insert(Insider::new());
        }
        request
    }
}

/// What one client watches.
struct Watching {
    desk: Arc<Desk>,
    router: Router,
    asker: Asker,
    watched: Vec<Watched>,
    events: mpsc::Sender<Bytes>,
    _place: OwnedSemaphorePermit,
}

impl Watching {
    async fn run(mut self) {
        let mut silent = 0;
        loop {
            for watched in &mut self.watched {
                if !self.asker.may_go_on(&self.desk) {
                    return;
                }
                let request = self.asker.request(&watched.uri);
                let answer = match self.router.call(request).await {
                    Ok(answer) => answer,
                    Err(never) => match never {},
                };
                if let Some(event) = event(watched, answer).await {
                    silent = 0;
                    if self.events.send(event).await.is_err() {
                        return;
                    }
                }
            }
            silent += 1;
            if silent >= SILENT_ROUNDS {
                silent = 0;
                if self
                    .events
                    .send(Bytes::from_static(b":\n\n"))
                    .await
                    .is_err()
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

/// Events as they are made.
struct Events(mpsc::Receiver<Bytes>);

impl hyper::body::Body for Events {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let event = self.0.poll_recv(cx);
        event.map(|event| event.map(|event| Ok(Frame::data(event))))
    }
}
