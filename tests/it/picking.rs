//! Messages that are picked over HTTP where they wait: dropped, moved, given back to where they
//! died first.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::sync::Arc;

use leveret::administration::{PermissionDefinition, TopicPermissionDefinition, UserDefinition};
use leveret::broker::{Broker, NewMessage, QueueDefinition};
use leveret::events::{CopyId, Fate, Interest, Party, Room, Told};
use leveret::internals::DeskInside as _;
use leveret::internals::limits::{HTTP_BROWSE_MAX, HTTP_BROWSE_SEEN, HTTP_STAYS_MAX, TURN_STEPS};
use leveret::settings::Durability;
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::{Client, eventually};

fn broker() -> (Broker, Http, Client) {
    let broker = Broker::builder().management(0).start().unwrap();
    let (http, client) = (Http::of(&broker), Client::new(&broker));
    (broker, http, client)
}

fn on(directory: &Path) -> Broker {
    let builder = Broker::builder().management(0).configure(|settings| {
        settings.data_dir = directory.to_owned();
        settings.durability = Durability::Fsync;
    });
    builder.start().unwrap()
}

fn path(act: &str) -> String {
    format!("/api/leveret/queues/%2F/q/messages/{act}")
}

/// The answer, which is 200.
fn ask(http: &Http, act: &str, body: &Json) -> Json {
    let heard = http.ask("POST", &path(act), &body.to_string());
    assert_eq!(heard.status, 200, "{body}: {}", heard.text());
    heard.json()
}

/// How many are done; nothing stays.
fn done(http: &Http, act: &str, body: &Json) -> u64 {
    let heard = ask(http, act, body);
    assert_eq!(heard.get("stayed"), Some(&json!([])), "{heard}");
    heard.get("done").and_then(Json::as_u64).unwrap()
}

/// Positions and reasons of those that stay.
fn stayed(heard: &Json) -> Vec<(u64, String)> {
    let stayed = heard["stayed"].as_array().unwrap();
    assert_eq!(heard["stayed_count"], stayed.len());
    let one = |one: &Json| {
        assert!(!one["text"].as_str().unwrap().is_empty());
        let reason = one["reason"].as_str().unwrap().to_owned();
        (one["position"].as_u64().unwrap(), reason)
    };
    stayed.iter().map(one).collect()
}

fn publish(client: &mut Client, queue: &str, bodies: &str) {
    for body in bodies.split(' ') {
        client.publish(queue, body);
    }
    client.sync();
}

const CLASSIC: &str = "";
const QUORUM: &str = "x-queue-type: 'quorum'";
const PRIORITY: &str = "x-max-priority: 5";

#[test]
fn messages_are_dropped_by_position_and_by_what_is_in_them() {
    for kind in [CLASSIC, QUORUM, PRIORITY] {
        let (broker, http, mut client) = broker();
        client.declare("q", kind);
        publish(&mut client, "q", "apple bread apricot cheese date");
        let heard = ask(&http, "drop", &json!({"positions": [4, 1, 1, 77]}));
        assert_eq!(heard["done"], 2, "{kind}");
        assert_eq!(stayed(&heard), [(77, "gone".to_owned())]);
        assert_eq!(heard["next"], Json::Null);
        let ap = json!({"filter": {"body": "^ap", "use_regex": true}});
        let heard = ask(&http, "drop", &ap);
        assert_eq!((&heard["done"], &heard["seen"]), (&json!(2), &json!(3)));
        assert_eq!(client.drain("q"), ["cheese"], "{kind}");
        let stats = broker.desk().find_vhost("/").unwrap().queue("q").unwrap();
        let stats = stats.look(|queue| queue.stats());
        assert_eq!((stats.dropped, stats.moved), (4, 0));
        assert_eq!((stats.acked, stats.died, stats.got_no_ack), (0, 0, 1));
        let view = http.get("/api/queues/%2F/q").json();
        assert_eq!(view["messages"], 0, "{kind}");
    }
}

#[test]
fn what_is_moved_keeps_its_content_and_says_where_it_was_sent() {
    for kind in [CLASSIC, QUORUM, PRIORITY] {
        let (_broker, http, mut client) = broker();
        for queue in ["q", "to", "bound"] {
            client.declare(queue, kind);
        }
        client.ask("queue.bind queue='bound' exchange='amq.topic' routing-key='orders.#'");
        let publish = |client: &mut Client, body: &str| {
            client.say(&format!(
                "basic.publish routing-key='q' body='{body}' {{delivery-mode=2 priority=3 \
                 message-id='{body}' headers={{n: 1, CC: ['none']}}}}"
            ));
        };
        for body in ["a", "b", "c"] {
            publish(&mut client, body);
        }
        client.sync();
        assert_eq!(
            done(&http, "move", &json!({"positions": [1], "queue": "to"})),
            1
        );
        let heard = client.ask("basic.get queue='to' no-ack");
        for said in ["routing-key='to'", "message-id='b'", "priority=3", "n: I1"] {
            assert!(heard.contains(said), "{kind}: {said} in {heard}");
        }
        assert!(
            !heard.contains("redelivered") && !heard.contains("exchange"),
            "{heard}"
        );
        let to_topic = |key: Option<&str>| {
            let mut body = json!({"filter": {}, "count": 1, "exchange": "amq.topic"});
            if let Some(key) = key {
                body["routing_key"] = json!(key);
            }
            ask(&http, "move", &body)
        };
        // With its own key it would come nowhere.
        assert_eq!(stayed(&to_topic(None)), [(0, "unroutable".to_owned())]);
        let heard = to_topic(Some("orders.new"));
        assert_eq!((&heard["done"], &heard["stayed"]), (&json!(1), &json!([])));
        let heard = client.ask("basic.get queue='bound' no-ack");
        for said in [
            "routing-key='orders.new'",
            "exchange='amq.topic'",
            "message-id='a'",
        ] {
            assert!(heard.contains(said), "{kind}: {said} in {heard}");
        }
        assert_eq!(client.drain("q"), ["c"], "{kind}");
    }
}

#[test]
fn what_a_full_queue_refuses_stays_in_its_place() {
    for kind in [CLASSIC, QUORUM] {
        let (_broker, http, mut client) = broker();
        client.declare("q", kind);
        client.declare("open", kind);
        let separator = if kind.is_empty() { "" } else { ", " };
        let full = format!("x-max-length: 2, x-overflow: 'reject-publish'{separator}{kind}");
        client.declare("full", &full);
        for queue in ["full", "open"] {
            client.ask(&format!("queue.bind queue='{queue}' exchange='amq.fanout'"));
        }
        publish(&mut client, "q", "a b c d e f");
        let heard = ask(
            &http,
            "move",
            &json!({"filter": {}, "exchange": "amq.fanout"}),
        );
        // A quorum queue takes one more than its limit.
        let taken = if kind.is_empty() { 2 } else { 3 };
        assert_eq!(heard["done"], taken, "{kind}");
        let refused = |position| (position, "refused".to_owned());
        let positions = taken..6;
        assert_eq!(stayed(&heard), positions.map(refused).collect::<Vec<_>>());
        let text = heard["stayed"][0]["text"].as_str().unwrap();
        assert!(text.contains("'full'"), "{text}");
        assert_eq!(
            client.ready("open"),
            taken,
            "all of its queues have it, or none"
        );
        assert_eq!(client.ready("full"), taken);
        let rest: Vec<&str> = "a b c d e f".split(' ').collect();
        let from = usize::try_from(taken).unwrap();
        assert_eq!(client.drain("q"), rest[from..]);
    }
}

#[test]
fn messages_go_back_to_where_they_died_first() {
    for kind in [CLASSIC, QUORUM] {
        let (_broker, http, mut client) = broker();
        let separator = if kind.is_empty() { "" } else { ", " };
        let dead = format!("x-dead-letter-exchange: 'amq.fanout'{separator}{kind}");
        client.declare("orders", &dead);
        client.declare("gone", &dead);
        client.declare("q", kind);
        client.ask("queue.bind queue='q' exchange='amq.fanout'");
        client.ask("queue.bind queue='orders' exchange='amq.direct' routing-key='new'");
        let say = "basic.publish exchange='amq.direct' routing-key='new' body='order'";
        client.say(say);
        client.publish("gone", "lost");
        for (tag, queue) in [(1, "orders"), (2, "gone")] {
            let got = client.ask(&format!("basic.get queue='{queue}'"));
            assert!(got.starts_with("basic.get-ok"), "{got}");
            client.say(&format!("basic.reject delivery-tag={tag}"));
        }
        client.sync();
        eventually("both are dead-lettered", || client.ready("q") == 2);
        publish(&mut client, "q", "young");
        client.ask("queue.delete queue='gone'");
        let heard = ask(&http, "requeue", &json!({"filter": {}}));
        assert_eq!(heard["done"], 1, "{kind}: {heard}");
        assert_eq!(
            stayed(&heard),
            [(1, "no_queue".to_owned()), (2, "never_died".to_owned())]
        );
        let heard = client.ask("basic.get queue='orders' no-ack");
        for said in [
            "body='order'",
            "exchange='amq.direct'",
            "routing-key='new'",
            "x-death",
        ] {
            assert!(heard.contains(said), "{kind}: {said} in {heard}");
        }
        assert_eq!(client.drain("q"), ["lost", "young"]);
    }
}

#[test]
fn what_would_come_back_to_its_queue_stays_there() {
    let (_broker, http, mut client) = broker();
    client.declare("q", "");
    client.ask("queue.bind queue='q' exchange='amq.fanout'");
    publish(&mut client, "q", "a b");
    let heard = ask(
        &http,
        "move",
        &json!({"filter": {}, "exchange": "amq.fanout"}),
    );
    let here = |position| (position, "here_already".to_owned());
    assert_eq!(stayed(&heard), [here(0), here(1)]);
    assert_eq!((&heard["done"], &heard["next"]), (&json!(0), &Json::Null));
    assert_eq!(client.drain("q"), ["a", "b"]);
}

#[test]
fn an_exchange_that_delays_keeps_what_is_moved_to_it() {
    let (_broker, http, mut client) = broker();
    client.declare("q", "");
    client.ask(
        "exchange.declare exchange='later' type='x-delayed-message' \
         arguments={x-delayed-type: 'fanout'}",
    );
    client.say("basic.publish routing-key='q' body='m' {headers={x-delay: 3600000}}");
    client.sync();
    assert_eq!(
        done(
            &http,
            "move",
            &json!({"positions": [0], "exchange": "later"})
        ),
        1
    );
    assert_eq!(client.drain("q"), [""; 0]);
}

#[test]
fn consumers_go_on_with_what_is_left() {
    let (_broker, http, mut client) = broker();
    client.declare("q", QUORUM);
    client.declare("to", "");
    publish(&mut client, "q", "a b c d e");
    client.ask("basic.qos prefetch-count=1");
    client.say("basic.consume queue='q' consumer-tag='c'");
    let ok = client.hear();
    assert!(ok.starts_with("basic.consume-ok"), "{ok}");
    assert!(client.hear().contains("body='a'"));
    // What the consumer holds is not ready.
    let heard = ask(
        &http,
        "move",
        &json!({"positions": [0, 1, 3], "queue": "to"}),
    );
    assert_eq!(heard["done"], 2);
    assert_eq!(stayed(&heard), [(0, "gone".to_owned())]);
    for (tag, body) in [(1, "c"), (2, "e")] {
        client.say(&format!("basic.ack delivery-tag={tag}"));
        let heard = client.hear();
        assert!(heard.contains(&format!("body='{body}'")), "{heard}");
    }
    assert_eq!(client.drain("to"), ["b", "d"]);
}

#[test]
fn what_was_moved_is_in_its_new_place_after_a_restart() {
    for kind in [CLASSIC, QUORUM] {
        let directory = tempfile::tempdir().unwrap();
        let broker = on(directory.path());
        let (http, mut client) = (Http::of(&broker), Client::new(&broker));
        client.declare("q", kind);
        client.declare("to", kind);
        client.ask("confirm.select");
        for number in 1..=3000 {
            client.say(&format!(
                "basic.publish routing-key='q' body='{number}' {{delivery-mode=2}}"
            ));
        }
        let mut heard = client.hear();
        while !heard.contains("delivery-tag=3000") {
            heard = client.hear();
        }
        let queue = broker.desk().find_vhost("/").unwrap().queue("q").unwrap();
        // Most of them are on disk alone now.
        queue.with(broker.desk().env().now(), |queue, _| queue.page_out());
        let positions: Vec<u64> = (0..1000).map(|n| n * 3).collect();
        assert_eq!(
            done(
                &http,
                "move",
                &json!({"positions": positions, "queue": "to"})
            ),
            1000
        );
        assert_eq!(done(&http, "drop", &json!({"positions": [1, 2998]})), 2);
        let counts = http.get("/api/queues/%2F/q").json();
        assert_eq!(counts["messages_ready"], 1998, "{kind}");
        drop((http, client, queue));
        broker.stop("test");
        let broker = on(directory.path());
        let mut client = Client::new(&broker);
        let number = |n: u64| (n + 1).to_string();
        let moved: Vec<_> = positions.iter().copied().map(number).collect();
        assert_eq!(client.drain("to"), moved, "{kind}");
        let is_left = |n: &u64| !n.is_multiple_of(3) && *n != 1 && *n != 2998;
        let left: Vec<_> = (0..3000).filter(is_left).map(number).collect();
        assert_eq!(client.drain("q"), left, "{kind}");
    }
}

#[test]
fn one_request_acts_on_so_many_and_looks_at_so_many_at_most() {
    let (broker, http, _) = broker();
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    vhost.declare_queue(&QueueDefinition::new("to")).unwrap();
    let (seen_max, _) = HTTP_BROWSE_SEEN;
    let message = NewMessage::to_queue("q").body("no");
    for _ in 0..=seen_max {
        vhost.publish(&message).unwrap();
    }
    vhost
        .publish(&NewMessage::to_queue("q").body("yes"))
        .unwrap();
    let mut body = json!({"filter": {"body": "yes"}, "queue": "to"});
    let heard = ask(&http, "move", &body);
    assert_eq!(
        (&heard["done"], &heard["seen"]),
        (&json!(0), &json!(seen_max))
    );
    body["from"] = heard["next"].clone();
    let heard = ask(&http, "move", &body);
    assert_eq!((&heard["done"], &heard["next"]), (&json!(1), &Json::Null));
    let before = broker.desk().env().turns.counts();
    let heard = ask(&http, "drop", &json!({"filter": {}}));
    assert_eq!(heard["done"], HTTP_BROWSE_MAX);
    let after = broker.desk().env().turns.counts();
    assert!(
        after.longest < 2 * u64::from(TURN_STEPS),
        "{before:?} {after:?}"
    );
    // All in pieces, from where the one before stopped.
    let (mut left, mut from) = (seen_max + 1 - HTTP_BROWSE_MAX, heard["next"].clone());
    while let Some(next) = from.as_str() {
        let heard = ask(
            &http,
            "drop",
            &json!({"filter": {}, "count": 999, "from": next}),
        );
        left -= usize::try_from(heard["done"].as_u64().unwrap()).unwrap();
        from = heard["next"].clone();
    }
    assert_eq!((left, vhost.counts("q").unwrap().ready), (0, 0));
}

#[test]
fn of_what_came_back_to_a_quorum_queue_none_is_passed_over() {
    let (_broker, http, mut client) = broker();
    client.declare("q", "x-queue-type: 'quorum', x-delivery-limit: -1");
    let bodies: Vec<String> = (0..300).map(|n: u32| n.to_string()).collect();
    publish(&mut client, "q", &bodies.join(" "));
    for _ in 0..200 {
        assert!(
            client
                .ask("basic.get queue='q'")
                .starts_with("basic.get-ok")
        );
    }
    client.say("basic.nack delivery-tag=200 multiple requeue");
    client.sync();
    let (mut done, mut from) = (0, json!("0.0"));
    while let Some(next) = from.as_str() {
        let heard = ask(
            &http,
            "drop",
            &json!({"filter": {}, "count": 7, "from": next}),
        );
        done += heard["done"].as_u64().unwrap();
        from = heard["next"].clone();
    }
    assert_eq!((done, client.drain("q")), (300, Vec::new()));
}

#[test]
fn of_many_that_stay_the_first_ones_are_named() {
    let (broker, http, _) = broker();
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    for _ in 0..150 {
        vhost.publish(&NewMessage::to_queue("q").body("m")).unwrap();
    }
    let heard = ask(&http, "requeue", &json!({"filter": {}}));
    assert_eq!(heard["stayed"].as_array().unwrap().len(), HTTP_STAYS_MAX);
    assert_eq!(
        (&heard["stayed_count"], &heard["done"]),
        (&json!(150), &json!(0))
    );
}

/// The status and the text of a refusal.
#[track_caller]
fn refused(http: &Http, (act, body): (&str, &Json), (status, words): (u16, &str)) {
    let heard = http.ask("POST", &path(act), &body.to_string());
    assert_eq!(heard.status, status, "{body}: {}", heard.text());
    assert!(heard.text().contains(words), "{body}: {}", heard.text());
}

#[test]
fn what_cannot_be_meant_is_refused_and_nothing_is_done() {
    let (_broker, http, mut client) = broker();
    client.declare("q", "");
    publish(&mut client, "q", "m");
    let all: Vec<u64> = (0..=HTTP_BROWSE_MAX as u64).collect();
    for (body, words) in [
        (json!({}), "one of positions and filter"),
        (
            json!({"positions": [0], "filter": {}}),
            "one of positions and filter",
        ),
        (json!({"positions": []}), "1 to 1000"),
        (json!({"positions": all}), "1 to 1000"),
        (json!({"positions": [-1]}), "whole numbers"),
        (json!({"positions": [0], "count": 1}), "go with filter"),
        (json!({"filter": []}), "no object"),
        (json!({"filter": {"bdy": "x"}}), "bdy is none of"),
        (json!({"filter": {"body": 1}}), "wrong type"),
        (
            json!({"filter": {"property": "size"}}),
            "property is none of",
        ),
        (
            json!({"filter": {"body": "(", "use_regex": true}}),
            "no regular",
        ),
        (json!({"filter": {}, "count": 0}), "from 1 to 1000"),
        (json!({"filter": {}, "from": "x"}), "no bookmark"),
        (json!({"filter": {}, "queue": "to"}), "queue is none of"),
    ] {
        refused(&http, ("drop", &body), (400, words));
    }
    assert_eq!(client.drain("q"), ["m"]);
}

#[test]
fn where_messages_cannot_go_is_refused_and_nothing_is_done() {
    let (_broker, http, mut client) = broker();
    client.declare("q", "");
    client.declare("to", "");
    client.ask("exchange.declare exchange='inner' type='fanout' internal");
    publish(&mut client, "q", "m");
    for (to, status, words) in [
        (json!({}), 400, "one of exchange and queue"),
        (
            json!({"queue": "to", "exchange": ""}),
            400,
            "one of exchange",
        ),
        (json!({"queue": "to", "routing_key": ""}), 400, "goes with"),
        (json!({"queue": "q"}), 400, "into itself"),
        (json!({"queue": "none"}), 404, "no queue 'none'"),
        (json!({"exchange": "none"}), 404, "no exchange 'none'"),
        (json!({"exchange": "inner"}), 401, "Access refused"),
    ] {
        let mut body = to.clone();
        body.as_object_mut()
            .unwrap()
            .insert("filter".to_owned(), json!({}));
        refused(&http, ("move", &body), (status, words));
    }
    assert_eq!(client.drain("q"), ["m"]);
}

#[test]
fn a_stream_keeps_what_is_in_it() {
    let (_broker, http, mut client) = broker();
    client.ask("queue.declare queue='q' durable arguments={x-queue-type: 'stream'}");
    publish(&mut client, "q", "m");
    let body = json!({"positions": [0]});
    refused(&http, ("drop", &body), (400, "is a stream"));
    refused(&http, ("requeue", &body), (400, "is a stream"));
    assert_eq!(client.ready("q"), 1);
    client.ask("queue.delete queue='q'");
    refused(&http, ("drop", &body), (404, "no queue 'q'"));
}

#[test]
fn it_takes_the_rights_of_a_client_that_consumes_and_publishes() {
    let (broker, http, mut client) = broker();
    client.declare("q", "");
    client.declare("to", "");
    client.ask("queue.bind queue='to' exchange='amq.topic' routing-key='#'");
    publish(&mut client, "q", "a b c");
    let administration = broker.desk().administration();
    let user = UserDefinition::new("m", "m").tags(["management"]);
    administration.put_user(&user).unwrap().unwaited();
    let may = |read: &str, write: &str| {
        let rights = PermissionDefinition::new("m", "/").read(read).write(write);
        administration.put_permission(&rights).unwrap().unwaited();
    };
    let m = http.by("m", "m");
    let status = |act: &str, body: Json| {
        let heard = m.ask("POST", &path(act), &body.to_string());
        heard.status
    };
    let to_queue = || json!({"positions": [0], "queue": "to"});
    let to_topic =
        |key: &str| json!({"positions": [1], "exchange": "amq.topic", "routing_key": key});
    may("^to$", ".*");
    for (act, body) in [
        ("drop", json!({"positions": [0]})),
        ("requeue", json!({"positions": [0]})),
        ("move", to_queue()),
    ] {
        assert_eq!(status(act, body), 401, "{act} without reading q");
    }
    may("^q$", "^to$");
    assert_eq!(
        status("move", to_queue()),
        401,
        "not to the default exchange"
    );
    assert_eq!(status("requeue", json!({"positions": [0]})), 401);
    assert_eq!(status("move", to_topic("x")), 401);
    may("^q$", "^amq\\.(default|topic)$");
    assert_eq!(status("move", to_queue()), 200);
    let topics = TopicPermissionDefinition::new("m", "/", "amq.topic").write("^free");
    administration
        .put_topic_permission(&topics)
        .unwrap()
        .unwaited();
    let heard = m.ask("POST", &path("move"), &to_topic("closed").to_string());
    assert_eq!(stayed(&heard.json()), [(1, "forbidden".to_owned())]);
    assert_eq!(status("move", to_topic("free")), 200);
    may("^q$", "^$");
    assert_eq!(status("drop", json!({"positions": [2]})), 200);
    assert_eq!((client.ready("q"), client.ready("to")), (0, 2));
}

#[test]
fn a_journal_follows_what_is_moved_and_hears_of_what_is_dropped() {
    let (broker, http, mut client) = broker();
    client.declare("q", "");
    client.declare("to", "");
    publish(&mut client, "q", "a b c");
    let journal = broker.subscribe(Interest::Messages, Room::default());
    let heard = ask(&http, "move", &json!({"positions": [0, 2], "queue": "to"}));
    assert_eq!(heard["done"], 2);
    assert_eq!(done(&http, "drop", &json!({"positions": [1]})), 1);
    let told = journal.take(usize::MAX).told.into_iter();
    let fates = told.filter_map(|told| match told {
        Told::Message(event) => Some((event.queue.to_string(), event.copy, event.fate)),
        Told::Change(_) => None,
    });
    let fates: Vec<_> = fates.collect();
    let by_guest = |by: &Option<Arc<Party>>| by.as_ref().is_some_and(|by| by.user == "guest");
    let moved = |(queue, copy, fate): &(String, Option<CopyId>, Fate)| match fate {
        Fate::Moved { by } if queue == "q" && by_guest(by) => *copy,
        _ => None,
    };
    let came = |(queue, _, fate): &(String, Option<CopyId>, Fate)| match fate {
        Fate::Queued { from } if queue == "to" => *from,
        _ => None,
    };
    let gone: Vec<CopyId> = fates.iter().filter_map(moved).collect();
    assert_eq!(
        gone.iter().map(|copy| copy.position).collect::<Vec<_>>(),
        [0, 2]
    );
    assert_eq!(
        fates.iter().filter_map(came).collect::<Vec<_>>(),
        gone,
        "{fates:?}"
    );
    let is_dropped = |fate: &Fate| matches!(fate, Fate::Dropped { by } if by_guest(by));
    assert!(is_dropped(&fates.last().unwrap().2), "{fates:?}");
    assert_eq!(fates.len(), 5, "{fates:?}");
}
