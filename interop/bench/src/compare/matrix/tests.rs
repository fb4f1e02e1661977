use std::collections::BTreeSet;

use super::*;

#[test]
fn names_are_unique_and_every_row_is_read() {
    let rows = || ROWS.iter().chain(HOSTILE);
    let names: BTreeSet<_> = rows().map(|row| row.name).collect();
    assert_eq!(names.len(), rows().count());
    assert!(rows().all(|row| !row.measures.is_empty()));
}

#[test]
fn every_row_has_something_to_reach() {
    for row in ROWS.iter().chain(HOSTILE) {
        let has_target = |measure: &Measure| measure.times.or(measure.alone).is_some();
        assert!(row.measures.iter().any(has_target), "{}", row.name);
    }
}

#[test]
fn every_hostile_case_has_a_row() {
    use clap::ValueEnum as _;
    let titles: BTreeSet<_> = HOSTILE.iter().map(|row| row.name).collect();
    for case in crate::hostile::Hostile::value_variants() {
        let word = case.to_possible_value().unwrap();
        let name = format!("hostile-{}", word.get_name());
        assert!(titles.contains(name.as_str()), "{name}");
    }
}
