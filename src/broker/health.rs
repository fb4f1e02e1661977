//! Whether a broker is well: what stands in the way of publishers, and what was lost.

use crate::alarms::Alarm;
use crate::store::Damage;

use super::Broker;

/// How a broker is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Alarms that are on: publishers wait until there is none.
    pub alarms: Vec<Alarm>,
    /// What of the data directory could not be read; everything else was kept.
    pub damage: Vec<Damage>,
    /// Times that a message waiting on disk could not be read back.
    pub unread: u64,
}

impl Health {
    /// Nothing is wrong.
    #[must_use]
    pub fn is_good(&self) -> bool {
        *self == Self::default()
    }
}

impl Broker {
    /// How it is now. An alarm ends by itself once its cause does; damage stays on the list until
    /// the broker stops.
    #[must_use]
    pub fn health(&self) -> Health {
        let env = &self.desk.env;
        Health {
            alarms: self.desk.alarms(),
            damage: env.store.damage(),
            unread: env.pager.as_ref().map_or(0, |pager| pager.lost()),
        }
    }
}
