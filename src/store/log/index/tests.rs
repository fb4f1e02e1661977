use proptest::prelude::*;

use super::*;

fn index(records: &[(u64, u32)]) -> Index {
    let mut index = Index::default();
    for (address, granule) in records {
        assert!(index.push(*address, *granule));
    }
    index
}

proptest! {
    #[test]
    fn every_record_is_found_and_nothing_else(
        ways in prop::collection::vec((1_u64..1 << 30, 1_u32..1 << 14), 0..200),
        first in any::<u32>(),
    ) {
        let mut place = (u64::from(first), 0);
        let mut records = Vec::new();
        for (far, wide) in ways {
            records.push(place);
            place = (place.0 + far * GRANULE as u64, place.1 + wide);
        }
        let index = index(&records);
        prop_assert_eq!(index.len(), records.len());
        prop_assert_eq!(index.iter().collect::<Vec<_>>(), records.clone());
        for (address, granule) in &records {
            prop_assert_eq!(index.granule(*address), Some(*granule));
            prop_assert_eq!(index.address(*granule), Some(*address));
            prop_assert_eq!(index.granule(address + 1), None);
        }
        prop_assert_eq!(index.granule(place.0), None);
        prop_assert_eq!(index.address(place.1), None);
    }
}

#[test]
fn records_that_do_not_rise_are_refused() {
    let mut index = index(&[(160, 4)]);
    for (address, granule) in [(160, 5), (144, 5), (176, 4), (176, 3), (177, 5)] {
        assert!(!index.push(address, granule), "{address} {granule}");
    }
    assert_eq!(index.iter().collect::<Vec<_>>(), [(160, 4)]);
}

#[test]
fn record_in_a_hundred_takes_six_octets() {
    let records = (0..10_000).map(|n| (n * 12_800, u32::try_from(n * 8).unwrap()));
    let index = index(&records.collect::<Vec<_>>());
    let octets = index.ways.len() + index.marks.len() * size_of::<Mark>();
    assert!(octets <= 6 * 10_000, "{octets}");
}
