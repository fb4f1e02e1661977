//! What flows where, as the page asks for it: counts of each way to a queue, of what died in it and
//! of what had no queue.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::Client;

fn named(list: &Json, name: &str) -> Json {
    let mut items = list.as_array().unwrap().iter();
    items.find(|one| one["name"] == name).unwrap().clone()
}

fn publish(client: &mut Client, exchange: &str) {
    client.say(&format!(
        "basic.publish exchange='{exchange}' routing-key='q' body='1'"
    ));
    let heard = client.hear();
    assert!(heard.starts_with("basic.ack"), "{heard}");
}

/// Two ways lead to `q`; from it dead letters go to `dead`.
fn furnished(broker: &Broker) -> Client {
    let mut client = Client::new(broker);
    client.ask("exchange.declare exchange='a' type='fanout'");
    client.ask("exchange.declare exchange='b' type='fanout'");
    client.ask("exchange.declare exchange='alone' type='fanout'");
    client.declare("dead", "");
    let letters = "{x-dead-letter-exchange: '', x-dead-letter-routing-key: 'dead'}";
    let heard = client.ask(&format!(
        "queue.declare queue='q' durable arguments={letters}"
    ));
    assert!(heard.starts_with("queue.declare-ok"), "{heard}");
    client.ask("queue.bind queue='q' exchange='a'");
    client.ask("queue.bind queue='q' exchange='b'");
    client.ask("confirm.select");
    client
}

#[test]
fn each_way_to_a_queue_is_counted_and_what_dies_in_it() {
    let broker = Broker::builder().management(0).start().unwrap();
    let http = Http::of(&broker);
    let mut client = furnished(&broker);
    for exchange in ["a", "a", "b", "", "alone"] {
        publish(&mut client, exchange);
    }
    let reject = json!({"count": 2, "ackmode": "reject_requeue_false", "encoding": "auto"});
    let heard = http.ask("POST", "/api/queues/%2F/q/get", &reject.to_string());
    assert_eq!(heard.status, 200, "{}", heard.text());
    for path in ["/api/leveret/flows/queues", "/api/leveret/flows/queues/%2F"] {
        let queues = http.get(path).json();
        let died = json!({"delivery_limit": 0, "expired": 0, "maxlen": 0, "rejected": 2});
        let from = json!([
            {"exchange": "", "publish": 1},
            {"exchange": "a", "publish": 2},
            {"exchange": "b", "publish": 1},
        ]);
        let expected = json!({"died": died, "from": from, "name": "q", "vhost": "/"});
        assert_eq!(named(&queues, "q"), expected, "{path}");
        // Dead letters were not published to where they are now.
        assert_eq!(named(&queues, "dead")["from"], json!([]), "{path}");
    }
    for path in [
        "/api/leveret/flows/exchanges",
        "/api/leveret/flows/exchanges/%2F",
    ] {
        let alone = named(&http.get(path).json(), "alone");
        let expected = json!({
            "confirm": 1, "drop_unroutable": 1, "name": "alone", "publish_in": 1,
            "publish_out": 0, "return_unroutable": 0, "vhost": "/",
        });
        assert_eq!(alone, expected, "{path}");
    }
}

#[test]
fn flows_are_refused_where_figures_are_not_shown() {
    let broker = Broker::builder().management(0).start().unwrap();
    let http = Http::of(&broker);
    for kind in ["queues", "exchanges"] {
        let path = format!("/api/leveret/flows/{kind}");
        assert_eq!(http.get(&format!("{path}?disable_stats=true")).status, 400);
        assert_eq!(http.get(&format!("{path}/none")).status, 404);
        assert_eq!(http.unknown().get(&path).status, 401);
    }
}
