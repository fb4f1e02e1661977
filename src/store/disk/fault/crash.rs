//! What is left of files when the power goes: every sector that was synced, of the rest an
//! arbitrary part.

use std::collections::BTreeMap;

/// Octets that a disk writes whole or not at all.
pub(super) const SECTOR: usize = 512;

/// Files while a crash is being made up.
pub(super) struct Crash {
    pub(super) luck: Luck,
    pub(in crate::store) files: BTreeMap<usize, Durable>,
}

#[derive(Default)]
pub(super) struct Durable {
    octets: Vec<u8>,
    pub(in crate::store) pending: Vec<Unsynced>,
}

/// A change that is not durable yet.
pub(super) enum Unsynced {
    Sector(usize, Vec<u8>),
    Len(u64),
}

impl Crash {
    pub(in crate::store) fn file(&mut self, number: usize) -> &mut Durable {
        self.files.entry(number).or_default()
    }

    pub(in crate::store) fn write(&mut self, number: usize, at: u64, octets: &[u8]) {
        let file = self.file(number);
        let mut from = usize::try_from(at).unwrap_or(usize::MAX);
        let mut rest = octets;
        while !rest.is_empty() {
            let len = (SECTOR - from % SECTOR).min(rest.len());
            let (part, more) = rest.split_at(len);
            file.pending.push(Unsynced::Sector(from, part.to_vec()));
            from += len;
            rest = more;
        }
    }

    pub(super) fn remains(&mut self, number: usize) -> Vec<u8> {
        let mut file = self.files.remove(&number).unwrap_or_default();
        // One crash in four loses everything, one keeps everything, two keep about half.
        let mode = self.luck.below(4);
        for part in std::mem::take(&mut file.pending) {
            let kept = match mode {
                0 => false,
                1 => true,
                _ => self.luck.below(2) == 0,
            };
            if kept {
                file.apply(part);
            }
        }
        file.octets
    }
}

impl Durable {
    pub(in crate::store) fn settle(&mut self) {
        for part in std::mem::take(&mut self.pending) {
            self.apply(part);
        }
    }

    fn apply(&mut self, part: Unsynced) {
        match part {
            Unsynced::Sector(from, octets) => {
                let end = from + octets.len();
                if self.octets.len() < end {
                    self.octets.resize(end, 0);
                }
                if let Some(place) = self.octets.get_mut(from..end) {
                    place.copy_from_slice(&octets);
                }
            }
            Unsynced::Len(len) => self
                .octets
                .resize(usize::try_from(len).unwrap_or(usize::MAX), 0),
        }
    }
}

/// What survives of that which need not.
pub(super) enum Luck {
    Dice(Dice),
    /// Nothing does.
    None,
}

impl Luck {
    /// 0 means that nothing is kept.
    pub(in crate::store) fn below(&mut self, bound: u64) -> u64 {
        match self {
            Self::Dice(dice) => dice.below(bound),
            Self::None => 0,
        }
    }
}

/// SplitMix64: the same seed gives the same crash.
pub(super) struct Dice(pub(in crate::store) u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound.max(1)
    }
}
