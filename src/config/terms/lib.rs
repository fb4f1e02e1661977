//! Erlang's terms, as RabbitMQ's files and command lines have them.
//!
//! Owns a term's three forms: text ([`text`]), octets ([`octets`]), and the encrypted value of a
//! configuration ([`sealed`]), which is octets under a passphrase. Knows no setting and no command.

pub mod octets;
pub mod sealed;
pub mod text;

/// How deep terms may be in others: a reader calls itself for each.
pub(crate) const DEPTH_MAX: usize = 60;

/// A term.
#[derive(Clone, Debug, PartialEq)]
pub enum Term {
    /// `name` or `'any name'`.
    Atom(String),
    /// `"text"`, a list of characters.
    Text(String),
    /// `<<"octets">>`.
    Binary(Vec<u8>),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Ratio(f64),
    /// `[…]`.
    List(Vec<Self>),
    /// `{…}`, with the octets of the text that are left behind its beginning; 0 if it was never a
    /// text.
    Tuple(Vec<Self>, usize),
    /// `#{… => …}`.
    Map(Vec<(Self, Self)>),
    /// `module:function(arguments)`, or `function(arguments)` with an empty module: an expression
    /// that gives a term.
    Call(String, String, Vec<Self>),
}

impl Term {
    /// The atom of this name.
    #[must_use]
    pub fn atom(name: &str) -> Self {
        Self::Atom(name.to_owned())
    }

    /// A tuple that stands in no text.
    #[must_use]
    pub fn tuple(items: Vec<Self>) -> Self {
        Self::Tuple(items, 0)
    }

    /// The text that a list of characters is, or a binary: in UTF-8, or else a character for each
    /// octet.
    #[must_use]
    pub fn as_text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Binary(octets) => Some(match std::str::from_utf8(octets) {
                Ok(text) => text.to_owned(),
                Err(_) => octets.iter().copied().map(char::from).collect(),
            }),
            _ => None,
        }
    }
}
