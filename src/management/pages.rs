//! Paths beside the API that browsers and checks of life ask for: the page of the command line
//! tool, the reference, and the form that the page of RabbitMQ logs in by. Our own page is in
//! [`page`](super::page).
//!
//! Seen: RabbitMQ 4.3.6, tests/scripts/http/objects/pages_beside.http.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::answer::{REVALIDATE, Refusal, VARY_EARLY, finish};
use super::door::{Door, check_accept, refused_method};
use super::reference;
use super::route::Needs;

/// What can be done to a page.
pub(super) const ALLOW: &str = "HEAD, GET, OPTIONS";

/// A page that is there.
#[derive(Clone, Copy, Debug)]
pub(super) enum Page {
    Tool,
    Reference,
}

/// Their paths.
pub(super) const PAGES: &[(&str, Page)] = &[(TOOL, Page::Tool), (reference::PATH, Page::Reference)];

/// Where the page of the command line tool is.
const TOOL: &str = "/cli/index.html";

/// Paths that lead to others.
pub(super) const MOVED: &[(&str, &str)] = &[
    ("/api", reference::PATH),
    ("/cli", TOOL),
    ("/doc/stats.html", reference::PATH),
    ("/mgmt", "/"),
    ("/stats", reference::PATH),
];

/// Where a page's form logs in.
pub(super) const LOGIN: &str = "/login";

/// Sends a browser to another path.
pub(super) fn redirect(to: &'static str) -> Response {
    (StatusCode::MOVED_PERMANENTLY, [(header::LOCATION, to)]).into_response()
}

impl Page {
    /// Answers a request for it.
    pub(super) fn answer(self, request: &Request) -> Response {
        let answer = match *request.method() {
            Method::GET | Method::HEAD => {
                check_accept(request.headers(), "text/html").map(|()| self.found())
            }
            ref method => Err(refused_method(method)),
        };
        finish(answer.unwrap_or_else(Refusal::into_response), Some(ALLOW))
    }

    fn found(self) -> Response {
        let text = match self {
            Self::Tool => ABOUT_TOOL.to_owned(),
            Self::Reference => reference::page(),
        };
        let kind = HeaderValue::from_static("text/html; charset=utf-8");
        let headers = [
            (header::CONTENT_TYPE, kind),
            (header::CACHE_CONTROL, REVALIDATE),
            (header::VARY, VARY_EARLY),
        ];
        (headers, text).into_response()
    }
}

/// Answers a request for a path that is not there.
pub(super) fn elsewhere(method: &Method) -> Refusal {
    match *method {
        Method::GET | Method::HEAD => Refusal::no_path(),
        ref method => refused_method(method),
    }
}

/// Answers a page's form: back to the front page. Only a login by token is looked at there, which
/// this broker has none of.
pub(super) async fn log_in(door: Arc<Door>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let has_query_token = has_token(parts.uri.query().unwrap_or_default().as_bytes());
    let is_refused = match parts.method {
        Method::GET if !has_query_token => Ok(false),
        Method::POST => {
            let form = door.body(&parts.headers, body, Needs::Nothing).await;
            form.map(|(form, _held)| has_token(&form))
        }
        _ => Err(Refusal::status(StatusCode::METHOD_NOT_ALLOWED)),
    };
    let answer = is_refused.map(|is_refused| to_front(&parts.headers, is_refused));
    finish(answer.unwrap_or_else(Refusal::into_response), None)
}

fn has_token(form: &[u8]) -> bool {
    form_urlencoded::parse(form).any(|(name, _)| name == "access_token")
}

/// The front page of the host that was asked.
fn to_front(headers: &HeaderMap, is_refused: bool) -> Response {
    let host = headers.get(header::HOST);
    let host = host.and_then(|host| host.to_str().ok()).unwrap_or_default();
    let query = if is_refused {
        "?error=Not_Authorized"
    } else {
        ""
    };
    let to = match host {
        "" => format!("/{query}"),
        host => format!("http://{host}/{query}"),
    };
    (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
}

const ABOUT_TOOL: &str = "<!doctype html>
<html lang=\"en\"><meta charset=\"utf-8\"><title>rabbitmqadmin</title>
<h1>rabbitmqadmin</h1>
<p><code>rabbitmqadmin</code> asks this API from a command line. It is a program of its own, and
works with this broker as with RabbitMQ:
<a href=\"https://www.rabbitmq.com/docs/management-cli\">its documentation</a>.</p>
";
