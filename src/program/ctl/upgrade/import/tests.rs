use serde_json::json;

use super::*;

#[test]
fn what_would_be_refused_is_left_out_and_said() {
    let mut definitions = json!({
        "vhosts": [{"name": "/"}],
        "exchanges": [
            {"name": "x", "vhost": "/", "type": "topic", "durable": true},
            {"name": "jms", "vhost": "/", "type": "x-jms-topic", "durable": true},
        ],
        "queues": [
            {"name": "q", "vhost": "/", "durable": true, "arguments": {}},
            {"name": "m", "vhost": "/", "durable": true, "type": "rabbit_mqtt_qos0_queue"},
        ],
        "bindings": [
            {"source": "x", "vhost": "/", "destination": "q", "destination_type": "queue"},
            {"source": "jms", "vhost": "/", "destination": "q", "destination_type": "queue"},
            {"source": "x", "vhost": "/", "destination": "m", "destination_type": "queue"},
            {"source": "amq.topic", "vhost": "/", "destination": "q", "destination_type": "queue"},
        ],
        "parameters": [
            {"component": "shovel", "vhost": "/", "name": "s", "value": {}},
            {"component": "vhost-limits", "vhost": "/", "name": "limits", "value": {}},
        ],
        "policies": [
            {"name": "f", "vhost": "/", "pattern": "^f",
             "definition": {"federation-upstream": "u"}},
            {"name": "t", "vhost": "/", "pattern": "^t",
             "definition": {"message-ttl": 1, "federation-upstream-set": "all"}},
        ],
    });
    let report = adapt(&mut definitions);
    let left = |section: &str| items(&definitions, section).count();
    let counts = ["exchanges", "queues", "bindings", "parameters", "policies"].map(left);
    assert_eq!(counts, [1, 1, 2, 1, 1]);
    assert_eq!(
        definitions["policies"][0]["definition"],
        json!({"message-ttl": 1})
    );
    assert_eq!(report.len(), 7, "{report:#?}");
    assert!(report.iter().all(|line| line.starts_with("left out: ")));
}

#[test]
fn what_behaves_otherwise_is_said() {
    let mut definitions = json!({
        "exchanges": [
            {"name": "h", "vhost": "/", "type": "x-consistent-hash", "durable": true},
            {"name": "t", "vhost": "/", "type": "direct", "durable": false},
        ],
        "queues": [
            {"name": "q", "vhost": "/", "arguments": {"x-queue-type": "quorum"}},
            {"name": "s", "vhost": "/", "arguments": {"x-queue-type": "stream"}},
            {"name": "l", "vhost": "/", "arguments": {"x-queue-master-locator": "min-masters"}},
        ],
        "permissions": [
            {"user": "ann", "vhost": "/", "configure": "", "write": r"^(a)\1", "read": ".*"},
        ],
        "policies": [{"name": "p", "vhost": "/", "pattern": "^a(?!b)", "definition": {}}],
    });
    let before = definitions.clone();
    let report = adapt(&mut definitions);
    assert_eq!(definitions, before);
    assert_eq!(report.len(), 7, "{report:#?}");
}

#[test]
fn patterns_of_linear_time_are_no_news() {
    for pattern in ["", ".*", "^(?!amq\\.).*", "^a\\.b$", "\\\\1"] {
        assert!(!is_backtracking(pattern), "{pattern}");
    }
    for pattern in ["a(?=b)", "^x(?<!y)", "(a)\\1"] {
        assert!(is_backtracking(pattern), "{pattern}");
    }
}

#[test]
fn a_document_of_today_has_nothing_to_report() {
    let mut definitions = json!({
        "vhosts": [{"name": "/"}],
        "queues": [{"name": "q", "vhost": "/", "durable": true, "arguments": {}}],
    });
    assert!(adapt(&mut definitions).is_empty());
}
