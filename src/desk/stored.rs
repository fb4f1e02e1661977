//! An answer, and how far the store must be before it may be given.

use crate::store::Position;

/// An answer of the desk. It must not leave the broker before the store is durable up to `until`:
/// neither what was made nor what was removed may come undone after the asker has been told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[must_use = "the answer must wait for the store"]
pub struct Stored<T> {
    /// The answer.
    pub value: T,
    /// Up to where the store must be durable; 0 if nothing was stored.
    pub until: Position,
}

impl<T> Stored<T> {
    /// The answer, for a caller who need not know when it is durable.
    pub fn unwaited(self) -> T {
        self.value
    }

    /// An answer that waits for nothing, because nothing was changed in the store.
    pub(crate) fn at_once(value: T) -> Self {
        Self {
            value,
            until: Position::default(),
        }
    }
}
