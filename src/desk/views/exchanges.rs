//! Exchanges.

use std::sync::Arc;

use serde::Serialize;

use super::listing::{Item, Listed, Listing, PageError, SortKey, select};
use super::{PlainTable, Scope};
use crate::desk::Desk;
use crate::events::BROKER;
use crate::policy::Applied;
use crate::tally::ExchangeTotals;
use crate::vhost::{Exchange, Vhost};

/// An exchange.
#[derive(Clone, Debug, Serialize)]
pub struct ExchangeView {
    /// Its name; empty for the default exchange.
    pub name: String,
    /// Its vhost.
    pub vhost: String,
    /// Its type, as it was declared.
    pub type_name: String,
    /// Survives a restart.
    pub durable: bool,
    /// Deleted with its last binding.
    pub auto_delete: bool,
    /// Clients may not publish to it.
    pub internal: bool,
    /// Its arguments.
    pub arguments: PlainTable,
    /// The user who declared it: `rmq-internal` if it was the broker, or was not kept.
    pub declared_by: String,
    /// The policy in force.
    pub policy: Option<String>,
    /// What was published to it since it was declared.
    pub totals: ExchangeTotals,
}

/// What exchanges can be sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeSort {
    /// Name, whatever the vhost.
    Name,
    /// Vhost, then name.
    Vhost,
    /// Type.
    Kind,
    /// Messages published to it.
    PublishedIn,
    /// Copies of those handed to queues.
    PublishedOut,
}

impl ExchangeSort {
    pub(super) fn key(self, exchange: &Exchange) -> SortKey {
        let spec = &exchange.spec;
        let text = match self {
            Self::Name => &spec.name,
            Self::Vhost => &spec.vhost,
            Self::Kind => &spec.type_name,
            Self::PublishedIn => return exchange.tally.totals().published_in.into(),
            Self::PublishedOut => return exchange.tally.totals().published_out.into(),
        };
        SortKey::Text(text.to_string())
    }
}

impl Item for (Arc<Vhost>, Arc<Exchange>) {
    fn place(&self) -> (&str, &str) {
        (self.0.name(), &self.1.spec.name)
    }
}

impl Desk {
    /// The exchanges of `scope`.
    ///
    /// # Errors
    /// [`PageError::OutOfRange`].
    pub fn exchanges(
        &self,
        scope: Scope<'_>,
        listing: &Listing<ExchangeSort>,
    ) -> Result<Listed<ExchangeView>, PageError> {
        let exchanges_of = |vhost: &Arc<Vhost>| {
            let with_vhost = |exchange| (Arc::clone(vhost), exchange);
            let exchanges = vhost.all_exchanges().into_iter();
            exchanges.map(with_vhost).collect::<Vec<_>>()
        };
        let all = self
            .vhosts_of(scope)
            .iter()
            .flat_map(exchanges_of)
            .collect();
        let listed = select(all, listing, |(_, exchange), sort| sort.key(exchange))?;
        Ok(listed.map(|(vhost, exchange)| exchange_view(&vhost, &exchange)))
    }

    /// One exchange.
    #[must_use]
    pub fn exchange(&self, vhost: &str, name: &str) -> Option<ExchangeView> {
        let vhost = self.find_vhost(vhost)?;
        let exchange = vhost.find_exchange(name)?;
        Some(exchange_view(&vhost, &exchange))
    }
}

pub(super) fn exchange_view(vhost: &Vhost, exchange: &Exchange) -> ExchangeView {
    let Applied { policy, .. } = vhost.exchange_policy(exchange);
    let spec = &exchange.spec;
    let declared_by = match &*spec.declared_by {
        "" => BROKER,
        user => user,
    };
    ExchangeView {
        name: spec.name.to_string(),
        vhost: spec.vhost.to_string(),
        type_name: spec.type_name.to_string(),
        durable: spec.durable,
        auto_delete: spec.auto_delete,
        internal: spec.internal,
        arguments: PlainTable(spec.arguments.clone()),
        declared_by: declared_by.to_owned(),
        policy,
        totals: exchange.tally.totals(),
    }
}
