//! A footer counts only for its own segment, and only if every octet is as it was written.

use super::*;
use crate::clock::Wall;
use crate::ids::QueueId;
use crate::store::{MemoryDisk, RecordAt};

const SEGMENT: &str = "0000000000001000.log";

fn sample() -> Footer {
    let row = |n: u64| Row {
        queue: QueueId(n % 2),
        at: RecordAt(0x1000 + n * 256),
        copy: 0,
        body_len: 100,
        priority: None,
        stored_at: Wall::from_millis(5),
        ttl_ms: None,
        sequence: 0,
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
    write(&disk, SEGMENT, &sample()).expect("memory has room");
    assert_eq!(read(&disk, SEGMENT), Some(sample()));
    assert_eq!(read(&disk, "0000000000002000.log"), None);
    assert_eq!(file_name("a-b.pack"), "a-b.foot");
    assert!(is_footer(&file_name(SEGMENT)));
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
