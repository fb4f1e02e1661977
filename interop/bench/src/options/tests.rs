use clap::Parser;

use super::*;

#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    load: Load,
}

fn load(options: &str) -> Load {
    let words = ["load"].into_iter().chain(options.split_whitespace());
    Alone::try_parse_from(words).unwrap().load
}

fn clap_refuses(options: &str) {
    let words = ["load"].into_iter().chain(options.split_whitespace());
    assert!(Alone::try_parse_from(words).is_err(), "{options}");
}

fn refuses(options: &str, text: &str) {
    let error = load(options).check().unwrap_err().to_string();
    assert!(error.contains(text), "{options}: {error}");
}

#[test]
fn load_without_options_is_one_of_each_for_five_seconds() {
    let load = load("");
    assert_eq!(
        (load.producers, load.consumers, load.queues, load.size),
        (1, 1, 1, 16)
    );
    assert_eq!(load.duration(), Some(Duration::from_secs(5)));
    assert_eq!(load.warm(), Duration::from_secs(1));
    assert!(load.check().is_ok());
}

#[test]
fn number_of_messages_ends_a_load_instead_of_time() {
    for options in ["--messages 10", "--backlog 10"] {
        assert_eq!(load(options).duration(), None);
        assert_eq!(load(options).warm(), Duration::ZERO);
    }
}

#[test]
fn seconds_may_have_a_fraction() {
    assert_eq!(
        load("--seconds 0.25").duration(),
        Some(Duration::from_millis(250))
    );
    clap_refuses("--seconds -1");
    clap_refuses("--seconds x");
}

#[test]
fn what_would_wait_for_ever_is_refused() {
    refuses("--ack-every 201", "--prefetch");
    assert!(load("--ack-every 201 --prefetch 0").check().is_ok());
    refuses("--rpc direct --consumers 0", "consumer");
    refuses("--queues 2", "--consumers");
    assert!(load("--queues 2 --consumers 0").check().is_ok());
}

#[test]
fn what_cannot_be_measured_is_refused() {
    refuses("--latency", "--rate");
    assert!(load("--latency --rate 1").check().is_ok());
    refuses("--latency --rate 1 --size 7", "8 octets");
    refuses(
        "--exchange topic --queues 2 --consumers 2 --bindings 1",
        "--bindings",
    );
}

#[test]
fn shapes_exclude_each_other() {
    clap_refuses("--rpc direct --backlog 1");
    clap_refuses("--churn queue --backlog 1");
    clap_refuses("--idle-queues 1 --churn queue");
    clap_refuses("--auto-ack --ack-every 1");
    clap_refuses("--bindings 5");
}
