//! Pages of other sites in the browser of a user: what they may not do here, and which may.
//!
//! A browser sends a user's login along with what a page of another site asks for. So a change is
//! refused if the browser says that it comes from another site that is not named in
//! `management.cors.allow_origins`. And a page that makes its own name resolve to this machine (DNS
//! rebinding) comes to a host of that name: then it does not count as coming from this machine, so
//! that users who may only log in from here (`loopback_users`) cannot.
//!
//! RabbitMQ has neither check; tools that are no browsers notice nothing of it.

use std::net::{IpAddr, Ipv4Addr};

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::Response;

use super::answer::Refusal;
use crate::desk::Desk;

const FETCH_SITE: &str = "sec-fetch-site";

/// Refuses a change that a page of another site asks for.
///
/// # Errors
/// 403.
pub(super) fn check(desk: &Desk, parts: &Parts) -> Result<(), Refusal> {
    if parts.method == Method::GET || parts.method == Method::HEAD {
        return Ok(());
    }
    let headers = &parts.headers;
    if allowed_origin(desk, headers).is_some() {
        return Ok(());
    }
    let origin = headers.get(header::ORIGIN);
    let is_foreign = match origin {
        Some(origin) => !is_own(headers, origin),
        // A browser that says where a page is from, but not which one.
        None => {
            let site = headers.get(FETCH_SITE);
            site.is_some_and(|site| site != "same-origin" && site != "none")
        }
    };
    match is_foreign {
        true => Err(Refusal::foreign()),
        false => Ok(()),
    }
}

/// Whether the browser says that a page of ours asks, as far as it says from where.
pub(super) fn is_own_page(method: &Method, headers: &HeaderMap) -> bool {
    let is_read = method == Method::GET || method == Method::HEAD;
    let site = headers.get(FETCH_SITE);
    if site.is_some_and(|site| site != "same-origin" && site != "none") {
        return false;
    }
    match headers.get(header::ORIGIN) {
        Some(origin) => is_own(headers, origin),
        None => is_read || site.is_some_and(|site| site == "same-origin"),
    }
}

/// Whether a page of `origin` is one of ours: of the host and port that it asks.
fn is_own(headers: &HeaderMap, origin: &HeaderValue) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let origin = origin.to_str().unwrap_or_default();
    let (_, authority) = origin.split_once("://").unwrap_or_default();
    host.is_some_and(|host| !host.is_empty() && host.eq_ignore_ascii_case(authority))
}

/// The origin of the request, if the settings let it in.
fn allowed_origin<'a>(desk: &Desk, headers: &'a HeaderMap) -> Option<&'a HeaderValue> {
    let origin = headers.get(header::ORIGIN)?;
    let allowed = &desk.settings().management_cors_allow_origins;
    let is_named = |name: &String| name == "*" || origin == name.as_str();
    allowed.iter().any(is_named).then_some(origin)
}

/// Adds what tells a browser that a page of an allowed site may read the answer.
///
/// Docs: RabbitMQ's management plugin, `management.cors`.
pub(super) fn cross_origin(
    desk: &Desk,
    asked: &HeaderMap,
    allow: &str,
    mut response: Response,
) -> Response {
    let Some(origin) = allowed_origin(desk, asked) else {
        return response;
    };
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    let yes = HeaderValue::from_static("true");
    headers.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, yes);
    let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_METHOD) else {
        return response;
    };
    let _only_that_it_asks = wanted;
    let mut say = |name: HeaderName, text: &str| {
        if let Ok(value) = HeaderValue::from_str(text) {
            headers.insert(name, value);
        }
    };
    say(header::ACCESS_CONTROL_ALLOW_METHODS, allow);
    if let Some(seconds) = desk.settings().management_cors_max_age {
        say(header::ACCESS_CONTROL_MAX_AGE, &seconds.to_string());
    }
    if let Some(wanted) = asked.get(header::ACCESS_CONTROL_REQUEST_HEADERS) {
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
    }
    response
}

/// Where a login counts as coming from: the client's address, but no loopback address if the
/// client came by a name that anybody's name server can make of this machine: in a header `host`,
/// of which each counts, or before the path.
pub(super) fn origin_of(uri: &Uri, headers: &HeaderMap, peer: Option<IpAddr>) -> IpAddr {
    let nowhere = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let peer = peer.unwrap_or(nowhere);
    let is_public = |host: &HeaderValue| host.to_str().map_or(true, |host| !is_local_name(host));
    let by_header = headers.get_all(header::HOST).iter().any(is_public);
    let authority = uri.authority();
    let by_uri = authority.is_some_and(|authority| !is_local_name(authority.as_str()));
    match peer.to_canonical().is_loopback() && (by_header || by_uri) {
        true => nowhere,
        false => peer,
    }
}

/// Names that no public name server answers for.
const LOCAL: &[&str] = &[
    "localhost",
    "local",
    "internal",
    "test",
    "example",
    "invalid",
    "lan",
    "home.arpa",
];

/// Whether the name in a header `host` is an address, a plain name or one below [`LOCAL`].
fn is_local_name(host: &str) -> bool {
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let name = match port.bytes().all(|octet| octet.is_ascii_digit()) {
        true => name,
        false => host,
    };
    let name = name.trim_start_matches('[').trim_end_matches(']');
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let is_below = |top: &&str| {
        let rest = name.strip_suffix(*top);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    };
    !name.contains('.') || name.parse::<IpAddr>().is_ok() || LOCAL.iter().any(is_below)
}

#[cfg(test)]
mod tests;
