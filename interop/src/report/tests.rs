use std::time::Duration;

use super::*;

fn identity(product: &str) -> Identity {
    Identity {
        product: product.to_owned(),
        version: "4.3.6".to_owned(),
    }
}

fn scenario(id: &str) -> Scenario {
    let text = String::new;
    Scenario {
        id: id.to_owned(),
        title: text(),
        suite: text(),
        broker: crate::scenario::Place::Shared,
        steps: Vec::new(),
        expect: text(),
    }
}

fn run(results: &[(&str, Outcome)]) -> ClientRun {
    let row = |(id, outcome): &(&str, Outcome)| ((*id).to_owned(), outcome.clone(), Duration::ZERO);
    ClientRun {
        client: "perl-hare".to_owned(),
        title: "hare 1.0".to_owned(),
        results: results.iter().map(row).collect(),
        took: Duration::ZERO,
    }
}

fn with_report(text: impl Fn(&Report<'_>) -> String) -> String {
    let scenarios = ["get", "tx", "ttl"].map(scenario);
    let failed = Outcome::Fail("2 < \"3\"".to_owned());
    let skipped = Outcome::Skip("no call".to_owned());
    let runs = [run(&[
        ("get", Outcome::Ok),
        ("tx", failed),
        ("ttl", skipped),
    ])];
    let broker = identity("Leveret");
    text(&Report {
        scenarios: &scenarios,
        runs: &runs,
        broker: &broker,
    })
}

#[test]
fn table_ends_with_the_counts() {
    let table = with_report(|report| report.table());
    assert_eq!(table.lines().last(), Some("1 passed, 1 failed, 1 skipped"));
}

#[test]
fn reasons_are_escaped_in_junit() {
    let junit = with_report(|report| report.junit());
    assert!(
        junit.contains("<failure message=\"2 &lt; &quot;3&quot;\"/>"),
        "{junit}"
    );
    assert!(
        junit.contains("tests=\"3\" failures=\"1\" skipped=\"1\""),
        "{junit}"
    );
}

#[test]
fn record_keeps_the_sections_of_other_brokers() {
    let first = merge("", "RabbitMQ", "\n## RabbitMQ 4.3.5\n\nold\n");
    let both = merge(&first, "Leveret", "\n## Leveret 4.3.6\n\nours\n");
    let newer = merge(&both, "RabbitMQ", "\n## RabbitMQ 4.3.6\n\nnew\n");
    let expected = format!("{HEADER}\n## Leveret 4.3.6\n\nours\n\n## RabbitMQ 4.3.6\n\nnew\n");
    assert_eq!(newer, expected);
}

#[test]
fn section_shows_every_outcome() {
    let section = with_report(|report| report.section());
    for line in ["| get | ok |", "| tx | **FAIL** |", "| ttl | skip |"] {
        assert!(section.contains(line), "{line} in {section}");
    }
    assert!(section.contains("- perl-hare, tx: 2 < \"3\""), "{section}");
}
