//! What went through the broker, a vhost or a protocol: sums over what connections count, those too
//! that are gone.
//!
//! A message that a client published counts with its batch, one that was sent at once. What comes
//! without a connection, by the program around the broker or by another door, counts as AMQP 0-9-1,
//! as what comes by RabbitMQ's HTTP API does.

use std::collections::HashMap;

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
                let turnovers = self.turnovers();
                let vhosts = self.vhosts_of(scope);
                let each = vhosts.iter().map(|vhost| turnovers.of(vhost));
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

    /// What went through each vhost: one look at the connections, however many vhosts there are.
    pub(in crate::desk) fn turnovers(&self) -> Turnovers {
        let past = self.past.lock();
        let mut each: HashMap<usize, Turnover> = HashMap::new();
        for session in self.sessions.iter() {
            let sum = each.entry(place_of(&session.vhost)).or_default();
            *sum = sum.plus(session.turnover());
        }
        for vhost in self.vhosts.iter() {
            let own = Turnover {
                messages: vhost.tally.totals(),
                ..Turnover::default()
            };
            let sum = each.entry(place_of(&vhost)).or_default();
            *sum = sum.plus(vhost.past.lock().plus(own));
        }
        drop(past);
        Turnovers(each)
    }
}

/// What went through each vhost, by its place in memory: one that was deleted and made again under
/// the same name is another one.
#[derive(Default)]
pub(in crate::desk) struct Turnovers(HashMap<usize, Turnover>);

fn place_of(vhost: &Vhost) -> usize {
    std::ptr::from_ref(vhost).addr()
}

impl Turnovers {
    /// What went through this one.
    pub(in crate::desk) fn of(&self, vhost: &Vhost) -> Turnover {
        self.0.get(&place_of(vhost)).copied().unwrap_or_default()
    }
}
