//! The management API over HTTP: its door, its rules, and who may do what.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::Duration;

use leveret::administration::{Alarm, PolicyDefinition};
use leveret::broker::{BindingDefinition, Broker, ExchangeDefinition, NewMessage, QueueDefinition};
use leveret::events::{Event, Fate, Interest, Listener};
use leveret::internals::DeskInside as _;
use leveret::internals::auth::Door;
use leveret::internals::limits::{
    HTTP_BODY_HERE, HTTP_BODY_MS, HTTP_CHANGES_MAX, HTTP_CHUNK, HTTP_FILTER_BYTES_MAX,
    HTTP_GET_BYTES, HTTP_HEAD_BYTES_MAX, HTTP_HEADERS_MAX, HTTP_ITEMS_AT_ONCE, HTTP_ITEMS_HERE,
    QUEUE_STEPS, TURN_STEPS,
};
use leveret::settings::Settings;
use serde_json::json;

use crate::http::Http;
use crate::talker::{closed, eventually};

fn broker() -> Broker {
    Broker::builder().management(0).start().unwrap()
}

fn broker_with(change: impl FnOnce(&mut Settings)) -> Broker {
    Broker::builder()
        .management(0)
        .configure(change)
        .start()
        .unwrap()
}

const NOT_FOUND: &str = r#"{"error":"Object Not Found","reason":"Not Found"}"#;
const NOT_AUTHORIZED: &str = r#"{"error":"not_authorized","reason":"Not_Authorized"}"#;

#[test]
fn a_broker_in_a_program_serves_it_where_it_is_asked_to() {
    let plain = Broker::builder().start().unwrap();
    assert_eq!(plain.management_uri(), None);
    assert_eq!(plain.listeners().len(), 1);
    let broker = broker();
    let names: Vec<_> = broker.listeners().iter().map(|one| one.name).collect();
    assert_eq!(names, ["amqp", "management"]);
    let http = Http::of(&broker);
    assert_eq!(
        http.get("/api/whoami").text(),
        r#"{"name":"guest","tags":["administrator"],"is_internal_user":true}"#
    );
}

#[test]
fn a_login_is_answered_as_rabbitmq_does() {
    let broker = broker();
    let http = Http::of(&broker);
    let none = http.unknown().get("/api/whoami");
    assert_eq!((none.status, none.text()), (401, ""));
    let realm = "Basic realm=\"RabbitMQ Management\"";
    assert_eq!(none.header("www-authenticate"), realm);
    for (user, password) in [("guest", "wrong"), ("nobody", "guest"), ("guest", "")] {
        let wrong = http.by(user, password).get("/api/whoami");
        assert_eq!((wrong.status, wrong.text()), (401, NOT_AUTHORIZED));
        assert_eq!(wrong.header("www-authenticate"), "");
    }
    for broken in ["Basic !!!", "Basic Z3Vlc3Q=", "Digest x", "Basic"] {
        let header = format!("authorization: {broken}\r\n");
        let heard = http.unknown().ask_with(("GET", "/api/whoami"), &header, "");
        assert_eq!((heard.status, heard.text()), (400, ""), "{broken}");
    }
    let header = "authorization: Bearer x\r\n";
    let token = http.unknown().ask_with(("GET", "/api/whoami"), header, "");
    assert_eq!((token.status, token.text()), (401, NOT_AUTHORIZED));
    let administration = broker.desk().administration();
    administration
        .add_user("plain", "plain")
        .unwrap()
        .unwaited();
    let plain = http.by("plain", "plain").get("/api/whoami");
    let reason = r#"{"error":"not_authorised","reason":"Not management user"}"#;
    assert_eq!((plain.status, plain.text()), (401, reason));
}

#[test]
fn methods_and_paths_are_answered_as_rabbitmq_does() {
    let broker = broker();
    let http = Http::of(&broker);
    for path in ["/api/nope", "/nope", "/api//whoami", "/api/whoami//"] {
        let heard = http.unknown().get(path);
        assert_eq!((heard.status, heard.text()), (404, NOT_FOUND), "{path}");
    }
    assert_eq!(http.get("/api/whoami/").status, 200);
    assert_eq!(http.get("/api/%ZZ").status, 400);
    assert_eq!(http.get("/api/whoami?%zz=1").status, 400);
    for method in ["POST", "PATCH", "DELETE"] {
        let heard = http.ask(method, "/api/whoami", "");
        assert_eq!((heard.status, heard.text()), (405, ""), "{method}");
        assert_eq!(heard.header("allow"), "HEAD, GET, OPTIONS");
    }
    assert_eq!(http.ask("FOO", "/api/whoami", "").status, 501);
    let options = http.unknown().ask("OPTIONS", "/api/whoami", "");
    assert_eq!((options.status, options.text()), (200, ""));
    assert_eq!(options.header("allow"), "HEAD, GET, OPTIONS");
    let head = http.ask("HEAD", "/api/whoami", "");
    assert_eq!((head.status, head.text()), (200, ""));
    assert_eq!(head.header("content-length"), "65");
    let moved = http.unknown().get("/api");
    assert_eq!(
        (moved.status, moved.header("location")),
        (301, "/api/index.html")
    );
    assert!(
        http.unknown()
            .get("/api/index.html")
            .text()
            .contains("/whoami")
    );
}

#[test]
fn a_client_gets_what_it_takes() {
    let broker = broker();
    let http = Http::of(&broker);
    let accepting = |kinds: &str| {
        let header = format!("accept: {kinds}\r\n");
        http.ask_with(("GET", "/api/whoami"), &header, "").status
    };
    assert_eq!(accepting("application/json"), 200);
    assert_eq!(accepting("text/html, */*;q=0.1"), 200);
    assert_eq!(accepting("text/html"), 406);
    assert_eq!(accepting("application/json;q=0"), 406);
    assert_eq!(accepting("garbage"), 400);
    let zipped = ("GET", "/api/overview");
    let heard = http.ask_with(zipped, "accept-encoding: gzip\r\n", "");
    assert_eq!(heard.header("content-encoding"), "gzip");
    assert!(heard.body.starts_with(&[0x1f, 0x8b]));
}

#[test]
fn a_page_of_another_site_changes_nothing() {
    let broker = broker_with(|settings| {
        settings.management_cors_allow_origins = vec!["http://friend:80".to_owned()];
    });
    let http = Http::of(&broker);
    let asks = |method, headers: &str| http.ask_with((method, "/api/overview"), headers, "");
    let own = format!("origin: http://{}\r\n", http.address);
    // 405 is what comes behind the check here.
    assert_eq!(asks("POST", &own).status, 405);
    for foreign in [
        "origin: http://evil.com\r\n",
        "origin: null\r\n",
        "sec-fetch-site: cross-site\r\n",
        "sec-fetch-site: same-site\r\n",
    ] {
        assert_eq!(asks("POST", foreign).status, 403, "{foreign}");
        let read = asks("GET", foreign);
        assert_eq!(read.status, 200, "{foreign}");
        assert_eq!(read.header("access-control-allow-origin"), "");
    }
    let friend = "origin: http://friend:80\r\n";
    assert_eq!(asks("POST", friend).status, 405);
    let read = asks("GET", friend);
    assert_eq!(
        read.header("access-control-allow-origin"),
        "http://friend:80"
    );
    assert_eq!(read.header("access-control-allow-credentials"), "true");
    let before = format!(
        "{friend}access-control-request-method: PUT\r\naccess-control-request-headers: x\r\n"
    );
    let preflight = asks("OPTIONS", &before);
    assert_eq!(preflight.status, 200);
    let allowed = preflight.header("access-control-allow-methods");
    assert_eq!(allowed, "HEAD, GET, OPTIONS");
    assert_eq!(preflight.header("access-control-allow-headers"), "x");
    assert_eq!(preflight.header("access-control-max-age"), "1800");
}

#[test]
fn logins_over_http_are_counted() {
    let broker = broker();
    let http = Http::of(&broker);
    for _ in 0..2 {
        assert_eq!(http.get("/api/whoami").status, 200);
    }
    assert_eq!(http.by("guest", "x").get("/api/whoami").status, 401);
    assert_eq!(broker.desk().auth().attempts(Door::Http), (2, 1));
}

#[test]
fn the_overview_shows_the_doors_to_operators_only() {
    let broker = broker();
    let http = Http::of(&broker);
    let whole = http.get("/api/overview").json();
    let listeners = whole["listeners"].as_array().unwrap().iter();
    let protocols: Vec<_> = listeners.map(|one| one["protocol"].as_str()).collect();
    assert_eq!(protocols, [Some("amqp"), Some("http")]);
    assert_eq!(whole["object_totals"]["exchanges"], 7);
    let administration = broker.desk().administration();
    administration.add_user("m", "m").unwrap().unwaited();
    let tags = vec!["management".to_owned()];
    administration.set_tags("m", tags).unwrap().unwaited();
    let less = http.by("m", "m").get("/api/overview").json();
    for key in whole.as_object().unwrap().keys() {
        let is_hidden = ["node", "listeners", "contexts"].contains(&key.as_str());
        assert_eq!(less.get(key).is_none(), is_hidden, "{key}");
    }
}

#[test]
fn the_head_of_a_request_has_a_length() {
    let broker = broker();
    let http = Http::of(&broker);
    let long = format!("x: {}\r\n", "x".repeat(2 * HTTP_HEAD_BYTES_MAX));
    assert_eq!(
        http.ask_with(("GET", "/api/version"), &long, "").status,
        431
    );
    let many: String = (0..=HTTP_HEADERS_MAX)
        .map(|at| format!("x{at}: x\r\n"))
        .collect();
    assert_eq!(
        http.ask_with(("GET", "/api/version"), &many, "").status,
        431
    );
    let path = format!("/api/{}", "x".repeat(HTTP_HEAD_BYTES_MAX));
    assert_eq!(http.get(&path).status, 414);
}

/// Seen: RabbitMQ 4.3.6, with 20 MiB: 400 in these words; the bodies of other methods are not read.
#[test]
fn a_body_has_a_length() {
    let broker = broker_with(|settings| settings.management_http_max_body_size = 100);
    let http = Http::of(&broker);
    let path = "/api/vhosts/v";
    let sized = |octets| http.ask("PUT", path, &format!("{:octets$}", "{}"));
    assert_eq!(sized(100).status, 201);
    let refused = json!({
        "error": "bad_request", "reason": "Exceeded HTTP request body size limit",
    });
    let heard = sized(101);
    assert_eq!((heard.status, heard.json()), (400, refused.clone()));
    let mut stream = http.connect();
    let head = http.head("PUT", path) + "transfer-encoding: chunked\r\n\r\n";
    let chunk = format!("65\r\n{}\r\n", " ".repeat(101));
    stream.write_all((head + &chunk).as_bytes()).unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 400");
    for (method, status) in [("GET", 200), ("DELETE", 204)] {
        assert_eq!(http.ask(method, path, &"x".repeat(101)).status, status);
    }
}

#[test]
fn bodies_of_every_size_get_through() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    for octets in [1, HTTP_BODY_HERE, HTTP_BODY_HERE + 1, 20 * HTTP_BODY_HERE] {
        let body = json!({
            "properties": {}, "routing_key": "q", "payload_encoding": "string",
            "payload": "x".repeat(octets),
        });
        let path = "/api/exchanges/%2F/amq.default/publish";
        assert_eq!(
            http.ask("POST", path, &body.to_string()).json()["routed"],
            true
        );
        let wish = r#"{"count": 1, "ackmode": "ack_requeue_false", "encoding": "auto"}"#;
        let got = http.ask("POST", "/api/queues/%2F/q/get", wish).json();
        assert_eq!(got[0]["payload_bytes"], octets);
    }
}

#[test]
fn slow_clients_are_cut_off() {
    let broker = broker();
    let http = Http::of(&broker);
    let ends = |say: &str, every: Option<Duration>| {
        let (mut stream, say) = (http.connect(), say.to_owned());
        let wait = move || {
            stream.write_all(say.as_bytes()).unwrap();
            let mut answer = Vec::new();
            if let Some(every) = every {
                stream.set_read_timeout(Some(every)).unwrap();
            }
            loop {
                match stream.read_to_end(&mut answer) {
                    Ok(_) => break,
                    Err(error) if every.is_some() && error.kind() == ErrorKind::WouldBlock => {
                        // An octet more, as long as that helps.
                        drop(stream.write_all(b"x"));
                    }
                    Err(error) if error.kind() == ErrorKind::ConnectionReset => break,
                    Err(error) => panic!("{error}"),
                }
            }
            String::from_utf8(answer).unwrap()
        };
        thread::Builder::new().spawn(wait).unwrap()
    };
    let second = Some(Duration::from_secs(1));
    let body = http.head("PUT", "/api/vhosts/v") + "content-length: 100\r\n\r\n";
    // It asks and reads nothing, until both sockets are full.
    let (mut unread, list) = (http.connect(), http.head("GET", "/api/overview") + "\r\n");
    let ask = move || while unread.write_all(list.as_bytes()).is_ok() {};
    let unread = thread::Builder::new().spawn(ask).unwrap();
    let [silent, head, in_body, dripping, idle] = [
        ends("", None),
        ends("GET /api/version HTTP/1.1\r\nx: ", second),
        ends(&body, None),
        ends(&body, second),
        ends("GET /api/version HTTP/1.1\r\nhost: x\r\n\r\n", None),
    ];
    let begin = |thread: thread::JoinHandle<String>| {
        let answer = thread.join().unwrap();
        answer.lines().next().unwrap_or_default().to_owned()
    };
    assert_eq!(begin(silent), "");
    assert_eq!(begin(head), "");
    assert_eq!(begin(in_body), "HTTP/1.1 408 Request Timeout");
    assert_eq!(begin(dripping), "HTTP/1.1 408 Request Timeout");
    assert_eq!(begin(idle), "HTTP/1.1 200 OK");
    unread.join().unwrap();
}

#[test]
fn a_stop_ends_what_is_open() {
    let broker = broker();
    let http = Http::of(&broker);
    let mut idle = http.connect();
    let request = http.head("GET", "/api/version") + "\r\n";
    idle.write_all(request.as_bytes()).unwrap();
    let mut octet = [0];
    idle.read_exact(&mut octet).unwrap();
    broker.stop("test");
    let mut rest = Vec::new();
    idle.read_to_end(&mut rest).unwrap();
    closed(http.address.parse().unwrap());
}

#[test]
fn a_vhost_is_made_described_protected_and_deleted() {
    let broker = broker();
    let http = Http::of(&broker);
    let path = "/api/vhosts/a%2Fb%20%C3%BC";
    assert_eq!(http.ask("PUT", path, "").status, 201);
    let described = r#"{"description": "d", "tags": "x, y", "tracing": "true",
        "default_queue_type": "quorum", "protected_from_deletion": true}"#;
    assert_eq!(http.ask("PUT", path, described).status, 204);
    let vhost = http.get(path).json();
    let node = vhost["cluster_state"].as_object().unwrap();
    let node = node.keys().next().unwrap();
    assert_eq!(
        vhost,
        json!({
            "name": "a/b ü", "description": "d", "tags": ["x", "y"], "tracing": true,
            "default_queue_type": "quorum", "protected_from_deletion": false,
            "metadata": {"description": "d", "tags": ["x", "y"], "default_queue_type": "quorum"},
            "cluster_state": {node: "running"},
        })
    );
    for (body, reason) in [
        ("[1]", json!("not_json")),
        ("{", json!("not_json")),
        ("5", json!("not_json")),
        (r#"{"tracing": "yes"}"#, json!(["not_boolean", "yes"])),
        (
            r#"{"default_queue_type": "x"}"#,
            json!("x is not a valid queue type"),
        ),
        (
            r#"{"default_queue_type": 5}"#,
            json!("5 is not a valid default_queue_type value"),
        ),
    ] {
        let heard = http.ask("PUT", path, body);
        let refused = json!({"error": "bad_request", "reason": reason});
        assert_eq!((heard.status, heard.json()), (400, refused), "{body}");
    }
    let protection = format!("{path}/deletion/protection");
    assert_eq!(http.ask("POST", &protection, "").status, 204);
    let refused = http.ask("DELETE", path, "");
    assert_eq!(refused.status, 412);
    assert_eq!(refused.json()["error"], "precondition_failed");
    assert_eq!(http.ask("DELETE", &protection, "").status, 204);
    assert_eq!(http.ask("DELETE", path, "").status, 204);
    assert_eq!(http.ask("DELETE", path, "").text(), NOT_FOUND);
    assert_eq!(http.ask("POST", &protection, "").status, 404);
}

#[test]
fn a_list_is_cut_into_pages_and_sorted() {
    let broker = broker();
    let http = Http::of(&broker);
    for (name, tracing) in [("v1", true), ("v2", false), ("v3", true)] {
        let body = format!("{{\"tracing\": {tracing}}}");
        assert_eq!(
            http.ask("PUT", &format!("/api/vhosts/{name}"), &body)
                .status,
            201
        );
    }
    let names = |query: &str| {
        let list = http.get(&format!("/api/vhosts?columns=name{query}")).json();
        let items = list
            .get("items")
            .unwrap_or(&list)
            .as_array()
            .unwrap()
            .iter();
        items
            .map(|one| one["name"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names(""), "/ v1 v2 v3");
    assert_eq!(names("&sort_reverse=true"), "v3 v2 v1 /");
    assert_eq!(names("&sort=tracing"), "/ v2 v1 v3");
    assert_eq!(
        names("&sort=metadata.description&sort_reverse=true"),
        "/ v3 v2 v1"
    );
    assert_eq!(names("&sort=nope"), "/ v1 v2 v3");
    assert_eq!(
        names("&page=1&page_size=2&sort=name&sort_reverse=true"),
        "v3 v2"
    );
    assert_eq!(names("&page=1&name=v"), "v1 v2 v3");
    assert_eq!(names("&page=1&name=%5B13%5D&use_regex=true"), "v1 v3");
    assert_eq!(names("&page=1&name=%5B&use_regex=true"), "");
    assert_eq!(names("&name=v1"), "/ v1 v2 v3");
    assert_eq!(
        http.get("/api/vhosts?page=2&page_size=2&name=v&columns=name")
            .json(),
        json!({
            "filtered_count": 3, "item_count": 1, "items": [{"name": "v3"}], "page": 2,
            "page_count": 2, "page_size": 2, "total_count": 4,
        })
    );
    assert_eq!(http.get("/api/vhosts?columns=nope").text(), "[[],[],[],[]]");
}

#[test]
fn a_page_that_is_not_there_is_refused_as_rabbitmq_does() {
    let broker = broker();
    let http = Http::of(&broker);
    for (query, error, reason) in [
        (
            "page=9",
            "page_out_of_range",
            "Page out of range, page: 9 page size: 100, len: 1",
        ),
        (
            "page=0",
            "invalid_pagination_parameters",
            "Invalid pagination parameters: page number 0, page size undefined",
        ),
        (
            "page=-1&page_size=501",
            "invalid_pagination_parameters",
            "Invalid pagination parameters: page number -1, page size 501",
        ),
        ("page=a", "bad_request", "Pagination parameters are invalid"),
        (
            "page=1&page_size=a",
            "bad_request",
            "Pagination parameters are invalid",
        ),
    ] {
        let heard = http.get(&format!("/api/vhosts?{query}"));
        let refused = json!({"error": error, "reason": reason});
        assert_eq!((heard.status, heard.json()), (400, refused), "{query}");
    }
}

#[test]
fn a_long_list_is_sent_in_chunks() {
    let broker = broker();
    let http = Http::of(&broker);
    for at in 0..200 {
        assert_eq!(
            http.ask("PUT", &format!("/api/vhosts/v{at:03}"), "").status,
            201
        );
    }
    let heard = http.get("/api/vhosts");
    assert_eq!(heard.header("transfer-encoding"), "chunked");
    assert!(heard.body.len() > HTTP_CHUNK);
    let list = heard.json();
    assert_eq!(list.as_array().unwrap().len(), 201);
    assert_eq!(list[200]["name"], "v199");
    declare_many(&broker, HTTP_ITEMS_AT_ONCE + 1);
    let heard = http.get("/api/queues?columns=nope");
    assert_eq!(heard.header("transfer-encoding"), "chunked");
    let list = heard.json();
    assert_eq!(list.as_array().unwrap().len(), HTTP_ITEMS_AT_ONCE + 1);
}

/// Queues `q0` and so on.
fn declare_many(broker: &Broker, many: usize) {
    let vhost = broker.vhost("/").unwrap();
    for at in 0..many {
        let queue = QueueDefinition::new(format!("q{at}"));
        vhost.declare_queue(&queue).unwrap();
    }
}

// Lists were gathered and sorted on the threads that serve connections.
#[test]
fn a_long_list_holds_up_no_other_client() {
    let broker = broker_with(|settings| settings.workers = 1);
    let http = Http::of(&broker);
    declare_many(&broker, HTTP_ITEMS_HERE + 1);
    let queue = broker.desk().find_vhost("/").unwrap();
    let queue = queue.find_queue("q0").unwrap();
    let (say, hear) = mpsc::channel();
    thread::scope(|scope| {
        let (release, released) = mpsc::channel::<()>();
        scope.spawn(move || {
            queue.look(|_| {
                say.send(()).unwrap();
                // Ends with its sender, too.
                released.recv().unwrap_or_default();
            });
        });
        hear.recv().unwrap();
        let sorted = || http.get("/api/queues?sort=messages&page=1&columns=name");
        let list = scope.spawn(sorted);
        for _ in 0..20 {
            assert_eq!(http.get("/api/whoami").status, 200);
        }
        drop(release);
        let list = list.join().unwrap().json();
        assert_eq!(list["item_count"], 100);
    });
}

#[test]
fn the_filter_of_a_list_has_a_length() {
    let broker = broker();
    let http = Http::of(&broker);
    let filtered = |octets, more| {
        let name = "x".repeat(octets);
        http.get(&format!("/api/queues?page=1&name={name}{more}"))
    };
    for more in ["", "&use_regex=true"] {
        assert_eq!(filtered(HTTP_FILTER_BYTES_MAX, more).status, 200);
        let heard = filtered(HTTP_FILTER_BYTES_MAX + 1, more);
        let reason = "name has more than 1000 bytes";
        let refused = json!({"error": "bad_request", "reason": reason});
        assert_eq!((heard.status, heard.json()), (400, refused));
    }
    let heard = http.get("/api/queues?page=1&use_regex=true&name=((a%7B99%7D)%7B99%7D)%7B99%7D");
    assert_eq!(heard.status, 400, "{heard:?}");
}

#[test]
fn limits_of_vhosts_are_set_and_lifted() {
    let broker = broker();
    let http = Http::of(&broker);
    let path = "/api/vhost-limits/%2F";
    assert_eq!(http.get(path).text(), "[]");
    let put = |limit: &str, body: &str| http.ask("PUT", &format!("{path}/{limit}"), body);
    assert_eq!(put("max-queues", r#"{"value": 7}"#).status, 204);
    assert_eq!(put("max-connections", r#"{"value": -1}"#).status, 204);
    let limits = json!([{"vhost": "/", "value": {"max-queues": 7, "max-connections": -1}}]);
    assert_eq!(http.get(path).json(), limits);
    assert_eq!(http.get("/api/vhost-limits").json(), limits);
    for (limit, body, reason) in [
        ("max-queues", "{}", "[{key_missing,value}]"),
        (
            "max-queues",
            r#"{"value": "a"}"#,
            "Validation failed\n\nmax-queues should be a number, actually was <<\"a\">>\n",
        ),
        (
            "nope",
            r#"{"value": 1}"#,
            "Validation failed\n\nUnrecognised terms [{<<\"nope\">>,1}] in limits\n",
        ),
    ] {
        let heard = put(limit, body);
        assert_eq!(
            (heard.status, heard.json()["reason"].as_str()),
            (400, Some(reason))
        );
    }
    for limit in ["max-queues", "max-connections", "nope"] {
        assert_eq!(
            http.ask("DELETE", &format!("{path}/{limit}"), "").status,
            204
        );
    }
    assert_eq!(http.get(path).text(), "[]");
    assert_eq!(http.get("/api/vhost-limits/nope").text(), NOT_FOUND);
}

#[test]
fn a_get_has_an_end() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    let most = usize::try_from(HTTP_GET_BYTES).unwrap();
    let message = NewMessage::to_queue("q").body(vec![0; most / 5]);
    for _ in 0..8 {
        vhost.publish(&message).unwrap();
    }
    let wish = r#"{"count": 8, "ackmode": "ack_requeue_true", "encoding": "auto", "truncate": 9}"#;
    let got = http.ask("POST", "/api/queues/%2F/q/get", wish).json();
    assert_eq!(got.as_array().unwrap().len(), 6);
    assert_eq!(vhost.counts("q").unwrap().ready, 8);
}

// Each client that did not read its answer kept one of 64 MiB and more in memory.
#[test]
fn long_answers_with_messages_have_room_for_so_much_together() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    let message = NewMessage::to_queue("q").body(vec![0; 12 * 1024 * 1024]);
    for _ in 0..5 {
        vhost.publish(&message).unwrap();
    }
    let path = "/api/queues/%2F/q/get";
    let all = r#"{"count": 5, "ackmode": "ack_requeue_true", "encoding": "base64"}"#;
    let short =
        r#"{"count": 5, "ackmode": "ack_requeue_true", "encoding": "base64", "truncate": 9}"#;
    let mut unread = http.connect();
    let length = format!("content-length: {}\r\n\r\n{all}", all.len());
    let request = http.head("POST", path) + &length;
    unread.write_all(request.as_bytes()).unwrap();
    unread.read_exact(&mut [0]).unwrap();
    assert_eq!(http.ask("POST", path, all).status, 503);
    assert_eq!(http.ask("POST", path, short).status, 200);
    drop(unread);
    assert_eq!(http.ask("POST", path, all).status, 200);
    assert_eq!(vhost.counts("q").unwrap().ready, 5);
}

// The text of an export that was not read counted for nothing.
#[test]
fn exports_have_room_for_so_much_together() {
    let broker = broker();
    let http = Http::of(&broker);
    let long = "x".repeat(45 * 1024 * 1024);
    let by = broker.desk().administration();
    by.put_global_parameter("long", long.into())
        .unwrap()
        .unwaited();
    let request = http.head("GET", "/api/definitions") + "\r\n";
    let unread = || {
        let mut stream = http.connect();
        stream.write_all(request.as_bytes()).unwrap();
        stream.read_exact(&mut [0]).unwrap();
        stream
    };
    let both = [unread(), unread()];
    assert_eq!(http.get("/api/definitions").status, 503);
    drop(both);
    assert_eq!(http.get("/api/definitions").status, 200);
}

// The body of a DELETE that means nothing was waited for.
#[test]
fn a_delete_does_not_wait_for_a_body_that_means_nothing() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    let mut stream = http.connect();
    let soon = Duration::from_millis(HTTP_BODY_MS / 2);
    stream.set_read_timeout(Some(soon)).unwrap();
    let head = http.head("DELETE", "/api/queues/%2F/q") + "content-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    assert_eq!(&status, b"HTTP/1.1 204");
    assert_eq!(vhost.counts("q"), None);
}

// Messages over HTTP were taken whatever alarm was on, and memory had no bound.
#[test]
fn an_alarm_blocks_publishers_over_http() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    let publish = || {
        let message = r#"{"properties": {}, "routing_key": "q", "payload": "m",
            "payload_encoding": "string"}"#;
        http.ask("POST", "/api/exchanges/%2F/amq.default/publish", message)
    };
    let administration = broker.desk().administration();
    administration.set_alarm(Alarm::Memory, true).unwrap();
    thread::scope(|scope| {
        let publishers: Vec<_> = (0..HTTP_CHANGES_MAX)
            .map(|_| scope.spawn(publish))
            .collect();
        // They hold up neither what makes room nor what sets something.
        assert_eq!(
            http.ask("DELETE", "/api/queues/%2F/q/contents", "").status,
            204
        );
        assert_eq!(http.ask("PUT", "/api/queues/%2F/other", "{}").status, 201);
        for publisher in publishers {
            let refused = publisher.join().unwrap();
            let reason = "an alarm blocks publishers: low on memory";
            assert_eq!(
                (refused.status, &refused.json()["reason"]),
                (503, &json!(reason))
            );
        }
    });
    assert_eq!(vhost.counts("q").unwrap().ready, 0);
    thread::scope(|scope| {
        let publisher = scope.spawn(publish);
        administration.set_alarm(Alarm::Disk, true).unwrap();
        administration.set_alarm(Alarm::Memory, false).unwrap();
        assert_eq!(vhost.counts("q").unwrap().ready, 0);
        administration.set_alarm(Alarm::Disk, false).unwrap();
        assert_eq!(publisher.join().unwrap().json()["routed"], true);
    });
    assert_eq!(vhost.counts("q").unwrap().ready, 1);
}

/// Turns of the broker's work that was left, so far. None of them was too long.
fn turns(broker: &Broker) -> u64 {
    let counts = broker.desk().env().turns.counts();
    assert!(counts.longest < 2 * u64::from(TURN_STEPS), "{counts:?}");
    counts.turns
}

// What was asked for over HTTP was done in one go, on a thread that serves connections.
#[test]
fn a_policy_is_applied_in_turns_before_the_answer() {
    let broker = broker();
    let http = Http::of(&broker);
    declare_many(&broker, 5_000);
    let before = turns(&broker);
    let policy = r#"{"pattern": "^q", "definition": {"max-length": 5}, "apply-to": "queues"}"#;
    assert_eq!(http.ask("PUT", "/api/policies/%2F/p", policy).status, 201);
    assert!(turns(&broker) - before >= 5_000 * 16 / u64::from(TURN_STEPS) - 1);
    let queues = broker.desk().find_vhost("/").unwrap().all_queues();
    let limits = queues
        .iter()
        .map(|queue| queue.look(|state| state.limits().max_length));
    assert!(limits.into_iter().all(|limit| limit == Some(5)));
}

#[test]
fn a_queue_over_its_limit_drops_in_turns_before_the_answer() {
    let broker = broker();
    let http = Http::of(&broker);
    // A turn is counted at its end, which may come after the answer: more than one is needed.
    let (vhost, some) = (broker.vhost("/").unwrap(), 6 * u64::from(QUEUE_STEPS));
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    for _ in 0..some {
        vhost
            .publish(&NewMessage::to_queue("q").body(*b"m"))
            .unwrap();
    }
    let before = turns(&broker);
    let policy = r#"{"pattern": "^q", "definition": {"max-length": 1}}"#;
    assert_eq!(http.ask("PUT", "/api/policies/%2F/p", policy).status, 201);
    assert_eq!(vhost.counts("q").unwrap().ready, 1, "the answer came early");
    assert!(turns(&broker) > before, "all of it was dropped in one go");
}

#[test]
fn a_deletion_is_done_in_turns_before_the_answer() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost
        .declare_exchange(&ExchangeDefinition::direct("x"))
        .unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    for at in 0..5_000 {
        let binding = BindingDefinition::new("x")
            .to_queue("q")
            .key(at.to_string());
        vhost.bind(&binding).unwrap();
    }
    let before = turns(&broker);
    assert_eq!(http.ask("DELETE", "/api/exchanges/%2F/x", "").status, 204);
    assert!(turns(&broker) - before >= 5_000 * 16 / u64::from(TURN_STEPS) - 1);
    assert_eq!(broker.desk().find_vhost("/").unwrap().binding_count(), 0);
}

#[test]
fn messages_are_got_and_put_back_in_turns() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    for _ in 0..5_000 {
        vhost
            .publish(&NewMessage::to_queue("q").body(*b"m"))
            .unwrap();
    }
    let before = turns(&broker);
    let wish = r#"{"count": -1, "ackmode": "ack_requeue_true", "encoding": "auto"}"#;
    let got = http.ask("POST", "/api/queues/%2F/q/get", wish).json();
    let got = got.as_array().unwrap();
    assert_eq!(
        (got.len(), &got[4_999]["message_count"]),
        (5_000, &json!(0))
    );
    assert!(turns(&broker) > before, "they were put back in one go");
    assert_eq!(vhost.counts("q").unwrap().ready, 5_000);
}

/// Holds up the thread on which a message dies.
struct Jam {
    here: mpsc::SyncSender<()>,
    end: Mutex<mpsc::Receiver<()>>,
}

impl Listener for Jam {
    fn on_event(&self, event: &Event) {
        if matches!(event.fate, Fate::Died { .. }) {
            self.here.send(()).unwrap();
            // Ends with its sender, too.
            self.end.lock().unwrap().recv().unwrap_or_default();
        }
    }
}

// They waited on the threads that serve connections, and all of those stood still.
#[test]
fn changes_that_wait_for_another_one_hold_up_no_other_client() {
    let broker = broker_with(|settings| settings.workers = 1);
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    vhost.declare_queue(&QueueDefinition::new("q")).unwrap();
    vhost
        .publish(&NewMessage::to_queue("q").body(*b"m"))
        .unwrap();
    let (here, is_here) = mpsc::sync_channel(1);
    let (release, released) = mpsc::channel();
    let end = Mutex::new(released);
    let guard = broker.listen(Interest::Messages, Arc::new(Jam { here, end }));
    thread::scope(|scope| {
        let administration = broker.desk().administration();
        let policy = PolicyDefinition::new("/", "p", "^q").set("max-length", 0);
        scope.spawn(move || administration.put_policy(&policy).unwrap().unwaited());
        is_here.recv().unwrap();
        // One more than may be in progress.
        let asks = |at| {
            let head = http.head("PUT", &format!("/api/vhosts/v{at}")) + "\r\n";
            let mut stream = http.connect();
            stream.write_all(head.as_bytes()).unwrap();
            assert_eq!(http.get("/api/whoami").status, 200);
            stream
        };
        let asking: Vec<TcpStream> = (0..=HTTP_CHANGES_MAX).map(asks).collect();
        // Their clients do not wait for the answers.
        drop(asking);
        assert_eq!(http.get("/api/whoami").status, 200);
        drop(release);
    });
    drop(guard);
    eventually("what was begun is done", || {
        broker.desk().vhost_names().len() > HTTP_CHANGES_MAX
    });
}

#[test]
fn the_firehose_copies_what_goes_over_http() {
    let broker = broker();
    let http = Http::of(&broker);
    let vhost = broker.vhost("/").unwrap();
    for queue in ["q", "trace"] {
        vhost.declare_queue(&QueueDefinition::new(queue)).unwrap();
    }
    let bind = r##"{"routing_key": "#"}"##;
    let to = "/api/bindings/%2F/e/amq.rabbitmq.trace/q/trace";
    assert_eq!(http.ask("POST", to, bind).status, 201);
    assert_eq!(
        http.ask("PUT", "/api/vhosts/%2F", r#"{"tracing": true}"#)
            .status,
        204
    );
    let publish = r#"{"properties": {"headers": {"h": 1}}, "routing_key": "q", "payload": "m",
        "payload_encoding": "string"}"#;
    let routed = http.ask("POST", "/api/exchanges/%2F/amq.default/publish", publish);
    assert_eq!(routed.text(), r#"{"routed":true}"#);
    let wish = r#"{"count": 1, "ackmode": "ack_requeue_true", "encoding": "auto"}"#;
    assert_eq!(http.ask("POST", "/api/queues/%2F/q/get", wish).status, 200);
    let copies = vhost.peek("trace", 9).unwrap();
    let keys: Vec<String> = copies.iter().map(|copy| copy.routing_key()).collect();
    assert_eq!(keys, ["publish.", "deliver.q"]);
    for copy in &copies {
        assert_eq!(copy.body(), b"m");
        let text = |name: &str| copy.header(name).unwrap();
        assert_eq!(text("user"), "guest".into());
        assert_eq!(text("connection"), "".into());
        assert_eq!(text("channel"), 0_i32.into());
    }
}

/// What is ambiguous in a request is refused, whatever is asked for, and its connection closed.
///
/// Seen: RabbitMQ 4.3.6, the same requests; but it refuses a length beside `chunked` and one that
/// is said twice, which the HTTP library does not show.
#[test]
fn requests_are_well_formed() {
    let broker = broker();
    let http = Http::of(&broker);
    let ask = |version: &str, path: &str, headers: &[&str]| {
        let headers: Vec<String> = headers.iter().map(|line| format!("{line}\r\n")).collect();
        let mut stream = http.connect();
        let head = format!("GET {path} HTTP/{version}\r\n{}\r\n", headers.concat());
        stream.write_all(head.as_bytes()).unwrap();
        let mut status = [0; 12];
        stream.read_exact(&mut status).unwrap();
        let is_refused = status.ends_with(b"400");
        assert!(is_refused || status.ends_with(b"200"), "{head}");
        is_refused
    };
    let [host, chunked] = ["host: a", "transfer-encoding: chunked"];
    for path in ["/api/version", "/"] {
        assert!(ask("1.1", path, &[]));
        assert!(ask("1.1", path, &[host, "host: b"]));
        assert!(ask("1.1", path, &[host, host]));
        assert!(ask("1.0", path, &[host, host]));
        assert!(ask(
            "1.1",
            path,
            &[host, "transfer-encoding: gzip, chunked"]
        ));
        assert!(ask("1.1", path, &[host, "transfer-encoding: identity"]));
        assert!(ask("1.1", path, &[host, chunked, chunked]));
        for taken in [
            &["host:"][..],
            &[host],
            &[host, "transfer-encoding: Chunked"],
        ] {
            assert!(!ask("1.1", path, taken), "{taken:?}");
        }
        assert!(!ask("1.0", path, &[]));
        for passed_over in [
            [host, chunked, "content-length: 5"],
            [host, "content-length: 5", chunked],
            [host, "content-length: 0", "content-length: 0"],
        ] {
            assert!(!ask("1.1", path, &passed_over), "{passed_over:?}");
        }
    }
    let login = "authorization: Basic Z3Vlc3Q6Z3Vlc3Q=";
    assert!(!ask("1.1", "/api/whoami", &[host, login]));
    assert!(ask("1.1", "/api/whoami", &[host, login, login]));
}
