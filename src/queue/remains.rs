//! What has left a queue all at once: messages that were purged, those of a queue that was deleted,
//! and what retention took from a stream.
//!
//! They are in no queue and count nowhere from the moment at which the queue lets go of them. To
//! settle, tell and free many of them takes time, so that is done without the queue's lock, a piece
//! at a time ([`Remains::settle_some`]).

use std::collections::VecDeque;
use std::sync::Arc;

use super::bodies::Bodies;
use super::ready::{Level, Piece};
use super::stream::Block;
use super::{Effects, Entry};
use crate::events::Fate;

/// Dead letters in a piece.
const LETTERS: usize = 512;
/// The least that a piece counts for, in messages.
const PIECE_MIN: usize = 32;

/// See the module.
#[derive(Default)]
pub struct Remains {
    lists: VecDeque<Level>,
    /// Dead letters that had to arrive and wait no more.
    letters: Vec<Entry>,
    blocks: VecDeque<Block>,
    /// Where those messages are that are not in memory.
    bodies: Option<Arc<dyn Bodies>>,
    /// The order of the next message among what listeners are told of the queue.
    pub(super) order: u64,
}

impl Remains {
    /// Whether nothing is left.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty() && self.letters.is_empty() && self.blocks.is_empty()
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        let lists: usize = self.lists.iter().map(Level::len).sum();
        let blocks: usize = self.blocks.iter().map(Block::len).sum();
        lists + self.letters.len() + blocks
    }

    /// The order of the next message among what listeners are told of the queue, if they are to be
    /// told of it.
    #[must_use]
    pub fn order(&self) -> u64 {
        self.order
    }

    pub(super) fn add_lists(&mut self, lists: Vec<Level>, bodies: Option<&Arc<dyn Bodies>>) {
        let lists = lists.into_iter().filter(|list| !list.is_empty());
        self.lists.extend(lists);
        self.bodies = bodies.cloned();
    }

    pub(super) fn add_letters(&mut self, letters: impl Iterator<Item = Entry>) {
        self.letters.extend(letters);
    }

    pub(super) fn add_blocks(&mut self, blocks: Vec<Block>, bodies: Option<&Arc<dyn Bodies>>) {
        self.blocks.extend(blocks);
        self.bodies = bodies.cloned();
    }

    /// Settles and frees some hundred messages, and notes their fates if messages are listened to.
    /// Returns how many that were, 0 once nothing is left.
    pub fn settle_some(&mut self, fx: &mut Effects) -> usize {
        let settled = match self.next_piece() {
            Some(piece) => self.settle_piece(&piece, fx),
            None => match self.blocks.pop_front() {
                Some(block) => self.settle_block(&block, fx),
                None => return 0,
            },
        };
        self.order += fx.events().len() as u64;
        settled.max(PIECE_MIN)
    }

    fn next_piece(&mut self) -> Option<Piece> {
        while let Some(list) = self.lists.front_mut() {
            if let Some(piece) = list.take_piece() {
                return Some(piece);
            }
            self.lists.pop_front();
        }
        let rest = self.letters.len().saturating_sub(LETTERS);
        let letters = self.letters.split_off(rest);
        (!letters.is_empty()).then(|| Piece::of(letters))
    }

    fn settle_piece(&self, piece: &Piece, fx: &mut Effects) -> usize {
        piece.records(&mut |at| fx.settle(at));
        if fx.is_listening() {
            piece.visit(self.bodies.as_deref(), &mut |entry| {
                fx.note(entry, || Fate::Purged);
                true
            });
        }
        piece.len()
    }

    fn settle_block(&self, block: &Block, fx: &mut Effects) -> usize {
        block.unsettled().for_each(|at| fx.settle(at));
        if fx.is_listening() {
            block.visit(self.bodies.as_deref(), &mut |offset, _, message| {
                fx.note_at(message, offset, || Fate::Purged);
                true
            });
        }
        block.len()
    }
}

impl std::fmt::Debug for Remains {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Remains")
            .field("messages", &self.len())
            .finish_non_exhaustive()
    }
}
