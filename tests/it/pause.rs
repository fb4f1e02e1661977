//! Queues whose delivery is paused over HTTP, and what clients see of it.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;

use leveret::administration::{PermissionDefinition, UserDefinition};
use leveret::broker::{Broker, NewMessage, QueueDefinition};
use leveret::settings::Durability;
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::{Client, eventually};

const PAUSE: &str = "/api/leveret/queues/%2F/q/pause";

fn on(directory: Option<&Path>) -> Broker {
    let builder = Broker::builder().management(0).configure(|settings| {
        settings.event_exchange_enabled = true;
        if let Some(directory) = directory {
            settings.data_dir = directory.to_owned();
            settings.durability = Durability::Fsync;
        }
    });
    builder.start().unwrap()
}

/// The key `paused` of the queue, alone and in a list.
fn paused(http: &Http) -> Json {
    let one = http.get("/api/queues/%2F/q").json();
    let alone = one.get("paused").cloned().unwrap_or_default();
    let all = http.get("/api/queues/%2F").json();
    let is_it = |one: &&Json| one.get("name").is_some_and(|name| name == "q");
    let listed = all.as_array().unwrap().iter().find(is_it).unwrap();
    let listed = listed.get("paused").cloned().unwrap_or_default();
    assert_eq!(listed, alone);
    alone
}

fn set(http: &Http, method: &str) {
    let heard = http.ask(method, PAUSE, "");
    assert_eq!((heard.status, heard.text()), (204, ""));
}

fn gets(client: &mut Client) -> String {
    let heard = client.ask("basic.get queue='q' no-ack");
    heard.split_whitespace().next().unwrap().to_owned()
}

#[test]
fn consumers_of_every_type_get_nothing_until_it_is_resumed() {
    for kind in ["classic", "quorum", "stream"] {
        let broker = on(None);
        let http = Http::of(&broker);
        let mut client = Client::new(&broker);
        let declare =
            format!("queue.declare queue='q' durable arguments={{x-queue-type: '{kind}'}}");
        assert!(client.ask(&declare).starts_with("queue.declare-ok"));
        assert_eq!(paused(&http), Json::Null);
        set(&http, "PUT");
        set(&http, "PUT");
        assert_eq!(paused(&http), json!(true), "{kind}");
        client.ask("basic.qos prefetch-count=10");
        client.ask("basic.consume queue='q' consumer-tag='c'");
        client.say("basic.publish routing-key='q' body='first'");
        client.sync();
        let vhost = broker.vhost("/").unwrap();
        assert_eq!(vhost.counts("q").unwrap().ready, 1, "{kind}");
        if kind != "stream" {
            assert_eq!(gets(&mut client), "basic.get-empty", "{kind}");
            let wish = json!({"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"});
            let heard = http.ask("POST", "/api/queues/%2F/q/get", &wish.to_string());
            assert_eq!(heard.json(), json!([]));
        }
        let browsed = http.get("/api/leveret/queues/%2F/q/messages").json();
        assert_eq!(browsed["messages"][0]["payload"], "first", "{kind}");
        set(&http, "DELETE");
        set(&http, "DELETE");
        let delivered = client.hear();
        assert!(
            delivered.starts_with("basic.deliver"),
            "{kind}: {delivered}"
        );
        assert!(delivered.contains("first"), "{kind}: {delivered}");
        assert_eq!(paused(&http), Json::Null);
    }
}

#[test]
fn it_is_told_once_and_ends_with_the_broker() {
    let directory = tempfile::tempdir().unwrap();
    let broker = on(Some(directory.path()));
    let http = Http::of(&broker);
    let mut client = Client::new(&broker);
    client.declare("events", "");
    let bind = "queue.bind queue='events' exchange='amq.rabbitmq.event' routing-key='queue.*'";
    assert_eq!(client.ask(bind), "queue.bind-ok");
    let vhost = broker.vhost("/").unwrap();
    let queue = QueueDefinition::new("q").durable();
    vhost.declare_queue(&queue).unwrap();
    vhost
        .publish(&NewMessage::to_queue("q").body("kept").persistent())
        .unwrap();
    for method in ["PUT", "PUT", "DELETE", "DELETE", "PUT"] {
        set(&http, method);
    }
    eventually("all is told", || vhost.counts("events").unwrap().ready == 4);
    let told = vhost.peek("events", 10).unwrap();
    let keys: Vec<_> = told.iter().map(|event| event.routing_key()).collect();
    assert_eq!(
        keys,
        [
            "queue.created",
            "queue.paused",
            "queue.resumed",
            "queue.paused"
        ]
    );
    let header = |name: &str| told[1].header(name).unwrap().to_string();
    assert!(header("name").contains('q'), "{}", header("name"));
    assert!(header("user_who_performed_action").contains("guest"));
    drop((client, http, vhost));
    broker.stop("test");
    let broker = on(Some(directory.path()));
    assert_eq!(paused(&Http::of(&broker)), Json::Null);
    assert_eq!(gets(&mut Client::new(&broker)), "basic.get-ok");
}

#[test]
fn it_needs_the_right_to_configure_the_queue() {
    let broker = on(None);
    let http = Http::of(&broker);
    assert_eq!(http.ask("PUT", PAUSE, "").status, 404);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    let administration = broker.desk().administration();
    let user = UserDefinition::new("reader", "secret").tags(["management"]);
    administration.put_user(&user).unwrap().unwaited();
    let rights = PermissionDefinition::new("reader", "/")
        .configure("^$")
        .read(".*")
        .write(".*");
    administration.put_permission(&rights).unwrap().unwaited();
    let reader = http.by("reader", "secret");
    for method in ["PUT", "DELETE"] {
        let heard = reader.ask(method, PAUSE, "");
        assert_eq!(heard.status, 401, "{method}: {}", heard.text());
    }
    assert_eq!(paused(&http), Json::Null);
}
