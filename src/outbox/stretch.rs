//! What the output consists of: octets that were copied, and bodies that were not.

use bytes::Bytes;

/// What waits, in its order.
#[derive(Debug)]
pub(super) enum Stretch {
    /// So many octets that were copied.
    Copied(usize),
    /// The body of a message.
    Shared(Bytes),
}

/// A stretch, borrowed.
pub(super) enum Piece<'a> {
    Copied(usize),
    Shared(&'a [u8]),
}

impl Stretch {
    pub(super) fn piece(&self) -> Piece<'_> {
        match self {
            Self::Copied(len) => Piece::Copied(*len),
            Self::Shared(body) => Piece::Shared(body),
        }
    }
}
