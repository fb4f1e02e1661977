//! What is missing among definitions of which some are lost, so that the rest is of use.

use std::collections::BTreeSet;

use leveret_codec::table::Table;

use super::{ExchangeRecord, QueueRecord, Record, VhostRecord, encode};
use crate::ids::QueueId;
use crate::store::repair::{Addition, Known};
use crate::store::{Definition, DefinitionChange, DefinitionKind};

/// Vhosts that queues and exchanges are in and that are not there, and a queue for the messages of
/// each queue in `holders`, which says how many it has, that is not there.
#[must_use]
pub fn additions(known: &Known<'_>) -> Vec<Addition> {
    let Known {
        definitions,
        holders,
    } = known;
    let mut vhosts = BTreeSet::new();
    let mut named = BTreeSet::new();
    let mut ids = BTreeSet::new();
    for definition in *definitions {
        match definition.kind {
            DefinitionKind::Vhost => {
                vhosts.extend(VhostRecord::from_stored(definition).map(|vhost| vhost.name));
            }
            DefinitionKind::Exchange => {
                if let Ok(exchange) = ExchangeRecord::from_stored(definition) {
                    ids.extend(exchange.delayed_id);
                    named.insert(exchange.vhost);
                }
            }
            DefinitionKind::Queue => {
                if let Ok(queue) = QueueRecord::from_stored(definition) {
                    ids.insert(queue.id);
                    named.insert(queue.vhost);
                }
            }
            _ => {}
        }
    }
    let lost: Vec<(QueueId, u64)> = holders
        .iter()
        .filter(|(queue, _)| !ids.contains(&queue.0))
        .map(|(queue, messages)| (*queue, *messages))
        .collect();
    let home = home(&vhosts, &named);
    if !lost.is_empty() {
        named.insert(home.clone());
    }
    let vhosts = named.difference(&vhosts).map(|name| {
        let vhost = VhostRecord {
            name: name.clone(),
            ..VhostRecord::default()
        };
        addition(&vhost, format!("vhost '{name}', whose definition is lost"))
    });
    let queues = lost.into_iter().map(|(QueueId(id), messages)| {
        let arguments = Table::default().with("x-queue-type", "classic");
        let queue = QueueRecord {
            id,
            name: format!("lost.{id:x}"),
            vhost: home.clone(),
            auto_delete: false,
            arguments: encode(&arguments),
            declared_by: String::new(),
        };
        let why = format!(
            "queue '{}' in vhost '{home}', for the {messages} messages of one whose definition is \
             lost",
            queue.name
        );
        addition(&queue, why)
    });
    vhosts.chain(queues).collect()
}

/// The vhost for what nothing says where it was.
fn home(vhosts: &BTreeSet<String>, named: &BTreeSet<String>) -> String {
    let usual = "/".to_owned();
    if vhosts.contains(&usual) {
        return usual;
    }
    let any = vhosts.iter().chain(named).next();
    any.cloned().unwrap_or(usual)
}

fn addition<R: Record>(record: &R, why: String) -> Addition {
    let json = match record.put() {
        DefinitionChange::Put(definition) => definition.json,
        DefinitionChange::Delete(..) => String::new(),
    };
    let definition = Definition {
        kind: R::KIND,
        key: record.key(),
        json,
    };
    Addition { definition, why }
}
