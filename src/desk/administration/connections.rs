//! Connections that an operator closes, and alarms that an operator switches.

use super::{AdminError, Administration, Caller, Missing, NotAllowed};
use crate::alarms::Alarm;
use crate::desk::session::Session;
use crate::ids::ConnectionId;

impl Administration<'_> {
    /// Closes a connection with 320 `CONNECTION_FORCED - reason`. Users may close their own;
    /// administrators all.
    ///
    /// # Errors
    /// A connection that is missing, or of another user.
    pub fn close_connection(&self, id: ConnectionId, reason: &str) -> Result<(), AdminError> {
        let session = self.desk.session(id);
        let session = session.ok_or(AdminError::NotFound(Missing::Connection))?;
        if !self.may_close(&session) {
            return Err(self.refusal(NotAllowed::Object).into());
        }
        self.note(
            session.vhost.name(),
            format_args!("connection {} is closed: {reason:?}", session.name),
        );
        session.close(reason);
        Ok(())
    }

    /// Closes the connections of a user with 320 `CONNECTION_FORCED - reason`. Users may close
    /// their own; administrators all.
    ///
    /// # Errors
    /// If there is a connection of the user, and the caller may not close it.
    #[cfg(feature = "management")]
    pub(crate) fn close_connections_of(&self, user: &str, reason: &str) -> Result<(), AdminError> {
        let is_theirs = |session: &Session| session.user_name() == user;
        let sessions = self.desk.sessions();
        let mut theirs = sessions.iter().filter(|session| is_theirs(session));
        if theirs.any(|session| !self.may_close(session)) {
            return Err(self.refusal(NotAllowed::Object).into());
        }
        self.close_connections(reason, is_theirs);
        Ok(())
    }

    /// Closes the connections that `chosen` picks, as far as the caller may, with 320
    /// `CONNECTION_FORCED - reason`; returns how many.
    pub(crate) fn close_connections(
        &self,
        reason: &str,
        chosen: impl Fn(&Session) -> bool,
    ) -> usize {
        let closed = self
            .desk
            .close_connections(reason, |session| self.may_close(session) && chosen(session));
        self.note(
            "",
            format_args!("{closed} connections are closed: {reason:?}"),
        );
        closed
    }

    fn may_close(&self, session: &Session) -> bool {
        match self.caller {
            Caller::User { user, .. } if !user.has_tag("administrator") => {
                session.user_name() == user.name() && self.caller.has_tag(super::MANAGEMENT_TAGS)
            }
            _ => true,
        }
    }

    /// Switches an alarm, as if memory or disk had run low or had recovered.
    ///
    /// # Errors
    /// Not being an administrator.
    pub fn set_alarm(&self, alarm: Alarm, on: bool) -> Result<(), AdminError> {
        self.for_administrators()?;
        let state = if on { "set" } else { "cleared" };
        self.note("", format_args!("the {alarm:?} alarm is {state}"));
        self.desk.set_alarm(alarm, on);
        Ok(())
    }
}
