//! Runs of messages: cut to the size of chunks, and put back among others.

use std::collections::VecDeque;

use super::level::{CHUNK_LEN, CHUNK_WEIGHT};
use super::mass::Mass;
use crate::entry::Entry;

/// Cuts messages into runs that are fit for a chunk, each with what it adds up to.
pub(super) fn cut(entries: Vec<Entry>) -> impl Iterator<Item = (Vec<Entry>, Mass)> {
    let mut entries = entries.into_iter();
    std::iter::from_fn(move || {
        let mut run = Vec::with_capacity(entries.len().min(CHUNK_LEN));
        let mut mass = Mass::default();
        while run.len() < CHUNK_LEN
            && mass.weight < CHUNK_WEIGHT
            && let Some(entry) = entries.next()
        {
            mass.add(Mass::of(&entry));
            run.push(entry);
        }
        (!run.is_empty()).then_some((run, mass))
    })
}

/// Puts `entries`, ascending, back among `list` by position.
pub(super) fn merge(list: &mut VecDeque<Entry>, entries: &mut Vec<Entry>) {
    let Some(last) = entries.last().map(|entry| entry.position) else {
        return;
    };
    let ahead = list.partition_point(|entry| entry.position < last);
    let mut ahead: Vec<Entry> = list.drain(..ahead).collect();
    while let Some(entry) = entries.pop() {
        while let Some(kept) = ahead.pop_if(|kept| kept.position > entry.position) {
            list.push_front(kept);
        }
        list.push_front(entry);
    }
    for kept in ahead.into_iter().rev() {
        list.push_front(kept);
    }
}
