//! Messages published and looked at, and vhosts emptied, without a client.

use bytes::Bytes;
use leveret_codec::properties::{Properties, PropertiesRef};
use leveret_codec::table::{Table, TableRef, Value};
use leveret_codec::types::{ShortBytes, ShortString};

use super::operations::{actors, code, done, exchange, queue, to_exchange, to_queue};
use crate::clock::Now;
use crate::definitions::ParameterRecord;
use crate::desk::{Actor, AdminError, Caller, Publication, Published, QueueDeclaration};
use crate::limits::PEEK_MAX;
use crate::policy::PolicyDefinition;
use crate::store::Position;
use crate::vhost::DeleteIf;

fn publish_with(
    actor: &Actor,
    now: Now,
    to: (&'static str, &'static str),
    properties: Properties<'_>,
    body: &'static str,
) -> Result<(Published, Position), u16> {
    let published = actor.publish(
        now,
        Publication {
            exchange: ShortBytes::literal(to.0),
            routing_key: ShortBytes::literal(to.1),
            properties: PropertiesRef::new(&properties.to_bytes()),
            body: &Bytes::from_static(body.as_bytes()),
        },
    );
    published
        .map(|stored| (stored.value, stored.until))
        .map_err(|error| error.code.number())
}

fn publish(actor: &Actor, now: Now, to: (&'static str, &'static str)) -> Result<Published, u16> {
    publish_with(actor, now, to, Properties::default(), "body").map(|(published, _)| published)
}

fn with_argument(name: &str, argument: &str, value: impl Into<Value>) -> QueueDeclaration {
    let mut declaration = queue(name);
    declaration.arguments.insert(argument, value);
    declaration
}

#[test]
fn a_message_goes_where_the_router_says() {
    let (_desk, now, high, _) = actors();
    for name in ["one", "two"] {
        done(high.declare_queue(now, queue(name)));
        done(high.bind(now, to_queue("amq.topic", name, "k")));
    }
    assert_eq!(
        publish(&high, now, ("amq.topic", "k")),
        Ok(Published::Queued(2))
    );
    assert_eq!(publish(&high, now, ("", "one")), Ok(Published::Queued(1)));
    assert_eq!(
        publish(&high, now, ("amq.topic", "l")),
        Ok(Published::Unroutable)
    );
    let cc = Table::new().with("CC", Value::Array(vec!["one".into(), "two".into()]));
    let cc = cc.to_bytes();
    let properties = Properties {
        headers: Some(TableRef::new(&cc)),
        ..Properties::default()
    };
    let published = publish_with(&high, now, ("", "missing"), properties, "b").unwrap();
    assert_eq!(published.0, Published::Queued(2));
    let ready = ["one", "two"].map(|name| high.find_queue(now, name).unwrap().value.ready);
    assert_eq!(ready, [3, 2]);
}

#[test]
fn a_stored_message_is_answered_for_when_it_is_durable() {
    let (_desk, now, high, _) = actors();
    let declared = high.declare_queue(now, queue("jobs")).unwrap().until;
    let transient = publish_with(&high, now, ("", "jobs"), Properties::default(), "b");
    assert_eq!(transient, Ok((Published::Queued(1), Position::default())));
    let persistent = Properties {
        delivery_mode: Some(2),
        ..Properties::default()
    };
    let (_, until) = publish_with(&high, now, ("", "jobs"), persistent, "b").unwrap();
    assert!(until > declared);
}

#[test]
fn a_delayed_message_is_answered_for_when_its_exchange_has_stored_it() {
    let (_desk, now, high, _) = actors();
    let mut later = exchange("later", "x-delayed-message");
    later.arguments.insert("x-delayed-type", "direct");
    let declared = high.declare_exchange(later).unwrap().until;
    let headers = Table::new().with("x-delay", 1000).to_bytes();
    let properties = Properties {
        delivery_mode: Some(2),
        headers: Some(TableRef::new(&headers)),
        ..Properties::default()
    };
    let (published, until) = publish_with(&high, now, ("later", "k"), properties, "b").unwrap();
    assert_eq!(published, Published::Delayed);
    assert!(until > declared);
}

#[test]
fn what_a_client_may_not_publish_is_refused() {
    let (_desk, now, high, low) = actors();
    let full = with_argument("full", "x-max-length", 1);
    let mut full = full;
    full.arguments.insert("x-overflow", "reject-publish");
    done(high.declare_queue(now, full));
    assert_eq!(publish(&high, now, ("", "full")), Ok(Published::Queued(1)));
    assert_eq!(publish(&high, now, ("", "full")), Ok(Published::Refused));
    assert_eq!(publish(&low, now, ("", "full")), Err(403));
    assert_eq!(publish(&high, now, ("missing", "k")), Err(404));
    assert_eq!(publish(&high, now, ("amq.rabbitmq.trace", "k")), Err(403));
    let wrong = [
        Properties {
            expiration: Some(ShortBytes::literal("soon")),
            ..Properties::default()
        },
        Properties {
            user_id: Some(ShortBytes::literal("low")),
            ..Properties::default()
        },
        Properties {
            reply_to: Some(ShortBytes::literal("amq.rabbitmq.reply-to")),
            ..Properties::default()
        },
    ];
    for properties in wrong {
        let published = publish_with(&high, now, ("", "full"), properties, "b");
        assert_eq!(published, Err(406), "{properties}");
    }
}

#[test]
fn looking_takes_nothing_and_shows_what_a_consumer_would_get() {
    let (_desk, now, high, low) = actors();
    done(high.declare_queue(now, queue("jobs")));
    let headers = Table::new()
        .with("n", 7)
        .with("BCC", Value::Array(vec!["hidden".into()]))
        .to_bytes();
    let properties = Properties {
        headers: Some(TableRef::new(&headers)),
        content_type: Some(ShortBytes::literal("text/plain")),
        ..Properties::default()
    };
    publish_with(&high, now, ("", "jobs"), properties, "first").unwrap();
    publish_with(&high, now, ("", "jobs"), Properties::default(), "second").unwrap();
    let seen = high.peek("jobs", 10).unwrap();
    let bodies: Vec<&[u8]> = seen.iter().map(|message| message.body()).collect();
    assert_eq!(bodies, [b"first".as_slice(), b"second"]);
    let first = &seen[0];
    assert_eq!(
        (first.exchange(), first.routing_key()),
        (String::new(), "jobs".to_owned())
    );
    assert_eq!(first.header("n"), Some(7.into()));
    assert_eq!(first.header("BCC"), None);
    let content_type = first.properties().content_type().unwrap();
    assert_eq!(content_type, ShortBytes::new(b"text/plain"));
    assert!(first.position() < seen[1].position() && !first.redelivered());
    assert_eq!(high.peek("jobs", 1).unwrap().len(), 1);
    assert_eq!(high.find_queue(now, "jobs").unwrap().value.ready, 2);
    assert_eq!(code(high.peek("missing", 1)), 404);
    assert_eq!(code(low.peek("jobs", 1)), 403);
}

#[test]
fn what_is_shown_of_a_queue_is_bounded() {
    let (_desk, now, high, _) = actors();
    done(high.declare_queue(now, queue("many")));
    done(high.declare_queue(now, with_argument("oldest", "x-queue-type", "stream")));
    let (messages_max, bytes_max) = PEEK_MAX;
    for _ in 0..=messages_max {
        publish(&high, now, ("", "many")).unwrap();
        publish(&high, now, ("", "oldest")).unwrap();
    }
    assert_eq!(high.peek("many", usize::MAX).unwrap().len(), messages_max);
    assert_eq!(high.peek("oldest", usize::MAX).unwrap().len(), messages_max);
    done(high.purge_queue(now, "many"));
    let half = usize::try_from(bytes_max / 2).unwrap();
    let half: &'static str = "x".repeat(half).leak();
    for _ in 0..4 {
        publish_with(&high, now, ("", "many"), Properties::default(), half).unwrap();
    }
    assert_eq!(high.peek("many", usize::MAX).unwrap().len(), 2);
}

fn parameter(name: &str) -> ParameterRecord {
    ParameterRecord {
        vhost: "/".to_owned(),
        component: "vhost-limits".to_owned(),
        name: name.to_owned(),
        value: serde_json::json!({"max-queues": 5}),
    }
}

#[test]
fn an_emptied_vhost_is_as_it_was_when_it_was_made() {
    let (desk, now, high, low) = actors();
    let by = desk.administration();
    let policy = PolicyDefinition::new("/", "short", "^jobs").set("max-length", 1);
    by.put_policy(&policy).unwrap().unwaited();
    by.put_operator_policy(&policy).unwrap().unwaited();
    by.put_parameter(&parameter("limits")).unwrap().unwaited();
    done(high.declare_queue(now, queue("jobs")));
    done(high.declare_exchange(exchange("in", "topic")));
    done(high.bind(now, to_queue("in", "jobs", "#")));
    done(high.bind(now, to_queue("amq.topic", "jobs", "#")));
    let last = high.bind(now, to_exchange("amq.fanout", "amq.direct"));
    let last = last.unwrap().until;
    publish(&high, now, ("in", "k")).unwrap();
    let emptied = by.reset_vhost("/").unwrap();
    assert!(emptied.until > last);
    assert_eq!(
        (high.vhost.queue_count(), high.vhost.binding_count()),
        (0, 0)
    );
    assert_eq!(high.vhost.exchange_count(), 7);
    assert_eq!(
        publish(&high, now, ("amq.topic", "k")),
        Ok(Published::Unroutable)
    );
    assert_eq!(
        (desk.policies(), desk.operator_policies()),
        (vec![], vec![])
    );
    assert_eq!(high.vhost.queues_max(), Some(5), "limits stay");
    assert!(low.access().is_some(), "permissions stay");
    done(high.declare_queue(now, queue("jobs")));
    assert_eq!(publish(&high, now, ("", "jobs")), Ok(Published::Queued(1)));
    let deleted = high.delete_queue(now, "jobs", DeleteIf::default());
    assert_eq!(deleted.unwrap().value, 1);
}

#[test]
fn only_administrators_empty_vhosts() {
    let (desk, _, high, _) = actors();
    let caller = Caller::User {
        user: high.user.clone(),
        from: None,
    };
    let refused = desk.administration_for(&caller).reset_vhost("/");
    assert!(matches!(refused, Err(AdminError::NotAllowed(_))));
    let missing = desk.administration().reset_vhost("missing");
    assert!(matches!(missing, Err(AdminError::NoSuchVhost(name)) if name == "missing"));
    assert_eq!(ShortString::new("/").as_ref(), Some(high.vhost.name()));
}
