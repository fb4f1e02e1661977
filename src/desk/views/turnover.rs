//! What went through the broker, a vhost or a protocol: sums over what connections count, those too
//! that are gone.
//!
//! A message that a client published counts with its batch, one that was sent at once. What comes
//! without a connection, by the program around the broker or by another door, counts as AMQP 0-9-1,
//! as what comes by RabbitMQ's HTTP API does.

use super::Scope;
use crate::desk::Desk;
use crate::tally::Turnover;
use crate::vhost::Vhost;

/// What connections without a protocol of their own count as.
const AMQP: &str = "AMQP 0-9-1";

impl Desk {
    /// What went through the vhosts of `scope` since they were made; for [`Scope::All`] through the
    /// broker since it started, vhosts too that are gone.
    #[must_use]
    pub fn turnover(&self, scope: Scope<'_>) -> Turnover {
        match scope {
            Scope::All => {
                let protocols = self.turnover_by_protocol().into_iter();
                protocols.fold(Turnover::default(), |sum, (_, turnover)| sum.plus(turnover))
            }
            Scope::Vhost(_) | Scope::Vhosts(_) | Scope::Named(_) => {
                let vhosts = self.vhosts_of(scope);
                let each = vhosts.iter().map(|vhost| self.turnover_of(vhost));
                each.fold(Turnover::default(), Turnover::plus)
            }
        }
    }

    /// What went through the broker since it started, by protocol as RabbitMQ names it
    /// (`AMQP 0-9-1`, which is always there), by name.
    #[must_use]
    pub fn turnover_by_protocol(&self) -> Vec<(&'static str, Turnover)> {
        let past = self.past.lock();
        let mut sums = past.clone();
        for session in self.sessions.iter() {
            let sum = sums.entry(session.protocol).or_default();
            *sum = sum.plus(session.turnover());
        }
        drop(past);
        let elsewhere = Turnover {
            messages: self.tally.totals(),
            ..Turnover::default()
        };
        let amqp = sums.entry(AMQP).or_default();
        *amqp = amqp.plus(elsewhere);
        sums.into_iter().collect()
    }

    pub(super) fn turnover_of(&self, vhost: &Vhost) -> Turnover {
        let past = self.past.lock();
        let own = Turnover {
            messages: vhost.tally.totals(),
            ..Turnover::default()
        };
        let mut sum = vhost.past.lock().plus(own);
        for session in self.sessions.iter() {
            if std::ptr::eq(&*session.vhost, vhost) {
                sum = sum.plus(session.turnover());
            }
        }
        drop(past);
        sum
    }
}
