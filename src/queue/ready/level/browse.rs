//! Looking through a level from a place on: nothing is taken, and what is read back is not kept.

use super::Level;
use crate::entry::Entry;
use crate::queue::bodies::Bodies;

impl Level {
    /// Shows the messages at `from` and behind it, in order, until `each` says `false`. Returns
    /// whether it never did. Chunks that lie before `from` are not read.
    pub(in crate::queue::ready) fn visit(
        &self,
        from: u64,
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(&Entry) -> bool,
    ) -> bool {
        let mut each = |entry: &Entry| entry.position < from || each(entry);
        let seen = self.head.partition_point(|entry| entry.position < from);
        let Some(rest) = &self.rest else {
            return self.head.range(seen..).all(each);
        };
        // The last chunk that does not begin behind `from` may reach there.
        let begun = rest.chunks.partition_point(|chunk| chunk.first() <= from);
        let mut chunks = rest.chunks.range(begun.saturating_sub(1)..);
        self.head.range(seen..).all(&mut each)
            && chunks.all(|chunk| chunk.visit(bodies, &mut each))
            && rest.tail.iter().all(each)
    }

    /// The same where messages lie in another order than their positions: all but the first
    /// `seen` of them.
    pub(in crate::queue::ready) fn visit_nth(
        &self,
        mut seen: usize,
        bodies: Option<&dyn Bodies>,
        each: &mut dyn FnMut(&Entry) -> bool,
    ) -> bool {
        let mut pass = |len: usize| {
            let passed = seen.min(len);
            seen -= passed;
            passed
        };
        let head = pass(self.head.len());
        if !self.head.range(head..).all(&mut *each) {
            return false;
        }
        let Some(rest) = &self.rest else { return true };
        for chunk in &rest.chunks {
            let mut passed = pass(chunk.len());
            if passed == chunk.len() {
                continue;
            }
            let mut unseen = |entry: &Entry| match passed.checked_sub(1) {
                Some(fewer) => {
                    passed = fewer;
                    true
                }
                None => each(entry),
            };
            if !chunk.visit(bodies, &mut unseen) {
                return false;
            }
        }
        let tail = pass(rest.tail.len());
        rest.tail.iter().skip(tail).all(each)
    }
}
