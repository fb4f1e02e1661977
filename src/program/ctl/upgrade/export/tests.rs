use super::*;

#[test]
fn every_queue_with_messages_gets_a_shovel() {
    let queues = json!([
        {"vhost": "/", "name": "it's", "type": "classic", "messages": 3, "exclusive": false},
        {"vhost": "/", "name": "empty", "type": "classic", "messages": 0, "exclusive": false},
        {"vhost": "/", "name": "own", "type": "classic", "messages": 1, "exclusive": true},
        {"vhost": "a b", "name": "log", "type": "stream", "messages": 9, "exclusive": false},
    ]);
    let plan = plan(&json!({}), &queues, "amqp://guest:guest@here");
    let lines: Vec<&str> = plan.script.lines().collect();
    let shovels: Vec<&&str> = lines
        .iter()
        .filter(|line| line.contains("set_parameter"))
        .collect();
    assert_eq!(shovels.len(), 2, "{}", plan.script);
    let first = shovels[0];
    assert!(first.starts_with(r"rabbitmqctl set_parameter -p '/' shovel 'leveret-it'\''s' '{"));
    assert!(first.contains(r#""src-uri":"amqp://guest:guest@here/%2F""#));
    assert!(first.contains(r#""dest-uri":"amqp:///%2F""#));
    assert!(first.contains(r#""src-delete-after":"queue-length""#));
    assert!(shovels[1].contains(r#""src-consumer-args":{"x-stream-offset":"first"}"#));
    assert!(shovels[1].contains("amqp:///a%20b"));
    assert!(!shovels[1].contains("src-delete-after"));
    assert_eq!(plan.notes.len(), 2, "{:?}", plan.notes);
}

#[test]
fn exchanges_of_plugins_name_them() {
    let definitions = json!({"exchanges": [
        {"name": "a", "type": "x-consistent-hash", "arguments": {}},
        {"name": "b", "type": "x-delayed-message", "arguments": {"x-delayed-type": "x-random"}},
        {"name": "c", "type": "topic", "arguments": {}},
    ]});
    let plan = plan(&definitions, &json!([]), "amqp://here");
    let expected = "rabbitmq-plugins enable rabbitmq_shovel rabbitmq_consistent_hash_exchange \
                    rabbitmq_delayed_message_exchange rabbitmq_random_exchange\n";
    assert!(plan.script.contains(expected), "{}", plan.script);
    assert_eq!(plan.notes.len(), 1);
}
