//! Arguments of methods, one at a time: from the wire, to the wire, counted, or by name.
//!
//! Neighbouring bits share an octet, the first one lowest; that is the only state there is.
//!
//! Which kind of argument comes next is known where a method is read or written. What must be
//! inlined for the compiler to see that is marked so: a `basic.deliver` takes half the time then.

use bytes::BufMut;

use crate::parse::{
    Parsed, flatten, len8, len32, long, long_bytes, long_long, octet, short, short_bytes,
};
use crate::table::TableRef;
use crate::types::{DeliveryTag, ShortBytes, ShortStr};

/// An argument's value, whatever the method.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Field<'a> {
    /// A flag.
    Bit(bool),
    /// One octet.
    Octet(u8),
    /// Two octets.
    Short(u16),
    /// Four octets.
    Long(u32),
    /// Eight octets.
    LongLong(u64),
    /// A text of at most 255 octets.
    ShortStr(ShortStr<'a>),
    /// At most 255 octets.
    ShortBytes(ShortBytes<'a>),
    /// Octets.
    LongStr(&'a [u8]),
    /// A field table.
    Table(TableRef<'a>),
}

/// An argument's type.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum FieldKind {
    /// A flag.
    Bit,
    /// One octet.
    Octet,
    /// Two octets.
    Short,
    /// Four octets.
    Long,
    /// Eight octets.
    LongLong,
    /// A text of at most 255 octets.
    ShortStr,
    /// At most 255 octets.
    ShortBytes,
    /// Octets.
    LongStr,
    /// A field table.
    Table,
}

/// Why arguments cannot be had.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Fault {
    /// The octets end too early.
    Short,
    /// There are octets behind the last one.
    Trailing,
    /// A short string is not UTF-8.
    Utf8,
    /// A value given by name is of another type.
    Kind,
}

impl<'a> nom::error::ParseError<&'a [u8]> for Fault {
    fn from_error_kind(_: &'a [u8], _: nom::error::ErrorKind) -> Self {
        Self::Short
    }

    fn append(_: &'a [u8], _: nom::error::ErrorKind, other: Self) -> Self {
        other
    }
}

/// All arguments of one method.
pub(super) trait Arguments<'a>: Sized {
    /// Takes them in their order.
    fn unpack(source: &mut impl Unpacker<'a>) -> Result<Self, Fault>;
    /// Hands them out in their order.
    fn pack(&self, target: &mut impl Packer<'a>);
}

/// Where arguments come from.
pub(super) trait Unpacker<'a> {
    /// The argument of that name, which is the next one.
    fn field(&mut self, name: &'static str, kind: FieldKind) -> Result<Field<'a>, Fault>;

    /// The same as the type it has.
    #[inline(always)]
    fn next<T: Argument<'a>>(&mut self, name: &'static str) -> Result<T, Fault> {
        T::from_field(self.field(name, T::KIND)?).ok_or(Fault::Kind)
    }

    /// There must be no more.
    fn end(&mut self) -> Result<(), Fault> {
        Ok(())
    }
}

/// Where arguments go to.
pub(super) trait Packer<'a> {
    /// Takes the next argument.
    fn field(&mut self, name: &'static str, field: Field<'a>);

    /// There are no more.
    fn end(&mut self) {}
}

/// A type that arguments can have. Which one is known where it is used, so the detour over
/// [`Field`] costs nothing once it is compiled.
pub(super) trait Argument<'a>: Copy {
    const KIND: FieldKind;
    fn to_field(self) -> Field<'a>;
    /// `None` if the value is of another type.
    fn from_field(field: Field<'a>) -> Option<Self>;
}

macro_rules! arguments {
    ($l:lifetime; $($kind:ident $type:ty;)*) => {$(
        impl<$l> Argument<$l> for $type {
            const KIND: FieldKind = FieldKind::$kind;

            #[inline(always)]
            fn to_field(self) -> Field<$l> {
                Field::$kind(self)
            }

            #[inline(always)]
            fn from_field(field: Field<$l>) -> Option<Self> {
                match field {
                    Field::$kind(value) => Some(value),
                    _ => None,
                }
            }
        }
    )*};
}

arguments! { 'a;
    Bit bool;
    Octet u8;
    Short u16;
    Long u32;
    LongLong u64;
    ShortStr ShortStr<'a>;
    ShortBytes ShortBytes<'a>;
    LongStr &'a [u8];
    Table TableRef<'a>;
}

impl<'a> Argument<'a> for DeliveryTag {
    const KIND: FieldKind = FieldKind::LongLong;

    #[inline(always)]
    fn to_field(self) -> Field<'a> {
        Field::LongLong(self.0)
    }

    #[inline(always)]
    fn from_field(field: Field<'a>) -> Option<Self> {
        u64::from_field(field).map(Self)
    }
}

/// Reads arguments.
pub(super) struct FromWire<'a> {
    rest: &'a [u8],
    /// The octet of the last bit read.
    bits: u8,
    /// Bits of it that were read; 8 if there is no such octet.
    used: u8,
}

impl<'a> FromWire<'a> {
    #[inline]
    pub(super) fn new(arguments: &'a [u8]) -> Self {
        Self {
            rest: arguments,
            bits: 0,
            used: 8,
        }
    }

    #[inline]
    fn take<T>(
        &mut self,
        parse: impl FnOnce(&'a [u8]) -> Parsed<'a, T, Fault>,
    ) -> Result<T, Fault> {
        let (rest, item) = flatten(parse(self.rest), Fault::Short)?;
        self.rest = rest;
        self.used = 8;
        Ok(item)
    }

    #[inline]
    fn bit(&mut self) -> Result<bool, Fault> {
        if self.used == 8 {
            self.bits = self.take(octet)?;
            self.used = 0;
        }
        let bit = (self.bits >> self.used) & 1;
        self.used += 1;
        Ok(bit == 1)
    }

    #[inline]
    fn short_str(&mut self) -> Result<ShortStr<'a>, Fault> {
        self.take(short_bytes)?.to_text().ok_or(Fault::Utf8)
    }
}

impl<'a> Unpacker<'a> for FromWire<'a> {
    #[inline(always)]
    fn field(&mut self, _: &'static str, kind: FieldKind) -> Result<Field<'a>, Fault> {
        match kind {
            FieldKind::Bit => self.bit().map(Field::Bit),
            FieldKind::Octet => self.take(octet).map(Field::Octet),
            FieldKind::Short => self.take(short).map(Field::Short),
            FieldKind::Long => self.take(long).map(Field::Long),
            FieldKind::LongLong => self.take(long_long).map(Field::LongLong),
            FieldKind::ShortStr => self.short_str().map(Field::ShortStr),
            FieldKind::ShortBytes => self.take(short_bytes).map(Field::ShortBytes),
            FieldKind::LongStr => self.take(long_bytes).map(Field::LongStr),
            FieldKind::Table => self
                .take(long_bytes)
                .map(|entries| Field::Table(TableRef::new(entries))),
        }
    }

    #[inline]
    fn end(&mut self) -> Result<(), Fault> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(Fault::Trailing)
        }
    }
}

/// Writes arguments.
pub(super) struct ToWire<'b, B> {
    out: &'b mut B,
    /// Bits that were not written yet.
    bits: u8,
    /// How many of them.
    used: u8,
}

impl<'b, B: BufMut> ToWire<'b, B> {
    #[inline]
    pub(super) fn new(out: &'b mut B) -> Self {
        Self {
            out,
            bits: 0,
            used: 0,
        }
    }

    #[inline]
    fn bit(&mut self, bit: bool) {
        if self.used == 8 {
            self.flush();
        }
        self.bits |= u8::from(bit) << self.used;
        self.used += 1;
    }

    /// Writes the bits so far.
    #[inline]
    fn flush(&mut self) {
        if self.used > 0 {
            self.out.put_u8(self.bits);
            self.bits = 0;
            self.used = 0;
        }
    }

    #[inline]
    fn short_bytes(&mut self, octets: ShortBytes<'_>) {
        self.out.put_u8(len8(octets.len()));
        self.out.put_slice(&octets);
    }

    #[inline]
    fn long_bytes(&mut self, octets: &[u8]) {
        self.out.put_u32(len32(octets.len()));
        self.out.put_slice(octets);
    }
}

impl<'a, B: BufMut> Packer<'a> for ToWire<'_, B> {
    #[inline(always)]
    fn field(&mut self, _: &'static str, field: Field<'a>) {
        if let Field::Bit(bit) = field {
            return self.bit(bit);
        }
        self.flush();
        match field {
            Field::Bit(_) => {}
            Field::Octet(number) => self.out.put_u8(number),
            Field::Short(number) => self.out.put_u16(number),
            Field::Long(number) => self.out.put_u32(number),
            Field::LongLong(number) => self.out.put_u64(number),
            Field::ShortStr(text) => self.short_bytes(text.as_octets()),
            Field::ShortBytes(octets) => self.short_bytes(octets),
            Field::LongStr(octets) => self.long_bytes(octets),
            Field::Table(table) => self.long_bytes(table.as_bytes()),
        }
    }

    #[inline]
    fn end(&mut self) {
        self.flush();
    }
}

/// Counts the octets of arguments.
pub(super) struct Count {
    octets: usize,
    /// Bits since the last other argument.
    bits: usize,
}

impl Count {
    #[inline]
    pub(super) fn new(octets: usize) -> Self {
        Self { octets, bits: 0 }
    }

    #[inline]
    pub(super) fn total(&self) -> usize {
        self.octets
    }
}

impl<'a> Packer<'a> for Count {
    #[inline(always)]
    fn field(&mut self, _: &'static str, field: Field<'a>) {
        if let Field::Bit(_) = field {
            self.bits += 1;
            return;
        }
        self.end();
        self.octets += match field {
            Field::Bit(_) => 0,
            Field::Octet(_) => 1,
            Field::Short(_) => 2,
            Field::Long(_) => 4,
            Field::LongLong(_) => 8,
            Field::ShortStr(text) => 1 + text.len(),
            Field::ShortBytes(octets) => 1 + octets.len(),
            Field::LongStr(octets) => 4 + octets.len(),
            Field::Table(table) => 4 + table.as_bytes().len(),
        };
    }

    #[inline]
    fn end(&mut self) {
        self.octets += self.bits.div_ceil(8);
        self.bits = 0;
    }
}
