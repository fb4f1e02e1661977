//! The types of queues, for all modules that tell them apart.

/// The types of queues.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum QueueKind {
    /// `classic`.
    #[default]
    Classic,
    /// `quorum`.
    Quorum,
    /// `stream`.
    Stream,
}

impl QueueKind {
    /// The word in `x-queue-type`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Classic => "classic",
            Self::Quorum => "quorum",
            Self::Stream => "stream",
        }
    }

    /// The type that `word` names, if any.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        [Self::Classic, Self::Quorum, Self::Stream]
            .into_iter()
            .find(|kind| kind.as_str().as_bytes() == word)
    }

    /// RabbitMQ's name of the module behind it, as in its texts.
    #[must_use]
    pub fn module_name(self) -> &'static str {
        match self {
            Self::Classic => "rabbit_classic_queue",
            Self::Quorum => "rabbit_quorum_queue",
            Self::Stream => "rabbit_stream_queue",
        }
    }
}
