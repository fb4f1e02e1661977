//! basic.publish: RabbitMQ's checks in RabbitMQ's order, then held until the end of the batch.
//!
//! Source: AMQP 0-9-1 `basic.publish`; RabbitMQ 4.3 as seen.

use std::sync::Arc;

use leveret_codec::methods::{BasicReturn, Method};
use leveret_codec::properties::PropertiesRef;
use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{TableRef, ValueRef};
use leveret_codec::types::{ShortStr, ShortString};

use super::content::{Complete, ContentBody, PublishMethod};
use super::{Channel, Context};
use crate::auth::Operation;
use crate::error::AmqpError;
use crate::exchange::ExchangeType;
use crate::message::{self, Body, LARGE_BODY, Message, Traits, routing_keys};
use crate::queue::returned_properties;
use crate::vhost::{Answer, Exchange, Placed, Publish, Question, REPLY_TO, Routes};

/// Publishes held before they are placed without waiting for the end of the batch.
const HELD_MAX: usize = 256;
/// delivery-mode of a persistent message.
const PERSISTENT: u8 = 2;
/// The largest message size that RabbitMQ can be configured to.
const SIZE_CEILING: u64 = 536_870_912;

/// Publishes on their way, and the last answer of the router.
#[derive(Default)]
pub(super) struct Publisher {
    held: Vec<Publish>,
    /// Confirm numbers of `held`, when the channel is in confirm mode.
    numbers: Vec<u64>,
    placed: Vec<Placed>,
    route: Option<KeptRoute>,
}

/// A router's answer that holds as long as the topology stays.
struct KeptRoute {
    generation: u64,
    exchange: Arc<Exchange>,
    key: ShortString,
    routes: Option<Routes>,
}

/// A publish that passed the checks.
pub(super) struct Checked {
    pub(super) message: Message,
    pub(super) routes: Routes,
    pub(super) mandatory: bool,
    /// An exchange keeps it for later: nowhere to go is no news then.
    pub(super) held_back: bool,
    pub(super) number: Option<u64>,
}

impl Channel {
    /// A publish whose content is complete.
    pub(super) fn publish(
        &mut self,
        complete: Complete<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        let method = self.content.take_method();
        let Complete { properties, body } = complete;
        let result = self.check_and_hold(&method, &properties, body, cx);
        self.content.reuse(method, properties);
        if result.is_err() {
            // What was published before the mistake stays published.
            self.flush_publishes(cx);
        }
        result
    }

    fn check_and_hold(
        &mut self,
        method: &PublishMethod,
        properties: &[u8],
        body: ContentBody<'_>,
        cx: &mut Context<'_>,
    ) -> Result<(), AmqpError> {
        if method.immediate {
            return Err(AmqpError::not_implemented("immediate=true"));
        }
        check_size(body.len(), cx)?;
        let exchange = self.find_exchange_to_publish(&method.exchange, cx)?;
        let properties = PropertiesRef::new(properties);
        let undecodable = |_| AmqpError::new(ReplyCode::InternalError, "").in_method(0, 0);
        properties.check().map_err(undecodable)?;
        let rewritten = self.rewrite_reply_to(properties)?;
        let properties = rewritten.as_deref().map_or(properties, PropertiesRef::new);
        let mut traits = traits_of(properties)?;
        let number = self.confirms.as_mut().map(super::Confirms::number);
        let extra_keys = check_extra_keys(properties, &mut traits)?;
        self.check_topic(&exchange, method, properties, extra_keys, cx)?;
        check_user_id(properties, cx)?;
        let body = match &body {
            ContentBody::Frame(frame) if frame.len() < LARGE_BODY => Body::Copied(frame),
            ContentBody::Frame(frame) => Body::Shared(bytes::Bytes::copy_from_slice(frame)),
            ContentBody::Assembled(body) => Body::by_size(body),
        };
        let (name, key) = (method.exchange.as_short(), method.routing_key.as_short());
        let message = cx.builder.build(name, key, properties, body, traits);
        let Answer {
            routes, held_back, ..
        } = self.routes(&exchange, &message, extra_keys, cx);
        // Where a delayed message will go is not known yet, so it is never returned.
        let mandatory = method.mandatory && !held_back;
        self.hold(
            Checked {
                message,
                routes,
                mandatory,
                held_back,
                number,
            },
            cx,
        );
        Ok(())
    }

    /// Write permission first, then existence, then the internal flag.
    fn find_exchange_to_publish(
        &mut self,
        name: &ShortString,
        cx: &Context<'_>,
    ) -> Result<Arc<Exchange>, AmqpError> {
        self.check_exchange(Operation::Write, name, cx)?;
        if let Some(kept) = &self.publisher.route
            && kept.exchange.spec.name == *name
            && kept.generation == cx.session.vhost.generation()
        {
            return Ok(Arc::clone(&kept.exchange));
        }
        let exchange = cx.session.vhost.exchange(name)?;
        if exchange.spec.internal {
            return Err(AmqpError::access_refused(format!(
                "cannot publish to internal {}",
                exchange.words()
            )));
        }
        Ok(exchange)
    }

    /// A reply-to of [`REPLY_TO`] becomes this channel's own name for replies.
    fn rewrite_reply_to(
        &self,
        properties: PropertiesRef<'_>,
    ) -> Result<Option<Vec<u8>>, AmqpError> {
        let reply_to = properties.reply_to().ok().flatten();
        if reply_to != Some(REPLY_TO) {
            return Ok(None);
        }
        let Some(name) = self.consumers.reply_name() else {
            return Err(AmqpError::precondition_failed(
                "fast reply consumer does not exist",
            ));
        };
        let Ok(mut decoded) = properties.decode() else {
            return Ok(None);
        };
        decoded.reply_to = Some(name.as_short());
        let mut out = Vec::with_capacity(properties.as_bytes().len() + name.len());
        decoded.encode(&mut out);
        Ok(Some(out))
    }

    /// Topic permissions, for every key, when the exchange is a topic exchange.
    fn check_topic(
        &self,
        exchange: &Exchange,
        method: &PublishMethod,
        properties: PropertiesRef<'_>,
        extra_keys: ExtraKeys,
        cx: &Context<'_>,
    ) -> Result<(), AmqpError> {
        if exchange.kind != ExchangeType::Topic || !cx.session.has_topic_rules() {
            return Ok(());
        }
        let name = &exchange.spec.name;
        let check = |key: &str| cx.session.check_topic(Operation::Write, name, key);
        check(&method.routing_key)?;
        if extra_keys == ExtraKeys::Some {
            for key in message::extra_keys(properties) {
                check(&key)?;
            }
        }
        Ok(())
    }

    fn routes(
        &mut self,
        exchange: &Arc<Exchange>,
        message: &Message,
        extra_keys: ExtraKeys,
        cx: &Context<'_>,
    ) -> Answer {
        let vhost = &cx.session.vhost;
        let key = message.routing_key();
        if extra_keys == ExtraKeys::None
            && let Some(kept) = &self.publisher.route
            && let Some(routes) = &kept.routes
            && kept.generation == vhost.generation()
            && Arc::ptr_eq(&kept.exchange, exchange)
            && kept.key == key
        {
            return Answer {
                routes: Arc::clone(routes),
                lasting: true,
                held_back: false,
            };
        }
        let generation = vhost.generation();
        let keys = if extra_keys == ExtraKeys::Some {
            routing_keys(message)
        } else {
            Vec::new()
        };
        let many: Vec<&str> = keys.iter().map(|key| &**key).collect();
        let one = [&*key];
        let question = Question {
            keys: if many.is_empty() { &one } else { &many },
            message,
        };
        let answer = vhost.route(cx.now, exchange, question);
        let lasting = answer.lasting && extra_keys == ExtraKeys::None;
        self.publisher.route = Some(KeptRoute {
            generation,
            exchange: Arc::clone(exchange),
            key: if lasting {
                key.into()
            } else {
                ShortString::default()
            },
            routes: lasting.then(|| Arc::clone(&answer.routes)),
        });
        answer
    }

    fn hold(&mut self, checked: Checked, cx: &mut Context<'_>) {
        if let Some(transaction) = &mut self.transaction {
            transaction.publishes.push(checked);
            return;
        }
        self.place_later(checked, cx);
    }

    /// Returns an unroutable message if it is mandatory; holds the rest for the end of the batch.
    pub(super) fn place_later(&mut self, checked: Checked, cx: &mut Context<'_>) {
        let Checked {
            message,
            routes,
            mandatory,
            held_back,
            number,
        } = checked;
        let vhost = &cx.session.vhost;
        if vhost.env().events.listening() && !(held_back && routes.is_empty()) {
            vhost.emit_routed(cx.now, &message, &routes, mandatory);
        }
        if routes.is_empty() && mandatory {
            self.send_return(&message, cx);
        }
        self.publisher.held.push(Publish::new(message, routes));
        self.publisher.numbers.extend(number);
        if self.publisher.held.len() >= HELD_MAX {
            self.flush_publishes(cx);
        }
    }

    fn send_return(&self, message: &Message, cx: &mut Context<'_>) {
        let method: Method<'_> = BasicReturn {
            reply_code: ReplyCode::NoRoute.number(),
            reply_text: ShortStr::literal("NO_ROUTE"),
            exchange: message.exchange(),
            routing_key: message.routing_key(),
        }
        .into();
        let rewritten = returned_properties(message);
        let properties = match &rewritten {
            Some(octets) => PropertiesRef::new(octets),
            None => message.properties(),
        };
        cx.outbox.content(self.id, &method, properties, message);
    }

    /// Places what is held and confirms what can be confirmed.
    pub(super) fn flush_publishes(&mut self, cx: &mut Context<'_>) {
        let publisher = &mut self.publisher;
        if publisher.held.is_empty() {
            return;
        }
        cx.session
            .vhost
            .place(cx.now, &mut publisher.held, &mut publisher.placed);
        publisher.held.clear();
        if let Some(confirms) = &mut self.confirms {
            let durable = cx.session.vhost.env().store.durable();
            for (number, placed) in publisher.numbers.iter().zip(&publisher.placed) {
                confirms.placed(*number, *placed, durable);
            }
            confirms.send(self.id, cx.outbox);
        }
        publisher.numbers.clear();
        publisher.placed.clear();
    }

    /// Places the publishes of a transaction; says whether every queue took them, and up to where
    /// the store must be durable before the commit is true.
    pub(super) fn place_all(&mut self, publishes: Vec<Checked>, cx: &mut Context<'_>) -> Placed {
        let mut run = Vec::with_capacity(publishes.len());
        for checked in publishes {
            if checked.routes.is_empty() && checked.mandatory {
                self.send_return(&checked.message, cx);
            }
            run.push(Publish::new(checked.message, checked.routes));
        }
        let mut placed = Vec::with_capacity(run.len());
        cx.session.vhost.place(cx.now, &mut run, &mut placed);
        placed
            .into_iter()
            .fold(Placed::Accepted(Default::default()), |all, one| {
                match (all, one) {
                    (Placed::Accepted(a), Placed::Accepted(b)) => Placed::Accepted(a.max(b)),
                    _ => Placed::Refused,
                }
            })
    }
}

fn check_size(len: usize, cx: &Context<'_>) -> Result<(), AmqpError> {
    let max = cx.session.vhost.env().settings.max_message_size;
    let len = len as u64;
    if len <= max {
        return Ok(());
    }
    let configured = if max < SIZE_CEILING {
        "configured "
    } else {
        ""
    };
    Err(AmqpError::precondition_failed(format!(
        "message size {len} is larger than {configured}max size {max}"
    )))
}

fn traits_of(properties: PropertiesRef<'_>) -> Result<Traits, AmqpError> {
    let expiration = properties.expiration().ok().flatten();
    Ok(Traits {
        persistent: properties.delivery_mode().ok().flatten() == Some(PERSISTENT),
        priority: properties.priority().ok().flatten().unwrap_or(0),
        expiration_ms: expiration.map(|text| parse_expiration(&text)).transpose()?,
        has_bcc: false,
        died_before: false,
    })
}

/// Longest time to live in milliseconds: ten years.
pub(super) const TTL_MAX_MS: u64 = 315_360_000_000;

/// A decimal number of milliseconds, 0 ..= ten years.
///
/// Seen: RabbitMQ 4.3.6 (texts).
fn parse_expiration(text: &str) -> Result<u64, AmqpError> {
    let refuse = |why: String| {
        Err(AmqpError::precondition_failed(format!(
            "invalid expiration '{text}': {why}"
        )))
    };
    let (sign, digits) = match text.as_bytes().first() {
        Some(b'-') => ("-", text.get(1..).unwrap_or_default()),
        Some(b'+') => ("", text.get(1..).unwrap_or_default()),
        _ => ("", text),
    };
    let end = digits
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(digits.len());
    let (number, rest) = digits.split_at(end);
    if number.is_empty() {
        return refuse("no_integer".to_owned());
    }
    if !rest.is_empty() {
        return refuse(format!("{{leftover_string,\"{rest}\"}}"));
    }
    let trimmed = number.trim_start_matches('0');
    let shown = if trimmed.is_empty() { "0" } else { trimmed };
    if sign == "-" && shown != "0" {
        return refuse(format!("{{value_negative,-{shown}}}"));
    }
    match shown.parse::<u64>() {
        Ok(ms) if ms <= TTL_MAX_MS => Ok(ms),
        _ => refuse(format!("{{value_too_large,{shown}}}")),
    }
}

/// Whether a message has keys beside its routing key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum ExtraKeys {
    None,
    Some,
}

/// CC and BCC must be arrays, if they are there.
fn check_extra_keys(
    properties: PropertiesRef<'_>,
    traits: &mut Traits,
) -> Result<ExtraKeys, AmqpError> {
    let Some(headers) = properties.headers().ok().flatten() else {
        return Ok(ExtraKeys::None);
    };
    let mut found = ExtraKeys::None;
    for name in ["CC", "BCC"] {
        match find(headers, name) {
            None => {}
            Some(ValueRef::Array(_)) => found = ExtraKeys::Some,
            Some(other) => {
                return Err(AmqpError::precondition_failed(format!(
                    "invalid message: {{unacceptable_type_in_header,\"{name}\",{}}}",
                    other.type_name()
                )));
            }
        }
        if name == "BCC" {
            traits.has_bcc = find(headers, name).is_some();
        }
    }
    Ok(found)
}

fn find<'a>(headers: TableRef<'a>, name: &str) -> Option<ValueRef<'a>> {
    headers.find(name).ok().flatten()
}

/// The user-id property must be the connection's user, unless that user may impersonate.
fn check_user_id(properties: PropertiesRef<'_>, cx: &Context<'_>) -> Result<(), AmqpError> {
    let Some(user_id) = properties.user_id().ok().flatten() else {
        return Ok(());
    };
    let user = cx.session.user_name();
    if *user_id == *user || cx.session.is_impersonator() {
        return Ok(());
    }
    Err(AmqpError::precondition_failed(format!(
        "user_id property set to '{user_id}' but authenticated user was '{user}'"
    )))
}
