//! Messages that are published and got over HTTP.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use bytes::Bytes;
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::reply::ReplyCode;
use leveret_codec::table::{Table, TableRef};
use leveret_codec::types::{ShortBytes, ShortString};
use serde_json::{Map, Value as Json, json};

use crate::clock::Now;
use crate::definitions::from_json;
use crate::desk::{
    Actor, Outcome, Publication, Published, QueuedMessage, ReturnCause, Settled, Settlements,
    Supply,
};
use crate::entry::Entry;
use crate::error::AmqpError;
use crate::events::Party;
use crate::limits::{HTTP_ALARM_WAIT_MS, HTTP_GET_BYTES, HTTP_GET_HERE};
use crate::management::answer::{Answer, Refusal, Reply};
use crate::management::ask::Ask;
use crate::management::body::{Fields, short};
use crate::management::json::{Columns, Object};
use crate::management::resources::message_object::{self, Cut, Shown, is_base64};
use crate::turns::{self, Left};

/// `POST /exchanges/V/X/publish`: answers whether any queue took it. While an alarm is on it waits,
/// as connections that publish do: the body that was sent is all that it holds meanwhile.
pub(in crate::management) async fn publish(ask: Ask) -> Answer {
    let name = ask.exchange("exchange");
    let vhost = ask.vhost();
    let vhost = vhost.map_err(|_| Refusal::missing("vhost_not_found"))?;
    if ask.desk.exchange(vhost, name).is_none() {
        return Err(Refusal::missing("exchange_not_found"));
    }
    let exchange = short(name)?;
    until_unblocked(&ask).await?;
    let read = || Given::read(&Fields::parse(&ask.body)?);
    let given = ask.door.aside.decode(ask.body.len(), read).await?;
    let actor = ask.actor()?;
    let publish = |now| {
        let publication = Publication {
            exchange: octets(&exchange),
            routing_key: octets(&given.key),
            properties: PropertiesRef::new(&given.properties),
            body: &given.body,
        };
        let published = actor.publish(now, publication);
        published.map_err(|error| Refusal::bad(numbered(&error)))
    };
    let routed = match ask.done(publish).await? {
        Published::Queued(_) | Published::Delayed => true,
        Published::Unroutable => false,
        Published::Refused => {
            let reason = "rejected Unable to publish message. Check queue limits.";
            return Err(Refusal::bad(reason));
        }
    };
    Ok(ask.object(|object| object.set("routed", &routed)))
}

/// Waits until no alarm blocks publishers.
///
/// # Errors
/// 503 if one still does after [`HTTP_ALARM_WAIT_MS`].
pub(super) async fn until_unblocked(ask: &Ask) -> Result<(), Refusal> {
    let within = Duration::from_millis(HTTP_ALARM_WAIT_MS);
    let waited = tokio::time::timeout(within, ask.desk.unblocked()).await;
    match (waited, ask.desk.alarm()) {
        (Err(_), Some(reason)) => Err(Refusal::blocked(reason)),
        _ => Ok(()),
    }
}

/// What is to be published.
struct Given {
    key: ShortString,
    /// As they are on the wire.
    properties: Vec<u8>,
    body: Bytes,
}

impl Given {
    fn read(fields: &Fields) -> Result<Self, Refusal> {
        fields.need(&["routing_key", "properties", "payload", "payload_encoding"])?;
        Ok(Self {
            body: payload(fields)?,
            key: fields.short("routing_key")?,
            properties: properties(fields.get("properties").unwrap_or(&Json::Null))?,
        })
    }
}

pub(super) fn octets(name: &ShortString) -> ShortBytes<'_> {
    ShortBytes::new(name.as_bytes()).unwrap_or_default()
}

/// `406 PRECONDITION_FAILED - …`: what the channel would have been closed with.
fn numbered(error: &AmqpError) -> String {
    let (number, name) = (error.code.number(), error.code.name());
    format!("{number} {name} - {}", error.explanation)
}

/// The body of the message.
fn payload(fields: &Fields) -> Result<Bytes, Refusal> {
    let Some(Json::String(text)) = fields.get("payload") else {
        return Err(Refusal::bad("payload_not_string"));
    };
    match fields.get("payload_encoding") {
        Some(Json::String(word)) if word == "string" => Ok(text.clone().into()),
        Some(Json::String(word)) if word == "base64" => match decoded(text) {
            Some(octets) => Ok(octets.into()),
            None => Err(Refusal::bad(json!(["not_base64", text]))),
        },
        other => Err(Refusal::bad(json!(["unsupported_encoding", other]))),
    }
}

/// With bits behind the last octet that mean nothing.
const LOOSE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

/// What is behind base64, in which blanks, tabs and ends of lines mean nothing.
///
/// Seen: RabbitMQ 4.3.6, tests/scripts/http/objects/publish_and_get.http.
fn decoded(text: &str) -> Option<Vec<u8>> {
    let is_blank = |octet: &u8| matches!(octet, b' ' | b'\t' | b'\r' | b'\n');
    let octets: Vec<u8> = text.bytes().filter(|octet| !is_blank(octet)).collect();
    LOOSE.decode(octets).ok()
}

/// The properties as they are on the wire. Names that are unknown mean nothing.
pub(super) fn properties(given: &Json) -> Result<Vec<u8>, Refusal> {
    let none = Map::new();
    let given = match given {
        Json::Object(given) => given,
        Json::Array(items) if items.is_empty() => &none,
        _ => return Err(Refusal::bad("properties_not_object")),
    };
    let text = |name: &str| match given.get(name) {
        None => Ok(None),
        Some(Json::String(text)) => Ok(Some(short(text)?)),
        Some(_) => Err(Refusal::bad(json!(["not_string", name]))),
    };
    let whole = |name: &str| match given.get(name) {
        None => Ok(None),
        Some(value) => match value.as_i64() {
            Some(whole) => Ok(Some(whole)),
            None => Err(Refusal::bad(json!(["not_int", name]))),
        },
    };
    let headers: Table = from_json(given.get("headers"))?;
    let headers = given.contains_key("headers").then(|| headers.to_bytes());
    let texts = [
        "content_type",
        "content_encoding",
        "correlation_id",
        "reply_to",
        "expiration",
        "message_id",
        "type",
        "user_id",
        "app_id",
        "cluster_id",
    ];
    let mut read = Vec::with_capacity(texts.len());
    for name in texts {
        read.push(text(name)?);
    }
    let mut read = read.iter().map(|text| text.as_ref().map(octets));
    let mut next = || read.next().flatten();
    // RabbitMQ, too, keeps the last eight bits.
    let octet = |whole: i64| whole.to_le_bytes().first().copied();
    let all = Properties {
        content_type: next(),
        content_encoding: next(),
        headers: headers.as_deref().map(TableRef::new),
        delivery_mode: whole("delivery_mode")?.and_then(octet),
        priority: whole("priority")?.and_then(octet),
        correlation_id: next(),
        reply_to: next(),
        expiration: next(),
        message_id: next(),
        timestamp: whole("timestamp")?.map(i64::cast_unsigned),
        type_: next(),
        user_id: next(),
        app_id: next(),
        cluster_id: next(),
    };
    Ok(all.to_bytes())
}

/// How messages are to be got.
struct Wish {
    count: u64,
    /// What becomes of them; `None` if they are taken at once.
    outcome: Option<Outcome>,
    shown: Shown,
}

/// RabbitMQ's words for an unknown mode.
const MODES: &str = "Valid values are: ack_requeue_true, ack_requeue_false, reject_requeue_true, \
                     reject_requeue_false";

impl Wish {
    fn read(fields: &Fields) -> Result<Self, Refusal> {
        fields.need(&["ackmode", "count", "encoding"])?;
        let outcome = match fields.get("ackmode") {
            Some(Json::String(mode)) => match mode.as_str() {
                "ack_requeue_true" => Some(Outcome::Requeue(ReturnCause::Nack)),
                "ack_requeue_false" => None,
                "reject_requeue_true" => Some(Outcome::Requeue(ReturnCause::Reject)),
                "reject_requeue_false" => Some(Outcome::Reject),
                other => {
                    let reason = format!("Invalid ackmode value: {other}. {MODES}");
                    return Err(Refusal::bad(reason));
                }
            },
            other => {
                let shown = other.cloned().unwrap_or_default();
                let reason = format!("Invalid ackmode value: {shown}. {MODES}");
                return Err(Refusal::bad(reason));
            }
        };
        let is_base64 = is_base64(fields.get("encoding").and_then(Json::as_str))?;
        let count = whole(fields, "count")?.unwrap_or_default();
        let truncate = whole(fields, "truncate")?;
        let truncate = truncate.map(|octets| usize::try_from(octets).unwrap_or_default());
        Ok(Self {
            // Seen: RabbitMQ 4.3.6 gets all there are for a negative count.
            count: u64::try_from(count).unwrap_or(u64::MAX),
            outcome,
            shown: Shown {
                is_base64,
                truncate: truncate.unwrap_or(usize::MAX),
                cut: Cut::Anywhere,
            },
        })
    }

    /// How long the answer may become, about, where so many messages of so many octets wait. No
    /// message is got past [`HTTP_GET_BYTES`].
    fn longest(&self, (messages, octets): (u64, u64)) -> u64 {
        let many = self.count.min(messages);
        let longest = self.shown.longest(many, octets);
        longest.min(HTTP_GET_BYTES + HTTP_GET_BYTES / 3)
    }
}

/// A whole number, or what becomes one.
fn whole(fields: &Fields, name: &str) -> Result<Option<i64>, Refusal> {
    let Some(value) = fields.get(name) else {
        return Ok(None);
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a number past 64 bits is the largest there is"
    )]
    let whole = match value {
        Json::Number(number) => number
            .as_i64()
            .or_else(|| Some(number.as_f64()?.trunc() as i64)),
        Json::String(text) => text.parse().ok(),
        _ => None,
    };
    match whole {
        Some(whole) => Ok(Some(whole)),
        None => Err(Refusal::bad(json!(["not_integer", value]))),
    }
}

/// `POST /queues/V/Q/get`: takes messages, or shows them and puts them back.
pub(in crate::management) async fn get(ask: Ask) -> Answer {
    let name = ask.name("queue");
    let vhost = ask.vhost();
    let vhost = vhost.map_err(|_| Refusal::missing("vhost_not_found"))?;
    let waits = ask.desk.how_much_waits(vhost, name);
    let waits = waits.ok_or_else(|| Refusal::missing("queue_not_found"))?;
    let wish = Wish::read(&ask.fields().await?)?;
    let actor = ask.actor()?;
    let room = ask.door.aside.room_for_answer(wish.longest(waits)).await;
    let mut room = room.ok_or_else(Refusal::no_room)?;
    let mut getting = Getting {
        taker: actor.heard_party(),
        name,
        wish: &wish,
        text: b"[".to_vec(),
        octets: 0,
        taken: Vec::new(),
        from: None,
    };
    loop {
        let (left, rest) = ask.desk.in_turn(|now| getting.turn(&actor, now));
        // What was got goes back below, so nothing but the first get may end this.
        rest.done().await;
        match left? {
            Left::Nothing => break,
            Left::More => tokio::task::yield_now().await,
        }
    }
    let Getting {
        mut text,
        taken,
        from,
        taker: by,
        ..
    } = getting;
    text.push(b']');
    if let (Some(supply), Some(outcome)) = (from, wish.outcome) {
        let mut settlements = Settlements::default();
        settlements.push(
            &supply,
            taken,
            Settled {
                outcome,
                by,
                is_committed: false,
            },
        );
        let settle = |now| settlements.begin(now, &ask.desk.env.turns);
        let ((), rest) = ask.desk.in_turn(settle);
        rest.done().await;
    }
    if text.len() as u64 <= HTTP_GET_HERE {
        return Ok(Reply::json(text));
    }
    text.shrink_to_fit();
    room.shrink(text.len());
    Ok(Reply::kept(text, room))
}

/// Steps of a turn that it takes to get a message and to show it, and for each of these octets.
const GET_STEPS: usize = 32;
const OCTETS_A_STEP: usize = 256;

/// Messages that are being got, in turns.
struct Getting<'a> {
    name: &'a str,
    wish: &'a Wish,
    /// What listeners are told.
    taker: Option<Arc<Party>>,
    /// Those that were got, as they are shown.
    text: Vec<u8>,
    /// Octets of them, or of what is said of them.
    octets: u64,
    taken: Vec<Entry>,
    from: Option<Supply>,
}

impl Getting<'_> {
    /// Gets as many as a turn has room for.
    fn turn(&mut self, actor: &Actor, now: Now) -> Result<Left, Refusal> {
        while !turns::is_over() {
            let is_enough = self.taken.len() as u64 >= self.wish.count;
            if is_enough || self.octets >= HTTP_GET_BYTES || !self.one(actor, now)? {
                return Ok(Left::Nothing);
            }
        }
        Ok(Left::More)
    }

    /// Gets the next one; `false` if there is none.
    fn one(&mut self, actor: &Actor, now: Now) -> Result<bool, Refusal> {
        let no_ack = self.wish.outcome.is_none();
        let (from, got) = match actor.get(now, self.name, no_ack, self.taker.clone()) {
            Ok(got) => got,
            Err(error) if self.taken.is_empty() => return Err(unread(&error)),
            // What was taken before goes back, and is shown.
            Err(_) => return Ok(false),
        };
        let Some(got) = got else { return Ok(false) };
        if !self.taken.is_empty() {
            self.text.push(b',');
        }
        let message = QueuedMessage::new(got.entry.clone(), from.kind());
        let before = self.text.len();
        show(&mut self.text, &message, got.ready_left, self.wish);
        let shown = (self.text.len() - before).max(got.entry.message.memory());
        turns::spend(GET_STEPS + shown / OCTETS_A_STEP);
        // Small messages count with what is said of them.
        self.octets = (self.octets + got.entry.size()).max(self.text.len() as u64);
        self.taken.push(got.entry);
        self.from.get_or_insert(from);
        Ok(true)
    }
}

/// Seen: RabbitMQ 4.3.6: not the words of other paths.
fn unread(error: &AmqpError) -> Refusal {
    let (name, text) = (error.code.name(), &error.explanation);
    match error.code {
        ReplyCode::AccessRefused => Refusal::not_authorised(&format!("{name} - {text}")),
        ReplyCode::NotFound => Refusal::missing("queue_not_found"),
        ReplyCode::NotImplemented => Refusal::bad(format!("540 {text}")),
        _ => Refusal::bad(numbered(error)),
    }
}

fn show(text: &mut Vec<u8>, message: &QueuedMessage, left: u64, wish: &Wish) {
    Object::write(text, &Columns::All, |object| {
        message_object::origin(object, message);
        object.set("message_count", &left);
        message_object::content(object, message, wish.shown);
    });
}
