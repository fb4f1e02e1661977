//! Which messages of a queue are stored.

/// Which of a queue's messages are stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Storing {
    /// No message.
    Nothing,
    /// Persistent messages.
    Persistent,
    /// Every message.
    Everything,
}

impl Storing {
    /// Whether a message is stored.
    #[inline]
    #[must_use]
    pub fn wants(self, persistent: bool) -> bool {
        match self {
            Self::Nothing => false,
            Self::Persistent => persistent,
            Self::Everything => true,
        }
    }
}
