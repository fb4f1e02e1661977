//! Definitions, logins by form and hashes over HTTP: what no script can say.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use leveret::broker::Broker;
use leveret::settings::Durability;
use serde_json::{Value as Json, json};

use crate::http::Http;

const JSON_TYPE: &str = "content-type: application/json\r\n";
const FORM_TYPE: &str = "content-type: multipart/form-data; boundary=edge\r\n";

fn broker() -> Broker {
    Broker::builder().management(0).start().unwrap()
}

fn form(field: &str, document: &str) -> String {
    format!(
        "--edge\r\ncontent-disposition: form-data; name=\"{field}\"; filename=\"d.json\"\r\n\
         content-type: application/json\r\n\r\n{document}\r\n--edge--\r\n"
    )
}

#[test]
fn a_document_makes_the_same_broker_elsewhere() {
    let (first, second) = (broker(), broker());
    let (from, to) = (Http::of(&first), Http::of(&second));
    let put = |path: &str, body: Json| {
        let heard = from.ask_with(("PUT", path), JSON_TYPE, &body.to_string());
        assert_eq!(heard.status, 201, "{path}: {heard:?}");
    };
    put("/api/vhosts/v", json!({"description": "d", "tags": "a,b"}));
    put(
        "/api/users/u",
        json!({"password": "secret", "tags": "monitoring"}),
    );
    let everything = json!({"configure": ".*", "write": ".*", "read": ".*"});
    put("/api/permissions/v/u", everything);
    let policy = json!({"pattern": "^q", "definition": {"max-length": 3}, "apply-to": "queues"});
    put("/api/policies/v/p", policy);
    put(
        "/api/global-parameters/g",
        json!({"value": {"x": [1, null]}}),
    );
    let document = from.get("/api/definitions");
    let imported = to.ask_with(("POST", "/api/definitions"), JSON_TYPE, document.text());
    assert_eq!((imported.status, imported.text()), (204, ""));
    let (mut one, mut other) = (document.json(), to.get("/api/definitions").json());
    for document in [&mut one, &mut other] {
        let parameters = document["global_parameters"].as_array_mut().unwrap();
        parameters.retain(|parameter| parameter["name"] == "g");
    }
    assert_eq!(one, other);
    assert_eq!(one["vhosts"].as_array().unwrap().len(), 2);
    assert_eq!(to.by("u", "secret").get("/api/whoami").status, 200);
}

#[test]
fn the_document_of_a_vhost_is_taken_into_another() {
    let broker = broker();
    let http = Http::of(&broker);
    for vhost in ["from", "to"] {
        let path = format!("/api/vhosts/{vhost}");
        assert_eq!(http.ask("PUT", &path, "").status, 201);
    }
    let document = r#"{"queues":[{"name":"q","durable":true,"auto_delete":false,"arguments":{}}],
        "users":[{"name":"nobody","tags":[],"password_hash":""}]}"#;
    let first = http.ask_with(("POST", "/api/definitions/from"), JSON_TYPE, document);
    assert_eq!(first.status, 204, "{first:?}");
    let exported = http.get("/api/definitions/from");
    let second = http.ask_with(("POST", "/api/definitions/to"), JSON_TYPE, exported.text());
    assert_eq!(second.status, 204, "{second:?}");
    assert_eq!(
        http.get("/api/definitions/to").json()["queues"],
        exported.json()["queues"]
    );
    assert_eq!(http.get("/api/users/nobody").status, 404);
}

#[test]
fn a_form_brings_a_document_as_a_file() {
    let broker = broker();
    let http = Http::of(&broker);
    let post = |body: &str| http.ask_with(("POST", "/api/definitions"), FORM_TYPE, body);
    let taken = post(&form("file", r#"{"vhosts":[{"name":"by-form"}]}"#));
    assert_eq!((taken.status, taken.text()), (204, ""));
    assert_eq!(http.get("/api/vhosts/by-form").status, 200);
    let refused = r#"{"error":"bad_request","reason":"failed_to_parse_json"}"#;
    for form in [form("other", "{}"), "garbage".to_owned(), form("file", "{")] {
        let heard = post(&form);
        assert_eq!((heard.status, heard.text()), (400, refused), "{form}");
    }
}

#[test]
fn a_browser_keeps_a_document_as_a_file() {
    let broker = broker();
    let http = Http::of(&broker);
    let heard = http.get("/api/definitions?download=all.json");
    assert_eq!(
        heard.header("content-disposition"),
        "attachment; filename=all.json"
    );
    // What would begin another header is left out.
    let forged = http.get("/api/definitions?download=a%0d%0aset-cookie:x");
    assert_eq!((forged.status, forged.header("set-cookie")), (200, ""));
    assert_eq!(forged.header("content-disposition"), "");
}

#[test]
fn a_form_logs_in() {
    let broker = broker();
    let http = Http::of(&broker).unknown();
    let kind = "content-type: application/x-www-form-urlencoded\r\n";
    let log_in = |body: &str| http.ask_with(("POST", "/api/login"), kind, body);
    let good = log_in("username=guest&password=guest");
    let user = json!({"name": "guest", "tags": ["administrator"], "is_internal_user": true});
    let token = json!({"type": "basic", "value": "Z3Vlc3Q6Z3Vlc3Q="});
    assert_eq!(good.json(), json!({"user": user, "token": token}));
    for bad in ["username=guest&password=x", "username=guest", ""] {
        assert_eq!(log_in(bad).status, 401, "{bad}");
    }
    let long = format!("username=guest&password={}", "x".repeat(20_000));
    assert_eq!(log_in(&long).status, 413, "before a login");
    let administration = broker.desk().administration();
    administration.add_user("plain", "p").unwrap().unwaited();
    assert_eq!(log_in("username=plain&password=p").status, 401);
}

#[test]
fn a_hash_that_was_asked_for_is_a_password() {
    let broker = broker();
    let http = Http::of(&broker);
    let hash = http.get("/api/auth/hash_password/s%2Fecret").json();
    let body = json!({"password_hash": hash["ok"], "tags": "management"}).to_string();
    assert_eq!(
        http.ask_with(("PUT", "/api/users/u"), JSON_TYPE, &body)
            .status,
        201
    );
    assert_eq!(http.by("u", "s/ecret").get("/api/whoami").status, 200);
    assert_eq!(http.by("u", "secret").get("/api/whoami").status, 401);
}

#[test]
fn attempts_to_log_in_are_counted_by_door() {
    let broker = broker();
    let http = Http::of(&broker);
    let node = http.get("/api/overview").json()["node"].clone();
    let path = format!("/api/auth/attempts/{}", node.as_str().unwrap());
    http.by("guest", "wrong").get("/api/whoami");
    let counted = http.get(&path).json();
    let expected = json!([{"protocol": "http", "auth_attempts": 3, "auth_attempts_failed": 1,
        "auth_attempts_succeeded": 2}]);
    assert_eq!(counted, expected);
    assert_eq!(http.ask("DELETE", &path, "").status, 204);
    assert_eq!(http.get(&path).json()[0]["auth_attempts"], 1);
}

#[test]
fn who_declared_what_is_known_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let start = || {
        let builder = Broker::builder().management(0).configure(|settings| {
            settings.durability = Durability::Os;
            settings.data_dir = dir.path().to_owned();
        });
        builder.start().unwrap()
    };
    let broker = start();
    let http = Http::of(&broker);
    let put = |http: &Http, path: &str, body: Json| {
        let heard = http.ask_with(("PUT", path), JSON_TYPE, &body.to_string());
        assert_eq!(heard.status, 201, "{path}: {heard:?}");
    };
    put(
        &http,
        "/api/users/u",
        json!({"password": "p", "tags": "administrator"}),
    );
    let user = http.by("u", "p");
    put(&user, "/api/vhosts/v", json!({}));
    put(&user, "/api/queues/v/q", json!({"durable": true}));
    put(&user, "/api/exchanges/v/x", json!({"durable": true}));
    broker.stop("a test");
    let broker = start();
    let http = Http::of(&broker);
    let queues = http.get("/api/users/u/queues?columns=name").json();
    assert_eq!(queues, json!([{"name": "q"}]));
    for exchange in ["x", "amq.direct"] {
        let path = format!("/api/exchanges/v/{exchange}");
        let shown = http.get(&path).json();
        assert_eq!(shown["user_who_performed_action"], "u", "{exchange}");
    }
}
