use super::*;

const TEXT: &str = "# RabbitMQ 4.3.6, lib 1.0\n# comment\nok a\nfail b\nskip c\nok d e\n";

fn judged(results: &[(&str, Mark)]) -> Vec<String> {
    let mut all = Results::default();
    for (name, mark) in results {
        all.push(name, *mark);
    }
    let outcomes = Baseline::parse(TEXT).judge(&all);
    let text = |(name, outcome)| match outcome {
        Outcome::Ok => format!("{name}: ok"),
        Outcome::Fail(reason) => format!("{name}: FAIL {reason}"),
        Outcome::Skip(reason) => format!("{name}: skip {reason}"),
    };
    outcomes.into_iter().map(text).collect()
}

#[test]
fn only_what_fails_there_too_may_fail() {
    let results = [
        ("a", Mark::Fail),
        ("b", Mark::Fail),
        ("c", Mark::Skip),
        ("d e", Mark::Ok),
        ("new", Mark::Fail),
    ];
    let expected = [
        "a: FAIL failed",
        "b: skip fails on RabbitMQ 4.3.6 too",
        "c: skip skipped by the suite itself",
        "d e: ok",
        "new: FAIL failed",
    ];
    assert_eq!(judged(&results), expected);
}

#[test]
fn a_test_that_was_not_run_has_failed() {
    let expected = ["a: ok", "d e: FAIL was not run"];
    assert_eq!(judged(&[("a", Mark::Ok)]), expected);
}

#[test]
fn a_baseline_is_read_as_it_was_written() {
    let broker = Identity {
        product: "RabbitMQ".to_owned(),
        version: "4.3.6".to_owned(),
    };
    let written = Baseline::text(
        &Baseline::parse(TEXT).results,
        "--suites",
        "lib 1.0",
        &broker,
    );
    let read = Baseline::parse(&written);
    assert_eq!(read.broker(), "RabbitMQ 4.3.6");
    let counts = [Mark::Ok, Mark::Fail, Mark::Skip].map(|mark| read.count(mark));
    assert_eq!(counts, [2, 1, 1]);
}
