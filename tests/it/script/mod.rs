//! Conversations with a broker, written as plain text and checked line by line.
//!
//! Owns the language of `tests/scripts/**.amqp`: reading it (`syntax`), its values (`term`,
//! `value`), the methods it may name (`spec`), frames as sentences (`wire`) and the run of one
//! script against one broker (`talk`, `target`). It deliberately has its own small encoder and
//! decoder: a mistake in the codec crate must not agree with itself.
//!
//! tests/scripts/README.md describes the language.

pub(crate) mod admin;
pub(crate) mod connection;
pub(crate) mod expect;
pub(crate) mod hear;
pub(crate) mod operator;
pub(crate) mod render;
pub(crate) mod spec;
pub(crate) mod syntax;
pub(crate) mod talk;
pub(crate) mod target;
pub(crate) mod term;
pub(crate) mod value;
pub(crate) mod wire;

#[cfg(test)]
mod tests;
