//! What would become of a message, asked over HTTP: its way, its queues, its dead letters.
//!
//! [`Told::agrees`] then publishes the message and looks at where it came.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use leveret::broker::{
    BindingDefinition, Broker, ExchangeDefinition, QueueDefinition, VhostHandle,
};
use leveret::internals::limits::{EXPLAINED_HOPS_MAX, EXPLAINED_MAX};
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::Client;

struct Told {
    broker: Broker,
    vhost: VhostHandle,
    http: Http,
}

impl Told {
    fn new() -> Self {
        let broker = Broker::builder().management(0).start().unwrap();
        Self {
            vhost: broker.vhost("/").unwrap(),
            http: Http::of(&broker),
            broker,
        }
    }

    fn exchange(&self, exchange: &ExchangeDefinition) {
        self.vhost.declare_exchange(exchange).unwrap();
    }

    fn queue(&self, queue: &QueueDefinition) {
        self.vhost.declare_queue(queue).unwrap();
    }

    fn queues(&self, names: &[&str]) {
        names
            .iter()
            .for_each(|name| self.queue(&QueueDefinition::new(*name)));
    }

    fn bind(&self, source: &str, key: &str, queue: &str) {
        let binding = BindingDefinition::new(source).to_queue(queue).key(key);
        self.vhost.bind(&binding).unwrap();
    }

    fn put(&self, path: &str, body: &Json) {
        let heard = self.http.ask("PUT", path, &body.to_string());
        assert!(heard.status < 300, "{path}: {}", heard.text());
    }

    fn ask_as(&self, http: &Http, exchange: &str, body: &Json) -> Json {
        let exchange = if exchange.is_empty() {
            "amq.default"
        } else {
            exchange
        };
        let path = format!("/api/leveret/explain/publish/%2F/{exchange}");
        let heard = http.ask("POST", &path, &body.to_string());
        assert_eq!(heard.status, 200, "{exchange} {body}: {}", heard.text());
        heard.json()
    }

    /// What would become of a message. Asking changes nothing, not even a counter.
    fn ask(&self, exchange: &str, body: &Json) -> Json {
        let before = self.state();
        let told = self.ask_as(&self.http, exchange, body);
        assert_eq!(self.state(), before, "{exchange} {body}");
        told
    }

    /// All that a message would change.
    fn state(&self) -> [Json; 3] {
        let figures = "?disable_stats=false&columns=name,messages,message_stats";
        ["queues", "exchanges", "overview"].map(|all| {
            let columns = match all {
                "overview" => "?columns=queue_totals,message_stats.publish",
                _ => figures,
            };
            self.http.get(&format!("/api/{all}{columns}")).json()
        })
    }

    /// Publishes it, and says in which queues it is then.
    fn agrees(&self, exchange: &str, body: &Json, told: &Json) {
        let exchange = if exchange.is_empty() {
            "amq.default"
        } else {
            exchange
        };
        let message = json!({
            "routing_key": body["routing_key"].as_str().unwrap_or_default(),
            "properties": body.get("properties").unwrap_or(&json!({})),
            "payload": "", "payload_encoding": "string",
        });
        let path = format!("/api/exchanges/%2F/{exchange}/publish");
        let heard = self.http.ask("POST", &path, &message.to_string());
        assert_eq!(heard.status, 200, "{}", heard.text());
        let is_routed = told["outcome"] != "unroutable";
        assert_eq!(heard.json()["routed"], is_routed, "{told}");
        let all = self.http.get("/api/queues?columns=name,messages").json();
        let full = all
            .as_array()
            .unwrap()
            .iter()
            .filter(|queue| queue["messages"] != 0);
        let mut there: Vec<&str> = full.map(|queue| queue["name"].as_str().unwrap()).collect();
        there.sort_unstable();
        let mut foreseen = names(&told["hops"][0]["queues"]);
        foreseen.sort_unstable();
        assert_eq!(there, foreseen, "{exchange} {body}");
        for queue in there {
            self.vhost.purge_queue(queue).unwrap();
        }
    }
}

fn names(all: &Json) -> Vec<&str> {
    let all = all.as_array().unwrap().iter();
    all.map(|one| one["name"].as_str().unwrap()).collect()
}

/// The bindings of an exchange on the way: destinations with keys.
fn taken(exchange: &Json) -> Vec<(&str, &str)> {
    let bindings = exchange["bindings"].as_array().unwrap().iter();
    bindings
        .map(|one| {
            (
                one["destination"].as_str().unwrap(),
                one["routing_key"].as_str().unwrap(),
            )
        })
        .collect()
}

/// An exchange of each type, called like it, with bindings of the queues a, b and c.
fn with_each_type() -> Told {
    let told = Told::new();
    told.queues(&["a", "b", "c"]);
    for (kind, bindings) in [
        ("direct", &[("k", "a"), ("k", "b"), ("other", "c")][..]),
        (
            "topic",
            &[("k.*", "a"), ("#.x", "a"), ("k.#", "b"), ("z", "c")],
        ),
        ("fanout", &[("", "a"), ("k", "b"), ("any", "c")]),
    ] {
        told.exchange(&ExchangeDefinition::new(kind, kind));
        bindings
            .iter()
            .for_each(|(key, queue)| told.bind(kind, key, queue));
    }
    let match_all = BindingDefinition::new("headers").to_queue("a");
    let match_all = match_all.argument("colour", "red").argument("size", 1i64);
    let match_any = BindingDefinition::new("headers").to_queue("b");
    let match_any = match_any
        .argument("x-match", "any")
        .argument("colour", "red");
    told.exchange(&ExchangeDefinition::headers("headers"));
    told.vhost.bind(&match_all).unwrap();
    told.vhost.bind(&match_any).unwrap();
    told
}

#[test]
fn the_way_through_each_type_of_exchange_is_told() {
    let told = with_each_type();
    let red = json!({"headers": {"colour": "red"}});
    let both = json!({"headers": {"colour": "red", "size": 1}});
    for (exchange, key, properties, taken_ones) in [
        ("direct", "k", json!({}), &[("a", "k"), ("b", "k")][..]),
        ("direct", "none", json!({}), &[]),
        (
            "topic",
            "k.x",
            json!({}),
            &[("a", "#.x"), ("a", "k.*"), ("b", "k.#")],
        ),
        ("topic", "k", json!({}), &[("b", "k.#")]),
        (
            "fanout",
            "what",
            json!({}),
            &[("a", ""), ("b", "k"), ("c", "any")],
        ),
        ("headers", "", red, &[("b", "")]),
        ("headers", "", both, &[("a", ""), ("b", "")]),
        ("", "b", json!({}), &[("b", "b")]),
        ("", "missing", json!({}), &[]),
        (
            "direct",
            "k",
            json!({"headers": {"CC": ["other"]}}),
            &[("a", "k"), ("b", "k"), ("c", "other")],
        ),
        (
            "direct",
            "none",
            json!({"headers": {"BCC": ["other"]}}),
            &[("c", "other")],
        ),
    ] {
        let body = json!({"routing_key": key, "properties": properties});
        let answer = told.ask(exchange, &body);
        let first = &answer["hops"][0]["exchanges"][0];
        assert_eq!(taken(first), taken_ones, "{exchange} {body}");
        assert_eq!(
            (&first["via"], &first["from"]),
            (&json!("publish"), &Json::Null)
        );
        let outcome = if taken_ones.is_empty() {
            "unroutable"
        } else {
            "queued"
        };
        assert_eq!(answer["outcome"], outcome, "{exchange} {body}");
        told.agrees(exchange, &body, &answer);
    }
    let extra = json!({"routing_key": "k", "properties": {"headers": {"CC": ["x"], "BCC": ["y"]}}});
    let keys = &told.ask("direct", &extra)["hops"][0]["routing_keys"];
    assert_eq!(*keys, json!(["k", "x", "y"]));
}

#[test]
fn exchanges_behind_exchanges_and_alternates_are_told() {
    let told = Told::new();
    told.queues(&["deep", "rest"]);
    told.exchange(&ExchangeDefinition::fanout("rest"));
    told.bind("rest", "", "rest");
    let first = ExchangeDefinition::direct("first").argument("alternate-exchange", "rest");
    told.exchange(&first);
    told.exchange(&ExchangeDefinition::topic("second"));
    let onward = BindingDefinition::new("first")
        .to_exchange("second")
        .key("k");
    told.vhost.bind(&onward).unwrap();
    let back = BindingDefinition::new("second")
        .to_exchange("first")
        .key("#");
    told.vhost.bind(&back).unwrap();
    told.bind("second", "k", "deep");
    let way = |answer: &Json| -> Vec<Json> {
        let exchanges = answer["hops"][0]["exchanges"].as_array().unwrap().iter();
        exchanges
            .map(|one| json!([one["name"], one["via"], one["from"]]))
            .collect()
    };
    let body = json!({"routing_key": "k"});
    let answer = told.ask("first", &body);
    let wanted = [
        json!(["first", "publish", null]),
        json!(["second", "binding", "first"]),
    ];
    assert_eq!(way(&answer), wanted);
    let second = &answer["hops"][0]["exchanges"][1];
    assert_eq!(taken(second), [("deep", "k"), ("first", "#")]);
    told.agrees("first", &body, &answer);

    let body = json!({"routing_key": "unbound"});
    let answer = told.ask("first", &body);
    let wanted = [
        json!(["first", "publish", null]),
        json!(["rest", "alternate", "first"]),
    ];
    assert_eq!(way(&answer), wanted);
    let why = &answer["hops"][0]["exchanges"][0]["why"];
    assert_eq!(*why, "None of its bindings matches the message.");
    told.agrees("first", &body, &answer);

    let policy = json!({"pattern": "^second$", "definition": {"alternate-exchange": "gone"}});
    told.put("/api/policies/%2F/p", &policy);
    told.vhost.delete_exchange("first").unwrap();
    let body = json!({"routing_key": "unbound"});
    let answer = told.ask("second", &body);
    let wanted = [
        json!(["second", "publish", null]),
        json!(["gone", "alternate", "second"]),
    ];
    assert_eq!(way(&answer), wanted);
    let missing = &answer["hops"][0]["exchanges"][1];
    assert_eq!(
        (&missing["exists"], &missing["type"]),
        (&json!(false), &Json::Null)
    );
    assert_eq!(answer["outcome"], "unroutable");
    told.agrees("second", &body, &answer);
}

/// Publishes that are refused: exchange, message, reply code, text, and why.
fn refusals() -> Vec<(&'static str, Json, u16, &'static str, String)> {
    let ann = "of user 'ann' in virtual host '/'";
    vec![
        (
            "none",
            json!({}),
            404,
            "NOT_FOUND - no exchange 'none' in vhost '/'",
            "There is no such exchange, so the publisher's channel is closed.".to_owned(),
        ),
        (
            "amq.fanout",
            json!({"user": "ann"}),
            403,
            "ACCESS_REFUSED - write access to exchange 'amq.fanout' in vhost '/' refused for user \
             'ann'",
            format!("The write pattern '^(t|in)$' {ann} is not found in 'amq.fanout'."),
        ),
        (
            "t",
            json!({"user": "ann", "routing_key": "bob.x"}),
            403,
            "ACCESS_REFUSED - write access to topic 'bob.x' in exchange 't' in vhost '/' refused \
             for user 'ann'",
            format!(
                "The write pattern '^ann[.]' {ann} for topics of exchange 't' is not found in \
                 'bob.x'."
            ),
        ),
        (
            "in",
            json!({"user": "ann"}),
            403,
            "ACCESS_REFUSED - cannot publish to internal exchange 'in' in vhost '/'",
            "The publisher's channel is closed: cannot publish to internal exchange 'in' in vhost \
             '/'."
                .to_owned(),
        ),
        (
            "t",
            json!({"user": "bob"}),
            530,
            "NOT_ALLOWED - access to vhost '/' refused for user 'bob'",
            "User 'bob' has no permissions in virtual host '/', so no connection of this user may \
             open it."
                .to_owned(),
        ),
        (
            "t",
            json!({"properties": {"user_id": "ann"}}),
            406,
            "PRECONDITION_FAILED - user_id property set to 'ann' but authenticated user was \
             'guest'",
            "The publisher's channel is closed: user_id property set to 'ann' but authenticated \
             user was 'guest'."
                .to_owned(),
        ),
        (
            "t",
            json!({"payload_bytes": 1_000_000_000_000u64}),
            406,
            "PRECONDITION_FAILED - message size 1000000000000 is larger than configured max size \
             16777216",
            "The publisher's channel is closed: message size 1000000000000 is larger than \
             configured max size 16777216."
                .to_owned(),
        ),
    ]
}

#[test]
fn a_publish_that_would_be_refused_says_why() {
    let told = Told::new();
    told.exchange(&ExchangeDefinition::topic("t"));
    told.exchange(&ExchangeDefinition::direct("in").internal());
    told.put(
        "/api/users/ann",
        &json!({"password": "p", "tags": "management"}),
    );
    told.put("/api/users/bob", &json!({"password": "p", "tags": ""}));
    let rights = json!({"configure": "", "write": "^(t|in)$", "read": ""});
    told.put("/api/permissions/%2F/ann", &rights);
    let topics = json!({"exchange": "t", "write": "^ann[.]", "read": ""});
    told.put("/api/topic-permissions/%2F/ann", &topics);
    for (exchange, body, code, reason, why) in refusals() {
        let answer = told.ask(exchange, &body);
        let refusal = json!({"code": code, "reason": reason});
        assert_eq!(
            (&answer["outcome"], &answer["refusal"]),
            (&json!("refused"), &refusal)
        );
        assert_eq!((&answer["why"], &answer["hops"]), (&json!(why), &json!([])));
    }
    let allowed = told.ask("t", &json!({"user": "ann", "routing_key": "ann.x"}));
    assert_eq!(
        (&allowed["user"], &allowed["outcome"]),
        (&json!("ann"), &json!("unroutable"))
    );
    // Only administrators ask about others, and a user who may not enter sees nothing.
    let path = "/api/leveret/explain/publish/%2F/t";
    let by_ann = told.http.by("ann", "p");
    assert_eq!(by_ann.ask("POST", path, r#"{"user":"guest"}"#).status, 401);
    assert_eq!(by_ann.ask("POST", path, "").status, 200);
    told.put(
        "/api/users/eve",
        &json!({"password": "p", "tags": "management"}),
    );
    assert_eq!(told.http.by("eve", "p").ask("POST", path, "").status, 404);
    for body in [
        r#"{"payload_bytes":-1}"#,
        r#"{"properties":1}"#,
        r#"{"routing_key":1}"#,
        "[",
    ] {
        assert_eq!(told.http.ask("POST", path, body).status, 400, "{body}");
    }
}

/// What the only queue of a hop would do: fate, whether the head makes room, why.
fn fate(hop: &Json) -> (&str, bool, &str) {
    let queue = &hop["queues"][0];
    let text = |key: &str| queue[key].as_str().unwrap();
    (
        text("fate"),
        queue["drops_head"].as_bool().unwrap(),
        text("why"),
    )
}

#[test]
fn a_queue_that_is_full_says_what_it_would_do() {
    let told = Told::new();
    let full = |name: &str, overflow: &str, max: i64| {
        let queue = QueueDefinition::new(name).argument("x-max-length", max);
        told.queue(&queue.argument("x-overflow", overflow));
    };
    full("drops", "drop-head", 1);
    full("refuses", "reject-publish", 1);
    full("nothing", "drop-head", 0);
    let letters = QueueDefinition::new("letters").argument("x-max-length", 0i64);
    let letters = letters.argument("x-overflow", "reject-publish-dlx");
    told.queue(&letters.argument("x-dead-letter-exchange", "amq.fanout"));
    told.queue(&QueueDefinition::new("small").argument("x-max-length-bytes", 10i64));
    told.queues(&["dead"]);
    told.bind("amq.fanout", "", "dead");
    let ask = |queue: &str, octets: u64| {
        let body = json!({"routing_key": queue, "payload_bytes": octets});
        told.ask("", &body)
    };
    for queue in ["drops", "refuses"] {
        let answer = ask(queue, 0);
        let waits = "It waits: the queue has no consumer.";
        assert_eq!(fate(&answer["hops"][0]), ("ready", false, waits), "{queue}");
        let message = leveret::broker::NewMessage::to_queue(queue).body("x");
        told.vhost.publish(&message).unwrap();
    }
    let answer = ask("drops", 0);
    let why = "It waits behind 1 message: the queue has no consumer. The queue is full (max-length \
               1): the message that would leave next makes room for it.";
    assert_eq!(fate(&answer["hops"][0]), ("ready", true, why));
    let answer = ask("refuses", 0);
    let why = "The queue is full (max-length 1) and refuses it (overflow reject-publish).";
    assert_eq!(fate(&answer["hops"][0]), ("refused", false, why));
    assert_eq!(answer["outcome"], "rejected");
    let body = json!({
        "routing_key": "refuses", "properties": {}, "payload": "", "payload_encoding": "string",
    });
    let heard = told.http.ask(
        "POST",
        "/api/exchanges/%2F/amq.default/publish",
        &body.to_string(),
    );
    assert_eq!(heard.status, 400, "it was right");
    let answer = ask("nothing", 0);
    assert_eq!(fate(&answer["hops"][0]).0, "dropped");
    assert_eq!(fate(&ask("small", 10)["hops"][0]).0, "ready");
    let why = "The queue is full (max-length-bytes 10), and this message is the one that its \
               length limit drops.";
    assert_eq!(fate(&ask("small", 11)["hops"][0]), ("dropped", false, why));
    let answer = ask("letters", 0);
    let why = "The queue is full (max-length 0) and refuses it (overflow reject-publish-dlx). \
               Instead it goes to exchange 'amq.fanout'.";
    assert_eq!(fate(&answer["hops"][0]), ("refused", false, why));
    let dead = &answer["hops"][1];
    assert_eq!(
        (&dead["queue"], &dead["reason"], &dead["after_ms"]),
        (&json!("letters"), &json!("maxlen"), &json!(0))
    );
    assert_eq!(names(&dead["queues"]), ["dead"]);
}

#[test]
fn priorities_decide_which_message_makes_room() {
    let told = Told::new();
    let queue = QueueDefinition::new("q").argument("x-max-priority", 9i64);
    told.queue(&queue.argument("x-max-length", 1i64));
    let waiting = leveret::broker::NewMessage::to_queue("q").priority(5);
    told.vhost.publish(&waiting.body("waits")).unwrap();
    for (priority, wanted) in [
        (4, ("ready", true)),
        (5, ("ready", true)),
        (6, ("dropped", false)),
    ] {
        let body = json!({"routing_key": "q", "properties": {"priority": priority}});
        let answer = told.ask("", &body);
        let (fate, drops_head, _) = fate(&answer["hops"][0]);
        assert_eq!((fate, drops_head), wanted, "{priority}");
    }
}

#[test]
fn times_to_live_are_followed_to_where_dead_letters_go() {
    let told = Told::new();
    let wait = QueueDefinition::new("wait").argument("x-message-ttl", 5_000i64);
    let wait = wait.argument("x-dead-letter-exchange", "");
    told.queue(&wait.argument("x-dead-letter-routing-key", "work"));
    told.queues(&["work"]);
    let answer = told.ask("", &json!({"routing_key": "wait"}));
    let why = "It waits: the queue has no consumer. It expires after 5000 ms unless a consumer \
               takes it before. Then it goes to the default exchange.";
    let queue = &answer["hops"][0]["queues"][0];
    assert_eq!(
        (&queue["why"], &queue["expires_in"]),
        (&json!(why), &json!(5_000))
    );
    let to = json!({"exchange": "", "routing_key": "work", "reason": "expired", "hop": 1});
    assert_eq!(queue["dead_letter"], to);
    let dead = &answer["hops"][1];
    assert_eq!(
        (
            &dead["exchange"],
            &dead["routing_keys"],
            &dead["after_ms"],
            &dead["reason"]
        ),
        (
            &json!(""),
            &json!(["work"]),
            &json!(5_000),
            &json!("expired")
        )
    );
    assert_eq!(dead["exchanges"][0]["via"], "dead_letter");
    assert_eq!(names(&dead["queues"]), ["work"]);
    // The smaller time counts, and none at all is at once.
    let sooner = json!({"routing_key": "wait", "properties": {"expiration": "100"}});
    assert_eq!(told.ask("", &sooner)["hops"][1]["after_ms"], 100);
    let none = json!({"routing_key": "wait", "properties": {"expiration": "0"}});
    let answer = told.ask("", &none);
    let why = "Its time to live is 0, and no consumer can take it at once: it expires. Then it \
               goes to the default exchange.";
    assert_eq!(fate(&answer["hops"][0]), ("expired", false, why));
    // Behind one that lives on it waits in a classic queue.
    let message = leveret::broker::NewMessage::to_queue("wait").body("x");
    told.vhost.publish(&message).unwrap();
    assert_eq!(fate(&told.ask("", &none)["hops"][0]).0, "ready");
    // A time of the message itself is used up by its first death.
    let lives = json!({"routing_key": "work", "properties": {"expiration": "100"}});
    let answer = told.ask("", &lives);
    assert_eq!(
        answer["hops"].as_array().unwrap().len(),
        1,
        "it is dropped then"
    );
    assert_eq!(answer["hops"][0]["queues"][0]["expires_in"], 100);
}

#[test]
fn dead_letters_that_come_nowhere_are_told() {
    let told = Told::new();
    let lost = QueueDefinition::new("lost").argument("x-message-ttl", 1i64);
    told.queue(&lost.argument("x-dead-letter-exchange", "gone"));
    let answer = told.ask("", &json!({"routing_key": "lost"}));
    let hop = &answer["hops"][1];
    let why = "There is no exchange 'gone', so the message is dropped.";
    assert_eq!(
        (&hop["outcome"], &hop["exchanges"][0]["why"]),
        (&json!("unroutable"), &json!(why))
    );
    let only_rejected = QueueDefinition::new("plain");
    told.queue(&only_rejected.argument("x-dead-letter-exchange", "amq.fanout"));
    let answer = told.ask("", &json!({"routing_key": "plain"}));
    let to = json!({"exchange": "amq.fanout", "routing_key": null, "reason": null, "hop": null});
    assert_eq!(answer["hops"][0]["queues"][0]["dead_letter"], to);
    let why = "It waits: the queue has no consumer. A consumer that rejects it sends it to \
               exchange 'amq.fanout'.";
    assert_eq!(fate(&answer["hops"][0]).2, why);
    // A circle of times alone is cut, as it would be.
    let round = QueueDefinition::new("round").argument("x-message-ttl", 7i64);
    told.queue(&round.argument("x-dead-letter-exchange", ""));
    let answer = told.ask("", &json!({"routing_key": "round"}));
    let (fate, _, why) = fate(&answer["hops"][1]);
    assert!(
        fate == "dropped" && why.contains("goes in circles"),
        "{answer}"
    );
    assert_eq!(answer["hops"].as_array().unwrap().len(), 2);
}

#[test]
fn a_ladder_of_dead_letters_is_followed_so_far() {
    let told = Told::new();
    let steps = EXPLAINED_HOPS_MAX + 1;
    for step in 0..steps {
        let queue = QueueDefinition::new(format!("q{step}")).argument("x-message-ttl", 10i64);
        let queue = queue.argument("x-dead-letter-exchange", "");
        let next = format!("q{}", step + 1);
        told.queue(&queue.argument("x-dead-letter-routing-key", next));
    }
    let answer = told.ask("", &json!({"routing_key": "q0"}));
    let hops = answer["hops"].as_array().unwrap();
    assert_eq!(
        (hops.len(), &answer["cut"]),
        (EXPLAINED_HOPS_MAX, &json!(true))
    );
    let last = hops.last().unwrap();
    assert_eq!(last["after_ms"], 10 * (EXPLAINED_HOPS_MAX - 1));
    assert_eq!(last["queues"][0]["dead_letter"]["hop"], Json::Null);
}

#[test]
fn an_answer_has_so_many_queues_and_bindings_at_most() {
    let told = Told::new();
    for nth in 0..EXPLAINED_MAX {
        let name = format!("q{nth}");
        told.queues(&[&name]);
        told.bind("amq.fanout", "", &name);
    }
    let answer = told.ask("amq.fanout", &json!({}));
    let bindings = taken(&answer["hops"][0]["exchanges"][0]).len();
    let queues = names(&answer["hops"][0]["queues"]).len();
    // The exchange takes a place as well.
    assert_eq!(
        (bindings + queues + 1, &answer["cut"]),
        (EXPLAINED_MAX, &json!(true))
    );
    let few = told.ask("", &json!({"routing_key": "q0"}));
    assert_eq!(few["cut"], false);
}

#[test]
fn consumers_delays_and_duplicates_are_told() {
    let told = Told::new();
    told.queues(&["q"]);
    let mut client = Client::new(&told.broker);
    assert!(
        client
            .ask("basic.qos prefetch-count=1")
            .starts_with("basic.qos-ok")
    );
    let consumed = client.ask("basic.consume queue='q' consumer-tag='c'");
    assert!(consumed.starts_with("basic.consume-ok"), "{consumed}");
    let body = json!({"routing_key": "q"});
    let answer = told.ask("", &body);
    assert_eq!(
        fate(&answer["hops"][0]),
        ("delivered", false, "A consumer takes it at once.")
    );
    client.publish("q", "held");
    crate::talker::eventually("it is held", || {
        told.vhost.counts("q").unwrap().unacked == 1
    });
    let why = "It waits: no consumer can take one now: each holds as many as its prefetch allows, \
               or does not read.";
    assert_eq!(fate(&told.ask("", &body)["hops"][0]), ("ready", false, why));
    told.put("/api/leveret/queues/%2F/q/pause", &json!({}));
    let why = "It waits: delivery of the queue is paused.";
    assert_eq!(fate(&told.ask("", &body)["hops"][0]), ("ready", false, why));

    let delayed = ExchangeDefinition::new("delayed", "x-delayed-message");
    told.exchange(&delayed.argument("x-delayed-type", "direct"));
    told.bind("delayed", "k", "q");
    let late = json!({"routing_key": "k", "properties": {"headers": {"x-delay": 3_000}}});
    let answer = told.ask("delayed", &late);
    assert_eq!(answer["outcome"], "delayed");
    let first = &answer["hops"][0]["exchanges"][0];
    assert_eq!(
        (&first["delay_ms"], &first["bindings"]),
        (&json!(3_000), &json!([]))
    );
    let then = &answer["hops"][1];
    assert_eq!(
        (&then["after_ms"], names(&then["queues"])),
        (&json!(3_000), vec!["q"])
    );
    assert_eq!(then["exchanges"][0]["via"], "delay");

    let once = ExchangeDefinition::fanout("once").argument("x-message-deduplication", true);
    told.exchange(&once.argument("x-cache-size", 10i64));
    told.bind("once", "", "q");
    let known = json!({"properties": {"headers": {"x-deduplication-header": "1"}}});
    assert_eq!(told.ask("once", &known)["outcome"], "queued");
    assert_eq!(
        told.ask("once", &known)["outcome"],
        "queued",
        "asking is not seen"
    );
    let message = json!({
        "routing_key": "", "properties": known["properties"], "payload": "",
        "payload_encoding": "string",
    });
    told.http.ask(
        "POST",
        "/api/exchanges/%2F/once/publish",
        &message.to_string(),
    );
    let answer = told.ask("once", &known);
    let why = "The exchange has seen a message with the same deduplication header, and drops this \
               one.";
    assert_eq!(
        (&answer["outcome"], &answer["why"]),
        (&json!("unroutable"), &json!(why))
    );
}

#[test]
fn other_types_of_queues_are_told() {
    let told = Told::new();
    let stream = QueueDefinition::new("s")
        .durable()
        .argument("x-queue-type", "stream");
    told.queue(&stream);
    let quorum = QueueDefinition::new("quorum")
        .durable()
        .argument("x-queue-type", "quorum");
    let quorum = quorum.argument("x-max-length", 0i64);
    told.queue(&quorum.argument("x-overflow", "reject-publish"));
    let answer = told.ask("", &json!({"routing_key": "s"}));
    assert_eq!(
        fate(&answer["hops"][0]),
        ("ready", false, "It is appended to the stream.")
    );
    assert_eq!(answer["hops"][0]["queues"][0]["type"], "stream");
    // A quorum queue refuses once it is over its limit, not before.
    let body = json!({"routing_key": "quorum"});
    assert_eq!(fate(&told.ask("", &body)["hops"][0]).0, "ready");
    let message = leveret::broker::NewMessage::to_queue("quorum").body("x");
    told.vhost.publish(&message).unwrap();
    assert_eq!(fate(&told.ask("", &body)["hops"][0]).0, "refused");
    let mut client = Client::new(&told.broker);
    let asked = "basic.consume queue='amq.rabbitmq.reply-to' no-ack=true consumer-tag='r'";
    assert!(client.ask(asked).starts_with("basic.consume-ok"));
    let by_chance = ExchangeDefinition::new("chance", "x-random");
    told.exchange(&by_chance);
    told.bind("chance", "", "s");
    let answer = told.ask("chance", &json!({}));
    let why = &answer["hops"][0]["exchanges"][0]["why"];
    assert_eq!(
        *why,
        "It picks one of its bindings by chance; this is one of them."
    );
}
