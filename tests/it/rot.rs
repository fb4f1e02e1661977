//! Data directories that have rotted in any way: reading them ends in an answer, never in a panic.
//!
//! `tests/fuzz` does the same with a fuzzer.

#![expect(clippy::indexing_slicing, reason = "a test may fail where it stands")]

use std::sync::LazyLock;

use proptest::prelude::*;

use self::spoil::{Blow, Files};

mod spoil;

static BASES: LazyLock<[Files; 2]> = LazyLock::new(spoil::bases);

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
        // The database has checksums of its own.
        let definitions = files.remove("definitions.redb");
        spoil::spoil(&mut files, &blows);
        spoil::put_right(&mut files);
        files.extend(definitions.map(|octets| ("definitions.redb".to_owned(), octets)));
        spoil::read_all(files);
    }
}

// The property above is worth something only if the checksums are where it thinks they are.
#[test]
fn checksums_are_put_right_as_the_format_says() {
    let kinds = [".log", ".foot", "checkpoint-"];
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
