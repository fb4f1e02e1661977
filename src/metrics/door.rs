//! The way of a request: path, method, what the client takes, page.
//!
//! Seen: RabbitMQ 4.3.6: 404 as JSON for other paths, 404 as text for a page that there is not;
//! 405 and 501 for other methods; HEAD is answered with 204; 406 for a client that takes no
//! `text/plain` (OpenMetrics alone, for one), 400 for an `accept` that is no media type.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::Response;
use tokio::sync::Semaphore;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::SizeAbove;

use super::page::Page;
use super::text::Text;
use crate::clock::Now;
use crate::desk::Desk;
use crate::limits::METRICS_AT_ONCE_MAX;

/// What all requests share.
pub(super) struct Door {
    desk: Arc<Desk>,
    started: Now,
    /// Places for pages that are being written: those of sums, and longer ones.
    sums: Arc<Semaphore>,
    each: Arc<Semaphore>,
}

const ALLOW: HeaderValue = HeaderValue::from_static("HEAD, GET, OPTIONS");
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain");
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const VARY: HeaderValue = HeaderValue::from_static("accept-encoding");
/// The server that answers in RabbitMQ; some tools look for it.
const SERVER: HeaderValue = HeaderValue::from_static("Cowboy");

/// Answers of at least so many octets are compressed. Docs: Cowboy's `compress_threshold`.
const COMPRESS_FROM: u64 = 300;

/// All paths.
pub(super) fn router(door: Arc<Door>) -> Router {
    let serve = move |request: Request| {
        let door = Arc::clone(&door);
        // No page reads a body.
        let (parts, _) = request.into_parts();
        async move { finish(door.answer(&parts).await) }
    };
    let compressed = CompressionLayer::new().compress_when(SizeAbove::new(COMPRESS_FROM));
    Router::new().fallback(serve).layer(compressed)
}

impl Door {
    pub(super) fn new(desk: &Arc<Desk>, started: Now) -> Self {
        Self {
            desk: Arc::clone(desk),
            started,
            sums: Arc::new(Semaphore::new(METRICS_AT_ONCE_MAX)),
            each: Arc::new(Semaphore::new(METRICS_AT_ONCE_MAX)),
        }
    }

    async fn answer(&self, request: &Parts) -> Response {
        let Some(registry) = registry(request.uri.path()) else {
            return nowhere();
        };
        let query = request.uri.query().unwrap_or_default();
        if !is_escaped_well(query) {
            return status(StatusCode::BAD_REQUEST);
        }
        let found = check_method(&request.method).or_else(|| check_accept(&request.headers));
        let refused = |status| allowed(self::status(status));
        if let Some(status) = found {
            return refused(status);
        }
        let per_object = self.desk.env.settings.prometheus_return_per_object_metrics;
        let Some(page) = Page::of(registry, query, per_object) else {
            return allowed(unknown_page());
        };
        if request.method == Method::HEAD {
            return status(StatusCode::NO_CONTENT);
        }
        // Readers of long pages that are slow keep no place from those of sums.
        let places = if page.shows_each() {
            &self.each
        } else {
            &self.sums
        };
        let Ok(place) = Arc::clone(places).try_acquire_owned() else {
            return allowed(no_place());
        };
        let text = Text::ask(&self.desk, page, self.started, place).await;
        let mut response = Response::new(Body::new(text));
        response.headers_mut().insert(header::CONTENT_TYPE, TEXT);
        allowed(response)
    }
}

/// What is behind `/metrics`, if anything; `None` for a path that is not served at all.
#[expect(
    clippy::option_option,
    reason = "no page, the page without a name, a page by its name"
)]
fn registry(path: &str) -> Option<Option<&str>> {
    match path.strip_prefix("/metrics")?.strip_prefix('/') {
        None if path == "/metrics" => Some(None),
        None => None,
        Some("") => Some(None),
        Some(name) if name.contains('/') => None,
        Some(name) => Some(Some(name)),
    }
}

/// Whether each `%` has two digits behind it.
fn is_escaped_well(text: &str) -> bool {
    text.split('%').skip(1).all(|rest| {
        let digits = rest.as_bytes().get(..2);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    })
}

/// The status of a method that ends here.
fn check_method(method: &Method) -> Option<StatusCode> {
    match method.as_str() {
        "GET" | "HEAD" => None,
        "OPTIONS" => Some(StatusCode::OK),
        "POST" | "PUT" | "PATCH" | "DELETE" => Some(StatusCode::METHOD_NOT_ALLOWED),
        _ => Some(StatusCode::NOT_IMPLEMENTED),
    }
}

/// The status for a client that does not take what there is.
fn check_accept(headers: &HeaderMap) -> Option<StatusCode> {
    let mut any = false;
    for value in headers.get_all(header::ACCEPT) {
        let Ok(value) = value.to_str() else {
            return Some(StatusCode::BAD_REQUEST);
        };
        for range in value
            .split(',')
            .map(str::trim)
            .filter(|range| !range.is_empty())
        {
            any = true;
            let kind = range.split(';').next().unwrap_or_default().trim();
            if kind.split_once('/').is_none() {
                return Some(StatusCode::BAD_REQUEST);
            }
            if ["*/*", "text/*", "text/plain"]
                .iter()
                .any(|known| kind.eq_ignore_ascii_case(known))
            {
                return None;
            }
        }
    }
    any.then_some(StatusCode::NOT_ACCEPTABLE)
}

fn status(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response
}

fn allowed(mut response: Response) -> Response {
    response.headers_mut().insert(header::ALLOW, ALLOW);
    response
}

fn unknown_page() -> Response {
    let mut response = Response::new(Body::from("Unknown Registry"));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(header::CONTENT_TYPE, PLAIN);
    response
}

fn no_place() -> Response {
    let mut response = Response::new(Body::from("Too many pages of this kind are being read\n"));
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(header::CONTENT_TYPE, PLAIN);
    response
}

fn nowhere() -> Response {
    let words = r#"{"error":"Object Not Found","reason":"Not Found"}"#;
    let mut response = Response::new(Body::from(words));
    *response.status_mut() = StatusCode::NOT_FOUND;
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

fn finish(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::SERVER, SERVER);
    headers.insert(header::VARY, VARY);
    response
}
