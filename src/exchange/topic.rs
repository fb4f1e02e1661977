//! Topic routing: patterns of words with `*` (one word) and `#` (any number of words).
//!
//! Owns: a trie of the patterns that have wildcards, and a plain table of those that have none.
//! Does not know binding arguments.
//!
//! A run of wildcards matches the same whatever its order, and any `#` beyond the first adds
//! nothing, so a run is stored as its `*`s followed by at most one `#`. Each `#` node is entered
//! once per routing key, at the earliest word it can start from (a later start reaches nothing
//! more), so a node is looked at no more often than the key has words, plus one: the cost is at
//! most nodes × (words + 1), whatever the patterns.
//! Spec: AMQP 0-9-1 §3.1.3.3. Seen: RabbitMQ 4.3.6, tests/scripts/octets.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use super::direct::Direct;
use super::hasher::TableHash;
use super::targets::Targets;

/// More `#` words than this are refused in one binding key, as RabbitMQ 4.3 does.
const MULTI_WORD_WILDCARDS_MAX: usize = 2;

const ROOT: usize = 0;

/// Refuses a pattern with too many `#` words.
///
/// # Errors
/// The explanation of a 406 `PRECONDITION_FAILED`. Seen: RabbitMQ 4.3.6,
/// tests/scripts/binding/topic_keys_have_at_most_two_hashes.amqp.
pub(super) fn check_pattern(pattern: &str) -> Result<(), String> {
    let wildcards = pattern.split('.').filter(|&word| word == "#").count();
    if wildcards <= MULTI_WORD_WILDCARDS_MAX {
        return Ok(());
    }
    Err(format!(
        "Topic binding key '{pattern}' uses {wildcards} '#' wildcards, \
         at most {MULTI_WORD_WILDCARDS_MAX} are allowed"
    ))
}

/// Destinations by pattern.
#[derive(Clone, Debug)]
pub(super) struct Topic<D> {
    literal: Direct<D>,
    trie: Trie<D>,
}

impl<D> Default for Topic<D> {
    fn default() -> Self {
        Self {
            literal: Direct::default(),
            trie: Trie::default(),
        }
    }
}

impl<D: Clone + Eq + Hash> Topic<D> {
    pub(super) fn add(&mut self, pattern: &str, destination: D) {
        if has_wildcard(pattern) {
            self.trie.add(pattern, destination);
        } else {
            self.literal.add(pattern.as_bytes(), destination);
        }
    }

    pub(super) fn remove(&mut self, pattern: &str, destination: &D) {
        if has_wildcard(pattern) {
            self.trie.remove(pattern, destination);
        } else {
            self.literal.remove(pattern.as_bytes(), destination);
        }
    }

    /// Appends the destinations of every pattern that matches; one may come more than once.
    #[inline]
    pub(super) fn route(&self, key: &[u8], out: &mut Vec<D>) {
        out.extend_from_slice(self.literal.targets(key));
        self.trie.collect(key, out);
    }
}

fn has_wildcard(pattern: &str) -> bool {
    pattern.split('.').any(|word| word == "*" || word == "#")
}

/// One edge of the trie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step<'a> {
    Word(&'a [u8]),
    AnyWord,
    AnyWords,
}

/// The pattern as edges, runs of wildcards in their normal form.
fn steps(pattern: &str) -> Vec<Step<'_>> {
    let mut steps = Vec::new();
    let mut any_words_pending = false;
    for word in pattern.split('.') {
        match word {
            "*" => steps.push(Step::AnyWord),
            "#" => any_words_pending = true,
            _ => {
                if any_words_pending {
                    steps.push(Step::AnyWords);
                    any_words_pending = false;
                }
                steps.push(Step::Word(word.as_bytes()));
            }
        }
    }
    if any_words_pending {
        steps.push(Step::AnyWords);
    }
    steps
}

/// Nodes by number; freed numbers are used again.
#[derive(Clone, Debug)]
struct Trie<D> {
    nodes: Vec<Node<D>>,
    free: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Node<D> {
    words: HashMap<Box<[u8]>, usize, TableHash>,
    any_word: Option<usize>,
    any_words: Option<usize>,
    targets: Targets<D>,
}

impl<D> Default for Node<D> {
    fn default() -> Self {
        Self {
            words: HashMap::default(),
            any_word: None,
            any_words: None,
            targets: Targets::default(),
        }
    }
}

impl<D: Clone + Eq + Hash> Node<D> {
    fn child(&self, step: Step<'_>) -> Option<usize> {
        match step {
            Step::Word(word) => self.words.get(word).copied(),
            Step::AnyWord => self.any_word,
            Step::AnyWords => self.any_words,
        }
    }

    fn set_child(&mut self, step: Step<'_>, child: usize) {
        match step {
            Step::Word(word) => drop(self.words.insert(word.into(), child)),
            Step::AnyWord => self.any_word = Some(child),
            Step::AnyWords => self.any_words = Some(child),
        }
    }

    fn clear_child(&mut self, step: Step<'_>) {
        match step {
            Step::Word(word) => drop(self.words.remove(word)),
            Step::AnyWord => self.any_word = None,
            Step::AnyWords => self.any_words = None,
        }
    }

    fn is_unused(&self) -> bool {
        !self.has_single_word_child() && self.any_words.is_none() && self.targets.is_empty()
    }

    fn has_single_word_child(&self) -> bool {
        !self.words.is_empty() || self.any_word.is_some()
    }
}

impl<D> Default for Trie<D> {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            free: Vec::new(),
        }
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "node numbers come from the trie's own edges, and a freed node has no edge to it"
)]
impl<D: Clone + Eq + Hash> Trie<D> {
    fn add(&mut self, pattern: &str, destination: D) {
        let mut node = ROOT;
        for step in steps(pattern) {
            node = match self.nodes[node].child(step) {
                Some(child) => child,
                None => {
                    let child = self.new_node();
                    self.nodes[node].set_child(step, child);
                    child
                }
            };
        }
        self.nodes[node].targets.add(destination);
    }

    fn new_node(&mut self) -> usize {
        self.free.pop().unwrap_or_else(|| {
            self.nodes.push(Node::default());
            self.nodes.len() - 1
        })
    }

    fn remove(&mut self, pattern: &str, destination: &D) {
        let mut path = Vec::new();
        let mut node = ROOT;
        for step in steps(pattern) {
            let Some(child) = self.nodes[node].child(step) else {
                return;
            };
            path.push((node, step));
            node = child;
        }
        self.nodes[node].targets.remove(destination);
        while let Some((parent, step)) = path.pop() {
            if !self.nodes[node].is_unused() {
                return;
            }
            self.nodes[node] = Node::default();
            self.free.push(node);
            self.nodes[parent].clear_child(step);
            node = parent;
        }
    }

    /// Appends the targets of every pattern that matches; returns how many nodes were looked at.
    fn collect(&self, key: &[u8], out: &mut Vec<D>) -> usize {
        if self.nodes[ROOT].is_unused() {
            return 0;
        }
        let mut walk = Walk {
            trie: self,
            out,
            entered: HashSet::default(),
            visits: 0,
        };
        walk.node(ROOT, (!key.is_empty()).then_some(key), Below::NoMultiWord);
        walk.visits
    }
}

/// Whether the walk is below a `#`, where one node may be reached from several words.
#[derive(Clone, Copy)]
enum Below {
    NoMultiWord,
    MultiWord,
}

/// One routing key on its way through the trie.
///
/// Words not yet matched are the `rest`: `None` once there are none (`Some(b"")` is one empty
/// word). Calls nest no deeper than the longest pattern has words, of which 255 octets hold 128.
struct Walk<'a, D> {
    trie: &'a Trie<D>,
    out: &'a mut Vec<D>,
    /// The `#` nodes below another `#` that were entered already.
    entered: HashSet<usize, TableHash>,
    visits: usize,
}

#[expect(
    clippy::indexing_slicing,
    reason = "node numbers come from the trie's own edges, and a freed node has no edge to it"
)]
impl<D: Clone + Eq + Hash> Walk<'_, D> {
    fn node(&mut self, number: usize, rest: Option<&[u8]>, below: Below) {
        self.visits += 1;
        let trie = self.trie;
        let node = &trie.nodes[number];
        if let Some(any_words) = node.any_words {
            self.any_words(any_words, rest, below);
        }
        match rest {
            None => self.out.extend_from_slice(node.targets.as_slice()),
            Some(rest) => self.next_word(node, rest, below),
        }
    }

    /// Takes one word off the rest and follows the edges that it matches.
    fn next_word(&mut self, node: &Node<D>, rest: &[u8], below: Below) {
        let (word, rest) = split_word(rest);
        if let Some(any_word) = node.any_word {
            self.node(any_word, rest, below);
        }
        if let Some(&child) = node.words.get(word) {
            self.node(child, rest, below);
        }
    }

    /// Enters a `#` node: it matches whatever is left, and its children from every word on.
    fn any_words(&mut self, number: usize, rest: Option<&[u8]>, below: Below) {
        if matches!(below, Below::MultiWord) && !self.entered.insert(number) {
            return;
        }
        self.visits += 1;
        let trie = self.trie;
        let node = &trie.nodes[number];
        self.out.extend_from_slice(node.targets.as_slice());
        let mut rest = rest.filter(|_| node.has_single_word_child());
        while let Some(words) = rest {
            self.next_word(node, words, Below::MultiWord);
            rest = split_word(words).1;
        }
    }
}

#[inline]
fn split_word(rest: &[u8]) -> (&[u8], Option<&[u8]>) {
    let mut parts = rest.splitn(2, |&octet| octet == b'.');
    (parts.next().unwrap_or_default(), parts.next())
}

#[cfg(test)]
mod tests;
