//! A footer counts only for its own segment, and only if every octet is as it was written.

use super::*;
use crate::clock::Wall;
use crate::ids::QueueId;
use crate::store::disk::MemoryDisk;
use crate::store::{RecordAt, Recovered};

const SEGMENT: &str = "0000000000001000.log";

/// The footer in `octets`.
fn decode(segment: &str, octets: &[u8]) -> Option<Footer> {
    let packed = unseal(segment, octets.to_vec())?;
    let rows = packed.rows().collect::<Option<_>>()?;
    let sums = packed.sums;
    Some(Footer { sums, rows })
}

/// The rows of `footer`, in the order of messages.
fn pack(footer: &Footer) -> Packer {
    let mut rows = footer.rows.clone();
    rows.sort_by_key(|row| row.at);
    let mut packer = Packer::default();
    rows.iter().for_each(|row| packer.push(row));
    packer
}

fn encode(segment: &str, footer: &Footer) -> Vec<u8> {
    sealed(segment, &footer.sums, |out| pack(footer).finish(out))
}

fn sample() -> Footer {
    let row = |n: u64| Row {
        queue: QueueId(if n == 19 { 7 } else { n % 2 }),
        copy: 0,
        told: Recovered {
            at: RecordAt(0x1000 + n * 256),
            body_len: 100,
            head_len: if n == 19 { 9 } else { 0 },
            mark: if n == 19 { 8 } else { 0 },
            stored_at: Wall::from_millis(5),
            sequence: if n == 19 { 5 } else { 0 },
            ..Recovered::default()
        },
    };
    let mut rows: Vec<Row> = (0..20).map(row).collect();
    sort(&mut rows);
    let mut sums = [Sum::default(); CLASSES];
    sums[3] = Sum {
        octets: 7,
        messages: 2,
    };
    Footer { sums, rows }
}

#[test]
fn what_is_written_is_read() {
    let disk = MemoryDisk::default();
    let (sums, rows) = (sample().sums, pack(&sample()));
    let (packed, written) = write_packed(&disk, SEGMENT, sums, &rows);
    written.expect("memory has room");
    assert_eq!(packed.octets, encode(SEGMENT, &sample()));
    assert_eq!(read(&disk, SEGMENT), Some(sample()));
    assert_eq!(read(&disk, "0000000000002000.log"), None);
    assert_eq!(file_name("a-b.pack"), "a-b.foot");
    assert!(is_footer(&file_name(SEGMENT)));
}

#[test]
fn rows_can_be_left_out() {
    let disk = MemoryDisk::default();
    let rows = pack(&sample()).filter(|row| row.queue == QueueId(7));
    assert_eq!(rows.len(), 1);
    let (_, written) = write_packed(&disk, SEGMENT, sample().sums, &rows);
    written.expect("memory has room");
    let left = read(&disk, SEGMENT).expect("it is whole").rows;
    let expected: Vec<Row> = sample()
        .rows
        .into_iter()
        .filter(|row| row.queue == QueueId(7))
        .collect();
    assert_eq!(left, expected);
}

#[test]
fn footer_of_another_segment_or_with_any_bit_flipped_is_none() {
    let octets = encode(SEGMENT, &sample());
    assert_eq!(decode("0000000000002000.log", &octets), None);
    for at in 0..octets.len() {
        let mut rotten = octets.clone();
        rotten[at] ^= 1 << (at % 8);
        assert_eq!(decode(SEGMENT, &rotten), None, "octet {at}");
        assert_eq!(decode(SEGMENT, &octets[..at]), None, "cut at {at}");
    }
}

/// `octets` as a footer of `version`, with the last `cut` of them missing.
fn of_version(version: u32, mut octets: Vec<u8>, cut: usize) -> Vec<u8> {
    octets.truncate(octets.len() - cut);
    let len = octets.len() as u64;
    put_at(&mut octets, 8, &version.to_le_bytes());
    put_at(&mut octets, 16, &len.to_le_bytes());
    let sum = checksum(SEGMENT, &octets);
    put_at(&mut octets, 12, &sum.to_le_bytes());
    octets
}

#[test]
fn version_1_is_read_and_suffices_where_there_is_no_stream() {
    let mut footer = sample();
    let of_stream = footer.rows.pop().expect("the last one");
    assert!(of_stream.sequence > 0);
    let octets = of_version(1, encode(SEGMENT, &footer), 0);
    let read = decode(SEGMENT, &octets).expect("it is whole");
    assert_eq!(read, footer);
    assert!(read.is_sufficient() && sample().is_sufficient());

    let mut unknown = of_stream;
    (unknown.told.head_len, unknown.told.mark) = (0, 0);
    footer.rows.push(unknown);
    // The length of the head, which was not there, is 0 and the last octet.
    let octets = of_version(1, encode(SEGMENT, &footer), 1);
    let read = decode(SEGMENT, &octets).expect("it is whole");
    assert_eq!(read, footer);
    assert!(!read.is_sufficient());
}

#[test]
fn version_of_the_future_is_passed_over() {
    let octets = of_version(3, encode(SEGMENT, &sample()), 0);
    assert_eq!(decode(SEGMENT, &octets), None);
}
