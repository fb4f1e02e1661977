use super::matrix::{Better, Work, Yardstick};
use super::turn::Words;
use super::*;

use clap::Parser;

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
    let options = options();
    let check = |words: Words<'_>| {
        let load = words.load("amqp://h").unwrap();
        load.check().unwrap();
        assert_eq!(load.uri, "amqp://h");
    };
    for row in ROWS.iter().chain(HOSTILE).chain(HTTP) {
        match row.work {
            Work::Load(text) | Work::Own(text) => {
                check(Words::whole(None, text));
                check(Words::whole(row.quick, text));
            }
            Work::Timed(text) => check(Words::timed(&options, text)),
            Work::Restart(_, text) => {
                check(Words::whole(
                    None,
                    &format!("{text} --consumers 0 --keep --messages 9"),
                ));
            }
            Work::Startup => {}
        }
        if let Yardstick::Relay(text) | Yardstick::SyncedRelay(text) = row.yardstick {
            check(Words::timed(&options, text));
        }
    }
    for scale in SCALE {
        check(Words::timed(&options, &format!("{} 100", scale.options)));
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

fn contender(name: &str) -> Contender {
    Contender {
        name: name.to_owned(),
        source: Source::Running(String::new()),
        standing: None,
        product: String::new(),
    }
}

#[test]
fn line_of_the_table_shows_medians_ratio_and_part_of_the_relay() {
    let rounds = |value| Rounds::from([("received_per_s".to_owned(), vec![value])]);
    let measured = Measured {
        row: &ROWS[1],
        rounds: vec![rounds(300.0), rounds(100.0), rounds(400.0)],
        notes: BTreeSet::from(["a: bound by the tool".to_owned()]),
        problems: Vec::new(),
    };
    let line = markdown::lines(&options(), &[contender("a"), contender("b")], &measured);
    assert!(
        line.contains("| 300 | 100 | 3.0 × | 30.0 × | 400 | 75 % | 50 % |"),
        "{line}"
    );
    assert!(line.contains("| *a: bound by the tool* |"), "{line}");
}

#[test]
fn a_target_says_which_way_is_better() {
    for (name, target) in [("http-reads", "≥ 10\u{202f}000"), ("http-page", "≤ 50.00")] {
        let measured = Measured {
            row: HTTP.iter().find(|row| row.name == name).unwrap(),
            rounds: vec![Rounds::new(); 3],
            notes: BTreeSet::new(),
            problems: Vec::new(),
        };
        let contenders = [contender("a"), contender("b")];
        let lines = markdown::lines(&options(), &contenders, &measured);
        assert!(lines.contains(target), "{lines}");
    }
}

#[test]
fn line_of_costs_shows_what_the_most_adds() {
    let rounds = |value| Rounds::from([("broker_cpu_s_per_million".to_owned(), vec![value])]);
    let scaled = Scaled {
        scale: &SCALE[0],
        rounds: vec![rounds(2.0), rounds(2.5), rounds(3.0)],
        problems: vec!["lost".to_owned()],
    };
    assert_eq!(
        markdown::scale_line(&scaled),
        "| other queues | 2.00 | 2.50 | 3.00 | 1.50 × |\n| | **lost** |\n"
    );
}

#[test]
fn quick_comparison_measures_shorter_and_says_so() {
    let options = Compare {
        quick: true,
        ..options()
    };
    assert_eq!(options.time(), 2);
    let row = ROWS.iter().find(|row| row.name == "backlog").unwrap();
    let measured = Measured {
        row,
        rounds: vec![Rounds::new(); 2],
        notes: BTreeSet::new(),
        problems: Vec::new(),
    };
    let line = markdown::lines(&options, &[], &measured);
    assert!(line.contains("backlog of 200,000"), "{line}");
    let page = markdown::page(&options, &[], &Table::default());
    assert!(page.contains("--rounds 3 --quick"), "{page}");
}
