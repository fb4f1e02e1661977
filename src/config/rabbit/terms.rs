//! Erlang terms as files of RabbitMQ have them: `enabled_plugins`, `advanced.config`, options of
//! its command line.
//!
//! It knows no setting. Terms in terms are read up to a depth of [`DEPTH_MAX`].
//!
//! Seen: Erlang/OTP 29, `file:consult` and the rules of its scanner.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n, take_while1};
use nom::character::complete::{anychar, char, digit1, none_of, one_of, satisfy};
use nom::combinator::{cut, map, map_opt, not, opt, recognize, value};
use nom::error::{Error, ErrorKind};
use nom::multi::{fold_many0, many0_count, many1, separated_list0, separated_list1};
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

/// How deep terms may be in others: the reader calls itself for each.
const DEPTH_MAX: usize = 60;

/// A term.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    /// `name` or `'any name'`.
    Atom(String),
    /// `"text"`, or a binary, `<<"text">>`, which settings take in its place.
    Text(String),
    /// A whole number.
    Whole(i64),
    /// Another number.
    Ratio(f64),
    /// `[…]`.
    List(Vec<Self>),
    /// `{…}`, with the octets of the text that are left behind its beginning.
    Tuple(Vec<Self>, usize),
    /// `#{… => …}`.
    Map(Vec<(Self, Self)>),
}

/// Reads a file: one term, and a dot behind it.
///
/// # Errors
/// The line, from 1, in which it cannot go on.
pub(super) fn read(text: &str) -> Result<Term, usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let end = (space, char('.'), space);
    let mut whole = terminated(|input| term(input, DEPTH_MAX), end);
    match whole.parse(text) {
        Ok(("", term)) => Ok(term),
        Ok((rest, _)) => Err(line(text, rest.len())),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => {
            Err(line(text, error.input.len()))
        }
        Err(nom::Err::Incomplete(_)) => Err(line(text, 0)),
    }
}

/// Reads the term that a text begins with, and gives the rest of it. A text without one, such as a
/// path, gives none.
pub(super) fn prefix(text: &str) -> Option<(Term, &str)> {
    let (rest, term) = term(text, DEPTH_MAX).ok()?;
    let read = text.len().saturating_sub(rest.len());
    let is_apart = text
        .get(..read)
        .is_some_and(|read| read.ends_with(char::is_whitespace));
    let ends = rest.is_empty() || is_apart || rest.starts_with(char::is_whitespace);
    ends.then_some((term, rest))
}

/// The line in which only `left` octets are left.
pub(super) fn line(text: &str, left: usize) -> usize {
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

fn term(input: &str, depth: usize) -> IResult<&str, Term> {
    let (input, ()) = space(input)?;
    let Some(depth) = depth.checked_sub(1) else {
        let error = Error::new(input, ErrorKind::TooLarge);
        return Err(nom::Err::Failure(error));
    };
    let inner = |input| term(input, depth);
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
        map(binary, Term::Text),
        number,
        map(atom, Term::Atom),
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

/// `<<"text">>`, or octets by their numbers.
fn binary(input: &str) -> IResult<&str, String> {
    let text = terminated(texts, opt(pair(space, tag("/utf8"))));
    let octets = separated_list1(pair(space, char(',')), preceded(space, digit1));
    let octets = map_opt(octets, |octets: Vec<&str>| {
        let octets = octets.iter().map(|octet| octet.parse::<u8>().ok());
        let octets: Option<Vec<u8>> = octets.collect();
        octets.map(|octets| String::from_utf8_lossy(&octets).into_owned())
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
    let bare = terminated(bare, not(char('(')));
    alt((|input| quoted(input, '\''), bare)).parse(input)
}

#[cfg(test)]
mod tests;
