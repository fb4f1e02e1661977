//! Finding again what was stored.
//!
//! Owns the judgement of what a data directory holds: which files count ([`files`]), what its log
//! says behind the last checkpoint ([`tail`]), what of it is damage ([`recovery`]), and what queues
//! are told of their messages ([`recount`]). It reads only, except footers that were missing.
//!
//! Invariant I10.

pub(super) mod alive;
pub(in crate::store) mod files;
pub(super) mod recount;
pub(super) mod recovery;
mod tail;
