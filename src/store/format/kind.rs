//! Numbers and words of the kinds of definitions.

use crate::store::DefinitionKind;

impl DefinitionKind {
    /// All of them, in the order of their numbers.
    pub(crate) const ALL: [Self; 10] = [
        Self::Vhost,
        Self::User,
        Self::Permission,
        Self::TopicPermission,
        Self::Parameter,
        Self::Policy,
        Self::Exchange,
        Self::Queue,
        Self::Binding,
        Self::GlobalParameter,
    ];

    /// The number that stands for it in files.
    pub(in crate::store) fn number(self) -> u8 {
        self as u8 + 1
    }

    /// The kind that `number` stands for.
    pub(in crate::store) fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// What it is called in dumps and reports.
    pub(in crate::store) fn word(self) -> &'static str {
        match self {
            Self::Vhost => "vhost",
            Self::User => "user",
            Self::Permission => "permission",
            Self::TopicPermission => "topic_permission",
            Self::Parameter => "parameter",
            Self::Policy => "policy",
            Self::Exchange => "exchange",
            Self::Queue => "queue",
            Self::Binding => "binding",
            Self::GlobalParameter => "global_parameter",
        }
    }
}
