//! Encrypted values, `default_pass = encrypted:…`, and what `advanced.config` says of how they are
//! read: `config_entry_decoder`.
//!
//! Docs: configure, encrypted values. Seen: RabbitMQ 4.3.6.

use std::path::Path;

use leveret_terms::Term;
use leveret_terms::sealed::Method;

use crate::config::sources::read_text;

/// How an encrypted value begins.
const PREFIX: &str = "encrypted:";

/// What a decoder is.
pub(super) const DECODER: &str = "a passphrase and, if they are others than RabbitMQ's, cipher, \
    hash and iterations, as in [{passphrase, <<\"…\">>}]";

/// How encrypted values are read.
pub(super) struct Decoder {
    method: Method,
    passphrase: String,
}

/// A passphrase is no part of what is printed.
impl std::fmt::Debug for Decoder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.method.fmt(f)
    }
}

impl Decoder {
    /// The one that a term of `advanced.config` describes; `None` if it is none.
    pub(super) fn of(term: &Term) -> Option<Self> {
        let Term::List(fields) = term else {
            return None;
        };
        let find = |name: &str| {
            let named = |field: &Term| match field {
                Term::Tuple(pair, _) => match pair.as_slice() {
                    [Term::Atom(known), value] if known == name => Some(value.clone()),
                    _ => None,
                },
                _ => None,
            };
            fields.iter().find_map(named)
        };
        let word = |name| match find(name) {
            None => Some(None),
            Some(Term::Atom(word)) => Some(Some(word)),
            Some(_) => None,
        };
        let iterations = match find("iterations") {
            None => None,
            Some(Term::Whole(whole)) => Some(whole),
            Some(_) => return None,
        };
        let (cipher, hash) = (word("cipher")?, word("hash")?);
        let method = Method::new(cipher.as_deref(), hash.as_deref(), iterations);
        Some(Self {
            method: method.ok()?,
            passphrase: passphrase(&find("passphrase")?)?,
        })
    }

    /// The value that an encrypted one stands for; `None` if this does not read it.
    fn open(&self, sealed: &str) -> Option<String> {
        let term = self.method.decrypt(self.passphrase.as_bytes(), sealed)?;
        match term {
            Term::Atom(text) => Some(text),
            term => term.as_text(),
        }
    }
}

/// A passphrase, or the first line of the file that has it.
fn passphrase(term: &Term) -> Option<String> {
    match term {
        Term::Tuple(pair, _) => match pair.as_slice() {
            [Term::Atom(file), path] if file == "file" => {
                let text = read_text(Path::new(&path.as_text()?)).ok()?;
                text.lines().next().map(str::to_owned)
            }
            _ => None,
        },
        term => term.as_text(),
    }
}

/// The encrypted value that a term is, as a line has it: `{encrypted, <<"…">>}`.
pub(super) fn line(term: &[Term]) -> Option<String> {
    match term {
        [Term::Atom(tag), sealed] if tag == "encrypted" => {
            Some(format!("{PREFIX}{}", sealed.as_text()?))
        }
        _ => None,
    }
}

/// A value, decrypted if it is encrypted.
///
/// # Errors
/// What was found instead of one that can be read.
pub(super) fn opened(value: String, decoder: Option<&Decoder>) -> Result<String, &'static str> {
    let Some(sealed) = value.strip_prefix(PREFIX) else {
        return Ok(value);
    };
    let decoder =
        decoder.ok_or("an encrypted value without a config_entry_decoder in advanced.config")?;
    decoder
        .open(sealed)
        .ok_or("an encrypted value that the config_entry_decoder does not read")
}

#[cfg(test)]
mod tests;
