//! Rows of numbers, packed.
//!
//! Each field is a column: the least value once, and for every row the difference to it in as few
//! bits as the greatest difference needs. What all rows have in common takes nothing.

/// Octets that are read and written at once: the 64 bits of a difference, from any bit on.
const WINDOW: usize = size_of::<u128>();

/// Bits of the rows that are read and written as a whole, as one number from any bit on.
const NARROW: usize = u64::BITS as usize - 7;

/// Rows of `N` numbers, in order.
#[derive(Debug)]
pub(super) struct Columns<const N: usize> {
    columns: [Column; N],
    len: usize,
    /// The differences, row by row, and room for the last window; nothing if they have no bits.
    octets: Box<[u8]>,
}

#[derive(Clone, Copy, Debug)]
struct Column {
    base: u64,
    /// Bits of a difference, 0 ..= 64.
    bits: u32,
}

impl Column {
    /// The column of values from `least` to `most`.
    fn of(least: u64, most: u64) -> Self {
        Self {
            base: least,
            bits: u64::BITS - most.saturating_sub(least).leading_zeros(),
        }
    }

    /// Its part of the bits at the front of `window`.
    #[inline]
    fn value(self, window: u128) -> u64 {
        let mask = (1u128 << self.bits) - 1;
        let difference = u64::try_from(window & mask).expect("at most 64 bits");
        self.base + difference
    }

    /// The same in a narrow row, where a column has at most [`NARROW`] bits.
    #[inline]
    fn narrow_value(self, row: u64) -> u64 {
        self.base + (row & ((1 << self.bits) - 1))
    }
}

impl<const N: usize> Columns<N> {
    pub(super) fn pack(rows: impl ExactSizeIterator<Item = [u64; N]> + Clone) -> Self {
        let len = rows.len();
        let mut packed = Self {
            columns: columns_of(rows.clone()),
            len,
            octets: Box::default(),
        };
        let bits = packed.stride() * len;
        if bits > 0 {
            packed.octets = vec![0; bits.div_ceil(8) + WINDOW].into_boxed_slice();
            packed.fill(rows);
        }
        packed
    }

    fn fill(&mut self, rows: impl Iterator<Item = [u64; N]>) {
        let stride = self.stride();
        if stride <= NARROW {
            for (index, fields) in rows.enumerate() {
                self.write_narrow(stride * index, fields);
            }
        } else {
            for (index, fields) in rows.enumerate() {
                self.write_wide(stride * index, fields);
            }
        }
    }

    #[inline]
    fn write_narrow(&mut self, at: usize, fields: [u64; N]) {
        let mut row = 0;
        let mut shift = 0;
        for (value, column) in fields.into_iter().zip(&self.columns) {
            row |= (value - column.base) << shift;
            shift += column.bits;
        }
        let window = self.octets.get_mut(at / 8..);
        if let Some(window) = window.and_then(<[u8]>::first_chunk_mut) {
            *window = (u64::from_le_bytes(*window) | row << (at % 8)).to_le_bytes();
        }
    }

    fn write_wide(&mut self, mut at: usize, fields: [u64; N]) {
        for (value, column) in fields.into_iter().zip(&self.columns) {
            let difference = u128::from(value - column.base);
            let window = self.octets.get_mut(at / 8..);
            if let Some(window) = window.and_then(<[u8]>::first_chunk_mut::<WINDOW>) {
                let written = u128::from_le_bytes(*window) | difference << (at % 8);
                *window = written.to_le_bytes();
            }
            at += column.bits as usize;
        }
    }

    /// Bits of a row.
    fn stride(&self) -> usize {
        let bits = self.columns.iter().map(|column| column.bits as usize);
        bits.sum()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = [u64; N]> + Clone {
        let stride = self.stride();
        (0..self.len).map(move |index| self.read(stride, index))
    }

    /// The row at `index`.
    pub(super) fn get(&self, index: usize) -> Option<[u64; N]> {
        (index < self.len).then(|| self.read(self.stride(), index))
    }

    #[inline]
    fn read(&self, stride: usize, index: usize) -> [u64; N] {
        if stride == 0 {
            self.columns.map(|column| column.base)
        } else if stride <= NARROW {
            self.read_narrow(stride * index)
        } else {
            self.read_wide(stride * index)
        }
    }

    /// The row that begins at the bit `at`.
    #[inline]
    fn read_narrow(&self, at: usize) -> [u64; N] {
        let window = self.octets.get(at / 8..).and_then(<[u8]>::first_chunk);
        let mut row = window.map_or(0, |window| u64::from_le_bytes(*window) >> (at % 8));
        self.columns.map(|column| {
            let value = column.narrow_value(row);
            row >>= column.bits;
            value
        })
    }

    fn read_wide(&self, mut at: usize) -> [u64; N] {
        self.columns.map(|column| {
            let window = self.octets.get(at / 8..);
            let window = window.and_then(<[u8]>::first_chunk::<WINDOW>);
            let window = window.map_or(0, |window| u128::from_le_bytes(*window) >> (at % 8));
            at += column.bits as usize;
            column.value(window)
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

fn columns_of<const N: usize>(rows: impl Iterator<Item = [u64; N]> + Clone) -> [Column; N] {
    let mut rest = rows.clone();
    let first = rest.next().unwrap_or([0; N]);
    // Most chunks have nothing but this to look for.
    if rest.all(|fields| is_same(fields, first)) {
        return first.map(|value| Column::of(value, value));
    }
    let mut least = [u64::MAX; N];
    let mut most = [0; N];
    for fields in rows {
        for (column, value) in fields.into_iter().enumerate() {
            if let (Some(least), Some(most)) = (least.get_mut(column), most.get_mut(column)) {
                *least = value.min(*least);
                *most = value.max(*most);
            }
        }
    }
    let mut bounds = least.into_iter().zip(most);
    std::array::from_fn(|_| {
        let (least, most) = bounds.next().unwrap_or_default();
        Column::of(least, most)
    })
}

/// Without a jump for each field.
#[inline]
fn is_same<const N: usize>(one: [u64; N], other: [u64; N]) -> bool {
    let pairs = one.into_iter().zip(other);
    pairs.fold(0, |differs, (one, other)| differs | (one ^ other)) == 0
}

#[cfg(test)]
mod tests;
