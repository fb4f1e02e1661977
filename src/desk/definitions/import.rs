//! Documents of definitions are imported: a section at a time, each refused as a whole or not at
//! all.
//!
//! Every item of a section is checked first; then all of them are stored as one group, which
//! survives a crash whole or not at all, and put in force. Exchanges, queues and bindings are
//! stored and put in force some at a time instead, because clients declare and delete the same
//! names meanwhile: what is stored must be what is in its place then, which takes the lock of the
//! vhost's topology from the one to the other, and no client may wait that long for it. Of these
//! three sections a crash can leave the first items. What is there already and not in the document
//! stays. Queues, exchanges and bindings that are there already stay as they are; everything else
//! is replaced. Seen: RabbitMQ 4.3.6, tests/scripts/http/admin/imports.http.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value as Json};

use super::item::Item;
use super::reason::{ImportError, ImportReason};
use super::{KINDS, Kind, VHOST_KINDS, row};
use crate::auth::{
    HashingAlgorithm, PermissionDefinition, TopicPermissionDefinition, User, UserDefinition,
};
use crate::definitions::{GlobalParameterRecord, PolicyRecord, Record};
use crate::desk::Stored;
use crate::desk::administration::{Administration, Changing, CheckedParameter, CheckedVhost};
use crate::events::ChangeKind;
use crate::policy::Policy;
use crate::store::{DefinitionChange, DefinitionKind, Position};
use crate::vhost::{
    NewBinding, NewExchange, NewQueue, bind_all, declare_exchanges, declare_queues,
};

/// How much an import has put in force, items that were there already among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// For each section of the document, how many of its items.
    pub sections: Vec<(&'static str, usize)>,
}

/// What a check of an item may look at.
pub(super) struct Importing<'a> {
    pub(super) administration: &'a Administration<'a>,
    /// What hashed the passwords of users that do not say.
    pub(super) hashing: &'static str,
}

/// An item that can be put in force.
pub(super) enum Checked {
    User(Box<User>),
    Vhost(Box<CheckedVhost>),
    Permission(PermissionDefinition),
    TopicPermission(TopicPermissionDefinition),
    GlobalParameter(GlobalParameterRecord),
    Policy(Box<(PolicyRecord, Policy)>),
    Parameter(CheckedParameter),
    Exchange(NewExchange),
    Queue(Box<NewQueue>),
    Binding(NewBinding),
}

impl Administration<'_> {
    /// Imports the document of a whole broker.
    ///
    /// # Errors
    /// [`ImportError`] for the first item that is refused: the sections before its own are
    /// imported, its own is not.
    pub fn import(&self, document: &[u8]) -> Result<Stored<Imported>, ImportError> {
        self.import_as(None, document)
    }

    /// Imports the document of a single vhost into `vhost`: exchanges, parameters, policies,
    /// queues and bindings.
    ///
    /// # Errors
    /// As [`import`](Self::import).
    pub fn import_into(
        &self,
        vhost: &str,
        document: &[u8],
    ) -> Result<Stored<Imported>, ImportError> {
        let found = self.existing_vhost(vhost);
        found.map_err(|_| ImportError::document(ImportReason::NoVhost(vhost.to_owned())))?;
        self.import_as(Some(vhost), document)
    }

    fn import_as(
        &self,
        vhost: Option<&str>,
        document: &[u8],
    ) -> Result<Stored<Imported>, ImportError> {
        let refuse = |reason| Err(ImportError::document(reason));
        if let Err(error) = self.for_administrators() {
            return refuse(ImportReason::NotAllowed(error.into()));
        }
        let document = match parse(document) {
            Some(document) => document,
            None => return refuse(ImportReason::NotJson),
        };
        let kinds: Vec<&Kind> = match vhost {
            None => KINDS.iter().collect(),
            Some(_) => VHOST_KINDS.into_iter().map(row).collect(),
        };
        check_items(&kinds, &document)?;
        let importing = Importing {
            administration: self,
            hashing: hashing_of(&document),
        };
        let mut imported = Imported::default();
        let mut stored = Position::default();
        for kind in kinds {
            if kind.kind == DefinitionKind::Permission || (vhost.is_some() && imported.is_new()) {
                self.check_queue_limits(vhost, &document)?;
            }
            let Some(section) = document.get(kind.section) else {
                continue;
            };
            let (count, position) = self.import_section(&importing, kind, vhost, section)?;
            imported.sections.push((kind.section, count));
            stored = stored.max(position);
        }
        self.note(
            vhost.unwrap_or_default(),
            format_args!("definitions are imported: {imported}"),
        );
        Ok(Stored {
            value: imported,
            until: stored,
        })
    }

    fn import_section(
        &self,
        importing: &Importing<'_>,
        kind: &Kind,
        vhost: Option<&str>,
        section: &Json,
    ) -> Result<(usize, Position), ImportError> {
        let refuse = |item: usize, title: String, reason| ImportError {
            section: Some(kind.section),
            item,
            title,
            reason: Box::new(reason),
        };
        let Json::Array(items) = section else {
            return Err(refuse(0, "the section".to_owned(), ImportReason::NotAList));
        };
        // Held from the check to the end, so that what was checked still holds.
        let mut changes = self.begin();
        let mut checked = Vec::new();
        let objects = items.iter().map(Json::as_object).enumerate();
        for (number, fields) in objects {
            let Some(fields) = fields else { continue };
            let item = Item::new(fields, vhost);
            let found = (kind.check)(importing, &item)
                .map_err(|reason| refuse(number, item.title(), reason))?;
            checked.extend(found);
        }
        let count = checked.len();
        Ok((count, self.apply(&mut changes, checked)))
    }

    /// Stores the items of a section and puts them in force; see the module.
    fn apply(&self, changes: &mut Changing<'_>, checked: Vec<Checked>) -> Position {
        let desk = self.desk;
        let env = &desk.env;
        let (mut exchanges, mut queues, mut bindings) = (Vec::new(), Vec::new(), Vec::new());
        let mut others = Vec::new();
        for item in checked {
            match item {
                Checked::Exchange(new) => exchanges.push(new),
                Checked::Queue(new) => queues.push(*new),
                Checked::Binding(new) => bindings.push(new),
                item => others.push(item),
            }
        }
        let records: Vec<_> = others.iter().flat_map(|item| self.records(item)).collect();
        let mut position = env.store.define(&records);
        for item in others {
            self.put_in_force(changes, item);
        }
        let (by, told) = (&self.caller.author(), &mut changes.telling.told);
        position = position.max(in_pieces(exchanges, |new| {
            declare_exchanges(env, by, new, told)
        }));
        position = position.max(in_pieces(queues, |new| declare_queues(env, by, new, told)));
        position.max(in_pieces(bindings, |new| bind_all(env, by, new, told)))
    }

    /// What the store has to know of an item; exchanges, queues and bindings see to that
    /// themselves.
    fn records(&self, item: &Checked) -> Vec<DefinitionChange> {
        match item {
            Checked::User(user) => vec![UserDefinition::of(user).put()],
            Checked::Vhost(vhost) => self.vhost_records(vhost),
            Checked::Permission(permission) => vec![permission.put()],
            Checked::TopicPermission(permission) => vec![permission.put()],
            Checked::GlobalParameter(record) => vec![record.put()],
            Checked::Policy(both) => vec![both.0.put()],
            Checked::Parameter(parameter) => parameter.changes(),
            Checked::Exchange(_) | Checked::Queue(_) | Checked::Binding(_) => Vec::new(),
        }
    }

    fn put_in_force(&self, changes: &mut Changing<'_>, item: Checked) {
        let desk = self.desk;
        let done = match item {
            Checked::User(user) => {
                self.put_user_in_force(changes, *user);
                Ok(())
            }
            Checked::Vhost(vhost) => self.put_vhost_in_force(changes, *vhost).map(drop),
            Checked::Permission(permission) => changes.apply_permission(&permission).map(drop),
            Checked::TopicPermission(permission) => {
                changes.apply_topic_permission(&permission).map(drop)
            }
            Checked::GlobalParameter(record) => {
                let kind = ChangeKind::ParameterSet;
                changes.telling.global_parameter(kind, &record);
                desk.parameters.put_global(record);
                Ok(())
            }
            Checked::Policy(both) => {
                let (record, policy) = *both;
                desk.apply_policy(&record.definition.vhost, record.issuer, policy);
                changes.telling.policy(record.issuer, &record.definition);
                Ok(())
            }
            Checked::Parameter(parameter) => {
                desk.apply_parameter(changes, parameter);
                Ok(())
            }
            Checked::Exchange(_) | Checked::Queue(_) | Checked::Binding(_) => Ok(()),
        };
        debug_assert!(done.is_ok(), "it was checked under the same lock: {done:?}");
    }

    /// Before anything is declared: no vhost may come to have more queues than it may, as its
    /// limits are by then. Limits that come with the document do not count for its own queues.
    ///
    /// Seen: RabbitMQ 4.3.6, but that it then passes over most of the queues that a limit of the
    /// same document does not allow, without a word.
    fn check_queue_limits(
        &self,
        vhost: Option<&str>,
        document: &Map<String, Json>,
    ) -> Result<(), ImportError> {
        let Some(Json::Array(queues)) = document.get("queues") else {
            return Ok(());
        };
        let mut new: BTreeMap<&str, HashSet<&str>> = BTreeMap::new();
        for fields in queues.iter().filter_map(Json::as_object) {
            let item = Item::new(fields, vhost);
            let (Ok(vhost), Ok(name)) = (item.vhost(), item.text("name")) else {
                continue;
            };
            let found = self.desk.find_vhost(vhost);
            if found.is_some_and(|vhost| vhost.find_queue(name).is_none()) {
                new.entry(vhost).or_default().insert(name);
            }
        }
        for (name, names) in new {
            let Some(vhost) = self.desk.find_vhost(name) else {
                continue;
            };
            let (adding, present) = (names.len(), vhost.queue_count());
            if let Some(limit) = vhost.queues_max()
                && (adding + present) as u64 > limit
            {
                return Err(ImportError::document(ImportReason::QueueLimit {
                    adding,
                    vhost: name.to_owned(),
                    limit,
                    present,
                }));
            }
        }
        Ok(())
    }
}

/// Items that are stored and put in force under one lock of their vhosts' topologies.
const PIECE: usize = 64;

/// Does `work` for pieces of `items`; says how far the store must be for all of them.
fn in_pieces<T>(items: Vec<T>, mut work: impl FnMut(Vec<T>) -> Position) -> Position {
    let mut items = items.into_iter();
    let mut position = Position::default();
    loop {
        let piece: Vec<T> = items.by_ref().take(PIECE).collect();
        if piece.is_empty() {
            return position;
        }
        position = position.max(work(piece));
    }
}

impl Imported {
    fn is_new(&self) -> bool {
        self.sections.is_empty()
    }
}

impl std::fmt::Display for Imported {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let counts = self.sections.iter();
        let counts: Vec<String> = counts
            .filter(|(_, count)| *count > 0)
            .map(|(section, count)| format!("{count} {}", section.replace('_', " ")))
            .collect();
        match counts.is_empty() {
            true => f.write_str("nothing"),
            false => f.write_str(&counts.join(", ")),
        }
    }
}

/// Before anything is imported: an item that is no object is a mistake in the document, and without
/// it the rest of it may mean something else.
///
/// Seen: RabbitMQ 4.3.6: it passes over such users, policies and virtual hosts without a word, and
/// answers 500 for such queues and bindings.
fn check_items(kinds: &[&Kind], document: &Map<String, Json>) -> Result<(), ImportError> {
    for kind in kinds {
        let items = document.get(kind.section).and_then(Json::as_array);
        let mut items = items.into_iter().flatten().enumerate();
        if let Some((item, found)) = items.find(|(_, found)| !found.is_object()) {
            return Err(ImportError {
                section: Some(kind.section),
                item,
                title: "an item".to_owned(),
                reason: Box::new(ImportReason::NotAnObject(kind_of(found))),
            });
        }
    }
    Ok(())
}

/// What a value is, in the words of a refusal: a long one is not repeated.
fn kind_of(value: &Json) -> &'static str {
    match value {
        Json::Null => "null",
        Json::Bool(_) => "true or false",
        Json::Number(_) => "a number",
        Json::String(_) => "a text",
        Json::Array(_) => "a list",
        Json::Object(_) => "an object",
    }
}

/// Whether a document can be read at all; what is in it is not looked at.
pub(crate) fn check_document(document: &[u8]) -> Result<(), ImportError> {
    match parse(document) {
        Some(_) => Ok(()),
        None => Err(ImportError::document(ImportReason::NotJson)),
    }
}

/// A JSON object; nothing at all passes for an empty one.
fn parse(document: &[u8]) -> Option<Map<String, Json>> {
    if document.iter().all(u8::is_ascii_whitespace) {
        return Some(Map::new());
    }
    serde_json::from_slice(document).ok()
}

/// Documents of RabbitMQ before 3.6 have MD5 hashes and do not say so.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/http/admin/imports.http.
fn hashing_of(document: &Map<String, Json>) -> &'static str {
    let version = |key| document.get(key).and_then(Json::as_str);
    let version = version("rabbitmq_version").or_else(|| version("rabbit_version"));
    let mut numbers = version.into_iter().flat_map(|version| version.split('.'));
    let mut number = || numbers.next()?.parse::<u64>().ok();
    let is_old = match (number(), number()) {
        (Some(major), Some(minor)) => (major, minor) < (3, 6),
        _ => false,
    };
    let algorithm = match is_old {
        true => HashingAlgorithm::Md5,
        false => HashingAlgorithm::Sha256,
    };
    algorithm.name()
}
