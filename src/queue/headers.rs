//! Properties with other headers: what the broker adds, without touching the rest.
//!
//! Texts of properties may be any octets, as in RabbitMQ, so they are passed over, not decoded.

use bytes::BufMut;
use leveret_codec::properties::PropertiesRef;
use leveret_codec::table::Table;

/// How a property lies on the wire.
#[derive(Clone, Copy)]
enum Shape {
    /// One octet of length.
    Short,
    /// Four octets of length.
    Table,
    /// As many octets.
    Fixed(usize),
}

const HEADERS: u16 = 1 << 13;
const DELIVERY_MODE: u16 = 1 << 12;
const EXPIRATION: u16 = 1 << 8;
const CLUSTER_ID: u16 = 1 << 2;

/// Every property in the order of the wire.
///
/// Spec: AMQP 0-9-1, class basic.
const SHAPES: [(u16, Shape); 14] = [
    (1 << 15, Shape::Short),
    (1 << 14, Shape::Short),
    (HEADERS, Shape::Table),
    (DELIVERY_MODE, Shape::Fixed(1)),
    (1 << 11, Shape::Fixed(1)),
    (1 << 10, Shape::Short),
    (1 << 9, Shape::Short),
    (EXPIRATION, Shape::Short),
    (1 << 7, Shape::Short),
    (1 << 6, Shape::Fixed(8)),
    (1 << 5, Shape::Short),
    (1 << 4, Shape::Short),
    (1 << 3, Shape::Short),
    (CLUSTER_ID, Shape::Short),
];

/// What becomes of the other properties.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Others {
    Kept,
    /// All but `expiration`.
    WithoutExpiration,
    /// As a stream keeps them: `delivery-mode` is 2 or 1, never absent, and `cluster-id` is lost.
    OfStream,
}

impl Others {
    /// One property, empty if absent, as it is from now on.
    fn changed(self, flag: u16, property: &[u8]) -> &[u8] {
        match (self, flag) {
            (Self::WithoutExpiration, EXPIRATION) | (Self::OfStream, CLUSTER_ID) => &[],
            (Self::OfStream, DELIVERY_MODE) if property != [2] => &[1],
            _ => property,
        }
    }
}

/// The headers of a message; empty if there are none that can be read.
pub(super) fn headers_of(properties: PropertiesRef<'_>) -> Table {
    let headers = properties.headers().ok().flatten();
    headers
        .and_then(|headers| headers.to_table().ok())
        .unwrap_or_default()
}

/// The properties with `headers` in place of theirs, sorted by name as RabbitMQ does when it
/// changes some. Properties that cannot be read end where the trouble begins.
pub(super) fn with_headers(
    properties: PropertiesRef<'_>,
    mut headers: Table,
    others: Others,
) -> Vec<u8> {
    headers.sort_keys();
    let old_flags = properties.flags();
    let mut flags = 0;
    let mut rest = properties.as_bytes().get(2..).unwrap_or_default();
    let mut list = Vec::with_capacity(rest.len() + headers.encoded_len() + 8);
    list.put_u16(0);
    for (flag, shape) in SHAPES {
        let property = if old_flags & flag == 0 {
            &[]
        } else if let Some((property, behind)) = split(rest, shape) {
            rest = behind;
            property
        } else {
            break;
        };
        if flag == HEADERS {
            if !headers.is_empty() || old_flags & flag != 0 {
                flags |= flag;
                list.put_u32(u32::try_from(headers.encoded_len()).unwrap_or(u32::MAX));
                headers.encode(&mut list);
            }
        } else {
            let property = others.changed(flag, property);
            flags |= if property.is_empty() { 0 } else { flag };
            list.put_slice(property);
        }
    }
    if let Some(word) = list.first_chunk_mut() {
        *word = u16::to_be_bytes(flags);
    }
    list
}

fn split(octets: &[u8], shape: Shape) -> Option<(&[u8], &[u8])> {
    let len = match shape {
        Shape::Short => 1 + usize::from(*octets.first()?),
        Shape::Table => {
            let len = u32::from_be_bytes(*octets.first_chunk()?);
            4usize.checked_add(usize::try_from(len).ok()?)?
        }
        Shape::Fixed(len) => len,
    };
    octets.split_at_checked(len)
}
