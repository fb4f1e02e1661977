//! Little-endian numbers in octets, without a way to panic.

/// The number of four octets at `at`.
pub(in crate::store) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(
        octets.get(at..)?.first_chunk().copied()?,
    ))
}

/// The number of eight octets at `at`.
pub(in crate::store) fn u64_at(octets: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(
        octets.get(at..)?.first_chunk().copied()?,
    ))
}

/// Overwrites octets that are there; does nothing where there are none.
pub(in crate::store) fn put_at(octets: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = octets.get_mut(at..at + value.len()) {
        place.copy_from_slice(value);
    }
}

/// `value` as an index; what does not fit is past every end.
pub(in crate::store) fn index(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// `len` as it is stored; the callers keep it below 4 GiB.
pub(in crate::store) fn short(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Appends `value` with seven bits in each octet, the lowest first; all but the last octet have
/// their highest bit set.
pub(in crate::store) fn put_varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value.to_le_bytes()[0] | 0x80);
        value >>= 7;
    }
    out.push(value.to_le_bytes()[0]);
}

/// Octets that [`put_varint`] appends.
pub(super) fn varint_len(value: u64) -> usize {
    (u64::BITS - (value | 1).leading_zeros()).div_ceil(7) as usize
}

/// The way from `from` to `to` as a number that is small if they are near each other.
pub(in crate::store) fn difference(from: u64, to: u64) -> u64 {
    let difference = to.wrapping_sub(from).cast_signed();
    ((difference << 1) ^ (difference >> 63)).cast_unsigned()
}

/// Where the way from `from` leads that [`difference`] gave.
pub(super) fn apart(from: u64, difference: u64) -> u64 {
    let sign = (difference & 1).wrapping_neg();
    from.wrapping_add((difference >> 1) ^ sign)
}

/// Takes numbers off the front.
pub(in crate::store) struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    pub(in crate::store) fn u32(&mut self) -> Option<u32> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*first))
    }

    pub(in crate::store) fn u64(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_le_bytes(*first))
    }

    pub(in crate::store) fn u8(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    /// What [`put_varint`] wrote.
    pub(in crate::store) fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let octet = u64::from(self.u8()?);
            value |= (octet & 0x7f) << shift;
            if octet < 0x80 {
                return Some(value);
            }
        }
        None
    }

    pub(in crate::store) fn octets(&mut self, len: usize) -> Option<&'a [u8]> {
        let (first, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(first)
    }
}
