//! The load tool against a broker in this process: every shape once, tiny, and nothing timed.

use clap::{Parser, ValueEnum as _};
use leveret::broker::Broker;
use leveret::internals::DeskInside as _;
use leveret_bench::awake::Awake;
use leveret_bench::disk::{self, DiskLoop};
use leveret_bench::hostile::Hostile;
use leveret_bench::options::Load;
use leveret_bench::report::Report;
use leveret_bench::run;

use super::talker::{Client, eventually};

#[derive(Parser)]
struct Alone {
    #[command(flatten)]
    load: Load,
}

fn bench(options: &str) -> Report {
    let broker = Broker::builder().port(0).start().expect("a broker");
    let uri = broker.uri();
    let words = ["bench", "--quiet", "--uri", &uri];
    let words = words.into_iter().chain(options.split_whitespace());
    let report = run(&Alone::parse_from(words).load).expect("a load that runs");
    assert!(report.problems.is_empty(), "{options}: {report:?}");
    report
}

fn has(options: &str, figures: &[&str]) {
    let report = bench(options);
    for figure in figures {
        assert!(
            report.get(figure).is_some(),
            "{options}: no {figure} in {report:?}"
        );
    }
}

#[test]
fn streams_of_all_exchange_types_arrive_whole() {
    for shape in [
        "--size 16",
        "--size 300000 --messages 5",
        "--producers 3 --consumers 4 --queues 2",
        "--exchange fanout --queues 3 --consumers 3",
        "--exchange topic --bindings 20 --queues 2 --consumers 2 --producers 3",
        "--exchange headers --bindings 20",
        "--exchange direct --bindings 20",
        "--ack-every 7 --prefetch 20",
        "--ack-every 1 --prefetch 1 --durable --persistent",
        "--size 0",
    ] {
        let limit = if shape.contains("--messages") {
            ""
        } else {
            " --messages 500"
        };
        has(
            &format!("{shape}{limit}"),
            &["received_per_s", "published_per_s"],
        );
    }
}

#[test]
fn confirms_are_counted_and_timed() {
    has(
        "--confirm 10 --latency --messages 500",
        &["confirmed_per_s", "confirm_p50_us"],
    );
}

#[test]
fn latency_is_measured_at_a_pace() {
    has(
        "--latency --rate 20000 --messages 1000",
        &["latency_p50_us", "latency_p999_us"],
    );
}

#[test]
fn calls_are_answered_both_ways() {
    for way in ["direct", "queue"] {
        let load = format!("--rpc {way} --producers 2 --messages 100 --size 64");
        has(&load, &["calls_per_s", "call_p99_us"]);
    }
}

#[test]
fn backlog_is_filled_and_drained() {
    has(
        "--backlog 2000 --queues 2 --consumers 2 --size 64",
        &["published_per_s", "drained_per_s"],
    );
}

#[test]
fn churn_counts_what_it_opens() {
    for what in ["connection", "channel", "queue", "durable-queue"] {
        let load = format!("--churn {what} --messages 20 --producers 2");
        has(&load, &["operations_per_s", "operation_p50_us"]);
    }
}

#[test]
fn every_hostile_case_comes_to_its_end_and_says_what_others_felt() {
    for case in Hostile::value_variants() {
        let word = case.to_possible_value().expect("no case is hidden");
        has(
            &format!("--hostile {} --messages 20 --warmup 0.1", word.get_name()),
            &["bystander_max_us", "newcomer_max_us", "hostile_s"],
        );
    }
}

#[test]
fn slow_consumer_is_left_with_a_backlog() {
    has(
        "--consumer-rate 100 --seconds 0.2 --warmup 0 --size 1024",
        &["received_per_s"],
    );
}

#[test]
fn load_runs_beside_other_things() {
    has(
        "--messages 500 --among-queues 5 --among-connections 3 --among-bindings 4",
        &["received_per_s"],
    );
    has(
        "--messages 500 --behind 300 --consumers 0",
        &["published_per_s"],
    );
}

#[test]
fn bystander_says_what_it_felt() {
    has(
        "--bystander 2000 --consumer-rate 100 --seconds 0.2 --warmup 0",
        &["bystander_p50_us", "bystander_p99_us", "published_per_s"],
    );
}

#[test]
fn messages_that_are_kept_are_there_for_the_next_load() {
    let broker = Broker::builder().port(0).start().expect("a broker");
    let uri = broker.uri();
    let words = "bench --quiet --keep --messages 100 --consumers 0 --confirm 10 --uri";
    let words = words.split(' ').chain([uri.as_str()]);
    run(&Alone::parse_from(words).load).expect("a load that runs");
    let mut talker = Client::new(&broker);
    assert_eq!(talker.ready("leveret-bench.0"), 100);
}

#[test]
fn disk_is_measured_without_a_broker() {
    let dir = tempfile::tempdir().expect("a directory");
    let options = DiskLoop {
        dir: Some(dir.path().to_owned()),
        size: 1_000,
        seconds: 1,
        awake: Awake::default(),
    };
    let report = disk::run(&options).expect("a loop that runs");
    assert!(report.get("confirmed_per_s") > Some(0.0), "{report:?}");
    assert!(report.get("confirm_p50_us") > Some(0.0), "{report:?}");
    let left = std::fs::read_dir(dir.path()).expect("the directory");
    assert_eq!(left.count(), 0, "the file is removed");
}

#[test]
fn refusal_by_the_broker_is_told() {
    let broker = Broker::builder().port(0).start().expect("a broker");
    let uri = broker.uri();
    let words = [
        "bench",
        "--uri",
        &uri,
        "--queue-type",
        "carrot",
        "--messages",
        "1",
    ];
    let error = run(&Alone::parse_from(words).load)
        .expect_err("no such type")
        .to_string();
    assert!(error.contains("PRECONDITION_FAILED"), "{error}");
}

#[test]
fn consumer_whose_queue_is_deleted_fails_the_load() {
    let broker = Broker::builder().port(0).start().expect("a broker");
    let uri = broker.uri();
    let load = std::thread::Builder::new()
        .spawn(move || {
            let words = "bench --quiet --rate 100 --consumer-rate 100 --seconds 60 --uri";
            run(&Alone::parse_from(words.split(' ').chain([uri.as_str()])).load)
        })
        .expect("a thread");
    let vhost = broker.desk().find_vhost("/").expect("the default vhost");
    eventually("the load consumes", || {
        let queue = vhost.find_queue("leveret-bench.0");
        queue.is_some_and(|queue| queue.look(|queue| queue.consumer_count()) > 0)
    });
    let deleted = Client::new(&broker).ask("queue.delete queue='leveret-bench.0'");
    assert!(deleted.starts_with("queue.delete-ok"), "{deleted}");
    let error = load.join().expect("no panic").expect_err("nothing came");
    assert!(error.to_string().contains("basic.cancel"), "{error}");
}

// It did not announce that it understands a refusal, and said only that the peer was gone.
#[test]
fn refusal_is_shown_in_the_brokers_words() {
    let broker = Broker::builder().start().expect("a broker");
    let address = broker.addresses()[0];
    for (login, vhost, told) in [
        (
            "guest:wrong",
            "%2F",
            "the broker closed: 403 ACCESS_REFUSED - Login was refused using authentication \
             mechanism PLAIN. For details see the broker logfile.",
        ),
        (
            "guest:guest",
            "none",
            "the broker closed: 530 NOT_ALLOWED - vhost none not found",
        ),
    ] {
        let uri = format!("amqp://{login}@{address}/{vhost}");
        let load = Alone::parse_from(["bench", "--quiet", "--uri", &uri]).load;
        let error = run(&load).expect_err("it is refused");
        assert_eq!(error.to_string(), told);
    }
}
