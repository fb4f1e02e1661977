//! A set of small numbers, as one bit each.

use super::octets::short;

/// See the module. Grows as needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Bits(Vec<u64>);

impl Bits {
    /// Adds `number`; `false` if it was there.
    pub(in crate::store) fn insert(&mut self, number: u32) -> bool {
        let word = number as usize / 64;
        if word >= self.0.len() {
            self.0.resize(word + 1, 0);
        }
        let Some(word) = self.0.get_mut(word) else {
            return false;
        };
        let before = *word;
        *word |= 1 << (number % 64);
        before != *word
    }

    /// Takes `number` out; `false` if it was not there.
    pub(in crate::store) fn remove(&mut self, number: u32) -> bool {
        let Some(word) = self.0.get_mut(number as usize / 64) else {
            return false;
        };
        let before = *word;
        *word &= !(1 << (number % 64));
        before != *word
    }

    /// How many numbers are in it.
    pub(in crate::store) fn len(&self) -> u64 {
        self.0.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether `number` is in it.
    pub(in crate::store) fn contains(&self, number: u32) -> bool {
        self.0
            .get(number as usize / 64)
            .is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// The smallest number from `from` on.
    pub(in crate::store) fn next(&self, from: u32) -> Option<u32> {
        let mut at = from as usize / 64;
        let mut word = self.0.get(at)? & (u64::MAX << (from % 64));
        while word == 0 {
            at += 1;
            word = *self.0.get(at)?;
        }
        u32::try_from(at * 64)
            .ok()
            .map(|base| base + word.trailing_zeros())
    }

    /// Whether any of the `count` numbers from `from` on is in it.
    pub(in crate::store) fn any(&self, from: u32, count: u32) -> bool {
        let end = from.saturating_add(count);
        let words = from as usize / 64..(end as usize).div_ceil(64).min(self.0.len());
        let inside = |word: usize| {
            let first = u64::MAX << from.saturating_sub(short(word * 64)).min(63);
            let behind = short((word + 1) * 64).saturating_sub(end);
            first & (u64::MAX >> behind.min(63))
        };
        count > 0
            && words
                .clone()
                .zip(self.0.get(words).unwrap_or_default())
                .any(|(word, octets)| octets & inside(word) != 0)
    }

    /// Appends it to `out`: runs of empty words and of others, each with its length.
    pub(in crate::store) fn encode(&self, out: &mut Vec<u8>) {
        let mut rest = &*self.0;
        while !rest.is_empty() {
            let empty = rest.iter().take_while(|word| **word == 0).count();
            let after = rest.get(empty..).unwrap_or_default();
            let full = after.iter().take_while(|word| **word != 0).count();
            let (words, more) = after.split_at(full);
            out.extend_from_slice(&short(empty).to_le_bytes());
            out.extend_from_slice(&short(full).to_le_bytes());
            for word in words {
                out.extend_from_slice(&word.to_le_bytes());
            }
            rest = more;
        }
        out.extend_from_slice(&[0; 8]);
    }

    /// Reads what [`Bits::encode`] wrote; `None` if it holds more than `max` numbers could need.
    pub(in crate::store) fn decode(from: &mut super::octets::Reader<'_>, max: u64) -> Option<Self> {
        let mut words = Vec::new();
        loop {
            let (empty, full) = (from.u32()? as usize, from.u32()? as usize);
            if empty == 0 && full == 0 {
                return Some(Self(words));
            }
            if (words.len() + empty + full) as u64 > max / 64 + 1 {
                return None;
            }
            words.resize(words.len() + empty, 0);
            for _ in 0..full {
                words.push(from.u64()?);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_some_numbers_is_what_asking_for_each_says() {
        let mut bits = Bits::default();
        for number in [0, 5, 63, 64, 130, 200, 255, 256, 500] {
            bits.insert(number);
        }
        for from in 0..600 {
            for count in [0, 1, 2, 3, 31, 63, 64, 65, 127, 128, 129, 400] {
                let each = (from..from + count).any(|number| bits.contains(number));
                assert_eq!(bits.any(from, count), each, "{count} from {from}");
            }
        }
        assert!(!bits.any(u32::MAX - 1, 10));
    }
}
