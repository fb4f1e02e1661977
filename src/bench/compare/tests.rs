use super::matrix::Better;
use super::*;

fn options() -> Compare {
    #[derive(Parser)]
    struct Alone {
        #[command(flatten)]
        compare: Compare,
    }
    Alone::parse_from(["compare", "--broker", "a=amqp://h"]).compare
}

#[test]
fn loads_of_all_rows_can_be_read_and_go_together() {
    for row in ROWS {
        let relayed = row.relay.map(Work::Timed);
        for work in [Some(&row.work), relayed.as_ref()].into_iter().flatten() {
            let load = load(&options(), work, "amqp://h").unwrap();
            load.check().unwrap();
            assert_eq!(load.uri, "amqp://h");
        }
    }
}

#[test]
fn median_is_the_middle() {
    assert_eq!(median(&[]), None);
    assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
    assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
}

#[test]
fn ratio_says_how_many_times_better() {
    let half = markdown::ratio(Better::Less, Some(2.0), Some(1.0));
    let twice = markdown::ratio(Better::More, Some(2.0), Some(1.0));
    assert_eq!((half, twice), (Some(0.5), Some(2.0)));
    assert_eq!(markdown::ratio(Better::More, Some(1.0), Some(0.0)), None);
}

#[test]
fn brokers_are_read_from_words() {
    let (name, source) = Source::parse("old=amqp://h").unwrap();
    assert_eq!(
        (name.as_str(), source),
        ("old", Source::Running("amqp://h".to_owned()))
    );
    let (name, source) = Source::parse("leveret=prog").unwrap();
    assert_eq!(
        (name.as_str(), source),
        ("leveret", Source::Leveret("prog".into()))
    );
    assert!(Source::parse("carrot").is_err());
}

#[test]
fn line_of_the_table_shows_medians_ratio_and_part_of_the_relay() {
    let contender = |name: &str| Contender {
        name: name.to_owned(),
        source: Source::Running(String::new()),
        standing: None,
        product: String::new(),
    };
    let rounds = |value| Rounds::from([("received_per_s".to_owned(), vec![value])]);
    let measured = Measured {
        row: &ROWS[1],
        rounds: vec![rounds(300.0), rounds(100.0), rounds(400.0)],
        problems: Vec::new(),
    };
    let line = markdown::lines(&[contender("a"), contender("b")], &measured);
    assert!(
        line.contains("| 300 | 100 | 3.0 × | 30.0 × | 400 | 75 % | 50 % |"),
        "{line}"
    );
}
