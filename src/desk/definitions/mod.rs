//! Definitions of the whole broker: what a start restores, what a document exports and imports.
//!
//! Owns [`KINDS`], the one table: for each kind of definition its section in RabbitMQ's
//! `definitions.json`, how a record of the store comes back, what a document shows of it, and how
//! an item of a document is checked. Restore, export and import are readings of this table.
//!
//! Docs: definitions. Seen: RabbitMQ 4.3.6, its HTTP API, exports and imports.

use serde_json::{Map, Value as Json};

use super::Desk;
use super::administration::Changing;
use crate::clock::Now;
use crate::store::{Definition, DefinitionKind};

mod checks;
mod export;
mod import;
mod item;
mod reason;
mod restore;

pub use export::{DocumentOf, OneVhost};
pub use import::Imported;
pub(crate) use import::check_document;
pub use reason::{Field, ImportError, ImportReason, MissingEnd};

use import::{Checked, Importing};
use item::Item;
use restore::RestoreError;

/// Takes an item of a document.
type Each<'a> = &'a mut dyn FnMut(Map<String, Json>);

/// A kind of definition.
struct Kind {
    kind: DefinitionKind,
    /// Its section in a document.
    section: &'static str,
    /// Puts what the store has kept in force.
    restore: fn(&Desk, &mut Changing<'_>, Now, &Definition) -> Result<(), RestoreError>,
    /// Everything there is of it, as a document has it.
    export: fn(&Desk, &DocumentOf, Each<'_>),
    /// What an item of a document asks for; `None` for what is passed over.
    check: fn(&Importing<'_>, &Item<'_>) -> Result<Option<Checked>, ImportReason>,
}

/// Every kind, in the order in which RabbitMQ imports a document of a whole broker.
///
/// Seen: RabbitMQ 4.3.6, documents with one section that is refused: those before it are there.
#[rustfmt::skip]
const KINDS: [Kind; 10] = [
    Kind { kind: DefinitionKind::User, section: "users",
        restore: restore::user, export: export::users, check: checks::user },
    Kind { kind: DefinitionKind::Vhost, section: "vhosts",
        restore: restore::vhost, export: export::vhosts, check: checks::vhost },
    Kind { kind: DefinitionKind::Permission, section: "permissions",
        restore: restore::permission, export: export::permissions, check: checks::permission },
    Kind { kind: DefinitionKind::Exchange, section: "exchanges",
        restore: restore::exchange, export: export::exchanges, check: checks::exchange },
    Kind { kind: DefinitionKind::TopicPermission, section: "topic_permissions",
        restore: restore::topic_permission, export: export::topic_permissions,
        check: checks::topic_permission },
    Kind { kind: DefinitionKind::GlobalParameter, section: "global_parameters",
        restore: restore::global_parameter, export: export::global_parameters,
        check: checks::global_parameter },
    Kind { kind: DefinitionKind::Policy, section: "policies",
        restore: restore::policy, export: export::policies, check: checks::policy },
    Kind { kind: DefinitionKind::Parameter, section: "parameters",
        restore: restore::parameter, export: export::parameters, check: checks::parameter },
    Kind { kind: DefinitionKind::Queue, section: "queues",
        restore: restore::queue, export: export::queues, check: checks::queue },
    Kind { kind: DefinitionKind::Binding, section: "bindings",
        restore: restore::binding, export: export::bindings, check: checks::binding },
];

/// The kinds in the document of a single vhost, in the order in which RabbitMQ imports them.
const VHOST_KINDS: [DefinitionKind; 5] = [
    DefinitionKind::Exchange,
    DefinitionKind::Parameter,
    DefinitionKind::Policy,
    DefinitionKind::Queue,
    DefinitionKind::Binding,
];

/// The row of a kind.
fn row(kind: DefinitionKind) -> &'static Kind {
    KINDS
        .iter()
        .find(|row| row.kind == kind)
        .expect("a test looks for every kind")
}

/// The global parameter that says which definitions were imported at a start.
pub(crate) const IMPORTED_HASH: &str = "imported_definition_hash_value";

/// Global parameters whose names begin so are the broker's own, and not in documents.
const INTERNAL: &str = "internal";

#[cfg(test)]
mod tests;
