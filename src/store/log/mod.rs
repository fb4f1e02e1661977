//! The log that is written: what is staged, the commit thread, and which records are alive.
//!
//! Owns the order of all writes and when they are durable. It does not know how a start finds the
//! log again ([`start`](super::start)) nor when its files are given back
//! ([`space`](super::space)); both work on its catalog of segments.
//!
//! A write goes [`staging`] → [`writer`], on the thread that [`commit`] decides, and what it
//! changed is then applied to the [`catalog`].
//!
//! Invariants I1, I10.

pub(super) mod catalog;
pub(super) mod commit;
pub(super) mod index;
pub(super) mod segment;
pub(super) mod shared;
pub(super) mod staging;
pub(super) mod turn;
pub(super) mod writer;

/// What a confirm promises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// The message survives a power cut.
    #[default]
    Fsync,
    /// The message survives the end of the process, however sudden.
    Os,
}

/// How a log is kept.
#[derive(Clone, Debug)]
pub struct Options {
    /// What a confirm promises.
    pub durability: Durability,
    /// Octets of a segment file: 8 KiB ..= 1 GiB.
    pub segment_len: u64,
    /// Names this broker among those that may one day share a log.
    pub node: u32,
    /// Octets that may wait for the disk; with more, clients that publish wait themselves
    /// ([`Store::read_on_at`](super::Store::read_on_at)). A commit writes half of them at most.
    pub staged_max: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            durability: Durability::Fsync,
            segment_len: 16 * 1024 * 1024,
            node: 0,
            staged_max: 32 * 1024 * 1024,
        }
    }
}
