//! Documents of definitions, as RabbitMQ 4.3.6 makes them.
//!
//! A document holds what an import takes again. So bindings of queues that are not in it are left
//! out, which RabbitMQ writes and then refuses to import; and internal exchanges are in it, which
//! RabbitMQ leaves out while it writes their bindings. Everything is sorted, where RabbitMQ has no
//! order.

use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use super::{Each, INTERNAL, KINDS, Kind, VHOST_KINDS, row};
use crate::config::default_cluster_name;
use crate::definitions::{ParameterRecord, VHOST_LIMITS, to_json};
use crate::desk::Desk;
use crate::desk::administration::CLUSTER_NAME;
use crate::vhost::{DestinationName, Inventory, Metadata, Vhost};

/// What a document is about.
#[derive(Clone)]
pub enum DocumentOf {
    /// The whole broker.
    Broker,
    /// One vhost: no users and permissions, and no item says in which vhost it is.
    Vhost(OneVhost),
}

/// A vhost that a document is about; see [`Desk::one_vhost`].
#[derive(Clone)]
pub struct OneVhost(pub(super) Arc<Vhost>);

impl DocumentOf {
    fn vhosts(&self, desk: &Desk) -> Vec<Arc<Vhost>> {
        match self {
            Self::Vhost(OneVhost(vhost)) => vec![Arc::clone(vhost)],
            Self::Broker => {
                let names = desk.vhost_names().into_iter();
                names.filter_map(|name| desk.find_vhost(&name)).collect()
            }
        }
    }

    fn kinds(&self) -> Vec<&'static Kind> {
        match self {
            Self::Broker => KINDS.iter().collect(),
            Self::Vhost(_) => VHOST_KINDS.into_iter().map(row).collect(),
        }
    }

    /// An item, which in the document of the whole broker says in which vhost it is.
    fn item(&self, vhost: &str, mut fields: Map<String, Json>) -> Map<String, Json> {
        match self {
            Self::Broker => drop(fields.insert("vhost".to_owned(), vhost.into())),
            Self::Vhost(_) => drop(fields.remove("vhost")),
        }
        fields
    }
}

impl Desk {
    /// A vhost for a document about it alone; `None` if there is no vhost of this name.
    #[must_use]
    pub fn one_vhost(&self, name: &str) -> Option<DocumentOf> {
        let vhost = self.find_vhost(name)?;
        Some(DocumentOf::Vhost(OneVhost(vhost)))
    }

    /// The definitions of the whole broker, or of one vhost, in RabbitMQ's format.
    #[must_use]
    pub fn export(&self, scope: &DocumentOf) -> Json {
        // Nothing is changed by operators meanwhile.
        let _changes = self.changes.lock();
        let mut document = self.head(scope);
        for kind in scope.kinds() {
            let mut items = Vec::new();
            (kind.export)(self, scope, &mut |item| items.push(Json::Object(item)));
            document.insert(kind.section.to_owned(), items.into());
        }
        Json::Object(document)
    }

    /// Writes what [`Desk::export`] returns, an item at a time.
    ///
    /// # Errors
    /// Those of `out`.
    pub fn write_definitions(&self, scope: &DocumentOf, out: &mut dyn Write) -> io::Result<()> {
        let _changes = self.changes.lock();
        let mut before = '{';
        for (name, value) in self.head(scope) {
            write!(out, "{before}\n{}:{value}", Json::from(name))?;
            before = ',';
        }
        for kind in scope.kinds() {
            write!(out, ",\n{}:[", Json::from(kind.section))?;
            let mut before = "";
            let mut result = Ok(());
            (kind.export)(self, scope, &mut |item| {
                if result.is_ok() {
                    result = write!(out, "{before}\n{}", Json::Object(item));
                    before = ",";
                }
            });
            result?;
            out.write_all(b"]")?;
        }
        out.write_all(b"\n}\n")
    }

    /// The name of the cluster: what an operator or the settings called it, or the node's.
    #[must_use]
    pub fn cluster_name(&self) -> String {
        match self.parameters.find_global(CLUSTER_NAME) {
            Some(Json::String(name)) => name,
            _ => default_cluster_name(),
        }
    }

    fn head(&self, scope: &DocumentOf) -> Map<String, Json> {
        let settings = &self.env.settings;
        let mut head = fields(&json!({
            "rabbit_version": settings.server_version,
            "rabbitmq_version": settings.server_version,
            "product_name": settings.server_product,
            "product_version": settings.server_version,
        }));
        head.extend(match scope {
            DocumentOf::Broker => fields(&json!({
                "rabbitmq_definition_format": "cluster",
                "original_cluster_name": self.cluster_name(),
                "explanation": format!("Definitions of cluster '{}'", self.cluster_name()),
            })),
            DocumentOf::Vhost(OneVhost(vhost)) => fields(&json!({
                "rabbitmq_definition_format": "single_virtual_host",
                "original_vhost_name": &**vhost.name(),
                "explanation": format!("Definitions of virtual host '{}'", vhost.name()),
                "description": vhost.metadata().description,
                "metadata": metadata(vhost),
                "limits": self.limits_value(vhost),
            })),
        });
        head
    }

    fn limits_value(&self, vhost: &Vhost) -> Json {
        let parameters = self.parameters.all().into_iter();
        let mut limits = parameters
            .filter(|found| found.vhost == **vhost.name() && found.component == VHOST_LIMITS);
        match limits.next().map(|found| found.value) {
            Some(Json::Object(limits)) => Json::Object(limits),
            _ => json!({}),
        }
    }
}

/// An object that is written as one.
fn fields(value: &(impl Serialize + ?Sized)) -> Map<String, Json> {
    match serde_json::to_value(value) {
        Ok(Json::Object(fields)) => fields,
        _ => Map::new(),
    }
}

fn metadata(vhost: &Vhost) -> Json {
    let Metadata {
        description,
        tags,
        protected_from_deletion,
        ..
    } = &*vhost.metadata();
    let mut metadata = fields(&json!({
        "description": description,
        "tags": tags,
        "default_queue_type": vhost.default_queue_kind().as_str(),
    }));
    if let Some(protected) = protected_from_deletion {
        metadata.insert("protected_from_deletion".to_owned(), (*protected).into());
    }
    Json::Object(metadata)
}

pub(super) fn users(desk: &Desk, _scope: &DocumentOf, each: Each<'_>) {
    desk.auth.export().users.iter().map(fields).for_each(each);
}

pub(super) fn vhosts(desk: &Desk, scope: &DocumentOf, each: Each<'_>) {
    for vhost in scope.vhosts(desk) {
        each(fields(&json!({
            "name": &**vhost.name(),
            "limits": desk.limits_value(&vhost),
            "metadata": metadata(&vhost),
        })));
    }
}

pub(super) fn permissions(desk: &Desk, _scope: &DocumentOf, each: Each<'_>) {
    let rights = desk.auth.export().permissions;
    rights.iter().map(fields).for_each(each);
}

pub(super) fn topic_permissions(desk: &Desk, _scope: &DocumentOf, each: Each<'_>) {
    let rights = desk.auth.export().topic_permissions;
    rights.iter().map(fields).for_each(each);
}

pub(super) fn parameters(desk: &Desk, scope: &DocumentOf, each: Each<'_>) {
    let is_meant = |found: &ParameterRecord| match scope {
        DocumentOf::Broker => true,
        DocumentOf::Vhost(OneVhost(vhost)) => found.vhost == **vhost.name(),
    };
    for parameter in desk.parameters().iter().filter(|found| is_meant(found)) {
        each(scope.item(&parameter.vhost, fields(parameter)));
    }
}

pub(super) fn global_parameters(desk: &Desk, _scope: &DocumentOf, each: Each<'_>) {
    let parameters = desk.global_parameters().into_iter();
    let shown = parameters.filter(|found| !found.name.starts_with(INTERNAL));
    shown.for_each(|parameter| each(fields(&parameter)));
}

pub(super) fn policies(desk: &Desk, scope: &DocumentOf, each: Each<'_>) {
    for vhost in scope.vhosts(desk) {
        for policy in vhost.policies(crate::policy::Issuer::User) {
            each(scope.item(vhost.name(), fields(&policy)));
        }
    }
}

fn of_inventories(
    desk: &Desk,
    scope: &DocumentOf,
    each: Each<'_>,
    items: impl Fn(&Inventory, &mut dyn FnMut(Json)),
) {
    for vhost in scope.vhosts(desk) {
        items(&vhost.inventory(), &mut |item| {
            each(scope.item(vhost.name(), fields(&item)));
        });
    }
}

pub(super) fn exchanges(desk: &Desk, scope: &DocumentOf, each: Each<'_>) {
    of_inventories(desk, scope, each, |inventory, each| {
        for exchange in &inventory.exchanges {
            let mut item = json!({
                "name": &*exchange.name,
                "type": &*exchange.type_name,
                "durable": exchange.durable,
                "auto_delete": exchange.auto_delete,
                "arguments": to_json(&exchange.arguments),
            });
            if exchange.internal
                && let Some(fields) = item.as_object_mut()
            {
                fields.insert("internal".to_owned(), true.into());
            }
            each(item);
        }
    });
}

pub(super) fn queues(desk: &Desk, scope: &DocumentOf, each: Each<'_>) {
    of_inventories(desk, scope, each, |inventory, each| {
        for queue in &inventory.queues {
            each(json!({
                "name": &*queue.name,
                "type": queue.kind.as_str(),
                "durable": queue.durable,
                "auto_delete": queue.auto_delete,
                "arguments": to_json(&queue.arguments),
            }));
        }
    });
}

pub(super) fn bindings(desk: &Desk, scope: &DocumentOf, each: Each<'_>) {
    of_inventories(desk, scope, each, |inventory, each| {
        for binding in &inventory.bindings {
            let (destination_type, destination) = match &binding.destination {
                DestinationName::Queue(name) => ("queue", name),
                DestinationName::Exchange(name) => ("exchange", name),
            };
            each(json!({
                "source": &*binding.source,
                "destination": &**destination,
                "destination_type": destination_type,
                "routing_key": &*binding.key,
                "arguments": to_json(&binding.arguments),
            }));
        }
    });
}
