//! What is in the two files, and what is wrong with them.
//!
//! Changes nothing, so that a start and a look at a stopped broker's data find the same. The files
//! are read side by side: what is damaged in one of them is taken from the other.

use std::collections::BTreeMap;

use super::row::{self, FILE_HEAD, GRANULE, State, Statement, Written};
use super::side::{Damaged, Side};
use super::{FILES, change_text, legacy};
use crate::store::disk::Disk;
use crate::store::format::octets::index;
use crate::store::{Damage, DefinitionKind, StoreError};

/// Definitions by kind and key, as JSON.
pub(in crate::store) type Texts = BTreeMap<(DefinitionKind, String), String>;

/// Where definitions were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::store) enum Origin {
    /// There is no file of definitions.
    #[default]
    Nowhere,
    /// The database of earlier programs.
    Database,
    /// The two files.
    Files,
}

/// What the files hold together.
#[derive(Default)]
pub(in crate::store) struct Contents {
    pub(in crate::store) source: Origin,
    pub(in crate::store) texts: Texts,
    /// `None` if no state can be read.
    pub(in crate::store) state: Option<State>,
    pub(in crate::store) damage: Vec<Damage>,
    /// Something is in neither of them.
    pub(in crate::store) is_lost: bool,
    /// Where each file that is whole goes on; `None` for one that has to be written anew.
    pub(super) ends: [Option<u64>; 2],
    /// When the last row was written.
    pub(super) last: Written,
}

impl Contents {
    /// Nothing at all can be read.
    pub(super) fn is_unreadable(&self) -> bool {
        self.state.is_none() && self.texts.is_empty()
    }

    fn note(&mut self, file: &str, offset: u64, len: u64, what: String) {
        self.damage.push(Damage {
            file: file.to_owned(),
            offset,
            len,
            what: what.into(),
        });
    }
}

/// Reads both files. The write with number `least` and all before it must be in them.
///
/// # Errors
/// A file of another version, or what the disk says if none of them can be opened.
pub(in crate::store) fn read(disk: &dyn Disk, least: u64) -> Result<Contents, StoreError> {
    let [a, b] = FILES;
    let sides = [Side::open(disk, a)?, Side::open(disk, b)?];
    let mut found = match sides {
        [None, None] => return legacy::read(disk),
        [Some(a), Some(b)] => match (a.generation(), b.generation()) {
            (Some(one), Some(other)) if one > other => unlike(a, b, 0),
            (Some(one), Some(other)) if one < other => unlike(b, a, 1),
            _ => walk([Some(a), Some(b)]),
        },
        [Some(side), None] => {
            let mut found = walk([Some(side), None]);
            // The first start, or the first with two files, was cut short between them.
            let is_first = found.state.is_some_and(|state| state.write <= 1);
            if !(is_first || legacy::is_there(disk)) {
                found.note(b, 0, 0, missing(a));
            }
            found
        }
        [None, Some(side)] => {
            let mut found = walk([None, Some(side)]);
            found.note(a, 0, 0, missing(b));
            found
        }
    };
    if found.is_unreadable() && legacy::is_there(disk) {
        return legacy::read(disk);
    }
    found.source = Origin::Files;
    if found.state.is_none_or(|state| state.write < least) {
        found.is_lost = true;
        let text = "both files end before what was written last: definitions of then are lost";
        found.note(a, 0, 0, text.to_owned());
    }
    Ok(found)
}

fn missing(other: &str) -> String {
    format!("the file is missing; '{other}' has what was in it")
}

/// Reads files of which `newer`, the `nth`, was written anew and the other one was not yet. Each is
/// enough: for what came behind the older one the log is still there.
fn unlike(newer: Side, older: Side, nth: usize) -> Contents {
    let alone = |side, nth| {
        if nth == 0 {
            [Some(side), None]
        } else {
            [None, Some(side)]
        }
    };
    let mut new = walk(alone(newer, nth));
    if new.damage.is_empty() && !new.is_unreadable() {
        return new;
    }
    let mut old = walk(alone(older, 1 - nth));
    let is_whole = old.damage.is_empty() && !old.is_unreadable();
    if !is_whole {
        old.texts.append(&mut new.texts);
    }
    let behind = new.state.map(|state| State {
        applied: 0,
        ..state
    });
    Contents {
        state: old.state.or(behind),
        is_lost: !is_whole,
        damage: new.damage.into_iter().chain(old.damage).collect(),
        ends: [None, None],
        last: old.last.max(new.last),
        ..old
    }
}

/// Reads files of the same generation side by side.
fn walk(mut sides: [Option<Side>; 2]) -> Contents {
    let mut walk = Walk::default();
    let size = sides.iter().flatten().map(|side| side.size).max();
    let mut place = FILE_HEAD as u64;
    while place < size.unwrap_or_default() {
        place += walk.step(&mut sides, place);
    }
    walk.end(sides)
}

#[derive(Default)]
struct Walk {
    found: Contents,
    /// The state before the last one.
    before: Option<State>,
    /// Where what is in no file begins that was found last.
    hole: Option<u64>,
    /// What is in no file, with whole rows behind it.
    holes: Vec<Damaged>,
}

impl Walk {
    /// Takes the row at `place`; returns how many octets to go on.
    fn step(&mut self, sides: &mut [Option<Side>; 2], place: u64) -> u64 {
        let last = self.found.last;
        let whole = sides.each_mut().map(|side| {
            let side = side.as_mut()?;
            side.whole_at(place).filter(|(written, _)| *written >= last)
        });
        let first = whole.iter().position(Option::is_some);
        let found = first.zip(whole.iter().flatten().next().copied());
        let row = found.and_then(|(first, (written, len))| {
            let side = sides.get_mut(first)?.as_mut()?;
            let row = row::read(side.octets(place, index(len)), written)?;
            Some((written, len, row))
        });
        let Some((written, len, row)) = row else {
            self.hole.get_or_insert(place);
            return GRANULE as u64;
        };
        self.close_hole(sides, place);
        for (side, whole) in sides.iter_mut().zip(whole) {
            let Some(side) = side else { continue };
            if whole == Some((written, len)) {
                side.on_whole(&row, place + len);
            } else {
                side.on_damaged(Damaged::of(&row, place, len));
            }
        }
        self.found.last = written;
        match row {
            Statement::Change(change) => change_text(&mut self.found.texts, change),
            Statement::State(state) => self.before = self.found.state.replace(state),
        }
        len
    }

    fn close_hole(&mut self, sides: &mut [Option<Side>; 2], place: u64) {
        let Some(from) = self.hole.take() else { return };
        let mut sides = sides.iter_mut().flatten();
        let guess = sides.find_map(|side| side.guess(from, place - from));
        self.holes.push(Damaged::guessed(guess, from, place - from));
    }

    /// Judges what was found.
    fn end(mut self, mut sides: [Option<Side>; 2]) -> Contents {
        let mut second_is_unlike = false;
        if let [Some(a), Some(b)] = &mut sides {
            self.cut_torn(a, b);
            self.check_ends(a, b);
            b.cut_torn(a);
            second_is_unlike = b.write + 1 == a.write && b.is_unlike(a, b.end);
        }
        let first = sides.iter().flatten().next().map_or("", |side| side.name);
        for hole in std::mem::take(&mut self.holes) {
            self.lose(first, hole.place, hole.len, hole.text(None));
        }
        let newest = sides.iter().flatten().map(|side| side.write).max();
        let is_alone = sides.iter().flatten().count() == 1;
        for (nth, side) in sides.into_iter().enumerate() {
            let Some(side) = side else { continue };
            let other = FILES.get(1 - nth).copied().filter(|_| !is_alone);
            let lag = newest.unwrap_or_default() - side.write;
            // The second is written behind the first, so it alone may lack the last write.
            let is_behind = lag > 1 || (lag == 1 && (nth == 0 || second_is_unlike));
            let has_state = side.write > 0;
            let (damage, end) = side.damage(is_behind, other);
            let is_good = damage.is_empty() && has_state && !self.found.is_lost;
            if let Some(place) = self.found.ends.get_mut(nth) {
                *place = is_good.then_some(end);
            }
            self.found.damage.extend(damage);
        }
        self.found
    }

    /// A write that was being written to the first file when the power went can have holes: nothing
    /// relies on it. It is the last one, and the second file knows nothing of it.
    fn cut_torn(&mut self, a: &mut Side, b: &Side) {
        let is_torn = b.write + 1 == a.write && self.holes.iter().any(|hole| hole.place >= b.end);
        if is_torn {
            self.holes.retain(|hole| hole.place < b.end);
            self.found.state = self.before;
            (a.write, a.end) = (b.write, b.end);
        }
    }

    /// The second file is not written to before the first one is whole: if both end in something
    /// that is no row, it is not the power that did it.
    fn check_ends(&mut self, a: &Side, b: &mut Side) {
        if a.write == b.write && a.size > a.end && b.has_more() {
            let text = "the end is damaged in both files: what was written last is lost";
            self.lose(a.name, a.end, a.size - a.end, text.to_owned());
        }
    }

    fn lose(&mut self, file: &str, offset: u64, len: u64, text: String) {
        self.found.note(file, offset, len, text);
        self.found.is_lost = true;
    }
}
