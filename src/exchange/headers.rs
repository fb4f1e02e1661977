//! Headers routing: binding arguments compared with the headers of a message.
//!
//! Owns: the bindings, and an index from single conditions ("`a` is there", "`a` equals 1") to
//! the bindings that wait for them. Does not know keys of bindings.
//!
//! A binding that wants any condition hangs on each of them. One that wants all hangs on one, its
//! anchor, chosen when it is bound as the condition with the fewest bindings anchored so far; the
//! others are looked at only when the anchor holds. So the cost of a message is its number of
//! headers plus the bindings that came close, not the number of bindings.
//! Docs: RabbitMQ's tutorial on headers exchanges. Seen: RabbitMQ 4.3.6,
//! tests/scripts/routing/headers_*.amqp.

use std::collections::HashMap;

use leveret_codec::table::{Table, TableRef, ValueRef};

use super::hasher::TableHash;
use super::term::{Binary, Term};
use super::value::{Side, write_canonical};

const MATCH_KEY: &str = "x-match";

/// Octets that most conditions are spelled with: room for them is made once for a message.
const SPELLING_USUAL: usize = 128;
/// Conditions that most messages meet at most, likewise.
const MET_USUAL: usize = 16;

/// Refuses an `x-match` that is none of the four words.
///
/// # Errors
/// The explanation of a 406 `PRECONDITION_FAILED`. Seen: RabbitMQ 4.3.6,
/// tests/scripts/binding/x_match_is_checked.amqp.
pub(super) fn check_arguments(arguments: &Table) -> Result<(), String> {
    let Some(value) = arguments.get(MATCH_KEY) else {
        return Ok(());
    };
    let Some(word) = value.as_str() else {
        return Err(format!(
            "Invalid x-match field type {} (value {}); expected longstr",
            value.type_name(),
            Term(value)
        ));
    };
    if Wanted::parse(word).is_some() {
        return Ok(());
    }
    Err(format!(
        "Invalid x-match field value {}; expected all, any, all-with-x, or any-with-x",
        Binary(word)
    ))
}

/// What a binding asks for, from its `x-match`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Wanted {
    count: Count,
    x_keys: XKeys,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Count {
    All,
    Any,
}

/// Whether arguments whose names start with `x-` are conditions too (never `x-match` itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum XKeys {
    Skipped,
    Compared,
}

impl Wanted {
    const DEFAULT: Self = Self {
        count: Count::All,
        x_keys: XKeys::Skipped,
    };

    fn parse(word: &[u8]) -> Option<Self> {
        let (count, x_keys) = match word {
            b"all" => (Count::All, XKeys::Skipped),
            b"any" => (Count::Any, XKeys::Skipped),
            b"all-with-x" => (Count::All, XKeys::Compared),
            b"any-with-x" => (Count::Any, XKeys::Compared),
            _ => return None,
        };
        Some(Self { count, x_keys })
    }

    fn of(arguments: TableRef<'_>) -> Self {
        let word = arguments
            .find(MATCH_KEY)
            .ok()
            .flatten()
            .and_then(ValueRef::as_str);
        word.and_then(Self::parse).unwrap_or(Self::DEFAULT)
    }

    fn compares(self, key: &[u8]) -> bool {
        key != MATCH_KEY.as_bytes() && (self.x_keys == XKeys::Compared || !key.starts_with(b"x-"))
    }
}

/// Bindings by condition.
#[derive(Clone, Debug)]
pub(super) struct Headers<D> {
    rules: Vec<Rule<D>>,
    free_rules: Vec<usize>,
    /// Rules that want all of no conditions.
    unconditional: Vec<usize>,
    conditions: Vec<Condition>,
    free_conditions: Vec<usize>,
    /// Conditions by their spelling.
    spelled: HashMap<Box<[u8]>, usize, TableHash>,
}

/// One binding.
#[derive(Clone, Debug)]
struct Rule<D> {
    /// `None` in a rule that was removed.
    destination: Option<D>,
    count: Count,
    conditions: Box<[usize]>,
    /// The condition under which a rule that wants all of them is looked up.
    anchor: Option<usize>,
}

/// What one header must be, and the rules to look at when it is.
#[derive(Clone, Debug, Default)]
struct Condition {
    spelling: Box<[u8]>,
    uses: usize,
    any: Vec<usize>,
    anchored: Vec<usize>,
}

impl<D> Default for Headers<D> {
    fn default() -> Self {
        Self {
            rules: Vec::new(),
            free_rules: Vec::new(),
            unconditional: Vec::new(),
            conditions: Vec::new(),
            free_conditions: Vec::new(),
            spelled: HashMap::default(),
        }
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "numbers of rules and conditions come from this table's own lists, which lose them \
              before the rule or condition is freed"
)]
impl<D: Clone> Headers<D> {
    /// Adds a binding; the number it returns is how to [`remove`](Self::remove) it.
    pub(super) fn add(&mut self, arguments: TableRef<'_>, destination: D) -> usize {
        let wanted = Wanted::of(arguments);
        let mut spelling = Vec::new();
        let mut conditions = Vec::new();
        for (key, value) in arguments.iter().map_while(Result::ok) {
            if wanted.compares(key) && spell(key, value, &mut spelling) {
                conditions.push(self.use_condition(&spelling));
            }
        }
        let number = self.free_rules.pop().unwrap_or(self.rules.len());
        let anchor = match wanted.count {
            Count::All => self.anchor(&conditions),
            Count::Any => None,
        };
        match (wanted.count, anchor) {
            (Count::Any, _) => {
                conditions
                    .iter()
                    .for_each(|&at| self.conditions[at].any.push(number));
            }
            (Count::All, Some(anchor)) => self.conditions[anchor].anchored.push(number),
            (Count::All, None) => self.unconditional.push(number),
        }
        let rule = Rule {
            destination: Some(destination),
            count: wanted.count,
            conditions: conditions.into(),
            anchor,
        };
        match self.rules.get_mut(number) {
            Some(freed) => *freed = rule,
            None => self.rules.push(rule),
        }
        number
    }

    /// The condition with the fewest rules to look at.
    fn anchor(&self, conditions: &[usize]) -> Option<usize> {
        conditions
            .iter()
            .copied()
            .min_by_key(|&at| self.conditions[at].anchored.len())
    }

    fn use_condition(&mut self, spelling: &[u8]) -> usize {
        if let Some(&known) = self.spelled.get(spelling) {
            self.conditions[known].uses += 1;
            return known;
        }
        let condition = Condition {
            spelling: spelling.into(),
            uses: 1,
            any: Vec::new(),
            anchored: Vec::new(),
        };
        let number = self.free_conditions.pop().unwrap_or(self.conditions.len());
        match self.conditions.get_mut(number) {
            Some(freed) => *freed = condition,
            None => self.conditions.push(condition),
        }
        self.spelled.insert(spelling.into(), number);
        number
    }

    /// Takes the binding of that number out; nothing happens if it was taken out before.
    pub(super) fn remove(&mut self, number: usize) {
        let Some(rule) = self.rules.get_mut(number) else {
            return;
        };
        if rule.destination.take().is_none() {
            return;
        }
        let (count, anchor) = (rule.count, rule.anchor);
        let conditions = std::mem::take(&mut rule.conditions);
        match (count, anchor) {
            (Count::Any, _) => {
                conditions
                    .iter()
                    .for_each(|&at| forget(&mut self.conditions[at].any, number));
            }
            (Count::All, Some(anchor)) => forget(&mut self.conditions[anchor].anchored, number),
            (Count::All, None) => forget(&mut self.unconditional, number),
        }
        conditions.iter().for_each(|&at| self.leave_condition(at));
        self.free_rules.push(number);
    }

    fn leave_condition(&mut self, number: usize) {
        let condition = &mut self.conditions[number];
        condition.uses -= 1;
        if condition.uses == 0 {
            self.spelled.remove(&std::mem::take(condition).spelling);
            self.free_conditions.push(number);
        }
    }

    /// Appends the destinations of every binding that matches; one may come more than once.
    pub(super) fn route(&self, headers: Option<TableRef<'_>>, out: &mut Vec<D>) {
        let unconditional = self.unconditional.iter();
        out.extend(unconditional.filter_map(|&rule| self.rules[rule].destination.clone()));
        if self.spelled.is_empty() {
            return;
        }
        let met = self.met(headers.unwrap_or(TableRef::EMPTY));
        for condition in met.iter().map(|&at| &self.conditions[at]) {
            let any = condition.any.iter().map(|&rule| &self.rules[rule]);
            out.extend(any.filter_map(|rule| rule.destination.clone()));
            let anchored = condition.anchored.iter().map(|&rule| &self.rules[rule]);
            let whole = anchored.filter(|rule| {
                rule.conditions
                    .iter()
                    .all(|wanted| met.binary_search(wanted).is_ok())
            });
            out.extend(whole.filter_map(|rule| rule.destination.clone()));
        }
    }

    /// The conditions that these headers meet, in ascending order, each once.
    fn met(&self, headers: TableRef<'_>) -> Vec<usize> {
        let mut spelling = Vec::with_capacity(SPELLING_USUAL);
        let mut met = Vec::with_capacity(MET_USUAL);
        for (key, value) in last_of_each_name(headers) {
            spell_presence(key, &mut spelling);
            met.extend(self.spelled.get(spelling.as_slice()));
            if spell_equality(key, value, Side::Message, &mut spelling) {
                met.extend(self.spelled.get(spelling.as_slice()));
            }
        }
        met.sort_unstable();
        met
    }
}

/// Of headers with the same name the last one counts. Seen: RabbitMQ 4.3.6,
/// tests/scripts/routing/headers_last_of_equal_names_counts.amqp.
fn last_of_each_name(headers: TableRef<'_>) -> impl Iterator<Item = (&[u8], ValueRef<'_>)> {
    let mut entries = headers.iter().map_while(Result::ok).collect::<Vec<_>>();
    entries.sort_by_key(|&(key, _)| key);
    let mut rest = entries.into_iter().peekable();
    std::iter::from_fn(move || {
        loop {
            let entry = rest.next()?;
            if rest.peek().is_none_or(|next| next.0 != entry.0) {
                return Some(entry);
            }
        }
    })
}

fn forget(numbers: &mut Vec<usize>, number: usize) {
    if let Some(position) = numbers.iter().position(|&listed| listed == number) {
        numbers.swap_remove(position);
    }
}

/// Replaces `spelling` by that of the condition an argument stands for. False if its value cannot
/// be read, which no message's can equal.
fn spell(key: &[u8], value: ValueRef<'_>, spelling: &mut Vec<u8>) -> bool {
    if value == ValueRef::Void {
        spell_presence(key, spelling);
        return true;
    }
    spell_equality(key, value, Side::Binding, spelling)
}

fn spell_presence(key: &[u8], spelling: &mut Vec<u8>) {
    spelling.clear();
    spelling.push(b'?');
    spelling.extend_from_slice(key);
}

fn spell_equality(key: &[u8], value: ValueRef<'_>, side: Side, spelling: &mut Vec<u8>) -> bool {
    spelling.clear();
    spelling.push(b'=');
    // Names have at most 255 octets, so that the length ends them without doubt.
    spelling.extend(u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes());
    spelling.extend_from_slice(key);
    write_canonical(value, side, spelling).is_ok()
}

#[cfg(test)]
mod tests;
