//! Terms as octets: Erlang's external term format, what `term_to_binary` makes of them.
//!
//! Terms in terms are read up to a depth of [`DEPTH_MAX`]; whole numbers of more than 64 bits, and
//! what only a running Erlang has (processes, functions), are not read.
//!
//! Source: Erlang/OTP 29, External Term Format.

use nom::bytes::complete::take;
use nom::combinator::{fail, map, map_opt};
use nom::error::Error;
use nom::multi::many_m_n;
use nom::number::complete::{be_f64, be_i32, be_u8, be_u16, be_u32};
use nom::{IResult, Parser as _};

use crate::{DEPTH_MAX, Term};

/// What all of them begin with.
const VERSION: u8 = 131;

const FLOAT: u8 = 70;
const SMALL_INTEGER: u8 = 97;
const INTEGER: u8 = 98;
const ATOM_LATIN: u8 = 100;
const SMALL_TUPLE: u8 = 104;
const LARGE_TUPLE: u8 = 105;
const NIL: u8 = 106;
const STRING: u8 = 107;
const LIST: u8 = 108;
const BINARY: u8 = 109;
const SMALL_BIG: u8 = 110;
const SMALL_ATOM_LATIN: u8 = 115;
const MAP: u8 = 116;
const ATOM: u8 = 118;
const SMALL_ATOM: u8 = 119;

/// The octets of a term.
#[must_use]
pub fn of(term: &Term) -> Vec<u8> {
    let mut octets = vec![VERSION];
    write(term, &mut octets);
    octets
}

/// The term that these octets are; `None` if they are none, or have more behind it.
#[must_use]
pub fn read(octets: &[u8]) -> Option<Term> {
    let rest = octets.strip_prefix(&[VERSION])?;
    match term(rest, DEPTH_MAX) {
        Ok(([], term)) => Some(term),
        _ => None,
    }
}

fn write(term: &Term, to: &mut Vec<u8>) {
    match term {
        Term::Atom(name) => match u8::try_from(name.len()) {
            Ok(len) => tagged(SMALL_ATOM, &[len], name.as_bytes(), to),
            Err(_) => tagged(ATOM, &short(name.len()), name.as_bytes(), to),
        },
        Term::Whole(whole) => number(*whole, to),
        Term::Ratio(ratio) => tagged(FLOAT, &[], &ratio.to_be_bytes(), to),
        Term::Binary(octets) => tagged(BINARY, &long(octets.len()), octets, to),
        Term::Text(text) => {
            let letters = text
                .chars()
                .map(|letter| Term::Whole(u32::from(letter).into()));
            list(&letters.collect::<Vec<_>>(), to);
        }
        Term::List(items) => list(items, to),
        Term::Tuple(items, _) => {
            match u8::try_from(items.len()) {
                Ok(len) => tagged(SMALL_TUPLE, &[len], &[], to),
                Err(_) => tagged(LARGE_TUPLE, &long(items.len()), &[], to),
            }
            items.iter().for_each(|item| write(item, to));
        }
        // It has a value once it is made, and none before.
        Term::Call(..) => to.push(NIL),
        Term::Map(pairs) => {
            tagged(MAP, &long(pairs.len()), &[], to);
            for (key, value) in pairs {
                write(key, to);
                write(value, to);
            }
        }
    }
}

fn tagged(tag: u8, len: &[u8], octets: &[u8], to: &mut Vec<u8>) {
    to.push(tag);
    to.extend_from_slice(len);
    to.extend_from_slice(octets);
}

/// A length in two octets. What is longer than they can say is no atom or text of a setting.
fn short(len: usize) -> [u8; 2] {
    u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes()
}

/// A length in four octets.
fn long(len: usize) -> [u8; 4] {
    u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes()
}

fn number(whole: i64, to: &mut Vec<u8>) {
    if let Ok(small) = u8::try_from(whole) {
        tagged(SMALL_INTEGER, &[], &[small], to);
    } else if let Ok(middle) = i32::try_from(whole) {
        tagged(INTEGER, &[], &middle.to_be_bytes(), to);
    } else {
        let digits = whole.unsigned_abs().to_le_bytes();
        let len = digits.iter().rposition(|digit| *digit > 0);
        let len = len.map_or(0, |last| last + 1);
        let digits = digits.get(..len).unwrap_or_default();
        let len = u8::try_from(len).unwrap_or_default();
        tagged(SMALL_BIG, &[len, u8::from(whole < 0)], digits, to);
    }
}

/// A list of octets has a form of its own, whether it was written as a text or as numbers.
fn list(items: &[Term], to: &mut Vec<u8>) {
    let octet = |item: &Term| match item {
        Term::Whole(whole) => u8::try_from(*whole).ok(),
        _ => None,
    };
    let octets: Option<Vec<u8>> = items.iter().map(octet).collect();
    match octets {
        _ if items.is_empty() => to.push(NIL),
        Some(octets) if octets.len() <= usize::from(u16::MAX) => {
            tagged(STRING, &short(octets.len()), &octets, to);
        }
        _ => {
            tagged(LIST, &long(items.len()), &[], to);
            items.iter().for_each(|item| write(item, to));
            to.push(NIL);
        }
    }
}

type Read<'a, T> = IResult<&'a [u8], T>;

fn term(input: &[u8], depth: usize) -> Read<'_, Term> {
    let Some(depth) = depth.checked_sub(1) else {
        return fail().parse(input);
    };
    let (input, tag) = be_u8(input)?;
    match tag {
        SMALL_INTEGER => map(be_u8, |whole| Term::Whole(whole.into())).parse(input),
        INTEGER => map(be_i32, |whole| Term::Whole(whole.into())).parse(input),
        FLOAT => map(be_f64, Term::Ratio).parse(input),
        SMALL_BIG => big(input),
        SMALL_ATOM => name(be_u8, utf8).parse(input),
        ATOM => name(be_u16, utf8).parse(input),
        SMALL_ATOM_LATIN => name(be_u8, latin).parse(input),
        ATOM_LATIN => name(be_u16, latin).parse(input),
        BINARY => {
            let (input, len) = be_u32(input)?;
            map(take(len), |octets: &[u8]| Term::Binary(octets.to_vec())).parse(input)
        }
        NIL => Ok((input, Term::List(Vec::new()))),
        STRING => {
            let (input, len) = be_u16(input)?;
            map(take(len), of_octets).parse(input)
        }
        LIST => {
            let (input, items) = counted(input, be_u32, depth)?;
            // What is no list behind the last item is no list of a setting.
            let (input, end) = be_u8(input)?;
            match end {
                NIL => Ok((input, of_items(items))),
                _ => fail().parse(input),
            }
        }
        SMALL_TUPLE => tuple(counted(input, be_u8, depth)),
        LARGE_TUPLE => tuple(counted(input, be_u32, depth)),
        MAP => {
            let (input, len) = be_u32(input)?;
            let pair =
                |input| (|input| term(input, depth), |input| term(input, depth)).parse(input);
            let (input, pairs) = exactly(input, len, pair)?;
            Ok((input, Term::Map(pairs)))
        }
        _ => fail().parse(input),
    }
}

fn tuple<'a>(items: Read<'a, Vec<Term>>) -> Read<'a, Term> {
    items.map(|(input, items)| (input, Term::Tuple(items, 0)))
}

/// As many terms as the number in front says.
fn counted<'a, N: Into<u32>>(
    input: &'a [u8],
    len: impl Fn(&'a [u8]) -> Read<'a, N>,
    depth: usize,
) -> Read<'a, Vec<Term>> {
    let (input, len) = len(input)?;
    exactly(input, len.into(), |input| term(input, depth))
}

/// So many items, each of which takes an octet at least.
fn exactly<'a, T>(
    input: &'a [u8],
    len: u32,
    item: impl Fn(&'a [u8]) -> Read<'a, T>,
) -> Read<'a, Vec<T>> {
    let len = usize::try_from(len).unwrap_or(usize::MAX);
    if len > input.len() {
        return Err(nom::Err::Error(Error::new(
            input,
            nom::error::ErrorKind::Count,
        )));
    }
    many_m_n(len, len, item).parse(input)
}

fn name<'a, N: nom::ToUsize>(
    len: impl Fn(&'a [u8]) -> Read<'a, N>,
    decode: fn(&[u8]) -> Option<String>,
) -> impl Fn(&'a [u8]) -> Read<'a, Term> {
    move |input| {
        let (input, len) = len(input)?;
        let (input, octets) = take(len)(input)?;
        match decode(octets) {
            Some(name) => Ok((input, Term::Atom(name))),
            None => fail().parse(input),
        }
    }
}

fn utf8(octets: &[u8]) -> Option<String> {
    String::from_utf8(octets.to_vec()).ok()
}

fn latin(octets: &[u8]) -> Option<String> {
    Some(octets.iter().copied().map(char::from).collect())
}

/// A number of up to 64 bits and its sign.
fn big(input: &[u8]) -> Read<'_, Term> {
    let (input, (len, sign)) = (be_u8, be_u8).parse(input)?;
    map_opt(take(len), |digits: &[u8]| {
        let mut whole = [0; 8];
        whole.get_mut(..digits.len())?.copy_from_slice(digits);
        let whole = i128::from(u64::from_le_bytes(whole));
        let signed = if sign == 0 { whole } else { -whole };
        Some(Term::Whole(i64::try_from(signed).ok()?))
    })
    .parse(input)
}

/// A list of octets, which is a text if all of them can be printed.
fn of_octets(octets: &[u8]) -> Term {
    let letters = octets.iter().map(|octet| Term::Whole((*octet).into()));
    of_items(letters.collect())
}

/// The same for numbers of characters. Seen: Erlang/OTP 29, what `~p` takes for a text.
fn of_items(items: Vec<Term>) -> Term {
    let letter = |item: &Term| match item {
        Term::Whole(whole) => {
            let letter = char::from_u32(u32::try_from(*whole).ok()?)?;
            let is_printed = !letter.is_control() || "\n\r\t\u{8}\u{b}\u{c}\u{1b}".contains(letter);
            (is_printed && u32::from(letter) < 256).then_some(letter)
        }
        _ => None,
    };
    let text: Option<String> = items.iter().map(letter).collect();
    match text {
        Some(text) if !items.is_empty() => Term::Text(text),
        _ => Term::List(items),
    }
}

#[cfg(test)]
mod tests;
