//! Bindings, the implicit ones of the default exchange too.

use leveret_codec::table::{Table, TableRef};
#[cfg(feature = "management")]
use leveret_codec::types::ShortString;
use serde::Serialize;

use super::listing::Item;
use super::{PlainTable, Scope};
use crate::desk::Desk;
use crate::vhost::{Binding, DestinationName, Vhost};

/// A binding.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BindingView {
    /// The exchange that messages come from; empty for the default exchange.
    pub source: String,
    /// Their vhost.
    pub vhost: String,
    /// The queue or exchange that they go to.
    pub destination: String,
    /// `queue` or `exchange`.
    pub destination_type: &'static str,
    /// Routing key.
    pub routing_key: String,
    /// Its arguments.
    pub arguments: PlainTable,
}

/// Which bindings of a vhost are wanted.
#[derive(Clone, Debug)]
pub enum BindingFilter<'a> {
    /// All, the implicit ones too.
    All,
    /// Those from this exchange.
    From(&'a str),
    /// Those to this queue or exchange.
    To(&'a DestinationName),
    /// Those from this exchange to this queue or exchange.
    Between(&'a str, &'a DestinationName),
}

impl BindingFilter<'_> {
    fn has(&self, source: &str, destination: &DestinationName) -> bool {
        match self {
            Self::All => true,
            Self::From(from) => *from == source,
            Self::To(to) => *to == destination,
            Self::Between(from, to) => *from == source && *to == destination,
        }
    }
}

impl Desk {
    /// The bindings of `scope` that `filter` lets through, by vhost, source, destination, key.
    #[must_use]
    pub fn bindings(&self, scope: Scope<'_>, filter: &BindingFilter<'_>) -> Vec<BindingView> {
        let mut views = Vec::new();
        for vhost in self.vhosts_of(scope) {
            let first = views.len();
            views.extend(implicit(&vhost, filter));
            let bindings = vhost.all_bindings().into_iter();
            let wanted =
                bindings.filter(|binding| filter.has(&binding.source, &binding.destination));
            views.extend(wanted.map(|binding| BindingView::explicit(&vhost, &binding)));
            let key = |view: &BindingView| {
                let BindingView {
                    source,
                    destination,
                    routing_key,
                    ..
                } = view;
                (source.clone(), destination.clone(), routing_key.clone())
            };
            if let Some(of_vhost) = views.get_mut(first..) {
                of_vhost.sort_by_cached_key(key);
            }
        }
        views
    }
}

impl BindingView {
    /// That of a binding.
    pub(crate) fn explicit(vhost: &Vhost, binding: &Binding) -> Self {
        let arguments: TableRef<'_> = binding.arguments();
        view(
            vhost,
            &binding.source,
            &binding.destination,
            binding.key.to_string(),
            arguments.to_table().unwrap_or_default(),
        )
    }

    /// That of a queue to the default exchange.
    #[cfg(feature = "management")]
    pub(crate) fn implicit(vhost: &Vhost, queue: &ShortString) -> Self {
        let name = DestinationName::Queue(queue.clone());
        view(vhost, "", &name, queue.to_string(), Table::new())
    }
}

/// Every queue is bound to the default exchange by its own name.
fn implicit(vhost: &Vhost, filter: &BindingFilter<'_>) -> Vec<BindingView> {
    let queues = vhost.all_queues().into_iter();
    let names = queues.map(|queue| DestinationName::Queue(queue.name().clone()));
    let wanted = names.filter(|name| filter.has("", name));
    wanted
        .map(|name| {
            let DestinationName::Queue(key) = &name else {
                return view(vhost, "", &name, String::new(), Table::new());
            };
            view(vhost, "", &name, key.to_string(), Table::new())
        })
        .collect()
}

fn view(
    vhost: &Vhost,
    source: &str,
    destination: &DestinationName,
    routing_key: String,
    arguments: Table,
) -> BindingView {
    let (destination, destination_type) = match destination {
        DestinationName::Queue(name) => (name, "queue"),
        DestinationName::Exchange(name) => (name, "exchange"),
    };
    BindingView {
        source: source.to_owned(),
        vhost: vhost.name().to_string(),
        destination: destination.to_string(),
        destination_type,
        routing_key,
        arguments: PlainTable(arguments),
    }
}

impl Item for BindingView {
    fn place(&self) -> (&str, &str) {
        (&self.vhost, &self.source)
    }
}
