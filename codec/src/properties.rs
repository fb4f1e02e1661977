//! The header of a content, and the properties in it.
//!
//! A message's properties stay the octets its publisher sent: [`PropertiesRef`] finds single ones
//! when the caller asks and passes the rest on untouched. [`Properties`] makes new ones.
//!
//! Spec: AMQP 0-9-1, section 4.2.6.1, and class `basic`. Seen: RabbitMQ 4.3.6.

use std::fmt::{self, Display, Formatter};

use bytes::BufMut;
use nom::error::{ErrorKind, ParseError};

use crate::parse::{
    Parsed, flatten, len8, len32, long_bytes, long_long, octet, short, short_bytes,
};
use crate::table::{TableError, TableRef};
use crate::types::ShortBytes;

/// Why properties cannot be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PropertyError {
    /// They end within a property.
    Truncated,
    /// There are octets behind the last one.
    Trailing,
    /// The headers cannot be read.
    Headers(TableError),
}

impl Display for PropertyError {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Truncated => out.write_str("properties end within a property"),
            Self::Trailing => out.write_str("octets behind the last property"),
            Self::Headers(error) => write!(out, "headers: {error}"),
        }
    }
}

impl std::error::Error for PropertyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Headers(error) => Some(error),
            _ => None,
        }
    }
}

impl From<TableError> for PropertyError {
    fn from(error: TableError) -> Self {
        Self::Headers(error)
    }
}

impl<'a> ParseError<&'a [u8]> for PropertyError {
    fn from_error_kind(_: &'a [u8], _: ErrorKind) -> Self {
        Self::Truncated
    }

    fn append(_: &'a [u8], _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// The payload of a header frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ContentHeader<'a> {
    /// Class of the method it follows; 60 is the only one with content.
    pub class_id: u16,
    /// Always 0.
    pub weight: u16,
    /// Octets of all body frames together.
    pub body_size: u64,
    /// The properties, not read yet.
    pub properties: PropertiesRef<'a>,
}

impl<'a> ContentHeader<'a> {
    /// Octets in front of the properties.
    const FIXED: usize = 12;

    /// Reads the payload of a header frame, but not the properties in it.
    ///
    /// # Errors
    /// [`PropertyError::Truncated`] if there are fewer than twelve octets: 501 `FRAME_ERROR`.
    #[inline]
    pub fn decode(payload: &'a [u8]) -> Result<Self, PropertyError> {
        let header = |input| {
            let (input, class_id) = short(input)?;
            let (input, weight) = short(input)?;
            let (input, body_size) = long_long(input)?;
            let properties = PropertiesRef(input);
            Ok((
                input,
                Self {
                    class_id,
                    weight,
                    body_size,
                    properties,
                },
            ))
        };
        read(header(payload)).map(|(_, header)| header)
    }

    /// Writes the payload of a header frame. Of the properties' flags only those are written that
    /// stand for a property.
    #[inline]
    pub fn encode(&self, out: &mut impl BufMut) {
        out.put_u16(self.class_id);
        out.put_u16(self.weight);
        out.put_u64(self.body_size);
        out.put_u16(self.properties.flags());
        out.put_slice(self.properties.list().unwrap_or_default());
    }

    /// Octets that [`encode`](Self::encode) writes.
    #[inline]
    pub const fn encoded_len(&self) -> usize {
        let flags_and_list = self.properties.0.len();
        Self::FIXED
            + if flags_and_list < 2 {
                2
            } else {
                flags_and_list
            }
    }
}

/// Properties as they lie in a buffer: the word of flags and what they announce.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PropertiesRef<'a>(&'a [u8]);

/// The flags that stand for a property. RabbitMQ takes the other two for 0, so a second word of
/// flags, which the specification would allow, is read as properties.
const DEFINED: u16 = !0b11;

macro_rules! properties {
    ($l:lifetime; $($(#[$doc:meta])* $bit:literal $name:ident: $type:ty;)*) => {
        /// All properties, to make some or to look at many.
        #[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
        pub struct Properties<$l> {
            $($(#[$doc])* pub $name: Option<$type>,)*
        }

        impl<$l> PropertiesRef<$l> {
            /// The flag of each property and the shape of its value, in the order of the wire.
            const SLOTS: &'static [(u16, Layout)] =
                &[$((1 << $bit, <$type as Property<$l>>::LAYOUT)),*];

            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// What is wrong up to the end of this property.
                #[inline]
                pub fn $name(self) -> Result<Option<$type>, PropertyError> {
                    self.find(1 << $bit)
                }
            )*

            /// Reads all of them, but not what is in the headers.
            ///
            /// # Errors
            /// The first thing that is wrong.
            pub fn decode(self) -> Result<Properties<$l>, PropertyError> {
                let flags = self.flags();
                let mut rest = self.list()?;
                let all = Properties { $($name: take(flags & 1 << $bit != 0, &mut rest)?),* };
                if rest.is_empty() { Ok(all) } else { Err(PropertyError::Trailing) }
            }
        }

        impl Properties<'_> {
            /// Writes flags and properties.
            pub fn encode(&self, out: &mut impl BufMut) {
                let mut flags = 0;
                $(flags |= u16::from(self.$name.is_some()) << $bit;)*
                out.put_u16(flags);
                $(if let Some(value) = self.$name { value.write(out); })*
            }

            /// Octets that [`encode`](Self::encode) writes.
            pub fn encoded_len(&self) -> usize {
                let mut len = 2;
                $(len += self.$name.map_or(0, Property::len);)*
                len
            }
        }

        impl Display for Properties<'_> {
            /// `content-type="text/plain" delivery-mode=2`; what is missing is left out.
            fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
                let all = [$(self.$name.map(|value| {
                    let name = stringify!($name).trim_end_matches('_').replace('_', "-");
                    format!("{name}={value:?}")
                })),*];
                out.write_str(&all.into_iter().flatten().collect::<Vec<_>>().join(" "))
            }
        }
    };
}

properties! { 'a;
    /// MIME type of the body.
    15 content_type: ShortBytes<'a>;
    /// MIME encoding of the body.
    14 content_encoding: ShortBytes<'a>;
    /// The publisher's headers, not read yet.
    13 headers: TableRef<'a>;
    /// 2 if the message should survive a restart of the broker; anything else is taken as 1.
    12 delivery_mode: u8;
    /// Urgency, 0 ..= 255, more is sooner.
    11 priority: u8;
    /// What the message answers.
    10 correlation_id: ShortBytes<'a>;
    /// Where answers should go.
    9 reply_to: ShortBytes<'a>;
    /// How long the message is good: milliseconds, decimal, as text.
    8 expiration: ShortBytes<'a>;
    /// The publisher's name for the message.
    7 message_id: ShortBytes<'a>;
    /// When the publisher made it, in seconds since 1970.
    6 timestamp: u64;
    /// The publisher's word for the kind of message.
    5 type_: ShortBytes<'a>;
    /// The user who published it, which RabbitMQ verifies.
    4 user_id: ShortBytes<'a>;
    /// The program that published it.
    3 app_id: ShortBytes<'a>;
    /// Unused, but passed on.
    2 cluster_id: ShortBytes<'a>;
}

impl<'a> PropertiesRef<'a> {
    /// No property at all.
    pub const EMPTY: PropertiesRef<'static> = PropertiesRef(&[0, 0]);

    /// Looks at `octets` as flags and properties; nothing is read yet.
    #[inline]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self(octets)
    }

    /// Flags and properties as they lie there.
    #[inline]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The flags of the properties that are there; 0 if there is not even a word of flags.
    #[inline]
    pub fn flags(self) -> u16 {
        self.0
            .first_chunk()
            .map_or(0, |word| u16::from_be_bytes(*word) & DEFINED)
    }

    /// Walks everything, headers too. Texts may be any octets, as in RabbitMQ. Takes time linear
    /// in the length.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn check(self) -> Result<(), PropertyError> {
        let flags = self.flags();
        let mut rest = self.list()?;
        for (flag, shape) in Self::SLOTS {
            if flags & flag == 0 {
                continue;
            }
            rest = if let Layout::Table = shape {
                let (behind, headers) = read(TableRef::parse(rest))?;
                headers.check()?;
                behind
            } else {
                skip(rest, *shape)?
            };
        }
        if rest.is_empty() {
            Ok(())
        } else {
            Err(PropertyError::Trailing)
        }
    }

    /// What follows the flags.
    #[inline]
    fn list(self) -> Result<&'a [u8], PropertyError> {
        Ok(read(short(self.0))?.0)
    }

    /// The property of that flag; those in front of it are passed over.
    #[inline]
    fn find<T: Property<'a>>(self, wanted: u16) -> Result<Option<T>, PropertyError> {
        let flags = self.flags();
        if flags & wanted == 0 {
            return Ok(None);
        }
        let mut rest = self.list()?;
        for (flag, shape) in Self::SLOTS.iter().take_while(|(flag, _)| *flag != wanted) {
            if flags & flag != 0 {
                rest = skip(rest, *shape)?;
            }
        }
        take(true, &mut rest)
    }
}

impl Default for PropertiesRef<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl Display for PropertiesRef<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match self.decode() {
            Ok(properties) => properties.fmt(out),
            Err(error) => write!(out, "<{error}>"),
        }
    }
}

impl fmt::Debug for PropertiesRef<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        Display::fmt(self, out)
    }
}

impl Properties<'_> {
    /// Flags and properties as octets; look at them with [`PropertiesRef::new`].
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.encoded_len());
        self.encode(&mut out);
        out
    }
}

/// How a property's end is found.
#[derive(Clone, Copy)]
enum Layout {
    Short,
    Table,
    Octet,
    LongLong,
}

/// A type that properties can have.
trait Property<'a>: Copy {
    const LAYOUT: Layout;
    fn parse(input: &'a [u8]) -> Parsed<'a, Self, PropertyError>;
    fn write(self, out: &mut impl BufMut);
    fn len(self) -> usize;
}

impl<'a> Property<'a> for ShortBytes<'a> {
    const LAYOUT: Layout = Layout::Short;

    fn parse(input: &'a [u8]) -> Parsed<'a, Self, PropertyError> {
        short_bytes(input)
    }

    fn write(self, out: &mut impl BufMut) {
        out.put_u8(len8(self.as_bytes().len()));
        out.put_slice(self.as_bytes());
    }

    fn len(self) -> usize {
        1 + self.as_bytes().len()
    }
}

impl<'a> Property<'a> for TableRef<'a> {
    const LAYOUT: Layout = Layout::Table;

    fn parse(input: &'a [u8]) -> Parsed<'a, Self, PropertyError> {
        let (rest, entries) = long_bytes(input)?;
        Ok((rest, TableRef::new(entries)))
    }

    fn write(self, out: &mut impl BufMut) {
        out.put_u32(len32(self.as_bytes().len()));
        out.put_slice(self.as_bytes());
    }

    fn len(self) -> usize {
        4 + self.as_bytes().len()
    }
}

impl<'a> Property<'a> for u8 {
    const LAYOUT: Layout = Layout::Octet;

    fn parse(input: &'a [u8]) -> Parsed<'a, Self, PropertyError> {
        octet(input)
    }

    fn write(self, out: &mut impl BufMut) {
        out.put_u8(self);
    }

    fn len(self) -> usize {
        1
    }
}

impl<'a> Property<'a> for u64 {
    const LAYOUT: Layout = Layout::LongLong;

    fn parse(input: &'a [u8]) -> Parsed<'a, Self, PropertyError> {
        long_long(input)
    }

    fn write(self, out: &mut impl BufMut) {
        out.put_u64(self);
    }

    fn len(self) -> usize {
        8
    }
}

/// Takes the next property off `rest`, if it is there.
#[inline]
fn take<'a, T: Property<'a>>(
    is_there: bool,
    rest: &mut &'a [u8],
) -> Result<Option<T>, PropertyError> {
    if !is_there {
        return Ok(None);
    }
    let (behind, value) = read(T::parse(rest))?;
    *rest = behind;
    Ok(Some(value))
}

/// What is behind a value of that shape.
#[inline]
fn skip(input: &[u8], shape: Layout) -> Result<&[u8], PropertyError> {
    Ok(match shape {
        Layout::Short => read(short_bytes(input))?.0,
        Layout::Table => read(long_bytes(input))?.0,
        Layout::Octet => read(octet(input))?.0,
        Layout::LongLong => read(long_long(input))?.0,
    })
}

#[inline]
fn read<'a, T>(parsed: Parsed<'a, T, PropertyError>) -> Result<(&'a [u8], T), PropertyError> {
    flatten(parsed, PropertyError::Truncated)
}

#[cfg(test)]
mod tests;
