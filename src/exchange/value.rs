//! When two values of headers are equal.
//!
//! Owns: one spelling per class of equal values, so that equality is equality of octets and can
//! be looked up. Does not know which values are compared.
//!
//! Integers of every width are equal by number, floats of both widths too; integers and floats
//! never are. Long strings equal byte arrays of the same octets. A timestamp in a message counts
//! as its number of milliseconds, one in a binding as its number of seconds: as integers they are
//! compared. Inside arrays and tables the types must be the same, and the order of entries;
//! an empty array equals an empty table. Seen: RabbitMQ 4.3.6,
//! tests/scripts/routing/headers_*.amqp.

use leveret_codec::table::{TableError, ValueRef};

/// Where a value was found; timestamps read differently.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Binding,
    Message,
}

const INTEGER: u8 = b'i';
const FLOAT: u8 = b'f';
const TRUTH: u8 = b't';
const OCTETS: u8 = b's';
const DECIMAL: u8 = b'd';
const NOTHING: u8 = b'v';
const EMPTY: u8 = b'e';

/// Appends octets to `out` that are the same for equal values only.
///
/// # Errors
/// The value is an array or table that cannot be read.
pub(super) fn write_canonical(
    value: ValueRef<'_>,
    side: Side,
    out: &mut Vec<u8>,
) -> Result<(), TableError> {
    if let Some(number) = value.as_integer() {
        write_integer(number.into(), out);
        return Ok(());
    }
    match value {
        ValueRef::Timestamp(seconds) => {
            let units = if matches!(side, Side::Message) {
                1000
            } else {
                1
            };
            write_integer(i128::from(seconds) * units, out);
        }
        ValueRef::F32(number) => write_float(f64::from(number), out),
        ValueRef::F64(number) => write_float(number, out),
        ValueRef::Bool(truth) => out.extend([TRUTH, u8::from(truth)]),
        ValueRef::LongStr(octets) | ValueRef::Bytes(octets) => {
            out.push(OCTETS);
            out.extend_from_slice(octets);
        }
        ValueRef::Decimal { scale, value } => {
            out.extend([DECIMAL, scale]);
            out.extend(value.to_be_bytes());
        }
        ValueRef::Array(values) if values.is_empty() => out.push(EMPTY),
        ValueRef::Table(entries) if entries.is_empty() => out.push(EMPTY),
        // Copied so that letters of one meaning (`l` and `L`) come out as one.
        ValueRef::Array(_) | ValueRef::Table(_) => value.to_value()?.encode(out),
        _ => out.push(NOTHING),
    }
    Ok(())
}

fn write_integer(number: i128, out: &mut Vec<u8>) {
    out.push(INTEGER);
    out.extend(number.to_be_bytes());
}

fn write_float(number: f64, out: &mut Vec<u8>) {
    out.push(FLOAT);
    out.extend(number.to_bits().to_be_bytes());
}
