//! What the items of a document ask for, one function for each kind.

use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::import::{Checked, Importing};
use super::item::Item;
use super::reason::{Field, ImportReason, MissingEnd};
use crate::auth::{
    PermissionDefinition, Tags, TopicPermissionDefinition, UserDefinition, UserLimits,
};
use crate::definitions::{GlobalParameterRecord, ParameterRecord, PolicyRecord};
use crate::desk::administration::{AdminError, VhostDefinition, limits, tidy};
use crate::error::AmqpError;
use crate::policy::{Issuer, PolicyDefinition};
use crate::vhost::{BindingInfo, DestinationName, ExchangeSpec, QueueSpec, RESERVED_PREFIX, Vhost};

fn the_vhost(importing: &Importing<'_>, item: &Item<'_>) -> Result<Arc<Vhost>, ImportReason> {
    let name = item.vhost()?;
    let found = importing.administration.desk.find_vhost(name);
    found.ok_or_else(|| ImportReason::NoVhost(name.to_owned()))
}

fn tags(item: &Item<'_>, value: Option<&Json>) -> Result<Option<Tags>, ImportReason> {
    match value {
        None => Ok(None),
        Some(Json::Array(tags)) => {
            let text = |tag: &Json| tag.as_str().map_or_else(|| tag.to_string(), str::to_owned);
            Ok(Some(Tags::List(tags.iter().map(text).collect())))
        }
        Some(_) => Ok(item
            .optional_text("tags")?
            .map(|text| Tags::Text(text.to_owned()))),
    }
}

pub(super) fn user(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let hashing = item.optional_text("hashing_algorithm")?;
    let definition = UserDefinition {
        name: item.text("name")?.to_owned(),
        password: owned(item.optional_text("password")?),
        password_hash: owned(item.optional_text("password_hash")?),
        hashing_algorithm: owned(hashing.or(Some(importing.hashing))),
        tags: tags(item, item.field("tags"))?,
        limits: match item.field("limits") {
            None => UserLimits::default(),
            Some(value) => limits::user_limits(value)
                .map_err(|reason| ImportReason::Refused(AdminError::UserLimits(reason)))?,
        },
    };
    let checked = importing.administration.desk.auth.check_user(&definition);
    let user = checked.map_err(|error| ImportReason::Refused(error.into()))?;
    Ok(Some(Checked::User(Box::new(user))))
}

/// Description and tags stand in `metadata` or beside it; the default queue type only in it.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/http/admin/imports.http.
pub(super) fn vhost(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let nothing = Map::new();
    let metadata = item.field("metadata").and_then(Json::as_object);
    let metadata = Item::new(metadata.unwrap_or(&nothing), None);
    let of_both = |one: Option<Tags>, other: Option<Tags>| one.or(other);
    let described = metadata.optional_text("description")?;
    let described = match described {
        Some(text) => text,
        None => item.optional_text("description")?.unwrap_or_default(),
    };
    let tagged = of_both(
        tags(&metadata, metadata.field("tags"))?,
        tags(item, item.field("tags"))?,
    );
    let definition = VhostDefinition {
        description: described.to_owned(),
        tags: tagged
            .as_ref()
            .map(VhostDefinition::tags)
            .unwrap_or_default(),
        default_queue_type: metadata
            .optional_text("default_queue_type")?
            .map(str::to_owned),
        tracing: item.flag("tracing")?,
        protected_from_deletion: metadata.flag("protected_from_deletion")?,
    };
    let checked = importing
        .administration
        .check_vhost(item.text("name")?, &definition)
        .map_err(|error| ImportReason::Refused(error.into()))?;
    Ok(Some(Checked::Vhost(Box::new(checked))))
}

fn amqp(error: AmqpError) -> ImportReason {
    ImportReason::Amqp(Box::new(error))
}

fn right(error: AdminError) -> ImportReason {
    match error {
        AdminError::NoSuchVhost(name) => ImportReason::NoVhost(name),
        error => ImportReason::Refused(error),
    }
}

pub(super) fn permission(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let permission = PermissionDefinition {
        user: item.text("user")?.to_owned(),
        vhost: item.vhost()?.to_owned(),
        configure: item.text("configure")?.to_owned(),
        write: item.text("write")?.to_owned(),
        read: item.text("read")?.to_owned(),
    };
    let desk = importing.administration.desk;
    desk.check_permission(&permission).map_err(right)?;
    Ok(Some(Checked::Permission(permission)))
}

pub(super) fn topic_permission(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let permission = TopicPermissionDefinition {
        user: item.text("user")?.to_owned(),
        vhost: item.vhost()?.to_owned(),
        exchange: item.text("exchange")?.to_owned(),
        write: item.text("write")?.to_owned(),
        read: item.text("read")?.to_owned(),
    };
    let desk = importing.administration.desk;
    desk.check_topic_permission(&permission).map_err(right)?;
    Ok(Some(Checked::TopicPermission(permission)))
}

pub(super) fn global_parameter(
    _importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let value = item.field("value").cloned();
    let record = GlobalParameterRecord {
        name: item.text("name")?.to_owned(),
        value: tidy(value.ok_or(ImportReason::Field(Field::Missing("value")))?),
    };
    Ok(Some(Checked::GlobalParameter(record)))
}

pub(super) fn policy(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let vhost = the_vhost(importing, item)?;
    let (vhost, name) = (&**vhost.name(), item.text("name")?);
    let named = |error: AdminError| ImportReason::Named {
        error: Box::new(error),
        which: format!("vhost: \"{vhost}\" key: \"{name}\""),
    };
    let definition = PolicyDefinition::from_item(vhost, name, item.fields());
    let definition = definition.map_err(|invalid| named(invalid.into()))?;
    let issuer = Issuer::User;
    let desk = importing.administration.desk;
    let policy = desk.check_policy(issuer, &definition).map_err(named)?;
    let record = PolicyRecord { issuer, definition };
    Ok(Some(Checked::Policy(Box::new((record, policy)))))
}

pub(super) fn parameter(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let vhost = the_vhost(importing, item)?;
    let record = ParameterRecord {
        vhost: vhost.name().to_string(),
        component: item.text("component")?.to_owned(),
        name: item.text("name")?.to_owned(),
        value: item.field("value").cloned().unwrap_or(Json::Null),
    };
    let checked = importing.administration.desk.check_parameter(&record);
    let checked = checked.map_err(|error| ImportReason::Named {
        error: Box::new(error),
        which: format!(
            "vhost: \"{}\" / component: \"{}\" / key: \"{}\"",
            record.vhost, record.component, record.name
        ),
    })?;
    Ok(Some(Checked::Parameter(checked)))
}

/// RabbitMQ passes over the default exchange and names that are the broker's own.
fn is_reserved(name: &str) -> bool {
    name.starts_with(RESERVED_PREFIX)
}

pub(super) fn exchange(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let vhost = the_vhost(importing, item)?;
    let name = item.short("name")?;
    if name.is_empty() || is_reserved(&name) {
        return Ok(None);
    }
    let spec = ExchangeSpec {
        name,
        vhost: vhost.name().clone(),
        type_name: item.short("type")?,
        durable: item.flag("durable")?.unwrap_or(true),
        auto_delete: item.flag("auto_delete")?.unwrap_or(false),
        internal: item.flag("internal")?.unwrap_or(false),
        arguments: item.arguments()?,
        declared_by: importing.administration.caller.name().into(),
    };
    let new = vhost.new_exchange(spec).map_err(amqp)?;
    Ok(Some(Checked::Exchange(new)))
}

pub(super) fn queue(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let vhost = the_vhost(importing, item)?;
    let name = item.short("name")?;
    if is_reserved(&name) {
        return Ok(None);
    }
    let spec = QueueSpec {
        name,
        durable: item.flag("durable")?.unwrap_or(true),
        exclusive: false,
        auto_delete: item.flag("auto_delete")?.unwrap_or(false),
        arguments: item.arguments()?,
        connection: None,
        declared_by: importing.administration.caller.name().into(),
    };
    if vhost.find_queue(&spec.name).is_some() {
        return Ok(None);
    }
    let new = vhost.new_queue(&spec).map_err(amqp)?;
    Ok(Some(Checked::Queue(Box::new(new))))
}

pub(super) fn binding(
    importing: &Importing<'_>,
    item: &Item<'_>,
) -> Result<Option<Checked>, ImportReason> {
    let vhost = the_vhost(importing, item)?;
    let source = item.short("source")?;
    if source.is_empty() {
        return Ok(None);
    }
    let name = item.short("destination")?;
    let (kind, destination) = match item.text("destination_type")? {
        "queue" => ("queue", DestinationName::Queue(name.clone())),
        "exchange" => ("exchange", DestinationName::Exchange(name.clone())),
        _ => {
            return Err(ImportReason::Field(Field::Unexpected {
                key: "destination_type",
                expected: "queue or exchange",
                found: item.text("destination_type")?.to_owned(),
            }));
        }
    };
    let mut missing = Vec::new();
    let mut miss = |kind, name: &str| {
        missing.push(MissingEnd {
            vhost: vhost.name().to_string(),
            kind,
            name: name.to_owned(),
        });
    };
    if vhost.find_exchange(&source).is_none() {
        miss("exchange", &source);
    }
    if !vhost.has(&destination) {
        miss(kind, &name);
    }
    if !missing.is_empty() {
        return Err(ImportReason::MissingEnds(missing));
    }
    let new = vhost.new_binding(BindingInfo {
        source,
        destination,
        key: match item.field("routing_key") {
            None => Default::default(),
            Some(_) => item.short("routing_key")?,
        },
        arguments: item.arguments()?,
    });
    Ok(Some(Checked::Binding(new.map_err(amqp)?)))
}
