//! Who may ask for what: every method of every path, by users with every tag, outside of the
//! virtual host, in it without and with every permission, and where there is no such host.
//!
//! Paths and needs come from the table of routes, by way of the OpenAPI document. What a need means
//! is said here again; `tests/scripts/http/admin/roles.http` holds it against RabbitMQ.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail where it stands"
)]

use leveret::broker::Broker;
use serde_json::Value as Json;

use crate::http::{Heard, Http};

const TAGS: [&str; 5] = [
    "",
    "management",
    "policymaker",
    "monitoring",
    "administrator",
];

/// What a user has to do with the vhost of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// No permission there.
    Outside,
    /// A permission that permits nothing.
    Inside,
    /// A permission for everything.
    Full,
    /// There is no such vhost.
    NoVhost,
}

const RELATIONS: [Relation; 4] = [
    Relation::Outside,
    Relation::Inside,
    Relation::Full,
    Relation::NoVhost,
];

/// A method of a path.
struct Operation {
    method: String,
    path: String,
    /// The word for who may ask.
    needs: String,
    /// The word for what the desk asks for besides.
    permission: String,
}

/// What is made of a request before it is looked at in earnest.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Admitted,
    /// 401, with this reason.
    Refused(&'static str),
    /// 404, as if there were nothing.
    Hidden,
}

const NO_TAG: &str = "Not management user";
const NOT_THIS: &str = "User not authorised to access object";
const NO_MONITOR: &str = "Not monitor user";
const NO_ADMINISTRATOR: &str = "Not administrator user";

fn expected(operation: &Operation, tag: &str, relation: Relation, is_own: bool) -> Verdict {
    let has = |tags: &[&str]| tags.contains(&tag);
    let needs = &*operation.needs;
    if needs == "anybody" {
        return Verdict::Admitted;
    }
    if tag.is_empty() {
        return Verdict::Refused(NO_TAG);
    }
    let inside = |sees: &[&str]| {
        let is_out = operation.path.contains("{vhost}") && relation == Relation::Outside;
        match is_out && !has(sees) {
            true => Verdict::Hidden,
            false => Verdict::Admitted,
        }
    };
    let only = |tags: &[&str], reason| match has(tags) {
        true => Verdict::Admitted,
        false => Verdict::Refused(reason),
    };
    match needs {
        "any" => Verdict::Admitted,
        "in vhost" => inside(&["administrator"]),
        "sees vhost" => inside(&["monitoring", "administrator"]),
        "policymaker" if has(&["policymaker", "administrator"]) => inside(&["administrator"]),
        "policymaker" => Verdict::Refused(NOT_THIS),
        "own" if is_own => Verdict::Admitted,
        "own" => only(&["monitoring", "administrator"], NOT_THIS),
        "monitoring" => only(&["monitoring", "administrator"], NO_MONITOR),
        "administrator" => only(&["administrator"], NO_ADMINISTRATOR),
        other => panic!("{other:?} is no need"),
    }
}

fn heard_verdict(heard: &Heard) -> Verdict {
    let said = serde_json::from_slice(&heard.body).unwrap_or(Json::Null);
    let (error, reason) = (&said["error"], &said["reason"]);
    let reasons = [NO_TAG, NOT_THIS, NO_MONITOR, NO_ADMINISTRATOR];
    let refused = reasons.into_iter().find(|known| reason == known);
    match refused {
        Some(reason) if heard.status == 401 => Verdict::Refused(reason),
        _ if heard.status == 404 && error == "not_found" && reason == "Not Found" => {
            Verdict::Hidden
        }
        _ => Verdict::Admitted,
    }
}

fn operations(http: &Http) -> Vec<Operation> {
    let document = http.get("/api/openapi.json").json();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let item = item.as_object().unwrap().iter();
        let methods = item.filter(|(method, _)| !["parameters", "head"].contains(&&***method));
        operations.extend(methods.map(|(method, operation)| {
            let word = |key: &str| operation[key].as_str().unwrap().to_owned();
            Operation {
                method: method.to_ascii_uppercase(),
                path: format!("/api{path}"),
                needs: word("x-tag"),
                permission: word("x-permission"),
            }
        }));
    }
    assert!(operations.len() > 120, "{} operations", operations.len());
    operations
}

/// A path with names in it.
fn filled(path: &str, vhost: &str, user: &str, node: &str) -> String {
    let named = [
        ("{vhost}", vhost),
        ("{user}", user),
        ("{node}", node),
        ("{queue}", "q"),
        ("{exchange}", "x"),
        ("{source}", "x"),
        ("{destination}", "y"),
        ("{properties}", "k"),
        ("{port}", "1"),
        ("{within}", "1"),
        ("{unit}", "weeks"),
    ];
    let filled = named.iter().fold(path.to_owned(), |path, (name, value)| {
        path.replace(name, value)
    });
    let parts = filled.split('/').map(|part| match part.starts_with('{') {
        true => "n",
        false => part,
    });
    let filled = parts.collect::<Vec<_>>().join("/");
    match filled.ends_with("/leveret/events") {
        // The answer has no end, but the one to a pattern that is none.
        true => filled + "?pattern=(",
        false => filled,
    }
}

/// A body with which the desk is asked.
fn body(path: &str) -> &'static str {
    if path.ends_with("/publish") {
        return r#"{"properties":{},"routing_key":"k","payload":"","payload_encoding":"string"}"#;
    }
    if path.ends_with("/get") {
        return r#"{"count":1,"ackmode":"ack_requeue_true","encoding":"auto"}"#;
    }
    if path.ends_with("/messages/move") {
        return r#"{"positions":[0],"exchange":"x"}"#;
    }
    if path.contains("/messages/") {
        return r#"{"positions":[0]}"#;
    }
    if path.contains("/bindings/") {
        return r#"{"routing_key":"k"}"#;
    }
    ""
}

fn done(http: &Http, (method, path): (&str, &str), body: &str) {
    let json = "content-type: application/json\r\n";
    let heard = http.ask_with((method, path), json, body);
    assert!([201, 204].contains(&heard.status), "{path}: {heard:?}");
}

/// Makes everything that paths name, where it is not there.
fn furnish(http: &Http) {
    http.ask("DELETE", "/api/vhosts/gone", "");
    let done = |method: &str, path: &str, body: &str| done(http, (method, path), body);
    done("PUT", "/api/vhosts/v", "{}");
    done("PUT", "/api/permissions/v/guest", ALL);
    done("PUT", "/api/queues/v/q", "{}");
    done("PUT", "/api/exchanges/v/x", "{}");
    done("PUT", "/api/exchanges/v/y", "{}");
    done("POST", "/api/bindings/v/e/x/q/q", r#"{"routing_key":"k"}"#);
    done("POST", "/api/bindings/v/e/x/e/y", r#"{"routing_key":"k"}"#);
}

/// Makes the users with their tags and permissions.
fn make_users(http: &Http) {
    let put = |path: &str, body: &str| done(http, ("PUT", path), body);
    for tag in TAGS {
        for relation in RELATIONS {
            let user = format!("{tag}-{relation:?}");
            let definition = format!(r#"{{"password":"p","tags":"{tag}"}}"#);
            put(&format!("/api/users/{user}"), &definition);
            let path = format!("/api/permissions/v/{user}");
            match relation {
                Relation::Outside => drop(http.ask("DELETE", &path, "")),
                Relation::Inside => put(&path, NOTHING),
                Relation::Full | Relation::NoVhost => put(&path, ALL),
            }
        }
    }
}

const ALL: &str = r#"{"configure":".*","write":".*","read":".*"}"#;
const NOTHING: &str = r#"{"configure":"^$","write":"^$","read":"^$"}"#;

#[test]
fn every_route_lets_in_whom_the_table_says() {
    let broker = Broker::builder().management(0).start().unwrap();
    let http = Http::of(&broker);
    let node = http.get("/api/overview").json()["node"].clone();
    furnish(&http);
    make_users(&http);
    let mut problems = Vec::new();
    for operation in operations(&http) {
        let changes_users = ["users", "permissions", "/vhosts/{vhost}"]
            .iter()
            .any(|word| operation.path.contains(word));
        let users: &[bool] = match operation.path.contains("{user}") {
            true => &[true, false],
            false => &[false],
        };
        for tag in TAGS {
            for (relation, is_own) in RELATIONS
                .into_iter()
                .flat_map(|relation| users.iter().map(move |is_own| (relation, *is_own)))
            {
                let name = format!("{tag}-{relation:?}");
                let vhost = match relation {
                    Relation::NoVhost => "gone",
                    _ => "v",
                };
                let user = if is_own { &*name } else { "nobody" };
                let path = filled(&operation.path, vhost, user, node.as_str().unwrap());
                let asker = http.by(&name, "p");
                let heard = asker.ask(&operation.method, &path, body(&path));
                let (verdict, wanted) = (
                    heard_verdict(&heard),
                    expected(&operation, tag, relation, is_own),
                );
                let is_admitted = verdict == Verdict::Admitted;
                let is_amqp = operation.permission != "none" && is_admitted;
                if verdict != wanted || (is_amqp && !is_right(&heard, relation)) {
                    problems.push(format!(
                        "{} {path} as {name}: {wanted:?} expected, {} {}",
                        operation.method,
                        heard.status,
                        String::from_utf8_lossy(&heard.body),
                    ));
                }
                if is_admitted && operation.method != "GET" {
                    furnish(&http);
                }
                if is_admitted && operation.method != "GET" && changes_users {
                    make_users(&http);
                }
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// Whether the desk has looked at the permissions of a user who was let in.
fn is_right(heard: &Heard, relation: Relation) -> bool {
    match relation {
        Relation::Full => heard.status < 300,
        // With a tag for it, from outside.
        Relation::Outside | Relation::Inside => {
            let said = heard.json();
            let reason = said["reason"].as_str().unwrap_or_default();
            // Seen: RabbitMQ 4.3.6: 400 for a publish.
            let is_refused = reason.to_ascii_lowercase().contains("refused");
            is_refused && [400, 401].contains(&heard.status)
        }
        Relation::NoVhost => heard.status == 404,
    }
}

#[test]
fn no_route_but_those_for_everybody_answers_without_a_login() {
    let broker = Broker::builder().management(0).start().unwrap();
    let http = Http::of(&broker);
    for operation in operations(&http) {
        let path = filled(&operation.path, "%2F", "guest", "n");
        let ask = |http: &Http| http.ask(&operation.method, &path, "");
        let (unknown, wrong) = (ask(&http.unknown()), ask(&http.by("guest", "wrong")));
        match &*operation.needs {
            "anybody" => {
                let is_login = path == "/api/login" && operation.method == "POST";
                assert_eq!(unknown.status == 401, is_login, "{path}: {unknown:?}");
            }
            _ => {
                assert_eq!((unknown.status, unknown.text()), (401, ""), "{path}");
                assert_eq!(wrong.status, 401, "{path}");
                assert_eq!(wrong.json()["error"], "not_authorized", "{path}");
            }
        }
    }
}
