//! Between lapin's types and the door's.

use lapin::BasicProperties;
use lapin::message::Delivery;
use lapin::types::{AMQPValue, DecimalValue, FieldTable, ShortString};
use scenarios::{Message, Properties, Table, Value};

pub(crate) fn fields(table: Table) -> FieldTable {
    let mut fields = FieldTable::default();
    for (key, value) in table.0 {
        fields.insert(key.into(), field(value));
    }
    fields
}

fn field(value: Value) -> AMQPValue {
    match value {
        Value::Bool(flag) => AMQPValue::Boolean(flag),
        Value::Int(number) => AMQPValue::LongInt(number),
        Value::Long(number) => AMQPValue::LongLongInt(number),
        Value::Double(number) => AMQPValue::Double(number),
        Value::Decimal(scale, value) => AMQPValue::DecimalValue(DecimalValue { scale, value }),
        Value::Text(text) => AMQPValue::LongString(text.into()),
        Value::Bytes(bytes) => AMQPValue::ByteArray(bytes.into()),
        Value::When(seconds) => AMQPValue::Timestamp(seconds),
        Value::List(list) => {
            AMQPValue::FieldArray(list.into_iter().map(field).collect::<Vec<_>>().into())
        }
        Value::Table(table) => AMQPValue::FieldTable(fields(table)),
        Value::Void => AMQPValue::Void,
    }
}

fn value(field: &AMQPValue) -> Value {
    match field {
        AMQPValue::Boolean(flag) => Value::Bool(*flag),
        AMQPValue::LongInt(number) => Value::Int(*number),
        AMQPValue::LongLongInt(number) => Value::Long(*number),
        AMQPValue::Double(number) => Value::Double(*number),
        AMQPValue::DecimalValue(decimal) => Value::Decimal(decimal.scale, decimal.value),
        AMQPValue::LongString(text) => Value::Text(text.to_string()),
        AMQPValue::ByteArray(bytes) => Value::Bytes(bytes.as_slice().to_vec()),
        AMQPValue::Timestamp(seconds) => Value::When(*seconds),
        AMQPValue::FieldArray(list) => Value::List(list.as_slice().iter().map(value).collect()),
        AMQPValue::FieldTable(fields) => Value::Table(table(fields)),
        AMQPValue::Void => Value::Void,
        other => Value::Text(format!("{other:?}")),
    }
}

fn table(fields: &FieldTable) -> Table {
    let pairs = fields
        .inner()
        .iter()
        .map(|(key, field)| (key.to_string(), value(field)));
    Table(pairs.collect())
}

pub(crate) fn properties(sent: Properties) -> BasicProperties {
    let mut all = BasicProperties::default();
    let text = |text: String| ShortString::from(text);
    macro_rules! set {
        ($($field:ident, $with:ident, $of:expr);* $(;)?) => {
            $(if let Some(value) = sent.$field { all = all.$with($of(value)); })*
        };
    }
    set! {
        content_type, with_content_type, text;
        content_encoding, with_content_encoding, text;
        headers, with_headers, fields;
        delivery_mode, with_delivery_mode, u8::from;
        priority, with_priority, u8::from;
        correlation_id, with_correlation_id, text;
        reply_to, with_reply_to, text;
        expiration, with_expiration, text;
        message_id, with_message_id, text;
        timestamp, with_timestamp, u64::from;
        kind, with_type, text;
        user_id, with_user_id, text;
        app_id, with_app_id, text;
        cluster_id, with_cluster_id, text;
    }
    all
}

pub(crate) fn message(delivery: Delivery, left: u32) -> Message {
    let of = delivery.properties;
    let text = |text: &Option<ShortString>| text.as_ref().map(ToString::to_string);
    Message {
        body: delivery.data,
        tag: delivery.delivery_tag,
        redelivered: delivery.redelivered,
        exchange: delivery.exchange.to_string(),
        key: delivery.routing_key.to_string(),
        left,
        properties: Properties {
            content_type: text(of.content_type()),
            content_encoding: text(of.content_encoding()),
            headers: of.headers().as_ref().map(table),
            delivery_mode: *of.delivery_mode(),
            priority: *of.priority(),
            correlation_id: text(of.correlation_id()),
            reply_to: text(of.reply_to()),
            expiration: text(of.expiration()),
            message_id: text(of.message_id()),
            timestamp: *of.timestamp(),
            kind: text(of.kind()),
            user_id: text(of.user_id()),
            app_id: text(of.app_id()),
            cluster_id: text(of.cluster_id()),
        },
    }
}
