//! What would happen, asked over HTTP: permissions, policies, publishes.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::{Broker, ExchangeDefinition, QueueDefinition};
use leveret::internals::limits::EXPLAINED_MAX;
use serde_json::{Value as Json, json};

use crate::http::Http;
use crate::talker::{Client, LOGIN};

fn broker() -> (Broker, Http) {
    let broker = Broker::builder().management(0).start().unwrap();
    let http = Http::of(&broker);
    (broker, http)
}

fn put(http: &Http, path: &str, body: &Json) {
    let heard = http.ask("PUT", path, &body.to_string());
    assert!(heard.status < 300, "{path}: {}", heard.text());
}

/// A user with these permissions in `/`: configure, write, read.
fn user(http: &Http, name: &str, tags: &str, permissions: Option<[&str; 3]>) -> Http {
    let user = json!({"password": "p", "tags": tags});
    put(http, &format!("/api/users/{name}"), &user);
    if let Some([configure, write, read]) = permissions {
        let body = json!({"configure": configure, "write": write, "read": read});
        put(http, &format!("/api/permissions/%2F/{name}"), &body);
    }
    http.by(name, "p")
}

fn permission(http: &Http, query: &str) -> Json {
    let heard = http.get(&format!("/api/leveret/explain/permission/%2F?{query}"));
    assert_eq!(heard.status, 200, "{query}: {}", heard.text());
    heard.json()
}

/// Questions, and the answers: what a client would hear, and why.
fn questions() -> Vec<(&'static str, Option<&'static str>, String)> {
    let whose = "of user 'ann' in virtual host '/'";
    vec![
        (
            "user=ann&resource=queue&name=ann-1&permission=configure",
            None,
            format!("The configure pattern '^ann-' {whose} is found in 'ann-1'."),
        ),
        (
            "user=ann&resource=queue&name=q&permission=configure",
            Some("configure access to queue 'q' in vhost '/' refused for user 'ann'"),
            format!("The configure pattern '^ann-' {whose} is not found in 'q'."),
        ),
        (
            "user=ann&resource=queue&name=q&permission=read",
            Some("read access to queue 'q' in vhost '/' refused for user 'ann'"),
            format!("The read pattern {whose} is empty: it matches no name."),
        ),
        (
            "user=ann&resource=exchange&name=amq.default&permission=write",
            Some("write access to exchange 'amq.default' in vhost '/' refused for user 'ann'"),
            format!("The write pattern '^t$' {whose} is not found in 'amq.default'."),
        ),
        (
            "user=ann&resource=exchange&name=t&permission=write&routing_key=ann.x",
            None,
            format!(
                "The write pattern '^{{username}}[.]' {whose} for topics of exchange 't' is found \
                 in 'ann.x'."
            ),
        ),
        (
            "user=ann&resource=exchange&name=t&permission=write&routing_key=bob.x",
            Some(
                "write access to topic 'bob.x' in exchange 't' in vhost '/' refused for user 'ann'",
            ),
            format!(
                "The write pattern '^{{username}}[.]' {whose} for topics of exchange 't' is not \
                 found in 'bob.x'."
            ),
        ),
        (
            "resource=exchange&name=t&permission=read&routing_key=x",
            None,
            "User 'guest' has no topic permission for exchange 't', so every routing key is \
             allowed."
                .to_owned(),
        ),
        (
            "resource=exchange&name=amq.direct&permission=read&routing_key=x",
            None,
            "Exchange 'amq.direct' is no topic exchange, so its routing keys are not checked."
                .to_owned(),
        ),
        (
            "resource=exchange&name=none&permission=read&routing_key=x",
            None,
            "There is no exchange 'none' in virtual host '/'. Routing keys are checked for topic \
             exchanges only."
                .to_owned(),
        ),
    ]
}

#[test]
fn a_permission_is_explained_by_the_rule_that_decides() {
    let (broker, http) = broker();
    let vhost = broker.vhost("/").unwrap();
    vhost
        .declare_exchange(&ExchangeDefinition::topic("t"))
        .unwrap();
    user(&http, "ann", "", Some(["^ann-", "^t$", ""]));
    user(&http, "bob", "", None);
    let topics = json!({"exchange": "t", "write": "^{username}[.]", "read": ""});
    put(&http, "/api/topic-permissions/%2F/ann", &topics);
    for (query, refusal, why) in questions() {
        let answer = permission(&http, query);
        let refusal = refusal.map(|text| format!("ACCESS_REFUSED - {text}"));
        assert_eq!(answer["why"], json!(why), "{query}");
        assert_eq!(answer["refusal"], json!(refusal), "{query}");
        assert_eq!(answer["allowed"], json!(refusal.is_none()), "{query}");
        let last = answer["rules"].as_array().unwrap().last().unwrap();
        assert_eq!(last["why"], answer["why"], "{query}");
        assert_eq!(last["allowed"], answer["allowed"], "{query}");
    }
    let outside = permission(&http, "user=bob&resource=queue&name=q&permission=read");
    let why = "User 'bob' has no permissions in virtual host '/', so no connection of this user \
               may open it.";
    let rule = json!({"rule": "vhost", "allowed": false, "pattern": null, "why": why});
    assert_eq!(outside["rules"], json!([rule]));
    let refusal = "NOT_ALLOWED - access to vhost '/' refused for user 'bob'";
    assert_eq!(outside["refusal"], refusal);
}

// What the tester says is what a client hears.
#[test]
fn a_refusal_that_is_foreseen_is_the_one_that_a_client_hears() {
    let (broker, http) = broker();
    user(&http, "ann", "", Some(["^ann-", "", ""]));
    let query = "user=ann&resource=queue&name=q&permission=configure";
    let foreseen = permission(&http, query);
    let [header, start_ok, tune_ok, open] = LOGIN;
    let start_ok = start_ok.replace("\\x00guest\\x00guest", "\\x00ann\\x00p");
    let address = broker.addresses()[0];
    let mut client = Client::logged_in(address, &[header, &start_ok, tune_ok, open]);
    client.ask("channel.open");
    let heard = client.ask("queue.declare queue='q'");
    let text = foreseen["refusal"].as_str().unwrap();
    assert!(heard.contains(text), "{heard}");
}

#[test]
fn questions_about_permissions_are_checked() {
    let (_broker, http) = broker();
    let ann = user(&http, "ann", "management", Some(["", "", ""]));
    user(&http, "mallory", "management", None);
    let ask = |by: &Http, query: &str| {
        let heard = by.get(&format!("/api/leveret/explain/permission/%2F?{query}"));
        (heard.status, heard.json()["reason"].clone())
    };
    let of_queue = "resource=queue&name=q";
    for (query, status, reason) in [
        (
            "name=q&permission=read",
            400,
            "resource: expected queue or exchange",
        ),
        (
            "resource=queue",
            400,
            "permission: expected configure, write or read",
        ),
        (
            "resource=queue&permission=own",
            400,
            "permission: expected configure, write or read",
        ),
        (
            "resource=queue&permission=read&user=nobody",
            404,
            "Not Found",
        ),
    ] {
        assert_eq!(ask(&http, query), (status, json!(reason)), "{query}");
    }
    let own = ask(&ann, &format!("{of_queue}&permission=read"));
    assert_eq!(own.0, 200);
    let others = ask(&ann, &format!("{of_queue}&permission=read&user=guest"));
    assert_eq!(others, (401, json!("Not administrator user")));
    let missing = http.get("/api/leveret/explain/permission/none?resource=queue&permission=read");
    assert_eq!(missing.status, 404);
    let hidden = ask(
        &http.by("mallory", "p"),
        &format!("{of_queue}&permission=read"),
    );
    assert_eq!(hidden.0, 404);
}

fn preview(http: &Http, policy: &Json) -> Json {
    let path = "/api/leveret/explain/policy/%2F";
    let heard = http.ask("POST", path, &policy.to_string());
    assert_eq!(heard.status, 200, "{policy}: {}", heard.text());
    heard.json()
}

/// Names with what would change, and why.
fn changes(preview: &Json) -> Vec<(&str, &str, &str)> {
    let all = preview["matches"].as_array().unwrap().iter();
    all.map(|found| {
        let text = |key: &str| found[key].as_str().unwrap();
        (text("name"), text("change"), text("why"))
    })
    .collect()
}

/// Queues a to d and a quorum queue; policies for b, c and d; an operator policy for a.
fn with_policies() -> (Broker, Http) {
    let (broker, http) = broker();
    let vhost = broker.vhost("/").unwrap();
    for name in ["a", "b", "c", "d"] {
        vhost.declare_queue(&QueueDefinition::new(name)).unwrap();
    }
    let quorum = QueueDefinition::new("quorum").durable();
    let quorum = quorum.argument("x-queue-type", "quorum");
    vhost.declare_queue(&quorum).unwrap();
    vhost
        .declare_exchange(&ExchangeDefinition::fanout("a"))
        .unwrap();
    let set = |name: &str, pattern: &str, priority: i64, ttl: u64| {
        let body = json!({
            "pattern": pattern, "priority": priority, "apply-to": "queues",
            "definition": {"message-ttl": ttl},
        });
        put(&http, &format!("/api/policies/%2F/{name}"), &body);
    };
    set("weak", "^b$", 1, 1);
    set("same", "^c$", 5, 1);
    set("strong", "^d$", 9, 1);
    let bound = json!({"pattern": "^a$", "definition": {"message-ttl": 7}});
    put(&http, "/api/operator-policies/%2F/bound", &bound);
    (broker, http)
}

/// A policy for all of them but the quorum queue.
fn new_policy() -> Json {
    json!({
        "name": "new", "pattern": "^(a|b|c|d|quorum)$", "priority": 5, "apply-to": "classic_queues",
        "definition": {"message-ttl": 10},
    })
}

#[test]
fn a_policy_is_previewed_with_what_is_in_force_now() {
    let (_broker, http) = with_policies();
    let new = new_policy();
    let found = preview(&http, &new);
    assert_eq!(
        changes(&found),
        [
            ("a", "gains", "No policy is in force for it now."),
            (
                "b",
                "replaces",
                "'new' wins over 'weak' by its priority: 5 to 1."
            ),
            (
                "c",
                "replaces",
                "'new' wins over 'same': of the same priority, the first one by name is in force."
            ),
            (
                "d",
                "outranked",
                "'strong' wins over 'new' by its priority: 9 to 5."
            ),
        ]
    );
    assert_eq!(
        found["matches"][0],
        json!({
            "name": "a", "kind": "queue", "type": "classic", "policy": null, "priority": null,
            "wins": true, "change": "gains", "why": "No policy is in force for it now.",
            "definition": {"message-ttl": 7}, "definition_then": {"message-ttl": 7},
        }),
        "the operator policy bounds it"
    );
    let last = &found["matches"][3];
    assert_eq!(
        (&last["policy"], &last["priority"], &last["wins"]),
        (&json!("strong"), &json!(9), &json!(false))
    );
    let exchanges = http.get("/api/exchanges/%2F").json();
    let seen = 5 + exchanges.as_array().unwrap().len();
    assert_eq!(
        (
            &found["matched"],
            &found["changed"],
            &found["seen"],
            &found["cut"]
        ),
        (&json!(4), &json!(3), &json!(seen), &json!(false))
    );
    // Nothing was set by that.
    assert_eq!(http.get("/api/policies/%2F/new").status, 404);
}

#[test]
fn a_policy_that_is_in_force_is_previewed_with_what_changes() {
    let (_broker, http) = with_policies();
    let mut new = new_policy();
    put(&http, "/api/policies/%2F/new", &new);
    let words = |found: &Json| {
        let changes = changes(found).into_iter();
        let words = changes.map(|(name, change, _)| (name.to_owned(), change.to_owned()));
        words.collect::<Vec<_>>()
    };
    let word = |name: &str, change: &str| (name.to_owned(), change.to_owned());
    let outranked = word("d", "outranked");
    let kept = ["a", "b", "c"].map(|name| word(name, "keeps"));
    assert_eq!(words(&preview(&http, &new))[..3], kept);
    new["definition"] = json!({"message-ttl": 11});
    // A smaller number of the operator counts all the same.
    let changed = [
        word("a", "keeps"),
        word("b", "changes"),
        word("c", "changes"),
        outranked,
    ];
    assert_eq!(words(&preview(&http, &new)), changed);
    new["pattern"] = json!("^b$");
    let lost = [word("a", "loses"), word("b", "changes"), word("c", "loses")];
    let found = preview(&http, &new);
    assert_eq!(words(&found), lost);
    let why = "Policy 'new' is in force for it now, and would not match it any more: 'same' would \
               be.";
    assert_eq!(found["matches"][2]["why"], why);
}

#[test]
fn an_operator_policy_is_previewed_among_its_like() {
    let (_broker, http) = with_policies();
    let of_operator = json!({
        "name": "op", "pattern": "^a$", "apply-to": "all", "priority": 1, "operator": true,
        "definition": {"max-length": 5},
    });
    let found = preview(&http, &of_operator);
    let rank = "'op' wins over 'bound' by its priority: 1 to 0.";
    let of_exchange = ("a", "gains", "No policy is in force for it now.");
    assert_eq!(changes(&found)[0], ("a", "replaces", rank));
    assert_ne!(
        changes(&found).get(1),
        Some(&of_exchange),
        "no operator policy is for exchanges"
    );
    let (now, then) = (json!({"message-ttl": 7}), json!({"max-length": 5}));
    assert_eq!(found["matches"][0]["definition"], now);
    assert_eq!(found["matches"][0]["definition_then"], then);
}

#[test]
fn a_preview_is_as_long_as_it_may_be_and_says_so() {
    let (broker, http) = broker();
    let vhost = broker.vhost("/").unwrap();
    for nth in 0..=EXPLAINED_MAX {
        vhost
            .declare_queue(&QueueDefinition::new(format!("q{nth}")))
            .unwrap();
    }
    let policy = json!({
        "name": "p", "pattern": "", "apply-to": "queues", "definition": {"max-length": 1},
    });
    let found = preview(&http, &policy);
    assert_eq!(found["matches"].as_array().unwrap().len(), EXPLAINED_MAX);
    let counted = (&found["matched"], &found["changed"], &found["cut"]);
    let many = json!(EXPLAINED_MAX + 1);
    assert_eq!(counted, (&many, &many, &json!(true)));
}

#[test]
fn a_policy_that_cannot_be_is_refused_as_when_it_is_set() {
    let (_broker, http) = broker();
    let path = "/api/leveret/explain/policy/%2F";
    let maker = user(&http, "maker", "policymaker", Some(["", "", ""]));
    let policy = json!({"name": "p", "pattern": "(", "definition": {"max-length": 1}});
    let asked = http.ask("POST", path, &policy.to_string());
    let set = http.ask("PUT", "/api/policies/%2F/p", &policy.to_string());
    assert_eq!((asked.status, asked.json()), (400, set.json()));
    let nameless = json!({"pattern": "", "definition": {"max-length": 1}});
    assert_eq!(http.ask("POST", path, &nameless.to_string()).status, 400);
    let of_operator = json!({
        "name": "p", "pattern": "", "definition": {"max-length": 1}, "operator": true,
    });
    let refused = maker.ask("POST", path, &of_operator.to_string());
    let reason = json!("Not administrator user");
    assert_eq!((refused.status, &refused.json()["reason"]), (401, &reason));
    let own = json!({"name": "p", "pattern": "", "definition": {"max-length": 1}});
    assert_eq!(maker.ask("POST", path, &own.to_string()).status, 200);
}
