use super::*;

fn node(connections: Option<u64>, channels: Option<u64>) -> NodeLimits {
    NodeLimits {
        name: "rabbit@here".into(),
        connections,
        channels,
    }
}

fn user_limits(max_connections: i64, max_channels: i64) -> UserLimits {
    UserLimits {
        max_channels: Some(max_channels),
        max_connections: Some(max_connections),
    }
}

fn vhost_limits(max_connections: i64) -> VhostLimits {
    VhostLimits {
        max_connections: Some(max_connections),
        max_queues: None,
    }
}

fn open(
    counts: &Arc<ConnectionCounts>,
    node_limit: Option<u64>,
    vhost_limit: i64,
    user_limit: i64,
) -> Result<ConnectionGuard, LimitReached> {
    let vhost = ("v", vhost_limits(vhost_limit));
    counts.open_connection(
        &node(node_limit, None),
        vhost,
        ("bob", user_limits(user_limit, -1)),
    )
}

fn check_refused(opened: Result<impl fmt::Debug, LimitReached>, text: &str) {
    assert_eq!(opened.unwrap_err().to_string(), text);
}

#[test]
fn limits_are_checked_in_the_order_node_vhost_user() {
    let counts = ConnectionCounts::new();
    let _one = open(&counts, Some(1), 1, 1).unwrap();
    let node = "connection refused: node connection limit (1) is reached";
    check_refused(open(&counts, Some(1), 1, 1), node);
    let vhost = "access to vhost 'v' refused for user 'bob': connection limit (1) is reached";
    check_refused(open(&counts, None, 1, 1), vhost);
    let user = "connection refused for user 'bob': user connection limit (1) is reached";
    check_refused(open(&counts, None, -1, 1), user);
    assert_eq!(counts.connections(), 1);
}

#[test]
fn zero_allows_none_and_negative_allows_all() {
    let counts = ConnectionCounts::new();
    let text = "connection refused for user 'bob': user connection limit (0) is reached";
    check_refused(open(&counts, None, -1, 0), text);
    assert!(open(&counts, None, -1, -5).is_ok());
}

#[test]
fn dropped_guards_give_their_places_back() {
    let counts = ConnectionCounts::new();
    let connection = open(&counts, None, -1, -1).unwrap();
    let channel = connection
        .open_channel(&node(None, None), UserLimits::default())
        .unwrap();
    assert_eq!(
        (
            counts.vhost_connections("v"),
            counts.user_connections("bob")
        ),
        (1, 1)
    );
    assert_eq!((counts.channels(), counts.user_channels("bob")), (1, 1));
    drop(connection);
    assert_eq!((counts.connections(), counts.user_channels("bob")), (0, 1));
    drop(channel);
    let left = counts.counts.lock();
    assert_eq!(left.channels, 0);
    assert!(left.vhost_connections.is_empty() && left.user_connections.is_empty());
    assert!(left.user_channels.is_empty());
}

#[test]
fn channels_are_counted_over_all_connections_of_a_user() {
    let counts = ConnectionCounts::new();
    let [a, b] = [(); 2].map(|()| open(&counts, None, -1, -1).unwrap());
    let _first = a
        .open_channel(&node(None, Some(2)), user_limits(-1, 1))
        .unwrap();
    check_refused(
        b.open_channel(&node(None, Some(2)), user_limits(-1, 1)),
        "number of channels opened for user 'bob' has reached the maximum allowed user limit of 1",
    );
    let _second = b
        .open_channel(&node(None, Some(2)), UserLimits::default())
        .unwrap();
    check_refused(
        a.open_channel(&node(None, Some(2)), UserLimits::default()),
        "number of channels opened on node 'rabbit@here' has reached the maximum allowed limit \
         of 2",
    );
}

#[test]
fn limits_read_and_write_like_definitions() {
    let limits: UserLimits =
        serde_json::from_str(r#"{"max-connections":3,"max-channels":-1}"#).unwrap();
    assert_eq!((limits.connections(), limits.channels()), (Some(3), None));
    let text = serde_json::to_string(&limits).unwrap();
    assert_eq!(text, r#"{"max-channels":-1,"max-connections":3}"#);
    assert_eq!(
        serde_json::to_string(&VhostLimits::default()).unwrap(),
        "{}"
    );
    assert!(serde_json::from_str::<UserLimits>(r#"{"max-foo":1}"#).is_err());
    assert_eq!(
        serde_json::from_str::<VhostLimits>(r#"{"max-queues":0}"#)
            .unwrap()
            .queues(),
        Some(0)
    );
}

#[test]
fn merging_keeps_what_is_not_set_anew() {
    let older = UserLimits {
        max_channels: Some(1),
        max_connections: Some(2),
    };
    let newer = UserLimits {
        max_channels: Some(-1),
        max_connections: None,
    };
    let merged = older.merged(newer);
    assert_eq!(
        merged,
        UserLimits {
            max_channels: Some(-1),
            max_connections: Some(2)
        }
    );
}
