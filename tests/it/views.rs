//! What the desk shows: exact in the very next question after the answer that made it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::time::Duration;

use leveret::broker::Broker;
use leveret::clock::Clock;
use leveret::internals::DeskInside as _;
use leveret::internals::auth::Door;
use leveret::internals::desk::views::{
    BindingFilter, BindingView, ChannelView, Churn, ExchangeSort, Listing, NameFilter, Page,
    QueueSort, QueueView, Scope,
};
use leveret::internals::inquiry::Detail;
use leveret::internals::vhost::DestinationName;
use leveret_codec::types::ShortString;

use crate::talker::{Client, eventually};

fn broker() -> Broker {
    Broker::builder().start().unwrap()
}

fn queue(broker: &Broker, name: &str) -> QueueView {
    broker.desk().queue("/", name).unwrap()
}

/// The channels of all connections, and how many connections did not answer.
pub(crate) fn channels(broker: &Broker) -> (Vec<ChannelView>, usize) {
    let answers = broker.desk().ask_all_channels(Detail::Reached);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let bound = Duration::from_secs(20);
        tokio::time::timeout(bound, &answers).await.unwrap();
    });
    broker.desk().channels(&answers)
}

#[test]
fn queue_is_shown_as_the_last_answer_left_it() {
    let broker = broker();
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='jobs' durable arguments={x-max-length: 10}");
    let view = queue(&broker, "jobs");
    assert_eq!(
        (view.kind, view.durable, view.counts.ready),
        ("classic", true, 0)
    );
    assert_eq!(
        serde_json::to_value(&view.arguments).unwrap(),
        serde_json::json!({ "x-max-length": 10, "x-queue-type": "classic" })
    );
    client.ask("confirm.select");
    for number in 1..=3 {
        let line = "basic.publish routing-key='jobs' body='12345'";
        let ack = format!("basic.ack delivery-tag={number}");
        assert_eq!(client.ask(line), ack);
        let counts = queue(&broker, "jobs").counts;
        assert_eq!((counts.ready, counts.ready_bytes), (number, 5 * number));
    }
    client.ask("basic.get queue='jobs'");
    let view = queue(&broker, "jobs");
    assert_eq!((view.counts.ready, view.counts.unacked), (2, 1));
    assert_eq!((view.stats.published, view.stats.got), (3, 1));
    client.say("basic.ack delivery-tag=1");
    client.sync();
    let view = queue(&broker, "jobs");
    assert_eq!((view.counts.unacked, view.stats.acked), (0, 1));
    client.ask("queue.delete queue='jobs'");
    assert!(broker.desk().queue("/", "jobs").is_none());
}

/// Seen: RabbitMQ 4.3.6, `/api/queues/V/Q`.
#[test]
fn what_only_some_types_of_queues_show_is_there() {
    let clock = Clock::test();
    let broker = Broker::builder().clock(clock.clone()).start().unwrap();
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='jobs' durable");
    let properties = "{timestamp=1700000000 delivery-mode=2}";
    client.say(&format!(
        "basic.publish routing-key='jobs' body='abc' {properties}"
    ));
    client.say("basic.publish routing-key='jobs' body='de'");
    client.sync();
    let view = queue(&broker, "jobs");
    let used = clock.now().wall.as_millis();
    assert_eq!(
        (view.head_timestamp, view.idle_since_ms),
        (Some(1_700_000_000), None)
    );
    let counts = view.counts;
    assert_eq!((counts.persistent, counts.persistent_bytes), (1, 3));
    assert_eq!((counts.ready_in_memory(), counts.in_memory_bytes()), (2, 5));
    assert_eq!(view.consumer_capacity, Some(0.0));
    let mut consumer = Client::new(&broker);
    consumer.ask("basic.qos prefetch-count=1");
    consumer.ask("basic.consume queue='jobs' consumer-tag='me' exclusive");
    assert_eq!(
        queue(&broker, "jobs").exclusive_consumer_tag.as_deref(),
        Some("me")
    );
    clock.advance(Duration::from_secs(4));
    let view = queue(&broker, "jobs");
    assert_eq!(view.idle_since_ms, Some(used));
    assert!(view.consumer_capacity.unwrap() < 0.1);

    client.declare("orders", "x-queue-type: 'quorum'");
    client.publish("orders", "abc");
    client.publish("orders", "abc");
    client.sync();
    let view = queue(&broker, "orders");
    let quorum = view.quorum.unwrap();
    assert_eq!((quorum.by_priority, quorum.returned), (vec![(4, 2)], 0));
    assert_eq!((view.counts.persistent, view.head_timestamp), (2, None));
    let mut consumer = Client::new(&broker);
    consumer.ask("basic.consume queue='orders' consumer-tag='only'");
    let view = queue(&broker, "orders");
    assert_eq!(view.single_active_consumer_tag.as_deref(), Some("only"));

    client.declare("events", "x-queue-type: 'stream'");
    client.publish("events", "abc");
    client.sync();
    let view = queue(&broker, "events");
    let now = clock.now().wall.as_millis();
    let stream = view.stream.unwrap();
    assert_eq!((stream.segments, stream.first_timestamp_ms), (1, now));
    assert_eq!((view.consumer_capacity, view.stats.published), (None, 1));
}

/// Seen: RabbitMQ 4.3.6, `message_stats` of `/api/queues/V/Q`.
#[test]
fn published_is_what_clients_publish_also_what_is_refused() {
    let broker = broker();
    let mut client = Client::new(&broker);
    let arguments = "x-max-length: 1, x-overflow: 'reject-publish', x-dead-letter-exchange: '', \
                     x-dead-letter-routing-key: 'dead'";
    client.declare("full", arguments);
    client.declare("dead", "");
    for _ in 0..3 {
        client.publish("full", "abc");
    }
    client.ask("basic.get queue='full'");
    client.say("basic.reject delivery-tag=1");
    client.sync();
    let full = queue(&broker, "full").stats;
    assert_eq!((full.published, full.refused), (3, 2));
    assert_eq!((full.died, full.rejected), (1, 1));
    let dead = queue(&broker, "dead");
    assert_eq!((dead.counts.ready, dead.stats.published), (1, 0));
}

#[test]
fn consumers_and_owners_are_named() {
    let broker = broker();
    let mut client = Client::new(&broker);
    client.ask("queue.declare queue='mine' exclusive");
    client.ask("basic.qos prefetch-count=7");
    client.ask("basic.consume queue='mine' consumer-tag='me' arguments={x-priority: 5}");
    let view = queue(&broker, "mine");
    let connection = &broker
        .desk()
        .connections(Scope::All, None, &Listing::default())
        .unwrap();
    let connection = &connection.items[0];
    assert_eq!(view.owner.unwrap().name, connection.name);
    let consumer = &view.consumers[0];
    assert_eq!(
        (&*consumer.tag, consumer.prefetch_count, consumer.priority),
        ("me", 7, 5)
    );
    assert_eq!((consumer.ack_required, &*consumer.user), (true, "guest"));
    assert_eq!(consumer.connection.as_ref().unwrap().name, connection.name);
    assert_eq!(broker.desk().consumers(Scope::Vhost("/")).len(), 1);
    assert_eq!(broker.desk().consumers(Scope::Vhost("other")).len(), 0);
    drop(client);
    eventually("the connection is gone", || {
        broker.desk().connection(&connection.name).is_none()
    });
    eventually("its queue is gone", || {
        broker.desk().queue("/", "mine").is_none()
    });
}

#[test]
fn channels_answer_for_themselves() {
    let broker = broker();
    assert_eq!(channels(&broker).0.len(), 0);
    let mut client = Client::new(&broker);
    let mut other = Client::new(&broker);
    client.declare("jobs", "");
    client.ask("confirm.select");
    for _ in 0..3 {
        client.ask("basic.publish routing-key='jobs' body='x'");
    }
    client.ask("basic.publish routing-key='nowhere' body='x'");
    let returned = client.ask("basic.publish routing-key='nowhere' mandatory body='x'");
    assert!(returned.starts_with("basic.return "), "{returned}");
    client.hear();
    client.ask("basic.get queue='jobs'");
    client.ask("basic.get queue='jobs' no-ack");
    client.ask("basic.get queue='jobs' no-ack");
    client.ask("basic.get queue='jobs'");
    other.ask("tx.select");
    other.say("basic.publish routing-key='jobs' body='x'");
    other.ask("basic.qos prefetch-count=9");
    let (views, missing) = channels(&broker);
    assert_eq!((views.len(), missing), (2, 0));
    let first = &views[0].snapshot;
    assert!(views[0].name.ends_with(" (1)"), "{}", views[0].name);
    assert_eq!(
        (first.confirm, first.unacked, first.unconfirmed),
        (true, 1, 0)
    );
    let counters = first.counters;
    assert_eq!((counters.published, counters.confirmed), (5, 5));
    assert_eq!(
        (counters.dropped_unroutable, counters.returned_unroutable),
        (1, 1)
    );
    assert_eq!(
        (counters.got, counters.got_no_ack, counters.got_empty),
        (1, 2, 1)
    );
    let second = &views[1].snapshot;
    assert_eq!(
        (
            second.transactional,
            second.uncommitted,
            second.prefetch_count
        ),
        (true, 1, 9)
    );
    other.ask("channel.close code=200");
    assert_eq!(channels(&broker).0.len(), 1);
}

#[test]
fn bindings_are_listed_from_either_end() {
    let broker = broker();
    let mut client = Client::new(&broker);
    client.declare("jobs", "");
    client.ask("exchange.declare exchange='in' type='topic'");
    client.ask("exchange.declare exchange='more' type='fanout'");
    client.ask("queue.bind queue='jobs' exchange='in' routing-key='a.#' arguments={n: 1}");
    client.ask("exchange.bind destination='more' source='in' routing-key='b'");
    let listed = |filter: &BindingFilter<'_>| broker.desk().bindings(Scope::Vhost("/"), filter);
    let all = listed(&BindingFilter::All);
    let text =
        |view: &BindingView| format!("{}>{}:{}", view.source, view.destination, view.routing_key);
    let texts: Vec<String> = all.iter().map(text).collect();
    assert_eq!(texts, [">jobs:jobs", "in>jobs:a.#", "in>more:b"]);
    assert_eq!(
        serde_json::to_value(&all[1].arguments).unwrap(),
        serde_json::json!({ "n": 1 })
    );
    assert_eq!(listed(&BindingFilter::From("in")).len(), 2);
    let jobs = DestinationName::Queue(ShortString::new("jobs").unwrap());
    assert_eq!(
        listed(&BindingFilter::To(&jobs)).len(),
        2,
        "the implicit one too"
    );
    assert_eq!(listed(&BindingFilter::Between("in", &jobs)).len(), 1);
}

#[test]
fn lists_are_filtered_sorted_and_paged() {
    let broker = broker();
    let mut client = Client::new(&broker);
    for number in 0..30 {
        client.declare(&format!("q{number:02}"), "");
        for _ in 0..number % 7 {
            client.say(&format!(
                "basic.publish routing-key='q{number:02}' body='x'"
            ));
        }
    }
    client.sync();
    let listing = Listing {
        name: Some(NameFilter::pattern("^q[01]").unwrap()),
        sort: Some(QueueSort::Messages),
        reverse: true,
        page: Some(Page::new(1, Some(3)).unwrap()),
    };
    let listed = broker.desk().queues(Scope::All, &listing).unwrap();
    let shown: Vec<(&str, u64)> = listed
        .items
        .iter()
        .map(|view| (&*view.name, view.counts.ready))
        .collect();
    assert_eq!(shown, [("q13", 6), ("q06", 6), ("q19", 5)]);
    assert_eq!((listed.total_count, listed.filtered_count), (30, 20));
    assert_eq!(listed.page_count, 7);
    let exchanges = Listing::<ExchangeSort>::default();
    let exchanges = broker
        .desk()
        .exchanges(Scope::Vhost("/"), &exchanges)
        .unwrap();
    let names: Vec<&str> = exchanges.items.iter().map(|view| &*view.name).collect();
    assert_eq!(names[..3], ["", "amq.direct", "amq.fanout"]);
    let (totals, counts) = broker.desk().totals(Scope::All);
    assert_eq!(
        (totals.queues, totals.connections, totals.channels),
        (30, 1, 1)
    );
    assert_eq!(counts.ready, (0..30).map(|number| number % 7).sum::<u64>());
}

#[test]
fn what_came_and_went_is_counted() {
    let broker = broker();
    let before = broker.desk().churn();
    let mut client = Client::new(&broker);
    client.declare("jobs", "");
    client.declare("jobs", "");
    client.ask("queue.declare queue='mine' exclusive");
    client.ask("2> channel.open");
    client.ask("2> channel.close code=200");
    client.ask("queue.delete queue='jobs'");
    let churn = broker.desk().churn();
    assert_eq!(before, Churn::default());
    let expected = Churn {
        connections_opened: 1,
        channels_opened: 2,
        channels_closed: 1,
        queues_declared: 3,
        queues_created: 2,
        queues_deleted: 1,
        ..before
    };
    assert_eq!(churn, expected);
    assert_eq!(broker.desk().auth().attempts(Door::Amqp), (1, 0));
    drop(client);
    eventually("all is closed", || {
        broker.desk().churn()
            == Churn {
                connections_closed: 1,
                channels_closed: 2,
                queues_deleted: 2,
                ..expected
            }
    });
}
