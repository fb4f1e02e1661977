//! The way of a request: foreign pages, login, tag, body, handler, answer.
//!
//! The order is RabbitMQ's: a method that a path does not have is said before anything else, then
//! who asks, then what the client takes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, FromRequestParts as _, RawPathParams, Request};
use axum::http::request::Parts;
use axum::http::{Extensions, HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::answer::{Answer, Refusal, finish};
use super::aside::Aside;
use super::ask::Ask;
use super::bodies::{Bodies, Cut, Held};
use super::foreign;
use super::login;
use super::node::Node;
use super::pages;
use super::places::Places;
use super::query::Query;
use super::resources::log;
use super::route::{Needs, Operation, Route, TakesBody};
use super::server::Way;
use super::sessions::Sessions;
use crate::auth::User;
use crate::config::node_name;
use crate::desk::{Caller, Desk};
use crate::limits::{EVENT_FOLLOWERS_MAX, HTTP_WATCHERS_MAX, HTTP_WATCHERS_OF_USER};

/// Octets of a body from a client that has not logged in: a form with a name and a password.
const FORM_BYTES_MAX: u64 = 16 * 1024;

/// What all requests share.
pub(super) struct Door {
    pub(super) desk: Arc<Desk>,
    /// What it says of itself.
    pub(super) node: Node,
    /// Where long work is done.
    pub(super) aside: Aside,
    /// Where bodies are read.
    bodies: Bodies,
    /// Places of requests that watch others.
    pub(super) watchers: Arc<Places>,
    /// Places of requests that follow changes.
    pub(super) event_followers: Arc<Semaphore>,
    /// Browsers that have logged in.
    pub(super) sessions: Sessions,
}

/// Goes with a request that came by the node's own socket: the kernel says who that is.
#[derive(Clone)]
pub(super) struct Insider(Arc<User>);

impl Insider {
    pub(super) fn new() -> Self {
        Self(Arc::new(User::tools()))
    }
}

impl Door {
    pub(super) fn new(desk: &Arc<Desk>) -> Self {
        Self {
            desk: Arc::clone(desk),
            node: Node {
                name: node_name(),
                desk: Arc::clone(desk),
            },
            aside: Aside::default(),
            bodies: Bodies::default(),
            watchers: Places::new(HTTP_WATCHERS_MAX, HTTP_WATCHERS_OF_USER),
            event_followers: Arc::new(Semaphore::new(EVENT_FOLLOWERS_MAX)),
            sessions: Sessions::default(),
        }
    }

    /// Answers a request at one of the table's paths.
    pub(super) async fn serve(
        self: Arc<Self>,
        route: &'static Route,
        request: Request,
    ) -> Response {
        let (parts, body) = request.into_parts();
        let is_read = parts.method == Method::GET || parts.method == Method::HEAD;
        let (desk, headers) = (Arc::clone(&self.desk), parts.headers.clone());
        let allow = route.allow();
        let answer = self.answer(route, parts, body).await;
        let response = match answer {
            Ok(reply) => reply.into_response(is_read),
            Err(refusal) => refusal.into_response(),
        };
        let response = foreign::cross_origin(&desk, &headers, &allow, response);
        finish(response, Some(&allow))
    }

    /// Answers a request at any other path.
    pub(super) fn elsewhere(&self, request: &Request) -> Response {
        let refusal = match is_escaped_well(request.uri().path()) {
            true => pages::elsewhere(request.method()),
            false => Refusal::status(StatusCode::BAD_REQUEST),
        };
        finish(refusal.into_response(), Some("HEAD, GET, OPTIONS"))
    }

    async fn answer(
        self: Arc<Self>,
        route: &'static Route,
        mut parts: Parts,
        body: Body,
    ) -> Answer {
        let query = parts.uri.query().unwrap_or_default();
        if !is_escaped_well(parts.uri.path()) || !is_escaped_well(query) {
            return Err(Refusal::status(StatusCode::BAD_REQUEST));
        }
        if parts.method == Method::OPTIONS {
            return Err(refused_method(&parts.method));
        }
        foreign::check(&self.desk, &parts)?;
        let Some(operation) = route.operation(parts.method.as_str()) else {
            return Err(refused_method(&parts.method));
        };
        let names = names(&mut parts).await?;
        let query = Query::parse(parts.uri.query());
        let from = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let from = from.map(|ConnectInfo(from)| *from);
        let peer = foreign::origin_of(&parts.uri, &parts.headers, from.map(|from| from.ip()));
        let caller = match parts.extensions.get::<Insider>() {
            Some(Insider(user)) => Some(Caller::Tools(Arc::clone(user))),
            None => {
                let user = self.admit(operation, &parts, peer, &names)?;
                user.map(|user| Caller::User { user, from })
            }
        };
        check_accept(&parts.headers, operation.verb.media_type())?;
        check_content_type(&parts.headers)?;
        let content_type = parts.headers.get(header::CONTENT_TYPE);
        let content_type = content_type.and_then(|kind| kind.to_str().ok());
        let (body, held) = match operation.body() {
            TakesBody::Needed => self.body(&parts.headers, body, operation.needs).await?,
            TakesBody::Welcome => {
                let read = self.body(&parts.headers, body, operation.needs).await;
                read.unwrap_or_default()
            }
            TakesBody::Unread => (Bytes::new(), Held::default()),
        };
        let door = Arc::clone(&self);
        let ask = Ask {
            desk: Arc::clone(&self.desk),
            door: self,
            caller,
            names,
            query,
            peer,
            content_type: content_type.unwrap_or_default().into(),
            last_event: log::last_event(&parts.headers),
            ends: ends(&parts.extensions),
            reason: reason_of(&parts.headers),
            way: parts.extensions.get().copied().unwrap_or(Way::Plain),
            headers: parts.headers,
            body,
            _held: held,
        };
        let answer = (operation.handler)(ask);
        if operation.verb.is_read() {
            return answer.await;
        }
        door.aside.finish(operation.change(), answer).await?
    }

    /// Who asks, if that may be.
    fn admit(
        &self,
        operation: &Operation,
        parts: &Parts,
        peer: IpAddr,
        names: &[(Box<str>, String)],
    ) -> Result<Option<Arc<User>>, Refusal> {
        if operation.needs == Needs::Nothing {
            return Ok(None);
        }
        let user = match self.in_session(&parts.method, &parts.headers, peer) {
            Some(user) => user,
            None => login::basic(&self.desk, &parts.headers, peer)?,
        };
        let name = |name: &str| {
            let mut names = names.iter();
            let found = names.find(|(known, _)| **known == *name);
            found.map(|(_, value)| &**value)
        };
        login::may(
            &self.desk,
            &user,
            operation.needs,
            name("vhost"),
            name("user"),
        )?;
        Ok(Some(user))
    }

    /// The user who asks in a session, as of now. Credentials win over a session.
    pub(super) fn in_session(
        &self,
        method: &Method,
        headers: &HeaderMap,
        peer: IpAddr,
    ) -> Option<Arc<User>> {
        if headers.contains_key(header::AUTHORIZATION) {
            return None;
        }
        let now = self.desk.now().transport;
        let known = self.sessions.user(method, headers, now)?;
        self.desk.still(&known, peer)
    }

    /// The whole body, and what a long one holds.
    pub(super) async fn body(
        &self,
        headers: &HeaderMap,
        body: Body,
        needs: Needs,
    ) -> Result<(Bytes, Held), Refusal> {
        let (most, refusal) = match needs {
            // Seen: RabbitMQ 4.3.6: a form to log in is refused in another way.
            Needs::Nothing => {
                let status = StatusCode::PAYLOAD_TOO_LARGE;
                (FORM_BYTES_MAX, Refusal::status(status))
            }
            _ => {
                let most = self.desk.settings().management_http_max_body_size;
                (most, Refusal::too_large())
            }
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let length = headers.get(header::CONTENT_LENGTH);
        let length = length.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
        if length.is_some_and(|length| length > most) {
            return Err(refusal);
        }
        let read = self.bodies.read(body, most).await;
        read.map_err(|cut| match cut {
            Cut::TooLong => refusal,
            Cut::TooSlow => Refusal::status(StatusCode::REQUEST_TIMEOUT),
            // The socket has failed: this answer will hardly arrive.
            Cut::Broken => Refusal::status(StatusCode::BAD_REQUEST),
            Cut::NoRoom => Refusal::no_room_for_body(),
        })
    }
}

/// What becomes of a method that a path does not have: 200 for OPTIONS, which says what it has, 405
/// for those that HTTP has, 501 for others.
pub(super) fn refused_method(method: &Method) -> Refusal {
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"];
    Refusal::status(match method.as_str() {
        "OPTIONS" => StatusCode::OK,
        method if known.contains(&method) => StatusCode::METHOD_NOT_ALLOWED,
        _ => StatusCode::NOT_IMPLEMENTED,
    })
}

/// Goes with a request: is cancelled when the listener that it came by ends.
#[derive(Clone)]
pub(super) struct Ends(pub(super) CancellationToken);

/// When the listener of a request ends.
pub(super) fn ends(of: &Extensions) -> CancellationToken {
    let ends = of.get::<Ends>();
    ends.map(|Ends(ends)| ends.clone()).unwrap_or_default()
}

/// Why something is to be closed.
fn reason_of(headers: &HeaderMap) -> Option<String> {
    let said = headers.get("x-reason")?;
    Some(String::from_utf8_lossy(said.as_bytes()).into_owned())
}

/// The names in the path, decoded.
async fn names(parts: &mut Parts) -> Result<Vec<(Box<str>, String)>, Refusal> {
    // Octets that are no UTF-8 name nothing that there could be.
    let params = RawPathParams::from_request_parts(parts, &()).await;
    let params = params.map_err(|_| Refusal::not_found())?;
    let owned = params
        .iter()
        .map(|(name, value)| (name.into(), value.to_owned()));
    Ok(owned.collect())
}

/// Whether each `%` has two digits behind it.
fn is_escaped_well(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// Whether the client takes `made`.
///
/// Seen: RabbitMQ 4.3.6: 406 for `text/html` alone, 400 for what is no media type.
pub(super) fn check_accept(headers: &HeaderMap, made: &str) -> Result<(), Refusal> {
    let mut ranges = Vec::new();
    for value in headers.get_all(header::ACCEPT) {
        let value = value.to_str();
        let value = value.map_err(|_| Refusal::status(StatusCode::BAD_REQUEST))?;
        ranges.extend(
            value
                .split(',')
                .map(str::trim)
                .filter(|range| !range.is_empty()),
        );
    }
    if !ranges.iter().all(|range| is_media_type(range)) {
        return Err(Refusal::status(StatusCode::BAD_REQUEST));
    }
    let takes = |range: &&str| {
        let mut parts = range.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let refuses =
            |part: &str| part.starts_with("q=0") && part.trim_end_matches(['0', '.']) == "q=";
        is_in_range(made, kind) && !parts.any(refuses)
    };
    match ranges.is_empty() || ranges.iter().any(takes) {
        true => Ok(()),
        false => Err(Refusal::status(StatusCode::NOT_ACCEPTABLE)),
    }
}

/// Whether a media type is `range`, or in it: `*/*`, `text/*`.
fn is_in_range(made: &str, range: &str) -> bool {
    let family = made.split_once('/').map_or(made, |(family, _)| family);
    let is_family = |wanted: &str| wanted.eq_ignore_ascii_case(family);
    range == "*/*"
        || range.eq_ignore_ascii_case(made)
        || range.strip_suffix("/*").is_some_and(is_family)
}

/// A content type means nothing, but must be one.
///
/// Seen: RabbitMQ 4.3.6: 415 for `garbage`, while `text/plain` is read as JSON.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let said = headers.get(header::CONTENT_TYPE).map(HeaderValue::to_str);
    match said {
        None => Ok(()),
        Some(Ok(kind)) if is_media_type(kind) => Ok(()),
        Some(_) => Err(Refusal::status(StatusCode::UNSUPPORTED_MEDIA_TYPE)),
    }
}

/// `type/subtype`, with anything behind a semicolon.
fn is_media_type(text: &str) -> bool {
    let kind = text.split(';').next().unwrap_or_default().trim();
    let is_token = |part: &str| {
        let letter = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        !part.is_empty() && part.chars().all(letter)
    };
    kind.split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}
