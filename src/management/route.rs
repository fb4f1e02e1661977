//! What an operation of the table of routes is, and the router that is made of them.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::extract::Request;
use axum::routing::{any, get};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate as _, SizeAbove};

use super::answer::Answer;
use super::aside::Kind;
use super::ask::Ask;
use super::contract::{Contract, Takes};
use super::door::Door;
use super::routes::all;
use super::{openapi, page, pages};

/// A path, and what can be done there.
pub(super) struct Route {
    /// Below `/api`, with the names of its parts in braces.
    pub(super) path: &'static str,
    /// One for each method.
    pub(super) operations: &'static [Operation],
}

/// What one method does at a path.
pub(super) struct Operation {
    pub(super) verb: Verb,
    /// Who may ask at all.
    pub(super) needs: Needs,
    /// What the desk asks for besides.
    pub(super) amqp: Amqp,
    /// What it takes and gives.
    pub(super) contract: Contract,
    /// The file of its handler, by which the document groups operations.
    pub(super) tag: &'static str,
    /// One line.
    pub(super) about: &'static str,
    pub(super) handler: Handler,
}

/// What answers.
pub(super) type Handler = fn(Ask) -> Pin<Box<dyn Future<Output = Answer> + Send>>;

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    /// HEAD too.
    Get,
    /// The same, of plain text.
    GetText,
    /// Of server-sent events; without HEAD.
    GetEvents,
    /// Without HEAD, as in RabbitMQ.
    GetAlone,
    Post,
    Put,
    Delete,
}

/// Who may ask. Seen: RabbitMQ 4.3.6, each kind with each tag, inside and outside of the vhost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// Not even a login.
    Nothing,
    /// Any of the tags for management.
    Management,
    /// A tag, and a permission of any kind in the vhost of the path; or `administrator`.
    Vhost,
    /// The same; `monitoring` does without the permission.
    VhostSeen,
    /// `policymaker`, and a permission in the vhost if the path names one; or `administrator`.
    Policymaker,
    /// `monitoring` or `administrator`; others for their own user only.
    Own,
    /// `monitoring` or `administrator`.
    Monitoring,
    /// `administrator`.
    Administrator,
}

/// The permission in the vhost that the desk asks for besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Amqp {
    None,
    Configure,
    Write,
    Read,
    /// Write on the destination, read on the source.
    Bind,
    /// Read on the queue, write on the exchange that messages go to.
    Move,
}

/// What becomes of the body of a request.
///
/// Seen: RabbitMQ 4.3.6: `GET` and `DELETE` with a body of any length and form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TakesBody {
    /// It is refused if it is too long.
    Needed,
    /// It is read, unless it is too long: that of a `DELETE` that looks into it.
    Welcome,
    /// It means nothing.
    Unread,
}

impl Verb {
    /// Whether a request with this method is meant.
    pub(super) fn is(self, method: &str) -> bool {
        self.methods().contains(&method)
    }

    /// What answers are, apart from refusals.
    pub(super) fn media_type(self) -> &'static str {
        match self {
            Self::GetText => "text/plain",
            Self::GetEvents => "text/event-stream",
            _ => "application/json",
        }
    }

    /// Whether nothing is changed.
    pub(super) fn is_read(self) -> bool {
        matches!(
            self,
            Self::Get | Self::GetAlone | Self::GetEvents | Self::GetText
        )
    }

    /// The methods that it stands for.
    pub(super) fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Get | Self::GetText => &["HEAD", "GET"],
            Self::GetAlone | Self::GetEvents => &["GET"],
            Self::Post => &["POST"],
            Self::Put => &["PUT"],
            Self::Delete => &["DELETE"],
        }
    }
}

impl Operation {
    /// What kind of a change it makes, if it makes one.
    pub(super) fn change(&self) -> Kind {
        match (self.verb, self.amqp) {
            // To get messages, or to drop them.
            (Verb::Delete, _) | (Verb::Post, Amqp::Read) => Kind::Removes,
            (Verb::Post, Amqp::Write | Amqp::Move) => Kind::Publishes,
            _ => Kind::Sets,
        }
    }

    /// What becomes of a body.
    pub(super) fn body(&self) -> TakesBody {
        let wants = !matches!(self.contract.takes, Takes::Nothing);
        match self.verb {
            Verb::Post | Verb::Put => TakesBody::Needed,
            Verb::Delete if wants => TakesBody::Welcome,
            _ => TakesBody::Unread,
        }
    }
}

impl Route {
    /// The operation for a method.
    pub(super) fn operation(&self, method: &str) -> Option<&'static Operation> {
        self.operations
            .iter()
            .find(|operation| operation.verb.is(method))
    }

    /// The header `allow`.
    pub(super) fn allow(&self) -> String {
        let methods = self
            .operations
            .iter()
            .flat_map(|operation| operation.verb.methods());
        let methods: Vec<&str> = methods.copied().chain(["OPTIONS"]).collect();
        methods.join(", ")
    }
}

/// Answers of at least so many octets are compressed. Docs: Cowboy's `compress_threshold`.
const COMPRESS_FROM: u64 = 300;

/// All routes of the table.
pub(super) fn router(door: &Arc<Door>) -> Router {
    let mut router = Router::new();
    for route in all() {
        let door = Arc::clone(door);
        let serve = move |request: Request| Arc::clone(&door).serve(route, request);
        router = router.route(&format!("/api{}", route.path), any(serve));
    }
    for (path, to) in pages::MOVED {
        router = router.route(path, any(async || pages::redirect(to)));
    }
    for (path, file) in page::files() {
        let answer = move |request: Request| async move { file.answer(&request) };
        router = router.route(&path, any(answer));
    }
    for (path, page) in pages::PAGES {
        router = router.route(path, any(async |request: Request| page.answer(&request)));
    }
    let form = Arc::clone(door);
    let log_in = move |request: Request| pages::log_in(Arc::clone(&form), request);
    router = router.route(pages::LOGIN, any(log_in));
    let node = door.node.name.clone();
    let made = Arc::new(OnceLock::new());
    let document = async move || openapi::page(&node, &made);
    router = router.route(openapi::PATH, get(document));
    let door = Arc::clone(door);
    let fallback = move |request: Request| {
        let answer = door.elsewhere(&request);
        async { answer }
    };
    // An event is not to wait for the next ones.
    let is_worth_it = SizeAbove::new(COMPRESS_FROM).and(NotForContentType::SSE);
    let compressed = CompressionLayer::new().compress_when(is_worth_it);
    router.fallback(fallback).layer(compressed)
}

/// The form of the table's operations.
macro_rules! routes {
    ($name:ident; $( $path:literal { $(
        $verb:ident, $needs:ident, $amqp:ident, $module:ident::$handler:ident, $contract:expr,
        $about:literal;
    )+ } )+) => {
        /// Routes, sorted as the reference shows them.
        pub(super) static $name: &[Route] = &[ $( Route {
            path: $path,
            operations: &[ $( Operation {
                verb: Verb::$verb,
                needs: Needs::$needs,
                amqp: Amqp::$amqp,
                tag: stringify!($module),
                contract: $contract,
                about: $about,
                handler: |ask| Box::pin($module::$handler(ask)),
            }, )+ ],
        }, )+ ];
    };
}

pub(super) use routes;

#[cfg(test)]
mod tests;
