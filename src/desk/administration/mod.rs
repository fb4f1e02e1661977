//! Administration: what an operator asks of a broker, whichever door it comes through.
//!
//! Every call does the same four things: it asks whether the caller may, checks what is asked,
//! stores it and puts it in force, and answers with the position that the store must have reached
//! before the caller may be told. Storing and putting in force happen under one lock, the desk's
//! `changes`, so that what is in force last is what is stored last. What is in the hands of that
//! lock (an [`AuthWriter`]) cannot be called without it.
//!
//! It knows RabbitMQ's rules, defaults and words for all of this; codes of HTTP and of commands
//! are their doors'. Docs: RabbitMQ's HTTP API and rabbitmqctl. Seen: RabbitMQ 4.3.6, its HTTP API.

use std::net::SocketAddr;
use std::sync::Arc;

use super::Desk;
use crate::auth::{AuthWriter, User};
use crate::events::{Author, audit};

mod changing;
mod connections;
mod error;
pub(super) mod limits;
mod parameters;
mod permissions;
mod policies;
mod seeds;
mod users;
mod vhosts;

pub(super) use changing::Changing;
pub use error::{AdminError, Missing, NotAllowed, VhostError};
pub(super) use parameters::{CLUSTER_NAME, CheckedParameter, Parameters, tidy};
pub(crate) use seeds::check_seeds;
pub use vhosts::VhostDefinition;
pub(super) use vhosts::{CheckedVhost, metadata_of};

/// Tags that let a user manage anything at all.
const MANAGEMENT_TAGS: &[&str] = &["management", "policymaker", "monitoring", "administrator"];

/// What may only be touched by a change, one at a time.
pub(super) struct Changes {
    pub(super) rights: AuthWriter,
}

/// Who asks.
#[derive(Clone, Debug)]
pub enum Caller {
    /// The program around the broker, or the broker itself: it may do everything.
    Program,
    /// RabbitMQ's tools at the node's own socket, which may do everything and own nothing.
    #[cfg(feature = "management")]
    Tools(Arc<User>),
    /// A user who has logged in.
    User {
        /// Who.
        user: Arc<User>,
        /// The client's address, if there is one.
        from: Option<SocketAddr>,
    },
}

/// Administration on behalf of one caller. Made by [`Desk::administration`] and
/// [`Desk::administration_for`].
#[derive(Clone, Copy)]
pub struct Administration<'a> {
    pub(super) desk: &'a Desk,
    pub(super) caller: &'a Caller,
}

impl Desk {
    /// Administration by the program around the broker, which may do everything.
    #[must_use]
    pub fn administration(&self) -> Administration<'_> {
        self.administration_for(&Caller::Program)
    }

    /// Administration by `caller`, who may do what the tags of a user say.
    #[must_use]
    pub fn administration_for<'a>(&'a self, caller: &'a Caller) -> Administration<'a> {
        Administration { desk: self, caller }
    }
}

impl Caller {
    /// The caller's name in logs; RabbitMQ's word for the broker itself.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Program => "rmq-internal",
            #[cfg(feature = "management")]
            Self::Tools(user) => user.name(),
            Self::User { user, .. } => user.name(),
        }
    }

    /// What listeners and the audit log are told of the caller.
    pub(crate) fn author(&self) -> Author {
        match self {
            Self::Program => Author::broker(),
            #[cfg(feature = "management")]
            Self::Tools(user) => user.name().into(),
            Self::User { user, from } => Author {
                user: user.name().into(),
                from: *from,
            },
        }
    }

    fn has_tag(&self, tags: &[&str]) -> bool {
        match self {
            Self::Program => true,
            #[cfg(feature = "management")]
            Self::Tools(_) => true,
            Self::User { user, .. } => tags.iter().any(|tag| user.has_tag(tag)),
        }
    }
}

impl Administration<'_> {
    /// Users, vhosts and permissions are an administrator's.
    pub(super) fn for_administrators(&self) -> Result<(), NotAllowed> {
        if self.caller.has_tag(&["administrator"]) {
            Ok(())
        } else {
            Err(self.refusal(NotAllowed::NotAdministrator))
        }
    }

    /// Policies and parameters of a vhost are those of its policy makers: who has the tag and any
    /// permission in the vhost; and an administrator's. Of a vhost that there is not, a policy
    /// maker is told just that, at once: it may be there a moment later, and not be theirs.
    ///
    /// Seen: RabbitMQ 4.3.6, tests/scripts/http/admin/policies.http.
    fn for_policymakers(&self, vhost: &str) -> Result<(), AdminError> {
        if self.caller.has_tag(&["administrator"]) {
            return Ok(());
        }
        if let Caller::User { user, .. } = self.caller
            && user.has_tag("policymaker")
        {
            if self.desk.auth.access(user.name(), vhost).is_some() {
                return Ok(());
            }
            self.existing_vhost(vhost)?;
        }
        Err(self.refusal(NotAllowed::Object).into())
    }

    /// Global parameters are those of all policy makers.
    fn for_any_policymaker(&self) -> Result<(), NotAllowed> {
        if self.caller.has_tag(&["administrator", "policymaker"]) {
            Ok(())
        } else {
            Err(self.refusal(NotAllowed::Object))
        }
    }

    /// What a caller is told who lacks the right for one thing: with no tag at all, that nothing
    /// is allowed.
    fn refusal(&self, lacks: NotAllowed) -> NotAllowed {
        if self.caller.has_tag(MANAGEMENT_TAGS) {
            lacks
        } else {
            NotAllowed::NoTag
        }
    }

    /// The line in the audit log for an act that is told as no change.
    pub(super) fn note(&self, vhost: &str, what: std::fmt::Arguments<'_>) {
        audit::say_act(&self.caller.author(), vhost, what);
    }
}

#[cfg(test)]
mod tests;
