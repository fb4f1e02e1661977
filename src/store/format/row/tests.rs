//! Rows come back as they were, and arbitrary octets do no harm.

use super::*;

/// Appends rows, which must be sorted by queue and address, all at once.
fn encode(rows: &[Row], out: &mut Vec<u8>) {
    let mut queue = 0;
    for run in rows.chunk_by(|one, other| one.queue == other.queue) {
        let Some(first) = run.first() else { continue };
        put_varint(difference(queue, first.queue.0), out);
        queue = first.queue.0;
        put_varint(run.len() as u64, out);
        let mut last = Last::default();
        for row in run {
            encode_row(row, &mut last, out);
        }
    }
}

fn decode(octets: &[u8], version: Version) -> Option<Vec<Row>> {
    Rows::new(octets, version).collect()
}

fn row(queue: u64, address: u64) -> Row {
    Row {
        queue: QueueId(queue),
        copy: 0,
        told: Recovered {
            at: RecordAt(address),
            body_len: 100,
            stored_at: Wall::from_millis(1_700_000_000_000),
            ..Recovered::default()
        },
    }
}

fn check(rows: &[Row]) {
    let mut octets = Vec::new();
    encode(rows, &mut octets);
    assert_eq!(decode(&octets, Version::Two).as_deref(), Some(rows));
    for len in 0..octets.len() {
        // Cut anywhere it is no row or fewer.
        let cut = decode(octets.get(..len).expect("shorter"), Version::Two);
        assert!(cut.is_none_or(|cut| cut.len() < rows.len()));
    }
}

#[test]
fn every_field_comes_back() {
    let first = row(7, 0x1_0000_0010);
    check(&[
        first,
        Row {
            copy: 3,
            told: Recovered {
                at: RecordAt(0x1_0000_0100 | 0x0b),
                body_len: u32::MAX,
                ..first.told
            },
            ..first
        },
        Row {
            told: Recovered {
                at: RecordAt(0x1_0000_0200),
                priority: Some(0),
                ttl_ms: Some(0),
                stored_at: Wall::from_millis(0),
                ..first.told
            },
            ..first
        },
        Row {
            told: Recovered {
                at: RecordAt(0x1_0000_0300),
                priority: Some(255),
                ttl_ms: Some(u64::MAX),
                stored_at: Wall::from_millis(u64::MAX),
                sequence: u64::MAX,
                head_len: u32::MAX,
                mark: u32::MAX,
                ..first.told
            },
            ..first
        },
        Row {
            told: Recovered {
                at: RecordAt(0x1_0000_0400),
                sequence: 1,
                head_len: 3,
                ..first.told
            },
            ..first
        },
        Row {
            queue: QueueId(u64::MAX),
            told: Recovered {
                at: RecordAt(!0xf),
                ..first.told
            },
            ..first
        },
    ]);
    check(&[]);
}

#[test]
fn row_of_a_long_backlog_takes_few_octets() {
    let rows: Vec<Row> = (0..10_000)
        .map(|n| Row {
            told: Recovered {
                stored_at: Wall::from_millis(1_700_000_000_000 + n / 300),
                ..row(1 << 33, 0x1000 + n * 176).told
            },
            ..row(1 << 33, 0x1000 + n * 176)
        })
        .collect();
    let mut octets = Vec::new();
    encode(&rows, &mut octets);
    let each = octets.len() / rows.len();
    assert!(each <= 5, "{each} octets a row");
}

#[test]
fn row_of_a_stream_takes_few_octets() {
    let rows: Vec<Row> = (0..10_000)
        .map(|n| Row {
            told: Recovered {
                sequence: n << 1,
                head_len: 12,
                ..row(1 << 33, 0x1000 + n * 176).told
            },
            ..row(1 << 33, 0x1000 + n * 176)
        })
        .collect();
    let mut octets = Vec::new();
    encode(&rows, &mut octets);
    let each = octets.len() / rows.len();
    assert!(each <= 6, "{each} octets a row");
}

#[test]
fn row_of_version_1_says_nothing_of_the_head() {
    let old = Row {
        told: Recovered {
            sequence: 7,
            ..row(1, 0x1000).told
        },
        ..row(1, 0x1000)
    };
    let mut octets = Vec::new();
    encode(&[row(0, 0x2000), old], &mut octets);
    // The length of the head, which was not there, is 0 and the last octet.
    octets.pop();
    let rows = decode(&octets, Version::One);
    assert_eq!(rows.as_deref(), Some(&[row(0, 0x2000), old][..]));
    assert_eq!(decode(&octets, Version::Two), None);
}

#[test]
fn arbitrary_octets_never_panic() {
    let mut dice = 1_u64;
    for len in 0..400 {
        let octets: Vec<u8> = (0..len)
            .map(|_| {
                dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(9);
                dice.to_be_bytes()[0]
            })
            .collect();
        drop(decode(&octets, Version::One));
        drop(decode(&octets, Version::Two));
    }
}
