//! Rows of numbers, packed.
//!
//! Each field is a column: the least value once, and for every row the difference to it in as few
//! octets as the greatest difference needs. What all rows have in common takes nothing.

/// Rows of `N` numbers, in order.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    columns: [Column; N],
    len: usize,
    octets: Box<[u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    base: u64,
    /// Octets of a difference, 0 ..= 8.
    width: usize,
}

impl<const N: usize> Columns<N> {
    pub(super) fn pack(rows: impl ExactSizeIterator<Item = [u64; N]> + Clone) -> Self {
        let len = rows.len();
        let mut least = [u64::MAX; N];
        let mut most = [0; N];
        for fields in rows.clone() {
            for (column, value) in fields.into_iter().enumerate() {
                if let (Some(least), Some(most)) = (least.get_mut(column), most.get_mut(column)) {
                    *least = value.min(*least);
                    *most = value.max(*most);
                }
            }
        }
        let mut bounds = least.into_iter().zip(most);
        let columns = std::array::from_fn(|_| {
            let (base, most) = bounds.next().unwrap_or_default();
            let bits = u64::BITS - most.saturating_sub(base).leading_zeros();
            let width = bits.div_ceil(8) as usize;
            Column { base, width }
        });
        let stride: usize = columns.iter().map(|column: &Column| column.width).sum();
        let mut octets = Vec::with_capacity(stride * len);
        for fields in rows {
            for (value, column) in fields.into_iter().zip(&columns) {
                let difference = (value - column.base).to_le_bytes();
                octets.extend(difference.into_iter().take(column.width));
            }
        }
        Self {
            columns,
            len,
            octets: octets.into_boxed_slice(),
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = [u64; N]> + Clone {
        let mut rest = &*self.octets;
        (0..self.len).map(move |_| self.unpack(&mut rest))
    }

    /// The row at `index`.
    pub(super) fn get(&self, index: usize) -> Option<[u64; N]> {
        if index >= self.len {
            return None;
        }
        let stride: usize = self.columns.iter().map(|column| column.width).sum();
        let mut rest = self.octets.get(stride * index..)?;
        Some(self.unpack(&mut rest))
    }

    /// The row at the front of `rest`, which is left behind it.
    #[inline]
    fn unpack(&self, rest: &mut &[u8]) -> [u64; N] {
        self.columns.map(|column| {
            let (packed, behind) = rest.split_at_checked(column.width).unwrap_or_default();
            *rest = behind;
            let mut difference = [0; 8];
            for (to, from) in difference.iter_mut().zip(packed) {
                *to = *from;
            }
            column.base + u64::from_le_bytes(difference)
        })
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Octets on the heap.
    pub(super) fn memory(&self) -> usize {
        self.octets.len()
    }
}
