//! Data directories that have rotted in any way: reading them ends in an answer, never in a panic.
//!
//! `tests/fuzz` does the same with a fuzzer.

#![expect(clippy::indexing_slicing, reason = "a test may fail where it stands")]

use std::sync::LazyLock;

use proptest::prelude::*;

use self::spoil::{Blow, Files};
use crate::golden;

mod spoil;

static BASES: LazyLock<[Files; 2]> = LazyLock::new(spoil::bases);

/// What a program left that kept definitions in a database: killed, and stopped in order.
static OLD: LazyLock<[Files; 2]> = LazyLock::new(|| ["v1/killed", "v1/stopped"].map(golden::files));

fn blows() -> impl Strategy<Value = Vec<Blow>> {
    prop::collection::vec(any::<Blow>(), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn any_rot_is_answered(base in 0..2_usize, blows in blows()) {
        let mut files = BASES[base].clone();
        spoil::spoil(&mut files, &blows);
        spoil::read_all(files);
    }

    #[test]
    fn any_rot_with_right_checksums_is_answered(base in 0..2_usize, blows in blows()) {
        let mut files = BASES[base].clone();
        spoil::spoil(&mut files, &blows);
        spoil::put_right(&mut files);
        spoil::read_all(files);
    }
}

/// Octets of a page of the database.
const PAGE: usize = 4096;

/// Something done to a page: which, what, another page, and a number for it.
type PageBlow = (u16, u8, u16, u64);

/// Spoils pages as a disk or a file system does: whole pages that are stale, lost, elsewhere or
/// full of nonsense, octets within them, a file that is too short or too long.
fn spoil_pages(octets: &mut Vec<u8>, blows: &[PageBlow]) {
    for (page, kind, other, number) in blows {
        let pages = octets.len() / PAGE;
        if pages == 0 {
            return;
        }
        let place = |page: &u16| (usize::from(*page) % pages) * PAGE;
        let (at, from) = (place(page), place(other));
        let mut dice = *number;
        let mut nonsense = || {
            dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            dice.to_be_bytes()[0]
        };
        match kind % 7 {
            0 => octets[at..at + PAGE].fill(0),
            1 => octets[at..at + PAGE].fill_with(&mut nonsense),
            2 => octets.copy_within(from..from + PAGE, at),
            3 => (0..PAGE).for_each(|octet| octets.swap(at + octet, from + octet)),
            4 => octets[at + usize::from(*other) % PAGE] = nonsense(),
            5 => octets.truncate(at + usize::from(*other) % PAGE),
            _ => octets.extend(std::iter::repeat_with(nonsense).take(PAGE)),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    // Earlier programs kept definitions in it. It is another project's, has checksums of its own
    // and asserts on what it reads.
    #[test]
    fn any_rot_of_a_database_of_definitions_is_answered(
        base in 0..2_usize,
        blows in prop::collection::vec(any::<PageBlow>(), 1..5),
    ) {
        let mut files = OLD[base].clone();
        spoil_pages(files.get_mut("definitions.redb").expect("there is one"), &blows);
        spoil::read_all(files);
    }

    #[test]
    fn any_rot_of_the_files_of_definitions_is_answered(
        base in 0..2_usize,
        file in "definitions-[ab]",
        blows in prop::collection::vec(any::<PageBlow>(), 1..5),
    ) {
        let mut files = BASES[base].clone();
        spoil_pages(files.get_mut(&file).expect("there is one"), &blows);
        spoil::read_all(files);
    }
}

// The property above is worth something only if the checksums are where it thinks they are.
#[test]
fn checksums_are_put_right_as_the_format_says() {
    let kinds = [".log", ".foot", "checkpoint-", "definitions-"];
    for kind in kinds {
        let mut names = BASES.iter().flat_map(Files::keys);
        assert!(names.any(|name| name.contains(kind)), "no {kind}");
    }
    for base in &*BASES {
        let mut files = base.clone();
        spoil::put_right(&mut files);
        let changed: Vec<_> = base
            .iter()
            .filter(|(name, octets)| files[*name] != **octets)
            .map(|(name, _)| name)
            .collect();
        assert!(changed.is_empty(), "{changed:?}");
    }
}
