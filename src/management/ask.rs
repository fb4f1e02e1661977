//! A request that has come through the door: who asks, for what.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use super::answer::{Refusal, Reply};
use super::bodies::Held;
use super::body::Fields;
use super::counters;
use super::door::Door;
use super::json::{Columns, Object};
use super::login::SEES_ALL;
use super::query::Query;
use super::server::Way;
use crate::auth::User;
use crate::clock::Now;
use crate::desk::rates::Windows;
use crate::desk::views::Scope;
use crate::desk::{Actor, Administration, Caller, Desk, Rest, Stored};
use crate::limits::DURABLE_WAIT_MS;

/// See the module.
pub(super) struct Ask {
    pub(super) desk: Arc<Desk>,
    pub(super) door: Arc<Door>,
    /// Who asks; `None` where no login is needed.
    pub(super) caller: Option<Caller>,
    /// Decoded, by their names in the route.
    pub(super) names: Vec<(Box<str>, String)>,
    pub(super) query: Query,
    /// The address that the request comes from.
    pub(super) peer: IpAddr,
    /// Of the body, as it was said; empty if it was not.
    pub(super) content_type: Box<str>,
    /// The number of the last event that the client has seen.
    pub(super) last_event: Option<u64>,
    /// Is cancelled when the listener ends.
    pub(super) ends: CancellationToken,
    pub(super) headers: HeaderMap,
    /// How it comes.
    pub(super) way: Way,
    /// What `X-Reason` says.
    pub(super) reason: Option<String>,
    pub(super) body: Bytes,
    /// What a long body holds.
    pub(super) _held: Held,
}

impl Ask {
    /// A part of the path.
    pub(super) fn name(&self, name: &str) -> &str {
        let mut names = self.names.iter();
        let found = names.find(|(known, _)| **known == *name);
        found.map_or("", |(_, value)| value)
    }

    /// The user who asks.
    pub(super) fn user(&self) -> Result<&Arc<User>, Refusal> {
        match &self.caller {
            Some(Caller::User { user, .. } | Caller::Tools(user)) => Ok(user),
            Some(Caller::Program) | None => Err(Refusal::no_login()),
        }
    }

    /// The desk for the user who asks.
    pub(super) fn administration(&self) -> Result<Administration<'_>, Refusal> {
        let caller = self.caller.as_ref().ok_or_else(Refusal::no_login)?;
        Ok(self.desk.administration_for(caller))
    }

    /// Why the user wants something closed, if the request says so.
    pub(super) fn reason<'a>(&'a self, otherwise: &'a str) -> &'a str {
        self.reason.as_deref().unwrap_or(otherwise)
    }

    /// Whether the user sees what belongs to others.
    pub(super) fn sees_all(&self) -> Result<bool, Refusal> {
        let user = self.user()?;
        Ok(SEES_ALL.iter().any(|tag| user.has_tag(tag)))
    }

    /// The vhost of the path, of which there is one.
    ///
    /// # Errors
    /// 404.
    pub(super) fn vhost(&self) -> Result<&str, Refusal> {
        let name = self.name("vhost");
        match self.desk.has_vhost(name) {
            true => Ok(name),
            false => Err(Refusal::not_found()),
        }
    }

    /// The name of an exchange in the path: `amq.default` is the one without a name.
    pub(super) fn exchange(&self, name: &str) -> &str {
        match self.name(name) {
            "amq.default" => "",
            name => name,
        }
    }

    /// The user who asks, as an actor in the vhost of the path.
    ///
    /// # Errors
    /// 404 without that vhost, 401 without any permission in it.
    pub(super) fn actor(&self) -> Result<Actor, Refusal> {
        let vhost = self.vhost();
        let vhost = vhost.map_err(|_| Refusal::missing("vhost_not_found"))?;
        let author = self.caller.as_ref().map(Caller::author);
        let author = author.ok_or_else(Refusal::no_login)?;
        if let Some(Caller::Tools(user)) = &self.caller {
            let actor = self.desk.unbound_actor(user, vhost, author);
            return actor.ok_or_else(|| Refusal::missing("vhost_not_found"));
        }
        let actor = self.desk.actor(self.user()?, vhost, author);
        actor.map_err(|_| Refusal::not_authorised("Access refused."))
    }

    /// The vhosts that the user may see: all for those with one of the tags `sees_all`, otherwise
    /// those in which the user has a permission.
    pub(super) fn visible(&self, sees_all: &[&str]) -> Result<Visible, Refusal> {
        let user = self.user()?;
        if sees_all.iter().any(|tag| user.has_tag(tag)) {
            return Ok(Visible(None));
        }
        let names = self.desk.vhost_names().into_iter();
        let seen = names.filter(|name| self.desk.may_enter(user, name));
        Ok(Visible(Some(seen.map(|name| name.to_string()).collect())))
    }

    /// The body as an object.
    ///
    /// # Errors
    /// 400 if it is anything else.
    pub(super) async fn fields(&self) -> Result<Fields, Refusal> {
        let parse = || Fields::parse(&self.body);
        self.door.aside.decode(self.body.len(), parse).await
    }

    /// Does what an actor is asked for in a turn of its own, and gives the answer once what it left
    /// for later turns is done and the store is as far as it must be.
    ///
    /// # Errors
    /// Those of `work`, and of [`stored`](Self::stored).
    pub(super) async fn done<T, E>(
        &self,
        work: impl FnOnce(Now) -> Result<Stored<T>, E>,
    ) -> Result<T, Refusal>
    where
        Refusal: From<E>,
    {
        let (done, rest) = self.desk.in_turn(work);
        self.stored(done?, rest).await
    }

    /// Makes a change by the user who asks, once it is its turn, and gives the answer as
    /// [`done`](Self::done) does.
    ///
    /// # Errors
    /// Those of `work`, and of [`stored`](Self::stored).
    pub(super) async fn change<T, E>(
        &self,
        work: impl FnOnce(Administration<'_>) -> Result<Stored<T>, E>,
    ) -> Result<T, Refusal>
    where
        Refusal: From<E>,
    {
        let administration = self.administration()?;
        let change = || self.desk.in_turn(|_| work(administration));
        let (made, rest) = self.door.aside.change(change).await;
        self.stored(made?, rest).await
    }

    /// The same for what must be whole before the next change: nothing is left for later turns.
    ///
    /// # Errors
    /// Those of `work`, and of [`stored`](Self::stored).
    pub(super) async fn change_whole<T, E>(
        &self,
        work: impl FnOnce(Administration<'_>) -> Result<Stored<T>, E>,
    ) -> Result<T, Refusal>
    where
        Refusal: From<E>,
    {
        let administration = self.administration()?;
        let made = self.door.aside.change(|| work(administration)).await;
        self.stored(made?, Rest::default()).await
    }

    /// The answer of the desk, once `rest` is done and the store is as far as it must be.
    ///
    /// # Errors
    /// 503 if the store takes too long: the change is made, but would not survive.
    pub(super) async fn stored<T>(&self, stored: Stored<T>, rest: Rest) -> Result<T, Refusal> {
        let Stored { value, until } = stored;
        let until = until.max(rest.done().await);
        let limit = Duration::from_millis(DURABLE_WAIT_MS);
        let durable = tokio::time::timeout(limit, self.desk.durable(until)).await;
        durable.map_err(|_| Refusal::not_durable())?;
        Ok(value)
    }

    /// The samples that are wanted.
    ///
    /// # Errors
    /// 400 for a window that is empty, or has too many samples.
    pub(super) fn windows(&self) -> Result<Windows, Refusal> {
        Ok(counters::windows(&self.query)?)
    }

    /// The same; `None` if no figures are to be shown.
    ///
    /// # Errors
    /// 400 for a window that is empty, or has too many samples.
    pub(super) fn windows_if_shown(&self) -> Result<Option<Windows>, Refusal> {
        match self.shows_figures() {
            true => self.windows().map(Some),
            false => Ok(None),
        }
    }

    /// The same of what a list shows of its items.
    ///
    /// Seen: RabbitMQ 4.3.6: lists of queues, exchanges and virtual hosts refuse in other words.
    ///
    /// # Errors
    /// 400 for a window that is empty, or has too many samples.
    pub(super) fn windows_of_list(&self) -> Result<Option<Windows>, Refusal> {
        if !self.shows_figures() {
            return Ok(None);
        }
        let windows = counters::windows(&self.query).map(Some);
        windows.map_err(|refused| Refusal::page("invalid_range_parameters", &refused.to_string()))
    }

    /// Whether figures are to be shown: not with `disable_stats`.
    pub(super) fn shows_figures(&self) -> bool {
        let setting = self.desk.settings().management_disable_stats;
        !self.is_on("disable_stats", setting)
    }

    /// Whether counts of messages are to be shown though figures are not.
    pub(super) fn shows_totals(&self) -> bool {
        let setting = self.desk.settings().management_enable_queue_totals;
        self.is_on("enable_queue_totals", setting)
    }

    /// Whether a parameter is `true`; without it the setting counts.
    fn is_on(&self, name: &str, setting: bool) -> bool {
        match self.query.get(name) {
            Some(word) => word == "true",
            None => setting,
        }
    }

    /// What has nothing but figures.
    ///
    /// # Errors
    /// 400 if none are to be shown.
    pub(super) fn needs_figures(&self) -> Result<(), Refusal> {
        match self.shows_figures() {
            true => Ok(()),
            // Seen: RabbitMQ 4.3.6, tests/scripts/http/stats/disabled.http.
            false => Err(Refusal::bad(
                "Stats in management UI are disabled on this node",
            )),
        }
    }

    /// The columns that are wanted.
    pub(super) fn columns(&self) -> Columns {
        self.query.columns()
    }

    /// 200 with one object, as far as its columns are wanted.
    pub(super) fn object(&self, write: impl FnOnce(&mut Object<'_>)) -> Reply {
        let mut text = Vec::with_capacity(1024);
        Object::write(&mut text, &self.columns(), write);
        Reply::json(text)
    }
}

/// The vhosts that a user may see.
pub(super) struct Visible(Option<Vec<String>>);

impl Visible {
    /// As the desk's views take them.
    pub(super) fn scope(&self) -> Scope<'_> {
        self.0.as_deref().map_or(Scope::All, Scope::Named)
    }
}
