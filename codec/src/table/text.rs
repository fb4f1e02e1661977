//! Tables as text, for logs, scripts and tests: `{x-max-length:l10, x-queue-type:S"quorum"}`.
//!
//! A value shows its type letter, then itself; booleans, tables, arrays and void speak for
//! themselves. Names are quoted if they hold more than letters, digits, `-`, `_` and `.`.

use std::fmt::{self, Debug, Display, Formatter};

use super::{ArrayRef, Table, TableRef, Value};

/// Octets as a quoted text: UTF-8 as Rust would quote it, anything else with `\x..`.
pub(crate) struct Quoted<'a>(pub(crate) &'a [u8]);

impl Display for Quoted<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match std::str::from_utf8(self.0) {
            Ok(text) => Debug::fmt(text, out),
            Err(_) => write!(out, "\"{}\"", self.0.escape_ascii()),
        }
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str("{")?;
        for (index, (name, value)) in self.iter().enumerate() {
            out.write_str(if index == 0 { "" } else { ", " })?;
            match std::str::from_utf8(name) {
                Ok(plain) if is_plain(plain) => out.write_str(plain)?,
                _ => Display::fmt(&Quoted(name), out)?,
            }
            write!(out, ":{value}")?;
        }
        out.write_str("}")
    }
}

fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b"-_.".contains(&octet))
}

impl Display for Value {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(truth) => Display::fmt(truth, out),
            Self::I8(number) => write!(out, "b{number}"),
            Self::U8(number) => write!(out, "B{number}"),
            Self::I16(number) => write!(out, "s{number}"),
            Self::U16(number) => write!(out, "u{number}"),
            Self::I32(number) => write!(out, "I{number}"),
            Self::U32(number) => write!(out, "i{number}"),
            Self::I64(number) => write!(out, "l{number}"),
            Self::F32(number) => write!(out, "f{number}"),
            Self::F64(number) => write!(out, "d{number}"),
            Self::Decimal { scale, value } => write!(out, "D{value}/{scale}"),
            Self::LongStr(octets) => write!(out, "S{}", Quoted(octets)),
            Self::Array(values) => {
                out.write_str("[")?;
                for (index, value) in values.iter().enumerate() {
                    out.write_str(if index == 0 { "" } else { ", " })?;
                    Display::fmt(value, out)?;
                }
                out.write_str("]")
            }
            Self::Timestamp(seconds) => write!(out, "T{seconds}"),
            Self::Table(table) => Display::fmt(table, out),
            Self::Void => out.write_str("void"),
            Self::Bytes(octets) => write!(out, "x{}", Quoted(octets)),
        }
    }
}

impl Display for TableRef<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.to_table() {
            Ok(table) => Display::fmt(&table, out),
            Err(error) => write!(out, "{{<{error}>}}"),
        }
    }
}

impl Display for ArrayRef<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match super::ValueRef::Array(*self).to_value() {
            Ok(array) => Display::fmt(&array, out),
            Err(error) => write!(out, "[<{error}>]"),
        }
    }
}

macro_rules! debug_as_display {
    ($($name:ty),*) => {$(
        impl Debug for $name {
            fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
                Display::fmt(self, out)
            }
        }
    )*};
}

debug_as_display!(Table, Value, TableRef<'_>, ArrayRef<'_>);
