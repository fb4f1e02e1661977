//! The table of kinds, and RabbitMQ's words for what is wrong with a document.

use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::clock::Clock;
use crate::config::Settings;
use crate::desk::VhostDefinition;
use crate::env::Environment;
use crate::store::MemoryStore;

#[test]
fn every_kind_has_one_row_and_one_section() {
    for kind in DefinitionKind::ALL {
        let rows = KINDS.iter().filter(|row| row.kind == kind);
        assert_eq!(rows.count(), 1, "{kind:?}");
        assert_eq!(row(kind).kind, kind);
    }
    let sections: std::collections::HashSet<_> = KINDS.iter().map(|row| row.section).collect();
    assert_eq!(sections.len(), KINDS.len());
}

fn desk() -> Arc<Desk> {
    let store = Arc::new(MemoryStore::default());
    let env = Environment::new(Settings::default(), Clock::test(), store);
    let desk = Desk::new(Arc::new(env));
    let by = desk.administration();
    by.put_vhost("v", &VhostDefinition::default())
        .unwrap()
        .unwaited();
    by.add_user("u", "pw").unwrap().unwaited();
    desk
}

/// The reason for which a section with one item is refused.
fn refused(desk: &Desk, section: &str, item: Json) -> String {
    let document = json!({ section: [item] }).to_string();
    match desk.administration().import(document.as_bytes()) {
        Ok(_) => "imported".to_owned(),
        Err(error) => {
            assert_eq!(error.section.zip(Some(error.item)), Some((section, 0)));
            error.to_string()
        }
    }
}

// Seen: RabbitMQ 4.3.6, `POST /api/definitions`, for those that are no crash there.
#[test]
#[expect(clippy::too_many_lines, reason = "a table of what is said")]
fn refusals_read_like_rabbitmqs() {
    let desk = desk();
    let right = |user: &str, vhost: &str, pattern: &str| {
        json!({
            "user": user, "vhost": vhost, "configure": pattern, "write": "", "read": "",
        })
    };
    let topic = |user: &str, exchange: &str| {
        json!({
            "user": user, "vhost": "v", "exchange": exchange, "write": "", "read": "",
        })
    };
    let no_vhost = "Please create virtual host \"nope\" prior to importing definitions.";
    let binding = |source: &str, destination: &str, kind: &str| {
        json!({
            "vhost": "v", "source": source, "destination": destination, "destination_type": kind,
            "routing_key": "k",
        })
    };
    for (section, item, expected) in [
        ("users", json!({ "name": "a" }), "tags_not_present"),
        (
            "users",
            json!({ "name": "a", "tags": "", "password_hash": "!!" }),
            "{not_base64,<<\"!!\">>}",
        ),
        (
            "users",
            json!({ "name": "a", "tags": "", "password": "p", "password_hash": "" }),
            "both_password_and_password_hash_are_provided",
        ),
        ("users", json!({ "tags": "" }), "name is missing"),
        (
            "vhosts",
            json!({ "name": "a", "metadata": { "default_queue_type": "nope" } }),
            "nope is not a valid queue type",
        ),
        ("permissions", right("u", "nope", ""), no_vhost),
        (
            "permissions",
            right("no", "v", ""),
            "{no_such_user,<<\"no\">>}",
        ),
        (
            "permissions",
            right("u", "v", "("),
            "{invalid_regexp,\"(\",{\"missing closing parenthesis\",1}}",
        ),
        (
            "topic_permissions",
            topic("u", "nope"),
            "{no_such_exchange,<<\"nope\">>}",
        ),
        (
            "topic_permissions",
            topic("no", "amq.topic"),
            "{no_such_user,<<\"no\">>}",
        ),
        (
            "parameters",
            json!({ "vhost": "v", "component": "nope", "name": "x", "value": {} }),
            "Validation failed\n\ncomponent nope not found\n (vhost: \"v\" / component: \"nope\" \
             / key: \"x\")",
        ),
        (
            "parameters",
            json!({ "component": "vhost-limits", "name": "limits", "value": {} }),
            "Virtual host does not exist and is not specified in definitions file.",
        ),
        (
            "policies",
            json!({ "vhost": "v", "name": "p", "pattern": "", "definition": { "foo": 7 } }),
            "Validation failed\n\n[{<<\"foo\">>,7}] are not recognised policy settings\n (vhost: \
             \"v\" key: \"p\")",
        ),
        (
            "policies",
            json!({ "vhost": "v", "name": "p", "definition": { "max-length": 7 } }),
            "Validation failed\n\npattern should be a binary but was undefined\n (vhost: \"v\" \
             key: \"p\")",
        ),
        (
            "policies",
            json!({ "vhost": "v", "name": "p", "pattern": "" }),
            "Validation failed\n\nparse error while reading policy definition: undefined. \
             Validator: policy_validator.\n (vhost: \"v\" key: \"p\")",
        ),
        (
            "exchanges",
            json!({ "vhost": "v", "name": "x", "type": "nope" }),
            "precondition_failed: unknown exchange type 'nope'",
        ),
        (
            "exchanges",
            json!({ "vhost": "v", "name": "amq.x", "type": "nope" }),
            "imported",
        ),
        (
            "queues",
            json!({ "vhost": "v", "name": "q", "arguments": { "x-max-length": "a" } }),
            "precondition_failed: invalid arg 'x-max-length' for queue 'q' in vhost 'v': \
             \"expected integer, got longstr\"",
        ),
        ("queues", json!({ "vhost": "nope", "name": "q" }), no_vhost),
        (
            "queues",
            json!({ "vhost": "v", "name": "q", "durable": "maybe" }),
            "durable should be true or false, actually was <<\"maybe\">>",
        ),
        (
            "bindings",
            binding("nope", "none", "queue"),
            "{resources_missing,[{not_found,{resource,<<\"v\">>,exchange,<<\"nope\">>}},\n\
             \x20                   {not_found,{resource,<<\"v\">>,queue,<<\"none\">>}}]}",
        ),
        ("bindings", binding("", "none", "queue"), "imported"),
        (
            "bindings",
            binding("amq.direct", "amq.fanout", "exchange"),
            "imported",
        ),
    ] {
        assert_eq!(refused(&desk, section, item.clone()), expected, "{item}");
    }
}

#[test]
fn a_document_must_be_an_object_of_lists() {
    let desk = desk();
    let told = |document: &str| {
        let imported = desk.administration().import(document.as_bytes());
        imported.map_or_else(|error| error.explain(), |done| done.value.to_string())
    };
    assert_eq!(told(""), "nothing");
    assert_eq!(told("{\"unknown\": 5}"), "nothing");
    assert_eq!(told("[]"), "failed_to_parse_json");
    assert_eq!(told("{"), "failed_to_parse_json");
    assert_eq!(
        told("{\"users\": 5}"),
        "users[0], the section: a section should be a list"
    );
    assert_eq!(told("{\"vhosts\": [{\"name\": \"w\"}]}"), "1 vhosts");
}

// They were passed over: the document was taken, and nothing of them was there.
#[test]
fn an_item_that_is_no_object_refuses_the_document() {
    let desk = desk();
    let by = desk.administration();
    for kind in KINDS {
        let section = kind.section;
        for (found, told) in [
            (json!(1), "a number"),
            (json!("a"), "a text"),
            (json!(true), "true or false"),
            (Json::Null, "null"),
            (json!([{}]), "a list"),
        ] {
            let mut document = json!({ "users": [{ "name": "new", "tags": "", "password": "p" }] });
            let before = document["users"][0].clone();
            document[section] = json!([before, found]);
            let document = document.to_string();
            let told = format!("{section}[1] should be an object, actually was {told}");
            let refused = by.import(document.as_bytes()).unwrap_err();
            assert_eq!(refused.to_string(), told);
            let refused = by.import_into("v", document.as_bytes());
            if VHOST_KINDS.contains(&kind.kind) {
                assert_eq!(refused.unwrap_err().to_string(), told);
            }
            assert!(desk.auth.user("new").is_none(), "nothing is made: {told}");
        }
    }
    let refused = by.import(br#"{"queues": [[]]}"#).unwrap_err();
    let told = "queues[0], an item: should be an object, actually was a list";
    assert_eq!(refused.explain(), told);
}

#[test]
fn hashes_of_old_documents_are_md5() {
    let desk = desk();
    let algorithm = |version: &str| {
        let document = json!({
            "rabbit_version": version,
            "users": [{ "name": "old", "tags": "", "password_hash": "AQEB" }],
        });
        let document = document.to_string();
        desk.administration()
            .import(document.as_bytes())
            .unwrap()
            .unwaited();
        let user = desk.auth.user("old").unwrap();
        user.password().algorithm().name()
    };
    assert_eq!(algorithm("3.5.8"), "rabbit_password_hashing_md5");
    assert_eq!(algorithm("3.6.0"), "rabbit_password_hashing_sha256");
    assert_eq!(algorithm("4.3.6"), "rabbit_password_hashing_sha256");
}

// Seen: RabbitMQ 4.3.6, tests/scripts/http/admin/imports.http.
#[test]
fn a_vhost_is_not_filled_past_its_limit() {
    let desk = desk();
    let by = desk.administration();
    by.set_vhost_limit("v", "max-queues", &json!(1))
        .unwrap()
        .unwaited();
    let document = json!({ "queues": [{ "name": "a" }, { "name": "b" }] }).to_string();
    let error = by.import_into("v", document.as_bytes()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "Adding 2 queue(s) to virtual host \"v\" would exceed the limit of 1 queue(s).\n\nThis \
         virtual host currently has 0 queue(s) defined.\n\nImport aborted!"
    );
    assert_eq!(desk.find_vhost("v").unwrap().queue_count(), 0);
    // A limit of the document itself does not count for its own queues.
    let document = json!({
        "vhosts": [{ "name": "w" }],
        "parameters": [{
            "vhost": "w", "component": "vhost-limits", "name": "limits",
            "value": { "max-queues": 1 },
        }],
        "queues": [{ "vhost": "w", "name": "a" }, { "vhost": "w", "name": "b" }],
    });
    by.import(document.to_string().as_bytes())
        .unwrap()
        .unwaited();
    assert_eq!(desk.find_vhost("w").unwrap().queue_count(), 2);
}
