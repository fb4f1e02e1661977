//! Field tables: named values of many types, in RabbitMQ's reading of their type letters.
//!
//! Owns the letters, the limits of depth and number, and the difference between looking at a table
//! in place ([`TableRef`]) and holding one ([`Table`]). Knows nothing of what keys mean.
//!
//! A table is looked at without a copy and without being checked first: each step of a walk may
//! report a [`TableError`]. Walks that descend stop at [`MAX_DEPTH`] and [`MAX_ITEMS`] (I11).
//!
//! Spec: AMQP 0-9-1, section 4.2.5.5. Docs: RabbitMQ's grammar errata, "field types", which win
//! over the specification.

mod owned;
mod text;

use std::fmt;

use nom::error::{ErrorKind, ParseError};

use crate::parse::{Parsed, flatten, long, long_bytes, long_long, octet, short, short_bytes};

pub use owned::{Table, Value};
pub(crate) use text::Quoted;

/// How deep tables and arrays may be nested, the outermost table being 1. RabbitMQ knows no limit
/// (15,000 were accepted); nothing a client sends on purpose comes near this one.
pub const MAX_DEPTH: usize = 128;

/// How many values a table may hold, those of nested tables and arrays included. No frame of
/// RabbitMQ's default size can carry more.
pub const MAX_ITEMS: usize = 131_072;

/// Why a table cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TableError {
    /// A value's type letter is not one of RabbitMQ's.
    UnknownType(u8),
    /// A length runs past the end of what it is part of.
    Truncated,
    /// A float is infinite or not a number, which RabbitMQ cannot read.
    NotFinite,
    /// Nested deeper than [`MAX_DEPTH`].
    TooDeep,
    /// More values than [`MAX_ITEMS`].
    TooManyItems,
}

impl fmt::Display for TableError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownType(letter) => {
                write!(out, "unknown field type '{}'", letter.escape_ascii())
            }
            Self::Truncated => out.write_str("field table ends within a field"),
            Self::NotFinite => out.write_str("field table holds a float that is not finite"),
            Self::TooDeep => write!(out, "field table is nested deeper than {MAX_DEPTH}"),
            Self::TooManyItems => write!(out, "field table has more than {MAX_ITEMS} values"),
        }
    }
}

impl std::error::Error for TableError {}

impl<'a> ParseError<&'a [u8]> for TableError {
    fn from_error_kind(_: &'a [u8], _: ErrorKind) -> Self {
        Self::Truncated
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// A table as it lies in a buffer: its entries without the four octets of length.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct TableRef<'a>(&'a [u8]);

impl<'a> TableRef<'a> {
    /// The table without entries.
    pub const EMPTY: TableRef<'static> = TableRef(&[]);

    /// Looks at `entries` as a table; nothing is read yet.
    #[inline]
    pub const fn new(entries: &'a [u8]) -> Self {
        Self(entries)
    }

    /// The entries as they lie there, without a length.
    #[inline]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is no entry.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The entries in their order. The walk ends behind the first error.
    #[inline]
    pub const fn iter(self) -> TableIter<'a> {
        TableIter(self.0)
    }

    /// The first value of that name.
    ///
    /// # Errors
    /// What is wrong in front of it; what lies behind it is not looked at.
    pub fn find(self, key: &str) -> Result<Option<ValueRef<'a>>, TableError> {
        for entry in self {
            let (name, value) = entry?;
            if name == key.as_bytes() {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// Walks everything, nested tables and arrays too. Takes time linear in the length.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(self) -> Result<(), TableError> {
        check_table(self, &mut Budget::whole())
    }

    /// Copies everything.
    ///
    /// # Errors
    /// As [`check`](Self::check).
    pub fn to_table(self) -> Result<Table, TableError> {
        owned::copy_table(self, &mut Budget::whole())
    }
}

impl<'a> IntoIterator for TableRef<'a> {
    type Item = Result<(&'a [u8], ValueRef<'a>), TableError>;
    type IntoIter = TableIter<'a>;

    fn into_iter(self) -> TableIter<'a> {
        self.iter()
    }
}

/// The entries of a table: name (0 ..= 255 octets, any) and value.
#[derive(Clone, Debug)]
pub struct TableIter<'a>(&'a [u8]);

impl<'a> TableIter<'a> {
    /// The entries that are still to come, as they lie there.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl<'a> Iterator for TableIter<'a> {
    type Item = Result<(&'a [u8], ValueRef<'a>), TableError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        step(&mut self.0, entry)
    }
}

/// An array as it lies in a buffer: its values without the four octets of length.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct ArrayRef<'a>(&'a [u8]);

impl<'a> ArrayRef<'a> {
    /// Looks at `values` as an array; nothing is read yet.
    #[inline]
    pub const fn new(values: &'a [u8]) -> Self {
        Self(values)
    }

    /// The values as they lie there, without a length.
    #[inline]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is no value.
    #[inline]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The values in their order. The walk ends behind the first error.
    #[inline]
    pub const fn iter(self) -> ArrayIter<'a> {
        ArrayIter(self.0)
    }
}

impl<'a> IntoIterator for ArrayRef<'a> {
    type Item = Result<ValueRef<'a>, TableError>;
    type IntoIter = ArrayIter<'a>;

    fn into_iter(self) -> ArrayIter<'a> {
        self.iter()
    }
}

/// The values of an array.
#[derive(Clone, Debug)]
pub struct ArrayIter<'a>(&'a [u8]);

impl<'a> ArrayIter<'a> {
    /// The values that are still to come, as they lie there.
    #[inline]
    pub const fn as_bytes(&self) -> &'a [u8] {
        self.0
    }
}

impl<'a> Iterator for ArrayIter<'a> {
    type Item = Result<ValueRef<'a>, TableError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        step(&mut self.0, value)
    }
}

/// Takes one thing off the front of `rest`; behind an error nothing is left.
#[inline]
fn step<'a, T>(
    rest: &mut &'a [u8],
    parse: impl FnOnce(&'a [u8]) -> Parsed<'a, T, TableError>,
) -> Option<Result<T, TableError>> {
    if rest.is_empty() {
        return None;
    }
    let parsed = flatten(parse(rest), TableError::Truncated);
    *rest = parsed.as_ref().map_or(&[], |(behind, _)| behind);
    Some(parsed.map(|(_, item)| item))
}

/// A value as it lies in a buffer.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum ValueRef<'a> {
    /// `t`: one octet, true unless 0.
    Bool(bool),
    /// `b`.
    I8(i8),
    /// `B`.
    U8(u8),
    /// `s`.
    I16(i16),
    /// `u`.
    U16(u16),
    /// `I`.
    I32(i32),
    /// `i`.
    U32(u32),
    /// `l`, and `L`, which RabbitMQ reads the same and writes as `l`.
    I64(i64),
    /// `f`.
    F32(f32),
    /// `d`.
    F64(f64),
    /// `D`: the value is `value` divided by ten to the power of `scale`.
    Decimal {
        /// Digits behind the point.
        scale: u8,
        /// All digits.
        value: u32,
    },
    /// `S`: octets, usually but not always UTF-8.
    LongStr(&'a [u8]),
    /// `A`.
    Array(ArrayRef<'a>),
    /// `T`: seconds since 1970.
    Timestamp(u64),
    /// `F`.
    Table(TableRef<'a>),
    /// `V`.
    Void,
    /// `x`.
    Bytes(&'a [u8]),
}

impl<'a> ValueRef<'a> {
    /// RabbitMQ's word for the type, as its error texts show it.
    pub const fn type_name(self) -> &'static str {
        match self {
            Self::Bool(_) => "bool",
            Self::I8(_) => "byte",
            Self::U8(_) => "unsignedbyte",
            Self::I16(_) => "short",
            Self::U16(_) => "unsignedshort",
            Self::I32(_) => "signedint",
            Self::U32(_) => "unsignedint",
            Self::I64(_) => "long",
            Self::F32(_) => "float",
            Self::F64(_) => "double",
            Self::Decimal { .. } => "decimal",
            Self::LongStr(_) => "longstr",
            Self::Array(_) => "array",
            Self::Timestamp(_) => "timestamp",
            Self::Table(_) => "table",
            Self::Void => "void",
            Self::Bytes(_) => "binary",
        }
    }

    /// The number, if this is an integer of any width; timestamps are not.
    pub fn as_integer(self) -> Option<i64> {
        Some(match self {
            Self::I8(number) => number.into(),
            Self::U8(number) => number.into(),
            Self::I16(number) => number.into(),
            Self::U16(number) => number.into(),
            Self::I32(number) => number.into(),
            Self::U32(number) => number.into(),
            Self::I64(number) => number,
            _ => return None,
        })
    }

    /// The octets, if this is a long string.
    pub const fn as_str(self) -> Option<&'a [u8]> {
        match self {
            Self::LongStr(octets) => Some(octets),
            _ => None,
        }
    }

    /// Copies the value and everything in it.
    ///
    /// # Errors
    /// As [`TableRef::check`], of what is nested in it.
    pub fn to_value(self) -> Result<Value, TableError> {
        owned::copy_value(self, &mut Budget::whole())
    }
}

/// How much deeper and longer a walk may get.
struct Budget {
    depth: usize,
    items: usize,
}

impl Budget {
    fn whole() -> Self {
        Self {
            depth: MAX_DEPTH,
            items: MAX_ITEMS,
        }
    }

    fn item(&mut self) -> Result<(), TableError> {
        self.items = self.items.checked_sub(1).ok_or(TableError::TooManyItems)?;
        Ok(())
    }

    /// Runs `walk` one level deeper.
    fn within<T>(
        &mut self,
        walk: impl FnOnce(&mut Self) -> Result<T, TableError>,
    ) -> Result<T, TableError> {
        self.depth = self.depth.checked_sub(1).ok_or(TableError::TooDeep)?;
        let walked = walk(self);
        self.depth += 1;
        walked
    }
}

fn check_table(table: TableRef<'_>, budget: &mut Budget) -> Result<(), TableError> {
    budget.within(|budget| {
        for entry in table {
            check_value(entry?.1, budget)?;
        }
        Ok(())
    })
}

fn check_array(array: ArrayRef<'_>, budget: &mut Budget) -> Result<(), TableError> {
    budget.within(|budget| {
        for value in array {
            check_value(value?, budget)?;
        }
        Ok(())
    })
}

fn check_value(value: ValueRef<'_>, budget: &mut Budget) -> Result<(), TableError> {
    budget.item()?;
    match value {
        ValueRef::Table(table) => check_table(table, budget),
        ValueRef::Array(array) => check_array(array, budget),
        _ => Ok(()),
    }
}

#[inline]
fn entry(input: &[u8]) -> Parsed<'_, (&[u8], ValueRef<'_>), TableError> {
    let (input, key) = short_bytes(input)?;
    let (input, value) = value(input)?;
    Ok((input, (key.as_bytes(), value)))
}

fn value(input: &[u8]) -> Parsed<'_, ValueRef<'_>, TableError> {
    let (input, letter) = octet(input)?;
    Ok(match letter {
        b't' => as_value(octet(input)?, |octet| ValueRef::Bool(octet != 0)),
        b'b' => as_value(octet(input)?, |octet| ValueRef::I8(octet.cast_signed())),
        b'B' => as_value(octet(input)?, ValueRef::U8),
        b's' => as_value(short(input)?, |short| ValueRef::I16(short.cast_signed())),
        b'u' => as_value(short(input)?, ValueRef::U16),
        b'I' => as_value(long(input)?, |long| ValueRef::I32(long.cast_signed())),
        b'i' => as_value(long(input)?, ValueRef::U32),
        b'l' | b'L' => as_value(long_long(input)?, |long| ValueRef::I64(long.cast_signed())),
        b'f' => {
            let (input, bits) = long(input)?;
            let number = f32::from_bits(bits);
            finite(number.is_finite())?;
            (input, ValueRef::F32(number))
        }
        b'd' => {
            let (input, bits) = long_long(input)?;
            let number = f64::from_bits(bits);
            finite(number.is_finite())?;
            (input, ValueRef::F64(number))
        }
        b'D' => {
            let (input, scale) = octet(input)?;
            as_value(long(input)?, |value| ValueRef::Decimal { scale, value })
        }
        b'S' => as_value(long_bytes(input)?, ValueRef::LongStr),
        b'A' => as_value(long_bytes(input)?, |values| {
            ValueRef::Array(ArrayRef(values))
        }),
        b'T' => as_value(long_long(input)?, ValueRef::Timestamp),
        b'F' => as_value(long_bytes(input)?, |entries| {
            ValueRef::Table(TableRef(entries))
        }),
        b'V' => (input, ValueRef::Void),
        b'x' => as_value(long_bytes(input)?, ValueRef::Bytes),
        _ => return Err(nom::Err::Failure(TableError::UnknownType(letter))),
    })
}

/// Seen: RabbitMQ 4.3.6 answers 541 to headers with NaN or infinity.
#[inline]
fn finite(is_finite: bool) -> Result<(), nom::Err<TableError>> {
    if is_finite {
        Ok(())
    } else {
        Err(nom::Err::Failure(TableError::NotFinite))
    }
}

#[inline]
fn as_value<'a, T>(
    (rest, item): (&'a [u8], T),
    make: impl FnOnce(T) -> ValueRef<'a>,
) -> (&'a [u8], ValueRef<'a>) {
    (rest, make(item))
}

#[cfg(test)]
pub(crate) mod tests;
