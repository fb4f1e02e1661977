//! The few parsers everything else is made of; the only place that calls nom.
//!
//! They never allocate, never look past their input, and fail in one way: the input was too short.

use nom::bytes::complete::take;
use nom::error::ParseError;
use nom::number::complete::{be_u8, be_u16, be_u32, be_u64};

use crate::types::ShortBytes;

/// What a parser gives: the rest of the input, and what was read.
pub(crate) type Parsed<'a, T, E> = nom::IResult<&'a [u8], T, E>;

#[inline]
pub(crate) fn octet<'a, E: ParseError<&'a [u8]>>(input: &'a [u8]) -> Parsed<'a, u8, E> {
    be_u8(input)
}

#[inline]
pub(crate) fn short<'a, E: ParseError<&'a [u8]>>(input: &'a [u8]) -> Parsed<'a, u16, E> {
    be_u16(input)
}

#[inline]
pub(crate) fn long<'a, E: ParseError<&'a [u8]>>(input: &'a [u8]) -> Parsed<'a, u32, E> {
    be_u32(input)
}

#[inline]
pub(crate) fn long_long<'a, E: ParseError<&'a [u8]>>(input: &'a [u8]) -> Parsed<'a, u64, E> {
    be_u64(input)
}

/// A short string: one octet of length in front.
#[inline]
pub(crate) fn short_bytes<'a, E: ParseError<&'a [u8]>>(
    input: &'a [u8],
) -> Parsed<'a, ShortBytes<'a>, E> {
    let (input, len) = be_u8(input)?;
    let (input, octets) = take(len)(input)?;
    Ok((input, ShortBytes(octets)))
}

/// The octets of a long string, table or array: four octets of length in front.
#[inline]
pub(crate) fn long_bytes<'a, E: ParseError<&'a [u8]>>(input: &'a [u8]) -> Parsed<'a, &'a [u8], E> {
    let (input, len) = be_u32(input)?;
    take(len)(input)
}

/// Unwraps nom's three kinds of failure to the one error inside; `short` stands for its fourth,
/// which only parsers of streams report.
#[inline]
pub(crate) fn flatten<T, E>(parsed: Result<T, nom::Err<E>>, short: E) -> Result<T, E> {
    parsed.map_err(|failure| match failure {
        nom::Err::Error(error) | nom::Err::Failure(error) => error,
        nom::Err::Incomplete(_) => short,
    })
}

/// Writes a length in one octet; callers guarantee the range.
#[inline]
pub(crate) fn len8(len: usize) -> u8 {
    u8::try_from(len).unwrap_or(u8::MAX)
}

/// Writes a length in four octets. Nothing of 4 GiB fits a frame, so the cut is never seen.
#[inline]
pub(crate) fn len32(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
