use super::*;

fn check_topic(pattern: &str, allowed: &[&str], refused: &[&str]) {
    let access = TopicAccess::new("a.u", "/v", pattern, "").unwrap();
    for key in allowed {
        assert!(
            access.allows(Operation::Write, key.as_bytes()),
            "{pattern} in {key}"
        );
    }
    for key in refused {
        assert!(
            !access.allows(Operation::Write, key.as_bytes()),
            "{pattern} not in {key}"
        );
    }
    assert_eq!(access.write(), pattern);
}

#[test]
fn each_operation_has_its_own_pattern() {
    let access = Access::new("^c", "^w", "").unwrap();
    let allowed = |operation, name| access.allows(operation, Resource::Queue(name));
    assert!(allowed(Operation::Configure, "c") && !allowed(Operation::Configure, "w"));
    assert!(allowed(Operation::Write, "w") && !allowed(Operation::Write, "c"));
    assert!(!allowed(Operation::Read, "c"));
}

#[test]
fn default_exchange_is_called_amq_default() {
    let access = Access::new("", "^amq\\.default$", ".*").unwrap();
    assert!(access.allows(Operation::Write, Resource::Exchange(b"")));
    assert!(!access.allows(Operation::Write, Resource::Queue("")));
    assert_eq!(
        access_refused(Operation::Read, Resource::Exchange(b""), "/", "bob"),
        "read access to exchange 'amq.default' in vhost '/' refused for user 'bob'"
    );
}

#[test]
fn refusals_read_like_rabbitmqs() {
    assert_eq!(
        access_refused(Operation::Configure, Resource::Queue("zz"), "/", "bob"),
        "configure access to queue 'zz' in vhost '/' refused for user 'bob'"
    );
    assert_eq!(
        topic_refused(Operation::Write, b"k", "amq.topic", "/", "bob"),
        "write access to topic 'k' in exchange 'amq.topic' in vhost '/' refused for user 'bob'"
    );
}

#[test]
fn topic_patterns_name_user_and_vhost_letter_by_letter() {
    check_topic("^{username}$", &["a.u"], &["axu", "{username}"]);
    check_topic("^{vhost}-{username}$", &["/v-a.u"], &["/v-"]);
    check_topic("^{client_id}", &["{client_id}.x"], &["client_id"]);
    check_topic("", &[""], &["a"]);
}

#[test]
fn invalid_topic_pattern_is_shown_as_it_was_given() {
    let error = TopicAccess::new("a.u", "/", "{username}(", "").unwrap_err();
    assert_eq!(error.pattern, "{username}(");
}

#[test]
fn first_invalid_pattern_is_named() {
    assert_eq!(Access::new("a", "(", "[").unwrap_err().pattern, "(");
    assert_eq!(
        TopicAccess::new("u", "/", "a", "[").unwrap_err().pattern,
        "["
    );
}
