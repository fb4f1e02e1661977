//! What is packed into a [`RecordAt`].
//!
//! Owns its low bits (`FORMAT.md`, "Addresses"): a settlement must know roughly how long a record
//! is, and whether it has several copies, without reading it.

use super::octets::index;
use crate::store::RecordAt;

/// Size classes of records: each holds lengths up to four times those of the one before.
pub(in crate::store) const CLASSES: usize = 8;

/// The low bits of a [`RecordAt`], free because addresses are multiples of 16: bit 0 says that
/// there are several copies, bits 1 to 3 are the size class.
impl RecordAt {
    pub(in crate::store) fn new(address: u64, len: usize, copies: usize) -> Self {
        let bits = usize::BITS - len.leading_zeros();
        let class = (bits.saturating_sub(7) / 2).min(7);
        Self(address | u64::from(class) << 1 | u64::from(copies > 1))
    }

    pub(in crate::store) fn address(self) -> u64 {
        self.0 & !0xf
    }

    pub(in crate::store) fn is_shared(self) -> bool {
        self.0 & 1 == 1
    }

    pub(in crate::store) fn class(self) -> usize {
        index(self.0 >> 1 & 7)
    }
}
