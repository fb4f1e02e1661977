//! The page at `/`: its files, which are part of the program. How they hang together stands in
//! `src/page/README.md`.
//!
//! A build for development reads them from the folder with the sources, where that is there, so
//! that a change is seen at the next reload.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use super::answer::{REVALIDATE, Refusal, VARY_EARLY, finish};
use super::door::{check_accept, refused_method};
use super::pages::ALLOW;

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub(super) struct File {
    /// Below `src/page`.
    name: &'static str,
    text: &'static [u8],
}

/// The file that is the page itself.
const INDEX: &str = "index.html";

/// Makes the table of files.
macro_rules! files {
    ($( $name:literal, )+) => {
        const FILES: &[File] = &[ $( File {
            name: $name,
            text: include_bytes!(concat!("../page/", $name)),
        }, )+ ];
    };
}

files! {
    "api.js",
    "data/attention.js",
    "data/browse.js",
    "data/clients.js",
    "data/commands.js",
    "data/crossings.js",
    "data/definitions.js",
    "data/exchanges.js",
    "data/explain.js",
    "data/filter.js",
    "data/find.js",
    "data/flows.js",
    "data/json.js",
    "data/languages.js",
    "data/layout.js",
    "data/limits.js",
    "data/loglines.js",
    "data/notations.js",
    "data/places.js",
    "data/policykeys.js",
    "data/queues.js",
    "data/ranks.js",
    "data/rights.js",
    "data/settings.js",
    "data/topology.js",
    "data/values.js",
    "data/wanted.js",
    "header.js",
    "index.html",
    "leveret.svg",
    "live.js",
    "login.js",
    "main.js",
    "parts/bits.js",
    "parts/body.js",
    "parts/copy.js",
    "parts/dialog.js",
    "parts/draw.js",
    "parts/edges.js",
    "parts/filterbar.js",
    "parts/flow.js",
    "parts/format.js",
    "parts/graph.js",
    "parts/grid.js",
    "parts/keys.js",
    "parts/log.js",
    "parts/lookup.js",
    "parts/message.js",
    "parts/messages.js",
    "parts/place.js",
    "parts/plot.js",
    "parts/publish.js",
    "parts/spark.js",
    "parts/table.js",
    "parts/tabs.js",
    "parts/theme.js",
    "parts/topology.js",
    "parts/tree.js",
    "style/admin.css",
    "style/clients.css",
    "style/forms.css",
    "style/frame.css",
    "style/graph.css",
    "style/messages.css",
    "style/parts.css",
    "style/tables.css",
    "style/tokens.css",
    "texts/en.js",
    "texts/list.js",
    "views/admin/admin.js",
    "views/admin/all.js",
    "views/admin/definitions.js",
    "views/admin/features.js",
    "views/admin/frame.js",
    "views/admin/importer.js",
    "views/admin/limits.js",
    "views/admin/listeners.js",
    "views/admin/permissions.js",
    "views/admin/permits.js",
    "views/admin/policies.js",
    "views/admin/policy.js",
    "views/admin/policykeys.js",
    "views/admin/preview.js",
    "views/admin/settings.js",
    "views/admin/user.js",
    "views/admin/users.js",
    "views/admin/vhost.js",
    "views/admin/vhosts.js",
    "views/all.js",
    "views/clients/channel.js",
    "views/clients/channels.js",
    "views/clients/connection.js",
    "views/clients/connections.js",
    "views/clients/consumers.js",
    "views/clients/frame.js",
    "views/exchange.js",
    "views/exchanges.js",
    "views/explain.js",
    "views/late.js",
    "views/log.js",
    "views/message.js",
    "views/overview.js",
    "views/queue.js",
    "views/queue/deeds.js",
    "views/queue/waiting.js",
    "views/queues.js",
    "views/routing.js",
}

/// All of them, by the paths that a browser asks for.
pub(super) fn files() -> impl Iterator<Item = (String, File)> {
    let root = FILES.iter().filter(|file| file.name == INDEX);
    let root = root.map(|file| ("/".to_owned(), *file));
    let named = FILES.iter().map(|file| match file.name {
        INDEX => ("/index.html".to_owned(), *file),
        name => (format!("/page/{name}"), *file),
    });
    root.chain(named)
}

impl File {
    /// Answers a request for it.
    pub(super) fn answer(self, request: &Request) -> Response {
        let answer = match *request.method() {
            Method::GET | Method::HEAD => {
                let kind = self.kind();
                let plain = kind.split(';').next().unwrap_or_default();
                let taken = check_accept(request.headers(), plain);
                taken.map(|()| self.found(request.headers()))
            }
            ref method => Err(refused_method(method)),
        };
        let mut response = finish(answer.unwrap_or_else(Refusal::into_response), Some(ALLOW));
        response.headers_mut().extend(headers());
        response
    }

    fn found(self, asked: &HeaderMap) -> Response {
        let text = self.text();
        let tag = tag(&text);
        let known = asked.get_all(header::IF_NONE_MATCH).iter();
        let mut known = known.filter_map(|tags| tags.to_str().ok());
        let is_known = known.any(|tags| tags.split(',').any(|one| is_same(one, &tag)));
        let kind = HeaderValue::from_static(self.kind());
        let body = match text {
            _ if is_known => Body::empty(),
            Cow::Borrowed(text) => Body::from(text),
            Cow::Owned(text) => Body::from(text),
        };
        let mut response = body.into_response();
        if is_known {
            *response.status_mut() = StatusCode::NOT_MODIFIED;
        }
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, kind);
        headers.insert(header::VARY, VARY_EARLY);
        headers.insert(header::CACHE_CONTROL, REVALIDATE);
        if let Ok(tag) = HeaderValue::from_str(&tag) {
            headers.insert(header::ETAG, tag);
        }
        response
    }

    fn kind(self) -> &'static str {
        match self.name.rsplit('.').next() {
            Some("html") => "text/html; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/javascript; charset=utf-8",
        }
    }

    /// What a browser gets.
    fn text(self) -> Cow<'static, [u8]> {
        let text = self.written();
        match std::str::from_utf8(&text) {
            Ok(code) if self.has_comments() => Cow::Owned(without_comments(code).into_bytes()),
            _ => text,
        }
    }

    fn has_comments(self) -> bool {
        self.name.ends_with(".js") || self.name.ends_with(".css")
    }

    #[cfg(not(debug_assertions))]
    fn written(self) -> Cow<'static, [u8]> {
        Cow::Borrowed(self.text)
    }

    #[cfg(debug_assertions)]
    fn written(self) -> Cow<'static, [u8]> {
        let path = std::path::Path::new(FOLDER).join(self.name);
        let fresh = std::fs::read(path);
        fresh.map_or(Cow::Borrowed(self.text), Cow::Owned)
    }
}

/// Leaves out comments that have their lines to themselves, which are a fifth of what would go to a
/// browser. What looks like one within backquotes is text.
fn without_comments(code: &str) -> String {
    let mut rest = String::with_capacity(code.len());
    let (mut is_within, mut is_quoted) = (false, false);
    for line in code.split_inclusive('\n') {
        let text = line.trim();
        let quotes = line.matches('`').count() - line.matches("\\`").count();
        if is_quoted {
            is_quoted ^= quotes % 2 == 1;
            rest.push_str(line);
            continue;
        }
        let is_comment = is_within || text.starts_with("/*");
        match text.split_once("*/").filter(|_| is_comment) {
            // A type that stands in front of what has it.
            Some((_, behind)) if !behind.is_empty() => {
                match is_within {
                    true => rest.extend([behind, "\n"]),
                    false => rest.push_str(line),
                }
                is_within = false;
            }
            Some(_) => is_within = false,
            None if is_comment => is_within = true,
            None if text.starts_with("//") => {}
            None => {
                is_quoted = quotes % 2 == 1;
                rest.push_str(line);
            }
        }
    }
    rest
}

/// Where the files are while they are written.
#[cfg(any(debug_assertions, test))]
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/page");

/// What a browser may do with a file of the page: no script of other hosts or in the page's text,
/// no frame around it, and no guess what it is.
fn headers() -> HeaderMap {
    let all: [(HeaderName, &'static str); 4] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
    ];
    let all = all.map(|(name, value)| (name, HeaderValue::from_static(value)));
    all.into_iter().collect()
}

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
                      img-src 'self' data:; connect-src 'self'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

/// A name of a text.
fn tag(text: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    format!("\"{:016x}\"", hasher.finish())
}

/// Whether a client knows the text with this tag. A compressed one has a weak tag at times.
fn is_same(said: &str, tag: &str) -> bool {
    let said = said.trim();
    said == "*" || said.strip_prefix("W/").unwrap_or(said) == tag
}

#[cfg(test)]
mod tests;
