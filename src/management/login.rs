//! Who asks: HTTP's basic authentication, and what a tag lets a user do.
//!
//! Passwords are compared in constant time and attempts counted by the desk. Seen: RabbitMQ 4.3.6,
//! every tag with every kind of path.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::answer::Refusal;
use super::route::Needs;
use crate::auth::{Refused, User};
use crate::desk::{Desk, NotAllowed};

/// Tags that let a user manage anything at all.
const ANY: &[&str] = &["management", "policymaker", "monitoring", "administrator"];
/// Tags that see what belongs to others.
pub(super) const SEES_ALL: &[&str] = &["monitoring", "administrator"];
/// Tags that see what is in every vhost, without a permission there.
pub(super) const SEES_ALL_VHOSTS: &[&str] = &["administrator"];

/// A header of every request that our own page makes.
const OF_PAGE: &str = "x-leveret-page";

/// The user that a request names, with the right password.
///
/// # Errors
/// 401 without credentials or with wrong ones, 429 after too many of those, 400 for what cannot be
/// read.
pub(super) fn basic(desk: &Desk, headers: &HeaderMap, peer: IpAddr) -> Result<Arc<User>, Refusal> {
    let unreadable = || Refusal::status(StatusCode::BAD_REQUEST);
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    let Some(said) = all.next() else {
        // A browser that is told how to log in asks for a password by itself, in the way of ours.
        return Err(match headers.contains_key(OF_PAGE) {
            true => Refusal::login_failed(),
            false => Refusal::no_login(),
        });
    };
    // Seen: RabbitMQ 4.3.6: two are no login, even if they are the same.
    if all.next().is_some() {
        return Err(unreadable());
    }
    let said = said.to_str().map_err(|_| unreadable())?;
    let (scheme, rest) = said.split_once(' ').ok_or_else(unreadable)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refusal::login_failed());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(unreadable());
    }
    let both = STANDARD.decode(rest.trim()).map_err(|_| unreadable())?;
    let at = both.iter().position(|octet| *octet == b':');
    let (name, password) = both.split_at(at.ok_or_else(unreadable)?);
    let password = password.get(1..).unwrap_or_default();
    let name = std::str::from_utf8(name).map_err(|_| Refusal::login_failed())?;
    check(desk, name, password, peer)
}

/// The user of that name, if the password is right.
///
/// # Errors
/// 401, or 429 if too many logins from `peer` have failed.
pub(super) fn check(
    desk: &Desk,
    name: &str,
    password: &[u8],
    peer: IpAddr,
) -> Result<Arc<User>, Refusal> {
    let user = desk.log_in(name, password, peer);
    user.map_err(|refused| match refused {
        // The log has been told once; a client that goes on must not fill it.
        Refused::TooManyFailures { .. } => {
            crate::log::debug!("HTTP access denied: {refused}");
            Refusal::too_many_failures()
        }
        _ => {
            crate::log::warn!("HTTP access denied: {refused}");
            Refusal::login_failed()
        }
    })
}

/// Whether `user` may ask for what needs `needs`, in the vhost or about the user of the path.
///
/// # Errors
/// 401 with RabbitMQ's words, or 404 for a vhost that the user may not enter.
pub(super) fn may(
    desk: &Desk,
    user: &User,
    needs: Needs,
    vhost: Option<&str>,
    of_user: Option<&str>,
) -> Result<(), Refusal> {
    let has = |tags: &[&str]| tags.iter().any(|tag| user.has_tag(tag));
    let is_inside =
        || vhost.is_none_or(|vhost| !desk.has_vhost(vhost) || desk.may_enter(user, vhost));
    if needs != Needs::Nothing && !has(ANY) {
        return Err(NotAllowed::NoTag.into());
    }
    let inside = |sees: bool| match sees || is_inside() {
        true => Ok(()),
        false => Err(Refusal::hidden()),
    };
    match needs {
        Needs::Nothing | Needs::Management => Ok(()),
        Needs::Vhost => inside(has(&["administrator"])),
        Needs::VhostSeen => inside(has(SEES_ALL)),
        Needs::Policymaker if !has(&["policymaker", "administrator"]) => {
            Err(NotAllowed::Object.into())
        }
        Needs::Policymaker => inside(has(&["administrator"])),
        Needs::Own if has(SEES_ALL) || of_user == Some(user.name()) => Ok(()),
        Needs::Own => Err(NotAllowed::Object.into()),
        Needs::Monitoring if has(SEES_ALL) => Ok(()),
        Needs::Monitoring => Err(Refusal::lacks("Not monitor user")),
        Needs::Administrator if has(&["administrator"]) => Ok(()),
        Needs::Administrator => Err(NotAllowed::NotAdministrator.into()),
    }
}

#[cfg(test)]
mod tests;
