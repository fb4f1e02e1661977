use std::cell::RefCell;
use std::net::Ipv4Addr;
use std::ops::Deref;

use super::*;

const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const NOW: Mono = Mono::ZERO;
const THERE: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1));
const REFUSED_PLAIN: &str = "Login was refused using authentication mechanism PLAIN. For details \
                             see the broker logfile.";

/// An [`Auth`] and what changes it, as the desk does: checked, then put in place.
struct Office {
    auth: Auth,
    writer: RefCell<AuthWriter>,
}

impl Deref for Office {
    type Target = Auth;

    fn deref(&self) -> &Auth {
        &self.auth
    }
}

impl Office {
    fn new(settings: AuthSettings) -> Self {
        let (auth, writer) = Auth::new(settings);
        let writer = RefCell::new(writer);
        Self { auth, writer }
    }

    fn put_user(&self, definition: &UserDefinition) -> Result<Change, AuthError> {
        let user = self.auth.check_user(definition)?;
        Ok(self.writer.borrow_mut().put_user(user))
    }

    fn add_user(&self, name: &str, password: &str) -> Result<Change, AuthError> {
        let json = serde_json::json!({ "name": name, "password": password, "tags": "" });
        self.put_user(&serde_json::from_value(json).unwrap())
    }

    fn change_user(&self, name: &str, change: impl FnOnce(User) -> User) -> Result<(), AuthError> {
        let user = change(self.auth.existing(name)?);
        self.writer.borrow_mut().put_user(user);
        Ok(())
    }

    fn set_password(&self, name: &str, password: Option<&str>) -> Result<(), AuthError> {
        let hashing = self.auth.hashing();
        self.change_user(name, |user| user.with_password(password, hashing).unwrap())
    }

    fn set_tags(&self, name: &str, tags: Vec<String>) -> Result<(), AuthError> {
        self.change_user(name, |user| user.with_tags(tags))
    }

    fn set_user_limits(&self, name: &str, limits: UserLimits) -> Result<(), AuthError> {
        self.change_user(name, |user| user.with_limits(limits))
    }

    fn set_permissions(&self, permission: &PermissionDefinition) -> Result<Change, AuthError> {
        let access = permission.check()?;
        let PermissionDefinition { user, vhost, .. } = permission;
        self.writer.borrow_mut().put_access(user, vhost, access)
    }

    fn set_topic_permissions(
        &self,
        permission: &TopicPermissionDefinition,
    ) -> Result<Change, AuthError> {
        let access = permission.check()?;
        let TopicPermissionDefinition {
            user,
            vhost,
            exchange,
            ..
        } = permission;
        let mut writer = self.writer.borrow_mut();
        writer.put_topics(user, vhost, exchange, access)
    }

    fn clear_permissions(&self, user: &str, vhost: &str) -> bool {
        self.writer.borrow_mut().remove_access(user, vhost)
    }

    fn clear_topic_permissions(&self, user: &str, vhost: &str, exchange: &str) -> bool {
        self.writer
            .borrow_mut()
            .remove_topics(user, vhost, exchange)
    }

    fn remove_user(&self, name: &str) -> bool {
        self.writer.borrow_mut().remove_user(name)
    }

    fn remove_vhost(&self, name: &str) -> bool {
        self.writer.borrow_mut().remove_vhost(name)
    }
}

fn auth() -> Office {
    with_settings(AuthSettings::default())
}

/// guest and bob, with permissions as after a start and a bit more.
fn with_settings(settings: AuthSettings) -> Office {
    let auth = Office::new(settings);
    auth.add_user("guest", "guest").unwrap();
    auth.add_user("bob", "pw").unwrap();
    auth.set_permissions(&permission("guest", "/", ".*"))
        .unwrap();
    auth
}

fn permission(user: &str, vhost: &str, pattern: &str) -> PermissionDefinition {
    let [configure, write, read] = [(); 3].map(|()| pattern.to_owned());
    PermissionDefinition {
        user: user.into(),
        vhost: vhost.into(),
        configure,
        write,
        read,
    }
}

fn topic(user: &str, exchange: &str, write: &str) -> TopicPermissionDefinition {
    let (write, read) = (write.to_owned(), ".*".to_owned());
    let (user, vhost, exchange) = (user.to_owned(), "/".to_owned(), exchange.to_owned());
    TopicPermissionDefinition {
        user,
        vhost,
        exchange,
        write,
        read,
    }
}

fn definitions(json: &str) -> AuthDefinitions {
    serde_json::from_str(json).unwrap()
}

fn check_refused(login: Result<Arc<User>, Refused>, log: &str, reply: Option<&str>) {
    let refused = login.unwrap_err();
    assert_eq!(refused.to_string(), log);
    assert_eq!(refused.reply_text().as_deref(), reply);
}

fn check_plain(response: &[u8], log: &str) {
    check_refused(
        auth().authenticate("PLAIN", response, HERE, NOW),
        log,
        Some(REFUSED_PLAIN),
    );
}

#[test]
fn each_mechanism_lets_its_user_in() {
    let amqplain = b"\x05LOGINS\0\0\0\x03bob\x08PASSWORDS\0\0\0\x02pw";
    let cases = [
        ("PLAIN", &b"\0bob\0pw"[..], "bob"),
        ("AMQPLAIN", amqplain, "bob"),
        ("ANONYMOUS", b"x", "guest"),
    ];
    for (mechanism, response, user) in cases {
        let login = auth().authenticate(mechanism, response, HERE, NOW).unwrap();
        assert_eq!(login.name(), user, "{mechanism}");
    }
}

#[test]
fn wrong_password_and_unknown_user_look_the_same() {
    check_plain(
        b"\0bob\0x",
        "PLAIN login refused: user 'bob' - invalid credentials",
    );
    check_plain(
        b"\0eve\0x",
        "PLAIN login refused: user 'eve' - invalid credentials",
    );
    check_plain(
        b"\0\0x",
        "PLAIN login refused: user '' - invalid credentials",
    );
}

#[test]
fn blank_password_is_refused_before_anything_is_looked_up() {
    let text = auth()
        .authenticate("PLAIN", b"\0eve\0", HERE, NOW)
        .unwrap_err()
        .to_string();
    let start = "PLAIN login refused: user 'eve' attempted to log in with a blank password, which";
    assert!(text.starts_with(start), "{text}");
    let auth = auth();
    auth.add_user("blank", "").unwrap();
    assert!(auth.authenticate("PLAIN", b"\0blank\0", HERE, NOW).is_err());
}

#[test]
fn user_without_a_hash_cannot_log_in() {
    let auth = auth();
    auth.set_password("bob", None).unwrap();
    let log = "PLAIN login refused: user 'bob' - invalid credentials";
    check_refused(
        auth.authenticate("PLAIN", b"\0bob\0pw", HERE, NOW),
        log,
        Some(REFUSED_PLAIN),
    );
    auth.set_password("bob", Some("new")).unwrap();
    assert!(auth.check_password("bob", b"new", THERE, NOW).is_ok());
}

#[test]
fn loopback_users_come_from_this_machine_only() {
    let auth = auth();
    let log = "PLAIN login refused: user 'guest' can only connect via localhost";
    check_refused(
        auth.authenticate("PLAIN", b"\0guest\0guest", THERE, NOW),
        log,
        Some(REFUSED_PLAIN),
    );
    assert!(auth.authenticate("ANONYMOUS", b"", THERE, NOW).is_err());
    for peer in ["127.3.0.1", "::1", "::ffff:127.0.0.1"] {
        let login = auth.authenticate("PLAIN", b"\0guest\0guest", peer.parse().unwrap(), NOW);
        assert!(login.is_ok(), "{peer}");
    }
    let open = with_settings(AuthSettings {
        loopback_users: vec![],
        ..AuthSettings::default()
    });
    assert!(
        open.authenticate("PLAIN", b"\0guest\0guest", THERE, NOW)
            .is_ok()
    );
}

#[test]
fn malformed_or_unknown_is_met_with_silence() {
    let auth = auth();
    let silent = |mechanism, response, log| {
        check_refused(auth.authenticate(mechanism, response, HERE, NOW), log, None);
    };
    silent("PLAIN", &b"bob\0pw"[..], "PLAIN response invalid");
    silent(
        "AMQPLAIN",
        b"",
        "AMQPLAIN auth info is missing LOGIN or PASSWORD field",
    );
    silent("NOPE\n", b"", "unknown authentication mechanism 'NOPE\\n'");
    silent(
        "EXTERNAL",
        b"bob",
        "invalid authentication mechanism 'EXTERNAL'",
    );
}

#[test]
fn log_texts_hold_no_control_characters_and_have_an_end() {
    check_plain(
        b"\0a\nb\xff\0x",
        "PLAIN login refused: user 'a\\nb\u{fffd}' - invalid credentials",
    );
    let long = [b"\0", &[b'u'; 300][..], b"\0x"].concat();
    let log = format!(
        "PLAIN login refused: user '{}...' - invalid credentials",
        "u".repeat(255)
    );
    check_plain(&long, &log);
}

#[test]
fn only_usable_mechanisms_are_offered() {
    assert_eq!(auth().mechanisms(), "AMQPLAIN PLAIN ANONYMOUS");
    let settings = AuthSettings {
        anonymous: None,
        ..AuthSettings::default()
    };
    let auth = with_settings(settings);
    assert_eq!(auth.mechanisms(), "AMQPLAIN PLAIN");
    let log = "invalid authentication mechanism 'ANONYMOUS'";
    check_refused(auth.authenticate("ANONYMOUS", b"", HERE, NOW), log, None);
}

#[test]
fn mechanism_left_out_of_the_settings_is_refused() {
    let settings = AuthSettings {
        mechanisms: vec![Mechanism::AmqPlain],
        ..Default::default()
    };
    let auth = with_settings(settings);
    assert_eq!(auth.mechanisms(), "AMQPLAIN");
    let log = "invalid authentication mechanism 'PLAIN'";
    check_refused(
        auth.authenticate("PLAIN", b"\0bob\0pw", HERE, NOW),
        log,
        None,
    );
}

#[test]
fn anonymous_needs_the_password_it_was_configured_with() {
    let auth = auth();
    auth.set_password("guest", Some("changed")).unwrap();
    let refused = auth.authenticate("ANONYMOUS", b"", HERE, NOW).unwrap_err();
    let log = "ANONYMOUS login refused: user 'guest' - invalid credentials";
    assert_eq!(refused.to_string(), log);
}

#[test]
fn every_change_moves_the_generation_and_nothing_else_does() {
    let auth = auth();
    let moved = |change: &dyn Fn() -> bool| {
        let before = auth.generation();
        let _answer: bool = change();
        auth.generation() != before
    };
    assert!(moved(&|| auth.add_user("u", "p").is_ok()));
    assert!(!moved(&|| auth.add_user("", "p").is_ok()));
    assert!(moved(&|| auth
        .set_tags("u", vec!["impersonator".into()])
        .is_ok()));
    assert!(moved(&|| auth
        .set_permissions(&permission("u", "/", "a"))
        .is_ok()));
    assert!(!moved(&|| auth
        .set_permissions(&permission("u", "/", "("))
        .is_ok()));
    assert!(moved(&|| auth
        .set_topic_permissions(&topic("u", "amq.topic", "a"))
        .is_ok()));
    assert!(moved(&|| auth.clear_permissions("u", "/")));
    assert!(!moved(&|| auth.clear_permissions("u", "/")));
    assert!(moved(&|| auth.clear_topic_permissions(
        "u",
        "/",
        "amq.topic"
    )));
    assert!(moved(&|| auth.remove_user("u")));
    assert!(!moved(&|| auth.remove_user("u")));
    assert!(!moved(&|| auth.access("guest", "/").is_some()));
}

#[test]
fn access_is_by_user_and_vhost() {
    let auth = auth();
    assert!(
        auth.access("guest", "/")
            .unwrap()
            .allows(Operation::Write, Resource::Queue("q"))
    );
    assert!(auth.access("guest", "v").is_none());
    assert!(auth.access("bob", "/").is_none());
    let added = auth.set_permissions(&permission("bob", "v", "^a")).unwrap();
    let replaced = auth.set_permissions(&permission("bob", "v", "^b")).unwrap();
    assert_eq!((added, replaced), (Change::Added, Change::Replaced));
    assert!(
        auth.access("bob", "v")
            .unwrap()
            .allows(Operation::Read, Resource::Queue("b"))
    );
}

#[test]
fn topic_access_is_by_exchange_and_absent_means_all() {
    let auth = auth();
    auth.set_topic_permissions(&topic("bob", "amq.topic", "^{username}"))
        .unwrap();
    auth.set_topic_permissions(&topic("bob", "x", "")).unwrap();
    let access = auth.topic_access("bob", "/", "amq.topic").unwrap();
    assert!(access.allows(Operation::Write, b"bob.a") && !access.allows(Operation::Write, b"a"));
    assert!(auth.topic_access("bob", "/", "other").is_none());
    assert!(auth.clear_topic_permissions("bob", "/", "amq.topic"));
    assert!(auth.topic_access("bob", "/", "amq.topic").is_none());
    assert!(auth.topic_access("bob", "/", "x").is_some());
}

#[test]
fn permissions_go_with_their_user_and_vhost() {
    let auth = auth();
    auth.set_permissions(&permission("bob", "/", "a")).unwrap();
    auth.set_topic_permissions(&topic("bob", "amq.topic", "a"))
        .unwrap();
    assert!(auth.remove_vhost("/") && !auth.remove_vhost("/"));
    assert!(auth.export().permissions.is_empty() && auth.export().topic_permissions.is_empty());
    auth.set_permissions(&permission("bob", "v", "a")).unwrap();
    assert!(auth.remove_user("bob"));
    auth.add_user("bob", "pw").unwrap();
    assert!(auth.access("bob", "v").is_none());
}

#[test]
fn users_know_their_tags() {
    let auth = auth();
    let before = auth.user("bob").unwrap();
    auth.set_tags("bob", vec!["zeta".into(), "impersonator".into()])
        .unwrap();
    assert!(auth.user("bob").unwrap().is_impersonator() && !before.is_impersonator());
    assert!(auth.user("bob").unwrap().has_tag("zeta"));
}

#[test]
fn errors_read_like_rabbitmqs() {
    let auth = auth();
    let put = |json| {
        let definition = serde_json::from_str(json).unwrap();
        auth.put_user(&definition).unwrap_err().to_string()
    };
    assert_eq!(
        put(r#"{"name":"","tags":""}"#),
        "user cannot be an empty string"
    );
    assert_eq!(put(r#"{"name":"u"}"#), "tags_not_present");
    assert_eq!(
        put(r#"{"name":"u","tags":"","password":"p","password_hash":""}"#),
        "both_password_and_password_hash_are_provided"
    );
    let missing = auth.set_tags("eve", vec![]).unwrap_err();
    assert_eq!(missing.to_string(), "User \"eve\" does not exist");
}

/// As exported by RabbitMQ 4.3.6, but for the order of keys.
const EXPORTED: &str = r#"{
  "users": [
    {"name": "bob", "password_hash": "WysL3y7XKHDX+nJ8dBSc20XE2CFC+Q4vzg6rhKXwqeH7b+nh",
     "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": ["zeta", "administrator"],
     "limits": {"max-channels": -1, "max-connections": 3}},
    {"name": "none", "password_hash": "",
     "hashing_algorithm": "rabbit_password_hashing_sha256", "tags": [], "limits": {}}
  ],
  "permissions": [
    {"user": "bob", "vhost": "v", "configure": "^a", "write": "", "read": "x|y"}
  ],
  "topic_permissions": [
    {"user": "bob", "vhost": "v", "exchange": "amq.topic",
     "write": "^{username}-{vhost}-{client_id}", "read": ".*"}
  ]
}"#;

#[test]
fn definitions_of_rabbitmq_go_round() {
    let auth = Office::new(AuthSettings::default());
    let definitions = definitions(EXPORTED);
    for user in &definitions.users {
        auth.put_user(user).unwrap();
    }
    for permission in &definitions.permissions {
        auth.set_permissions(permission).unwrap();
    }
    for permission in &definitions.topic_permissions {
        auth.set_topic_permissions(permission).unwrap();
    }
    let exported = serde_json::to_value(auth.export()).unwrap();
    assert_eq!(
        exported,
        serde_json::from_str::<serde_json::Value>(EXPORTED).unwrap()
    );
    assert!(auth.check_password("bob", b"pw", THERE, NOW).is_ok());
}

#[test]
fn putting_a_user_again_keeps_limits_and_permissions() {
    let auth = auth();
    auth.set_permissions(&permission("bob", "/", "a")).unwrap();
    let json = r#"{"name":"bob","tags":"","limits":{"max-channels":4}}"#;
    auth.put_user(&serde_json::from_str(json).unwrap()).unwrap();
    let json = r#"{"name":"bob","password":"new","tags":"b, a,,b"}"#;
    let change = auth.put_user(&serde_json::from_str(json).unwrap()).unwrap();
    assert_eq!(change, Change::Replaced);
    let bob = auth.check_password("bob", b"new", THERE, NOW).unwrap();
    assert_eq!(bob.tags(), ["b", "a", "b"]);
    assert_eq!(bob.limits().channels(), Some(4));
    assert!(auth.access("bob", "/").is_some());
    auth.set_user_limits("bob", UserLimits::default()).unwrap();
    assert_eq!(auth.user("bob").unwrap().limits(), UserLimits::default());
}

#[test]
fn passwords_do_not_show_in_debug_output() {
    let json = r#"{"name":"u","password":"secret","tags":[]}"#;
    let definition: UserDefinition = serde_json::from_str(json).unwrap();
    assert!(!format!("{definition:?}").contains("secret"));
    assert!(
        !serde_json::to_string(&definition)
            .unwrap()
            .contains("secret")
    );
}

fn check_admission(
    auth: &Auth,
    counts: &Arc<ConnectionCounts>,
    (vhost, limits): (&str, Option<VhostLimits>),
    expected: Result<(), &str>,
) {
    let bob = auth.user("bob").unwrap();
    let node = NodeLimits {
        name: "rabbit@here".into(),
        connections: Some(1),
        channels: None,
    };
    let admission = Admission {
        user: &bob,
        vhost,
        vhost_limits: limits,
        node: &node,
    };
    let outcome = auth
        .admit(counts, &admission)
        .map(drop)
        .map_err(|refused| refused.to_string());
    assert_eq!(outcome, expected.map_err(str::to_owned));
}

#[test]
fn connection_open_is_checked_in_rabbitmqs_order() {
    let (auth, counts) = (auth(), ConnectionCounts::new());
    let free = Some(VhostLimits::default());
    let closed = Some(VhostLimits {
        max_connections: Some(0),
        max_queues: None,
    });
    let no_permission = "access to vhost 'v' refused for user 'bob'";
    check_admission(&auth, &counts, ("v", free), Err(no_permission));
    assert_eq!(counts.connections(), 0);
    auth.set_user_limits(
        "bob",
        UserLimits {
            max_channels: None,
            max_connections: Some(0),
        },
    )
    .unwrap();
    let user_limit = "connection refused for user 'bob': user connection limit (0) is reached";
    check_admission(&auth, &counts, ("v", free), Err(user_limit));
    let vhost_limit = "access to vhost 'v' refused for user 'bob': connection limit (0) is reached";
    check_admission(&auth, &counts, ("v", closed), Err(vhost_limit));
    check_admission(&auth, &counts, ("v", None), Err("vhost v not found"));
    let full = NodeLimits::default();
    let _place = counts
        .open_connection(
            &full,
            ("/", VhostLimits::default()),
            ("guest", UserLimits::default()),
        )
        .unwrap();
    let node_limit = "connection refused: node connection limit (1) is reached";
    check_admission(&auth, &counts, ("v", None), Err(node_limit));
}

#[test]
fn admitted_connection_is_counted_and_may_use_its_vhost() {
    let (auth, counts) = (auth(), ConnectionCounts::new());
    auth.set_permissions(&permission("bob", "v", "")).unwrap();
    check_admission(&auth, &counts, ("v", Some(VhostLimits::default())), Ok(()));
    assert_eq!(counts.connections(), 0, "dropped places are given back");
}

#[test]
fn user_limit_set_after_the_login_counts() {
    let (auth, counts) = (auth(), ConnectionCounts::new());
    let user = auth.user("bob").unwrap();
    let limits = UserLimits {
        max_channels: None,
        max_connections: Some(0),
    };
    auth.set_user_limits("bob", limits).unwrap();
    let (node, vhost_limits) = (NodeLimits::default(), Some(VhostLimits::default()));
    let admission = Admission {
        user: &user,
        vhost: "v",
        vhost_limits,
        node: &node,
    };
    let refused = auth.admit(&counts, &admission).unwrap_err();
    assert!(matches!(
        refused,
        NotAdmitted::Limit(LimitReached::UserConnections { .. })
    ));
}

#[test]
fn an_address_that_failed_by_one_door_is_refused_by_the_other() {
    let auth = with_settings(AuthSettings {
        failures_max: Some(3),
        ..AuthSettings::default()
    });
    auth.add_user("bob", "pw").unwrap();
    let wrong = |user: &str| auth.check_password(user, b"wrong", THERE, NOW).unwrap_err();
    let heard = |refused: Refused| matches!(refused, Refused::BadCredentials { .. });
    assert!(heard(wrong("bob")) && heard(wrong("eve")));
    // It succeeds, which counts for nothing.
    assert!(auth.check_password("bob", b"pw", THERE, NOW).is_ok());
    assert!(heard(wrong("bob")));
    let log = "PLAIN login refused: user 'bob' - too many logins from 10.0.0.1 have failed";
    let refused = auth.authenticate("PLAIN", b"\0bob\0pw", THERE, NOW);
    check_refused(refused, log, Some(REFUSED_PLAIN));
    assert!(auth.authenticate("PLAIN", b"\0bob\0pw", HERE, NOW).is_ok());
    let later = NOW.plus_ms(20_000);
    assert!(
        auth.authenticate("PLAIN", b"\0bob\0pw", THERE, later)
            .is_ok()
    );
    assert_eq!(auth.attempts(Door::Amqp), (2, 1));
}

// The time that a refusal takes must not tell which users there are.
#[test]
fn a_user_that_there_is_not_costs_as_many_digests_as_a_wrong_password() {
    let auth = auth();
    auth.set_password("bob", None).unwrap();
    auth.add_user("alice", "pw").unwrap();
    let digests = |user: &[u8]| {
        let before = password::digests();
        let response = [b"\0", user, b"\0wrong"].concat();
        assert!(auth.authenticate("PLAIN", &response, HERE, NOW).is_err());
        password::digests() - before
    };
    for user in [&b"alice"[..], b"bob", b"nobody", b"\xff"] {
        assert_eq!(digests(user), 1, "{user:?}");
    }
}
