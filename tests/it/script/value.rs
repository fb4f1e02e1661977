//! Values as they are on the wire, with the letter that says how they were written.

/// One value of a field table, or of a method's field (letter `#` for plain integers).
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `t` with its octet as sent.
    Bool(u8),
    /// Any integer; the letter tells width and sign.
    Int(char, i128),
    /// `f`.
    F32(f32),
    /// `d`.
    F64(f64),
    /// `D`: scale, unscaled value.
    Decimal(u8, u32),
    /// `S` or `x`.
    Bytes(char, Vec<u8>),
    /// `A`.
    Array(Vec<Value>),
    /// `F`.
    Table(Vec<(Vec<u8>, Value)>),
    /// `V`.
    Void,
}

impl Value {
    /// A string of a method's field or `S` in a table.
    pub(crate) fn text(text: &str) -> Self {
        Self::Bytes('S', text.as_bytes().to_vec())
    }
}

/// Takes values off the front of received octets.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the start of `octets`.
    pub(crate) fn new(octets: &'a [u8]) -> Self {
        Self { rest: octets }
    }

    /// Whether everything has been read.
    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `len` octets.
    pub(crate) fn take(&mut self, len: usize) -> Result<&'a [u8], String> {
        let (head, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or_else(|| format!("{len} octets wanted, {} left", self.rest.len()))?;
        self.rest = rest;
        Ok(head)
    }

    /// A big-endian unsigned integer of `len` octets, at most 8.
    pub(crate) fn uint(&mut self, len: usize) -> Result<u64, String> {
        Ok(self
            .take(len)?
            .iter()
            .fold(0, |sum, octet| sum << 8 | u64::from(*octet)))
    }

    /// Octets behind a length of `width` octets.
    pub(crate) fn prefixed(&mut self, width: usize) -> Result<&'a [u8], String> {
        let len = self.uint(width)?;
        self.take(usize::try_from(len).map_err(|error| error.to_string())?)
    }

    /// A table with its length in front.
    pub(crate) fn table(&mut self) -> Result<Value, String> {
        let mut inner = Reader::new(self.prefixed(4)?);
        let mut entries = Vec::new();
        while !inner.is_empty() {
            entries.push((inner.prefixed(1)?.to_vec(), inner.value()?));
        }
        Ok(Value::Table(entries))
    }

    fn value(&mut self) -> Result<Value, String> {
        let letter = char::from(self.take(1)?.first().copied().unwrap_or_default());
        Ok(match letter {
            't' => Value::Bool(self.take(1)?.first().copied().unwrap_or_default()),
            'f' => Value::F32(f32::from_bits(self.fixed(4)?)),
            'd' => Value::F64(f64::from_bits(self.uint(8)?)),
            'D' => Value::Decimal(self.fixed(1)?, self.fixed(4)?),
            'S' | 'x' => Value::Bytes(letter, self.prefixed(4)?.to_vec()),
            'F' => self.table()?,
            'V' => Value::Void,
            'A' => {
                let mut inner = Reader::new(self.prefixed(4)?);
                let mut items = Vec::new();
                while !inner.is_empty() {
                    items.push(inner.value()?);
                }
                Value::Array(items)
            }
            _ => {
                let width = width(letter).ok_or_else(|| format!("type letter {letter:?}"))?;
                let raw = i128::from(self.uint(width)?);
                let bits = 8 * width;
                let negative = is_signed(letter) && raw >> (bits - 1) == 1;
                Value::Int(letter, if negative { raw - (1 << bits) } else { raw })
            }
        })
    }

    fn fixed<T: TryFrom<u64>>(&mut self, len: usize) -> Result<T, String> {
        T::try_from(self.uint(len)?).map_err(|_| String::from("integer out of range"))
    }
}

/// Octets of an integer of this letter.
pub(crate) fn width(letter: char) -> Option<usize> {
    match letter {
        'b' | 'B' => Some(1),
        's' | 'u' => Some(2),
        'I' | 'i' => Some(4),
        'l' | 'L' | 'T' => Some(8),
        _ => None,
    }
}

fn is_signed(letter: char) -> bool {
    matches!(letter, 'b' | 's' | 'I' | 'l' | 'L')
}

/// Appends the low `len` octets of `value`, big-endian.
pub(crate) fn put_int(out: &mut Vec<u8>, value: i128, len: usize) {
    let octets = value.to_be_bytes();
    out.extend_from_slice(octets.get(octets.len() - len..).unwrap_or_default());
}

/// Appends `octets` behind a length of `width` octets.
pub(crate) fn put_prefixed(out: &mut Vec<u8>, octets: &[u8], width: usize) {
    put_int(out, octets.len() as i128, width);
    out.extend_from_slice(octets);
}

/// Appends the entries of a table, without the length in front.
pub(crate) fn put_entries(out: &mut Vec<u8>, entries: &[(Vec<u8>, Value)]) {
    for (key, value) in entries {
        put_prefixed(out, key, 1);
        put_value(out, value);
    }
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    let mut inner = Vec::new();
    match value {
        Value::Bool(octet) => out.extend_from_slice(&[b't', *octet]),
        Value::Int(letter, number) => {
            out.push(*letter as u8);
            put_int(out, *number, width(*letter).unwrap_or(8));
        }
        Value::F32(number) => {
            out.push(b'f');
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::F64(number) => {
            out.push(b'd');
            out.extend_from_slice(&number.to_be_bytes());
        }
        Value::Decimal(scale, unscaled) => {
            out.extend_from_slice(&[b'D', *scale]);
            out.extend_from_slice(&unscaled.to_be_bytes());
        }
        Value::Bytes(letter, octets) => {
            out.push(*letter as u8);
            put_prefixed(out, octets, 4);
        }
        Value::Array(items) => {
            items.iter().for_each(|item| put_value(&mut inner, item));
            out.push(b'A');
            put_prefixed(out, &inner, 4);
        }
        Value::Table(entries) => {
            put_entries(&mut inner, entries);
            out.push(b'F');
            put_prefixed(out, &inner, 4);
        }
        Value::Void => out.push(b'V'),
    }
}
