//! Tables one can hold and change.
//!
//! Invariant: a name has at most 255 octets, so writing a table cannot fail.

use bytes::BufMut;

use super::{Budget, TableError, TableRef, ValueRef};
use crate::parse::{len8, len32};
use crate::types::SHORT_STR_MAX;

/// A table in the order its entries were added.
#[derive(Clone, PartialEq, Default)]
pub struct Table(Vec<(Box<[u8]>, Value)>);

/// A value on its own; see [`ValueRef`] for the letters.
#[derive(Clone, PartialEq)]
#[expect(
    missing_docs,
    reason = "the variants are those of ValueRef, where each is described"
)]
pub enum Value {
    Bool(bool),
    I8(i8),
    U8(u8),
    I16(i16),
    U16(u16),
    I32(i32),
    U32(u32),
    I64(i64),
    F32(f32),
    F64(f64),
    Decimal { scale: u8, value: u32 },
    LongStr(Vec<u8>),
    Array(Vec<Value>),
    Timestamp(u64),
    Table(Table),
    Void,
    Bytes(Vec<u8>),
}

impl Table {
    /// The table without entries.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The same table with one entry more, or with this value under an old name.
    #[must_use]
    pub fn with(mut self, key: impl AsRef<[u8]>, value: impl Into<Value>) -> Self {
        self.insert(key, value);
        self
    }

    /// The first value of that name.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<&Value> {
        let key = key.as_ref();
        self.0
            .iter()
            .find(|(name, _)| **name == *key)
            .map(|(_, value)| value)
    }

    /// The first value of that name, to change it.
    pub fn get_mut(&mut self, key: impl AsRef<[u8]>) -> Option<&mut Value> {
        let key = key.as_ref();
        self.0
            .iter_mut()
            .find(|(name, _)| **name == *key)
            .map(|(_, value)| value)
    }

    /// Puts a value under a name, in the place of the first old one (which it gives back) or else
    /// at the end. Of a name only the first 255 octets are kept.
    pub fn insert(&mut self, key: impl AsRef<[u8]>, value: impl Into<Value>) -> Option<Value> {
        let key = key.as_ref();
        let key = key.get(..SHORT_STR_MAX).unwrap_or(key);
        let value = value.into();
        if let Some(old) = self.get_mut(key) {
            return Some(std::mem::replace(old, value));
        }
        self.0.push((key.into(), value));
        None
    }

    /// Takes the first value of that name out; the others keep their order.
    pub fn remove(&mut self, key: impl AsRef<[u8]>) -> Option<Value> {
        let key = key.as_ref();
        let at = self.0.iter().position(|(name, _)| **name == *key)?;
        Some(self.0.remove(at).1)
    }

    /// Keeps the entries that `keep` wants, which may change their values, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(&[u8], &mut Value) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// Of neighbours with equal names the first one stays.
    pub fn dedup_keys(&mut self) {
        self.0.dedup_by(|one, before| one.0 == before.0);
    }

    /// Names and values in their order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&[u8], &Value)> {
        self.0.iter().map(|(name, value)| (&**name, value))
    }

    /// How many entries there are, those of nested tables not counted.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Orders the entries by name, as RabbitMQ does with tables it makes; equal names keep their
    /// order.
    pub fn sort_keys(&mut self) {
        self.0.sort_by(|one, other| one.0.cmp(&other.0));
    }

    /// Writes the entries, without a length in front.
    pub fn encode(&self, out: &mut impl BufMut) {
        for (name, value) in &self.0 {
            out.put_u8(len8(name.len()));
            out.put_slice(name);
            value.encode(out);
        }
    }

    /// Octets that [`encode`](Self::encode) writes.
    pub fn encoded_len(&self) -> usize {
        self.0
            .iter()
            .map(|(name, value)| 1 + name.len() + value.encoded_len())
            .sum()
    }

    /// The entries as octets, without a length in front; look at them with [`TableRef::new`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.encode(&mut out);
        out
    }
}

impl<K: AsRef<[u8]>, V: Into<Value>> FromIterator<(K, V)> for Table {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        entries
            .into_iter()
            .fold(Self::new(), |table, (key, value)| table.with(key, value))
    }
}

impl Value {
    /// RabbitMQ's word for the type, as its error texts show it.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::Array(_) => "array",
            Self::Table(_) => "table",
            flat => flat.as_flat().type_name(),
        }
    }

    /// The number, if this is an integer of any width; timestamps are not.
    pub fn as_integer(&self) -> Option<i64> {
        self.as_flat().as_integer()
    }

    /// The octets, if this is a long string.
    pub fn as_str(&self) -> Option<&[u8]> {
        self.as_flat().as_str()
    }

    /// The value seen as if it were borrowed; arrays and tables look empty.
    fn as_flat(&self) -> ValueRef<'_> {
        match self {
            Self::Bool(truth) => ValueRef::Bool(*truth),
            Self::I8(number) => ValueRef::I8(*number),
            Self::U8(number) => ValueRef::U8(*number),
            Self::I16(number) => ValueRef::I16(*number),
            Self::U16(number) => ValueRef::U16(*number),
            Self::I32(number) => ValueRef::I32(*number),
            Self::U32(number) => ValueRef::U32(*number),
            Self::I64(number) => ValueRef::I64(*number),
            Self::F32(number) => ValueRef::F32(*number),
            Self::F64(number) => ValueRef::F64(*number),
            Self::Decimal { scale, value } => ValueRef::Decimal {
                scale: *scale,
                value: *value,
            },
            Self::LongStr(octets) => ValueRef::LongStr(octets),
            Self::Array(_) => ValueRef::Array(super::ArrayRef::new(&[])),
            Self::Timestamp(seconds) => ValueRef::Timestamp(*seconds),
            Self::Table(_) => ValueRef::Table(TableRef::EMPTY),
            Self::Void => ValueRef::Void,
            Self::Bytes(octets) => ValueRef::Bytes(octets),
        }
    }

    /// Writes type letter and value.
    pub fn encode(&self, out: &mut impl BufMut) {
        match self {
            Self::Bool(truth) => out.put_slice(&[b't', u8::from(*truth)]),
            Self::I8(number) => put(out, b'b', &number.to_be_bytes()),
            Self::U8(number) => put(out, b'B', &number.to_be_bytes()),
            Self::I16(number) => put(out, b's', &number.to_be_bytes()),
            Self::U16(number) => put(out, b'u', &number.to_be_bytes()),
            Self::I32(number) => put(out, b'I', &number.to_be_bytes()),
            Self::U32(number) => put(out, b'i', &number.to_be_bytes()),
            Self::I64(number) => put(out, b'l', &number.to_be_bytes()),
            Self::F32(number) => put(out, b'f', &number.to_be_bytes()),
            Self::F64(number) => put(out, b'd', &number.to_be_bytes()),
            Self::Decimal { scale, value } => {
                put(out, b'D', &[*scale]);
                out.put_u32(*value);
            }
            Self::LongStr(octets) => put_long(out, b'S', octets),
            Self::Array(values) => {
                out.put_u8(b'A');
                out.put_u32(len32(values.iter().map(Self::encoded_len).sum()));
                values.iter().for_each(|value| value.encode(out));
            }
            Self::Timestamp(seconds) => put(out, b'T', &seconds.to_be_bytes()),
            Self::Table(table) => {
                out.put_u8(b'F');
                out.put_u32(len32(table.encoded_len()));
                table.encode(out);
            }
            Self::Void => out.put_u8(b'V'),
            Self::Bytes(octets) => put_long(out, b'x', octets),
        }
    }

    /// Octets that [`encode`](Self::encode) writes.
    pub fn encoded_len(&self) -> usize {
        match self {
            Self::Void => 1,
            Self::Bool(_) | Self::I8(_) | Self::U8(_) => 2,
            Self::I16(_) | Self::U16(_) => 3,
            Self::I32(_) | Self::U32(_) | Self::F32(_) => 5,
            Self::Decimal { .. } => 6,
            Self::I64(_) | Self::F64(_) | Self::Timestamp(_) => 9,
            Self::LongStr(octets) | Self::Bytes(octets) => 5 + octets.len(),
            Self::Array(values) => 5 + values.iter().map(Self::encoded_len).sum::<usize>(),
            Self::Table(table) => 5 + table.encoded_len(),
        }
    }
}

fn put(out: &mut impl BufMut, letter: u8, octets: &[u8]) {
    out.put_u8(letter);
    out.put_slice(octets);
}

fn put_long(out: &mut impl BufMut, letter: u8, octets: &[u8]) {
    out.put_u8(letter);
    out.put_u32(len32(octets.len()));
    out.put_slice(octets);
}

macro_rules! value_from {
    ($($type:ty => $make:expr;)*) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                $make(value)
            }
        }
    )*};
}

value_from! {
    bool => Self::Bool;
    i8 => Self::I8;
    u8 => Self::U8;
    i16 => Self::I16;
    u16 => Self::U16;
    i32 => Self::I32;
    u32 => Self::U32;
    i64 => Self::I64;
    f32 => Self::F32;
    f64 => Self::F64;
    &str => |text: &str| Self::LongStr(text.into());
    String => |text: String| Self::LongStr(text.into());
    &[u8] => |octets: &[u8]| Self::LongStr(octets.into());
    Vec<u8> => Self::LongStr;
    Table => Self::Table;
    Vec<Self> => Self::Array;
}

/// Copies a table; equal names are all kept.
pub(super) fn copy_table(table: TableRef<'_>, budget: &mut Budget) -> Result<Table, TableError> {
    budget.within(|budget| {
        table
            .iter()
            .map(|entry| {
                let (name, value) = entry?;
                Ok((name.into(), copy_value(value, budget)?))
            })
            .collect::<Result<_, _>>()
            .map(Table)
    })
}

/// Copies a value with everything in it.
pub(super) fn copy_value(value: ValueRef<'_>, budget: &mut Budget) -> Result<Value, TableError> {
    budget.item()?;
    Ok(match value {
        ValueRef::Bool(truth) => Value::Bool(truth),
        ValueRef::I8(number) => Value::I8(number),
        ValueRef::U8(number) => Value::U8(number),
        ValueRef::I16(number) => Value::I16(number),
        ValueRef::U16(number) => Value::U16(number),
        ValueRef::I32(number) => Value::I32(number),
        ValueRef::U32(number) => Value::U32(number),
        ValueRef::I64(number) => Value::I64(number),
        ValueRef::F32(number) => Value::F32(number),
        ValueRef::F64(number) => Value::F64(number),
        ValueRef::Decimal { scale, value } => Value::Decimal { scale, value },
        ValueRef::LongStr(octets) => Value::LongStr(octets.into()),
        ValueRef::Array(array) => budget.within(|budget| {
            let values = array.iter().map(|value| copy_value(value?, budget));
            values.collect::<Result<_, _>>().map(Value::Array)
        })?,
        ValueRef::Timestamp(seconds) => Value::Timestamp(seconds),
        ValueRef::Table(table) => Value::Table(copy_table(table, budget)?),
        ValueRef::Void => Value::Void,
        ValueRef::Bytes(octets) => Value::Bytes(octets.into()),
    })
}
