//! The connections that are open: listed, told, and closed.

use std::sync::Arc;

use leveret_codec::reply::ReplyCode;

use super::Desk;
use super::session::Session;
use crate::error::AmqpError;
use crate::ids::ConnectionId;
use crate::mail::Mail;

impl Session {
    /// Closes the connection with 320 `CONNECTION_FORCED - explanation`.
    pub(super) fn close(&self, explanation: &str) {
        let error = AmqpError::new(ReplyCode::ConnectionForced, explanation);
        self.mailbox.post(Mail::Close(error.in_method(0, 0)));
    }
}

impl Desk {
    /// A connection is open.
    pub(crate) fn remember(&self, session: &Arc<Session>) {
        self.sessions.insert(session.id, Arc::clone(session));
        session.tell_created();
        // Listed first, asked second: a stop that begins in between is heard of.
        if let Some(error) = self.stopping.get() {
            session.mailbox.post(Mail::Stop(error.clone()));
        }
    }

    /// A connection is gone.
    pub(crate) fn forget(&self, connection: ConnectionId) {
        let mut past = self.past.lock();
        let gone = self.sessions.remove(&connection);
        if let Some((_, session)) = gone {
            let turnover = session.turnover();
            let spoken = past.entry(session.protocol).or_default();
            *spoken = spoken.plus(turnover);
            let mut of_vhost = session.vhost.past.lock();
            *of_vhost = of_vhost.plus(turnover);
            drop((of_vhost, past));
            session.tell_closed();
        }
    }

    /// All open connections, in no order.
    #[must_use]
    pub(crate) fn sessions(&self) -> Vec<Arc<Session>> {
        self.sessions
            .iter()
            .map(|session| Arc::clone(&session))
            .collect()
    }

    /// Closes the connections that `chosen` picks with 320 `CONNECTION_FORCED - explanation`;
    /// returns how many.
    pub(crate) fn close_connections(
        &self,
        explanation: &str,
        chosen: impl Fn(&Session) -> bool,
    ) -> usize {
        let sessions = self.sessions();
        let chosen = sessions.iter().filter(|session| chosen(session));
        chosen.map(|session| session.close(explanation)).count()
    }

    /// The broker stops: tells all connections, and those that are opened from now on, with 320
    /// `CONNECTION_FORCED`.
    pub(crate) fn stop_connections(&self, reason: &str) {
        let explanation = format!("broker forced connection closure with reason '{reason}'");
        let error = AmqpError::new(ReplyCode::ConnectionForced, explanation);
        let error = self.stopping.get_or_init(|| error.in_method(0, 0));
        for session in self.sessions() {
            session.mailbox.post(Mail::Stop(error.clone()));
        }
    }
}
