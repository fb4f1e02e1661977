//! AMQP tables for serializers: each value as the nearest plain one.

use leveret_codec::table::{Table, Value};
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

/// A table as an object: integers, floats and booleans as they are, texts as text (octets that are
/// no UTF-8 with replacement characters), timestamps as seconds, decimals as floats, void as null.
///
/// Seen: RabbitMQ 4.3.6, HTTP API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlainTable(pub Table);

impl Serialize for PlainTable {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        table(&self.0, serializer)
    }
}

fn table<S: Serializer>(table: &Table, serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(table.len()))?;
    for (key, value) in table.iter() {
        map.serialize_entry(&*String::from_utf8_lossy(key), &Plain(value))?;
    }
    map.end()
}

/// One value. The codec bounds how deep values are nested.
struct Plain<'a>(&'a Value);

impl Serialize for Plain<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::F32(value) => serializer.serialize_f64(f64::from(*value)),
            Value::F64(value) => serializer.serialize_f64(*value),
            Value::Decimal { scale, value } => {
                serializer.serialize_f64(f64::from(*value) / 10_f64.powi(i32::from(*scale)))
            }
            Value::LongStr(octets) | Value::Bytes(octets) => {
                serializer.serialize_str(&String::from_utf8_lossy(octets))
            }
            Value::Timestamp(seconds) => serializer.serialize_u64(*seconds),
            Value::Table(nested) => table(nested, serializer),
            Value::Array(values) => {
                let mut seq = serializer.serialize_seq(Some(values.len()))?;
                for value in values {
                    seq.serialize_element(&Plain(value))?;
                }
                seq.end()
            }
            Value::Void => serializer.serialize_unit(),
            integer => match integer.as_integer() {
                Some(value) => serializer.serialize_i64(value),
                None => serializer.serialize_unit(),
            },
        }
    }
}
