//! Between amqprs' types and the door's.

use amqprs::{BasicProperties, DecimalValue, FieldTable, FieldValue};
use scenarios::{Properties, Table, Value};

const FITS: &str = "scenarios send short texts and lists";

pub(crate) fn fields(table: Table) -> FieldTable {
    let mut fields = FieldTable::new();
    for (key, value) in table.0 {
        fields.insert(key.try_into().expect(FITS), field(value));
    }
    fields
}

fn field(value: Value) -> FieldValue {
    match value {
        Value::Bool(flag) => FieldValue::t(flag),
        Value::Int(number) => FieldValue::I(number),
        Value::Long(number) => FieldValue::l(number),
        Value::Double(number) => FieldValue::d(number),
        Value::Decimal(scale, value) => {
            FieldValue::D(DecimalValue::new(scale, value.try_into().expect(FITS)))
        }
        Value::Text(text) => FieldValue::S(text.try_into().expect(FITS)),
        Value::Bytes(bytes) => FieldValue::x(bytes.try_into().expect(FITS)),
        Value::When(seconds) => FieldValue::T(seconds),
        Value::List(list) => {
            let list: Vec<_> = list.into_iter().map(field).collect();
            FieldValue::A(list.try_into().expect(FITS))
        }
        Value::Table(table) => FieldValue::F(fields(table)),
        Value::Void => FieldValue::V,
    }
}

fn value(field: FieldValue) -> Value {
    match field {
        FieldValue::t(flag) => Value::Bool(flag),
        FieldValue::I(number) => Value::Int(number),
        FieldValue::l(number) => Value::Long(number),
        FieldValue::d(number) => Value::Double(number),
        FieldValue::S(text) => Value::Text(text.into()),
        FieldValue::x(bytes) => Value::Bytes(bytes.into()),
        FieldValue::T(seconds) => Value::When(seconds),
        FieldValue::A(list) => Value::List(Vec::from(list).into_iter().map(value).collect()),
        FieldValue::F(fields) => Value::Table(table(&fields)),
        FieldValue::V => Value::Void,
        other => Value::Text(format!("{other:?}")),
    }
}

fn table(fields: &FieldTable) -> Table {
    let pairs = fields.as_ref().iter();
    Table(
        pairs
            .map(|(key, field)| (key.to_string(), value(field.clone())))
            .collect(),
    )
}

pub(crate) fn properties(sent: Properties) -> BasicProperties {
    let mut all = BasicProperties::default();
    macro_rules! set {
        ($($field:ident, $with:ident);* $(;)?) => {
            $(if let Some(value) = &sent.$field { all.$with(value); })*
        };
    }
    set! {
        content_type, with_content_type;
        content_encoding, with_content_encoding;
        correlation_id, with_correlation_id;
        reply_to, with_reply_to;
        expiration, with_expiration;
        message_id, with_message_id;
        kind, with_message_type;
        user_id, with_user_id;
        app_id, with_app_id;
        cluster_id, with_cluster_id;
    }
    if let Some(headers) = sent.headers {
        all.with_headers(fields(headers));
    }
    if let Some(mode) = sent.delivery_mode {
        all.with_delivery_mode(mode);
    }
    if let Some(priority) = sent.priority {
        all.with_priority(priority);
    }
    if let Some(timestamp) = sent.timestamp {
        all.with_timestamp(timestamp);
    }
    all.finish()
}

pub(crate) fn received(of: &BasicProperties) -> Properties {
    Properties {
        content_type: of.content_type().cloned(),
        content_encoding: of.content_encoding().cloned(),
        headers: of.headers().map(table),
        delivery_mode: of.delivery_mode(),
        priority: of.priority(),
        correlation_id: of.correlation_id().cloned(),
        reply_to: of.reply_to().cloned(),
        expiration: of.expiration().cloned(),
        message_id: of.message_id().cloned(),
        timestamp: of.timestamp(),
        kind: of.message_type().cloned(),
        user_id: of.user_id().cloned(),
        app_id: of.app_id().cloned(),
        cluster_id: of.cluster_id().cloned(),
    }
}
