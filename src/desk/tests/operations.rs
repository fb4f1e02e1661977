//! Everything that may be asked of the desk, asked in this process by actors without a connection.

use std::sync::Arc;

use leveret_codec::table::{Table, Value};
use leveret_codec::types::{ChannelId, ShortString};

use super::broker;
use crate::auth::{PermissionDefinition, Tags, UserDefinition};
use crate::clock::Now;
use crate::desk::{
    Actor, BindingRequest, Desk, ExchangeDeclaration, QueueDeclaration, Stored, VhostDefinition,
};
use crate::error::AmqpError;
use crate::mail::Mailbox;
use crate::queue::NewConsumer;
use crate::vhost::{DeleteIf, DestinationName};

fn short(text: &str) -> ShortString {
    ShortString::new(text).expect("it is short")
}

fn user(desk: &Desk, name: &str, pattern: &str) {
    let by = desk.administration();
    let added = by.put_user(&UserDefinition {
        name: name.to_owned(),
        password: Some("secret".to_owned()),
        password_hash: None,
        hashing_algorithm: None,
        tags: Some(Tags::List(Vec::new())),
        limits: Default::default(),
    });
    added.expect("a good user").unwaited();
    let set = by.put_permission(&PermissionDefinition {
        user: name.to_owned(),
        vhost: "/".to_owned(),
        configure: pattern.to_owned(),
        write: pattern.to_owned(),
        read: pattern.to_owned(),
    });
    set.expect("good permissions").unwaited();
}

/// `high` may do anything; `low` may do things to what begins with `low`.
pub(super) fn actors() -> (Arc<Desk>, Now, Actor, Actor) {
    let (desk, _) = broker();
    let made = desk
        .administration()
        .put_vhost("/", &VhostDefinition::default());
    made.expect("it fits").unwaited();
    user(&desk, "high", ".*");
    user(&desk, "low", "^low");
    let actor = |name| {
        let user = desk.auth.user(name).expect("it is there");
        desk.actor(&user, "/", name.into())
            .expect("it has permissions")
    };
    let (high, low) = (actor("high"), actor("low"));
    let now = desk.env.now();
    (desk, now, high, low)
}

pub(super) fn queue(name: &str) -> QueueDeclaration {
    QueueDeclaration {
        name: short(name),
        durable: true,
        ..QueueDeclaration::default()
    }
}

pub(super) fn exchange(name: &str, type_name: &str) -> ExchangeDeclaration {
    ExchangeDeclaration {
        name: short(name),
        type_name: short(type_name),
        durable: true,
        ..ExchangeDeclaration::default()
    }
}

pub(super) fn to_queue(source: &str, queue: &str, key: &str) -> BindingRequest {
    BindingRequest {
        source: short(source),
        destination: DestinationName::Queue(short(queue)),
        key: short(key),
        arguments: Table::new(),
    }
}

pub(super) fn to_exchange(source: &str, exchange: &str) -> BindingRequest {
    BindingRequest {
        destination: DestinationName::Exchange(short(exchange)),
        ..to_queue(source, "", "")
    }
}

/// The answer, in a test that does not wait for the store.
pub(super) fn done<T>(answer: Result<Stored<T>, AmqpError>) -> T {
    answer.unwrap().value
}

pub(super) fn code<T: std::fmt::Debug>(result: Result<T, AmqpError>) -> u16 {
    result.expect_err("it is refused").code.number()
}

#[test]
fn who_has_no_connection_declares_binds_and_deletes() {
    let (_, now, high, _) = actors();
    let found = high.declare_queue(now, queue("jobs")).unwrap().value;
    assert_eq!((&*found.name, found.ready, found.consumers), ("jobs", 0, 0));
    assert_eq!(high.find_queue(now, "jobs").unwrap().value, found);
    let named = high.declare_queue(now, queue("")).unwrap().value.name;
    assert!(named.starts_with("amq.gen-"), "{named}");
    for (name, kind) in [("in", "topic"), ("out", "fanout")] {
        done(high.declare_exchange(exchange(name, kind)));
        high.find_exchange(name).unwrap().unwaited();
    }
    done(high.bind(now, to_queue("in", "jobs", "a.#")));
    done(high.bind(now, to_exchange("in", "out")));
    assert_eq!(high.vhost.binding_count(), 2);
    done(high.unbind(to_queue("in", "jobs", "a.#")));
    done(high.unbind(to_exchange("in", "out")));
    assert_eq!(high.vhost.binding_count(), 0);
    assert_eq!(high.purge_queue(now, "jobs").unwrap().value, 0);
    let deleted = high.delete_queue(now, "jobs", DeleteIf::default());
    assert_eq!(deleted.unwrap().value, 0);
    assert_eq!(code(high.find_queue(now, "jobs")), 404);
    done(high.delete_exchange("in", false));
    assert_eq!(code(high.find_exchange("in")), 404);
}

/// Else a power cut right after delete-ok brings back what the client was told is gone.
#[test]
fn removals_are_answered_when_they_are_durable() {
    let (_, now, high, _) = actors();
    done(high.declare_queue(now, queue("jobs")));
    done(high.declare_exchange(exchange("in", "direct")));
    done(high.bind(now, to_queue("in", "jobs", "k")));
    let bound = high.bind(now, to_queue("in", "jobs", "l")).unwrap().until;
    let unbound = high.unbind(to_queue("in", "jobs", "k")).unwrap().until;
    assert!(unbound > bound);
    let deleted = high.delete_exchange("in", false).unwrap().until;
    assert!(deleted > unbound);
    let gone = high.delete_queue(now, "jobs", DeleteIf::default()).unwrap();
    assert!(gone.until > deleted);
    let again = high.delete_queue(now, "jobs", DeleteIf::default()).unwrap();
    assert_eq!(again.until, gone.until, "it is not for good before that");
}

/// The last binding of a durable exchange that deletes itself goes with a queue that nothing is
/// stored of.
#[test]
fn what_a_removal_takes_along_is_waited_for_too() {
    let (_, now, high, _) = actors();
    let transient = QueueDeclaration {
        durable: false,
        ..queue("passing")
    };
    done(high.declare_queue(now, transient));
    let declaration = ExchangeDeclaration {
        auto_delete: true,
        ..exchange("in", "direct")
    };
    let declared = high.declare_exchange(declaration).unwrap().until;
    done(high.bind(now, to_queue("in", "passing", "k")));
    let gone = high.delete_queue(now, "passing", DeleteIf::default());
    assert!(gone.unwrap().until > declared);
    assert_eq!(code(high.find_exchange("in")), 404);
}

#[test]
fn every_operation_asks_for_the_right_it_needs() {
    let (_, now, high, low) = actors();
    done(high.declare_queue(now, queue("jobs")));
    done(high.declare_exchange(exchange("in", "direct")));
    done(low.declare_queue(now, queue("low.jobs")));
    done(low.declare_exchange(exchange("low.in", "direct")));
    done(low.bind(now, to_queue("low.in", "low.jobs", "k")));
    let refused = [
        code(low.declare_queue(now, queue("mine"))),
        code(low.find_queue(now, "jobs")),
        code(low.delete_queue(now, "jobs", DeleteIf::default())),
        code(low.purge_queue(now, "jobs")),
        code(low.declare_exchange(exchange("mine", "direct"))),
        code(low.find_exchange("in")),
        code(low.delete_exchange("in", false)),
        code(low.bind(now, to_queue("low.in", "jobs", "k"))),
        code(low.bind(now, to_queue("in", "low.jobs", "k"))),
        code(low.bind(now, to_exchange("low.in", "in"))),
        code(low.unbind(to_queue("low.in", "jobs", "k"))),
        code(low.unbind(to_exchange("in", "low.in"))),
        code(high.delete_exchange("", false)),
        code(high.delete_exchange("amq.topic", false)),
        code(high.declare_queue(now, queue("amq.mine"))),
    ];
    assert_eq!(refused, [403; 15]);
    let mut dead_lettering = queue("low.dying");
    let arguments = &mut dead_lettering.arguments;
    arguments.insert(
        "x-dead-letter-exchange",
        Value::LongStr(b"in".as_slice().into()),
    );
    let refused = low.declare_queue(now, dead_lettering);
    assert_eq!(code(refused), 403, "it could write to that exchange");
}

#[test]
fn who_has_no_connection_gets_consumes_and_settles() {
    let (desk, now, high, low) = actors();
    done(high.declare_queue(now, queue("jobs")));
    let (_, empty) = high.get(now, "jobs", true, None).unwrap();
    assert!(empty.is_none());
    assert_eq!(code(high.get(now, "missing", true, None).map(drop)), 404);
    assert_eq!(code(low.get(now, "jobs", true, None).map(drop)), 403);
    let (mut supply, tag) = high.supply("jobs", || Ok("me")).unwrap();
    let mailbox = Arc::<Mailbox>::default();
    let consumer = || NewConsumer {
        id: desk.env.next_consumer(),
        connection: desk.env.next_connection(),
        channel: ChannelId(1),
        party: Arc::default(),
        tag: short(tag),
        mailbox: Arc::clone(&mailbox),
        no_ack: false,
        exclusive: true,
        prefetch: 0,
        channel_credit: Arc::default(),
        arguments: Table::new(),
    };
    supply.subscribe(now, consumer()).unwrap();
    assert_eq!(high.find_queue(now, "jobs").unwrap().value.consumers, 1);
    let (mut second, ()) = high.supply("jobs", || Ok(())).unwrap();
    assert_eq!(code(second.subscribe(now, consumer())), 403);
    supply.cancel(now);
    assert_eq!(high.find_queue(now, "jobs").unwrap().value.consumers, 0);
    let refused = high.supply("jobs", || Err::<(), _>(AmqpError::not_allowed("no")));
    assert_eq!(
        code(refused.map(drop)),
        530,
        "what the door checks comes first"
    );
}

#[test]
fn a_right_that_is_taken_away_is_gone_at_once() {
    let (desk, now, _, low) = actors();
    done(low.declare_queue(now, queue("low.jobs")));
    let cleared = desk.administration().clear_permission("low", "/");
    cleared.expect("there are some").unwaited();
    assert_eq!(code(low.find_queue(now, "low.jobs")), 403);
}

#[test]
fn exclusive_queues_belong_to_connections() {
    let (_, now, high, _) = actors();
    let exclusive = QueueDeclaration {
        exclusive: true,
        ..queue("mine")
    };
    assert_eq!(code(high.declare_queue(now, exclusive.clone())), 406);
    let user = Arc::clone(&high.user);
    let owner = Actor::new(
        &high.desk,
        &user,
        &high.vhost,
        Some(high.desk.env.next_connection()),
        "high".into(),
    );
    done(owner.declare_queue(now, exclusive));
    let locked = [
        code(high.find_queue(now, "mine")),
        code(high.purge_queue(now, "mine")),
        code(high.delete_queue(now, "mine", DeleteIf::default())),
        code(high.bind(now, to_queue("amq.topic", "mine", "k"))),
    ];
    assert_eq!(locked, [405; 4]);
    assert_eq!(owner.purge_queue(now, "mine").unwrap().value, 0);
}
