//! The regular expressions of permissions and policies, searched in a name.
//!
//! RabbitMQ compiles them with PCRE and without Unicode. Ours run in linear time whatever the
//! pattern, so what PCRE spells otherwise is translated (`{name}` as plain text, `[` in a class)
//! and a look-ahead behind a leading `^`, as in `^(?!amq\.)`, becomes a search of its own. Other
//! look-around and back-references are refused with a reason. Does not know users or names.
//! Docs: access-control, policies. Seen: RabbitMQ 4.3.6, tests/scripts/permissions and
//! tests/scripts/differs/look_around_in_permissions.amqp.

use std::fmt;

use regex::bytes::{Regex, RegexBuilder};
use regex_syntax::ast::ErrorKind;

/// Longest pattern, in octets; a longer one is refused as invalid.
const PATTERN_LEN_MAX: usize = 4096;
/// Memory one compiled search may take, and as much again for its cache, in octets.
const COMPILED_SIZE_MAX: usize = 1 << 20;

/// One compiled pattern and the text it was made of.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: Box<str>,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    Everything,
    /// `^.*$`: everything but a name of two lines.
    OneLine,
    /// `''` of a permission.
    EmptyOnly,
    Regex(Regex),
    /// Look-aheads at the start, each wanted or unwanted there, then the rest.
    Guarded {
        guards: Box<[Guard]>,
        rest: Regex,
    },
}

#[derive(Clone, Debug)]
struct Guard {
    kind: GuardKind,
    regex: Regex,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum GuardKind {
    Wanted,
    Unwanted,
}

impl Pattern {
    /// Compiles `text`; the empty pattern is found in every name.
    ///
    /// # Errors
    /// `InvalidPattern` for what is no regular expression, and for what only a backtracking
    /// engine can do.
    pub fn new(text: &str) -> Result<Self, InvalidPattern> {
        Self::shown_as(text, text)
    }

    /// Compiles a pattern of a permission, where the empty one is found in no real name.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn for_permission(text: &str) -> Result<Self, InvalidPattern> {
        Self::for_permission_shown_as(text, text)
    }

    /// Compiles `expanded`, and shows `text` as what it was made of.
    ///
    /// # Errors
    /// As [`new`](Self::new), about `text`.
    pub(super) fn for_permission_shown_as(
        text: &str,
        expanded: &str,
    ) -> Result<Self, InvalidPattern> {
        if text.is_empty() {
            return Ok(Self {
                text: text.into(),
                matcher: Matcher::EmptyOnly,
            });
        }
        Self::shown_as(text, expanded)
    }

    fn shown_as(text: &str, expanded: &str) -> Result<Self, InvalidPattern> {
        let matcher = Matcher::compile(expanded).map_err(|Complaint { reason, position }| {
            InvalidPattern {
                pattern: text.to_owned(),
                reason,
                position: position.min(text.len()),
            }
        })?;
        Ok(Self {
            text: text.into(),
            matcher,
        })
    }

    /// Whether the pattern is found somewhere in `name`, which may be any octets.
    #[must_use]
    pub fn matches(&self, name: impl AsRef<[u8]>) -> bool {
        let name = name.as_ref();
        match &self.matcher {
            Matcher::Everything => true,
            Matcher::OneLine => !name.contains(&b'\n'),
            Matcher::EmptyOnly => name.is_empty(),
            Matcher::Regex(regex) => regex.is_match(name),
            Matcher::Guarded { guards, rest } => {
                guards.iter().all(|guard| guard.holds(name)) && rest.is_match(name)
            }
        }
    }

    /// The text it was made of.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl Guard {
    fn holds(&self, name: &[u8]) -> bool {
        self.regex.is_match(name) == (self.kind == GuardKind::Wanted)
    }
}

/// A reason in PCRE's words where we know them, and the octet it was noticed at.
struct Complaint {
    reason: String,
    position: usize,
}

impl Matcher {
    fn compile(text: &str) -> Result<Self, Complaint> {
        if text.len() > PATTERN_LEN_MAX {
            return Err(too_large());
        }
        match text {
            "" | ".*" | "^.*" | ".*$" => return Ok(Self::Everything),
            "^.*$" => return Ok(Self::OneLine),
            _ => {}
        }
        let Some((guards, rest)) = split_guards(text) else {
            return regex(text).map(Self::Regex);
        };
        let guards = guards
            .into_iter()
            .map(|(kind, inner)| {
                Ok(Guard {
                    kind,
                    regex: regex(&format!("^(?:{inner})"))?,
                })
            })
            .collect::<Result<_, Complaint>>()?;
        Ok(Self::Guarded {
            guards,
            rest: regex(&format!("^{rest}"))?,
        })
    }
}

fn too_large() -> Complaint {
    Complaint {
        reason: "regular expression is too large".to_owned(),
        position: 0,
    }
}

fn regex(text: &str) -> Result<Regex, Complaint> {
    let translated = translate(text);
    // Without Unicode a name is octets, as for PCRE. Only a pattern that is not ASCII needs
    // characters: PCRE would take those for octets, which no author of a pattern means.
    let unicode = !text.is_ascii();
    RegexBuilder::new(&translated)
        .unicode(unicode)
        .size_limit(COMPILED_SIZE_MAX)
        .dfa_size_limit(COMPILED_SIZE_MAX)
        .build()
        .map_err(|_| complaint(&translated, unicode))
}

/// Finds out why `translated` was refused.
fn complaint(translated: &str, unicode: bool) -> Complaint {
    let mut parser = regex_syntax::ParserBuilder::new()
        .unicode(unicode)
        .utf8(false)
        .build();
    match parser.parse(translated) {
        Ok(_) => too_large(),
        Err(regex_syntax::Error::Parse(error)) => {
            let end = error.span().end.offset;
            let (reason, position) = match error.kind() {
                ErrorKind::GroupUnclosed => ("missing closing parenthesis", usize::MAX),
                ErrorKind::ClassUnclosed => {
                    ("missing terminating ] for character class", usize::MAX)
                }
                ErrorKind::GroupUnopened => ("unmatched closing parenthesis", end),
                ErrorKind::EscapeUnexpectedEof => ("\\ at end of pattern", usize::MAX),
                ErrorKind::RepetitionMissing => {
                    ("quantifier does not follow a repeatable item", end + 1)
                }
                ErrorKind::RepetitionCountInvalid => (
                    "numbers out of order in {} quantifier",
                    end.saturating_sub(1),
                ),
                ErrorKind::ClassRangeInvalid => ("range out of order in character class", end),
                ErrorKind::UnsupportedLookAround => (
                    "look-around is supported only right behind a leading ^",
                    end,
                ),
                other => {
                    return Complaint {
                        reason: other.to_string(),
                        position: end,
                    };
                }
            };
            Complaint {
                reason: reason.to_owned(),
                position,
            }
        }
        Err(regex_syntax::Error::Translate(error)) => Complaint {
            reason: error.kind().to_string(),
            position: error.span().end.offset,
        },
        Err(other) => Complaint {
            reason: other.to_string(),
            position: 0,
        },
    }
}

/// Takes `^(?!a)(?=b)rest` apart; nothing for a pattern of another form.
fn split_guards(text: &str) -> Option<(Vec<(GuardKind, &str)>, &str)> {
    let mut rest = text.strip_prefix('^')?;
    let mut guards = Vec::new();
    loop {
        let kind = match rest.get(..3) {
            Some("(?!") => GuardKind::Unwanted,
            Some("(?=") => GuardKind::Wanted,
            _ => break,
        };
        let close = closing_parenthesis(rest)?;
        guards.push((kind, rest.get(3..close)?));
        rest = rest.get(close + 1..)?;
    }
    // A `|` binds looser than the guards, and a quantifier would repeat the last of them.
    let loose = alternates(rest) || rest.starts_with(['*', '+', '?', '{']);
    (!guards.is_empty() && !loose).then_some((guards, rest))
}

/// Where the group closes that `text` starts with.
fn closing_parenthesis(text: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, octet) in structure(text) {
        match octet {
            b'(' => depth += 1,
            b')' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Whether there is a `|` outside of all groups.
fn alternates(text: &str) -> bool {
    let mut depth = 0_usize;
    structure(text).any(|(_, octet)| {
        match octet {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        octet == b'|' && depth == 0
    })
}

/// The octets of `text` with their places, but escapes and classes left out.
fn structure(text: &str) -> impl Iterator<Item = (usize, u8)> + '_ {
    let mut octets = text.bytes().enumerate().peekable();
    std::iter::from_fn(move || {
        loop {
            let (at, octet) = octets.next()?;
            match octet {
                b'\\' => {
                    octets.next();
                }
                b'[' => {
                    octets.next_if(|&(_, next)| next == b'^');
                    octets.next_if(|&(_, next)| next == b']');
                    while let Some((_, inner)) = octets.next_if(|&(_, next)| next != b']') {
                        if inner == b'\\' {
                            octets.next();
                        }
                    }
                    octets.next();
                }
                _ => return Some((at, octet)),
            }
        }
    })
}

/// Spells for our engine what PCRE reads otherwise.
fn translate(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let taken = match first {
            '\\' => translate_escape(rest, &mut out),
            '[' => translate_class(rest, &mut out),
            '{' if !is_quantifier(rest) => {
                out.push_str("\\{");
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = rest.get(taken..).unwrap_or_default();
    }
    out
}

/// Whether `text` starts with `{n}`, `{n,}` or `{n,m}`; PCRE reads any other brace as itself.
fn is_quantifier(text: &str) -> bool {
    let Some((inner, _)) = text
        .strip_prefix('{')
        .and_then(|inner| inner.split_once('}'))
    else {
        return false;
    };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |part: &str| part.bytes().all(|octet| octet.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// Copies an escape, with its braces if it has an argument; gives the octets taken.
fn translate_escape(text: &str, out: &mut String) -> usize {
    let mut chars = text.chars().skip(1);
    let Some(escaped) = chars.next() else {
        out.push('\\');
        return 1;
    };
    let argument = match (escaped, chars.next()) {
        ('p' | 'P' | 'x', Some('{')) => text.find('}').map(|close| close + 1),
        _ => None,
    };
    let taken = argument.unwrap_or(1 + escaped.len_utf8());
    // `\<` and `\>` are word edges for our engine.
    let keep = if matches!(escaped, '<' | '>') { 1 } else { 0 };
    out.push_str(text.get(keep..taken).unwrap_or_default());
    taken
}

/// Copies a character class, its set operators made plain; gives the octets taken.
fn translate_class(text: &str, out: &mut String) -> usize {
    let mut at = 1;
    out.push('[');
    if text.get(at..).is_some_and(|rest| rest.starts_with('^')) {
        out.push('^');
        at += 1;
    }
    let first = at;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let mut chars = rest.chars();
        let (Some(current), next) = (chars.next(), chars.next()) else {
            break;
        };
        at += match current {
            '\\' => translate_escape(rest, out),
            ']' if at > first => {
                out.push(']');
                return at + 1;
            }
            '[' if next == Some(':') && rest.contains(":]") => {
                let close = rest.find(":]").unwrap_or_default() + 2;
                out.push_str(rest.get(..close).unwrap_or_default());
                close
            }
            '[' | ']' => {
                out.extend(['\\', current]);
                1
            }
            '&' | '~' | '-' if next == Some(current) => {
                out.extend(['\\', current]);
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
    }
    at
}

/// Why a text is no pattern.
///
/// Displayed as RabbitMQ does when definitions are imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidPattern {
    /// The text.
    pub pattern: String,
    /// What is wrong with it, in PCRE's words where there are some.
    pub reason: String,
    /// Where it was noticed, in octets from the start, up to the length of the pattern.
    pub position: usize,
}

/// Seen: RabbitMQ 4.3.6, `POST /api/definitions`.
impl fmt::Display for InvalidPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            pattern,
            reason,
            position,
        } = self;
        write!(
            f,
            "{{invalid_regexp,\"{pattern}\",{{\"{reason}\",{position}}}}}"
        )
    }
}

impl std::error::Error for InvalidPattern {}

#[cfg(test)]
mod tests;
