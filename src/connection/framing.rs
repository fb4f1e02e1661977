//! What a peer is told about frames that make no sense, in RabbitMQ's words.
//!
//! The texts show the frame's octets the way Erlang prints a binary, so that is what this module
//! imitates: a quoted string when all octets are printable Latin-1, else a list of numbers that
//! is broken at column 80.
//!
//! Seen: RabbitMQ 4.3.6, frames sent by hand.

use leveret_codec::frame::{FRAME_OVERHEAD, FrameError, RawFrame};
use leveret_codec::methods::MethodError;
use leveret_codec::reply::ReplyCode;
use leveret_codec::types::ChannelId;

use crate::erlang::{escape, is_printable};
use crate::error::AmqpError;

/// Octets of a payload that are shown.
const SNIPPET: usize = 16;
/// Erlang breaks long terms before this column.
const LINE: usize = 80;

/// An error that no method is to blame for: class 0, method 0.
fn blameless(code: ReplyCode, explanation: String) -> AmqpError {
    AmqpError::new(code, explanation).in_method(0, 0)
}

/// 501 for a frame of an unknown type, or one whose payload cannot be what its type says.
pub(super) fn unknown_frame(frame: &RawFrame<'_>) -> AmqpError {
    let text = format!("{}: unknown_frame", described(frame.kind, frame.payload));
    blameless(ReplyCode::FrameError, text)
}

/// 505 for a frame that has no place where it came.
pub(super) fn unexpected_frame(frame: &RawFrame<'_>) -> AmqpError {
    let text = described(frame.kind, frame.payload);
    blameless(ReplyCode::UnexpectedFrame, text)
}

/// 505 for a content frame where no content was announced.
pub(super) fn expected_method() -> AmqpError {
    let text = "expected method frame, got non method frame instead".to_owned();
    blameless(ReplyCode::UnexpectedFrame, text)
}

/// 501 for octets that are not a frame. Nothing behind them can be read either.
pub(super) fn broken(error: &FrameError<'_>) -> AmqpError {
    let text = match *error {
        FrameError::TooLarge {
            kind,
            size,
            payload_max,
            ..
        } => {
            let overhead = u32::try_from(FRAME_OVERHEAD).unwrap_or(0);
            let max = payload_max.saturating_sub(overhead);
            format!("{}: {{frame_too_large,{size},{max}}}", described(kind, &[]))
        }
        FrameError::BadEnd {
            kind,
            payload,
            octet,
            ..
        } => {
            let frame = described(kind, payload);
            format!("{frame}: {{invalid_frame_end_marker,{octet}}}")
        }
    };
    blameless(ReplyCode::FrameError, text)
}

/// What follows from a method that could not be decoded.
pub(super) enum Undecodable {
    /// The peer is told.
    Refused(AmqpError),
    /// The peer is cut off without a word: RabbitMQ's reader crashes here.
    Dropped(String),
}

/// Seen: RabbitMQ 4.3.6, tests/scripts/framing. On channel 0 a method that is cut short is a 541
/// there.
pub(super) fn undecodable(frame: &RawFrame<'_>, error: &MethodError<'_>) -> Undecodable {
    let on_zero = frame.channel == ChannelId::ZERO;
    Undecodable::Refused(match *error {
        MethodError::TooShort => unknown_frame(frame),
        MethodError::UnknownMethod { class, method } => {
            return Undecodable::Dropped(format!("unknown method {class}.{method}"));
        }
        MethodError::BadUtf8 { class, method } => {
            let text = "Malformed UTF-8 in shortstr";
            let (class, method) = if on_zero { (class, method) } else { (0, 0) };
            AmqpError::new(ReplyCode::FrameError, text).in_method(class, method)
        }
        _ if on_zero => blameless(ReplyCode::InternalError, String::new()),
        MethodError::Truncated {
            class,
            method,
            arguments,
        }
        | MethodError::Malformed {
            class,
            method,
            arguments,
        } => {
            let text = format!("cannot decode {}", term(arguments, "cannot decode ".len()));
            AmqpError::new(ReplyCode::FrameError, text).in_method(class, method)
        }
    })
}

/// `type 1, all octets = <<0,20>>`.
fn described(kind: u8, payload: &[u8]) -> String {
    let (words, shown) = match payload.get(..SNIPPET) {
        Some(first) if payload.len() > SNIPPET => ("first 16", first),
        _ => ("all", payload),
    };
    let mut text = format!("type {kind}, {words} octets = ");
    let column = text.len();
    text.push_str(&term(shown, column));
    text
}

/// The octets as Erlang prints a binary, beginning in `column` (counted from 0).
pub(super) fn term(octets: &[u8], column: usize) -> String {
    if octets.is_empty() {
        return "<<>>".to_owned();
    }
    if octets.iter().all(|&octet| is_printable(char::from(octet))) {
        return quoted(octets);
    }
    let mut text = "<<".to_owned();
    let indent = column + text.len();
    let mut at = indent;
    for (i, octet) in octets.iter().enumerate() {
        let last = i + 1 == octets.len();
        let item = format!("{octet}{}", if last { ">>" } else { "," });
        if at + item.len() > LINE && i > 0 {
            text.push('\n');
            text.extend(std::iter::repeat_n(' ', indent));
            at = indent;
        }
        at += item.len();
        text.push_str(&item);
    }
    text
}

fn quoted(octets: &[u8]) -> String {
    let mut text = "<<\"".to_owned();
    for character in octets.iter().copied().map(char::from) {
        match escape(character) {
            Some(letter) => text.extend(['\\', letter]),
            None => text.push(character),
        }
    }
    text.push_str("\">>");
    text
}

#[cfg(test)]
mod tests;
