//! A fast hash for routing tables, and a fixed one for placing messages.
//!
//! Owns: the mixing of bytes into 64 bits, seeded per table so that names chosen by a client
//! cannot be aimed at one bucket. Does not know what is hashed.
//! Ours; the folded multiply is the well-known building block of wyhash and its kin.

use std::hash::{BuildHasher, Hasher, RandomState};

const MULTIPLE: u64 = 0x9E37_79B9_7F4A_7C15;
const OTHER_MULTIPLE: u64 = 0xD6E8_FEB8_6659_FD93;
/// Any number will do, as long as it never changes: placement by hash depends on it.
const PLACEMENT_SEED: u64 = 0x243F_6A88_85A3_08D3;

/// Hashes the keys of one table, with a seed of its own.
#[derive(Clone, Copy, Debug)]
pub struct TableHash {
    seed: u64,
}

impl Default for TableHash {
    fn default() -> Self {
        Self {
            seed: RandomState::new().hash_one(MULTIPLE),
        }
    }
}

impl BuildHasher for TableHash {
    type Hasher = FoldHasher;

    #[inline]
    fn build_hasher(&self) -> FoldHasher {
        FoldHasher { state: self.seed }
    }
}

/// The same number for the same bytes in every process on every machine.
pub(super) fn placement_hash(bytes: &[u8]) -> u64 {
    let mut hasher = FoldHasher {
        state: PLACEMENT_SEED,
    };
    hasher.write(bytes);
    fold(hasher.finish(), OTHER_MULTIPLE)
}

/// Folds what it is fed into one 64-bit state.
#[derive(Clone, Debug)]
pub struct FoldHasher {
    state: u64,
}

impl FoldHasher {
    #[inline]
    fn mix(&mut self, word: u64) {
        self.state = fold(self.state ^ word, MULTIPLE);
    }
}

impl Hasher for FoldHasher {
    #[inline]
    fn write(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while let Some((chunk, after)) = rest.split_first_chunk::<8>() {
            self.mix(u64::from_le_bytes(*chunk));
            rest = after;
        }
        let tail = rest
            .iter()
            .fold(0, |word, &octet| word << 8 | u64::from(octet));
        // The length keeps a tail of zero octets apart from none.
        self.state = fold(self.state ^ tail, OTHER_MULTIPLE ^ bytes.len() as u64);
    }

    #[inline]
    fn write_u8(&mut self, number: u8) {
        self.mix(u64::from(number));
    }

    #[inline]
    fn write_u32(&mut self, number: u32) {
        self.mix(u64::from(number));
    }

    #[inline]
    fn write_u64(&mut self, number: u64) {
        self.mix(number);
    }

    #[inline]
    fn write_usize(&mut self, number: usize) {
        self.mix(number as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        fold(self.state, OTHER_MULTIPLE)
    }
}

#[inline]
#[expect(
    clippy::cast_possible_truncation,
    reason = "both halves of the product are used"
)]
fn fold(left: u64, right: u64) -> u64 {
    let product = u128::from(left) * u128::from(right);
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests;
