//! Erlang's terms and calls, as far as `rabbitmqctl eval` understands them: read and written.

use std::fmt;

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0, none_of, one_of, satisfy};
use nom::combinator::{all_consuming, cut, opt, recognize, value};
use nom::multi::{fold_many0, separated_list0};
use nom::number::complete::recognize_float;
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser as _};

/// How deep terms may stand in each other.
const DEPTH_MAX: usize = 32;

/// A term, or a call that gives one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Atom(String),
    Binary(String),
    /// A list of characters.
    Chars(String),
    Int(i64),
    Float(f64),
    List(Vec<Self>),
    Tuple(Vec<Self>),
    /// `module:function(arguments)`, or `function(arguments)` with an empty module.
    Call(String, String, Vec<Self>),
}

impl Term {
    pub(super) fn atom(name: &str) -> Self {
        Self::Atom(name.to_owned())
    }
}

/// Reads an expression with a full stop behind it; `None` if it is none.
pub(super) fn read(text: &str) -> Option<Term> {
    let expression = delimited(
        multispace0,
        |input| term(input, 0),
        pair(multispace0, char('.')),
    );
    let (_, term) = all_consuming(terminated(expression, multispace0))
        .parse(text)
        .ok()?;
    Some(term)
}

fn term(input: &str, depth: usize) -> IResult<&str, Term> {
    if depth > DEPTH_MAX {
        return nom::combinator::fail().parse(input);
    }
    let inner = move |input| term(input, depth + 1);
    let list = delimited(
        pair(char('['), multispace0),
        items(inner),
        pair(multispace0, char(']')),
    );
    let tuple = delimited(
        pair(char('{'), multispace0),
        items(inner),
        pair(multispace0, char('}')),
    );
    alt((
        list.map(Term::List),
        tuple.map(Term::Tuple),
        binary,
        quoted('"').map(Term::Chars),
        number,
        move |input| atom_or_call(input, depth),
    ))
    .parse(input)
}

fn items<'a>(
    inner: impl Fn(&'a str) -> IResult<&'a str, Term>,
) -> impl nom::Parser<&'a str, Output = Vec<Term>, Error = nom::error::Error<&'a str>> {
    separated_list0(delimited(multispace0, char(','), multispace0), inner)
}

fn binary(input: &str) -> IResult<&str, Term> {
    let text = delimited(
        tag("<<"),
        opt(quoted('"')),
        pair(opt(tag("/utf8")), cut(tag(">>"))),
    );
    text.map(|text| Term::Binary(text.unwrap_or_default()))
        .parse(input)
}

fn number(input: &str) -> IResult<&str, Term> {
    let whole = recognize(pair(
        opt(char('-')),
        take_while1(|letter: char| letter.is_ascii_digit()),
    ));
    // A point with nothing behind it ends the expression.
    let float = recognize(pair(
        recognize(pair(whole, char('.'))),
        pair(
            satisfy(|letter| letter.is_ascii_digit()),
            take_while(|letter: char| letter.is_ascii_alphanumeric() || letter == '-'),
        ),
    ));
    let read_float = float.map_opt(|text: &str| {
        let (rest, _) = recognize_float::<_, nom::error::Error<&str>>(text).ok()?;
        rest.is_empty().then(|| text.parse().ok())?
    });
    let whole = recognize(pair(
        opt(char('-')),
        take_while1(|letter: char| letter.is_ascii_digit()),
    ));
    alt((
        read_float.map(Term::Float),
        whole.map_opt(|text: &str| text.parse().ok()).map(Term::Int),
    ))
    .parse(input)
}

fn name(input: &str) -> IResult<&str, String> {
    let plain = recognize(pair(
        satisfy(|letter| letter.is_ascii_lowercase()),
        take_while(|letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '@')),
    ));
    alt((plain.map(str::to_owned), quoted('\''))).parse(input)
}

fn atom_or_call(input: &str, depth: usize) -> IResult<&str, Term> {
    let (input, first) = name(input)?;
    let (input, second) = opt(preceded(char(':'), name)).parse(input)?;
    let arguments = delimited(
        pair(char('('), multispace0),
        items(move |input| term(input, depth + 1)),
        pair(multispace0, char(')')),
    );
    let (input, arguments) = opt(arguments).parse(input)?;
    let term = match (second, arguments) {
        (None, None) => Term::Atom(first),
        (None, Some(arguments)) => Term::Call(String::new(), first, arguments),
        (Some(function), Some(arguments)) => Term::Call(first, function, arguments),
        (Some(_), None) => return nom::combinator::fail().parse(input),
    };
    Ok((input, term))
}

fn quoted<'a>(
    quote: char,
) -> impl nom::Parser<&'a str, Output = String, Error = nom::error::Error<&'a str>> {
    let escaped = preceded(
        char('\\'),
        alt((
            value('\n', char('n')),
            value('\t', char('t')),
            one_of("\"'\\"),
        )),
    );
    let plain = match quote {
        '"' => none_of("\"\\"),
        _ => none_of("'\\"),
    };
    let letters = fold_many0(alt((plain, escaped)), String::new, |mut text, letter| {
        text.push(letter);
        text
    });
    delimited(char(quote), letters, char(quote))
}

/// As Erlang's `~p` writes it, on one line.
impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Atom(name) => write_atom(name, f),
            Self::Binary(text) if text.is_empty() => f.write_str("<<>>"),
            Self::Binary(text) => write!(f, "<<\"{}\">>", escape(text)),
            Self::Chars(text) if text.is_empty() => f.write_str("[]"),
            Self::Chars(text) => write!(f, "\"{}\"", escape(text)),
            Self::Int(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number:?}"),
            Self::List(items) => write_all('[', items, ']', f),
            Self::Tuple(items) => write_all('{', items, '}', f),
            Self::Call(module, function, arguments) => {
                if !module.is_empty() {
                    write!(f, "{module}:")?;
                }
                f.write_str(function)?;
                write_all('(', arguments, ')', f)
            }
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

fn write_atom(name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match name_of(name) {
        true => f.write_str(name),
        false => write!(f, "'{}'", name.replace('\\', "\\\\").replace('\'', "\\'")),
    }
}

/// Whether an atom needs no quotes.
fn name_of(text: &str) -> bool {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '@');
    text.starts_with(|first: char| first.is_ascii_lowercase()) && text.chars().all(plain)
}

fn write_all(open: char, items: &[Term], close: char, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    write!(f, "{open}")?;
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            f.write_str(",")?;
        }
        write!(f, "{item}")?;
    }
    write!(f, "{close}")
}
