use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_and_every_row_is_read() {
    let names: BTreeSet<_> = ROWS.iter().map(|row| row.name).collect();
    assert_eq!(names.len(), ROWS.len());
    assert!(ROWS.iter().all(|row| !row.measures.is_empty()));
}

#[test]
fn every_row_has_something_to_reach() {
    for row in ROWS {
        let has_target = |measure: &Measure| measure.times.or(measure.alone).is_some();
        assert!(row.measures.iter().any(has_target), "{}", row.name);
    }
}
