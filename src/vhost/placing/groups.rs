//! Messages of a batch by where they go, so that each queue is locked, served and woken once.
//!
//! A publisher that uses several queues in turn would otherwise take a lock and wake a consumer for
//! each message. Every queue gets its messages in their order (I3); no order among queues is
//! promised.

use std::collections::HashMap;
use std::ops::Range;

use super::handing::{self, Take};
use crate::exchange::NameHash;
use crate::ids::QueueId;
use crate::vhost::routing::{Routes, Target};

/// Parts of a batch, each with its targets in the order in which they first come up.
#[derive(Debug, Default)]
pub(in crate::vhost) struct Groups {
    parts: Vec<LinkedPart>,
    groups: Vec<Group>,
    by_queue: HashMap<QueueId, usize, NameHash>,
}

/// Neighbours on their way to one target.
#[derive(Debug)]
struct LinkedPart {
    messages: Range<usize>,
    take: Take,
    /// The next part with this target.
    next: Option<usize>,
}

/// What goes to one target.
#[derive(Debug)]
struct Group {
    /// Where the target is found: number of the run, and its place in the run's routes.
    run: usize,
    target: usize,
    first: usize,
    last: usize,
}

impl Groups {
    /// Groups runs of messages: where each goes, and up to which number it is.
    pub(in crate::vhost) fn set<'a>(&mut self, runs: impl Iterator<Item = (&'a Routes, usize)>) {
        self.clear();
        let mut from = 0;
        for (run, (routes, to)) in runs.enumerate() {
            // The last one to be served has the messages to itself.
            let mut last: Option<(usize, usize)> = None;
            for (number, target) in routes.iter().enumerate() {
                let part = self.parts.len();
                self.parts.push(LinkedPart {
                    messages: from..to,
                    take: Take::Copy,
                    next: None,
                });
                let group = self.add(target, part, (run, number));
                last = last.max(Some((group, part)));
            }
            if let Some(part) = last.and_then(|(_, part)| self.parts.get_mut(part)) {
                part.take = Take::Whole;
            }
            from = to;
        }
    }

    /// Adds a part to the group of its target, and gives the number of the group.
    fn add(&mut self, target: &Target, part: usize, (run, number): (usize, usize)) -> usize {
        let next = self.groups.len();
        let group = match target {
            Target::Queue(queue) => *self.by_queue.entry(queue.id()).or_insert(next),
            Target::Reply(_) => next,
        };
        if let Some(group) = self.groups.get_mut(group) {
            if let Some(last) = self.parts.get_mut(group.last) {
                last.next = Some(part);
            }
            group.last = part;
        } else {
            self.groups.push(Group {
                run,
                target: number,
                first: part,
                last: part,
            });
        }
        group
    }

    /// For each target its run and place there, and what it gets.
    pub(in crate::vhost) fn iter(
        &self,
    ) -> impl Iterator<Item = (usize, usize, impl Iterator<Item = handing::Part>)> {
        self.groups.iter().map(|group| {
            let first = self.parts.get(group.first);
            let after = |part: &&LinkedPart| self.parts.get(part.next?);
            let parts = std::iter::successors(first, after);
            let each = parts.map(|part| (part.messages.clone(), part.take));
            (group.run, group.target, each)
        })
    }

    pub(in crate::vhost) fn clear(&mut self) {
        self.parts.clear();
        self.groups.clear();
        self.by_queue.clear();
    }
}
