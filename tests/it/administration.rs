//! Administration and what of it survives a restart.

#![expect(clippy::unwrap_used, reason = "a test may fail where it stands")]

use std::path::Path;
use std::sync::{Arc, Mutex};

use leveret::broker::Broker;
use leveret::clock::{Clock, Mono};
use leveret::internals::auth::{
    PermissionDefinition, TopicPermissionDefinition, UserLimits, VhostLimits,
};
use leveret::internals::config::{Durability, QueueType};
use leveret::internals::definitions::ParameterRecord;
use leveret::internals::desk::{Desk, DocumentOf, VhostDefinition};
use leveret::internals::ids::QueueId;
use leveret::internals::message::Message;
use leveret::internals::store::{
    Definition, DefinitionChange, DefinitionKind, DurableWatch, MemoryStore, Op, Position,
    RecordAt, Recovered, Store, StoreError,
};
use leveret::internals::{BuilderInside as _, DeskInside as _};
use serde_json::json;
use tempfile::TempDir;

use crate::talker::Client;

fn start(dir: &Path, default: QueueType) -> Broker {
    let builder = Broker::builder()
        .clock(Clock::test())
        .configure(|settings| {
            settings.durability = Durability::Os;
            settings.data_dir = dir.to_owned();
            settings.default_queue_type = default;
        });
    builder.start().expect("the broker starts")
}

fn directory() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

// After a restart a queue that had its type from `default_queue_type` was taken for one that had
// asked for it, and the very declare that had made it was refused with 406.
#[test]
fn a_queue_of_the_default_type_is_declared_again_after_a_restart() {
    for default in [QueueType::Classic, QueueType::Quorum, QueueType::Stream] {
        let dir = directory();
        let line = "queue.declare queue='jobs' durable";
        let broker = start(dir.path(), default);
        let ok = Client::new(&broker).ask(line);
        assert!(ok.starts_with("queue.declare-ok"), "{ok}");
        broker.stop("a test");
        let broker = start(dir.path(), default);
        let again = Client::new(&broker).ask(line);
        assert!(
            again.starts_with("queue.declare-ok"),
            "{default:?}: {again}"
        );
    }
}

// Six setters changed the users in memory only, and could be called past the store.
#[test]
fn every_change_by_an_operator_survives_a_restart() {
    let dir = directory();
    let broker = start(dir.path(), QueueType::Classic);
    change_everything(broker.desk());
    let before = broker.desk().export(&DocumentOf::Broker);
    let ids = broker.desk().global_parameters();
    broker.stop("a test");
    let broker = start(dir.path(), QueueType::Classic);
    assert_eq!(broker.desk().export(&DocumentOf::Broker), before);
    assert_eq!(broker.desk().global_parameters(), ids);
    let traced = broker.desk().find_vhost("described").unwrap();
    assert!(traced.metadata().tracing);
    let here = "127.0.0.1".parse().unwrap();
    let auth = broker.desk().auth();
    assert!(
        auth.check_password("guest", b"other", here, Mono::ZERO)
            .is_ok()
    );
    assert!(
        auth.check_password("added", b"secret", here, Mono::ZERO)
            .is_err()
    );
}

fn change_everything(desk: &Desk) {
    change_users_and_vhosts(desk);
    change_rights_and_parameters(desk);
    let by = desk.administration();
    by.delete_vhost("gone").unwrap().unwaited();
    let gone = ["gone", "never there"];
    by.delete_users(&gone).unwrap().unwaited();
}

fn change_users_and_vhosts(desk: &Desk) {
    let by = desk.administration();
    by.add_user("added", "secret").unwrap().unwaited();
    by.add_user("gone", "secret").unwrap().unwaited();
    by.set_password("guest", Some("other")).unwrap().unwaited();
    by.set_password("added", None).unwrap().unwaited();
    by.set_tags("guest", vec!["monitoring".to_owned()])
        .unwrap()
        .unwaited();
    let limits = UserLimits {
        max_channels: Some(7),
        max_connections: None,
    };
    by.set_user_limits("guest", limits).unwrap().unwaited();
    by.set_user_limit("guest", "max-connections", &json!(3))
        .unwrap()
        .unwaited();
    by.set_user_limits("added", limits).unwrap().unwaited();
    by.clear_user_limit("added", "max-channels")
        .unwrap()
        .unwaited();
    let description = VhostDefinition {
        description: "a description".to_owned(),
        tags: vec!["a".to_owned(), "b".to_owned()],
        default_queue_type: Some("quorum".to_owned()),
        ..VhostDefinition::default()
    };
    by.put_vhost("described", &description).unwrap().unwaited();
    by.protect_vhost("described", true).unwrap().unwaited();
    by.trace_vhost("described", true).unwrap().unwaited();
    by.put_vhost("gone", &description).unwrap().unwaited();
    by.set_vhost_limit("described", "max-queues", &json!(5))
        .unwrap()
        .unwaited();
    by.set_vhost_limit("/", "max-queues", &json!(5))
        .unwrap()
        .unwaited();
    by.clear_vhost_limit("/", "max-queues").unwrap().unwaited();
}

fn change_rights_and_parameters(desk: &Desk) {
    let by = desk.administration();
    let topics = |user: &str, exchange: &str| TopicPermissionDefinition {
        user: user.to_owned(),
        vhost: "/".to_owned(),
        exchange: exchange.to_owned(),
        write: "^a".to_owned(),
        read: String::new(),
    };
    by.put_topic_permission(&topics("guest", "amq.topic"))
        .unwrap()
        .unwaited();
    by.put_topic_permission(&topics("added", "amq.topic"))
        .unwrap()
        .unwaited();
    by.put_topic_permission(&topics("added", "amq.direct"))
        .unwrap()
        .unwaited();
    let cleared = by.clear_topic_permission("added", "/", Some("amq.topic"));
    cleared.unwrap().unwaited();
    let rights = |vhost: &str| PermissionDefinition {
        user: "added".to_owned(),
        vhost: vhost.to_owned(),
        configure: "^c".to_owned(),
        write: "^w".to_owned(),
        read: "^r".to_owned(),
    };
    by.put_permission(&rights("described")).unwrap().unwaited();
    by.put_permission(&rights("/")).unwrap().unwaited();
    by.clear_permission("added", "/").unwrap().unwaited();
    by.put_global_parameter("notes", json!({ "a": [1, null] }))
        .unwrap()
        .unwaited();
    by.put_global_parameter("gone", json!(1))
        .unwrap()
        .unwaited();
    by.delete_global_parameter("gone").unwrap().unwaited();
    by.put_parameter(&ParameterRecord {
        vhost: "described".to_owned(),
        component: "operator_policy".to_owned(),
        name: "by parameter".to_owned(),
        value: json!({ "pattern": "", "definition": { "max-length": 1 }, "priority": 0 }),
    })
    .unwrap()
    .unwaited();
    let gone = by.delete_parameter("/", "vhost-limits", "limits");
    gone.unwrap().unwaited();
}

/// A store with definitions from before, which writes down what changes.
#[derive(Default)]
struct Remembering {
    memory: MemoryStore,
    found: Vec<Definition>,
    changes: Mutex<Vec<DefinitionChange>>,
}

impl Remembering {
    fn with(found: &[(DefinitionKind, &str, &str)]) -> Arc<Self> {
        let found = found.iter().map(|(kind, key, json)| Definition {
            kind: *kind,
            key: (*key).to_owned(),
            json: (*json).to_owned(),
        });
        Arc::new(Self {
            found: found.collect(),
            ..Self::default()
        })
    }

    fn broker(self: &Arc<Self>) -> Broker {
        let store: Arc<dyn Store> = Arc::<Self>::clone(self);
        Broker::builder().store(store).start().expect("it starts")
    }
}

impl Store for Remembering {
    fn recover(&self, each: &mut dyn FnMut(Definition)) -> Result<(), StoreError> {
        self.found.iter().cloned().for_each(each);
        Ok(())
    }

    fn recover_messages(
        &self,
        each: &mut dyn FnMut(QueueId, &[Recovered]),
    ) -> Result<(), StoreError> {
        self.memory.recover_messages(each)
    }

    fn next_queue_id(&self) -> QueueId {
        self.memory.next_queue_id()
    }

    fn submit(&self, ops: &mut [Op<'_>]) -> Position {
        self.memory.submit(ops)
    }

    fn define(&self, changes: &[DefinitionChange]) -> Position {
        self.changes.lock().unwrap().extend_from_slice(changes);
        self.memory.define(changes)
    }

    fn durable(&self) -> Position {
        self.memory.durable()
    }

    fn watch(&self, watch: Arc<dyn DurableWatch>) {
        self.memory.watch(watch);
    }

    fn read(&self, at: RecordAt) -> Result<Message, StoreError> {
        self.memory.read(at)
    }

    fn close(&self) -> Result<(), StoreError> {
        self.memory.close()
    }
}

// Whatever parameter was found in the store was taken for the limits of its vhost, and stored
// once more.
#[test]
fn a_parameter_of_another_component_is_no_limit_of_its_vhost() {
    let store = Remembering::with(&[
        (DefinitionKind::Vhost, "/", r#"{"name":"/"}"#),
        (
            DefinitionKind::User,
            "guest",
            r#"{"name":"guest","password_hash":"","tags":[]}"#,
        ),
        (
            DefinitionKind::Parameter,
            "/\0vhost-limits",
            r#"{"max-queues":7}"#,
        ),
        (
            DefinitionKind::Parameter,
            "/\0shovel\0s",
            r#"{"vhost":"/","component":"shovel","name":"s","value":{"max-queues":0}}"#,
        ),
        (
            DefinitionKind::GlobalParameter,
            "internal_cluster_id",
            r#"{"name":"internal_cluster_id","value":"x"}"#,
        ),
    ]);
    let broker = store.broker();
    assert_eq!(broker.desk().vhost_limits("/").queues(), Some(7));
    {
        let changes = store.changes.lock().unwrap();
        assert!(changes.is_empty(), "restoring writes nothing: {changes:?}");
    }
    let shown = broker.desk().parameters();
    let components: Vec<&str> = shown.iter().map(|found| &*found.component).collect();
    assert_eq!(components, ["shovel", "vhost-limits"]);
    // The limits of an earlier program do not come back once they are others.
    let none = VhostLimits::default();
    let administration = broker.desk().administration();
    administration
        .set_vhost_limits("/", none)
        .unwrap()
        .unwaited();
    let changes = store.changes.lock().unwrap();
    let [DefinitionChange::Delete(_, old), DefinitionChange::Put(new)] = &changes[..] else {
        panic!("{changes:?}");
    };
    assert_eq!(
        (&**old, &*new.key),
        ("/\0vhost-limits", "/\0vhost-limits\0limits")
    );
}

// Two changes of one user at the same time could be applied in one order and stored in the other.
#[test]
fn what_is_stored_last_is_what_is_in_force() {
    let store = Remembering::with(&[]);
    let broker = store.broker();
    let desk = broker.desk();
    for round in 0..2000 {
        std::thread::scope(|scope| {
            for name in ["one", "other"] {
                scope.spawn(move || {
                    let user = json!({ "name": "bob", "password_hash": "", "tags": [name] });
                    desk.administration()
                        .put_user(&serde_json::from_value(user).unwrap())
                        .expect("a user")
                        .unwaited();
                });
            }
        });
        let in_force = desk.user("bob").expect("a user").tags().to_vec();
        let changes = store.changes.lock().unwrap();
        let Some(DefinitionChange::Put(last)) = changes.last() else {
            panic!("nothing was stored");
        };
        let last: serde_json::Value = serde_json::from_str(&last.json).unwrap();
        assert_eq!(last["tags"], json!(in_force), "round {round}");
    }
}
