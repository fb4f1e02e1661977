//! The small values of the protocol: channel numbers, delivery tags and short strings.
//!
//! On the wire a short string is any octets. Names that a client declares must be UTF-8
//! ([`ShortStr`]); what a publisher says, in properties and in the routing key, need not be
//! ([`ShortBytes`]).
//!
//! Invariant: a [`ShortStr`] or [`ShortString`] is UTF-8 of at most 255 octets, a [`ShortBytes`] or
//! [`ShortByteBuf`] has at most 255 octets, so writing one cannot fail.
//!
//! Spec: AMQP 0-9-1, section 4.2.5.

use std::borrow::Borrow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

use crate::table::Quoted;

/// The number of a channel within its connection, 0 ..= 65535; 0 is the connection itself.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct ChannelId(pub u16);

impl ChannelId {
    /// The channel of the connection class and of heartbeats.
    pub const ZERO: Self = Self(0);
}

impl fmt::Display for ChannelId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The number of a delivery within its channel, from 1; 0 means "all so far" where a client may
/// say so.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug)]
pub struct DeliveryTag(pub u64);

impl fmt::Display for DeliveryTag {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

/// The most octets a short string can have.
pub const SHORT_STR_MAX: usize = 255;

/// A borrowed short string: UTF-8, 0 ..= 255 octets.
#[derive(Clone, Copy, Eq, PartialOrd, Ord, Default)]
pub struct ShortStr<'a>(&'a str);

/// Whether two short strings are the same.
///
/// Empty ones are not looked at: the address of nothing may be no address, and some processors
/// take hundreds of cycles for a masked comparison there. Publishers compare empty names all day.
#[inline]
fn is_same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && (one.is_empty() || one == other)
}

impl PartialEq for ShortStr<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        is_same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Hash for ShortStr<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<'a> ShortStr<'a> {
    /// The string of no octets.
    pub const EMPTY: ShortStr<'static> = ShortStr("");

    /// Takes a text, or gives `None` if it has more than 255 octets.
    #[inline]
    pub const fn new(text: &'a str) -> Option<Self> {
        if text.len() <= SHORT_STR_MAX {
            Some(Self(text))
        } else {
            None
        }
    }

    /// The text itself, for as long as what it was borrowed from.
    #[inline]
    pub const fn as_str(self) -> &'a str {
        self.0
    }
}

impl ShortStr<'static> {
    /// Takes a text that is written in the source.
    ///
    /// # Panics
    /// If it has more than 255 octets; in a constant this is an error of compilation.
    pub const fn literal(text: &'static str) -> Self {
        assert!(
            text.len() <= SHORT_STR_MAX,
            "a short string has at most 255 octets"
        );
        Self(text)
    }
}

/// An owned short string: UTF-8, 0 ..= 255 octets. A clone shares the text; the empty one owns
/// nothing.
#[derive(Clone, Default)]
pub struct ShortString(Option<Arc<str>>);

impl ShortString {
    /// Copies a text, or gives `None` if it has more than 255 octets.
    pub fn new(text: &str) -> Option<Self> {
        ShortStr::new(text).map(Self::from)
    }

    /// The borrowed form.
    #[inline]
    pub fn as_short(&self) -> ShortStr<'_> {
        ShortStr(self)
    }

    /// The text itself.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_deref().unwrap_or_default()
    }
}

impl From<ShortStr<'_>> for ShortString {
    fn from(text: ShortStr<'_>) -> Self {
        Self((!text.is_empty()).then(|| Arc::from(text.0)))
    }
}

impl PartialEq for ShortString {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        is_same(self.as_bytes(), other.as_bytes())
    }
}

impl PartialEq<ShortStr<'_>> for ShortString {
    #[inline]
    fn eq(&self, other: &ShortStr<'_>) -> bool {
        is_same(self.as_bytes(), other.as_bytes())
    }
}

impl Eq for ShortString {}

impl PartialOrd for ShortString {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ShortString {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for ShortString {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for ShortString {
    fn borrow(&self) -> &str {
        self
    }
}

/// Borrowed octets of a short string, 0 ..= 255 of them, which may be UTF-8 or not.
#[derive(Clone, Copy, Eq, PartialOrd, Ord, Default)]
pub struct ShortBytes<'a>(pub(crate) &'a [u8]);

impl PartialEq for ShortBytes<'_> {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        is_same(self.0, other.0)
    }
}

impl Hash for ShortBytes<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl<'a> ShortBytes<'a> {
    /// The string of no octets.
    pub const EMPTY: ShortBytes<'static> = ShortBytes(&[]);

    /// Takes octets, or gives `None` if there are more than 255.
    #[inline]
    pub const fn new(octets: &'a [u8]) -> Option<Self> {
        if octets.len() <= SHORT_STR_MAX {
            Some(Self(octets))
        } else {
            None
        }
    }

    /// The octets themselves, for as long as what they were borrowed from.
    #[inline]
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// The text that they are, if they are UTF-8.
    #[inline]
    pub fn to_text(self) -> Option<ShortStr<'a>> {
        std::str::from_utf8(self.0).ok().map(ShortStr)
    }
}

impl ShortBytes<'static> {
    /// Takes a text that is written in the source.
    ///
    /// # Panics
    /// If it has more than 255 octets; in a constant this is an error of compilation.
    pub const fn literal(text: &'static str) -> Self {
        ShortStr::literal(text).as_octets()
    }
}

impl<'a> ShortStr<'a> {
    /// The octets of the text.
    #[inline]
    pub const fn as_octets(self) -> ShortBytes<'a> {
        ShortBytes(self.0.as_bytes())
    }
}

impl<'a> From<ShortStr<'a>> for ShortBytes<'a> {
    #[inline]
    fn from(text: ShortStr<'a>) -> Self {
        text.as_octets()
    }
}

/// Owned octets of a short string, 0 ..= 255 of them. A clone shares them; the empty string owns
/// nothing.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct ShortByteBuf(Option<Arc<[u8]>>);

impl ShortByteBuf {
    /// Copies octets, or gives `None` if there are more than 255.
    pub fn new(octets: &[u8]) -> Option<Self> {
        ShortBytes::new(octets).map(Self::from)
    }

    /// The borrowed form.
    #[inline]
    pub fn as_short(&self) -> ShortBytes<'_> {
        ShortBytes(self)
    }
}

impl From<ShortBytes<'_>> for ShortByteBuf {
    fn from(octets: ShortBytes<'_>) -> Self {
        Self((!octets.is_empty()).then(|| Arc::from(octets.0)))
    }
}

impl From<ShortStr<'_>> for ShortByteBuf {
    fn from(text: ShortStr<'_>) -> Self {
        text.as_octets().into()
    }
}

impl Deref for ShortBytes<'_> {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.0
    }
}

impl Deref for ShortByteBuf {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        self.0.as_deref().unwrap_or_default()
    }
}

impl AsRef<[u8]> for ShortBytes<'_> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl AsRef<[u8]> for ShortByteBuf {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self
    }
}

impl fmt::Debug for ShortBytes<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&Quoted(self.0), out)
    }
}

impl fmt::Debug for ShortByteBuf {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_short().fmt(out)
    }
}

impl PartialEq<ShortBytes<'_>> for ShortByteBuf {
    #[inline]
    fn eq(&self, other: &ShortBytes<'_>) -> bool {
        is_same(self, other)
    }
}

/// What both forms of a text have.
macro_rules! like_str {
    ($($name:ty),*) => {$(
        impl Deref for $name {
            type Target = str;

            #[inline]
            fn deref(&self) -> &str {
                self.as_str()
            }
        }

        impl AsRef<str> for $name {
            #[inline]
            fn as_ref(&self) -> &str {
                self
            }
        }

        impl AsRef<[u8]> for $name {
            #[inline]
            fn as_ref(&self) -> &[u8] {
                self.as_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&**self, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&**self, out)
            }
        }

        impl PartialEq<str> for $name {
            #[inline]
            fn eq(&self, other: &str) -> bool {
                is_same(self.as_bytes(), other.as_bytes())
            }
        }

        impl PartialEq<&str> for $name {
            #[inline]
            fn eq(&self, other: &&str) -> bool {
                is_same(self.as_bytes(), other.as_bytes())
            }
        }
    )*};
}

like_str!(ShortStr<'_>, ShortString);

#[cfg(test)]
mod tests;
