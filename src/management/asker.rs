//! Who asked for an answer without an end: whether the login would still be taken.
//!
//! A request is let in once. What goes on for hours must end with the rights that it was let in
//! with: the user is gone, has another password or other tags, or has logged out.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method, Uri, header};

use super::ask::Ask;
use super::door::{Door, Insider};
use super::login;
use super::route::Needs;
use crate::auth::User;
use crate::desk::Caller;

/// See the module.
pub(super) struct Asker {
    door: Arc<Door>,
    /// The headers that say who it is.
    login: HeaderMap,
    /// The address that the request came from; `None` for the node's own socket.
    from: Option<SocketAddr>,
    /// The address that counts for its login.
    peer: IpAddr,
    /// As of the login.
    user: Arc<User>,
    is_insider: bool,
}

impl Asker {
    /// Who asks with `ask`; `None` where no login is needed.
    pub(super) fn of(ask: &Ask) -> Option<Self> {
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
        Some(Self {
            door: Arc::clone(&ask.door),
            login,
            from,
            peer: ask.peer,
            user: Arc::clone(ask.user().ok()?),
            is_insider: matches!(ask.caller, Some(Caller::Tools(_))),
        })
    }

    pub(super) fn name(&self) -> &str {
        self.user.name()
    }

    /// The user as of now, if the login would be taken again.
    fn user_now(&self) -> Option<Arc<User>> {
        if self.is_insider {
            return Some(Arc::clone(&self.user));
        }
        match self.login.contains_key(header::AUTHORIZATION) {
            true => self.door.desk.still(&self.user, self.peer),
            false => self.door.in_session(&Method::GET, &self.login, self.peer),
        }
    }

    /// Whether it may still ask for what needs `needs`, in no vhost.
    pub(super) fn still_may(&self, needs: Needs) -> bool {
        let may = |user: Arc<User>| login::may(&self.door.desk, &user, needs, None, None).is_ok();
        self.user_now().is_some_and(may)
    }

    /// A request by the same login.
    pub(super) fn request(&self, uri: &Uri) -> Request {
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
