//! Looking through a stream from an offset on: nothing of what is read back is kept.

use super::Log;
use crate::message::Message;
use crate::store::RecordAt;

impl Log {
    /// Shows the messages at `from` and behind it with their offsets, oldest first, until `each`
    /// says `false`. Returns whether it never did. Reads back what is on disk, block by block,
    /// without keeping it.
    pub(in crate::queue::stream) fn visit(
        &self,
        from: u64,
        each: &mut dyn FnMut(u64, RecordAt, &Message) -> bool,
    ) -> bool {
        let begun = self.blocks.partition_point(|block| block.base() <= from);
        let mut blocks = self.blocks.range(begun.saturating_sub(1)..);
        let mut each = |offset, at, message: &_| offset < from || each(offset, at, message);
        blocks.all(|block| block.visit(self.disk(), &mut each))
    }
}
