//! Assignments as a shell reads them, without a shell: `NAME=value`, `export NAME="a $B"`.
//!
//! A line has some, or none. What a shell would run stops the reader.

use nom::branch::alt;
use nom::bytes::complete::{is_not, tag, take_till, take_while, take_while1};
use nom::character::complete::{anychar, char, one_of, satisfy, space0, space1};
use nom::combinator::{eof, map, opt, recognize, value};
use nom::multi::many0;
use nom::sequence::{delimited, pair, preceded, separated_pair, terminated};
use nom::{IResult, Parser};

/// A part of a value.
enum Part {
    Text(String),
    /// A variable, and what stands for it if it is not set.
    Variable(String, Option<String>),
}

/// Octets of a value. Variables that are made of themselves would double it line by line.
const VALUE_MAX: usize = 64 * 1024;

/// The assignments of a line, with variables put in.
///
/// # Errors
/// What is in the line that is none.
pub(super) fn read(
    line: &str,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Vec<(String, String)>, &'static str> {
    if line.contains('`') || line.contains("$(") {
        return Err("a command, which is not run");
    }
    let Ok((_, assigned)) = assignments(line) else {
        return Err("something else");
    };
    let assigned = assigned.into_iter().map(|(name, parts)| {
        let mut whole = String::new();
        for part in parts {
            match part {
                Part::Text(text) => whole.push_str(&text),
                Part::Variable(name, default) => {
                    let set = variable(&name);
                    let set = set.filter(|value| !value.is_empty() || default.is_none());
                    whole.push_str(&set.or(default).unwrap_or_default());
                }
            }
            if whole.len() > VALUE_MAX {
                return Err("a value of more than 64 KiB");
            }
        }
        Ok((name, whole))
    });
    assigned.collect()
}

fn assignments(line: &str) -> IResult<&str, Vec<(String, Vec<Part>)>> {
    let export = opt(pair(tag("export"), space1));
    let name = map(name, str::to_owned);
    let one = preceded(export, separated_pair(name, char('='), word));
    let end = alt((
        value((), delimited(space0, char(';'), space0)),
        value((), space1),
        value((), eof),
    ));
    let comment = opt(pair(char('#'), take_till(|_| false)));
    delimited(space0, many0(terminated(one, end)), (space0, comment, eof)).parse(line)
}

fn name(input: &str) -> IResult<&str, &str> {
    let first = satisfy(|c| c.is_ascii_alphabetic() || c == '_');
    let rest = take_while(|c: char| c.is_ascii_alphanumeric() || c == '_');
    recognize(pair(first, rest)).parse(input)
}

/// A value: parts that follow each other.
fn word(input: &str) -> IResult<&str, Vec<Part>> {
    map(many0(part), |parts| parts.into_iter().flatten().collect()).parse(input)
}

fn part(input: &str) -> IResult<&str, Vec<Part>> {
    let single = delimited(char('\''), take_while(|c| c != '\''), char('\''));
    let escaped = map(preceded(char('\\'), anychar), |c| c.to_string());
    let bare = take_while1(|c: char| !c.is_whitespace() && !"'\"\\$;#&|<>(){}*?".contains(c));
    // These mean themselves inside a word, as in Erlang's options.
    let inner = map(one_of("{}#"), |c| c.to_string());
    let single = map(single, str::to_owned);
    let text = alt((single, escaped, map(bare, str::to_owned), inner));
    let text = map(text, Part::Text);
    let one = map(alt((variable, text)), |part| vec![part]);
    alt((double, one)).parse(input)
}

fn double(input: &str) -> IResult<&str, Vec<Part>> {
    let escape = map(preceded(char('\\'), one_of("\"\\$`")), |c| c.to_string());
    let plain = map(is_not("\"\\$"), str::to_owned);
    let lone = map(one_of("\\$"), |c| c.to_string());
    let text = map(alt((escape, plain, lone)), Part::Text);
    delimited(char('"'), many0(alt((variable, text))), char('"')).parse(input)
}

fn variable(input: &str) -> IResult<&str, Part> {
    let default = preceded(tag(":-"), take_while(|c| c != '}'));
    let braced = delimited(char('{'), pair(name, opt(default)), char('}'));
    let bare = map(name, |name| (name, None));
    let named = preceded(char('$'), alt((braced, bare)));
    map(named, |(name, default): (&str, Option<&str>)| {
        Part::Variable(name.to_owned(), default.map(str::to_owned))
    })
    .parse(input)
}

#[cfg(test)]
mod tests;
