//! Looking through the messages of a queue piece by piece: nothing is taken, and others may take
//! and add messages between two pieces.

use std::fmt;
use std::str::FromStr;

use super::Ready;
use crate::entry::Entry;

/// Where to go on looking through the messages of a queue.
///
/// What stays is shown once, whatever comes and goes meanwhile, but for what comes back to a quorum
/// queue: of that some may be passed over or shown twice. Written as two whole numbers with a point
/// between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bookmark {
    /// 0 for what came back to a quorum queue, then the priorities, from 255 down.
    list: u16,
    /// Of a priority and of a stream the first position that was not seen; how many were seen of
    /// what came back.
    at: u64,
}

/// Of what came back to a quorum queue.
const RETURNED: u16 = 0;
/// Of priority 0.
const LOWEST: u16 = 256;

impl Bookmark {
    /// In a stream, from this offset on.
    pub(in crate::queue) fn offset(at: u64) -> Self {
        Self { list: LOWEST, at }
    }

    /// From the last message that was seen on, so that it is shown again.
    #[must_use]
    pub fn to_last(self) -> Self {
        Self {
            at: self.at.saturating_sub(1),
            ..self
        }
    }

    /// Whether it is among what came back to a quorum queue.
    #[must_use]
    pub fn is_in_returned(self) -> bool {
        self.list == RETURNED
    }

    /// The same place once so many messages in front of it that came back to a quorum queue have
    /// left.
    #[must_use]
    pub fn after_leaving(self, messages: u64) -> Self {
        match self.is_in_returned() {
            true => Self {
                at: self.at.saturating_sub(messages),
                ..self
            },
            false => self,
        }
    }

    /// The first position of a stream that was not seen.
    pub(in crate::queue) fn unseen_offset(self) -> u64 {
        self.at
    }
}

impl fmt::Display for Bookmark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.list, self.at)
    }
}

/// A text that is no [`Bookmark`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoBookmark;

impl FromStr for Bookmark {
    type Err = NoBookmark;

    fn from_str(text: &str) -> Result<Self, NoBookmark> {
        let (list, at) = text.split_once('.').ok_or(NoBookmark)?;
        let list = list.parse().map_err(|_| NoBookmark)?;
        let at = at.parse().map_err(|_| NoBookmark)?;
        (list <= LOWEST)
            .then_some(Self { list, at })
            .ok_or(NoBookmark)
    }
}

impl Ready {
    /// Shows the messages behind a bookmark with the bookmark behind each, in the order in which
    /// they would leave, until `each` says `false`. Returns whether it never did. Reads back what
    /// is on disk, run by run, without keeping it.
    pub(in crate::queue) fn visit(
        &self,
        from: Bookmark,
        each: &mut dyn FnMut(&Entry, Bookmark) -> bool,
    ) -> bool {
        let bodies = self.account.bodies().map(|bodies| &**bodies);
        if from.list == RETURNED {
            let mut at = from.at;
            let seen = usize::try_from(at).unwrap_or(usize::MAX);
            let mut returned = |entry: &Entry| {
                at += 1;
                each(entry, Bookmark { list: RETURNED, at })
            };
            if !self.returned.visit_nth(seen, bodies, &mut returned) {
                return false;
            }
        }
        let mut levels = (1..=LOWEST).rev().zip(&self.levels).rev();
        levels.all(|(list, level)| {
            let at = match list.cmp(&from.list) {
                std::cmp::Ordering::Less => return true,
                std::cmp::Ordering::Equal => from.at,
                std::cmp::Ordering::Greater => 0,
            };
            level.visit(at, bodies, &mut |entry| {
                let at = entry.position.saturating_add(1);
                each(entry, Bookmark { list, at })
            })
        })
    }
}
