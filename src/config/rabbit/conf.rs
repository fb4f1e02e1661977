//! The text of a `rabbitmq.conf`: lines of `name = value`, taken apart.
//!
//! It knows no setting. What is in a file that is included, and in the environment, it is given by
//! its caller.
//!
//! Docs: configure. Seen: RabbitMQ 4.3.6, its parser on each text of
//! `tests/golden/rabbitmq_conf/grammar.txt`.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_till, take_till1, take_until, take_while1};
use nom::character::complete::{char, line_ending, space0, space1};
use nom::combinator::{eof, map, opt, value, verify};
use nom::multi::{many0_count, separated_list1};
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{IResult, Parser};

/// What one line says; a text in three quotes may have several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// Nothing, or a comment.
    Nothing,
    /// `include FILE`: a path, or a pattern of some.
    Include(String),
    /// `name = value`. The name is in its parts; a dot behind a backslash does not part it.
    Setting { name: Vec<String>, value: String },
    /// Something else.
    Nonsense,
}

/// The lines of a text, each with its number, from 1, and without those that say nothing.
pub(super) fn lines(text: &str) -> Vec<(usize, Said)> {
    // A mark of some editors.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    let mut lines = Vec::new();
    let mut number = 1;
    while !rest.is_empty() {
        let (behind, said) = match line(rest) {
            Ok(line) => line,
            Err(_) => {
                let end = rest.find('\n').map_or(rest.len(), |end| end + 1);
                (rest.get(end..).unwrap_or_default(), Said::Nonsense)
            }
        };
        if said != Said::Nothing {
            lines.push((number, said));
        }
        let read = rest.get(..rest.len() - behind.len()).unwrap_or_default();
        number += read.matches('\n').count();
        rest = behind;
    }
    lines
}

fn line(input: &str) -> IResult<&str, Said> {
    let said = alt((include, setting, map(space0, |_| Said::Nothing)));
    delimited(space0, said, pair(space0, end_of_line)).parse(input)
}

fn end_of_line(input: &str) -> IResult<&str, ()> {
    let comment = opt(pair(char('#'), take_till(is_end)));
    value((), pair(comment, alt((line_ending, eof)))).parse(input)
}

fn is_end(c: char) -> bool {
    c == '\n' || c == '\r'
}

fn include(input: &str) -> IResult<&str, Said> {
    let path = map(take_till1(|c| is_end(c) || c == '#'), |path: &str| {
        Said::Include(path.trim_end().to_owned())
    });
    preceded(pair(tag("include"), space1), path).parse(input)
}

fn setting(input: &str) -> IResult<&str, Said> {
    let name = separated_list1(char('.'), part);
    let equals = delimited(space0, char('='), space0);
    let setting = pair(terminated(name, equals), text);
    map(setting, |(name, value)| Said::Setting { name, value }).parse(input)
}

/// A part of a name.
fn part(input: &str) -> IResult<&str, String> {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let letters = alt((take_while1(is_letter), preceded(char('\\'), tag("."))));
    let (rest, many) = many0_count(letters).parse(input)?;
    let written = input.get(..input.len() - rest.len()).unwrap_or_default();
    if many == 0 {
        let kind = nom::error::ErrorKind::Many0Count;
        return Err(nom::Err::Error(nom::error::make_error(input, kind)));
    }
    Ok((rest, written.replace("\\.", ".")))
}

/// A value: in three quotes, in one, or bare up to a comment. A bare one may begin with a quote
/// that never ends.
fn text(input: &str) -> IResult<&str, String> {
    let several = delimited(tag("'''"), take_until("'''"), tag("'''"));
    let several = map(several, |text: &str| {
        let text = text
            .strip_prefix("\r\n")
            .or(text.strip_prefix('\n'))
            .unwrap_or(text);
        let text = text.strip_suffix('\n').unwrap_or(text);
        text.strip_suffix('\r').unwrap_or(text).to_owned()
    });
    let inside = take_till(|c| is_end(c) || c == '\'');
    let quoted = map(delimited(char('\''), inside, char('\'')), str::to_owned);
    let bare = take_till1(|c| is_end(c) || c == '#');
    let bare = map(bare, |text: &str| text.trim_end().to_owned());
    let bare = verify(bare, |text: &str| !text.is_empty());
    // A quoted text with something behind it is no bare one either.
    let bare_quote = verify(bare, |text: &str| {
        !text
            .strip_prefix('\'')
            .is_some_and(|rest| rest.contains('\''))
    });
    alt((several, quoted, bare_quote)).parse(input)
}

/// Puts variables in place of `$(NAME)`.
///
/// # Errors
/// The name of one that there is not.
pub(super) fn with_variables(
    value: &str,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<String, String> {
    let mut whole = String::new();
    let mut rest = value;
    while let Some((before, behind)) = rest.split_once("$(") {
        let Some((name, behind)) = behind.split_once(')') else {
            break;
        };
        whole.push_str(before);
        whole.push_str(&variable(name).ok_or_else(|| name.to_owned())?);
        rest = behind;
    }
    whole.push_str(rest);
    Ok(whole)
}

#[cfg(test)]
mod tests;
