use std::time::Duration;

use super::*;

fn run(results: &[(&str, Outcome)]) -> SuiteRun {
    let results = results
        .iter()
        .map(|(name, outcome)| ((*name).to_owned(), outcome.clone(), Duration::ZERO))
        .collect();
    let run = ClientRun {
        client: "hare".to_owned(),
        title: "hare 1.0".to_owned(),
        results,
        took: Duration::ZERO,
    };
    SuiteRun { run, broker: None }
}

#[test]
fn the_last_line_counts_the_tests_of_all_suites() {
    let fail = Outcome::Fail("failed".to_owned());
    let skip = Outcome::Skip("slow".to_owned());
    let runs = [run(&[("a", Outcome::Ok), ("b", fail)]), run(&[("c", skip)])];
    let text = text(&runs);
    assert!(text.contains("failed:\n  hare: failed: b\n"), "{text}");
    assert!(text.contains("skipped:\n  hare: slow: c\n"), "{text}");
    assert!(
        text.ends_with("\n1 passed, 1 failed, 1 skipped\n"),
        "{text}"
    );
}

#[test]
fn names_of_tests_are_safe_in_xml() {
    let text = junit(&[run(&[("a <\"b\">", Outcome::Ok)])]);
    assert!(text.contains("name=\"a &lt;&quot;b&quot;&gt;\""), "{text}");
}
