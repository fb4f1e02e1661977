//! Answers, and refusals with RabbitMQ's words, as HTTP.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use hyper::body::{Frame, SizeHint};
use serde_json::{Value as Json, json};
use tokio_util::sync::CancellationToken;

use crate::auth::{AuthError, Change, PasswordError};
use crate::desk::{AdminError, NotAllowed, VhostError};
use crate::error::AmqpError;
use crate::limits::HTTP_CHUNK;
use leveret_codec::reply::ReplyCode;

use super::aside::Room;
use super::events::{self, Teller};

/// What a handler gives back.
pub(super) type Answer = Result<Reply, Refusal>;

/// An answer to a request that was understood.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) content: Content,
    /// The name of the file that a browser is to make of it.
    pub(super) file: Option<HeaderValue>,
    /// Where what was made is to be found.
    pub(super) location: Option<HeaderValue>,
    /// What a browser is to keep.
    pub(super) cookie: Option<HeaderValue>,
}

/// The body of an answer.
#[derive(Debug)]
pub(super) enum Content {
    None,
    Json(Vec<u8>),
    /// Plain text.
    Text(String),
    /// JSON that is made while it is sent.
    Stream(Body),
    /// Server-sent events.
    Events(Body),
}

impl Reply {
    /// 200 with a JSON text.
    pub(super) fn json(text: Vec<u8>) -> Self {
        Self::with(StatusCode::OK, Content::Json(text))
    }

    /// 200 with a plain text.
    pub(super) fn text(text: String) -> Self {
        Self::with(StatusCode::OK, Content::Text(text))
    }

    /// 200 with JSON that is made while it is sent.
    pub(super) fn stream(body: Body) -> Self {
        Self::with(StatusCode::OK, Content::Stream(body))
    }

    /// 200 with the server-sent events that `told` makes ([`events`]).
    pub(super) fn events<F>(
        ends: CancellationToken,
        may_go_on: impl Fn() -> bool + Send + 'static,
        told: impl FnOnce(Teller) -> F,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let body = events::body(ends, may_go_on, told);
        Self::with(StatusCode::OK, Content::Events(body))
    }

    /// 200 with a JSON text that counts for `room` until a client has it.
    pub(super) fn kept(text: Vec<u8>, room: Room) -> Self {
        let rest = Bytes::from(text);
        Self::stream(Body::new(Pieces { rest, _room: room }))
    }

    /// 204.
    pub(super) fn done() -> Self {
        Self::with(StatusCode::NO_CONTENT, Content::None)
    }

    /// 202: what is asked for is begun.
    pub(super) fn accepted() -> Self {
        Self::with(StatusCode::ACCEPTED, Content::None)
    }

    /// 201.
    pub(super) fn created() -> Self {
        Self::with(StatusCode::CREATED, Content::None)
    }

    /// 201 for what is now to be found at `location`.
    pub(super) fn created_at(location: &str) -> Self {
        Self {
            location: HeaderValue::from_str(location).ok(),
            ..Self::created()
        }
    }

    /// 201 for what was not there before, 204 for what was.
    pub(super) fn of_change(change: Change) -> Self {
        match change {
            Change::Added => Self::created(),
            Change::Replaced => Self::done(),
        }
    }

    fn with(status: StatusCode, content: Content) -> Self {
        Self {
            status,
            content,
            file: None,
            location: None,
            cookie: None,
        }
    }

    /// The same for a browser to keep as a file.
    pub(super) fn attached(mut self, file: &str) -> Self {
        self.file = HeaderValue::from_str(&format!("attachment; filename={file}")).ok();
        self
    }

    /// The same with a cookie for a browser to keep.
    pub(super) fn with_cookie(self, cookie: HeaderValue) -> Self {
        Self {
            cookie: Some(cookie),
            ..self
        }
    }

    /// As HTTP, for a GET or another method.
    pub(super) fn into_response(self, is_read: bool) -> Response {
        let (body, kind) = match self.content {
            Content::None => (Body::empty(), None),
            Content::Json(text) => (Body::from(text), Some(JSON)),
            Content::Text(text) => (Body::from(text), Some(TEXT)),
            Content::Stream(body) => (body, Some(JSON)),
            Content::Events(body) => (body, Some(EVENTS)),
        };
        let is_cached = !is_read || kind == Some(TEXT);
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(kind) = kind {
            headers.insert(header::CONTENT_TYPE, kind);
        }
        if let Some(file) = self.file {
            headers.insert(header::CONTENT_DISPOSITION, file);
        }
        if let Some(location) = self.location {
            headers.insert(header::LOCATION, location);
        }
        if let Some(cookie) = self.cookie {
            headers.insert(header::SET_COOKIE, cookie);
        }
        let caching = if is_cached { REVALIDATE } else { NO_CACHE };
        headers.insert(header::CACHE_CONTROL, caching);
        headers.insert(header::VARY, VARY_ANSWER);
        response
    }
}

/// A text that is handed out in pieces, so that the room is kept until the last of them is sent.
struct Pieces {
    rest: Bytes,
    /// What the text counts for.
    _room: Room,
}

impl hyper::body::Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let many = self.rest.len().min(HTTP_CHUNK);
        let piece = self.rest.split_to(many);
        Poll::Ready((many > 0).then_some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.rest.len() as u64)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");
const EVENTS: HeaderValue = HeaderValue::from_static("text/event-stream");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain");
const NO_CACHE: HeaderValue = HeaderValue::from_static("no-cache");
pub(super) const REVALIDATE: HeaderValue =
    HeaderValue::from_static("public, max-age=0, must-revalidate");
const VARY_ANSWER: HeaderValue = HeaderValue::from_static("accept, accept-encoding, origin");
/// Of an answer that was refused before the route was asked.
pub(super) const VARY_EARLY: HeaderValue = HeaderValue::from_static("origin, accept-encoding");
const REALM: HeaderValue = HeaderValue::from_static("Basic realm=\"RabbitMQ Management\"");
const POLICY: HeaderValue = HeaderValue::from_static("script-src 'self'; object-src 'self'");
const NO_SNIFF: HeaderValue = HeaderValue::from_static("nosniff");
/// The server that answers in RabbitMQ; some tools look for it.
const SERVER: HeaderValue = HeaderValue::from_static("Cowboy");

/// The headers that every answer has.
pub(super) fn finish(mut response: Response, allow: Option<&str>) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::SERVER, SERVER);
    headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFF);
    if let Some(Ok(allow)) = allow.map(HeaderValue::from_str) {
        headers.insert(header::ALLOW, allow);
    }
    response
}

/// A request that is not answered as it was meant.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    /// Error and reason; `None` for no body at all.
    words: Option<(&'static str, Json)>,
    /// A body of another form.
    whole: Option<Json>,
    /// Whether it says how to log in.
    asks_login: bool,
    /// Whether it came before the route was asked.
    is_early: bool,
}

impl Refusal {
    fn new(status: StatusCode, error: &'static str, reason: impl Into<Json>) -> Self {
        Self {
            words: Some((error, reason.into())),
            ..Self::silent(status)
        }
    }

    fn silent(status: StatusCode) -> Self {
        Self {
            status,
            words: None,
            whole: None,
            asks_login: false,
            is_early: false,
        }
    }

    fn early(self) -> Self {
        Self {
            is_early: true,
            ..self
        }
    }

    /// 404: there is no such object.
    pub(super) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "Object Not Found", "Not Found")
    }

    /// 404: there is no such path.
    pub(super) fn no_path() -> Self {
        Self::not_found().early()
    }

    /// 404 for what an object needs, in words.
    pub(super) fn missing(reason: impl Into<Json>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", reason)
    }

    /// 404: the user has no part in the vhost.
    pub(super) fn hidden() -> Self {
        Self::missing("Not Found").early()
    }

    /// 400.
    pub(super) fn bad(reason: impl Into<Json>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", reason)
    }

    /// 400: the body is longer than it may be.
    ///
    /// Seen: RabbitMQ 4.3.6.
    pub(super) fn too_large() -> Self {
        Self::bad("Exceeded HTTP request body size limit")
    }

    /// 400: the body is no JSON object.
    pub(super) fn not_json() -> Self {
        Self::bad("not_json")
    }

    /// 400: there is no such page.
    pub(super) fn page(error: &'static str, reason: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, reason)
    }

    /// 412.
    pub(super) fn precondition(reason: impl Into<Json>) -> Self {
        Self::new(
            StatusCode::PRECONDITION_FAILED,
            "precondition_failed",
            reason,
        )
    }

    /// 401: the user may not.
    pub(super) fn not_authorised(reason: &str) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "not_authorised", reason)
    }

    /// 401: the user lacks a tag.
    pub(super) fn lacks(tag: &str) -> Self {
        Self::not_authorised(tag).early()
    }

    /// 401: the login failed.
    pub(super) fn login_failed() -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self::new(status, "not_authorized", "Not_Authorized").early()
    }

    /// 429: too many logins from the address have failed.
    pub(super) fn too_many_failures() -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        let reason = "too many logins from this address have failed, try again later";
        Self::new(status, "too_many_requests", reason).early()
    }

    /// 401: the request has no login.
    pub(super) fn no_login() -> Self {
        Self {
            asks_login: true,
            ..Self::silent(StatusCode::UNAUTHORIZED).early()
        }
    }

    /// A status without a body, before the route was asked.
    pub(super) fn status(status: StatusCode) -> Self {
        Self::silent(status).early()
    }

    /// 403: a page of another site asked.
    pub(super) fn foreign() -> Self {
        let reason = "a page of another site may not change anything here";
        Self::new(StatusCode::FORBIDDEN, "forbidden", reason).early()
    }

    /// 500: something of ours has failed.
    pub(super) fn failed() -> Self {
        Self::silent(StatusCode::INTERNAL_SERVER_ERROR)
    }

    /// 503: the change is made but not durable.
    pub(super) fn not_durable() -> Self {
        let reason = "the change could not be written to disk in time";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "not_durable", reason)
    }

    /// 503: it cannot be done now, in one of RabbitMQ's words.
    pub(super) fn unavailable(reason: &str) -> Self {
        let status = StatusCode::SERVICE_UNAVAILABLE;
        Self::new(status, "service_unavailable", reason)
    }

    /// 503: other answers that are not read yet take all the memory that there is for them.
    pub(super) fn no_room() -> Self {
        Self::unavailable("other answers take all the memory that there is for them")
    }

    /// 503: other bodies took all the memory that there is for them for too long.
    pub(super) fn no_room_for_body() -> Self {
        Self::unavailable("other bodies take all the memory that there is for them")
    }

    /// 503: an alarm blocks publishers, for the reason that connections are told.
    pub(super) fn blocked(reason: &str) -> Self {
        Self::unavailable(&format!("an alarm blocks publishers: {reason}"))
    }

    /// 503: changes of the same kind have all the places that there are for them.
    pub(super) fn no_place() -> Self {
        Self::unavailable("as many changes of this kind as there may be wait already")
    }

    /// 503: a check of health failed; `more` is what else it has to say.
    pub(super) fn unhealthy(reason: &str, more: &Json) -> Self {
        let mut text = json!({"status": "failed", "reason": reason});
        if let (Some(text), Some(more)) = (text.as_object_mut(), more.as_object()) {
            text.extend(more.clone());
        }
        Self {
            whole: Some(text),
            ..Self::silent(StatusCode::SERVICE_UNAVAILABLE)
        }
    }

    /// Its body.
    pub(super) fn text(self) -> Option<String> {
        if let Some(whole) = self.whole {
            return Some(whole.to_string());
        }
        let (error, reason) = self.words?;
        Some(json!({"error": error, "reason": reason}).to_string())
    }

    /// As HTTP.
    pub(super) fn into_response(self) -> Response {
        let (status, asks_login, is_early) = (self.status, self.asks_login, self.is_early);
        let text = self.text();
        let is_json = text.is_some();
        let mut response = Response::new(text.map_or_else(Body::empty, Body::from));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        if is_json {
            headers.insert(header::CONTENT_TYPE, JSON);
        }
        if asks_login {
            headers.insert(header::WWW_AUTHENTICATE, REALM);
        }
        headers.insert(header::CACHE_CONTROL, REVALIDATE);
        let vary = if is_early { VARY_EARLY } else { VARY_ANSWER };
        headers.insert(header::VARY, vary);
        response
    }
}

/// Seen: RabbitMQ 4.3.6: what an AMQP connection would have been closed with.
impl From<AmqpError> for Refusal {
    fn from(error: AmqpError) -> Self {
        match error.code {
            ReplyCode::AccessRefused => Self::not_authorised("Access refused."),
            ReplyCode::NotFound => Self::missing(error.explanation),
            _ => Self::bad(error.explanation),
        }
    }
}

impl From<NotAllowed> for Refusal {
    fn from(why: NotAllowed) -> Self {
        Self::lacks(&why.to_string())
    }
}

/// What has words of its own at some path is said there; this is what the others share.
impl From<AdminError> for Refusal {
    fn from(error: AdminError) -> Self {
        match &error {
            AdminError::NotAllowed(why) => (*why).into(),
            AdminError::NoSuchVhost(_) => Self::missing("vhost_not_found"),
            AdminError::NoSuchUser(_) | AdminError::NotFound(_) => Self::not_found(),
            AdminError::Vhost(VhostError::Protected(_)) => Self::precondition(error.to_string()),
            AdminError::Auth(auth) => auth_refusal(auth),
            _ => Self::bad(error.to_string()),
        }
    }
}

/// Some reasons of RabbitMQ's are Erlang terms as JSON.
fn auth_refusal(error: &AuthError) -> Refusal {
    match error {
        AuthError::Password(PasswordError::NotBase64(text)) => {
            Refusal::bad(json!(["not_base64", text]))
        }
        error => Refusal::bad(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
