//! What became of messages that were handed to queues.

use crate::store::Position;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// Every queue has it; it is as durable as it must be once the store has reached the
    /// position.
    Accepted(Position),
    /// At least one queue refused it.
    Refused,
}

impl Placed {
    /// It is not durable before the store has reached `position` either.
    pub fn wait_for(&mut self, position: Position) {
        if let Self::Accepted(own) = self {
            *own = position.max(*own);
        }
    }

    /// What became of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Accepted(one), Self::Accepted(other)) => Self::Accepted(one.max(other)),
            _ => Self::Refused,
        }
    }

    /// How far the store must be for what was placed, as far as is known.
    #[inline]
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::Accepted(position) => *position,
            Self::Refused => Position::default(),
        }
    }
}
