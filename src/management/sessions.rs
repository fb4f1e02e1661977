//! Logins of browsers: a random token in a cookie that no script can read, and what it stands for.
//!
//! A password is checked once, by the same way and with the same limits as one that comes with a
//! request ([`login::check`](super::login::check)). From then on the token is asked about at each
//! request: it stands for the user as of now, and for none once the user is gone, has another
//! password, or may not come from where the request comes from.
//!
//! A cookie goes along with whatever a page has the browser ask for, so it counts only if the
//! browser says that a page of ours asks ([`foreign`]). `SameSite` alone would not do: all ports of
//! a machine are one site, and share their cookies, which is why the name has the port in it.
//!
//! Invariant I11: there are so many sessions at most, of one user and together. Each ends if it is
//! not used, and however much it is used, after a day.

use std::collections::HashMap;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderValue, Method, header};
use parking_lot::Mutex;

use super::foreign;
use super::server::Way;
use crate::auth::User;
use crate::clock::Mono;
use crate::limits::{
    HTTP_SESSION_AGE_MS, HTTP_SESSION_MS, HTTP_SESSIONS_MAX, HTTP_SESSIONS_OF_USER,
};

/// What a browser has instead of a password.
type Octets = [u8; 32];

/// See the module.
#[derive(Default)]
pub(super) struct Sessions {
    by_token: Mutex<HashMap<Octets, Session>>,
}

struct Session {
    /// As of the login.
    user: Arc<User>,
    begun: Mono,
    used: Mono,
}

impl Session {
    fn is_over(&self, now: Mono) -> bool {
        let end = self.used.plus_ms(HTTP_SESSION_MS);
        end.min(self.begun.plus_ms(HTTP_SESSION_AGE_MS)) <= now
    }
}

impl Sessions {
    /// Begins a session of `user`, and gives the header that has the browser keep its token. The
    /// session that the request has come in ends. If there are as many as there may be, of that
    /// user or together, the one of them that was not used for longest ends.
    pub(super) fn begin(
        &self,
        user: Arc<User>,
        now: Mono,
        (way, headers): (Way, &HeaderMap),
    ) -> Option<HeaderValue> {
        let mut token = Octets::default();
        getrandom::fill(&mut token).ok()?;
        let mut sessions = self.by_token.lock();
        if let Some(before) = self::token(headers) {
            sessions.remove(&before);
        }
        sessions.retain(|_, session| !session.is_over(now));
        let is_theirs = |session: &Session| session.user.name() == user.name();
        make_room(&mut sessions, HTTP_SESSIONS_OF_USER, is_theirs);
        make_room(&mut sessions, HTTP_SESSIONS_MAX, |_| true);
        let session = Session {
            user,
            begun: now,
            used: now,
        };
        sessions.insert(token, session);
        drop(sessions);
        cookie((way, headers), &written(&token), "")
    }

    /// Ends the session of a request, and gives the header that has the browser forget it.
    pub(super) fn end(&self, (way, headers): (Way, &HeaderMap)) -> Option<HeaderValue> {
        if let Some(token) = token(headers) {
            self.by_token.lock().remove(&token);
        }
        cookie((way, headers), "", "; Max-Age=0")
    }

    /// The user as of the login, if a page of ours asks in a session.
    pub(super) fn user(
        &self,
        method: &Method,
        headers: &HeaderMap,
        now: Mono,
    ) -> Option<Arc<User>> {
        let token = token(headers)?;
        if !foreign::is_own_page(method, headers) {
            return None;
        }
        let mut sessions = self.by_token.lock();
        let session = sessions.get_mut(&token)?;
        if session.is_over(now) {
            sessions.remove(&token);
            return None;
        }
        session.used = now;
        Some(Arc::clone(&session.user))
    }
}

/// Ends the one of `those` that was not used for longest, if there are `most` of them.
fn make_room(
    sessions: &mut HashMap<Octets, Session>,
    most: usize,
    those: impl Fn(&Session) -> bool,
) {
    let of_them = || sessions.iter().filter(|(_, session)| those(session));
    if of_them().count() < most {
        return;
    }
    let oldest = of_them().min_by_key(|(_, session)| session.used);
    let oldest = oldest.map(|(token, _)| *token);
    oldest.and_then(|oldest| sessions.remove(&oldest));
}

/// The cookie's name where this request came to.
fn name(headers: &HeaderMap) -> String {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok());
    let port = host
        .and_then(|host| host.rsplit_once(':'))
        .map(|(_, port)| port);
    let is_number = |port: &&str| port.bytes().all(|octet| octet.is_ascii_digit());
    format!("leveret-{}", port.filter(is_number).unwrap_or_default())
}

/// A cookie that comes over TLS is never to go another way. A server in front of this one may be
/// what speaks TLS: then the browser's page says so.
fn cookie((way, headers): (Way, &HeaderMap), value: &str, more: &str) -> Option<HeaderValue> {
    let origin = headers.get(header::ORIGIN);
    let is_secret =
        way == Way::Tls || origin.is_some_and(|origin| origin.as_bytes().starts_with(b"https://"));
    let secure = if is_secret { "; Secure" } else { "" };
    let name = name(headers);
    let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
    HeaderValue::from_str(&text).ok()
}

/// The token that comes with a request.
fn token(headers: &HeaderMap) -> Option<Octets> {
    let name = name(headers);
    let cookies = headers.get_all(header::COOKIE).iter();
    let pairs = cookies.filter_map(|cookies| cookies.to_str().ok());
    let mut pairs = pairs.flat_map(|cookies| cookies.split(';'));
    pairs.find_map(|pair| {
        let (known, value) = pair.trim().split_once('=')?;
        read(value).filter(|_| known == name)
    })
}

fn written(token: &Octets) -> String {
    token.iter().map(|octet| format!("{octet:02x}")).collect()
}

fn read(text: &str) -> Option<Octets> {
    let mut token = Octets::default();
    if text.len() != 2 * token.len() || !text.bytes().all(|octet| octet.is_ascii_hexdigit()) {
        return None;
    }
    for (octet, at) in token.iter_mut().zip((0..).step_by(2)) {
        *octet = u8::from_str_radix(text.get(at..at + 2)?, 16).ok()?;
    }
    Some(token)
}

#[cfg(test)]
mod tests;
