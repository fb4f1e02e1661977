//! Methods as text, for logs, scripts and tests, and their fields by name.
//!
//! `queue.declare queue="jobs" durable arguments={x-max-length:l10}`: what is empty, false or
//! reserved and zero is left out.

use std::fmt::{self, Display, Formatter};

use super::Method;
use super::argument::{Fault, Field, FieldKind, Packer, Unpacker};
use crate::table::{Quoted, TableRef};
use crate::types::{ShortBytes, ShortStr};

impl<'a> Method<'a> {
    /// The arguments with their names, in the order of the wire. Names are those of the fields,
    /// as `routing_key` or `type_`.
    pub fn fields(&self) -> Vec<(&'static str, Field<'a>)> {
        let mut list = List(Vec::new());
        self.pack(&mut list);
        list.0
    }

    /// Makes the method of that name, as `basic.get-ok`. `argument` is asked for each argument by
    /// the field's name; what it does not give is empty, false or zero.
    ///
    /// `None` if there is no such method, or if an argument is given with a wrong type.
    pub fn from_fields(
        name: &str,
        argument: &mut dyn FnMut(&'static str, FieldKind) -> Option<Field<'a>>,
    ) -> Option<Self> {
        let (class, method) = Self::ids_of(name)?;
        Self::unpack(class, method, &mut ByName(argument))
            .ok()
            .flatten()
    }
}

struct List<'a>(Vec<(&'static str, Field<'a>)>);

impl<'a> Packer<'a> for List<'a> {
    fn field(&mut self, name: &'static str, field: Field<'a>) {
        self.0.push((name, field));
    }
}

struct ByName<'f, 'a>(&'f mut dyn FnMut(&'static str, FieldKind) -> Option<Field<'a>>);

impl<'a> Unpacker<'a> for ByName<'_, 'a> {
    fn field(&mut self, name: &'static str, kind: FieldKind) -> Result<Field<'a>, Fault> {
        Ok((self.0)(name, kind).unwrap_or(match kind {
            FieldKind::Bit => Field::Bit(false),
            FieldKind::Octet => Field::Octet(0),
            FieldKind::Short => Field::Short(0),
            FieldKind::Long => Field::Long(0),
            FieldKind::LongLong => Field::LongLong(0),
            FieldKind::ShortStr => Field::ShortStr(ShortStr::EMPTY),
            FieldKind::ShortBytes => Field::ShortBytes(ShortBytes::EMPTY),
            FieldKind::LongStr => Field::LongStr(&[]),
            FieldKind::Table => Field::Table(TableRef::EMPTY),
        }))
    }
}

impl Display for Method<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())?;
        for (name, field) in self.fields() {
            if !is_blank(name, field) {
                let name = name.trim_end_matches('_').replace('_', "-");
                write!(out, " {name}{}", Shown(field))?;
            }
        }
        Ok(())
    }
}

fn is_blank(name: &str, field: Field<'_>) -> bool {
    match field {
        Field::Bit(bit) => !bit,
        Field::Short(number) => number == 0 && name == "ticket",
        Field::ShortStr(text) => text.is_empty(),
        Field::ShortBytes(octets) => octets.is_empty(),
        Field::LongStr(octets) => octets.is_empty(),
        Field::Table(table) => table.is_empty(),
        Field::Octet(_) | Field::Long(_) | Field::LongLong(_) => false,
    }
}

/// What stands behind the name of a field.
struct Shown<'a>(Field<'a>);

impl Display for Shown<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Field::Bit(_) => Ok(()),
            Field::Octet(number) => write!(out, "={number}"),
            Field::Short(number) => write!(out, "={number}"),
            Field::Long(number) => write!(out, "={number}"),
            Field::LongLong(number) => write!(out, "={number}"),
            Field::ShortStr(text) => write!(out, "={text:?}"),
            Field::ShortBytes(octets) => write!(out, "={octets:?}"),
            Field::LongStr(octets) => write!(out, "={}", Quoted(octets)),
            Field::Table(table) => write!(out, "={table}"),
        }
    }
}
