//! Terms as text: read as files of RabbitMQ have them (`enabled_plugins`, `advanced.config`), or
//! options and arguments of command lines, or expressions for `rabbitmqctl eval`; written as Erlang
//! does. It makes no call.
//!
//! Terms in terms are read up to a depth of [`DEPTH_MAX`].
//!
//! Seen: Erlang/OTP 29, `file:consult`, the rules of its scanner and `~p`.

use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, digit1, none_of, one_of, satisfy};
use nom::combinator::{cut, fail, map, map_opt, not, opt, recognize, value};
use nom::error::{Error, ErrorKind};
use nom::multi::{fold_many0, many0_count, many1, separated_list0, separated_list1};
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

use crate::{DEPTH_MAX, Term};

/// Whether calls are read where terms may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Calls {
    Refused,
    Read,
}

/// Reads a file: one term, and a dot behind it.
///
/// # Errors
/// The line, from 1, in which it cannot go on.
pub fn read(text: &str) -> Result<Term, usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    whole(text, Calls::Refused).map_err(|left| line(text, left))
}

/// Reads an expression, which may have calls in it, with a dot behind it; `None` if it is none.
#[must_use]
pub fn expression(text: &str) -> Option<Term> {
    whole(text, Calls::Read).ok()
}

/// Reads a whole text; what cannot be read is told by how many octets are left.
fn whole(text: &str, calls: Calls) -> Result<Term, usize> {
    let end = (space, char('.'), space);
    let mut whole = terminated(|input| term(input, calls, DEPTH_MAX), end);
    match whole.parse(text) {
        Ok(("", term)) => Ok(term),
        Ok((rest, _)) => Err(rest.len()),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => Err(error.input.len()),
        Err(nom::Err::Incomplete(_)) => Err(0),
    }
}

/// Reads the term that a text begins with, and gives the rest of it. A text without one, such as a
/// path, gives none.
pub fn prefix(text: &str) -> Option<(Term, &str)> {
    let (rest, term) = term(text, Calls::Refused, DEPTH_MAX).ok()?;
    let read = text.len().saturating_sub(rest.len());
    let is_apart = text
        .get(..read)
        .is_some_and(|read| read.ends_with(char::is_whitespace));
    let ends = rest.is_empty() || is_apart || rest.starts_with(char::is_whitespace);
    ends.then_some((term, rest))
}

/// The line in which only `left` octets are left.
pub fn line(text: &str, left: usize) -> usize {
    let read = text.len().saturating_sub(left);
    let read = text.as_bytes().get(..read).unwrap_or_default();
    read.iter().filter(|octet| **octet == b'\n').count() + 1
}

/// Blanks and comments.
fn space(input: &str) -> IResult<&str, ()> {
    let blank = take_while1(char::is_whitespace);
    let comment = recognize(pair(char('%'), take_while(|c| c != '\n')));
    value((), many0_count(alt((blank, comment)))).parse(input)
}

fn term(input: &str, calls: Calls, depth: usize) -> IResult<&str, Term> {
    let (input, ()) = space(input)?;
    let Some(depth) = depth.checked_sub(1) else {
        let error = Error::new(input, ErrorKind::TooLarge);
        return Err(nom::Err::Failure(error));
    };
    let inner = move |input| term(input, calls, depth);
    let comma = || pair(space, char(','));
    let list = delimited(
        char('['),
        cut(separated_list0(comma(), inner)),
        cut(pair(space, char(']'))),
    );
    let tuple = delimited(
        char('{'),
        cut(separated_list0(comma(), inner)),
        cut(pair(space, char('}'))),
    );
    let pair_of_map = separated_pair(inner, preceded(space, tag("=>")), inner);
    let map_of = delimited(
        tag("#{"),
        cut(separated_list0(comma(), pair_of_map)),
        cut(pair(space, char('}'))),
    );
    let left = input.len();
    alt((
        map(list, Term::List),
        map(tuple, move |items| Term::Tuple(items, left)),
        map(map_of, Term::Map),
        map(texts, Term::Text),
        map(binary, Term::Binary),
        number,
        move |input| atom_or_call(input, inner, calls),
    ))
    .parse(input)
}

/// Texts that follow each other are one.
fn texts(input: &str) -> IResult<&str, String> {
    let one = terminated(|input| quoted(input, '"'), space);
    map(many1(one), |texts| texts.concat()).parse(input)
}

/// What stands between quotes.
fn quoted(input: &str, quote: char) -> IResult<&str, String> {
    let plain = none_of(match quote {
        '"' => "\"\\",
        _ => "'\\",
    });
    let letter = alt((preceded(char('\\'), cut(escaped)), plain));
    let inside = fold_many0(letter, String::new, |mut text, letter| {
        text.push(letter);
        text
    });
    delimited(char(quote), inside, cut(char(quote))).parse(input)
}

/// What stands behind a backslash.
fn escaped(input: &str) -> IResult<&str, char> {
    let hex = |c: char| c.is_ascii_hexdigit();
    let number = |digits: &str| {
        u32::from_str_radix(digits, 16)
            .ok()
            .and_then(char::from_u32)
    };
    let braced = delimited(tag("x{"), take_while_m_n(1, 6, hex), char('}'));
    let short = preceded(char('x'), take_while_m_n(2, 2, hex));
    let other = map(anychar, |letter| match letter {
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        's' => ' ',
        'b' => '\u{8}',
        'e' => '\u{1b}',
        'f' => '\u{c}',
        'v' => '\u{b}',
        '0' => '\0',
        other => other,
    });
    alt((map_opt(braced, number), map_opt(short, number), other)).parse(input)
}

/// `<<"text">>`, or octets by their numbers. Without `/utf8` a character is one octet.
fn binary(input: &str) -> IResult<&str, Vec<u8>> {
    let utf8 = opt(pair(space, tag("/utf8")));
    let text = map_opt((texts, utf8), |(text, utf8)| match utf8 {
        Some(_) => Some(text.into_bytes()),
        None => text
            .chars()
            .map(|letter| u8::try_from(letter).ok())
            .collect(),
    });
    let octets = separated_list1(pair(space, char(',')), preceded(space, digit1));
    let octets = map_opt(octets, |octets: Vec<&str>| {
        let octets = octets.iter().map(|octet| octet.parse::<u8>().ok());
        octets.collect::<Option<Vec<u8>>>()
    });
    let inside = preceded(space, opt(alt((text, octets))));
    let inside = delimited(tag("<<"), inside, cut(pair(space, tag(">>"))));
    map(inside, Option::unwrap_or_default).parse(input)
}

fn number(input: &str) -> IResult<&str, Term> {
    let letter = map(
        preceded(char('$'), alt((preceded(char('\\'), escaped), anychar))),
        |c| Term::Whole(u32::from(c).into()),
    );
    let digits = || take_while1(|c: char| c.is_ascii_digit() || c == '_');
    let sign = || opt(one_of("+-"));
    let exponent = opt((one_of("eE"), sign(), digits()));
    let ratio = recognize((sign(), digits(), char('.'), digits(), exponent));
    let ratio = map_opt(ratio, |text: &str| text.replace('_', "").parse().ok());
    let based = (
        digits(),
        char('#'),
        take_while1(|c: char| c.is_ascii_alphanumeric()),
    );
    let based = map_opt(based, |(base, _, digits): (&str, _, &str)| {
        let base = base.parse().ok().filter(|base| (2..=36).contains(base))?;
        i64::from_str_radix(digits, base).ok()
    });
    let whole = map_opt(recognize(pair(sign(), digits())), |text: &str| {
        text.replace('_', "").parse().ok()
    });
    alt((
        letter,
        map(ratio, Term::Ratio),
        map(based, Term::Whole),
        map(whole, Term::Whole),
    ))
    .parse(input)
}

fn atom(input: &str) -> IResult<&str, String> {
    let first = satisfy(|c| c.is_lowercase());
    let rest = take_while(|c: char| c.is_alphanumeric() || c == '_' || c == '@');
    let bare = map(recognize(pair(first, rest)), str::to_owned);
    alt((|input| quoted(input, '\''), bare)).parse(input)
}

/// An atom, or a call where calls are read.
fn atom_or_call<'t>(
    input: &'t str,
    inner: impl Fn(&'t str) -> IResult<&'t str, Term>,
    calls: Calls,
) -> IResult<&'t str, Term> {
    let (behind, first) = atom(input)?;
    if calls == Calls::Refused {
        return map(not(char('(')), |()| Term::Atom(first.clone())).parse(behind);
    }
    let (behind, second) = opt(preceded(char(':'), atom)).parse(behind)?;
    let arguments = separated_list0(pair(space, char(',')), inner);
    let arguments = delimited(char('('), arguments, pair(space, char(')')));
    let (behind, arguments) = opt(arguments).parse(behind)?;
    let term = match (second, arguments) {
        (None, None) => Term::Atom(first),
        (None, Some(arguments)) => Term::Call(String::new(), first, arguments),
        (Some(function), Some(arguments)) => Term::Call(first, function, arguments),
        (Some(_), None) => return fail().parse(input),
    };
    Ok((behind, term))
}

/// As Erlang's `~p` writes it, on one line.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(name) => write_atom(name, f),
            Self::Binary(octets) if octets.is_empty() => f.write_str("<<>>"),
            Self::Binary(octets) => match self.as_text() {
                Some(text) if !text.chars().any(is_hidden) => write!(f, "<<{}>>", marked(&text)),
                _ => {
                    let octets: Vec<String> = octets.iter().map(u8::to_string).collect();
                    write!(f, "<<{}>>", octets.join(","))
                }
            },
            Self::Text(text) if text.is_empty() => f.write_str("[]"),
            Self::Text(text) => f.write_str(&marked(text)),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Ratio(number) => write!(f, "{number:?}"),
            Self::List(items) => write_all('[', items, ']', f),
            Self::Tuple(items, _) => write_all('{', items, '}', f),
            Self::Map(pairs) => {
                f.write_str("#{")?;
                for (at, (key, value)) in pairs.iter().enumerate() {
                    let comma = if at > 0 { "," } else { "" };
                    write!(f, "{comma}{key} => {value}")?;
                }
                f.write_str("}")
            }
            Self::Call(module, function, arguments) => {
                if !module.is_empty() {
                    write_atom(module, f)?;
                    f.write_str(":")?;
                }
                write_atom(function, f)?;
                write_all('(', arguments, ')', f)
            }
        }
    }
}

/// The letter behind a backslash, for a character that has one.
fn letter_of(character: char) -> Option<char> {
    Some(match character {
        '"' | '\\' => character,
        '\n' => 'n',
        '\r' => 'r',
        '\t' => 't',
        '\u{8}' => 'b',
        '\u{b}' => 'v',
        '\u{c}' => 'f',
        '\u{1b}' => 'e',
        _ => return None,
    })
}

/// Whether a character keeps a binary from being shown as a text.
fn is_hidden(character: char) -> bool {
    character.is_control() && letter_of(character).is_none()
}

/// A text in its quotes.
#[must_use]
pub fn marked(text: &str) -> String {
    let mut marked = String::from("\"");
    for character in text.chars() {
        match letter_of(character) {
            Some(letter) => marked.extend(['\\', letter]),
            None if character.is_control() => {
                marked.push_str(&format!("\\x{{{:x}}}", u32::from(character)));
            }
            None => marked.push(character),
        }
    }
    marked.push('"');
    marked
}

fn write_atom(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match is_bare(name) {
        true => f.write_str(name),
        false => write!(f, "'{}'", name.replace('\\', "\\\\").replace('\'', "\\'")),
    }
}

/// Whether an atom needs no quotes.
fn is_bare(name: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '@');
    name.starts_with(|first: char| first.is_ascii_lowercase()) && name.chars().all(plain)
}

fn write_all(open: char, items: &[Term], close: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{open}")?;
    for (at, item) in items.iter().enumerate() {
        let comma = if at > 0 { "," } else { "" };
        write!(f, "{comma}{item}")?;
    }
    write!(f, "{close}")
}

#[cfg(test)]
mod tests;
